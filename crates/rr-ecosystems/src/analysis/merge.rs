//! Merges what the ecosystems ask for into one plan.

use std::collections::{BTreeMap, BTreeSet};

use rr_core::{
    RunPlan, Step, StepId, StepKind, SystemPackage, ToolchainRequirement, Trust, Unit, UnitPlan,
    VersionRequest,
};

/// Merges unit plans, given in the units' order, into a plan. Steps come in kind order; front
/// ends are built before what embeds them.
pub(super) fn merge(planned: Vec<(&Unit, UnitPlan)>) -> RunPlan {
    let mut plan = RunPlan::default();
    let env = shared_env(&planned);
    for (_, unit_plan) in planned {
        merge_toolchains(&mut plan, unit_plan.toolchains);
        merge_packages(&mut plan.system_packages, unit_plan.system_packages);
        plan.path.extend(unit_plan.path);
        plan.notes.extend(unit_plan.notes);
        let own_env: BTreeMap<String, String> =
            unit_plan.env.into_iter().filter(|(name, _)| !env.contains_key(name)).collect();
        for mut step in unit_plan.steps {
            for (name, value) in &own_env {
                step.env.entry(name.clone()).or_insert_with(|| value.clone());
            }
            step.id = free_id(&plan.steps, &step);
            plan.steps.push(step);
        }
    }
    plan.env = env;
    let front: BTreeSet<String> = front_ends(&plan.steps);
    plan.steps.sort_by_key(|step| {
        (step.kind, step.kind == StepKind::Build && !front.contains(step.unit.as_str()))
    });
    dedup(&mut plan.path);
    dedup(&mut plan.notes);
    plan
}

/// Adds a toolchain, or keeps the better founded of two that name the same tool.
fn merge_toolchains(plan: &mut RunPlan, toolchains: Vec<ToolchainRequirement>) {
    for new in toolchains {
        let Some(old) = plan.toolchains.iter_mut().find(|t| t.tool == new.tool) else {
            plan.toolchains.push(new);
            continue;
        };
        if old.version == new.version {
            let more: Vec<_> =
                new.evidence.into_iter().filter(|e| !old.evidence.contains(e)).collect();
            old.evidence.extend(more);
            continue;
        }
        if let Some(version) = both(&old.version, &new.version) {
            old.version = version;
            old.evidence.extend(new.evidence);
            continue;
        }
        let stronger = old.version == VersionRequest::Any
            || new.version != VersionRequest::Any && trust(&new) > trust(old);
        let (kept, left) = if stronger { (new, old.clone()) } else { (old.clone(), new) };
        if left.version != VersionRequest::Any {
            plan.notes.push(format!(
                "{}: {:?} is taken, another part asks for {:?}",
                kept.tool, kept.version, left.version
            ));
        }
        *old = kept;
    }
}

/// A request that satisfies both: the higher of two lower bounds, the versions that both lists
/// name. `None` where that is not plain to see.
fn both(old: &VersionRequest, new: &VersionRequest) -> Option<VersionRequest> {
    use VersionRequest::{Exact, OneOf, Range};
    match (old, new) {
        (Range(a), Range(b)) => {
            let bound = |text: &str| {
                let version = text.strip_prefix(">=")?.trim();
                version.split('.').map(|part| part.parse::<u32>().ok()).collect::<Option<Vec<_>>>()
            };
            let higher = if bound(a)? >= bound(b)? { a } else { b };
            Some(Range(higher.clone()))
        }
        (OneOf(a), OneOf(b)) => {
            let common: Vec<String> = a.iter().filter(|v| b.contains(v)).cloned().collect();
            (!common.is_empty()).then_some(OneOf(common))
        }
        (OneOf(list), Exact(one)) | (Exact(one), OneOf(list)) => {
            list.contains(one).then(|| Exact(one.clone()))
        }
        _ => None,
    }
}

fn trust(requirement: &ToolchainRequirement) -> Option<Trust> {
    requirement.evidence.iter().map(|e| e.trust).max()
}

/// Adds packages, each name once, with all its evidence.
pub(super) fn merge_packages(into: &mut Vec<SystemPackage>, packages: Vec<SystemPackage>) {
    for package in packages {
        match into.iter_mut().find(|known| known.name == package.name) {
            Some(known) => known.evidence.extend(package.evidence),
            None => into.push(package),
        }
    }
}

/// Variables that all parts agree on (or that one part alone sets).
fn shared_env(planned: &[(&Unit, UnitPlan)]) -> BTreeMap<String, String> {
    let mut shared: BTreeMap<String, Option<String>> = BTreeMap::new();
    for (_, unit_plan) in planned {
        for (name, value) in &unit_plan.env {
            shared
                .entry(name.clone())
                .and_modify(|known| {
                    if known.as_ref() != Some(value) {
                        *known = None;
                    }
                })
                .or_insert_with(|| Some(value.clone()));
        }
    }
    shared.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
}

/// The step's id, or one made from it and its unit where it is taken.
fn free_id(steps: &[Step], step: &Step) -> StepId {
    let taken = |id: &StepId| steps.iter().any(|s| &s.id == id);
    if !taken(&step.id) {
        return step.id.clone();
    }
    let base = format!("{}@{}", step.id, if step.unit.is_empty() { "root" } else { &step.unit });
    let mut id = StepId::new(base.clone());
    let mut count = 2;
    while taken(&id) {
        id = StepId::new(format!("{base}#{count}"));
        count += 1;
    }
    id
}

/// Units that build with JavaScript beside units of another ecosystem.
fn front_ends(steps: &[Step]) -> BTreeSet<String> {
    let script = |step: &&Step| step.ecosystem.as_str() == "javascript";
    if steps.iter().all(|step| script(&step)) {
        return BTreeSet::new();
    }
    steps.iter().filter(script).map(|step| step.unit.clone()).collect()
}

fn dedup(texts: &mut Vec<String>) {
    let mut seen = BTreeSet::new();
    texts.retain(|text| seen.insert(text.clone()));
}

#[cfg(test)]
#[path = "merge_tests.rs"]
mod tests;
