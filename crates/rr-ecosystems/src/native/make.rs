//! Makefiles, hand-written or automake's: their test targets.

use std::sync::{Arc, LazyLock};

use regex::Regex;
use rr_core::{Analysis, CommandClass, Evidence, RepoView, Trust, Unit};

use super::paths::{file_name, is_test_folder, join, parent};
use crate::miners::{query, split_words, unwrapped};

/// Names under which `make` finds its file.
pub(super) const FILES: &[&str] = &["GNUmakefile", "makefile", "Makefile"];

/// Goals that run tests, the most usual first.
const GOALS: &[&str] =
    &["check", "test", "tests", "runtests", "run-tests", "unittest", "unit-tests", "test-all"];

static AUTOMAKE_TESTS: LazyLock<Regex> =
    LazyLock::new(|| expression(r"(?m)^(?:dist_)?(?:TESTS|check_SCRIPTS)\s*\+?=\s*\S"));
static LINTS: LazyLock<Regex> =
    LazyLock::new(|| expression(r"cppcheck|clang-tidy|clang-format|splint|lint|checkpatch"));

fn expression(text: &str) -> Regex {
    #[expect(clippy::unwrap_used, reason = "constant expressions, tried by the tests")]
    Regex::new(text).unwrap()
}

/// The makefile of a folder, or what it is generated from.
pub(super) fn text(repo: &dyn RepoView, folder: &str) -> Option<(String, Arc<str>)> {
    ["Makefile.in", "makefile.in"]
        .iter()
        .chain(FILES)
        .map(|name| join(folder, name))
        .find_map(|path| repo.text(&path).map(|text| (path, text)))
}

/// Whether a folder's makefile compiles C or C++: it speaks of a compiler or of object files.
pub(super) fn builds_c(repo: &dyn RepoView, folder: &str) -> bool {
    let signs =
        ["$(CC)", "${CC}", "$(CXX)", "${CXX}", "CFLAGS", "CXXFLAGS", "gcc ", "g++ ", "cc -"];
    let sources: Vec<String> = repo
        .children(folder)
        .iter()
        .filter(|entry| super::detect::is_source(&entry.path))
        .filter_map(|entry| file_name(&entry.path).split('.').next().map(str::to_owned))
        .collect();
    FILES.iter().filter_map(|name| repo.text(&join(folder, name))).any(|text| {
        signs.iter().any(|sign| text.contains(sign))
            || delegates(&text)
            || sources.iter().any(|stem| names_target(&text, stem))
    })
}

/// Whether a makefile names a program or object that its built-in rules make of a source.
fn names_target(text: &str, stem: &str) -> bool {
    text.lines().any(|line| {
        line.split([' ', ':', '\t']).any(|word| {
            word == stem || word.strip_suffix(".o").is_some_and(|object| object == stem)
        }) && line.contains(':')
    })
}

/// `$(MAKE) -C src`: the compiling is done below.
fn delegates(text: &str) -> bool {
    text.contains("$(MAKE) -C") || text.contains("${MAKE} -C") || text.contains("cd src && $(MAKE)")
}

/// The test goal that a folder's makefile has. A `check` that only lints is none.
pub(super) fn goal(repo: &dyn RepoView, folder: &str) -> Option<(String, Evidence)> {
    let (path, text) = text(repo, folder)?;
    GOALS.iter().find_map(|goal| {
        let line = text.lines().position(|line| {
            line.strip_prefix(goal).is_some_and(|rest| {
                let rest = rest.trim_start();
                rest.starts_with(':') && !rest.starts_with(":=") && !rest.starts_with("::=")
            })
        })?;
        let recipe: String =
            text.lines().skip(line + 1).take_while(|line| line.starts_with('\t')).collect();
        if LINTS.is_match(&recipe) && !recipe.contains("test") {
            return None;
        }
        let number = u32::try_from(line + 1).unwrap_or(u32::MAX);
        let excerpt = text.lines().nth(line).unwrap_or_default();
        let evidence = Evidence::at(&path, "native.make-goal", Trust::TaskRunner);
        Some(((*goal).to_owned(), evidence.with_line(number, excerpt)))
    })
}

/// How many test targets the test goal gathers; 1 where it tests by itself, 0 without one.
pub(super) fn test_count(repo: &dyn RepoView, folder: &str) -> usize {
    let Some((_, evidence)) = goal(repo, folder) else { return 0 };
    let mut line = evidence.excerpt;
    if let Some((_, next)) = line.split_once(": ")
        && GOALS.contains(&next.trim())
        && let Some((_, text)) = text(repo, folder)
    {
        let wanted = format!("{}:", next.trim());
        line = text.lines().find(|l| l.starts_with(&wanted)).unwrap_or("").to_owned();
    }
    let needs = line.split_once(':').map_or("", |(_, needs)| needs);
    needs.split_whitespace().filter(|need| need.contains("test")).count().max(1)
}

/// Whether automake files of a folder define tests.
pub(super) fn automake_tests(repo: &dyn RepoView, folder: &str) -> bool {
    repo.below(folder)
        .iter()
        .filter(|entry| {
            let name = file_name(&entry.path);
            name == "Makefile.am" || name.ends_with(".am")
        })
        .filter(|entry| !super::detect::bundled(&entry.path))
        .filter_map(|entry| repo.text(&entry.path))
        .any(|text| AUTOMAKE_TESTS.is_match(&text))
}

/// `make check` that does something of its own in an automake file (`check-local:`).
pub(super) fn check_local(repo: &dyn RepoView, folder: &str) -> Option<MakeTest> {
    let path = join(folder, "Makefile.am");
    let text = repo.text(&path)?;
    let own = |line: &str| line.starts_with("check-local:") || line.starts_with("check:");
    let line = text.lines().position(own)?;
    let evidence = Evidence::at(path, "native.check-local", Trust::Manifest);
    Some(MakeTest {
        folder: folder.to_owned(),
        goal: Some("check".to_owned()),
        variables: Vec::new(),
        evidence: evidence.with_line(u32::try_from(line + 1).unwrap_or(u32::MAX), "check-local:"),
    })
}

/// A run of `make` that tests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct MakeTest {
    /// Folder relative to the root.
    pub(super) folder: String,
    /// The goal; `None` for the default one.
    pub(super) goal: Option<String>,
    /// `NAME=value` words.
    pub(super) variables: Vec<String>,
    pub(super) evidence: Evidence,
}

/// The `make` by which CI or the docs test a unit: by goal, or by standing in a test folder.
pub(super) fn documented(analysis: &Analysis, unit: &Unit) -> Option<MakeTest> {
    let mut best: Option<(i32, MakeTest)> = None;
    for class in [CommandClass::Test, CommandClass::Build, CommandClass::Unknown] {
        for command in query::commands(analysis, unit, class) {
            let words = split_words(&command.line);
            let Some(test) = parse(unwrapped(&words), &command.cwd, &command.evidence) else {
                continue;
            };
            let in_tests = is_test_folder(&test.folder);
            let score = match &test.goal {
                // Where both are documented, `check` is the short suite by convention.
                Some(goal) if goal == "check" => 7,
                Some(goal) if goal == "test" || goal == "tests" => 6,
                Some(_) if class == CommandClass::Test => 3,
                None if in_tests => 5,
                _ => continue,
            } + if command.evidence.trust == Trust::Ci { 4 } else { 0 }
                - if super::cmake::foreign(&command.context) { 6 } else { 0 };
            if score > 0 && best.as_ref().is_none_or(|(top, _)| score > *top) {
                best = Some((score, test));
            }
        }
    }
    best.map(|(_, test)| test)
}

/// `make -C tests check V=1`, `${{ matrix.make }}` in a test folder, `gmake -j4 test`.
fn parse(words: &[String], cwd: &str, evidence: &Evidence) -> Option<MakeTest> {
    let first = words.first()?;
    let is_make = matches!(first.rsplit('/').next(), Some("make" | "gmake" | "$MAKE" | "${MAKE}"))
        || first.starts_with("${{") && words.join(" ").contains("make");
    if !is_make {
        return None;
    }
    let skip = words.iter().position(|word| word.ends_with("}}")).map_or(1, |at| at + 1);
    let mut test = MakeTest {
        folder: cwd.to_owned(),
        goal: None,
        variables: Vec::new(),
        evidence: evidence.clone(),
    };
    let mut rest = words.iter().skip(skip);
    while let Some(word) = rest.next() {
        match word.as_str() {
            "-C" => test.folder = join(cwd, rest.next()?.trim_end_matches('/')),
            "-f" | "-f-" => return None,
            "-j" | "-l" => {}
            "||" | "&&" | "|" | ";" | ">" | "2>&1" | "&" => break,
            word if word.starts_with('-') => {}
            word if word.contains(['$', '{', '`']) || word.chars().all(|c| c.is_ascii_digit()) => {}
            // Another compiler or another kind of build is that job's concern.
            word if word.contains('=') => {
                let name = word.split('=').next().unwrap_or("");
                if ![
                    "CC",
                    "CXX",
                    "CFLAGS",
                    "CXXFLAGS",
                    "CPPFLAGS",
                    "LDFLAGS",
                    "DESTDIR",
                    "PREFIX",
                    "MOREFLAGS",
                ]
                .contains(&name)
                {
                    test.variables.push(word.to_owned());
                }
            }
            word if test.goal.is_none() => test.goal = Some(word.to_owned()),
            _ => {}
        }
    }
    Some(test)
}

/// A folder of tests with a makefile of its own that no documented command names.
pub(super) fn test_folder(repo: &dyn RepoView, unit: &str) -> Option<MakeTest> {
    repo.below(unit)
        .iter()
        .filter(|entry| FILES.contains(&file_name(&entry.path)))
        .map(|entry| parent(&entry.path))
        .filter(|folder| is_test_folder(folder) && parent(folder) == unit)
        .map(|folder| {
            let found = goal(repo, folder);
            let evidence = found.as_ref().map(|(_, evidence)| evidence.clone());
            MakeTest {
                folder: folder.to_owned(),
                goal: found.map(|(goal, _)| goal),
                variables: Vec::new(),
                evidence: evidence.unwrap_or_else(|| {
                    Evidence::at(join(folder, "Makefile"), "native.test-folder", Trust::Default)
                }),
            }
        })
        .next()
}
