//! Trees from before modules: Go sources and no `go.mod`. They are made a module in the copy.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use regex::Regex;
use rr_core::RepoView;

use super::detect::ignored;
use super::module::Module;

/// Files read to find out what the tree calls itself.
const FILES: usize = 60;

/// `package a // import "example.com/a"`
static IMPORT_COMMENT: LazyLock<Regex> =
    LazyLock::new(|| expression(r#"(?m)^package \w+ *// *import "([^"]+)""#));

/// `"github.com/a/b/c"`: a path on the forges that GOPATH trees lie under.
static IMPORT: LazyLock<Regex> = LazyLock::new(|| {
    expression(r#""((?:github\.com|gitlab\.com|bitbucket\.org)/[\w.-]+/[\w.-]+)(/[\w./-]+)?""#)
});

/// `go get github.com/a/b`, `godoc.org/github.com/a/b`
static DOCUMENTED: LazyLock<Regex> = LazyLock::new(|| {
    expression(
        r"(?:go (?:get|install)(?: -\w+)* |godoc\.org/|pkg\.go\.dev/|goreportcard\.com/(?:badge|report)/)((?:github\.com|gitlab\.com|bitbucket\.org|gopkg\.in)/[\w./-]+)",
    )
});

fn expression(text: &str) -> Regex {
    #[expect(clippy::unwrap_used, reason = "constant expressions, tried by the tests")]
    Regex::new(text).unwrap()
}

/// The module that a tree without `go.mod` at its root would be. `None` where it holds no Go, or
/// has modules.
pub(super) fn module(repo: &dyn RepoView) -> Option<Module> {
    let sources: Vec<&str> = repo
        .files()
        .iter()
        .map(|entry| entry.path.as_str())
        .filter(|path| path.ends_with(".go") && !ignored(folder_of(path)))
        .collect();
    let has_module = repo.files().iter().any(|entry| {
        entry.path == "go.mod"
            || entry.path.ends_with("/go.mod") && !ignored(folder_of(&entry.path))
    });
    // A stray file in a folder of another language's project is no Go project.
    let near = sources.iter().any(|path| path.matches('/').count() <= 2);
    if has_module || !near {
        return None;
    }
    let path = path(repo, &sources).unwrap_or_else(|| "example.com/unnamed".to_owned());
    Some(Module { path, ..Module::default() })
}

/// What the tree calls itself: its import comments, what it imports of itself, its badges.
fn path(repo: &dyn RepoView, sources: &[&str]) -> Option<String> {
    let mut votes: BTreeMap<String, u32> = BTreeMap::new();
    for source in sources.iter().take(FILES) {
        let Some(text) = repo.text(source) else { continue };
        if let Some(found) = IMPORT_COMMENT.captures(&text) {
            let own = found[1].strip_suffix(folder_of(source)).unwrap_or(&found[1]);
            return Some(own.trim_end_matches('/').to_owned());
        }
        for found in IMPORT.captures_iter(&text) {
            let inner = found.get(2).map_or("", |m| m.as_str().trim_start_matches('/'));
            if !inner.is_empty() && !repo.below(inner).is_empty() {
                *votes.entry(found[1].to_owned()).or_default() += 1;
            }
        }
    }
    votes.into_iter().max_by_key(|(_, count)| *count).map(|(path, _)| path).or_else(|| {
        let readme = repo.children("").into_iter().find(|e| e.path.starts_with("README"))?;
        let text = repo.text(&readme.path)?;
        let found = DOCUMENTED.captures(&text)?;
        let parts: Vec<&str> = found[1].split('/').take(3).collect();
        Some(parts.join("/").trim_end_matches(".git").to_owned())
    })
}

fn folder_of(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rr_core::MemoryRepo;

    fn found(files: &[(&str, &str)]) -> Option<String> {
        let repo = MemoryRepo::new(files.iter().map(|(p, t)| (*p, *t)));
        module(&repo).map(|module| module.path)
    }

    #[test]
    fn a_tree_is_called_what_it_calls_itself() {
        let own = "package a\nimport \"github.com/me/tool/sub\"\nimport \"github.com/you/dep/x\"\n";
        assert_eq!(
            found(&[("a.go", own), ("sub/s.go", "package sub\n")]).unwrap(),
            "github.com/me/tool"
        );
        let comment = "package sub // import \"example.com/tool/sub\"\n";
        assert_eq!(found(&[("sub/s.go", comment)]).unwrap(), "example.com/tool");
        let readme = ("README.md", "Install: `go get -u github.com/me/lib`\n");
        assert_eq!(found(&[("l.go", "package lib\n"), readme]).unwrap(), "github.com/me/lib");
    }

    #[test]
    fn trees_with_modules_and_stray_sources_are_left_alone() {
        assert_eq!(found(&[("a.go", "package a\n"), ("x/go.mod", "module x\n")]), None);
        assert_eq!(found(&[("a/b/c/d/e.go", "package e\n")]), None);
    }
}
