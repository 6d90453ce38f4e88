//! FixerAgent: what is wrong with a failed step, and what may cure it.

use std::sync::Arc;

use rr_core::{
    AgentName, Analysis, CaseOutcome, Diagnosis, FailedStep, PlanEdit, RemedyKind, RunPlan, Step,
    SystemNeed, TestRun, remedy_policy,
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
        diagnosis.remedies.retain(|remedy| remedy_policy::check(remedy, &task.plan).is_ok());
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
        let mut found = Vec::new();
        for edit in &mut remedy.edits {
            let PlanEdit::RequireSystemPackage { package } = edit else { continue };
            if let Some(need) = parse_need(&package.name) {
                match session.engine.packages.find(&need).into_iter().next() {
                    Some(name) => package.name = name,
                    None => return false,
                }
            }
            found.push(package.name.clone());
        }
        if let RemedyKind::InstallSystemPackage { names } = &mut remedy.kind
            && !found.is_empty()
        {
            remedy.title = format!("install system package {}", found.join(", "));
            *names = found;
        }
        true
    });
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
