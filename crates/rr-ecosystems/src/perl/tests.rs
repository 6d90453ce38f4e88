use rr_core::{Ecosystem, EnvironmentReport, MemoryRepo, PlanContext, UnitPlan};

use super::prereqs;
use crate::analysis::analyze_view;

fn plan(files: &[(&str, &str)]) -> UnitPlan {
    let repo = MemoryRepo::new(files.iter().copied());
    let analysis = analyze_view(&repo);
    let environment = EnvironmentReport::default();
    let unit = analysis.units.iter().find(|unit| unit.ecosystem.as_str() == "perl").unwrap();
    let context = PlanContext { analysis: &analysis, environment: &environment };
    super::Perl.plan(&repo, unit, &context)
}

fn commands(plan: &UnitPlan) -> Vec<String> {
    plan.steps.iter().map(|step| step.command.to_string()).collect()
}

#[test]
fn ci_names_the_folders_and_its_formatters_are_dropped() {
    let workflow = "on: push\njobs:\n  t:\n    runs-on: ubuntu-latest\n    steps:\n      - run: |\n          \
        cpanm -n --installdeps .\n          prove --merge --formatter TAP::Formatter::X -l t t/deep\n";
    let plan = plan(&[
        (
            "Makefile.PL",
            "use 5.016;\nWriteMakefile(PREREQ_PM => {'IO::Socket::IP' => '0.37', 'Sub::Util' => 0});",
        ),
        ("lib/Frob.pm", "package Frob; 1;"),
        ("t/a.t", ""),
        ("t/deep/b.t", ""),
        (".github/workflows/ci.yml", workflow),
    ]);
    assert_eq!(
        commands(&plan),
        [
            "perl @{tools}/recorder/perl/install-missing.pl @{env}/perl5 IO::Socket::IP=0.37 Sub::Util",
            "perl -Ilib -MFrob -e1",
            "perl Makefile.PL && make",
            "prove -l t t/deep",
        ]
    );
}

#[test]
fn without_ci_the_distributions_own_tests_run() {
    let plan = plan(&[("cpanfile", ""), ("lib/Frob.pm", ""), ("t/a.t", ""), ("t/author/b.t", "")]);
    assert_eq!(commands(&plan), ["perl -Ilib -MFrob -e1", "prove -l t"]);
}

#[test]
fn modules_are_read_from_every_manifest() {
    let repo = MemoryRepo::new([
        (
            "cpanfile",
            "requires 'perl', '5.10.1';\nrequires 'Moo', '2.0';\nrequires \"Try::Tiny\";\n\
             on test => sub {\n  requires 'Test::Deep';\n};\non 'develop' => sub {\n  requires 'Dist::Zilla';\n};\n",
        ),
        (
            "dist.ini",
            "name = X\n[Prereqs]\nType::Tiny = 1.0\n[Prereqs / DevelopRequires]\nPod::X = 0\n",
        ),
    ]);
    let found: Vec<(String, String)> = prereqs::modules(&repo, "").into_iter().collect();
    let pair = |name: &str, version: &str| (name.to_owned(), version.to_owned());
    assert_eq!(
        found,
        [
            pair("Moo", "2.0"),
            pair("Test::Deep", ""),
            pair("Try::Tiny", ""),
            pair("Type::Tiny", "1.0")
        ]
    );
    assert_eq!(prereqs::debian_package("Try::Tiny"), "libtry-tiny-perl");
}
