//! The little language in which rows say when something holds.
//!
//! `a|b` holds where one does, `a&b` where both do, `!a` where `a` does not. A term is a file of
//! the unit's folder (`mix.exs`), an extension (`.csproj`), a folder with something in it
//! (`test/`), or any file below (`**/.csproj`, which looks at no example, fixture or test unless
//! it is written `***/.csproj`). `:text` after it asks for a text inside the file.

use rr_core::RepoView;

use crate::places::decoy_role;

/// Most files below a folder whose text is looked at for one term.
const LOOKED_AT: usize = 200;

/// Joins a folder and a name.
pub(super) fn join(folder: &str, name: &str) -> String {
    if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") }
}

/// Files of a folder itself that a name or, beginning with `.`, an extension means.
pub(super) fn named(repo: &dyn RepoView, folder: &str, name: &str) -> Vec<String> {
    let path = join(folder, name);
    if !name.starts_with('.') || repo.has(&path) {
        return Some(path).filter(|path| repo.has(path)).into_iter().collect();
    }
    let children = repo.children(folder).into_iter();
    children.filter(|entry| entry.path.ends_with(name)).map(|entry| entry.path.clone()).collect()
}

/// The file by which a condition holds (empty where none is asked); `None` where it does not.
pub(super) fn holds(repo: &dyn RepoView, folder: &str, when: &str) -> Option<String> {
    when.split('|').find_map(|alternative| {
        let mut by = String::new();
        for term in alternative.split('&') {
            match term.strip_prefix('!') {
                Some(term) if self::term(repo, folder, term).is_some() => return None,
                Some(_) => {}
                None => {
                    let found = self::term(repo, folder, term)?;
                    if by.is_empty() {
                        by = found;
                    }
                }
            }
        }
        Some(by)
    })
}

fn term(repo: &dyn RepoView, folder: &str, term: &str) -> Option<String> {
    if term.is_empty() {
        return Some(String::new());
    }
    let (name, text) = term.split_once(':').unwrap_or((term, ""));
    let says = |path: &str| text.is_empty() || repo.text(path).is_some_and(|t| t.contains(text));
    if let Some(inside) = name.strip_suffix('/') {
        return repo.below(&join(folder, inside)).first().map(|entry| entry.path.clone());
    }
    let Some((depth, end)) = name.split_once("*/").filter(|(stars, _)| stars.starts_with('*'))
    else {
        return named(repo, folder, name).into_iter().find(|path| says(path));
    };
    let everywhere = depth.len() > 1;
    repo.below(folder)
        .iter()
        .filter(|entry| {
            let (above, own) = entry.path.rsplit_once('/').unwrap_or(("", &entry.path));
            let fits = if end.starts_with('.') { own.ends_with(end) } else { own == end };
            fits && (everywhere || decoy_role(above).is_none())
        })
        .take(LOOKED_AT)
        .find(|entry| says(&entry.path))
        .map(|entry| entry.path.clone())
}

#[cfg(test)]
mod tests {
    use super::*;
    use rr_core::MemoryRepo;

    #[test]
    fn terms_are_joined_and_negated() {
        let repo = MemoryRepo::new([
            ("a.toml", "one = 1"),
            ("src/web.proj", "Sdk.Web"),
            ("test/t.proj", "Sdk.Test"),
        ]);
        let by = |when: &str| holds(&repo, "", when);
        assert_eq!(by(""), Some(String::new()));
        assert_eq!(by("b.toml|a.toml:one").as_deref(), Some("a.toml"));
        assert_eq!(by("a.toml:two"), None);
        assert_eq!(by("a.toml&!b.toml").as_deref(), Some("a.toml"));
        assert_eq!(by("a.toml&!src/"), None);
        assert_eq!(by("**/.proj:Sdk.Web").as_deref(), Some("src/web.proj"));
        assert_eq!(by("**/.proj:Sdk.Test"), None);
        assert_eq!(by("***/.proj:Sdk.Test").as_deref(), Some("test/t.proj"));
    }
}
