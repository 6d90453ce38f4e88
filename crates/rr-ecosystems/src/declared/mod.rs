//! Ecosystems that a row tells whole: manifest names, where the version stands, and the commands
//! that install, build, start and test. One that needs more gets a folder of its own.
//!
//! Adding one is one file in [`rows`] and one line of the registry. Must not know any
//! repository, nor which tools a machine has.

mod condition;
mod detect;
mod missing;
mod plan;
pub(crate) mod rows;
#[cfg(test)]
mod tests;
mod version;

use rr_core::{
    Diagnosis, Ecosystem, EcosystemId, FailedStep, PlanContext, RepoView, StepKind, Unit, UnitKind,
    UnitPlan,
};

use crate::rules::{self, Rule};

/// One ecosystem.
pub(crate) struct Declared {
    /// Its name.
    id: &'static str,
    /// The toolchain it needs; empty where the operating system has all it needs.
    tool: &'static str,
    /// How a person installs the toolchain where it cannot be obtained for the run.
    get: &'static str,
    /// Further tools that its commands call.
    also: &'static [&'static str],
    /// Manifests, the ruling one first, each with its manager. A name that begins with `.` is an
    /// extension, and a `name:text` asks for a text in the file.
    manifests: &'static [(&'static str, &'static str)],
    /// Extensions of its sources: a manifest without any beside or below it is somebody else's.
    /// Empty where the manifest is enough.
    sources: &'static [&'static str],
    /// Whether those sources are a language of its own, which no other ecosystem speaks.
    language: bool,
    /// Where versions stand, the strongest first.
    versions: &'static [Pin],
    /// What a condition proves to be in use: `("composer.json:laravel/framework", "laravel")`.
    frameworks: &'static [(&'static str, &'static str)],
    /// What a unit is, the first condition that holds; else a service where a start step asks a
    /// port, a command where one only runs, and a library.
    kinds: &'static [(&'static str, UnitKind)],
    /// Programs by which a CI workflow runs the tests: its line is evidence for the test step.
    test_programs: &'static [&'static str],
    /// Variables of every step.
    env: &'static [(&'static str, &'static str)],
    /// Operating-system packages that a folder asks for.
    packages: fn(&dyn RepoView, &str) -> Vec<String>,
    /// The program that a folder's build leaves, `{program}` in the lines of steps: those that name
    /// it are done only where there is one.
    program: fn(&dyn RepoView, &str) -> Option<String>,
    /// What is done, in order.
    steps: &'static [Row],
    /// What may be wrong with a failed step.
    rules: &'static [Rule],
}

/// A place where a version stands.
struct Pin {
    /// The file: a name, or an extension that begins with `.`.
    file: &'static str,
    /// An expression over one line with one group.
    pattern: &'static str,
    /// Whether what stands there is a range, and what is put before it to make it one.
    range: Option<&'static str>,
}

/// One step of a row.
struct Row {
    /// What it does.
    kind: StepKind,
    /// When it is done: see [`condition`].
    when: &'static str,
    /// The shell line; `{}` stands for the file by which the condition holds, `{program}` for the
    /// program of the row.
    line: &'static str,
    /// For starts: the port asked; 0 where what the program does decides.
    port: u16,
    /// For tests: the runner and what it writes.
    test: (&'static str, Report),
}

/// What a test step leaves behind.
#[derive(Clone, Copy)]
enum Report {
    /// No test step.
    None,
    /// JUnit files of this pattern.
    Junit(&'static str),
    /// `.trx` files of this pattern.
    Trx(&'static str),
    /// TAP, one file for each script, as `prove` dumps it.
    Tap,
    /// Lines of a recorder of ours.
    Recorder,
    /// What the runner prints.
    Console,
    /// An exit status.
    Exit,
}

/// What most rows have none of.
const NOTHING: Declared = Declared {
    id: "",
    tool: "",
    get: "",
    also: &[],
    manifests: &[],
    sources: &[],
    language: false,
    versions: &[],
    frameworks: &[],
    kinds: &[],
    test_programs: &[],
    env: &[],
    packages: |_, _| Vec::new(),
    program: |_, _| None,
    steps: &[],
    rules: &[],
};

const fn step(kind: StepKind, when: &'static str, line: &'static str) -> Row {
    Row { kind, when, line, port: 0, test: ("", Report::None) }
}

const fn install(when: &'static str, line: &'static str) -> Row {
    step(StepKind::Install, when, line)
}

const fn build(when: &'static str, line: &'static str) -> Row {
    step(StepKind::Build, when, line)
}

const fn start(when: &'static str, line: &'static str, port: u16) -> Row {
    Row { kind: StepKind::Start, when, line, port, test: ("", Report::None) }
}

const fn test(when: &'static str, line: &'static str, runner: &'static str, report: Report) -> Row {
    Row { kind: StepKind::Test, when, line, port: 0, test: (runner, report) }
}

/// A pin of exactly what stands there.
const fn exact(file: &'static str, pattern: &'static str) -> Pin {
    Pin { file, pattern, range: None }
}

/// A pin of a range, as its manager writes it.
const fn range(file: &'static str, pattern: &'static str) -> Pin {
    Pin { file, pattern, range: Some("") }
}

/// A pin of the least version that will do.
const fn at_least(file: &'static str, pattern: &'static str) -> Pin {
    Pin { file, pattern, range: Some(">=") }
}

impl Declared {
    /// Whether files of this extension are the row's own language.
    fn speaks_for(&self, extension: &str) -> bool {
        self.language && self.sources.contains(&extension)
    }
}

impl Ecosystem for Declared {
    fn id(&self) -> EcosystemId {
        EcosystemId::new(self.id)
    }

    fn detect(&self, repo: &dyn RepoView) -> Vec<Unit> {
        detect::units(self, repo)
    }

    fn plan(&self, repo: &dyn RepoView, unit: &Unit, context: &PlanContext<'_>) -> UnitPlan {
        plan::plan(self, repo, unit, context)
    }

    fn diagnose(&self, repo: &dyn RepoView, failed: &FailedStep<'_>) -> Vec<Diagnosis> {
        let missing = missing::diagnose(self, failed);
        missing.into_iter().chain(rules::apply(self.rules, repo, failed)).collect()
    }
}
