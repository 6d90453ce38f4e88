//! Drone and Woodpecker: pipelines of steps, each in an image, with services beside them.

use std::collections::BTreeMap;

use rr_core::Trust;

use super::collected::{Mined, Place, Script};
use super::images;
use super::yaml::{self, Node};

/// Mines `.drone.yml` (its documents one by one) or a workflow of Woodpecker.
pub(super) fn mine(path: &str, text: &str, mined: &mut Mined) {
    let rule = if path.contains("woodpecker") { "woodpecker.commands" } else { "drone.commands" };
    let place = Place { path, rule, trust: Trust::Ci };
    let mut line = 0;
    for document in text.split("\n---") {
        // A document that is not the first begins in the middle of its first line's predecessor.
        match yaml::parse(document) {
            Ok(root) => pipeline(&place, &root, line, mined),
            Err(error) if error == "empty" => {}
            Err(error) => mined.notes.push(format!("`{path}` not read: {error}")),
        }
        line += u32::try_from(document.matches('\n').count() + 1).unwrap_or(0);
    }
}

fn pipeline(place: &Place<'_>, root: &Node, offset: u32, mined: &mut Mined) {
    for (name, service) in named(root.get("services")) {
        let image = service.text_of("image").unwrap_or_default();
        let evidence = place.at(service.line + offset, image);
        if let Some(mut found) = images::service(image, &name, evidence) {
            found.env = variables(service);
            mined.services.push(found);
        }
    }
    for (name, step) in named(root.get("steps").or_else(|| root.get("pipeline"))) {
        let image = step.text_of("image").unwrap_or_default();
        for (tool, version) in images::toolchain(image) {
            mined.version(&tool, "", &version, place.at(step.line + offset, image));
        }
        let env = variables(step);
        for (variable, value) in &env {
            let evidence = place.at(step.line + offset, &format!("{variable}: {value}"));
            mined.variable(variable, value, "", evidence);
        }
        for line in step.get("commands").map(Node::one_or_many).unwrap_or_default() {
            let Some(text) = line.text() else { continue };
            let at = line.line + offset;
            mined
                .script(place, Script { text, line: at, cwd: Some(""), env: &env, context: &name });
        }
    }
}

/// Steps and services stand in a list with names, or in a mapping by name.
fn named(node: Option<&Node>) -> Vec<(String, &Node)> {
    let Some(node) = node else { return Vec::new() };
    let pairs = node.pairs().iter().map(|(name, value)| (name.to_string(), value));
    let items = node.items().iter();
    pairs
        .chain(items.map(|item| (item.text_of("name").unwrap_or("step").to_owned(), item)))
        .collect()
}

/// Plain values only: secrets are mappings.
fn variables(node: &Node) -> BTreeMap<String, String> {
    let environment = node.get("environment").map(Node::variables).unwrap_or_default();
    environment.into_iter().map(|(name, value, _)| (name, value)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rr_core::{CommandClass, ServiceKind};

    #[test]
    fn steps_and_services_of_both_forms_are_read() {
        let mut mined = Mined::default();
        mine(
            ".drone.yml",
            "kind: pipeline\nsteps:\n- name: test\n  image: golang:1.22\n  commands:\n  - go test ./...\nservices:\n- name: db\n  image: postgres:15\n---\nkind: pipeline\nsteps:\n- name: lint\n  image: node:20\n  commands: [npm run lint]\n",
            &mut mined,
        );
        mine(
            ".woodpecker/test.yml",
            "steps:\n  unit:\n    image: python:3.12\n    commands:\n      - pytest\nservices:\n  cache:\n    image: redis:7\n",
            &mut mined,
        );
        let lines: Vec<_> =
            mined.commands.iter().map(|c| (c.line.as_str(), c.class, c.evidence.line)).collect();
        assert_eq!(
            lines,
            [
                ("go test ./...", CommandClass::Test, Some(6)),
                ("npm run lint", CommandClass::Lint, Some(15)),
                ("pytest", CommandClass::Test, Some(5)),
            ]
        );
        let kinds: Vec<_> = mined.services.iter().map(|service| service.kind).collect();
        assert_eq!(kinds, [ServiceKind::Postgres, ServiceKind::Redis]);
        let versions: Vec<_> = mined.facts.iter().map(|fact| fact.value.as_str()).collect();
        assert_eq!(versions, ["1.22", "20", "3.12"]);
    }
}
