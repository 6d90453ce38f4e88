//! No rule and no fixture may know a repository whose truth we know.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use super::finding::Finding;
use super::settings::Known;
use super::tree::Tree;

/// The `owner/name`s in the `repo` column of every `.csv` file in `folder`. None where there is
/// no such folder: the lists are not part of the project.
pub(crate) fn read(folder: &Path) -> Result<Vec<String>> {
    let mut names = Vec::new();
    let Ok(entries) = fs::read_dir(folder) else { return Ok(names) };
    for entry in entries {
        let path = entry.with_context(|| format!("listing `{}`", folder.display()))?.path();
        if path.extension().is_some_and(|e| e == "csv") {
            let text = fs::read_to_string(&path)
                .with_context(|| format!("reading `{}`", path.display()))?;
            names.extend(parse(&text).with_context(|| format!("reading `{}`", path.display()))?);
        }
    }
    names.sort();
    names.dedup();
    Ok(names)
}

/// The `repo` column of one list.
fn parse(text: &str) -> Result<Vec<String>> {
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(text.as_bytes());
    let column = reader.headers()?.iter().position(|name| name == "repo");
    let column = column.context("no column `repo`")?;
    let mut names = Vec::new();
    for record in reader.records() {
        names.extend(record?.get(column).filter(|name| name.contains('/')).map(str::to_owned));
    }
    Ok(names)
}

/// Places where a known repository's full name stands.
pub(crate) fn check(tree: &Tree, names: &[String], known: &Known) -> Vec<Finding> {
    let below: Vec<&str> = known.below.iter().map(String::as_str).collect();
    let mut findings = Vec::new();
    for name in names.iter().filter(|n| !known.exceptions.iter().any(|e| e.place == **n)) {
        for file in tree.select(&below, &[""]) {
            for (index, line) in file.text.lines().enumerate().filter(|(_, l)| names_it(l, name)) {
                let message =
                    format!("`{name}` is a repository with known truth: `{}`", line.trim());
                findings.push(Finding::failure(&file.path, index + 1, "known-repository", message));
            }
        }
    }
    findings
}

/// Whether `line` holds `name` as a whole: `a/b` stands in `host/a/b.git`, not in `xa/bc`.
fn names_it(line: &str, name: &str) -> bool {
    let word = |c: char| c.is_alphanumeric() || c == '-' || c == '_';
    line.match_indices(name).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        let after = line[at + name.len()..].chars().next();
        !before.is_some_and(word) && !after.is_some_and(word)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known() -> Known {
        let exceptions = Vec::new();
        Known { folder: String::new(), below: vec!["crates/".to_owned()], exceptions }
    }

    #[test]
    fn a_known_name_is_found_below_the_given_folders_only() {
        let names = parse("commit,repo\n1,some/thing\n2,\"other/one\"\n").unwrap();
        assert_eq!(names, ["some/thing", "other/one"]);
        let tree = Tree::of(&[
            ("crates/a/src/lib.rs", "x\nif url == \"https://host/some/thing.git\" {\n"),
            ("crates/a/src/b.rs", "awesome/thing some/things some/thing-else"),
            ("docs/results.md", "some/thing"),
        ]);
        let found = check(&tree, &names, &known());
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].path.as_str(), found[0].line), ("crates/a/src/lib.rs", 2));
    }

    #[test]
    fn a_list_without_the_column_is_an_error_and_an_absent_folder_is_not() {
        assert!(parse("name\na/b\n").is_err());
        assert!(read(Path::new("/nonexistent")).unwrap().is_empty());
    }
}
