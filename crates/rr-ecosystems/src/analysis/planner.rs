//! Makes the plan for the units that were chosen.

use rr_core::{
    Analysis, EngineError, EngineErrorKind, EnvironmentReport, OverrideField, OverrideOperation,
    PlanContext, RepoView, RunPlan, StepKind, Unit, UnitPlan, UnitRole,
};

use super::{configure, deepen, expected_ports, health_paths, merge, packages, services, topology};
use crate::overrides;
use crate::registry;

/// Makes the plan for the primary units, or for `package` alone (a unit's path or name).
///
/// # Errors
/// Where `package` names no unit; the error lists those there are.
pub fn plan_view(
    repo: &dyn RepoView,
    analysis: &Analysis,
    environment: &EnvironmentReport,
    package: Option<&str>,
) -> Result<RunPlan, EngineError> {
    let units = match package {
        Some(name) => vec![select(analysis, name)?],
        None => overridden(analysis, chosen(repo, analysis))?,
    };
    let context = PlanContext { analysis, environment };
    let asked = |unit: &Unit| package.is_some() || named_by_files(analysis, unit);
    let planned: Vec<(&Unit, UnitPlan)> =
        units.iter().map(|unit| (*unit, unit_plan(repo, unit, &context, asked(unit)))).collect();
    let mut plan = merge::merge(planned);
    packages::add_to_plan(analysis, &units, &mut plan);
    services::add_to_plan(analysis, &units, &mut plan);
    configure::add_to_plan(repo, analysis, &units, &mut plan);
    services::leave_to_bindings(&mut plan);
    health_paths::add_to_plan(analysis, &units, &mut plan);
    expected_ports::add_to_plan(analysis, &mut plan);
    overrides::change_plan(repo, analysis, &units, &mut plan)?;
    topology::arrange(analysis, &mut plan);
    deepen::note_needs(analysis, &units, environment, &mut plan);
    if plan.steps.is_empty() {
        plan.notes.push("nothing to run: no part of the repository has a plan".to_owned());
    }
    Ok(plan)
}

/// The primary units, and the front ends whose build is not committed with them.
fn chosen<'a>(repo: &dyn RepoView, analysis: &'a Analysis) -> Vec<&'a Unit> {
    let built = |unit: &&Unit| {
        let folders = ["dist", "build", "out", "public/build"];
        folders.iter().any(|folder| {
            repo.below(&format!("{}/{folder}", unit.path)).iter().any(|f| f.path.ends_with(".html"))
        })
    };
    let front = analysis.units.iter().filter(|unit| unit.role == UnitRole::Frontend);
    analysis.primary_units().chain(front.filter(|unit| !built(unit))).collect()
}

/// The units as configurations change them; each of a configuration's names must be one.
fn overridden<'a>(
    analysis: &'a Analysis,
    mut units: Vec<&'a Unit>,
) -> Result<Vec<&'a Unit>, EngineError> {
    let changes = analysis.overrides.iter().filter(|c| c.field == OverrideField::Packages);
    for change in changes {
        let named: Vec<&Unit> =
            change.values.iter().map(|name| select(analysis, name)).collect::<Result<_, _>>()?;
        match change.operation {
            OverrideOperation::Append => {
                units.extend(
                    named.into_iter().filter(|unit| !units.contains(unit)).collect::<Vec<_>>(),
                );
            }
            OverrideOperation::Replace => units = named,
            OverrideOperation::Remove => units.retain(|unit| !named.contains(unit)),
        }
    }
    Ok(units)
}

/// Whether a configuration names the unit as one to run.
fn named_by_files(analysis: &Analysis, unit: &Unit) -> bool {
    analysis.overrides.iter().any(|change| {
        change.field == OverrideField::Packages
            && change.operation != OverrideOperation::Remove
            && change.values.iter().any(|name| *name == unit.path || *name == unit.name)
    })
}

fn select<'a>(analysis: &'a Analysis, package: &str) -> Result<&'a Unit, EngineError> {
    let wanted = package.trim_start_matches("./").trim_matches('/');
    let by_path = analysis.units.iter().find(|unit| unit.path == wanted && !wanted.is_empty());
    let root = || analysis.units.iter().find(|unit| unit.path.is_empty() && wanted == ".");
    let by_name = || analysis.units.iter().find(|unit| unit.name == wanted);
    by_path.or_else(root).or_else(by_name).ok_or_else(|| {
        let known: Vec<String> = analysis
            .units
            .iter()
            .map(|unit| {
                let path = if unit.path.is_empty() { "." } else { &unit.path };
                format!("`{path}` ({}, {})", unit.name, unit.ecosystem)
            })
            .collect();
        let list = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
        EngineError::new(EngineErrorKind::Refused, format!("no part is called `{package}`"))
            .with_hint(format!("parts of this repository: {list}"))
    })
}

/// The unit's own plan. A front end that was not asked for by name is only built, for what embeds
/// it, and its failure leaves the rest meaningful.
fn unit_plan(repo: &dyn RepoView, unit: &Unit, context: &PlanContext<'_>, asked: bool) -> UnitPlan {
    let Some(ecosystem) = registry::by_id(&unit.ecosystem) else { return UnitPlan::default() };
    let mut plan = ecosystem.plan(repo, unit, context);
    if unit.role == UnitRole::Frontend && !asked {
        let builds = [StepKind::Configure, StepKind::Install, StepKind::Build];
        plan.steps.retain(|step| builds.contains(&step.kind));
        for step in &mut plan.steps {
            step.optional = true;
        }
    }
    plan
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::analyze_view;
    use rr_core::MemoryRepo;

    #[test]
    fn a_part_is_chosen_by_path_or_name_and_a_wrong_one_names_those_there_are() {
        let repo = MemoryRepo::new([
            ("tool.sh", "#!/bin/sh\n"),
            ("test/a.bats", "@test 'x' { true; }\n"),
            ("public/index.html", "<!doctype html><html></html>"),
        ]);
        let analysis = analyze_view(&repo);
        let environment = EnvironmentReport::default();
        let units = |package: Option<&str>| {
            plan_view(&repo, &analysis, &environment, package)
                .map(|plan| plan.steps.iter().map(|step| step.unit.clone()).collect::<Vec<_>>())
        };
        assert!(units(None).unwrap().iter().all(String::is_empty));
        assert_eq!(units(Some("public")).unwrap(), ["public"]);
        assert_eq!(units(Some("./public/")).unwrap(), ["public"]);
        let error = units(Some("absent")).unwrap_err();
        assert_eq!(error.kind, EngineErrorKind::Refused);
        assert!(error.hint.unwrap().contains("`public`"));
    }
}
