//! One module per group of commands. Thin: parse, call the run service, print.

mod doctor;
mod env;
mod export;
mod fixes;
mod history;
mod init;
mod logs;
mod look;
mod models;
mod run;

use std::sync::Arc;

use anyhow::Context as _;
use clap::CommandFactory as _;
use rr_runner::{DEFAULT_CACHE_LIMIT, Home, RunService, SystemClock};

use crate::args::{Arguments, Command, SchemaOf};
use crate::ui;

/// Carries out a command and gives its exit code.
pub(crate) fn dispatch(arguments: Arguments) -> anyhow::Result<u8> {
    match &arguments.command {
        Command::Completions { shell } => {
            let mut command = Arguments::command();
            let mut script = Vec::new();
            clap_complete::generate(*shell, &mut command, "repo-runner", &mut script);
            return ui::bytes(&script).map(|()| crate::exit::GREEN);
        }
        Command::Schema { of } => {
            let schema = match of {
                SchemaOf::Report => rr_runner::report_schema(),
                SchemaOf::Analysis => rr_runner::analysis_schema(),
                SchemaOf::Plan => rr_runner::plan_schema(),
                SchemaOf::Config => rr_runner::override_schema(),
                SchemaOf::Lock => rr_runner::lock_schema(),
            };
            let schema = serde_json::to_string_pretty(&schema).context("write the schema")?;
            return ui::line(&schema).map(|()| crate::exit::GREEN);
        }
        _ => {}
    }
    let home = Home::open(arguments.home.as_deref())?
        .with_cache_limit(arguments.cache_limit.unwrap_or(DEFAULT_CACHE_LIMIT));
    match &arguments.command {
        Command::Analyze(look) => return look::analyze(home, look),
        Command::Plan(look) => return look::plan(home, look),
        Command::Init(init) => return init::init(&home, init),
        _ => {}
    }
    let service = RunService::open(home, env::of_process(), Arc::new(SystemClock))?;
    match arguments.command {
        Command::Run(run) => run::run(&service, &run),
        Command::Resume { run, output } => run::resume(&service, &run, output),
        Command::List { limit, output } => history::list(&service, limit, output),
        Command::Show { run, output } => history::show(&service, &run, output),
        Command::Tests { run, failed, junit, output } => {
            history::tests(&service, &run, failed, junit, output)
        }
        Command::Recipe { run } => export::recipe(&service, &run),
        Command::Export(arguments) => export::export(&service, &arguments),
        Command::Search { run, query, limit, output } => {
            history::search(&service, &run, &query, limit, output)
        }
        Command::Stop { run } => history::stop(&service, &run),
        Command::Clean { runs, all, environments } => {
            history::clean(&service, &runs, all, environments)
        }
        Command::Logs { run, step, follow } => logs::logs(&service, &run, step.as_deref(), follow),
        Command::Doctor { fix, output } => doctor::doctor(&service, fix, output),
        Command::Fixes { command } => fixes::fixes(&service, &command),
        Command::Models { command } => models::models(&service, &command),
        Command::Analyze(_)
        | Command::Plan(_)
        | Command::Init(_)
        | Command::Schema { .. }
        | Command::Completions { .. } => Ok(crate::exit::GREEN),
    }
}
