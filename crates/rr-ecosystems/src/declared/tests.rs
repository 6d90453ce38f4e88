//! Rows over small trees: what is recognised, which version, which commands.

use rr_core::{EnvironmentReport, MemoryRepo, RunPlan, StepKind, VersionRequest};

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
        ("dotnet", exact("10.0.100"), "dotnet test", &[("app.sln", ""), ("global.json", "{\n\"sdk\": {\n\"version\": \"10.0.100\"}}"), ("src/A.cs", "")]),
        ("elixir", range("~> 1.14"), "mix test", &[("mix.exs", "  elixir: \"~> 1.14\","), ("lib/a.ex", ""), ("test/a_test.exs", "")]),
        ("haskell", exact("9.6.1"), "cabal test", &[("a.cabal", "tested-with: GHC ==9.6.1\ntest-suite t\n"), ("src/A.hs", "")]),
        ("r", range(">= 3.4"), "testthat", &[("DESCRIPTION", "Depends: R (>= 3.4)\n"), ("R/a.R", ""), ("tests/testthat/test-a.R", "")]),
        ("zig", range("0.13.0"), "zig build test", &[("build.zig", "b.step(\"test\", \"\")"), ("build.zig.zon", ".minimum_zig_version = \"0.13.0\","), ("src/main.zig", "")]),
        ("swift", range("5.9"), "swift test", &[("Package.swift", "// swift-tools-version:5.9"), ("Sources/A/a.swift", ""), ("Tests/A/b.swift", "")]),
        ("julia", range("1.10"), "Pkg.test()", &[("Project.toml", "name = \"A\"\n[compat]\njulia = \"1.10\"\n"), ("src/A.jl", ""), ("test/runtests.jl", "")]),
        ("crystal", range(">= 1.0"), "crystal spec", &[("shard.yml", "name: a\ncrystal: \">= 1.0\"\n"), ("src/a.cr", ""), ("spec/a_spec.cr", "")]),
        ("dart", range("^3.1.0"), "dart test", &[("pubspec.yaml", "environment:\n  sdk: ^3.1.0\n"), ("lib/a.dart", ""), ("test/a_test.dart", "")]),
        ("scala", exact("1.9.6"), "sbt -batch test", &[("build.sbt", ""), ("project/build.properties", "sbt.version=1.9.6\n"), ("src/main/scala/A.scala", "")]),
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
    let php = [("composer.json", "{}"), ("artisan", ""), ("public/index.php", "<?php")];
    assert!(line(&planned(&php).2, StepKind::Start).contains("artisan serve"));
    let phoenix = [("mix.exs", "{:phoenix, \"~> 1.7\"}"), ("lib/a.ex", "")];
    assert!(line(&planned(&phoenix).2, StepKind::Start).contains("mix phx.server"));
    let page = [("index.php", "<?php echo 1;")];
    assert!(line(&planned(&page).2, StepKind::Start).contains("php -S 127.0.0.1:8000"));
}
