//! Services that stay up after the verdict, until the user has seen enough.

use std::time::Duration;

use rr_core::report::RunReport;
use rr_core::{ProbeKind, RunEvent, RunningProcess, Step, StepKind};
use rr_sandbox::Forwarder;

use crate::error::RunError;
use crate::live::LiveRun;
use crate::workflow::{Attempt, examine, task};

/// A service that is up again after its run.
struct Kept {
    name: String,
    process: Box<dyn RunningProcess>,
    /// Reachable from outside while it lives.
    _forwarder: Option<Forwarder>,
}

/// How often kept services are looked at.
const TICK: Duration = Duration::from_millis(250);

/// Starts the services that answered during the run once more and leaves them up until the run is
/// asked to stop, or none is left.
///
/// # Errors
/// Where nothing can be kept up, or a service that answered before does not answer again.
pub(crate) fn keep_up(live: &LiveRun, report: &RunReport) -> Result<(), RunError> {
    let steps: Vec<Step> = live
        .setting()
        .plan
        .of_kind(StepKind::Start)
        .filter(|step| report.services.iter().any(|up| up.name == step.id.as_str()))
        .cloned()
        .collect();
    if steps.is_empty() {
        return Err(RunError::Refused {
            message: "nothing to keep up: no service of this run answered".to_owned(),
            hint: Some("without `--keep` the run ends with its verdict".to_owned()),
        });
    }
    let mut kept = Vec::new();
    for step in steps {
        let attempts = report.steps.iter().filter(|done| done.step == step.id).count();
        kept.push(start(live, step, attempts as u32 + 1)?);
    }
    let text = "kept up; Ctrl-C ends it".to_owned();
    live.session.tell(&RunEvent::Note { text });
    while !live.session.cancel.is_asked() && !kept.is_empty() {
        live.clock().sleep(TICK);
        kept.retain(|service| match service.process.try_wait() {
            Some(exit) => {
                let text = format!("`{}` ended: {exit}", service.name);
                live.session.tell(&RunEvent::Note { text });
                false
            }
            None => true,
        });
    }
    for service in &kept {
        service.process.stop();
    }
    Ok(())
}

fn start(live: &LiveRun, step: Step, attempt: u32) -> Result<Kept, RunError> {
    let name = step.id.to_string();
    let failed = |reason: String| RunError::Environment {
        message: format!("`{name}` answered during the run, but not again: {reason}"),
        hint: Some("`repo-runner logs` shows what it printed".to_owned()),
    };
    let Some(probe) = step.probe.clone().filter(|p| p.kind != ProbeKind::ExitCode) else {
        return Err(failed("it is no service".to_owned()));
    };
    let attempt = Attempt { step, attempt, left_out: Vec::new() };
    let task = task(live, attempt).map_err(|e| failed(e.message))?;
    let (process, _log) = live.agents.runner.start(&task).map_err(|e| failed(e.to_string()))?;
    let examined = examine(live, process.as_ref(), &probe, &name);
    let (finding, _url, forwarder) = examined.map_err(|e| failed(e.message))?;
    if !finding.result.healthy {
        process.stop();
        return Err(failed(finding.result.detail));
    }
    Ok(Kept { name, process, _forwarder: forwarder })
}
