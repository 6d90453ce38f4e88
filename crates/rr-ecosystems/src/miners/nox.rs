//! `noxfile.py`: sessions, read by pattern, not by running it.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use regex::Regex;
use rr_core::{FactKey, Trust};

use super::collected::{Mined, Place, Script};

static SESSION: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r#"^@nox\.session\b|^@session\b|^@nox_session\b"#).ok());
static CALL: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"session\.(run|install|run_install|run_always)\(").ok());
static TEXT: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r#"(\w+\s*=\s*)?[rf]?"([^"\n]*)"|(\w+\s*=\s*)?[rf]?'([^'\n]*)'"#).ok()
});
static PYTHON: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r#"["'](3\.\d+|2\.7)["']"#).ok());

/// Mines one noxfile: a script fact per session. Only the plain string arguments of
/// `session.run(…)` and `session.install(…)` are seen.
pub(super) fn mine(path: &str, text: &str, mined: &mut Mined) {
    let place = Place { path, rule: "nox.session", trust: Trust::TaskRunner };
    let mut decorator = String::new();
    let lines: Vec<&str> = text.lines().collect();
    let mut at = 0;
    let mut armed = false;
    while at < lines.len() {
        let line = lines[at];
        if SESSION.as_ref().is_some_and(|re| re.is_match(line)) {
            armed = true;
            decorator.clear();
        }
        if armed {
            decorator.push_str(line);
        }
        if armed && line.starts_with("def ") {
            armed = false;
            let end = (at + 1..lines.len())
                .find(|i| !lines[*i].is_empty() && !lines[*i].starts_with([' ', '\t', ')']))
                .unwrap_or(lines.len());
            let name = line[4..].split('(').next().unwrap_or("").trim();
            session(&place, name, at, &lines[at..end], mined);
            versions(&place, &decorator, at, mined);
            at = end;
            continue;
        }
        at += 1;
    }
}

fn session(place: &Place<'_>, name: &str, at: usize, body: &[&str], mined: &mut Mined) {
    let mut script = Vec::new();
    let text = body.join("\n");
    let Some(call) = CALL.as_ref() else { return };
    for found in call.find_iter(&text) {
        let arguments = arguments(&text[found.end()..]);
        let words: Vec<String> = strings(arguments);
        if words.is_empty() {
            continue;
        }
        let quoted: Vec<String> = words.iter().map(|w| rr_core::command::quote(w)).collect();
        let install = found.as_str().contains("install");
        let prefix =
            if install && !found.as_str().contains("run_install") { "pip install " } else { "" };
        script.push(format!("{prefix}{}", quoted.join(" ")));
    }
    if script.is_empty() {
        return;
    }
    let line = u32::try_from(at).unwrap_or(0) + 1;
    let script = script.join("\n");
    let key = FactKey::Script(name.to_owned());
    mined.fact(key, place.folder(), &script, place.at(line, name));
    let env = BTreeMap::new();
    let context = format!("nox:{name}");
    let cwd = Some(place.folder());
    let before = mined.commands.len();
    mined.script(place, Script { text: &script, line, cwd, env: &env, context: &context });
    for command in &mut mined.commands[before..] {
        command.evidence.line = Some(line);
    }
}

fn versions(place: &Place<'_>, decorator: &str, at: usize, mined: &mut Mined) {
    let line = u32::try_from(at).unwrap_or(0) + 1;
    for found in PYTHON.iter().flat_map(|re| re.captures_iter(decorator)) {
        mined.version("python", place.folder(), &found[1], place.at(line, &found[1]));
    }
}

/// The text up to the call's closing bracket.
fn arguments(text: &str) -> &str {
    let mut depth = 1;
    for (at, c) in text.char_indices() {
        match c {
            '(' | '[' => depth += 1,
            ')' | ']' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return &text[..at];
        }
    }
    text
}

/// Positional string arguments.
fn strings(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for capture in TEXT.iter().flat_map(|re| re.captures_iter(text)) {
        let keyword = capture.get(1).or_else(|| capture.get(3)).is_some();
        let word = capture.get(2).or_else(|| capture.get(4)).map_or("", |m| m.as_str());
        if !keyword && !word.contains('{') {
            found.push(word.to_owned());
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sessions_are_scripts() {
        let mut mined = Mined::default();
        mine(
            "noxfile.py",
            "import nox\n\n@nox.session(python=['3.11', '3.12'])\ndef tests(session):\n    session.install('-e', '.[dev]')\n\
             \x20   session.run(\n        'pytest',\n        '-q',\n        *session.posargs,\n        env={'A': 'b'},\n    )\n\n\
             @nox.session\ndef lint(session: nox.Session) -> None:\n    session.run(\"ruff\", \"check\")\n",
            &mut mined,
        );
        let scripts: Vec<_> = mined
            .facts
            .iter()
            .filter(|f| matches!(f.key, FactKey::Script(_)))
            .map(|f| f.value.as_str())
            .collect();
        assert_eq!(scripts[1], "ruff check");
        assert!(scripts[0].starts_with("pip install -e '.[dev]'\npytest -q"), "{}", scripts[0]);
        assert!(mined.facts.iter().any(|f| f.value == "3.12"));
    }
}
