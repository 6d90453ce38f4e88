//! Scripts of the tree that mined commands call: `./scripts/test`, `bash ci/run.sh`.

use std::collections::BTreeSet;

use rr_core::{CommandClass, FactKey, RepoView, Trust};

use super::collected::{Mined, Place};
use super::command_line::{base_name, join, simple_commands, split_words, unwrapped};

/// Largest script read, in bytes.
const SIZE_LIMIT: u64 = 64 << 10;
/// Most scripts read.
const COUNT_LIMIT: usize = 40;

/// Adds a script fact, named by its path, for every shell script that a command calls, and for
/// those that these scripts call.
pub(super) fn mine(repo: &dyn RepoView, mined: &mut Mined) {
    let mut waiting: Vec<String> = Vec::new();
    for command in &mined.commands {
        if !matches!(
            command.class,
            CommandClass::Lint | CommandClass::Deploy | CommandClass::Publish
        ) {
            waiting.extend(called(&command.line, &command.cwd));
        }
    }
    for fact in mined.facts.iter().filter(|fact| matches!(fact.key, FactKey::Script(_))) {
        for simple in simple_commands(&fact.value, &fact.unit, &Default::default()) {
            waiting.extend(simple.cwd.and_then(|cwd| called(&simple.line, &cwd)));
        }
    }
    let mut seen = BTreeSet::new();
    waiting.reverse();
    while let Some(path) = waiting.pop() {
        if seen.len() >= COUNT_LIMIT || !seen.insert(path.clone()) {
            continue;
        }
        let Some(text) = shell_text(repo, &path) else { continue };
        let place = Place { path: &path, rule: "shell.script", trust: Trust::TaskRunner };
        for simple in simple_commands(&text, "", &Default::default()) {
            waiting.extend(simple.cwd.and_then(|cwd| called(&simple.line, &cwd)));
        }
        let evidence = place.at(1, text.lines().next().unwrap_or(""));
        mined.fact(FactKey::Script(path.clone()), place.folder(), &text, evidence);
    }
}

/// The path of the tree's script that a command calls, if it calls one.
pub(super) fn called(line: &str, cwd: &str) -> Option<String> {
    let words = split_words(line);
    let words = unwrapped(&words);
    let first = words.first()?;
    let script = match base_name(first) {
        "bash" | "sh" | "dash" | "source" | "." => {
            words[1..].iter().find(|w| !w.starts_with('-'))?
        }
        _ if first.contains('/') => first,
        _ => return None,
    };
    join(cwd, script).filter(|path| !path.is_empty())
}

fn shell_text(repo: &dyn RepoView, path: &str) -> Option<String> {
    let entry = repo.entry(path)?;
    if entry.size > SIZE_LIMIT {
        return None;
    }
    let text = repo.text(path)?;
    let first = text.lines().next().unwrap_or("");
    let shell = first.starts_with("#!") && first.contains("sh") || path.ends_with(".sh");
    shell.then(|| text.to_string())
}
