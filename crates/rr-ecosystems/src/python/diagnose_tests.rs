//! Every rule's sample, and whole diagnoses.

use regex::Regex;
use rr_core::{
    Analysis, CauseClass, Diagnosis, EnvironmentReport, Exit, MemoryRepo, Outcome, PlanContext,
    PlanEdit, RemedyKind, RunPlan, Step, StepKind, TestRun,
};

use super::{RULES, diagnose};
use crate::python::Python;
use rr_core::Ecosystem;

#[test]
fn every_rule_compiles_and_matches_its_sample() {
    for rule in RULES {
        let expression = Regex::new(rule.pattern);
        assert!(expression.is_ok(), "{}: {:?}", rule.name, expression.err());
        assert!(expression.unwrap().is_match(rule.sample), "{}: {}", rule.name, rule.sample);
    }
}

fn diagnosed(
    files: &[(&str, &str)],
    step: &str,
    output: &str,
    tests: Option<&TestRun>,
    date: Option<&str>,
) -> Vec<Diagnosis> {
    diagnosed_with(files, step, output, tests, date, &[])
}

/// The diagnoses after signatures that were treated already.
pub(in crate::python) fn diagnosed_with(
    files: &[(&str, &str)],
    step: &str,
    output: &str,
    tests: Option<&TestRun>,
    date: Option<&str>,
    treated: &[&str],
) -> Vec<Diagnosis> {
    let treated: Vec<String> = treated.iter().map(|known| (*known).to_owned()).collect();
    let repo = MemoryRepo::new(files.iter().copied());
    let units = Python.detect(&repo);
    let analysis = Analysis { units, commit_date: date.map(str::to_owned), ..Analysis::default() };
    let environment = EnvironmentReport::default();
    let context = PlanContext { analysis: &analysis, environment: &environment };
    let planned = Python.plan(&repo, &analysis.units[0], &context);
    let plan = RunPlan {
        toolchains: planned.toolchains,
        env: planned.env,
        steps: planned.steps,
        ..RunPlan::default()
    };
    let step: &Step = plan.steps.iter().find(|known| known.id.as_str() == step).unwrap();
    let outcome = Outcome {
        exit: Exit::Code(1),
        seconds: 1.0,
        output_bytes: 0,
        tail: String::new(),
        head: String::new(),
        peak_memory: None,
        left_processes: false,
    };
    diagnose(
        &repo,
        &rr_core::FailedStep {
            step,
            outcome: &outcome,
            output,
            tests,
            plan: &plan,
            analysis: &analysis,
            environment: &environment,
            treated: &treated,
        },
    )
}

const FILES: &[(&str, &str)] = &[
    ("setup.py", "setup(name='x', python_requires='>=3.6')"),
    ("x/__init__.py", "y = 1"),
    ("tests/test_x.py", "import pytest\nimport x"),
];

#[test]
fn missing_modules_are_installed_together() {
    let output = "E   ModuleNotFoundError: No module named 'yaml'\nE   ModuleNotFoundError: No module named 'dateutil.parser'\n";
    let found = diagnosed(FILES, "python.test", output, None, None);
    assert_eq!(found[0].signature, "python.missing-module:python-dateutil,PyYAML");
    let RemedyKind::AddDependency { names } = &found[0].remedies[0].kind else { panic!() };
    assert_eq!(names, &["python-dateutil", "pyyaml"]);
    assert!(matches!(&found[0].remedies[0].edits[0], PlanEdit::InsertBefore { step, .. }
        if step.kind == StepKind::Install && step.command.to_string() == "uv pip install python-dateutil PyYAML"));
}

#[test]
fn an_unknown_module_is_never_guessed() {
    let found = diagnosed(FILES, "python.test", "No module named 'acme_private'", None, None);
    assert!(found.iter().all(|diagnosis| diagnosis.remedies.is_empty()), "{found:?}");
}

#[test]
fn the_projects_own_module_is_put_on_the_path() {
    let files = [
        ("requirements.txt", "flask"),
        ("lib2/thing.py", "x"),
        ("tests/test_x.py", "import thing"),
    ];
    let found = diagnosed(&files, "python.test", "No module named 'thing'", None, None);
    let PlanEdit::SetEnv { value, .. } = &found[0].remedies[0].edits[0] else { panic!() };
    assert!(value.starts_with("@{tools}/recorder/python:"), "{value}");
    assert!(value.ends_with("@{workspace}/lib2"), "{value}");
}

#[test]
fn options_of_plugins_name_the_plugin() {
    let output = "ERROR: usage: pytest\npytest: error: unrecognized arguments: --cov=x -n4\n";
    let found = diagnosed(FILES, "python.test", output, None, None);
    assert_eq!(found[0].signature, "python.option-of-plugin:pytest-cov,pytest-xdist");
}

#[test]
fn rotten_dependencies_are_resolved_as_of_the_commit() {
    let output = "ImportError: cannot import name 'escape' from 'jinja2' (/env/venv/lib/python3.11/site-packages/jinja2/__init__.py)";
    let found = diagnosed(FILES, "python.check", output, None, Some("2025-12-01"));
    assert_eq!(found[0].remedies[0].kind, RemedyKind::ResolveAsOf { date: "2025-12-02".into() });
    assert_eq!(found[0].remedies[0].resume_at.as_ref().unwrap().as_str(), "python.venv");
}

#[test]
fn a_too_new_python_is_changed_for_the_nearest_older_one() {
    let output =
        "File \"/env/venv/lib/python3.13/x.py\"\nModuleNotFoundError: No module named 'imp'";
    let found = diagnosed(FILES, "python.test", output, None, None);
    assert_eq!(
        found[0].remedies[0].kind,
        RemedyKind::UseToolchain { tool: "python".into(), version: "3.11".into() }
    );
}

#[test]
fn no_tests_lead_to_the_next_command() {
    let files = [
        ("setup.py", "setup(name='x')"),
        ("x.py", "y = 1"),
        ("runtests.py", "if __name__ == '__main__':\n    unittest.main()"),
        ("tests/test_x.py", "import unittest"),
    ];
    let empty = TestRun { runner: "script".into(), complete: false, ..TestRun::default() };
    let found = diagnosed(&files, "python.test", "Ran 0 tests in 0.0s\n\nOK", Some(&empty), None);
    assert!(
        matches!(&found[0].remedies[0].kind, RemedyKind::ChangeCommand { to } if to == "python -m pytest"),
        "{found:?}"
    );
}

#[test]
fn a_package_without_its_tests_is_its_own_fault() {
    let manifest = "[project]\nname='x'\n[tool.pytest.ini_options]\naddopts = '--strict-config'\n";
    let files = [("pyproject.toml", manifest), ("x.py", "y = 1")];
    let empty = TestRun { runner: "pytest".into(), complete: true, ..TestRun::default() };
    let output = "collected 0 items\n\n=== no tests ran in 0.03s ===\n";
    let found = diagnosed(&files, "python.test", output, Some(&empty), None);
    assert!(found[0].signature.starts_with("python.no-tests"), "{found:?}");
    assert_eq!((found[0].cause, found[0].remedies.len()), (CauseClass::Intrinsic, 0));
}

#[test]
fn a_lock_whose_files_are_gone_is_left_aside() {
    let files = [
        ("pyproject.toml", "[project]\nname='x'\n[build-system]\nrequires=['flit_core']\n"),
        ("uv.lock", ""),
        ("x.py", "y = 1"),
        ("tests/test_x.py", "import pytest"),
    ];
    let output = "error: Failed to fetch `https://gone.example/x-1.0-py3-none-any.whl`";
    let found = diagnosed(&files, "python.sync", output, None, None);
    let remedy = &found[0].remedies[0];
    let installs = remedy.edits.iter().any(|edit| {
        matches!(edit, PlanEdit::InsertBefore { step, .. } | PlanEdit::ReplaceStep { step }
            if step.command.to_string() == "uv pip install -e . pytest")
    });
    let drops = remedy.edits.iter().any(
        |edit| matches!(edit, PlanEdit::RemoveStep { step } if step.as_str() == "python.sync"),
    );
    assert!(installs && drops, "{remedy:?}");
}
