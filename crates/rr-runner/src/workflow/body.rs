//! What comes after what. Sees recorded results only, so that a replay takes the same way.

use std::sync::Arc;

use rr_accounts::IndexChoice;
use rr_agents::{Databases, Indexed, Inventory, Prepared};
use rr_core::report::PreparedEnvironment;
use rr_core::{
    Analysis, EnvironmentReport, FetchedSource, Phase, PhaseOutcome, RunPlan, Rung, Step, StepId,
    StepKind,
};
use rr_workflow::{Workflow, WorkflowContext, WorkflowContextExt, WorkflowError};
use serde_json::Value;

use super::attempts::Next;
use super::input::{Analyze, Authenticated, Found, Index, Keep, LookUp, MakePlan, Prepare, Timed};
use super::progress::Progress;
use super::repair::Repairs;
use super::time_limit::{self, is_out_of_time};
use super::{decided, finish};
use crate::live::{LiveRun, Setting};
use crate::report::BUDGET_NOTE;

/// The workflow's name in journals.
pub(crate) const WORKFLOW: &str = "run";
/// Its version; raised whenever the order of steps changes.
const VERSION: u32 = 2;

/// The workflow of one run.
pub(crate) fn workflow(live: Arc<LiveRun>) -> Workflow {
    Workflow::new(WORKFLOW, VERSION, move |context, _input| {
        let mut play = Play::new(context, &live);
        match play.run() {
            Err(error) if is_out_of_time(&error) => play.progress.late = true,
            other => other?,
        }
        if let Some(limit) = live.limit.filter(|_| play.progress.late) {
            time_limit::close(&mut play.progress, limit);
        }
        if play.progress.budget_spent {
            play.progress.notes.push(BUDGET_NOTE.to_owned());
        }
        finish::finish(&live, &play.progress)
    })
}

/// One play of the workflow, first or repeated.
pub(super) struct Play<'a> {
    pub(super) context: &'a dyn WorkflowContext,
    pub(super) live: &'a LiveRun,
    pub(super) progress: Progress,
    pub(super) repairs: Repairs,
    /// Folder of a prepared environment, where one is used.
    snapshot: Option<std::path::PathBuf>,
    /// The plan as it was made, before any remedy.
    planned: RunPlan,
    /// The toolchains, packages and services that `progress.prepared` was made for.
    prepared_for: Option<RunPlan>,
    kept: bool,
}

impl<'a> Play<'a> {
    fn new(context: &'a dyn WorkflowContext, live: &'a LiveRun) -> Self {
        Self {
            context,
            live,
            progress: Progress::default(),
            repairs: Repairs::default(),
            snapshot: None,
            planned: RunPlan::default(),
            prepared_for: None,
            kept: false,
        }
    }

    fn run(&mut self) -> Result<(), WorkflowError> {
        let _authenticated: Authenticated =
            self.step("authenticate", &(), Phase::Authenticate, "OrchestratorAgent")?;
        self.detect()?;
        self.analyze()?;
        if self.live.request.until == Rung::Analyzed || self.progress.plan.steps.is_empty() {
            return Ok(());
        }
        self.reuse()?;
        self.prepare_and_index()?;
        self.run_plan()?;
        if self.live.request.until == Rung::Reproduced && !self.progress.late {
            self.reproduce()?;
        }
        Ok(())
    }

    fn detect(&mut self) -> Result<(), WorkflowError> {
        let report: EnvironmentReport =
            self.step("detect-environment", &(), Phase::DetectEnvironment, "EnvDetectorAgent")?;
        self.live.session.set_environment(report.clone());
        self.progress.environment = report;
        Ok(())
    }

    fn analyze(&mut self) -> Result<(), WorkflowError> {
        let phase = Phase::AnalyzeProject;
        let timed: Timed<FetchedSource> = self.context.step("fetch-source", &())?;
        let fetched = self.progress.took_repo(phase, "OrchestratorAgent", timed);
        self.progress.notes.extend(fetched.notes.clone());
        let input = Analyze { fetched: fetched.clone() };
        self.progress.fetched = Some(fetched);
        let analysis: Analysis = self.step("analyze", &input, phase, "DetectionAgent")?;
        let input = MakePlan { analysis: analysis.clone() };
        self.progress.decisions.extend(decided::analysis(&analysis));
        self.progress.analysis = analysis;
        let plan: RunPlan = self.step("plan", &input, phase, "RequirementsAgent")?;
        self.progress.decisions.extend(decided::plan(&plan));
        let primaries = self.progress.analysis.primary_units().count();
        let detail = format!("{primaries} primary units, {} steps planned", plan.steps.len());
        self.progress.phase_ended(phase, PhaseOutcome::Succeeded, &detail);
        self.progress.plan = plan;
        self.progress.plan.env.extend(self.live.request.env.clone());
        Ok(())
    }

    /// Looks for an environment that an earlier run prepared from the same inputs.
    fn reuse(&mut self) -> Result<(), WorkflowError> {
        self.planned = self.progress.plan.clone();
        let input = LookUp { commit: self.commit(), plan: self.planned.clone() };
        let phase = Phase::ManageDependencies;
        let found: Found = self.step("look-up-prepared", &input, phase, "OrchestratorAgent")?;
        self.progress.environment_cache = PreparedEnvironment {
            key: found.key,
            reused: found.hit.is_some(),
            age_seconds: found.hit.as_ref().map(|hit| hit.age_seconds),
            reason: found.reason,
        };
        if let Some(hit) = found.hit {
            self.progress.plan = hit.plan;
            self.snapshot = Some(hit.path);
            self.kept = true;
            self.progress.notes.extend(
                hit.remedies.iter().map(|title| format!("in the prepared environment: {title}")),
            );
        }
        Ok(())
    }

    fn commit(&self) -> String {
        self.progress.fetched.as_ref().map(|f| f.commit.clone()).unwrap_or_default()
    }

    /// Toolchains and packages are obtained while the files are indexed.
    fn prepare_and_index(&mut self) -> Result<(), WorkflowError> {
        let choice: IndexChoice =
            self.step("choose-indexer", &(), Phase::ChooseIndexer, "ContextIndexerAgent")?;
        self.progress.decisions.push(decided::index(&choice));
        let kind = choice.index;
        self.progress.index_choice = Some(choice);
        let calls = vec![
            ("prepare".to_owned(), json(&self.prepare_input())?),
            ("inventory".to_owned(), Value::Null),
            ("index".to_owned(), json(&Index { kind })?),
        ];
        let mut results = self.context.join(calls).into_iter();
        let mut next = || results.next().unwrap_or(Ok(Value::Null));
        let (prepared, inventory, indexed) = (next()?, next()?, next());
        let prepared: Timed<Prepared> = from_json("prepare", prepared)?;
        self.take_prepared(prepared);
        let inventory: Timed<Inventory> = from_json("inventory", inventory)?;
        self.progress.inventory =
            Some(self.progress.took(Phase::IndexFiles, "FileAgent", inventory));
        match indexed {
            Ok(value) => {
                let indexed: Timed<Indexed> = from_json("index", value)?;
                let indexed = self.progress.took(Phase::IndexFiles, "ContextIndexerAgent", indexed);
                let detail = format!("{} files in the {} index", indexed.files, indexed.kind);
                self.progress.phase_ended(Phase::IndexFiles, PhaseOutcome::Succeeded, &detail);
                self.progress.indexed = Some(indexed);
            }
            Err(error) if error.is_resumable() => return Err(error),
            // Without an index only `search` is missing; the verdict does not depend on it.
            Err(error) => {
                self.progress.notes.push(format!("no search index: {error}"));
                let (phase, text) = (Phase::IndexFiles, error.to_string());
                self.progress.phase_ended(phase, PhaseOutcome::Failed, &text);
            }
        }
        Ok(())
    }

    fn prepare_input(&mut self) -> Prepare {
        self.prepared_for = Some(self.progress.plan.clone());
        Prepare {
            toolchains: self.progress.plan.toolchains.clone(),
            packages: self.progress.plan.system_packages.clone(),
            services: self.live.managers.service.order(&self.progress.plan.services),
        }
    }

    fn take_prepared(&mut self, prepared: Timed<Prepared>) {
        let phase = Phase::ManageDependencies;
        let prepared = self.progress.took_repo(phase, "SetupAgent", prepared);
        for note in &prepared.notes {
            if !self.progress.notes.contains(note) {
                self.progress.notes.push(note.clone());
            }
        }
        self.progress.prepared = prepared;
        self.settle();
    }

    /// Tells the live run what the next steps need.
    pub(super) fn settle(&self) {
        self.live.set(Setting {
            prepared: self.progress.prepared.clone(),
            snapshot: self.snapshot.clone(),
            plan: self.progress.plan.clone(),
            services: self.live.managers.service.order(&self.progress.plan.services),
        });
    }

    /// A remedy may have asked for toolchains, packages or services that are not there yet.
    fn prepare_again(&mut self) -> Result<(), WorkflowError> {
        let plan = &self.progress.plan;
        let same = self.prepared_for.as_ref().is_some_and(|before| {
            before.toolchains == plan.toolchains
                && before.system_packages == plan.system_packages
                && before.services == plan.services
        });
        if same {
            self.settle();
            return Ok(());
        }
        let input = self.prepare_input();
        let prepared: Timed<Prepared> = self.context.step("prepare", &input)?;
        self.take_prepared(prepared);
        Ok(())
    }

    /// Runs the plan's steps up to the asked rung, with repair.
    fn run_plan(&mut self) -> Result<(), WorkflowError> {
        let until = self.live.request.until.min(Rung::Tested);
        let mut at = 0;
        while let Some(step) = self.progress.plan.steps.get(at).cloned() {
            if step.kind.rung() > until || self.progress.late {
                break;
            }
            if self.is_prepared(&step) {
                self.progress.end(&step, true, "from the prepared environment".into()).reused =
                    true;
                at += 1;
                continue;
            }
            self.keep_before(&step)?;
            match self.attempt(&step)? {
                Next::Forward => at += 1,
                Next::Retry(id) => {
                    self.prepare_again()?;
                    at = self.position(&id);
                }
                Next::Stop => break,
            }
        }
        self.keep_now()
    }

    fn is_prepared(&self, step: &Step) -> bool {
        let prepares = matches!(
            step.kind,
            StepKind::Configure | StepKind::Install | StepKind::Check | StepKind::Build
        );
        // A repair that went back must really run what it changed.
        prepares && self.snapshot.is_some() && self.progress.remedies.is_empty()
    }

    fn position(&self, id: &StepId) -> usize {
        self.progress.plan.steps.iter().position(|s| &s.id == id).unwrap_or(0)
    }

    /// Databases are brought up before the first step that may need one.
    pub(super) fn bring_up_databases(&mut self) -> Result<(), WorkflowError> {
        let plan = &self.progress.plan;
        if plan.services.is_empty() || !self.progress.databases.up.is_empty() {
            return Ok(());
        }
        match self.context.step::<_, Timed<Databases>>("databases", &()) {
            Ok(timed) => {
                let phase = Phase::Configure;
                self.progress.databases = self.progress.took_repo(phase, "DatabaseAgent", timed);
            }
            Err(error) if error.is_resumable() => return Err(error),
            Err(error) => {
                self.progress.notes.push(format!("no database: {error}"));
                self.progress.plan.services.clear();
                self.settle();
            }
        }
        Ok(())
    }

    /// Keeps the prepared environment before the first step that is not part of it.
    fn keep_before(&mut self, step: &Step) -> Result<(), WorkflowError> {
        let beyond = matches!(step.kind, StepKind::Start | StepKind::Test);
        if beyond { self.keep_now() } else { Ok(()) }
    }

    fn keep_now(&mut self) -> Result<(), WorkflowError> {
        let prepares = [StepKind::Configure, StepKind::Install, StepKind::Build, StepKind::Check];
        let ends = self.progress.ends_of(&prepares);
        let worth = ends.iter().any(|(_, end)| end.kind == StepKind::Install && end.ok);
        let failed = ends.iter().any(|(_, end)| !end.ok && end.kind != StepKind::Check);
        if self.kept || !worth || failed {
            return Ok(());
        }
        self.kept = true;
        let remedies = self.progress.remedies.iter().filter(|r| r.helped);
        let input = Keep {
            key: self.progress.environment_cache.key.clone(),
            commit: self.commit(),
            planned: self.planned.clone(),
            plan: self.progress.plan.clone(),
            remedies: remedies.map(|r| r.title.clone()).collect(),
        };
        let phase = Phase::Configure;
        let problem: Option<String> = self.step("keep-prepared", &input, phase, "SetupAgent")?;
        if let Some(problem) = problem {
            self.progress.notes.push(format!("the prepared environment was not kept: {problem}"));
        }
        Ok(())
    }

    /// Runs a step and takes its result into the record of a phase.
    pub(super) fn step<I, O>(
        &mut self,
        name: &str,
        input: &I,
        phase: Phase,
        agent: &'static str,
    ) -> Result<O, WorkflowError>
    where
        I: serde::Serialize + ?Sized,
        O: serde::de::DeserializeOwned,
    {
        let timed: Timed<O> = self.context.step(name, input)?;
        Ok(self.progress.took(phase, agent, timed))
    }
}

fn json<T: serde::Serialize>(value: &T) -> Result<Value, WorkflowError> {
    serde_json::to_value(value).map_err(|error| WorkflowError::Encode {
        step: "join".to_owned(),
        reason: error.to_string(),
    })
}

fn from_json<T: serde::de::DeserializeOwned>(step: &str, value: Value) -> Result<T, WorkflowError> {
    serde_json::from_value(value)
        .map_err(|error| WorkflowError::Decode { step: step.to_owned(), reason: error.to_string() })
}
