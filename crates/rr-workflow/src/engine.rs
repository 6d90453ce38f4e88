//! The engine: starts and resumes workflows over a journal, one driver at a time.

use std::collections::BTreeMap;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use rr_core::{CancelToken, Clock, JournalError, JournalEvent, JournalStore, Lease};
use serde_json::Value;

use crate::attempt::panic_text;
use crate::drive::Drive;
use crate::error::WorkflowError;
use crate::heartbeat;
use crate::ledger::Ledger;
use crate::options::{EngineOptions, OwnerProbe, Reaper};
use crate::replay::JournaledContext;
use crate::state::{Begun, LiveProcess, State, Status, fold};
use crate::table::StepRegistry;
use crate::workflow::Workflow;

/// Drives workflows over a [`JournalStore`].
///
/// Cancelling the token given to a drive interrupts the workflow and leaves it resumable; the
/// engine cancels it too when the lease or the journal is lost. Give each drive its own token.
pub struct JournaledEngine {
    store: Arc<dyn JournalStore>,
    clock: Arc<dyn Clock>,
    owner: String,
    steps: StepRegistry,
    workflows: BTreeMap<String, Workflow>,
    options: EngineOptions,
    owner_probe: Option<OwnerProbe>,
    reaper: Option<Reaper>,
    drives: AtomicU64,
}

impl JournaledEngine {
    /// An engine without workflows. `owner` names this worker among all others; see
    /// [`crate::owner::current`].
    pub fn new(
        store: Arc<dyn JournalStore>,
        clock: Arc<dyn Clock>,
        owner: impl Into<String>,
        steps: StepRegistry,
    ) -> Self {
        Self {
            store,
            clock,
            owner: owner.into(),
            steps,
            workflows: BTreeMap::new(),
            options: EngineOptions::default(),
            owner_probe: None,
            reaper: None,
            drives: AtomicU64::new(0),
        }
    }

    /// Adds a workflow under its name.
    #[must_use]
    pub fn with_workflow(mut self, workflow: Workflow) -> Self {
        self.workflows.insert(workflow.name().to_owned(), workflow);
        self
    }

    /// Sets times and limits.
    #[must_use]
    pub const fn with_options(mut self, options: EngineOptions) -> Self {
        self.options = options;
        self
    }

    /// Sets the judge of dead owners: a lease of one is taken over at once instead of after its
    /// expiry.
    #[must_use]
    pub fn with_owner_probe(mut self, probe: OwnerProbe) -> Self {
        self.owner_probe = Some(probe);
        self
    }

    /// Sets what ends processes that an earlier drive left behind. Without one they stay in
    /// [`Self::orphaned_processes`].
    #[must_use]
    pub fn with_reaper(mut self, reaper: Reaper) -> Self {
        self.reaper = Some(reaper);
        self
    }

    /// Starts a workflow and drives it to its end.
    ///
    /// # Errors
    /// [`WorkflowError::Failed`] where it ended with an error; [`WorkflowError::AlreadyStarted`]
    /// where the id is taken; others (see [`WorkflowError::is_resumable`]) where it did not end.
    pub fn start(
        &self,
        workflow: &str,
        id: &str,
        input: Value,
        cancel: &CancelToken,
    ) -> Result<Value, WorkflowError> {
        let workflow = self.workflow(workflow)?;
        let held = self.hold(id)?;
        if self.state(id)?.begun().is_some() {
            return Err(WorkflowError::AlreadyStarted(id.to_owned()));
        }
        let drive = self.drive(&held.lease, State::default(), cancel);
        let started = JournalEvent::WorkflowStarted {
            workflow: workflow.name().to_owned(),
            version: workflow.version(),
            input,
        };
        drive.defer(started)?;
        self.play(&drive, &held.lease, workflow)
    }

    /// Takes a workflow up where it was and drives it to its end. One that has ended gives its
    /// recorded end.
    ///
    /// # Errors
    /// As [`Self::start`]; [`JournalError::Unknown`] where there is no such workflow.
    pub fn resume(&self, id: &str, cancel: &CancelToken) -> Result<Value, WorkflowError> {
        let before = self.state(id)?;
        if let Some(end) = recorded_end(&before) {
            return end;
        }
        self.begun(id, &before)?;
        let held = self.hold(id)?;
        // Another worker may have driven it on while this one waited for the lease.
        let state = self.state(id)?;
        if let Some(end) = recorded_end(&state) {
            return end;
        }
        let begun = self.begun(id, &state)?;
        let workflow = self.workflow(&begun.workflow)?;
        workflow.check_version(begun.version)?;
        let drive = self.drive(&held.lease, state, cancel);
        self.play(&drive, &held.lease, workflow)
    }

    /// Resumes the workflow if its journal has begun, else starts it.
    ///
    /// # Errors
    /// As [`Self::start`] and [`Self::resume`].
    pub fn run(
        &self,
        workflow: &str,
        id: &str,
        input: Value,
        cancel: &CancelToken,
    ) -> Result<Value, WorkflowError> {
        if self.state(id)?.begun().is_some() {
            return self.resume(id, cancel);
        }
        match self.start(workflow, id, input, cancel) {
            Err(WorkflowError::AlreadyStarted(_)) => self.resume(id, cancel),
            end => end,
        }
    }

    /// What a workflow's journal adds up to; an empty state where there is none.
    ///
    /// # Errors
    /// Where the journal cannot be read or contradicts itself.
    pub fn state(&self, id: &str) -> Result<State, WorkflowError> {
        let records = self.store.load(id, 0)?;
        fold(&records)
            .map_err(|source| WorkflowError::Illegal { workflow_id: id.to_owned(), source })
    }

    /// Processes that the journal has as started and not as ended. They are orphans if nobody
    /// drives the workflow; a resume hands them to the reaper.
    ///
    /// # Errors
    /// As [`Self::state`].
    pub fn orphaned_processes(&self, id: &str) -> Result<Vec<LiveProcess>, WorkflowError> {
        Ok(self.state(id)?.live_processes().to_vec())
    }

    fn workflow(&self, name: &str) -> Result<&Workflow, WorkflowError> {
        self.workflows.get(name).ok_or_else(|| WorkflowError::UnknownWorkflow(name.to_owned()))
    }

    fn begun(&self, id: &str, state: &State) -> Result<Begun, WorkflowError> {
        state.begun().cloned().ok_or_else(|| JournalError::Unknown(id.to_owned()).into())
    }

    fn drive(&self, lease: &Lease, state: State, cancel: &CancelToken) -> Arc<Drive> {
        let ledger = Ledger::new(Arc::clone(&self.store), lease.clone(), state);
        Arc::new(Drive::new(
            lease.workflow_id.clone(),
            self.steps.clone(),
            cancel.clone(),
            self.options,
            Arc::clone(&self.clock),
            ledger,
        ))
    }

    /// Takes the lease: at once, from a dead owner, or after waiting as long as the options say.
    fn hold(&self, id: &str) -> Result<HeldLease, WorkflowError> {
        // Two drives of one process are two owners.
        let owner = format!("{}#{}", self.owner, self.drives.fetch_add(1, Ordering::Relaxed));
        let wait = u64::try_from(self.options.lease_wait.as_millis()).unwrap_or(u64::MAX);
        let deadline = self.clock.unix_millis().saturating_add(wait);
        loop {
            let now = self.clock.unix_millis();
            match self.store.acquire_lease(id, &owner, now, self.options.lease_ttl) {
                Ok(lease) => return Ok(HeldLease { store: Arc::clone(&self.store), lease }),
                Err(JournalError::LeaseHeld { owner, .. }) if self.is_gone(&owner) => {
                    self.store.break_lease(id, &owner)?;
                }
                Err(JournalError::LeaseHeld { .. }) if now < deadline => {
                    self.clock.sleep(Duration::from_millis(100));
                }
                Err(error) => return Err(error.into()),
            }
        }
    }

    fn is_gone(&self, owner: &str) -> bool {
        self.owner_probe.as_ref().is_some_and(|probe| probe(owner))
    }

    fn play(
        &self,
        drive: &Arc<Drive>,
        lease: &Lease,
        workflow: &Workflow,
    ) -> Result<Value, WorkflowError> {
        std::thread::scope(|scope| {
            scope.spawn(|| heartbeat::beat(drive, &self.store, lease.clone()));
            // Without this a panic in a reaper would leave the heartbeat, and the scope, waiting.
            let _close = CloseOnDrop(drive);
            self.reap(drive)?;
            let end = play_body(drive, workflow);
            finish(drive, end)
        })
    }

    fn reap(&self, drive: &Drive) -> Result<(), WorkflowError> {
        let Some(reaper) = &self.reaper else { return Ok(()) };
        for process in drive.view(|state| state.live_processes().to_vec()) {
            reaper(&process);
            drive.end_process(process.pid)?;
        }
        Ok(())
    }
}

impl fmt::Debug for JournaledEngine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JournaledEngine")
            .field("owner", &self.owner)
            .field("steps", &self.steps)
            .field("workflows", &self.workflows)
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}

/// Gives the lease back when the drive ends in any way.
struct HeldLease {
    store: Arc<dyn JournalStore>,
    lease: Lease,
}

impl Drop for HeldLease {
    fn drop(&mut self) {
        // A lease that cannot be given back expires.
        let _expires = self.store.release_lease(&self.lease);
    }
}

struct CloseOnDrop<'a>(&'a Drive);

impl Drop for CloseOnDrop<'_> {
    fn drop(&mut self) {
        self.0.close();
    }
}

/// How the body ended, and how many positions it passed.
struct BodyEnd {
    result: Result<Value, WorkflowError>,
    passed: u64,
}

fn play_body(drive: &Arc<Drive>, workflow: &Workflow) -> BodyEnd {
    let begun = drive.view(|state| state.begun().cloned());
    let version = begun.as_ref().map_or(workflow.version(), |begun| begun.version);
    let input = begun.map_or(Value::Null, |begun| begun.input.as_ref().clone());
    let context = JournaledContext::new(Arc::clone(drive), version);
    let played = catch_unwind(AssertUnwindSafe(|| workflow.play(&context, input)));
    let result = played.unwrap_or_else(|panic| {
        let workflow = workflow.name().to_owned();
        Err(WorkflowError::Panicked { workflow, message: panic_text(&*panic) })
    });
    BodyEnd { result, passed: context.passed() }
}

/// Journals the end, where it is one.
fn finish(drive: &Drive, end: BodyEnd) -> Result<Value, WorkflowError> {
    if let Some(error) = drive.take_broken() {
        // What was finished before the interruption is worth writing; if that fails too, those
        // steps run again.
        let _repeated = drive.flush();
        return Err(error);
    }
    let recorded = drive.view(|state| state.position(end.passed).map(|at| at.describe()));
    if let Some(recorded) = recorded.filter(|_| ends_workflow(&end.result)) {
        drive.nondeterministic(end.passed, recorded, "the end".to_owned());
        return Err(broken(drive));
    }
    let (event, result) = match end.result {
        Ok(result) => (JournalEvent::WorkflowCompleted { result: result.clone() }, Ok(result)),
        Err(error) if !error.is_resumable() => {
            let (code, message) = (error.code().to_owned(), error.to_string());
            let event = JournalEvent::WorkflowFailed { error: message.clone(), code: code.clone() };
            (event, Err(WorkflowError::Failed { code, message }))
        }
        Err(error) => {
            drive.flush().map_err(|_| broken(drive))?;
            return Err(error);
        }
    };
    drive.commit([event]).map_err(|_| broken(drive))?;
    result
}

fn ends_workflow(result: &Result<Value, WorkflowError>) -> bool {
    !result.as_ref().is_err_and(WorkflowError::is_resumable)
}

/// The error itself rather than the interruption that the body saw of it.
fn broken(drive: &Drive) -> WorkflowError {
    drive.take_broken().unwrap_or_else(|| WorkflowError::Interrupted {
        reason: "the journal could not be written".to_owned(),
    })
}

fn recorded_end(state: &State) -> Option<Result<Value, WorkflowError>> {
    match state.status() {
        Status::Completed(result) => Some(Ok(result.as_ref().clone())),
        Status::Failed { code, error } => Some(Err(WorkflowError::failed(code, error))),
        Status::NotStarted | Status::Running => None,
    }
}
