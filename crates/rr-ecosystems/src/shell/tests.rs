//! Shell programs on small trees.

use crate::analysis::{analyze_view, plan_view};
use rr_core::{EnvironmentReport, MemoryRepo, ReportFormat, RunPlan, StepKind};

fn plan(files: &[(&str, &str)]) -> RunPlan {
    let repo = MemoryRepo::new(files.iter().map(|(path, text)| (*path, *text)));
    let analysis = analyze_view(&repo);
    let primary: Vec<_> = analysis.primary_units().map(|u| u.ecosystem.as_str()).collect();
    assert_eq!(primary, ["shell"]);
    plan_view(&repo, &analysis, &EnvironmentReport::default(), None).unwrap()
}

const SCRIPT: &str = "#!/usr/bin/env bash\necho \"--version\"\n";

#[test]
fn a_suite_of_bats_reports_in_tap_beside_its_output() {
    let plan = plan(&[
        ("lib/tool.sh", SCRIPT),
        ("test/a.bats", "@test 'x' { true; }\n"),
        ("test/sub/b.bats", "@test 'y' { true; }\n"),
        ("test/fixtures/c.bats", "@test 'z' { false; }\n"),
    ]);
    let test = plan.of_kind(StepKind::Test).next().unwrap();
    assert_eq!(
        test.command.to_string(),
        "bats --report-formatter tap --output @{reports} --recursive test"
    );
    assert_eq!(test.test.as_ref().unwrap().format, ReportFormat::Tap);
    assert_eq!(plan.system_packages[0].name, "bats");
}

#[test]
fn a_runner_inside_the_tree_is_used() {
    let plan = plan(&[
        ("test/bats/bin/bats", SCRIPT),
        ("tool.sh", SCRIPT),
        ("test/a.bats", "@test 'x' { true; }\n"),
        (
            ".github/workflows/ci.yml",
            "jobs:\n  t:\n    runs-on: ubuntu-latest\n    steps:\n    - run: ./test/bats/bin/bats --tap test/a.bats\n",
        ),
    ]);
    let test = plan.of_kind(StepKind::Test).next().unwrap();
    assert_eq!(
        test.command.to_string(),
        "./test/bats/bin/bats --report-formatter tap --output @{reports} test/a.bats"
    );
    assert_eq!(test.evidence[0].line, Some(5));
    assert!(plan.system_packages.is_empty());
}

#[test]
fn a_test_script_of_its_own_counts_by_its_exit() {
    let plan = plan(&[
        ("tool.sh", SCRIPT),
        ("tests/run.sh", SCRIPT),
        ("Makefile", "test:\n\tbash tests/run.sh\n"),
    ]);
    let test = plan.of_kind(StepKind::Test).next().unwrap();
    assert_eq!(test.command.to_string(), "make test");
    assert_eq!(test.test.as_ref().unwrap().format, ReportFormat::ExitStatus);
}
