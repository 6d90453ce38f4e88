//! The step in which a language model is asked about a failure that no rule has a remedy for.
//!
//! What it proposes goes the way of every remedy: applied after a snapshot, judged by what the step
//! does then, taken back where it did not help, and kept in the fix memory.

use rr_agents::{ConsultTask, StepResult};
use rr_core::{
    Analysis, CauseClass, Decision, Diagnosis, FixKey, ManagerName, ModelConsultation, Phase,
    RunEvent, RunPlan, Step,
};
use rr_models::Spent;
use rr_workflow::{StepContext, StepError};
use serde::{Deserialize, Serialize};

use super::input::Timed;
use super::progress::Progress;
use super::repair::{Failure, last_telling_line};
use super::step_errors::{agent_error, run_error};
use super::steps::{Chosen, timed};
use crate::live::LiveRun;
use crate::{cases, fixes};

/// From this version of the workflow on, models are asked.
pub(super) const SINCE: u32 = 5;
/// Most consultations about one step.
const PER_STEP: usize = 3;
/// Most consultations of one run.
const PER_RUN: usize = 8;
/// From this confidence on, a rule that says that nothing can be done is believed.
const SURE: f32 = 0.7;

/// Input of `consult-model`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Consult {
    pub step: Step,
    pub result: StepResult,
    pub tests_file: Option<String>,
    pub plan: RunPlan,
    pub analysis: Analysis,
    /// What is treated: the surest diagnosis, or the failure as nobody explains it.
    pub diagnosis: Diagnosis,
    pub tried: Vec<String>,
    pub logs: Vec<String>,
    /// Tokens and cost that the run's consultations before this one used.
    pub spent: (u64, u64),
}

/// Result of `consult-model`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Consulting {
    pub chosen: Option<Chosen>,
    pub consultation: ModelConsultation,
}

/// Whether a model may find what the rules did not: it is not asked about what they are sure of,
/// nor again and again.
pub(super) fn is_worth_it(
    progress: &Progress,
    failure: &Failure<'_>,
    diagnoses: &[Diagnosis],
) -> bool {
    let ours = |cause| matches!(cause, CauseClass::Environment | CauseClass::Timeout);
    let settled = diagnoses.first().is_some_and(|d| !ours(d.cause) && d.confidence >= SURE);
    let asked = &progress.consultations;
    let of_step = asked.iter().filter(|c| c.step == failure.step.id.as_str()).count();
    // What is left of a suite that ran to its end is mostly its own.
    let most = if failure.score.proves { 1 } else { PER_STEP };
    let fruitless = asked.iter().rev().take_while(|c| c.proposed.is_none()).count();
    !settled && of_step < most && asked.len() < PER_RUN && fruitless < PER_STEP
}

/// What the step is given.
pub(super) fn input(
    progress: &Progress,
    failure: &Failure<'_>,
    diagnosis: &Diagnosis,
    tried: &[String],
) -> Consult {
    let totals = progress.consultations.iter().map(ModelConsultation::totals);
    let spent = totals.fold((0, 0), |(tokens, cost), (sent, received, micros)| {
        (tokens + sent + received, cost + micros.unwrap_or(0))
    });
    let title = |key: &String| key.split_once(" -> ").map_or("", |(_, title)| title).to_owned();
    Consult {
        step: failure.step.clone(),
        result: failure.result.clone(),
        tests_file: failure.tests_file.clone(),
        plan: progress.plan.clone(),
        analysis: progress.analysis.clone(),
        diagnosis: diagnosis.clone(),
        tried: tried.iter().map(title).collect(),
        logs: progress.attempts.iter().map(|attempt| attempt.log.clone()).collect(),
        spent,
    }
}

/// A failure as nobody explains it, under a signature that stays the same while it does.
pub(super) fn unexplained(step: &Step, result: &StepResult) -> Diagnosis {
    let line = last_telling_line(result);
    // Numbers, addresses and times change from one attempt to the next.
    let changes = |word: &str| word.bytes().any(|b| b.is_ascii_digit());
    let words = line.split_whitespace().map(|word| if changes(word) { "#" } else { word });
    let name: String = words.collect::<Vec<_>>().join(" ").chars().take(80).collect();
    Diagnosis {
        signature: format!("unexplained.{}:{name}", step.kind.as_str()),
        cause: CauseClass::Environment,
        step: step.id.clone(),
        evidence_line: line,
        explanation: "no rule explains this failure".to_owned(),
        confidence: 0.1,
        remedies: Vec::new(),
    }
}

/// Asks.
pub(super) fn consult_model(
    live: &LiveRun,
    _: &StepContext,
    input: Consult,
) -> Result<Timed<Consulting>, StepError> {
    timed(live, Phase::ResolveErrors, || {
        let Some(agent) = &live.agents.consultant else {
            let error = "no language model is configured any more".to_owned();
            let consultation = ModelConsultation {
                step: input.step.id.to_string(),
                signature: input.diagnosis.signature,
                error: Some(error),
                ..ModelConsultation::default()
            };
            return Ok(Consulting { chosen: None, consultation });
        };
        let (tokens, cost_micros) = input.spent;
        live.managers.model.resume(Spent { tokens, cost_micros });
        let ecosystem = input.step.ecosystem.to_string();
        let diagnosis = input.diagnosis.clone();
        let task = task(live, &ecosystem, input)?;
        let consulted = agent.perform(task).map_err(agent_error)?;
        let mut consultation = consulted.consultation;
        consultation.calls = live.managers.model.settle();
        let chosen = consulted
            .remedy
            .and_then(|remedy| chosen(&ecosystem, diagnosis, remedy, &consultation));
        tell(live, chosen.as_ref(), &consultation);
        Ok(Consulting { chosen, consultation })
    })
}

fn task(live: &LiveRun, ecosystem: &str, input: Consult) -> Result<ConsultTask, StepError> {
    let tests = match &input.tests_file {
        Some(file) => Some(cases::load(&live.session.folder, file).map_err(|e| run_error(&e))?),
        None => None,
    };
    let diagnoses = std::slice::from_ref(&input.diagnosis);
    let remembered =
        fixes::remembered(&live.store, ecosystem, diagnoses).map_err(|e| run_error(&e))?;
    // A sandbox that is not open yet shows nothing.
    live.ready().map_err(agent_error)?;
    Ok(ConsultTask {
        step: input.step,
        result: input.result,
        tests,
        plan: input.plan,
        analysis: input.analysis,
        signature: input.diagnosis.signature,
        evidence_line: input.diagnosis.evidence_line,
        explanations: vec![input.diagnosis.explanation],
        tried: input.tried,
        logs: input.logs,
        remembered,
    })
}

/// The proposal as a choice like any other: it stands after the rules' own remedies.
fn chosen(
    ecosystem: &str,
    mut diagnosis: Diagnosis,
    remedy: rr_core::Remedy,
    consultation: &ModelConsultation,
) -> Option<Chosen> {
    diagnosis.remedies.push(remedy.clone());
    let fix = FixKey::of(ecosystem, &diagnosis, diagnosis.remedies.len() - 1)?;
    let decision = Decision {
        topic: "propose-remedy".to_owned(),
        question: format!(
            "what may cure the failure of step `{}`, for which no rule has a remedy?",
            diagnosis.step
        ),
        options: vec![remedy.title.clone()],
        choice: remedy.title.clone(),
        confidence: f64::from(diagnosis.confidence),
        rationale: consultation.reason.clone(),
        model: consultation.model.clone(),
        manager: ManagerName::ModelManager.to_string(),
    };
    Some(Chosen { diagnosis, remedy, decision, fix: Some(fix), departed: false })
}

fn tell(live: &LiveRun, chosen: Option<&Chosen>, consultation: &ModelConsultation) {
    let Some(chosen) = chosen else {
        let why = match (&consultation.error, consultation.reason.as_str()) {
            (Some(error), _) => error.clone(),
            (None, "") => "nothing that may be done".to_owned(),
            (None, reason) => reason.to_owned(),
        };
        let asked = match consultation.model.as_str() {
            "" => "a language model was asked".to_owned(),
            model => format!("{model} was asked"),
        };
        live.found(Phase::ResolveErrors, format!("{asked} and proposes nothing: {why}"));
        return;
    };
    live.session.tell(&RunEvent::Diagnosed {
        step: chosen.diagnosis.step.clone(),
        signature: chosen.diagnosis.signature.clone(),
        explanation: chosen.diagnosis.explanation.clone(),
        evidence_line: chosen.diagnosis.evidence_line.clone(),
    });
    live.decided(&chosen.decision);
}

#[cfg(test)]
mod tests {
    use super::*;
    use rr_core::{Command, EcosystemId, Exit, Outcome, StepKind};

    fn failure(tail: &str) -> (Step, StepResult) {
        let command = Command::argv(["x"]);
        let id = EcosystemId::new("python");
        let step = Step::new("s", &id, "", StepKind::Build, "build", command);
        let outcome = Outcome {
            exit: Exit::Code(1),
            seconds: 1.0,
            output_bytes: 0,
            tail: tail.to_owned(),
            head: String::new(),
            peak_memory: None,
            left_processes: false,
        };
        (step, StepResult { outcome, log: String::new() })
    }

    #[test]
    fn an_unexplained_failure_keeps_its_name_while_it_stays_the_same() {
        let name = |tail: &str| {
            let (step, result) = failure(tail);
            unexplained(&step, &result).signature
        };
        let first = name("ok\nerror: worker 4711 broke at 0x7f3 after 12.5 s\n");
        assert_eq!(first, name("error: worker 12 broke at 0x91 after 3.25 s\n"));
        assert_ne!(first, name("error: no such widget\n"));
        assert!(first.starts_with("unexplained.build:error: worker #"), "{first}");
    }

    #[test]
    fn models_are_not_asked_about_what_rules_are_sure_of_nor_for_ever() {
        let (step, result) = failure("error: x");
        let score = super::super::repair::Score::default();
        let failure = Failure { step: &step, result: &result, tests_file: None, score };
        let mut progress = Progress::default();
        assert!(is_worth_it(&progress, &failure, &[]));
        let sure = Diagnosis {
            cause: CauseClass::NeedsSecret,
            confidence: 0.9,
            ..unexplained(&step, &result)
        };
        assert!(!is_worth_it(&progress, &failure, &[sure]));
        let asked = ModelConsultation {
            step: "s".into(),
            proposed: Some("x".into()),
            ..ModelConsultation::default()
        };
        progress.consultations = vec![asked; PER_STEP];
        assert!(!is_worth_it(&progress, &failure, &[]));
    }
}
