//! What a compose file takes from other files of the tree: services that it extends, and files of
//! variables.

use std::rc::Rc;

use rr_core::{Evidence, RepoView};

use super::collected::{Place, folder_of};
use super::command_line::join;
use super::dotenv;
use super::yaml::{self, Node, Value};

/// Most services that extend each other.
const DEPTH: u8 = 4;
/// Most files of variables of one service.
const FILES: usize = 10;

/// A service with what it takes over from another, of the same file or of one beside it, where it
/// says nothing itself.
pub(super) fn extended(
    repo: &dyn RepoView,
    path: &str,
    services: &[(Rc<str>, Node)],
    service: &Node,
) -> Node {
    extended_to(repo, path, services, service, DEPTH)
}

fn extended_to(
    repo: &dyn RepoView,
    path: &str,
    services: &[(Rc<str>, Node)],
    service: &Node,
    depth: u8,
) -> Node {
    let Some(extends) = service.get("extends").filter(|_| depth > 0) else {
        return service.clone();
    };
    let Some(name) = extends.text_of("service").or_else(|| extends.text()) else {
        return service.clone();
    };
    let base = match extends.text_of("file") {
        Some(file) => of_file(repo, path, file, name, depth),
        None => find(services, name).map(|base| {
            // One that extends itself would go round and round.
            let own = std::ptr::eq(base, service);
            if own { base.clone() } else { extended_to(repo, path, services, base, depth - 1) }
        }),
    };
    match base {
        Some(base) => laid_over(service, &base),
        None => service.clone(),
    }
}

fn find<'n>(services: &'n [(Rc<str>, Node)], name: &str) -> Option<&'n Node> {
    services.iter().find(|(known, _)| &**known == name).map(|(_, node)| node)
}

/// A service of another file, the folder that it is built from as seen from the first file.
fn of_file(repo: &dyn RepoView, path: &str, file: &str, name: &str, depth: u8) -> Option<Node> {
    let there = join(folder_of(path), file)?;
    let root = yaml::parse(&repo.text(&there)?).ok()?;
    let services = root.get("services").map(Node::pairs).unwrap_or_default();
    let base = extended_to(repo, &there, services, find(services, name)?, depth - 1);
    if folder_of(&there) == folder_of(path) {
        return Some(base);
    }
    let pairs = base.pairs().iter().map(|(key, node)| {
        let node = if &**key == "build" { built_from(path, &there, node) } else { node.clone() };
        (Rc::clone(key), node)
    });
    Some(Node { line: base.line, value: Value::Map(Rc::new(pairs.collect())) })
}

/// A `build` with its folder as seen from another file.
fn built_from(path: &str, there: &str, build: &Node) -> Node {
    let context = build.text_of("context").or_else(|| build.text()).unwrap_or(".");
    let Some(folder) = join(folder_of(there), context) else { return build.clone() };
    let above = folder_of(path).split('/').filter(|part| !part.is_empty()).count();
    let seen: Rc<str> = Rc::from(format!("{}{folder}", "../".repeat(above)));
    Node { line: build.line, value: Value::Text(seen) }
}

fn laid_over(service: &Node, base: &Node) -> Node {
    let mut pairs: Vec<(Rc<str>, Node)> = service.pairs().to_vec();
    for (key, node) in base.pairs() {
        if !pairs.iter().any(|(known, _)| known == key) {
            pairs.push((Rc::clone(key), node.clone()));
        }
    }
    Node { line: service.line, value: Value::Map(Rc::new(pairs)) }
}

/// The variables of a service's `env_file`s that lie in the tree, later files ruling: name, value
/// and place.
pub(super) fn variables(
    repo: &dyn RepoView,
    place: &Place<'_>,
    service: &Node,
) -> Vec<(String, String, Evidence)> {
    let mut found: Vec<(String, String, Evidence)> = Vec::new();
    for item in service.get("env_file").map(Node::one_or_many).unwrap_or_default() {
        let Some(name) = item.text().or_else(|| item.text_of("path")) else { continue };
        let Some(path) = join(place.folder(), name) else { continue };
        let Some(text) = repo.text(&path).filter(|_| found.len() < FILES * 100) else { continue };
        let file = Place { path: &path, rule: "compose.env-file", trust: place.trust };
        for (line, name, value) in dotenv::pairs(&text) {
            found.retain(|(known, ..)| *known != name);
            let evidence = file.at(line, &format!("{name}={value}"));
            found.push((name, value, evidence));
        }
    }
    found
}
