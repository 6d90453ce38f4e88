//! How a JVM project is seen to run: its server answers, or its program does.

use std::sync::LazyLock;

use regex::Regex;
use rr_core::{Command, Evidence, HealthProbe, ProbeKind, RepoView, Trust};

use super::detect::Tool;
use super::gradle::Gradle;
use super::paths::join;
use super::pom::Pom;
use super::{routes, services};

/// What is started.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Start {
    pub(super) service: bool,
    /// Folder of the module, relative to the root.
    pub(super) folder: String,
    pub(super) title: String,
    pub(super) command: Command,
    pub(super) probe: HealthProbe,
    pub(super) evidence: Evidence,
}

static PORT: LazyLock<Regex> = LazyLock::new(|| {
    expression(
        r"(?:InetSocketAddress|ServerSocket|listen|start|port|PORT)\w*\s*[(=]\D{0,40}?(\d{4,5})\b",
    )
});
static SERVES: LazyLock<Regex> = LazyLock::new(|| {
    expression(
        r"HttpServer\.create|new ServerSocket\(|Javalin\.create|Undertow\.builder|embeddedServer\(|Vertx\.vertx|Spark\.(?:get|port)|\.createHttpServer\(|ServerBuilder\.forPort|new Server\(",
    )
});
static ROUTE: LazyLock<Regex> =
    LazyLock::new(|| expression(r#"(?:createContext|\.get|get)\(\s*"(/[\w./-]*)""#));
static YAML_PORT: LazyLock<Regex> =
    LazyLock::new(|| expression(r"(?m)^server:\s*\n(?:\s+.*\n)*?\s+port:\s*\D{0,20}?(\d{2,5})"));
static PROPERTY_PORT: LazyLock<Regex> = LazyLock::new(|| {
    expression(
        r"(?m)^\s*(?:server\.port|quarkus\.http\.port|micronaut\.server\.port)\s*[=:]\s*\D{0,20}?(\d{2,5})",
    )
});

fn expression(text: &str) -> Regex {
    #[expect(clippy::unwrap_used, reason = "constant expressions, tried by the tests")]
    Regex::new(text).unwrap()
}

/// What stands for a build, where it has programs: one of them, or the services that make it up,
/// in the order in which they are started.
pub(super) fn find(
    repo: &dyn RepoView,
    folder: &str,
    tool: Tool,
    reactor: &[Pom],
    gradle: Option<&Gradle>,
) -> Vec<Start> {
    match tool {
        Tool::Maven => maven(repo, reactor),
        Tool::Gradle => {
            gradle.and_then(|gradle| boot_of_gradle(repo, folder, gradle)).into_iter().collect()
        }
    }
}

fn maven(repo: &dyn RepoView, reactor: &[Pom]) -> Vec<Start> {
    let services = services::of(repo, reactor);
    if services.is_empty() { other(repo, reactor).into_iter().collect() } else { services }
}

fn other(repo: &dyn RepoView, reactor: &[Pom]) -> Option<Start> {
    let quarkus = reactor.iter().find(|pom| {
        pom.packaging != "pom" && pom.plugins.iter().any(|p| p.contains("quarkus-maven"))
    });
    if let Some(pom) = quarkus {
        let health = pom.uses("smallrye-health").then_some("/q/health");
        let line = "exec java -jar target/quarkus-app/quarkus-run.jar";
        return Some(server(repo, pom, line, "start the Quarkus application", health));
    }
    program(repo, program_of(repo, reactor)?)
}

fn program_of<'a>(repo: &dyn RepoView, reactor: &'a [Pom]) -> Option<&'a Pom> {
    let pom = reactor.iter().find(|pom| pom.main_class.is_some() && pom.packaging == "jar")?;
    let class = pom.main_class.as_deref()?;
    // A library's jar may name an example as its main class: no entry point.
    let aside = ["example", "demo", "sample", "test", "benchmark"];
    let aside = aside.iter().any(|word| class.to_ascii_lowercase().contains(word));
    (!aside && source_of(repo, &pom.folder, class).is_some()).then_some(pom)
}

/// Writes each module's class path to a file beside its classes.
pub(super) const CLASS_PATH_GOAL: &[&str] = &[
    "org.apache.maven.plugins:maven-dependency-plugin:3.6.1:build-classpath",
    "-Dmdep.outputFile=target/repo-runner-class-path",
    "-DincludeScope=runtime",
];

/// Whether the build's program is started from its classes and needs to know its dependencies.
pub(super) fn wants_class_path(repo: &dyn RepoView, reactor: &[Pom]) -> bool {
    let server = |pom: &Pom| {
        pom.plugins
            .iter()
            .any(|p| p.starts_with("spring-boot-maven") || p.contains("quarkus-maven"))
    };
    !reactor.iter().any(server)
        && program_of(repo, reactor).is_some_and(|pom| !self_contained(pom) && pom.needs_others)
}

/// Whether the module's jar holds its dependencies.
fn self_contained(pom: &Pom) -> bool {
    let packers = ["maven-shade-plugin", "maven-assembly-plugin"];
    pom.plugins.iter().any(|plugin| packers.contains(&plugin.as_str()))
}

/// The application's jar: not the one before repackaging, sources or documentation.
pub(super) const JAR: &str = "exec java -jar \"$(ls -S target/*.jar | grep -v -e '-sources' -e '-javadoc' -e '-tests' -e '-plain' -e '/original-' | head -n 1)\"";

pub(super) fn server(
    repo: &dyn RepoView,
    pom: &Pom,
    line: &str,
    title: &str,
    health: Option<&str>,
) -> Start {
    let port = configured_port(repo, &pom.folder).unwrap_or(USUAL_PORT);
    let known = health.into_iter().chain(["/"]).map(str::to_owned);
    let paths = known.chain(routes::plain(repo, &pom.folder)).collect();
    Start {
        service: true,
        folder: pom.folder.clone(),
        title: title.to_owned(),
        command: Command::shell(line),
        probe: HealthProbe {
            kind: ProbeKind::Http { paths },
            expected_port: Some(port),
            start_seconds: 240,
        },
        evidence: Evidence::at(join(&pom.folder, "pom.xml"), "jvm.application", Trust::Manifest),
    }
}

/// Where frameworks listen when nothing says so.
const USUAL_PORT: u16 = 8080;

/// `server.port` of the default configuration.
pub(super) fn configured_port(repo: &dyn RepoView, folder: &str) -> Option<u16> {
    let resources = join(folder, "src/main/resources");
    ["application.properties", "application.yml", "application.yaml"]
        .iter()
        .filter_map(|name| repo.text(&join(&resources, name)))
        .find_map(|text| {
            let found = PROPERTY_PORT.captures(&text).or_else(|| YAML_PORT.captures(&text))?;
            found[1].parse().ok()
        })
}

/// A plain program with a main class: a server where its source listens.
fn program(repo: &dyn RepoView, pom: &Pom) -> Option<Start> {
    let class = pom.main_class.as_deref()?;
    let source = source_of(repo, &pom.folder, class)?;
    let evidence = Evidence::at(join(&pom.folder, "pom.xml"), "jvm.main-class", Trust::Manifest);
    let words = if self_contained(pom) {
        JAR.to_owned()
    } else if pom.needs_others {
        format!("exec java -cp \"target/classes:$(cat target/repo-runner-class-path)\" {class}")
    } else {
        format!("exec java -cp target/classes {class}")
    };
    if SERVES.is_match(&source) {
        let port = PORT.captures(&source).and_then(|found| found[1].parse().ok());
        let mut paths: Vec<String> =
            ROUTE.captures_iter(&source).map(|found| found[1].to_owned()).collect();
        paths.sort_by_key(|path| (!path.contains("health"), path.len()));
        paths.truncate(3);
        if paths.is_empty() {
            paths.push("/".to_owned());
        }
        let http = source.to_ascii_lowercase().contains("http");
        let kind = if http { ProbeKind::Http { paths } } else { ProbeKind::Tcp };
        return Some(Start {
            service: true,
            folder: pom.folder.clone(),
            title: format!("start `{class}`"),
            command: Command::shell(words),
            probe: HealthProbe { kind, expected_port: port, start_seconds: 60 },
            evidence,
        });
    }
    let asked = words.replace("exec java", "java");
    let (before, after) = asked.split_once("java ").unwrap_or(("", asked.as_str()));
    let line = format!("{before}bash @{{tools}}/recorder/native/ask.sh java {after}");
    Some(Start {
        service: false,
        folder: pom.folder.clone(),
        title: format!("run `{class}`"),
        command: Command::shell(line),
        probe: HealthProbe { kind: ProbeKind::ExitCode, expected_port: None, start_seconds: 60 },
        evidence,
    })
}

fn source_of(repo: &dyn RepoView, folder: &str, class: &str) -> Option<String> {
    let path = class.replace('.', "/");
    let kotlin = path.strip_suffix("Kt").unwrap_or(&path);
    [format!("src/main/java/{path}.java"), format!("src/main/kotlin/{kotlin}.kt")]
        .iter()
        .find_map(|path| repo.text(&join(folder, path)).map(|text| text.to_string()))
}

/// Spring Boot under Gradle: `bootJar` of `assemble` lies in `build/libs`.
fn boot_of_gradle(repo: &dyn RepoView, folder: &str, gradle: &Gradle) -> Option<Start> {
    let boot = gradle.text.contains("org.springframework.boot") && gradle.text.contains("-web");
    if !boot
        || !repo.below(&join(folder, "src/main")).iter().any(|e| e.path.contains("Application"))
    {
        return None;
    }
    let pom = Pom { folder: folder.to_owned(), ..Pom::default() };
    let health = gradle.text.contains("actuator").then_some("/actuator/health");
    let line = JAR.replace("target/", "build/libs/");
    let mut start = server(repo, &pom, &line, "start the Spring Boot application", health);
    start.evidence = Evidence::at(join(folder, "build.gradle"), "jvm.application", Trust::Manifest);
    Some(start)
}
