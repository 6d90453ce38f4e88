//! The plans of all fixtures, exported: nothing of ours is left in what people get.

use std::collections::BTreeMap;
use std::path::Path;

use rr_core::{Analysis, Analyzer as _, EnvironmentReport, RepoSource, RunPlan};
use rr_ecosystems::analysis::{DiskView, RepoAnalyzer};
use rr_ecosystems::miners::{INVENTED_SECRET, is_secret_name};
use rr_recipe::{ExportForm, LockInput, RecipeLock, VariableOrigin, build, export};

use crate::parsed::well_formed;

/// What a lock is made of, where nothing was run.
fn unproved<'a>(
    source: &'a RepoSource,
    analysis: &'a Analysis,
    plan: &'a RunPlan,
    environment: &'a EnvironmentReport,
    repo: &'a DiskView,
) -> LockInput<'a> {
    LockInput {
        source,
        fetched: None,
        analysis,
        plan,
        environment,
        report: None,
        toolchains: &[],
        layer: None,
        dependencies: Vec::new(),
        outcomes: BTreeMap::new(),
        repo,
        given: Vec::new(),
        is_secret: is_secret_name,
        invented: INVENTED_SECRET,
    }
}

fn lock_of(root: &Path) -> RecipeLock {
    let environment = EnvironmentReport::default();
    let analysis = RepoAnalyzer.analyze(root, None, None).unwrap();
    let plan = RepoAnalyzer.plan(root, &analysis, &environment, None).unwrap();
    let view = DiskView::open(root).unwrap();
    let source = RepoSource::Folder { path: root.to_owned(), reference: None };
    build(unproved(&source, &analysis, &plan, &environment, &view))
}

#[test]
fn no_export_of_any_fixture_knows_our_tools_or_leaves_a_token() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/repos");
    let mut seen = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let root = entry.unwrap().path();
        let lock = lock_of(&root);
        for form in ExportForm::ALL.into_iter().filter(|form| *form != ExportForm::Lock) {
            for file in export(&lock, form).unwrap().files {
                let name = format!("{} {form} {}", root.display(), file.path);
                well_formed(&file)
                    .unwrap_or_else(|reason| panic!("{name}: {reason}\n{}", file.text));
                assert!(!file.text.contains("@{"), "{name}: a token is left\n{}", file.text);
                let script = form == ExportForm::Script;
                let ours = ["/recorder/", "REPO_RUNNER_REPORTS"];
                let known = ours.iter().find(|word| file.text.contains(**word));
                assert!(script || known.is_none(), "{name}: {known:?}\n{}", file.text);
            }
        }
        seen += 1;
    }
    assert!(seen > 100, "{seen} fixtures");
}

#[test]
fn every_test_command_of_a_fixture_has_a_form_that_people_can_use() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/repos");
    for entry in std::fs::read_dir(folder).unwrap() {
        let root = entry.unwrap().path();
        for command in lock_of(&root).commands {
            let internal = command.kind != rr_core::StepKind::Test;
            assert!(internal || command.run.is_some(), "{}: `{}`", root.display(), command.id);
        }
    }
}

#[test]
fn values_of_secrets_and_of_what_the_user_gave_stay_out() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/repos/python-flask");
    let analyzer = RepoAnalyzer;
    let environment = EnvironmentReport::default();
    let analysis = analyzer.analyze(&root, None, None).unwrap();
    let mut plan = analyzer.plan(&root, &analysis, &environment, None).unwrap();
    for (name, value) in
        [("API_TOKEN", "leaked-1"), ("GIVEN", "leaked-2"), ("APP_KEY", INVENTED_SECRET)]
    {
        plan.env.insert(name.to_owned(), value.to_owned());
    }
    plan.steps[0].env.insert("DEPLOY_TOKEN".to_owned(), "leaked-3".to_owned());
    let view = DiskView::open(&root).unwrap();
    let url = "https://me:leaked-4@example.test/a".to_owned();
    let source = RepoSource::Git { url, reference: None };
    let given = vec!["GIVEN".to_owned()];
    let lock =
        build(LockInput { given, ..unproved(&source, &analysis, &plan, &environment, &view) });
    for form in ExportForm::ALL {
        for file in export(&lock, form).unwrap().files {
            assert!(!file.text.contains("leaked"), "{form} {}:\n{}", file.path, file.text);
        }
    }
    let names: Vec<&str> = lock.variables.iter().map(|v| v.name.as_str()).collect();
    assert!(names.contains(&"DEPLOY_TOKEN") && names.contains(&"GIVEN"), "{names:?}");
    let key = lock.variables.iter().find(|v| v.name == "APP_KEY").unwrap();
    assert_eq!((key.value.as_deref(), key.origin), (Some(INVENTED_SECRET), VariableOrigin::Ours));
}
