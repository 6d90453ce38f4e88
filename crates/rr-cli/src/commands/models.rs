//! `models`: list and try the configured language models.

use anyhow::Context as _;
use rr_core::CancelToken;
use rr_runner::RunService;

use crate::args::{ModelsCommand, OutputArguments, OutputFormat};
use crate::{exit, ui};

pub(crate) fn models(service: &RunService, command: &ModelsCommand) -> anyhow::Result<u8> {
    match command {
        ModelsCommand::List { output } => list(service, *output),
        ModelsCommand::Test { name, output } => test(service, name.as_deref(), *output),
    }
}

/// No model at all is told by the exit code, as with a search that finds nothing.
fn list(service: &RunService, output: OutputArguments) -> anyhow::Result<u8> {
    let models = service.models()?;
    match output.output {
        OutputFormat::Human => ui::models(&models, &service.models_file())?,
        _ => ui::line(&serde_json::to_string_pretty(&models).context("write the models")?)?,
    }
    Ok(if models.is_empty() { exit::REPOSITORY } else { exit::GREEN })
}

/// One that does not answer is the environment's fault.
fn test(service: &RunService, name: Option<&str>, output: OutputArguments) -> anyhow::Result<u8> {
    let trials = service.test_models(name, &CancelToken::default())?;
    match output.output {
        OutputFormat::Human => ui::trials(&trials, &service.models_file())?,
        _ => ui::line(&serde_json::to_string_pretty(&trials).context("write the trials")?)?,
    }
    Ok(match () {
        () if trials.is_empty() => exit::REPOSITORY,
        () if trials.iter().all(|trial| trial.ok) => exit::GREEN,
        () => exit::ENVIRONMENT,
    })
}
