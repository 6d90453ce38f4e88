//! Finds a repository's clone in the folder that the user names.

use std::path::{Path, PathBuf};

/// The clone of `owner/name`: `<folder>/owner+name` or `<folder>/name`, each a working clone or a
/// bare git folder, or a folder that holds exactly one of these.
pub(crate) fn find(folder: &Path, repo: &str) -> Option<PathBuf> {
    let name = repo.rsplit('/').next()?;
    let names = [repo.replace('/', "+"), name.to_owned(), format!("{name}.git")];
    names.iter().map(|name| folder.join(name)).find_map(|path| clone_at(&path))
}

/// `path` itself, or the only clone directly below it.
fn clone_at(path: &Path) -> Option<PathBuf> {
    if is_clone(path) {
        return Some(path.to_owned());
    }
    let mut below: Vec<PathBuf> =
        std::fs::read_dir(path).ok()?.flatten().map(|e| e.path()).filter(|p| is_clone(p)).collect();
    if below.len() == 1 { below.pop() } else { None }
}

fn is_clone(path: &Path) -> bool {
    path.join(".git").exists() || (path.join("HEAD").is_file() && path.join("objects").is_dir())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn clones_are_found_under_either_name() {
        let folder = tempfile::tempdir().unwrap();
        let at = |path: &str| folder.path().join(path);
        fs::create_dir_all(at("a+b/.git")).unwrap();
        fs::create_dir_all(at("d/objects")).unwrap();
        fs::write(at("d/HEAD"), "").unwrap();
        fs::create_dir_all(at("e+f/snapshot.git/objects")).unwrap();
        fs::write(at("e+f/snapshot.git/HEAD"), "").unwrap();
        fs::create_dir_all(at("empty")).unwrap();
        assert_eq!(find(folder.path(), "a/b"), Some(at("a+b")));
        assert_eq!(find(folder.path(), "c/d"), Some(at("d")));
        assert_eq!(find(folder.path(), "e/f"), Some(at("e+f/snapshot.git")));
        assert_eq!(find(folder.path(), "x/empty"), None);
        assert_eq!(find(folder.path(), "x/y"), None);
    }
}
