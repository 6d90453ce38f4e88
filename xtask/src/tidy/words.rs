//! Words that must not stand in tracked files.

use anyhow::{Context, Result};
use regex::Regex;

use super::finding::Finding;
use super::settings::Word;
use super::tree::{TextFile, Tree};

/// The file that lists the words has to contain them.
const LIST: &str = "xtask/tidy.toml";

/// Lines on which a forbidden word stands.
pub(crate) fn check(tree: &Tree, words: &[Word]) -> Result<Vec<Finding>> {
    let mut findings = Vec::new();
    for word in words {
        let pattern = compile(&word.pattern)?;
        let unless = word.unless.as_deref().map(compile).transpose()?;
        for file in tree.files.iter().filter(|f| applies(word, &f.path)) {
            findings.extend(matches(file, &pattern, unless.as_ref(), word));
        }
    }
    Ok(findings)
}

fn compile(pattern: &str) -> Result<Regex> {
    Regex::new(pattern).with_context(|| format!("reading the pattern `{pattern}` of `{LIST}`"))
}

fn applies(word: &Word, path: &str) -> bool {
    path != LIST
        && (word.below.is_empty() || word.below.iter().any(|p| path.starts_with(p)))
        && (word.endings.is_empty() || word.endings.iter().any(|e| path.ends_with(e)))
        && !word.except.iter().any(|p| path.starts_with(p))
}

fn matches<'a>(
    file: &'a TextFile,
    pattern: &'a Regex,
    unless: Option<&'a Regex>,
    word: &'a Word,
) -> impl Iterator<Item = Finding> + 'a {
    file.text.lines().enumerate().filter_map(move |(index, line)| {
        let found = pattern.find(line)?;
        if unless.is_some_and(|u| u.is_match(line)) {
            return None;
        }
        let message = format!("`{}`: {}", found.as_str().trim(), word.reason);
        Some(Finding::failure(&file.path, index + 1, "word", message))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::settings::Settings;

    /// The line on which the project's own list finds something in `text` at `path`.
    fn found(path: &str, text: &str) -> Vec<usize> {
        let settings = Settings::parse(include_str!("../../tidy.toml")).unwrap();
        let findings = check(&Tree::of(&[(path, text)]), &settings.words).unwrap();
        findings.iter().map(|f| f.line).collect()
    }

    // Each word is put together here, so that this file passes its own rule.
    fn source(parts: &[&str]) -> Vec<usize> {
        found("crates/a/src/lib.rs", &format!("//! A\n{}\n", parts.concat()))
    }

    #[test]
    fn lints_are_expected_not_allowed() {
        assert_eq!(source(&["#[al", "low(dead_code)]"]), [2]);
        assert_eq!(source(&["#![al", "low(dead_code)]"]), [2]);
        assert_eq!(source(&["#[expect(dead_code, reason = \"x\")]"]), [0; 0]);
    }

    #[test]
    fn unfinished_code_is_refused() {
        for word in ["to", "unimplemen", "d"] {
            let rest = match word {
                "to" => "do!()",
                "d" => "bg!(x)",
                _ => "ted!()",
            };
            assert_eq!(source(&[word, rest]), [2], "{word}{rest}");
        }
        assert_eq!(source(&["// TO", "DO later"]), [2]);
        assert_eq!(source(&["// FIX", "ME(#12): later"]), [0; 0]);
    }

    #[test]
    fn empty_names_are_refused() {
        assert_eq!(source(&["struct Path", "Helper;"]), [2]);
        assert_eq!(source(&["mod string_", "utils;"]), [2]);
        assert_eq!(source(&["fn utilisation() {}"]), [0; 0]);
    }

    #[test]
    fn registry_hosts_stay_out_of_the_source() {
        assert_eq!(source(&["let url = \"https://pypi", ".org/simple\";"]), [2]);
        assert_eq!(source(&["let url = \"https://registry.npm", "js.org\";"]), [2]);
        let lock = ["resolved https://registry.npm", "js.org/a.tgz"].concat();
        assert_eq!(found("fixtures/repos/a/package-lock.json", &lock), [0; 0]);
    }

    #[test]
    fn paths_of_one_machine_are_refused_everywhere() {
        assert_eq!(found("docs/a.md", &["see /wo", "rk/shared"].concat()), [1]);
        assert_eq!(
            found("docs/a.md", &["/home/runner/wo", "rk/x and /wo", "rkspace"].concat()),
            [0; 0]
        );
    }
}
