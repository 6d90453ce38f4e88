//! What cures the failures that the generic rules see.

use rr_core::{
    CauseClass, Evidence, Exit, FailedStep, NetworkNeed, PlanEdit, Remedy, RemedyKind, StepKind,
    SystemPackage, Trust,
};

use super::system_table::{NeedKind, PACKAGES};

/// Installs what brings a missing thing. `None` where the "missing program" is a shell word or a
/// local script that no package brings.
pub(super) fn system_need(kind: NeedKind, subject: &str) -> Option<Vec<Remedy>> {
    if kind == NeedKind::Program && local_program(subject) {
        return None;
    }
    let known = PACKAGES.iter().find(|(k, name, _)| *k == kind && *name == subject);
    let name = match known {
        Some((_, _, package)) => (*package).to_owned(),
        None => format!("need:{}", need(kind, subject)),
    };
    let evidence = Evidence::at("", "generic.system-need", Trust::Default);
    let package = SystemPackage { name: name.clone(), evidence: vec![evidence] };
    Some(vec![Remedy {
        kind: RemedyKind::InstallSystemPackage { names: vec![name.clone()] },
        title: format!("install {name} for `{subject}`"),
        edits: vec![PlanEdit::RequireSystemPackage { package }],
        resume_at: None,
    }])
}

fn need(kind: NeedKind, subject: &str) -> String {
    match kind {
        NeedKind::Header => format!("header:{subject}"),
        NeedKind::PkgConfig => format!("pkgconfig:{subject}"),
        NeedKind::Library => format!("library:{subject}"),
        NeedKind::Program => format!("program:{subject}"),
        NeedKind::Cmake => format!("pkgconfig:{}", subject.to_ascii_lowercase()),
    }
}

/// A package of the operating system by its name.
pub(super) fn package(name: &str) -> Vec<Remedy> {
    let evidence = Evidence::at("", "generic.package", Trust::Default);
    let package = SystemPackage { name: name.to_owned(), evidence: vec![evidence] };
    vec![Remedy {
        kind: RemedyKind::InstallSystemPackage { names: vec![name.to_owned()] },
        title: format!("install system package {name}"),
        edits: vec![PlanEdit::RequireSystemPackage { package }],
        resume_at: None,
    }]
}

/// Programs that toolchains and package managers bring: their ecosystems know what to do.
#[rustfmt::skip]
static TOOLS: &[&str] = &[
    "python", "python3", "pip", "pip3", "pytest", "tox", "nox", "uv", "poetry", "pdm", "hatch",
    "node", "npm", "npx", "yarn", "pnpm", "bun", "deno", "tsc", "jest", "vitest", "mocha",
    "eslint", "vite", "cargo", "rustc", "rustup", "go", "java", "javac", "mvn", "gradle",
    "bundle", "rake", "gem", "dotnet", "sudo", "apt-get", "apt", "brew", "docker",
    "docker-compose", "module", "conda", "nvcc", "then", "fi", "done", "source", "nvm",
    "corepack",
];

/// Whether no package of the operating system is to bring a program.
fn local_program(name: &str) -> bool {
    TOOLS.contains(&name)
        || name.ends_with(".sh")
        || name.ends_with(".py")
        || name.starts_with('.')
        || name.parse::<f64>().is_ok()
}

/// The same again, where the step could reach a registry at all, and not a third time.
pub(super) fn retry(signature: &str, failed: &FailedStep<'_>) -> Vec<Remedy> {
    let again = failed.treated.iter().filter(|treated| treated.as_str() == signature).count();
    let title = match again {
        0 => "run the same again",
        1 => "run the same once more",
        _ => return Vec::new(),
    };
    if failed.step.kind == StepKind::Test && !signature.starts_with("generic.address") {
        return Vec::new();
    }
    let (kind, title) = (RemedyKind::Retry, title.to_owned());
    vec![Remedy { kind, title, edits: Vec::new(), resume_at: None }]
}

/// Runs the step as another user of the sandbox, where it does not run so already.
pub(super) fn change_user(to: &str, failed: &FailedStep<'_>) -> Vec<Remedy> {
    let root = to == "root";
    if failed.step.as_root == root {
        return Vec::new();
    }
    vec![Remedy {
        kind: RemedyKind::ChangeUser { to: to.to_owned() },
        title: format!("run `{}` as {to}", failed.step.title),
        edits: vec![PlanEdit::SetUser { step: failed.step.id.clone(), root }],
        resume_at: None,
    }]
}

/// Lets a step reach the registries that its tool downloads from. `None` where it may already.
pub(super) fn registry(failed: &FailedStep<'_>) -> Option<(CauseClass, Vec<Remedy>)> {
    if failed.step.network == NetworkNeed::Registries {
        return None;
    }
    let remedy = Remedy {
        kind: RemedyKind::PatchRecipe { what: "network".to_owned() },
        title: format!("let `{}` reach package registries", failed.step.title),
        edits: vec![PlanEdit::SetNetwork {
            step: failed.step.id.clone(),
            network: NetworkNeed::Registries,
        }],
        resume_at: None,
    };
    Some((CauseClass::Environment, vec![remedy]))
}

/// Tells a runner that waits for changes that nobody will make any.
pub(super) fn stop_watching(failed: &FailedStep<'_>) -> Option<(CauseClass, Vec<Remedy>)> {
    if failed.outcome.exit != Exit::TimedOut || failed.step.env.contains_key("CI") {
        return None;
    }
    let remedy = Remedy {
        kind: RemedyKind::SetVariable { name: "CI".to_owned() },
        title: "run once instead of watching for changes".to_owned(),
        edits: vec![PlanEdit::SetEnv {
            step: Some(failed.step.id.clone()),
            name: "CI".to_owned(),
            value: "true".to_owned(),
        }],
        resume_at: None,
    };
    Some((CauseClass::Environment, vec![remedy]))
}
