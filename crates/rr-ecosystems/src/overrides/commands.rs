//! Commands that a file adds, puts in the place of others, or takes out.

use rr_core::{
    Analysis, Command, EcosystemId, Evidence, HealthProbe, Override, OverrideOperation, ProbeKind,
    ReportFormat, RunPlan, Step, StepKind, TestSpec, ToolchainRequirement, Unit, UnitKind,
    VersionRequest,
};

use super::to_analysis::folder;
use crate::miners::{program, split_words};

/// Applies one change to the commands of a kind.
pub(super) fn change(
    analysis: &Analysis,
    units: &[&Unit],
    plan: &mut RunPlan,
    change: &Override,
    kind: StepKind,
) {
    match change.operation {
        OverrideOperation::Remove => remove(plan, change, kind),
        OverrideOperation::Append => {
            let model = model(plan, change, kind);
            add(analysis, units, plan, change, kind, model.as_ref());
        }
        OverrideOperation::Replace => {
            let model = model(plan, change, kind);
            plan.steps.retain(|step| step.kind != kind || prepares_itself(step));
            add(analysis, units, plan, change, kind, model.as_ref());
        }
    }
}

fn remove(plan: &mut RunPlan, change: &Override, kind: StepKind) {
    for (text, evidence) in change.items() {
        let before = plan.steps.len();
        plan.steps.retain(|step| {
            step.kind != kind
                || (step.id.as_str() != text && !step.command.to_string().contains(text))
        });
        if plan.steps.len() == before {
            let line = evidence.line.unwrap_or_default();
            plan.notes.push(format!(
                "`{}` line {line}: no {} step is or runs `{text}`: nothing to remove",
                evidence.path,
                kind.as_str()
            ));
        }
    }
}

/// The step whose surroundings a new one takes over: one that was made from this change, or the
/// last of its kind.
fn model(plan: &RunPlan, change: &Override, kind: StepKind) -> Option<Step> {
    let of_kind = || plan.of_kind(kind).filter(|step| !prepares_itself(step));
    let made = of_kind().find(|step| step.evidence.iter().any(|e| change.evidence.contains(e)));
    made.or_else(|| of_kind().last()).cloned()
}

/// A step that makes what the plan's other steps live in, not what the repository asks for: an
/// empty virtual environment, a program below our own folder.
fn prepares_itself(step: &Step) -> bool {
    match step.kind {
        StepKind::Install => {
            step.id.as_str().split('@').next().is_some_and(|id| id.ends_with(".venv"))
        }
        StepKind::Build => step.command.to_string().contains("@{env}/bin/"),
        _ => false,
    }
}

fn add(
    analysis: &Analysis,
    units: &[&Unit],
    plan: &mut RunPlan,
    change: &Override,
    kind: StepKind,
    model: Option<&Step>,
) {
    let folder = folder(&analysis.overrides, kind);
    let unit = owner(units, folder.unwrap_or_default());
    for (line, evidence) in change.items() {
        let made = model.filter(|step| step.evidence.contains(evidence) && keeps(step));
        let mut step = match made {
            Some(step) => step.clone(),
            None => new_step(unit, kind, line, model),
        };
        step.id = free_id(plan, kind);
        step.title = format!("run `{line}`");
        if let Some(folder) = folder {
            folder.clone_into(&mut step.cwd);
        }
        step.evidence.retain(|known| known != evidence);
        step.evidence.insert(0, evidence.clone());
        let at = plan.steps.iter().rposition(|known| known.kind <= kind).map_or(0, |at| at + 1);
        plan.steps.insert(at, step);
        add_toolchain(plan, line, evidence);
    }
}

/// Whether an ecosystem's own form of a command must stay: its reports come from words that it
/// put into the line, not from the environment alone.
fn keeps(step: &Step) -> bool {
    let by_environment = step.test.as_ref().is_some_and(|test| {
        matches!(test.format, ReportFormat::Recorder | ReportFormat::LibtestLogs)
    });
    !(by_environment && matches!(step.command, Command::Argv(_)))
}

/// The line as it stands, with the surroundings of its model.
fn new_step(unit: Option<&Unit>, kind: StepKind, line: &str, model: Option<&Step>) -> Step {
    let shell = EcosystemId::new("shell");
    let (ecosystem, path) = unit.map_or((&shell, ""), |unit| (&unit.ecosystem, unit.path.as_str()));
    let mut step = Step::new("", ecosystem, path, kind, "", Command::shell(line));
    if let Some(model) = model {
        step.ecosystem = model.ecosystem.clone();
        step.unit.clone_from(&model.unit);
        step.cwd.clone_from(&model.cwd);
        step.env.clone_from(&model.env);
        step.network = model.network;
        step.timeout_seconds = step.timeout_seconds.max(model.timeout_seconds);
    }
    match kind {
        StepKind::Test => (step.command, step.test) = reported(line, model),
        StepKind::Start => step.probe = Some(probe(unit, model)),
        _ => {}
    }
    step
}

/// A test command in the form that its outcomes can be read from.
fn reported(line: &str, model: Option<&Step>) -> (Command, Option<TestSpec>) {
    let words = split_words(line);
    let plain = !line.contains(['|', '&', ';', '>', '<', '$', '`', '\n']);
    let spec = model.and_then(|step| step.test.clone());
    let wrapper = match model.map(|step| &step.command) {
        Some(Command::Argv(words)) => words.as_slice(),
        _ => &[],
    };
    let collects = wrapper.iter().any(|word| word.ends_with("recorder/collect.sh"));
    match (spec, program(&words).as_deref()) {
        (Some(spec), _)
            if matches!(spec.format, ReportFormat::Recorder | ReportFormat::LibtestLogs) =>
        {
            (Command::shell(line), Some(spec))
        }
        (Some(spec), Some("go")) if plain && words.get(1).is_some_and(|word| word == "test") => {
            (go(&words[2..]), Some(spec))
        }
        (Some(spec), _) if plain && collects => {
            let own = wrapper.iter().position(|word| word == "--").map_or(0, |at| at + 1);
            (Command::argv(wrapper[..own].iter().chain(&words).cloned()), Some(spec))
        }
        _ => {
            let runner = "script".to_owned();
            let (format, report) = (ReportFormat::ExitStatus, "-".to_owned());
            (Command::shell(line), Some(TestSpec { runner, format, report }))
        }
    }
}

/// `go test` with these words, through the script that keeps its events.
fn go(words: &[String]) -> Command {
    let mut flags: Vec<String> = Vec::new();
    let mut packages: Vec<String> = Vec::new();
    let mut words = words.iter();
    while let Some(word) = words.next() {
        let takes_value =
            ["-run", "-skip", "-tags", "-timeout", "-count", "-cpu", "-p", "-parallel"];
        if takes_value.contains(&word.as_str()) {
            flags.push(format!("{word}={}", words.next().map_or("", String::as_str)));
        } else if word.starts_with('-') {
            flags.push(word.clone());
        } else {
            packages.push(word.clone());
        }
    }
    flags.retain(|flag| flag != "-json");
    if packages.is_empty() {
        packages.push(".".to_owned());
    }
    let script = ["bash", "@{tools}/recorder/go/run-tests.sh", "module"].map(str::to_owned);
    let all = script.into_iter().chain(flags).chain(["--".to_owned()]).chain(packages);
    Command::argv(all)
}

/// What answered for the planned start answers for this one; a service is asked by HTTP.
fn probe(unit: Option<&Unit>, model: Option<&Step>) -> HealthProbe {
    let planned = model.and_then(|step| step.probe.clone());
    if let Some(probe) = planned.filter(|probe| probe.kind != ProbeKind::ExitCode) {
        return probe;
    }
    let serves = unit.is_some_and(|u| matches!(u.kind, UnitKind::Service | UnitKind::Site));
    let kind =
        if serves { ProbeKind::Http { paths: vec!["/".to_owned()] } } else { ProbeKind::ExitCode };
    HealthProbe { kind, expected_port: None, start_seconds: 60 }
}

/// The planned unit that a folder belongs to.
fn owner<'a>(units: &[&'a Unit], folder: &str) -> Option<&'a Unit> {
    let holds = |unit: &&&Unit| {
        unit.path.is_empty()
            || folder == unit.path
            || folder.strip_prefix(&unit.path).is_some_and(|rest| rest.starts_with('/'))
    };
    let deepest = units.iter().filter(holds).max_by_key(|unit| unit.path.len());
    deepest.or(units.first()).copied()
}

fn free_id(plan: &RunPlan, kind: StepKind) -> rr_core::StepId {
    let taken = |id: &str| plan.steps.iter().any(|step| step.id.as_str() == id);
    let base = format!("override.{}", kind.as_str());
    let numbered = (2..).map(|number| format!("{base}-{number}"));
    let free = std::iter::once(base.clone()).chain(numbered).find(|id| !taken(id));
    rr_core::StepId::new(free.unwrap_or(base))
}

/// The toolchain of the line's own program, where the plan has none of it.
fn add_toolchain(plan: &mut RunPlan, line: &str, evidence: &Evidence) {
    let words = split_words(line);
    let tool = match words.first().map(String::as_str) {
        Some("python" | "python3" | "pip" | "pytest") => "python",
        Some("node" | "npm" | "npx") => "node",
        Some("cargo" | "rustc") => "rust",
        Some("java" | "javac") => "java",
        Some("mvn") => "maven",
        Some("bundle" | "rake" | "gem") => "ruby",
        Some("prove" | "cpanm") => "perl",
        Some(
            name @ ("go" | "uv" | "poetry" | "pnpm" | "yarn" | "bun" | "deno" | "gradle" | "cmake"
            | "meson" | "ruby" | "perl"),
        ) => name,
        _ => return,
    };
    if plan.toolchains.iter().all(|known| known.tool != tool) {
        plan.toolchains.push(ToolchainRequirement {
            tool: tool.to_owned(),
            version: VersionRequest::Any,
            evidence: vec![evidence.clone()],
        });
    }
}
