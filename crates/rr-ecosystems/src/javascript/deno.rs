//! A package that is Deno's alone.

use rr_core::{
    Command, EcosystemId, Evidence, HealthProbe, NetworkNeed, ProbeKind, RepoView, ReportFormat,
    Step, StepKind, TestSpec, ToolchainRequirement, Trust, Unit, UnitPlan, VersionRequest,
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
    let tests = has_tests(repo).then_some(test);
    UnitPlan {
        toolchains: vec![ToolchainRequirement {
            tool: "deno".to_owned(),
            version: VersionRequest::Any,
            evidence: vec![evidence()],
        }],
        env: [("DENO_DIR".to_owned(), "@{caches}/deno".to_owned())].into(),
        steps: [Some(install), start(repo, unit, &id, evidence()), tests]
            .into_iter()
            .flatten()
            .collect(),
        ..UnitPlan::default()
    }
}

/// Whether there are files that `deno test` takes for tests.
fn has_tests(repo: &dyn RepoView) -> bool {
    let ends = ["_test", ".test", "/test", "/tests"];
    repo.files().iter().any(|entry| {
        let stem = entry
            .path
            .rsplit_once('.')
            .filter(|(_, end)| matches!(*end, "ts" | "tsx" | "js" | "jsx" | "mjs" | "mts"));
        stem.is_some_and(|(stem, _)| ends.iter().any(|end| format!("/{stem}").ends_with(end)))
    })
}

/// The `start` task, else the entry file; whether it listens, its run tells.
fn start(repo: &dyn RepoView, unit: &Unit, id: &EcosystemId, evidence: Evidence) -> Option<Step> {
    let file = ["main.ts", "mod.ts", "index.ts", "src/main.ts", "server.ts", "main.js", "index.js"]
        .into_iter()
        .find(|file| repo.has(file));
    let task = ["deno.json", "deno.jsonc"]
        .iter()
        .find_map(|name| repo.text(name))
        .is_some_and(|text| text.contains("\"start\":"));
    let words = match (task, file) {
        (true, _) => vec!["deno", "task", "start"],
        (false, Some(file)) => vec!["deno", "run", "-A", file],
        (false, None) => return None,
    };
    let title = format!("start with `{}`", words.join(" "));
    let command = Command::argv(words);
    let name = "javascript.start";
    let mut step = Step::new(name, id, &unit.path, StepKind::Start, title, command);
    let kind = ProbeKind::Program { paths: vec!["/".to_owned()] };
    step.probe = Some(HealthProbe { kind, expected_port: Some(8000), start_seconds: 20 });
    step.optional = !task;
    Some(step.because(evidence))
}
