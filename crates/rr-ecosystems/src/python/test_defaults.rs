//! Ways to run a unit's tests that its files suggest, where nothing is documented or where what
//! is documented finds nothing.

use std::collections::BTreeMap;

use rr_core::{Evidence, RepoView, Trust, Unit};

use super::layout::Layout;
use super::manifest::Manifest;
use super::paths::{file_name, join, parent, relative};
use super::testing::TestCommand;

/// What the files suggest where nothing is documented, or where the documented command fails.
pub(super) fn defaults(
    repo: &dyn RepoView,
    unit: &Unit,
    manifest: &Manifest,
    layout: &Layout,
) -> Vec<TestCommand> {
    let mut found = Vec::new();
    let place = |path: &str, rule: &str| Evidence::at(path, rule, Trust::Manifest);
    let mut add = |runner, words: &[&str], evidence| {
        found.push(TestCommand {
            runner,
            argv: words.iter().map(|word| (*word).to_owned()).collect(),
            cwd: unit.path.clone(),
            env: BTreeMap::new(),
            evidence,
        });
    };
    let signs = Signs::of(repo, unit, manifest, layout);
    let manage = layout_file(repo, unit, "manage.py");
    if let Some(config) = &manifest.pytest {
        add("pytest", &["python", "-m", "pytest"], config.evidence.clone());
    } else if let Some(path) = &signs.pytest {
        add("pytest", &["python", "-m", "pytest"], place(path, "python.pytest-import"));
    }
    if let (Some(_), Some(path)) = (&manage, &signs.django) {
        add(
            "django",
            &["python", "manage.py", "test", "--noinput"],
            place(path, "python.django-tests"),
        );
    }
    for name in ["runtests.py", "run_tests.py", "tests/runtests.py", "test.py", "tests.py"] {
        let path = join(&unit.path, name);
        if is_runner(repo, &path) {
            add("script", &["python", name], place(&path, "python.own-runner"));
        }
    }
    let tests: Vec<&String> =
        layout.tests.iter().filter(|path| holds_tests(repo, path)).take(TESTS).collect();
    if let Some(path) = tests.first() {
        let outside_names = tests.iter().all(|path| !pytest_name(file_name(path)));
        let evidence = place(path, "python.test-files");
        if outside_names {
            let pattern = format!("python_files={}", names(&tests));
            add("pytest", &["python", "-m", "pytest", "-o", &pattern], evidence);
        } else {
            add("pytest", &["python", "-m", "pytest"], evidence);
        }
        if signs.unittest {
            let folder = relative(&unit.path, parent(path));
            let start = folder.split('/').next().filter(|f| !f.is_empty()).unwrap_or(".");
            add(
                "unittest",
                &["python", "-m", "unittest", "discover", "-s", start, "-t", "."],
                place(path, "python.unittest"),
            );
        }
    }
    let mut unique: Vec<TestCommand> = Vec::new();
    for mut command in found {
        // Django imports applications as seen from the folder of manage.py.
        if let Some(script) = manage.as_deref().filter(|_| command.runner == "django") {
            parent(script).clone_into(&mut command.cwd);
        }
        if !unique.iter().any(|known| known.argv == command.argv) {
            unique.push(command);
        }
    }
    unique
}

/// Most test files looked at.
const TESTS: usize = 300;
/// Most names that are spelled out as a pattern.
const NAMES: usize = 20;

/// Whether a file holds tests: by its name, or by what it defines. Other files beside tests help
/// them, and loading those may do anything.
fn holds_tests(repo: &dyn RepoView, path: &str) -> bool {
    let defines = ["def test", "class Test", "TestCase", "import pytest", "from pytest"];
    pytest_name(file_name(path))
        || repo.text(path).is_some_and(|text| defines.iter().any(|sign| text.contains(sign)))
}

/// The names of test files as a pattern of pytest's.
fn names(tests: &[&String]) -> String {
    let mut names: Vec<&str> = tests.iter().map(|path| file_name(path)).collect();
    names.retain(|name| !name.contains(char::is_whitespace));
    names.sort_unstable();
    names.dedup();
    if names.is_empty() || names.len() > NAMES {
        return "test*.py *_test.py *tests.py tests/*.py test/*.py".to_owned();
    }
    names.join(" ")
}

/// Whether pytest collects a file of this name by itself.
fn pytest_name(name: &str) -> bool {
    name.starts_with("test_") || name.ends_with("_test.py")
}

/// A script at the unit's top that runs its tests itself.
fn is_runner(repo: &dyn RepoView, path: &str) -> bool {
    repo.text(path).is_some_and(|text| {
        let runs =
            ["unittest.main(", "TextTestRunner", "pytest.main(", "run_tests(", "runner.run("];
        text.contains("__main__") && runs.iter().any(|word| text.contains(word))
    })
}

fn layout_file(repo: &dyn RepoView, unit: &Unit, name: &str) -> Option<String> {
    let direct = join(&unit.path, name);
    if repo.has(&direct) {
        return Some(direct);
    }
    repo.below(&unit.path)
        .iter()
        .filter(|entry| file_name(&entry.path) == name)
        .map(|entry| entry.path.clone())
        .find(|path| relative(&unit.path, path).matches('/').count() == 1)
}

/// Which frameworks the test files use.
struct Signs {
    pytest: Option<String>,
    unittest: bool,
    django: Option<String>,
}

impl Signs {
    fn of(repo: &dyn RepoView, unit: &Unit, manifest: &Manifest, layout: &Layout) -> Self {
        let mut signs = Self { pytest: None, unittest: false, django: None };
        let conftest = ["conftest.py", "tests/conftest.py", "test/conftest.py"];
        signs.pytest =
            conftest.iter().map(|name| join(&unit.path, name)).find(|path| repo.has(path));
        for path in layout.tests.iter().take(300) {
            let Some(text) = repo.text(path) else { continue };
            if signs.pytest.is_none() && text.contains("import pytest") {
                signs.pytest = Some(path.clone());
            }
            signs.unittest |= text.contains("unittest");
            if signs.django.is_none() && text.contains("django.test") {
                signs.django = Some(path.clone());
            }
        }
        if signs.pytest.is_none() && !layout.tests.is_empty() {
            let named = manifest.all_requirements().any(|line| line.starts_with("pytest"));
            signs.pytest = named.then(|| manifest.files.first().cloned()).flatten();
        }
        signs
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rr_core::MemoryRepo;

    #[test]
    fn helpers_beside_tests_are_no_tests() {
        let repo = MemoryRepo::new([
            ("tests/checks.py", "import thing\ndef test_it(): pass\n"),
            ("tests/rich-fail.py", "raise SystemExit(1)\n"),
            ("tests/lit.cfg.py", "config.name = 'x'\n"),
        ]);
        let held = |path: &str| holds_tests(&repo, path);
        assert!(held("tests/checks.py") && held("tests/test_absent.py"));
        assert!(!held("tests/rich-fail.py") && !held("tests/lit.cfg.py"));
        assert_eq!(names(&[&"tests/checks.py".to_owned()]), "checks.py");
    }
}
