//! The steps of one C or C++ project: configure, build, run its program, test.

use rr_core::{
    Command, EcosystemId, Evidence, HealthProbe, NetworkNeed, PlanContext, ProbeKind, RepoView,
    ReportFormat, Step, StepKind, TestSpec, Trust, Unit, UnitPlan,
};

use super::make::{self, MakeTest};
use super::paths::join;
use super::system::{self, System};
use super::{autotools, cmake, detect, make_program, meson, packages, scripts};
use crate::miners::query;

/// Seconds a build may take: large projects on small machines.
const BUILD_SECONDS: u32 = 5400;

/// Plans one unit.
pub(super) fn plan(repo: &dyn RepoView, unit: &Unit, context: &PlanContext<'_>) -> UnitPlan {
    let Some(system) = system::ranked(repo, context.analysis, unit).first().copied() else {
        let note = format!("no build file in `{}`", unit.path);
        return UnitPlan { notes: vec![note], ..UnitPlan::default() };
    };
    let maker = Maker::new(repo, unit, context, system);
    let evidence = detect::manifest(repo, &unit.path, system);
    UnitPlan {
        toolchains: detect::toolchains(repo, &unit.path, system, &evidence),
        system_packages: packages::packages(
            repo,
            context.analysis,
            unit,
            system,
            maker.cmake.ninja,
        ),
        notes: maker.notes(),
        steps: maker.steps(),
        ..UnitPlan::default()
    }
}

struct Maker<'a> {
    repo: &'a dyn RepoView,
    unit: &'a Unit,
    context: &'a PlanContext<'a>,
    system: System,
    id: EcosystemId,
    /// Folder of an out-of-tree build, relative to the unit.
    build: String,
    cmake: cmake::Documented,
}

impl<'a> Maker<'a> {
    fn new(
        repo: &'a dyn RepoView,
        unit: &'a Unit,
        context: &'a PlanContext<'a>,
        system: System,
    ) -> Self {
        let taken = !repo.below(&join(&unit.path, "build")).is_empty();
        let cmake = match system {
            System::CMake => cmake::documented(repo, context.analysis, unit),
            _ => cmake::Documented::default(),
        };
        Self {
            repo,
            unit,
            context,
            system,
            id: EcosystemId::new("native"),
            build: if taken { "repo-runner-build" } else { "build" }.to_owned(),
            cmake,
        }
    }

    fn steps(&self) -> Vec<Step> {
        let mut steps = self.configure();
        steps.push(self.compile());
        steps.extend(self.start());
        steps.extend(self.test());
        steps
    }

    fn configure(&self) -> Vec<Step> {
        match self.system {
            System::CMake => vec![self.cmake_configure()],
            System::Meson => vec![self.meson_setup()],
            System::Autotools | System::Configure => self.autotools_configure(),
            System::Make => Vec::new(),
        }
    }

    fn cmake_configure(&self) -> Step {
        let mut words = vec!["cmake".to_owned()];
        match &self.cmake.preset {
            Some(preset) => words.extend(["--preset".to_owned(), preset.clone()]),
            None => words.extend(["-S".to_owned(), ".".to_owned()]),
        }
        words.extend(["-B".to_owned(), self.build.clone()]);
        if self.cmake.ninja && self.cmake.preset.is_none() {
            words.extend(["-G".to_owned(), "Ninja".to_owned()]);
        }
        words.extend(self.cmake.flags.iter().cloned());
        for option in cmake::test_options(self.repo, &self.unit.path) {
            let named = |flag: &String| flag.starts_with(&format!("-D{option}"));
            if !words.iter().any(named) {
                words.push(format!("-D{option}=ON"));
            }
        }
        let step = self.step("configure", StepKind::Configure, "configure with CMake", words);
        self.with(step, self.cmake.evidence.clone())
    }

    fn meson_setup(&self) -> Step {
        let (flags, evidence) = meson::documented(self.context.analysis, self.unit);
        let mut words = vec!["meson".to_owned(), "setup".to_owned(), self.build.clone()];
        words.extend(flags);
        self.with(
            self.step("configure", StepKind::Configure, "configure with Meson", words),
            evidence,
        )
    }

    fn autotools_configure(&self) -> Vec<Step> {
        let mut steps = Vec::new();
        if self.system == System::Autotools
            && let Some((line, evidence)) =
                autotools::bootstrap(self.repo, self.context.analysis, self.unit)
        {
            let mut step =
                self.step("bootstrap", StepKind::Configure, "make `configure`", Vec::new());
            step.command = Command::shell(line);
            // Bootstrap scripts that would run `configure` by themselves know this variable.
            step.env.insert("NOCONFIGURE".to_owned(), "1".to_owned());
            steps.push(step.because(evidence));
        }
        let (flags, evidence) = autotools::flags(self.context.analysis, self.unit);
        let mut words = vec!["sh".to_owned(), "./configure".to_owned()];
        words.extend(flags);
        let title = "run `configure`";
        steps.push(self.with(self.step("configure", StepKind::Configure, title, words), evidence));
        steps
    }

    fn compile(&self) -> Step {
        let jobs = self.context.environment.cpus.clamp(1, 8).max(2).to_string();
        let words: Vec<&str> = match self.system {
            System::CMake => vec!["cmake", "--build", &self.build, "-j", &jobs],
            System::Meson => vec!["meson", "compile", "-C", &self.build, "-j", &jobs],
            _ => vec!["make", "-j", &jobs],
        };
        let words = words.into_iter().map(str::to_owned).collect();
        let title = format!("build with {}", self.system.name());
        let mut step = self.step("build", StepKind::Build, &title, words);
        step.timeout_seconds = BUILD_SECONDS;
        step
    }

    fn start(&self) -> Option<Step> {
        if let Some(service) = super::service::find(self.repo, self.context.analysis, self.unit) {
            let title = format!("start `{}`", service.words.join(" "));
            let mut step = self.step("start", StepKind::Start, &title, service.words);
            step.cwd = service.cwd;
            step.probe = Some(service.probe);
            return Some(self.with(step, Some(service.evidence)));
        }
        let name = detect::main_program(self.repo, &self.unit.path, self.system)?;
        let folder = match self.system {
            System::CMake | System::Meson => self.build.as_str(),
            _ => ".",
        };
        let script = "@{tools}/recorder/native/run-program.sh";
        let words = ["bash", script, &name, folder].map(str::to_owned).to_vec();
        let title = format!("run `{name}`");
        let mut step = self.step("start", StepKind::Start, &title, words);
        step.probe =
            Some(HealthProbe { kind: ProbeKind::ExitCode, expected_port: None, start_seconds: 60 });
        Some(step)
    }

    fn test(&self) -> Option<Step> {
        let mut step = match self.system {
            System::CMake if cmake::has_tests(self.repo, &self.unit.path) => self.ctest(),
            System::Meson => self.meson_test(),
            System::Autotools
                if autotools::uses_automake(self.repo, &self.unit.path)
                    && make::automake_tests(self.repo, &self.unit.path) =>
            {
                self.automake_check()
            }
            _ => {
                let documented = self.make_test().or_else(|| self.script());
                documented.or_else(|| self.test_program())?
            }
        };
        for (name, value) in query::env_for_tests(self.context.analysis, self.unit) {
            if !BUILD_VARIABLES.contains(&name.as_str()) {
                step.env.entry(name).or_insert(value);
            }
        }
        Some(step)
    }

    fn ctest(&self) -> Step {
        let words = [
            "ctest",
            "--test-dir",
            &self.build,
            "--output-on-failure",
            "--output-junit",
            "@{reports}/ctest.xml",
        ];
        let words = words.map(str::to_owned).to_vec();
        let mut step = self.step("test", StepKind::Test, "run the tests with ctest", words);
        step.test = Some(spec("ctest", ReportFormat::JunitXml, "@{reports}/ctest.xml"));
        step
    }

    fn meson_test(&self) -> Step {
        let words = ["meson", "test", "-C", &self.build, "--print-errorlogs"];
        let words = collected("*/meson-logs/testlog.junit.xml", &words);
        let mut step = self.step("test", StepKind::Test, "run the tests with Meson", words);
        step.test = Some(spec("meson-test", ReportFormat::JunitXml, "@{reports}/**/*.xml"));
        // `meson test` builds what is missing, and wraps may be fetched then.
        step.network = NetworkNeed::Loopback;
        step
    }

    fn automake_check(&self) -> Step {
        let words = collected("*.trs", &["make", "-k", "check"]);
        let title = "run the tests with `make check`";
        let mut step = self.step("test", StepKind::Test, title, words);
        step.test = Some(spec("make-check", ReportFormat::AutomakeTrs, "@{reports}/**/*"));
        // Failed tests are shown, not only counted: what they say tells why.
        step.with_env("VERBOSE", "1")
    }

    fn make_test(&self) -> Option<Step> {
        let test = make::documented(self.context.analysis, self.unit)
            .filter(|test| self.can_make(test))
            .map(|test| self.without_lint(test))
            .or_else(|| {
                let (goal, evidence) = make::goal(self.repo, &self.unit.path)?;
                let folder = self.unit.path.clone();
                Some(MakeTest { folder, goal: Some(goal), variables: Vec::new(), evidence })
            })
            .or_else(|| make::check_local(self.repo, &self.unit.path))
            .or_else(|| make::test_folder(self.repo, &self.unit.path))?;
        let mut words = ["bash", "@{tools}/recorder/make/targets.sh"].map(str::to_owned).to_vec();
        words.extend(test.variables.iter().cloned());
        words.extend(test.goal.clone());
        let shown = test.goal.as_deref().map_or_else(String::new, |goal| format!(" {goal}"));
        let title = format!("run the tests with `make{shown}`");
        let mut step = self.step("test", StepKind::Test, &title, words);
        step.cwd.clone_from(&test.folder);
        step.test = Some(spec("make", ReportFormat::ExitStatus, "@{reports}/*"));
        step.evidence.insert(0, test.evidence);
        Some(step)
    }

    /// A `check` that only lints gives way to the makefile's test goal.
    fn without_lint(&self, mut test: MakeTest) -> MakeTest {
        if test.goal.as_deref() == Some("check")
            && let Some((goal, _)) = make::goal(self.repo, &test.folder)
        {
            test.goal = Some(goal);
        }
        test
    }

    /// A documented goal must be one that the makefile has, where the makefile can be seen.
    fn can_make(&self, test: &MakeTest) -> bool {
        if self.system == System::CMake {
            return false;
        }
        let seen = make::FILES.iter().any(|name| self.repo.has(&join(&test.folder, name)));
        seen || test.folder == self.unit.path
    }

    fn test_program(&self) -> Option<Step> {
        let (name, path, line) = make_program::test_program(self.repo, &self.unit.path)?;
        let evidence = Evidence::at(path, "native.test-program", Trust::Default);
        let title = format!("run the test program `{name}`");
        let words = vec![format!("./{name}")];
        let mut step = self.step("test", StepKind::Test, &title, words);
        step.test = Some(spec("script", ReportFormat::ExitStatus, "@{reports}/command-*"));
        step.evidence.insert(0, evidence.with_line(line, &name));
        Some(step)
    }

    fn script(&self) -> Option<Step> {
        let script = scripts::find(self.repo, self.context.analysis, self.unit)?;
        let title = format!("run the tests with `{}`", script.line);
        let mut step = self.step("test", StepKind::Test, &title, Vec::new());
        step.command = Command::shell(script.line);
        step.cwd = script.cwd;
        step.test = Some(spec("script", ReportFormat::ExitStatus, "@{reports}/command-*"));
        step.evidence.insert(0, script.evidence);
        Some(step)
    }

    fn step(&self, name: &str, kind: StepKind, title: &str, words: Vec<String>) -> Step {
        let id = format!("native-{name}");
        let command = Command::Argv(words);
        Step::new(id, &self.id, &self.unit.path, kind, title, command).because(detect::manifest(
            self.repo,
            &self.unit.path,
            self.system,
        ))
    }

    fn with(&self, mut step: Step, evidence: Option<Evidence>) -> Step {
        if let Some(evidence) = evidence {
            step.evidence.insert(0, evidence);
        }
        step
    }

    fn notes(&self) -> Vec<String> {
        let all = system::ranked(self.repo, self.context.analysis, self.unit);
        let others: Vec<&str> = all.iter().skip(1).map(|system| system.name()).collect();
        let mut notes = Vec::new();
        if !others.is_empty() {
            let chosen = self.system.name();
            notes.push(format!("built with {chosen}; {} is there too", others.join(" and ")));
        }
        if self.test().is_none() {
            notes.push(format!("no tests were found in `{}`", self.unit.name));
        }
        notes
    }
}

/// Variables that choose compilers and flags: each CI job's own.
const BUILD_VARIABLES: &[&str] = &[
    "CC",
    "CXX",
    "CFLAGS",
    "CXXFLAGS",
    "CPPFLAGS",
    "LDFLAGS",
    "LIBS",
    "AR",
    "RANLIB",
    "LD",
    "CMAKE_GENERATOR",
    "MAKEFLAGS",
    "DESTDIR",
    "PREFIX",
];

fn spec(runner: &str, format: ReportFormat, report: &str) -> TestSpec {
    TestSpec { runner: runner.to_owned(), format, report: report.to_owned() }
}

/// A command whose report files are brought to the reports folder.
fn collected(pattern: &str, words: &[&str]) -> Vec<String> {
    let mut all = vec!["bash", "@{tools}/recorder/collect.sh", pattern, "--"];
    all.extend(words);
    all.into_iter().map(str::to_owned).collect()
}
