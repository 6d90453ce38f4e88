//! [`RepoAnalyzer`]: the engine's `Analyzer` over all ecosystems.

use std::path::Path;

use rr_core::{
    Analysis, Analyzer, ConfigFile, Diagnosis, EngineError, EnvironmentReport, FailedStep, Look,
    Looked, Outcome, Proposal, Remedy, RemedyKind, RepoView, RunPlan, Step, TestRun, Unit,
};

use super::disk_view::DiskView;
use super::{
    case_names, deepen, facts, inputs, languages, planner, proposals, roles, services, submodules,
};
use crate::code;
use crate::miners;
use crate::overrides;
use crate::registry;
use crate::reports::{self, ReportInput};

/// Analyses repositories on disk. Holds no state.
#[derive(Clone, Copy, Debug, Default)]
pub struct RepoAnalyzer;

impl Analyzer for RepoAnalyzer {
    fn analyze(
        &self,
        root: &Path,
        commit_date: Option<&str>,
        config: Option<&ConfigFile>,
    ) -> Result<Analysis, EngineError> {
        analyzed(&DiskView::open(root)?, commit_date, config)
    }

    fn plan(
        &self,
        root: &Path,
        analysis: &Analysis,
        environment: &EnvironmentReport,
        package: Option<&str>,
    ) -> Result<RunPlan, EngineError> {
        let view = DiskView::open(root)?;
        planner::plan_view(&view, analysis, environment, package)
    }

    fn look(&self, look: &Look<'_>) -> Result<Looked, EngineError> {
        let view = DiskView::listed(look.root, &look.listing.files);
        let mut analysis = analyzed(&view, look.listing.commit_date.as_deref(), look.config)?;
        analysis.notes.extend(look.listing.notes.iter().cloned());
        let plan = planner::plan_view(&view, &analysis, look.environment, look.package)?;
        Ok(Looked { analysis, plan, read: view.read_files() })
    }

    fn diagnose(&self, root: &Path, failed: &FailedStep<'_>) -> Vec<Diagnosis> {
        match DiskView::open(root) {
            Ok(view) => diagnose_view(&view, failed),
            // Without the tree, what the log alone tells is still worth having.
            Err(_) => diagnose_view(&rr_core::MemoryRepo::default(), failed),
        }
    }

    fn carry_out(
        &self,
        root: &Path,
        failed: &FailedStep<'_>,
        proposal: &Proposal,
    ) -> Result<Remedy, String> {
        let view = DiskView::open(root).map_err(|error| error.to_string())?;
        proposals::carry_out(&view, failed, proposal)
    }

    fn read_tests(
        &self,
        step: &Step,
        outcome: &Outcome,
        files: &[(String, Vec<u8>)],
        output: &[u8],
    ) -> TestRun {
        reports::read(&ReportInput { step, outcome, files, output })
    }

    fn tool_files(&self) -> Vec<(String, &'static [u8])> {
        registry::tool_files()
    }

    fn input_files(&self, root: &Path, plan: &RunPlan) -> Vec<String> {
        DiskView::open(root).map(|view| inputs::input_files(&view, plan)).unwrap_or_default()
    }
}

fn analyzed(
    view: &DiskView,
    commit_date: Option<&str>,
    config: Option<&ConfigFile>,
) -> Result<Analysis, EngineError> {
    let changes = overrides::collect(view, config)?;
    let mut analysis = analyze_view(view);
    overrides::change_analysis(&mut analysis, changes);
    analysis.commit_date = commit_date.map(str::to_owned);
    analysis.notes.extend(view.notes());
    Ok(analysis)
}

/// Analyses any view of a tree.
#[must_use]
pub fn analyze_view(repo: &dyn RepoView) -> Analysis {
    let mut analysis = Analysis { languages: languages::shares(repo), ..Analysis::default() };
    let (units, mined, mut code) = std::thread::scope(|scope| {
        let code = scope.spawn(move || code::find(repo));
        let detections: Vec<_> = registry::all()
            .iter()
            .map(|ecosystem| (ecosystem.id(), scope.spawn(move || ecosystem.detect(repo))))
            .collect();
        let mined = miners::mine(repo);
        let mut units: Vec<Unit> = Vec::new();
        for (id, detection) in detections {
            match detection.join() {
                Ok(found) => units.extend(found),
                Err(_) => {
                    analysis.notes.push(format!("detection of {id} broke off: a fault of ours"))
                }
            }
        }
        let code = code.join().unwrap_or_else(|_| {
            analysis.notes.push("reading the code broke off: a fault of ours".to_owned());
            code::CodeFacts::default()
        });
        (units, mined, code)
    });
    let mut mined = mined;
    analysis.commands = std::mem::take(&mut mined.commands);
    analysis.facts = std::mem::take(&mut mined.facts);
    analysis.notes.append(&mut mined.notes);
    analysis.units = units;
    roles::rank(repo, &mut analysis);
    deepen::add_code_facts(&mut analysis, &mut code);
    facts::settle(&mut analysis);
    analysis.system_packages = facts::system_packages(&analysis);
    services::find(repo, &mut analysis, &mined);
    deepen::deepen(repo, &mut analysis, &code);
    analysis
}

/// Where the way to the registries is known to be closed, the same again changes nothing.
fn give_up_on_unreachable(found: &mut [Diagnosis]) {
    const CLOSED: [&str; 2] = ["generic.dead-proxy", "generic.untrusted-certificate"];
    if found.iter().any(|diagnosis| CLOSED.contains(&diagnosis.signature.as_str())) {
        found.iter_mut().for_each(|diagnosis| {
            diagnosis.remedies.retain(|remedy| remedy.kind != RemedyKind::Retry);
        });
    }
}

/// Diagnoses by the step's own ecosystem, then by the rules common to all, the surest first.
pub(crate) fn diagnose_view(repo: &dyn RepoView, failed: &FailedStep<'_>) -> Vec<Diagnosis> {
    let mut found = registry::by_id(&failed.step.ecosystem)
        .map_or_else(Vec::new, |ecosystem| ecosystem.diagnose(repo, failed));
    for diagnosis in super::generic_diagnosis::diagnose(repo, failed) {
        if !found.iter().any(|known| known.signature == diagnosis.signature) {
            found.push(diagnosis);
        }
    }
    found.sort_by(|a, b| b.confidence.total_cmp(&a.confidence));
    give_up_on_unreachable(&mut found);
    case_names::judge(repo, &mut found);
    // A part of the repository that is not there explains what is missing better than its name.
    let (sure, guessed): (Vec<_>, Vec<_>) =
        submodules::diagnose(repo, failed).into_iter().partition(|d| d.confidence > 0.5);
    found.splice(0..0, sure);
    found.extend(guessed);
    found
}
