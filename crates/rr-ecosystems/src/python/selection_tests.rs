//! What is chosen from what repositories say.

use std::collections::BTreeMap;

use rr_core::{
    Analysis, CommandClass, EcosystemId, Evidence, MemoryRepo, MinedCommand, Trust, Unit, UnitKind,
    UnitRole,
};

use super::{Selection, choose};
use crate::python::manifest;

fn unit() -> Unit {
    Unit {
        path: String::new(),
        ecosystem: EcosystemId::new("python"),
        name: "x".to_owned(),
        kind: UnitKind::Library,
        role: UnitRole::Primary,
        managers: Vec::new(),
        toolchains: Vec::new(),
        frameworks: Vec::new(),
        weight: 50,
        evidence: Vec::new(),
    }
}

fn chosen(files: &[(&str, &str)], ci: &[&str]) -> Selection {
    let repo = MemoryRepo::new(files.iter().copied());
    let lines = ci.iter().map(|line| (*line, CommandClass::Install));
    let commands = lines
        .chain([("pytest", CommandClass::Test)])
        .map(|(line, class)| MinedCommand {
            line: line.to_owned(),
            class,
            cwd: String::new(),
            env: BTreeMap::new(),
            context: "tests".to_owned(),
            evidence: Evidence::at(".github/workflows/ci.yml", "test", Trust::Ci),
        })
        .collect();
    let analysis = Analysis { units: vec![unit()], commands, ..Analysis::default() };
    choose(&repo, &unit(), &manifest::read(&repo, ""), &analysis)
}

const SETUP: &str =
    "setup(name='x', extras_require={'test': ['pytest'], 'dev': ['black'], 'gpu': ['cupy']})";

#[test]
fn ci_rules_and_drivers_are_left_out() {
    let files = [("setup.py", SETUP), ("requirements-ci.txt", "mock")];
    let found = chosen(
        &files,
        &[
            "python -m pip install --upgrade pip tox",
            "pip install -r requirements-ci.txt -e '.[test,gpu]' numpy==1.2",
        ],
    );
    assert_eq!(found.extras.iter().collect::<Vec<_>>(), ["gpu", "test"]);
    assert_eq!(found.files, ["requirements-ci.txt"]);
    assert_eq!(found.packages, ["numpy==1.2"]);
    assert_eq!(found.evidence.len(), 1);
}

#[test]
fn names_decide_where_nothing_is_said() {
    let found = chosen(&[("setup.py", SETUP), ("test/requirements.txt", "nose")], &[]);
    assert_eq!(found.extras.iter().collect::<Vec<_>>(), ["test"]);
    assert_eq!(found.files, ["test/requirements.txt"]);
    let plain = chosen(
        &[("requirements.txt", "flask"), ("requirements-dev.txt", "pytest"), ("a.py", "")],
        &[],
    );
    assert_eq!(plain.files, ["requirements.txt", "requirements-dev.txt"]);
}

#[test]
fn a_package_does_not_pull_its_frozen_requirements_unless_asked() {
    let files = [("setup.py", SETUP), ("requirements.txt", "numpy==1.16.4")];
    assert!(chosen(&files, &[]).files.is_empty());
    assert_eq!(chosen(&files, &["pip install -r requirements.txt"]).files, ["requirements.txt"]);
}

#[test]
fn tox_and_nox_say_what_tests_need() {
    let tox = "[testenv]\ndeps =\n  -r{toxinidir}/tests.txt\n  pytest>=3\n  py27: mock\nextras = test\n[testenv:docs]\ndeps = sphinx-rtd\n";
    let found = chosen(&[("setup.py", SETUP), ("tox.ini", tox), ("tests.txt", "six")], &[]);
    assert_eq!(found.files, ["tests.txt"]);
    assert_eq!(found.packages, ["pytest>=3"]);
    let nox = "@nox.session\ndef lint(session):\n    session.install('flake8-x')\n@nox.session\ndef tests(session):\n    session.install('-e', '.[test]', 'pretend')\n";
    let found = chosen(&[("setup.py", SETUP), ("noxfile.py", nox)], &[]);
    assert_eq!(found.packages, ["pretend"]);
}

#[test]
fn groups_of_every_kind_are_found() {
    let pyproject = "[project]\nname='x'\n[dependency-groups]\ntests=['pytest']\ndocs=['sphinx']\n";
    let found = chosen(&[("pyproject.toml", pyproject)], &[]);
    assert_eq!(found.groups.iter().collect::<Vec<_>>(), ["tests"]);
    let poetry = "[tool.poetry]\nname='x'\n[tool.poetry.group.dev.dependencies]\npytest='*'\n[tool.poetry.group.docs.dependencies]\nmkdocs='*'\n";
    let found = chosen(&[("pyproject.toml", poetry)], &["poetry install --with docs"]);
    assert_eq!(found.tool_groups.iter().collect::<Vec<_>>(), ["dev", "docs"]);
}

#[test]
fn conda_s_environment_stands_in_for_a_package_that_declares_nothing() {
    let conda = ("environment.yml", "dependencies:\n  - six\n");
    let bare = ("setup.py", "from setuptools import setup\nsetup(name='x', py_modules=['x'])\n");
    let found = chosen(&[bare, conda, ("x.py", "")], &[]);
    assert!(found.tool_groups.contains("conda"));
    let says = ("setup.py", "setup(name='x', py_modules=['x'], install_requires=['six'])\n");
    assert!(!chosen(&[says, conda, ("x.py", "")], &[]).tool_groups.contains("conda"));
}
