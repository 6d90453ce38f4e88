//! The table of steps: everything a run does, each behind a name, with JSON in and out.

use std::sync::Arc;
use std::time::Duration;

use rr_accounts::{IndexChoice, IndexQuestion, Recommendation, choose_index};
use rr_agents::{
    Databases, DetectionTask, EnvDetectorTask, FileTask, FixerTask, IndexTask, Indexed, Inventory,
    Prepared, RequirementsTask, SetupTask, StepResult,
};
use rr_core::{
    Analysis, Diagnosis, EnvironmentReport, FetchedSource, Phase, RetryPolicy, RunEvent, RunPlan,
    StepKind,
};
use rr_managers::{RemedyChoice, RemedyQuestion};
use rr_recipe::DependencySet;
use rr_workflow::{StepContext, StepError, StepTable};
use serde::{Deserialize, Serialize};

use super::input::{
    Analyze, Attempt, Authenticated, Choose, Diagnose, Found, Index, Keep, ListDependencies,
    LookUp, MakePlan, Prepare, Rerun, Started, Tested, Timed,
};
use super::step_errors::{agent_error, engine_error, io, run_error};
use super::time_limit::TimeLimit;
use crate::live::LiveRun;
use crate::{
    cases, fixes, installed, prepared, workflow::consult, workflow::decided, workflow::execute,
    workflow::replay, workflow::rerun,
};

type StepOutcome<T> = Result<Timed<T>, StepError>;

/// Network failures are retried by the client's own count times this.
const NETWORK: RetryPolicy = RetryPolicy {
    max_attempts: 3,
    first_pause: Duration::from_secs(2),
    max_pause: Duration::from_secs(10),
};

/// Result of `choose-remedy`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Chosen {
    pub diagnosis: Diagnosis,
    pub remedy: rr_core::Remedy,
    pub decision: rr_core::Decision,
    #[serde(default)]
    pub fix: Option<rr_core::FixKey>,
    #[serde(default)]
    pub departed: bool,
}

/// Every step of the run workflow.
pub(crate) fn table() -> StepTable<LiveRun> {
    StepTable::new()
        .step("authenticate", RetryPolicy::ONCE, authenticate)
        .step("detect-environment", RetryPolicy::ONCE, detect_environment)
        .step("fetch-source", NETWORK, fetch_source)
        .step("analyze", RetryPolicy::ONCE, analyze)
        .step("plan", RetryPolicy::ONCE, plan)
        .step("look-up-prepared", RetryPolicy::ONCE, look_up_prepared)
        .step("prepare", NETWORK, prepare)
        .step("choose-indexer", RetryPolicy::ONCE, choose_indexer)
        .step("inventory", RetryPolicy::ONCE, inventory)
        .step("index", RetryPolicy::ONCE, index)
        .step("databases", RetryPolicy::ONCE, databases)
        .step("run-step", RetryPolicy::ONCE, run_step)
        .step("start-service", RetryPolicy::ONCE, start_service)
        .step("run-tests", RetryPolicy::ONCE, run_tests)
        .step("rerun-failures", RetryPolicy::ONCE, rerun_failures)
        .step("diagnose", RetryPolicy::ONCE, diagnose)
        .step("choose-remedy", RetryPolicy::ONCE, choose_remedy)
        .step("consult-model", RetryPolicy::ONCE, consult::consult_model)
        .step("snapshot", RetryPolicy::ONCE, snapshot)
        .step("rollback", RetryPolicy::ONCE, rollback)
        .step("keep-prepared", RetryPolicy::ONCE, keep_prepared)
        .step("list-dependencies", RetryPolicy::ONCE, list_dependencies)
        .step("reproduce", RetryPolicy::ONCE, replay::reproduce)
}

/// Runs `work` in a phase and times it.
pub(crate) fn timed<T>(
    live: &LiveRun,
    phase: Phase,
    work: impl FnOnce() -> Result<T, StepError>,
) -> StepOutcome<T> {
    live.enter(phase);
    let started = live.clock().unix_millis();
    let value = work();
    let session = &live.session;
    if session.cancel.is_asked() {
        return Err(StepError::retryable("cancelled", "the run was asked to stop"));
    }
    if let Some(limit) = live.limit.filter(|_| session.cancel.is_cancelled()) {
        return Err(limit.error());
    }
    let late = live.limit.is_some_and(TimeLimit::is_reached);
    Ok(Timed { value: value?, started, ended: live.clock().unix_millis(), late })
}

fn authenticate(live: &LiveRun, _: &StepContext, (): ()) -> StepOutcome<Authenticated> {
    timed(live, Phase::Authenticate, || {
        // One user, the one who owns the process: accounts come with the service.
        let user = "local".to_owned();
        live.found(
            Phase::Authenticate,
            format!("user `{user}`, tier `{}`", live.request.tier.as_str()),
        );
        Ok(Authenticated { user, tier: live.request.tier })
    })
}

fn detect_environment(live: &LiveRun, _: &StepContext, (): ()) -> StepOutcome<EnvironmentReport> {
    timed(live, Phase::DetectEnvironment, || {
        let data_folder = live.home.root().to_owned();
        let task = EnvDetectorTask { data_folder };
        let mut report = live.agents.env_detector.perform(task).map_err(agent_error)?;
        report.abilities.extend(live.abilities.clone());
        live.found(Phase::DetectEnvironment, report.in_one_line());
        Ok(report)
    })
}

fn fetch_source(live: &LiveRun, _: &StepContext, (): ()) -> StepOutcome<FetchedSource> {
    timed(live, Phase::AnalyzeProject, || {
        let into = live.session.source();
        if into.exists() {
            rr_sandbox::remove_tree(&into).map_err(|e| agent_error(e.into()))?;
        }
        std::fs::create_dir_all(&into).map_err(|e| io("create the source folder", &e))?;
        let sink = execute::log_sink(live, "fetch")?;
        let session = &live.session;
        session
            .engine
            .fetcher
            .fetch(&live.request.source, &into, sink, &session.cancel)
            .map_err(|e| engine_error(&e))
    })
}

fn analyze(live: &LiveRun, _: &StepContext, input: Analyze) -> StepOutcome<Analysis> {
    timed(live, Phase::AnalyzeProject, || {
        live.found(Phase::AnalyzeProject, decided::fetched(&input.fetched));
        let config = live.request.config.clone();
        let task = DetectionTask { commit_date: input.fetched.commit_date, config };
        let analysis = live.agents.detection.perform(task).map_err(agent_error)?;
        decided::analysis(&analysis).iter().for_each(|decision| live.decided(decision));
        Ok(analysis)
    })
}

fn plan(live: &LiveRun, _: &StepContext, input: MakePlan) -> StepOutcome<RunPlan> {
    timed(live, Phase::AnalyzeProject, || {
        let package = live.request.package.clone();
        let task = RequirementsTask { analysis: input.analysis, package };
        let plan = live.agents.requirements.perform(task).map_err(agent_error)?;
        decided::plan(&plan).iter().for_each(|decision| live.decided(decision));
        Ok(plan)
    })
}

fn look_up_prepared(live: &LiveRun, _: &StepContext, input: LookUp) -> StepOutcome<Found> {
    timed(live, Phase::ManageDependencies, || {
        prepared::look_up(live, &input.commit, &input.plan).map_err(|e| run_error(&e))
    })
}

fn prepare(live: &LiveRun, _: &StepContext, input: Prepare) -> StepOutcome<Prepared> {
    timed(live, Phase::ManageDependencies, || {
        let mut packages = input.packages;
        for service in &input.services {
            packages.extend(live.session.engine.services.packages_for(service));
        }
        let task = SetupTask { toolchains: input.toolchains, packages };
        let began = live.clock().unix_millis();
        let prepared = live.agents.setup.perform(task).map_err(agent_error)?;
        let versions: Vec<String> =
            prepared.toolchains.iter().map(|t| format!("{} {}", t.tool, t.version)).collect();
        live.session.tell(&RunEvent::StepEnded {
            step: rr_core::StepId::new("toolchains"),
            ok: true,
            detail: if versions.is_empty() { "none needed".into() } else { versions.join(", ") },
            seconds: live.clock().unix_millis().saturating_sub(began) as f64 / 1000.0,
        });
        Ok(prepared)
    })
}

fn choose_indexer(live: &LiveRun, _: &StepContext, (): ()) -> StepOutcome<IndexChoice> {
    timed(live, Phase::ChooseIndexer, || {
        let available = live.session.environment().recommended_indexes;
        let recommendations: Vec<Recommendation> = available
            .iter()
            .map(|index| Recommendation { agent: "EnvDetectorAgent".to_owned(), index: *index })
            .collect();
        let choice = choose_index(&IndexQuestion {
            configured: None,
            tier: live.request.tier,
            recommendations: &recommendations,
            available: &available,
        });
        live.decided(&decided::index(&choice));
        Ok(choice)
    })
}

fn inventory(live: &LiveRun, _: &StepContext, (): ()) -> StepOutcome<Inventory> {
    timed(live, Phase::IndexFiles, || live.agents.files.perform(FileTask {}).map_err(agent_error))
}

fn index(live: &LiveRun, _: &StepContext, input: Index) -> StepOutcome<Indexed> {
    timed(live, Phase::IndexFiles, || {
        let task = IndexTask { kind: input.kind };
        let indexed = live.agents.indexer.perform(task).map_err(agent_error)?;
        let text = format!("{} files in the {} index", indexed.files, indexed.kind);
        live.found(Phase::IndexFiles, text);
        Ok(indexed)
    })
}

fn databases(live: &LiveRun, _: &StepContext, (): ()) -> StepOutcome<Databases> {
    timed(live, Phase::Configure, || {
        live.ready().map_err(agent_error)?;
        live.databases().map_err(agent_error)
    })
}

fn run_step(live: &LiveRun, context: &StepContext, input: Attempt) -> StepOutcome<StepResult> {
    timed(live, input.step.kind.phase(), || {
        let task = execute::task(live, input)?;
        let agents = &live.agents;
        let result = match task.step.kind {
            StepKind::Install | StepKind::Check => agents.dependency.perform(task),
            StepKind::Migrate => agents.migrations.perform(task),
            StepKind::Configure | StepKind::Build => agents.builds.perform(task),
            StepKind::Start | StepKind::Test => agents.runner.run_to_end(&task),
        };
        execute::checked(context, result)
    })
}

fn start_service(live: &LiveRun, context: &StepContext, input: Attempt) -> StepOutcome<Started> {
    timed(live, Phase::Execute, || execute::start_service(live, context, input))
}

fn run_tests(live: &LiveRun, context: &StepContext, input: Attempt) -> StepOutcome<Tested> {
    timed(live, Phase::RunTests, || execute::run_tests(live, context, input))
}

fn rerun_failures(live: &LiveRun, context: &StepContext, input: Rerun) -> StepOutcome<Tested> {
    timed(live, Phase::RunTests, || rerun::run(live, context, input))
}

fn diagnose(live: &LiveRun, _: &StepContext, input: Diagnose) -> StepOutcome<Vec<Diagnosis>> {
    timed(live, Phase::ResolveErrors, || {
        let tests = match &input.tests_file {
            Some(file) => Some(cases::load(&live.session.folder, file).map_err(|e| run_error(&e))?),
            None => None,
        };
        let task = FixerTask {
            step: input.step,
            result: input.result,
            tests,
            plan: input.plan,
            analysis: input.analysis,
            treated: input.treated,
        };
        live.agents.fixer.perform(task).map_err(agent_error)
    })
}

fn choose_remedy(live: &LiveRun, _: &StepContext, input: Choose) -> StepOutcome<Option<Chosen>> {
    timed(live, Phase::ResolveErrors, || {
        let memory = fixes::remembered(&live.store, &input.ecosystem, &input.diagnoses)
            .map_err(|e| run_error(&e))?;
        let choice = live.managers.orchestrator.choose_remedy(&RemedyQuestion {
            ecosystem: &input.ecosystem,
            diagnoses: &input.diagnoses,
            tried: &input.tried,
            memory: &memory,
            departures: input.departures,
            seed: &format!("{} {}", live.id, input.number),
        });
        let Some(RemedyChoice { diagnosis, remedy, decision, fix, departed }) = choice else {
            return Ok(None);
        };
        let tell = |event: &RunEvent| live.session.tell(event);
        tell(&RunEvent::Diagnosed {
            step: diagnosis.step.clone(),
            signature: diagnosis.signature.clone(),
            explanation: diagnosis.explanation.clone(),
            evidence_line: diagnosis.evidence_line.clone(),
        });
        live.decided(&decision);
        tell(&RunEvent::RemedyApplied {
            step: diagnosis.step.clone(),
            title: remedy.title.clone(),
            number: input.number,
            budget: input.budget,
        });
        Ok(Some(Chosen { diagnosis, remedy, decision, fix: Some(fix), departed }))
    })
}

/// The state before a remedy; `None` where the sandbox cannot keep one.
fn snapshot(live: &LiveRun, _: &StepContext, (): ()) -> StepOutcome<Option<u64>> {
    timed(live, Phase::ResolveErrors, || {
        let executor = live.executor().map_err(agent_error)?;
        live.session.stop_services();
        Ok(executor.snapshot().ok())
    })
}

fn rollback(live: &LiveRun, _: &StepContext, snapshot: u64) -> StepOutcome<bool> {
    timed(live, Phase::ResolveErrors, || {
        let executor = live.executor().map_err(agent_error)?;
        live.session.stop_services();
        Ok(executor.rollback(snapshot).is_ok())
    })
}

fn keep_prepared(live: &LiveRun, _: &StepContext, input: Keep) -> StepOutcome<Option<String>> {
    timed(live, Phase::Configure, || {
        // Without a kept environment the next run prepares its own; the reason is noted.
        Ok(prepared::keep(live, &input).err().map(|error| error.to_string()))
    })
}

fn list_dependencies(
    live: &LiveRun,
    _: &StepContext,
    input: ListDependencies,
) -> StepOutcome<Vec<DependencySet>> {
    timed(live, Phase::Report, || {
        let executor = live.executor().map_err(agent_error)?;
        Ok(installed::dependencies(executor.as_ref(), &input.plan))
    })
}

/// The name under which steps of a kind are recorded.
pub(crate) fn agent_of(kind: StepKind) -> &'static str {
    match kind {
        StepKind::Install | StepKind::Check => "DependencyAgent",
        StepKind::Configure => "ConfigAgent",
        StepKind::Migrate => "DatabaseAgent",
        StepKind::Build => "SetupAgent",
        StepKind::Start | StepKind::Test => "RunnerAgent",
    }
}

/// Binds the table to a run.
pub(crate) fn bound(
    live: Arc<LiveRun>,
) -> Result<rr_workflow::StepRegistry, rr_workflow::WorkflowError> {
    table().bind(live)
}
