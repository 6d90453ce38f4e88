//! The programs of a module: which there are, and which one stands for it.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use regex::Regex;
use rr_core::{Analysis, Evidence, HealthProbe, ProbeKind, RepoView, Trust};

use super::detect::{Project, ignored, in_nested_module, server_modules};
use super::module::Module;
use super::released;
use crate::miners::{split_words, unwrapped};

/// Largest source that is read, in bytes, and how many are.
const FILE_CAP: u64 = 300 << 10;
const FILES: usize = 600;

/// Modules that make a program's work a matter of subcommands.
const COMMAND_MODULES: &[&str] = &[
    "github.com/spf13/cobra",
    "github.com/urfave/cli",
    "github.com/alecthomas/kong",
    "github.com/mitchellh/cli",
    "github.com/google/subcommands",
    "github.com/peterbourgon/ff",
];

/// `http.ListenAndServe(`, `srv.ListenAndServeTLS(`, `r.Run(":8080")`, `e.Start(`, `app.Listen(`,
/// `grpc.NewServer(`, `net.Listen("tcp", …)`.
static SERVES: LazyLock<Regex> = LazyLock::new(|| {
    expression(
        r#"\.ListenAndServe(?:TLS)?\(|http\.Serve\(|\.Run\((?:":|addr)|\.(?:Start|Listen)\((?:"|addr|fmt\.Sprintf|":|port)|grpc\.NewServer\(|net\.Listen\("tcp"#,
    )
});

/// `r.Run()`, `router.Run(address)`, `e.Start(cfg.Addr)`: what serves in a program of a web framework
/// and may do anything in another.
static FRAMEWORK_SERVES: LazyLock<Regex> = LazyLock::new(|| {
    expression(
        r"\b(?:r|e|g|s|app|api|web|router|engine|server|srv|gin|echo|route|handler|mux)\.(?:Run|RunTLS|Start|Listen)\(",
    )
});

/// `":8080"`, `"0.0.0.0:8080"`, `"port", 8080`, `Port = 8080`.
static PORTS: LazyLock<[Regex; 2]> = LazyLock::new(|| {
    [
        expression(r#""(?:0\.0\.0\.0|127\.0\.0\.1|localhost|\[::1?\])?:(\d{2,5})""#),
        expression(r#"(?i)\bport\w*"?(?:,| :?=|:) ?"?(\d{3,5})\b"#),
    ]
});

/// `http.HandleFunc("GET /health", h)`, `r.GET("/ping", h)`, `mux.Handle("/api", h)`.
static ROUTES: LazyLock<Regex> = LazyLock::new(|| {
    expression(r#"\.(?:HandleFunc|Handle|GET|Get|Route|Path)\("(?:GET )?(/[A-Za-z0-9_./-]*)""#)
});

fn expression(text: &str) -> Regex {
    #[expect(clippy::unwrap_used, reason = "constant expressions, tried by the tests")]
    Regex::new(text).unwrap()
}

/// A program.
#[derive(Clone, Debug)]
pub(super) struct Program {
    /// Folder of its package, relative to the repository's root.
    pub(super) folder: String,
    /// The module it belongs to.
    pub(super) module: String,
    /// What `go build` calls it.
    pub(super) name: String,
    /// How to see it serve, where it is a server.
    pub(super) server: Option<HealthProbe>,
    /// Words to start it with.
    pub(super) arguments: Vec<String>,
    /// Where it is found.
    pub(super) evidence: Vec<Evidence>,
}

/// The program that stands for a project: what the docs run, the module's own, the server, the
/// one called like the module. Examples and tools do not.
pub(super) fn main_program(
    repo: &dyn RepoView,
    analysis: Option<&Analysis>,
    project: &Project,
) -> Option<Program> {
    let mut best: Option<(i32, Program)> = None;
    let released = released::programs(repo, project);
    for module in &project.modules {
        let all = sources(repo, module);
        for (folder, file) in main_packages(&all) {
            let name = if folder == module.folder {
                module.name().to_owned()
            } else {
                folder.rsplit('/').next().unwrap_or_default().to_owned()
            };
            let mut found = Program {
                server: None,
                arguments: Vec::new(),
                evidence: vec![Evidence::at(file, "go.main", Trust::Manifest)],
                module: module.folder.clone(),
                name,
                folder,
            };
            let documented =
                analysis.and_then(|analysis| documented_arguments(analysis, module, &found));
            found.server = server(&all, module, &found, documented.as_ref());
            let mut score = score(module, &found, documented.is_some());
            // What the authors hand to users stands for the project wherever it lies.
            if let Some((_, at)) = released.iter().find(|(folder, _)| *folder == found.folder) {
                score += 30;
                found.evidence.push(at.clone());
            }
            if let Some((words, at)) = documented.filter(|_| found.server.is_some()) {
                found.arguments = words;
                found.evidence.push(at);
            }
            if score > -5 && best.as_ref().is_none_or(|(top, _)| score > *top) {
                best = Some((score, found));
            }
        }
    }
    best.map(|(_, program)| program)
}

/// Folders whose programs serve development, not users.
#[rustfmt::skip]
const ASIDE: &[&str] = &[
    "example", "examples", "_examples", "tools", "tool", "scripts", "script", "hack", "test",
    "tests", "e2e", "internal", "bench", "benchmark", "benchmarks", "gen", "generate", "generator",
    "docs", "doc", "build", "ci", "fuzz", "demo", "demos", "samples", "mage", "testing", "website",
    "contrib", "release",
];

fn score(module: &Module, program: &Program, documented: bool) -> i32 {
    let relative = program.folder[module.folder.len()..].trim_start_matches('/');
    let mut score = match relative {
        "" => 12,
        _ if relative.starts_with("cmd/") || relative == "cmd" => 6,
        _ => 0,
    };
    score += 6 * i32::from(program.name == module.name());
    score += 5 * i32::from(program.server.is_some());
    score += 5 * i32::from(documented);
    score -= 20 * i32::from(relative.split('/').any(|part| ASIDE.contains(&part)));
    score
}

/// A source: folder, path, text.
type Source = (String, String, Arc<str>);

/// The folders of `package main` among sources, each with a file of it.
fn main_packages(all: &[Source]) -> Vec<(String, String)> {
    let mut found: BTreeMap<String, String> = BTreeMap::new();
    for (folder, path, text) in all {
        if !found.contains_key(folder) && text.contains("func main()") && is_main(text) {
            found.insert(folder.clone(), path.clone());
        }
    }
    found.into_iter().collect()
}

fn is_main(text: &str) -> bool {
    let excluded = |line: &&str| {
        (line.starts_with("//go:build") || line.starts_with("// +build"))
            && (line.contains("ignore") || line.contains("mage") || line.contains("tools"))
    };
    let head = || text.lines().take(200).take_while(|line| !line.starts_with("import"));
    !head().any(|line| excluded(&line)) && head().any(|line| line.trim_end() == "package main")
}

/// The sources of a module that are no tests.
fn sources(repo: &dyn RepoView, module: &Module) -> Vec<Source> {
    let base = &module.folder;
    repo.below(base)
        .iter()
        .filter(|entry| entry.path.ends_with(".go") && !entry.path.ends_with("_test.go"))
        .filter(|entry| !ignored(folder_of(&entry.path)))
        .filter(|entry| !in_nested_module(repo, base, folder_of(&entry.path)))
        .filter(|entry| repo.size(&entry.path) <= FILE_CAP)
        .take(FILES)
        .filter_map(|entry| {
            let text = repo.text(&entry.path)?;
            Some((folder_of(&entry.path).to_owned(), entry.path.clone(), text))
        })
        .collect()
}

fn folder_of(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// The probe of a program that serves: by its own files, or by its module's where it is the only
/// thing there and no subcommand decides. A program of subcommands serves where the docs say so.
fn server(
    all: &[Source],
    module: &Module,
    program: &Program,
    documented: Option<&(Vec<String>, Evidence)>,
) -> Option<HealthProbe> {
    let own: Vec<&str> = all
        .iter()
        .filter(|(folder, ..)| *folder == program.folder)
        .map(|(_, _, text)| &**text)
        .collect();
    let web = !server_modules(module).is_empty();
    let serves = |texts: &[&str]| {
        texts.iter().any(|text| SERVES.is_match(text) || web && FRAMEWORK_SERVES.is_match(text))
    };
    let library: Vec<&str> = all
        .iter()
        .filter(|(folder, ..)| !folder.split('/').any(|p| p.starts_with("example") || p == "test"))
        .map(|(_, _, text)| &**text)
        .collect();
    if module.imports_any(COMMAND_MODULES) {
        let serving = ["serve", "server", "run", "start", "web", "api", "daemon", "httpd"];
        let word = documented.and_then(|(words, _)| words.first());
        if !(word.is_some_and(|word| serving.contains(&word.as_str())) && serves(&library)) {
            return None;
        }
    } else if !serves(&own) {
        let named = ["server", "api", "web", "backend", "daemon", "service"]
            .iter()
            .any(|word| program.name.contains(word));
        if !((named || web || own.iter().any(|text| text.contains("net/http"))) && serves(&library))
        {
            return None;
        }
    }
    let texts = if serves(&own) { own } else { library };
    Some(HealthProbe {
        kind: protocol(module, &texts),
        expected_port: port(&texts),
        start_seconds: 60,
    })
}

fn protocol(module: &Module, texts: &[&str]) -> ProbeKind {
    let any = |word: &str| texts.iter().any(|text| text.contains(word));
    let http = any("\"net/http\"")
        || any("HTTP/1.1")
        || server_modules(module).iter().any(|name| *name != "grpc");
    if any("grpc.NewServer(") && !any("ListenAndServe(") {
        ProbeKind::Grpc
    } else if http {
        ProbeKind::Http { paths: paths(texts) }
    } else {
        ProbeKind::Tcp
    }
}

fn port(texts: &[&str]) -> Option<u16> {
    PORTS.iter().find_map(|expression| {
        texts
            .iter()
            .find_map(|text| expression.captures_iter(text).find_map(|found| found[1].parse().ok()))
    })
}

/// Health routes first, then the root, then the shortest others.
fn paths(texts: &[&str]) -> Vec<String> {
    let mut routes: Vec<String> = texts
        .iter()
        .flat_map(|text| ROUTES.captures_iter(text).map(|found| found[1].to_owned()))
        .collect();
    routes.sort_by_key(|route| route.len());
    let telling = |route: &&String| {
        ["health", "ping", "status", "ready"].iter().any(|word| route.contains(word))
    };
    let mut found: Vec<String> = routes.iter().filter(telling).cloned().collect();
    found.push("/".to_owned());
    found.extend(routes);
    let mut seen = std::collections::BTreeSet::new();
    found.retain(|route| seen.insert(route.clone()));
    found.truncate(4);
    found
}

/// The words that the repository's own files put behind a program's name, where they can be used
/// as they are: `go run ./cmd/x serve`, `./x serve`, `x serve`.
fn documented_arguments(
    analysis: &Analysis,
    module: &Module,
    program: &Program,
) -> Option<(Vec<String>, Evidence)> {
    let relative = program.folder[module.folder.len()..].trim_start_matches('/');
    let mut best: Option<((Trust, bool), Vec<String>, Evidence)> = None;
    for command in &analysis.commands {
        let words = split_words(&command.line);
        let Some(arguments) = arguments_of(unwrapped(&words), relative, &program.name) else {
            continue;
        };
        // `start` beside `run` is what goes into the background and cannot be watched.
        let foreground = arguments.first().is_none_or(|word| word != "start" && word != "stop");
        let rank = (command.evidence.trust, foreground);
        if arguments.iter().all(|word| usable(word))
            && best.as_ref().is_none_or(|(top, ..)| rank > *top)
        {
            best = Some((rank, arguments.to_vec(), command.evidence.clone()));
        }
    }
    best.map(|(_, words, at)| (words, at))
}

fn arguments_of<'a>(words: &'a [String], relative: &str, name: &str) -> Option<&'a [String]> {
    let (first, rest) = words.split_first()?;
    if first.rsplit('/').next() == Some(name) {
        return Some(rest);
    }
    if first != "go" || rest.first().map(String::as_str) != Some("run") {
        return None;
    }
    let target = rest.iter().skip(1).position(|word| !word.starts_with('-'))? + 1;
    let path = rest[target].trim_start_matches("./").trim_end_matches('/');
    let path = path.strip_suffix("main.go").map_or(path, |head| head.trim_end_matches('/'));
    let path = if path == "." { "" } else { path };
    (path == relative).then(|| &rest[target + 1..])
}

/// Placeholders, variables, redirections and paths of somebody's machine cannot be used.
fn usable(word: &str) -> bool {
    !word.contains(['$', '<', '>', '[', '{', '|', '&', ';', '*', '…'])
        && !word.starts_with('/')
        && !word.starts_with('~')
        && !matches!(word, "--help" | "-h" | "--version" | "-v" | "version" | "help")
}
