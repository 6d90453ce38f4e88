//! Commands over runs that exist: `list`, `show`, `tests`, `search`, `stop`, `clean`.

use anyhow::{Context as _, bail};
use rr_core::{CaseOutcome, TestCase};
use rr_runner::{ExitKind, RunService};
use serde_json::json;

use crate::args::{OutputArguments, OutputFormat};
use crate::{exit, ui};

pub(crate) fn list(
    service: &RunService,
    limit: u32,
    output: OutputArguments,
) -> anyhow::Result<u8> {
    let runs = service.list(limit)?;
    if output.output == OutputFormat::Human {
        ui::runs(&runs)?;
        return Ok(exit::GREEN);
    }
    let rows: Vec<_> = runs
        .iter()
        .map(|run| {
            json!({
                "run_id": run.row.id,
                "source": run.row.source,
                "commit": run.row.commit,
                "created": rr_core::clock::rfc3339(run.row.created_at),
                "state": run.row.state.as_str(),
                "asked": run.row.asked,
                "rung": run.row.rung,
                "green": run.row.green,
                "summary": run.row.summary,
            })
        })
        .collect();
    ui::line(&serde_json::to_string_pretty(&rows).context("write the list")?)?;
    Ok(exit::GREEN)
}

pub(crate) fn show(service: &RunService, run: &str, output: OutputArguments) -> anyhow::Result<u8> {
    let report = service.report(&service.find(run)?)?;
    match output.output {
        OutputFormat::Human => ui::verdict(&report)?,
        _ => ui::line(&serde_json::to_string_pretty(&report).context("write the report")?)?,
    }
    Ok(exit::of(ExitKind::of(&report)))
}

pub(crate) fn tests(
    service: &RunService,
    run: &str,
    failed: bool,
    junit: bool,
    output: OutputArguments,
) -> anyhow::Result<u8> {
    let report = service.report(&service.find(run)?)?;
    if junit {
        ui::line(&rr_runner::junit_xml(&report))?;
        return Ok(exit::GREEN);
    }
    let bad = |case: &&TestCase| matches!(case.outcome, CaseOutcome::Failed | CaseOutcome::Errored);
    let cases: Vec<&TestCase> =
        report.tests.cases.iter().filter(|case| !failed || bad(case)).collect();
    match output.output {
        OutputFormat::Human => ui::cases(&cases)?,
        _ => ui::line(&serde_json::to_string_pretty(&cases).context("write the tests")?)?,
    }
    Ok(exit::GREEN)
}

pub(crate) fn search(
    service: &RunService,
    run: &str,
    query: &str,
    limit: usize,
    output: OutputArguments,
) -> anyhow::Result<u8> {
    let hits = service.search(&service.find(run)?, query, limit)?;
    match output.output {
        OutputFormat::Human => ui::hits(&hits)?,
        _ => ui::line(&serde_json::to_string_pretty(&hits).context("write the places")?)?,
    }
    Ok(if hits.is_empty() { exit::REPOSITORY } else { exit::GREEN })
}

pub(crate) fn stop(service: &RunService, run: &str) -> anyhow::Result<u8> {
    let id = service.find(run)?;
    service.stop(&id)?;
    ui::line(&format!("asked run {id} to stop; `repo-runner resume {id}` takes it up again"))?;
    Ok(exit::GREEN)
}

pub(crate) fn clean(
    service: &RunService,
    runs: &[String],
    all: bool,
    environments: bool,
) -> anyhow::Result<u8> {
    if runs.is_empty() && !all && !environments {
        bail!("nothing to clean was named: give runs, `--all` or `--environments`");
    }
    let mut ids = Vec::new();
    for run in runs {
        ids.push(service.find(run)?);
    }
    if all {
        let idle = |state: &str| state != "running";
        let listed = service.list(100_000)?;
        ids.extend(listed.into_iter().filter(|r| idle(r.row.state.as_str())).map(|r| r.row.id));
    }
    ids.sort();
    ids.dedup();
    for id in &ids {
        service.remove(id)?;
    }
    let mut text = format!("removed {} runs", ids.len());
    if environments {
        text.push_str(&format!(" and {} prepared environments", service.remove_environments()?));
    }
    ui::line(&text)?;
    Ok(exit::GREEN)
}
