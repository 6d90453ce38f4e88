//! The steps that make a unit's environment: the venv, what it needs, and an import check.

use std::collections::BTreeSet;

use rr_core::command::quote;
use rr_core::{Command, EcosystemId, Evidence, NetworkNeed, RepoView, Step, StepKind, Trust, Unit};

use super::distributions::{distribution, is_standard};
use super::imports::top_level;
use super::layout::Layout;
use super::locks::{self, Lock};
use super::manifest::Manifest;
use super::names::{beside_venv, step_name, venv};
use super::paths::{file_name, join, parent};
use super::pytest_plugins::pytest_plugin;
use super::requirements::{closure, normalize, requirement_name};
use super::selection::Selection;

/// Everything that the install steps are made from.
pub(super) struct Install<'a> {
    pub(super) repo: &'a dyn RepoView,
    pub(super) unit: &'a Unit,
    pub(super) manifest: &'a Manifest,
    pub(super) selection: &'a Selection,
    pub(super) layout: &'a Layout,
    /// Whether the environment is Python 2's, which uv does not know.
    pub(super) python2: bool,
    /// Whether lock files are left aside, because what they lock cannot be had.
    pub(super) without_lock: bool,
    /// Whether the tests are run by pytest.
    pub(super) uses_pytest: bool,
}

impl Install<'_> {
    /// All steps, in order.
    pub(super) fn steps(&self) -> Vec<Step> {
        let mut steps = vec![self.venv_step()];
        let locked = !self.python2 && !self.without_lock;
        let lock = locks::read(self.repo, &self.unit.path).filter(|_| locked);
        steps.extend(lock.as_ref().map(|lock| self.lock_step(lock)));
        let uv_lock = self.uv_lock().filter(|_| locked);
        if let Some(path) = &uv_lock {
            steps.push(self.sync_step(path));
        }
        let words = self.main_words(uv_lock.is_some(), lock.as_ref());
        if !words.is_empty() {
            steps.push(self.main_step(&words, lock.as_ref()));
        }
        steps.extend(self.undeclared_step(lock.as_ref()));
        steps.extend(self.check_step());
        steps
    }

    fn step(&self, what: &str, kind: StepKind, title: &str, command: Command) -> Step {
        let id = EcosystemId::new("python");
        Step::new(step_name(&self.unit.path, what), &id, &self.unit.path, kind, title, command)
    }

    fn venv_step(&self) -> Step {
        let place = venv(&self.unit.path);
        // The old environment goes first, so that its own python is not found instead of the
        // toolchain's. uv cannot make environments for Python 2; virtualenv below 20.22 can.
        let line = if self.python2 {
            format!(
                "rm -rf {place}\npython=$(command -v python2.7 || command -v python2 || command -v python)\n\
                 uv tool run --python '>=3.8,<3.13' --from 'virtualenv<20.22' virtualenv -p \"$python\" {place}"
            )
        } else {
            format!(
                "rm -rf {place}\npython=$(command -v python3 || command -v python)\n\
                 uv venv --seed --python \"$python\" {place}\n{place}/bin/python --version"
            )
        };
        self.step("venv", StepKind::Install, "make a virtual environment", Command::shell(line))
            .because(Evidence::at("", "python.venv", Trust::Default))
    }

    fn lock_step(&self, lock: &Lock) -> Step {
        let target = beside_venv(&self.unit.path, "lock.txt");
        let line = here_document(&target, &lock.constraints);
        let name = file_name(&lock.path);
        let title = format!("take the versions of {name} as constraints");
        let mut step = self.step("lock", StepKind::Configure, &title, Command::shell(line));
        step.network = NetworkNeed::Loopback;
        step.timeout_seconds = 60;
        step.because(Evidence::at(&lock.path, "python.lock", Trust::Manifest))
    }

    /// uv's lock of the unit or of the workspace it belongs to.
    fn uv_lock(&self) -> Option<String> {
        let mut folder = self.unit.path.as_str();
        loop {
            let path = join(folder, "uv.lock");
            if self.repo.has(&path) && self.repo.has(&join(&self.unit.path, "pyproject.toml")) {
                return Some(path);
            }
            if folder.is_empty() {
                return None;
            }
            folder = parent(folder);
        }
    }

    fn sync_step(&self, lock: &str) -> Step {
        let mut words = vec!["uv", "sync", "--frozen", "--inexact"];
        for group in &self.selection.groups {
            words.extend(["--group", group]);
        }
        for extra in &self.selection.extras {
            words.extend(["--extra", extra]);
        }
        let workspace = self.repo.text(&join(&self.unit.path, "pyproject.toml"));
        if workspace.is_some_and(|text| text.contains("[tool.uv.workspace]")) {
            words.push("--all-packages");
        }
        let mut step = self.step(
            "sync",
            StepKind::Install,
            "install the locked dependencies with uv",
            Command::argv(words),
        );
        step.env.insert("UV_PROJECT_ENVIRONMENT".to_owned(), venv(&self.unit.path));
        // A pin to a patch release that cannot be had must not stop what its line runs.
        step.env.insert("UV_PYTHON".to_owned(), format!("{}/bin/python", venv(&self.unit.path)));
        step.evidence.push(Evidence::at(lock, "python.uv-lock", Trust::Manifest));
        step.evidence.extend(self.selection.evidence.iter().cloned());
        step
    }

    /// The words of the one install command that brings everything at once, so that one
    /// resolution fits all. Empty where a lock brought everything.
    fn main_words(&self, synced: bool, lock: Option<&Lock>) -> Vec<String> {
        let mut words = Vec::new();
        if !synced {
            if self.manifest.installable {
                let extras: Vec<&str> = self.selection.extras.iter().map(String::as_str).collect();
                let extras = extras.join(",");
                let own = if extras.is_empty() { ".".to_owned() } else { format!(".[{extras}]") };
                words.extend(["-e".to_owned(), own]);
            } else {
                words.extend(self.manifest.dependencies.iter().map(|line| unmarked(line)));
                let extras = self.selection.extras.iter();
                let lists = extras.filter_map(|name| self.manifest.extras.get(name));
                words.extend(lists.flatten().map(|line| unmarked(line)));
            }
            let groups = self.selection.groups.iter().filter_map(|g| self.manifest.groups.get(g));
            words.extend(groups.flatten().map(|line| unmarked(line)));
        }
        for group in &self.selection.tool_groups {
            let list = self.manifest.tool_groups.get(group).into_iter().flatten();
            words.extend(list.map(|line| unmarked(line)));
        }
        for path in &self.selection.files {
            words.extend(self.file_words(path, lock));
        }
        words.extend(self.selection.packages.iter().map(|line| unmarked(line)));
        words.extend(self.runner_words(synced));
        let mut seen = BTreeSet::new();
        words.retain(|word| word == "-r" || word == "-e" || seen.insert(word.clone()));
        words
    }

    /// A requirement file by its path; or line by line, where it names the unit's own package,
    /// which must come from the tree and not from the index.
    ///
    /// The same goes for a file that pins other versions than the lock does: the lock rules.
    fn file_words(&self, path: &str, lock: Option<&Lock>) -> Vec<String> {
        let own = self.manifest.name.as_deref().map(normalize);
        let lines = closure(self.repo, path);
        let names_own = |line: &String| {
            (own.is_some() && requirement_name(line) == own)
                || lock.is_some_and(|lock| lock.contradicts(line))
        };
        let has_self = lines.iter().any(names_own);
        if !has_self {
            return vec!["-r".to_owned(), format!("@{{workspace}}/{path}")];
        }
        lines
            .iter()
            .filter(|line| !names_own(line) && requirement_name(line).is_some())
            .map(|line| unmarked(line))
            .collect()
    }

    /// pytest and the plugins that its configuration takes for granted, where nothing names them.
    fn runner_words(&self, synced: bool) -> Vec<String> {
        if !self.uses_pytest {
            return Vec::new();
        }
        let mut declared = self.selection.names(self.repo, self.manifest);
        if synced {
            // uv installs its `dev` group by default.
            let dev = self.manifest.groups.get("dev").into_iter().flatten();
            declared.extend(dev.filter_map(|line| requirement_name(line)));
        }
        let mut wanted: Vec<&str> = vec!["pytest"];
        if let Some(config) = &self.manifest.pytest {
            let options = config.addopts.split_whitespace();
            let options = options.map(|word| word.split('=').next().unwrap_or(word));
            let keys = config.keys.iter().map(String::as_str);
            wanted.extend(options.chain(keys).filter_map(pytest_plugin));
        }
        let mut missing: Vec<String> = Vec::new();
        for name in wanted {
            let pulled = name == "pytest"
                && declared.iter().any(|known| known.starts_with("pytest-") && !synced);
            if !declared.contains(&normalize(name)) && !pulled && !missing.iter().any(|m| m == name)
            {
                missing.push(name.to_owned());
            }
        }
        missing
    }

    fn main_step(&self, words: &[String], lock: Option<&Lock>) -> Step {
        let mut all: Vec<String> = self.installer();
        all.extend(words.iter().cloned());
        if lock.is_some() {
            all.extend(["-c".to_owned(), beside_venv(&self.unit.path, "lock.txt")]);
        }
        let mut step = self.step(
            "install",
            StepKind::Install,
            "install the project, its dependencies and what its tests need",
            Command::Argv(all),
        );
        step.evidence.extend(lock.map(|l| Evidence::at(&l.path, "python.lock", Trust::Manifest)));
        step.evidence.extend(self.selection.evidence.iter().cloned());
        for path in &self.selection.files {
            step.evidence.push(Evidence::at(path, "python.requirements", Trust::Manifest));
        }
        for path in &self.manifest.files {
            step.evidence.push(Evidence::at(path, "python.manifest", Trust::Manifest));
        }
        step
    }

    fn installer(&self) -> Vec<String> {
        let words: &[&str] = if self.python2 {
            &["python", "-m", "pip", "install"]
        } else {
            &["uv", "pip", "install"]
        };
        words.iter().map(|word| (*word).to_owned()).collect()
    }

    /// Well-known packages that tests (or, without any manifest, the code) import at their top
    /// level though nothing declares them. Optional: a failure here fails nothing.
    fn undeclared_step(&self, lock: Option<&Lock>) -> Option<Step> {
        let mut declared = self.selection.names(self.repo, self.manifest);
        if self.uses_pytest {
            declared.insert("pytest".to_owned());
        }
        let bare = self.manifest.dependencies.is_empty()
            && self.selection.files.is_empty()
            && !self.manifest.installable;
        let mut files: Vec<&str> = self.layout.tests.iter().map(String::as_str).collect();
        if bare {
            let all = self.repo.below(&self.unit.path).iter().map(|entry| entry.path.as_str());
            files = all.filter(|path| path.ends_with(".py")).collect();
        }
        let mut wanted: BTreeSet<&'static str> = BTreeSet::new();
        let mut place = None;
        for path in files.into_iter().take(400) {
            let Some(text) = self.repo.text(path) else { continue };
            for module in top_level(&text) {
                let top = module.split('.').next().unwrap_or(&module);
                let own_name = self.manifest.name.as_deref().map(normalize);
                let own = own_name.as_deref() == Some(normalize(top).as_str());
                if is_standard(top) || own || self.layout.own.contains(top) {
                    continue;
                }
                let Some(name) = distribution(&module) else { continue };
                let plain = normalize(requirement_name(name).as_deref().unwrap_or(name));
                if !declared.contains(&plain) && own_name.as_deref() != Some(plain.as_str()) {
                    place.get_or_insert_with(|| {
                        Evidence::at(path, "python.undeclared-import", Trust::Default)
                    });
                    wanted.insert(name);
                }
            }
        }
        if wanted.is_empty() {
            return None;
        }
        let mut words = self.installer();
        words.extend(wanted.into_iter().map(str::to_owned));
        if lock.is_some() {
            words.extend(["-c".to_owned(), beside_venv(&self.unit.path, "lock.txt")]);
        }
        let title = "install what is imported but declared nowhere";
        let mut step = self.step("undeclared", StepKind::Install, title, Command::Argv(words));
        step.optional = !bare;
        step.evidence.extend(place);
        Some(step)
    }

    /// Imports the unit's main module, the plainest proof that the installation holds together.
    fn check_step(&self) -> Option<Step> {
        let module = self.layout.modules.first().filter(|_| self.manifest.installable)?;
        let mut step = self.step(
            "check",
            StepKind::Check,
            &format!("import {module}"),
            Command::argv(["python", "-c", &format!("import {module}")]),
        );
        // An import may rightly need configuration that only the tests or the start give.
        step.optional = true;
        let source = join(&self.unit.path, &self.layout.source);
        let place = join(&source, module);
        Some(step.because(Evidence::at(place, "python.import-check", Trust::Manifest)))
    }
}

/// `cat > file <<'EOF'` with these lines.
fn here_document(target: &str, lines: &[String]) -> String {
    format!("cat > {target} <<'REPO_RUNNER_EOF'\n{}\nREPO_RUNNER_EOF", lines.join("\n"))
}

/// A requirement as one word for an argument vector; pip wants no space around `;`-less parts,
/// which is how most manifests write them anyway.
fn unmarked(line: &str) -> String {
    line.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Quotes words for a shell line.
pub(super) fn shell_words(words: &[String]) -> String {
    words.iter().map(|word| quote(word)).collect::<Vec<_>>().join(" ")
}
