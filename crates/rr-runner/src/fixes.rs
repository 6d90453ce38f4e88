//! The fix memory: what remedies did in earlier runs, in imported files, and in the seed.
//!
//! Runs add to it when they end; choosing a remedy asks it. Must not know how a remedy works.

use std::collections::{BTreeMap, BTreeSet};

use rr_core::report::{RemedyRecord, RunReport};
use rr_core::{Diagnosis, FixCounts, FixKey, FixOrigin, FixRecord};
use rr_models::seed_fixes;
use rr_store::{Database, FixBatch};

use crate::error::RunError;

/// No imported record speaks for more tries than this, however many it claims.
const MOST_IMPORTED_TRIES: u32 = 20;

/// What is remembered of the errors that these diagnoses name, by whatever origin.
pub(crate) fn remembered(
    store: &Database,
    ecosystem: &str,
    diagnoses: &[Diagnosis],
) -> Result<Vec<FixRecord>, RunError> {
    let classes: BTreeSet<&str> =
        diagnoses.iter().filter_map(|d| d.signature.split(':').next()).collect();
    let mut found = Vec::new();
    for class in &classes {
        found.extend(store.fixes_of(ecosystem, class)?);
    }
    let seed = heard_seed(store)?.into_iter();
    found.extend(seed.filter(|r| r.key.ecosystem == ecosystem && classes.contains(r.key.class())));
    Ok(found)
}

/// Adds what a run's remedies did. A run that ends twice is added once.
pub(crate) fn remember(
    store: &Database,
    report: &RunReport,
    versions: &BTreeMap<String, String>,
    at: u64,
) -> Result<(), RunError> {
    let records: Vec<FixRecord> = report.remedies.iter().filter_map(own_record).collect();
    let batch = FixBatch {
        origin: FixOrigin::Own,
        name: report.run_id.as_str(),
        at,
        versions,
        records: &records,
    };
    store.add_fixes(&batch)?;
    Ok(())
}

/// Everything that is remembered.
pub(crate) fn all(store: &Database) -> Result<Vec<FixRecord>, RunError> {
    let mut records = store.fixes()?;
    records.extend(heard_seed(store)?);
    records.sort_by(|a, b| (&a.key, a.origin).cmp(&(&b.key, b.origin)));
    Ok(records)
}

/// The home's own and imported records without what points at a repository: signatures without
/// their subject, remedies without their words, counts added up.
pub(crate) fn by_class(records: &[FixRecord]) -> Vec<FixRecord> {
    let mut counted: BTreeMap<FixKey, FixCounts> = BTreeMap::new();
    for record in records {
        let key = FixKey {
            signature: record.key.class().to_owned(),
            remedy: String::new(),
            ..record.key.clone()
        };
        counted.entry(key).or_default().add(record.counts);
    }
    counted
        .into_iter()
        .map(|(key, counts)| FixRecord { key, counts, origin: FixOrigin::Own })
        .collect()
}

/// Reads an exported file and adds its records as imported ones; gives how many are new.
pub(crate) fn import(store: &Database, text: &str, at: u64) -> Result<usize, RunError> {
    let mut records: Vec<FixRecord> =
        serde_json::from_str(text).map_err(|error| RunError::Refused {
            message: format!("the file holds no list of fix records: {error}"),
            hint: Some("`repo-runner fixes export` writes such a file".to_owned()),
        })?;
    for record in &mut records {
        record.origin = FixOrigin::Imported;
        let counts = &mut record.counts;
        if counts.cured > counts.tries || !counts.seconds.is_finite() || counts.seconds < 0.0 {
            return Err(RunError::Refused {
                message: format!("the record of `{}` counts impossibly", record.key.signature),
                hint: Some("`cured` is at most `tries`, and `seconds` not negative".to_owned()),
            });
        }
        if counts.tries > MOST_IMPORTED_TRIES {
            let share = f64::from(counts.cured) / f64::from(counts.tries);
            counts.cured = (share * f64::from(MOST_IMPORTED_TRIES)).round() as u32;
            counts.seconds *= f64::from(MOST_IMPORTED_TRIES) / f64::from(counts.tries);
            counts.tries = MOST_IMPORTED_TRIES;
        }
    }
    let name = hash(text);
    let versions = BTreeMap::new();
    let batch = FixBatch {
        origin: FixOrigin::Imported,
        name: &name,
        at,
        versions: &versions,
        records: &records,
    };
    Ok(store.add_fixes(&batch)?)
}

/// A remedy whose effect is known.
fn own_record(remedy: &RemedyRecord) -> Option<FixRecord> {
    let known = remedy.helped || remedy.rolled_back;
    Some(FixRecord {
        key: remedy.fix.clone().filter(|_| known)?,
        counts: FixCounts::once(remedy.helped, remedy.seconds),
        origin: FixOrigin::Own,
    })
}

fn heard_seed(store: &Database) -> Result<Vec<FixRecord>, RunError> {
    let forgotten = store.forgotten_fixes()?;
    let heard = |record: &FixRecord| {
        !forgotten.iter().any(|f| *f == record.key.signature || f == record.key.class())
    };
    Ok(seed_fixes().into_iter().filter(heard).collect())
}

fn hash(text: &str) -> String {
    use sha2::{Digest as _, Sha256};
    Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}
