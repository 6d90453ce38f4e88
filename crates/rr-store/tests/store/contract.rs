//! The contract of `JournalStore`, held by SQLite and by the store in memory alike.

use std::time::Duration;

use rr_core::{JournalError, JournalEvent, JournalStore, Lease};
use rr_workflow::MemoryJournal;
use serde_json::{Value, json};

use crate::Scratch;

const TTL: Duration = Duration::from_millis(1000);

/// Runs a check over both stores.
fn on_both(check: impl Fn(&dyn JournalStore)) {
    check(&MemoryJournal::default());
    let scratch = Scratch::new();
    check(&scratch.open());
}

fn started() -> JournalEvent {
    JournalEvent::WorkflowStarted { workflow: "w".into(), version: 1, input: json!({"a": [1.5]}) }
}

fn ended() -> JournalEvent {
    JournalEvent::WorkflowCompleted { result: Value::Null }
}

fn note(text: &str) -> JournalEvent {
    JournalEvent::Note { kind: "n".into(), payload: json!(text), index: None }
}

fn hold(store: &dyn JournalStore, owner: &str, now: u64) -> Lease {
    store.acquire_lease("w", owner, now, TTL).unwrap()
}

#[test]
fn events_come_back_in_order_as_they_were() {
    on_both(|store| {
        assert!(store.load("w", 0).unwrap().is_empty());
        let lease = hold(store, "me", 0);
        store.append(&lease, 0, 11, &[started(), note("ü \u{0} \"")]).unwrap();
        store.append(&lease, 2, 12, &[note("b")]).unwrap();
        let records = store.load("w", 0).unwrap();
        assert_eq!(
            records.iter().map(|r| (r.sequence, r.at)).collect::<Vec<_>>(),
            [(0, 11), (1, 11), (2, 12)]
        );
        assert_eq!(records[0].event, started());
        assert_eq!(records[1].event, note("ü \u{0} \""));
        assert_eq!(store.load("w", 2).unwrap(), records[2..]);
        assert!(store.load("other", 0).unwrap().is_empty());
    });
}

#[test]
fn a_place_is_taken_once_and_a_refused_append_leaves_nothing() {
    on_both(|store| {
        let lease = hold(store, "me", 0);
        store.append(&lease, 0, 1, &[started()]).unwrap();
        for wrong in [0, 2] {
            let refused = store.append(&lease, wrong, 1, &[note("a"), note("b")]).unwrap_err();
            assert!(
                matches!(refused, JournalError::Conflict { sequence, .. } if sequence == wrong)
            );
        }
        assert_eq!(store.load("w", 0).unwrap().len(), 1);
    });
}

#[test]
fn only_the_newest_lease_may_append() {
    on_both(|store| {
        let old = hold(store, "me", 0);
        store.append(&old, 0, 1, &[started()]).unwrap();
        let held = store.acquire_lease("w", "other", 999, TTL).unwrap_err();
        assert!(matches!(held, JournalError::LeaseHeld { owner, .. } if owner == "me"));
        let new = hold(store, "other", 1000);
        assert_eq!(new.token, old.token + 1);
        let lost = store.append(&old, 1, 1001, &[note("a")]).unwrap_err();
        assert!(matches!(lost, JournalError::LeaseLost { .. }));
        assert!(matches!(store.renew_lease(&old, 1001, TTL), Err(JournalError::LeaseLost { .. })));
        // Giving back what was lost takes nothing from the new owner.
        store.release_lease(&old).unwrap();
        assert_eq!(store.lease("w").unwrap(), Some(new.clone()));
        store.append(&new, 1, 1002, &[note("b")]).unwrap();
    });
}

#[test]
fn an_expired_lease_that_nobody_took_goes_on() {
    on_both(|store| {
        let lease = hold(store, "me", 0);
        let longer = store.renew_lease(&lease, 5000, TTL).unwrap();
        assert_eq!((longer.token, longer.expires_at), (lease.token, 6000));
        store.append(&lease, 0, 9000, &[started()]).unwrap();
    });
}

#[test]
fn a_returned_or_broken_lease_is_free_and_its_token_never_comes_again() {
    on_both(|store| {
        let first = hold(store, "a", 0);
        store.release_lease(&first).unwrap();
        assert_eq!(store.lease("w").unwrap(), None);
        assert!(matches!(
            store.append(&first, 0, 1, &[started()]),
            Err(JournalError::LeaseLost { .. })
        ));
        let second = hold(store, "b", 1);
        store.break_lease("w", "a").unwrap();
        assert_eq!(store.lease("w").unwrap(), Some(second.clone()));
        store.break_lease("w", "b").unwrap();
        let third = hold(store, "c", 2);
        assert_eq!([first.token, second.token, third.token], [1, 2, 3]);
        // The same owner again is a new holder too.
        assert_eq!(hold(store, "c", 3).token, 4);
        assert!(matches!(
            store.append(&third, 0, 3, &[started()]),
            Err(JournalError::LeaseLost { .. })
        ));
    });
}

#[test]
fn signals_need_no_lease_but_a_living_workflow() {
    on_both(|store| {
        let early = store.signal("w", 1, "go", &Value::Null).unwrap_err();
        assert!(matches!(early, JournalError::Unknown(id) if id == "w"));
        let lease = hold(store, "me", 0);
        store.append(&lease, 0, 1, &[started()]).unwrap();
        store.signal("w", 2, "go", &json!({ "by": 1 })).unwrap();
        let came = store.load("w", 1).unwrap();
        let expected =
            JournalEvent::SignalReceived { name: "go".into(), payload: json!({"by": 1}) };
        assert_eq!((came[0].sequence, came[0].at, &came[0].event), (1, 2, &expected));
        assert!(matches!(
            store.append(&lease, 1, 3, &[ended()]),
            Err(JournalError::Conflict { .. })
        ));
        store.append(&lease, 2, 3, &[ended()]).unwrap();
        assert!(matches!(store.signal("w", 4, "go", &Value::Null), Err(JournalError::Ended(_))));
        assert!(matches!(store.append(&lease, 3, 4, &[note("x")]), Err(JournalError::Ended(_))));
    });
}

#[test]
fn a_lease_for_ever_is_no_overflow() {
    on_both(|store| {
        let lease = store.acquire_lease("w", "me", u64::MAX, Duration::MAX).unwrap();
        assert!(lease.expires_at >= i64::MAX as u64);
        assert_eq!(store.lease("w").unwrap(), Some(lease));
    });
}
