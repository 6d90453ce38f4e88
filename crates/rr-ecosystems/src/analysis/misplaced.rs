//! A step that ran in the wrong folder: the file it wanted lies elsewhere in the tree.

use rr_core::{Analysis, Command, FactKey, FailedStep, PlanEdit, Remedy, RemedyKind, RepoView};

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
    let step = failed.step.id.clone();
    let mut edits = vec![PlanEdit::SetDirectory { step, cwd: folder.to_owned() }];
    edits.extend(paths_from(folder, failed));
    edits.extend(still_imported(failed));
    Some(vec![Remedy {
        kind: RemedyKind::ChangeDirectory { to: folder.to_owned() },
        title: format!("run `{}` in `{shown}`", failed.step.title),
        edits,
        resume_at: None,
    }])
}

/// The command with its paths as they are seen from a folder inside the step's own.
fn paths_from(folder: &str, failed: &FailedStep<'_>) -> Option<PlanEdit> {
    let Command::Argv(words) = &failed.step.command else { return None };
    let own = failed.step.cwd.as_str();
    let inside =
        if own.is_empty() { folder } else { folder.strip_prefix(own)?.strip_prefix('/')? };
    let seen = |word: &String| match word.trim_start_matches("./").strip_prefix(inside) {
        Some("" | "/") => ".".to_owned(),
        Some(rest) => rest.strip_prefix('/').map_or_else(|| word.clone(), str::to_owned),
        None => word.clone(),
    };
    let seen: Vec<String> = words.iter().map(seen).collect();
    (seen != *words).then(|| PlanEdit::SetCommand {
        step: failed.step.id.clone(),
        command: Command::Argv(seen),
    })
}

/// Variables by which interpreters find modules that lie in none of their own folders.
const IMPORT_PATHS: &[(&str, &str)] =
    &[("python", "PYTHONPATH"), ("ruby", "RUBYLIB"), ("perl", "PERL5LIB")];

/// What was imported from the folder in which the step ran is found from the other one too.
fn still_imported(failed: &FailedStep<'_>) -> Option<PlanEdit> {
    let step = failed.step;
    let (_, name) = IMPORT_PATHS.iter().find(|(id, _)| *id == step.ecosystem.as_str())?;
    let own = format!("@{{workspace}}/{}", step.cwd).trim_end_matches('/').to_owned();
    let known = step.env.get(*name).map(|known| format!("{known}:"));
    Some(PlanEdit::SetEnv {
        step: Some(step.id.clone()),
        name: (*name).to_owned(),
        value: known.unwrap_or_default() + &own,
    })
}
