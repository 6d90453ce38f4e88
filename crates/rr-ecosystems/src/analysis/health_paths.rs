//! Paths that the repository's own files ask to see a service up: they are asked before the paths
//! that an ecosystem guesses.

use rr_core::{Analysis, FactKey, ProbeKind, RunPlan, StepKind, Unit};

use crate::miners::query;

/// Most paths asked of one service.
const PATHS: usize = 5;

/// Puts the paths of health checks (compose, containers, hosting files) before the others of each
/// service. What stands at the root speaks of a part only where that part is all that starts.
pub(super) fn add_to_plan(analysis: &Analysis, units: &[&Unit], plan: &mut RunPlan) {
    let alone = plan.of_kind(StepKind::Start).count() == 1;
    for step in plan.steps.iter_mut().filter(|step| step.kind == StepKind::Start) {
        let Some(unit) = units.iter().find(|unit| unit.path == step.unit) else { continue };
        let Some(ProbeKind::Http { paths } | ProbeKind::Program { paths }) =
            step.probe.as_mut().map(|probe| &mut probe.kind)
        else {
            continue;
        };
        let facts = query::facts_for(analysis, unit, &FactKey::HealthPath);
        for fact in facts.iter().rev().filter(|fact| alone || fact.unit == unit.path) {
            paths.retain(|path| path != &fact.value);
            paths.insert(0, fact.value.clone());
            paths.truncate(PATHS);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::analysis::{analyze_view, plan_view};
    use rr_core::{EnvironmentReport, MemoryRepo};

    #[test]
    fn what_a_health_check_asks_is_asked_first() {
        let repo = MemoryRepo::new([
            ("requirements.txt", "flask\n"),
            ("app.py", "from flask import Flask\napp = Flask(__name__)\n"),
            (
                "compose.yaml",
                "services:\n  web:\n    build: .\n    healthcheck:\n      test: curl -f http://localhost:5000/ready\n",
            ),
        ]);
        let analysis = analyze_view(&repo);
        let plan = plan_view(&repo, &analysis, &EnvironmentReport::default(), None).unwrap();
        assert!(plan.topology[0].health.starts_with("GET /ready"), "{:?}", plan.topology);
    }
}
