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
