//! The steps of one Ruby project: bundle, load or start, test.

use rr_core::{
    Command, EcosystemId, Evidence, HealthProbe, PlanContext, ProbeKind, RepoView, ReportFormat,
    Step, StepKind, SystemPackage, TestSpec, Trust, Unit, UnitPlan,
};

use super::gems::{self, join};
use crate::miners::{program, query, split_words, unwrapped};

/// Plans one unit.
pub(super) fn plan(repo: &dyn RepoView, unit: &Unit, context: &PlanContext<'_>) -> UnitPlan {
    let maker = Maker { repo, unit, context, id: EcosystemId::new("ruby") };
    // Without a Ruby of its own, the host gets the distribution's in a layer.
    let hosted = context.environment.tools.contains_key("ruby");
    // Which bundle is meant concerns every step; what else CI sets around tests, only some.
    let mut env = query::env_for_tests(context.analysis, unit);
    env.retain(|name, _| name.starts_with("BUNDLE_"));
    env.extend(
        [
            ("BUNDLE_PATH", "@{env}/bundle"),
            ("BUNDLE_JOBS", "2"),
            ("BUNDLE_RETRY", "3"),
            ("BUNDLE_SILENCE_ROOT_WARNING", "1"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned())),
    );
    UnitPlan {
        toolchains: if hosted { unit.toolchains.clone() } else { Vec::new() },
        system_packages: maker.packages(hosted),
        env,
        path: Vec::new(),
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
        let mut steps = Vec::new();
        if self.bundled() {
            let words = vec!["bundle".to_owned(), "install".to_owned()];
            steps.push(self.step("install", StepKind::Install, "install the bundle", words));
        }
        steps.extend(self.check());
        steps.extend(self.migrate());
        steps.extend(self.start());
        steps.extend(self.test());
        steps
    }

    fn bundled(&self) -> bool {
        self.repo.has(&join(&self.unit.path, "Gemfile"))
            || self.repo.has(&join(&self.unit.path, "gems.rb"))
    }

    fn packages(&self, hosted: bool) -> Vec<SystemPackage> {
        #[rustfmt::skip]
        const NATIVE: &[(&str, &[&str])] = &[
            ("pg", &["libpq-dev"]), ("mysql2", &["default-libmysqlclient-dev"]),
            ("sqlite3", &["libsqlite3-dev"]), ("nokogiri", &["libxml2-dev", "libxslt1-dev"]),
            ("rmagick", &["libmagickwand-dev"]), ("curb", &["libcurl4-openssl-dev"]),
            ("ffi", &["libffi-dev"]), ("psych", &["libyaml-dev"]), ("rugged", &["cmake", "libssl-dev"]),
        ];
        let mut names: Vec<&str> = Vec::new();
        if !hosted {
            names.extend(["ruby", "ruby-dev", "bundler", "rake"]);
        }
        names.extend(["gcc", "g++", "make", "libc6-dev"]);
        let gems = gems::names(self.repo, &self.unit.path);
        for (gem, packages) in NATIVE {
            if gems.contains(*gem) {
                names.extend(*packages);
            }
        }
        let package = |name: &&str| SystemPackage {
            name: (*name).to_owned(),
            evidence: self.unit.evidence.clone(),
        };
        names.iter().map(package).collect()
    }

    /// Loads a gem by the name under which its users load it.
    fn check(&self) -> Option<Step> {
        let spec = gems::gemspec(self.repo, &self.unit.path)?;
        let name = spec.rsplit('/').next()?.trim_end_matches(".gemspec");
        let below = |path: &str| self.repo.has(&join(&self.unit.path, &format!("lib/{path}.rb")));
        let path = [name.to_owned(), name.replace('-', "/"), name.replace('-', "_")]
            .into_iter()
            .find(|path| below(path))?;
        let words = self.ruby(&["ruby", "-Ilib", "-e", &format!("require '{path}'")]);
        Some(self.step("check", StepKind::Check, &format!("load `{path}`"), words))
    }

    fn start(&self) -> Option<Step> {
        let has = |name: &str| self.repo.has(&join(&self.unit.path, name));
        if gems::gemspec(self.repo, &self.unit.path).is_some() {
            return None;
        }
        let (words, port, title): (&[&str], u16, &str) = if has("bin/rails") {
            (&["rails", "server", "-b", "127.0.0.1", "-p", "3000"], 3000, "start the Rails server")
        } else if has("config.ru") && gems::names(self.repo, &self.unit.path).contains("puma") {
            (&["puma", "--bind", "tcp://127.0.0.1:9292"], 9292, "start `config.ru` with puma")
        } else if has("config.ru") {
            (&["rackup", "-o", "127.0.0.1", "-p", "9292"], 9292, "start `config.ru`")
        } else {
            return self.script();
        };
        let mut step = self.step("start", StepKind::Start, title, self.ruby(words));
        let paths = if has("bin/rails") { vec!["/up", "/"] } else { vec!["/"] };
        step.probe = Some(HealthProbe {
            kind: ProbeKind::Http { paths: paths.into_iter().map(str::to_owned).collect() },
            expected_port: Some(port),
            start_seconds: 60,
        });
        Some(step)
    }

    /// A Rails application's database: made, migrated and seeded, or brought up to date.
    fn migrate(&self) -> Option<Step> {
        let has = |name: &str| self.repo.has(&join(&self.unit.path, name));
        let database = has("config/database.yml") && has("bin/rails");
        let words = self.ruby(&["rails", "db:prepare"]);
        database.then(|| self.step("migrate", StepKind::Migrate, "prepare the database", words))
    }

    /// The script by which a program without a gem is run; whether it listens, its run tells.
    fn script(&self) -> Option<Step> {
        let has = |name: &&str| self.repo.has(&join(&self.unit.path, name));
        let file =
            ["main.rb", "app.rb", "server.rb", "index.rb", "run.rb"].into_iter().find(has)?;
        let title = format!("run `{file}`");
        let mut step = self.step("start", StepKind::Start, &title, self.ruby(&["ruby", file]));
        let kind = ProbeKind::Program { paths: vec!["/".to_owned()] };
        step.probe = Some(HealthProbe { kind, expected_port: None, start_seconds: 15 });
        step.optional = true;
        let at = join(&self.unit.path, file);
        Some(step.because(Evidence::at(at, "ruby.script", Trust::Default)))
    }

    fn test(&self) -> Option<Step> {
        let (words, runner, evidence) = self.documented().or_else(|| self.usual())?;
        let title = format!("run the tests with `{}`", words.join(" "));
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let mut step = self
            .step("test", StepKind::Test, &title, self.ruby(&words))
            .with_env("RUBYOPT", "-r@{tools}/recorder/ruby/recorder.rb");
        step.test = Some(TestSpec {
            runner: runner.to_owned(),
            format: ReportFormat::Recorder,
            report: "@{reports}/*.jsonl".to_owned(),
        });
        step.evidence.insert(0, evidence);
        Some(step)
    }

    /// What CI runs; a bare `rake`, which may judge style first, is narrowed to its test task.
    fn documented(&self) -> Option<(Vec<String>, &'static str, Evidence)> {
        for command in query::test_commands(self.context.analysis, self.unit) {
            let words = split_words(&command.line);
            let inner = without_bundle(unwrapped(&words));
            let name = program(&words)?;
            if command.evidence.trust < Trust::Readme || command.cwd != self.unit.path {
                continue;
            }
            if inner.iter().any(|word| word.contains(['$', '`', '|', '&', ';'])) {
                continue;
            }
            let evidence = command.evidence.clone();
            match name.as_str() {
                "rspec" => return Some((inner.to_vec(), "rspec", evidence)),
                "rails" => return Some((inner.to_vec(), "minitest", evidence)),
                "rake" if inner.len() == 1 => {
                    let (words, runner, _) = self.usual()?;
                    return Some((words, runner, evidence));
                }
                "rake" => return Some((inner.to_vec(), self.runner(), evidence)),
                _ => {}
            }
        }
        None
    }

    fn runner(&self) -> &'static str {
        let specs = self.has_file("spec", "_spec.rb");
        if specs && !self.has_file("test", ".rb") { "rspec" } else { "minitest" }
    }

    fn usual(&self) -> Option<(Vec<String>, &'static str, Evidence)> {
        let at =
            |path: &str| Evidence::at(join(&self.unit.path, path), "ruby.tests", Trust::Default);
        let words = |line: &str| line.split(' ').map(str::to_owned).collect::<Vec<_>>();
        if let Some(task) = gems::test_task(self.repo, &self.unit.path) {
            return Some((words(&format!("rake {task}")), self.runner(), at("Rakefile")));
        }
        if self.has_file("spec", "_spec.rb") {
            return Some((words("rspec"), "rspec", at("spec")));
        }
        if self.repo.has(&join(&self.unit.path, "bin/rails")) && self.has_file("test", "_test.rb") {
            return Some((words("rails test"), "minitest", at("test")));
        }
        self.has_file("test", ".rb").then(|| {
            let all = "Dir['test/**/{test_*,*_test}.rb'].sort.each { |file| require File.expand_path(file) }";
            let words = ["ruby", "-Ilib", "-Itest", "-e", all].map(str::to_owned).to_vec();
            (words, "minitest", at("test"))
        })
    }

    fn has_file(&self, folder: &str, end: &str) -> bool {
        let folder = join(&self.unit.path, folder);
        self.repo.below(&folder).iter().any(|entry| entry.path.ends_with(end))
    }

    fn ruby(&self, words: &[&str]) -> Vec<String> {
        let start: &[&str] = if self.bundled() { &["bundle", "exec"] } else { &[] };
        start.iter().chain(words).map(|word| (*word).to_owned()).collect()
    }

    fn step(&self, name: &str, kind: StepKind, title: &str, words: Vec<String>) -> Step {
        let command = Command::Argv(words);
        let mut step =
            Step::new(format!("ruby-{name}"), &self.id, &self.unit.path, kind, title, command);
        step.evidence.extend(self.unit.evidence.iter().cloned());
        step
    }
}

/// `bundle exec rake test` without its first two words; `bin/rails` is `rails` in the bundle.
fn without_bundle(words: &[String]) -> Vec<String> {
    let rest = match words.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["bundle", "exec", ..] => &words[2..],
        _ => words,
    };
    let mut rest = rest.to_vec();
    if let Some(first) = rest.first_mut()
        && let Some(name) = first.rsplit('/').next().map(str::to_owned)
    {
        *first = name;
    }
    rest
}
