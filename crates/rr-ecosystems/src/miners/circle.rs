//! CircleCI: jobs with their images, side services and run steps.

use std::collections::BTreeMap;

use rr_core::{FactKey, Trust};

use super::collected::{Mined, Place, Script};
use super::command_line::join;
use super::images;
use super::yaml::{self, Node};

/// Mines `.circleci/config.yml`.
pub(super) fn mine(path: &str, text: &str, mined: &mut Mined) {
    let root = match yaml::parse(text) {
        Ok(root) => root,
        Err(error) => {
            mined.notes.push(format!("`{path}` not read: {error}"));
            return;
        }
    };
    let place = Place { path, rule: "circleci.run", trust: Trust::Ci };
    for (name, job) in root.get("jobs").map(Node::pairs).unwrap_or_default() {
        let executor = job
            .get("executor")
            .and_then(|e| e.text_of("name").or_else(|| e.text()))
            .and_then(|name| root.get("executors")?.get(name));
        let docker = job.get("docker").or_else(|| executor.and_then(|e| e.get("docker")));
        containers(&place, docker, mined);
        let mut env = BTreeMap::new();
        let shared = executor.and_then(|executor| executor.get("environment"));
        for (name, value, line) in shared.map(Node::variables).unwrap_or_default() {
            mined.variable(&name, &value, "", place.at(line, &format!("{name}: {value}")));
            env.insert(name, value);
        }
        if let Some(executor) = job.get("executor") {
            orb_version(&place, &root, executor, mined);
        }
        for (name, value, _) in job.get("environment").map(Node::variables).unwrap_or_default() {
            env.insert(name, value);
        }
        for (name, value, line) in first_environment(docker) {
            mined.variable(&name, &value, "", place.at(line, &format!("{name}: {value}")));
            env.entry(name).or_insert(value);
        }
        let steps = job.get("steps").map(Node::items).unwrap_or_default();
        read_steps(&place, &root, steps, &Around { name, env: &env }, 3, mined);
    }
}

struct Around<'a> {
    name: &'a str,
    env: &'a BTreeMap<String, String>,
}

fn read_steps(
    place: &Place<'_>,
    root: &Node,
    steps: &[Node],
    around: &Around<'_>,
    depth: u8,
    mined: &mut Mined,
) {
    for step in steps {
        orb_step(place, root, step, around, mined);
        let Some(run) = step.get("run") else {
            let name = step.text().or_else(|| step.pairs().first().map(|(name, _)| &**name));
            let inner = name
                .and_then(|name| root.get("commands")?.get(name))
                .and_then(|command| command.get("steps"));
            if let Some(inner) = inner.filter(|_| depth > 0) {
                read_steps(place, root, inner.items(), around, depth - 1, mined);
            }
            continue;
        };
        let command = run.get("command").unwrap_or(run);
        let Some(text) = command.text() else { continue };
        let cwd = match run.text_of("working_directory") {
            Some(folder) => {
                join("", folder.trim_start_matches("~/project").trim_start_matches('/'))
            }
            None => Some(String::new()),
        };
        let mut env = around.env.clone();
        for (name, value, _) in run.get("environment").map(Node::variables).unwrap_or_default() {
            env.insert(name, value);
        }
        let line = command.line;
        let context = around.name;
        mined.script(place, Script { text, line, cwd: cwd.as_deref(), env: &env, context });
    }
}

/// The orb that a name's part before the slash stands for: `node` of `node: circleci/node@5.1`.
fn orb<'a>(root: &'a Node, name: &'a str) -> Option<(&'a str, &'a str)> {
    let (alias, call) = name.split_once('/')?;
    let source = root.get("orbs")?.text_of(alias)?;
    Some((source.split('@').next()?.rsplit('/').next()?, call))
}

/// The tools whose versions the published orbs of these names choose.
const ORBS: &[(&str, &str)] = &[
    ("node", "node"),
    ("python", "python"),
    ("go", "go"),
    ("ruby", "ruby"),
    ("rust", "rust"),
    ("php", "php"),
    ("openjdk-install", "java"),
];

/// `executor: {name: python/default, tag: '3.12'}`.
fn orb_version(place: &Place<'_>, root: &Node, node: &Node, mined: &mut Mined) {
    let name = node.text_of("name").or_else(|| node.text()).unwrap_or_default();
    let Some((source, _)) = orb(root, name) else { return };
    let Some((_, tool)) = ORBS.iter().find(|(known, _)| *known == source) else { return };
    let parameter = ["tag", "version", "node-version", "go-version"];
    if let Some(value) = parameter.iter().find_map(|key| node.get(key)) {
        let text = value.text().unwrap_or_default();
        if !text.contains("<<") {
            mined.version(tool, "", text, place.at(value.line, text));
        }
    }
}

/// Steps of orbs: `node/install: {node-version: '20'}`, and what their install steps run.
fn orb_step(place: &Place<'_>, root: &Node, step: &Node, around: &Around<'_>, mined: &mut Mined) {
    let pair = step.pairs().first();
    let Some(name) = step.text().or_else(|| pair.map(|(name, _)| &**name)) else { return };
    let Some((source, call)) = orb(root, name) else { return };
    let parameters = pair.map(|(_, node)| node);
    let tool = ORBS.iter().find(|(known, _)| *known == source).map(|(_, tool)| *tool);
    let version = ["node-version", "version", "go-version"];
    let chosen = parameters.and_then(|node| version.iter().find_map(|key| node.get(key)));
    if let (Some(tool), Some(value)) = (tool, chosen) {
        let text = value.text().unwrap_or_default();
        if !text.contains("<<") {
            mined.version(tool, "", text, place.at(value.line, text));
        }
    }
    let manager = parameters.and_then(|node| node.text_of("pkg-manager"));
    let line = match (source, call, manager) {
        ("node", "install-packages", Some("yarn" | "yarn-berry")) => "yarn install",
        ("node", "install-packages", Some("pnpm")) => "pnpm install",
        ("node", "install-packages", _) => "npm ci",
        ("python", "install-packages", Some("poetry")) => "poetry install",
        ("python", "install-packages", Some("pipenv")) => "pipenv install",
        ("python", "install-packages", _) => "pip install -r requirements.txt",
        ("go", "mod-download" | "mod-download-cached", _) => "go mod download",
        ("ruby", "install-deps", _) => "bundle install",
        _ => return,
    };
    let folder = parameters.and_then(|node| node.text_of("app-dir")).unwrap_or_default();
    let cwd = join("", folder.trim_start_matches("~/project").trim_start_matches('/'));
    let context = around.name;
    let script =
        Script { text: line, line: step.line, cwd: cwd.as_deref(), env: around.env, context };
    mined.script(place, script);
}

/// The first image runs the steps, the others serve it.
fn containers(place: &Place<'_>, docker: Option<&Node>, mined: &mut Mined) {
    for (at, container) in docker.map(Node::items).unwrap_or_default().iter().enumerate() {
        let Some(image) = container.text_of("image") else { continue };
        let evidence = place.at(container.line, image);
        if at == 0 {
            for (tool, version) in images::toolchain(image) {
                mined.fact(FactKey::Version(tool), "", &version, evidence.clone());
            }
        } else if let Some(mut found) = images::service(image, "localhost", evidence) {
            let env = container.get("environment").map(Node::variables).unwrap_or_default();
            found.env = env.into_iter().map(|(name, value, _)| (name, value)).collect();
            mined.services.push(found);
        }
    }
}

fn first_environment(docker: Option<&Node>) -> Vec<(String, String, u32)> {
    docker
        .and_then(|docker| docker.items().first()?.get("environment"))
        .map(Node::variables)
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orbs_and_executors_tell_versions_and_installs() {
        let mut mined = Mined::default();
        mine(
            ".circleci/config.yml",
            "orbs:\n  node: circleci/node@5.1\n  python: circleci/python@2.1\nexecutors:\n  own:\n    docker: [{image: 'cimg/go:1.22'}]\n    environment: {MODE: test}\n\
             jobs:\n  web:\n    executor: {name: node/default, tag: '20.1'}\n    steps:\n    - node/install-packages: {pkg-manager: yarn, app-dir: ~/project/web}\n\
             \x20 api:\n    executor: own\n    steps: [python/install-packages, {run: go test ./...}]\n",
            &mut mined,
        );
        let lines: Vec<_> =
            mined.commands.iter().map(|c| (c.line.as_str(), c.cwd.as_str())).collect();
        assert_eq!(
            lines,
            [
                ("yarn install", "web"),
                ("pip install -r requirements.txt", ""),
                ("go test ./...", "")
            ]
        );
        assert_eq!(mined.commands[2].env["MODE"], "test");
        let versions: Vec<_> = mined.facts.iter().map(|fact| fact.value.as_str()).collect();
        assert_eq!(versions, ["20.1", "1.22", "test"]);
    }

    #[test]
    fn run_steps_and_side_containers_are_read() {
        let mut mined = Mined::default();
        mine(
            ".circleci/config.yml",
            "jobs:\n  test:\n    docker:\n      - image: cimg/go:1.22\n      - image: cimg/redis:7.0\n\
             \x20   steps:\n      - checkout\n      - deps\n      - run:\n          command: go test ./...\n\
             commands:\n  deps:\n    steps:\n      - run: go mod download\n",
            &mut mined,
        );
        let lines: Vec<_> = mined.commands.iter().map(|c| c.line.as_str()).collect();
        assert_eq!(lines, ["go mod download", "go test ./..."]);
        assert_eq!(mined.services[0].version.as_deref(), Some("7.0"));
        assert_eq!(mined.facts[0].value, "1.22");
    }
}
