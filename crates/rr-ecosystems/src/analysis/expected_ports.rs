//! Ports that a program is told by its own variables: `PORT=3000` of the `.env` that it is given.
//!
//! Only fills in what no ecosystem knew; a probe still asks where the program really listens.

use rr_core::{Analysis, Fact, FactKey, HealthProbe, ProbeKind, RunPlan, StepKind, Trust};

/// Names by which programs are told where to listen, the most usual first.
const NAMES: &[&str] = &[
    "PORT",
    "APP_PORT",
    "SERVER_PORT",
    "HTTP_PORT",
    "API_PORT",
    "SERVER_ADDRESS",
    "HTTP_ADDR",
    "LISTEN_ADDR",
    "ADDR",
];

/// Gives services without a known port the one that their variables name.
pub(super) fn add_to_plan(analysis: &Analysis, plan: &mut RunPlan) {
    let alone = plan.of_kind(StepKind::Start).count() == 1;
    for step in plan.steps.iter_mut().filter(|step| step.kind == StepKind::Start) {
        let Some(probe) = step.probe.as_mut().filter(|probe| wants(probe)) else { continue };
        let of_step = |fact: &&Fact| fact.unit == step.unit || alone && fact.unit.is_empty();
        let facts: Vec<&Fact> = analysis.facts.iter().filter(of_step).filter(told).collect();
        let found = NAMES.iter().find_map(|name| {
            facts.iter().find_map(|fact| Some((number(fact, name)?, &fact.evidence)))
        });
        if let Some((port, evidence)) = found {
            probe.expected_port = Some(port);
            step.evidence.push(evidence.clone());
        }
    }
}

/// Whether a probe asks a port and knows none.
fn wants(probe: &HealthProbe) -> bool {
    let asks = matches!(probe.kind, ProbeKind::Http { .. } | ProbeKind::Tcp);
    asks && probe.expected_port.is_none()
}

/// What containers and templates set, not what CI does around its tests.
fn told(fact: &&Fact) -> bool {
    fact.evidence.trust == Trust::Container && !fact.superseded
}

/// `3000`, `:8080` and `0.0.0.0:8080`.
fn number(fact: &Fact, name: &str) -> Option<u16> {
    let FactKey::Variable(known) = &fact.key else { return None };
    let digits = fact.value.rsplit(':').next().unwrap_or(&fact.value);
    if known == name { digits.parse().ok().filter(|port| *port > 0) } else { None }
}

#[cfg(test)]
mod tests {
    use crate::analysis::{analyze_view, plan_view};
    use rr_core::{EnvironmentReport, MemoryRepo, StepKind};

    #[test]
    fn a_service_is_expected_where_its_variables_say() {
        let port = |line: &str| {
            let repo = MemoryRepo::new([
                (
                    "package.json",
                    r#"{"scripts": {"start": "node server.js"}, "dependencies": {"koa": "2"}}"#,
                ),
                ("server.js", "const Koa = require('koa');\nnew Koa().listen(process.env.PORT);\n"),
                (".env.example", line),
            ]);
            let analysis = analyze_view(&repo);
            let plan = plan_view(&repo, &analysis, &EnvironmentReport::default(), None).unwrap();
            let start = plan.of_kind(StepKind::Start).next().unwrap();
            start.probe.as_ref().unwrap().expected_port
        };
        assert_eq!(port("PORT=4321\n"), Some(4321));
        assert_eq!(port("SERVER_ADDRESS=:4322\n"), Some(4322));
        assert_ne!(port("DB_PORT=5432\n"), Some(5432));
    }
}
