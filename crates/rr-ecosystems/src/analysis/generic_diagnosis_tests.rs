//! Every rule on its own sample line, and the remedies that follow.

use super::*;
use rr_core::{
    Analysis, Command, EcosystemId, EnvironmentReport, MemoryRepo, Outcome, RunPlan, ServiceKind,
    Step,
};

fn diagnosed(kind: StepKind, exit: Exit, output: &str, plan: &RunPlan) -> Vec<Diagnosis> {
    diagnosed_in(&MemoryRepo::default(), kind, exit, output, plan)
}

fn diagnosed_in(
    repo: &MemoryRepo,
    kind: StepKind,
    exit: Exit,
    output: &str,
    plan: &RunPlan,
) -> Vec<Diagnosis> {
    let id = EcosystemId::new("python");
    let step = Step::new("s", &id, "", kind, "the step", Command::shell("x"));
    let outcome = Outcome {
        exit,
        seconds: 1.0,
        output_bytes: 10_000,
        tail: output.to_owned(),
        head: String::new(),
        peak_memory: None,
        left_processes: false,
    };
    diagnose(
        repo,
        &FailedStep {
            step: &step,
            outcome: &outcome,
            output,
            tests: None,
            plan,
            analysis: &Analysis::default(),
            environment: &EnvironmentReport::default(),
            treated: &[],
        },
    )
}

#[test]
fn scripts_that_cannot_be_run_are_told_from_those_that_are_not_there() {
    let repo =
        MemoryRepo::new([("tests/run.sh", "#!/bin/sh\r\ntrue\r\n"), ("a.sh", "#!/bin/sh\n")]);
    let cured = |output: &str| {
        let plan = RunPlan::default();
        let found = diagnosed_in(&repo, StepKind::Test, Exit::Code(127), output, &plan);
        found.first().map(|d| (d.signature.clone(), d.remedies.len())).unwrap_or_default()
    };
    let denied = cured("make: ./a.sh: Permission denied");
    assert_eq!(denied, ("generic.not-executable:./a.sh".to_owned(), 1));
    let ends = cured("make: ./tests/run.sh: No such file or directory");
    assert_eq!(ends, ("generic.line-ends:./tests/run.sh".to_owned(), 1));
    assert_eq!(cured("/usr/bin/env: 'bash\\r': No such file or directory").0, "generic.line-ends");
    assert_ne!(cured("make: ./a.sh: No such file or directory").0, "generic.line-ends:./a.sh");
}

#[test]
fn a_server_gets_the_user_and_the_database_that_the_code_names() {
    let mut plan = RunPlan::default();
    for (line, wanted) in [
        ("FATAL:  role \"auditor\" does not exist", "auditor"),
        ("pg.Error: FATAL: database \"ledgers\" does not exist", "ledgers"),
    ] {
        let found = diagnosed(StepKind::Test, Exit::Code(1), line, &plan);
        let remedy = found[0].remedies[0].clone();
        remedy.edits.iter().for_each(|edit| assert!(edit.apply(&mut plan)));
        let service = &plan.services[0];
        assert!(service.user == wanted || service.databases.iter().any(|name| name == wanted));
        // The same again is not cured so twice.
        let again = diagnosed(StepKind::Test, Exit::Code(1), line, &plan);
        assert!(again.iter().all(|d| d.signature != found[0].signature));
    }
}

fn failed(output: &str) -> Vec<Diagnosis> {
    diagnosed(StepKind::Install, Exit::Code(1), output, &RunPlan::default())
}

#[test]
fn every_rule_matches_its_sample_and_finds_the_subject() {
    for rule in RULES.iter() {
        let pattern =
            rule.pattern.as_ref().unwrap_or_else(|| panic!("{}: bad expression", rule.name));
        let (sample, subject) = rule.sample;
        let found = matches(pattern, sample);
        assert!(
            found.iter().any(|(_, found)| found == subject),
            "{}: `{sample}` gave {found:?}",
            rule.name
        );
    }
}

#[test]
fn quiet_logs_prove_nothing() {
    assert!(failed("collected 3 items\n3 passed in 0.1s\nBuild succeeded\n").is_empty());
}

fn packages(output: &str) -> Vec<String> {
    failed(output)
        .into_iter()
        .flat_map(|d| d.remedies)
        .filter_map(|remedy| match remedy.kind {
            RemedyKind::InstallSystemPackage { names } => Some(names),
            _ => None,
        })
        .flatten()
        .collect()
}

#[test]
fn missing_things_name_their_package_or_the_need() {
    assert_eq!(
        packages("x.c:1:10: fatal error: libpq-fe.h: No such file or directory"),
        ["libpq-dev"]
    );
    assert_eq!(
        packages("x.c:1:10: fatal error: foo/bar.h: No such file or directory"),
        ["need:header:foo/bar.h"]
    );
    assert_eq!(packages("No package 'frob' found"), ["need:pkgconfig:frob"]);
    assert_eq!(packages("/usr/bin/ld: cannot find -lfrob: No such file"), ["need:library:frob"]);
    assert_eq!(packages("sh: 1: frobnicate: not found"), ["need:program:frobnicate"]);
    assert!(packages("sh: 1: pytest: not found").is_empty());
}

#[test]
fn a_refused_database_is_provisioned_once() {
    let line = "Error: connect ECONNREFUSED 127.0.0.1:6379";
    let found = failed(line);
    let PlanEdit::RequireService { service } = &found[0].remedies[0].edits[0] else {
        panic!("no service in {found:?}");
    };
    assert_eq!(service.kind, ServiceKind::Redis);
    let plan = RunPlan { services: vec![service.clone()], ..RunPlan::default() };
    let again = diagnosed(StepKind::Test, Exit::Code(1), line, &plan);
    assert!(again[0].remedies.is_empty());
    assert_eq!(again[0].cause, CauseClass::Environment);
}

#[test]
fn own_keys_are_invented_and_foreign_ones_are_asked_for() {
    let own = failed("KeyError: 'APP_SECRET_KEY'");
    assert!(
        matches!(&own[0].remedies[0].kind, RemedyKind::SetVariable { name } if name == "APP_SECRET_KEY")
    );
    let foreign = failed("KeyError: 'STRIPE_API_KEY'");
    assert_eq!((foreign[0].cause, foreign[0].remedies.len()), (CauseClass::NeedsSecret, 0));
}

#[test]
fn a_step_that_worked_when_time_ran_out_gets_more() {
    let found = diagnosed(StepKind::Test, Exit::TimedOut, "...", &RunPlan::default());
    assert_eq!(found[0].cause, CauseClass::Timeout);
    assert!(matches!(found[0].remedies[0].kind, RemedyKind::ExtendTime { seconds: 7200 }));
}

#[test]
fn downloads_are_retried_and_tests_are_not() {
    let line = "Error: read ECONNRESET";
    assert!(matches!(failed(line)[0].remedies[0].kind, RemedyKind::Retry));
    let tests = diagnosed(StepKind::Test, Exit::Code(1), line, &RunPlan::default());
    assert!(tests.iter().all(|d| d.remedies.is_empty()));
}

#[test]
fn a_step_in_the_wrong_folder_moves_to_the_file() {
    let repo = MemoryRepo::new([("examples/x/Cargo.toml", ""), ("core/Cargo.toml", "")]);
    let line = "error: could not find `Cargo.toml` in `/workspace` or any parent directory";
    let found = diagnosed_in(&repo, StepKind::Build, Exit::Code(101), line, &RunPlan::default());
    let RemedyKind::ChangeDirectory { to } = &found[0].remedies[0].kind else {
        panic!("no folder in {found:?}");
    };
    assert_eq!(to, "core");
    assert!(failed(line).iter().all(|d| !d.signature.contains("directory")));
}

#[test]
fn a_watcher_that_ran_out_of_time_is_told_to_run_once() {
    let line = "Waiting for file changes...";
    let found = diagnosed(StepKind::Test, Exit::TimedOut, line, &RunPlan::default());
    assert_eq!(found[0].signature, "generic.watch-mode");
    assert!(failed(line).is_empty());
}

#[test]
fn a_user_is_changed_only_where_that_changes_something() {
    let refuses = failed("initdb: error: cannot be run as root");
    assert!(refuses[0].remedies.is_empty());
    let wants = failed("error: this test must be run as root");
    assert!(matches!(&wants[0].remedies[0].edits[0], PlanEdit::SetUser { root: true, .. }));
}

#[test]
fn a_tool_that_downloads_on_loopback_gets_the_registries() {
    let line = "npm error network request failed, reason: getaddrinfo EAI_AGAIN x";
    let found = diagnosed(StepKind::Test, Exit::Code(1), line, &RunPlan::default());
    let edits = &found[0].remedies[0].edits;
    assert!(matches!(edits[0], PlanEdit::SetNetwork { .. }), "{found:?}");
}

#[test]
fn many_words_ask_for_root_or_refuse_it_and_others_only_name_a_root() {
    let user = |output: &str| {
        let plan = RunPlan::default();
        let found = diagnosed(StepKind::Test, Exit::Code(1), output, &plan);
        found
            .into_iter()
            .map(|diagnosis| diagnosis.signature)
            .find(|signature| signature.ends_with("-root"))
            .unwrap_or_default()
    };
    for wants in [
        "this test must be run as root",
        "Please run as root.",
        "this script needs to be executed with sudo",
        "test_mount requires root privileges",
        "root access is required",
        "only root can bind this port",
        "You are not root!",
    ] {
        assert_eq!(user(wants), "generic.needs-root", "{wants}");
    }
    for refuses in [
        "do not run this suite as root",
        "The tests must not be executed as root",
        "please run the tests as a non-root user: must be run as a non-root user",
        "refusing to start as root",
        "running the cluster as root is not supported",
    ] {
        assert_eq!(user(refuses), "generic.refuses-root", "{refuses}");
    }
    for neither in [
        "the document requires a root element",
        "Missing root element",
        "must be the root element of the tree",
        "config.root must be root-relative",
        "tree without root node",
    ] {
        assert_eq!(user(neither), "", "{neither}");
    }
}

#[test]
fn many_words_say_which_variable_is_missing() {
    let variable = |output: &str| {
        let plan = RunPlan::default();
        let found = diagnosed(StepKind::Test, Exit::Code(1), output, &plan);
        let wanted = "generic.missing-variable:";
        found.iter().find_map(|d| d.signature.strip_prefix(wanted).map(str::to_owned))
    };
    for (line, name) in [
        ("panic: SHOP_REALM must not be empty", Some("SHOP_REALM")),
        ("RuntimeError: please set SHOP_MODE before you start", Some("SHOP_MODE")),
        ("Error: SHOP_SALT has not been set", Some("SHOP_SALT")),
        ("required key SHOP_REGION missing value", Some("SHOP_REGION")),
        ("Error: Environment variable not found: SHOP_STORE", Some("SHOP_STORE")),
        ("note: run with `RUST_BACKTRACE=1` environment variable to display a backtrace", None),
        ("assert 3 == 4", None),
    ] {
        assert_eq!(variable(line).as_deref(), name, "{line}");
    }
}
