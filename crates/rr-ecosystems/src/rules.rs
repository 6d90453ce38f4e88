//! A small engine for diagnosis by rule: one expression over a step's output, one class of cause,
//! and what may cure it.
//!
//! Ecosystems bring their own tables of [`Rule`]s; nothing here knows any of them.

use regex::{Captures, Regex};
use rr_core::{
    CauseClass, Command, Diagnosis, Evidence, FailedStep, HealthProbe, PlanEdit, ProbeKind, Remedy,
    RemedyKind, RepoView, Step, StepId, StepKind, SystemPackage, ToolchainRequirement, Trust,
    VersionRequest,
};

/// One rule.
pub(crate) struct Rule {
    /// Stable name of the error's class: `rust.missing-library`.
    pub(crate) id: &'static str,
    /// Expression over the output, in multi-line mode. Its first group is the subject.
    pub(crate) pattern: &'static str,
    /// Kinds of steps the rule is for; empty for all.
    pub(crate) kinds: &'static [StepKind],
    /// Why such steps fail.
    pub(crate) cause: CauseClass,
    /// How sure the rule is, from 0 to 1.
    pub(crate) confidence: f32,
    /// One sentence; `{}` stands for the subject.
    pub(crate) explanation: &'static str,
    /// What may cure it.
    pub(crate) cure: fn(&Match<'_>) -> Vec<Remedy>,
}

/// What a rule matched, and where.
pub(crate) struct Match<'a> {
    /// The groups of the expression, the whole match first.
    pub(crate) groups: Vec<String>,
    /// The step that failed.
    pub(crate) failed: &'a FailedStep<'a>,
    /// The tree.
    pub(crate) repo: &'a dyn RepoView,
}

impl Match<'_> {
    /// The first group, or nothing.
    pub(crate) fn subject(&self) -> &str {
        self.groups.get(1).map_or("", String::as_str)
    }
}

/// Applies a table of rules; the surest diagnosis first. A rule gives one diagnosis per subject,
/// at most five.
pub(crate) fn apply(
    rules: &[Rule],
    repo: &dyn RepoView,
    failed: &FailedStep<'_>,
) -> Vec<Diagnosis> {
    let mut found = Vec::new();
    for rule in rules {
        if !rule.kinds.is_empty() && !rule.kinds.contains(&failed.step.kind) {
            continue;
        }
        let Ok(expression) = Regex::new(&format!("(?m){}", rule.pattern)) else { continue };
        let mut subjects: Vec<String> = Vec::new();
        for captures in expression.captures_iter(failed.output) {
            let groups = groups(&captures);
            let subject = groups.get(1).cloned().unwrap_or_default();
            if subjects.len() >= 5 || subjects.contains(&subject) {
                continue;
            }
            subjects.push(subject);
            let at = captures.get(0).map_or(0, |whole| whole.start());
            found.push(diagnosis(rule, &Match { groups, failed, repo }, at));
        }
    }
    found.sort_by(|a: &Diagnosis, b| b.confidence.total_cmp(&a.confidence));
    found
}

fn diagnosis(rule: &Rule, found: &Match<'_>, at: usize) -> Diagnosis {
    let subject = found.subject();
    let signature = match subject {
        "" => rule.id.to_owned(),
        subject => format!("{}:{}", rule.id, subject.chars().take(80).collect::<String>()),
    };
    Diagnosis {
        signature,
        cause: rule.cause,
        step: found.failed.step.id.clone(),
        evidence_line: line_at(found.failed.output, at),
        explanation: rule.explanation.replace("{}", subject),
        confidence: rule.confidence,
        remedies: (rule.cure)(found),
    }
}

fn groups(captures: &Captures<'_>) -> Vec<String> {
    captures.iter().map(|group| group.map_or(String::new(), |g| g.as_str().to_owned())).collect()
}

fn line_at(text: &str, at: usize) -> String {
    let start = text[..at].rfind('\n').map_or(0, |newline| newline + 1);
    text[start..].lines().find(|line| !line.trim().is_empty()).unwrap_or_default().trim().to_owned()
}

/// Nothing we know cures it.
pub(crate) fn no_cure(_: &Match<'_>) -> Vec<Remedy> {
    Vec::new()
}

/// Operating-system packages; `need:program:cmake` and its like are looked up.
pub(crate) fn packages(rule: &str, names: &[&str]) -> Remedy {
    let evidence = || vec![Evidence::at("", rule, Trust::Default)];
    Remedy {
        kind: RemedyKind::InstallSystemPackage {
            names: names.iter().map(|name| (*name).to_owned()).collect(),
        },
        title: format!("install system package {}", names.join(", ")),
        edits: names
            .iter()
            .map(|name| PlanEdit::RequireSystemPackage {
                package: SystemPackage { name: (*name).to_owned(), evidence: evidence() },
            })
            .collect(),
        resume_at: None,
    }
}

/// Another version of a toolchain.
pub(crate) fn toolchain(tool: &str, version: VersionRequest, rule: &str) -> Remedy {
    let text = match &version {
        VersionRequest::Any => "newest".to_owned(),
        VersionRequest::Exact(text) | VersionRequest::Range(text) => text.clone(),
        VersionRequest::OneOf(list) => list.join(" or "),
    };
    Remedy {
        kind: RemedyKind::UseToolchain { tool: tool.to_owned(), version: text.clone() },
        title: format!("use {tool} {text}"),
        edits: vec![PlanEdit::RequireToolchain {
            toolchain: ToolchainRequirement {
                tool: tool.to_owned(),
                version,
                evidence: vec![Evidence::at("", rule, Trust::Default)],
            },
        }],
        resume_at: None,
    }
}

/// A variable for every step.
pub(crate) fn variable(name: &str, value: &str) -> Remedy {
    Remedy {
        kind: RemedyKind::SetVariable { name: name.to_owned() },
        title: format!("set {name}={value}"),
        edits: vec![PlanEdit::SetEnv {
            step: None,
            name: name.to_owned(),
            value: value.to_owned(),
        }],
        resume_at: None,
    }
}

/// Another command for the failed step.
pub(crate) fn command(found: &Match<'_>, command: Command, title: &str) -> Remedy {
    Remedy {
        kind: RemedyKind::ChangeCommand { to: command.to_string() },
        title: title.to_owned(),
        edits: vec![PlanEdit::SetCommand { step: found.failed.step.id.clone(), command }],
        resume_at: None,
    }
}

/// A step of our own before the failed one, in its folder, with registries at hand.
pub(crate) fn step_before(found: &Match<'_>, id: &str, title: &str, line: &str) -> Remedy {
    let failed = found.failed.step;
    let kind = if failed.kind < StepKind::Build { failed.kind } else { StepKind::Build };
    let command = Command::shell(line);
    let mut step = Step::new(id, &failed.ecosystem, &failed.unit, kind, title, command);
    step.cwd.clone_from(&failed.cwd);
    Remedy {
        kind: RemedyKind::PatchRecipe { what: title.to_owned() },
        title: title.to_owned(),
        edits: vec![PlanEdit::InsertBefore { before: failed.id.clone(), step: Box::new(step) }],
        resume_at: Some(StepId::new(id)),
    }
}

/// A program that was taken for a server and only told how it is used: it is run as a command.
pub(crate) fn run_as_command(found: &Match<'_>) -> Vec<Remedy> {
    let failed = found.failed.step;
    let Command::Argv(words) = &failed.command else { return Vec::new() };
    let Some(program) = words.first() else { return Vec::new() };
    let mut step = failed.clone();
    let line = format!("{program} --version || {program} --help || {program} help");
    step.command = Command::shell(&line);
    step.title = "run the program".to_owned();
    step.probe =
        Some(HealthProbe { kind: ProbeKind::ExitCode, expected_port: None, start_seconds: 60 });
    vec![Remedy {
        kind: RemedyKind::ChangeCommand { to: line },
        title: "run it as a command: without arguments it serves nothing".to_owned(),
        edits: vec![PlanEdit::ReplaceStep { step: Box::new(step) }],
        resume_at: None,
    }]
}

/// The same commands without (or with other) words, in every step of the failed step's unit.
/// `None` where that changes nothing.
pub(crate) fn rewrite(
    found: &Match<'_>,
    title: &str,
    change: impl Fn(&[String]) -> Vec<String>,
) -> Option<Remedy> {
    let failed = found.failed.step;
    let edits: Vec<PlanEdit> = found
        .failed
        .plan
        .steps
        .iter()
        .filter(|step| step.ecosystem == failed.ecosystem && step.unit == failed.unit)
        .filter_map(|step| {
            let command = match &step.command {
                Command::Argv(words) => Command::Argv(change(words)),
                Command::Shell(line) => {
                    let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
                    Command::Shell(change(&words).join(" "))
                }
            };
            (command != step.command)
                .then(|| PlanEdit::SetCommand { step: step.id.clone(), command })
        })
        .collect();
    (!edits.is_empty()).then(|| Remedy {
        kind: RemedyKind::ChangeCommand { to: title.to_owned() },
        title: title.to_owned(),
        edits,
        resume_at: None,
    })
}
