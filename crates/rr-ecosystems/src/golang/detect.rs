//! Go modules and workspaces in a tree, and the programs in them.

use rr_core::{
    EcosystemId, Evidence, RepoView, ToolchainRequirement, Trust, Unit, UnitKind, UnitRole,
    VersionRequest,
};

use super::legacy;
use super::module::{Module, join, workspace};
use super::program;

/// Modules by which a program is a server: whose they are, and their names.
#[rustfmt::skip]
static SERVER_MODULES: &[(&str, &str)] = &[
    ("github.com/gin-gonic", "gin"), ("github.com/labstack", "echo"), ("github.com/gofiber", "fiber"),
    ("github.com/go-chi", "chi"), ("github.com/gorilla", "mux"), ("google.golang.org", "grpc"),
    ("github.com/valyala", "fasthttp"), ("github.com/kataras", "iris"), ("github.com/beego", "beego"),
    ("github.com/cloudwego", "hertz"), ("github.com/go-kratos", "kratos"),
    ("github.com/julienschmidt", "httprouter"), ("connectrpc.com", "connect"),
    ("github.com/danielgtaylor", "huma"), ("github.com/zeromicro", "go-zero"),
    ("github.com/gobuffalo", "buffalo"), ("github.com/revel", "revel"), ("github.com/go-fuego", "fuego"),
];

/// The names of the server modules that a module imports.
pub(super) fn server_modules(module: &Module) -> Vec<&'static str> {
    let imported =
        |(owner, name): &&(&str, &str)| module.imports_any(&[&format!("{owner}/{name}")]);
    SERVER_MODULES.iter().filter(imported).map(|(_, name)| *name).collect()
}

/// A module (or a workspace) with the modules that belong to it.
#[derive(Clone, Debug)]
pub(super) struct Project {
    /// Folder of the unit.
    pub(super) folder: String,
    /// Modules to build and test, the unit's own first.
    pub(super) modules: Vec<Module>,
}

impl Project {
    /// Reads the project of a unit's folder: its module, those its `go.work` uses, and nested
    /// ones that hold this module's tests.
    pub(super) fn read(repo: &dyn RepoView, folder: &str) -> Option<Self> {
        let mut modules: Vec<Module> = Module::read(repo, folder).into_iter().collect();
        for used in workspace(repo, folder).unwrap_or_default() {
            if used != folder {
                modules.extend(Module::read(repo, &used));
            }
        }
        for nested in module_folders(repo).iter().filter(|f| below(folder, f)) {
            let known = modules.iter().any(|module| &module.folder == nested);
            if let Some(module) = Module::read(repo, nested).filter(|_| !known)
                && holds_tests_of(repo, folder, &module)
            {
                modules.push(module);
            }
        }
        if modules.is_empty() && folder.is_empty() {
            modules.extend(legacy::module(repo));
        }
        (!modules.is_empty()).then(|| Self { folder: folder.to_owned(), modules })
    }

    /// Whether the tree is from before modules.
    pub(super) fn is_legacy(&self, repo: &dyn RepoView) -> bool {
        self.modules.iter().any(|module| !repo.has(&join(&module.folder, "go.mod")))
    }

    /// The toolchain that all modules together need.
    pub(super) fn toolchain(&self) -> ToolchainRequirement {
        let newest = self
            .modules
            .iter()
            .filter_map(|m| m.go.as_ref().map(|(version, line)| (version, line, &m.folder)))
            .max_by_key(|(version, ..)| numbers(version));
        let mut evidence = Vec::new();
        let version = match newest {
            None => VersionRequest::Any,
            Some((version, line, folder)) => {
                let at = join(folder, "go.mod");
                let excerpt = format!("go {version}");
                evidence.push(
                    Evidence::at(at, "go.version", Trust::Manifest).with_line(*line, &excerpt),
                );
                VersionRequest::Range(format!(">={version}"))
            }
        };
        ToolchainRequirement { tool: "go".to_owned(), version, evidence }
    }
}

/// The units of a tree.
pub(super) fn units(repo: &dyn RepoView) -> Vec<Unit> {
    let folders = module_folders(repo);
    let works: Vec<(String, Vec<String>)> = repo
        .files()
        .iter()
        .filter_map(|entry| folder_of(&entry.path, "go.work"))
        .filter_map(|folder| Some((folder.to_owned(), workspace(repo, folder)?)))
        .collect();
    let mut units = Vec::new();
    if let Some(module) = legacy::module(repo) {
        let mut unit = module_unit(repo, &module, UnitRole::Primary);
        unit.evidence = vec![Evidence::at("", "go.sources-without-module", Trust::Default)];
        units.push(unit);
    }
    for (folder, _) in works.iter().filter(|(folder, _)| !folders.contains(folder)) {
        if let Some(project) = Project::read(repo, folder) {
            units.push(workspace_unit(&project));
        }
    }
    for folder in &folders {
        let Some(module) = Module::read(repo, folder) else { continue };
        let used = works.iter().any(|(at, used)| at != folder && used.contains(folder));
        let part = folders.iter().any(|above| below(above, folder) && module.local.contains(above));
        let role = if used || part { UnitRole::Member } else { UnitRole::Primary };
        units.push(module_unit(repo, &module, role));
    }
    units
}

/// Folders with a `go.mod`, shorter paths first. `testdata`, `vendor` and names with `_` or `.` in
/// front are not Go's to look at.
fn module_folders(repo: &dyn RepoView) -> Vec<String> {
    let mut found: Vec<String> = repo
        .files()
        .iter()
        .filter_map(|entry| folder_of(&entry.path, "go.mod"))
        .filter(|folder| !ignored(folder))
        .map(str::to_owned)
        .collect();
    found.sort_by_key(|folder| if folder.is_empty() { 0 } else { 1 + folder.matches('/').count() });
    found
}

/// Whether Go's patterns leave a folder out.
pub(super) fn ignored(folder: &str) -> bool {
    folder.split('/').any(|part| {
        matches!(part, "vendor" | "testdata" | "node_modules")
            || part.starts_with('_')
            || part.starts_with('.')
    })
}

fn folder_of<'a>(path: &'a str, name: &str) -> Option<&'a str> {
    match path.rsplit_once('/') {
        Some((folder, file)) => (file == name).then_some(folder),
        None => (path == name).then_some(""),
    }
}

fn below(above: &str, folder: &str) -> bool {
    folder != above
        && (above.is_empty() || folder.strip_prefix(above).is_some_and(|r| r.starts_with('/')))
}

/// A nested module that replaces its parent by the folder above and has tests of its own is where
/// a project keeps tests whose dependencies its users should not see.
fn holds_tests_of(repo: &dyn RepoView, folder: &str, module: &Module) -> bool {
    let aside = ["example", "examples", "_examples", "tools", "benchmark", "benchmarks", "docs"];
    module.local.iter().any(|to| to == folder)
        && !module.folder.split('/').any(|part| aside.contains(&part))
        && has_tests(repo, &module.folder)
}

/// Whether a module has test files, nested modules left out.
pub(super) fn has_tests(repo: &dyn RepoView, folder: &str) -> bool {
    repo.below(folder).iter().any(|entry| {
        let (inner, file) = entry.path.rsplit_once('/').unwrap_or(("", &entry.path));
        file.ends_with("_test.go")
            && !ignored(inner[folder.len()..].trim_start_matches('/'))
            && !in_nested_module(repo, folder, inner)
    })
}

/// Whether a folder at or below a module's belongs to a module of its own.
pub(super) fn in_nested_module(repo: &dyn RepoView, base: &str, folder: &str) -> bool {
    let mut at = folder;
    while at.len() > base.len() {
        if repo.has(&join(at, "go.mod")) {
            return true;
        }
        at = at.rsplit_once('/').map_or("", |(above, _)| above);
    }
    false
}

fn module_unit(repo: &dyn RepoView, module: &Module, role: UnitRole) -> Unit {
    let project = Project { folder: module.folder.clone(), modules: vec![module.clone()] };
    let kind = match program::main_program(repo, None, &project) {
        None => UnitKind::Library,
        Some(found) if found.server.is_some() => UnitKind::Service,
        Some(_) => UnitKind::Cli,
    };
    let mut frameworks: Vec<String> =
        server_modules(module).into_iter().map(str::to_owned).collect();
    frameworks.push("go-test".to_owned());
    Unit {
        path: module.folder.clone(),
        ecosystem: EcosystemId::new("go"),
        name: module.name().to_owned(),
        kind,
        role,
        managers: vec!["go".to_owned()],
        toolchains: vec![project.toolchain()],
        frameworks,
        weight: 50,
        evidence: vec![Evidence::at(join(&module.folder, "go.mod"), "go.module", Trust::Manifest)],
    }
}

fn workspace_unit(project: &Project) -> Unit {
    let folder = &project.folder;
    Unit {
        path: folder.clone(),
        ecosystem: EcosystemId::new("go"),
        name: folder.rsplit('/').next().unwrap_or_default().to_owned(),
        kind: UnitKind::Workspace,
        role: UnitRole::Primary,
        managers: vec!["go".to_owned()],
        toolchains: vec![project.toolchain()],
        frameworks: vec!["go-test".to_owned()],
        weight: 50,
        evidence: vec![Evidence::at(join(folder, "go.work"), "go.workspace", Trust::Manifest)],
    }
}

/// `1.25rc1` and `1.25.3` as numbers that compare.
pub(super) fn numbers(version: &str) -> Vec<u32> {
    version
        .split('.')
        .map(|part| {
            let digits: String = part.chars().take_while(char::is_ascii_digit).collect();
            digits.parse().unwrap_or(0)
        })
        .collect()
}
