//! From a matched rule to the plan's changes.

use rr_core::{
    CauseClass, Command, Diagnosis, FailedStep, PlanEdit, Remedy, RemedyKind, RepoView, Step,
    StepId, StepKind, VersionRequest,
};

use super::super::build::run_script;
use super::super::managers::{Manager, Tool};
use super::super::package_json::{Manifest, leading_number};
use super::super::workspace::Workspace;
use super::modules::{self, Missing, classify};
use super::rules::{Rule, Treatment};
use super::versions::{LINES, node_range, option_line, sass_line, use_node, use_tool};

/// Everything a remedy is made from.
pub(super) struct Bench<'a> {
    pub(super) failed: &'a FailedStep<'a>,
    workspace: Option<Workspace>,
    pub(super) manager: Option<Manager>,
}

impl<'a> Bench<'a> {
    pub(super) fn new(repo: &'a dyn RepoView, failed: &'a FailedStep<'a>) -> Self {
        let workspace = Workspace::read(repo, &failed.step.unit);
        let manager = workspace.as_ref().map(|workspace| Manager::of(repo, &workspace.root));
        Self { failed, workspace, manager }
    }

    /// The unit's own manifest.
    pub(super) fn root(&self) -> Option<&Manifest> {
        self.workspace.as_ref().map(|workspace| &workspace.root)
    }

    /// The diagnosis that a match leads to; `None` where it means nothing here.
    pub(super) fn diagnosis(&self, rule: &Rule, subject: &str, line: &str) -> Option<Diagnosis> {
        let installs = self.failed.step.kind == StepKind::Install;
        let install_only = matches!(
            rule.treatment,
            Treatment::LegacyPeers
                | Treatment::LooseInstall
                | Treatment::ForgetLock
                | Treatment::NewLock
                | Treatment::OtherVersion
                | Treatment::Host
                | Treatment::WithoutScripts
                | Treatment::ManagerVersion
                | Treatment::OlderManager(_)
        );
        if install_only && !installs {
            return None;
        }
        let (subject, remedies) = self.treat(rule.treatment, subject, line)?;
        let signature = if subject.is_empty() {
            rule.name.to_owned()
        } else {
            format!("{}:{subject}", rule.name)
        };
        let mut cause = rule.cause;
        let hidden = rule.treatment == Treatment::Module && remedies.is_empty();
        if hidden {
            cause = CauseClass::Intrinsic;
        }
        Some(Diagnosis {
            signature,
            cause,
            step: self.failed.step.id.clone(),
            evidence_line: line.trim().chars().take(300).collect(),
            explanation: rule.explanation.replace("{}", &subject),
            confidence: if hidden { 0.3 } else { rule.confidence },
            remedies,
        })
    }

    fn treat(
        &self,
        treatment: Treatment,
        subject: &str,
        line: &str,
    ) -> Option<(String, Vec<Remedy>)> {
        let plain = |remedies: Vec<Remedy>| Some((subject.to_owned(), remedies));
        match treatment {
            Treatment::Module => self.module(subject),
            Treatment::Program => self.program(subject),
            Treatment::Package => plain(self.add(subject, None).into_iter().collect()),
            Treatment::JestPackage => {
                let major = self.workspace.as_ref()?.root.major_of("jest");
                let range = major.map(|major| format!("^{major}"));
                plain(self.add(subject, range.as_deref()).into_iter().collect())
            }
            Treatment::LegacyPeers => plain(vec![self.legacy_peers()]),
            Treatment::LooseInstall => {
                plain(self.loose().into_iter().chain(self.without_lock()).collect())
            }
            Treatment::ForgetLock => {
                self.manager.as_ref()?.lockfile.as_ref()?;
                let hosts = Some(self.registry_hosts());
                plain([hosts, self.loose(), self.without_lock()].into_iter().flatten().collect())
            }
            Treatment::NewLock => {
                plain(self.without_lock().into_iter().chain(self.loose()).collect())
            }
            Treatment::OtherVersion => self.other_version(subject),
            Treatment::NodeRange => {
                let lax = self.lax_engines().filter(|_| self.failed.step.kind == StepKind::Install);
                plain(std::iter::once(node_range(subject)?).chain(lax).collect())
            }
            Treatment::OlderManager(range) => {
                let program = self.manager.as_ref()?.tool.program();
                let version = VersionRequest::Range(range.to_owned());
                let install = self.install_step().map(|step| step.id.clone());
                plain(vec![use_tool(program, version, range, install)])
            }
            Treatment::NodeForOption => {
                let least = option_line(subject);
                plain(self.newer(least))
            }
            Treatment::NewerNode(least) => plain(self.newer(least)),
            Treatment::OlderNode(most) => plain(self.older(most)),
            Treatment::NodeForSass => {
                let major = leading_number(subject).or_else(|| {
                    self.workspace.as_ref()?.packages().find_map(|p| p.major_of("node-sass"))
                });
                plain(self.older(sass_line(major.unwrap_or(4))))
            }
            Treatment::LegacyOpenSsl => {
                let mut remedies = vec![self.node_option("--openssl-legacy-provider")];
                remedies.extend(self.older(16));
                plain(remedies)
            }
            Treatment::NativeBuild => plain(self.native()),
            Treatment::NativeRebuild => plain(self.rebuild().into_iter().collect()),
            Treatment::WithoutScripts => plain(self.without_scripts().into_iter().collect()),
            Treatment::ManagerVersion => plain(vec![self.manager_version(subject)?]),
            Treatment::MoreHeap => plain(vec![self.more_heap()]),
            Treatment::Browser => plain(vec![self.browser()]),
            Treatment::Rotted => plain(self.rotted()),
            Treatment::Host => self.host(subject, line),
            Treatment::Nothing => plain(Vec::new()),
        }
    }

    /// What the whole failure tells, beyond single lines.
    pub(super) fn of_the_whole(&self) -> Vec<Diagnosis> {
        let aborted = self.failed.tests.is_some_and(|run| {
            run.doubts.iter().any(|doubt| doubt.contains("did not come to its end"))
        });
        let timed_out = self.failed.outcome.exit == rr_core::Exit::TimedOut;
        let current = self.current_node();
        if !aborted || timed_out || current.is_some_and(|line| line <= 14) {
            return Vec::new();
        }
        // An error that old Node only warned of ends the process of a newer one.
        vec![Diagnosis {
            signature: "javascript.suite-aborted".to_owned(),
            cause: CauseClass::Intrinsic,
            step: self.failed.step.id.clone(),
            evidence_line: self
                .failed
                .tests
                .and_then(|run| run.doubts.first().cloned())
                .unwrap_or_default(),
            explanation: "the suite ends its own process midway".to_owned(),
            confidence: 0.5,
            remedies: self.older(14),
        }]
    }

    fn module(&self, name: &str) -> Option<(String, Vec<Remedy>)> {
        let workspace = self.workspace.as_ref()?;
        match classify(name, workspace) {
            Missing::Builtin => {
                let module = name.trim_start_matches("node:").to_owned();
                Some((format!("node:{module}"), self.newer(22)))
            }
            Missing::Made => Some((short(name), self.build_first(""))),
            Missing::Virtual => Some((name.to_owned(), self.build_first(""))),
            Missing::Member(folder) => Some((name.to_owned(), self.build_first(&folder))),
            Missing::Package { name, range } => {
                let mut remedies = Vec::new();
                if range.is_some() && self.failed.step.kind != StepKind::Install {
                    remedies.extend(self.reinstall());
                }
                remedies.extend(self.add(&name, range.as_deref()));
                Some((name, remedies))
            }
        }
    }

    fn program(&self, program: &str) -> Option<(String, Vec<Remedy>)> {
        let workspace = self.workspace.as_ref()?;
        let program = program.rsplit('/').next().unwrap_or(program);
        let package = modules::package_of_program(program);
        let known = workspace.depends_on(package) || is_common_tool(program);
        if !known {
            return None; // A program of the operating system: the common rules know those.
        }
        let range = workspace.packages().find_map(|p| p.dependency(package).map(str::to_owned));
        let mut remedies = Vec::new();
        if range.is_some() {
            remedies.extend(self.reinstall());
        }
        remedies.extend(self.add(package, range.as_deref()));
        Some((program.to_owned(), remedies))
    }

    /// A package put beside the declared ones, without touching the manifest's lock.
    fn add(&self, name: &str, range: Option<&str>) -> Option<Remedy> {
        if !modules::is_package_name(name) {
            return None;
        }
        let usable = range
            .filter(|r| !r.contains([':', ' ', '|', '<', '>', '/']) && !r.is_empty() && *r != "*");
        let wanted = usable.map_or_else(|| name.to_owned(), |range| format!("{name}@{range}"));
        self.add_all(vec![wanted])
    }

    /// The same for several, each with its version where it has one: `lodash@4`.
    pub(super) fn add_all(&self, names: Vec<String>) -> Option<Remedy> {
        let manager = self.manager.as_ref()?;
        let wanted = names.join(", ");
        let count = self
            .failed
            .plan
            .steps
            .iter()
            .filter(|step| step.id.to_string().starts_with("javascript.add"))
            .count();
        let id = format!("javascript.add-{}", count + 1);
        let mut step = Step::new(
            id.clone(),
            &self.failed.step.ecosystem,
            &self.failed.step.unit,
            StepKind::Install,
            format!("add {wanted}"),
            Command::argv(manager.add(&names)),
        );
        if let Some(install) = self.install_step() {
            step.env.clone_from(&install.env);
        }
        let before = self.after_install();
        Some(Remedy {
            kind: RemedyKind::AddDependency { names },
            title: format!("add the package {wanted}"),
            edits: vec![PlanEdit::InsertBefore { before, step: Box::new(step) }],
            resume_at: Some(StepId::new(id)),
        })
    }

    /// The step before which an added install belongs: the first after the plan's own installs.
    pub(super) fn after_install(&self) -> StepId {
        let steps = &self.failed.plan.steps;
        let own = |step: &&Step| step.unit == self.failed.step.unit;
        let last = steps.iter().rposition(|step| own(&step) && step.kind == StepKind::Install);
        last.and_then(|at| steps.get(at + 1))
            .map_or_else(|| self.failed.step.id.clone(), |step| step.id.clone())
    }

    pub(super) fn install_step(&self) -> Option<&Step> {
        let own =
            |step: &&Step| step.unit == self.failed.step.unit && step.kind == StepKind::Install;
        self.failed.plan.steps.iter().find(own)
    }

    pub(super) fn set_install(
        &self,
        kind: RemedyKind,
        title: &str,
        command: Command,
    ) -> Option<Remedy> {
        let install = self.install_step()?;
        if install.command == command {
            return None;
        }
        Some(Remedy {
            kind,
            title: title.to_owned(),
            edits: vec![PlanEdit::SetCommand { step: install.id.clone(), command }],
            resume_at: Some(install.id.clone()),
        })
    }

    fn loose(&self) -> Option<Remedy> {
        let command = Command::argv(self.manager.as_ref()?.loose_install());
        let kind = RemedyKind::ChangeCommand { to: command.to_string() };
        self.set_install(kind, "install without holding the lockfile to its word", command)
    }

    /// Declared, but not there: scripts or optional groups left it out.
    fn reinstall(&self) -> Option<Remedy> {
        self.loose()
    }

    fn without_lock(&self) -> Option<Remedy> {
        let manager = self.manager.as_ref()?;
        let lock = manager.lockfile.as_deref()?.rsplit('/').next()?;
        let install = Command::argv(manager.loose_install()).to_string();
        // The workspace is a copy: the user's own lockfile stays.
        let command = Command::shell(format!("rm -f {lock}\n{install}"));
        let kind = RemedyKind::ChangeCommand { to: install.clone() };
        self.set_install(kind, "install without the lockfile", command)
    }

    pub(super) fn without_scripts(&self) -> Option<Remedy> {
        let install = self.install_step()?;
        let flag = "--ignore-scripts";
        let command = match &install.command {
            Command::Argv(words) if !words.iter().any(|w| w == flag) => {
                Command::argv(words.iter().cloned().chain([flag.to_owned()]))
            }
            Command::Shell(line) if !line.contains(flag) => {
                Command::shell(format!("{line} {flag}"))
            }
            _ => return None,
        };
        let command = match self.manager.as_ref().map(|m| m.tool) {
            Some(Tool::YarnBerry) => Command::argv(["yarn", "install", "--mode=skip-build"]),
            _ => command,
        };
        let kind = RemedyKind::ChangeCommand { to: command.to_string() };
        self.set_install(kind, "install without the packages' scripts", command)
    }

    fn legacy_peers(&self) -> Remedy {
        self.for_all(
            "npm_config_legacy_peer_deps",
            "true",
            "install as npm 6 did, peers left alone",
        )
    }

    fn registry_hosts(&self) -> Remedy {
        self.for_all(
            "npm_config_replace_registry_host",
            "always",
            "ask the configured registry in place of the lockfile's hosts",
        )
    }

    pub(super) fn for_all(&self, name: &str, value: &str, title: &str) -> Remedy {
        Remedy {
            kind: RemedyKind::SetVariable { name: name.to_owned() },
            title: title.to_owned(),
            edits: vec![PlanEdit::SetEnv {
                step: None,
                name: name.to_owned(),
                value: value.to_owned(),
            }],
            resume_at: self.install_step().map(|step| step.id.clone()),
        }
    }

    /// A Node option beside those that the step has.
    pub(super) fn node_option(&self, option: &str) -> Remedy {
        let step = self.failed.step;
        let given = step.env.get("NODE_OPTIONS").map_or("", String::as_str);
        let value = format!("{given} {option}").trim().to_owned();
        Remedy {
            kind: RemedyKind::SetVariable { name: "NODE_OPTIONS".to_owned() },
            title: format!("give Node {option}"),
            edits: vec![PlanEdit::SetEnv {
                step: Some(step.id.clone()),
                name: "NODE_OPTIONS".to_owned(),
                value,
            }],
            resume_at: None,
        }
    }

    /// A build of the package that lacks its files, before the step that wants them.
    fn build_first(&self, folder: &str) -> Vec<Remedy> {
        let (Some(workspace), Some(manager)) = (&self.workspace, &self.manager) else {
            return Vec::new();
        };
        let built = |id: &str| self.failed.plan.steps.iter().any(|step| step.id.to_string() == id);
        let mut found = Vec::new();
        let places = [folder.to_owned(), workspace.root.folder.clone()];
        for place in places.iter().filter(|p| !p.is_empty() || workspace.root.folder.is_empty()) {
            let Some(package) = workspace.by_folder(place) else { continue };
            for name in [
                "build",
                "compile",
                "prepare",
                "dev:prepare",
                "prebuild",
                "pretest",
                "prepublish",
                "codegen",
                "generate",
                "dist",
            ] {
                let id = format!("javascript.build-{name}-{}", place.replace('/', "-"));
                if !package.scripts.contains_key(name) || built(&id) {
                    continue;
                }
                let command = run_script(manager, name);
                let already = |step: &Step| step.command == command && step.cwd == *place;
                if self.failed.plan.steps.iter().any(already) {
                    continue;
                }
                let mut step = Step::new(
                    id.clone(),
                    &self.failed.step.ecosystem,
                    &self.failed.step.unit,
                    StepKind::Build,
                    format!("build with `{name}`"),
                    command.clone(),
                );
                step.cwd = modules::folder(&self.failed.step.unit, place);
                found.push(Remedy {
                    kind: RemedyKind::PatchRecipe { what: format!("run `{name}` first") },
                    title: format!("run `{name}` first"),
                    edits: vec![PlanEdit::InsertBefore {
                        before: self.failed.step.id.clone(),
                        step: Box::new(step),
                    }],
                    resume_at: Some(StepId::new(id)),
                });
            }
        }
        found.truncate(3);
        found
    }

    fn manager_version(&self, version: &str) -> Option<Remedy> {
        let manager = self.manager.as_ref()?;
        if manager.tool == Tool::Npm {
            return None;
        }
        Some(use_tool(
            manager.tool.program(),
            VersionRequest::Exact(version.to_owned()),
            version,
            self.install_step().map(|s| s.id.clone()),
        ))
    }

    pub(super) fn current_node(&self) -> Option<u32> {
        let node = self.failed.plan.toolchains.iter().find(|tool| tool.tool == "node")?;
        match &node.version {
            VersionRequest::Any => None,
            VersionRequest::Exact(text) | VersionRequest::Range(text) => leading_number(text),
            VersionRequest::OneOf(list) => leading_number(list.first()?),
        }
    }

    fn newer(&self, least: u32) -> Vec<Remedy> {
        let current = self.current_node().unwrap_or(0);
        LINES
            .iter()
            .filter(|line| **line >= least && **line > current && **line % 2 == 0)
            .take(2)
            .map(|line| use_node(&line.to_string()))
            .collect()
    }

    pub(super) fn older(&self, most: u32) -> Vec<Remedy> {
        let current = self.current_node().unwrap_or(u32::MAX);
        LINES
            .iter()
            .rev()
            .filter(|line| **line <= most && **line < current)
            .take(2)
            .map(|line| use_node(&line.to_string()))
            .collect()
    }

    /// An unpinned tree resolved as of its last commit.
    fn rotted(&self) -> Vec<Remedy> {
        let mut found = Vec::new();
        let date = self.failed.analysis.commit_date.clone();
        let unlocked =
            self.manager.as_ref().is_some_and(|m| m.tool == Tool::Npm && m.lockfile.is_none());
        if let (Some(date), true) = (date, unlocked) {
            let command = Command::shell(format!(
                "rm -rf node_modules\nnpm install --no-package-lock --legacy-peer-deps --before={date}"
            ));
            let kind = RemedyKind::ResolveAsOf { date: date.clone() };
            let title = format!("resolve dependencies as of {date}");
            found.extend(self.set_install(kind, &title, command));
        }
        found
    }

    fn host(&self, host: &str, line: &str) -> Option<(String, Vec<Remedy>)> {
        // The clients' own registries, when they do not answer: the common rules try again.
        if ["npmjs", "yarnpkg"].iter().any(|name| line.contains(&format!("registry.{name}."))) {
            return None;
        }
        // "503 Service Unavailable - GET http://npm.example/x": a host that answers so is there, and
        // the common rules ask it again.
        let words = line.split(|c: char| !c.is_ascii_alphanumeric());
        if words.into_iter().any(|word| matches!(word, "429" | "500" | "502" | "503" | "504")) {
            return None;
        }
        // What a manifest takes from a forge is there and nowhere else; only the downloads of
        // scripts can be done without.
        let forge = ["github", "gitlab", "bitbucket"].iter().any(|name| host.contains(name));
        let mut remedies = Vec::new();
        if !forge {
            remedies.push(self.registry_hosts());
        }
        remedies.extend(self.without_scripts());
        if !forge {
            remedies.extend(self.without_lock());
        }
        Some((host.to_owned(), remedies))
    }
}

fn is_common_tool(program: &str) -> bool {
    const TOOLS: &[&str] = &[
        "mocha",
        "jest",
        "vitest",
        "ava",
        "tape",
        "tap",
        "jasmine",
        "nyc",
        "c8",
        "tsc",
        "ts-node",
        "tsx",
        "rimraf",
        "cross-env",
        "npm-run-all",
        "run-s",
        "run-p",
        "rollup",
        "webpack",
        "babel",
        "gulp",
        "grunt",
        "eslint",
        "vite",
        "esbuild",
        "tsup",
        "shx",
        "mkdirp",
        "cpy",
        "nodemon",
        "pnpm",
        "yarn",
        "turbo",
        "lerna",
        "nx",
        "nr",
        "swc",
        "unbuild",
        "istanbul",
        "browserify",
        "coffee",
        "standard",
        "bower",
        "microbundle",
        "concurrently",
        "next",
        "nuxt",
        "nest",
    ];
    TOOLS.contains(&program)
}

fn short(name: &str) -> String {
    name.trim_start_matches("file://").trim_start_matches("/workspace/").to_owned()
}
