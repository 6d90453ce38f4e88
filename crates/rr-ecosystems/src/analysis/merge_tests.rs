//! Merging of unit plans.

use super::*;
use rr_core::{Command, EcosystemId, Evidence, UnitKind, UnitRole};

fn unit(path: &str, ecosystem: &str) -> Unit {
    Unit {
        path: path.to_owned(),
        ecosystem: EcosystemId::new(ecosystem),
        name: path.to_owned(),
        kind: UnitKind::Library,
        role: UnitRole::Primary,
        managers: Vec::new(),
        toolchains: Vec::new(),
        frameworks: Vec::new(),
        weight: 1,
        evidence: Vec::new(),
    }
}

fn plan_of(unit: &Unit, version: VersionRequest, mode: &str, kinds: &[StepKind]) -> UnitPlan {
    let steps = kinds.iter().map(|kind| {
        let id = format!("{}.{kind:?}", unit.ecosystem);
        Step::new(id, &unit.ecosystem, &unit.path, *kind, "t", Command::shell("true"))
    });
    UnitPlan {
        toolchains: vec![ToolchainRequirement {
            tool: "node".to_owned(),
            version,
            evidence: vec![Evidence::at("x", "y", Trust::Manifest)],
        }],
        env: [("MODE".to_owned(), mode.to_owned()), ("SAME".to_owned(), "s".to_owned())].into(),
        steps: steps.collect(),
        ..UnitPlan::default()
    }
}

#[test]
fn steps_come_in_kind_order_and_front_ends_are_built_first() {
    let (back, front) = (unit("api", "go"), unit("ui", "javascript"));
    let kinds = [StepKind::Install, StepKind::Build, StepKind::Test];
    let range = |text: &str| VersionRequest::Range(text.to_owned());
    let plan = merge(vec![
        (&back, plan_of(&back, range(">=1.9"), "a", &kinds)),
        (&front, plan_of(&front, range(">=1.10"), "b", &kinds)),
    ]);
    let order: Vec<_> = plan.steps.iter().map(|step| step.id.as_str()).collect();
    assert_eq!(
        order,
        [
            "go.Install",
            "javascript.Install",
            "javascript.Build",
            "go.Build",
            "go.Test",
            "javascript.Test"
        ]
    );
    assert_eq!(plan.toolchains[0].version, range(">=1.10"));
    assert_eq!(plan.env.keys().collect::<Vec<_>>(), ["SAME"]);
    assert_eq!(plan.steps[0].env["MODE"], "a");
    assert_eq!(plan.steps[1].env["MODE"], "b");
}

#[test]
fn equal_ids_of_two_units_are_told_apart() {
    let (one, two) = (unit("a", "go"), unit("b", "go"));
    let plan = merge(vec![
        (&one, plan_of(&one, VersionRequest::Any, "m", &[StepKind::Test])),
        (&two, plan_of(&two, VersionRequest::Exact("20".to_owned()), "m", &[StepKind::Test])),
    ]);
    let ids: Vec<_> = plan.steps.iter().map(|step| step.id.as_str()).collect();
    assert_eq!(ids, ["go.Test", "go.Test@b"]);
    assert_eq!(plan.toolchains[0].version, VersionRequest::Exact("20".to_owned()));
}
