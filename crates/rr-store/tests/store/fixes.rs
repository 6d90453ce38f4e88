//! The fix memory.

use std::collections::BTreeMap;

use rr_core::{FixCounts, FixKey, FixOrigin, FixRecord};
use rr_store::FixBatch;

use crate::Scratch;

fn record(signature: &str, cured: bool) -> FixRecord {
    FixRecord {
        key: FixKey {
            ecosystem: "python".into(),
            signature: signature.into(),
            kind: "add-dependency".into(),
            place: 0,
            remedy: "install it".into(),
        },
        counts: FixCounts::once(cured, 2.5),
        origin: FixOrigin::Own,
    }
}

#[test]
fn remedies_are_counted_once_per_run_and_kept_apart_by_origin() {
    let database = Scratch::new().open();
    let versions = BTreeMap::from([("python".to_owned(), "3.11.7".to_owned())]);
    let add = |name, origin, records: &[FixRecord]| {
        let batch = FixBatch { origin, name, at: 1, versions: &versions, records };
        database.add_fixes(&batch).unwrap()
    };
    let yaml = [record("python.missing-module:yaml", true)];
    assert_eq!(add("run-1", FixOrigin::Own, &yaml), 1);
    assert_eq!(add("run-1", FixOrigin::Own, &yaml), 0, "the same run ended twice");
    let two = [record("python.missing-module:yaml", false), record("python.no-tests", true)];
    assert_eq!(add("run-2", FixOrigin::Own, &two), 2);
    assert_eq!(add("file", FixOrigin::Imported, &yaml), 1);

    let found = database.fixes_of("python", "python.missing-module").unwrap();
    let told: Vec<_> = found.iter().map(|r| (r.origin, r.counts)).collect();
    let own = FixCounts { tries: 2, cured: 1, seconds: 5.0 };
    let imported = FixCounts { tries: 1, cured: 1, seconds: 2.5 };
    assert_eq!(told.len(), 2);
    assert!(told.contains(&(FixOrigin::Own, own)), "{told:?}");
    assert!(told.contains(&(FixOrigin::Imported, imported)), "{told:?}");
    assert!(database.fixes_of("rust", "python.missing-module").unwrap().is_empty());
    assert_eq!(database.fixes().unwrap().len(), 3);
}

#[test]
fn what_is_forgotten_stays_forgotten_until_everything_is() {
    let database = Scratch::new().open();
    let versions = BTreeMap::new();
    let records = [record("python.missing-module:yaml", true), record("python.no-tests", true)];
    let batch = FixBatch {
        origin: FixOrigin::Own,
        name: "run",
        at: 1,
        versions: &versions,
        records: &records,
    };
    database.add_fixes(&batch).unwrap();
    assert_eq!(database.forget_fixes("python.missing-module").unwrap(), 1, "a class, wholly");
    assert_eq!(database.fixes().unwrap().len(), 1);
    assert_eq!(database.forgotten_fixes().unwrap(), ["python.missing-module"]);
    assert_eq!(database.forget_all_fixes().unwrap(), 1);
    assert!(database.forgotten_fixes().unwrap().is_empty());
}
