//! Servers in C and C++: a documented program whose sources listen on a socket.

use std::sync::LazyLock;

use regex::Regex;
use rr_core::{Analysis, Evidence, HealthProbe, ProbeKind, RepoView, Trust, Unit};

use super::paths::{file_name, join, relative};
use crate::miners::split_words;

/// A server and how it is started.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Service {
    /// The documented words: `./server`, `-v`.
    pub(super) words: Vec<String>,
    /// Folder relative to the root.
    pub(super) cwd: String,
    pub(super) probe: HealthProbe,
    pub(super) evidence: Evidence,
}

/// `htons(8080)`, `#define PORT 8080`, `int port = 8080;`
static PORT: LazyLock<Regex> =
    LazyLock::new(|| expression(r"(?i)(?:htons\(\s*|\w*port\w*\s*=?\s*)(\d{3,5})\b"));
/// `http://localhost:8080/health`
static ADDRESS: LazyLock<Regex> =
    LazyLock::new(|| expression(r"(?:localhost|127\.0\.0\.1|0\.0\.0\.0):(\d{3,5})(/[\w./-]*)?"));

fn expression(text: &str) -> Regex {
    #[expect(clippy::unwrap_used, reason = "constant expressions, tried by the fixtures")]
    Regex::new(text).unwrap()
}

/// The server of a unit: its README, container or Procfile starts a program that the build makes,
/// and a source with an entry point listens on the network.
pub(super) fn find(repo: &dyn RepoView, analysis: &Analysis, unit: &Unit) -> Option<Service> {
    let source = listening(repo, unit)?;
    let command = analysis.commands.iter().find(|command| {
        let words = split_words(&command.line);
        let first = words.first().map_or("", String::as_str);
        let path = join(&command.cwd, first.trim_start_matches("./"));
        matches!(command.evidence.trust, Trust::Readme | Trust::Container | Trust::TaskRunner)
            && first.starts_with("./")
            && !file_name(first).contains('.')
            && !["configure", "bootstrap", "autogen"].contains(&file_name(first))
            && !command.line.contains(['$', '`', '<', '|', '['])
            && relative(&unit.path, &command.cwd).is_some()
            && repo.entry(&path).is_none()
    })?;
    let readme = repo.text(&command.evidence.path).unwrap_or_default();
    let number = |found: regex::Captures<'_>| found[1].parse().ok();
    let address = ADDRESS.captures(&readme);
    let path = address.as_ref().and_then(|found| found.get(2)).map_or("/", |path| path.as_str());
    let port = address.as_ref().and_then(|found| found[1].parse().ok());
    let http = source.contains("HTTP/1") || readme.contains("http://");
    let kind = if http { ProbeKind::Http { paths: vec![path.to_owned()] } } else { ProbeKind::Tcp };
    Some(Service {
        words: split_words(&command.line),
        cwd: command.cwd.clone(),
        probe: HealthProbe {
            kind,
            expected_port: port.or_else(|| PORT.captures(&source).and_then(number)),
            start_seconds: 20,
        },
        evidence: command.evidence.clone(),
    })
}

/// The first source with an entry point that listens on the network, tests and examples aside.
fn listening(repo: &dyn RepoView, unit: &Unit) -> Option<String> {
    let aside = ["test", "tests", "example", "examples", "bench", "fuzz", "third_party", "vendor"];
    repo.below(&unit.path)
        .iter()
        .filter(|entry| [".c", ".cc", ".cpp", ".cxx"].iter().any(|end| entry.path.ends_with(end)))
        .filter(|entry| !entry.path.split('/').any(|part| aside.contains(&part)))
        .take(300)
        .filter_map(|entry| repo.text(&entry.path))
        .find(|text| {
            text.contains("listen(")
                && text.contains(" main(")
                && (text.contains("htons(") || text.contains("getaddrinfo("))
        })
        .map(|text| text.to_string())
}
