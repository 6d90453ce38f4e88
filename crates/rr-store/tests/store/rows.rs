//! Runs, prepared environments and decisions.

use std::path::PathBuf;

use rr_core::{Decision, ModelCall, RunId, Rung};
use rr_store::{EnvironmentRow, ModelSpending, RunRow, RunState, StoreError};

use crate::Scratch;

fn run(created_at: u64, random: u32) -> RunRow {
    RunRow {
        id: RunId::from_parts(created_at, random),
        source: "https://example.org/a.git".into(),
        commit: String::new(),
        created_at,
        updated_at: created_at,
        state: RunState::Queued,
        asked: Rung::Tested,
        rung: None,
        green: false,
        summary: String::new(),
        folder: PathBuf::from("/data/runs/a"),
        owner: "me".into(),
    }
}

#[test]
fn a_run_is_added_changed_read_and_removed() {
    let scratch = Scratch::new();
    let database = scratch.open();
    let mut row = run(5, 1);
    database.insert_run(&row).unwrap();
    assert_eq!(database.run(&row.id).unwrap(), Some(row.clone()));
    let twice = database.insert_run(&row).unwrap_err();
    assert_eq!(twice.to_string(), format!("run `{}` exists already", row.id));

    row.commit = "abc".into();
    row.state = RunState::Finished;
    row.rung = Some(Rung::Built);
    row.green = true;
    row.summary = "built".into();
    row.updated_at = 9;
    database.update_run(&row).unwrap();
    assert_eq!(database.report(&row.id).unwrap(), None);
    database.set_report(&row.id, "{\"report_version\":1}").unwrap();
    // Another handle sees it all.
    let other = scratch.open();
    assert_eq!(other.run(&row.id).unwrap(), Some(row.clone()));
    assert_eq!(other.report(&row.id).unwrap().as_deref(), Some("{\"report_version\":1}"));

    other.set_run_state(&row.id, RunState::Interrupted, 10).unwrap();
    let changed = database.run(&row.id).unwrap().unwrap();
    assert_eq!((changed.state, changed.updated_at), (RunState::Interrupted, 10));
    database.delete_run(&row.id).unwrap();
    assert_eq!(other.run(&row.id).unwrap(), None);
}

#[test]
fn what_is_not_there_cannot_be_changed() {
    let database = Scratch::new().open();
    let row = run(1, 1);
    let missing = format!("no run `{}`", row.id);
    let refusals = [
        database.update_run(&row),
        database.set_run_state(&row.id, RunState::Failed, 1),
        database.set_report(&row.id, "{}"),
        database.report(&row.id).map(drop),
        database.delete_run(&row.id),
    ];
    for refusal in refusals {
        assert_eq!(refusal.unwrap_err().to_string(), missing);
    }
    let decision = database.set_decision_outcome(7, "cured").unwrap_err();
    assert_eq!(decision.to_string(), "no decision `7`");
}

#[test]
fn runs_are_listed_newest_first_page_by_page() {
    let scratch = Scratch::new();
    let database = scratch.open();
    // Three share a millisecond, across the border of a page.
    let created = [(1, 0), (2, 3), (2, 1), (2, 2), (3, 0)];
    created.iter().for_each(|&(at, random)| database.insert_run(&run(at, random)).unwrap());
    let mut newest: Vec<RunId> = created.iter().map(|&(at, r)| run(at, r).id).collect();
    newest.sort();
    newest.reverse();
    for limit in 1..=6 {
        let (mut listed, mut cursor) = (Vec::new(), None);
        loop {
            let page = database.runs(cursor.as_ref(), limit).unwrap();
            assert!(page.runs.len() <= limit as usize);
            listed.extend(page.runs.into_iter().map(|run| run.id));
            cursor = page.next;
            if cursor.is_none() {
                break;
            }
        }
        assert_eq!(listed, newest, "in pages of {limit}");
    }
}

#[test]
fn a_damaged_row_is_named() {
    let scratch = Scratch::new();
    let database = scratch.open();
    let row = run(1, 1);
    database.insert_run(&row).unwrap();
    let raw = rusqlite::Connection::open(scratch.path()).unwrap();
    raw.execute("UPDATE runs SET state = 'dancing'", []).unwrap();
    let error = database.run(&row.id).unwrap_err();
    assert!(matches!(error, StoreError::Damaged { .. }));
    assert_eq!(error.to_string(), format!("run `{}` is damaged: unknown state `dancing`", row.id));
}

fn environment(key: &str, path: &str, last_used: u64) -> EnvironmentRow {
    EnvironmentRow {
        key: key.into(),
        path: path.into(),
        created_at: 1,
        last_used,
        bytes: 5_000_000_000,
        inputs_json: "{\"lock\":\"x\"}".into(),
    }
}

#[test]
fn environments_are_kept_by_key_and_age_by_use() {
    let database = Scratch::new().open();
    assert_eq!(database.put_environment(&environment("a", "/a", 1)).unwrap(), None);
    assert_eq!(database.put_environment(&environment("b", "/b", 2)).unwrap(), None);
    assert_eq!(database.use_environment("a", 9).unwrap().unwrap().last_used, 9);
    // A clock that went back makes nothing older.
    assert_eq!(database.use_environment("a", 3).unwrap().unwrap().last_used, 9);
    assert_eq!(database.use_environment("none", 9).unwrap(), None);
    let keys: Vec<String> =
        database.environments().unwrap().into_iter().map(|row| row.key).collect();
    assert_eq!(keys, ["b", "a"]);
    let replaced = database.put_environment(&environment("b", "/b2", 10)).unwrap();
    assert_eq!(replaced, Some(environment("b", "/b", 2)));
    // Put again at its own place: its files are not to be removed.
    assert_eq!(database.put_environment(&environment("b", "/b2", 11)).unwrap(), None);
    assert!(database.delete_environment("b").unwrap());
    assert!(!database.delete_environment("b").unwrap());
}

#[test]
fn decisions_are_kept_in_order_with_what_came_of_them_and_go_with_their_run() {
    let database = Scratch::new().open();
    let row = run(1, 1);
    database.insert_run(&row).unwrap();
    let decision = Decision {
        topic: "choose-port".into(),
        question: "which port?".into(),
        options: vec!["8000".into(), "80\"80".into()],
        choice: "8000".into(),
        confidence: 0.75,
        rationale: "free".into(),
        model: "rules".into(),
        manager: "PortManager".into(),
    };
    let first = database.insert_decision(&row.id, 5, &decision).unwrap();
    let second = database.insert_decision(&row.id, 6, &decision).unwrap();
    database.set_decision_outcome(first, "listened").unwrap();
    let rows = database.decisions(&row.id).unwrap();
    assert_eq!(rows.iter().map(|row| row.id).collect::<Vec<_>>(), [first, second]);
    assert_eq!(rows[0].decision, decision);
    assert_eq!((rows[0].outcome.as_deref(), rows[1].outcome.as_deref()), (Some("listened"), None));
    database.delete_run(&row.id).unwrap();
    assert!(database.decisions(&row.id).unwrap().is_empty());
}

#[test]
fn what_a_user_spends_on_models_is_added_up_over_time_and_not_over_users() {
    let scratch = Scratch::new();
    let database = scratch.open();
    let call = |cost_micros| ModelCall {
        purpose: "propose-remedy".into(),
        provider: "far".into(),
        model: "m".into(),
        attempts: 1,
        input_tokens: 90,
        output_tokens: 10,
        cost_micros,
        seconds: 1.0,
        cached: false,
        error: None,
    };
    database.add_model_call("me", 1000, &call(Some(7))).unwrap();
    database.add_model_call("me", 2000, &call(None)).unwrap();
    database.add_model_call("you", 2000, &call(Some(5))).unwrap();
    let spent = |user, since| scratch.open().model_spending(user, since).unwrap();
    assert_eq!(spent("me", 0), ModelSpending { tokens: 200, cost_micros: 7 });
    assert_eq!(spent("me", 1500), ModelSpending { tokens: 100, cost_micros: 0 });
    assert_eq!(spent("nobody", 0), ModelSpending::default());
}
