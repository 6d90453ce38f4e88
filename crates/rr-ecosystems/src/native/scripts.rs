//! Test scripts of projects whose build files have no test target.

use rr_core::{Analysis, CommandClass, Evidence, FileKind, RepoView, Trust, Unit};

use super::paths::{file_name, join};
use crate::miners::{program, query, split_words};

/// A command that tests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Script {
    pub(super) line: String,
    /// Folder relative to the root.
    pub(super) cwd: String,
    pub(super) evidence: Evidence,
}

/// Names of scripts that run tests, at the unit's root or in a test folder.
const NAMES: &[&str] = &[
    "run_tests.sh",
    "run-tests.sh",
    "runtests.sh",
    "run_test.sh",
    "runtest.sh",
    "test.sh",
    "tests.sh",
    "check.sh",
    "runtests",
    "run_tests",
    "run-tests",
];

/// What CI runs, else a script that lies where such scripts lie.
pub(super) fn find(repo: &dyn RepoView, analysis: &Analysis, unit: &Unit) -> Option<Script> {
    let documented = query::commands(analysis, unit, CommandClass::Test).into_iter().find(|c| {
        let words = split_words(&c.line);
        let name = program(&words).unwrap_or_default();
        let tool = ["make", "gmake", "ctest", "cmake", "meson", "ninja", "valgrind"];
        c.evidence.trust >= Trust::Readme
            && !tool.contains(&name.as_str())
            && !c.line.contains(['$', '`'])
            && !super::cmake::foreign(&c.context)
            && words.first().is_some_and(|word| word.starts_with("./") || is_shell(word))
    });
    if let Some(command) = documented {
        return Some(Script {
            line: command.line.clone(),
            cwd: command.cwd.clone(),
            evidence: command.evidence.clone(),
        });
    }
    ["", "tests", "test", "t"].iter().find_map(|below| {
        let folder = join(&unit.path, below);
        let folder = folder.trim_end_matches('/');
        NAMES.iter().find_map(|name| {
            let path = join(folder, name);
            repo.entry(&path).filter(|entry| entry.kind != FileKind::Link)?;
            let run = if repo.is_executable(&path) { "./" } else { "sh ./" };
            Some(Script {
                line: format!("{run}{}", file_name(&path)),
                cwd: folder.to_owned(),
                evidence: Evidence::at(&path, "native.test-script", Trust::Default),
            })
        })
    })
}

fn is_shell(word: &str) -> bool {
    matches!(word, "sh" | "bash")
}
