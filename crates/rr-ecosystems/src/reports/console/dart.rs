//! `dart test --reporter json` and `flutter test --machine`: events of JSON, one per line, on
//! standard output between what tests print.

use std::collections::HashMap;

use rr_core::{CaseOutcome, TestCase, TestRun};
use serde_json::Value;

/// Reads the events. The last one says whether the runner ended.
pub(super) fn read(text: &str, run: &mut TestRun) {
    let mut open: HashMap<u64, String> = HashMap::new();
    let mut messages: HashMap<u64, String> = HashMap::new();
    for line in text.lines().filter(|line| line.starts_with('{')) {
        let Ok(event) = serde_json::from_str::<Value>(line) else { continue };
        let number = |at: &str| event.pointer(at).and_then(Value::as_u64);
        let words = |at: &str| event.pointer(at).and_then(Value::as_str).unwrap_or_default();
        match words("/type") {
            "testStart" => {
                if let Some(id) = number("/test/id") {
                    open.insert(id, words("/test/name").to_owned());
                }
            }
            "error" => {
                if let Some(id) = number("/testID") {
                    messages.entry(id).or_default().push_str(words("/error"));
                }
            }
            "testDone" => {
                let hidden = event.get("hidden") == Some(&Value::Bool(true));
                let Some(id) = number("/testID").filter(|_| !hidden) else { continue };
                let skipped = event.get("skipped") == Some(&Value::Bool(true));
                run.cases.push(TestCase {
                    id: open.remove(&id).unwrap_or_default(),
                    outcome: match words("/result") {
                        _ if skipped => CaseOutcome::Skipped,
                        "success" => CaseOutcome::Passed,
                        "failure" => CaseOutcome::Failed,
                        _ => CaseOutcome::Errored,
                    },
                    seconds: None,
                    cause: None,
                    message: messages.remove(&id).unwrap_or_default(),
                });
            }
            "done" => run.complete = event.get("success").is_some_and(Value::is_boolean),
            _ => {}
        }
    }
    if !run.complete {
        run.doubts.push("the runner did not say that it ended".to_owned());
    }
}
