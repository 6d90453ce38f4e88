//! The seed of the fix memory: what remedies did in runs over published repositories, brought
//! along so that the first run on a machine already knows it.

use rr_core::{FixOrigin, FixRecord};

/// Made by `repo-runner fixes export` over the homes of such runs; signatures carry no subject.
static SEED: &str = include_str!("../assets/fixes.json");

/// The records of the seed, in no particular order.
#[must_use]
pub fn seed_fixes() -> Vec<FixRecord> {
    // A test reads the embedded file; it cannot be broken in a program that passed it.
    let mut records: Vec<FixRecord> = serde_json::from_str(SEED).unwrap_or_default();
    for record in &mut records {
        record.origin = FixOrigin::Seed;
    }
    records
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_embedded_seed_can_be_read_and_names_no_subject() {
        let records: Vec<FixRecord> = serde_json::from_str(SEED).expect("a list of records");
        assert_eq!(records.len(), seed_fixes().len());
        for record in records {
            assert_eq!(record.key.class(), record.key.signature, "a subject in the seed");
            assert!(record.counts.cured <= record.counts.tries, "{record:?}");
        }
    }
}
