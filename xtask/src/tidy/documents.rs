//! What must be written down: module headers, fixtures' expectations, tests behind invariants.

use std::collections::BTreeSet;

use regex::Regex;

use super::finding::Finding;
use super::sizes;
use super::tree::Tree;

const ARCHITECTURE: &str = "ARCHITECTURE.md";
const FIXTURES: &str = "fixtures/repos/";

/// All document rules.
pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = headers(tree);
    findings.extend(expectations(tree));
    findings.extend(invariants(tree));
    findings
}

/// Every source file begins by saying what it does and what it must not know.
fn headers(tree: &Tree) -> Vec<Finding> {
    tree.select(&["crates/", "xtask/src/"], &[".rs"])
        .filter(|file| file.path.contains("/src/") && !sizes::is_test_file(&file.path))
        .filter(|file| !file.text.starts_with("//!"))
        .map(|file| {
            let message = "no `//!` header: what does it do, what must it not know?";
            Finding::failure(&file.path, 1, "module-header", message)
        })
        .collect()
}

/// Every fixture says what is expected of it.
fn expectations(tree: &Tree) -> Vec<Finding> {
    let names: BTreeSet<&str> = tree
        .paths
        .iter()
        .filter_map(|path| path.strip_prefix(FIXTURES)?.split_once('/').map(|(name, _)| name))
        .collect();
    names
        .into_iter()
        .map(|name| format!("{FIXTURES}{name}/expect.toml"))
        .filter(|path| tree.paths.binary_search(path).is_err())
        .map(|path| Finding::failure(path, 0, "fixture", "a fixture without `expect.toml`"))
        .collect()
}

/// Every numbered invariant of the architecture page names a test that exists, as
/// ``Held by `crate::path::test_name` ``.
fn invariants(tree: &Tree) -> Vec<Finding> {
    let Some(page) = tree.files.iter().find(|f| f.path == ARCHITECTURE) else {
        return vec![Finding::failure(ARCHITECTURE, 0, "invariant", "the page is missing")];
    };
    let mut findings = Vec::new();
    for (line, text) in numbered(&page.text) {
        let named = held_by(&text);
        if named.is_empty() {
            let message = "an invariant without a test: end it with Held by `crate::path::test`";
            findings.push(Finding::failure(ARCHITECTURE, line, "invariant", message));
        }
        for name in named.iter().filter(|name| !test_exists(tree, name)) {
            let message = format!("no test `{name}` in the tree");
            findings.push(Finding::failure(ARCHITECTURE, line, "invariant", message));
        }
    }
    findings
}

/// The numbered items of the section `Invariants`, with the line each begins on.
fn numbered(page: &str) -> Vec<(usize, String)> {
    let mut items: Vec<(usize, String)> = Vec::new();
    let mut inside = false;
    for (index, line) in page.lines().enumerate() {
        if line.starts_with('#') {
            inside = line.trim_start_matches('#').trim().to_lowercase().starts_with("invariants");
        } else if inside && starts_item(line) {
            items.push((index + 1, line.to_owned()));
        } else if inside && let Some((_, text)) = items.last_mut() {
            text.push(' ');
            text.push_str(line);
        }
    }
    items
}

fn starts_item(line: &str) -> bool {
    let rest = line.trim_start_matches(|c: char| c.is_ascii_digit());
    rest.len() < line.len() && rest.starts_with(". ")
}

/// The test paths between the words `Held by` and the end of the sentence's list.
fn held_by(item: &str) -> Vec<String> {
    let Some((_, list)) = item.split_once("Held by ") else { return Vec::new() };
    list.split('`').skip(1).step_by(2).filter(|t| t.contains("::")).map(str::to_owned).collect()
}

/// Whether a function of that name, marked as a test, stands in that crate.
fn test_exists(tree: &Tree, path: &str) -> bool {
    let (Some((krate, _)), Some((_, name))) = (path.split_once("::"), path.rsplit_once("::"))
    else {
        return false;
    };
    let folder = match krate {
        "xtask" => "xtask/".to_owned(),
        other => format!("crates/{}/", other.replace('_', "-")),
    };
    let pattern =
        format!(r"(?m)^\s*#\[test\]\s*\n(?:\s*#\[.*\]\s*\n)*\s*fn {}\(", regex::escape(name));
    let Ok(pattern) = Regex::new(&pattern) else { return false };
    tree.select(&[folder.as_str()], &[".rs"]).any(|file| pattern.is_match(&file.text))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TESTED: &str = "//! A\n#[test]\nfn holds() {}\nfn not_a_test() {}\n";

    fn invariants_of(page: &str) -> Vec<String> {
        let tree = Tree::of(&[("ARCHITECTURE.md", page), ("crates/rr-a/src/lib.rs", TESTED)]);
        check(&tree).into_iter().map(|f| format!("{}: {}", f.line, f.message)).collect()
    }

    #[test]
    fn an_invariant_names_a_test_that_exists() {
        let page = "# A\n1. not one\n## Invariants\n\n1. Green is\n   green. Held by `rr_a::tests::holds`.\n";
        assert_eq!(invariants_of(page), [""; 0]);
        let gone = page.replace("::holds", "::gone");
        assert_eq!(invariants_of(&gone), ["5: no test `rr_a::tests::gone` in the tree"]);
        let untested = page.replace("::holds", "::not_a_test");
        assert_eq!(invariants_of(&untested).len(), 1);
        let elsewhere = page.replace("rr_a::", "rr_b::");
        assert_eq!(invariants_of(&elsewhere).len(), 1);
    }

    #[test]
    fn an_invariant_without_a_test_fails() {
        let page =
            "## Invariants\n1. One. Held by `rr_a::holds`.\n2. Two.\n\n## After\n3. Not one.\n";
        let found = invariants_of(page);
        assert_eq!(found.len(), 1);
        assert!(found[0].starts_with("3: an invariant without a test"));
    }

    #[test]
    fn source_files_need_a_header() {
        let tree = Tree::of(&[
            ("ARCHITECTURE.md", ""),
            ("crates/rr-a/src/lib.rs", "pub mod b;\n"),
            ("crates/rr-a/tests/all.rs", "mod b;\n"),
            ("crates/rr-a/src/b/tests.rs", "use super::*;\n"),
        ]);
        let found: Vec<_> = check(&tree).into_iter().map(|f| (f.rule, f.path)).collect();
        assert_eq!(found, [("module-header", "crates/rr-a/src/lib.rs".to_owned())]);
    }

    #[test]
    fn fixtures_need_expectations() {
        let tree = Tree::of(&[
            ("ARCHITECTURE.md", ""),
            ("fixtures/repos/good/expect.toml", ""),
            ("fixtures/repos/bad/main.py", ""),
        ]);
        let found: Vec<_> = check(&tree).into_iter().map(|f| f.path).collect();
        assert_eq!(found, ["fixtures/repos/bad/expect.toml"]);
    }
}
