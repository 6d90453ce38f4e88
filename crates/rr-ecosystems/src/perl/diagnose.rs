//! What is wrong with a failed step of a Perl distribution, by rule.

use rr_core::{CauseClass, Diagnosis, FailedStep, RepoView, StepKind, VersionRequest};

use super::prereqs::debian_package;
use crate::rules::{Match, Rule, apply, packages, step_before, toolchain};

/// The diagnoses of a failed step, the surest first.
pub(super) fn diagnose(repo: &dyn RepoView, failed: &FailedStep<'_>) -> Vec<Diagnosis> {
    apply(RULES, repo, failed)
}

#[rustfmt::skip]
static RULES: &[Rule] = &[
    // Our own installer's last line: `missing Perl modules: Moo Try::Tiny`
    Rule { id: "perl.not-installed", pattern: r"^missing Perl modules: (.+)$", kinds: &[StepKind::Install],
        cause: CauseClass::Environment, confidence: 0.95, explanation: "modules could not be installed: {}", cure: |m| {
            let names: Vec<String> = m.subject().split_whitespace().map(debian_package).collect();
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            vec![packages("perl.not-installed", &names)]
        } },
    // `Can't locate Try/Tiny.pm in @INC (you may need to install the Try::Tiny module) (@INC contains: …)`
    Rule { id: "perl.missing-module", pattern: r"Can't locate \S+\.pm in @INC \(you may need to install the ([\w:]+) module\)", kinds: &[],
        cause: CauseClass::Environment, confidence: 0.9, explanation: "the module {} is missing", cure: missing_module },
    // `Perl v5.38.0 required--this is only v5.36.0, stopped at Makefile.PL line 1.`
    Rule { id: "perl.too-old", pattern: r"Perl v(5\.\d+)\.\d+ required--this is only", kinds: &[],
        cause: CauseClass::Environment, confidence: 0.95, explanation: "needs Perl {} or newer", cure: |m| vec![toolchain("perl", VersionRequest::Range(format!(">={}", m.subject())), "perl.too-old")] },
    // `Test::More version 1.4 required--this is only version 1.302190 at …`
    Rule { id: "perl.module-too-old", pattern: r"^([\w:]+) version \S+ required--this is only version", kinds: &[],
        cause: CauseClass::Environment, confidence: 0.85, explanation: "the module {} is too old", cure: |m| vec![cpanm(m)] },
    // `Can't exec "cpanm": No such file or directory`
    Rule { id: "perl.no-cpanm", pattern: r#"Can't exec "cpanm""#, kinds: &[StepKind::Install],
        cause: CauseClass::Environment, confidence: 0.8, explanation: "cpanm is not installed", cure: |_| vec![packages("perl.no-cpanm", &["cpanminus"])] },
];

fn missing_module(found: &Match<'_>) -> Vec<rr_core::Remedy> {
    vec![packages("perl.missing-module", &[&debian_package(found.subject())]), cpanm(found)]
}

fn cpanm(found: &Match<'_>) -> rr_core::Remedy {
    let name = found.subject();
    let title = format!("install `{name}` with cpanm");
    let line = format!("cpanm --notest --local-lib @{{env}}/perl5 {name}");
    step_before(
        found,
        &format!("perl-add-{}", name.to_ascii_lowercase().replace("::", "-")),
        &title,
        &line,
    )
}
