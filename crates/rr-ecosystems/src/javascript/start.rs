//! How a package is started, run or loaded, and how that is seen from outside.

use rr_core::{
    Analysis, Command, Evidence, FactKey, HealthProbe, ProbeKind, RepoView, Trust, Unit, UnitKind,
    UnitRole,
};

use super::build::run_script;
use super::expand::expand_script;
use super::kind::server_file;
use super::managers::{Manager, Tool};
use super::package_json::{Manifest, base_name};
use super::segment::{Role, Segment};
use super::words::{edit, words};
use super::workspace::Workspace;
use crate::miners::query;
use crate::places::decoy_role;

/// A way to start a package.
#[derive(Clone, Debug)]
pub(super) struct Start {
    /// The command.
    pub(super) command: Command,
    /// One line for people.
    pub(super) title: String,
    /// Folder it runs in.
    pub(super) cwd: String,
    /// How to see that it is up.
    pub(super) probe: HealthProbe,
    /// Whether it serves what the build made.
    pub(super) needs_build: bool,
    /// Whether what follows makes sense without it.
    pub(super) optional: bool,
    /// Why.
    pub(super) evidence: Evidence,
}

/// Most members that are started.
const MEMBERS: usize = 4;

/// What is started: the package at a workspace's root, else those of its members that serve.
pub(super) fn all(
    repo: &dyn RepoView,
    workspace: &Workspace,
    manager: &Manager,
    unit: &Unit,
    analysis: &Analysis,
) -> Vec<Start> {
    let root = find(repo, workspace, manager, unit, analysis);
    if root.is_some() || unit.kind != UnitKind::Workspace {
        return root.into_iter().collect();
    }
    let serves = |unit: &&Unit| matches!(unit.kind, UnitKind::Service | UnitKind::Site);
    let members = analysis.units.iter().filter(|member| member.ecosystem == unit.ecosystem);
    members
        .filter(|member| member.role == UnitRole::Member)
        .filter(|member| decoy_role(&member.path).is_none())
        .filter(serves)
        .filter_map(|member| {
            let package = workspace.by_folder(&member.path)?;
            service(repo, workspace, manager, package, member, analysis)
        })
        .take(MEMBERS)
        .collect()
}

/// How to start the package at a workspace's root; `None` where nothing is there to start.
fn find(
    repo: &dyn RepoView,
    workspace: &Workspace,
    manager: &Manager,
    unit: &Unit,
    analysis: &Analysis,
) -> Option<Start> {
    let package = &workspace.root;
    match unit.kind {
        UnitKind::Service | UnitKind::Site => {
            service(repo, workspace, manager, package, unit, analysis)
        }
        UnitKind::Cli => command_line(repo, package),
        UnitKind::Library => {
            application(repo, workspace, manager, package).or_else(|| library(repo, package))
        }
        // Members may hold the programs: what the root itself runs may fail.
        UnitKind::Workspace => application(repo, workspace, manager, package)
            .map(|start| Start { optional: true, ..start }),
    }
}

fn service(
    repo: &dyn RepoView,
    workspace: &Workspace,
    manager: &Manager,
    package: &Manifest,
    unit: &Unit,
    analysis: &Analysis,
) -> Option<Start> {
    let names: &[&str] = if unit.kind == UnitKind::Site {
        &["dev", "start", "serve", "develop", "preview"]
    } else {
        &["start", "start:prod", "serve", "dev", "start:dev", "develop", "preview"]
    };
    let builds_first = |name: &str| matches!(name, "start" | "start:prod" | "preview" | "serve");
    let scripted = names.iter().find(|name| package.scripts.contains_key(**name));
    let (command, line, evidence, needs_build, cwd) = match scripted {
        Some(name) => {
            let segments = expand_script(&package.folder, name, workspace);
            let evidence = package.evidence(
                "javascript.start-script",
                &format!("\"{name}\":"),
                Trust::TaskRunner,
            );
            let last = single(&segments);
            let line = last.map_or(String::new(), |s| s.line.clone());
            let cwd = last.map_or_else(|| package.folder.clone(), |s| s.cwd.clone());
            let served = [
                "next start",
                "vite preview",
                "astro preview",
                "nuxt start",
                "dist/",
                "build/",
                "lib/",
                ".output",
            ]
            .iter()
            .any(|mark| line.contains(mark));
            let command = match last {
                Some(segment) => {
                    Command::shell(format!("set +u\n{}{}", exports(segment), local(&segment.line)))
                }
                None => run_script(manager, name),
            };
            (command, line, evidence, served && builds_first(name), cwd)
        }
        None => {
            let file = server_file(repo, package)?;
            let evidence =
                Evidence::at(package.path(&file), "javascript.server-file", Trust::Default);
            (Command::argv(["node", &file]), String::new(), evidence, false, package.folder.clone())
        }
    };
    let expected_port = port_in(&line)
        .or_else(|| query::ports(analysis, unit).first().map(|(port, _)| *port))
        .or_else(|| default_port(package));
    let mut paths = vec!["/".to_owned()];
    for fact in query::facts_for(analysis, unit, &FactKey::HealthPath) {
        if !paths.contains(&fact.value) {
            paths.insert(0, fact.value.clone());
        }
    }
    Some(Start {
        title: format!("start {}", shown_name(package)),
        command,
        cwd,
        probe: HealthProbe { kind: ProbeKind::Http { paths }, expected_port, start_seconds: 90 },
        needs_build,
        optional: false,
        evidence,
    })
}

/// A package that others do not load, by its own `start` script or else its entry file: whether
/// it listens, only its run tells.
fn application(
    repo: &dyn RepoView,
    workspace: &Workspace,
    manager: &Manager,
    package: &Manifest,
) -> Option<Start> {
    let offered = ["exports", "files", "main", "module", "types"];
    let loaded = offered.iter().any(|name| package.field(name).is_some()) && !package.is_private();
    if loaded {
        return None;
    }
    let probe = HealthProbe {
        kind: ProbeKind::Program { paths: vec!["/".to_owned()] },
        expected_port: None,
        start_seconds: 20,
    };
    let title = format!("start {}", shown_name(package));
    if package.scripts.contains_key("start") {
        let segments = expand_script(&package.folder, "start", workspace);
        let last = single(&segments);
        let command = match last {
            Some(segment) => {
                Command::shell(format!("set +u\n{}{}", exports(segment), local(&segment.line)))
            }
            None => run_script(manager, "start"),
        };
        let cwd = last.map_or_else(|| package.folder.clone(), |s| s.cwd.clone());
        let evidence = package.evidence("javascript.start-script", "\"start\":", Trust::TaskRunner);
        let built = package.scripts.contains_key("build");
        return Some(Start {
            command,
            title,
            cwd,
            probe,
            needs_build: built,
            optional: false,
            evidence,
        });
    }
    let listed = ["main", "module"].iter().filter_map(|name| package.text(name));
    let listed = listed.map(|file| file.trim_start_matches("./").to_owned());
    let usual = ["index.js", "index.mjs", "src/index.js", "index.ts", "src/index.ts"];
    let runs = |file: &String| -> Option<&str> {
        let end = file.rsplit('.').next()?;
        match end {
            "ts" | "tsx" | "mts" => (manager.tool == Tool::Bun).then_some("bun"),
            "js" | "mjs" | "cjs" if manager.tool == Tool::Bun => Some("bun"),
            "js" | "mjs" | "cjs" => Some("node"),
            _ => None,
        }
    };
    let mut files = listed.chain(usual.map(str::to_owned));
    let (file, program) = files.find_map(|file| {
        Some((file.clone(), runs(&file)?)).filter(|_| repo.has(&package.path(&file)))
    })?;
    Some(Start {
        command: Command::argv([program, &file]),
        title,
        cwd: package.folder.clone(),
        probe,
        needs_build: false,
        optional: true,
        evidence: Evidence::at(package.path(&file), "javascript.entry", Trust::Default),
    })
}

/// The one command that stays, where a script comes down to one.
fn single(segments: &[Segment]) -> Option<&Segment> {
    let real: Vec<&Segment> =
        segments.iter().filter(|s| !matches!(s.role, Role::Noise | Role::Lint)).collect();
    match real.as_slice() {
        [only] if !only.line.contains('&') => Some(only),
        _ => None,
    }
}

fn exports(segment: &Segment) -> String {
    segment
        .env
        .iter()
        .map(|(name, value)| format!("export {name}={}\n", rr_core::command::quote(value)))
        .collect()
}

/// The command on the loopback interface, without a browser: `vite --open` asks for one.
fn local(line: &str) -> String {
    let all = words(line);
    let changes: Vec<_> = all
        .iter()
        .filter(|word| {
            word.text == "--open" || word.text == "-o" || word.text.starts_with("--open=")
        })
        .map(|word| (word.place.clone(), String::new()))
        .collect();
    let line = edit(line, &changes);
    let program = all.iter().map(|word| base_name(&word.text)).find(|name| {
        matches!(*name, "vite" | "astro" | "nuxt" | "nuxi" | "ng" | "vite-ssg" | "vitepress")
    });
    let has_host = all.iter().any(|word| word.text.starts_with("--host"));
    match program {
        Some(_) if !has_host => format!("{line} --host 127.0.0.1"),
        _ => line,
    }
}

fn port_in(line: &str) -> Option<u16> {
    let all = words(line);
    all.iter().enumerate().find_map(|(at, word)| {
        let (name, value) = match word.text.split_once('=') {
            Some((name, value)) => (name, Some(value.to_owned())),
            None => (word.text.as_str(), all.get(at + 1).map(|next| next.text.clone())),
        };
        matches!(name, "--port" | "-p" | "PORT").then(|| value?.parse().ok())?
    })
}

/// Ports that frameworks take by themselves.
fn default_port(package: &Manifest) -> Option<u16> {
    const PORTS: &[(&str, u16)] = &[
        ("next", 3000),
        ("nuxt", 3000),
        ("react-scripts", 3000),
        ("@nestjs/core", 3000),
        ("@angular/cli", 4200),
        ("astro", 4321),
        ("gatsby", 8000),
        ("@vue/cli-service", 8080),
        ("vite", 5173),
    ];
    PORTS.iter().find(|(name, _)| package.depends_on(name)).map(|(name, port)| {
        let old_vite = *name == "vite" && package.major_of("vite").is_some_and(|major| major < 3);
        if old_vite { 3000 } else { *port }
    })
}

/// The entry point of a command-line program, asked for its help.
fn command_line(repo: &dyn RepoView, package: &Manifest) -> Option<Start> {
    let (name, file) = package.bins().into_iter().next()?;
    let file = file.trim_start_matches("./").to_owned();
    let path = package.path(&file);
    let text = repo.text(&path);
    let first = text.as_deref().and_then(|t| t.lines().next()).unwrap_or("");
    let shell = first.starts_with("#!") && !first.contains("node");
    let words: Vec<&str> =
        if shell { vec!["bash", &file, "--help"] } else { vec!["node", &file, "--help"] };
    let words: Vec<&str> =
        match first.contains("bun") || first.contains("deno") || first.contains("tsx") {
            true => return None,
            false if first.contains("python") => return None,
            false => words,
        };
    Some(Start {
        title: format!("run `{name} --help`"),
        command: Command::argv(words),
        cwd: package.folder.clone(),
        probe: HealthProbe { kind: ProbeKind::ExitCode, expected_port: None, start_seconds: 60 },
        needs_build: text.is_none(),
        optional: true,
        evidence: package.evidence("javascript.bin", "\"bin\"", Trust::Manifest),
    })
}

/// A library's public module, loaded.
fn library(repo: &dyn RepoView, package: &Manifest) -> Option<Start> {
    let listed = package.entry_files();
    let file = listed
        .iter()
        .find(|file| file.ends_with(".js") || file.ends_with(".cjs") || file.ends_with(".mjs"))
        .cloned()
        .or_else(|| package.text("main").map(|main| main.trim_start_matches("./").to_owned()))
        .or_else(|| repo.has(&package.path("index.js")).then(|| "index.js".to_owned()))?;
    if [".ts", ".tsx", ".css", ".scss", ".json", ".vue"].iter().any(|end| file.ends_with(end)) {
        return None;
    }
    let file = if file.is_empty() || file == "." { "index.js".to_owned() } else { file };
    let present = repo.has(&package.path(&file)) || repo.has(&package.path(&format!("{file}.js")));
    if !present
        && !["build", "compile", "prepare", "dist"].iter().any(|s| package.scripts.contains_key(*s))
    {
        return None;
    }
    // Old Node has no dynamic import; `require` loads everything but ES modules.
    let modern = package.is_module() || file.ends_with(".mjs");
    let code = if modern {
        format!(
            "import('./{file}').then(() => process.exit(0), (e) => {{ console.error(e); process.exit(1); }})"
        )
    } else {
        format!("require('./{file}'); process.exit(0)")
    };
    Some(Start {
        title: format!("load {}", shown_name(package)),
        command: Command::argv(["node", "-e", &code]),
        cwd: package.folder.clone(),
        probe: HealthProbe { kind: ProbeKind::ExitCode, expected_port: None, start_seconds: 60 },
        needs_build: !present,
        optional: true,
        evidence: package.evidence("javascript.entry", "\"main\"", Trust::Manifest),
    })
}

fn shown_name(package: &Manifest) -> &str {
    if package.name.is_empty() { "the application" } else { &package.name }
}
