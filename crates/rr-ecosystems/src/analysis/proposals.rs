//! Makes remedies of what somebody outside the rules proposes.
//!
//! Everything is checked by shape and against evidence here: a proposal can do no more than a rule
//! could do on the same log. Must not know who proposes.

use rr_core::{
    Command, CommandClass, Evidence, FailedStep, PlanEdit, Proposal, Remedy, RemedyKind, RepoView,
    ServiceKind, StepKind, ToolchainRequirement, Trust, VersionRequest, remedy_policy,
};

use super::services::KINDS;
use super::{generic_remedies, generic_services};
use crate::miners::{is_secret_name, variables};
use crate::registry;
use crate::rules;

/// The rule of all evidence that proposals bring.
const RULE: &str = "proposal";
/// Most names in one proposal.
const NAMES: usize = 8;
/// Most seconds that a step may be given.
const MOST_SECONDS: u32 = 7200;

/// Variables that decide which tests run, or how, or where programs are found.
#[rustfmt::skip]
const STEERING: &[&str] = &[
    "PATH", "HOME", "USER", "SHELL", "TMPDIR", "PYTEST_ADDOPTS", "PYTEST_PLUGINS", "NOSE_ARGS",
    "TESTOPTS", "TEST_ARGS", "TESTFLAGS", "GOFLAGS", "RUSTFLAGS", "RUSTC_WRAPPER",
    "CARGO_ENCODED_RUSTFLAGS", "MAVEN_OPTS", "MAVEN_ARGS", "MAVEN_CMD_LINE_ARGS", "GRADLE_OPTS",
    "JAVA_TOOL_OPTIONS", "_JAVA_OPTIONS", "JDK_JAVA_OPTIONS", "PERL5OPT", "RUBYOPT", "SPEC_OPTS",
    "PYTHONSTARTUP", "PYTHONPATH", "PYTHONHOME", "NODE_OPTIONS", "NODE_PATH", "LD_LIBRARY_PATH",
    "MAKEFLAGS", "CTEST_OUTPUT_ON_FAILURE", "PROVE_OPTIONS", "HARNESS_OPTIONS",
];

/// The remedy that a proposal comes to.
pub(super) fn carry_out(
    repo: &dyn RepoView,
    failed: &FailedStep<'_>,
    proposal: &Proposal,
) -> Result<Remedy, String> {
    let remedy = match &proposal.kind {
        RemedyKind::AddDependency { names } => dependencies(repo, failed, names)?,
        RemedyKind::PinDependency { requirements } => {
            let mut remedy = dependencies(repo, failed, requirements)?;
            remedy.kind = proposal.kind.clone();
            remedy
        }
        RemedyKind::InstallSystemPackage { names } => system_packages(failed, names)?,
        RemedyKind::UseToolchain { tool, version } => toolchain(failed, tool, version)?,
        RemedyKind::SetVariable { name } => variable(failed, name, &proposal.values)?,
        RemedyKind::ProvisionService { service } => provide(failed, service)?,
        RemedyKind::ChangeDirectory { to } => directory(repo, failed, to)?,
        RemedyKind::ChangeUser { to } => user(failed, to)?,
        RemedyKind::ChangeCommand { .. } => command(failed, &proposal.values)?,
        RemedyKind::Retry => again(),
        RemedyKind::ExtendTime { seconds } => more_time(failed, *seconds)?,
        RemedyKind::ResolveAsOf { .. }
        | RemedyKind::SelectTests { .. }
        | RemedyKind::PatchRecipe { .. } => {
            return Err(format!("`{}` cannot be proposed", proposal.kind.name()));
        }
    };
    remedy_policy::check(&remedy, failed.plan)?;
    Ok(remedy)
}

fn dependencies(
    repo: &dyn RepoView,
    failed: &FailedStep<'_>,
    names: &[String],
) -> Result<Remedy, String> {
    if names.is_empty() || names.len() > NAMES {
        return Err(format!("one to {NAMES} packages can be named, not {}", names.len()));
    }
    for name in names {
        shaped(name)?;
        if !is_named(name, failed) {
            return Err(format!(
                "neither the failure nor the repository's own commands name `{name}`"
            ));
        }
    }
    let ecosystem = registry::by_id(&failed.step.ecosystem);
    ecosystem.and_then(|e| e.add_dependencies(repo, failed, names)).ok_or_else(|| {
        format!("in `{}` dependencies stand in a manifest, which stays", failed.step.ecosystem)
    })
}

/// Whether a requirement is a name with versions and nothing else: no option, path or address.
fn shaped(requirement: &str) -> Result<(), String> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "@/._-[]<>=!~^,*+".contains(c);
    let scoped = requirement.starts_with('@');
    let slashes = requirement.matches('/').count();
    let fits = requirement.len() <= 100
        && requirement.chars().all(allowed)
        && requirement.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '@')
        && slashes == usize::from(scoped)
        && !requirement.contains("..");
    if fits { Ok(()) } else { Err(format!("`{requirement}` is no name of a package")) }
}

/// Whether the failure names a package, or the repository's own commands (not its prose) do. Names
/// of modules count for packages that hold them: `dateutil` for `python-dateutil`.
fn is_named(requirement: &str, failed: &FailedStep<'_>) -> bool {
    let end = requirement.char_indices().skip(1).find(|(_, c)| "@[<>=!~^,*".contains(*c));
    let name = fold(&requirement[..end.map_or(requirement.len(), |(at, _)| at)]);
    let bare = name.trim_start_matches("python-").trim_start_matches("py").trim_matches('-');
    let known = |text: &str| {
        let words = text.split(|c: char| !c.is_ascii_alphanumeric() && !"-_.@/".contains(c));
        words.filter(|word| word.len() > 1).map(fold).any(|word| {
            let word = word.trim_matches(['.', '-', '/']);
            word == name || (bare.len() > 2 && word == bare)
        })
    };
    let prose = |path: &str| [".md", ".rst", ".txt", ".adoc"].iter().any(|end| path.ends_with(end));
    let told = |class| matches!(class, CommandClass::Install | CommandClass::Test);
    let commands = failed.analysis.commands.iter();
    known(failed.output)
        || failed.plan.steps.iter().any(|step| known(&step.command.to_string()))
        || commands
            .filter(|c| told(c.class) && !prose(&c.evidence.path))
            .any(|command| known(&command.line))
}

fn fold(name: &str) -> String {
    name.to_ascii_lowercase().replace(['_', '.'], "-")
}

fn system_packages(failed: &FailedStep<'_>, names: &[String]) -> Result<Remedy, String> {
    let shaped = |name: &&String| {
        name.len() > 1
            && name.starts_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit())
            && name
                .chars()
                .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || "+-.".contains(c))
    };
    if names.is_empty() || names.len() > NAMES {
        return Err(format!("one to {NAMES} packages can be named, not {}", names.len()));
    }
    if let Some(name) = names.iter().find(|name| !shaped(name)) {
        return Err(format!("`{name}` is no name of a Debian package"));
    }
    let present = |name: &String| failed.plan.system_packages.iter().any(|p| p.name == *name);
    if names.iter().all(present) {
        return Err("the plan has these packages already".to_owned());
    }
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    Ok(rules::packages(RULE, &names))
}

fn toolchain(failed: &FailedStep<'_>, tool: &str, version: &str) -> Result<Remedy, String> {
    let Some(present) = failed.plan.toolchains.iter().find(|t| t.tool == tool) else {
        let tools: Vec<&str> = failed.plan.toolchains.iter().map(|t| t.tool.as_str()).collect();
        return Err(format!("the plan uses no `{tool}`, but {}", tools.join(", ")));
    };
    let parts: Vec<&str> = version.split('.').collect();
    let number = |part: &&str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    if parts.len() > 3 || !parts.iter().all(number) {
        return Err(format!("`{version}` is no version: for example `3.11`"));
    }
    let wanted = VersionRequest::Exact(version.to_owned());
    if present.version == wanted {
        return Err(format!("the plan uses {tool} {version} already"));
    }
    let evidence = vec![Evidence::at("", RULE, Trust::Default)];
    let toolchain = ToolchainRequirement { tool: tool.to_owned(), version: wanted, evidence };
    let own = failed.plan.steps.iter().find(|step| step.unit == failed.step.unit);
    Ok(Remedy {
        kind: RemedyKind::UseToolchain { tool: tool.to_owned(), version: version.to_owned() },
        title: format!("use {tool} {version}"),
        edits: vec![PlanEdit::RequireToolchain { toolchain }],
        resume_at: own.map(|step| step.id.clone()),
    })
}

fn variable(failed: &FailedStep<'_>, name: &str, values: &[String]) -> Result<Remedy, String> {
    let value = values.join(" ");
    let steers = |list: &[&str]| list.iter().any(|known| known.eq_ignore_ascii_case(name));
    if !variables::valid_name(name) {
        return Err(format!("`{name}` is no name of a variable"));
    }
    if steers(STEERING) {
        return Err(format!("`{name}` decides which tests run or where programs are found"));
    }
    if is_secret_name(name) && !variables::inventable(name) {
        return Err(format!("`{name}` holds a secret, which only the user can give"));
    }
    if value.is_empty() || value.len() > 200 || value.contains(char::is_control) {
        return Err(format!("the value of `{name}` must be one line of at most 200 characters"));
    }
    if let Some((_, rest)) = value.split_once("://") {
        let host = rest.rsplit('@').next().unwrap_or(rest);
        let local = ["localhost", "127.0.0.1", "{host}", "[::1]", "/"];
        if !local.iter().any(|start| host.starts_with(start)) {
            return Err(format!("the value of `{name}` points at another host"));
        }
    }
    let env = &failed.plan.env;
    if env.get(name) == Some(&value) || failed.step.env.get(name) == Some(&value) {
        return Err(format!("`{name}` has that value already"));
    }
    Ok(rules::variable(name, &value))
}

fn provide(failed: &FailedStep<'_>, service: &str) -> Result<Remedy, String> {
    let kind = KINDS.into_iter().find(|kind| kind.as_str() == service).ok_or_else(|| {
        let names = KINDS.map(ServiceKind::as_str).join(", ");
        format!("there is no service `{service}`: one of {names}")
    })?;
    let (_, remedies) = generic_services::absent(kind, failed);
    remedies.into_iter().next().ok_or_else(|| format!("the plan provides {service} already"))
}

fn directory(repo: &dyn RepoView, failed: &FailedStep<'_>, to: &str) -> Result<Remedy, String> {
    let to = to.trim_start_matches("./").trim_end_matches('/');
    let to = if to == "." { "" } else { to };
    if to == failed.step.cwd {
        return Err(format!("the step runs in `{to}` already"));
    }
    if !to.is_empty() && repo.below(to).is_empty() {
        return Err(format!("the repository has no folder `{to}`"));
    }
    Ok(Remedy {
        kind: RemedyKind::ChangeDirectory { to: to.to_owned() },
        title: format!("run `{}` in `{to}`", failed.step.title),
        edits: vec![PlanEdit::SetDirectory { step: failed.step.id.clone(), cwd: to.to_owned() }],
        resume_at: None,
    })
}

fn user(failed: &FailedStep<'_>, to: &str) -> Result<Remedy, String> {
    if !matches!(to, "root" | "runner") {
        return Err(format!("there is no user `{to}` in the sandbox: `root` or `runner`"));
    }
    let remedies = generic_remedies::change_user(to, failed);
    remedies.into_iter().next().ok_or_else(|| format!("the step runs as {to} already"))
}

/// Another command for a step that is no test: what counts as the tests is not up for proposals,
/// because leaving some out would prove less than it seems to.
fn command(failed: &FailedStep<'_>, words: &[String]) -> Result<Remedy, String> {
    if failed.step.kind == StepKind::Test {
        return Err("what counts as the tests is not up for proposals".to_owned());
    }
    let shown = words.join(" ");
    let shaped = |word: &String| word.len() <= 200 && !word.contains(char::is_control);
    if words.is_empty() || words.len() > 40 || !words.iter().all(shaped) {
        return Err("a command is 1 to 40 words".to_owned());
    }
    let program = words[0].as_str();
    let used = |line: &str| line.split_whitespace().any(|word| word == program);
    let known = failed.plan.steps.iter().any(|step| used(&step.command.to_string()))
        || failed.analysis.commands.iter().any(|c| !is_refused(c.class) && used(&c.line));
    if !known {
        return Err(format!("neither the plan nor the repository's commands use `{program}`"));
    }
    let shell = ["sh", "bash", "zsh", "env", "xargs", "eval", "true", ":"].contains(&program);
    let interpreter = ["python", "node", "perl", "ruby", "php", "deno", "bun"]
        .iter()
        .any(|name| program.rsplit('/').next().is_some_and(|word| word.starts_with(name)));
    let inline = words.iter().any(|w| matches!(w.as_str(), "-c" | "-e" | "--eval" | "-p" | "-r"));
    if shell || interpreter && inline {
        return Err(format!("`{shown}` runs code of its own"));
    }
    let command = Command::Argv(words.to_vec());
    if command == failed.step.command {
        return Err(format!("the step runs `{shown}` already"));
    }
    Ok(Remedy {
        kind: RemedyKind::ChangeCommand { to: command.to_string() },
        title: format!("run `{command}`"),
        edits: vec![PlanEdit::SetCommand { step: failed.step.id.clone(), command }],
        resume_at: None,
    })
}

fn is_refused(class: CommandClass) -> bool {
    matches!(class, CommandClass::Deploy | CommandClass::Publish | CommandClass::Destructive)
}

fn again() -> Remedy {
    Remedy {
        kind: RemedyKind::Retry,
        title: "run the same again".to_owned(),
        edits: Vec::new(),
        resume_at: None,
    }
}

fn more_time(failed: &FailedStep<'_>, seconds: u32) -> Result<Remedy, String> {
    let now = failed.step.timeout_seconds;
    if failed.outcome.exit != rr_core::Exit::TimedOut || seconds <= now || seconds > MOST_SECONDS {
        return Err(format!("time is given to a step that ran out of it, up to {MOST_SECONDS} s"));
    }
    Ok(Remedy {
        kind: RemedyKind::ExtendTime { seconds },
        title: format!("give `{}` {seconds} seconds", failed.step.title),
        edits: vec![PlanEdit::SetTimeout { step: failed.step.id.clone(), seconds }],
        resume_at: None,
    })
}

#[cfg(test)]
#[path = "proposals_tests.rs"]
mod tests;
