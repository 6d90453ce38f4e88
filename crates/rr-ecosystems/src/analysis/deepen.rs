//! What is found out once units and their roles are known: pins weighed against each other, links
//! between units, workspaces, imports against manifests.

use rr_core::{Analysis, EnvironmentReport, Fact, FactKey, FactMark, RepoView, RunPlan, Unit};

use super::{links, pins, versions, workspaces};
use crate::code::{self, CodeFacts};

/// Adds what the code says. Comes before facts are given to their units.
pub(super) fn add_code_facts(analysis: &mut Analysis, code: &mut CodeFacts) {
    analysis.facts.append(&mut code.facts);
    analysis.notes.append(&mut code.notes);
}

/// Adds all that needs the units and their roles.
pub(super) fn deepen(repo: &dyn RepoView, analysis: &mut Analysis, code: &CodeFacts) {
    analysis.facts.extend(pins::declared(repo, analysis));
    analysis.facts.extend(code::compare_with_manifests(repo, analysis, code));
    analysis.versions = versions::weigh(analysis);
    analysis.links = links::find(repo, analysis);
    let folders: Vec<&str> =
        analysis.units.iter().map(|unit| unit.path.as_str()).take(400).collect();
    analysis.workspaces = workspaces::find(repo, &folders);
}

/// Says in the plan what only the user or other hardware can give.
pub(super) fn note_needs(
    analysis: &Analysis,
    units: &[&Unit],
    environment: &EnvironmentReport,
    plan: &mut RunPlan,
) {
    let ours = |fact: &&Fact| units.iter().any(|unit| unit.path == fact.unit);
    for fact in analysis.facts.iter().filter(ours) {
        let note = match &fact.key {
            FactKey::Variable(name)
                if fact.marks == [FactMark::Secret, FactMark::Required] && !given(plan, name) =>
            {
                let place = fact.evidence.place();
                format!(
                    "needs a secret: `{name}` is read without a default at {place}; give it with `--env {name}=…`"
                )
            }
            FactKey::Gpu if environment.gpus.is_empty() => {
                format!(
                    "uses a graphics processor ({}), and this host has none",
                    fact.evidence.place()
                )
            }
            FactKey::Model => {
                format!("downloads a model: {} ({})", fact.value, fact.evidence.place())
            }
            _ => continue,
        };
        if !plan.notes.contains(&note) {
            plan.notes.push(note);
        }
    }
}

/// Whether the plan sets a variable, by itself or through a service.
fn given(plan: &RunPlan, name: &str) -> bool {
    plan.env.contains_key(name)
        || plan.steps.iter().any(|step| step.env.contains_key(name))
        || plan.services.iter().flat_map(|s| &s.bindings).any(|binding| binding.name == name)
}

#[cfg(test)]
mod tests {
    use crate::analysis::{analyze_view, plan_view};
    use rr_core::{EnvironmentReport, MemoryRepo};

    #[test]
    fn what_only_the_user_can_give_is_said_in_the_plan() {
        let repo = MemoryRepo::new([
            ("requirements.txt", "flask\ntorch\n"),
            (
                "app.py",
                "import os, torch\nfrom flask import Flask\napp = Flask(__name__)\n\
                 K = os.environ['PAYMENT_API_KEY']\nD = os.environ.get('DEBUG', '0')\nm.to('cuda')\n",
            ),
        ]);
        let analysis = analyze_view(&repo);
        let plan = plan_view(&repo, &analysis, &EnvironmentReport::default(), None).unwrap();
        let has = |part: &str| plan.notes.iter().any(|note| note.contains(part));
        assert!(has("`PAYMENT_API_KEY` is read without a default at app.py:4"), "{:?}", plan.notes);
        assert!(has("uses a graphics processor (app.py:6"), "{:?}", plan.notes);
        assert!(!has("DEBUG"));
    }
}
