//! The steps of one Perl distribution: prerequisites, build, load or start, test.

use rr_core::{
    Command, EcosystemId, Evidence, HealthProbe, PlanContext, ProbeKind, RepoView, ReportFormat,
    Step, StepKind, SystemPackage, TestSpec, Trust, Unit, UnitPlan,
};

use super::detect::{self, join};
use super::prereqs;
use crate::miners::{program, query, split_words, unwrapped};

/// Plans one unit.
pub(super) fn plan(repo: &dyn RepoView, unit: &Unit, context: &PlanContext<'_>) -> UnitPlan {
    let maker = Maker { repo, unit, context, id: EcosystemId::new("perl") };
    let lib = "@{env}/perl5/lib/perl5";
    UnitPlan {
        toolchains: unit.toolchains.clone(),
        system_packages: maker.packages(),
        env: [
            ("PERL5LIB", lib),
            ("PERL_MM_USE_DEFAULT", "1"),
            ("PERL_CPANM_HOME", "@{caches}/cpanm"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into(),
        path: vec!["@{env}/perl5/bin".to_owned()],
        steps: maker.steps(),
        notes: Vec::new(),
    }
}

struct Maker<'a> {
    repo: &'a dyn RepoView,
    unit: &'a Unit,
    context: &'a PlanContext<'a>,
    id: EcosystemId,
}

impl Maker<'_> {
    fn steps(&self) -> Vec<Step> {
        let mut steps: Vec<Step> = self.install().into_iter().collect();
        steps.extend(self.check());
        steps.extend(self.build());
        steps.extend(self.start());
        steps.extend(self.test());
        steps
    }

    fn packages(&self) -> Vec<SystemPackage> {
        let mut names = vec!["perl", "make"];
        if !prereqs::modules(self.repo, &self.unit.path).is_empty() {
            names.push("cpanminus");
        }
        if self.has_xs() {
            names.extend(["gcc", "libc6-dev", "libperl-dev"]);
        }
        let package = |name: &&str| SystemPackage {
            name: (*name).to_owned(),
            evidence: self.unit.evidence.clone(),
        };
        names.iter().map(package).collect()
    }

    fn has_xs(&self) -> bool {
        self.repo.below(&self.unit.path).iter().any(|entry| entry.path.ends_with(".xs"))
    }

    fn install(&self) -> Option<Step> {
        let modules = prereqs::modules(self.repo, &self.unit.path);
        if modules.is_empty() {
            return None;
        }
        let mut words = ["perl", "@{tools}/recorder/perl/install-missing.pl", "@{env}/perl5"]
            .map(str::to_owned)
            .to_vec();
        words.extend(modules.iter().map(|(name, version)| match version.as_str() {
            "" => name.clone(),
            version => format!("{name}={version}"),
        }));
        Some(self.step("install", StepKind::Install, "install missing modules with cpanm", words))
    }

    fn check(&self) -> Option<Step> {
        if self.has_xs() {
            return None;
        }
        let module = detect::main_module(self.repo, &self.unit.path)?;
        let words = ["perl", "-Ilib", &format!("-M{module}"), "-e1"].map(str::to_owned).to_vec();
        Some(self.step("check", StepKind::Check, &format!("load `{module}`"), words))
    }

    fn build(&self) -> Option<Step> {
        let has = |name: &str| self.repo.has(&join(&self.unit.path, name));
        let line = if has("Makefile.PL") {
            "perl Makefile.PL && make"
        } else if has("Build.PL") {
            "perl Build.PL && ./Build"
        } else {
            return None;
        };
        let mut step = self.step("build", StepKind::Build, "build the distribution", Vec::new());
        step.command = Command::shell(line);
        Some(step)
    }

    fn start(&self) -> Option<Step> {
        if self.repo.has(&join(&self.unit.path, "app.psgi")) {
            let words = ["plackup", "-Ilib", "--host", "127.0.0.1", "--port", "5000", "app.psgi"];
            let words = words.map(str::to_owned).to_vec();
            let mut step = self.step("start", StepKind::Start, "start `app.psgi`", words);
            step.probe = Some(HealthProbe {
                kind: ProbeKind::Http { paths: vec!["/".to_owned()] },
                expected_port: Some(5000),
                start_seconds: 60,
            });
            return Some(step);
        }
        let script = detect::main_script(self.repo, &self.unit.path)?;
        let words = ["bash", "@{tools}/recorder/native/ask.sh", "perl", "-Ilib", &script];
        let words = words.map(str::to_owned).to_vec();
        let mut step = self.step("start", StepKind::Start, &format!("run `{script}`"), words);
        step.probe =
            Some(HealthProbe { kind: ProbeKind::ExitCode, expected_port: None, start_seconds: 60 });
        Some(step)
    }

    /// `prove` over what CI proves, else over what the distribution's own `make test` would run.
    fn test(&self) -> Option<Step> {
        let (arguments, evidence) = self.documented().or_else(|| self.own_tests())?;
        let library = if self.build().is_some() && self.has_xs() { "-b" } else { "-l" };
        let mut words = vec!["prove".to_owned(), library.to_owned()];
        words.extend(arguments);
        let mut step = self
            .step("test", StepKind::Test, "run the tests with prove", words)
            .with_env("PERL_TEST_HARNESS_DUMP_TAP", "@{reports}/tap");
        for (name, value) in query::env_for_tests(self.context.analysis, self.unit) {
            // Authors' tests want tools that only authors have.
            if !["AUTHOR_TESTING", "RELEASE_TESTING"].contains(&name.as_str()) {
                step.env.entry(name).or_insert(value);
            }
        }
        step.test = Some(TestSpec {
            runner: "prove".to_owned(),
            format: ReportFormat::Tap,
            report: "@{reports}/tap/**/*".to_owned(),
        });
        step.evidence.insert(0, evidence);
        Some(step)
    }

    fn documented(&self) -> Option<(Vec<String>, Evidence)> {
        for command in query::resolved_test_commands(self.context.analysis, self.unit) {
            let words = split_words(&command.line);
            let plain = command.evidence.trust == Trust::Ci
                && program(&words).as_deref() == Some("prove")
                && command.cwd == self.unit.path;
            if plain && let Some(arguments) = prove_arguments(unwrapped(&words)) {
                return Some((arguments, command.evidence));
            }
        }
        None
    }

    fn own_tests(&self) -> Option<(Vec<String>, Evidence)> {
        let tests: Vec<&str> = self
            .repo
            .below(&join(&self.unit.path, "t"))
            .iter()
            .filter(|entry| entry.path.ends_with(".t"))
            .map(|entry| entry.path.as_str())
            .collect();
        let first = tests.first()?;
        let depth = |path: &str| path.matches('/').count();
        let top = if self.unit.path.is_empty() { 1 } else { depth(&self.unit.path) + 2 };
        let manifest = self.repo.text(&join(&self.unit.path, "Makefile.PL"));
        let asked = manifest.is_some_and(|text| text.contains("t/*/") || text.contains("t/**"));
        let recursive = asked || tests.iter().all(|path| depth(path) > top);
        let mut arguments: Vec<String> = Vec::new();
        arguments.extend(recursive.then(|| "-r".to_owned()));
        arguments.push("t".to_owned());
        let folder = first.rsplit_once('/').map_or("t", |(folder, _)| folder);
        Some((arguments, Evidence::at(folder, "perl.tests", Trust::Default)))
    }

    fn step(&self, name: &str, kind: StepKind, title: &str, words: Vec<String>) -> Step {
        let command = Command::Argv(words);
        let mut step =
            Step::new(format!("perl-{name}"), &self.id, &self.unit.path, kind, title, command);
        step.evidence.extend(self.unit.evidence.iter().cloned());
        step
    }
}

/// Folders, files and `-r`, `-I`, `-w` of a `prove` line; what formats its output is ours.
fn prove_arguments(words: &[String]) -> Option<Vec<String>> {
    let mut kept = Vec::new();
    let mut rest = words.iter().skip(1);
    while let Some(word) = rest.next() {
        match word.as_str() {
            "--formatter" | "-j" | "--jobs" | "-a" | "--archive" | "--harness" | "-P" => {
                rest.next();
            }
            "||" | "&&" | "|" | ";" | "2>&1" | ">" => break,
            word if word.contains(['$', '`']) => return None,
            "-I" => {
                kept.push("-I".to_owned());
                kept.push(rest.next()?.clone());
            }
            "-r" | "--recurse" => kept.push("-r".to_owned()),
            word if word.starts_with("-I") => kept.push(word.to_owned()),
            // Bundled letters: `-lvr`.
            word if word.starts_with('-') && !word.starts_with("--") => {
                let letters = word.trim_start_matches('-');
                if letters.contains('r') && letters.chars().all(|c| "lbvrwqsmT".contains(c)) {
                    kept.push("-r".to_owned());
                }
            }
            word if word.starts_with('-') => {}
            word => kept.push(word.to_owned()),
        }
    }
    let paths = kept.iter().any(|word| !word.starts_with('-'));
    if !paths {
        kept.push("t".to_owned());
    }
    Some(kept)
}
