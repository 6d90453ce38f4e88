//! Names that only a disk without case forgives: an import, include or path that is in the
//! repository in another case fails for its authors too, on any system that tells cases apart.

use rr_core::{CauseClass, Diagnosis, RepoView};

/// Parts of signatures whose subject is something that could not be found.
const ABSENT: &[&str] = &[
    "missing-module",
    "missing-header",
    "header",
    "load-error",
    "wrong-directory",
    "missing-file",
];

/// Turns the diagnoses of things that are there in another case into the repository's own fault.
pub(super) fn judge(repo: &dyn RepoView, diagnoses: &mut [Diagnosis]) {
    for diagnosis in diagnoses {
        let Some((rule, subject)) = diagnosis.signature.split_once(':') else { continue };
        let class = rule.split_once('.').map_or(rule, |(_, class)| class);
        if !ABSENT.contains(&class) {
            continue;
        }
        let names = subject.split([',', '@']).filter(|name| name.len() > 1);
        if let Some(path) = names.filter_map(|name| in_another_case(repo, name)).next() {
            diagnosis.cause = CauseClass::Intrinsic;
            diagnosis.explanation = format!("{}: `{path}` differs in case", diagnosis.explanation);
            diagnosis.remedies.clear();
        }
    }
}

/// The path that has a name in another case; `None` where one has it as written, or none has it.
fn in_another_case<'r>(repo: &'r dyn RepoView, name: &str) -> Option<&'r str> {
    let name = name.trim_start_matches("/workspace/").trim_start_matches(['.', '/']);
    if name.is_empty() || name.to_ascii_lowercase() == name && name.to_ascii_uppercase() == name {
        return None;
    }
    let wanted = format!("/{name}");
    let lower = wanted.to_ascii_lowercase();
    let mut found = None;
    for entry in repo.files() {
        let path = format!("/{}", entry.path);
        let folded = path.to_ascii_lowercase();
        for (at, _) in folded.match_indices(&lower) {
            let end = at + lower.len();
            if !matches!(folded.as_bytes().get(end), None | Some(b'/' | b'.')) {
                continue;
            }
            if path.get(at..end) == Some(wanted.as_str()) {
                return None;
            }
            found = found.or(Some(entry.path.as_str()));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use rr_core::MemoryRepo;

    use super::*;

    #[test]
    fn only_what_is_there_in_another_case_is_found() {
        let repo = MemoryRepo::new([("sums/__init__.py", ""), ("src/core.h", ""), ("App.js", "")]);
        assert_eq!(in_another_case(&repo, "Sums"), Some("sums/__init__.py"));
        assert_eq!(in_another_case(&repo, "Core.h"), Some("src/core.h"));
        assert_eq!(in_another_case(&repo, "./app"), Some("App.js"));
        assert_eq!(in_another_case(&repo, "sums"), None);
        assert_eq!(in_another_case(&repo, "Sum"), None);
        assert_eq!(in_another_case(&repo, "uuid/uuid.h"), None);
    }
}
