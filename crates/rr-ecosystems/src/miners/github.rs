//! GitHub Actions: workflows, their jobs, steps, matrices and services; composite actions and
//! reusable workflows of the same tree.

use std::collections::BTreeMap;

use rr_core::{CommandClass, FactKey, RepoView, Trust};

use super::classify::classify;
use super::collected::{Mined, Place, Script};
use super::command_line::{join, simple_commands};
use super::github_conditions::holds;
use super::github_expressions::{Scope, matrix_scopes};
use super::github_setup;
use super::images;
use super::yaml::{self, Node};

/// Nested `uses: ./…` are followed this deep.
const DEPTH: u8 = 3;

/// Mines every workflow.
pub(super) fn mine(repo: &dyn RepoView, mined: &mut Mined) {
    for entry in repo.children(".github/workflows") {
        if !(entry.path.ends_with(".yml") || entry.path.ends_with(".yaml")) {
            continue;
        }
        let Some(text) = repo.text(&entry.path) else { continue };
        match yaml::parse(&text) {
            Ok(workflow) => {
                let reader = Reader { repo, path: &entry.path };
                reader.workflow(&workflow, &Scope::default(), DEPTH, mined);
            }
            Err(error) => mined.notes.push(format!("`{}` not read: {error}", entry.path)),
        }
    }
}

struct Reader<'a> {
    repo: &'a dyn RepoView,
    path: &'a str,
}

/// What surrounds a step.
#[derive(Clone)]
struct Around {
    env: BTreeMap<String, String>,
    cwd: Option<String>,
    shell: String,
    context: String,
    scope: Scope,
    /// The other combinations of the job's matrix.
    others: Vec<Scope>,
}

impl Reader<'_> {
    fn place<'p>(&'p self, rule: &'p str) -> Place<'p> {
        Place { path: self.path, rule, trust: Trust::Ci }
    }

    fn workflow(&self, workflow: &Node, inputs: &Scope, depth: u8, mined: &mut Mined) {
        let Some(jobs) = workflow.get("jobs") else { return };
        let around = Around {
            env: BTreeMap::new(),
            cwd: Some(String::new()),
            shell: String::new(),
            context: String::new(),
            scope: inputs.with_defaults(workflow),
            others: Vec::new(),
        };
        let around = self.surround(&around, workflow, mined);
        for (name, job) in jobs.pairs() {
            self.job(name, job, &around, depth, mined);
        }
    }

    /// The surroundings with a node's own `env` and `defaults.run`.
    fn surround(&self, around: &Around, node: &Node, mined: &mut Mined) -> Around {
        let mut inner = around.clone();
        if let Some(env) = node.get("env") {
            for (name, value, line) in env.variables() {
                let value = inner.scope.expand(&value);
                let evidence = self.place("github.env").at(line, &format!("{name}: {value}"));
                mined.variable(&name, &value, "", evidence);
                inner.env.insert(name, value);
            }
        }
        if let Some(run) = node.get("defaults").and_then(|d| d.get("run")) {
            if let Some(folder) = run.text_of("working-directory") {
                inner.cwd = join("", &inner.scope.expand(folder));
            }
            if let Some(shell) = run.text_of("shell") {
                inner.shell = shell.to_owned();
            }
        }
        inner
    }

    fn job(&self, name: &str, job: &Node, around: &Around, depth: u8, mined: &mut Mined) {
        let scopes = matrix_scopes(job, &around.scope);
        let Some(first) = scopes.first() else { return };
        if foreign(&first.expand(job.text_of("runs-on").unwrap_or_default())) {
            return;
        }
        let mut around = around.clone();
        around.scope = first.clone();
        around.others = scopes[1..].to_vec();
        around.context = name.to_owned();
        let around = self.surround(&around, job, mined);
        self.services(job, &around, mined);
        self.container(job, &around, mined);
        if let Some(uses) = job.text_of("uses") {
            self.reusable(uses, job, &around, depth, mined);
        }
        let Some(steps) = job.get("steps") else { return };
        for scope in &scopes {
            github_setup::versions(&self.place("github.setup"), steps, scope, mined);
        }
        self.steps(steps, &around, depth, mined);
    }

    fn steps(&self, steps: &Node, around: &Around, depth: u8, mined: &mut Mined) {
        let mut around = around.clone();
        for step in steps.items() {
            let Some(scope) = scope_of(step, &around) else { continue };
            let inner = self.surround(&Around { scope, ..around.clone() }, step, mined);
            if let Some(run) = step.get("run") {
                self.run(run, step, &inner, mined);
                remember_env(run, &inner, &mut around);
            } else if let Some(uses) = step.text_of("uses") {
                self.action(uses, step, &inner, depth, mined);
            }
        }
    }

    fn run(&self, run: &Node, step: &Node, around: &Around, mined: &mut Mined) {
        let Some(text) = run.text() else { return };
        let shell = step.text_of("shell").unwrap_or(&around.shell);
        if matches!(shell, "pwsh" | "powershell" | "cmd" | "python" | "node" | "perl") {
            return;
        }
        let cwd = match step.text_of("working-directory") {
            Some(folder) => join("", &around.scope.expand(folder)),
            None => around.cwd.clone(),
        };
        let text = around.scope.expand(text);
        mined.script(
            &self.place("github.run"),
            Script {
                text: &text,
                line: run.line,
                cwd: cwd.as_deref(),
                env: &around.env,
                context: &around.context,
            },
        );
    }

    /// A composite action of this tree, or one whose inputs are commands.
    fn action(&self, uses: &str, step: &Node, around: &Around, depth: u8, mined: &mut Mined) {
        let inputs = around.scope.inputs(step.get("with"));
        if let Some(folder) = uses.strip_prefix("./") {
            let folder = folder.trim_end_matches('/');
            if depth == 0 {
                return;
            }
            for name in ["action.yml", "action.yaml"] {
                let path = join(folder, name).unwrap_or_default();
                let Some(action) = self.repo.text(&path).and_then(|t| yaml::parse(&t).ok()) else {
                    continue;
                };
                let reader = Reader { repo: self.repo, path: &path };
                let mut inner = around.clone();
                inner.scope = inputs.with_defaults(&action);
                inner.others.clear();
                if let Some(steps) = action.get("runs").and_then(|runs| runs.get("steps")) {
                    let place = reader.place("github.setup");
                    github_setup::versions(&place, steps, &inner.scope, mined);
                    reader.steps(steps, &inner, depth - 1, mined);
                }
            }
            return;
        }
        self.known_action(uses, step, around, mined);
    }

    /// Actions of the marketplace that do what a command would.
    fn known_action(&self, uses: &str, step: &Node, around: &Around, mined: &mut Mined) {
        let Some(with) = step.get("with") else { return };
        let name = uses.split('@').next().unwrap_or(uses);
        let text = |key: &str| with.text_of(key).map(|value| around.scope.expand(value));
        let line = match name {
            "actions-rs/cargo" => {
                let command = text("command").unwrap_or_default();
                Some(format!("cargo {command} {}", text("args").unwrap_or_default()))
            }
            "borales/actions-yarn" | "Borales/actions-yarn" => {
                text("cmd").map(|c| format!("yarn {c}"))
            }
            "gradle/gradle-build-action"
            | "gradle/actions/setup-gradle"
            | "eskatos/gradle-command-action" => {
                text("arguments").map(|arguments| format!("./gradlew {arguments}"))
            }
            "awalsh128/cache-apt-pkgs-action" => {
                text("packages").map(|packages| format!("sudo apt-get install {packages}"))
            }
            "nick-fields/retry" | "nick-invision/retry" => text("command"),
            "GabrielBB/xvfb-action" | "coactions/setup-xvfb" => text("run"),
            "bahmutov/npm-install" => Some("npm ci".to_owned()),
            _ => None,
        };
        let Some(line) = line else { return };
        let folder = text("working-directory").or_else(|| text("working-dir"));
        let cwd = folder.map_or_else(|| around.cwd.clone(), |folder| join("", &folder));
        mined.script(
            &self.place("github.action"),
            Script {
                text: line.trim(),
                line: step.line,
                cwd: cwd.as_deref(),
                env: &around.env,
                context: &around.context,
            },
        );
    }

    fn reusable(&self, uses: &str, job: &Node, around: &Around, depth: u8, mined: &mut Mined) {
        let Some(path) = uses.strip_prefix("./").filter(|_| depth > 0) else { return };
        let Some(workflow) = self.repo.text(path).and_then(|t| yaml::parse(&t).ok()) else {
            return;
        };
        let reader = Reader { repo: self.repo, path };
        let inputs = around.scope.inputs(job.get("with"));
        reader.workflow(&workflow, &inputs, depth - 1, mined);
    }

    fn services(&self, job: &Node, around: &Around, mined: &mut Mined) {
        let Some(services) = job.get("services") else { return };
        for (name, service) in services.pairs() {
            let image = service.text_of("image").or_else(|| service.text()).unwrap_or_default();
            let image = around.scope.expand(image);
            let env = service.get("env").map(Node::variables).unwrap_or_default();
            let env = env.into_iter().map(|(k, v, _)| (k, around.scope.expand(&v))).collect();
            let ports = service.get("ports").map(Node::texts).unwrap_or_default();
            let evidence =
                self.place("github.service").at(service.line, &format!("{name}: {image}"));
            let Some(mut found) = images::service(&image, name, evidence) else { continue };
            found.port = ports.iter().find_map(|port| images::published(port, found.kind));
            found.env = env;
            mined.services.push(found);
        }
    }

    fn container(&self, job: &Node, around: &Around, mined: &mut Mined) {
        let Some(container) = job.get("container") else { return };
        let image = container.text_of("image").or_else(|| container.text()).unwrap_or_default();
        let image = around.scope.expand(image);
        let place = self.place("github.container");
        for (tool, version) in images::toolchain(&image) {
            mined.fact(FactKey::Version(tool), "", &version, place.at(container.line, &image));
        }
    }
}

/// Runners that are no Linux.
fn foreign(runs_on: &str) -> bool {
    let lower = runs_on.to_ascii_lowercase();
    lower.contains("windows") || lower.contains("macos")
}

/// The combination of the matrix in which a step is run: the job's first. A step whose condition
/// holds in another one only counts where it runs tests; its set-up is not that of the first.
fn scope_of(step: &Node, around: &Around) -> Option<Scope> {
    let Some(condition) = step.text_of("if") else { return Some(around.scope.clone()) };
    let here = |scope: &Scope| holds(condition, scope) != Some(false);
    if here(&around.scope) {
        return Some(around.scope.clone());
    }
    around.others.iter().find(|scope| here(scope)).filter(|_| runs_tests(step)).cloned()
}

fn runs_tests(step: &Node) -> bool {
    step.text_of("run").is_some_and(|text| {
        let commands = simple_commands(text, "", &BTreeMap::new());
        commands.iter().any(|command| classify(&command.line) == CommandClass::Test)
    })
}

/// `echo "NAME=value" >> $GITHUB_ENV` holds for the steps that follow.
fn remember_env(run: &Node, inner: &Around, around: &mut Around) {
    for line in run.text().unwrap_or_default().lines() {
        let Some(before) = line.split_once(">>").filter(|(_, to)| to.contains("GITHUB_ENV")) else {
            continue;
        };
        let words = super::command_line::split_words(before.0);
        if let [echo, pair] = &words[..]
            && echo == "echo"
            && let Some((name, value)) = pair.split_once('=')
            && super::variables::plain_value(value)
        {
            around.env.insert(name.to_owned(), inner.scope.expand(value));
        }
    }
}

#[cfg(test)]
#[path = "github_tests.rs"]
mod tests;
