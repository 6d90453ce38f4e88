//! What a unit's manifests declare, whichever tool they are written for, in one shape.
//!
//! Reads pyproject.toml, setup.cfg, setup.py, Pipfile and conda's environment.yml. It decides
//! nothing about which of it is installed.

use std::collections::BTreeMap;

use rr_core::{Evidence, RepoView, Trust};
use serde_json::Value;

use super::document::{at, ini, ini_lines, line_of, members_at, text_at, texts_at, toml};
use super::literal::{Literal, keyword_arguments};
use super::paths::join;
use super::{conda, poetry};

/// A unit's manifests in one shape. Requirements are PEP 508 texts.
#[derive(Clone, Debug, Default)]
pub(super) struct Manifest {
    /// The distribution's own name.
    pub(super) name: Option<String>,
    /// Manifest files that were read, relative to the root.
    pub(super) files: Vec<String>,
    /// What the Python version must satisfy, PEP 440, with its place.
    pub(super) requires_python: Option<(String, Evidence)>,
    /// Minor versions that classifiers name: `3.8`.
    pub(super) classified: Vec<String>,
    /// What the program needs.
    pub(super) dependencies: Vec<String>,
    /// Extras.
    pub(super) extras: BTreeMap<String, Vec<String>>,
    /// PEP 735 groups, includes resolved.
    pub(super) groups: BTreeMap<String, Vec<String>>,
    /// Groups of a tool's own kind: poetry, pdm, hatch, uv's dev list, Pipfile.
    pub(super) tool_groups: BTreeMap<String, Vec<String>>,
    /// `tests_require`.
    pub(super) tests_require: Vec<String>,
    /// Console scripts: name and `module:function`.
    pub(super) scripts: Vec<(String, String)>,
    /// Whether `pip install .` can work.
    pub(super) installable: bool,
    /// The build backend's module: `poetry.core.masonry.api`; empty where none is named.
    pub(super) backend: String,
    /// Top-level modules that the manifest itself names.
    pub(super) modules: Vec<String>,
    /// Whether compiled extensions are built.
    pub(super) compiled: bool,
    /// Managers, the ruling one first.
    pub(super) managers: Vec<String>,
    /// pytest's own configuration, where there is one.
    pub(super) pytest: Option<PytestConfig>,
    /// System packages that a conda file names.
    pub(super) system_packages: Vec<String>,
}

/// pytest's configuration.
#[derive(Clone, Debug)]
pub(super) struct PytestConfig {
    /// Options added to every call.
    pub(super) addopts: String,
    /// All keys set, for plugins that define them.
    pub(super) keys: Vec<String>,
    /// Where it stands.
    pub(super) evidence: Evidence,
}

/// Reads every manifest of a unit.
pub(super) fn read(repo: &dyn RepoView, unit: &str) -> Manifest {
    let mut manifest = Manifest::default();
    let text = |name: &str| repo.text(&join(unit, name));
    if let Some(found) = text("pyproject.toml") {
        manifest.pyproject(&join(unit, "pyproject.toml"), &found);
    }
    if let Some(found) = text("setup.cfg") {
        manifest.setup_cfg(&join(unit, "setup.cfg"), &found);
    }
    if let Some(found) = text("setup.py") {
        manifest.setup_py(&join(unit, "setup.py"), &found);
    }
    if let Some(found) = text("Pipfile") {
        manifest.pipfile(&join(unit, "Pipfile"), &found);
    }
    for name in ["environment.yml", "environment.yaml"] {
        if let Some(found) = text(name) {
            manifest.conda(&join(unit, name), &found);
        }
    }
    for (name, section) in
        [("pytest.ini", "pytest"), (".pytest.ini", "pytest"), ("tox.ini", "pytest")]
    {
        if let Some(found) = text(name) {
            manifest.pytest_ini(&join(unit, name), &ini(&found), section);
        }
    }
    manifest.managers_by_lock(repo, unit);
    manifest.installable &= manifest.finds_its_package(repo, unit);
    manifest
}

impl Manifest {
    /// Every requirement of every kind, for questions such as "is pytest named anywhere".
    pub(super) fn all_requirements(&self) -> impl Iterator<Item = &String> {
        self.dependencies
            .iter()
            .chain(&self.tests_require)
            .chain(self.extras.values().flatten())
            .chain(self.groups.values().flatten())
            .chain(self.tool_groups.values().flatten())
    }

    fn manager(&mut self, name: &str) {
        if !self.managers.iter().any(|known| known == name) {
            self.managers.push(name.to_owned());
        }
    }

    fn pyproject(&mut self, path: &str, text: &str) {
        self.files.push(path.to_owned());
        let document = toml(text);
        self.backend = text_at(&document, &["build-system", "build-backend"]).unwrap_or_default();
        let built = !at(&document, &["build-system"]).is_null();
        let project = at(&document, &["project"]);
        self.project(path, text, project);
        poetry::read(self, path, text, at(&document, &["tool", "poetry"]));
        let private = at(&document, &["tool", "uv", "package"]) == &Value::Bool(false)
            || at(&document, &["tool", "poetry", "package-mode"]) == &Value::Bool(false);
        let described = !project.is_null() || !at(&document, &["tool", "poetry"]).is_null();
        let legacy = built && !described;
        self.installable = !private && described && (built || project_is_package(&document));
        // A bare [build-system] belongs to a setup.py or setup.cfg beside it.
        self.installable |= legacy && self.backend.contains("flit");
        self.compiled |= ["maturin", "mesonpy", "scikit_build_core", "setuptools_rust"]
            .iter()
            .any(|name| self.backend.contains(name));
        self.groups = groups(at(&document, &["dependency-groups"]));
        self.tool_tables(&document);
        let options = at(&document, &["tool", "pytest", "ini_options"]);
        let options = if options.is_null() { at(&document, &["tool", "pytest"]) } else { options };
        if options.is_object() {
            let place = evidence(path, text, "[tool.pytest", "python.pytest-config");
            self.pytest = Some(pytest_config(options, place));
        }
    }

    fn project(&mut self, path: &str, text: &str, project: &Value) {
        self.name = text_at(project, &["name"]);
        if let Some(range) = text_at(project, &["requires-python"]) {
            let place = evidence(path, text, "requires-python", "python.requires-python");
            self.requires_python = Some((range, place));
        }
        self.classified.extend(classified(&texts_at(project, &["classifiers"])));
        self.dependencies = texts_at(project, &["dependencies"]);
        for (name, _) in members_at(project, &["optional-dependencies"]) {
            let list = texts_at(project, &["optional-dependencies", name]);
            self.extras.insert(name.to_owned(), list);
        }
        for (name, target) in members_at(project, &["scripts"]) {
            self.scripts.push((name.to_owned(), target.as_str().unwrap_or("").to_owned()));
        }
    }

    fn tool_tables(&mut self, document: &Value) {
        let tool = at(document, &["tool"]);
        self.name_modules(texts_at(tool, &["setuptools", "packages"]));
        self.name_modules(texts_at(tool, &["setuptools", "py-modules"]));
        self.name_modules(text_at(tool, &["flit", "module", "name"]).into_iter().collect());
        for (name, _) in members_at(tool, &["pdm", "dev-dependencies"]) {
            self.tool_groups
                .insert(name.to_owned(), texts_at(tool, &["pdm", "dev-dependencies", name]));
        }
        let uv = texts_at(tool, &["uv", "dev-dependencies"]);
        if !uv.is_empty() {
            self.groups.entry("dev".to_owned()).or_default().extend(uv);
        }
        for (name, environment) in members_at(tool, &["hatch", "envs"]) {
            let mut list = texts_at(environment, &["dependencies"]);
            list.extend(texts_at(environment, &["extra-dependencies"]));
            if !list.is_empty() {
                self.tool_groups.insert(name.to_owned(), list);
            }
        }
        let flit = at(tool, &["flit", "metadata"]);
        if flit.is_object() {
            self.installable = true;
            self.name = self.name.take().or_else(|| text_at(flit, &["module"]));
            self.dependencies.extend(texts_at(flit, &["requires"]));
            for (name, _) in members_at(flit, &["requires-extra"]) {
                self.extras.insert(name.to_owned(), texts_at(flit, &["requires-extra", name]));
            }
        }
        let by_table = [
            ("uv", "uv"),
            ("poetry", "poetry"),
            ("pdm", "pdm"),
            ("hatch", "hatch"),
            ("flit", "flit"),
        ];
        for (table, manager) in by_table {
            if !at(tool, &[table]).is_null() && (table != "uv" || self.managers.is_empty()) {
                self.manager(manager);
            }
        }
        for (word, manager) in [
            ("poetry", "poetry"),
            ("pdm", "pdm"),
            ("hatchling", "hatch"),
            ("flit", "flit"),
            ("setuptools", "setuptools"),
        ] {
            if self.backend.starts_with(word) {
                self.manager(manager);
            }
        }
    }

    fn setup_cfg(&mut self, path: &str, text: &str) {
        let document = ini(text);
        if !at(&document, &["metadata"]).is_null() || !at(&document, &["options"]).is_null() {
            self.files.push(path.to_owned());
            self.manager("setuptools");
        }
        self.installable |= text_at(&document, &["metadata", "name"]).is_some()
            && !at(&document, &["options"]).is_null();
        self.name = self.name.take().or_else(|| text_at(&document, &["metadata", "name"]));
        if let Some(range) = text_at(&document, &["options", "python_requires"]) {
            let place = evidence(path, text, "python_requires", "python.requires-python");
            self.requires_python.get_or_insert((range, place));
        }
        self.classified.extend(classified(&ini_lines(&document, &["metadata", "classifiers"])));
        self.dependencies.extend(ini_lines(&document, &["options", "install_requires"]));
        self.tests_require.extend(ini_lines(&document, &["options", "tests_require"]));
        for (name, _) in members_at(&document, &["options.extras_require"]) {
            let list = ini_lines(&document, &["options.extras_require", name]);
            self.extras.entry(name.to_owned()).or_insert(list);
        }
        for line in ini_lines(&document, &["options.entry_points", "console_scripts"]) {
            self.scripts.extend(script(&line));
        }
        self.pytest_ini(path, &document, "tool:pytest");
    }

    fn setup_py(&mut self, path: &str, text: &str) {
        self.files.push(path.to_owned());
        self.manager("setuptools");
        self.installable |= text.contains("setup(");
        self.compiled |= text.contains("ext_modules")
            || text.contains("cffi_modules")
            || text.contains("rust_extensions");
        let arguments = keyword_arguments(text, "setup");
        let texts = |name: &str| arguments.get(name).map(Literal::texts).unwrap_or_default();
        let name = arguments.get("name").and_then(Literal::text).map(str::to_owned);
        self.name = self.name.take().or(name);
        if let Some(range) = arguments.get("python_requires").and_then(Literal::text) {
            let place = evidence(path, text, "python_requires", "python.requires-python");
            self.requires_python.get_or_insert((range.to_owned(), place));
        }
        self.classified.extend(classified(&texts("classifiers")));
        self.dependencies.extend(texts("install_requires"));
        self.tests_require.extend(texts("tests_require"));
        self.name_modules(texts("packages"));
        self.name_modules(texts("py_modules"));
        if let Some(Literal::Dict(extras)) = arguments.get("extras_require") {
            for (name, list) in extras {
                self.extras.entry(name.clone()).or_insert_with(|| list.texts());
            }
        }
        if let Some(points) = arguments.get("entry_points") {
            let lines = match points {
                Literal::Text(text) => console_scripts(text),
                other => other.get("console_scripts").map(Literal::texts).unwrap_or_default(),
            };
            self.scripts.extend(lines.iter().filter_map(|line| script(line)));
        }
    }

    /// Whether a backend that looks for a folder of the project's own name finds one. Poetry and
    /// flit refuse to build otherwise, though the dependencies can be installed.
    fn finds_its_package(&self, repo: &dyn RepoView, unit: &str) -> bool {
        let by_name = self.backend.starts_with("poetry") || self.backend.starts_with("flit");
        let Some(name) = self.name.as_deref().filter(|_| by_name && self.modules.is_empty()) else {
            return true;
        };
        let module = name.replace(['-', '.'], "_");
        let spellings = [module.to_lowercase(), module, name.to_owned()];
        spellings.iter().any(|name| {
            let places = [join(unit, name), join(&join(unit, "src"), name)];
            places
                .iter()
                .any(|place| repo.has(&format!("{place}.py")) || !repo.below(place).is_empty())
        })
    }

    /// The top-level parts of packages, tests and other company left out.
    fn name_modules(&mut self, packages: Vec<String>) {
        for package in packages {
            let top = package.split('.').next().unwrap_or(&package).to_owned();
            let aside = matches!(top.as_str(), "tests" | "test" | "examples" | "docs");
            if !top.is_empty() && !aside && !self.modules.contains(&top) {
                self.modules.push(top);
            }
        }
    }

    fn pipfile(&mut self, path: &str, text: &str) {
        self.files.push(path.to_owned());
        self.managers.insert(0, "pipenv".to_owned());
        let document = toml(text);
        let python = ["python_full_version", "python_version"]
            .iter()
            .find_map(|key| text_at(&document, &["requires", key]));
        if let Some(version) = python {
            let place = evidence(path, text, "python_", "python.pipfile");
            let minor = version.split('.').take(2).collect::<Vec<_>>().join(".");
            self.requires_python = Some((format!("=={minor}.*"), place));
        }
        self.dependencies.extend(poetry::requirements(at(&document, &["packages"])));
        let develop = poetry::requirements(at(&document, &["dev-packages"]));
        self.tool_groups.entry("dev".to_owned()).or_default().extend(develop);
    }

    fn conda(&mut self, path: &str, text: &str) {
        let found = conda::read(text);
        self.files.push(path.to_owned());
        self.manager("conda");
        if let Some(version) = found.python {
            let place = evidence(path, text, "python", "python.conda");
            self.requires_python.get_or_insert((version, place));
        }
        if !self.installable && self.dependencies.is_empty() {
            self.dependencies.extend(found.requirements);
        } else {
            self.tool_groups.insert("conda".to_owned(), found.requirements);
        }
        self.system_packages.extend(found.system_packages);
    }

    fn pytest_ini(&mut self, path: &str, document: &Value, section: &str) {
        let options = at(document, &[section]);
        if options.is_object() && self.pytest.is_none() {
            let place = Evidence::at(path, "python.pytest-config", Trust::Manifest);
            self.pytest = Some(pytest_config(options, place));
        }
    }

    fn managers_by_lock(&mut self, repo: &dyn RepoView, unit: &str) {
        for (lock, manager) in [
            ("Pipfile.lock", "pipenv"),
            ("pdm.lock", "pdm"),
            ("poetry.lock", "poetry"),
            ("uv.lock", "uv"),
        ] {
            if repo.has(&join(unit, lock)) {
                self.managers.retain(|known| known != manager);
                self.managers.insert(0, manager.to_owned());
            }
        }
        if self.managers.is_empty() {
            self.managers.push("pip".to_owned());
        }
    }
}

/// Whether a pyproject without `[build-system]` is a package by setuptools' defaults.
fn project_is_package(document: &Value) -> bool {
    !at(document, &["project"]).is_null()
        && at(document, &["tool", "uv", "package"]).is_null()
        && at(document, &["tool", "setuptools"]).is_object()
}

fn evidence(path: &str, text: &str, needle: &str, rule: &str) -> Evidence {
    let place = Evidence::at(path, rule, Trust::Manifest);
    match line_of(text, needle) {
        Some((line, excerpt)) => place.with_line(line, excerpt),
        None => place,
    }
}

fn classified(lines: &[String]) -> Vec<String> {
    let prefix = "Programming Language :: Python :: ";
    let minor = |line: &String| {
        let rest = line.trim().strip_prefix(prefix)?.trim();
        let (major, minor) = rest.split_once('.')?;
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        (digits(major) && digits(minor)).then(|| rest.to_owned())
    };
    lines.iter().filter_map(minor).collect()
}

/// PEP 735 groups with `{include-group = "x"}` resolved.
fn groups(table: &Value) -> BTreeMap<String, Vec<String>> {
    let names: Vec<&str> = members_at(table, &[]).map(|(name, _)| name).collect();
    names.iter().map(|name| ((*name).to_owned(), group(table, name, 0))).collect()
}

fn group(table: &Value, name: &str, depth: usize) -> Vec<String> {
    let items = at(table, &[name]).as_array().map_or(&[] as &[Value], Vec::as_slice);
    let mut list = Vec::new();
    for item in items {
        if let Some(text) = item.as_str() {
            list.push(text.to_owned());
        } else if let Some(other) = text_at(item, &["include-group"])
            && depth < 8
        {
            list.extend(group(table, &other, depth + 1));
        }
    }
    list
}

fn pytest_config(options: &Value, evidence: Evidence) -> PytestConfig {
    let words = |key: &str| match at(options, &[key]) {
        Value::Array(_) => texts_at(options, &[key]),
        Value::String(text) => text.split_whitespace().map(str::to_owned).collect(),
        _ => Vec::new(),
    };
    PytestConfig {
        addopts: words("addopts").join(" "),
        keys: members_at(options, &[]).map(|(key, _)| key.to_owned()).collect(),
        evidence,
    }
}

fn console_scripts(text: &str) -> Vec<String> {
    let mut inside = false;
    let mut lines = Vec::new();
    for line in text.replace("\\n", "\n").lines().map(str::trim) {
        if line.starts_with('[') {
            inside = line == "[console_scripts]";
        } else if inside && line.contains('=') {
            lines.push(line.to_owned());
        }
    }
    lines
}

fn script(line: &str) -> Option<(String, String)> {
    let (name, target) = line.split_once('=')?;
    Some((name.trim().to_owned(), target.trim().to_owned()))
}

#[cfg(test)]
#[path = "manifest_tests.rs"]
mod tests;
