//! FixerAgent: what is wrong with a failed step, and what may cure it.

use std::sync::Arc;

use rr_core::{
    AgentName, Analysis, CaseOutcome, Diagnosis, FailedStep, PlanEdit, Remedy, RemedyKind, RunPlan,
    Step, SystemNeed, TestRun, remedy_policy,
};
use serde::{Deserialize, Serialize};

use crate::session::RunSession;
use crate::shell::AgentShell;
use crate::step_runner::StepResult;

/// Most bytes of failing cases' messages that are handed to the rules.
const MESSAGES: usize = 96 << 10;

/// Diagnoses a failed step.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct FixerTask {
    /// The step as it was run.
    pub step: Step,
    /// How it ended.
    pub result: StepResult,
    /// For test steps: the outcomes.
    pub tests: Option<TestRun>,
    /// The plan as it stands.
    pub plan: RunPlan,
    /// The analysis.
    pub analysis: Analysis,
    /// Signatures treated so far.
    pub treated: Vec<String>,
}

/// The agent.
pub type FixerAgent = AgentShell<FixerTask, Vec<Diagnosis>>;

impl FixerAgent {
    /// An agent of this run.
    #[must_use]
    pub fn of(session: Arc<RunSession>) -> Self {
        Self::new(AgentName::FixerAgent, move |task: FixerTask| Ok(diagnose(&session, &task)))
    }
}

fn diagnose(session: &RunSession, task: &FixerTask) -> Vec<Diagnosis> {
    let environment = session.environment();
    let output = evidence(&task.result, task.tests.as_ref());
    let failed = FailedStep {
        step: &task.step,
        outcome: &task.result.outcome,
        output: &output,
        tests: task.tests.as_ref(),
        plan: &task.plan,
        analysis: &task.analysis,
        environment: &environment,
        treated: &task.treated,
    };
    let mut diagnoses = session.engine.analyzer.diagnose(&session.source(), &failed);
    for diagnosis in &mut diagnoses {
        resolve_needs(session, diagnosis);
        refuse(diagnosis, &task.plan);
    }
    diagnoses
}

/// The step's output, head and tail joined, then the messages of failing cases.
pub(crate) fn evidence(result: &StepResult, tests: Option<&TestRun>) -> String {
    let outcome = &result.outcome;
    let mut text = String::with_capacity(outcome.head.len() + outcome.tail.len());
    if !outcome.head.is_empty() {
        text.push_str(&outcome.head);
        text.push_str("\n[...]\n");
    }
    text.push_str(&outcome.tail);
    let bad = |case: &&rr_core::TestCase| {
        matches!(case.outcome, CaseOutcome::Failed | CaseOutcome::Errored)
    };
    for case in tests.into_iter().flat_map(|run| &run.cases).filter(bad) {
        if text.len() > outcome.head.len() + outcome.tail.len() + MESSAGES {
            break;
        }
        text.push('\n');
        text.push_str(&case.message);
    }
    text
}

/// Replaces `need:<kind>:<name>` packages by the distribution's own names. A remedy whose need
/// nothing brings is taken out.
fn resolve_needs(session: &RunSession, diagnosis: &mut Diagnosis) {
    diagnosis.remedies.retain_mut(|remedy| {
        resolve(remedy, &|need| session.engine.packages.find(need).into_iter().next())
    });
}

/// Takes out the remedies that the policy refuses, and says so in the explanation.
fn refuse(diagnosis: &mut Diagnosis, plan: &RunPlan) {
    let Diagnosis { remedies, explanation, .. } = diagnosis;
    remedies.retain(|remedy| match allowed(remedy, plan) {
        Ok(()) => true,
        Err(why) => {
            explanation.push_str(&format!("; the remedy `{}` is refused: {why}", remedy.title));
            false
        }
    });
}

/// Whether a remedy of the rules passes the policy. A step that it adds may have the variables that a
/// step of the plan has already, such as where a package manager keeps its cache.
fn allowed(remedy: &Remedy, plan: &RunPlan) -> Result<(), String> {
    let mut added = remedy.clone();
    for edit in &mut added.edits {
        if let PlanEdit::InsertBefore { step, .. } = edit {
            let known = |(name, value): (&String, &String)| {
                plan.steps.iter().any(|present| present.env.get(name) == Some(value))
            };
            step.env.retain(|name, value| !known((name, value)));
        }
    }
    remedy_policy::check(&added, plan)
}

/// Whether every need of a remedy is met. Its title keeps its own words; only the name of a need
/// in them gives way to the package's.
fn resolve(remedy: &mut Remedy, find: &dyn Fn(&SystemNeed) -> Option<String>) -> bool {
    let mut found = Vec::new();
    for edit in &mut remedy.edits {
        let PlanEdit::RequireSystemPackage { package } = edit else { continue };
        if let Some(need) = parse_need(&package.name) {
            let Some(name) = find(&need) else { return false };
            remedy.title = remedy.title.replace(&package.name, &name);
            package.name = name;
        }
        found.push(package.name.clone());
    }
    if let RemedyKind::InstallSystemPackage { names } = &mut remedy.kind
        && !found.is_empty()
    {
        *names = found;
    }
    true
}

/// Reads `need:header:libpq-fe.h` and its like.
fn parse_need(name: &str) -> Option<SystemNeed> {
    let (kind, thing) = name.strip_prefix("need:")?.split_once(':')?;
    let thing = thing.to_owned();
    match kind {
        "header" => Some(SystemNeed::Header(thing)),
        "pkgconfig" => Some(SystemNeed::PkgConfig(thing)),
        "library" => Some(SystemNeed::Library(thing)),
        "program" => Some(SystemNeed::Program(thing)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use rr_core::SystemPackage;

    use super::*;

    fn remedy(title: &str, packages: &[&str]) -> Remedy {
        let names: Vec<String> = packages.iter().map(|name| (*name).to_owned()).collect();
        let packages =
            names.iter().map(|name| SystemPackage { name: name.clone(), evidence: vec![] });
        Remedy {
            title: title.to_owned(),
            edits: packages.map(|package| PlanEdit::RequireSystemPackage { package }).collect(),
            kind: RemedyKind::InstallSystemPackage { names },
            resume_at: None,
        }
    }

    fn found(need: &SystemNeed) -> Option<String> {
        matches!(need, SystemNeed::Header(name) if name == "a.h").then(|| "liba-dev".to_owned())
    }

    #[test]
    fn an_added_step_may_have_what_the_plan_sets_and_nothing_more() {
        use rr_core::{Command, EcosystemId, StepId, StepKind};

        let id = EcosystemId::new("javascript");
        let step = |name: &str, variable: &str, value: &str| {
            let command = Command::argv(["npm", "install"]);
            Step::new(name, &id, "", StepKind::Install, "install", command)
                .with_env(variable, value)
        };
        let present = step("install", "npm_config_cache", "@{caches}/npm");
        let plan = RunPlan { steps: vec![present], ..RunPlan::default() };
        let adding = |variable: &str, value: &str| Remedy {
            kind: RemedyKind::AddDependency { names: vec!["mocha".into()] },
            title: "add".to_owned(),
            edits: vec![PlanEdit::InsertBefore {
                before: StepId::new("install"),
                step: Box::new(step("add", variable, value)),
            }],
            resume_at: None,
        };
        let mut diagnosis = Diagnosis {
            signature: "s".to_owned(),
            cause: rr_core::CauseClass::Environment,
            step: StepId::new("install"),
            evidence_line: String::new(),
            explanation: "mocha is missing".to_owned(),
            confidence: 0.9,
            remedies: vec![
                adding("npm_config_cache", "@{caches}/npm"),
                adding("npm_config_cache", "/elsewhere"),
                adding("npm_config_registry", "http://a.example"),
            ],
        };
        refuse(&mut diagnosis, &plan);
        assert_eq!(diagnosis.remedies, [adding("npm_config_cache", "@{caches}/npm")]);
        let said = diagnosis.explanation.matches("the remedy `add` is refused").count();
        assert_eq!(said, 2, "{}", diagnosis.explanation);
    }

    #[test]
    fn needs_become_packages_and_titles_keep_their_own_words() {
        let mut own = remedy("link with the older libb", &["libb-1.0"]);
        assert!(resolve(&mut own, &found));
        assert_eq!(own.title, "link with the older libb");
        let mut asked = remedy("install need:header:a.h for the build", &["need:header:a.h"]);
        assert!(resolve(&mut asked, &found));
        assert_eq!(asked.title, "install liba-dev for the build");
        assert_eq!(asked.kind, RemedyKind::InstallSystemPackage { names: vec!["liba-dev".into()] });
        assert!(!resolve(&mut remedy("x", &["need:header:b.h"]), &found));
    }
}
