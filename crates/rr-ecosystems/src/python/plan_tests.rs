//! Whole plans of small repositories.

use rr_core::{
    Analysis, CommandClass, Ecosystem, EnvironmentReport, Evidence, MemoryRepo, MinedCommand,
    PlanContext, StepKind, Trust, UnitPlan, VersionRequest,
};

use super::day_after;
use crate::python::Python;

fn planned(files: &[(&str, &str)], mined: &[(&str, CommandClass)], date: Option<&str>) -> UnitPlan {
    let repo = MemoryRepo::new(files.iter().copied());
    let units = Python.detect(&repo);
    let commands = mined
        .iter()
        .map(|(line, class)| MinedCommand {
            line: (*line).to_owned(),
            class: *class,
            cwd: String::new(),
            env: std::collections::BTreeMap::new(),
            context: "test".to_owned(),
            evidence: Evidence::at("ci.yml", "test", Trust::Ci),
        })
        .collect();
    let analysis = Analysis {
        units: units.clone(),
        commands,
        commit_date: date.map(str::to_owned),
        ..Analysis::default()
    };
    let environment = EnvironmentReport::default();
    let context = PlanContext { analysis: &analysis, environment: &environment };
    Python.plan(&repo, &units[0], &context)
}

fn line(plan: &UnitPlan, id: &str) -> String {
    plan.steps
        .iter()
        .find(|s| s.id.as_str() == id)
        .map(|s| s.command.to_string())
        .unwrap_or_default()
}

#[test]
fn a_uv_project_is_synced_with_its_test_group() {
    let plan = planned(
        &[
            (
                "pyproject.toml",
                "[project]\nname='x'\n[build-system]\nrequires=['flit_core']\n[dependency-groups]\ntests=['pytest']\n",
            ),
            ("uv.lock", ""),
            ("src/x/__init__.py", "y = 1"),
            ("tests/test_x.py", "import pytest"),
        ],
        &[],
        None,
    );
    assert_eq!(line(&plan, "python.sync"), "uv sync --frozen --inexact --group tests");
    assert_eq!(line(&plan, "python.install"), "");
    assert_eq!(line(&plan, "python.test"), "python -m pytest");
    assert_eq!(line(&plan, "python.start"), "python -c 'import x'");
}

#[test]
fn a_poetry_lock_constrains_one_resolution() {
    let plan = planned(
        &[
            (
                "pyproject.toml",
                "[tool.poetry]\nname='x'\n[tool.poetry.dependencies]\npython='^3.9'\nhttpx='^0.2'\n[tool.poetry.dev-dependencies]\npytest='^6'\n[build-system]\nrequires=['poetry-core']\n",
            ),
            ("poetry.lock", "[[package]]\nname='httpx'\nversion='0.2.1'\n"),
            ("x.py", "y = 1"),
            ("tests/test_x.py", "import pytest"),
        ],
        &[("poetry run pytest -x --cov=x tests/", CommandClass::Test)],
        None,
    );
    assert!(line(&plan, "python.lock").contains("httpx==0.2.1"));
    assert_eq!(
        line(&plan, "python.install"),
        "uv pip install -e . 'pytest>=6,<7' -c @{env}/venv-lock.txt"
    );
    assert_eq!(line(&plan, "python.test"), "python -m pytest tests");
}

#[test]
fn an_old_unpinned_repository_is_resolved_as_of_its_time() {
    let files = [
        ("requirements.txt", "flask"),
        ("app.py", "from flask import Flask\napp = Flask(__name__)"),
        ("test_app.py", "import app"),
    ];
    let plan = planned(&files, &[], Some("2019-12-31"));
    assert_eq!(plan.env["UV_EXCLUDE_NEWER"], "2020-01-01");
    assert!(line(&plan, "python.install").contains("-r @{workspace}/requirements.txt pytest"));
    assert!(line(&plan, "python.start").contains("flask run"));
    assert!(!planned(&files, &[], Some("2026-10-01")).env.contains_key("UV_EXCLUDE_NEWER"));
}

#[test]
fn python_2_gets_pip_and_virtualenv() {
    let plan = planned(
        &[
            ("setup.py", "setup(name='x')\nprint 'hi'"),
            ("x.py", "print 'x'"),
            ("tests.py", "import unittest\nif __name__ == '__main__':\n    unittest.main()"),
        ],
        &[],
        None,
    );
    assert_eq!(plan.toolchains[0].version, VersionRequest::Exact("2.7".to_owned()));
    assert!(line(&plan, "python.venv").contains("virtualenv<20.22"));
    assert!(line(&plan, "python.install").starts_with("python -m pip install -e ."));
    assert_eq!(line(&plan, "python.test"), "python tests.py");
}

#[test]
fn no_tests_give_no_test_step() {
    let plan = planned(&[("setup.py", "setup(name='x')"), ("x.py", "y = 1")], &[], None);
    assert!(plan.steps.iter().all(|step| step.kind != StepKind::Test));
    assert_eq!(plan.notes, ["no tests were found"]);
}

#[test]
fn dates_roll_over() {
    assert_eq!(day_after("2020-02-28"), "2020-02-29");
    assert_eq!(day_after("2021-02-28"), "2021-03-01");
    assert_eq!(day_after("2021-12-31"), "2022-01-01");
}

#[test]
fn a_unit_below_the_root_uses_its_own_environment() {
    let plan = planned(
        &[
            ("backend/requirements.txt", "flask"),
            ("backend/app.py", "from flask import Flask\napp = Flask(__name__)"),
            ("backend/test_app.py", "import pytest"),
        ],
        &[],
        None,
    );
    assert_eq!(line(&plan, "python.test@backend"), "@{env}/backend-venv/bin/python -m pytest");
    assert!(line(&plan, "python.start@backend").starts_with("export PATH=@{env}/backend-venv/bin"));
    assert!(line(&plan, "python.venv@backend").starts_with("rm -rf @{env}/backend-venv"));
}
