//! Maven and Gradle builds in a tree: the topmost folders, and the modules they name.

use rr_core::{
    Analysis, EcosystemId, Evidence, RepoView, ToolchainRequirement, Trust, Unit, UnitKind,
    UnitRole, VersionRequest,
};

use super::gradle::{self, Gradle};
use super::java::{self, Demand};
use super::paths::{file_name, join, parent, relative};
use super::pom::{self, Pom};
use super::start;

/// Build tools.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tool {
    Maven,
    Gradle,
}

impl Tool {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Maven => "maven",
            Self::Gradle => "gradle",
        }
    }
}

/// The build tools whose files lie in a folder, Maven first.
pub(super) fn tools(repo: &dyn RepoView, folder: &str) -> Vec<Tool> {
    let mut found = Vec::new();
    if repo.has(&join(folder, "pom.xml")) {
        found.push(Tool::Maven);
    }
    if gradle::FILES.iter().any(|name| repo.has(&join(folder, name))) {
        found.push(Tool::Gradle);
    }
    found
}

/// The units of a tree.
pub(super) fn units(repo: &dyn RepoView) -> Vec<Unit> {
    let mut folders: Vec<&str> = repo
        .files()
        .iter()
        .filter(|entry| {
            let name = file_name(&entry.path);
            name == "pom.xml" || gradle::FILES.contains(&name)
        })
        .map(|entry| parent(&entry.path))
        .filter(|folder| {
            !folder.split('/').any(|p| matches!(p, "target" | "node_modules" | "buildSrc"))
        })
        .collect();
    folders.sort_by_key(|folder| (!folder.is_empty(), folder.matches('/').count()));
    folders.dedup();
    let mut units: Vec<Unit> = Vec::new();
    let mut members: Vec<String> = Vec::new();
    for folder in folders {
        let below_gradle = units.iter().any(|unit| {
            unit.managers.contains(&"gradle".to_owned())
                && relative(&unit.path, folder).is_some()
                && unit.path != folder
        });
        let owned = members.iter().any(|member| member == folder);
        if owned {
            continue;
        }
        let tools = tools(repo, folder);
        if below_gradle && !tools.contains(&Tool::Maven) {
            continue;
        }
        if let Some(unit) = unit(repo, folder, &tools) {
            for pom in pom::reactor(repo, folder).into_iter().skip(1) {
                members.push(pom.folder);
            }
            units.push(unit);
        }
    }
    units
}

fn unit(repo: &dyn RepoView, folder: &str, tools: &[Tool]) -> Option<Unit> {
    let first = *tools.first()?;
    let reactor = pom::reactor(repo, folder);
    let gradle = Gradle::read(repo, folder);
    if first == Tool::Maven && reactor.is_empty() {
        return None;
    }
    let name = reactor
        .first()
        .map(|pom| pom.artifact.clone())
        .or_else(|| gradle.as_ref()?.name.clone())
        .unwrap_or_else(|| file_name(folder).to_owned());
    let file = match first {
        Tool::Maven => "pom.xml",
        Tool::Gradle => gradle::FILES.iter().rev().find(|f| repo.has(&join(folder, f)))?,
    };
    let started = start::find(repo, folder, first, &reactor, gradle.as_ref());
    let kind = match started.first() {
        Some(start) if start.service => UnitKind::Service,
        Some(_) => UnitKind::Cli,
        None if reactor.len() > 1 => UnitKind::Workspace,
        None => UnitKind::Library,
    };
    let mut unit = Unit {
        path: folder.to_owned(),
        ecosystem: EcosystemId::new("jvm"),
        name,
        kind,
        role: UnitRole::Primary,
        managers: tools.iter().map(|tool| tool.name().to_owned()).collect(),
        toolchains: Vec::new(),
        frameworks: frameworks(&reactor, gradle.as_ref()),
        weight: 50,
        evidence: vec![Evidence::at(join(folder, file), "jvm.build-file", Trust::Manifest)],
    };
    unit.toolchains = toolchains(repo, &Analysis::default(), &unit, first);
    Some(unit)
}

fn frameworks(reactor: &[Pom], gradle: Option<&Gradle>) -> Vec<String> {
    #[rustfmt::skip]
    const KNOWN: &[(&str, &str)] = &[
        ("spring-boot", "spring-boot"), ("quarkus", "quarkus"), ("micronaut", "micronaut"),
        ("junit-jupiter", "junit5"), ("junit:junit", "junit4"), ("testng", "testng"),
        ("spock", "spock"), ("kotest", "kotest"), ("testcontainers", "testcontainers"),
    ];
    KNOWN
        .iter()
        .filter(|(part, _)| {
            reactor.iter().any(|pom| pom.uses(part))
                || gradle.is_some_and(|gradle| gradle.text.contains(part))
        })
        .map(|(_, name)| (*name).to_owned())
        .collect()
}

/// Java and the build tool.
pub(super) fn toolchains(
    repo: &dyn RepoView,
    analysis: &Analysis,
    unit: &Unit,
    tool: Tool,
) -> Vec<ToolchainRequirement> {
    let demand = match tool {
        Tool::Maven => Demand::of_maven(&pom::reactor(repo, &unit.path)),
        Tool::Gradle => {
            let path = join(&unit.path, "build.gradle");
            Gradle::read(repo, &unit.path)
                .map_or_else(Demand::default, |g| Demand::of_gradle(&g, &path))
        }
    };
    let mut found = vec![java::requirement(analysis, unit, &demand)];
    // A Gradle wrapper brings its own Gradle; Maven's is only a fallback.
    let wrapped = tool == Tool::Gradle && repo.has(&join(&unit.path, "gradlew"));
    if !wrapped {
        found.push(ToolchainRequirement {
            tool: tool.name().to_owned(),
            version: super::old_gradle::wanted(repo, &unit.path)
                .filter(|_| tool == Tool::Gradle)
                .map_or(VersionRequest::Any, |version| {
                    VersionRequest::Range(format!(">={version}"))
                }),
            evidence: unit.evidence.clone(),
        });
    }
    found
}
