//! Why: what an analysis and a plan rest on, and what lost against it.
//!
//! Makes lines from data; knows nothing of where they are printed.

use std::collections::BTreeMap;

use rr_core::{
    Analysis, CommandClass, Evidence, Fact, FactKey, FactMark, MinedCommand, RunPlan, StepKind,
    Unit, UnitRole, VersionRequest,
};

/// Most lines of one kind of loser.
const LOSERS: usize = 6;
/// Most facts of one kind.
const FACTS: usize = 40;

/// The explanation of an analysis and of the plan made from it.
pub(crate) fn lines(analysis: &Analysis, plan: &RunPlan) -> Vec<String> {
    let mut out = Vec::new();
    units(analysis, &mut out);
    versions(analysis, plan, &mut out);
    for kind in [
        StepKind::Configure,
        StepKind::Install,
        StepKind::Check,
        StepKind::Migrate,
        StepKind::Build,
        StepKind::Start,
        StepKind::Test,
    ] {
        commands(analysis, plan, kind, &mut out);
    }
    services(analysis, plan, &mut out);
    for (title, wanted) in GROUPS {
        group(analysis, title, wanted, &mut out);
    }
    structure(analysis, &mut out);
    never_run(analysis, &mut out);
    remarks(analysis, plan, &mut out);
    out
}

/// A kind of facts as a heading and what belongs below it.
type Group = (&'static str, fn(&FactKey) -> bool);

/// The groups of facts that have no section of their own.
#[rustfmt::skip]
static GROUPS: &[Group] = &[
    ("entry points", |key| matches!(key, FactKey::EntryPoint)),
    ("command line", |key| matches!(key, FactKey::CliCommand)),
    ("ports", |key| matches!(key, FactKey::Port)),
    ("health paths", |key| matches!(key, FactKey::HealthPath)),
    ("variables", |key| matches!(key, FactKey::Variable(_))),
    ("databases in the code", |key| matches!(key, FactKey::Database)),
    ("start order", |key| matches!(key, FactKey::StartsAfter)),
    ("models", |key| matches!(key, FactKey::Model)),
    ("graphics processors", |key| matches!(key, FactKey::Gpu)),
    ("imported and declared nowhere", |key| matches!(key, FactKey::MissingDependency)),
    ("declared and never imported", |key| matches!(key, FactKey::UnusedDependency)),
    ("package managers", |key| matches!(key, FactKey::Manager)),
];

/// What a version request asks for, in words.
pub(crate) fn request(version: &VersionRequest) -> String {
    match version {
        VersionRequest::Any => "any version".to_owned(),
        VersionRequest::Exact(text) | VersionRequest::Range(text) => text.clone(),
        VersionRequest::OneOf(list) => format!("the first that can be had of {}", list.join(", ")),
    }
}

fn heading(out: &mut Vec<String>, text: &str) {
    if !out.is_empty() {
        out.push(String::new());
    }
    out.push(text.to_owned());
}

fn place(folder: &str) -> &str {
    if folder.is_empty() { "." } else { folder }
}

fn because(evidence: &Evidence) -> String {
    let excerpt =
        if evidence.excerpt.is_empty() { String::new() } else { format!("  {}", evidence.excerpt) };
    format!("because {}{excerpt}", evidence.place())
}

/// Each reason once, at most so many.
fn reasons(evidence: &[Evidence], most: usize, indent: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for line in evidence.iter().map(|evidence| format!("{indent}{}", because(evidence))) {
        if found.len() < most && !found.contains(&line) {
            found.push(line);
        }
    }
    found
}

/// Most characters of one command.
const WIDTH: usize = 160;

/// A command on one line: scripts of several lines as their beginning, and how much follows.
fn one_line(command: &str) -> String {
    let lines: Vec<&str> = command.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let mut shown = lines.first().copied().unwrap_or_default().to_owned();
    if let Some((at, _)) = shown.char_indices().nth(WIDTH) {
        shown.truncate(at);
        shown.push('…');
    }
    match lines.len() {
        0 | 1 => shown,
        2 => format!("{shown} (and 1 more line)"),
        count => format!("{shown} (and {} more lines)", count - 1),
    }
}

fn units(analysis: &Analysis, out: &mut Vec<String>) {
    heading(out, "WHAT IT IS");
    for share in analysis.languages.iter().take(5) {
        out.push(format!(
            "  {} in {} files, {} kB",
            share.language,
            share.files,
            share.bytes.div_ceil(1000)
        ));
    }
    if analysis.units.is_empty() {
        out.push("  no ecosystem was recognised".to_owned());
    }
    for unit in &analysis.units {
        out.push(format!("  {} at {}: {}", unit.name, place(&unit.path), described(unit)));
        out.extend(reasons(&unit.evidence, 4, "    "));
    }
    if let Some(date) = &analysis.commit_date {
        out.push(format!(
            "  last commit {date}: versions of that time are preferred where nothing is pinned"
        ));
    }
}

fn described(unit: &Unit) -> String {
    let kind = format!("{:?}", unit.kind).to_lowercase();
    let role = match unit.role {
        UnitRole::Primary => "gets a plan".to_owned(),
        UnitRole::Member => "member of a workspace that has the plan".to_owned(),
        UnitRole::Frontend => "front end of another part".to_owned(),
        role => format!("{}: gets no plan", format!("{role:?}").to_lowercase()),
    };
    let managers = if unit.managers.is_empty() {
        String::new()
    } else {
        format!(", {}", unit.managers.join(" + "))
    };
    let frameworks = if unit.frameworks.is_empty() {
        String::new()
    } else {
        format!("; {}", unit.frameworks.join(", "))
    };
    format!("{} {kind}{managers} ({role}, weight {}){frameworks}", unit.ecosystem, unit.weight)
}

fn versions(analysis: &Analysis, plan: &RunPlan, out: &mut Vec<String>) {
    heading(out, "VERSIONS");
    for toolchain in &plan.toolchains {
        out.push(format!("  the plan takes {} {}", toolchain.tool, request(&toolchain.version)));
        out.extend(reasons(&toolchain.evidence, 3, "    "));
    }
    for choice in &analysis.versions {
        out.push(format!(
            "  {} at {}: {} ({})",
            choice.tool,
            place(&choice.unit),
            choice.chosen,
            choice.reason
        ));
        for pin in choice.pins.iter().take(8) {
            out.push(format!(
                "    pin {}  {}, {}",
                pin.text,
                pin.evidence.place(),
                pin.evidence.trust.source()
            ));
        }
        for conflict in &choice.conflicts {
            out.push(format!("    conflict: {conflict}"));
        }
    }
}

/// The class of the commands that steps of a kind are made from.
const fn class_of(kind: StepKind) -> Option<CommandClass> {
    Some(match kind {
        StepKind::Configure => CommandClass::Configure,
        StepKind::Install => CommandClass::Install,
        StepKind::Migrate => CommandClass::Migrate,
        StepKind::Build => CommandClass::Build,
        StepKind::Start => CommandClass::Start,
        StepKind::Test => CommandClass::Test,
        StepKind::Check => return None,
    })
}

fn commands(analysis: &Analysis, plan: &RunPlan, kind: StepKind, out: &mut Vec<String>) {
    let steps: Vec<_> = plan.of_kind(kind).collect();
    let class = class_of(kind);
    let of_class = || analysis.commands.iter().filter(|command| Some(command.class) == class);
    if steps.is_empty() && of_class().next().is_none() {
        return;
    }
    heading(out, &kind.as_str().to_uppercase());
    for step in &steps {
        out.push(format!("  {}: {}", step.id, step.title));
        out.push(format!("    in {} $ {}", place(&step.cwd), one_line(&step.command.to_string())));
        out.extend(reasons(&step.evidence, 4, "    "));
        if let Some(probe) = &step.probe
            && let Some(port) = probe.expected_port
        {
            out.push(format!("    expected on port {port}"));
        }
    }
    if steps.is_empty() {
        out.push("  no step: nothing here can be taken over".to_owned());
    }
    let taken = |command: &&MinedCommand| {
        steps.iter().any(|step| step.evidence.iter().any(|e| same_place(e, &command.evidence)))
    };
    let lost: Vec<&MinedCommand> = distinct(of_class().filter(|command| !taken(command)));
    let ruling = steps.iter().flat_map(|step| &step.evidence).max_by_key(|evidence| evidence.trust);
    for command in lost.iter().take(LOSERS) {
        out.push(format!(
            "    not taken: `{}` in {}  {}: {}",
            one_line(&command.line),
            place(&command.cwd),
            command.evidence.place(),
            why_not(command, ruling)
        ));
    }
    more(lost.len(), LOSERS, out);
}

fn same_place(a: &Evidence, b: &Evidence) -> bool {
    a.path == b.path && (a.line == b.line || a.line.is_none())
}

/// Each command line once, the most trusted place first.
fn distinct<'a>(commands: impl Iterator<Item = &'a MinedCommand>) -> Vec<&'a MinedCommand> {
    let mut all: Vec<&MinedCommand> = commands.collect();
    all.sort_by_key(|command| std::cmp::Reverse(command.evidence.trust));
    let mut found: Vec<&MinedCommand> = Vec::new();
    for command in all {
        if !found.iter().any(|known| known.line == command.line && known.cwd == command.cwd) {
            found.push(command);
        }
    }
    found
}

fn why_not(command: &MinedCommand, ruling: Option<&Evidence>) -> String {
    match ruling {
        None => "the ecosystem has no form for it".to_owned(),
        Some(ruling) if ruling.trust > command.evidence.trust => format!(
            "{} is trusted more than {}",
            ruling.trust.source(),
            command.evidence.trust.source()
        ),
        Some(ruling) if ruling.trust == command.evidence.trust => {
            format!("`{}` is another job, target or part", command.context)
        }
        Some(_) => "the ecosystem's own form does the same".to_owned(),
    }
}

fn services(analysis: &Analysis, plan: &RunPlan, out: &mut Vec<String>) {
    if analysis.services.is_empty() && plan.topology.is_empty() {
        return;
    }
    heading(out, "SERVICES");
    for service in &analysis.services {
        let version = service.version.as_deref().unwrap_or("any version");
        out.push(format!("  {} ({version})", service.kind.as_str()));
        out.extend(reasons(&service.evidence, 4, "    "));
        for binding in &service.bindings {
            out.push(format!("    the code finds it by {}", binding.name));
        }
    }
    out.extend(topology(plan));
}

/// What is up, in start order.
pub(crate) fn topology(plan: &RunPlan) -> Vec<String> {
    let mut out = Vec::new();
    for (at, node) in plan.topology.iter().enumerate() {
        let port = node.port.map_or(String::new(), |port| format!(" on port {port}"));
        let after = if node.after.is_empty() {
            String::new()
        } else {
            format!(", after {}", node.after.join(", "))
        };
        out.push(format!(
            "  {}. {}{port}{after}: up when it {}",
            at + 1,
            node.name,
            verb(&node.health)
        ));
        out.extend(reasons(&node.evidence, 2, "    "));
    }
    out
}

/// `GET / answers` is a sentence of its own.
fn verb(health: &str) -> String {
    health.strip_prefix("GET ").map_or_else(
        || health.to_owned(),
        |rest| {
            let (paths, rest) = rest.split_once(" answers ").unwrap_or((rest, ""));
            format!("answers GET {paths} {rest}")
        },
    )
}

fn group(analysis: &Analysis, title: &str, wanted: &fn(&FactKey) -> bool, out: &mut Vec<String>) {
    let mut facts: Vec<&Fact> = analysis.facts.iter().filter(|fact| wanted(&fact.key)).collect();
    if facts.is_empty() {
        return;
    }
    facts.sort_by_key(|fact| {
        (fact.unit.clone(), name(fact), fact.superseded, std::cmp::Reverse(fact.evidence.trust))
    });
    heading(out, &title.to_uppercase());
    for fact in facts.iter().take(FACTS) {
        let unit = if fact.unit.is_empty() { String::new() } else { format!("  at {}", fact.unit) };
        let lost = if fact.superseded {
            format!(
                "  lost to {}",
                if fact.superseded_by.is_empty() {
                    "a stronger source"
                } else {
                    &fact.superseded_by
                }
            )
        } else {
            String::new()
        };
        out.push(format!("  {}  {}{unit}{lost}", shown(fact), fact.evidence.place()));
    }
    more(facts.len(), FACTS, out);
}

fn name(fact: &Fact) -> String {
    match &fact.key {
        FactKey::Variable(name) => name.clone(),
        _ => String::new(),
    }
}

fn shown(fact: &Fact) -> String {
    let FactKey::Variable(name) = &fact.key else { return fact.value.clone() };
    let secret = fact.marks.contains(&FactMark::Secret);
    let value = match (fact.value.is_empty(), secret) {
        (true, _) => String::new(),
        (false, true) => " = (hidden)".to_owned(),
        (false, false) => format!(" = {}", fact.value),
    };
    let marks: Vec<&str> = fact
        .marks
        .iter()
        .map(|mark| match mark {
            FactMark::Secret => "secret",
            FactMark::Required => "required",
        })
        .collect();
    let marks = if marks.is_empty() { String::new() } else { format!(" [{}]", marks.join(", ")) };
    format!("{name}{value}{marks}")
}

fn structure(analysis: &Analysis, out: &mut Vec<String>) {
    if analysis.workspaces.is_empty() && analysis.links.is_empty() {
        return;
    }
    heading(out, "STRUCTURE");
    for tool in &analysis.workspaces {
        let members = if tool.members.is_empty() {
            String::new()
        } else {
            format!(": {}", tool.members.join(", "))
        };
        out.push(format!(
            "  {} holds {}{members}  {}",
            tool.tool,
            place(&tool.folder),
            tool.evidence.place()
        ));
    }
    for link in analysis.links.iter().take(FACTS) {
        out.push(format!(
            "  {} needs {} ({})  {}",
            place(&link.from),
            place(&link.to),
            link.by,
            link.evidence.place()
        ));
    }
    more(analysis.links.len(), FACTS, out);
}

/// Commands of classes that are data only.
fn never_run(analysis: &Analysis, out: &mut Vec<String>) {
    let mut classes: BTreeMap<&str, Vec<&MinedCommand>> = BTreeMap::new();
    for command in &analysis.commands {
        let class = match command.class {
            CommandClass::Deploy => "deploys",
            CommandClass::Publish => "publishes",
            CommandClass::Destructive => "deletes or overwrites",
            CommandClass::Lint => "lints",
            CommandClass::Unknown => "not known",
            _ => continue,
        };
        classes.entry(class).or_default().push(command);
    }
    if classes.is_empty() {
        return;
    }
    heading(out, "FOUND AND NEVER RUN");
    for (class, commands) in classes {
        let commands = distinct(commands.into_iter());
        for command in commands.iter().take(LOSERS) {
            let line = one_line(&command.line);
            out.push(format!("  {class}: `{line}`  {}", command.evidence.place()));
        }
        more(commands.len(), LOSERS, out);
    }
}

fn remarks(analysis: &Analysis, plan: &RunPlan, out: &mut Vec<String>) {
    let notes: Vec<&String> = analysis.notes.iter().chain(&plan.notes).collect();
    if notes.is_empty() && analysis.overrides.is_empty() {
        return;
    }
    heading(out, "REMARKS");
    for change in &analysis.overrides {
        let place = change.evidence.first().map_or_else(String::new, Evidence::place);
        out.push(format!(
            "  {} {} {}  {place}",
            change.field,
            change.operation.as_str(),
            change.values.join(", ")
        ));
    }
    out.extend(notes.into_iter().map(|note| format!("  {note}")));
}

fn more(count: usize, shown: usize, out: &mut Vec<String>) {
    if count > shown {
        out.push(format!("    and {} more (`--output json` has all)", count - shown));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rr_core::{Command, EcosystemId, Step, Trust};

    fn mined(line: &str, class: CommandClass, path: &str, trust: Trust) -> MinedCommand {
        MinedCommand {
            line: line.to_owned(),
            class,
            cwd: String::new(),
            env: BTreeMap::new(),
            context: "job".to_owned(),
            evidence: Evidence::at(path, "rule", trust).with_line(3, line),
        }
    }

    #[test]
    fn winners_have_their_reason_and_losers_theirs() {
        let mut port =
            Fact::new(FactKey::Port, "", "80", Evidence::at("README.md", "readme", Trust::Readme));
        port.superseded = true;
        port.superseded_by = "`8000` of Dockerfile:2 (dockerfile): …".to_owned();
        let mut token = Fact::new(
            FactKey::Variable("API_TOKEN".to_owned()),
            "",
            "s3cr3t",
            Evidence::at(".env.example", "dotenv", Trust::Container),
        );
        token.marks.push(FactMark::Secret);
        let analysis = Analysis {
            commands: vec![
                mined("pytest -q", CommandClass::Test, "ci.yml", Trust::Ci),
                mined("make test", CommandClass::Test, "README.md", Trust::Readme),
                mined("npm publish", CommandClass::Publish, "ci.yml", Trust::Ci),
            ],
            facts: vec![port, token],
            ..Analysis::default()
        };
        let step = Step::new(
            "t",
            &EcosystemId::new("python"),
            "",
            StepKind::Test,
            "test",
            Command::shell("pytest -q"),
        )
        .because(analysis.commands[0].evidence.clone())
        .because(analysis.commands[0].evidence.clone());
        let plan = RunPlan { steps: vec![step], ..RunPlan::default() };
        let text = lines(&analysis, &plan).join("\n");
        for part in [
            "because ci.yml:3 (rule)  pytest -q",
            "not taken: `make test` in .  README.md:3 (rule): CI is trusted more than README",
            "publishes: `npm publish`  ci.yml:3 (rule)",
            "80  README.md (readme)  lost to `8000` of Dockerfile:2",
            "API_TOKEN = (hidden) [secret]",
        ] {
            assert!(text.contains(part), "{part} is not in:\n{text}");
        }
        assert_eq!(text.matches("because ci.yml:3").count(), 1, "{text}");
        assert!(!text.contains("not taken: `pytest -q`") && !text.contains("s3cr3t"));
    }

    #[test]
    fn commands_of_several_lines_are_shown_by_their_first() {
        assert_eq!(one_line("a b"), "a b");
        assert_eq!(one_line("\na\n\n  b\nc\n"), "a (and 2 more lines)");
        assert_eq!(one_line(&"é".repeat(300)).chars().count(), WIDTH + 1);
    }
}
