//! Requirements: single lines (PEP 508), requirement files, and which files a unit has.

use std::collections::BTreeSet;

use rr_core::RepoView;

use super::paths::{join, parent};

/// One requirement file.
#[derive(Clone, Debug)]
pub(super) struct RequirementFile {
    /// Path relative to the root.
    pub(super) path: String,
    /// What it is for, by its name.
    pub(super) purpose: Purpose,
}

/// What a requirement file is for, by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Purpose {
    /// What the program needs.
    Main,
    /// What its tests need.
    Test,
    /// What its developers need.
    Develop,
    /// Anything else: documentation, deployment, constraints.
    Other,
}

/// A distribution's name as PyPI compares names: lower case, runs of `-_.` as one `-`.
pub(super) fn normalize(name: &str) -> String {
    let mut normal = String::with_capacity(name.len());
    for byte in name.trim().chars() {
        if matches!(byte, '-' | '_' | '.') {
            if !normal.ends_with('-') {
                normal.push('-');
            }
        } else {
            normal.extend(byte.to_lowercase());
        }
    }
    normal
}

/// The normalised name a requirement line names; `None` for options, URLs and paths.
pub(super) fn requirement_name(line: &str) -> Option<String> {
    let line = line.trim();
    if line.is_empty() || line.starts_with(['-', '#', '.', '/']) {
        return egg_name(line);
    }
    if line.contains("://") && !line.contains('@') {
        return egg_name(line);
    }
    let end = line.find(|c: char| !(c.is_ascii_alphanumeric() || "-_.".contains(c)));
    let name = &line[..end.unwrap_or(line.len())];
    let rest = &line[name.len()..];
    (!name.is_empty() && !rest.starts_with(['+', ':', '/'])).then(|| normalize(name))
}

/// Every requirement file of a unit: beside its manifest, in `requirements/`, and in its test
/// folders.
pub(super) fn files(repo: &dyn RepoView, unit: &str) -> Vec<RequirementFile> {
    let folders =
        ["", "requirements", "requirement", "reqs", "test", "tests", ".ci", "ci", "tools"];
    let mut found = Vec::new();
    for folder in folders {
        let place = join(unit, folder);
        for entry in repo.children(&place) {
            let name = entry.path.rsplit('/').next().unwrap_or(&entry.path);
            let in_folder = folder.starts_with("req");
            if !is_requirement_name(name, in_folder) || repo.size(&entry.path) > 200_000 {
                continue;
            }
            found
                .push(RequirementFile { purpose: purpose(folder, name), path: entry.path.clone() });
        }
    }
    found
}

/// The lines of a file that say something, joined over `\`, comments and hashes cut.
pub(super) fn lines_of(text: &str) -> Vec<String> {
    let joined = text.replace("\\\r\n", " ").replace("\\\n", " ");
    joined
        .lines()
        .map(|line| {
            let line = line.split(" #").next().unwrap_or(line);
            line.split(" --hash").next().unwrap_or(line).trim().to_owned()
        })
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .collect()
}

/// All requirement lines of a file with its `-r` includes followed, each file once.
pub(super) fn closure(repo: &dyn RepoView, path: &str) -> Vec<String> {
    let mut seen = BTreeSet::new();
    let mut lines = Vec::new();
    follow(repo, path, &mut seen, &mut lines);
    lines
}

/// The file that a `-r` or `--requirement` line includes, relative to the including file.
pub(super) fn included(line: &str) -> Option<&str> {
    let rest = line
        .strip_prefix("--requirement")
        .or_else(|| line.strip_prefix("-r"))?
        .trim_start_matches(['=', ' ', '\t']);
    (!rest.is_empty()).then_some(rest.trim())
}

fn follow(repo: &dyn RepoView, path: &str, seen: &mut BTreeSet<String>, lines: &mut Vec<String>) {
    if seen.len() > 40 || !seen.insert(path.to_owned()) {
        return;
    }
    let Some(text) = repo.text(path) else { return };
    for line in lines_of(&text) {
        match included(&line) {
            Some(other) => follow(repo, &join(parent(path), other), seen, lines),
            None => lines.push(line),
        }
    }
}

fn is_requirement_name(name: &str, in_folder: bool) -> bool {
    let Some(stem) = name.strip_suffix(".txt").or_else(|| name.strip_suffix(".pip")) else {
        return false;
    };
    let stem = stem.to_lowercase();
    in_folder || stem.contains("requirements") || stem.contains("requires") || stem == "reqs"
}

fn purpose(folder: &str, name: &str) -> Purpose {
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem).to_lowercase();
    let has = |words: &[&str]| words.iter().any(|word| stem.contains(word));
    if has(&["constraint", "doc", "lint", "deploy", "gpu", "cuda", "example", "typing", "mypy"]) {
        return Purpose::Other;
    }
    if has(&["test"]) || folder.starts_with("test") {
        return Purpose::Test;
    }
    if has(&["dev", "-ci", "_ci", "local"]) || stem == "ci" {
        return Purpose::Develop;
    }
    let main = ["requirements", "base", "common", "main", "core", "install", "default", "reqs"];
    let in_root = folder.is_empty() || folder.starts_with("req");
    match main.contains(&stem.as_str()) && in_root {
        true => Purpose::Main,
        false => Purpose::Other,
    }
}

fn egg_name(line: &str) -> Option<String> {
    let (_, name) = line.split_once("#egg=")?;
    Some(normalize(name.split(['&', '[']).next().unwrap_or(name)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rr_core::MemoryRepo;

    #[test]
    fn names_are_read_from_every_form() {
        let name = |line| requirement_name(line);
        assert_eq!(
            name("Flask_SQLAlchemy[x]>=2; python_version>'3'").as_deref(),
            Some("flask-sqlalchemy")
        );
        assert_eq!(name("a @ https://x/y.whl").as_deref(), Some("a"));
        assert_eq!(name("git+https://x/y#egg=Zed").as_deref(), Some("zed"));
        assert_eq!(name("-e git+https://x/y#egg=Zed").as_deref(), Some("zed"));
        assert_eq!(name("-r other.txt"), None);
        assert_eq!(name("./local"), None);
        assert_eq!(name("https://x/y.tar.gz"), None);
    }

    #[test]
    fn files_are_found_where_projects_put_them_and_includes_are_followed() {
        let repo = MemoryRepo::new([
            ("requirements.txt", "a==1\n"),
            ("requirements/test.txt", "-r ../requirements.txt\npytest # why\n"),
            ("tests/requirements.txt", "mock"),
            ("requirements-docs.txt", "sphinx"),
            ("notes.txt", "x"),
        ]);
        let found = files(&repo, "");
        let of = |path: &str| found.iter().find(|f| f.path == path).map(|f| f.purpose);
        assert_eq!(of("requirements.txt"), Some(Purpose::Main));
        assert_eq!(of("requirements/test.txt"), Some(Purpose::Test));
        assert_eq!(of("tests/requirements.txt"), Some(Purpose::Test));
        assert_eq!(of("requirements-docs.txt"), Some(Purpose::Other));
        assert_eq!(of("notes.txt"), None);
        assert_eq!(closure(&repo, "requirements/test.txt"), ["a==1", "pytest"]);
    }
}
