//! Servers among the binaries: by the crates they use and the addresses they bind.

use std::sync::LazyLock;

use regex::Regex;
use rr_core::{HealthProbe, ProbeKind, RepoView};

use super::detect::{Project, SERVER_CRATES};
use super::manifest::{Binary, Manifest, join};

/// Sources read per package, and the largest that is read, in bytes.
const FILES: usize = 300;
const FILE_CAP: u64 = 300 << 10;

/// `TcpListener::bind(`, `axum::serve(`, `HttpServer::new(`, `#[launch]`, `Server::builder()`.
static BINDS: LazyLock<Regex> = LazyLock::new(|| {
    expression(
        r"TcpListener::bind|axum::serve\(|axum_server::|HttpServer::new|#\[(?:rocket::)?launch\]|rocket::(?:build|ignite)\(|warp::serve|Server::(?:bind|http|builder|new)\(|\.(?:serve|listen|bind)\((?:addr|&addr|socket|listener|\()|Iron::new",
    )
});

/// `"0.0.0.0:8080"`, `"127.0.0.1:{}"` has no port; `([127, 0, 0, 1], 3000)`;
/// `("127.0.0.1", 7000)`;
/// `DEFAULT_PORT: u16 = 6379`; `port` with a default of clap's.
static PORTS: LazyLock<[Regex; 4]> = LazyLock::new(|| {
    [
        expression(r#""(?:0\.0\.0\.0|127\.0\.0\.1|localhost|\[::1?\]|::1?)?:(\d{2,5})""#),
        expression(
            r#"\((?:\[(?:0, ?0, ?0, ?0|127, ?0, ?0, ?1)\]|"(?:0\.0\.0\.0|127\.0\.0\.1|localhost)"), ?(\d{2,5})\)"#,
        ),
        expression(r"(?i)port\w*: ?(?:u16|u32|i32|usize|&str) ?= ?\x22?(\d{2,5})"),
        expression(r#"(?is)default_value(?:_t)? ?= ?\x22?(\d{2,5})\x22?[^;{}]{0,120}\bport\b"#),
    ]
});

/// Routes without parameters: `.route("/api/tags", get(…))`, `#[get("/health")]`, `.get("/")`.
static ROUTES: LazyLock<Regex> = LazyLock::new(|| {
    expression(r#"(?:\.route\(|#\[get\(|\.get\(|web::resource\(|\.at\()\s*"(/[A-Za-z0-9_./-]*)""#)
});

fn expression(text: &str) -> Regex {
    #[expect(clippy::unwrap_used, reason = "constant expressions, tried by the tests")]
    Regex::new(text).unwrap()
}

/// A server found in the sources.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Server {
    /// Port that the code names.
    pub(super) port: Option<u16>,
    /// What speaks there.
    pub(super) kind: ProbeKind,
}

impl Server {
    /// The probe that proves it.
    pub(super) fn probe(&self) -> HealthProbe {
        HealthProbe { kind: self.kind.clone(), expected_port: self.port, start_seconds: 60 }
    }
}

/// Whether a package's program is a server.
pub(super) fn is_server(repo: &dyn RepoView, manifest: &Manifest) -> bool {
    let Some(package) = &manifest.package else { return false };
    package.binaries.iter().any(|binary| binary_serves(repo, manifest, binary))
}

/// Whether one binary of a package is a server: its own file binds, or it is the package's only
/// program and the package is built on a server crate and binds somewhere.
pub(super) fn binary_serves(repo: &dyn RepoView, manifest: &Manifest, binary: &Binary) -> bool {
    if repo.text(&binary.path).is_some_and(|text| BINDS.is_match(program_part(&text))) {
        return true;
    }
    let binaries = manifest.package.as_ref().map_or(0, |package| package.binaries.len());
    let named = ["server", "serve", "api", "backend", "daemon"]
        .iter()
        .any(|word| binary.name.contains(word));
    let likely = binaries == 1 || named;
    likely
        && (manifest.depends_on_any(SERVER_CRATES) || named || uses_sockets(repo, binary))
        && sources(repo, &manifest.folder).iter().any(|text| BINDS.is_match(program_part(text)))
}

/// Whether the program's main file speaks of serving at all; a library of the same package that
/// binds a socket does not make every program a server.
fn uses_sockets(repo: &dyn RepoView, binary: &Binary) -> bool {
    repo.text(&binary.path).is_some_and(|text| text.contains("server::") || text.contains("serve("))
}

/// What is known about a server of a project.
pub(super) fn server(repo: &dyn RepoView, project: &Project, manifest: &Manifest) -> Server {
    let texts = sources(repo, &manifest.folder);
    let whole: Vec<&str> = texts.iter().map(|text| program_part(text)).collect();
    let depends = |names: &[&str]| project.packages().any(|m| m.depends_on_any(names));
    let http = manifest.depends_on_any(SERVER_CRATES)
        || manifest.depends_on_any(&["hyper", "hyper-util"])
        || whole.iter().any(|text| text.contains("HTTP/1.1"));
    let grpc = depends(&["tonic"]) && !depends(&["axum", "actix-web", "warp", "rocket"]);
    let kind = if grpc {
        ProbeKind::Grpc
    } else if http {
        ProbeKind::Http { paths: paths(&whole) }
    } else {
        ProbeKind::Tcp
    };
    Server { port: port(&whole), kind }
}

fn port(texts: &[&str]) -> Option<u16> {
    PORTS.iter().find_map(|expression| {
        texts
            .iter()
            .find_map(|text| expression.captures_iter(text).find_map(|found| found[1].parse().ok()))
    })
}

/// Health routes first, then the root, then two more.
fn paths(texts: &[&str]) -> Vec<String> {
    let mut routes: Vec<String> = texts
        .iter()
        .flat_map(|text| ROUTES.captures_iter(text).map(|found| found[1].to_owned()))
        .collect();
    routes.sort_by_key(|route| {
        let telling = ["health", "ping", "status", "ready", "version"];
        (!telling.iter().any(|word| route.contains(word)), route.len())
    });
    routes.dedup();
    let telling = routes.iter().filter(|r| r.contains("health") || r.contains("ping")).cloned();
    let mut found: Vec<String> = telling.collect();
    found.push("/".to_owned());
    found.extend(routes);
    let mut seen = std::collections::BTreeSet::new();
    found.retain(|route| seen.insert(route.clone()));
    found.truncate(4);
    found
}

/// The sources of a package's program: not its tests, examples and benches.
fn sources(repo: &dyn RepoView, folder: &str) -> Vec<std::sync::Arc<str>> {
    repo.below(&join(folder, "src"))
        .iter()
        .filter(|entry| entry.path.ends_with(".rs"))
        .filter(|entry| !entry.path.contains("/tests/") && !entry.path.ends_with("/tests.rs"))
        .filter(|entry| repo.size(&entry.path) <= FILE_CAP)
        .take(FILES)
        .filter_map(|entry| repo.text(&entry.path))
        .collect()
}

/// A source without its unit tests.
fn program_part(text: &str) -> &str {
    text.split("#[cfg(test)]").next().unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rr_core::MemoryRepo;

    fn found(manifest: &str, main: &str) -> Option<Server> {
        let repo = MemoryRepo::new([("Cargo.toml", manifest), ("src/main.rs", main)]);
        let project = Project::read(&repo, "").unwrap();
        is_server(&repo, &project.root).then(|| server(&repo, &project, &project.root))
    }

    #[test]
    fn frameworks_ports_and_routes_are_read() {
        let server = found(
            "[package]\nname = \"a\"\n[dependencies]\naxum = \"0.8\"\n",
            "let app = Router::new().route(\"/api/tags\", get(x)).route(\"/health\", get(h));\n\
             let listener = TcpListener::bind(\"0.0.0.0:8080\").await?;",
        )
        .unwrap();
        assert_eq!(server.port, Some(8080));
        let paths = ["/health", "/", "/api/tags"].map(str::to_owned).to_vec();
        assert_eq!(server.kind, ProbeKind::Http { paths });
    }

    #[test]
    fn a_listener_without_http_is_probed_by_connecting() {
        let server = found(
            "[package]\nname = \"a\"\n",
            "const DEFAULT_PORT: u16 = 6379;\nlet l = TcpListener::bind(&format!(\"127.0.0.1:{}\", p));",
        )
        .unwrap();
        assert_eq!((server.port, server.kind), (Some(6379), ProbeKind::Tcp));
    }

    #[test]
    fn a_listener_in_tests_makes_no_server() {
        let main = "fn main() {}\n#[cfg(test)]\nmod tests { fn t() { TcpListener::bind(\"x\"); } }";
        assert_eq!(found("[package]\nname = \"a\"\n", main), None);
    }
}
