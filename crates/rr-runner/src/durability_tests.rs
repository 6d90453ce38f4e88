//! The real run workflow, killed at every event of its journal, and with every step run twice.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use rr_core::event::NoObserver;
use rr_core::report::RunReport;
use rr_core::{CancelToken, Clock, JournalStore, RepoSource, RunId, Rung, Tier};
use rr_store::Database;
use rr_workflow::harness::{Subject, World, kill_at_every_position, run_every_step_twice};
use rr_workflow::{Reaper, StepRegistry, Workflow};
use serde_json::{Value, json};

use crate::home::Home;
use crate::live::LiveRun;
use crate::orchestrator::{OrchestratorAgent, read_report, report_path};
use crate::request::{ExecutorChoice, RepairBudget, RunRequest};
use crate::system_clock::SystemClock;
use crate::wiring::Wiring;
use crate::workflow;

type Slot = Arc<Mutex<Option<Arc<LiveRun>>>>;

/// A run of one small fixture.
struct FixtureRun {
    scratch: tempfile::TempDir,
    wiring: Arc<Wiring>,
    home: Home,
    live: Slot,
    worlds: Mutex<Vec<Arc<FixtureWorld>>>,
}

struct FixtureWorld {
    home: Home,
    store: Arc<Database>,
    wiring: Arc<Wiring>,
    request: RunRequest,
    id: RunId,
    live: Slot,
}

/// The world that the harness owns; the subject keeps another hand on it.
struct Shared(Arc<FixtureWorld>);

fn lock(slot: &Slot) -> std::sync::MutexGuard<'_, Option<Arc<LiveRun>>> {
    slot.lock().unwrap_or_else(PoisonError::into_inner)
}

impl FixtureRun {
    fn new() -> Self {
        let scratch = tempfile::tempdir().expect("a folder");
        let home = Home::open(Some(&scratch.path().join("home"))).expect("a home");
        let wiring = Wiring::new(&home, variables(), &SystemClock).expect("wired");
        Self {
            scratch,
            wiring: Arc::new(wiring),
            home,
            live: Slot::default(),
            worlds: Mutex::default(),
        }
    }

    fn request(&self) -> RunRequest {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/repos/shell-plain");
        RunRequest {
            source: RepoSource::Folder {
                path: path.canonicalize().expect("there"),
                reference: None,
            },
            until: Rung::Tested,
            package: None,
            env: BTreeMap::new(),
            config: None,
            timeout_seconds: None,
            step_timeout_seconds: None,
            budget: RepairBudget::default(),
            models: false,
            executor: ExecutorChoice::Auto,
            trust: false,
            fresh: true,
            tier: Tier::Developer,
            asked_at: SystemClock.unix_millis(),
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "test code")]
fn variables() -> BTreeMap<String, String> {
    std::env::vars().collect()
}

impl Subject for FixtureRun {
    fn workflow(&self) -> Workflow {
        let slot = self.live.clone();
        Workflow::new(workflow::WORKFLOW, 1, move |context, input| {
            let live = lock(&slot).clone().expect("bound before it is played");
            workflow::workflow(live).play(context, input)
        })
    }

    fn world(&self, trial: &str) -> Result<Box<dyn World>, String> {
        let folder: PathBuf = self.scratch.path().join(trial);
        std::fs::create_dir_all(&folder).map_err(|e| e.to_string())?;
        let store = Database::open(&folder.join("db")).map_err(|e| e.to_string())?;
        let id = RunId::from_parts(SystemClock.unix_millis(), folder.as_os_str().len() as u32);
        let world = Arc::new(FixtureWorld {
            home: self.home.clone(),
            store: Arc::new(store),
            wiring: self.wiring.clone(),
            request: self.request(),
            id,
            live: self.live.clone(),
        });
        self.worlds.lock().unwrap_or_else(PoisonError::into_inner).push(world.clone());
        Ok(Box::new(Shared(world)))
    }

    /// Ends are the report's file; what must be the same is what the report says.
    fn same(&self, _: &Value, _: &Value) -> Result<(), String> {
        let worlds = self.worlds.lock().unwrap_or_else(PoisonError::into_inner);
        let (Some(first), Some(last)) = (worlds.first(), worlds.last()) else {
            return Err("nothing was run".to_owned());
        };
        let (expected, found) = (first.essence()?, last.essence()?);
        if expected == found { Ok(()) } else { Err(format!("{found}\ninstead of\n{expected}")) }
    }
}

impl FixtureWorld {
    /// What a report says, without times, identifiers and log names.
    fn essence(&self) -> Result<Value, String> {
        let report: RunReport =
            read_report(&report_path(&self.home, &self.id)).map_err(|e| e.to_string())?;
        let steps: Vec<_> = report.steps.iter().map(|s| (&s.step, s.attempt, s.ok)).collect();
        let cases: Vec<_> = report.tests.cases.iter().map(|c| (&c.id, c.outcome)).collect();
        Ok(json!({
            "verdict": report.verdict,
            "rungs": report.rungs,
            "steps": steps,
            "cases": cases,
            "failures": report.failures,
        }))
    }
}

impl World for Shared {
    fn store(&self) -> Arc<dyn JournalStore> {
        self.0.store.clone()
    }

    fn clock(&self) -> Arc<dyn Clock> {
        Arc::new(SystemClock)
    }

    fn steps(&self) -> Result<StepRegistry, String> {
        let world = &self.0;
        // A killed process takes its sandbox with it.
        if let Some(dead) = lock(&world.live).take() {
            dead.session.close();
        }
        let orchestrator = OrchestratorAgent::new(
            world.home.clone(),
            world.store.clone(),
            Arc::new(SystemClock),
            world.wiring.clone(),
        );
        let live = orchestrator
            .live(&world.id, &world.request, Arc::new(NoObserver), &CancelToken::default())
            .map_err(|e| e.to_string())?;
        *lock(&world.live) = Some(live.clone());
        workflow::bound(live).map_err(|e| e.to_string())
    }

    fn reaper(&self) -> Option<Reaper> {
        Some(Arc::new(|process| {
            let _ended = rr_sandbox::reap(process.pid, process.started_ticks);
        }))
    }
}

#[test]
fn a_run_killed_at_any_event_comes_to_the_same_report() {
    let report = kill_at_every_position(&FixtureRun::new()).expect("every kill is survived");
    assert!(report.kills >= 2 * report.events - 2, "{report:?}");
}

#[test]
fn a_run_whose_every_step_runs_twice_comes_to_the_same_report() {
    let report = run_every_step_twice(&FixtureRun::new()).expect("every step may run twice");
    assert!(report.attempts > 10, "{report:?}");
}
