//! Which of a unit's declared requirements its tests need: extras, groups, files, single names.
//!
//! What the repository itself runs (CI, tox, nox, Makefile) rules; names are the fallback.

use std::collections::{BTreeMap, BTreeSet};

use rr_core::{Analysis, CommandClass, Evidence, MinedCommand, RepoView, Unit};

use super::install_share::{Share, share};
use super::manifest::Manifest;
use super::paths::{file_name, join, relative};
use super::requirements::{self, Purpose, closure, included, normalize, requirement_name};
use crate::miners::{query, split_words, unwrapped};

/// What is installed besides the program itself.
#[derive(Clone, Debug, Default)]
pub(super) struct Selection {
    /// Extras of the unit's own package.
    pub(super) extras: BTreeSet<String>,
    /// PEP 735 groups.
    pub(super) groups: BTreeSet<String>,
    /// Groups of a tool's own kind.
    pub(super) tool_groups: BTreeSet<String>,
    /// Requirement files, paths relative to the root.
    pub(super) files: Vec<String>,
    /// Single requirements.
    pub(super) packages: Vec<String>,
    /// Why.
    pub(super) evidence: Vec<Evidence>,
}

const TEST_NAMES: &[&str] =
    &["test", "tests", "testing", "unittest", "unit-test", "pytest", "hatch-test", "unit"];
const DEVELOP_NAMES: &[&str] = &["dev", "develop", "development", "ci", "default", "all-dev"];

/// Tools that repositories install to drive or publish, which tests do not import.
const DRIVERS: &[&str] = &[
    "pip",
    "uv",
    "tox",
    "tox-uv",
    "nox",
    "poetry",
    "pdm",
    "pipenv",
    "hatch",
    "virtualenv",
    "build",
    "twine",
    "wheel",
    "codecov",
    "coveralls",
    "flake8",
    "black",
    "mypy",
    "ruff",
    "isort",
    "pylint",
    "pre-commit",
    "cibuildwheel",
    "tox-gh-actions",
    "setuptools",
    "bandit",
    "sphinx",
    "conda",
    "coverage-badge",
    "semantic-release",
    "python-semantic-release",
    "interrogate",
    "pyright",
];

/// Chooses for a unit.
pub(super) fn choose(
    repo: &dyn RepoView,
    unit: &Unit,
    manifest: &Manifest,
    analysis: &Analysis,
) -> Selection {
    let mut chosen = Selection::default();
    let tests: Vec<(String, String)> = query::test_commands(analysis, unit)
        .iter()
        .map(|command| (command.evidence.path.clone(), command.context.clone()))
        .collect();
    let installs = query::commands(analysis, unit, CommandClass::Install);
    chosen.take_commands(repo, unit, manifest, analysis, &installs, &tests, Share::All);
    chosen.take_tox(repo, unit, manifest);
    chosen.take_nox(repo, unit, manifest);
    if chosen.size() == 0 {
        let share = Share::Declared;
        chosen.take_commands(repo, unit, manifest, analysis, &installs, &tests, share);
    }
    chosen.take_named(repo, unit, manifest);
    chosen.drop_unknown(repo, manifest);
    chosen
}

impl Selection {
    /// The names of everything chosen, normalised.
    pub(super) fn names(&self, repo: &dyn RepoView, manifest: &Manifest) -> BTreeSet<String> {
        let lists = [
            (&self.extras, &manifest.extras),
            (&self.groups, &manifest.groups),
            (&self.tool_groups, &manifest.tool_groups),
        ];
        let grouped = lists
            .iter()
            .flat_map(|(names, from)| names.iter().filter_map(|name| from.get(name)))
            .flatten();
        let from_files = self.files.iter().flat_map(|path| closure(repo, path));
        grouped
            .chain(&self.packages)
            .chain(&manifest.dependencies)
            .filter_map(|line| requirement_name(line))
            .chain(from_files.filter_map(|line| requirement_name(&line)))
            .collect()
    }

    /// Takes over the install commands of which this share counts.
    #[expect(clippy::too_many_arguments, reason = "the whole context of one choice")]
    fn take_commands(
        &mut self,
        repo: &dyn RepoView,
        unit: &Unit,
        manifest: &Manifest,
        analysis: &Analysis,
        installs: &[&MinedCommand],
        tests: &[(String, String)],
        wanted: Share,
    ) {
        for command in installs.iter().filter(|command| share(command, tests) == wanted) {
            for command in query::resolve(analysis, command) {
                let packages = self.packages.len();
                self.take_command(repo, unit, manifest, &command);
                if wanted == Share::Declared {
                    self.packages.truncate(packages);
                }
            }
        }
    }

    fn take_command(
        &mut self,
        repo: &dyn RepoView,
        unit: &Unit,
        manifest: &Manifest,
        command: &MinedCommand,
    ) {
        let words = split_words(&command.line);
        let words = unwrapped(&words);
        let before = self.size();
        let text: Vec<&str> = words.iter().map(String::as_str).collect();
        let pip = text.iter().position(|word| *word == "install");
        match text.as_slice() {
            ["uv", "sync", rest @ ..] => self.take_options(rest, manifest),
            ["poetry" | "pdm", "install" | "sync", rest @ ..] => self.take_options(rest, manifest),
            _ => {
                if let Some(at) = pip {
                    self.take_pip(repo, unit, &command.cwd, &text[at + 1..]);
                }
            }
        }
        if self.size() > before {
            self.evidence.push(command.evidence.clone());
        }
    }

    pub(super) fn size(&self) -> usize {
        self.extras.len()
            + self.groups.len()
            + self.tool_groups.len()
            + self.files.len()
            + self.packages.len()
    }

    fn take_options(&mut self, words: &[&str], manifest: &Manifest) {
        let mut rest = words.iter().flat_map(|word| word.splitn(2, '=')).peekable();
        while let Some(word) = rest.next() {
            match word {
                "--extra" | "-E" | "--extras" => {
                    let names = rest.next().unwrap_or("");
                    self.extras.extend(names.split([' ', ',']).map(str::to_owned));
                }
                "--group" | "--with" | "-G" | "--only-group" | "--only" => {
                    for name in rest.next().unwrap_or("").split([',', ' ']) {
                        self.take_group(name.trim_start_matches(':'), manifest);
                    }
                }
                "--all-extras" => self.extras.extend(manifest.extras.keys().cloned()),
                "--all-groups" => self.groups.extend(manifest.groups.keys().cloned()),
                _ => {}
            }
        }
    }

    pub(super) fn take_group(&mut self, name: &str, manifest: &Manifest) {
        if manifest.groups.contains_key(name) {
            self.groups.insert(name.to_owned());
        } else if manifest.tool_groups.contains_key(name) {
            self.tool_groups.insert(name.to_owned());
        } else if manifest.extras.contains_key(name) {
            self.extras.insert(name.to_owned());
        }
    }

    pub(super) fn take_pip(&mut self, repo: &dyn RepoView, unit: &Unit, cwd: &str, words: &[&str]) {
        let mut rest = words.iter().copied();
        while let Some(word) = rest.next() {
            let word = word.trim_start_matches("{toxinidir}/").trim_start_matches("./");
            match word {
                "-r" | "--requirement" | "--requirements" => {
                    self.take_file(repo, unit, cwd, rest.next().unwrap_or(""));
                }
                "--group" => {
                    self.groups.insert(rest.next().unwrap_or("").to_owned());
                }
                "-e" | "--editable" => self.take_own(rest.next().unwrap_or("")),
                "-c" | "--constraint" | "-i" | "--index-url" | "--extra-index-url" | "-f"
                | "--find-links" | "--python" | "-p" | "--target" | "-t" | "--prefix"
                | "--upgrade-strategy" | "--only-binary" | "--no-binary" | "--timeout" => {
                    rest.next();
                }
                _ if included(word).is_some() => {
                    self.take_file(repo, unit, cwd, included(word).unwrap_or(""));
                }
                _ if word.starts_with('.') || word.starts_with('[') => self.take_own(word),
                _ if word.starts_with('-') => {}
                _ => self.take_package(word),
            }
        }
    }

    /// `.[test,dev]`: the unit's own extras.
    fn take_own(&mut self, word: &str) {
        if let Some((_, names)) = word.split_once('[') {
            let names = names.split(']').next().unwrap_or("");
            self.extras.extend(names.split(',').map(|name| name.trim().to_owned()));
        }
    }

    fn take_file(&mut self, repo: &dyn RepoView, unit: &Unit, cwd: &str, name: &str) {
        let name = name.trim_start_matches("{toxinidir}/");
        for base in [cwd, unit.path.as_str(), ""] {
            let path = join(base, name);
            if repo.has(&path) {
                self.add_file(path);
                return;
            }
        }
    }

    fn add_file(&mut self, path: String) {
        if !self.files.contains(&path) {
            self.files.push(path);
        }
    }

    /// A single requirement, if it is a plain name with plain versions.
    fn take_package(&mut self, word: &str) {
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_.[]=<>!~,*;' ()\"".contains(c);
        let Some(name) = requirement_name(word) else { return };
        let wheel = [".whl", ".gz", ".zip", ".txt"].iter().any(|end| word.ends_with(end));
        let pinned_setuptools = name == "setuptools" && word.contains('<');
        let driver = DRIVERS.contains(&name.as_str()) && !pinned_setuptools;
        let known = self.packages.iter().any(|line| requirement_name(line).as_ref() == Some(&name));
        if word.chars().all(plain) && !driver && !known && !wheel && word.len() > 1 {
            self.packages.push(word.to_owned());
        }
    }

    /// What names alone say, where it was not said otherwise.
    fn take_named(&mut self, repo: &dyn RepoView, unit: &Unit, manifest: &Manifest) {
        let by_name = |from: &BTreeMap<String, Vec<String>>, names: &[&str]| -> Vec<String> {
            from.keys().filter(|key| names.contains(&normalize(key).as_str())).cloned().collect()
        };
        self.extras.extend(by_name(&manifest.extras, TEST_NAMES));
        self.groups.extend(by_name(&manifest.groups, TEST_NAMES));
        self.tool_groups.extend(by_name(&manifest.tool_groups, TEST_NAMES));
        let files = requirements::files(repo, &unit.path);
        for file in files.iter().filter(|file| file.purpose == Purpose::Test) {
            self.add_file(file.path.clone());
        }
        self.packages.extend(manifest.tests_require.iter().cloned());
        if !manifest.installable {
            self.take_main_files(&files, &unit.path);
        }
        // A package that declares nothing itself has its dependencies in conda's environment.
        if manifest.dependencies.is_empty() && self.files.is_empty() {
            self.tool_groups.extend(by_name(&manifest.tool_groups, &["conda"]));
        }
        // Poetry's and Pipfile's only development group is where their test runner is.
        self.tool_groups.extend(by_name(&manifest.tool_groups, &["dev"]));
        let test_runner = self.names(repo, manifest).iter().any(|name| {
            ["pytest", "nose", "nose2", "unittest2", "mock", "twisted", "django"]
                .contains(&name.as_str())
        });
        if !test_runner {
            self.groups.extend(by_name(&manifest.groups, DEVELOP_NAMES));
            self.tool_groups.extend(by_name(&manifest.tool_groups, DEVELOP_NAMES));
            self.extras.extend(by_name(&manifest.extras, DEVELOP_NAMES));
            for file in files.iter().filter(|file| file.purpose == Purpose::Develop) {
                self.add_file(file.path.clone());
            }
        }
    }

    fn take_main_files(&mut self, files: &[requirements::RequirementFile], unit: &str) {
        let main: Vec<&requirements::RequirementFile> =
            files.iter().filter(|file| file.purpose == Purpose::Main).collect();
        let root = main.iter().find(|file| relative(unit, &file.path) == "requirements.txt");
        let chosen: Vec<String> = match root {
            Some(file) => vec![file.path.clone()],
            None => main.iter().map(|file| file.path.clone()).collect(),
        };
        for path in chosen.into_iter().rev() {
            if !self.files.contains(&path) {
                self.files.insert(0, path);
            }
        }
    }

    fn drop_unknown(&mut self, repo: &dyn RepoView, manifest: &Manifest) {
        let same = |from: &BTreeMap<String, Vec<String>>, name: &String| -> Option<String> {
            from.keys().find(|key| normalize(key) == normalize(name)).cloned()
        };
        // An extra that the manifest computes at build time cannot be seen; pip only warns then.
        let dynamic = manifest.extras.is_empty() && manifest.installable;
        let extras = std::mem::take(&mut self.extras);
        self.extras = extras
            .into_iter()
            .filter(|name| !name.is_empty() && !name.contains(['{', '$']))
            .filter_map(|name| if dynamic { Some(name) } else { same(&manifest.extras, &name) })
            .collect();
        self.groups.retain(|name| manifest.groups.contains_key(name));
        self.tool_groups.retain(|name| manifest.tool_groups.contains_key(name));
        self.files.retain(|path| {
            let constraint = file_name(path).contains("constraint");
            !constraint && repo.has(path)
        });
    }
}

#[cfg(test)]
#[path = "selection_tests.rs"]
mod tests;
