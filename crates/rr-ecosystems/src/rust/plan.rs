//! The steps of one Cargo project: fetch, build, start, test.

use rr_core::{
    Command, EcosystemId, Evidence, PlanContext, RepoView, ReportFormat, Step, StepKind,
    SystemPackage, TestSpec, Trust, Unit, UnitPlan,
};

use super::detect::Project;
use super::documented::{self, Documented};
use super::manifest::join;
use super::{database, native, recorder, start};

/// Seconds a build may take: large projects on small machines.
const BUILD_SECONDS: u32 = 5400;

/// Plans one unit.
pub(super) fn plan(repo: &dyn RepoView, unit: &Unit, context: &PlanContext<'_>) -> UnitPlan {
    let Some(project) = Project::read(repo, &unit.path) else {
        return UnitPlan {
            notes: vec![format!("`{}` cannot be read", join(&unit.path, "Cargo.toml"))],
            ..UnitPlan::default()
        };
    };
    let maker = Maker::new(repo, unit, context, &project);
    UnitPlan {
        toolchains: vec![project.toolchain(repo)],
        system_packages: native::packages(repo, &project),
        env: [
            ("CARGO_HOME", "@{caches}/cargo"),
            // Nothing is compiled twice here, so its bookkeeping only costs time and disk.
            ("CARGO_INCREMENTAL", "0"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into(),
        path: Vec::new(),
        notes: maker.notes(),
        steps: maker.steps(),
    }
}

struct Maker<'a> {
    repo: &'a dyn RepoView,
    unit: &'a Unit,
    context: &'a PlanContext<'a>,
    project: &'a Project,
    id: EcosystemId,
    triple: String,
    /// `--locked` where the repository has a lockfile.
    locked: bool,
    tests: Option<Documented>,
    build: Option<Documented>,
    queries: Option<database::Queries>,
}

impl<'a> Maker<'a> {
    fn new(
        repo: &'a dyn RepoView,
        unit: &'a Unit,
        context: &'a PlanContext<'a>,
        project: &'a Project,
    ) -> Self {
        Self {
            repo,
            unit,
            context,
            project,
            id: EcosystemId::new("rust"),
            triple: recorder::triple(&context.environment.arch),
            locked: repo.has(&join(&unit.path, "Cargo.lock")),
            tests: documented::tests(context.analysis, unit),
            build: documented::build(context.analysis, unit),
            queries: database::queries(repo, project),
        }
    }

    fn steps(&self) -> Vec<Step> {
        let mut flags = self.flags();
        let profile = if self.released() { "release" } else { "debug" };
        let start = start::step(self.repo, self.context.analysis, self.unit, self.project, profile);
        if let Some(start) = &start
            && !start.features.is_empty()
            && !flags.iter().any(|flag| flag == "--all-features")
        {
            flags.push(format!("--features={}", start.features.join(",")));
        }
        let mut steps = vec![self.install()];
        steps.extend(self.queries.as_ref().and_then(|q| database::migrate(q, self.unit)));
        steps.push(self.compile("rust-build", "build with cargo", &["build"], &flags));
        steps.push(self.compile(
            "rust-build-tests",
            "build the tests with cargo",
            &["test", "--no-run"],
            &self.test_flags(),
        ));
        steps.extend(start.map(|start| {
            let mut step = start.step;
            self.dress(&mut step);
            step
        }));
        steps.push(self.test());
        steps
    }

    fn install(&self) -> Step {
        let mut words = vec!["cargo", "fetch", "--target", &self.triple];
        words.extend(self.locked.then_some("--locked"));
        let title = "fetch the crates with cargo";
        let step = Step::new(
            "rust-install",
            &self.id,
            &self.unit.path,
            StepKind::Install,
            title,
            Command::argv(words),
        );
        let file = if self.locked { "Cargo.lock" } else { "Cargo.toml" };
        let at = join(&self.unit.path, file);
        step.because(Evidence::at(at, "rust.install", Trust::Manifest))
    }

    fn compile(&self, id: &str, title: &str, words: &[&str], flags: &[String]) -> Step {
        let command = self.cargo(words, flags);
        let mut step = Step::new(id, &self.id, &self.unit.path, StepKind::Build, title, command);
        step.timeout_seconds = BUILD_SECONDS;
        self.dress(&mut step);
        if let Some(queries) = &self.queries {
            database::prepare_compile(queries, &mut step);
        }
        let documented = self.build.as_ref().or(self.tests.as_ref());
        step.evidence.extend(documented.and_then(|d| d.evidence.clone()));
        let manifest = join(&self.unit.path, "Cargo.toml");
        step.because(Evidence::at(manifest, "rust.build", Trust::Manifest))
    }

    fn test(&self) -> Step {
        let mut flags = self.test_flags();
        let harness = self.tests.as_ref().map(|tests| tests.harness.clone()).unwrap_or_default();
        if !harness.is_empty() {
            flags.push("--".to_owned());
            flags.extend(harness);
        }
        let command = self.cargo(&["test", "--no-fail-fast"], &flags);
        let title = "run the tests with cargo";
        let mut step =
            Step::new("rust-test", &self.id, &self.unit.path, StepKind::Test, title, command);
        self.dress(&mut step);
        if self.queries == Some(database::Queries::Saved) {
            step.env.insert("SQLX_OFFLINE".to_owned(), "true".to_owned());
        }
        let wrapper = "@{tools}/recorder/cargo";
        step = step
            .with_env("CARGO_NET_OFFLINE", "true")
            .with_env("REPO_RUNNER_REPORTS", "@{reports}")
            .with_env("RUSTDOC", format!("{wrapper}/run-doctest.sh"))
            .with_env(recorder::runner_variable(&self.triple), format!("{wrapper}/run-test.sh"));
        step.test = Some(TestSpec {
            runner: "cargo-test".to_owned(),
            format: ReportFormat::LibtestLogs,
            report: "@{reports}/*".to_owned(),
        });
        step.evidence.extend(self.tests.as_ref().and_then(|tests| tests.evidence.clone()));
        let manifest = join(&self.unit.path, "Cargo.toml");
        step.because(Evidence::at(manifest, "rust.test", Trust::Default))
    }

    /// Variables of the documented commands.
    fn dress(&self, step: &mut Step) {
        for documented in self.tests.iter().chain(&self.build) {
            for (name, value) in &documented.env {
                step.env.entry(name.clone()).or_insert_with(|| value.clone());
            }
        }
    }

    fn cargo(&self, words: &[&str], flags: &[String]) -> Command {
        let locked = self.locked.then_some("--locked");
        let words = std::iter::once("cargo").chain(words.iter().copied()).chain(locked);
        Command::argv(words.map(str::to_owned).chain(flags.iter().cloned()))
    }

    /// Flags of the test command: what is documented, else Cargo's defaults.
    fn test_flags(&self) -> Vec<String> {
        self.tests.as_ref().map(|tests| tests.flags.clone()).unwrap_or_default()
    }

    /// Flags of the build: those of the tests as far as they choose packages and features, so
    /// that nothing is compiled twice, else those of the documented build.
    fn flags(&self) -> Vec<String> {
        let documented = self.tests.as_ref().or(self.build.as_ref());
        documented.map(|d| choosing(&d.flags)).unwrap_or_default()
    }

    fn released(&self) -> bool {
        self.test_flags().iter().any(|flag| flag == "--release" || flag == "-r")
    }

    fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        if !self.locked {
            notes.push("no Cargo.lock: dependencies are resolved as of today".to_owned());
        }
        if self.build.as_ref().is_some_and(|b| b.flags.iter().any(|f| f == "--release"))
            && !self.released()
        {
            notes.push("built without `--release`, as the tests are".to_owned());
        }
        notes
    }
}

/// The flags that choose packages, features and profile; those that choose targets are left out.
fn choosing(flags: &[String]) -> Vec<String> {
    let mut kept = Vec::new();
    let mut flags = flags.iter();
    while let Some(flag) = flags.next() {
        match flag.as_str() {
            "--workspace" | "--all-features" | "--no-default-features" | "--release" | "-r" => {
                kept.push(flag.clone());
            }
            "--features" | "-F" | "--exclude" | "-p" | "--package" => {
                kept.push(flag.clone());
                kept.extend(flags.next().cloned());
            }
            "--test" | "--bin" | "--example" | "--bench" => {
                flags.next();
            }
            other if other.starts_with("--features=") || other.starts_with("--exclude=") => {
                kept.push(flag.clone());
            }
            _ => {}
        }
    }
    kept
}

/// A package that a rule of ours asks for.
pub(super) fn package(name: &str, evidence: Evidence) -> SystemPackage {
    SystemPackage { name: name.to_owned(), evidence: vec![evidence] }
}
