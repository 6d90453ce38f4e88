//! How a project is seen to run: its server answers, its program runs, or its library links.

use rr_core::{
    Analysis, Command, EcosystemId, Evidence, HealthProbe, ProbeKind, RepoView, Step, StepKind,
    Trust, Unit,
};

use super::detect::Project;
use super::manifest::{Binary, Library, Manifest};
use super::service;
use crate::miners::{split_words, unwrapped};

/// What is started, and what its build needs.
#[derive(Clone, Debug)]
pub(super) struct Start {
    pub(super) step: Step,
    /// Features without which the program is not built.
    pub(super) features: Vec<String>,
}

/// The start step of a project. `profile` is the folder of Cargo's output below `target`.
pub(super) fn step(
    repo: &dyn RepoView,
    analysis: &Analysis,
    unit: &Unit,
    project: &Project,
    profile: &str,
) -> Option<Start> {
    match main_binary(repo, analysis, project) {
        Some((manifest, binary)) => {
            Some(program(repo, analysis, unit, project, manifest, binary, profile))
        }
        None => library(unit, project),
    }
}

/// The program that stands for the project: what the docs run, what `default-run` names, the
/// server, the one called like its package, the first.
fn main_binary<'a>(
    repo: &dyn RepoView,
    analysis: &Analysis,
    project: &'a Project,
) -> Option<(&'a Manifest, &'a Binary)> {
    let mut candidates: Vec<(i32, &Manifest, &Binary)> = Vec::new();
    // Where everything lies below a folder of such a name, the name says nothing.
    let all_tooling = project
        .packages()
        .filter(|manifest| manifest.package.is_some())
        .all(|manifest| is_tooling(&manifest.folder, ""));
    for (at, manifest) in project.packages().enumerate() {
        let Some(package) = &manifest.package else { continue };
        for binary in &package.binaries {
            let mut score = if at == 0 && manifest.folder == project.root.folder { 8 } else { 0 };
            score += 16 * i32::from(package.default_run.as_ref() == Some(&binary.name));
            score += 12 * i32::from(service::binary_serves(repo, manifest, binary));
            score += 6 * i32::from(binary.name == package.name);
            score += 4 * i32::from(documented_arguments(analysis, &binary.name).is_some());
            let folder = if all_tooling { "" } else { manifest.folder.as_str() };
            score -= 20 * i32::from(is_tooling(folder, &binary.name));
            score -= 4 * i32::from(!binary.required_features.is_empty());
            candidates.push((score, manifest, binary));
        }
    }
    let best = candidates.iter().map(|(score, ..)| *score).max()?;
    let (score, manifest, binary) = candidates.into_iter().find(|(score, ..)| *score == best)?;
    (score > -10).then_some((manifest, binary))
}

fn is_tooling(folder: &str, name: &str) -> bool {
    const WORDS: &[&str] = &[
        "xtask",
        "example",
        "examples",
        "bench",
        "benches",
        "benchmark",
        "fuzz",
        "test",
        "tests",
        "test-utils",
        "codegen",
        "tools",
        "generate",
    ];
    WORDS.contains(&name) || folder.split('/').any(|part| WORDS.contains(&part))
}

fn program(
    repo: &dyn RepoView,
    analysis: &Analysis,
    unit: &Unit,
    project: &Project,
    manifest: &Manifest,
    binary: &Binary,
    profile: &str,
) -> Start {
    let path = format!("target/{profile}/{}", binary.name);
    let id = EcosystemId::new("rust");
    let serves = service::binary_serves(repo, manifest, binary);
    let documented = documented_arguments(analysis, &binary.name);
    let (title, command, probe) = if serves {
        let arguments = documented.as_ref().map(|(words, _)| words.clone()).unwrap_or_default();
        let words: Vec<String> = std::iter::once(path).chain(arguments).collect();
        let server = service::server(repo, project, manifest);
        (format!("start the server `{}`", binary.name), Command::Argv(words), server.probe())
    } else {
        let probe =
            HealthProbe { kind: ProbeKind::ExitCode, expected_port: None, start_seconds: 60 };
        // Not every program knows these flags; one that knows none runs as it is.
        let line = format!("{path} --version || {path} --help || {path} < /dev/null");
        (format!("run the program `{}`", binary.name), Command::shell(line), probe)
    };
    let mut step = Step::new("rust-start", &id, &unit.path, StepKind::Start, title, command);
    step.probe = Some(probe);
    step = step.because(Evidence::at(binary.path.clone(), "rust.binary", Trust::Manifest));
    step.evidence.extend(documented.map(|(_, evidence)| evidence));
    Start { step, features: binary.required_features.clone() }
}

/// The words that the repository's own files put behind a program's name, where they can be used
/// as they are: `cargo run --bin x -- serve .`, `./target/release/x serve .`, `x serve .`.
fn documented_arguments(analysis: &Analysis, binary: &str) -> Option<(Vec<String>, Evidence)> {
    let mut found: Vec<(Trust, Vec<String>, Evidence)> = Vec::new();
    for command in &analysis.commands {
        let words = split_words(&command.line);
        if let Some(arguments) = arguments_of(unwrapped(&words), binary)
            && arguments.iter().all(|word| usable(word))
        {
            let kept = arguments.to_vec();
            found.push((command.evidence.trust, kept, command.evidence.clone()));
        }
    }
    let best = found.iter().map(|(trust, ..)| *trust).max()?;
    found.into_iter().find(|(trust, ..)| *trust == best).map(|(_, words, at)| (words, at))
}

fn arguments_of<'a>(words: &'a [String], binary: &str) -> Option<&'a [String]> {
    let (first, rest) = words.split_first()?;
    if first.rsplit('/').next() == Some(binary) {
        return Some(rest);
    }
    if first != "cargo" || rest.first().map(String::as_str) != Some("run") {
        return None;
    }
    if let Some(at) = rest.iter().position(|word| word == "--bin")
        && rest.get(at + 1).map(String::as_str) != Some(binary)
    {
        return None;
    }
    if rest.iter().any(|word| word == "--example") {
        return None;
    }
    Some(rest.iter().position(|word| word == "--").map_or(&[], |at| &rest[at + 1..]))
}

/// Placeholders, variables, redirections and paths of somebody's machine cannot be used.
fn usable(word: &str) -> bool {
    !word.contains(['$', '<', '>', '[', '{', '|', '&', ';', '*', '…'])
        && !word.starts_with('/')
        && !word.starts_with("~")
        && !matches!(word, "--help" | "-h" | "--version" | "-V")
}

/// A library is loaded by linking a program with what was built.
fn library(unit: &Unit, project: &Project) -> Option<Start> {
    let (manifest, library) = main_library(project)?;
    let id = EcosystemId::new("rust");
    let command = Command::argv(["bash", "@{tools}/recorder/cargo/load-library.sh", &library.name]);
    let title = format!("link a program with `{}` and run it", library.name);
    let mut step = Step::new("rust-start", &id, &unit.path, StepKind::Start, title, command);
    step.probe =
        Some(HealthProbe { kind: ProbeKind::ExitCode, expected_port: None, start_seconds: 120 });
    let at = super::manifest::join(&manifest.folder, "Cargo.toml");
    Some(Start {
        step: step.because(Evidence::at(at, "rust.library", Trust::Manifest)),
        features: Vec::new(),
    })
}

/// The root's library, the one called like the folder's name, or the first.
fn main_library(project: &Project) -> Option<(&Manifest, &Library)> {
    let of = |manifest: &'_ Manifest| -> bool {
        manifest
            .package
            .as_ref()
            .and_then(|package| package.library.as_ref())
            .is_some_and(|library| library.linkable)
    };
    let found =
        project.packages().filter(|m| of(m) && !is_tooling(&m.folder, "")).min_by_key(|m| {
            let root = m.folder == project.root.folder;
            (!root, m.package.as_ref().map_or(usize::MAX, |package| package.name.len()))
        })?;
    Some((found, found.package.as_ref()?.library.as_ref()?))
}
