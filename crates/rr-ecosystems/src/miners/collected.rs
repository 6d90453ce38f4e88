//! What miners bring, and the ways in which they say it.

use std::collections::BTreeMap;

use rr_core::{Evidence, Fact, FactKey, MinedCommand, ServiceKind, Trust};

use super::classify::classify;
use super::command_line::simple_commands;

/// Everything mined from a tree.
#[derive(Debug, Default)]
pub(crate) struct Mined {
    /// Commands in the order found.
    pub(crate) commands: Vec<MinedCommand>,
    /// Facts in the order found.
    pub(crate) facts: Vec<Fact>,
    /// Databases and brokers that files start.
    pub(crate) services: Vec<MinedService>,
    /// Variables that files set or list, with their values.
    pub(crate) variables: Vec<MinedVariable>,
    /// Remarks.
    pub(crate) notes: Vec<String>,
}

/// A database or broker as a file starts it.
#[derive(Clone, Debug)]
pub(crate) struct MinedService {
    pub(crate) kind: ServiceKind,
    /// Version of its image, where it has one.
    pub(crate) version: Option<String>,
    /// Name by which other containers reach it.
    pub(crate) host: String,
    /// Port on the host's side, where published, else the product's own.
    pub(crate) port: Option<u16>,
    /// The variables its image is given: `POSTGRES_USER`.
    pub(crate) env: BTreeMap<String, String>,
    /// Whether it belongs to a profile or job that ordinary work does not start.
    pub(crate) optional: bool,
    pub(crate) evidence: Evidence,
}

/// A variable as a file sets it.
#[derive(Clone, Debug)]
pub(crate) struct MinedVariable {
    pub(crate) name: String,
    pub(crate) value: String,
    pub(crate) evidence: Evidence,
}

/// Where a miner stands while it reads one file.
#[derive(Clone, Debug)]
pub(crate) struct Place<'a> {
    /// The file.
    pub(crate) path: &'a str,
    /// The rule's name: `github.run`.
    pub(crate) rule: &'a str,
    /// How far the file is trusted.
    pub(crate) trust: Trust,
}

impl Place<'_> {
    /// Evidence at a line (from 1) of this file.
    pub(crate) fn at(&self, line: u32, excerpt: &str) -> Evidence {
        let first = excerpt.lines().next().unwrap_or("");
        Evidence::at(self.path, self.rule, self.trust).with_line(line, first)
    }

    /// The folder the file lies in.
    pub(crate) fn folder(&self) -> &str {
        folder_of(self.path)
    }
}

/// A script with all that is known about where it runs.
#[derive(Clone, Copy)]
pub(crate) struct Script<'a> {
    pub(crate) text: &'a str,
    /// Line of its first line, from 1.
    pub(crate) line: u32,
    /// Folder it starts in; `None` where unknowable.
    pub(crate) cwd: Option<&'a str>,
    pub(crate) env: &'a BTreeMap<String, String>,
    /// Job, target or section.
    pub(crate) context: &'a str,
}

impl Mined {
    /// Adds every simple command of a script whose folder is known.
    pub(crate) fn script(&mut self, place: &Place<'_>, script: Script<'_>) {
        let Some(cwd) = script.cwd else { return };
        for simple in simple_commands(script.text, cwd, script.env) {
            let Some(cwd) = simple.cwd else { continue };
            self.commands.push(MinedCommand {
                class: classify(&simple.line),
                evidence: place.at(script.line + simple.offset, &simple.line),
                line: simple.line,
                cwd,
                env: simple.env,
                context: script.context.to_owned(),
            });
        }
    }

    /// Adds a fact about a folder.
    pub(crate) fn fact(&mut self, key: FactKey, unit: &str, value: &str, evidence: Evidence) {
        let value = value.trim();
        if value.is_empty() {
            return;
        }
        self.facts.push(Fact::new(key, unit, value, evidence));
    }

    /// Adds a tool's version, where it is a plain one.
    pub(crate) fn version(&mut self, tool: &str, unit: &str, text: &str, evidence: Evidence) {
        let text = text.trim().trim_matches(['"', '\'']);
        if text.is_empty() || text.contains("${") || text.contains('$') || text.len() > 40 {
            return;
        }
        self.fact(FactKey::Version(tool.to_owned()), unit, text, evidence);
    }

    /// Adds a variable, as a fact and for the search for service addresses.
    pub(crate) fn variable(&mut self, name: &str, value: &str, unit: &str, evidence: Evidence) {
        if !super::variables::valid_name(name) {
            return;
        }
        let key = FactKey::Variable(name.to_owned());
        self.facts.push(Fact::new(key, unit, value, evidence.clone()));
        self.variables.push(MinedVariable {
            name: name.to_owned(),
            value: value.to_owned(),
            evidence,
        });
    }
}

/// The folder a path lies in.
pub(crate) fn folder_of(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}
