//! What all forms take from a lock: the commands that a person would give, in their order.

use std::collections::BTreeMap;

use rr_core::{Command, ProbeKind, StepKind};

use crate::lock::{LockedCommand, RecipeLock, VariableOrigin};
use crate::ours;

/// Commands that set up: everything but starts, tests and our own checks.
pub(super) fn setup(lock: &RecipeLock) -> impl Iterator<Item = &LockedCommand> {
    let sets_up = |kind| !matches!(kind, StepKind::Start | StepKind::Test | StepKind::Check);
    lock.commands.iter().filter(move |command| sets_up(command.kind) && command.run.is_some())
}

/// Set-up that needs no database, which a build of an image does not have.
pub(super) fn image_setup(lock: &RecipeLock) -> impl Iterator<Item = &LockedCommand> {
    setup(lock).filter(|command| command.kind != StepKind::Migrate)
}

pub(super) fn migrations(lock: &RecipeLock) -> impl Iterator<Item = &LockedCommand> {
    setup(lock).filter(|command| command.kind == StepKind::Migrate)
}

pub(super) fn tests(lock: &RecipeLock) -> impl Iterator<Item = &LockedCommand> {
    lock.of_kind(StepKind::Test).filter(|command| command.run.is_some())
}

/// The service that the repository is: the first start that is asked over a network, and where a
/// run was made, one that answered.
pub(super) fn service(lock: &RecipeLock) -> Option<&LockedCommand> {
    let serves = |command: &&LockedCommand| {
        let probe = command.probe.as_ref();
        command.run.is_some()
            && probe.is_some_and(|probe| match probe.asks.kind {
                ProbeKind::ExitCode => false,
                ProbeKind::Program { .. } => probe.port.is_some(),
                _ => true,
            })
    };
    let mut starts = lock.of_kind(StepKind::Start).filter(serves);
    let first = starts.next()?;
    let answered =
        |command: &&LockedCommand| command.probe.as_ref().is_some_and(|p| p.port.is_some());
    Some(std::iter::once(first).chain(starts).find(answered).unwrap_or(first))
}

/// The port of a service: the one that answered, else the one that the repository names.
pub(super) fn port(command: &LockedCommand) -> Option<u16> {
    let probe = command.probe.as_ref()?;
    probe.port.or(probe.asks.expected_port)
}

/// The path that answered, else the first that would be asked; `None` where it is not HTTP.
pub(super) fn health_path(command: &LockedCommand) -> Option<String> {
    let probe = command.probe.as_ref()?;
    let path = match &probe.asks.kind {
        ProbeKind::Http { paths } | ProbeKind::Program { paths } => {
            probe.path.clone().or_else(|| paths.first().cloned())
        }
        _ => None,
    };
    path.filter(|path| path.starts_with('/') && path.bytes().all(|b| b.is_ascii_graphic()))
}

/// Variables with a value for all commands, ours left out. Secrets and what the user gave have
/// none: see [`required`].
pub(super) fn variables(lock: &RecipeLock) -> BTreeMap<String, String> {
    let named = lock.variables.iter().filter_map(|variable| {
        let value = variable.value.as_ref()?;
        let wanted = !ours::is_ours(&variable.name, value) && ours::is_name(&variable.name);
        wanted.then(|| (variable.name.clone(), value.clone()))
    });
    named.collect()
}

/// Names of variables that whoever uses the export must give.
pub(super) fn required(lock: &RecipeLock) -> Vec<&str> {
    let without = lock.variables.iter().filter(|variable| variable.value.is_none());
    without.map(|variable| variable.name.as_str()).filter(|name| ours::is_name(name)).collect()
}

/// A command's own variables, ours left out.
pub(super) fn own_variables(command: &LockedCommand) -> BTreeMap<String, String> {
    let wanted = command
        .environment
        .iter()
        .filter(|(name, value)| !ours::is_ours(name, value) && ours::is_name(name));
    wanted.map(|(name, value)| (name.clone(), value.clone())).collect()
}

/// Whether a variable of the lock is a default that we made up.
pub(super) fn is_made_up(lock: &RecipeLock, name: &str) -> bool {
    let made_up = |v: &&crate::LockedVariable| v.name == name && v.origin == VariableOrigin::Ours;
    lock.variables.iter().any(|variable| made_up(&variable))
}

/// A command's text without what only serves shells of the sandbox.
pub(super) fn own_command(command: &LockedCommand) -> Option<Command> {
    match command.run.as_ref()? {
        Command::Shell(text) => {
            let text = text.strip_prefix("set +u\n").unwrap_or(text);
            let text = without_removal(text);
            Some(Command::shell(text.trim_end()))
        }
        argv => Some(argv.clone()),
    }
}

/// In a fresh place there is nothing to remove: `rm -rf @{env}/venv && …`.
fn without_removal(text: &str) -> &str {
    let rest = text.strip_prefix("rm -rf @{env}/").and_then(|rest| rest.split_once(" && "));
    rest.map_or(text, |(_, rest)| rest)
}
