//! Lists and tables for people.

use rr_core::{
    Analysis, CaseOutcome, Evidence, FixOrigin, FixRecord, RunPlan, SearchHit, TestCase, Unit,
};
use rr_runner::{DoctorItem, RunSummary};

use super::style::Style;
use super::text::clean;
use super::{explain, line};

/// Prints an analysis in short.
pub(crate) fn analysis(analysis: &Analysis) -> anyhow::Result<()> {
    let style = Style::of_stdout();
    if analysis.units.is_empty() {
        line("no ecosystem was recognised")?;
    }
    for unit in analysis.primary_units() {
        unit_lines(unit, style)?;
    }
    for service in &analysis.services {
        let from = service.evidence.first().map_or(String::new(), Evidence::place);
        line(&format!("service {}  {}", service.kind.as_str(), style.dim(&from)))?;
    }
    for conflict in analysis.versions.iter().flat_map(|choice| &choice.conflicts) {
        line(&format!("versions contradict: {conflict}"))?;
    }
    for note in &analysis.notes {
        line(&format!("note: {note}"))?;
    }
    line(&style.dim("why, with every fact and what lost against it: repo-runner analyze --explain"))
}

fn unit_lines(unit: &Unit, style: Style) -> anyhow::Result<()> {
    let place = if unit.path.is_empty() { "." } else { &unit.path };
    let kind = format!("{:?}", unit.kind).to_lowercase();
    line(&format!("{} {place} ({}, {kind})", style.bold(&unit.name), unit.ecosystem))?;
    line(&format!("  managers: {}", unit.managers.join(", ")))?;
    if !unit.frameworks.is_empty() {
        line(&format!("  frameworks: {}", unit.frameworks.join(", ")))?;
    }
    for toolchain in &unit.toolchains {
        let from = toolchain.evidence.first().map_or(String::new(), Evidence::place);
        let version = explain::request(&toolchain.version);
        line(&format!("  needs {} {version}  {}", toolchain.tool, style.dim(&from)))?;
    }
    for evidence in unit.evidence.iter().take(2) {
        line(&style.dim(&format!("  {}", evidence.place())))?;
    }
    Ok(())
}

/// Prints why an analysis and its plan are what they are.
pub(crate) fn explanation(analysis: &Analysis, plan: &RunPlan) -> anyhow::Result<()> {
    let style = Style::of_stdout();
    for text in explain::lines(analysis, plan) {
        let text = clean(&text);
        let reason = text.trim_start().starts_with("because ");
        let heading = !text.is_empty() && !text.starts_with(' ');
        line(&match (heading, reason) {
            (true, _) => style.bold(&text),
            (_, true) => style.dim(&text),
            _ => text,
        })?;
    }
    Ok(())
}

/// Prints a plan.
pub(crate) fn plan(plan: &RunPlan) -> anyhow::Result<()> {
    let style = Style::of_stdout();
    for toolchain in &plan.toolchains {
        line(&format!("toolchain {} {}", toolchain.tool, explain::request(&toolchain.version)))?;
    }
    for package in &plan.system_packages {
        line(&format!("system package {}", package.name))?;
    }
    for service in &plan.services {
        line(&format!("service {}", service.kind.as_str()))?;
    }
    for step in &plan.steps {
        let place = if step.cwd.is_empty() { "." } else { &step.cwd };
        line(&format!("{} {}", style.bold(step.id.as_str()), step.title))?;
        line(&format!("  {place} $ {}", step.command))?;
        for evidence in step.evidence.iter().take(2) {
            line(&style.dim(&format!("  because {}", evidence.place())))?;
        }
    }
    if !plan.topology.is_empty() {
        line(&style.bold("up while it runs"))?;
        for text in explain::topology(plan) {
            line(&text)?;
        }
    }
    for note in &plan.notes {
        line(&format!("note: {note}"))?;
    }
    Ok(())
}

/// Prints a list of runs.
pub(crate) fn runs(runs: &[RunSummary]) -> anyhow::Result<()> {
    let style = Style::of_stdout();
    if runs.is_empty() {
        return line("no runs yet: repo-runner run SOURCE");
    }
    for run in runs {
        let row = &run.row;
        let rung = row.rung.map_or("-", |rung| rung.as_str());
        let state = row.state.as_str();
        let state = if row.green { style.green("green") } else { state.to_owned() };
        line(&format!("{}  {state:<11} {rung:<10} {}", row.id, row.source))?;
        if !row.summary.is_empty() {
            line(&style.dim(&format!("    {}", row.summary)))?;
        }
    }
    Ok(())
}

/// Prints tests.
pub(crate) fn cases(cases: &[&TestCase]) -> anyhow::Result<()> {
    let style = Style::of_stdout();
    for case in cases {
        let mark = match case.outcome {
            CaseOutcome::Passed => style.green("passed "),
            CaseOutcome::Skipped => style.yellow("skipped"),
            CaseOutcome::Failed => style.red("failed "),
            CaseOutcome::Errored => style.red("errored"),
        };
        let cause = case.cause.map_or(String::new(), |cause| format!("  [{cause}]"));
        line(&format!("{mark} {}{cause}", clean(&case.id)))?;
        if matches!(case.outcome, CaseOutcome::Failed | CaseOutcome::Errored) {
            for text in clean(&case.message).lines().take(12) {
                line(&style.dim(&format!("    {text}")))?;
            }
        }
    }
    Ok(())
}

/// Prints places.
pub(crate) fn hits(hits: &[SearchHit]) -> anyhow::Result<()> {
    let style = Style::of_stdout();
    for hit in hits {
        line(&format!("{}:{}", style.bold(&hit.path), hit.line))?;
        for text in clean(&hit.snippet).lines().take(3) {
            line(&format!("    {text}"))?;
        }
    }
    if hits.is_empty() {
        line("nothing found")?;
    }
    Ok(())
}

/// Prints what the host has and lacks.
pub(crate) fn doctor(items: &[DoctorItem]) -> anyhow::Result<()> {
    let style = Style::of_stdout();
    for item in items {
        let (mark, place) = match &item.found {
            Some(tool) => (style.green("has  "), format!("{} {}", tool.path, tool.version)),
            None if item.required => (style.red("LACKS"), item.purpose.clone()),
            None => (style.yellow("lacks"), item.purpose.clone()),
        };
        line(&format!("{mark} {:<14} {place}", item.tool))?;
        if let (None, Some(fix)) = (&item.found, &item.fix) {
            line(&style.dim(&format!("      fix: {fix}")))?;
        }
    }
    Ok(())
}

/// Prints the fix memory, one remedy a line below its error.
pub(crate) fn fixes(records: &[FixRecord]) -> anyhow::Result<()> {
    let style = Style::of_stdout();
    if records.is_empty() {
        line("nothing of that is remembered")?;
    }
    let mut error = "";
    for record in records {
        let FixRecord { key, counts, origin } = record;
        if error != key.signature {
            line(&format!("{}  {}", style.bold(&key.signature), style.dim(&key.ecosystem)))?;
            error = &key.signature;
        }
        let remedy = if key.remedy.is_empty() {
            format!("{} (choice {})", key.kind, key.place + 1)
        } else {
            key.remedy.clone()
        };
        let mean = if counts.tries == 0 { 0.0 } else { counts.seconds / f64::from(counts.tries) };
        let origin = match origin {
            FixOrigin::Own => "own",
            FixOrigin::Imported => "imported",
            FixOrigin::Seed => "seed",
        };
        line(&format!(
            "  helped {} of {}, {mean:.1} s each  {remedy}  {}",
            counts.cured,
            counts.tries,
            style.dim(origin)
        ))?;
    }
    Ok(())
}
