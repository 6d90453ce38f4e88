//! The trials: lives of an engine over one world, and what must hold after each.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use rr_core::{CancelToken, JournalStore};
use serde_json::{Value, json};

use super::mortal::{Effect, Kill, MortalStore};
use super::subject::{HarnessFailure, HarnessReport, Subject, World};
use crate::engine::JournaledEngine;
use crate::error::WorkflowError;
use crate::state::{Position, Progress, State, fold};
use crate::table::StepRegistry;

const WORKFLOW_ID: &str = "trial";

/// Kills the workflow at every event of its undisturbed journal, once losing the event and once
/// keeping it, and resumes it.
///
/// # Errors
/// The first check that does not hold; see [the module](super).
pub fn kill_at_every_position(subject: &dyn Subject) -> Result<HarnessReport, HarnessFailure> {
    let (expected, mut report) = undisturbed(subject)?;
    for event in 1..=report.events {
        for effect in [Effect::Lost, Effect::Kept] {
            let name = format!("kill-{event}-{effect:?}").to_lowercase();
            Trial::new(subject, &name, vec![Kill { event, effect }], &mut report)?
                .run(&expected)?;
        }
    }
    Ok(report)
}

/// Kills every life of the workflow after a few events, over and over, until it ends. Each life
/// may write one event more than the one before, so that it gets on in the end.
///
/// # Errors
/// The first check that does not hold; see [the module](super).
pub fn kill_every_life(subject: &dyn Subject) -> Result<HarnessReport, HarnessFailure> {
    let (expected, mut report) = undisturbed(subject)?;
    for first in 1..=4 {
        for effect in [Effect::Lost, Effect::Kept] {
            let name = format!("lives-from-{first}-{effect:?}").to_lowercase();
            let kills = (0..report.events).map(|life| Kill { event: first + life, effect });
            Trial::new(subject, &name, kills.collect(), &mut report)?.run(&expected)?;
        }
    }
    Ok(report)
}

/// Runs every step twice in a row, the second time as if the first had been forgotten, and
/// compares the end: steps must bear to be repeated.
///
/// # Errors
/// The first check that does not hold; see [the module](super).
pub fn run_every_step_twice(subject: &dyn Subject) -> Result<HarnessReport, HarnessFailure> {
    let (expected, mut report) = undisturbed(subject)?;
    let mut trial = Trial::new(subject, "twice", Vec::new(), &mut report)?;
    trial.twice = true;
    trial.run(&expected)?;
    Ok(report)
}

/// The end that all trials must reach.
fn undisturbed(subject: &dyn Subject) -> Result<(Value, HarnessReport), HarnessFailure> {
    let mut report = HarnessReport::default();
    let mut trial = Trial::new(subject, "undisturbed", Vec::new(), &mut report)?;
    let (end, _) = trial.live(0, None)?;
    let end = end.ok_or_else(|| trial.failure("the undisturbed run did not end"))?;
    report.events = trial.check_left()?.next_sequence();
    Ok((end, report))
}

struct Trial<'a> {
    subject: &'a dyn Subject,
    world: Box<dyn World>,
    name: String,
    kills: Vec<Kill>,
    twice: bool,
    report: &'a mut HarnessReport,
}

/// Positions at which steps were attempted in one life.
type Attempts = Arc<Mutex<Vec<u64>>>;

impl<'a> Trial<'a> {
    fn new(
        subject: &'a dyn Subject,
        name: &str,
        kills: Vec<Kill>,
        report: &'a mut HarnessReport,
    ) -> Result<Self, HarnessFailure> {
        let failure = |reason| HarnessFailure { trial: name.to_owned(), reason };
        let world = subject.world(name).map_err(failure)?;
        report.trials += 1;
        Ok(Self { subject, world, name: name.to_owned(), kills, twice: false, report })
    }

    /// Lives until the workflow ends, and checks everything.
    fn run(mut self, expected: &Value) -> Result<(), HarnessFailure> {
        let mut finished = BTreeSet::new();
        for life in 0..=self.kills.len() {
            let kill = self.kills.get(life).copied();
            let (end, attempted) = self.live(life, kill)?;
            if let Some(index) = attempted.iter().find(|index| finished.contains(*index)) {
                let reason =
                    format!("life {life} ran the step at {index} again, which was completed");
                return Err(self.failure(reason));
            }
            if let Some(end) = end {
                self.subject.same(expected, &end).map_err(|reason| self.failure(reason))?;
                self.check_left()?;
                return Ok(());
            }
            finished = completed(&self.state()?);
        }
        Err(self.failure("the workflow did not end"))
    }

    /// One life: an engine from start or resumption to its end or death. The end is `None` where
    /// it died.
    fn live(
        &mut self,
        life: usize,
        kill: Option<Kill>,
    ) -> Result<(Option<Value>, Vec<u64>), HarnessFailure> {
        let workflow = self.subject.workflow();
        let store = Arc::new(MortalStore::new(self.world.store(), kill, self.subject.signals()));
        let attempts = Attempts::default();
        let steps = self.watched_steps(&attempts)?;
        let me = format!("life-{life}");
        let (mine, living) = (me.clone(), Arc::clone(&store) as Arc<dyn JournalStore>);
        let engine = JournaledEngine::new(living, self.world.clock(), me, steps)
            .with_workflow(workflow.clone())
            .with_owner_probe(Arc::new(move |owner| !owner.starts_with(&format!("{mine}#"))));
        let engine = match self.world.reaper() {
            Some(reaper) => engine.with_reaper(reaper),
            None => engine,
        };
        let input = self.subject.input();
        let outcome = engine.run(workflow.name(), WORKFLOW_ID, input, &CancelToken::default());
        let attempted = attempts.lock().unwrap_or_else(PoisonError::into_inner).clone();
        self.report.attempts += attempted.len() as u64;
        let end = match outcome {
            Ok(result) => Some(result),
            Err(_) if store.is_dead() => {
                self.report.kills += 1;
                None
            }
            Err(WorkflowError::Failed { code, message }) => {
                Some(json!({ "failed": { "code": code, "message": message } }))
            }
            Err(error) => return Err(self.failure(format!("life {life}: {error}"))),
        };
        Ok((end, attempted))
    }

    /// The world's steps, each attempt noted down.
    fn watched_steps(&self, attempts: &Attempts) -> Result<StepRegistry, HarnessFailure> {
        let steps = self.world.steps().map_err(|reason| self.failure(reason))?;
        let (attempts, twice) = (Arc::clone(attempts), self.twice);
        Ok(steps.wrapped(move |context, input, step| {
            attempts.lock().unwrap_or_else(PoisonError::into_inner).push(context.index());
            if twice {
                let _forgotten = step(context, input.clone());
            }
            step(context, input)
        }))
    }

    fn state(&self) -> Result<State, HarnessFailure> {
        let records = self.world.store().load(WORKFLOW_ID, 0);
        let records = records.map_err(|error| self.failure(error))?;
        fold(&records).map_err(|error| self.failure(error))
    }

    /// What the last life left: an ended journal, and a world in order.
    fn check_left(&self) -> Result<State, HarnessFailure> {
        let state = self.state()?;
        if !state.has_ended() {
            return Err(self.failure("the journal has no end"));
        }
        self.world.check().map_err(|reason| self.failure(reason))?;
        Ok(state)
    }

    fn failure(&self, reason: impl ToString) -> HarnessFailure {
        HarnessFailure { trial: self.name.clone(), reason: reason.to_string() }
    }
}

fn completed(state: &State) -> BTreeSet<u64> {
    let is_completed = |position: &Position| match position {
        Position::Step(step) => matches!(step.progress, Progress::Completed(_)),
        _ => false,
    };
    let indexed = (0..).zip(state.positions());
    indexed.filter(|(_, position)| is_completed(position)).map(|(index, _)| index).collect()
}
