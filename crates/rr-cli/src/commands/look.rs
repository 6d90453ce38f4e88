//! `analyze` and `plan`: the same phases as `run`, up to rung `analyzed`.

use anyhow::Context as _;
use rr_core::report::RunReport;
use rr_core::{CancelToken, Rung};
use rr_runner::{ExitKind, RunRequest, RunService};

use super::run::base_request;
use crate::args::{LookArguments, OutputFormat};
use crate::{exit, interrupt, ui};

pub(crate) fn analyze(service: &RunService, arguments: &LookArguments) -> anyhow::Result<u8> {
    let report = look(service, arguments)?;
    match arguments.output.output {
        OutputFormat::Human => ui::analysis(&report, arguments.explain)?,
        _ => ui::line(&serde_json::to_string_pretty(&report.analysis).context("write it")?)?,
    }
    Ok(exit::of(ExitKind::of(&report)))
}

pub(crate) fn plan(service: &RunService, arguments: &LookArguments) -> anyhow::Result<u8> {
    let report = look(service, arguments)?;
    match arguments.output.output {
        OutputFormat::Human => ui::plan(&report)?,
        _ => ui::line(&serde_json::to_string_pretty(&report.plan).context("write it")?)?,
    }
    Ok(exit::of(ExitKind::of(&report)))
}

fn look(service: &RunService, arguments: &LookArguments) -> anyhow::Result<RunReport> {
    let request = RunRequest { until: Rung::Analyzed, ..base_request(service, &arguments.source)? };
    let cancel = CancelToken::default();
    interrupt::cancel_on_signal(&cancel)?;
    let observer = ui::quiet_observer(arguments.output);
    let report = service.start(&request, observer.clone(), &cancel);
    observer.finish();
    Ok(report?)
}
