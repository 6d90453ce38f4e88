//! The project's own chores, run as `cargo xtask <command>`.
//!
//! It knows the workspace's layout and the tools on the developer's machine. It imports none of
//! the product's crates: it judges them from outside, through files, `cargo` and the built binary.

#![expect(clippy::print_stdout, reason = "a command-line tool's output")]
#![expect(clippy::print_stderr, reason = "a command-line tool's messages")]

mod corpus;
mod process;
mod suite;
mod tidy;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(name = "cargo xtask", about = "Chores of the Repo Runner workspace")]
struct Arguments {
    #[command(subcommand)]
    chore: Chore,
}

#[derive(Subcommand)]
enum Chore {
    /// Check the house rules: sizes, crate dependencies, forbidden words, documents.
    Tidy,
    /// Install what the tests need where it is missing.
    Needs,
    /// Install what the tests need where it is missing, then run the whole test suite.
    Test(suite::Arguments),
    /// Run repositories with known truth and compare.
    Corpus(Box<corpus::Arguments>),
}

fn main() -> ExitCode {
    let result = match Arguments::parse().chore {
        Chore::Tidy => tidy::run(),
        Chore::Needs => suite::install_needs(),
        Chore::Test(arguments) => suite::run(&arguments),
        Chore::Corpus(arguments) => corpus::run(&arguments),
    };
    match result {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::from(2)
        }
    }
}
