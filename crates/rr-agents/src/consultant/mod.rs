//! FixerAgent with a model: asks it what may cure a failure that no rule knows a remedy for.
//!
//! The model answers with one of a closed list of actions. It looks, bounded, at what it asks for,
//! and what it proposes passes the same checks as any remedy before anything comes of it.

mod action;
mod looks;

use std::sync::Arc;

use rr_core::{
    AgentName, Analysis, FailedStep, FixRecord, GenerativeModel, ModelConsultation, Part, Prompt,
    Proposal, Remedy, RunPlan, Step, TestRun, Turn,
};
use serde::{Deserialize, Serialize};

use crate::fixer::evidence;
use crate::session::RunSession;
use crate::shell::AgentShell;
use crate::step_runner::StepResult;
use action::{Action, Look};

/// Most proposals that are refused before the consultation ends.
const MOST_REFUSED: usize = 3;
/// Bytes of the failure's output that a model is shown at first.
const OUTPUT: usize = 12 << 10;
/// Tokens of one answer.
const ANSWER: u32 = 500;

/// Asks about a failed step.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ConsultTask {
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
    /// The failure's signature.
    pub signature: String,
    /// The log line that tells most.
    pub evidence_line: String,
    /// What the rules say of it, in words; they offer no remedy.
    pub explanations: Vec<String>,
    /// Remedies tried in this run, as they are named for people.
    pub tried: Vec<String>,
    /// Logs of the run's attempts, relative to its folder.
    pub logs: Vec<String>,
    /// What helped against such failures before.
    pub remembered: Vec<FixRecord>,
}

/// What came of it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Consulted {
    /// The remedy, checked.
    pub remedy: Option<Remedy>,
    /// For the record; its calls are filled in by whoever accounts for them.
    pub consultation: ModelConsultation,
}

/// The agent.
pub type ConsultantAgent = AgentShell<ConsultTask, Consulted>;

impl ConsultantAgent {
    /// An agent of this run that asks this model, in the name of the FixerAgent.
    #[must_use]
    pub fn asking(session: Arc<RunSession>, model: Arc<dyn GenerativeModel>) -> Self {
        Self::new(AgentName::FixerAgent, move |task: ConsultTask| {
            let mut conversation = Conversation::about(&session, &task);
            conversation.hold(&session, model.as_ref());
            Ok(conversation.consulted)
        })
    }
}

struct Conversation<'a> {
    task: &'a ConsultTask,
    turns: Vec<Turn>,
    consulted: Consulted,
}

impl<'a> Conversation<'a> {
    fn about(session: &RunSession, task: &'a ConsultTask) -> Self {
        let consultation = ModelConsultation {
            step: task.step.id.to_string(),
            signature: task.signature.clone(),
            ..ModelConsultation::default()
        };
        let consulted = Consulted { remedy: None, consultation };
        Self { task, turns: vec![Turn::Ask(question(session, task))], consulted }
    }

    /// Asks until there is a remedy, or nothing more to ask.
    fn hold(&mut self, session: &RunSession, model: &dyn GenerativeModel) {
        loop {
            let prompt = Prompt {
                purpose: "propose-remedy".to_owned(),
                system: system(),
                turns: self.turns.clone(),
                schema: Some(action::schema()),
                max_tokens: ANSWER,
            };
            let answer = match model.generate(&prompt, &session.cancel) {
                Ok(answer) => answer,
                Err(error) => {
                    self.consulted.consultation.error = Some(error.message);
                    return;
                }
            };
            self.consulted.consultation.model = answer.model;
            self.turns.push(Turn::Answer(answer.text));
            let read = Action::read(answer.value.as_ref().unwrap_or_default());
            let ended = match read {
                Ok(Action::Look(look)) => self.look(session, &look),
                Ok(Action::Propose(proposal)) => self.consider(session, &proposal),
                Ok(Action::GiveUp { cause, reason }) => {
                    self.consulted.consultation.cause = cause;
                    self.consulted.consultation.reason = reason;
                    true
                }
                Err(why) => self.refuse("an answer", &why),
            };
            if ended {
                return;
            }
        }
    }

    /// Shows what was asked for, as often as is allowed.
    fn look(&mut self, session: &RunSession, look: &Look) -> bool {
        let told = look.to_string();
        let inspected = &mut self.consulted.consultation.inspected;
        if inspected.len() >= looks::MOST_LOOKS || inspected.contains(&told) {
            return self
                .refuse(&told, "that was shown, or enough was: propose a remedy or give up");
        }
        inspected.push(told.clone());
        let shown = looks::show(session, &self.task.logs, look);
        let parts = vec![Part::untrusted(told, shown), Part::ours("What next?")];
        self.turns.push(Turn::Ask(parts));
        false
    }

    /// Makes a remedy of a proposal, or tells why that cannot be.
    fn consider(&mut self, session: &RunSession, proposal: &Proposal) -> bool {
        let task = self.task;
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
            treated: &[],
        };
        let analyzer = &session.engine.analyzer;
        match analyzer.carry_out(&session.source(), &failed, proposal) {
            Ok(remedy) if task.tried.contains(&remedy.title) => {
                self.refuse(&proposal.to_string(), "that was tried in this run and did not help")
            }
            Ok(remedy) => {
                let consultation = &mut self.consulted.consultation;
                consultation.proposed = Some(remedy.title.clone());
                consultation.reason.clone_from(&proposal.reason);
                self.consulted.remedy = Some(remedy);
                true
            }
            Err(why) => self.refuse(&proposal.to_string(), &why),
        }
    }

    fn refuse(&mut self, what: &str, why: &str) -> bool {
        let what: String = what.chars().take(200).collect();
        let refused = &mut self.consulted.consultation.refused;
        refused.push(format!("{what}: {why}"));
        let parts = vec![
            Part::ours("That is refused:"),
            Part::untrusted("the refusal", why),
            Part::ours("Answer with another action."),
        ];
        self.turns.push(Turn::Ask(parts));
        refused.len() >= MOST_REFUSED
    }
}

fn system() -> String {
    format!(
        "You help to set up and test a repository in a sandbox. A step failed, and no rule knows a \
         remedy. Find out why it failed and propose one remedy, or give up where the failure is the \
         repository's own. Remedies change how the repository is set up, never its sources or its \
         tests. Each answer is one action with a short reason.\n\n{}",
        action::MANUAL
    )
}

/// The first question: what failed, and what is known.
fn question(session: &RunSession, task: &ConsultTask) -> Vec<Part> {
    let step = &task.step;
    let list = |items: Vec<String>| match items.is_empty() {
        true => "none".to_owned(),
        false => items.join(", "),
    };
    let tools = task.plan.toolchains.iter().map(|t| t.tool.clone()).collect();
    let packages = task.plan.system_packages.iter().map(|p| p.name.clone()).collect();
    let services = task.plan.services.iter().map(|s| s.kind.as_str().to_owned()).collect();
    let logs = task.logs.iter().map(|log| log.rsplit('/').next().unwrap_or(log).to_owned());
    let known = format!(
        "Step `{}` ({} of {}) ended with {}.\nToolchains: {}. Debian packages: {}. Services: {}.\n\
         Logs: {}.",
        step.id,
        step.kind.as_str(),
        step.ecosystem,
        task.result.outcome.exit,
        list(tools),
        list(packages),
        list(services),
        list(logs.collect()),
    );
    let mut parts = vec![Part::ours(known)];
    parts.push(Part::untrusted("the command", step.command.to_string()));
    if !task.explanations.is_empty() {
        parts.push(Part::untrusted("what the rules see", task.explanations.join("\n")));
    }
    if !task.tried.is_empty() {
        parts.push(Part::untrusted("tried without success", task.tried.join("\n")));
    }
    let helped = task.remembered.iter().filter(|record| record.counts.cured > 0);
    let helped: Vec<String> = helped
        .map(|r| format!("{} ({} of {})", r.key.remedy, r.counts.cured, r.counts.tries))
        .collect();
    if !helped.is_empty() {
        parts.push(Part::untrusted("helped against such failures before", helped.join("\n")));
    }
    let output = evidence(&task.result, task.tests.as_ref());
    let from = output.ceil_char_boundary(output.len().saturating_sub(OUTPUT));
    parts.push(Part::untrusted("the end of the failed step's output", &output[from..]));
    if let Some(places) = looks::places(session, &task.evidence_line) {
        parts.push(Part::untrusted("places that the index finds for its last line", places));
    }
    parts.push(Part::ours("What next?"));
    parts
}
