//! The command `repo-runner`: reads arguments, calls the run service, prints.

mod args;
mod commands;
mod exit;
mod interrupt;
mod ui;

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    let arguments = args::Arguments::parse();
    match commands::dispatch(arguments) {
        Ok(code) => ExitCode::from(code),
        Err(error) => exit::fail(&error),
    }
}
