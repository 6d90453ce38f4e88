//! Shell text taken apart into simple commands, each with its folder and variables.
//!
//! Understands what CI scripts and READMEs are written in: continuations, comments, quotes,
//! here-documents, `cd`, `export`, prefixes and subshells. It expands and runs nothing.

use std::collections::BTreeMap;

/// One command of a script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SimpleCommand {
    /// The command without assignments before it; a pipeline stays whole.
    pub(crate) line: String,
    /// Variables set for it.
    pub(crate) env: BTreeMap<String, String>,
    /// Folder it runs in, relative to the root; `None` where it is unknowable or outside.
    pub(crate) cwd: Option<String>,
    /// Line of the script it begins on, from 0.
    pub(crate) offset: u32,
}

/// Takes a script apart. `cwd` is the folder it starts in, `env` what is set already.
pub(crate) fn simple_commands(
    script: &str,
    cwd: &str,
    env: &BTreeMap<String, String>,
) -> Vec<SimpleCommand> {
    let mut walk =
        Walk { env: env.clone(), cwd: Some(cwd.to_owned()), saved: Vec::new(), found: Vec::new() };
    let sources: Vec<&str> = script.lines().collect();
    let mut branches = super::script_branches::Branches::default();
    for piece in super::lexer::pieces(script) {
        let source = sources.get(piece.offset as usize).copied().unwrap_or("");
        let text = if branches.admit(&piece.text, source) { piece.text.as_str() } else { "" };
        walk.take(text, piece.offset, piece.opens, piece.closes);
    }
    walk.found
}

struct Walk {
    env: BTreeMap<String, String>,
    cwd: Option<String>,
    saved: Vec<Option<String>>,
    found: Vec<SimpleCommand>,
}

impl Walk {
    fn take(&mut self, text: &str, offset: u32, opens: u32, closes: u32) {
        for _ in 0..opens {
            self.saved.push(self.cwd.clone());
        }
        self.command(text, offset);
        for _ in 0..closes {
            if let Some(cwd) = self.saved.pop() {
                self.cwd = cwd;
            }
        }
    }

    fn command(&mut self, text: &str, offset: u32) {
        let text = strip_keywords(text);
        if text.is_empty() {
            return;
        }
        let (assigned, rest) = assignments(text);
        let words = split_words(rest);
        match words.first().map(String::as_str) {
            None => self.env.extend(assigned),
            Some("cd" | "pushd") => {
                self.cwd = match words.iter().skip(1).find(|w| !w.starts_with("--")) {
                    Some(to) => self.cwd.as_deref().and_then(|from| join(from, to)),
                    None => None,
                };
            }
            Some("popd") => self.cwd = Some(String::new()),
            Some("export" | "declare" | "set-env") => {
                let (exported, _) =
                    assignments(rest.trim_start_matches(|c: char| !c.is_whitespace()).trim_start());
                self.env.extend(exported);
            }
            Some(_) => {
                let mut env = self.env.clone();
                env.extend(assigned);
                self.found.push(SimpleCommand {
                    line: rest.to_owned(),
                    env,
                    cwd: self.cwd.clone(),
                    offset,
                });
            }
        }
    }
}

/// Joins a folder of the repository and a path from a script. `None` where the result leaves the
/// repository or depends on a variable.
pub(crate) fn join(folder: &str, path: &str) -> Option<String> {
    const ROOTS: &[&str] = &[
        "$GITHUB_WORKSPACE",
        "${GITHUB_WORKSPACE}",
        "${{ github.workspace }}",
        "${{github.workspace}}",
        "$CI_PROJECT_DIR",
        "${CI_PROJECT_DIR}",
        "$TRAVIS_BUILD_DIR",
        "$(Build.SourcesDirectory)",
    ];
    let mut parts: Vec<&str> = folder.split('/').filter(|p| !p.is_empty()).collect();
    let mut path = path.trim_matches(['"', '\'']);
    for root in ROOTS {
        if let Some(rest) = path.strip_prefix(root) {
            parts.clear();
            path = rest.trim_start_matches('/');
        }
    }
    if path.starts_with(['/', '~', '-']) || path.contains(['$', '`', '*', '\\']) {
        return None;
    }
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            name => parts.push(name),
        }
    }
    Some(parts.join("/"))
}

/// Splits a command into words as a shell would, quotes removed, nothing expanded.
#[must_use]
pub fn split_words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut open = false;
    let mut chars = line.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\'' => {
                open = true;
                word.extend(chars.by_ref().take_while(|c| *c != '\''));
            }
            '"' => {
                open = true;
                while let Some(c) = chars.next().filter(|c| *c != '"') {
                    match (c, chars.peek()) {
                        ('\\', Some('"' | '\\' | '$' | '`')) => word.extend(chars.next()),
                        _ => word.push(c),
                    }
                }
            }
            '\\' => {
                open = true;
                word.extend(chars.next().filter(|c| *c != '\n'));
            }
            c if c.is_whitespace() => {
                if open {
                    words.push(std::mem::take(&mut word));
                }
                open = false;
            }
            c => {
                open = true;
                word.push(c);
            }
        }
    }
    if open {
        words.push(word);
    }
    words
}

/// The program that a command really runs, by its base name: wrappers such as `sudo`, `env`,
/// `poetry run`, `npx`, `coverage run -m` and `python -m` are seen through.
#[must_use]
pub fn program(words: &[String]) -> Option<String> {
    let words = unwrapped(words);
    let first = words.first()?;
    if is_python(first)
        && let Some(at) = words.iter().position(|w| w == "-m")
        && interpreter_flags(&words[1..]) == at - 1
    {
        return words.get(at + 1).cloned();
    }
    Some(base_name(first).to_owned())
}

/// The words of a command after its wrappers.
#[must_use]
pub fn unwrapped(words: &[String]) -> &[String] {
    let mut rest = words;
    for _ in 0..6 {
        let stripped = super::wrappers::strip_one(rest);
        if stripped.len() == rest.len() {
            break;
        }
        rest = stripped;
    }
    rest
}

/// How many words after a Python interpreter are options of its own: `-b`, `-W always`, `-X dev`.
pub(crate) fn interpreter_flags(words: &[String]) -> usize {
    let mut at = 0;
    while let Some(word) = words.get(at) {
        match word.as_str() {
            "-W" | "-X" => at += 2,
            "-m" | "-c" | "-" => break,
            word if word.starts_with('-') => at += 1,
            _ => break,
        }
    }
    at.min(words.len())
}

/// Whether a word starts a Python interpreter.
pub(crate) fn is_python(word: &str) -> bool {
    let name = base_name(word);
    let rest = name.strip_prefix("python").or_else(|| name.strip_prefix("pypy"));
    rest.is_some_and(|rest| rest.chars().all(|c| c.is_ascii_digit() || c == '.'))
        || name == "py"
        || matches!(word, "{envpython}" | "{env_python}" | "$(PYTHON)" | "${PYTHON}" | "$PYTHON")
}

/// The last part of a path.
pub(crate) fn base_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// The assignments before a command, and the command after them.
pub(crate) fn assignments(text: &str) -> (Vec<(String, String)>, &str) {
    let mut found = Vec::new();
    let mut rest = text.trim_start();
    while let Some((name, tail)) = rest.split_once('=')
        && super::variables::valid_name(name)
    {
        let end = word_end(tail);
        let value = split_words(&tail[..end]).into_iter().next().unwrap_or_default();
        found.push((name.to_owned(), value));
        rest = tail[end..].trim_start();
    }
    (found, rest)
}

/// Byte length of the shell word that a text starts with.
fn word_end(text: &str) -> usize {
    let mut quote = None;
    let mut depth = 0u32;
    let mut escaped = false;
    for (at, c) in text.char_indices() {
        match (quote, c) {
            _ if escaped => escaped = false,
            (None | Some('"'), '\\') => escaped = true,
            (None, '\'' | '"') => quote = Some(c),
            (Some(open), c) if open == c => quote = None,
            (Some(_), _) => {}
            (None, '(') => depth += 1,
            (None, ')') => depth = depth.saturating_sub(1),
            (None, c) if c.is_whitespace() && depth == 0 => return at,
            _ => {}
        }
    }
    text.len()
}

/// The command after the shell keywords it stands behind; empty where only a condition is left.
fn strip_keywords(text: &str) -> &str {
    let mut text = text.trim();
    loop {
        let (word, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
        match word {
            "then" | "else" | "do" | "{" | "!" | "time" | "exec" => text = rest.trim_start(),
            "if" | "elif" | "while" | "until" | "for" | "case" | "fi" | "done" | "esac" | "}"
            | "[" | "[[" | "select" | "function" | "in" | ";;" => return "",
            _ => {
                let text = text.trim_end_matches(';').trim_end();
                return text.strip_suffix(" }").unwrap_or(text).trim_end();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(script: &str) -> Vec<(String, Option<String>)> {
        simple_commands(script, "", &BTreeMap::new()).into_iter().map(|c| (c.line, c.cwd)).collect()
    }

    #[test]
    fn folders_follow_cd_and_subshells_give_them_back() {
        let found = lines("cd web && npm ci\n(cd ../api; go test ./...)\nnpm test\ncd ../..\nls");
        let at = |folder: &str| Some(folder.to_owned());
        assert_eq!(
            found,
            [
                ("npm ci".to_owned(), at("web")),
                ("go test ./...".to_owned(), at("api")),
                ("npm test".to_owned(), at("web")),
                ("ls".to_owned(), None),
            ]
        );
    }

    #[test]
    fn assignments_exports_and_continuations_are_read() {
        let found = simple_commands(
            "export A=1 B='two words'\nC=\"x\" pytest \\\n  -q # quick\n",
            "",
            &BTreeMap::new(),
        );
        assert_eq!(found.len(), 1);
        assert_eq!(split_words(&found[0].line), ["pytest", "-q"]);
        let env: Vec<_> = found[0].env.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
        assert_eq!(env, [("A", "1"), ("B", "two words"), ("C", "x")]);
    }

    #[test]
    fn conditions_are_dropped_and_their_bodies_kept() {
        let found =
            lines("if [ -f x ]; then make test; fi\nfor i in 1 2; do echo $i; done || true");
        let only: Vec<_> = found.iter().map(|(line, _)| line.as_str()).collect();
        assert_eq!(only, ["make test", "echo $i"]);
    }

    #[test]
    fn here_documents_are_no_commands() {
        let only: Vec<_> = lines("cat <<EOF > .env\nrm -rf /\nEOF\nmake").into_iter().collect();
        assert_eq!(only.len(), 2);
        assert_eq!(only[1].0, "make");
    }

    #[test]
    fn programs_are_seen_through_wrappers() {
        let of = |line: &str| program(&split_words(line)).unwrap_or_default();
        assert_eq!(of("sudo -E env A=1 poetry run python -m pytest -q"), "pytest");
        assert_eq!(of("coverage run -p -m unittest discover"), "unittest");
        assert_eq!(of("python -b -W always -m coverage run -m django test -v2"), "django");
        assert_eq!(of("python -W error -m pytest"), "pytest");
        assert_eq!(of("npx --yes jest --ci"), "jest");
        assert_eq!(of("uv run --group tests pytest"), "pytest");
        assert_eq!(of("./gradlew test"), "gradlew");
        assert_eq!(of("xvfb-run -a npm test"), "npm");
        assert_eq!(of("bundle exec rake"), "rake");
    }
}
