//! Locks: of a run, from what its journal recorded; of a folder that was only looked at.

use std::collections::BTreeMap;

use rr_core::report::RunReport;
use rr_core::{
    Analysis, FetchedSource, Look, Looked, RepoSource, RepoView, RunPlan, SystemLayer, TestRun,
    Toolchain, UnitRole,
};
use rr_ecosystems::analysis::DiskView;
use rr_ecosystems::miners::{INVENTED_SECRET, is_secret_name};
use rr_recipe::{DependencySet, ExportForm, LockInput, RecipeLock, dependencies};

use crate::error::RunError;
use crate::live::LiveRun;

/// What a run knows that enters its lock.
#[derive(Default)]
pub(crate) struct Seen<'a> {
    pub plan: RunPlan,
    pub analysis: Analysis,
    pub fetched: Option<&'a FetchedSource>,
    pub toolchains: Vec<Toolchain>,
    pub layer: Option<SystemLayer>,
    pub dependencies: Vec<DependencySet>,
    pub outcomes: BTreeMap<String, TestRun>,
    pub report: Option<&'a RunReport>,
}

/// The lock of a run. The clean source is read, never what the run's processes wrote.
pub(crate) fn of_run(live: &LiveRun, seen: Seen<'_>) -> Result<RecipeLock, RunError> {
    let source = live.session.source();
    let view =
        if source.is_dir() { DiskView::open(&source)? } else { DiskView::listed(&source, &[]) };
    Ok(rr_recipe::build(LockInput {
        source: &live.request.source,
        fetched: seen.fetched,
        analysis: &seen.analysis,
        plan: &seen.plan,
        environment: &live.session.environment(),
        report: seen.report,
        toolchains: &seen.toolchains,
        layer: seen.layer.as_ref(),
        dependencies: seen.dependencies,
        outcomes: seen.outcomes,
        repo: &view,
        given: live.request.env.keys().cloned().collect(),
        is_secret: is_secret_name,
        invented: INVENTED_SECRET,
    }))
}

/// The lock of a folder of which nothing was run: dependencies are those of its lockfiles.
pub(crate) fn of_look(source: &RepoSource, look: &Look<'_>, looked: &Looked) -> RecipeLock {
    let view = DiskView::listed(look.root, &look.listing.files);
    let (analysis, plan, environment) = (&looked.analysis, &looked.plan, look.environment);
    rr_recipe::build(LockInput {
        source,
        fetched: None,
        analysis,
        plan,
        environment,
        report: None,
        toolchains: &[],
        layer: None,
        dependencies: lockfiles(&view, analysis),
        outcomes: BTreeMap::new(),
        repo: &view,
        given: Vec::new(),
        is_secret: is_secret_name,
        invented: INVENTED_SECRET,
    })
}

/// The lockfiles at the root and in the folders of primary units.
fn lockfiles(view: &DiskView, analysis: &Analysis) -> Vec<DependencySet> {
    let primary = |folder: &str| {
        folder.is_empty()
            || analysis.units.iter().any(|u| u.role == UnitRole::Primary && u.path == folder)
    };
    let sets = view.files().iter().filter(|file| dependencies::is_lockfile(&file.path)).filter_map(
        |file| {
            let folder = file.path.rsplit_once('/').map_or("", |(folder, _)| folder);
            let text = view.text(&file.path).filter(|_| primary(folder))?;
            dependencies::read(&file.path, &text, false)
        },
    );
    sets.collect()
}

/// The script form of a lock.
pub(crate) fn script(lock: &RecipeLock) -> Result<String, RunError> {
    let export = rr_recipe::export(lock, ExportForm::Script)?;
    Ok(export.files.into_iter().next().map(|file| file.text).unwrap_or_default())
}
