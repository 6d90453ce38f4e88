//! Rung `reproduced`: the exported recipe, replayed on a clean clone in a fresh sandbox.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rr_agents::Configured;
use rr_core::{
    CaseOutcome, Executor, NetworkNeed, Outcome, Phase, ProcessSpec, RunPlan, Step, StepId,
    StepKind, TestRun,
};
use rr_recipe::RecipeLock;
use rr_workflow::{StepContext, StepError, WorkflowContextExt, WorkflowError};
use serde::{Deserialize, Serialize};

use super::body::Play;
use super::execute::log_sink;
use super::input::Timed;
use super::step_errors::{agent_error, io, run_error};
use super::steps::timed;
use crate::cases;
use crate::live::LiveRun;
use crate::recipe::{self, Seen};

/// The replay's log, of its last part.
const REPLAY: &str = "replay";
const REPLAY_LOG: &str = "logs/replay.log";

/// Input of `reproduce`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Reproduce {
    pub plan: RunPlan,
    /// Test steps and the files with their outcomes.
    pub expected: Vec<(Step, String)>,
    /// Tests that a remedy left out because they never end, by step.
    #[serde(default)]
    pub left_out: Vec<(StepId, String)>,
}

/// What the replay gave.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Reproduced {
    pub same: bool,
    pub detail: String,
}

impl Play<'_> {
    pub(super) fn reproduce(&mut self) -> Result<(), WorkflowError> {
        let expected: Vec<(Step, String)> = self
            .progress
            .plan
            .of_kind(StepKind::Test)
            .filter_map(|step| {
                let end = self.progress.ended.get(&step.id)?;
                Some((step.clone(), end.tests.as_ref().filter(|t| t.proves)?.file.clone()))
            })
            .collect();
        if expected.is_empty() {
            self.progress.reproduced = Some((false, "no test outcomes to compare".to_owned()));
            return Ok(());
        }
        let left_out = self.repairs.all_left_out();
        let input = Reproduce { plan: self.progress.plan.clone(), expected, left_out };
        let timed: Timed<Reproduced> = self.context.step("reproduce", &input)?;
        let result = self.progress.took_repo(Phase::RunTests, "RunnerAgent", timed);
        self.progress.reproduced = Some((result.same, result.detail));
        Ok(())
    }
}

/// The step: sets up from the recipe alone and compares outcomes test by test.
pub(crate) fn reproduce(
    live: &LiveRun,
    _: &StepContext,
    input: Reproduce,
) -> Result<Timed<Reproduced>, StepError> {
    timed(live, Phase::RunTests, || {
        let folder = live.session.folder.join("replay");
        clean_copy(live, &folder)?;
        let configured = live.ready().map_err(agent_error)?;
        let policy = live.policy_in(folder);
        let executor = live.open_sandbox(policy).map_err(|e| run_error(&e))?;
        let setting = live.setting();
        let seen = Seen {
            plan: input.plan.clone(),
            toolchains: setting.prepared.toolchains,
            layer: setting.prepared.layer,
            ..Seen::default()
        };
        let lock = recipe::of_run(live, seen).map_err(|e| run_error(&e))?;
        let plan = &input.plan;
        let replay = Replay { live, executor: executor.clone(), plan, lock, configured };
        let result = replay.run(&input.expected, &input.left_out);
        executor.close();
        result
    })
}

/// One replay: the script form of the lock, part by part, as its reader would run it.
struct Replay<'a> {
    live: &'a LiveRun,
    executor: Arc<dyn Executor>,
    plan: &'a RunPlan,
    lock: RecipeLock,
    configured: Configured,
}

impl Replay<'_> {
    fn run(
        &self,
        expected: &[(Step, String)],
        left_out: &[(StepId, String)],
    ) -> Result<Reproduced, StepError> {
        let script = recipe::script(&self.lock).map_err(|e| run_error(&e))?;
        let path = self.executor.layout().home.join("recipe.sh");
        self.executor
            .write_file(&path, script.as_bytes(), true)
            .map_err(|e| agent_error(e.into()))?;
        let services = self.services()?;
        let databases: BTreeMap<String, String> =
            services.iter().flat_map(|service| service.env.clone()).collect();
        if let Some(detail) = self.set_up(&path, &databases)? {
            return Ok(Reproduced { same: false, detail });
        }
        for (step, file) in expected {
            let before = cases::load(&self.live.session.folder, file).map_err(|e| run_error(&e))?;
            let mut after = self.tests(&path, step, &databases)?;
            let of_step = left_out.iter().filter(|(of, _)| of == &step.id);
            let ids: Vec<String> = of_step.map(|(_, id)| id.clone()).collect();
            cases::add_left_out(&mut after, &ids);
            if let Some(difference) = difference(&before, &after) {
                return Ok(Reproduced { same: false, detail: difference });
            }
        }
        let count = expected.len();
        Ok(Reproduced {
            same: true,
            detail: format!("the recipe on a clean clone gave the same outcomes ({count} suites)"),
        })
    }

    /// Every part of the set-up in its order; what failed, where something did.
    fn set_up(
        &self,
        script: &Path,
        databases: &BTreeMap<String, String>,
    ) -> Result<Option<String>, StepError> {
        for command in &self.lock.commands {
            let later = matches!(command.kind, StepKind::Start | StepKind::Test);
            let Some(step) = self.plan.step(&StepId::new(command.id.clone())) else { continue };
            if later || !rr_recipe::script_has(command) {
                continue;
            }
            let outcome = self.call(script, step, databases, BTreeMap::new())?;
            if !outcome.exit.success() && !command.optional {
                let detail =
                    format!("the recipe's part `{}` ended with {}", command.id, outcome.exit);
                return Ok(Some(detail));
            }
        }
        Ok(None)
    }

    /// The databases of the plan, in the replay's own sandbox.
    fn services(&self) -> Result<Vec<rr_core::ProvisionedService>, StepError> {
        let sink = log_sink(self.live, "replay-services")?;
        let provider = &self.live.session.engine.services;
        self.live
            .setting()
            .services
            .iter()
            .map(|service| {
                provider
                    .provision(
                        service,
                        self.executor.as_ref(),
                        sink.clone(),
                        &self.live.session.cancel,
                    )
                    .map_err(|e| StepError::fatal("environment", e.to_string()))
            })
            .collect()
    }

    fn tests(
        &self,
        script: &Path,
        step: &Step,
        databases: &BTreeMap<String, String>,
    ) -> Result<TestRun, StepError> {
        let nonce = BTreeMap::from([
            ("REPO_RUNNER_REPORTS".to_owned(), "@{reports}".to_owned()),
            ("REPO_RUNNER_NONCE".to_owned(), "replay".to_owned()),
        ]);
        self.executor.clear_reports().map_err(|e| agent_error(e.into()))?;
        let outcome = self.call(script, step, databases, nonce.clone())?;
        let mut run = step.clone();
        run.env.extend(nonce);
        let session = &self.live.session;
        rr_agents::read_tests(session, self.executor.as_ref(), &run, &outcome, REPLAY_LOG)
            .map_err(agent_error)
    }

    /// Runs a step's part of the script, on the network on which the run ran the step.
    fn call(
        &self,
        script: &Path,
        step: &Step,
        databases: &BTreeMap<String, String>,
        env: BTreeMap<String, String>,
    ) -> Result<Outcome, StepError> {
        let beside_databases = step.kind > StepKind::Check && !databases.is_empty();
        let spec = ProcessSpec {
            argv: vec!["bash".into(), script.to_string_lossy().into_owned(), step.id.to_string()],
            cwd: "@{workspace}".to_owned(),
            env: self.environment(step, databases).into_iter().chain(env).collect(),
            path: self.configured.path.clone(),
            stdin: Vec::new(),
            timeout: self.live.limit.map_or(Duration::from_secs(2 * 3600), |limit| {
                Duration::from_secs(u64::from(limit.seconds_left()))
            }),
            network: if beside_databases { NetworkNeed::Loopback } else { step.network },
            tty: false,
            as_root: step.as_root,
        };
        let sink = log_sink(self.live, REPLAY)?;
        self.executor.run(&spec, sink, &self.live.session.cancel).map_err(|e| agent_error(e.into()))
    }

    /// What the script does not say itself: where things are, what toolchains and the sandbox
    /// want, and the values that are not in the lock.
    fn environment(
        &self,
        step: &Step,
        databases: &BTreeMap<String, String>,
    ) -> BTreeMap<String, String> {
        let own = rr_recipe::script_variables(&self.lock);
        let mut env: BTreeMap<String, String> = self.configured.env.clone();
        env.retain(|name, _| !own.contains(name));
        if step.kind != StepKind::Install {
            env.extend(databases.clone());
        }
        let hidden = |name: &String| {
            self.lock.variables.iter().any(|v| &v.name == name && v.value.is_none())
        };
        let given = step.env.iter().filter(|(name, _)| hidden(name));
        env.extend(given.map(|(name, value)| (name.clone(), value.clone())));
        let places = rr_recipe::SCRIPT_PLACES.iter();
        env.extend(places.map(|(name, token)| ((*name).to_owned(), (*token).to_owned())));
        env
    }
}

/// The first difference between two runs of one suite, by test id and outcome.
fn difference(before: &TestRun, after: &TestRun) -> Option<String> {
    let outcomes = |run: &TestRun| -> BTreeMap<String, CaseOutcome> {
        run.cases.iter().map(|case| (case.id.clone(), case.outcome)).collect()
    };
    // What is known to be flaky may end either way.
    let flaky = |id: &str| before.flaky.iter().any(|known| known == id);
    let (earlier, after) = (outcomes(before), outcomes(after));
    let changed =
        earlier.iter().find(|(id, outcome)| after.get(*id) != Some(outcome) && !flaky(id));
    if let Some((id, outcome)) = changed {
        let now = after.get(id).map_or("missing".to_owned(), |now| format!("{now:?}"));
        return Some(format!("`{id}` was {outcome:?}, in the replay {now}"));
    }
    let new = after.keys().find(|id| !earlier.contains_key(*id))?;
    Some(format!("`{new}` ran only in the replay"))
}

/// The run's clean source for another sandbox. Files are linked: neither sandbox writes to them.
fn clean_copy(live: &LiveRun, folder: &Path) -> Result<(), StepError> {
    if folder.exists() {
        rr_sandbox::remove_tree(folder).map_err(|e| agent_error(e.into()))?;
    }
    copy_tree(&live.session.source(), &folder.join("base").join("repo"))
        .map_err(|e| io("copy the source for the replay", &e))
}

fn copy_tree(from: &Path, to: &Path) -> std::io::Result<()> {
    std::fs::create_dir_all(to)?;
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        let (source, target) = (entry.path(), to.join(entry.file_name()));
        let kind = entry.file_type()?;
        if kind.is_dir() {
            copy_tree(&source, &target)?;
        } else if kind.is_symlink() {
            std::os::unix::fs::symlink(std::fs::read_link(&source)?, &target)?;
        } else if kind.is_file() {
            std::fs::copy(&source, &target)?;
        }
    }
    Ok(())
}
