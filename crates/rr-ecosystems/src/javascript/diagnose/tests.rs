use super::rules::RULES;
use super::*;
use rr_core::{
    Analysis, Command, EcosystemId, EnvironmentReport, Exit, MemoryRepo, Outcome, PlanEdit,
    RemedyKind, RunPlan, Step, StepKind,
};

#[test]
fn every_rule_matches_its_sample() {
    for rule in RULES.iter() {
        let pattern =
            rule.pattern.as_ref().unwrap_or_else(|| panic!("{} does not compile", rule.name));
        let (line, subject) = rule.sample;
        let captures =
            pattern.captures(line).unwrap_or_else(|| panic!("{} misses `{line}`", rule.name));
        let found = captures.iter().skip(1).flatten().next().map_or("", |m| m.as_str());
        assert_eq!(found, subject, "{}", rule.name);
    }
}

fn diagnose_output(kind: StepKind, output: &str, files: &[(&str, &str)]) -> Vec<Diagnosis> {
    let repo = MemoryRepo::new(files.iter().copied());
    let id = EcosystemId::new("javascript");
    let install = Step::new(
        "javascript.install",
        &id,
        "",
        StepKind::Install,
        "install",
        Command::argv(["npm", "ci"]),
    );
    let step = match kind {
        StepKind::Install => install.clone(),
        kind => Step::new("javascript.test", &id, "", kind, "x", Command::shell("npm test")),
    };
    let plan = RunPlan { steps: vec![install, step.clone()], ..RunPlan::default() };
    let outcome = Outcome {
        exit: Exit::Code(1),
        seconds: 1.0,
        output_bytes: 1,
        tail: String::new(),
        head: String::new(),
        peak_memory: None,
        left_processes: false,
    };
    diagnose(
        &repo,
        &FailedStep {
            step: &step,
            outcome: &outcome,
            output,
            tests: None,
            plan: &plan,
            analysis: &Analysis {
                commit_date: Some("2019-05-01".to_owned()),
                ..Analysis::default()
            },
            environment: &EnvironmentReport::default(),
            treated: &[],
        },
    )
}

#[test]
fn an_undeclared_module_is_added_and_a_missing_build_made() {
    let files = [("package.json", r#"{"scripts": {"build": "tsc"}}"#)];
    let found = diagnose_output(StepKind::Test, "Error: Cannot find module 'lodash/get'", &files);
    assert_eq!(found[0].signature, "javascript.missing-module:lodash");
    assert!(
        matches!(&found[0].remedies[0].kind, RemedyKind::AddDependency { names } if names == &["lodash"])
    );
    let found = diagnose_output(StepKind::Test, "Error: Cannot find module '../dist/x'", &files);
    let PlanEdit::InsertBefore { step, .. } = &found[0].remedies[0].edits[0] else { panic!() };
    assert_eq!(step.command, Command::argv(["npm", "run", "build"]));
}

#[test]
fn installs_are_cured_by_their_own_words() {
    let files = [("package.json", "{}"), ("package-lock.json", "{}")];
    let found = diagnose_output(StepKind::Install, "npm error code ERESOLVE\n", &files);
    assert!(matches!(&found[0].remedies[0].edits[0],
        PlanEdit::SetEnv { step: None, name, .. } if name == "npm_config_legacy_peer_deps"));
    let sync =
        "npm error `npm ci` can only install packages when your package.json and package-lock.json";
    let found = diagnose_output(StepKind::Install, sync, &files);
    assert!(matches!(&found[0].remedies[0].edits[0], PlanEdit::SetCommand { .. }));
    let engine = "error x@1: The engine \"node\" is incompatible with this module. Expected version \">= 22\". Got \"20\"";
    let found = diagnose_output(StepKind::Install, engine, &files);
    assert!(
        matches!(&found[0].remedies[0].kind, RemedyKind::UseToolchain { tool, .. } if tool == "node")
    );
    // The same words in a test's output are the tests' own business.
    assert!(diagnose_output(StepKind::Test, "npm error code ERESOLVE", &files).is_empty());
}

#[test]
fn old_bundlers_and_old_syntax_choose_their_node() {
    let files = [("package.json", "{}")];
    let ssl = "\u{1b}[31mError: error:0308010C:digital envelope routines::unsupported\u{1b}[0m";
    let found = diagnose_output(StepKind::Build, ssl, &files);
    assert!(matches!(&found[0].remedies[0].edits[0],
        PlanEdit::SetEnv { value, .. } if value == "--openssl-legacy-provider"));
    let found =
        diagnose_output(StepKind::Test, "ReferenceError: primordials is not defined", &files);
    assert!(
        matches!(&found[0].remedies[0].kind, RemedyKind::UseToolchain { version, .. } if version == "10")
    );
    let found =
        diagnose_output(StepKind::Test, "node: bad option: --experimental-strip-types", &files);
    assert!(
        matches!(&found[0].remedies[0].kind, RemedyKind::UseToolchain { version, .. } if version == "22")
    );
}

#[test]
fn a_forge_that_cannot_be_reached_is_a_need_of_the_network() {
    let files = [("package.json", "{}"), ("yarn.lock", "# yarn lockfile v1")];
    let forge =
        "fatal: unable to access 'https://github.com/a/b/': Could not resolve host: github.com";
    let found = diagnose_output(StepKind::Install, forge, &files);
    assert_eq!(found[0].cause, rr_core::CauseClass::NeedsNetwork);
    assert_eq!(found[0].remedies.len(), 1);
    let dead = "npm error network request to https://npm.example.org/a failed, reason: getaddrinfo";
    let found = diagnose_output(StepKind::Install, dead, &files);
    assert!(matches!(&found[0].remedies[0].edits[0],
        PlanEdit::SetEnv { name, .. } if name == "npm_config_replace_registry_host"));
}

#[test]
fn a_version_that_the_registry_lacks_is_taken_in_its_major_and_then_in_any() {
    let files = [("package.json", r#"{"devDependencies": {"@a/lint": "^22.2.5"}}"#)];
    let cure = |wanted: &str| {
        let line = format!("npm error notarget No matching version found for {wanted}.");
        let found = diagnose_output(StepKind::Install, &line, &files);
        assert_eq!(found[0].signature, format!("javascript.no-such-version:{wanted}"));
        found[0].remedies.first().map(|remedy| remedy.edits.clone())
    };
    for (wanted, range) in [("@a/lint@^22.2.5", "22"), ("@a/lint@22", "*")] {
        let edits = cure(wanted).unwrap();
        let PlanEdit::SetCommand { command, .. } = &edits[0] else { panic!() };
        let line = format!("npm pkg set 'devDependencies[@a/lint]={range}'\nnpm ci");
        assert_eq!(*command, Command::shell(line));
    }
    assert!(cure("not-declared@^1.0.0").is_none());
}

#[test]
fn what_newer_nodes_alone_have_asks_for_one() {
    let line = "TypeError: Map.groupBy is not a function or its return value is not iterable";
    let found = diagnose_output(StepKind::Test, line, &[("package.json", "{}")]);
    assert_eq!(found[0].signature, "javascript.old-node:groupBy");
}

#[test]
fn a_host_that_answers_that_it_is_out_of_order_is_not_one_that_is_missing() {
    let wants_host = |line: &str| {
        let found = diagnose_output(StepKind::Install, line, &[]);
        found.iter().any(|d| d.signature.starts_with("javascript.install-host"))
    };
    assert!(!wants_host("npm ERR! 503 Service Unavailable - GET http://npm.example.org/x"));
    assert!(wants_host("npm ERR! 404 Not Found - GET http://npm.example.org/x"));
}
