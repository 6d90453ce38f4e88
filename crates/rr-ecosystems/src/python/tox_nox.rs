//! What tox.ini and noxfile.py say that tests need.

use rr_core::{Evidence, RepoView, Trust, Unit};

use super::document::{ini, ini_lines, members_at, text_at};
use super::manifest::Manifest;
use super::paths::join;
use super::selection::Selection;
use crate::miners::{ToxEnvironment, split_words};

impl Selection {
    /// `deps`, `extras` and `dependency_groups` of tox's test environments.
    pub(super) fn take_tox(&mut self, repo: &dyn RepoView, unit: &Unit, manifest: &Manifest) {
        let path = join(&unit.path, "tox.ini");
        let Some(text) = repo.text(&path) else { return };
        let document = ini(&text);
        let before = self.size();
        let listed =
            ["envlist", "env_list"].iter().find_map(|key| text_at(&document, &["tox", key]));
        let environment = ToxEnvironment::ordinary(&listed.unwrap_or_default());
        for (section, _) in members_at(&document, &[]) {
            let name = section.strip_prefix("testenv:").unwrap_or(section);
            let tests = section == "testenv" || name.starts_with("py") || name.contains("test");
            if !section.starts_with("testenv") || !tests || name.contains("lint") {
                continue;
            }
            for line in ini_lines(&document, &[section, "deps"]) {
                if let Some(line) = environment.line(&line) {
                    self.take_tox_line(repo, unit, line);
                }
            }
            for line in ini_lines(&document, &[section, "extras"]) {
                let Some(names) = environment.line(&line) else { continue };
                self.extras.extend(names.split(',').map(|name| name.trim().to_owned()));
            }
            for line in ini_lines(&document, &[section, "dependency_groups"]) {
                if let Some(name) = environment.line(&line) {
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

    /// One line of `deps`.
    fn take_tox_line(&mut self, repo: &dyn RepoView, unit: &Unit, line: &str) {
        if line.contains("{[") || line.contains("{env") || line.contains("{posargs") {
            return;
        }
        let words = if line.starts_with('-') { split_words(line) } else { vec![line.to_owned()] };
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        self.take_pip(repo, unit, &unit.path, &words);
    }

    /// `session.install(...)` in nox sessions whose name says test, outside of conditions, which
    /// choose between databases or versions.
    pub(super) fn take_nox(&mut self, repo: &dyn RepoView, unit: &Unit, manifest: &Manifest) {
        let path = join(&unit.path, "noxfile.py");
        let Some(text) = repo.text(&path) else { return };
        let before = self.size();
        let mut testing = false;
        let mut condition: Option<usize> = None;
        for line in text.lines() {
            if let Some(rest) = line.strip_prefix("def ") {
                let name = rest.split('(').next().unwrap_or("");
                testing = name.contains("test") || name == "unit";
            }
            let indent = line.len() - line.trim_start().len();
            if !line.trim().is_empty() && condition.is_some_and(|outer| indent <= outer) {
                condition = None;
            }
            let starts = ["if ", "elif ", "else:", "match ", "case "];
            if starts.iter().any(|start| line.trim_start().starts_with(start)) {
                condition = condition.or(Some(indent));
            }
            let call = line.find(".install(").map(|at| &line[at + 9..]);
            let Some(call) = call.filter(|_| testing && condition.is_none()) else { continue };
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
