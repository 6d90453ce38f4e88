//! `analyze` and `plan`: what `run` finds out and decides, up to rung `analyzed`.

use std::sync::Arc;

use anyhow::Context as _;
use rr_core::{Analysis, CancelToken, RunPlan, Rung, UnitRole};
use rr_runner::{ExitKind, Home, LookService, RunRequest, RunService, SystemClock};

use super::env;
use super::run::base_request;
use crate::args::{LookArguments, OutputFormat};
use crate::{exit, interrupt, ui};

pub(crate) fn analyze(home: Home, arguments: &LookArguments) -> anyhow::Result<u8> {
    let (analysis, _, code) = look(home, arguments)?;
    match arguments.output.output {
        OutputFormat::Human => ui::analysis(&analysis, arguments.explain)?,
        _ => ui::line(&serde_json::to_string_pretty(&analysis).context("write it")?)?,
    }
    Ok(code)
}

pub(crate) fn plan(home: Home, arguments: &LookArguments) -> anyhow::Result<u8> {
    let (_, plan, code) = look(home, arguments)?;
    match arguments.output.output {
        OutputFormat::Human => ui::plan(&plan)?,
        _ => ui::line(&serde_json::to_string_pretty(&plan).context("write it")?)?,
    }
    Ok(code)
}

/// A working folder is read where it stands; any other source is fetched by a run.
fn look(home: Home, arguments: &LookArguments) -> anyhow::Result<(Analysis, RunPlan, u8)> {
    let cancel = CancelToken::default();
    let observer = ui::quiet_observer(arguments.output);
    interrupt::cancel_on_signal(&cancel, &observer)?;
    let looker = LookService::open(&home, env::of_process(), Arc::new(SystemClock))?;
    let cwd = std::env::current_dir().context("find the current folder")?;
    let named = &arguments.source;
    let source = looker.parse_source(&named.source, named.reference.as_deref(), &cwd)?;
    let request = RunRequest { until: Rung::Analyzed, ..base_request(source, named) };
    if let Some((analysis, plan)) = looker.look(&request, &cancel)? {
        let known = analysis.units.iter().any(|unit| unit.role == UnitRole::Primary);
        let kind = if known { ExitKind::Green } else { ExitKind::Repository };
        return Ok((analysis, plan, exit::of(kind)));
    }
    let service = RunService::open(home, env::of_process(), Arc::new(SystemClock))?;
    let report = service.start(&request, observer.clone(), &cancel);
    observer.finish();
    let report = report?;
    let code = exit::of(ExitKind::of(&report));
    Ok((report.analysis, report.plan, code))
}
