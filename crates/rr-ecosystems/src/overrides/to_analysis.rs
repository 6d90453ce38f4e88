//! Brings overrides into the analysis: as facts of their own, beside what they outrank.

use std::collections::BTreeMap;

use rr_core::{
    Analysis, CommandClass, Evidence, Fact, FactKey, MinedCommand, Override, OverrideField,
    OverrideOperation, StepKind, SystemPackage, ToolchainRequirement,
};

use super::values::version_request;

/// Applies overrides to an analysis. What they outrank stays, marked as superseded; mined commands
/// of a replaced kind stay too, behind the file's own, which are trusted more.
pub fn change_analysis(analysis: &mut Analysis, overrides: Vec<Override>) {
    for change in &overrides {
        if let Some(key) = key(&change.field) {
            supersede(analysis, change, &key);
            if change.operation != OverrideOperation::Remove {
                add_facts(analysis, change, &key);
            }
        }
        match &change.field {
            OverrideField::Toolchain(tool) => require(analysis, change, tool),
            OverrideField::SystemPackages => packages(analysis, change),
            OverrideField::Commands(kind) => {
                let folder = folder(&overrides, *kind).unwrap_or_default();
                commands(analysis, change, *kind, folder);
            }
            OverrideField::Services if change.operation != OverrideOperation::Append => {
                let named = |kind: &str| {
                    change.values.iter().any(|value| value.split(':').next() == Some(kind))
                };
                let replace = change.operation == OverrideOperation::Replace;
                analysis.services.retain(|s| named(s.kind.as_str()) == replace);
            }
            _ => {}
        }
    }
    analysis.overrides = overrides;
}

/// The folder that the files give to the commands of a kind; the last word rules.
pub(super) fn folder(overrides: &[Override], kind: StepKind) -> Option<&str> {
    let of = |field: &OverrideField| {
        let change = overrides.iter().rev().find(|change| &change.field == field)?;
        change.values.first().map(String::as_str)
    };
    of(&OverrideField::CommandFolder(kind)).or_else(|| of(&OverrideField::Folder))
}

/// The key of the facts that a field competes with.
fn key(field: &OverrideField) -> Option<FactKey> {
    Some(match field {
        OverrideField::Toolchain(tool) => FactKey::Version(tool.clone()),
        OverrideField::Variable(name) => FactKey::Variable(name.clone()),
        OverrideField::SystemPackages => FactKey::SystemPackage,
        OverrideField::Services => FactKey::Service,
        OverrideField::Ports => FactKey::Port,
        OverrideField::HealthPath => FactKey::HealthPath,
        _ => return None,
    })
}

/// Marks the facts that a change outranks.
fn supersede(analysis: &mut Analysis, change: &Override, key: &FactKey) {
    let named = |value: &str| match &change.field {
        OverrideField::Toolchain(_) | OverrideField::Variable(_) => true,
        _ => change.values.iter().any(|v| v == value),
    };
    for fact in analysis.facts.iter_mut().filter(|fact| &fact.key == key) {
        let loses = match change.operation {
            OverrideOperation::Append => false,
            OverrideOperation::Replace => true,
            OverrideOperation::Remove => named(&fact.value),
        };
        if loses && !fact.superseded {
            fact.superseded = true;
            let place = change.evidence.first().map_or_else(String::new, Evidence::place);
            fact.superseded_by = format!("{place} says `{}`", change.operation.as_str());
        }
    }
}

fn add_facts(analysis: &mut Analysis, change: &Override, key: &FactKey) {
    for (value, evidence) in change.items() {
        analysis.facts.push(Fact::new(key.clone(), "", value, evidence.clone()));
    }
}

/// Every unit that needs the tool needs it so; where none does, the main unit does.
fn require(analysis: &mut Analysis, change: &Override, tool: &str) {
    let requirement = toolchain(change, tool);
    let mut known = false;
    for unit in &mut analysis.units {
        if let Some(old) = unit.toolchains.iter_mut().find(|t| t.tool == tool) {
            known = true;
            if let Some(new) = &requirement {
                old.version = new.version.clone();
                old.evidence.splice(0..0, new.evidence.clone());
            }
        }
        if requirement.is_none() {
            unit.toolchains.retain(|t| t.tool != tool);
        }
    }
    if let (false, Some(requirement), Some(unit)) = (known, requirement, analysis.units.first_mut())
    {
        unit.toolchains.push(requirement);
    }
}

/// What a change asks of a toolchain; `None` where it takes it out.
pub(super) fn toolchain(change: &Override, tool: &str) -> Option<ToolchainRequirement> {
    (change.operation != OverrideOperation::Remove).then(|| ToolchainRequirement {
        tool: tool.to_owned(),
        version: version_request(&change.values),
        evidence: change.evidence.clone(),
    })
}

fn packages(analysis: &mut Analysis, change: &Override) {
    let named = |name: &String| change.values.contains(name);
    match change.operation {
        OverrideOperation::Append => {}
        OverrideOperation::Replace => analysis.system_packages.clear(),
        OverrideOperation::Remove => {
            analysis.system_packages.retain(|package| !named(&package.name));
            return;
        }
    }
    for (name, evidence) in change.items() {
        match analysis.system_packages.iter_mut().find(|package| package.name == name) {
            Some(known) => known.evidence.insert(0, evidence.clone()),
            None => analysis
                .system_packages
                .push(SystemPackage { name: name.to_owned(), evidence: vec![evidence.clone()] }),
        }
    }
}

/// Test commands are shown to the ecosystems, which know what their runners need; those of other
/// kinds run as they are.
fn commands(analysis: &mut Analysis, change: &Override, kind: StepKind, folder: &str) {
    let class = class_of(kind);
    if change.operation == OverrideOperation::Remove {
        analysis
            .commands
            .retain(|c| c.class != class || !change.values.iter().any(|v| c.line.contains(v)));
        return;
    }
    if kind != StepKind::Test || change.operation != OverrideOperation::Replace {
        return;
    }
    for (line, evidence) in change.items() {
        analysis.commands.push(command(line, class, folder, evidence));
    }
}

/// A line of the file as a command of the repository.
fn command(line: &str, class: CommandClass, cwd: &str, evidence: &Evidence) -> MinedCommand {
    MinedCommand {
        line: line.to_owned(),
        class,
        cwd: cwd.to_owned(),
        env: BTreeMap::new(),
        context: Override::RULE.to_owned(),
        evidence: evidence.clone(),
    }
}

/// The class of mined commands that a kind of steps is made from.
const fn class_of(kind: StepKind) -> CommandClass {
    match kind {
        StepKind::Configure => CommandClass::Configure,
        StepKind::Install | StepKind::Check => CommandClass::Install,
        StepKind::Migrate => CommandClass::Migrate,
        StepKind::Build => CommandClass::Build,
        StepKind::Start => CommandClass::Start,
        StepKind::Test => CommandClass::Test,
    }
}
