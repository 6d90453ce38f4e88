//! What tox.ini and noxfile.py say that tests need.

use rr_core::{Evidence, RepoView, Trust, Unit};

use super::document::{ini, ini_lines, members_at, text_at};
use super::manifest::Manifest;
use super::paths::join;
use super::selection::Selection;
use crate::miners::split_words;

impl Selection {
    /// `deps`, `extras` and `dependency_groups` of tox's test environments.
    pub(super) fn take_tox(&mut self, repo: &dyn RepoView, unit: &Unit, manifest: &Manifest) {
        let path = join(&unit.path, "tox.ini");
        let Some(text) = repo.text(&path) else { return };
        let document = ini(&text);
        let before = self.size();
        for (section, _) in members_at(&document, &[]) {
            let name = section.strip_prefix("testenv:").unwrap_or(section);
            let tests = section == "testenv" || name.starts_with("py") || name.contains("test");
            if !section.starts_with("testenv") || !tests || name.contains("lint") {
                continue;
            }
            for line in ini_lines(&document, &[section, "deps"]) {
                self.take_tox_line(repo, unit, &line);
            }
            for line in ini_lines(&document, &[section, "extras"]) {
                let Some(names) = for_default(&line) else { continue };
                self.extras.extend(names.split(',').map(|name| name.trim().to_owned()));
            }
            for line in ini_lines(&document, &[section, "dependency_groups"]) {
                if let Some(name) = for_default(&line) {
                    self.take_group(name, manifest);
                }
            }
            if let Some(commands) = text_at(&document, &[section, "commands_pre"]) {
                for line in commands.lines().filter(|line| line.contains("install")) {
                    let words = split_words(line);
                    let at = words.iter().position(|word| word == "install").map_or(0, |at| at + 1);
                    let words: Vec<&str> = words[at..].iter().map(String::as_str).collect();
                    self.take_pip(repo, unit, &unit.path, &words);
                }
            }
        }
        if self.size() > before {
            self.evidence.push(Evidence::at(path, "python.tox-deps", Trust::TaskRunner));
        }
    }

    /// One line of `deps`, where it holds for an ordinary environment.
    fn take_tox_line(&mut self, repo: &dyn RepoView, unit: &Unit, line: &str) {
        let Some(line) = for_default(line) else { return };
        if line.contains("{[") || line.contains("{env") || line.contains("{posargs") {
            return;
        }
        let words = if line.starts_with('-') { split_words(line) } else { vec![line.to_owned()] };
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        self.take_pip(repo, unit, &unit.path, &words);
    }

    /// `session.install(...)` in nox sessions whose name says test.
    pub(super) fn take_nox(&mut self, repo: &dyn RepoView, unit: &Unit, manifest: &Manifest) {
        let path = join(&unit.path, "noxfile.py");
        let Some(text) = repo.text(&path) else { return };
        let before = self.size();
        let mut testing = false;
        for line in text.lines() {
            if let Some(rest) = line.strip_prefix("def ") {
                let name = rest.split('(').next().unwrap_or("");
                testing = name.contains("test") || name == "unit";
            }
            let call = line.find(".install(").map(|at| &line[at + 9..]);
            let Some(call) = call.filter(|_| testing) else { continue };
            let strings: Vec<&str> = call
                .split(['"', '\''])
                .skip(1)
                .step_by(2)
                .filter(|text| !text.is_empty())
                .collect();
            self.take_pip(repo, unit, &unit.path, &strings);
        }
        let known: Vec<String> = manifest.groups.keys().cloned().collect();
        self.groups.retain(|name| known.contains(name));
        if self.size() > before {
            self.evidence.push(Evidence::at(path, "python.nox-install", Trust::TaskRunner));
        }
    }
}

/// Names of factors that stand for another kind of environment than the ordinary one: versions at
/// the edge of what is supported, or work that is no test.
const OTHER_ENVIRONMENTS: &[&str] = &[
    "min",
    "minimal",
    "minimum",
    "minver",
    "mindeps",
    "lowest",
    "oldest",
    "old",
    "dev",
    "devel",
    "main",
    "master",
    "trunk",
    "tip",
    "upstream",
    "nightly",
    "pre",
    "prerelease",
    "edge",
    "next",
    "lint",
    "linters",
    "style",
    "mypy",
    "pyright",
    "typing",
    "types",
    "docs",
    "doc",
    "build",
    "release",
    "publish",
    "pypy",
    "jython",
    "windows",
    "win32",
    "darwin",
    "macos",
];

/// A line of a tox setting without its condition, where it holds for an ordinary environment. A
/// factor with a digit (`py27: mock`, `django32: Django~=3.2`) chooses between versions of one
/// package, `min: -r min.txt` between environments; `full: pycurl` adds to one, `!min: x` holds.
fn for_default(line: &str) -> Option<&str> {
    let line = line.trim();
    let Some((factors, rest)) = line.split_once(':') else { return Some(line) };
    let shape = |c: char| c.is_ascii_alphanumeric() || "_-,.!{} ".contains(c);
    if factors.starts_with('-') || !factors.chars().all(shape) || rest.starts_with(['/', ':']) {
        return Some(line);
    }
    let holds = |factor: &str| match factor.trim().strip_prefix('!') {
        Some(_) => true,
        None => {
            let name = factor.trim();
            !name.contains(|c: char| c.is_ascii_digit()) && !OTHER_ENVIRONMENTS.contains(&name)
        }
    };
    let alternative = |text: &str| text.split('-').all(holds);
    factors.split(',').any(alternative).then(|| rest.trim())
}

#[cfg(test)]
mod tests {
    use super::for_default;

    #[test]
    fn lines_of_other_environments_are_left_out() {
        assert_eq!(for_default("-r requirements/tests.txt"), Some("-r requirements/tests.txt"));
        assert_eq!(for_default("pytest>=8: x"), Some("pytest>=8: x"));
        assert_eq!(for_default("git+https://host/x"), Some("git+https://host/x"));
        assert_eq!(for_default("full: pycurl"), Some("pycurl"));
        assert_eq!(for_default("!min: attrs"), Some("attrs"));
        assert_eq!(for_default("crypto: crypto"), Some("crypto"));
        for other in ["min: -r min.txt", "py27: mock", "py38-min: attrs==1", "lint,docs: black"] {
            assert_eq!(for_default(other), None, "{other}");
        }
    }
}
