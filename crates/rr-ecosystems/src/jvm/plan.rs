//! The steps of one Maven or Gradle build: build, start, test.

use rr_core::{
    Command, CommandClass, EcosystemId, Evidence, NetworkNeed, PlanContext, RepoView, ReportFormat,
    Step, StepKind, TestSpec, Trust, Unit, UnitPlan,
};

use super::detect::{self, Tool};
use super::gradle::Gradle;
use super::paths::{file_name, join};
use super::{pom, start};
use crate::miners::{program, query, split_words};

/// Seconds a build may take: first builds download half of their world.
const BUILD_SECONDS: u32 = 5400;

/// Judges of style and publication, which say nothing about whether the code works.
const QUIET: &[&str] = &[
    "-Dcheckstyle.skip=true",
    "-Dspotless.check.skip=true",
    "-Dspotless.skip=true",
    "-Drat.skip=true",
    "-Dlicense.skip=true",
    "-Dspotbugs.skip=true",
    "-Dpmd.skip=true",
    "-Dcpd.skip=true",
    "-Dmaven.javadoc.skip=true",
    "-Dgpg.skip=true",
    "-Dspring-javaformat.skip=true",
    "-Dfmt.skip=true",
    "-Dforbiddenapis.skip=true",
    "-Djapicmp.skip=true",
    "-Danimal.sniffer.skip=true",
];

/// Plans one unit.
pub(super) fn plan(repo: &dyn RepoView, unit: &Unit, context: &PlanContext<'_>) -> UnitPlan {
    let Some(tool) = ruling(repo, unit, context) else {
        let note = format!("no build file in `{}`", unit.path);
        return UnitPlan { notes: vec![note], ..UnitPlan::default() };
    };
    let maker = Maker { repo, unit, context, tool, id: EcosystemId::new("jvm") };
    UnitPlan {
        toolchains: detect::toolchains(repo, context.analysis, unit, tool),
        env: [
            ("MAVEN_OPTS", "-Dmaven.repo.local=@{caches}/m2"),
            ("GRADLE_USER_HOME", "@{caches}/gradle"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into(),
        notes: maker.notes(),
        steps: maker.steps(),
        ..UnitPlan::default()
    }
}

/// The tool whose commands the repository documents best; Maven where nothing tells.
fn ruling(repo: &dyn RepoView, unit: &Unit, context: &PlanContext<'_>) -> Option<Tool> {
    let tools = detect::tools(repo, &unit.path);
    let uses = |tool: &Tool| {
        let names: &[&str] = match tool {
            Tool::Maven => &["mvn", "mvnw"],
            Tool::Gradle => &["gradle", "gradlew"],
        };
        context
            .analysis
            .commands
            .iter()
            .filter(|command| command.evidence.trust == Trust::Ci)
            .filter(|command| {
                program(&split_words(&command.line)).is_some_and(|p| names.contains(&p.as_str()))
            })
            .count()
            .min(1)
    };
    // The first of equals: tools come with Maven first.
    let best = tools.iter().map(&uses).max()?;
    tools.into_iter().find(|tool| uses(tool) == best)
}

struct Maker<'a> {
    repo: &'a dyn RepoView,
    unit: &'a Unit,
    context: &'a PlanContext<'a>,
    tool: Tool,
    id: EcosystemId,
}

impl Maker<'_> {
    fn steps(&self) -> Vec<Step> {
        let (build, test) = match self.tool {
            Tool::Maven => (self.maven_build(), self.maven_test()),
            Tool::Gradle => (self.gradle_build(), self.gradle_test()),
        };
        let mut steps = Vec::new();
        steps.extend(self.without_network().then(|| self.download()));
        steps.push(build);
        steps.extend(self.start());
        steps.extend(self.has_tests().then_some(test));
        steps
    }

    /// Databases lie on the run's own loopback, so that everything behind the install is there too.
    fn without_network(&self) -> bool {
        !self.context.analysis.services.is_empty()
    }

    fn download(&self) -> Step {
        let words = match self.tool {
            Tool::Maven => {
                let phase = self.phase().0;
                let phase = if phase == "test" { "package" } else { &phase };
                let script = ["bash", "@{tools}/recorder/maven/download.sh", phase];
                let maven = ["--", "mvn", "-B", "-ntp"];
                let words = script.iter().chain(self.class_path_goal()).chain(&maven).chain(QUIET);
                words.map(|word| (*word).to_owned()).chain(self.compiler_level()).collect()
            }
            Tool::Gradle => self.gradle(&["assemble", "testClasses"]),
        };
        let title = format!("download what {} needs", self.tool.name());
        let mut step = self.step("download", StepKind::Install, &title, words);
        step.timeout_seconds = BUILD_SECONDS;
        step
    }

    fn maven_build(&self) -> Step {
        let mut words = self.maven(&["-DskipTests"], "package");
        words.extend(self.class_path_goal().iter().map(|word| (*word).to_owned()));
        let mut step = self.step("build", StepKind::Build, "build with Maven", words);
        step.timeout_seconds = BUILD_SECONDS;
        step
    }

    fn class_path_goal(&self) -> &'static [&'static str] {
        let reactor = pom::reactor(self.repo, &self.unit.path);
        if start::wants_class_path(self.repo, &reactor) { start::CLASS_PATH_GOAL } else { &[] }
    }

    fn maven_test(&self) -> Step {
        let (phase, evidence) = self.phase();
        let mut words = collected(&[
            "*/target/surefire-reports/TEST-*.xml",
            "*/target/failsafe-reports/TEST-*.xml",
        ]);
        words.extend(self.maven(&["-fae"], &phase));
        let title = format!("run the tests with `mvn {phase}`");
        let mut step = self.step("test", StepKind::Test, &title, words);
        step.test = Some(spec("maven"));
        self.dress(step, evidence)
    }

    fn maven(&self, options: &[&str], goal: &str) -> Vec<String> {
        let offline: &[&str] = if self.without_network() { &["-o"] } else { &[] };
        let words = ["mvn", "-B", "-ntp"].iter().chain(offline).chain(options).chain(QUIET);
        let words = words.map(|word| (*word).to_owned()).chain(self.compiler_level());
        words.chain([goal.to_owned()]).collect()
    }

    /// The compiler plugin that older Mavens choose by themselves does not know `release` and
    /// compiles for Java 5; newer ones leave these two out where there is a `release`.
    fn compiler_level(&self) -> Vec<String> {
        let reactor = pom::reactor(self.repo, &self.unit.path);
        let says = |name: &str| reactor.iter().any(|pom| pom.properties.contains_key(name));
        let chosen = reactor.iter().any(|p| p.plugins.iter().any(|n| n == "maven-compiler-plugin"));
        let mut levels: Vec<u32> = reactor.iter().filter_map(|pom| pom.release).collect();
        levels.dedup();
        match levels[..] {
            [level]
                if says("maven.compiler.release") && !says("maven.compiler.source") && !chosen =>
            {
                ["source", "target"].map(|what| format!("-Dmaven.compiler.{what}={level}")).to_vec()
            }
            _ => Vec::new(),
        }
    }

    /// The phase up to which CI goes: some modules' tests need others packaged.
    fn phase(&self) -> (String, Option<Evidence>) {
        let order = ["test", "package", "verify"];
        let mut best = (0, None);
        for class in [CommandClass::Test, CommandClass::Build] {
            for command in query::commands(self.context.analysis, self.unit, class) {
                let words = split_words(&command.line);
                let maven = program(&words).is_some_and(|p| p == "mvn" || p == "mvnw");
                let skips = words
                    .iter()
                    .any(|w| w.starts_with("-DskipTests") || w.starts_with("-Dmaven.test.skip"));
                if !maven || skips || command.evidence.trust != Trust::Ci {
                    continue;
                }
                let rank = words.iter().filter_map(|word| match word.as_str() {
                    "install" | "deploy" => Some(2),
                    word => order.iter().position(|phase| *phase == word),
                });
                if let Some(rank) = rank.max().filter(|rank| *rank > best.0 || best.1.is_none()) {
                    best = (rank, Some(command.evidence.clone()));
                }
            }
        }
        let several = pom::reactor(self.repo, &self.unit.path).len() > 1;
        let least = usize::from(several && best.1.is_none());
        (order[best.0.max(least)].to_owned(), best.1)
    }

    fn gradle_build(&self) -> Step {
        let words = self.gradle(&["assemble", "testClasses"]);
        let mut step = self.step("build", StepKind::Build, "build with Gradle", words);
        step.timeout_seconds = BUILD_SECONDS;
        step
    }

    fn gradle_test(&self) -> Step {
        let mut words = collected(&["*/build/test-results/*/TEST-*.xml"]);
        words.extend(self.gradle(&["--continue", "test"]));
        let mut step = self.step("test", StepKind::Test, "run the tests with Gradle", words);
        step.test = Some(spec("gradle"));
        self.dress(step, None)
    }

    fn gradle(&self, words: &[&str]) -> Vec<String> {
        let wrapper = self.repo.has(&join(&self.unit.path, "gradlew"));
        let start: &[&str] = if wrapper { &["sh", "./gradlew"] } else { &["gradle"] };
        let options = ["--no-daemon", "--console=plain"];
        start.iter().chain(&options).chain(words).map(|word| (*word).to_owned()).collect()
    }

    fn start(&self) -> Vec<Step> {
        let reactor = pom::reactor(self.repo, &self.unit.path);
        let gradle = Gradle::read(self.repo, &self.unit.path);
        let found = start::find(self.repo, &self.unit.path, self.tool, &reactor, gradle.as_ref());
        let several = found.len() > 1;
        let mut steps = Vec::new();
        for found in found {
            let name = file_name(&found.folder).to_owned();
            let name = if several { format!("start.{name}") } else { "start".to_owned() };
            let mut step = self.step(&name, StepKind::Start, &found.title, Vec::new());
            step.command = found.command;
            step.cwd = found.folder;
            step.probe = Some(found.probe);
            step.timeout_seconds = 300;
            step.evidence.insert(0, found.evidence);
            steps.push(step);
        }
        steps
    }

    /// Test sources anywhere below; without them there is nothing to run.
    fn has_tests(&self) -> bool {
        self.repo.below(&self.unit.path).iter().any(|entry| {
            let source = [".java", ".kt", ".groovy", ".scala"];
            (entry.path.contains("src/test/")
                || entry.path.contains("/test/")
                || entry.path.contains("src/it/"))
                && source.iter().any(|extension| entry.path.ends_with(extension))
        })
    }

    /// Variables of CI's test job. Test engines are downloaded when tests are about to run, so the
    /// registries stay at hand, unless a database needs the run's own loopback.
    fn dress(&self, mut step: Step, evidence: Option<Evidence>) -> Step {
        for (name, value) in query::env_for_tests(self.context.analysis, self.unit) {
            if !["MAVEN_OPTS", "JAVA_HOME", "GRADLE_OPTS", "MAVEN_ARGS"].contains(&name.as_str()) {
                step.env.entry(name).or_insert(value);
            }
        }
        if !self.without_network() {
            step.network = NetworkNeed::Registries;
        }
        if let Some(evidence) = evidence {
            step.evidence.insert(0, evidence);
        }
        step
    }

    fn step(&self, name: &str, kind: StepKind, title: &str, words: Vec<String>) -> Step {
        let command = Command::Argv(words);
        let mut step =
            Step::new(format!("jvm-{name}"), &self.id, &self.unit.path, kind, title, command);
        step.evidence.extend(self.unit.evidence.iter().cloned());
        step
    }

    fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        let tools = detect::tools(self.repo, &self.unit.path);
        if tools.len() > 1 {
            let name = self.tool.name();
            notes.push(format!("built with {name}; the other build tool's files are there too"));
        }
        if !self.has_tests() {
            notes.push(format!("no test sources in `{}`", self.unit.name));
        }
        notes
    }
}

fn spec(runner: &str) -> TestSpec {
    TestSpec {
        runner: runner.to_owned(),
        format: ReportFormat::JunitXml,
        report: "@{reports}/**/*.xml".to_owned(),
    }
}

/// The start of a command whose report files are brought to the reports folder.
fn collected(patterns: &[&str]) -> Vec<String> {
    let words = ["bash", "@{tools}/recorder/collect.sh"];
    words.iter().chain(patterns).chain(&["--"]).map(|word| (*word).to_owned()).collect()
}
