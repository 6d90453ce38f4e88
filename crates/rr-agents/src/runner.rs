//! RunnerAgent: starts what should run, and runs the tests.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use rr_core::{
    Agent, AgentError, AgentName, Executor, Outcome, RunEvent, RunningProcess, Step, TestRun,
    TestSpec,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::session::RunSession;
use crate::step_runner::{
    self, StepResult, StepTask, announce, failed, log_name, open_log, process_spec, read_log,
};

/// Most bytes of one report file, and of all of them.
const FILE_CAP: u64 = 128 << 20;
const TOTAL_CAP: u64 = 256 << 20;
/// Most bytes of a log that are handed to a report reader.
const LOG_CAP: usize = 48 << 20;

/// Runs a test step.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct TestTask {
    /// The step, with everything it sees.
    pub task: StepTask,
    /// A number that code under test cannot know; recorders put it into their records.
    pub nonce: String,
}

/// What a test step brought.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TestsRead {
    /// How the step ended.
    pub result: StepResult,
    /// The outcomes.
    pub tests: TestRun,
}

/// The agent.
pub struct RunnerAgent {
    session: Arc<RunSession>,
    /// Steps run, with how they ended.
    done: Mutex<Vec<(String, String)>>,
}

impl RunnerAgent {
    /// An agent of this run.
    #[must_use]
    pub fn of(session: Arc<RunSession>) -> Self {
        Self { session, done: Mutex::default() }
    }

    /// Runs a step that ends by itself: an entry point, or the loading of a library.
    ///
    /// # Errors
    /// Where it cannot be run; a failing step is a result.
    pub fn run_to_end(&self, task: &StepTask) -> Result<StepResult, AgentError> {
        let result = step_runner::run_step(&self.session, AgentName::RunnerAgent, task)?;
        self.note(&task.step, result.outcome.exit.to_string());
        Ok(result)
    }

    fn note(&self, step: &Step, ended: String) {
        let mut done = self.done.lock().unwrap_or_else(PoisonError::into_inner);
        done.push((step.id.to_string(), ended));
    }

    /// Starts a service and returns it with its log's name.
    ///
    /// # Errors
    /// Where it cannot be started.
    pub fn start(&self, task: &StepTask) -> Result<(Box<dyn RunningProcess>, String), AgentError> {
        let executor = self.session.executor(AgentName::RunnerAgent)?;
        let log = log_name(&task.step, task.attempt);
        let sink = open_log(&self.session, AgentName::RunnerAgent, &log, &task.step)?;
        announce(&self.session, task);
        let spec = process_spec(&self.session, executor.as_ref(), task);
        let process = executor.spawn(&spec, sink)?;
        self.note(&task.step, format!("started as process {}", process.identity().0));
        Ok((process, log))
    }

    /// Runs a test step and reads its outcomes.
    ///
    /// # Errors
    /// Where the step cannot be run or its reports cannot be read.
    pub fn test(&self, task: &TestTask) -> Result<TestsRead, AgentError> {
        let executor = self.session.executor(AgentName::RunnerAgent)?;
        executor.clear_reports()?;
        let mut run = task.task.clone();
        let variables = [("REPO_RUNNER_REPORTS", "@{reports}"), ("REPO_RUNNER_NONCE", &task.nonce)];
        for (name, value) in variables {
            run.step.env.insert(name.to_owned(), value.to_owned());
        }
        let result = self.run_to_end(&run)?;
        let tests =
            read_tests(&self.session, executor.as_ref(), &run.step, &result.outcome, &result.log)?;
        self.session.tell(&RunEvent::TestsFinished {
            runner: tests.runner.clone(),
            counts: tests.counts(),
        });
        Ok(TestsRead { result, tests })
    }
}

/// Reads the outcomes of a test step that ran in this sandbox and wrote this log (a path relative
/// to the run's folder).
///
/// # Errors
/// Where its reports or its log cannot be read.
pub fn read_tests(
    session: &RunSession,
    executor: &dyn Executor,
    step: &Step,
    outcome: &Outcome,
    log: &str,
) -> Result<TestRun, AgentError> {
    let files = match &step.test {
        Some(spec) => report_files(executor, spec)?,
        None => Vec::new(),
    };
    let output = read_log(&session.folder, log, LOG_CAP)
        .map_err(|e| failed(AgentName::RunnerAgent, format!("read `{log}`"), &e))?;
    Ok(session.engine.analyzer.read_tests(step, outcome, &files, &output))
}

impl Agent for RunnerAgent {
    fn name(&self) -> AgentName {
        AgentName::RunnerAgent
    }

    /// Runs a test step: a [`TestTask`] gives a [`TestsRead`].
    fn run(&self, task: Value) -> Result<Value, AgentError> {
        let unusable = |e: serde_json::Error| AgentError::Task {
            agent: AgentName::RunnerAgent,
            reason: e.to_string(),
        };
        let task: TestTask = serde_json::from_value(task).map_err(unusable)?;
        serde_json::to_value(self.test(&task)?).map_err(unusable)
    }

    fn checkpoint(&self) -> Value {
        let done = self.done.lock().unwrap_or_else(PoisonError::into_inner);
        json!({ "agent": AgentName::RunnerAgent, "steps": *done })
    }
}

/// The files that a report pattern names, with their bytes, taken after the step's processes
/// are gone.
fn report_files(
    executor: &dyn Executor,
    spec: &TestSpec,
) -> Result<Vec<(String, Vec<u8>)>, AgentError> {
    if spec.report == "-" {
        return Ok(Vec::new());
    }
    let layout = executor.layout();
    let expanded = layout.expand(&spec.report);
    let roots = [&layout.reports, &layout.workspace, &layout.env];
    let Some(root) = roots.into_iter().find(|root| Path::new(&expanded).starts_with(root)) else {
        return Err(AgentError::Task {
            agent: AgentName::RunnerAgent,
            reason: format!("report pattern `{}` is outside the run's folders", spec.report),
        });
    };
    let pattern = expanded[root.to_string_lossy().len()..].trim_start_matches('/');
    let mut files = Vec::new();
    let mut total = 0u64;
    for path in executor.glob(root, pattern)? {
        let bytes = executor.read_file(&path, FILE_CAP)?;
        total += bytes.len() as u64;
        if total > TOTAL_CAP {
            return Err(failed(
                AgentName::RunnerAgent,
                "read the test reports",
                &format!("more than {} MiB", TOTAL_CAP >> 20),
            ));
        }
        let name = path.strip_prefix(root).unwrap_or(&path).to_string_lossy().into_owned();
        files.push((name, bytes));
    }
    Ok(files)
}
