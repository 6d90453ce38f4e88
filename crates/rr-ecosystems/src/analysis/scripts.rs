//! Scripts that are there and cannot be run: without an execute bit, or with another system's line
//! ends. What is changed is the run's copy, never the user's tree.

use rr_core::{
    Command, FailedStep, NetworkNeed, PlanEdit, Remedy, RemedyKind, RepoView, Step, StepId,
    StepKind,
};

/// Gives scripts their execute bit. Archives and file systems of other systems lose it for all
/// files alike, so that all scripts are meant and not one.
const EXECUTABLE: &str = "(grep -rlIm1 --exclude-dir=.git --exclude-dir=node_modules '^#! \\?/' . || true) \\\n  | tr '\\n' '\\0' | xargs -0 -r chmod +x";

/// Takes carriage returns out of what shells, `make` and the kernel read.
const LINE_ENDS: &str = "cr=$(printf '\\r')\n\
    skip='--exclude-dir=.git --exclude-dir=node_modules'\n\
    kinds='--include=*.sh --include=*.bash --include=*.bats --include=Makefile --include=*.mk \
    --include=configure --include=*.in --include=*.ac --include=*.am'\n\
    set -f\n\
    { grep -rlI $skip \"^#!.*$cr\\$\" . || true; grep -rlI $skip $kinds \"$cr\\$\" . || true; } \\\n  \
    | sort -u | tr '\\n' '\\0' | xargs -0 -r sed -i \"s/$cr\\$//\"";

/// Makes scripts executable, where the file that was refused is of the repository and is not.
pub(super) fn executable(
    repo: &dyn RepoView,
    subject: &str,
    failed: &FailedStep<'_>,
) -> Option<Vec<Remedy>> {
    let path = of_repository(repo, subject)?;
    let wanting = !repo.is_executable(path);
    wanting.then(|| vec![before(failed, "executable", "make the scripts executable", EXECUTABLE)])
}

/// Makes lines end as they must here. A subject names the script that seemed to be missing; without
/// one the output itself speaks of carriage returns.
pub(super) fn line_ends(
    repo: &dyn RepoView,
    subject: &str,
    failed: &FailedStep<'_>,
) -> Option<Vec<Remedy>> {
    if !subject.is_empty() {
        let text = repo.text(of_repository(repo, subject)?)?;
        let first = text.split('\n').next().unwrap_or_default();
        if !(first.starts_with("#!") && first.ends_with('\r')) {
            return None;
        }
    }
    Some(vec![before(
        failed,
        "line-ends",
        "end the lines of scripts as this system does",
        LINE_ENDS,
    )])
}

/// The file of the repository that an error names, from whichever folder.
fn of_repository<'r>(repo: &'r dyn RepoView, subject: &str) -> Option<&'r str> {
    let name = subject.trim_start_matches("/workspace/");
    let name = name.trim_start_matches("../").trim_start_matches("./");
    if name.is_empty() || name.starts_with('/') {
        return None;
    }
    if let Some(entry) = repo.entry(name) {
        return Some(&entry.path);
    }
    let ending = format!("/{name}");
    repo.files().iter().find(|entry| entry.path.ends_with(&ending)).map(|entry| entry.path.as_str())
}

/// A step at the root before the failed one, which needs no network.
fn before(failed: &FailedStep<'_>, what: &str, title: &str, line: &str) -> Remedy {
    let id = format!("generic.{what}");
    let step = failed.step;
    let kind = step.kind.min(StepKind::Build);
    let command = Command::shell(line);
    let mut new = Step::new(id.clone(), &step.ecosystem, &step.unit, kind, title, command);
    new.cwd = String::new();
    new.network = NetworkNeed::Loopback;
    Remedy {
        kind: RemedyKind::PatchRecipe { what: title.to_owned() },
        title: title.to_owned(),
        edits: vec![PlanEdit::InsertBefore { before: step.id.clone(), step: Box::new(new) }],
        resume_at: Some(StepId::new(id)),
    }
}
