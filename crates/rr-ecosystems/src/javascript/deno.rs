//! A package that is Deno's alone.

use rr_core::{
    Command, EcosystemId, Evidence, NetworkNeed, RepoView, ReportFormat, Step, StepKind, TestSpec,
    ToolchainRequirement, Trust, Unit, UnitPlan, VersionRequest,
};

/// The plan of a unit that has `deno.json` and no `package.json`.
pub(super) fn plan(repo: &dyn RepoView, unit: &Unit) -> UnitPlan {
    let id = EcosystemId::new("javascript");
    let file = if repo.has("deno.json") { "deno.json" } else { "deno.jsonc" };
    let evidence = || Evidence::at(file, "javascript.deno", Trust::Manifest);
    let text = repo.text(file).unwrap_or_default();
    let task = serde_json::from_str::<serde_json::Value>(&text)
        .ok()
        .and_then(|value| Some(value.get("tasks")?.get("test")?.as_str()?.to_owned()));
    let report = "@{reports}/deno.xml";
    let line =
        task.filter(|line| line.contains("deno test")).unwrap_or_else(|| "deno test -A".to_owned());
    let line = line.replacen("deno test", &format!("deno test --junit-path={report}"), 1);
    let mut install = Step::new(
        "javascript.install",
        &id,
        &unit.path,
        StepKind::Install,
        "fetch dependencies with deno",
        Command::argv(["deno", "install"]),
    );
    install.evidence.push(evidence());
    let mut test = Step::new(
        "javascript.test",
        &id,
        &unit.path,
        StepKind::Test,
        "run the tests with deno",
        Command::shell(line),
    );
    test.network = NetworkNeed::Loopback;
    test.test = Some(TestSpec {
        runner: "deno".to_owned(),
        format: ReportFormat::JunitXml,
        report: report.to_owned(),
    });
    test.evidence.push(evidence());
    UnitPlan {
        toolchains: vec![ToolchainRequirement {
            tool: "deno".to_owned(),
            version: VersionRequest::Any,
            evidence: vec![evidence()],
        }],
        env: [("DENO_DIR".to_owned(), "@{caches}/deno".to_owned())].into(),
        steps: vec![install, test],
        ..UnitPlan::default()
    }
}
