//! The wrappers' files put together again: one record per program that ran.

use std::collections::BTreeMap;

/// What a record is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A test binary.
    Binary,
    /// The documentation tests of one crate.
    Doctests,
}

/// One program that ran.
#[derive(Debug)]
pub(super) struct Record {
    pub(super) kind: Kind,
    /// Path of the binary, or the crate's name.
    pub(super) program: String,
    /// The package it belongs to.
    pub(super) package: String,
    /// `libtest`, `mimic` or `none`.
    pub(super) harness: String,
    /// What it listed before it ran.
    pub(super) list: Option<String>,
    /// The harness's own log.
    pub(super) log: Option<String>,
    /// Log lines of tests that were run again alone.
    pub(super) again: String,
    /// Names of the tests that were run again alone.
    pub(super) alone: Vec<String>,
    /// Its standard output.
    pub(super) out: String,
    /// Its exit status as the shell saw it; `None` where it never ended.
    pub(super) status: Option<i32>,
}

/// Puts records together, in the order in which they began: binaries before doc tests.
pub(super) fn collect(files: &[(String, Vec<u8>)]) -> Vec<Record> {
    let mut parts: BTreeMap<&str, BTreeMap<&str, String>> = BTreeMap::new();
    for (path, bytes) in files {
        let name = path.rsplit('/').next().unwrap_or(path);
        if let Some((stem, part)) = name.rsplit_once('.')
            && (stem.starts_with("cargo-") || stem.starts_with("doc-"))
        {
            let text = String::from_utf8_lossy(bytes).into_owned();
            parts.entry(stem).or_default().insert(part, text);
        }
    }
    parts.into_iter().filter_map(|(stem, mut parts)| record(stem, &mut parts)).collect()
}

impl Record {
    /// The binary's file name without the hash cargo puts behind it.
    pub(super) fn name(&self) -> &str {
        let file = self.program.rsplit('/').next().unwrap_or(&self.program);
        match file.rsplit_once('-') {
            Some((name, hash)) if hash.len() == 16 => name,
            _ => file,
        }
    }

    /// How it ended, for people.
    pub(super) fn ending(&self) -> String {
        match self.status {
            None => "it was stopped".to_owned(),
            Some(status @ 129..=192) => format!("it was killed by signal {}", status - 128),
            Some(status) => format!("it ended with status {status}"),
        }
    }
}

fn record(stem: &str, parts: &mut BTreeMap<&str, String>) -> Option<Record> {
    let begin = parts.remove("begin")?;
    let kind = if stem.starts_with("doc-") { Kind::Doctests } else { Kind::Binary };
    let program = field(&begin, if kind == Kind::Doctests { "crate" } else { "program" });
    let status = parts.remove("end").and_then(|end| field(&end, "status").parse().ok());
    Some(Record {
        kind,
        program,
        package: field(&begin, "package"),
        harness: field(&begin, "harness"),
        list: parts.remove("list"),
        log: parts.remove("log"),
        again: parts.remove("again").unwrap_or_default(),
        alone: parts.remove("alone").unwrap_or_default().lines().map(str::to_owned).collect(),
        out: parts.remove("out").unwrap_or_default(),
        status,
    })
}

fn field(text: &str, name: &str) -> String {
    text.lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix('='))
        .unwrap_or_default()
        .to_owned()
}
