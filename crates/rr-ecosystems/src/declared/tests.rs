//! Rows over small trees: what is recognised, which version, which commands.

use rr_core::{EnvironmentReport, MemoryRepo, RunPlan, StepKind, UnitKind, VersionRequest};

use crate::analysis::{analyze_view, plan_view};

/// Ecosystem, version, a part of the test command, and the tree.
type Case = (&'static str, VersionRequest, &'static str, &'static [(&'static str, &'static str)]);

fn planned(files: &[(&str, &str)]) -> (String, VersionRequest, RunPlan) {
    let filled = |text: &str| if text.is_empty() { "source".to_owned() } else { text.to_owned() };
    let repo = MemoryRepo::new(files.iter().map(|(path, text)| (*path, filled(text))));
    let analysis = analyze_view(&repo);
    let unit = analysis.units.first().expect("a unit");
    let version = unit.toolchains.first().expect("a toolchain").version.clone();
    let plan = plan_view(&repo, &analysis, &EnvironmentReport::default(), None).expect("a plan");
    (unit.ecosystem.to_string(), version, plan)
}

fn line(plan: &RunPlan, kind: StepKind) -> String {
    plan.of_kind(kind).next().map(|step| step.command.to_string()).unwrap_or_default()
}

#[test]
fn each_row_reads_its_version_and_names_its_commands() {
    let exact = |text: &str| VersionRequest::Exact(text.to_owned());
    let range = |text: &str| VersionRequest::Range(text.to_owned());
    #[rustfmt::skip]
    let cases: &[Case] = &[
        ("php", range("^8.2"), "phpunit", &[("composer.json", "{\"require\": {\"php\": \"^8.2\"}, \"require-dev\": {\"phpunit/phpunit\": \"^11\"}}"), ("src/A.php", "<?php")]),
        ("dotnet", exact("10.0.100"), "dotnet test", &[("app.sln", ""), ("test/T.csproj", "<PackageReference Include=\"xunit\"/>"), ("global.json", "{\n\"sdk\": {\n\"version\": \"10.0.100\"}}"), ("src/A.cs", "")]),
        ("elixir", range("~> 1.14"), "mix test", &[("mix.exs", "  elixir: \"~> 1.14\","), ("lib/a.ex", ""), ("test/a_test.exs", "")]),
        ("haskell", range(">=9.6.1"), "cabal test", &[("a.cabal", "tested-with: GHC >=9.6.1\ntest-suite t\n"), ("src/A.hs", "")]),
        ("r", range(">= 3.4"), "testthat", &[("DESCRIPTION", "Depends: R (>= 3.4)\n"), ("R/a.R", ""), ("tests/testthat/test-a.R", "")]),
        ("zig", range("0.13.0"), "zig build test", &[("build.zig", "b.step(\"test\", \"\")"), ("build.zig.zon", ".minimum_zig_version = \"0.13.0\","), ("src/main.zig", "")]),
        ("swift", range(">=5.9"), "swift test", &[("Package.swift", "// swift-tools-version:5.9"), ("Sources/A/a.swift", ""), ("Tests/A/b.swift", "")]),
        ("julia", range("1.10"), "Pkg.test()", &[("Project.toml", "name = \"A\"\n[compat]\njulia = \"1.10\"\n"), ("src/A.jl", ""), ("test/runtests.jl", "")]),
        ("crystal", range(">= 1.0"), "crystal spec", &[("shard.yml", "name: a\ncrystal: \">= 1.0\"\n"), ("src/a.cr", ""), ("spec/a_spec.cr", "")]),
        ("dart", range("^3.1.0"), "dart test", &[("pubspec.yaml", "environment:\n  sdk: ^3.1.0\n"), ("lib/a.dart", ""), ("test/a_test.dart", "")]),
        ("scala", exact("1.9.6"), "sbt -batch test; status=$?", &[("build.sbt", ""), ("project/build.properties", "sbt.version=1.9.6\n"), ("src/main/scala/A.scala", "")]),
    ];
    for (ecosystem, version, test, files) in cases {
        let (found, asked, plan) = planned(files);
        assert_eq!(&found, ecosystem);
        assert_eq!(&asked, version, "{ecosystem}");
        assert!(line(&plan, StepKind::Test).contains(test), "{ecosystem}: {plan:?}");
    }
}

#[test]
fn a_framework_says_how_it_is_started() {
    let php = [("composer.json", "{}"), ("artisan", ""), ("public/index.php", "<?php echo 1;")];
    assert!(line(&planned(&php).2, StepKind::Start).contains("artisan serve"));
    let phoenix = [
        ("mix.exs", "{:phoenix, \"~> 1.7\"}"),
        ("config/config.exs", ""),
        ("lib/web/endpoint.ex", "use Phoenix.Endpoint, otp_app: :a"),
    ];
    assert!(line(&planned(&phoenix).2, StepKind::Start).contains("mix phx.server"));
    // A library for the framework, or the framework itself, serves nothing: its tests do.
    let library = [phoenix[0], phoenix[1], ("lib/a.ex", ""), ("test/endpoint.ex", phoenix[2].1)];
    assert!(planned(&library).2.steps.iter().all(|step| step.kind != StepKind::Start));
    let page = [("index.php", "<?php echo 1;")];
    assert!(line(&planned(&page).2, StepKind::Start).contains("php -S 127.0.0.1:8000"));
}

fn primary(files: &[(&str, &str)]) -> Vec<String> {
    let repo = MemoryRepo::new(files.iter().copied());
    let analysis = analyze_view(&repo);
    analysis.primary_units().map(|unit| format!("{}:{}", unit.ecosystem, unit.path)).collect()
}

#[test]
fn what_is_neither_code_nor_page_is_still_known() {
    #[rustfmt::skip]
    let cases: &[(&str, &[(&str, &str)])] = &[
        ("hugo:", &[("config.toml", "baseURL = \"https://x\""), ("content/a.md", "# A")]),
        ("jekyll:", &[("_config.yml", "title: x"), ("index.md", "# A"), ("Gemfile", "gem \"jekyll\"")]),
        ("mkdocs:", &[("mkdocs.yml", "site_name: x"), ("docs/index.md", "# A")]),
        ("sphinx:docs", &[("docs/conf.py", "extensions = []\nhtml_theme = 'furo'\n"), ("docs/index.rst", "A")]),
        ("terraform:", &[("main.tf", "resource \"x\" \"y\" {}"), ("Dockerfile", "FROM scratch")]),
        ("ansible:", &[("site.yml", "- hosts: all\n"), ("roles/a/tasks/main.yml", "- debug:")]),
        ("helm:", &[("Chart.yaml", "name: x"), ("templates/a.yaml", "kind: Service")]),
        ("nix:", &[("flake.nix", "{ outputs = _: {}; }")]),
        ("compose:", &[("compose.yaml", "services:\n  db:\n    image: postgres\n"), ("README.md", "x")]),
        ("dockerfile:", &[("Dockerfile", "FROM debian\nEXPOSE 80\n"), ("README.md", "x")]),
        ("notebooks:", &[("a.ipynb", "{\"cells\": []}"), ("README.md", "x")]),
        ("sql:", &[("001_init.sql", "CREATE TABLE a (b int);"), ("README.md", "x")]),
    ];
    for (expected, files) in cases {
        assert_eq!(primary(files), [*expected]);
    }
}

#[test]
fn what_accompanies_code_does_not_rule_it() {
    let code =
        [("go.mod", "module x\n\ngo 1.22\n"), ("main.go", "package main\n\nfunc main() {}\n")];
    #[rustfmt::skip]
    let beside: &[&[(&str, &str)]] = &[
        &[("Dockerfile", "FROM golang"), ("compose.yaml", "services: {}")],
        &[("flake.nix", "{}"), ("mkdocs.yml", "site_name: x"), ("docs/a.md", "x")],
        &[("deploy/main.tf", ""), ("charts/x/Chart.yaml", ""), ("charts/x/templates/a.yaml", "")],
        &[("notebooks/a.ipynb", "{}"), ("db/001.sql", "CREATE TABLE a (b int);")],
    ];
    for files in beside {
        let all: Vec<(&str, &str)> = code.iter().chain(*files).copied().collect();
        assert_eq!(primary(&all), ["go:"], "{files:?}");
    }
}

#[test]
fn frameworks_and_kinds_are_told_by_the_manifests() {
    let unit = |files: &[(&str, &str)]| {
        let repo = MemoryRepo::new(files.iter().copied());
        let analysis = analyze_view(&repo);
        let unit = analysis.primary_units().next().expect("a unit").clone();
        (unit.kind, unit.frameworks)
    };
    let (kind, frameworks) = unit(&[
        (
            "composer.json",
            "{\"require\": {\"laravel/framework\": \"^12\"}, \"require-dev\": {\"phpunit/phpunit\": \"^11\"}}",
        ),
        ("artisan", "#!/usr/bin/env php"),
        ("app/A.php", "<?php"),
    ]);
    assert_eq!((kind, frameworks), (UnitKind::Service, vec!["laravel".into(), "phpunit".into()]));
    let library = unit(&[("composer.json", "{\"type\": \"library\"}"), ("src/A.php", "<?php")]);
    assert_eq!(library.0, UnitKind::Library);
    let (kind, frameworks) = unit(&[
        ("App.sln", ""),
        ("src/App.csproj", "<Project Sdk=\"Microsoft.NET.Sdk.Web\">"),
        ("src/A.cs", "class A {}"),
    ]);
    assert_eq!((kind, frameworks), (UnitKind::Service, vec!["aspnetcore".into()]));
    // The framework itself is a library, whatever its own name is.
    let own = unit(&[("mix.exs", "app: :phoenix,\n{:plug, \"~> 1\"}"), ("lib/phoenix.ex", "x")]);
    assert_eq!(own.0, UnitKind::Library);
}

#[test]
fn a_toolchain_that_cannot_be_had_is_named_with_the_way_to_install_it() {
    let files = [("Package.swift", "// swift-tools-version:5.9"), ("Sources/A/a.swift", "x")];
    let repo = MemoryRepo::new(files);
    let analysis = analyze_view(&repo);
    let environment = EnvironmentReport::default();
    let plan = plan_view(&repo, &analysis, &environment, None).expect("a plan");
    let outcome = rr_core::Outcome {
        exit: rr_core::Exit::Code(127),
        seconds: 0.1,
        output_bytes: 40,
        tail: String::new(),
        head: String::new(),
        peak_memory: None,
        left_processes: false,
    };
    let failed = rr_core::FailedStep {
        step: &plan.steps[0],
        outcome: &outcome,
        output: "bash: line 1: swift: command not found\n",
        tests: None,
        plan: &plan,
        analysis: &analysis,
        environment: &environment,
        treated: &[],
    };
    let ecosystem = crate::registry::by_id(&plan.steps[0].ecosystem).expect("an ecosystem");
    let found = ecosystem.diagnose(&repo, &failed);
    assert_eq!(found[0].signature, "swift.no-tool:swift");
    assert_eq!(found[0].cause, rr_core::CauseClass::Environment);
    assert!(found[0].explanation.contains("https://www.swift.org/install"), "{found:?}");
}
