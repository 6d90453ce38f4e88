//! The workflow engine over SQLite: its process killed for real, over and over.

use std::fs::{self, OpenOptions};
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rr_core::{CancelToken, Clock, JournalStore, RetryPolicy};
use rr_store::Database;
use rr_workflow::state::{Position, Progress};
use rr_workflow::{
    JournaledEngine, StepContext, StepError, StepTable, Workflow, WorkflowContext, WorkflowError,
    owner,
};
use serde_json::{Value, json};

use crate::Scratch;

const STEPS: u64 = 60;
const ID: &str = "killed";

struct RealClock(Instant);

impl Clock for RealClock {
    fn unix_millis(&self) -> u64 {
        1_700_000_000_000 + u64::try_from(self.0.elapsed().as_millis()).unwrap()
    }

    fn sleep(&self, duration: Duration) {
        std::thread::sleep(duration);
    }
}

/// What the steps of one process work with.
struct Outside {
    folder: PathBuf,
    /// With this many effects there, a step hangs until it is killed.
    hang_at: usize,
}

/// Writes its number into a file: an effect that outlives the process.
fn effect(outside: &Outside, context: &StepContext, _: Value) -> Result<Value, StepError> {
    let path = outside.folder.join("effects");
    let mut file = OpenOptions::new().create(true).append(true).open(path).unwrap();
    file.write_all(format!("{}\n", context.index()).as_bytes()).unwrap();
    while effects(&outside.folder).len() >= outside.hang_at {
        std::thread::park();
    }
    Ok(json!(context.index()))
}

fn body(context: &dyn WorkflowContext, _: Value) -> Result<Value, WorkflowError> {
    let results: Result<Vec<Value>, _> =
        (0..STEPS).map(|number| context.step_value("effect", json!(number))).collect();
    Ok(json!(results?.len()))
}

fn engine(folder: &Path, hang_at: usize) -> JournaledEngine {
    let store = Arc::new(Database::open(&folder.join("runner.db")).unwrap());
    let table = StepTable::new().step("effect", RetryPolicy::ONCE, effect);
    let steps = table.bind(Arc::new(Outside { folder: folder.to_owned(), hang_at })).unwrap();
    let clock = Arc::new(RealClock(Instant::now()));
    JournaledEngine::new(store as Arc<dyn JournalStore>, clock, owner::current(), steps)
        .with_workflow(Workflow::new("killed", 1, body))
        .with_owner_probe(Arc::new(owner::is_gone))
}

fn effects(folder: &Path) -> Vec<u64> {
    let text = fs::read_to_string(folder.join("effects")).unwrap_or_default();
    text.lines().map(|line| line.parse().unwrap()).collect()
}

/// The process that gets killed: this test again, told what to do on standard input.
#[test]
#[ignore = "started by the test below"]
fn drive() {
    let mut told = String::new();
    std::io::stdin().read_to_string(&mut told).unwrap();
    let (hang_at, folder) = told.split_once(' ').unwrap();
    let engine = engine(Path::new(folder), hang_at.parse().unwrap());
    engine.run("killed", ID, Value::Null, &CancelToken::default()).unwrap();
}

/// A process that does not outlive its test, however that ends.
struct Doomed(Child);

impl Drop for Doomed {
    fn drop(&mut self) {
        // Failing means that it is dead already.
        let _dead = self.0.kill();
        let _reaped = self.0.wait();
    }
}

/// Starts a process that hangs at `hang_at` effects, and kills it once there are `kill_at`.
#[expect(clippy::disallowed_methods, reason = "only a process of its own can be killed")]
fn start_and_kill(folder: &Path, hang_at: usize, kill_at: usize) {
    let child = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "killed::drive", "--ignored", "--test-threads=1"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let mut child = Doomed(child);
    let mut stdin = child.0.stdin.take().unwrap();
    stdin.write_all(format!("{hang_at} {}", folder.display()).as_bytes()).unwrap();
    drop(stdin);
    while effects(folder).len() < kill_at {
        assert_eq!(child.0.try_wait().unwrap(), None, "ended before it could be killed");
        std::thread::yield_now();
    }
    child.0.kill().unwrap();
    assert!(!child.0.wait().unwrap().success());
}

/// Indices of the steps whose completion is in the journal.
fn completed(folder: &Path) -> Vec<u64> {
    let state = engine(folder, usize::MAX).state(ID).unwrap();
    let done = |position: &Position| match position {
        Position::Step(step) => matches!(step.progress, Progress::Completed(_)),
        _ => false,
    };
    (0..).zip(state.positions()).filter(|(_, at)| done(at)).map(|(index, _)| index).collect()
}

#[test]
fn a_killed_process_loses_nothing_and_repeats_no_finished_step() {
    let scratch = Scratch::new();
    let folder = scratch.folder.path();
    let mut kills = 0;
    for target in (3..STEPS as usize).step_by(7) {
        // Killed within a step whose effect is there and whose completion is not journaled.
        start_and_kill(folder, target, target);
        let done = completed(folder);
        assert!(!done.is_empty() && done.len() < target, "{done:?} of {target}");
        // Killed wherever it is: between any two instructions of the engine and the store.
        start_and_kill(folder, target + 4, target + 1);
        kills += 2;
        let later = effects(folder).split_off(target);
        let repeated = later.iter().find(|index| done.contains(index));
        assert_eq!(repeated, None, "finished before the first kill: {done:?}");
    }
    let engine = engine(folder, usize::MAX);
    let result = engine.run("killed", ID, Value::Null, &CancelToken::default()).unwrap();
    assert_eq!(result, json!(STEPS));
    let mut ran = effects(folder);
    assert!(ran.len() <= STEPS as usize + kills, "{} attempts, {kills} kills", ran.len());
    ran.dedup();
    assert_eq!(ran, (0..STEPS).collect::<Vec<_>>(), "every step ran, in order");
}
