//! Plans of small trees: what would be run, and how its outcomes would be had.

use rr_core::{
    Command, EcosystemId, EnvironmentReport, MemoryRepo, PlanContext, ReportFormat, Step, StepKind,
    UnitKind, UnitPlan, UnitRole,
};

use crate::analysis::analyze_view;
use crate::registry;

fn plan_of(files: &[(&str, &str)]) -> (UnitPlan, UnitKind) {
    let repo = MemoryRepo::new(files.iter().copied());
    let analysis = analyze_view(&repo);
    let unit = analysis
        .units
        .iter()
        .find(|unit| unit.ecosystem.as_str() == "javascript")
        .expect("a javascript unit");
    let environment = EnvironmentReport::default();
    let context = PlanContext { analysis: &analysis, environment: &environment };
    let ecosystem = registry::by_id(&EcosystemId::new("javascript")).unwrap();
    (ecosystem.plan(&repo, unit, &context), unit.kind)
}

fn tests(plan: &UnitPlan) -> Vec<(String, String, ReportFormat)> {
    plan.steps
        .iter()
        .filter(|step| step.kind == StepKind::Test)
        .map(|step| (step.cwd.clone(), line(step), step.test.as_ref().unwrap().format))
        .collect()
}

fn line(step: &Step) -> String {
    match &step.command {
        Command::Shell(text) => text
            .lines()
            .filter(|line| *line != "set +u" && !line.starts_with("export PATH"))
            .collect::<Vec<_>>()
            .join("\n"),
        Command::Argv(words) => words.join(" "),
    }
}

fn package(scripts: &str, rest: &str) -> String {
    format!(r#"{{"name": "x", "scripts": {{{scripts}}}{rest}}}"#)
}

#[test]
fn lint_before_and_types_after_never_hide_the_tests() {
    let manifest =
        package(r#""test": "xo && c8 ava && tsd""#, r#", "devDependencies": {"ava": "3"}"#);
    let (plan, kind) = plan_of(&[("package.json", &manifest), ("source/index.js", "")]);
    let file = tests(&plan)[0].1.rsplit(' ').next().unwrap().to_owned();
    assert_eq!(tests(&plan)[0].1, format!("c8 ava --tap | tee {file}"));
    assert_eq!(tests(&plan)[0].2, ReportFormat::Tap);
    assert_eq!(kind, UnitKind::Library);
}

#[test]
fn the_job_of_ci_rules_over_the_test_script() {
    let manifest = package(
        r#""test": "npm run lint && npm run test-ci && npm run test-browser", "lint": "standard",
           "test-ci": "taper tests/test-*.js", "test-browser": "node tests/browser/start.js""#,
        "",
    );
    let workflow =
        "on: push\njobs:\n  test:\n    runs-on: x\n    steps:\n      - run: npm run test-ci\n";
    let files = [
        ("package.json", manifest.as_str()),
        ("index.js", ""),
        (".github/workflows/ci.yml", workflow),
    ];
    let (plan, _) = plan_of(&files);
    let found = tests(&plan);
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].1, "taper tests/test-*.js");
    assert_eq!(found[0].2, ReportFormat::Recorder);
}

#[test]
fn watch_mode_is_taken_off_and_pnpm_fetches_no_other_pnpm() {
    let manifest = package(
        r#""test": "vitest", "dev": "vite --port 3333 --open", "build": "vite build""#,
        r#", "private": true, "packageManager": "pnpm@9.1.1", "devDependencies": {"vite": "5", "vitest": "1"}"#,
    );
    let files = [
        ("package.json", manifest.as_str()),
        ("pnpm-lock.yaml", "lockfileVersion: '9.0'\n"),
        ("index.html", "<html>"),
        ("src/main.ts", ""),
    ];
    let (plan, kind) = plan_of(&files);
    assert!(tests(&plan)[0].1.starts_with("vitest run --reporter=default"), "{:?}", tests(&plan));
    assert_eq!(kind, UnitKind::Site);
    let start = plan.steps.iter().find(|step| step.kind == StepKind::Start).unwrap();
    assert_eq!(line(start), "vite --port 3333 --host 127.0.0.1");
    assert_eq!(start.probe.as_ref().unwrap().expected_port, Some(3333));
    assert_eq!(plan.env["npm_config_manage_package_manager_versions"], "false");
    assert!(plan.toolchains.iter().any(|t| t.tool == "pnpm"));
    assert_eq!(line(&plan.steps[0]), "pnpm install --frozen-lockfile");
}

#[test]
fn loops_of_the_shell_stay_whole() {
    for script in ["set -e; for t in test/*.js; do node $t; done", "if [ -d test ]; then mocha; fi"]
    {
        let manifest = package(&format!(r#""test": "{script}""#), "");
        let files = [("package.json", manifest.as_str()), ("index.js", ""), ("test/a.js", "")];
        let (plan, _) = plan_of(&files);
        let lines: Vec<_> = tests(&plan).into_iter().map(|(_, line, _)| line).collect();
        assert_eq!(lines, [script]);
    }
}

#[test]
fn members_of_a_workspace_are_tested_one_by_one() {
    let root = package(
        r#""test": "turbo run test --filter=./packages/*""#,
        r#", "private": true, "workspaces": ["packages/*", "site"]"#,
    );
    let member = |script: &str| package(&format!(r#""test": "{script}""#), "");
    let files = [
        ("package.json", root.as_str()),
        ("yarn.lock", "# yarn lockfile v1\n"),
        ("packages/a/package.json", &member("jest")),
        ("packages/a/index.js", ""),
        ("packages/b/package.json", &member("tsc -p . && mocha")),
        ("packages/c/package.json", &member("echo no tests")),
        ("site/package.json", &member("jest")),
    ];
    let (plan, kind) = plan_of(&files);
    let found: Vec<_> = tests(&plan).into_iter().map(|(cwd, line, _)| (cwd, line)).collect();
    let pair = |a: &str, b: &str| (a.to_owned(), b.to_owned());
    assert_eq!(found, [pair("packages/a", "jest"), pair("packages/b", "mocha")]);
    assert_eq!(kind, UnitKind::Workspace);
    let builds: Vec<_> =
        plan.steps.iter().filter(|s| s.kind == StepKind::Build).map(line).collect();
    assert_eq!(builds, ["tsc -p ."]);
}

#[test]
fn a_call_that_only_builds_is_left_to_its_manager() {
    let root = package(
        r#""test": "pnpm run -r test:types && pnpm run -r build && pnpm test:vitest --coverage",
           "test:vitest": "vitest", "build": "pnpm -r build""#,
        r#", "private": true"#,
    );
    let member =
        package(r#""build": "tsup", "test:types": "tsc --noEmit", "dev:prepare": "gen""#, "");
    let files = [
        ("package.json", root.as_str()),
        ("pnpm-workspace.yaml", "packages:\n  - packages/*\n"),
        ("packages/a/package.json", &member),
        ("packages/b/package.json", &member),
        ("packages/b/x.ts", ""),
    ];
    let (plan, _) = plan_of(&files);
    let builds: Vec<_> =
        plan.steps.iter().filter(|s| s.kind == StepKind::Build).map(line).collect();
    assert_eq!(builds[..3], ["pnpm run dev:prepare", "pnpm run dev:prepare", "pnpm run -r build"]);
    assert_eq!(tests(&plan).len(), 1);
    assert!(tests(&plan)[0].1.ends_with("--coverage"));
}

#[test]
fn no_test_specified_is_said_and_nothing_is_invented() {
    let manifest = package(r#""test": "echo \"Error: no test specified\" && exit 1""#, "");
    let (plan, _) = plan_of(&[("package.json", &manifest), ("index.js", "module.exports = 1")]);
    assert!(tests(&plan).is_empty());
    assert!(plan.notes.iter().any(|note| note.contains("no test specified")), "{:?}", plan.notes);
}

#[test]
fn a_failing_suite_is_not_excused_by_its_command() {
    for script in ["mocha test || true", "mocha test; exit 0", "mocha --bail test || exit 0"] {
        let manifest = package(&format!(r#""test": "{script}""#), "");
        let (plan, _) = plan_of(&[("package.json", &manifest), ("index.js", "")]);
        assert_eq!(tests(&plan)[0].1, "mocha test", "{script}");
    }
}

#[test]
fn plain_scripts_count_by_their_exit_and_others_by_their_runner() {
    let of = |text: &str| {
        let manifest = package(r#""test": "node test.js""#, "");
        let (plan, _) =
            plan_of(&[("package.json", &manifest), ("index.js", ""), ("test.js", text)]);
        tests(&plan)[0].2
    };
    assert_eq!(of("require('assert')(1)"), ReportFormat::ExitStatus);
    assert_eq!(of("const test = require('tape')"), ReportFormat::Recorder);
    assert_eq!(of("import test from 'node:test'"), ReportFormat::Recorder);
}

#[test]
fn a_framework_is_no_application_and_a_tool_manifest_no_project() {
    let framework = r#"{"name": "fw", "main": "index.js", "files": ["lib"], "dependencies": {"send": "1"},
        "devDependencies": {"mocha": "10", "express": "4"}, "scripts": {"test": "mocha"}}"#;
    let (plan, kind) = plan_of(&[("package.json", framework), ("index.js", "module.exports = 1")]);
    assert_eq!(kind, UnitKind::Library);
    let start = plan.steps.iter().find(|step| step.kind == StepKind::Start).unwrap();
    assert!(line(start).contains("require('./index.js')"));

    let repo = MemoryRepo::new([
        ("package.json", r#"{"private": true, "devDependencies": {"prettier": "3"}}"#),
        ("eslint.config.mjs", ""),
        ("main.py", "print(1)"),
    ]);
    let unit = super::detect::units(&repo).remove(0);
    assert_eq!(unit.role, UnitRole::Tooling);
}

#[test]
fn services_and_command_lines_are_started_their_way() {
    let service = r#"{"name": "s", "private": true, "scripts": {"start": "node server.js"},
        "dependencies": {"express": "4"}}"#;
    let (plan, kind) = plan_of(&[("package.json", service), ("server.js", "app.listen(3000)")]);
    assert_eq!(kind, UnitKind::Service);
    let start = plan.steps.iter().find(|step| step.kind == StepKind::Start).unwrap();
    assert_eq!(line(start), "node server.js");

    let cli = r#"{"name": "c", "bin": {"c": "./cli.js"}}"#;
    let (plan, kind) = plan_of(&[("package.json", cli), ("cli.js", "#!/usr/bin/env node\n")]);
    assert_eq!(kind, UnitKind::Cli);
    let start = plan.steps.iter().find(|step| step.kind == StepKind::Start).unwrap();
    assert_eq!(line(start), "node cli.js --help");
}

#[test]
fn what_lies_beside_the_members_of_a_workspace_is_an_extra() {
    let repo = MemoryRepo::new([
        ("package.json", r#"{"name": "w", "private": true, "workspaces": ["packages/*"]}"#),
        ("packages/a/package.json", r#"{"name": "a", "version": "1.0.0"}"#),
        ("packages/a/index.js", ""),
        ("app/package.json", r#"{"name": "app", "dependencies": {"react": "18"}}"#),
        ("app/index.js", ""),
        ("dist/esm/package.json", r#"{"type": "module"}"#),
    ]);
    let roles: Vec<_> =
        super::detect::units(&repo).into_iter().map(|unit| (unit.path, unit.role)).collect();
    let row = |path: &str, role| (path.to_owned(), role);
    assert_eq!(
        roles,
        [
            row("app", UnitRole::Tooling),
            row("", UnitRole::Primary),
            row("packages/a", UnitRole::Member),
        ]
    );
}

#[test]
fn of_alternatives_the_one_that_tests_is_taken() {
    let scripts = r#""test": "xcopy /e . x || rsync -r ./ x || echo 'fine' && npm run suites",
        "suites": "node should-skip-tests.js || npm run all", "all": "npm run cjs && npm run esm",
        "cjs": "node runner.js \"lib/**/*.test.js\"", "esm": "mocha esm || exit 1""#;
    let manifest = package(scripts, "");
    let runner = "const { run } = require('node:test')";
    let (plan, _) = plan_of(&[("package.json", &manifest), ("runner.js", runner)]);
    let lines: Vec<String> = tests(&plan).into_iter().map(|(_, line, _)| line).collect();
    assert_eq!(lines.len(), 2, "{lines:?}");
    assert!(lines[0].contains("node runner.js") && lines[1].contains("mocha esm"), "{lines:?}");
}

#[test]
fn a_service_with_a_command_beside_it_is_a_service() {
    let own = |start: &str, rest: &str| {
        let text = package(
            &format!(r#""start": "{start}""#),
            &format!(r#", "bin": "bin/create.js", "dependencies": {{"express": "4"}}{rest}"#),
        );
        plan_of(&[("package.json", text.as_str()), ("src/index.js", ""), ("bin/create.js", "")]).1
    };
    assert_eq!(own("node src/index.js", ""), UnitKind::Service);
    assert_eq!(own("node bin/create", ""), UnitKind::Cli);
    assert_eq!(own("node src/index.js", r#", "files": ["bin"]"#), UnitKind::Cli);
}
