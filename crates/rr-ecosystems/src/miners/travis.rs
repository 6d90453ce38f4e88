//! Travis CI: language versions, services, apt packages and scripts.

use std::collections::BTreeMap;

use rr_core::{FactKey, Trust};

use super::collected::{Mined, Place, Script};
use super::command_line::assignments;
use super::images;
use super::yaml::{self, Node};

/// Travis's key and the tool whose versions it lists.
#[rustfmt::skip]
static VERSIONS: &[(&str, &str)] = &[
    ("python", "python"), ("node_js", "node"), ("go", "go"), ("jdk", "java"), ("rust", "rust"),
    ("rvm", "ruby"), ("perl", "perl"), ("php", "php"), ("elixir", "elixir"),
];

/// Mines `.travis.yml`.
pub(super) fn mine(path: &str, text: &str, mined: &mut Mined) {
    let root = match yaml::parse(text) {
        Ok(root) => root,
        Err(error) => {
            mined.notes.push(format!("`{path}` not read: {error}"));
            return;
        }
    };
    let place = Place { path, rule: "travis.script", trust: Trust::Ci };
    versions(&place, &root, mined);
    for key in ["matrix", "jobs"] {
        let included = root.get(key).and_then(|m| m.get("include")).map(Node::items);
        for job in included.unwrap_or_default() {
            versions(&place, job, mined);
        }
    }
    let env = environment(&place, &root, mined);
    services(&place, &root, &env, mined);
    packages(&place, &root, mined);
    for key in ["before_install", "install", "before_script", "script"] {
        for line in root.get(key).map(Node::one_or_many).unwrap_or_default() {
            let Some(text) = line.text() else { continue };
            let script = Script { text, line: line.line, cwd: Some(""), env: &env, context: key };
            mined.script(&place, script);
        }
    }
}

fn versions(place: &Place<'_>, node: &Node, mined: &mut Mined) {
    for (key, tool) in VERSIONS {
        let Some(list) = node.get(key) else { continue };
        for version in list.texts() {
            let plain = version.trim_start_matches("openjdk").trim_start_matches("oraclejdk");
            mined.version(tool, "", plain, place.at(list.line, version));
        }
    }
}

/// `env` is a line, a list of lines, or a mapping of `global`, `jobs` and `matrix` to lists. The
/// first line of each list is taken: the others are alternatives.
fn environment(place: &Place<'_>, root: &Node, mined: &mut Mined) -> BTreeMap<String, String> {
    let mut env = BTreeMap::new();
    let Some(node) = root.get("env") else { return env };
    let global = node.get("global");
    let rows = ["jobs", "matrix"].iter().find_map(|key| node.get(key)).unwrap_or(node);
    let all = global.map(Node::one_or_many).unwrap_or_default();
    let first = rows.one_or_many().into_iter().take(1);
    for line in all.into_iter().chain(first) {
        let pairs = match line.text() {
            Some(text) => assignments(text).0,
            None => line.variables().into_iter().map(|(name, value, _)| (name, value)).collect(),
        };
        for (name, value) in pairs.into_iter().filter(|(name, _)| name != "secure") {
            mined.variable(&name, &value, "", place.at(line.line, &format!("{name}={value}")));
            env.insert(name, value);
        }
    }
    env
}

fn services(place: &Place<'_>, root: &Node, env: &BTreeMap<String, String>, mined: &mut Mined) {
    let listed = root.get("services").map(Node::one_or_many).unwrap_or_default();
    for service in listed {
        let Some(name) = service.text() else { continue };
        if let Some(mut found) = images::service(name, "localhost", place.at(service.line, name)) {
            found.env = env.clone();
            mined.services.push(found);
        }
    }
}

fn packages(place: &Place<'_>, root: &Node, mined: &mut Mined) {
    let apt = root.get("addons").and_then(|addons| addons.get("apt"));
    let listed = apt.and_then(|apt| apt.get("packages").or(Some(apt))).map(Node::one_or_many);
    for package in listed.unwrap_or_default() {
        if let Some(name) = package.text() {
            mined.fact(FactKey::SystemPackage, "", name, place.at(package.line, name));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rr_core::ServiceKind;

    #[test]
    fn versions_services_packages_and_scripts_are_read() {
        let mut mined = Mined::default();
        mine(
            ".travis.yml",
            "language: python\npython: ['2.7', '3.6']\nservices: [postgresql, redis-server]\n\
             addons: {apt: {packages: [libpq-dev]}}\nenv:\n  - DB=postgres X=1\n  - DB=sqlite\n\
             install: pip install .\nscript:\n  - python setup.py test\n",
            &mut mined,
        );
        let kinds: Vec<_> = mined.services.iter().map(|s| s.kind).collect();
        assert_eq!(kinds, [ServiceKind::Postgres, ServiceKind::Redis]);
        assert_eq!(mined.commands[1].env["DB"], "postgres");
        assert!(
            mined.facts.iter().any(|f| f.key == FactKey::SystemPackage && f.value == "libpq-dev")
        );
        assert!(mined.facts.iter().any(|f| f.value == "3.6"));
    }
}
