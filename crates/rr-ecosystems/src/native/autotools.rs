//! Projects with a `configure`, generated or written by hand.

use std::sync::LazyLock;

use regex::Regex;
use rr_core::{Analysis, Evidence, RepoView, Trust, Unit};

use super::paths::{file_name, join};
use super::system::BOOTSTRAPS;
use crate::miners::{program, query, split_words, unwrapped};

static INIT: LazyLock<Regex> =
    LazyLock::new(|| expression(r"AC_INIT\s*\(\s*\[?\s*([A-Za-z0-9_.+-]+)"));
static PROGRAMS: LazyLock<Regex> =
    LazyLock::new(|| expression(r"(?m)^bin_PROGRAMS\s*\+?=\s*(?:\\\n)?\s*([A-Za-z0-9_.+-]+)"));

fn expression(text: &str) -> Regex {
    #[expect(clippy::unwrap_used, reason = "constant expressions, tried by the tests")]
    Regex::new(text).unwrap()
}

/// The text of `configure.ac`.
pub(super) fn input(repo: &dyn RepoView, folder: &str) -> Option<std::sync::Arc<str>> {
    ["configure.ac", "configure.in"].iter().find_map(|name| repo.text(&join(folder, name)))
}

/// The package's name.
pub(super) fn name(repo: &dyn RepoView, folder: &str) -> Option<String> {
    INIT.captures(&input(repo, folder)?).map(|found| found[1].to_owned())
}

/// Whether automake makes the makefiles.
pub(super) fn uses_automake(repo: &dyn RepoView, folder: &str) -> bool {
    input(repo, folder).is_some_and(|text| text.contains("AM_INIT_AUTOMAKE"))
}

/// The first program that `make install` would put into `bin`.
pub(super) fn main_program(repo: &dyn RepoView, folder: &str) -> Option<String> {
    repo.below(folder)
        .iter()
        .filter(|entry| file_name(&entry.path) == "Makefile.am")
        .filter(|entry| !super::detect::bundled(&entry.path) && !entry.path.contains("example"))
        .filter_map(|entry| repo.text(&entry.path))
        .find_map(|text| PROGRAMS.captures(&text).map(|found| found[1].to_owned()))
}

/// The command that makes `configure`, where it does not lie there: the repository's own script
/// before `autoreconf`.
pub(super) fn bootstrap(
    repo: &dyn RepoView,
    analysis: &Analysis,
    unit: &Unit,
) -> Option<(String, Evidence)> {
    if repo.has(&join(&unit.path, "configure")) {
        return None;
    }
    for command in &analysis.commands {
        let words = split_words(&command.line);
        let name = program(&words).unwrap_or_default();
        let script = shell_script(&words).unwrap_or(name);
        let known = BOOTSTRAPS.contains(&script.as_str()) && script != "autoreconf";
        if command.cwd == unit.path && known && repo.has(&join(&unit.path, &script)) {
            return Some((run(repo, &unit.path, &script), command.evidence.clone()));
        }
    }
    let own = BOOTSTRAPS.iter().find(|name| repo.has(&join(&unit.path, name)));
    if let Some(name) = own {
        let evidence = Evidence::at(join(&unit.path, name), "native.bootstrap", Trust::Manifest);
        return Some((run(repo, &unit.path, name), evidence));
    }
    let evidence =
        Evidence::at(join(&unit.path, "configure.ac"), "native.bootstrap", Trust::Manifest);
    Some(("autoreconf --force --install".to_owned(), evidence))
}

/// `sh autogen.sh` runs `autogen.sh`.
fn shell_script(words: &[String]) -> Option<String> {
    let words = unwrapped(words);
    let shell = matches!(words.first()?.as_str(), "sh" | "bash" | "/bin/sh");
    let script = words.iter().skip(1).find(|word| !word.starts_with('-'));
    script.filter(|_| shell).map(|word| word.trim_start_matches("./").to_owned())
}

fn run(repo: &dyn RepoView, folder: &str, script: &str) -> String {
    let executable = repo.is_executable(&join(folder, script));
    if executable { format!("./{script}") } else { format!("sh ./{script}") }
}

/// The `--enable-…`, `--with-…` words by which CI configures, of the plainest job.
pub(super) fn flags(analysis: &Analysis, unit: &Unit) -> (Vec<String>, Option<Evidence>) {
    let mut best: Option<(i32, Vec<String>, Evidence)> = None;
    for command in &analysis.commands {
        let words = split_words(&super::cmake::expand(&command.line, &command.env));
        let owned = query::owner(analysis, "native", &command.cwd)
            .is_some_and(|owner| owner.path == unit.path);
        if !owned || program(&words).as_deref() != Some("configure") {
            continue;
        }
        let inner = unwrapped(&words);
        if inner.iter().any(|word| word.starts_with("--host") || word.starts_with("--target")) {
            continue;
        }
        let flags: Vec<String> =
            inner.iter().skip(1).filter(|word| is_kept(word)).cloned().collect();
        let score = if command.evidence.trust == Trust::Ci { 4 } else { 2 }
            - if super::cmake::foreign(&command.context) { 6 } else { 0 }
            + i32::from(flags.iter().any(|flag| flag.contains("test")));
        if best.as_ref().is_none_or(|(top, ..)| score > *top) {
            best = Some((score, flags, command.evidence.clone()));
        }
    }
    best.map_or((Vec::new(), None), |(_, flags, evidence)| (flags, Some(evidence)))
}

/// Only what can be meant here: no other place, compiler, or kind of run.
fn is_kept(word: &str) -> bool {
    const NOT: &[&str] = &[
        "sanit", "asan", "tsan", "msan", "coverage", "gcov", "werror", "fuzz", "valgrind", "doc",
        "static",
    ];
    (word.starts_with("--enable-") || word.starts_with("--disable-") || word.starts_with("--with"))
        && !word.contains(['$', '{', '`', '/'])
        && !NOT.iter().any(|part| word.contains(part))
}
