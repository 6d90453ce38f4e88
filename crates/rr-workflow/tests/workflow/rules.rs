//! The fold over a journal against an independent reading of the rules, over random journals.

use std::collections::BTreeMap;

use rr_core::{JournalEvent, JournalRecord};
use rr_workflow::State;
use rr_workflow::state::{Rule, apply, fold};
use serde_json::{Value, json};

/// Marsaglia's xorshift64: enough to vary journals, the same on every machine.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % bound
    }
}

fn started() -> JournalEvent {
    JournalEvent::WorkflowStarted { workflow: "w".into(), version: 1, input: Value::Null }
}

fn step(index: u64, name: &str, attempt: u32) -> JournalEvent {
    JournalEvent::StepStarted { index, name: name.into(), attempt, input: Value::Null }
}

fn done(index: u64) -> JournalEvent {
    JournalEvent::StepCompleted { index, result: json!(index) }
}

fn failed(index: u64, attempt: u32, retryable: bool) -> JournalEvent {
    let (error, code) = ("e".into(), "c".into());
    JournalEvent::StepFailed { index, attempt, error, code, retryable }
}

fn received(name: &str, payload: u64) -> JournalEvent {
    JournalEvent::SignalReceived { name: name.into(), payload: json!(payload) }
}

fn consumed(index: u64, name: &str, payload: u64) -> JournalEvent {
    JournalEvent::SignalConsumed { index, name: name.into(), payload: json!(payload) }
}

fn any_event(random: &mut Random) -> JournalEvent {
    let index = random.below(4);
    let attempt = 1 + random.below(3) as u32;
    let name = ["a", "b"][random.below(2) as usize];
    let pid = random.below(2) as u32;
    match random.below(27) {
        0 => started(),
        1..=7 => step(index, "a", attempt),
        8 => step(index, name, attempt),
        9..=12 => done(index),
        13..=15 => failed(index, attempt, random.below(3) > 0),
        16 => JournalEvent::TimerSet { index, fires_at: 5 },
        17 => JournalEvent::TimerFired { index },
        18..=19 => received(name, random.below(2)),
        20..=21 => consumed(index, name, random.below(2)),
        22 => JournalEvent::ProcessStarted { label: "p".into(), pid, started_ticks: 1 },
        23 => JournalEvent::ProcessEnded { pid },
        24 => JournalEvent::Note { kind: "n".into(), payload: Value::Null, index: Some(index) },
        _ if random.below(8) > 0 => JournalEvent::TimerFired { index },
        25 => JournalEvent::WorkflowCompleted { result: Value::Null },
        _ => JournalEvent::WorkflowFailed { error: "e".into(), code: "c".into() },
    }
}

/// What the events before `event` say about a position, read backwards from the list itself.
fn last_of(history: &[JournalEvent], index: u64) -> Option<&JournalEvent> {
    history.iter().rev().find(|event| position_of(event) == Some(index))
}

fn position_of(event: &JournalEvent) -> Option<u64> {
    match event {
        JournalEvent::StepStarted { index, .. }
        | JournalEvent::StepCompleted { index, .. }
        | JournalEvent::StepFailed { index, .. }
        | JournalEvent::TimerSet { index, .. }
        | JournalEvent::TimerFired { index }
        | JournalEvent::SignalConsumed { index, .. } => Some(*index),
        _ => None,
    }
}

fn next_free(history: &[JournalEvent]) -> u64 {
    history.iter().filter_map(position_of).map(|index| index + 1).max().unwrap_or(0)
}

fn is_open(event: &JournalEvent) -> bool {
    match event {
        JournalEvent::StepStarted { .. } | JournalEvent::TimerSet { .. } => true,
        JournalEvent::StepFailed { retryable, .. } => *retryable,
        _ => false,
    }
}

/// Whether `event` may follow `history`, by the rules as prose states them.
fn may_follow(history: &[JournalEvent], event: &JournalEvent) -> bool {
    let begins = matches!(event, JournalEvent::WorkflowStarted { .. });
    if history.is_empty() || begins {
        return history.is_empty() && begins;
    }
    if history.iter().any(JournalEvent::is_end) {
        return false;
    }
    let last = position_of(event).and_then(|index| last_of(history, index));
    match event {
        JournalEvent::StepStarted { index, name, attempt, .. } => {
            step_may_start(history, last, *index, name, *attempt)
        }
        JournalEvent::StepCompleted { .. } => {
            matches!(last, Some(JournalEvent::StepStarted { .. }))
        }
        JournalEvent::StepFailed { attempt, .. } => {
            matches!(last, Some(JournalEvent::StepStarted { attempt: a, .. }) if a == attempt)
        }
        JournalEvent::TimerSet { index, .. } => *index == next_free(history),
        JournalEvent::TimerFired { .. } => matches!(last, Some(JournalEvent::TimerSet { .. })),
        JournalEvent::SignalConsumed { index, name, payload } => {
            *index == next_free(history) && earliest_unconsumed(history, name) == Some(payload)
        }
        JournalEvent::ProcessEnded { pid } => {
            let about = |event: &&JournalEvent| {
                matches!(event, JournalEvent::ProcessStarted { pid: p, .. }
                    | JournalEvent::ProcessEnded { pid: p } if p == pid)
            };
            let last = history.iter().rev().find(about);
            matches!(last, Some(JournalEvent::ProcessStarted { .. }))
        }
        JournalEvent::WorkflowCompleted { .. } | JournalEvent::WorkflowFailed { .. } => (0
            ..next_free(history))
            .all(|index| last_of(history, index).is_some_and(|e| !is_open(e))),
        _ => true,
    }
}

fn step_may_start(
    history: &[JournalEvent],
    last: Option<&JournalEvent>,
    index: u64,
    name: &str,
    attempt: u32,
) -> bool {
    let starts = |event: &&JournalEvent| matches!(event, JournalEvent::StepStarted { index: i, .. } if *i == index);
    let earlier = history.iter().filter(starts).count() as u32;
    if attempt != earlier + 1 {
        return false;
    }
    let Some(last) = last else { return index == next_free(history) };
    let first = history.iter().find(starts);
    let named = matches!(first, Some(JournalEvent::StepStarted { name: n, .. }) if n == name);
    named && is_open(last) && !matches!(last, JournalEvent::TimerSet { .. })
}

fn earliest_unconsumed<'a>(history: &'a [JournalEvent], wanted: &str) -> Option<&'a Value> {
    let gone = history
        .iter()
        .filter(|e| matches!(e, JournalEvent::SignalConsumed { name, .. } if name == wanted))
        .count();
    let mut came = history.iter().filter_map(|event| match event {
        JournalEvent::SignalReceived { name, payload } if name == wanted => Some(payload),
        _ => None,
    });
    came.nth(gone)
}

#[test]
fn random_journals_are_judged_as_the_rules_say() {
    let mut accepted: BTreeMap<&str, u64> = BTreeMap::new();
    let mut refused: BTreeMap<String, u64> = BTreeMap::new();
    for seed in 1..=4_000_u64 {
        let mut random = Random(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        let mut history: Vec<JournalEvent> = Vec::new();
        let mut state = State::default();
        for _ in 0..60 {
            let event = if history.is_empty() { started() } else { any_event(&mut random) };
            let record = JournalRecord { sequence: history.len() as u64, at: 7, event };
            let judged = apply(&state, &record);
            let legal = may_follow(&history, &record.event);
            assert_eq!(judged.is_ok(), legal, "{history:#?} then {record:?}: {judged:?}");
            match judged {
                Ok(next) => {
                    state = next;
                    *accepted.entry(record.event.kind()).or_default() += 1;
                    history.push(record.event);
                }
                Err(illegal) => {
                    let rule = format!("{:?}", illegal.rule);
                    let name = rule.split(' ').next().unwrap_or_default().to_owned();
                    *refused.entry(name).or_default() += 1;
                }
            }
        }
    }
    // The generator must reach both sides of every rule to prove anything. Sequences and the
    // missing start have tests of their own below.
    assert!(accepted.len() == 13 && accepted.values().all(|n| *n > 100), "{accepted:?}");
    assert!(refused.len() == 10 && refused.values().all(|n| *n > 100), "{refused:?}");
}

#[test]
fn folding_in_one_go_and_through_json_gives_the_same_state() {
    for seed in 1..=300_u64 {
        let mut random = Random(seed.wrapping_mul(0xD134_2543_DE82_EF95));
        let (mut state, mut records) = (State::default(), Vec::new());
        for _ in 0..60 {
            let sequence = records.len() as u64;
            let record = JournalRecord { sequence, at: sequence, event: any_event(&mut random) };
            if let Ok(next) = apply(&state, &record) {
                state = next;
                records.push(record);
            }
        }
        let text = serde_json::to_string(&records).unwrap();
        let back: Vec<JournalRecord> = serde_json::from_str(&text).unwrap();
        assert_eq!(back, records);
        assert_eq!(fold(&back).unwrap(), state);
    }
}

fn refusal(events: &[JournalEvent]) -> Rule {
    let sequences = 0..;
    let records: Vec<JournalRecord> = sequences
        .zip(events)
        .map(|(sequence, event)| JournalRecord { sequence, at: 0, event: event.clone() })
        .collect();
    let refused = fold(&records).expect_err("the last event is illegal");
    assert_eq!(refused.sequence, records.len() as u64 - 1, "{refused}");
    refused.rule
}

#[test]
fn each_contradiction_is_named() {
    assert_eq!(refusal(&[done(0)]), Rule::NotStarted);
    assert_eq!(refusal(&[started(), started()]), Rule::StartedTwice);
    assert_eq!(refusal(&[started(), done(0)]), Rule::PositionOrder { index: 0, expected: 0 });
    assert_eq!(
        refusal(&[started(), step(0, "a", 1), done(0), done(0)]),
        Rule::EndedTwice { index: 0 }
    );
    assert_eq!(
        refusal(&[started(), step(0, "a", 1), done(0), step(0, "a", 2)]),
        Rule::EndedTwice { index: 0 }
    );
    assert_eq!(
        refusal(&[started(), step(0, "a", 1), step(0, "a", 3)]),
        Rule::AttemptOrder { index: 0, attempt: 3, expected: 2 }
    );
    assert_eq!(
        refusal(&[started(), step(0, "a", 1), failed(0, 1, true), done(0)]),
        Rule::NotRunning { index: 0 }
    );
    assert_eq!(
        refusal(&[started(), step(1, "a", 1)]),
        Rule::PositionOrder { index: 1, expected: 0 }
    );
    let end = JournalEvent::WorkflowCompleted { result: Value::Null };
    assert_eq!(
        refusal(&[started(), step(0, "a", 1), end.clone()]),
        Rule::Unfinished { what: "step `a`".into(), index: 0 }
    );
    assert_eq!(refusal(&[started(), end, received("s", 1)]), Rule::Ended);
}

#[test]
fn a_gap_in_the_sequence_is_refused() {
    let records = [
        JournalRecord { sequence: 0, at: 0, event: started() },
        JournalRecord { sequence: 2, at: 0, event: step(0, "a", 1) },
    ];
    assert_eq!(fold(&records).unwrap_err().rule, Rule::Sequence { expected: 1 });
}
