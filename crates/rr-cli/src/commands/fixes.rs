//! `fixes`: list, show, export, import and forget what remedies did.

use std::path::Path;

use anyhow::Context as _;
use rr_core::FixRecord;
use rr_runner::RunService;

use crate::args::{FixesCommand, OutputArguments, OutputFormat};
use crate::{exit, ui};

pub(crate) fn fixes(service: &RunService, command: &FixesCommand) -> anyhow::Result<u8> {
    match command {
        FixesCommand::List { ecosystem, output } => {
            let asked = |record: &FixRecord| {
                ecosystem.as_ref().is_none_or(|name| name == &record.key.ecosystem)
            };
            print(service.fixes()?.into_iter().filter(asked).collect(), *output)
        }
        FixesCommand::Show { signature, output } => {
            let asked = |record: &FixRecord| {
                record.key.signature == *signature || record.key.class() == signature
            };
            print(service.fixes()?.into_iter().filter(asked).collect(), *output)
        }
        FixesCommand::Export { by_class, out } => {
            export(&service.export_fixes(*by_class)?, out.as_deref())
        }
        FixesCommand::Import { file } => import(service, file),
        FixesCommand::Forget { signature, .. } => {
            let gone = service.forget_fixes(signature.as_deref())?;
            ui::line(&format!("forgot {gone} records"))?;
            Ok(exit::GREEN)
        }
    }
}

/// Nothing to print is told by the exit code, as with a search that finds nothing.
fn print(records: Vec<FixRecord>, output: OutputArguments) -> anyhow::Result<u8> {
    let none = records.is_empty();
    match output.output {
        OutputFormat::Human => ui::fixes(&records)?,
        _ => ui::line(&serde_json::to_string_pretty(&records).context("write the records")?)?,
    }
    Ok(if none { exit::REPOSITORY } else { exit::GREEN })
}

fn export(records: &[FixRecord], out: Option<&Path>) -> anyhow::Result<u8> {
    let text = serde_json::to_string_pretty(records).context("write the records")?;
    match out {
        Some(file) => std::fs::write(file, text + "\n")
            .with_context(|| format!("write `{}`", file.display()))?,
        None => ui::line(&text)?,
    }
    Ok(exit::GREEN)
}

fn import(service: &RunService, file: &Path) -> anyhow::Result<u8> {
    let text =
        std::fs::read_to_string(file).with_context(|| format!("read `{}`", file.display()))?;
    let added = service.import_fixes(&text).map_err(|error| {
        anyhow::Error::new(error).context(format!("import `{}`", file.display()))
    })?;
    ui::line(&format!("added {added} records; `repo-runner fixes list` shows them"))?;
    Ok(exit::GREEN)
}
