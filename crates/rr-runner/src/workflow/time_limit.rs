//! The run's own time limit. Processes are cut off at it, other work a little later; what was
//! proved until then is judged and reported as ever.

use std::time::{Duration, Instant};

use rr_core::report::FailureRecord;
use rr_core::{CancelToken, CauseClass, Step, StepId, StepKind};
use rr_workflow::{StepError, WorkflowError};

use super::progress::Progress;

/// Code of a step that was cut off by the run's time limit.
const OUT_OF_TIME: &str = "out-of-time";
/// Work that is no process of a step (a download, a provisioning) may end this long after the
/// limit: a process that was cut off still has its output and its test outcomes read.
const GRACE: Duration = Duration::from_secs(20);

/// When a run must end. Counted from the moment this process took the run up.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TimeLimit {
    seconds: u64,
    end: Instant,
}

impl TimeLimit {
    /// A limit of this many seconds from now.
    pub(crate) fn starting_now(seconds: u64) -> Self {
        Self { seconds, end: Instant::now() + Duration::from_secs(seconds) }
    }

    /// The token of work that is no process of a step.
    pub(crate) fn token(self, asked: &CancelToken) -> CancelToken {
        asked.until(self.end + GRACE)
    }

    pub(crate) fn is_reached(self) -> bool {
        Instant::now() >= self.end
    }

    /// Seconds left, rounded up: a process that is cut off by them ends after the limit.
    pub(crate) fn seconds_left(self) -> u32 {
        let left = self.end.saturating_duration_since(Instant::now()).as_secs();
        u32::try_from(left).unwrap_or(u32::MAX).saturating_add(1)
    }

    /// Cuts a step's own limits.
    pub(crate) fn cut(self, step: &mut Step) {
        let left = self.seconds_left();
        step.timeout_seconds = step.timeout_seconds.min(left);
        if let Some(probe) = &mut step.probe {
            probe.start_seconds = probe.start_seconds.min(left);
        }
    }

    /// The error of work that the limit cut off.
    pub(crate) fn error(self) -> StepError {
        StepError::fatal(OUT_OF_TIME, self.explanation())
    }

    fn explanation(self) -> String {
        format!("the run's time limit of {} s was reached", self.seconds)
    }

    /// The record of what the limit cut off.
    pub(crate) fn failure(self, step: StepId, evidence: &str) -> FailureRecord {
        FailureRecord {
            step,
            cause: CauseClass::Timeout,
            signature: "run-time-limit".to_owned(),
            explanation: format!("{}; `--timeout` sets it", self.explanation()),
            evidence_line: evidence.chars().take(400).collect(),
        }
    }
}

/// Whether this error says that the time limit cut the work off.
pub(crate) fn is_out_of_time(error: &WorkflowError) -> bool {
    error.code() == OUT_OF_TIME
}

/// A run that the limit ended says at which step it was, where no failure says it yet.
pub(crate) fn close(progress: &mut Progress, limit: TimeLimit) {
    if progress.failures.iter().any(|f| f.cause == CauseClass::Timeout) {
        return;
    }
    let open = progress.plan.steps.iter().find(|step| !progress.ended.contains_key(&step.id));
    let all_done = open.is_none() && !progress.plan.steps.is_empty();
    if all_done {
        return;
    }
    let at = open.map_or_else(|| StepId::new("prepare"), |step| step.id.clone());
    let kind = open.map_or(StepKind::Configure, |step| step.kind);
    progress.phase_ended(kind.phase(), rr_core::PhaseOutcome::Failed, &limit.explanation());
    progress.failures.push(limit.failure(at, ""));
}
