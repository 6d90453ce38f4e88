//! The fix memory, from outside.

use std::fs;

use serde_json::Value;

use crate::common::{Scratch, fixture};

fn list(scratch: &Scratch, rest: &[&str]) -> Vec<Value> {
    let all = [&["fixes", "list", "--output", "json"], rest].concat();
    let output = scratch.run(&all);
    serde_json::from_slice(&output.stdout).unwrap()
}

fn own(records: &[Value]) -> Vec<&Value> {
    records.iter().filter(|r| r["origin"] == "own").collect()
}

#[test]
fn what_repaired_a_run_is_remembered_handed_on_and_forgotten() {
    let scratch = Scratch::new();
    assert!(own(&list(&scratch, &[])).is_empty());
    let report = scratch.report(&["run", &fixture("broken-python-folder"), "--output", "json"]);
    let helped = report["remedies"].as_array().unwrap().iter().find(|r| r["helped"] == true);
    let signature = helped.unwrap()["diagnosis"]["signature"].as_str().unwrap().to_owned();

    let records = list(&scratch, &["--ecosystem", "python"]);
    let record = own(&records).into_iter().find(|r| r["signature"] == signature.as_str());
    assert_eq!((&record.unwrap()["tries"], &record.unwrap()["cured"]), (&1.into(), &1.into()));
    assert!(own(&list(&scratch, &["--ecosystem", "cobol"])).is_empty());

    let file = scratch.folder().join("fixes.json");
    let file = file.to_str().unwrap();
    assert!(scratch.run(&["fixes", "export", "--out", file]).status.success());
    let elsewhere = Scratch::new();
    assert!(elsewhere.run(&["fixes", "import", file]).status.success());
    let shown = elsewhere.run(&["fixes", "show", &signature]);
    assert!(String::from_utf8_lossy(&shown.stdout).contains("helped 1 of 1"), "{shown:?}");
    let again = elsewhere.run(&["fixes", "import", file]);
    assert!(String::from_utf8_lossy(&again.stdout).contains("added 0 records"), "{again:?}");

    assert!(scratch.run(&["fixes", "forget", &signature]).status.success());
    assert_eq!(scratch.run(&["fixes", "show", &signature]).status.code(), Some(1));
}

#[test]
fn an_export_by_class_names_no_subject_and_a_bad_import_is_refused() {
    let scratch = Scratch::new();
    let file = scratch.folder().join("in.json");
    let record = r#"{"ecosystem": "python", "signature": "python.missing-module:ours",
        "kind": "add-dependency", "place": 0, "remedy": "install ours", "tries": 1000,
        "cured": 500, "seconds": 10.0, "origin": "own"}"#;
    fs::write(&file, format!("[{record}]")).unwrap();
    let path = file.to_str().unwrap();
    assert!(scratch.run(&["fixes", "import", path]).status.success());
    let exported = scratch.run(&["fixes", "export", "--by-class"]);
    let exported: Value = serde_json::from_slice(&exported.stdout).unwrap();
    assert_eq!(exported[0]["signature"], "python.missing-module");
    assert_eq!(exported[0]["tries"], 20, "an import weighs at most 20 tries");
    assert_eq!(exported[0]["cured"], 10);
    assert!(!exported.to_string().contains("ours"), "{exported}");

    for wrong in ["{}", "[{\"tries\": 1}]", &format!("[{}]", record.replace("500", "5000"))] {
        fs::write(&file, wrong).unwrap();
        let refused = scratch.run(&["fixes", "import", path]);
        assert_eq!(refused.status.code(), Some(2), "{wrong}");
        let told = String::from_utf8_lossy(&refused.stderr);
        assert!(told.contains("in.json") && told.contains("hint:"), "{told}");
    }
}
