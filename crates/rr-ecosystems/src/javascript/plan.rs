//! Puts a package's plan together: toolchains, install, check, build, start, tests.

use std::collections::BTreeMap;

use rr_core::{
    Command, EcosystemId, Evidence, PlanContext, RepoView, Step, StepKind, ToolchainRequirement,
    Trust, Unit, UnitPlan, VersionRequest,
};

use super::build::{Build, builds};
use super::database::{Migration, migrations};
use super::instrument::instrument;
use super::managers::{Manager, Tool};
use super::node_version;
use super::segment::Runner;
use super::start::{self, Start};
use super::suite::{self, Suite, TestCommand};
use super::workspace::Workspace;
use crate::miners::query;

/// Downloads and hooks that installs start and tests do not need: each is the package's own
/// documented switch. Scripts stay on, because native dependencies are built by them.
const QUIET: &[(&str, &str)] = &[
    ("HUSKY", "0"),
    ("HUSKY_SKIP_INSTALL", "1"),
    ("SKIP_INSTALL_SIMPLE_GIT_HOOKS", "1"),
    ("LEFTHOOK", "0"),
    ("PUPPETEER_SKIP_DOWNLOAD", "1"),
    ("PUPPETEER_SKIP_CHROMIUM_DOWNLOAD", "1"),
    ("PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD", "1"),
    ("CYPRESS_INSTALL_BINARY", "0"),
    ("ELECTRON_SKIP_BINARY_DOWNLOAD", "1"),
    ("SENTRYCLI_SKIP_DOWNLOAD", "1"),
    ("CHROMEDRIVER_SKIP_DOWNLOAD", "true"),
    ("GECKODRIVER_SKIP_DOWNLOAD", "true"),
    ("EDGEDRIVER_SKIP_DOWNLOAD", "true"),
    ("npm_config_fund", "false"),
    ("npm_config_audit", "false"),
    ("npm_config_update_notifier", "false"),
    ("OPENCOLLECTIVE_HIDE", "1"),
    ("ADBLOCK", "1"),
];

/// The plan of one unit.
pub(super) fn plan(repo: &dyn RepoView, unit: &Unit, context: &PlanContext<'_>) -> UnitPlan {
    match Workspace::read(repo, &unit.path) {
        Some(workspace) => Planner::new(repo, unit, context, workspace).plan(),
        None => super::deno::plan(repo, unit),
    }
}

struct Planner<'a> {
    repo: &'a dyn RepoView,
    unit: &'a Unit,
    context: &'a PlanContext<'a>,
    workspace: Workspace,
    manager: Manager,
    id: EcosystemId,
}

impl<'a> Planner<'a> {
    fn new(
        repo: &'a dyn RepoView,
        unit: &'a Unit,
        context: &'a PlanContext<'a>,
        workspace: Workspace,
    ) -> Self {
        let manager = Manager::of(repo, &workspace.root);
        Self { repo, unit, context, workspace, manager, id: EcosystemId::new("javascript") }
    }

    fn plan(&self) -> UnitPlan {
        let suite = suite::find(self.repo, &self.workspace, self.context.analysis);
        let starts =
            start::all(self.repo, &self.workspace, &self.manager, self.unit, self.context.analysis);
        let mut plan = UnitPlan {
            toolchains: self.toolchains(&suite),
            env: self.manager.env(),
            path: self.path(),
            notes: suite.notes.clone(),
            system_packages: super::browser::packages(&suite),
            ..UnitPlan::default()
        };
        plan.steps.push(self.install());
        plan.steps.extend(self.check());
        plan.steps.extend(super::browser::download(&suite, self.unit, &self.id));
        plan.steps.extend(self.migrations());
        let needs = starts.iter().any(|start| start.needs_build && !start.optional);
        let builds = builds(self.repo, &self.workspace, &self.manager, &suite, needs);
        plan.steps.extend(builds.into_iter().enumerate().map(|(at, build)| self.build(at, build)));
        plan.steps.extend(starts.into_iter().enumerate().map(|(at, start)| self.start(at, start)));
        plan.steps.extend(self.tests(&suite));
        plan
    }

    fn node(&self) -> ToolchainRequirement {
        node_version::choose(self.repo, &self.workspace, &self.manager, self.context.analysis)
    }

    /// The other runtime that the root's scripts or `engines` name, whatever the manager is.
    fn named_in_scripts(&self, programs: &[&str]) -> Option<ToolchainRequirement> {
        let package = &self.workspace.root;
        let tool = programs.first()?;
        let range = package.nested("engines", tool).map(|text| text.trim().to_owned());
        let script = package.scripts.iter().find(|(name, line)| {
            !name.contains("publish")
                && super::words::words(line).iter().any(|w| programs.contains(&w.text.as_str()))
        });
        let needle = match (&range, script) {
            (Some(_), _) => format!("\"{tool}\""),
            (None, Some((name, _))) => format!("\"{name}\":"),
            (None, None) => return None,
        };
        let open = range.filter(|text| !matches!(text.as_str(), "" | "*" | "x"));
        Some(ToolchainRequirement {
            tool: (*tool).to_owned(),
            version: open.map_or(VersionRequest::Any, VersionRequest::Range),
            evidence: vec![package.evidence("javascript.runtime", &needle, Trust::TaskRunner)],
        })
    }

    fn toolchains(&self, suite: &Suite) -> Vec<ToolchainRequirement> {
        let mut found = vec![self.node()];
        found.extend(self.manager.toolchain());
        for (tool, other) in [("bun", "bunx"), ("deno", "deno")] {
            if found.iter().all(|t| t.tool != tool)
                && let Some(named) = self.named_in_scripts(&[tool, other])
            {
                found.push(named);
            }
        }
        let uses = |runner: Runner| suite.tests.iter().any(|test| test.runner == runner);
        for (runner, tool) in [(Runner::Bun, "bun"), (Runner::Deno, "deno")] {
            if uses(runner) && found.iter().all(|t| t.tool != tool) {
                found.push(ToolchainRequirement {
                    tool: tool.to_owned(),
                    version: VersionRequest::Any,
                    evidence: suite.evidence.clone(),
                });
            }
        }
        found
    }

    fn path(&self) -> Vec<String> {
        let own = super::package_json::join(&self.unit.path, "node_modules/.bin");
        vec![format!("@{{workspace}}/{own}")]
    }

    fn install(&self) -> Step {
        let command = self.manager.install();
        let evidence = self.manager.evidence.last().cloned().unwrap_or_else(|| {
            self.workspace.root.evidence("javascript.manifest", "\"name\"", Trust::Manifest)
        });
        let mut step = self
            .step(
                "install",
                StepKind::Install,
                &format!("install dependencies with {}", command[0]),
                Command::argv(command),
            )
            .because(evidence);
        for (name, value) in QUIET.iter().chain(self.scripts_on()) {
            step.env.insert((*name).to_owned(), (*value).to_owned());
        }
        step
    }

    /// npm 11 and pnpm 10 leave out dependencies' scripts unless a person approved each: here
    /// they run inside the sandbox, and native dependencies are made by them.
    fn scripts_on(&self) -> &'static [(&'static str, &'static str)] {
        match self.manager.tool {
            Tool::Npm => &[("npm_config_dangerously_allow_all_scripts", "true")],
            Tool::Pnpm => &[
                ("npm_config_dangerously_allow_all_builds", "true"),
                ("pnpm_config_dangerously_allow_all_builds", "true"),
            ],
            _ => &[],
        }
    }

    /// Looks that what was declared is there. Plug'n'play and deno keep no folder to look at.
    fn check(&self) -> Option<Step> {
        if self.plug_and_play() || self.manager.tool == Tool::Deno {
            return None;
        }
        let manifest = &self.workspace.root;
        if manifest.dependency_names().is_empty() {
            return None;
        }
        let script = "@{tools}/recorder/node/check-installed.cjs";
        let mut step = self.step(
            "check",
            StepKind::Check,
            "look that declared dependencies are installed",
            Command::argv(["node", script]),
        );
        if self.node().version == VersionRequest::Any {
            step.env.insert("REPO_RUNNER_NODE_OPEN".to_owned(), "1".to_owned());
        }
        Some(step.because(manifest.evidence(
            "javascript.dependencies",
            "ependencies\"",
            Trust::Manifest,
        )))
    }

    /// Whether yarn keeps dependencies in archives, which only its own commands can run.
    fn plug_and_play(&self) -> bool {
        self.manager.tool == Tool::YarnBerry
            && !self.repo.text(&self.workspace.root.path(".yarnrc.yml")).is_some_and(|text| {
                text.lines().any(|line| line.starts_with("nodeLinker:") && !line.contains("pnp"))
            })
    }

    fn migrations(&self) -> Vec<Step> {
        let (repo, analysis) = (self.repo, self.context.analysis);
        let found = migrations(repo, &self.workspace, &self.manager, analysis);
        let step = |(at, migration): (usize, Migration)| {
            let name = if at == 0 { "migrate".to_owned() } else { format!("migrate-{}", at + 1) };
            let title = format!("migrate the database: {}", last_line(&migration.command));
            let mut step = self.step(&name, StepKind::Migrate, &title, migration.command);
            step.cwd = migration.cwd;
            step.optional = migration.optional;
            step.because(migration.evidence)
        };
        found.into_iter().enumerate().map(step).collect()
    }

    fn build(&self, at: usize, build: Build) -> Step {
        let name = if at == 0 { "build".to_owned() } else { format!("build-{}", at + 1) };
        let title = format!("build: {}", last_line(&build.command));
        let mut step = self.step(&name, StepKind::Build, &title, build.command);
        step.cwd = build.cwd;
        step.optional = build.optional;
        if build.optional {
            step.timeout_seconds = 600;
        }
        step.env.insert("NEXT_TELEMETRY_DISABLED".to_owned(), "1".to_owned());
        step.because(build.evidence)
    }

    fn start(&self, at: usize, start: Start) -> Step {
        let name = if at == 0 { "start".to_owned() } else { format!("start-{}", at + 1) };
        let command = match self.plug_and_play() {
            true => Command::argv(["yarn", "exec", "bash", "-c", &start.command.to_string()]),
            false => start.command,
        };
        let mut step = self.step(&name, StepKind::Start, &start.title, command);
        step.cwd = start.cwd;
        step.optional = start.optional;
        step.timeout_seconds = step.timeout_seconds.max(start.probe.start_seconds + 30);
        step.probe = Some(start.probe);
        step.env.insert("BROWSER".to_owned(), "none".to_owned());
        step.because(start.evidence)
    }

    fn tests(&self, suite: &Suite) -> Vec<Step> {
        let mut shared = BTreeMap::new();
        if suite.from_ci {
            shared = query::env_for_tests(self.context.analysis, self.unit);
            shared.remove("NODE_OPTIONS");
        }
        let several = suite.tests.len() > 1;
        let watched = suite.tests.iter().any(|test| test.runner != Runner::Script);
        suite
            .tests
            .iter()
            .enumerate()
            .map(|(at, test)| {
                let mut step = self.test(at, test, several, &shared, suite.evidence.first());
                // Beside real tests a bare script is a check of something else.
                step.optional = watched && test.runner == Runner::Script;
                step
            })
            .collect()
    }

    fn test(
        &self,
        at: usize,
        test: &TestCommand,
        several: bool,
        shared: &BTreeMap<String, String>,
        evidence: Option<&Evidence>,
    ) -> Step {
        let name = if at == 0 { "test".to_owned() } else { format!("test-{}", at + 1) };
        let segment = &test.segment;
        let token =
            format!("{:08x}", fingerprint(&format!("{}:{}:{name}", self.unit.path, segment.line)));
        let mut env = shared.clone();
        env.extend(segment.env.clone());
        let made = instrument(test.runner, &segment.line, &env, &token);
        let mut line = String::from("set +u\n");
        if segment.cwd != self.unit.path {
            line.push_str("export PATH=\"$PWD/node_modules/.bin:$PATH\"\n");
        }
        for before in &test.before {
            line.push_str(&format!(
                "{before} || echo \"the command before the tests failed\" >&2\n"
            ));
        }
        if self.plug_and_play() {
            line.push_str(&format!("yarn exec bash -c {}", rr_core::command::quote(&made.line)));
        } else {
            line.push_str(&made.line);
        }
        let place = if several && segment.cwd != self.unit.path {
            format!(" in {}", segment.cwd)
        } else {
            String::new()
        };
        let title = format!("run the tests with {}{place}", test.runner.name());
        let mut step = self.step(&name, StepKind::Test, &title, Command::shell(line));
        step.cwd = segment.cwd.clone();
        step.env = made.env;
        if segment.line.contains("npm_") {
            self.lifecycle(&mut step, segment);
        }
        if test.runner == Runner::Task {
            // A cached result is no run of the tests.
            for (name, value) in
                [("TURBO_FORCE", "true"), ("NX_SKIP_NX_CACHE", "true"), ("NX_DAEMON", "false")]
            {
                step.env.insert(name.to_owned(), value.to_owned());
            }
        }
        step.test = Some(made.spec);
        step.evidence.extend(evidence.cloned());
        step
    }

    /// What npm sets for a script; only commands that read it get it.
    fn lifecycle(&self, step: &mut Step, segment: &super::segment::Segment) {
        let Some(package) = self.workspace.by_folder(&segment.package) else { return };
        let mut set = |name: &str, value: &str| {
            step.env.insert(name.to_owned(), value.to_owned());
        };
        set("npm_package_name", &package.name);
        set("npm_package_version", package.text("version").unwrap_or(""));
        set("npm_lifecycle_event", &segment.script);
    }

    fn step(&self, name: &str, kind: StepKind, title: &str, command: Command) -> Step {
        Step::new(format!("javascript.{name}"), &self.id, &self.unit.path, kind, title, command)
    }
}

fn last_line(command: &Command) -> String {
    let text = command.to_string();
    text.lines().last().unwrap_or("").chars().take(80).collect()
}

/// A number that tells one command's report from another's (FNV-1a).
fn fingerprint(text: &str) -> u32 {
    text.bytes().fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}
