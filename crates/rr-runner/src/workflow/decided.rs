//! Decisions that follow from rules alone, put into words: what was found, what will be done.

use rr_accounts::IndexChoice;
use rr_core::{Analysis, Decision, Evidence, FetchedSource, RunPlan, Step, StepKind, Unit};

/// What was fetched, in one line.
pub(crate) fn fetched(source: &FetchedSource) -> String {
    let commit: String = source.commit.chars().take(17).collect();
    let day = source.commit_date.as_ref().map(|day| format!(" of {day}")).unwrap_or_default();
    let size = match source.bytes {
        bytes if bytes < 1 << 20 => format!("{} KiB", bytes.div_ceil(1 << 10)),
        bytes => format!("{} MiB", bytes >> 20),
    };
    format!("fetched {} files, {size}, at {commit}{day}", source.files)
}

/// What each primary unit was taken for, and because of what.
pub(crate) fn analysis(analysis: &Analysis) -> Vec<Decision> {
    analysis.primary_units().map(unit).collect()
}

fn unit(unit: &Unit) -> Decision {
    let place = if unit.path.is_empty() { "the root" } else { &unit.path };
    let with: Vec<&str> =
        unit.managers.iter().chain(&unit.frameworks).map(String::as_str).collect();
    let with = if with.is_empty() { String::new() } else { format!(" with {}", with.join(", ")) };
    let mut decision = by_rules("detect", format!("what is at {place}?"), "OrchestratorManager");
    decision.choice = format!("{}{with}", unit.ecosystem);
    decision.rationale = because(&unit.evidence);
    decision
}

/// How the plan starts and tests what it found, and because of what.
pub(crate) fn plan(plan: &RunPlan) -> Vec<Decision> {
    plan.steps.iter().filter_map(step).collect()
}

fn step(step: &Step) -> Option<Decision> {
    let verb = match step.kind {
        StepKind::Install => "installed",
        StepKind::Start => "started",
        StepKind::Test => "tested",
        _ => return None,
    };
    let place = if step.unit.is_empty() { "it" } else { &step.unit };
    let question = format!("how is {place} {verb}?");
    let mut decision = by_rules("plan-step", question, "OrchestratorManager");
    decision.choice = step.title.clone();
    decision.rationale = because(&step.evidence);
    Some(decision)
}

/// Which context index the run gets.
pub(crate) fn index(choice: &IndexChoice) -> Decision {
    let reasons: Vec<&str> = choice.reasons.iter().map(|reason| reason.text.as_str()).collect();
    let question = "which context index does the run get?".to_owned();
    let mut decision = by_rules("choose-indexer", question, "OrchestratorManager");
    decision.options = vec!["simple".to_owned(), "faiss".to_owned(), "chroma".to_owned()];
    decision.choice = choice.index.to_string();
    decision.rationale = reasons.join("; ");
    decision
}

fn by_rules(topic: &str, question: String, manager: &str) -> Decision {
    Decision {
        topic: topic.to_owned(),
        question,
        options: Vec::new(),
        choice: String::new(),
        confidence: 1.0,
        rationale: String::new(),
        model: "rules".to_owned(),
        manager: manager.to_owned(),
    }
}

/// The first pieces of evidence, each with its place and rule.
fn because(evidence: &[Evidence]) -> String {
    let mut places: Vec<String> = evidence
        .iter()
        .filter(|e| !e.path.is_empty())
        .map(|e| match e.line {
            Some(line) => format!("{}:{line}, {}", e.path, e.rule),
            None => format!("{}, {}", e.path, e.rule),
        })
        .collect();
    places.dedup();
    places.truncate(2);
    if places.is_empty() { "the ecosystem's convention".to_owned() } else { places.join("; ") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rr_core::Trust;

    #[test]
    fn reasons_name_each_place_once() {
        let at = |path: &str| Evidence::at(path, "python.manifest", Trust::Manifest);
        let found = [at("a.toml"), at("a.toml"), at("b.toml"), at("c.toml")];
        assert_eq!(because(&found), "a.toml, python.manifest; b.toml, python.manifest");
        assert_eq!(because(&[at("")]), "the ecosystem's convention");
    }
}
