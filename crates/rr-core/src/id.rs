//! Identifiers. Text newtypes, so that they read well in journals and reports.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One run of one repository: `r` followed by a base-36 time and random part, so that
/// identifiers sort by creation time.
#[derive(
    Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(transparent)]
pub struct RunId(String);

/// One step of a plan, unique within the plan, stable across remedies: `python:install`.
#[derive(
    Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(transparent)]
pub struct StepId(String);

impl RunId {
    /// Builds an identifier from milliseconds since the Unix epoch and 32 random bits.
    #[must_use]
    pub fn from_parts(unix_millis: u64, random: u32) -> Self {
        Self(format!("r{}{}", base36(unix_millis, 9), base36(u64::from(random), 5)))
    }

    /// Reads an identifier that a person typed. `None` where it can name no run.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let shaped = text.len() > 1
            && text.len() <= 40
            && text.starts_with('r')
            && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
        shaped.then(|| Self(text.to_owned()))
    }

    /// The identifier as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl StepId {
    /// Wraps a step name.
    pub fn new(name: impl Into<String>) -> Self {
        Self(name.into())
    }

    /// The identifier as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for StepId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// `value` in base 36, the lowest `width` digits, zero-padded.
fn base36(mut value: u64, width: usize) -> String {
    const DIGITS: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";
    let mut out = vec![b'0'; width];
    for slot in out.iter_mut().rev() {
        *slot = DIGITS[(value % 36) as usize];
        value /= 36;
    }
    String::from_utf8(out).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn run_ids_sort_by_time_and_parse_back() {
        let early = RunId::from_parts(1_700_000_000_000, u32::MAX);
        let late = RunId::from_parts(1_700_000_000_001, 0);
        assert!(early < late);
        assert_eq!(RunId::parse(early.as_str()), Some(early));
        assert_eq!(RunId::parse("../etc"), None);
    }
}
