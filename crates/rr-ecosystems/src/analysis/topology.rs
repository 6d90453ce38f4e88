//! What is up while the repository runs, in start order, and how each is seen to be up.

use std::collections::BTreeSet;

use rr_core::{
    Analysis, Evidence, Fact, FactKey, ProbeKind, RunPlan, Step, StepKind, TopologyNode,
};

/// Orders the plan's starts by what must be up before them, and writes the topology into the plan.
pub(super) fn arrange(analysis: &Analysis, plan: &mut RunPlan) {
    let starts: Vec<usize> = plan
        .steps
        .iter()
        .enumerate()
        .filter(|(_, step)| step.kind == StepKind::Start)
        .map(|(at, _)| at)
        .collect();
    let mut databases: Vec<TopologyNode> = plan
        .services
        .iter()
        .map(|service| TopologyNode {
            name: service.kind.as_str().to_owned(),
            unit: None,
            after: Vec::new(),
            port: service.port,
            health: "accepts connections and answers its own protocol".to_owned(),
            evidence: service.evidence.iter().take(1).cloned().collect(),
        })
        .collect();
    let mut nodes: Vec<(usize, TopologyNode)> = starts
        .iter()
        .filter(|at| serves(&plan.steps[**at]))
        .map(|at| (*at, node(analysis, plan, &plan.steps[*at])))
        .collect();
    let all = databases.iter_mut().chain(nodes.iter_mut().map(|(_, node)| node));
    await_conditions(analysis, all.collect());
    let (order, cycle) = sorted(&nodes, &databases);
    if cycle {
        plan.notes.push(
            "services wait for each other in a circle: they start in the plan's order".to_owned(),
        );
    }
    nodes = order.into_iter().map(|at| nodes[at].clone()).collect();
    reorder(plan, &starts, &nodes);
    plan.topology = databases.into_iter().chain(nodes.into_iter().map(|(_, node)| node)).collect();
}

/// Whether a start is a service rather than a command that ends.
fn serves(step: &Step) -> bool {
    step.probe.as_ref().is_some_and(|probe| probe.kind != ProbeKind::ExitCode)
}

fn node(analysis: &Analysis, plan: &RunPlan, step: &Step) -> TopologyNode {
    let (after, evidence) = waits(analysis, plan, step);
    let probe = step.probe.as_ref();
    let port = probe.and_then(|probe| probe.expected_port);
    TopologyNode {
        name: step.id.to_string(),
        unit: Some(step.unit.clone()),
        after,
        port,
        health: probe.map_or_else(String::new, |probe| health(&probe.kind)),
        evidence,
    }
}

/// What the unit's files say must be up before it; all databases where they say nothing.
fn waits(analysis: &Analysis, plan: &RunPlan, step: &Step) -> (Vec<String>, Vec<Evidence>) {
    let own = |fact: &&Fact| fact.key == FactKey::StartsAfter && fact.unit == step.unit;
    let mut after: BTreeSet<String> = BTreeSet::new();
    let mut evidence = Vec::new();
    for fact in analysis.facts.iter().filter(own) {
        let names: Vec<String> = match fact.value.strip_prefix("./") {
            Some(folder) => {
                let there = plan
                    .of_kind(StepKind::Start)
                    .filter(|other| other.unit == folder && other.id != step.id && serves(other));
                there.map(|other| other.id.to_string()).collect()
            }
            None => {
                let known = plan.services.iter().any(|s| s.kind.as_str() == fact.value);
                known.then(|| fact.value.clone()).into_iter().collect()
            }
        };
        if !names.is_empty() {
            after.extend(names);
            evidence.push(fact.evidence.clone());
        }
    }
    if after.is_empty() {
        after.extend(plan.services.iter().map(|service| service.kind.as_str().to_owned()));
    }
    (after.into_iter().collect(), evidence)
}

/// Says of what is awaited until more than its start (`condition: service_healthy`) what is
/// awaited, and by whom.
fn await_conditions(analysis: &Analysis, mut nodes: Vec<&mut TopologyNode>) {
    for fact in analysis.facts.iter().filter(|fact| fact.key == FactKey::StartsAfter) {
        let condition = fact.evidence.excerpt.rsplit_once(" (").map(|(_, text)| text);
        let (awaited, instead) = match condition.map(|text| text.trim_end_matches(')')) {
            Some("service_healthy") => ("healthy", None),
            Some("service_completed_successfully") => ("done", Some("ends with status 0")),
            _ => continue,
        };
        let is = |node: &&mut &mut TopologyNode| match fact.value.strip_prefix("./") {
            Some(folder) => node.unit.as_deref() == Some(folder),
            None => node.unit.is_none() && node.name == fact.value,
        };
        let Some(node) = nodes.iter_mut().find(is) else { continue };
        let who = if fact.unit.is_empty() { "the root" } else { &fact.unit };
        let health = instead.unwrap_or(&node.health);
        node.health = format!("{health} ({who} starts only when it is {awaited})");
        node.evidence.push(fact.evidence.clone());
    }
}

fn health(kind: &ProbeKind) -> String {
    match kind {
        ProbeKind::Http { paths } => format!("GET {} answers below 500", paths.join(", ")),
        ProbeKind::Tcp => "accepts connections".to_owned(),
        ProbeKind::Grpc => "answers gRPC's health check".to_owned(),
        ProbeKind::LogLine { pattern } => format!("prints a line like `{pattern}`"),
        ProbeKind::ExitCode => "ends with status 0".to_owned(),
        ProbeKind::Program { .. } => {
            "listens and answers, ends with status 0, or goes on".to_owned()
        }
    }
}

/// Indexes in an order in which each comes after what it waits for, and whether some wait in a
/// circle.
fn sorted(nodes: &[(usize, TopologyNode)], databases: &[TopologyNode]) -> (Vec<usize>, bool) {
    let mut up: BTreeSet<&str> = databases.iter().map(|node| node.name.as_str()).collect();
    let mut order: Vec<usize> = Vec::new();
    while order.len() < nodes.len() {
        let ready = (0..nodes.len()).find(|at| {
            !order.contains(at) && nodes[*at].1.after.iter().all(|name| up.contains(name.as_str()))
        });
        let Some(next) = ready else {
            order.extend((0..nodes.len()).filter(|at| !order.contains(at)).collect::<Vec<_>>());
            return (order, true);
        };
        up.insert(&nodes[next].1.name);
        order.push(next);
    }
    (order, false)
}

/// Puts the services into the places where services stood, in their order.
fn reorder(plan: &mut RunPlan, starts: &[usize], nodes: &[(usize, TopologyNode)]) {
    let places: Vec<usize> = starts.iter().copied().filter(|at| serves(&plan.steps[*at])).collect();
    let ordered: Vec<Step> = nodes.iter().map(|(at, _)| plan.steps[*at].clone()).collect();
    for (place, step) in places.into_iter().zip(ordered) {
        plan.steps[place] = step;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::{analyze_view, plan_view};
    use rr_core::{EnvironmentReport, MemoryRepo};

    #[test]
    fn services_start_after_what_compose_makes_them_wait_for() {
        let repo = MemoryRepo::new([
            (
                "compose.yaml",
                "services:\n  web:\n    build: ./api\n    depends_on:\n      worker: {condition: service_healthy}\n\
                 \x20 worker:\n    build: ./worker\n",
            ),
            ("api/requirements.txt", "flask\n"),
            ("api/app.py", "from flask import Flask\napp = Flask(__name__)\n"),
            ("worker/requirements.txt", "flask\n"),
            ("worker/app.py", "from flask import Flask\napp = Flask(__name__)\n"),
        ]);
        let analysis = analyze_view(&repo);
        let plan = plan_view(&repo, &analysis, &EnvironmentReport::default(), None).unwrap();
        let shown: Vec<_> = plan
            .topology
            .iter()
            .map(|node| format!("{} after {:?}", node.unit.as_deref().unwrap_or(""), node.after))
            .collect();
        let first = plan.of_kind(StepKind::Start).next().unwrap();
        assert_eq!(first.unit, "worker");
        assert_eq!(
            shown,
            ["worker after []".to_owned(), format!("api after [{:?}]", first.id.as_str())]
        );
        assert!(plan.topology[1].evidence[0].path == "compose.yaml");
        assert!(plan.topology[1].health.starts_with("GET /"));
        let awaited = &plan.topology[0].health;
        assert!(awaited.ends_with("(api starts only when it is healthy)"), "{awaited}");
    }

    #[test]
    fn circles_end() {
        let node = |name: &str, after: &str| TopologyNode {
            name: name.to_owned(),
            unit: None,
            after: vec![after.to_owned()],
            port: None,
            health: String::new(),
            evidence: Vec::new(),
        };
        let nodes = [(0, node("a", "b")), (1, node("b", "a")), (2, node("c", "db"))];
        let (order, cycle) = sorted(&nodes, &[node("db", "")]);
        assert_eq!((order, cycle), (vec![2, 0, 1], true));
    }
}
