//! What comes after what. Sees recorded results only, so that a replay takes the same way.

use std::sync::Arc;

use rr_core::{
    Analysis, EnvironmentReport, FetchedSource, Phase, PhaseOutcome, RunPlan, Rung, Step, StepId,
    StepKind,
};
use rr_workflow::{Workflow, WorkflowContext, WorkflowContextExt, WorkflowError};
use serde_json::Value;

use super::attempts::Next;
use super::input::{Analyze, Authenticated, ListDependencies, MakePlan, Timed};
use super::preparing::from_json;
use super::progress::Progress;
use super::repair::Repairs;
use super::time_limit::{self, is_out_of_time};
use super::{decided, finish};
use crate::live::LiveRun;
use crate::report::BUDGET_NOTE;

/// The workflow's name in journals.
pub(crate) const WORKFLOW: &str = "run";
/// Its version; raised whenever the order of steps changes.
const VERSION: u32 = 5;
/// From this version on a run lists what its installs brought.
const LISTS_DEPENDENCIES: u32 = 4;
/// From this version on tests that failed are run again before they are believed.
pub(super) const RUNS_FAILURES_AGAIN: u32 = 5;

/// The workflow of one run.
pub(crate) fn workflow(live: Arc<LiveRun>) -> Workflow {
    Workflow::new(WORKFLOW, VERSION, move |context, _input| {
        let mut play = Play::new(context, &live);
        match play.run() {
            Err(error) if is_out_of_time(&error) => play.progress.late = true,
            other => other.map_err(in_the_users_terms)?,
        }
        if let Some(limit) = live.limit.filter(|_| play.progress.late) {
            time_limit::close(&mut play.progress, limit);
        }
        if play.progress.budget_spent {
            play.progress.notes.push(BUDGET_NOTE.to_owned());
        }
        play.progress.blame_missing_services();
        finish::finish(&live, &play.progress)
    })
    .replays_from(3)
}

/// The error of a step that ends the run, without the step: users know none of ours.
fn in_the_users_terms(error: WorkflowError) -> WorkflowError {
    match error {
        WorkflowError::StepFailed { code, message, .. } => WorkflowError::failed(code, message),
        other => other,
    }
}

/// Whether two units are the same, or one lies in the other: then what fails for one is missing for
/// the other.
fn one_needs_other(stopped: &str, unit: &str) -> bool {
    let inside = |outer: &str, inner: &str| {
        outer.is_empty()
            || inner == outer
            || inner.strip_prefix(outer).is_some_and(|rest| rest.starts_with('/'))
    };
    inside(stopped, unit) || inside(unit, stopped)
}

/// One play of the workflow, first or repeated.
pub(super) struct Play<'a> {
    pub(super) context: &'a dyn WorkflowContext,
    pub(super) live: &'a LiveRun,
    pub(super) progress: Progress,
    pub(super) repairs: Repairs,
    /// Folder of a prepared environment, where one is used.
    pub(super) snapshot: Option<std::path::PathBuf>,
    /// The plan as it was made, before any remedy.
    pub(super) planned: RunPlan,
    /// The toolchains, packages and services that `progress.prepared` was made for.
    pub(super) prepared_for: Option<RunPlan>,
    pub(super) kept: bool,
}

impl<'a> Play<'a> {
    fn new(context: &'a dyn WorkflowContext, live: &'a LiveRun) -> Self {
        Self {
            context,
            live,
            progress: Progress::default(),
            repairs: Repairs::consulting(live.request.models),
            snapshot: None,
            planned: RunPlan::default(),
            prepared_for: None,
            kept: false,
        }
    }

    fn run(&mut self) -> Result<(), WorkflowError> {
        let _authenticated: Authenticated =
            self.step("authenticate", &(), Phase::Authenticate, "OrchestratorAgent")?;
        let fetched = self.detect_and_fetch()?;
        self.analyze(fetched)?;
        if self.live.request.until == Rung::Analyzed || self.progress.plan.steps.is_empty() {
            return Ok(());
        }
        self.reuse()?;
        self.prepare_and_index()?;
        self.run_plan()?;
        self.list_dependencies()?;
        if self.live.request.until == Rung::Reproduced && !self.progress.late {
            self.reproduce()?;
        }
        Ok(())
    }

    /// The source is fetched while the host is looked at: neither needs the other.
    fn detect_and_fetch(&mut self) -> Result<FetchedSource, WorkflowError> {
        self.live.enter(Phase::DetectEnvironment);
        let calls = ["detect-environment", "fetch-source"];
        let calls = calls.map(|name| (name.to_owned(), Value::Null)).to_vec();
        let mut results = self.context.join(calls).into_iter();
        let mut next = || results.next().unwrap_or(Ok(Value::Null));
        let (detected, fetched) = (next()?, next()?);
        let detected: Timed<EnvironmentReport> = from_json("detect-environment", detected)?;
        let report = self.progress.took(Phase::DetectEnvironment, "EnvDetectorAgent", detected);
        self.live.session.set_environment(report.clone());
        self.progress.environment = report;
        let fetched: Timed<FetchedSource> = from_json("fetch-source", fetched)?;
        let phase = Phase::AnalyzeProject;
        let fetched = self.progress.took_repo(phase, "OrchestratorAgent", fetched);
        self.progress.notes.extend(fetched.notes.clone());
        self.progress.fetched = Some(fetched.clone());
        Ok(fetched)
    }

    fn analyze(&mut self, fetched: FetchedSource) -> Result<(), WorkflowError> {
        let phase = Phase::AnalyzeProject;
        let input = Analyze { fetched };
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

    /// Runs the plan's steps up to the asked rung, with repair.
    fn run_plan(&mut self) -> Result<(), WorkflowError> {
        let until = self.live.request.until.min(Rung::Tested);
        let mut at = 0;
        // Units that could not be installed or built: parts beside them go on.
        let mut stopped: Vec<String> = Vec::new();
        while let Some(step) = self.progress.plan.steps.get(at).cloned() {
            if step.kind.rung() > until || self.progress.late {
                break;
            }
            if stopped.iter().any(|unit| one_needs_other(unit, &step.unit)) {
                at += 1;
                continue;
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
                Next::Stop => {
                    stopped.push(step.unit.clone());
                    at += 1;
                }
            }
        }
        self.keep_now()
    }

    /// What the managers resolved enters the run's lock.
    fn list_dependencies(&mut self) -> Result<(), WorkflowError> {
        let brings = [StepKind::Install, StepKind::Build];
        let installed = self.progress.ends_of(&brings).iter().any(|(_, end)| end.ok);
        if self.progress.late || !installed || self.context.version() < LISTS_DEPENDENCIES {
            return Ok(());
        }
        let input = ListDependencies { plan: self.progress.plan.clone() };
        self.progress.dependencies =
            self.step("list-dependencies", &input, Phase::Report, "DependencyAgent")?;
        Ok(())
    }

    fn is_prepared(&self, step: &Step) -> bool {
        let prepares = matches!(
            step.kind,
            StepKind::Configure | StepKind::Install | StepKind::Check | StepKind::Build
        );
        // A repair that went back must really run what it changed.
        prepares && self.snapshot.is_some() && !self.repairs.begun()
    }

    fn position(&self, id: &StepId) -> usize {
        self.progress.plan.steps.iter().position(|s| &s.id == id).unwrap_or(0)
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

#[cfg(test)]
mod tests {
    use super::one_needs_other;

    #[test]
    fn parts_beside_each_other_do_not_need_each_other() {
        assert!(one_needs_other("", "web") && one_needs_other("web", ""));
        assert!(one_needs_other("a", "a") && one_needs_other("a/b", "a"));
        assert!(!one_needs_other("complete", "complete-kotlin") && !one_needs_other("a", "b"));
    }
}
