//! Configuration on small trees.

use super::*;
use crate::miners;
use rr_core::{EcosystemId, MemoryRepo, UnitKind};

fn planned(files: &[(&str, &str)]) -> RunPlan {
    let repo = MemoryRepo::new(files.iter().map(|(path, text)| (*path, *text)));
    let unit = Unit {
        path: String::new(),
        ecosystem: EcosystemId::new("python"),
        name: "x".to_owned(),
        kind: UnitKind::Service,
        role: UnitRole::Primary,
        managers: Vec::new(),
        toolchains: Vec::new(),
        frameworks: Vec::new(),
        weight: 1,
        evidence: Vec::new(),
    };
    let mined = miners::mine(&repo);
    let analysis = Analysis {
        units: vec![unit.clone()],
        commands: mined.commands,
        facts: mined.facts,
        ..Analysis::default()
    };
    let step = |kind| {
        Step::new(format!("{kind:?}"), &unit.ecosystem, "", kind, "t", Command::shell("true"))
    };
    let mut plan =
        RunPlan { steps: vec![step(StepKind::Start), step(StepKind::Test)], ..RunPlan::default() };
    add_to_plan(&repo, &analysis, &[&unit], &mut plan);
    plan
}

#[test]
fn a_template_is_copied_where_the_code_reads_env_files() {
    let template = (".env.example", "SECRET_KEY=change-me\nSTRIPE_SECRET_KEY=\nDEBUG=1\n");
    let plan = planned(&[template, ("requirements.txt", "python-dotenv\n")]);
    assert_eq!(plan.steps[0].command.to_string(), "test -e .env || cp .env.example .env");
    assert_eq!(plan.env.keys().collect::<Vec<_>>(), ["SECRET_KEY"]);
    assert_eq!(planned(&[template]).steps.len(), 2);
    let committed = (".env", "DEBUG=1\n");
    assert_eq!(
        planned(&[template, committed, ("requirements.txt", "python-dotenv\n")]).steps.len(),
        2
    );
}

#[test]
fn the_file_that_ci_copies_is_preferred() {
    let plan = planned(&[
        (".env.example", "A=1\n"),
        (".env.ci", "A=2\n"),
        (
            ".github/workflows/ci.yml",
            "jobs:\n  t:\n    runs-on: ubuntu-latest\n    steps:\n    - run: cp .env.ci .env\n    - run: pytest\n",
        ),
    ]);
    assert_eq!(plan.steps[0].command.to_string(), "test -e .env || cp .env.ci .env");
}

#[test]
fn ci_variables_reach_the_tests_and_keys_the_start() {
    let plan = planned(&[(
        ".github/workflows/ci.yml",
        "env: {MODE: test, APP_SECRET: s, CODECOV_TOKEN: x}\njobs:\n  t:\n    runs-on: ubuntu-latest\n    steps:\n    - run: pytest\n",
    )]);
    let names = |at: usize| plan.steps[at].env.keys().map(String::as_str).collect::<Vec<_>>();
    assert_eq!(names(0), ["APP_SECRET"]);
    assert_eq!(names(1), ["APP_SECRET", "MODE"]);
}
