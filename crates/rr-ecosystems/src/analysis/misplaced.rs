//! A step that ran in the wrong folder: the file it wanted lies elsewhere in the tree.

use rr_core::{Analysis, FactKey, FailedStep, PlanEdit, Remedy, RemedyKind, RepoView};

use crate::places::decoy_role;

/// Runs the step where a file of this name is: the shallowest folder of the repository's own code.
/// `None` where there is none, or the step runs there already.
pub(super) fn by_file(
    repo: &dyn RepoView,
    name: &str,
    failed: &FailedStep<'_>,
) -> Option<Vec<Remedy>> {
    let name = name.trim_start_matches("./");
    let ending = format!("/{name}");
    let folder = repo
        .files()
        .iter()
        .filter(|entry| entry.path == name || entry.path.ends_with(&ending))
        .map(|entry| entry.path[..entry.path.len() - name.len()].trim_end_matches('/'))
        .filter(|folder| decoy_role(folder).is_none())
        .min_by_key(|folder| (folder.matches('/').count(), folder.len()))?;
    change(folder, failed)
}

/// Runs the step in the one folder from which a path that the code opened leads to a file; tests
/// that read beside themselves are often run in their own folder.
pub(super) fn by_data_file(
    repo: &dyn RepoView,
    name: &str,
    failed: &FailedStep<'_>,
) -> Option<Vec<Remedy>> {
    let name = name.trim_start_matches("./");
    let ending = format!("/{name}");
    let mut places = repo.files().iter().filter(|entry| entry.path.ends_with(&ending));
    let place = places.next().filter(|_| places.next().is_none())?;
    change(place.path[..place.path.len() - ending.len()].trim_end_matches('/'), failed)
}

/// Runs the step where a Makefile has this target.
pub(super) fn by_target(
    analysis: &Analysis,
    target: &str,
    failed: &FailedStep<'_>,
) -> Option<Vec<Remedy>> {
    let key = FactKey::Script(target.to_owned());
    let fact = analysis.facts.iter().find(|fact| {
        fact.key == key
            && fact.evidence.path.rsplit('/').next().is_some_and(|n| n.ends_with("akefile"))
    })?;
    change(fact.evidence.path.rsplit_once('/').map_or("", |(folder, _)| folder), failed)
}

fn change(folder: &str, failed: &FailedStep<'_>) -> Option<Vec<Remedy>> {
    if folder == failed.step.cwd {
        return None;
    }
    let shown = if folder.is_empty() { "." } else { folder };
    Some(vec![Remedy {
        kind: RemedyKind::ChangeDirectory { to: folder.to_owned() },
        title: format!("run `{}` in `{shown}`", failed.step.title),
        edits: vec![PlanEdit::SetDirectory {
            step: failed.step.id.clone(),
            cwd: folder.to_owned(),
        }],
        resume_at: None,
    }])
}
