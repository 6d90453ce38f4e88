//! Submodules that this copy of the repository lacks: folders that `.gitmodules` names and that
//! hold no file.

use rr_core::{
    CauseClass, Command, Diagnosis, FailedStep, PlanEdit, Remedy, RemedyKind, RepoView, Step,
    StepId, StepKind,
};

/// The diagnoses of a failure that speaks of submodules whose folders are empty; else, where
/// something could not be installed or built, the weak guess that it wants the first of them.
pub(super) fn diagnose(repo: &dyn RepoView, failed: &FailedStep<'_>) -> Vec<Diagnosis> {
    let Some(text) = repo.text(".gitmodules") else { return Vec::new() };
    let absent: Vec<Submodule> =
        read(&text).into_iter().filter(|module| repo.below(&module.path).is_empty()).collect();
    let spoken_of = |module: &Submodule| {
        let line = failed.output.lines().find(|line| line.contains(module.path.as_str()))?;
        Some(diagnosis(module, failed, line, 0.98))
    };
    let found: Vec<Diagnosis> = absent.iter().filter_map(spoken_of).take(3).collect();
    let guess = absent.first().filter(|_| found.is_empty() && failed.step.kind <= StepKind::Build);
    let guess = guess.map(|module| diagnosis(module, failed, "", 0.35));
    found.into_iter().chain(guess).collect()
}

struct Submodule {
    path: String,
    url: String,
}

/// The submodules of a `.gitmodules`, which is written as git's configuration is.
fn read(text: &str) -> Vec<Submodule> {
    let mut found: Vec<Submodule> = Vec::new();
    for line in text.lines().map(str::trim) {
        if line.starts_with("[submodule") {
            found.push(Submodule { path: String::new(), url: String::new() });
        }
        let (Some((key, value)), Some(last)) = (line.split_once('='), found.last_mut()) else {
            continue;
        };
        let value = value.trim().trim_matches('"').trim_matches('/');
        match key.trim() {
            "path" => value.clone_into(&mut last.path),
            "url" => value.clone_into(&mut last.url),
            _ => {}
        }
    }
    let inside = |path: &str| !path.is_empty() && !path.split('/').any(|part| part == "..");
    found.retain(|module| inside(&module.path));
    found
}

fn diagnosis(
    module: &Submodule,
    failed: &FailedStep<'_>,
    line: &str,
    confidence: f32,
) -> Diagnosis {
    let Submodule { path, url } = module;
    Diagnosis {
        signature: format!("generic.missing-submodule:{path}"),
        cause: CauseClass::Environment,
        step: failed.step.id.clone(),
        evidence_line: line.trim().chars().take(300).collect(),
        explanation: format!(
            "the submodule `{path}` ({url}) is not in this copy: `git submodule update --init` brings it"
        ),
        confidence,
        remedies: fetched(module, failed).into_iter().collect(),
    }
}

/// Fetches it, where its address says whence. A copy without git's own records does not know the
/// commit that was meant: the newest stands in.
fn fetched(module: &Submodule, failed: &FailedStep<'_>) -> Option<Remedy> {
    let Submodule { path, url } = module;
    if !url.starts_with("https://") {
        return None;
    }
    let id = format!("generic.submodule-{}", path.replace('/', "-"));
    let (quoted, address) = (rr_core::command::quote(path), rr_core::command::quote(url));
    let line = format!("rm -rf {quoted}\ngit clone -q --depth 1 -- {address} {quoted}");
    let title = format!("fetch the submodule `{path}`, newest commit");
    let kind = failed.step.kind.min(StepKind::Build);
    let (ecosystem, unit) = (&failed.step.ecosystem, &failed.step.unit);
    let mut step =
        Step::new(id.clone(), ecosystem, unit, kind, title.clone(), Command::shell(line));
    step.cwd = String::new();
    step.network = rr_core::NetworkNeed::Registries;
    Some(Remedy {
        kind: RemedyKind::PatchRecipe { what: title.clone() },
        title,
        edits: vec![PlanEdit::InsertBefore {
            before: failed.step.id.clone(),
            step: Box::new(step),
        }],
        resume_at: Some(StepId::new(id)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn submodules_are_read_and_none_leads_out_of_the_tree() {
        let text = "[submodule \"a\"]\n\tpath = vendor/a\n\turl = https://git.example.com/a.git\n\
                    [submodule \"b\"]\n\turl = ../b\n\tpath = ../outside\n";
        let found = read(text);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].path, "vendor/a");
        assert_eq!(found[0].url, "https://git.example.com/a.git");
    }
}
