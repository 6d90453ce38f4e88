//! The steps of one Go project: download, build, start, test; each for every module of it.

use rr_core::{
    Analysis, Command, EcosystemId, EnvironmentReport, Evidence, HealthProbe, PlanContext,
    ProbeKind, RepoView, ReportFormat, Step, StepKind, SystemPackage, TestSpec,
    ToolchainRequirement, Trust, Unit, UnitPlan, VersionRequest,
};

use rr_core::command::quote;

use super::detect::{Project, has_tests, ignored, numbers};
use super::documented::{self, Documented};
use super::module::{Module, join};
use super::program::{Program, main_program};
use crate::miners::query;

/// Plans one unit.
pub(super) fn plan(repo: &dyn RepoView, unit: &Unit, context: &PlanContext<'_>) -> UnitPlan {
    let Some(project) = Project::read(repo, &unit.path) else {
        return UnitPlan {
            notes: vec![format!("`{}` has no module", unit.path)],
            ..UnitPlan::default()
        };
    };
    let maker = Maker {
        repo,
        unit,
        project: &project,
        id: EcosystemId::new("go"),
        tests: documented::tests(context.analysis, unit),
        program: main_program(repo, Some(context.analysis), &project),
    };
    UnitPlan {
        toolchains: vec![pinned(context.analysis, unit, project.toolchain())],
        system_packages: system_packages(repo, &project),
        env: env(&project, project.is_legacy(repo), context.environment),
        path: Vec::new(),
        notes: maker.notes(),
        steps: maker.steps(),
    }
}

/// A module's own line is only the oldest Go that will do: a file that pins the version for the
/// module's folder, or one above it, says which is used.
fn pinned(analysis: &Analysis, unit: &Unit, least: ToolchainRequirement) -> ToolchainRequirement {
    let oldest = match &least.version {
        VersionRequest::Range(text) => numbers(text.trim_start_matches(">=")),
        _ => Vec::new(),
    };
    let above = |place: &Evidence| {
        let folder = place.path.rsplit_once('/').map_or("", |(folder, _)| folder);
        folder.is_empty() || unit.path == folder || unit.path.starts_with(&format!("{folder}/"))
    };
    let pin = query::mined_versions(analysis, "go")
        .into_iter()
        .find(|(version, place)| place.rule == "pin" && above(place) && numbers(version) >= oldest);
    let Some((version, place)) = pin else { return least };
    let mut evidence = vec![place.clone()];
    evidence.extend(least.evidence);
    let version = VersionRequest::Exact(version.to_owned());
    ToolchainRequirement { version, evidence, ..least }
}

struct Maker<'a> {
    repo: &'a dyn RepoView,
    unit: &'a Unit,
    project: &'a Project,
    id: EcosystemId,
    tests: Option<Documented>,
    program: Option<Program>,
}

/// Whether a module is built from its `vendor` folder by itself: where go.mod says 1.14 or later.
fn uses_vendor(repo: &dyn RepoView, module: &Module) -> bool {
    let minor = |text: &str| text.split('.').nth(1).and_then(|minor| minor.parse::<u32>().ok());
    let said = module.go.as_ref().and_then(|(text, _)| minor(text));
    said.is_some_and(|minor| minor >= 14) && repo.has(&join(&module.folder, "vendor/modules.txt"))
}

impl Maker<'_> {
    fn steps(&self) -> Vec<Step> {
        let mut steps: Vec<Step> = if self.project.is_legacy(self.repo) {
            self.make_module()
        } else {
            self.project
                .modules
                .iter()
                .filter(|module| !uses_vendor(self.repo, module))
                .map(|module| self.download(module))
                .collect()
        };
        steps.extend(self.project.modules.iter().map(|module| self.build(module)));
        steps.extend(self.program.as_ref().map(|program| self.build_program(program)));
        steps.extend(match &self.program {
            Some(program) => Some(self.start(program)),
            None => self.load(),
        });
        let tested: Vec<&Module> =
            self.project.modules.iter().filter(|m| has_tests(self.repo, &m.folder)).collect();
        let tested =
            if tested.is_empty() { self.project.modules.iter().take(1).collect() } else { tested };
        steps.extend(tested.into_iter().map(|module| self.test(module)));
        steps
    }

    fn step(
        &self,
        id: &str,
        module: &Module,
        kind: StepKind,
        title: &str,
        command: Command,
    ) -> Step {
        let own = module.folder == self.unit.path;
        let id = if own { id.to_owned() } else { format!("{id}:{}", module.folder) };
        let mut step = Step::new(id, &self.id, &self.unit.path, kind, title, command);
        step.cwd.clone_from(&module.folder);
        let manifest = join(&module.folder, "go.mod");
        step.because(Evidence::at(manifest, format!("go.{kind:?}").to_lowercase(), Trust::Manifest))
    }

    /// Makes the copy a module: the go command of today knows nothing else.
    fn make_module(&self) -> Vec<Step> {
        let module = &self.project.modules[0];
        let place = legacy_place(module);
        let path = quote(&module.path);
        let init = Command::shell(format!(
            "go mod init {path} && mkdir -p \"$(dirname {place})\" && ln -sfn \"$PWD\" {place}"
        ));
        let tidy = Command::argv(["go", "mod", "tidy", "-e"]);
        vec![
            self.step("go-init", module, StepKind::Install, "make the tree a module", init),
            self.step("go-tidy", module, StepKind::Install, "find and download the modules", tidy),
        ]
    }

    fn download(&self, module: &Module) -> Step {
        // In a workspace `go mod download` asks for versions of the modules beside it, which need
        // not exist; naming what is built and tested downloads just that.
        let command = if self.repo.has(&join(&self.unit.path, "go.work")) {
            Command::shell("go list -deps -test ./... > /dev/null")
        } else {
            Command::argv(["go", "mod", "download"])
        };
        self.step("go-download", module, StepKind::Install, "download the modules", command)
    }

    fn build(&self, module: &Module) -> Step {
        let words = ["go", "build"].map(str::to_owned).into_iter();
        let command = Command::argv(words.chain(self.tags()).chain(["./...".to_owned()]));
        let mut step =
            self.step("go-build", module, StepKind::Build, "build every package", command);
        step.timeout_seconds = 3600;
        self.dress(&mut step);
        step
    }

    fn build_program(&self, program: &Program) -> Step {
        let output = format!("@{{env}}/bin/{}", program.name);
        let words = ["go", "build", "-o", &output].map(str::to_owned).into_iter();
        let target = relative(&program.module, &program.folder);
        let command = Command::argv(words.chain(self.tags()).chain([target]));
        let module = self.module_of(program);
        let title = format!("build the program `{}`", program.name);
        let mut step = self.step("go-build-program", module, StepKind::Build, &title, command);
        step.timeout_seconds = 3600;
        self.dress(&mut step);
        step.evidence.extend(program.evidence.iter().cloned());
        step
    }

    fn start(&self, program: &Program) -> Step {
        let path = format!("@{{env}}/bin/{}", program.name);
        let module = self.module_of(program);
        let (title, command, probe) = match &program.server {
            Some(probe) => {
                let words = std::iter::once(path).chain(program.arguments.iter().cloned());
                let title = format!("start the server `{}`", program.name);
                (title, Command::argv(words), probe.clone())
            }
            None => {
                let probe = HealthProbe {
                    kind: ProbeKind::ExitCode,
                    expected_port: None,
                    start_seconds: 60,
                };
                // Not every program knows these words; one that knows none runs as it is.
                let line = format!(
                    "{path} --version || {path} --help || {path} version || {path} < /dev/null"
                );
                (format!("run the program `{}`", program.name), Command::shell(line), probe)
            }
        };
        let mut step = self.step("go-start", module, StepKind::Start, &title, command);
        step.probe = Some(probe);
        self.dress(&mut step);
        step.evidence.extend(program.evidence.iter().cloned());
        step
    }

    /// A library is loaded by a program that imports it.
    fn load(&self) -> Option<Step> {
        let (module, package) =
            self.project.modules.iter().find_map(|m| Some((m, library_package(self.repo, m)?)))?;
        let script = "@{tools}/recorder/go/load-library.sh";
        let command = Command::argv(["bash", script, &package]);
        let title = format!("run a program that imports `{package}`");
        let mut step = self.step("go-start", module, StepKind::Start, &title, command);
        step.probe = Some(HealthProbe {
            kind: ProbeKind::ExitCode,
            expected_port: None,
            start_seconds: 300,
        });
        step.timeout_seconds = 300;
        Some(step)
    }

    fn test(&self, module: &Module) -> Step {
        let own = module.folder == self.unit.path;
        let script = "@{tools}/recorder/go/run-tests.sh";
        let mut words: Vec<String> =
            ["bash", script, "module", "-count=1", "-timeout=30m"].map(str::to_owned).to_vec();
        let documented = self.tests.as_ref();
        words.extend(documented.into_iter().flat_map(|tests| tests.flags.iter().cloned()));
        words.push("--".to_owned());
        let packages =
            documented.map(|tests| tests.packages.clone()).filter(|p| own && !p.is_empty());
        words.extend(packages.unwrap_or_else(|| vec!["./...".to_owned()]));
        let title = "run the tests with go";
        let mut command = Command::Argv(words);
        if self.project.is_legacy(self.repo) {
            command = Command::shell(format!("cd {} && {command}", legacy_place(module)));
        }
        let mut step = self.step("go-test", module, StepKind::Test, title, command);
        self.dress(&mut step);
        step = step.with_env("REPO_RUNNER_REPORTS", "@{reports}").with_env("GOPROXY", "off");
        step.test = Some(TestSpec {
            runner: "go-test".to_owned(),
            format: ReportFormat::GoJson,
            report: "@{reports}/*.json".to_owned(),
        });
        let documented = self.tests.as_ref().and_then(|tests| tests.evidence.clone());
        step.evidence.splice(0..0, documented);
        step
    }

    fn module_of(&self, program: &Program) -> &Module {
        let of = |module: &&Module| module.folder == program.module;
        self.project.modules.iter().find(of).unwrap_or(&self.project.modules[0])
    }

    fn tags(&self) -> Vec<String> {
        let flags = self.tests.iter().flat_map(|tests| &tests.flags);
        flags.filter(|flag| flag.starts_with("-tags=")).cloned().collect()
    }

    /// What the documented tests are given; other steps get what the compiler reads of it.
    fn dress(&self, step: &mut Step) {
        let tests = step.kind == StepKind::Test;
        let ours = |name: &str| tests || name.starts_with("CGO_") || name.starts_with("GO");
        let given = self.tests.iter().flat_map(|tests| &tests.env);
        for (name, value) in given.filter(|(name, _)| ours(name)) {
            step.env.entry(name.clone()).or_insert_with(|| value.clone());
        }
    }

    fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        if self.project.is_legacy(self.repo) {
            notes.push(
                "no go.mod: the copy is made a module, its requirements are today's".to_owned(),
            );
        }
        let race = self.tests.as_ref().is_some_and(|tests| tests.race);
        notes.extend(race.then(|| "tests run without the race detector, which CI uses".to_owned()));
        notes
    }
}

/// Where Go keeps its things, and whether it may fetch a newer one of itself.
fn env(
    project: &Project,
    legacy: bool,
    host: &EnvironmentReport,
) -> std::collections::BTreeMap<String, String> {
    let enough = project.modules.iter().filter_map(|m| m.go.as_ref()).all(|(needed, _)| {
        let newest = host.tools.get("go").into_iter().flatten().map(|t| numbers(&t.version)).max();
        newest.is_some_and(|newest| newest >= numbers(needed))
    });
    // A vendor folder from before modules does not fit the module made of the tree.
    let flags =
        if legacy { "-mod=mod -buildvcs=false -modcacherw" } else { "-buildvcs=false -modcacherw" };
    [
        ("GOMODCACHE", "@{caches}/go/mod"),
        ("GOCACHE", "@{caches}/go/build"),
        // The tree has no history here; and a cache that cannot be deleted is no use.
        ("GOFLAGS", flags),
        ("GOTOOLCHAIN", if enough { "local" } else { "auto" }),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .into()
}

/// Where a tree from before modules lay for its authors: tests of that time look for their own
/// path in what the compiler recorded.
fn legacy_place(module: &Module) -> String {
    quote(&format!("@{{home}}/go/src/{}", module.path))
}

/// `./cmd/x` from the module's folder and the package's.
fn relative(module: &str, folder: &str) -> String {
    match folder[module.len()..].trim_start_matches('/') {
        "" => ".".to_owned(),
        rest => format!("./{rest}"),
    }
}

/// The import path of a module's public face: its root package, or the package nearest to it.
fn library_package(repo: &dyn RepoView, module: &Module) -> Option<String> {
    let base = &module.folder;
    let folder = repo
        .below(base)
        .iter()
        .filter(|entry| entry.path.ends_with(".go") && !entry.path.ends_with("_test.go"))
        .map(|entry| entry.path[base.len()..].trim_start_matches('/'))
        .map(|path| path.rsplit_once('/').map_or("", |(folder, _)| folder))
        .filter(|folder| {
            let aside = ["internal", "examples", "example", "cmd", "tools", "scripts", "hack"];
            !ignored(folder) && !folder.split('/').any(|part| aside.contains(&part))
        })
        .filter(|folder| !is_program(repo, &join(base, folder)))
        .min_by_key(|folder| {
            (folder.matches('/').count() + usize::from(!folder.is_empty()), folder.len())
        })?;
    Some(if folder.is_empty() { module.path.clone() } else { format!("{}/{folder}", module.path) })
}

fn is_program(repo: &dyn RepoView, folder: &str) -> bool {
    repo.children(folder)
        .iter()
        .filter(|entry| entry.path.ends_with(".go") && !entry.path.ends_with("_test.go"))
        .filter_map(|entry| repo.text(&entry.path))
        .all(|text| text.lines().any(|line| line.trim_end() == "package main"))
}

/// Modules that link what a distribution brings, with Debian's packages. Source: their READMEs.
#[rustfmt::skip]
static NEEDS: &[(&str, &[&str])] = &[
    ("github.com/mattn/go-sqlite3", &["gcc", "libc6-dev"]),
    ("github.com/google/gopacket", &["libpcap-dev", "gcc"]),
    ("github.com/gopacket/gopacket", &["libpcap-dev", "gcc"]),
    ("github.com/h2non/bimg", &["libvips-dev", "gcc", "pkg-config"]),
    ("github.com/davidbyttow/govips", &["libvips-dev", "gcc", "pkg-config"]),
    ("github.com/libgit2/git2go", &["libgit2-dev", "gcc", "pkg-config"]),
    ("github.com/go-gl/glfw", &["xorg-dev", "libgl1-mesa-dev", "gcc"]),
    ("github.com/hajimehoshi/ebiten", &["xorg-dev", "libgl1-mesa-dev", "libasound2-dev", "gcc", "pkg-config"]),
    ("github.com/ebitengine/oto", &["libasound2-dev", "gcc", "pkg-config"]),
    ("github.com/hajimehoshi/oto", &["libasound2-dev", "gcc", "pkg-config"]),
    ("fyne.io/fyne", &["xorg-dev", "libgl1-mesa-dev", "gcc"]),
    ("github.com/gotk3/gotk3", &["libgtk-3-dev", "gcc", "pkg-config"]),
    ("github.com/veandco/go-sdl2", &["libsdl2-dev", "libsdl2-image-dev", "libsdl2-ttf-dev", "libsdl2-mixer-dev", "gcc"]),
    ("github.com/google/gousb", &["libusb-1.0-0-dev", "gcc", "pkg-config"]),
    ("github.com/coreos/go-systemd", &["libsystemd-dev"]),
    ("gocv.io/x/gocv", &["libopencv-dev", "g++", "pkg-config"]),
    ("github.com/DataDog/zstd", &["gcc", "libc6-dev"]),
    ("github.com/linxGnu/grocksdb", &["librocksdb-dev", "gcc"]),
    ("github.com/pebbe/zmq4", &["libzmq3-dev", "gcc", "pkg-config"]),
];

fn system_packages(repo: &dyn RepoView, project: &Project) -> Vec<SystemPackage> {
    let mut found: Vec<SystemPackage> = Vec::new();
    let mut need = |name: &str, evidence: Evidence| {
        if found.iter().all(|package| package.name != name) {
            found.push(SystemPackage { name: name.to_owned(), evidence: vec![evidence] });
        }
    };
    for module in &project.modules {
        let at = join(&module.folder, "go.mod");
        for (path, packages) in NEEDS.iter().filter(|(path, _)| module.imports_any(&[path])) {
            for name in *packages {
                let rule = format!("go.module:{path}");
                need(name, Evidence::at(at.clone(), rule, Trust::Manifest));
            }
        }
        if let Some(file) = uses_cgo(repo, &module.folder) {
            for name in ["gcc", "libc6-dev"] {
                need(name, Evidence::at(file.clone(), "go.cgo", Trust::Manifest));
            }
        }
    }
    found
}

/// A source of the module that imports C.
fn uses_cgo(repo: &dyn RepoView, folder: &str) -> Option<String> {
    repo.below(folder)
        .iter()
        .filter(|entry| entry.path.ends_with(".go") && repo.size(&entry.path) < 300 << 10)
        .take(2000)
        .find(|entry| repo.text(&entry.path).is_some_and(|text| text.contains("\nimport \"C\"")))
        .map(|entry| entry.path.clone())
}
