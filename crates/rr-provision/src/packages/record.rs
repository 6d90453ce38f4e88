//! What a finished layer holds, written beside its tree, and which names were unknown today.

use std::collections::BTreeSet;
use std::path::Path;

use rr_core::EngineError;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::fault;

/// Name of the record at the top of a layer; a sandbox shows no file of that place.
const RECORD: &str = "layer.json";

/// What a layer holds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct LayerRecord {
    /// Packages that it brings, with versions, sorted.
    pub(super) installed: Vec<(String, String)>,
    /// How it was made: `overlay` or `unpacked`.
    pub(super) made_by: String,
}

/// Names that the package lists of one day did not know, or could not install together.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Unavailable {
    /// The day, in days since the Unix epoch.
    pub(super) day: u64,
    /// The package database that this holds for.
    pub(super) digest: String,
    /// Names that the lists do not know.
    pub(super) names: BTreeSet<String>,
}

impl LayerRecord {
    /// The record of a layer.
    pub(super) fn read(layer: &Path) -> Option<Self> {
        read(&layer.join(RECORD))
    }

    /// Writes the record of a layer.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub(super) fn write(&self, layer: &Path) -> Result<(), EngineError> {
        write(self, &layer.join(RECORD))
    }
}

impl Unavailable {
    /// What is known of this day and database; empty for any other.
    pub(super) fn read(path: &Path, day: u64, digest: &str) -> Self {
        read::<Self>(path)
            .filter(|found| found.day == day && found.digest == digest)
            .unwrap_or_else(|| Self { day, digest: digest.to_owned(), names: BTreeSet::new() })
    }

    /// Keeps it.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub(super) fn write(&self, path: &Path) -> Result<(), EngineError> {
        write(self, path)
    }
}

fn read<T: DeserializeOwned>(path: &Path) -> Option<T> {
    serde_json::from_slice(&std::fs::read(path).ok()?).ok()
}

fn write<T: Serialize>(value: &T, path: &Path) -> Result<(), EngineError> {
    let bytes = serde_json::to_vec_pretty(value).map_err(|e| fault::internal(e.to_string()))?;
    std::fs::write(path, bytes).map_err(|e| fault::io("write", path, e))
}
