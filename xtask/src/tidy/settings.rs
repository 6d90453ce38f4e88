//! `xtask/tidy.toml`: limits, the table of who imports whom, forbidden words, exceptions.

use std::collections::BTreeMap;

use anyhow::{Context, Result, bail};
use serde::Deserialize;

/// The whole file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Settings {
    /// File sizes.
    pub(crate) files: Limits,
    /// Function lengths.
    pub(crate) functions: Limits,
    /// For each crate of ours, the crates of ours that it may import.
    pub(crate) crates: BTreeMap<String, Imports>,
    /// For some foreign crates, the only crates of ours that may depend on them.
    pub(crate) libraries: BTreeMap<String, Vec<String>>,
    /// Forbidden words.
    pub(crate) words: Vec<Word>,
    /// Names of known repositories.
    pub(crate) known: Known,
}

/// A soft limit that is reported and a hard one that fails, in lines.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Limits {
    /// Above it: a warning.
    pub(crate) soft: usize,
    /// Above it: a failure.
    pub(crate) hard: usize,
    /// Places that may be longer.
    #[serde(default)]
    pub(crate) exceptions: Vec<Exception>,
}

/// A place that a limit does not hold for.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Exception {
    /// `path` for a file, `path::function` for a function.
    pub(crate) place: String,
    /// Why.
    pub(crate) reason: String,
}

/// What one crate may import.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Imports {
    /// Crates of ours, for the crate itself.
    pub(crate) imports: Vec<String>,
    /// Crates of ours that its tests may import besides.
    #[serde(default)]
    pub(crate) tests: Vec<String>,
}

/// One forbidden word.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Word {
    /// Regular expression, matched against each line.
    pub(crate) pattern: String,
    /// A line that matches this too is fine.
    #[serde(default)]
    pub(crate) unless: Option<String>,
    /// Path prefixes to look below; none means everywhere.
    #[serde(default)]
    pub(crate) below: Vec<String>,
    /// File name endings to look at; none means all.
    #[serde(default)]
    pub(crate) endings: Vec<String>,
    /// Path prefixes to leave out.
    #[serde(default)]
    pub(crate) except: Vec<String>,
    /// What is wrong with it and what to write instead.
    pub(crate) reason: String,
}

/// Names of repositories whose truth is known: no rule and no fixture may know one.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Known {
    /// Folder of `.csv` files with a `repo` column, relative to the root; it may be absent.
    pub(crate) folder: String,
    /// Path prefixes where a name is a failure.
    pub(crate) below: Vec<String>,
    /// Names that may stand there after all.
    #[serde(default)]
    pub(crate) exceptions: Vec<Exception>,
}

impl Settings {
    /// Reads the file and refuses exceptions that give no reason.
    pub(crate) fn parse(text: &str) -> Result<Self> {
        let settings: Self = toml::from_str(text).context("reading `xtask/tidy.toml`")?;
        let exceptions = [&settings.files.exceptions, &settings.functions.exceptions];
        for exception in exceptions.into_iter().flatten().chain(&settings.known.exceptions) {
            if exception.reason.trim().is_empty() {
                bail!("exception for `{}` in `xtask/tidy.toml` gives no reason", exception.place);
            }
        }
        Ok(settings)
    }
}

impl Limits {
    /// Whether `place` is excepted.
    pub(crate) fn excepts(&self, place: &str) -> bool {
        self.exceptions.iter().any(|e| e.place == place)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OWN: &str = include_str!("../../tidy.toml");

    #[test]
    fn the_projects_own_settings_parse() {
        Settings::parse(OWN).unwrap();
    }

    #[test]
    fn an_exception_needs_a_reason() {
        let bad = OWN.replacen(
            "[functions]",
            "[[files.exceptions]]\nplace = \"a.rs\"\nreason = \" \"\n\n[functions]",
            1,
        );
        assert_ne!(bad, OWN);
        let error = Settings::parse(&bad).unwrap_err().to_string();
        assert!(error.contains("`a.rs`"), "{error}");
    }
}
