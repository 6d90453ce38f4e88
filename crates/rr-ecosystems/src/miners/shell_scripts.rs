//! Scripts of the tree that mined commands call: `./scripts/test`, `bash ci/run.sh`.

use std::collections::BTreeSet;

use rr_core::{CommandClass, FactKey, RepoView, Trust};

use super::collected::{Mined, Place};
use super::command_line::{assignments, base_name, join, simple_commands, split_words, unwrapped};

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
        let Some(text) = shell_text(repo, &path).map(|text| filled(&text)) else { continue };
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
    if !repo.has(path) || repo.size(path) > SIZE_LIMIT {
        return None;
    }
    let text = repo.text(path)?;
    let first = text.lines().next().unwrap_or("");
    let shell = first.starts_with("#!") && first.contains("sh") || path.ends_with(".sh");
    shell.then(|| text.to_string())
}

/// A script with its variables filled in where it gives them a plain text: `PIP="pip"`. Of several
/// texts the one that is set under no condition counts, else the last.
fn filled(text: &str) -> String {
    let mut known: Vec<(String, String, bool)> = Vec::new();
    let mut opaque: BTreeSet<String> = BTreeSet::new();
    for line in text.lines() {
        let statement = line.trim_start().trim_start_matches("export ").trim_start();
        // Alone, or as what a test decides: `[ "$1" = "-p" ] && A=b || A=c`.
        let last = statement.rsplit("|| ").next().unwrap_or(statement);
        let (assigned, rest) = assignments(last);
        let [(name, value)] = &assigned[..] else { continue };
        if !rest.is_empty() && !rest.starts_with('#') {
            continue;
        }
        let value = substituted(value, &known);
        if value.contains(['$', '`', '(']) {
            opaque.insert(name.clone());
            continue;
        }
        let certain = !line.starts_with([' ', '\t']) && last == statement;
        match known.iter_mut().find(|(known, ..)| known == name) {
            Some(held) if held.2 && !certain => {}
            Some(held) => *held = (name.clone(), value, certain),
            None => known.push((name.clone(), value, certain)),
        }
    }
    known.retain(|(name, _, certain)| *certain || !opaque.contains(name));
    let lines: Vec<String> = text.lines().map(|line| substituted(line, &known)).collect();
    lines.join("\n")
}

fn substituted(line: &str, known: &[(String, String, bool)]) -> String {
    if !line.contains('$') {
        return line.to_owned();
    }
    let mut out = String::new();
    let mut rest = line;
    while let Some(at) = rest.find('$') {
        out.push_str(&rest[..at]);
        let after = &rest[at + 1..];
        let braced = after.starts_with('{');
        let inner = after.trim_start_matches('{');
        let end = inner.find(|c: char| !c.is_ascii_alphanumeric() && c != '_');
        let name = &inner[..end.unwrap_or(inner.len())];
        let close = usize::from(braced);
        let whole = !braced || inner[name.len()..].starts_with('}');
        let value = known.iter().find(|(known, ..)| known == name && whole && !name.is_empty());
        match value {
            Some((_, value, _)) => {
                out.push_str(value);
                rest = &after[close + name.len() + close..];
            }
            None => {
                out.push('$');
                rest = after;
            }
        }
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use rr_core::MemoryRepo;

    #[test]
    fn plain_variables_of_a_script_are_filled_in() {
        let install = "#!/bin/sh -e\n[ \"$1\" = \"-p\" ] && PYTHON=$2 || PYTHON=\"python3\"\n\
                       REQUIREMENTS=\"requirements.txt\"\nVENV=venv\nif [ -z \"$CI\" ]; then\n    \
                       PIP=\"$VENV/bin/pip\"\nelse\n    PIP=pip\nfi\n\"$PIP\" install -r \"${REQUIREMENTS}\"\n\
                       when=$(date)\necho $when $PYTHON\n";
        let found = filled(install);
        assert!(found.contains("\"pip\" install -r \"requirements.txt\""), "{found}");
        assert!(found.contains("echo $when python3"), "{found}");
        let test = "#!/bin/sh\nexport PREFIX=\"\"\nif [ -d venv ]; then\n  export PREFIX=\"venv/bin/\"\nfi\n\
                    ${PREFIX}coverage run -m pytest $@\n";
        assert!(filled(test).contains("\ncoverage run -m pytest $@"));
        assert_eq!(filled("é=$é ${A:-x} $").trim(), "é=$é ${A:-x} $");
    }

    #[test]
    fn scripts_that_commands_call_become_facts() {
        let workflow = "jobs: {t: {steps: [{run: 'scripts/test'}]}}";
        let repo = MemoryRepo::new([
            (".github/workflows/ci.yml", workflow),
            ("scripts/test", "#!/bin/sh\nT=tests\npytest $T\n"),
        ]);
        let mined = crate::miners::mine(&repo);
        let fact = mined.facts.iter().find(|fact| fact.evidence.path == "scripts/test").unwrap();
        assert!(fact.value.ends_with("pytest tests"), "{}", fact.value);
    }
}
