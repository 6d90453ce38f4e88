//! Brings overrides into a plan, after the ecosystems made it.

use rr_core::{
    Analysis, HealthProbe, Override, OverrideField, OverrideOperation, PlanEdit, ProbeKind,
    RepoView, RunPlan, StepKind, SystemPackage, Unit,
};

use super::collect::own_variables;
use super::to_analysis::{folder, toolchain};
use super::{commands, selection};
use crate::analysis::given_service;

/// Applies the analysis' overrides to the plan of these units.
///
/// # Errors
/// Where tests are to be selected for a runner that has no known way to do so.
pub(crate) fn change_plan(
    repo: &dyn RepoView,
    analysis: &Analysis,
    units: &[&Unit],
    plan: &mut RunPlan,
) -> Result<(), rr_core::EngineError> {
    let overrides = &analysis.overrides;
    for change in overrides {
        match &change.field {
            OverrideField::Toolchain(tool) => match toolchain(change, tool) {
                Some(requirement) => require(plan, requirement),
                None => plan.toolchains.retain(|known| &known.tool != tool),
            },
            OverrideField::SystemPackages => packages(plan, change),
            OverrideField::Services => services(analysis, plan, change),
            OverrideField::Commands(kind) => commands::change(analysis, units, plan, change, *kind),
            OverrideField::Variable(name) if change.operation == OverrideOperation::Remove => {
                plan.env.remove(name);
                plan.steps.iter_mut().for_each(|step| drop(step.env.remove(name)));
            }
            _ => {}
        }
    }
    for change in overrides {
        match &change.field {
            OverrideField::SelectTests | OverrideField::ExcludeTests => {
                selection::change(repo, plan, change)?;
            }
            OverrideField::Ports => ports(plan, change),
            OverrideField::HealthPath => health_path(plan, change),
            _ => {}
        }
    }
    folders(plan, overrides);
    set_variables(repo, plan, overrides);
    Ok(())
}

/// In place of the requirement of the same tool, where it stood.
fn require(plan: &mut RunPlan, requirement: rr_core::ToolchainRequirement) {
    match plan.toolchains.iter_mut().find(|known| known.tool == requirement.tool) {
        Some(known) => {
            known.version = requirement.version;
            known.evidence.retain(|evidence| !requirement.evidence.contains(evidence));
            known.evidence.splice(0..0, requirement.evidence);
        }
        None => plan.toolchains.push(requirement),
    }
}

fn packages(plan: &mut RunPlan, change: &Override) {
    match change.operation {
        OverrideOperation::Append => {}
        OverrideOperation::Replace => plan.system_packages.clear(),
        OverrideOperation::Remove => {
            plan.system_packages.retain(|package| !change.values.contains(&package.name));
            return;
        }
    }
    for (name, evidence) in change.items() {
        let package = SystemPackage { name: name.to_owned(), evidence: vec![evidence.clone()] };
        PlanEdit::RequireSystemPackage { package }.apply(plan);
    }
}

fn services(analysis: &Analysis, plan: &mut RunPlan, change: &Override) {
    let kind_of = |value: &str| value.split(':').next().unwrap_or_default().to_owned();
    let kinds: Vec<String> = change.values.iter().map(|value| kind_of(value)).collect();
    match change.operation {
        OverrideOperation::Append => {}
        OverrideOperation::Replace => {
            plan.services.retain(|service| kinds.iter().any(|k| k == service.kind.as_str()));
        }
        OverrideOperation::Remove => {
            plan.services.retain(|service| kinds.iter().all(|k| k != service.kind.as_str()));
            return;
        }
    }
    for (value, evidence) in change.items() {
        let (name, version) = value.split_once(':').map_or((value, None), |(n, v)| (n, Some(v)));
        let known = plan.services.iter_mut().find(|service| service.kind.as_str() == name);
        if let Some(known) = known {
            if let Some(version) = version {
                known.version = Some(version.to_owned());
            }
            known.evidence.insert(0, evidence.clone());
        } else if let Some(service) = given_service(name, version, analysis, evidence) {
            plan.services.push(service);
        }
    }
}

/// The main port is the one that probes expect.
fn ports(plan: &mut RunPlan, change: &Override) {
    let named: Vec<u16> = change.values.iter().filter_map(|value| value.parse().ok()).collect();
    for step in plan.steps.iter_mut().filter(|step| step.kind == StepKind::Start) {
        let Some(probe) = &mut step.probe else { continue };
        match change.operation {
            OverrideOperation::Replace => probe.expected_port = named.first().copied(),
            OverrideOperation::Append => {
                probe.expected_port = probe.expected_port.or(named.first().copied());
            }
            OverrideOperation::Remove => {
                probe.expected_port = probe.expected_port.filter(|port| !named.contains(port));
            }
        }
        if change.operation != OverrideOperation::Remove {
            step.evidence.splice(0..0, change.evidence.clone());
        }
    }
}

fn health_path(plan: &mut RunPlan, change: &Override) {
    let Some(path) = change.values.first() else { return };
    for step in plan.steps.iter_mut().filter(|step| step.kind == StepKind::Start) {
        let Some(HealthProbe { kind, .. }) = &mut step.probe else { continue };
        if matches!(kind, ProbeKind::Http { .. } | ProbeKind::Tcp) {
            *kind = ProbeKind::Http { paths: vec![path.clone()] };
            step.evidence.splice(0..0, change.evidence.clone());
        }
    }
}

fn folders(plan: &mut RunPlan, overrides: &[Override]) {
    for step in &mut plan.steps {
        if let Some(folder) = folder(overrides, step.kind) {
            folder.clone_into(&mut step.cwd);
        }
    }
}

/// Variables win over what the plan has, except where a step's own holds a place of ours.
fn set_variables(repo: &dyn RepoView, plan: &mut RunPlan, overrides: &[Override]) {
    let hidden = own_variables(repo);
    for change in overrides {
        let (OverrideField::Variable(name), [value]) = (&change.field, &change.values[..]) else {
            continue;
        };
        if change.operation != OverrideOperation::Replace {
            continue;
        }
        let value = if value == Override::HIDDEN { hidden.get(name) } else { Some(value) };
        // The user's own secrets come with the request and are set last of all.
        let Some(value) = value else { continue };
        plan.env.insert(name.clone(), value.clone());
        for step in &mut plan.steps {
            if step.env.get(name).is_some_and(|known| !known.contains("@{")) {
                step.env.remove(name);
            }
        }
    }
}
