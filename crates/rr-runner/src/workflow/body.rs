//! What comes after what. Sees recorded results only, so that a replay takes the same way.

use std::sync::Arc;

use rr_accounts::IndexChoice;
use rr_agents::{Databases, Indexed, Inventory, Prepared, StepResult};
use rr_core::report::PreparedEnvironment;
use rr_core::{
    Analysis, Decision, EnvironmentReport, FetchedSource, Phase, PhaseOutcome, RunPlan, Rung, Step,
    StepId, StepKind,
};
use rr_workflow::{Workflow, WorkflowContext, WorkflowContextExt, WorkflowError};
use serde_json::Value;

use super::finish;
use super::input::{
    Analyze, Attempt, Authenticated, Found, Index, Keep, LookUp, MakePlan, Prepare, Timed,
};
use super::progress::Progress;
use super::repair::{Failure, Repairs, Score, Verdict, classify};
use super::steps::agent_of;
use crate::live::{LiveRun, Setting};
use crate::report::BUDGET_NOTE;

/// The workflow's name in journals.
pub(crate) const WORKFLOW: &str = "run";
/// Its version; raised whenever the order of steps changes.
const VERSION: u32 = 1;

/// The workflow of one run.
pub(crate) fn workflow(live: Arc<LiveRun>) -> Workflow {
    Workflow::new(WORKFLOW, VERSION, move |context, _input| {
        let mut play = Play::new(context, &live);
        play.run()?;
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
    repairs: Repairs,
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
        if self.live.request.until == Rung::Reproduced {
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
        self.progress.analysis = analysis;
        let plan: RunPlan = self.step("plan", &input, phase, "RequirementsAgent")?;
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
        self.progress.decisions.push(index_decision(&choice));
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
    fn settle(&self) {
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
            if step.kind.rung() > until {
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
    fn bring_up_databases(&mut self) -> Result<(), WorkflowError> {
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

    fn attempt(&mut self, step: &Step) -> Result<Next, WorkflowError> {
        if step.kind > StepKind::Check {
            self.bring_up_databases()?;
        }
        self.settle();
        let input = Attempt { step: step.clone(), attempt: self.progress.next_attempt(&step.id) };
        match step.kind {
            StepKind::Start => self.attempt_start(step, &input),
            StepKind::Test => self.attempt_test(step, &input),
            _ => self.attempt_plain(step, &input),
        }
    }

    fn attempt_plain(&mut self, step: &Step, input: &Attempt) -> Result<Next, WorkflowError> {
        let timed: Timed<StepResult> = self.context.step("run-step", input)?;
        let result = self.progress.took_repo(step.kind.phase(), agent_of(step.kind), timed);
        let ok = result.outcome.exit.success();
        self.record(input, &result, ok);
        if ok {
            self.repairs.succeeded(&step.id, &mut self.progress);
            self.progress.end(step, true, result.outcome.exit.to_string());
            return Ok(Next::Forward);
        }
        let detail = result.outcome.exit.to_string();
        let failure = Failure { step, result: &result, tests_file: None, score: Score::default() };
        self.treat(&failure, &detail)
    }

    fn attempt_start(&mut self, step: &Step, input: &Attempt) -> Result<Next, WorkflowError> {
        let timed: Timed<super::input::Started> = self.context.step("start-service", input)?;
        let started = self.progress.took_repo(Phase::Execute, "RunnerAgent", timed.clone());
        if started.finding.is_some() {
            self.progress.took(Phase::MonitorHealth, "HealthAgent", timed);
        }
        let (ok, detail) = match &started.finding {
            Some(finding) => (finding.result.healthy, finding.result.detail.clone()),
            None => {
                (started.result.outcome.exit.success(), started.result.outcome.exit.to_string())
            }
        };
        self.record(input, &started.result, ok);
        if let Some(finding) = &started.finding {
            let outcome = if ok { PhaseOutcome::Succeeded } else { PhaseOutcome::Failed };
            self.progress.phase_ended(Phase::MonitorHealth, outcome, &detail);
            if ok {
                self.progress.services.push(finish::service_record(step, &started, finding));
            }
        }
        if ok {
            self.repairs.succeeded(&step.id, &mut self.progress);
            self.progress.end(step, true, detail).finding = started.finding;
            return Ok(Next::Forward);
        }
        let result = &started.result;
        let failure = Failure { step, result, tests_file: None, score: Score::default() };
        self.treat(&failure, &detail)
    }

    fn attempt_test(&mut self, step: &Step, input: &Attempt) -> Result<Next, WorkflowError> {
        let timed: Timed<super::input::Tested> = self.context.step("run-tests", input)?;
        let tested = self.progress.took_repo(Phase::RunTests, "RunnerAgent", timed);
        let counts = tested.tests.counts;
        let bad = counts.failed + counts.errored;
        let proves = tested.tests.proves;
        let score = Score { proves, passed: counts.passed };
        self.record(input, &tested.result, proves);
        let detail = format!(
            "{} passed, {} failed, {} skipped, {} errored ({})",
            counts.passed,
            counts.failed,
            counts.skipped,
            counts.errored,
            tested.result.outcome.exit
        );
        let best = self.progress.ended.get(&step.id).and_then(|end| end.tests.clone());
        let improves =
            best.is_none_or(|b| score >= Score { proves: b.proves, passed: b.counts.passed });
        if improves {
            self.progress.end(step, proves, detail.clone()).tests = Some(tested.tests.clone());
        }
        if proves && bad == 0 {
            self.repairs.succeeded(&step.id, &mut self.progress);
            return Ok(Next::Forward);
        }
        let tests_file = Some(tested.tests.file.clone());
        let failure = Failure { step, result: &tested.result, tests_file, score };
        self.treat(&failure, &detail)
    }

    /// Repairs, or records what remains.
    fn treat(&mut self, failure: &Failure<'_>, detail: &str) -> Result<Next, WorkflowError> {
        let budget = self.live.request.budget;
        let verdict = self.repairs.treat(self.context, &mut self.progress, budget, failure)?;
        let diagnosis = match verdict {
            Verdict::Retry(step) => return Ok(Next::Retry(step)),
            Verdict::GiveUp(diagnosis) => diagnosis,
        };
        let step = failure.step;
        let kept = self.progress.ended.get(&step.id).is_some_and(|end| end.ok);
        if step.kind == StepKind::Test && kept {
            // The suite ran to its end; what failed in it stands with its own cause.
            return Ok(Next::Forward);
        }
        let record = classify(step, failure.result, diagnosis, detail);
        self.progress.failures.retain(|f| f.step != step.id);
        self.progress.failures.push(record);
        if step.kind != StepKind::Test {
            self.progress.end(step, false, detail.to_owned());
        }
        let phase = step.kind.phase();
        self.progress.phase_ended(phase, PhaseOutcome::Failed, detail);
        // What was installed may work although a check or a start failed: the tests will tell.
        let ends = matches!(step.kind, StepKind::Install | StepKind::Build) && !step.optional;
        Ok(if ends { Next::Stop } else { Next::Forward })
    }

    fn record(&mut self, input: &Attempt, result: &StepResult, ok: bool) {
        self.progress.attempts.push(rr_core::report::StepRecord {
            step: input.step.id.clone(),
            attempt: input.attempt,
            command: input.step.command.to_string(),
            ok,
            ended: result.outcome.exit.to_string(),
            seconds: result.outcome.seconds,
            log: result.log.clone(),
        });
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

enum Next {
    Forward,
    Retry(StepId),
    Stop,
}

fn index_decision(choice: &IndexChoice) -> Decision {
    let reasons: Vec<&str> = choice.reasons.iter().map(|reason| reason.text.as_str()).collect();
    Decision {
        topic: "choose-indexer".to_owned(),
        question: "which context index does the run get?".to_owned(),
        options: vec!["simple".to_owned(), "faiss".to_owned(), "chroma".to_owned()],
        choice: choice.index.to_string(),
        confidence: 1.0,
        rationale: reasons.join("; "),
        model: "rules".to_owned(),
        manager: "OrchestratorManager".to_owned(),
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
