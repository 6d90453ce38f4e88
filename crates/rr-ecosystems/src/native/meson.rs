//! Meson projects.

use std::sync::LazyLock;

use regex::Regex;
use rr_core::{Analysis, Evidence, RepoView, Trust, Unit};

use super::paths::{file_name, join};
use crate::miners::{program, query, split_words, unwrapped};

static TEST: LazyLock<Regex> = LazyLock::new(|| expression(r"(?m)^\s*(?:test|gtest\.test)\s*\("));
static PROJECT: LazyLock<Regex> = LazyLock::new(|| expression(r"project\s*\(\s*'([^']+)'"));
static PROGRAM: LazyLock<Regex> = LazyLock::new(|| {
    expression(
        r"(?s)\bexecutable\s*\(\s*'([A-Za-z0-9_.+-]+)'(.{0,2000}?)\n\s*\)|\bexecutable\s*\(\s*'([A-Za-z0-9_.+-]+)'([^\n]*)\)",
    )
});

fn expression(text: &str) -> Regex {
    #[expect(clippy::unwrap_used, reason = "constant expressions, tried by the tests")]
    Regex::new(text).unwrap()
}

fn files(repo: &dyn RepoView, folder: &str) -> Vec<std::sync::Arc<str>> {
    repo.below(folder)
        .iter()
        .filter(|entry| file_name(&entry.path) == "meson.build")
        .filter(|entry| {
            !entry.path.contains("subprojects/") && !super::detect::bundled(&entry.path)
        })
        .take(200)
        .filter_map(|entry| repo.text(&entry.path))
        .collect()
}

/// Whether some build file defines tests.
pub(super) fn has_tests(repo: &dyn RepoView, folder: &str) -> bool {
    files(repo, folder).iter().any(|text| TEST.is_match(text))
}

/// The project's name.
pub(super) fn name(repo: &dyn RepoView, folder: &str) -> Option<String> {
    let text = repo.text(&join(folder, "meson.build"))?;
    PROJECT.captures(&text).map(|found| found[1].to_owned())
}

/// The installed program that is called like the project, else the only program there is.
pub(super) fn main_program(repo: &dyn RepoView, folder: &str) -> Option<String> {
    let project = name(repo, folder)?.to_ascii_lowercase();
    let named = installed_program(repo, folder, &project);
    named.or_else(|| {
        let texts = files(repo, folder);
        let mut all = texts.iter().flat_map(|text| PROGRAM.captures_iter(text));
        let only = all.next()?;
        let library = texts.iter().any(|text| text.contains("library("));
        let test = texts.iter().any(|text| TEST.is_match(text));
        let name = only.get(1).or_else(|| only.get(3))?.as_str();
        (all.next().is_none() && !library && !test).then(|| name.to_owned())
    })
}

fn installed_program(repo: &dyn RepoView, folder: &str, project: &str) -> Option<String> {
    files(repo, folder).iter().find_map(|text| {
        PROGRAM.captures_iter(text).find_map(|found| {
            let name = found.get(1).or_else(|| found.get(3))?.as_str();
            let rest = found.get(2).or_else(|| found.get(4))?.as_str();
            let same = name.to_ascii_lowercase() == project;
            (same && rest.contains("install")).then(|| name.to_owned())
        })
    })
}

/// The `-D` options of CI's `meson setup`, and where they stand.
pub(super) fn documented(analysis: &Analysis, unit: &Unit) -> (Vec<String>, Option<Evidence>) {
    for command in &analysis.commands {
        let words = split_words(&command.line);
        let owned = query::owner(analysis, "native", &command.cwd)
            .is_some_and(|owner| owner.path == unit.path);
        if !owned || program(&words).as_deref() != Some("meson") {
            continue;
        }
        let inner = unwrapped(&words);
        let other = ["test", "compile", "install", "dist", "introspect", "configure"];
        if inner
            .iter()
            .any(|word| word.starts_with("--cross-file") || other.contains(&word.as_str()))
            || super::cmake::foreign(&command.context)
            || command.evidence.trust < Trust::Readme
        {
            continue;
        }
        let flags = inner
            .iter()
            .filter(|word| word.starts_with("-D") && !word.contains(['$', '{']))
            .filter(|word| {
                !["sanitize", "coverage", "werror", "docs", "fuzz"].iter().any(|w| word.contains(w))
            })
            .cloned()
            .collect();
        return (flags, Some(command.evidence.clone()));
    }
    (Vec::new(), None)
}
