//! The end of a run: report, artifacts, readable projections, and word to the Admin Agent.

use std::collections::BTreeMap;

use rr_agents::HealthFinding;
use rr_core::report::{RunReport, ServiceRecord, Timings};
use rr_core::{Phase, PhaseOutcome, RunEvent, Step};
use rr_recipe::RecipeLock;
use rr_workflow::WorkflowError;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::input::Started;
use super::progress::Progress;
use super::verdict;
use crate::cases;
use crate::error::RunError;
use crate::fixes;
use crate::live::LiveRun;
use crate::recipe::{self, Seen};
use crate::report;

/// Result of the workflow; the report itself is a file in the run's folder.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Finished {
    /// The report's file, relative to the run's folder.
    pub report: String,
}

/// Makes and writes the report. It runs on every replay that reaches the end, from recorded
/// results, and writes the same files.
pub(super) fn finish(live: &LiveRun, progress: &Progress) -> Result<Value, WorkflowError> {
    live.enter(Phase::Report);
    let report = build(live, progress).map_err(|e| failed(&e))?;
    let lock = lock(live, progress, &report).map_err(|e| failed(&e))?;
    report::write(live, &report, &lock).map_err(|e| failed(&e))?;
    fixes::remember(&live.store, &report, &versions(progress), live.clock().unix_millis())
        .map_err(|e| failed(&e))?;
    for record in report.rungs.iter().filter(|r| r.proved) {
        live.session.tell(&RunEvent::RungProved {
            rung: record.rung,
            evidence: record.evidence.first().cloned().unwrap_or_default(),
        });
    }
    live.leave(PhaseOutcome::Succeeded, report.verdict.summary.clone());
    live.session.tell(&RunEvent::RunEnded {
        rung: report.verdict.rung,
        green: report.verdict.green,
        summary: report.verdict.summary.clone(),
    });
    let finished = Finished { report: report::REPORT_FILE.to_owned() };
    serde_json::to_value(finished).map_err(|e| failed(&RunError::Internal(e.to_string())))
}

fn build(live: &LiveRun, progress: &Progress) -> Result<RunReport, RunError> {
    let mut runs = Vec::new();
    for end in progress.ended.values() {
        if let Some(tests) = &end.tests {
            runs.push((end.unit.clone(), cases::load(&live.session.folder, &tests.file)?));
        }
    }
    let tests = cases::merge(runs);
    let rungs = verdict::rungs(progress, &tests, live.request.until);
    let verdict = verdict::verdict(progress, &rungs, &tests, live.request.until);
    let now = live.clock().unix_millis();
    let total = now.saturating_sub(live.request.asked_at) as f64 / 1000.0;
    let repo = progress.repo_seconds().min(total);
    let mut plan = progress.plan.clone();
    plan.notes.extend(progress.notes.clone());
    let fetched = progress.fetched.as_ref();
    let mut phases = progress.phase_records(live.request.asked_at);
    if let Some(last) = phases.last_mut() {
        last.agent = "AdminAgent".to_owned();
        last.outcome = PhaseOutcome::Succeeded;
        last.ended = rr_core::clock::rfc3339(now);
    }
    Ok(RunReport {
        report_version: report::VERSION,
        run_id: live.id.clone(),
        source: live.request.source.clone(),
        commit: fetched.map(|f| f.commit.clone()).unwrap_or_default(),
        verdict,
        rungs,
        environment: progress.environment.clone(),
        analysis: progress.analysis.clone(),
        plan,
        steps: progress.attempts.clone(),
        phases,
        tests,
        services: services(progress),
        remedies: progress.remedies.clone(),
        failures: progress.failures.clone(),
        decisions: decisions(live, progress),
        consultations: progress.consultations.clone(),
        enforcement: live.enforcement(),
        prepared: progress.environment_cache.clone(),
        timings: Timings { total, repo, ours: total - repo },
    })
}

/// The run's lock, from recorded results only.
fn lock(live: &LiveRun, progress: &Progress, report: &RunReport) -> Result<RecipeLock, RunError> {
    let mut outcomes = BTreeMap::new();
    for (step, end) in &progress.ended {
        if let Some(tests) = &end.tests {
            outcomes.insert(step.to_string(), cases::load(&live.session.folder, &tests.file)?);
        }
    }
    recipe::of_run(
        live,
        Seen {
            plan: progress.plan.clone(),
            analysis: progress.analysis.clone(),
            fetched: progress.fetched.as_ref(),
            toolchains: progress.prepared.toolchains.clone(),
            layer: progress.prepared.layer.clone(),
            dependencies: progress.dependencies.clone(),
            outcomes,
            report: Some(report),
        },
    )
}

/// The record of a service that answered.
pub(super) fn service_record(
    step: &Step,
    started: &Started,
    finding: &HealthFinding,
) -> ServiceRecord {
    ServiceRecord {
        name: step.id.to_string(),
        pid: started.pid,
        url: started.url.clone(),
        port: finding.result.port.unwrap_or_default(),
        probe: finding.result.clone(),
        memory: finding.memory,
        cpu_seconds: finding.cpu_seconds,
    }
}

fn services(progress: &Progress) -> Vec<ServiceRecord> {
    let databases = progress.databases.up.iter().map(|up| ServiceRecord {
        name: up.kind.as_str().to_owned(),
        pid: up.pid,
        url: String::new(),
        port: up.port,
        probe: rr_core::ProbeResult {
            healthy: true,
            protocol: "client".to_owned(),
            port: Some(up.port),
            path: None,
            status: None,
            latency_millis: 0,
            detail: format!("{} {} accepted a connection", up.kind.as_str(), up.version),
        },
        memory: 0,
        cpu_seconds: 0.0,
    });
    databases.chain(progress.services.iter().cloned()).collect()
}

fn decisions(live: &LiveRun, progress: &Progress) -> Vec<rr_core::Decision> {
    let mut decisions = progress.decisions.clone();
    decisions.extend(live.port_decisions());
    decisions
}

/// Versions of the toolchains that were used, by tool.
fn versions(progress: &Progress) -> BTreeMap<String, String> {
    let toolchains = progress.prepared.toolchains.iter();
    toolchains.map(|t| (t.tool.clone(), t.version.clone())).collect()
}

fn failed(error: &RunError) -> WorkflowError {
    WorkflowError::Interrupted { reason: format!("the report could not be made: {error}") }
}
