use rr_core::{
    Analysis, CauseClass, Command, EcosystemId, EnvironmentReport, Exit, FailedStep, MemoryRepo,
    Outcome, PlanEdit, RemedyKind, RunPlan, Step, StepKind,
};

const MANIFEST: &str = "[package]\nname = \"app\"\nversion = \"0.1.0\"\n";

/// The first diagnosis of a step that ended with this output: signature, cause, edits.
fn first(kind: StepKind, words: &[&str], output: &str) -> Option<rr_core::Diagnosis> {
    let id = EcosystemId::new("rust");
    let step = Step::new("rust-x", &id, "", kind, "x", Command::argv(words.iter().copied()));
    let built = Command::argv(["cargo", "build"]);
    let before = Step::new("rust-build", &id, "", StepKind::Build, "build", built);
    let plan = RunPlan { steps: vec![before, step.clone()], ..RunPlan::default() };
    let outcome = Outcome {
        exit: Exit::Code(101),
        seconds: 1.0,
        output_bytes: 0,
        tail: String::new(),
        head: String::new(),
        peak_memory: None,
        left_processes: false,
    };
    let analysis = Analysis::default();
    let environment = EnvironmentReport::default();
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
    let repo = MemoryRepo::new([("Cargo.toml", MANIFEST), ("src/main.rs", "fn main() {}")]);
    super::diagnose(&repo, &failed).into_iter().next()
}

fn build(output: &str) -> rr_core::Diagnosis {
    first(StepKind::Build, &["cargo", "build", "--locked"], output).unwrap()
}

fn packages(diagnosis: &rr_core::Diagnosis) -> Vec<String> {
    match &diagnosis.remedies[0].kind {
        RemedyKind::InstallSystemPackage { names } => names.clone(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn compilers_that_are_too_old_are_replaced_by_the_newest_named() {
    let found = build(
        "error: rustc 1.66.1 is not supported by the following packages:\n  \
         clap@4.5.1 requires rustc 1.74\n  time@0.3.44 requires rustc 1.81.0\n",
    );
    assert_eq!(
        found.remedies[0].kind,
        RemedyKind::UseToolchain { tool: "rust".to_owned(), version: ">=1.81.0".to_owned() }
    );
}

#[test]
fn a_cargo_that_reads_a_git_index_is_replaced_by_one_that_need_not() {
    let found = build(
        "error: Unable to update registry `crates-io`\n\nCaused by:\n  \
         failed to fetch `https://example.org/crates.io-index.git`\n",
    );
    assert_eq!(found.signature.split(':').next(), Some("rust.git-index"));
    assert_eq!(
        found.remedies[0].kind,
        RemedyKind::UseToolchain { tool: "rust".to_owned(), version: ">=1.70".to_owned() }
    );
}

#[test]
fn a_stale_lockfile_drops_locked() {
    let found = build(
        "error: the lock file /workspace/Cargo.lock needs to be updated but --locked was passed to \
         prevent this\n",
    );
    assert_eq!(found.signature, "rust.lockfile-stale");
    let PlanEdit::SetCommand { command, .. } = &found.remedies[0].edits[0] else { panic!() };
    assert_eq!(command, &Command::argv(["cargo", "build"]));
}

#[test]
fn missing_system_parts_are_named() {
    let openssl =
        "  Could not find directory of OpenSSL installation, and this `-sys` crate cannot\n";
    assert_eq!(packages(&build(openssl)), ["libssl-dev", "pkg-config"]);
    let library = "  The system library `dbus-1` required by crate `libdbus-sys` was not found.\n";
    assert_eq!(packages(&build(library)), ["pkg-config", "need:pkgconfig:dbus-1"]);
    let cmake = "  failed to execute command: No such file or directory (os error 2)\n  is `cmake` not installed?\n";
    assert_eq!(packages(&build(cmake)), ["need:program:cmake"]);
    let lld = "  = note: clang: error: invalid linker name in argument '-fuse-ld=lld'\n";
    assert_eq!(packages(&build(lld)), ["lld"]);
    let ld = "  = note: collect2: fatal error: cannot find 'ld'\n";
    assert_eq!(packages(&build(ld)), ["binutils"]);
    let link = "/usr/bin/ld: cannot find -lpq: No such file or directory\n";
    assert_eq!(packages(&build(link)), ["need:library:pq"]);
    let tool =
        "  error occurred in cc-rs: failed to find tool \"c++\": No such file or directory\n";
    assert_eq!(packages(&build(tool)), ["g++"]);
}

#[test]
fn unstable_features_take_nightly_then_the_bootstrap_switch() {
    let found =
        build("error[E0554]: `#![feature]` may not be used on the stable release channel\n");
    assert_eq!(found.remedies.len(), 2);
    // What the other compiler made is made again.
    assert_eq!(
        found.remedies[0].resume_at.as_ref().map(rr_core::StepId::as_str),
        Some("rust-build")
    );
}

#[test]
fn a_rotten_dependency_is_updated_and_own_code_is_intrinsic() {
    let dependency = build("error: could not compile `time` (lib) due to 1 previous error\n");
    assert!(matches!(dependency.remedies[0].kind, RemedyKind::PinDependency { .. }));
    let own = build("error: could not compile `app` (bin \"app\") due to 1 previous error\n");
    assert_eq!((own.cause, own.remedies.len()), (CauseClass::Intrinsic, 0));
}

#[test]
fn missing_arguments_get_harmless_values() {
    let found = first(
        StepKind::Start,
        &["target/debug/app"],
        "error: the following required arguments were not provided:\n  --hmac-key <HMAC_KEY>\n  <PATH>\n\nUsage: app\n",
    )
    .unwrap();
    let PlanEdit::SetCommand { command, .. } = &found.remedies[0].edits[0] else { panic!() };
    assert!(command.to_string().starts_with("target/debug/app --hmac-key repo-runner-"));
    assert!(command.to_string().ends_with(" ."));
}

#[test]
fn a_server_that_wants_a_path_gets_the_folder_it_runs_in() {
    let found = first(
        StepKind::Start,
        &["target/debug/app"],
        "Error: Refusing to start as no explicit serve path was set and no interactive terminal\n",
    )
    .unwrap();
    assert_eq!(found.signature.split(':').next(), Some("rust.missing-path"));
    assert_eq!(found.remedies.len(), 1);
}

#[test]
fn a_version_that_nobody_published_is_loosened_in_the_repositorys_own_manifests_only() {
    let own = "error: failed to select a version for the requirement `frob = \"=1.99.0\"`\n\
        candidate versions found which didn't match: 1.0.15, 1.0.14\n\
        required by package `app v0.1.0 (/workspace)`\n";
    let others = own.replace("(/workspace)", "");
    let titles = |text: &str| -> Vec<String> {
        build(text).remedies.into_iter().map(|remedy| remedy.title).collect()
    };
    let anew = "resolve the dependencies anew".to_owned();
    assert_eq!(titles(own), [anew.clone(), "take any version of frob".to_owned()]);
    assert_eq!(titles(&others), [anew]);
}
