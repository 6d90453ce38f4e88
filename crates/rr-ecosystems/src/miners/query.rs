//! Questions that ecosystems ask of an [`Analysis`] when they make a plan.
//!
//! Works on the analysis alone; must not read the tree. Every answer is in order of trust:
//! what CI runs comes before what a README shows.

use std::collections::BTreeMap;

use rr_core::{
    Analysis, CommandClass, Evidence, Fact, FactKey, MinedCommand, Trust, Unit, UnitRole,
    VersionRequest,
};

use super::command_line::{program, split_words};

/// A named command of a task runner: an npm script, a make target, a tox environment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Script<'a> {
    /// Its name: `test`, `build:css`.
    pub name: &'a str,
    /// Its command; several lines are joined by newlines.
    pub command: &'a str,
    /// Where it stands; the path tells the runner (`package.json`, `Makefile`, `tox.ini`).
    pub evidence: &'a Evidence,
}

/// The unit that a folder belongs to: the deepest unit of the ecosystem at or above the folder.
#[must_use]
pub fn owner<'a>(analysis: &'a Analysis, ecosystem: &str, folder: &str) -> Option<&'a Unit> {
    analysis
        .units
        .iter()
        .filter(|unit| unit.ecosystem.as_str() == ecosystem && encloses(&unit.path, folder))
        .max_by_key(|unit| unit.path.len())
}

/// The commands of a class that run in a unit (its folder, or one below that no other unit of
/// the ecosystem owns), the most trusted first, then in the order found.
#[must_use]
pub fn commands<'a>(
    analysis: &'a Analysis,
    unit: &Unit,
    class: CommandClass,
) -> Vec<&'a MinedCommand> {
    let mut found: Vec<&MinedCommand> = analysis
        .commands
        .iter()
        .filter(|command| command.class == class && runs_in(analysis, unit, &command.cwd))
        .collect();
    found.sort_by_key(|command| std::cmp::Reverse(command.evidence.trust));
    found
}

/// The commands that run a unit's tests, as written, most trusted first; of CI's the plainest
/// first: a job called `test` comes before one with sanitizers, another architecture or coverage.
/// Commands of another ecosystem that has a unit there are that unit's.
#[must_use]
pub fn test_commands<'a>(analysis: &'a Analysis, unit: &Unit) -> Vec<&'a MinedCommand> {
    let mut found = commands(analysis, unit, CommandClass::Test);
    found.retain(|command| !of_another(analysis, unit, command));
    found.sort_by_key(|command| {
        std::cmp::Reverse((command.evidence.trust, super::main_test::plainness(command)))
    });
    found
}

/// Whether a command belongs to a CI job that makes a release or a package: what it configures is
/// a variant to hand out, not the one that is tested.
#[must_use]
pub fn hands_out(command: &MinedCommand) -> bool {
    super::main_test::hands_out(command)
}

/// CI's main test command for a unit, as written: the job whose surroundings a run takes over.
#[must_use]
pub fn main_ci_test<'a>(analysis: &'a Analysis, unit: &Unit) -> Option<&'a MinedCommand> {
    test_commands(analysis, unit).into_iter().find(|command| command.evidence.trust == Trust::Ci)
}

/// The test commands with task-runner calls (`make test`, `npm test`, `tox`, `nox -s tests`,
/// `just test`, `task test`) replaced by what they run, as far as the repository's files tell.
/// A command that calls no known task is given as it is.
#[must_use]
pub fn resolved_test_commands(analysis: &Analysis, unit: &Unit) -> Vec<MinedCommand> {
    let mut found = Vec::new();
    for command in test_commands(analysis, unit) {
        let mut inner = super::resolve::resolve(analysis, command);
        let opaque = inner.iter().any(|inner| inner.class == CommandClass::Unknown);
        inner.retain(|inner| inner.class == CommandClass::Test);
        // A script that hides what it runs is still a test command by its name.
        if inner.is_empty() && opaque {
            inner.push(command.clone());
        }
        found.append(&mut inner);
    }
    found
}

/// Any command with its task-runner calls replaced by what they run: see
/// [`resolved_test_commands`]. Results of every class are given.
#[must_use]
pub fn resolve(analysis: &Analysis, command: &MinedCommand) -> Vec<MinedCommand> {
    super::resolve::resolve(analysis, command)
}

/// The first word list of the unit's test commands (resolved) whose program is one of
/// `programs`; `python -m pytest` counts as `pytest`, `npx jest` as `jest`, and so on.
#[must_use]
pub fn test_command_of(
    analysis: &Analysis,
    unit: &Unit,
    programs: &[&str],
) -> Option<(Vec<String>, MinedCommand)> {
    resolved_test_commands(analysis, unit).into_iter().find_map(|command| {
        let words = split_words(&command.line);
        let name = program(&words)?;
        programs.contains(&name.as_str()).then_some((words, command))
    })
}

/// Versions of a tool (`python`, `node`, `go`, `java`, `rust`, …) that CI uses, in the order in
/// which it lists them, without repeats. Jobs that run tests come first.
#[must_use]
pub fn ci_versions<'a>(analysis: &'a Analysis, tool: &str) -> Vec<(&'a str, &'a Evidence)> {
    versions(analysis, tool, |fact| fact.evidence.trust == Trust::Ci)
}

/// Versions of a tool that any file names, the most trusted first: CI, then containers
/// (`FROM python:3.12`), then pin files and the rest.
#[must_use]
pub fn mined_versions<'a>(analysis: &'a Analysis, tool: &str) -> Vec<(&'a str, &'a Evidence)> {
    versions(analysis, tool, |_| true)
}

/// What CI's versions of a tool ask for: [`VersionRequest::Exact`] for one, `OneOf` for several.
#[must_use]
pub fn ci_version_request(
    analysis: &Analysis,
    tool: &str,
) -> Option<(VersionRequest, Vec<Evidence>)> {
    let found = ci_versions(analysis, tool);
    let evidence = found.iter().map(|(_, e)| (*e).clone()).collect();
    let mut texts: Vec<String> = found.iter().map(|(version, _)| (*version).to_owned()).collect();
    match texts.len() {
        0 => None,
        1 => Some((VersionRequest::Exact(texts.remove(0)), evidence)),
        _ => Some((VersionRequest::OneOf(texts), evidence)),
    }
}

/// Variables that CI sets around a unit's main test command, plain values only: nothing that is
/// an expression, a secret, a compiler flag, or the address of a service (those come from service
/// bindings).
#[must_use]
pub fn env_for_tests(analysis: &Analysis, unit: &Unit) -> BTreeMap<String, String> {
    let mut env = BTreeMap::new();
    let Some(command) = main_ci_test(analysis, unit) else { return env };
    let bound = |name: &str| {
        analysis.services.iter().flat_map(|s| &s.bindings).any(|binding| binding.name == name)
    };
    for (name, value) in &command.env {
        if !value.is_empty()
            && !name.ends_with("_VERSION")
            && !bound(name)
            && super::variables::plain_value(value)
            && super::variables::ours_to_set(name)
        {
            env.insert(name.clone(), value.clone());
        }
    }
    env
}

/// The task-runner scripts of a folder: npm scripts, make targets, tox environments, …
#[must_use]
pub fn scripts<'a>(analysis: &'a Analysis, folder: &str) -> Vec<Script<'a>> {
    analysis
        .facts
        .iter()
        .filter_map(|fact| match &fact.key {
            FactKey::Script(name) if folder_of(&fact.evidence.path) == folder => {
                Some(Script { name, command: &fact.value, evidence: &fact.evidence })
            }
            _ => None,
        })
        .collect()
}

/// One script of a folder, from a file of this name (`package.json`, `Makefile`, `tox.ini`).
#[must_use]
pub fn script<'a>(
    analysis: &'a Analysis,
    folder: &str,
    file: &str,
    name: &str,
) -> Option<Script<'a>> {
    scripts(analysis, folder)
        .into_iter()
        .find(|script| script.name == name && file_name(&script.evidence.path) == file)
}

/// Ports that the repository's files name for a unit (`EXPOSE`, compose, devcontainer, README),
/// the most trusted first, without repeats. Ports of databases are left out.
#[must_use]
pub fn ports<'a>(analysis: &'a Analysis, unit: &Unit) -> Vec<(u16, &'a Evidence)> {
    let mut found: Vec<(u16, &Evidence)> = Vec::new();
    for fact in facts_for(analysis, unit, &FactKey::Port) {
        if let Ok(port) = fact.value.parse::<u16>()
            && !found.iter().any(|(known, _)| *known == port)
        {
            found.push((port, &fact.evidence));
        }
    }
    found
}

/// The facts of a key for a unit, its own before the root's, most trusted first; superseded ones
/// left out.
#[must_use]
pub fn facts_for<'a>(analysis: &'a Analysis, unit: &Unit, key: &FactKey) -> Vec<&'a Fact> {
    let mut found: Vec<&Fact> = analysis
        .facts
        .iter()
        .filter(|fact| !fact.superseded && &fact.key == key)
        .filter(|fact| fact.unit == unit.path || fact.unit.is_empty())
        .collect();
    found.sort_by_key(|fact| (fact.unit != unit.path, std::cmp::Reverse(fact.evidence.trust)));
    found
}

/// Whether some mined command, of any class, calls this program.
#[must_use]
pub fn calls_program(analysis: &Analysis, name: &str) -> bool {
    analysis
        .commands
        .iter()
        .any(|command| program(&split_words(&command.line)).as_deref() == Some(name))
}

fn versions<'a>(
    analysis: &'a Analysis,
    tool: &str,
    keep: impl Fn(&Fact) -> bool,
) -> Vec<(&'a str, &'a Evidence)> {
    let key = FactKey::Version(tool.to_owned());
    let mut facts: Vec<&Fact> =
        analysis.facts.iter().filter(|fact| fact.key == key && keep(fact)).collect();
    facts.sort_by_key(|fact| (std::cmp::Reverse(fact.evidence.trust), fact.superseded));
    let mut found: Vec<(&str, &Evidence)> = Vec::new();
    for fact in facts {
        if !found.iter().any(|(known, _)| *known == fact.value) {
            found.push((&fact.value, &fact.evidence));
        }
    }
    found
}

/// Whether a command, or everything it runs, belongs to another ecosystem's unit of the folder.
fn of_another(analysis: &Analysis, unit: &Unit, command: &MinedCommand) -> bool {
    let foreign = |line: &str| {
        super::ecosystem_of(line).is_some_and(|ecosystem| {
            ecosystem != unit.ecosystem.as_str()
                && owner(analysis, ecosystem, &command.cwd)
                    .is_some_and(|owner| owner.role != UnitRole::Tooling)
        })
    };
    if super::ecosystem_of(&command.line).is_some() {
        return foreign(&command.line);
    }
    let inner = super::resolve::resolve(analysis, command);
    let mut tests = inner.iter().filter(|inner| inner.class == CommandClass::Test).peekable();
    tests.peek().is_some() && tests.all(|inner| foreign(&inner.line))
}

fn runs_in(analysis: &Analysis, unit: &Unit, folder: &str) -> bool {
    owner(analysis, unit.ecosystem.as_str(), folder)
        .map_or(unit.path == folder, |owner| owner.path == unit.path)
}

fn encloses(outer: &str, inner: &str) -> bool {
    outer.is_empty()
        || inner == outer
        || inner.strip_prefix(outer).is_some_and(|rest| rest.starts_with('/'))
}

fn folder_of(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

fn file_name(path: &str) -> &str {
    path.rsplit_once('/').map_or(path, |(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rr_core::{EcosystemId, UnitKind, UnitRole};

    fn unit(path: &str) -> Unit {
        Unit {
            path: path.to_owned(),
            ecosystem: EcosystemId::new("python"),
            name: path.to_owned(),
            kind: UnitKind::Library,
            role: UnitRole::Primary,
            managers: Vec::new(),
            toolchains: Vec::new(),
            frameworks: Vec::new(),
            weight: 50,
            evidence: Vec::new(),
        }
    }

    fn command(line: &str, cwd: &str, trust: Trust) -> MinedCommand {
        MinedCommand {
            line: line.to_owned(),
            class: CommandClass::Test,
            cwd: cwd.to_owned(),
            env: BTreeMap::new(),
            context: "test".to_owned(),
            evidence: Evidence::at("x", "test", trust),
        }
    }

    #[test]
    fn commands_go_to_the_unit_that_owns_their_folder_most_trusted_first() {
        let analysis = Analysis {
            units: vec![unit(""), unit("backend")],
            commands: vec![
                command("pytest readme", "", Trust::Readme),
                command("pytest ci", "tests", Trust::Ci),
                command("pytest backend", "backend/src", Trust::Ci),
            ],
            ..Analysis::default()
        };
        let lines = |unit: &Unit| -> Vec<String> {
            test_commands(&analysis, unit).iter().map(|c| c.line.clone()).collect()
        };
        assert_eq!(lines(&analysis.units[0]), ["pytest ci", "pytest readme"]);
        assert_eq!(lines(&analysis.units[1]), ["pytest backend"]);
    }
}
