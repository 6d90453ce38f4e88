//! Steps that run the repository's own code: as a process, as a service, as a test suite.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use rr_agents::{HealthFinding, HealthTask, StepResult, StepTask, TestTask};
use rr_core::{
    AgentError, Exit, HealthProbe, ListeningSocket, Outcome, OutputSink, Phase, ProbeKind,
    RunEvent, RunningProcess, StepKind,
};
use rr_sandbox::Forwarder;
use rr_workflow::{StepContext, StepError};

use super::input::{Attempt, Started, Tested};
use super::step_errors::{agent_error, io, run_error};
use crate::cases;
use crate::live::LiveRun;

/// What a step sees: the plan's variables, the toolchains' folders, its databases.
pub(crate) fn task(live: &LiveRun, mut attempt: Attempt) -> Result<StepTask, StepError> {
    let configured = live.ready().map_err(agent_error)?;
    if attempt.step.kind > StepKind::Check {
        // A database that cannot be had was noted when the run first asked for it.
        live.databases().map_err(agent_error)?;
    }
    let own = matches!(attempt.step.kind, StepKind::Start | StepKind::Test);
    if let Some(seconds) = live.request.step_timeout_seconds.filter(|_| own) {
        attempt.step.timeout_seconds = u32::try_from(seconds).unwrap_or(u32::MAX);
    }
    if let Some(limit) = live.limit {
        limit.cut(&mut attempt.step);
    }
    Ok(StepTask {
        step: attempt.step,
        attempt: attempt.attempt,
        env: configured.env,
        path: configured.path,
    })
}

/// A result counts only if the run was not stopped meanwhile.
pub(crate) fn checked(
    context: &StepContext,
    result: Result<StepResult, AgentError>,
) -> Result<StepResult, StepError> {
    let result = result.map_err(agent_error)?;
    if context.is_cancelled() || result.outcome.exit == Exit::Cancelled {
        return Err(StepError::retryable("cancelled", "the run was asked to stop"));
    }
    Ok(result)
}

/// Starts a service, asks it from outside, watches it, and stops it.
pub(crate) fn start_service(
    live: &LiveRun,
    context: &StepContext,
    attempt: Attempt,
) -> Result<Started, StepError> {
    let task = task(live, attempt)?;
    let Some(probe) = task.step.probe.clone().filter(|p| p.kind != ProbeKind::ExitCode) else {
        let result = checked(context, live.agents.runner.run_to_end(&task))?;
        return Ok(Started { result, finding: None, pid: 0, url: String::new() });
    };
    let name = task.step.id.to_string();
    let began = live.clock().unix_millis();
    let (process, log) = live.agents.runner.start(&task).map_err(agent_error)?;
    let (pid, ticks) = process.identity();
    context.record_process(&name, pid, ticks)?;
    let (finding, url, forwarder) = examine(live, process.as_ref(), &probe, &name)?;
    drop(forwarder);
    let tail = process.tail();
    let exit = finding.died.unwrap_or_else(|| process.stop());
    context.process_ended(pid)?;
    let seconds = live.clock().unix_millis().saturating_sub(began) as f64 / 1000.0;
    live.session.tell(&RunEvent::StepEnded {
        step: task.step.id.clone(),
        ok: finding.result.healthy,
        detail: finding.result.detail.clone(),
        seconds,
    });
    if context.is_cancelled() {
        return Err(StepError::retryable("cancelled", "the run was asked to stop"));
    }
    let outcome = Outcome {
        exit,
        seconds,
        output_bytes: tail.len() as u64,
        tail,
        head: String::new(),
        peak_memory: Some(finding.memory),
        left_processes: false,
    };
    Ok(Started { result: StepResult { outcome, log }, finding: Some(finding), pid, url })
}

/// Asks a service until it answers or cannot any more, and makes it reachable from outside at
/// this address while the forwarder lives.
pub(crate) fn examine(
    live: &LiveRun,
    process: &dyn RunningProcess,
    probe: &HealthProbe,
    name: &str,
) -> Result<(HealthFinding, String, Option<Forwarder>), StepError> {
    live.enter(Phase::MonitorHealth);
    let executor = live.executor().map_err(agent_error)?;
    let others = live.session.service_ports();
    let forwarder: Mutex<Option<(u16, Option<Forwarder>)>> = Mutex::default();
    let choose = |listening: &[ListeningSocket]| {
        let port = choose_port(live, listening, probe, &others)?;
        let mut open = forwarder.lock().unwrap_or_else(PoisonError::into_inner);
        if open.as_ref().is_none_or(|(known, _)| *known != port) {
            let host = live.managers.port.host_port(port);
            live.port_decisions().last().into_iter().for_each(|last| live.decided(last));
            *open = Some((port, Forwarder::start(executor.clone(), port, Some(host)).ok()));
        }
        Some(port)
    };
    let task = HealthTask { process, executor: executor.as_ref(), probe, choose_port: &choose };
    let finding = live.agents.health.examine(&task);
    let open = forwarder.into_inner().unwrap_or_else(PoisonError::into_inner);
    let forwarder = open.and_then(|(_, forwarder)| forwarder);
    let url = forwarder
        .as_ref()
        .map(|forwarder| service_url(&finding, &forwarder.local_addr().to_string()))
        .unwrap_or_default();
    if finding.result.healthy && finding.result.port.is_some() {
        live.session.tell(&RunEvent::ServiceUp {
            name: name.to_owned(),
            url: url.clone(),
            port: finding.result.port.unwrap_or_default(),
        });
    }
    Ok((finding, url, forwarder))
}

fn choose_port(
    live: &LiveRun,
    listening: &[ListeningSocket],
    probe: &HealthProbe,
    others: &[u16],
) -> Option<u16> {
    let named = probe.expected_port.filter(|port| !others.contains(port));
    // The manager is asked once there is a choice; while nothing listens there is none.
    if let Some(port) = named.filter(|port| listening.iter().any(|s| s.port == *port)) {
        return Some(port);
    }
    live.managers.port.choose(listening, probe.expected_port, others)
}

fn service_url(finding: &HealthFinding, address: &str) -> String {
    let scheme = if finding.result.protocol == "http" { "http" } else { "tcp" };
    let path = finding.result.path.as_deref().unwrap_or_default();
    format!("{scheme}://{address}{path}")
}

/// Runs a test step and stores its outcomes.
pub(crate) fn run_tests(
    live: &LiveRun,
    context: &StepContext,
    attempt: Attempt,
) -> Result<Tested, StepError> {
    let file = test_file(&attempt);
    let left_out = attempt.left_out.clone();
    let task = task(live, attempt)?;
    let test = TestTask { task, nonce: random_hex() };
    let mut read = live.agents.runner.test(&test).map_err(agent_error)?;
    cases::add_left_out(&mut read.tests, &left_out);
    let result = checked(context, Ok(read.result))?;
    let tests =
        cases::store(&live.session.folder, &file, &read.tests).map_err(|e| run_error(&e))?;
    Ok(Tested { result, tests })
}

fn test_file(attempt: &Attempt) -> String {
    let safe: String = attempt
        .step
        .id
        .as_str()
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '-' })
        .collect();
    format!("tests/{safe}-{}.json", attempt.attempt)
}

/// 128 random bits; the hasher's keys are the standard library's own source of randomness.
fn random_hex() -> String {
    use std::hash::{BuildHasher, Hasher};
    let word = || std::collections::hash_map::RandomState::new().build_hasher().finish();
    format!("{:016x}{:016x}", word(), word())
}

/// A sink into `logs/<name>.log` whose lines observers see.
pub(crate) fn log_sink(live: &LiveRun, name: &str) -> Result<Arc<dyn OutputSink>, StepError> {
    rr_agents::log_sink(&live.session, Path::new(&format!("logs/{name}.log")), name)
        .map_err(|e| io("create a log", &e))
}
