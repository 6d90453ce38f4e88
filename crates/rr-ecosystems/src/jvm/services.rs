//! The Spring Boot applications of one Maven build, in the order in which they are started.
//!
//! Several are one system where each listens on a port of its own; applications that would listen
//! on one port are alternatives (samples, variants), of which the first stands for the build.

use rr_core::{Evidence, RepoView, Trust};

use super::paths::{file_name, join};
use super::pom::Pom;
use super::start::{JAR, Start, configured_port, server};
use crate::miners::yaml::{self, Node};

/// The plugin that makes a module's jar a program.
const PLUGIN: &str = "spring-boot-maven-plugin";
/// Most services started for one build.
const SERVICES: usize = 12;
/// Most sources of a module looked at for its entry point.
const SOURCES: usize = 200;
/// What others ask before they are up, the first first.
const FIRST: &[&[&str]] = &[
    &["spring-cloud-config-server"],
    &["eureka-server", "spring-cloud-starter-zookeeper", "consul-server"],
];

/// The services of a build.
pub(super) fn of(repo: &dyn RepoView, reactor: &[Pom]) -> Vec<Start> {
    let mut applications: Vec<&Pom> =
        reactor.iter().filter(|pom| is_application(repo, reactor, pom)).collect();
    applications.sort_by_key(|pom| {
        FIRST
            .iter()
            .position(|names| names.iter().any(|name| pom.uses(name)))
            .unwrap_or(FIRST.len())
    });
    let root = reactor.first().map_or("", |pom| pom.folder.as_str());
    let published = published(repo, root);
    let several = applications.len() > 1;
    let mut found: Vec<Start> = Vec::new();
    for pom in applications {
        let mut start = application(repo, pom, several);
        if configured_port(repo, &pom.folder).is_none()
            && let Some((_, port, at)) = published.iter().find(|(name, ..)| names(pom, name))
        {
            start.probe.expected_port = Some(*port);
            start.evidence = at.clone();
        }
        let taken = |known: &Start| known.probe.expected_port == start.probe.expected_port;
        if !found.iter().any(taken) && found.len() < SERVICES {
            found.push(start);
        }
    }
    found
}

fn application(repo: &dyn RepoView, pom: &Pom, several: bool) -> Start {
    let health = pom.uses("spring-boot-starter-actuator").then_some("/actuator/health");
    let title = match several {
        true => format!("start the Spring Boot application `{}`", pom.artifact),
        false => "start the Spring Boot application".to_owned(),
    };
    server(repo, pom, JAR, &title, health)
}

/// A module that becomes a program which listens: by its own plugin, or by an inherited one where
/// it has an entry point.
fn is_application(repo: &dyn RepoView, reactor: &[Pom], pom: &Pom) -> bool {
    pom.packaging != "pom"
        && (pom.uses("-web") || pom.uses("-gateway") || pom.uses("-server"))
        && (pom.plugins.iter().any(|plugin| plugin == PLUGIN)
            || inherits(reactor, pom) && has_entry_point(repo, &pom.folder))
}

fn inherits(reactor: &[Pom], pom: &Pom) -> bool {
    let mut parent = pom.parent.as_ref();
    for _ in 0..8 {
        let Some(above) = reactor.iter().find(|other| Some(&other.artifact) == parent) else {
            return false;
        };
        if above.inherited.iter().any(|plugin| plugin == PLUGIN) {
            return true;
        }
        parent = above.parent.as_ref();
    }
    false
}

fn has_entry_point(repo: &dyn RepoView, folder: &str) -> bool {
    let sources = repo.below(&join(folder, "src/main")).iter().filter(|entry| {
        let path = entry.path.as_str();
        path.ends_with(".java") || path.ends_with(".kt") || path.ends_with(".groovy")
    });
    let text = |path: &str| repo.text(path).unwrap_or_default();
    sources.take(SOURCES).any(|entry| text(&entry.path).contains("@SpringBootApplication"))
}

/// Names of compose's services and images with the ports that they listen on.
fn published(repo: &dyn RepoView, root: &str) -> Vec<(String, u16, Evidence)> {
    let files = ["docker-compose.yml", "docker-compose.yaml", "compose.yml", "compose.yaml"];
    let Some(path) = files.iter().map(|name| join(root, name)).find(|path| repo.has(path)) else {
        return Vec::new();
    };
    let Ok(file) = yaml::parse(&repo.text(&path).unwrap_or_default()) else { return Vec::new() };
    let mut found = Vec::new();
    for (name, service) in file.get("services").map(Node::pairs).unwrap_or_default() {
        let ports = service.get("ports").map(Node::items).unwrap_or_default();
        let inner = ports.iter().find_map(|port| {
            let text = port.text().or_else(|| port.text_of("target"))?;
            Some((text.rsplit(':').next()?.split('/').next()?.parse().ok()?, port.line, text))
        });
        let Some((port, line, text)) = inner else { continue };
        let evidence = Evidence::at(&path, "jvm.compose-port", Trust::Container);
        let evidence = evidence.with_line(line, text);
        let image = service.text_of("image").unwrap_or_default();
        let image = file_name(image).split(':').next().unwrap_or_default();
        found.push((name.to_string(), port, evidence.clone()));
        found.push((image.to_owned(), port, evidence));
    }
    found
}

/// Whether a name of compose is a module's own.
fn names(pom: &Pom, name: &str) -> bool {
    !name.is_empty() && (pom.artifact == name || file_name(&pom.folder) == name)
}
