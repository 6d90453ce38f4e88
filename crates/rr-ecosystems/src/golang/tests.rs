//! Detection, plans and diagnosis on trees in memory.

use rr_core::{
    Analysis, Command, EcosystemId, EnvironmentReport, Exit, FailedStep, MemoryRepo, Outcome,
    PlanEdit, ProbeKind, RemedyKind, RunPlan, Step, StepKind, UnitKind, UnitRole, VersionRequest,
};

use crate::analysis::{analyze_view, plan_view};

fn plan(files: &[(&str, &str)]) -> (Analysis, RunPlan) {
    let repo = MemoryRepo::new(files.iter().map(|(p, t)| (*p, *t)));
    let analysis = analyze_view(&repo);
    let plan = plan_view(&repo, &analysis, &EnvironmentReport::default(), None).unwrap();
    (analysis, plan)
}

fn commands(plan: &RunPlan) -> Vec<String> {
    plan.steps.iter().map(|step| step.command.to_string()).collect()
}

#[test]
fn a_library_is_downloaded_built_imported_and_tested() {
    let (analysis, plan) = plan(&[
        ("go.mod", "module example.com/lib/v2\n\ngo 1.22\n"),
        ("lib.go", "package lib\n"),
        ("lib_test.go", "package lib\n"),
        ("examples/basic/main.go", "package main\nfunc main() {}\n"),
    ]);
    assert_eq!(
        (analysis.units[0].kind, analysis.units[0].name.as_str()),
        (UnitKind::Library, "lib")
    );
    assert_eq!(
        commands(&plan),
        [
            "go mod download",
            "go build ./...",
            "bash @{tools}/recorder/go/load-library.sh example.com/lib/v2",
            "bash @{tools}/recorder/go/run-tests.sh module -count=1 -timeout=30m -- ./...",
        ]
    );
}

#[test]
fn a_router_that_runs_without_an_address_serves() {
    let (analysis, plan) = plan(&[
        (
            "go.mod",
            "module example.com/app\n\ngo 1.22\n\nrequire github.com/labstack/echo/v4 v4.1.0\n",
        ),
        (
            "hello.go",
            "package main\nimport \"github.com/labstack/echo/v4\"\nfunc main() {\n\
             \tr := echo.New()\n\tr.GET(\"/ping\", h)\n\tr.Start(config.Address)\n}\n",
        ),
    ]);
    assert_eq!(analysis.units[0].kind, UnitKind::Service);
    let start = plan.of_kind(StepKind::Start).next().unwrap();
    assert!(matches!(start.probe.as_ref().unwrap().kind, ProbeKind::Http { .. }), "{start:?}");
}

#[test]
fn a_server_under_cmd_is_built_started_and_probed() {
    let (analysis, plan) = plan(&[
        ("go.mod", "module example.com/app\n\ngo 1.22\n"),
        (
            "cmd/api/main.go",
            "package main\nimport \"net/http\"\nfunc main() {\n\
             \thttp.HandleFunc(\"/healthz\", h)\n\thttp.ListenAndServe(\":9090\", nil)\n}\n",
        ),
        ("cmd/migrate/main.go", "package main\nfunc main() {}\n"),
        ("tools/gen/main.go", "package main\nfunc main() {}\n"),
    ]);
    assert_eq!(analysis.units[0].kind, UnitKind::Service);
    let build: Vec<_> = plan.of_kind(StepKind::Build).map(|s| s.command.to_string()).collect();
    assert_eq!(build[1], "go build -o @{env}/bin/api ./cmd/api");
    let start = plan.of_kind(StepKind::Start).next().unwrap();
    assert_eq!(start.command, Command::argv(["@{env}/bin/api"]));
    let probe = start.probe.as_ref().unwrap();
    let paths = vec!["/healthz".to_owned(), "/".to_owned()];
    assert_eq!((probe.kind.clone(), probe.expected_port), (ProbeKind::Http { paths }, Some(9090)));
}

#[test]
fn a_program_of_subcommands_is_no_server_by_default() {
    let (analysis, plan) = plan(&[
        ("go.mod", "module example.com/tool\n\nrequire github.com/spf13/cobra v1.8.0\n"),
        ("main.go", "package main\nfunc main() { http.ListenAndServe(\":1313\", nil) }\n"),
    ]);
    assert_eq!(analysis.units[0].kind, UnitKind::Cli);
    let start = plan.of_kind(StepKind::Start).next().unwrap();
    assert!(start.command.to_string().starts_with("@{env}/bin/tool --version || "));
}

#[test]
fn every_module_of_a_workspace_and_nested_test_modules_are_tested() {
    let (analysis, plan) = plan(&[
        ("go.work", "go 1.22\nuse (\n\t./a\n\t./b\n)\n"),
        ("a/go.mod", "module example.com/a\n\ngo 1.22\n"),
        ("a/a.go", "package a\n"),
        ("a/a_test.go", "package a\n"),
        ("a/tests/go.mod", "module example.com/a/tests\n\ngo 1.23\nreplace example.com/a => ../\n"),
        ("a/tests/x_test.go", "package tests\n"),
        ("b/go.mod", "module example.com/b\n\ngo 1.22\n"),
        ("b/b.go", "package b\n"),
        ("b/b_test.go", "package b\n"),
    ]);
    assert_eq!(
        (analysis.units[0].path.as_str(), analysis.units[0].kind),
        ("", UnitKind::Workspace)
    );
    assert!(analysis.units[1..].iter().all(|unit| unit.role == UnitRole::Member));
    let tested: Vec<_> = plan.of_kind(StepKind::Test).map(|step| step.cwd.as_str()).collect();
    assert_eq!(tested, ["a", "b"]);
}

#[test]
fn tests_kept_in_a_nested_module_are_run() {
    let (_, plan) = plan(&[
        ("go.mod", "module example.com/orm\n\ngo 1.18\n"),
        ("orm.go", "package orm\n"),
        (
            "tests/go.mod",
            "module example.com/orm/tests\n\ngo 1.23\nreplace example.com/orm => ../\n",
        ),
        ("tests/a_test.go", "package tests\n"),
    ]);
    let tested: Vec<_> = plan.of_kind(StepKind::Test).map(|step| step.cwd.as_str()).collect();
    assert_eq!(tested, ["tests"]);
}

#[test]
fn a_vendor_folder_counts_only_where_the_module_says_so() {
    let with = |version: &str| {
        let text = format!("module example.com/a\n\ngo {version}\n");
        let files =
            [("go.mod", text.as_str()), ("vendor/modules.txt", "#"), ("a.go", "package a\n")];
        commands(&plan(&files).1).contains(&"go mod download".to_owned())
    };
    assert!(with("1.13") && !with("1.14") && !with("1.22.1"));
}

#[test]
fn a_tree_from_before_modules_is_made_one() {
    let (_, plan) = plan(&[
        ("lib.go", "package lib // import \"example.com/lib\"\n"),
        ("lib_test.go", "package lib\n"),
        ("vendor/github.com/a/b/b.go", "package b\n"),
    ]);
    let commands = commands(&plan);
    assert!(commands[0].starts_with("go mod init example.com/lib && "));
    assert_eq!(commands[1], "go mod tidy -e");
    assert!(commands.last().unwrap().starts_with("cd @{home}/go/src/example.com/lib && bash "));
    assert!(plan.env["GOFLAGS"].starts_with("-mod=mod "));
}

fn diagnosed(kind: StepKind, words: &[&str], output: &str) -> rr_core::Diagnosis {
    let id = EcosystemId::new("go");
    let step = Step::new("go-x", &id, "", kind, "x", Command::argv(words.iter().copied()));
    let plan = RunPlan { steps: vec![step.clone()], ..RunPlan::default() };
    let outcome = Outcome {
        exit: Exit::Code(1),
        seconds: 1.0,
        output_bytes: 0,
        tail: String::new(),
        head: String::new(),
        peak_memory: None,
        left_processes: false,
    };
    let (analysis, environment) = (Analysis::default(), EnvironmentReport::default());
    let failed = FailedStep {
        step: &step,
        outcome: &outcome,
        output,
        tests: None,
        plan: &plan,
        analysis: &analysis,
        environment: &environment,
        treated: &[],
    };
    super::diagnose::diagnose(&MemoryRepo::default(), &failed).into_iter().next().unwrap()
}

#[test]
fn a_go_that_is_too_old_may_fetch_a_newer_one() {
    let found = diagnosed(
        StepKind::Build,
        &["go", "build", "./..."],
        "go: go.mod requires go >= 1.27 (running go 1.26.8; GOTOOLCHAIN=local)\n",
    );
    assert_eq!(found.signature, "go.too-old:1.27");
    assert_eq!(found.remedies[0].kind, RemedyKind::SetVariable { name: "GOTOOLCHAIN".to_owned() });
}

#[test]
fn missing_embedded_files_get_a_stand_in_where_the_pattern_looks() {
    let found = diagnosed(
        StepKind::Build,
        &["go", "build", "./..."],
        "ui/embed.go:9:12: pattern all:dist: no matching files found\n",
    );
    let PlanEdit::InsertBefore { step, .. } = &found.remedies[0].edits[0] else { panic!() };
    assert!(step.command.to_string().ends_with("touch ui/dist/index.html"));
}

#[test]
fn vet_is_left_out_only_where_it_is_vet_that_fails() {
    let words = ["bash", "run-tests.sh", "module", "-count=1", "--", "./..."];
    let found = diagnosed(
        StepKind::Test,
        &words,
        "# example.com/a\n# [example.com/a]\n./a.go:5:14: non-constant format string in call to fmt.Printf\n",
    );
    let PlanEdit::SetCommand { command, .. } = &found.remedies[0].edits[0] else { panic!() };
    assert_eq!(command.to_string(), "bash run-tests.sh module -count=1 -vet=off -- ./...");
}

#[test]
fn cgo_s_headers_are_looked_up() {
    let found = diagnosed(
        StepKind::Build,
        &["go", "build"],
        "./pcap.go:14:10: fatal error: pcap.h: No such file or directory\n",
    );
    let RemedyKind::InstallSystemPackage { names } = &found.remedies[0].kind else { panic!() };
    assert_eq!(names, &["need:header:pcap.h", "gcc"]);
}

#[test]
fn a_server_that_only_tells_its_usage_is_run_as_a_command() {
    let found = diagnosed(
        StepKind::Start,
        &["@{env}/bin/chisel"],
        "\n  Usage: chisel [command] [--help]\n\n  Version: 0.0.0-src (go1.26.8)\n",
    );
    let PlanEdit::ReplaceStep { step } = &found.remedies[0].edits[0] else { panic!() };
    assert_eq!(step.probe.as_ref().unwrap().kind, ProbeKind::ExitCode);
}

#[test]
fn a_pin_says_which_go_unless_the_module_needs_a_newer_one() {
    let version = |pin: &str| {
        let repo = MemoryRepo::new([
            ("go.mod", "module example.org/a\n\ngo 1.23\n"),
            ("main.go", "package main\n\nfunc main() {}\n"),
            ("mise.toml", pin),
        ]);
        let analysis = analyze_view(&repo);
        let plan = plan_view(&repo, &analysis, &EnvironmentReport::default(), None).unwrap();
        plan.toolchains[0].version.clone()
    };
    assert_eq!(version("[tools]\ngo = \"1.25.3\"\n"), VersionRequest::Exact("1.25.3".into()));
    assert_eq!(version("[tools]\ngo = \"1.21\"\n"), VersionRequest::Range(">=1.23".into()));
}

#[test]
fn a_gin_router_is_a_service_of_that_framework() {
    let (analysis, plan) = plan(&[
        (
            "go.mod",
            concat!(
                "module example.com/app\n\ngo 1.22\n\nrequire github.com/gin-gonic",
                "/gin v1.9.0\n"
            ),
        ),
        (
            "main.go",
            concat!(
                "package main\nimport \"github.com/gin-gonic",
                "/gin\"\nfunc main() {\n\tr := gin.Default()\n",
                "\tr.GET(\"/ping\", h)\n\tr.Run(\":8085\")\n}\n",
            ),
        ),
    ]);
    let unit = &analysis.units[0];
    assert_eq!(unit.kind, UnitKind::Service);
    assert!(unit.frameworks.iter().any(|framework| framework == "gin"), "{unit:?}");
    let probe = plan.of_kind(StepKind::Start).next().unwrap().probe.clone().unwrap();
    assert!(matches!(probe.kind, ProbeKind::Http { .. }), "{probe:?}");
    assert_eq!(probe.expected_port, Some(8085));
}

#[test]
fn the_program_that_is_released_stands_for_the_project() {
    let main = "package main\n\nfunc main() {}\n";
    let (_, plan) = plan(&[
        ("go.mod", "module example.com/store\n\ngo 1.22\n"),
        ("store.go", "package store\n"),
        ("examples/base/main.go", main),
        ("tools/gen/main.go", main),
        (".goreleaser.yaml", "builds:\n  - id: base\n    main: ./examples/base\n"),
    ]);
    let start = plan.of_kind(StepKind::Start).next().unwrap();
    assert!(start.command.to_string().contains("bin/base"), "{start:?}");
    assert!(start.evidence.iter().any(|e| e.place() == ".goreleaser.yaml:3 (go.release)"));
}

#[test]
fn what_ci_sets_for_tests_is_not_set_for_the_program() {
    let workflow = "on: push\nenv: {MODE: ci, CGO_ENABLED: '0'}\njobs:\n  t:\n    runs-on: ubuntu-latest\n    steps:\n      - run: go test ./...\n";
    let (_, plan) = plan(&[
        ("go.mod", "module example.com/tool\n\ngo 1.22\n"),
        ("main.go", "package main\n\nfunc main() {}\n"),
        (".github/workflows/ci.yml", workflow),
    ]);
    let names = |kind: StepKind| {
        let step = plan.of_kind(kind).next().unwrap();
        ["MODE", "CGO_ENABLED"].map(|name| step.env.contains_key(name))
    };
    assert_eq!(names(StepKind::Test), [true, true]);
    assert_eq!(names(StepKind::Start), [false, true]);
}
