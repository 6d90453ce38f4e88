//! Work that does not depend on each other's result goes on at the same time: shown by steps that
//! wait for each other, so that a run which does one after the other would never end.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Barrier};

use rr_core::event::NoObserver;
use rr_core::{CancelToken, Clock as _, RepoSource, Rung, Tier};
use rr_workflow::StepRegistry;

use crate::home::Home;
use crate::request::{ExecutorChoice, RepairBudget, RunRequest};
use crate::service::RunService;
use crate::system_clock::SystemClock;

/// Steps that must all have begun before any of them goes on.
const TOGETHER: [&[&str]; 2] =
    [&["detect-environment", "fetch-source"], &["prepare", "inventory", "index"]];

fn request() -> RunRequest {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/repos/shell-plain");
    RunRequest {
        source: RepoSource::Folder { path: path.canonicalize().expect("there"), reference: None },
        until: Rung::Tested,
        package: None,
        env: BTreeMap::new(),
        config: None,
        timeout_seconds: None,
        step_timeout_seconds: None,
        budget: RepairBudget::default(),
        executor: ExecutorChoice::Auto,
        trust: false,
        fresh: true,
        tier: Tier::Developer,
        models: false,
        asked_at: SystemClock.unix_millis(),
    }
}

/// Makes the steps of a group meet before they do their work.
fn meeting(steps: StepRegistry) -> StepRegistry {
    let barriers = TOGETHER.map(|group| Barrier::new(group.len()));
    steps.wrapped(move |context, input, step| {
        let group = TOGETHER.iter().position(|group| group.contains(&context.step()));
        if let Some(group) = group {
            barriers[group].wait();
        }
        step(context, input)
    })
}

#[expect(clippy::disallowed_methods, reason = "test code")]
fn service(folder: &Path) -> RunService {
    let home = Home::open(Some(folder)).expect("a home");
    RunService::open(home, std::env::vars().collect(), Arc::new(SystemClock)).expect("a service")
}

#[test]
fn source_and_host_and_then_toolchains_and_index_are_worked_on_at_the_same_time() {
    let folder = tempfile::tempdir().expect("a folder");
    let service = service(folder.path()).with_steps(Arc::new(meeting));
    let report = service
        .start(&request(), Arc::new(NoObserver), &CancelToken::default())
        .expect("every step met those beside it");
    assert!(report.verdict.green, "{}", report.verdict.summary);
}
