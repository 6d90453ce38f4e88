//! A port that is taken: who took it may let it go, and else the program is given another one, by the
//! variable that the code, its files or its command read it from.

use rr_core::{FactKey, FailedStep, PlanEdit, Remedy, RemedyKind};

use super::generic_remedies::retry;

/// Names of variables that hold the port a program listens on, the most usual first.
const NAMES: &[&str] = &["PORT", "APP_PORT", "SERVER_PORT", "HTTP_PORT", "LISTEN_PORT", "WEB_PORT"];

/// The same again, then another port. `taken` is the port as the output names it, if it does.
pub(super) fn taken(signature: &str, taken: &str, failed: &FailedStep<'_>) -> Vec<Remedy> {
    let named = taken.parse().ok();
    let expected = failed.step.probe.as_ref().and_then(|probe| probe.expected_port);
    let mut remedies = retry(signature, failed);
    remedies.truncate(1);
    if let Some(name) = variable(failed, named.or(expected))
        && let Some(port) = another(failed, name, named.or(expected))
    {
        remedies.push(move_to(failed, name, port));
    }
    remedies
}

/// The variable that the port is read from.
fn variable<'a>(failed: &'a FailedStep<'_>, taken: Option<u16>) -> Option<&'a str> {
    let command = failed.step.command.to_string();
    let ours = |unit: &str| unit.is_empty() || unit == failed.step.unit;
    let read = failed.analysis.facts.iter().filter(|fact| ours(&fact.unit));
    let read: Vec<(&str, &str)> = read
        .filter_map(|fact| match &fact.key {
            FactKey::Variable(name) => Some((name.as_str(), fact.value.as_str())),
            _ => None,
        })
        .collect();
    let usual = NAMES.iter().copied().find(|name| {
        read.iter().any(|(known, _)| known == name) || command.contains(&format!("${{{name}"))
    });
    // Another name counts where its default is the very port that is taken.
    let is_taken = |value: &str| taken.is_some_and(|port| value == port.to_string());
    let by_default = || read.iter().find(|(name, value)| name.contains("PORT") && is_taken(value));
    usual.or_else(|| by_default().map(|(name, _)| *name))
}

/// The next port that nothing of this run is known to use.
fn another(failed: &FailedStep<'_>, name: &str, taken: Option<u16>) -> Option<u16> {
    let set = failed.step.env.get(name).and_then(|value| value.parse().ok());
    let from: u16 = taken.or(set).unwrap_or(8000).max(1024);
    let of_code = failed.analysis.facts.iter().filter(|fact| fact.key == FactKey::Port);
    let of_code = of_code.filter_map(|fact| fact.value.parse::<u16>().ok());
    let of_services = failed.plan.services.iter().filter_map(|service| service.port);
    let known: Vec<u16> = of_code.chain(of_services).collect();
    (from.checked_add(1)?..=u16::MAX).find(|port| !known.contains(port))
}

/// The step with another port, which its probe expects too.
fn move_to(failed: &FailedStep<'_>, name: &str, port: u16) -> Remedy {
    let mut step = failed.step.clone();
    step.env.insert(name.to_owned(), port.to_string());
    if let Some(probe) = &mut step.probe {
        probe.expected_port = Some(port);
    }
    Remedy {
        kind: RemedyKind::SetVariable { name: name.to_owned() },
        title: format!("let it listen on port {port} (`{name}`)"),
        edits: vec![PlanEdit::ReplaceStep { step: Box::new(step) }],
        resume_at: None,
    }
}

#[cfg(test)]
mod tests {
    use rr_core::{
        Analysis, Command, EcosystemId, EnvironmentReport, Evidence, Exit, Fact, HealthProbe,
        Outcome, ProbeKind, RunPlan, Step, StepKind, Trust,
    };

    use super::*;

    fn remedies(facts: &[(FactKey, &str)], port: &str, treated: &[String]) -> Vec<Remedy> {
        let id = EcosystemId::new("python");
        let mut step = Step::new("s", &id, "", StepKind::Start, "start", Command::shell("serve"));
        let kind = ProbeKind::Http { paths: vec!["/".to_owned()] };
        step.probe = Some(HealthProbe { kind, expected_port: Some(9000), start_seconds: 1 });
        let evidence = || Evidence::at("app.py", "rule", Trust::Default);
        let facts = facts.iter().map(|(key, value)| Fact::new(key.clone(), "", *value, evidence()));
        let analysis = Analysis { facts: facts.collect(), ..Analysis::default() };
        let outcome = Outcome {
            exit: Exit::Code(1),
            seconds: 1.0,
            output_bytes: 0,
            tail: String::new(),
            head: String::new(),
            peak_memory: None,
            left_processes: false,
        };
        let failed = FailedStep {
            step: &step,
            outcome: &outcome,
            output: "",
            tests: None,
            plan: &RunPlan::default(),
            analysis: &analysis,
            environment: &EnvironmentReport::default(),
            treated,
        };
        taken("generic.address-in-use", port, &failed)
    }

    fn moved(remedies: &[Remedy]) -> Option<(String, u16)> {
        let PlanEdit::ReplaceStep { step } = remedies.last()?.edits.first()? else { return None };
        let (name, value) = step.env.first_key_value()?;
        assert_eq!(step.probe.as_ref()?.expected_port.map(|p| p.to_string()), Some(value.clone()));
        Some((name.clone(), value.parse().ok()?))
    }

    #[test]
    fn another_port_goes_into_the_variable_that_the_code_reads() {
        let variable = |name: &str| FactKey::Variable(name.to_owned());
        let read = [(variable("PORT"), "3000"), (FactKey::Port, "3001")];
        let found = remedies(&read, "3000", &[]);
        assert_eq!(found[0].kind, RemedyKind::Retry);
        assert_eq!(moved(&found), Some(("PORT".to_owned(), 3002)));
        let by_default = [(variable("METRICS_PORT"), "9100"), (variable("STUDIO_PORT"), "7000")];
        assert_eq!(
            moved(&remedies(&by_default, "7000", &[])),
            Some(("STUDIO_PORT".to_owned(), 7001))
        );
        assert_eq!(
            moved(&remedies(&[(variable("PORT"), "")], "", &[])),
            Some(("PORT".to_owned(), 9001))
        );
    }

    #[test]
    fn where_nothing_reads_a_port_the_same_is_tried_again_and_at_most_twice() {
        let known = "generic.address-in-use".to_owned();
        let titles = |treated: &[String]| -> Vec<String> {
            remedies(&[], "3000", treated).into_iter().map(|remedy| remedy.title).collect()
        };
        assert_eq!(titles(&[]), ["run the same again"]);
        assert_eq!(titles(std::slice::from_ref(&known)), ["run the same once more"]);
        assert!(titles(&[known.clone(), known]).is_empty());
    }
}
