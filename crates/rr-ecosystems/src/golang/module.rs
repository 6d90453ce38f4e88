//! `go.mod` and `go.work`, as far as plans need them.

use rr_core::RepoView;

/// One module.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Module {
    /// Folder it lies in, relative to the root.
    pub(super) folder: String,
    /// Its path: `github.com/a/b`.
    pub(super) path: String,
    /// The `go` line with its line number.
    pub(super) go: Option<(String, u32)>,
    /// Modules that its own packages import; indirect ones are left out.
    pub(super) direct: Vec<String>,
    /// Modules of any kind.
    pub(super) requires: Vec<String>,
    /// Folders put in the place of modules: `replace a => ../a`.
    pub(super) local: Vec<String>,
}

impl Module {
    /// Reads the module of a folder. `None` where there is no `go.mod`.
    pub(super) fn read(repo: &dyn RepoView, folder: &str) -> Option<Self> {
        let text = repo.text(&join(folder, "go.mod"))?;
        let mut module = Self { folder: folder.to_owned(), ..Self::default() };
        let mut block = String::new();
        for (number, raw) in text.lines().enumerate() {
            let (line, comment) = raw.split_once("//").unwrap_or((raw, ""));
            let mut words: Vec<&str> = line.split_whitespace().collect();
            match words.as_slice() {
                [] => continue,
                [")"] => {
                    block.clear();
                    continue;
                }
                [verb, "("] => {
                    block = (*verb).to_owned();
                    continue;
                }
                _ => {}
            }
            let verb = if block.is_empty() { words.remove(0).to_owned() } else { block.clone() };
            let line = u32::try_from(number + 1).unwrap_or(u32::MAX);
            module.directive(&verb, &words, comment.contains("indirect"), line);
        }
        Some(module)
    }

    fn directive(&mut self, verb: &str, words: &[&str], indirect: bool, line: u32) {
        match (verb, words) {
            ("module", [path, ..]) => self.path = path.trim_matches('"').to_owned(),
            ("go", [version, ..]) => self.go = Some(((*version).to_owned(), line)),
            ("require", [path, ..]) => {
                let path = path.trim_matches('"').to_owned();
                if !indirect {
                    self.direct.push(path.clone());
                }
                self.requires.push(path);
            }
            ("replace", words) => {
                if let Some(at) = words.iter().position(|word| *word == "=>")
                    && let Some(to) = words.get(at + 1).filter(|to| to.starts_with('.'))
                {
                    self.local.push(join(&self.folder, to));
                }
            }
            _ => {}
        }
    }

    /// Whether a module of this path (or below it) is required directly.
    pub(super) fn imports_any(&self, paths: &[&str]) -> bool {
        self.direct.iter().any(|direct| {
            paths.iter().any(|path| {
                direct == path || direct.strip_prefix(path).is_some_and(|r| r.starts_with("/v"))
            })
        })
    }

    /// The last part of the module's path, a major version left out: what `go install` calls it.
    pub(super) fn name(&self) -> &str {
        let mut parts = self.path.rsplit('/');
        let last = parts.next().unwrap_or_default();
        let version = last.strip_prefix('v').is_some_and(|d| d.chars().all(|c| c.is_ascii_digit()));
        if version { parts.next().unwrap_or(last) } else { last }
    }
}

/// The folders that a `go.work` uses. `None` where there is none.
pub(super) fn workspace(repo: &dyn RepoView, folder: &str) -> Option<Vec<String>> {
    let text = repo.text(&join(folder, "go.work"))?;
    let mut found = Vec::new();
    let mut inside = false;
    for line in text.lines() {
        let line = line.split("//").next().unwrap_or_default();
        match line.split_whitespace().collect::<Vec<_>>().as_slice() {
            ["use", "("] => inside = true,
            [")"] => inside = false,
            ["use", path] => found.push(join(folder, path.trim_matches('"'))),
            [path] if inside => found.push(join(folder, path.trim_matches('"'))),
            _ => {}
        }
    }
    Some(found)
}

/// Joins a folder of the repository and a relative path, `.` and `..` resolved.
pub(super) fn join(folder: &str, path: &str) -> String {
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            name => parts.push(name),
        }
    }
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;
    use rr_core::MemoryRepo;

    #[test]
    fn directives_are_read_alone_and_in_blocks() {
        let repo = MemoryRepo::new([
            (
                "tests/go.mod",
                "module example.com/a/tests/v2 // comment\n\ngo 1.22\n\nrequire (\n\tgithub.com/b/c/v3 v3.1.0\n\
                 \tgithub.com/d/e v1.0.0 // indirect\n)\nrequire example.com/a v0.0.0\n\
                 replace example.com/a => ../\n",
            ),
            ("go.work", "go 1.22\nuse (\n\t.\n\t./tests\n)\nuse ./x\n"),
        ]);
        let module = Module::read(&repo, "tests").unwrap();
        assert_eq!(module.go, Some(("1.22".to_owned(), 3)));
        assert_eq!(module.direct, ["github.com/b/c/v3", "example.com/a"]);
        assert_eq!(module.local, [""]);
        assert_eq!(module.name(), "tests");
        assert!(module.imports_any(&["github.com/b/c"]));
        assert_eq!(workspace(&repo, "").unwrap(), ["", "tests", "x"]);
    }
}
