//! HealthAgent: asks from outside whether a service is up, and whether it stays up.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use rr_core::{
    Agent, AgentError, AgentName, Executor, Exit, HealthProbe, ListeningSocket, ProbeKind,
    ProbeResult, RunningProcess,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::ask::{ask_grpc, ask_http, ask_tcp, unhealthy};
use crate::session::RunSession;

/// How long a service is watched after its first answer, and how often it is asked meanwhile.
const WATCH: [Duration; 3] =
    [Duration::from_millis(700), Duration::from_millis(900), Duration::from_millis(1400)];

/// What is watched.
pub struct HealthTask<'a> {
    /// The process.
    pub process: &'a dyn RunningProcess,
    /// The sandbox it runs in.
    pub executor: &'a dyn Executor,
    /// What to ask.
    pub probe: &'a HealthProbe,
    /// Chooses the service's own port among those its tree listens on.
    pub choose_port: &'a dyn Fn(&[ListeningSocket]) -> Option<u16>,
}

/// What was found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HealthFinding {
    /// The last answer that counts.
    pub result: ProbeResult,
    /// Sockets that the process tree listened on.
    pub listening: Vec<ListeningSocket>,
    /// How the service ended, where it did.
    pub died: Option<Exit>,
    /// Latencies in milliseconds, one per question that was answered.
    pub latencies: Vec<u64>,
    /// Resident bytes when last looked at.
    pub memory: u64,
    /// Processor seconds when last looked at.
    pub cpu_seconds: f64,
    /// Seconds from start to the first answer.
    pub seconds_to_answer: f64,
}

/// The agent.
pub struct HealthAgent {
    session: Arc<RunSession>,
    last: Mutex<Option<HealthFinding>>,
}

impl HealthAgent {
    /// An agent of this run.
    #[must_use]
    pub fn of(session: Arc<RunSession>) -> Self {
        Self { session, last: Mutex::default() }
    }

    /// Waits with back-off for a first answer, then watches for three seconds. The service is
    /// healthy only if it still answers at the end and its process tree lives.
    #[must_use]
    pub fn examine(&self, task: &HealthTask<'_>) -> HealthFinding {
        let finding = self.wait_and_watch(task);
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Some(finding.clone());
        finding
    }

    fn wait_and_watch(&self, task: &HealthTask<'_>) -> HealthFinding {
        let started = Instant::now();
        let limit = Duration::from_secs(u64::from(task.probe.start_seconds.max(1)));
        let mut finding = empty_finding();
        let mut pause = Duration::from_millis(40);
        loop {
            self.ask(task, &mut finding);
            if finding.result.healthy {
                finding.seconds_to_answer = started.elapsed().as_secs_f64();
                if finding.died.is_none() {
                    self.watch(task, &mut finding);
                }
                return finding;
            }
            if finding.died.is_some()
                || self.session.cancel.is_cancelled()
                || started.elapsed() > limit
            {
                if worker(task, &finding) {
                    finding.result = alive(task, started.elapsed());
                }
                return finding;
            }
            self.session.clock.sleep(pause);
            pause = (pause * 3 / 2).min(Duration::from_secs(1));
        }
    }

    /// Keeps asking after the first answer: a service that answers once and dies is not up.
    fn watch(&self, task: &HealthTask<'_>, finding: &mut HealthFinding) {
        for pause in WATCH {
            self.session.clock.sleep(pause);
            let before = finding.result.clone();
            self.ask(task, finding);
            if !finding.result.healthy {
                let now = finding.result.detail.clone();
                finding.result.detail =
                    format!("answered at first ({}), then: {now}", before.detail);
                return;
            }
        }
    }

    fn ask(&self, task: &HealthTask<'_>, finding: &mut HealthFinding) {
        finding.listening = task.process.listening();
        let usage = task.process.usage();
        if usage.processes > 0 {
            finding.memory = usage.memory;
            finding.cpu_seconds = usage.cpu_seconds;
        }
        if let Some(exit) = task.process.try_wait() {
            finding.died = Some(exit);
            let program = matches!(task.probe.kind, ProbeKind::Program { .. });
            let answered = !finding.latencies.is_empty();
            finding.result = match exit {
                Exit::Code(0) if program && !answered => ran_to_its_end(task),
                _ => unhealthy(format!("the service ended: {exit}")),
            };
            return;
        }
        let asked = Instant::now();
        finding.result = match &task.probe.kind {
            ProbeKind::LogLine { pattern } => log_line(task, pattern),
            ProbeKind::ExitCode => unhealthy("still running, expected to end".to_owned()),
            _ => self.ask_port(task, finding),
        };
        if finding.result.healthy {
            finding.result.latency_millis = asked.elapsed().as_millis() as u64;
            finding.latencies.push(finding.result.latency_millis);
        }
    }

    fn ask_port(&self, task: &HealthTask<'_>, finding: &HealthFinding) -> ProbeResult {
        let Some(port) = (task.choose_port)(&finding.listening) else {
            return unhealthy("no process of the service listens on any port".to_owned());
        };
        match &task.probe.kind {
            ProbeKind::Http { paths } => ask_http(task.executor, port, paths),
            ProbeKind::Grpc => ask_grpc(task.executor, port),
            ProbeKind::Program { paths } => {
                let answer = ask_http(task.executor, port, paths);
                // A server that speaks no HTTP still takes connections; one that answers 5xx is
                // not up for all that.
                if answer.healthy || answer.status.is_some() {
                    return answer;
                }
                ask_tcp(task.executor, port)
            }
            _ => ask_tcp(task.executor, port),
        }
    }
}

impl Agent for HealthAgent {
    fn name(&self) -> AgentName {
        AgentName::HealthAgent
    }

    /// Asks one port of the run once: `{"port": 8000, "paths": ["/"]}` gives a [`ProbeResult`].
    fn run(&self, task: Value) -> Result<Value, AgentError> {
        #[derive(Deserialize)]
        struct AskPort {
            port: u16,
            #[serde(default)]
            paths: Vec<String>,
        }
        let unusable = |e: serde_json::Error| AgentError::Task {
            agent: AgentName::HealthAgent,
            reason: e.to_string(),
        };
        let ask: AskPort = serde_json::from_value(task).map_err(unusable)?;
        let executor = self.session.executor(AgentName::HealthAgent)?;
        let result = ask_http(executor.as_ref(), ask.port, &ask.paths);
        serde_json::to_value(result).map_err(unusable)
    }

    fn checkpoint(&self) -> Value {
        let last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        json!({ "agent": AgentName::HealthAgent, "last_finding": *last })
    }
}

fn log_line(task: &HealthTask<'_>, pattern: &str) -> ProbeResult {
    // Patterns are made by our own planners; one that is no expression matches as plain text.
    let tail = task.process.tail();
    match tail.lines().find(|line| line.contains(pattern)) {
        Some(line) => ProbeResult {
            healthy: true,
            protocol: "log".to_owned(),
            port: None,
            path: None,
            status: None,
            latency_millis: 0,
            detail: format!("printed `{}`", line.trim()),
        },
        None => unhealthy(format!("has not printed `{pattern}`")),
    }
}

/// Whether the program lives on without listening, which is a worker's way to run.
fn worker(task: &HealthTask<'_>, finding: &HealthFinding) -> bool {
    matches!(task.probe.kind, ProbeKind::Program { .. })
        && finding.died.is_none()
        && finding.listening.is_empty()
}

fn alive(task: &HealthTask<'_>, waited: Duration) -> ProbeResult {
    let detail =
        format!("runs on after {} s without listening{}", waited.as_secs(), last_line(task));
    ProbeResult { healthy: true, protocol: "alive".to_owned(), ..unhealthy(detail) }
}

fn ran_to_its_end(task: &HealthTask<'_>) -> ProbeResult {
    let detail = format!("ended with exit status 0{}", last_line(task));
    ProbeResult { healthy: true, protocol: "exit".to_owned(), ..unhealthy(detail) }
}

fn last_line(task: &HealthTask<'_>) -> String {
    let tail = task.process.tail();
    match tail.lines().rev().map(str::trim).find(|line| !line.is_empty()) {
        Some(line) => format!(", last printed `{}`", line.chars().take(120).collect::<String>()),
        None => ", printing nothing".to_owned(),
    }
}

fn empty_finding() -> HealthFinding {
    HealthFinding {
        result: unhealthy("not asked yet".to_owned()),
        listening: Vec::new(),
        died: None,
        latencies: Vec::new(),
        memory: 0,
        cpu_seconds: 0.0,
        seconds_to_answer: 0.0,
    }
}
