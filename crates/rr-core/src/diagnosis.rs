//! From a failure to what may cure it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::cause::CauseClass;
use crate::command::Command;
use crate::id::StepId;
use crate::plan::{NetworkNeed, RunPlan, Step};
use crate::requirement::{ServiceRequirement, SystemPackage, ToolchainRequirement};

/// What is wrong, how we know, and what may cure it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Diagnosis {
    /// Stable name of the error's class with its subject: `python.missing-module:yaml`.
    pub signature: String,
    /// Why it failed.
    pub cause: CauseClass,
    /// The step that failed.
    pub step: StepId,
    /// The log line that proves it.
    pub evidence_line: String,
    /// One sentence for people.
    pub explanation: String,
    /// How sure the rule is, from 0 to 1.
    pub confidence: f32,
    /// What may cure it, the likeliest first. Empty: nothing we know.
    pub remedies: Vec<Remedy>,
}

/// Something that may cure a failure. Never edits the user's sources.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Remedy {
    /// What is done, with its subject.
    pub kind: RemedyKind,
    /// One sentence for people.
    pub title: String,
    /// How the plan changes.
    pub edits: Vec<PlanEdit>,
    /// The step to go on from; `None` means the step that failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resume_at: Option<StepId>,
}

/// Kinds of remedies, for records and for the models that rank them.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum RemedyKind {
    /// Use another version of a toolchain.
    UseToolchain {
        /// Which.
        tool: String,
        /// Which version.
        version: String,
    },
    /// Put an operating-system package into the sandbox.
    InstallSystemPackage {
        /// Debian's names.
        names: Vec<String>,
    },
    /// Add a dependency that no manifest names.
    AddDependency {
        /// The manager's names.
        names: Vec<String>,
    },
    /// Hold a dependency at a version or below a bound.
    PinDependency {
        /// Requirements in the manager's syntax.
        requirements: Vec<String>,
    },
    /// Resolve dependencies as of a date.
    ResolveAsOf {
        /// `YYYY-MM-DD`.
        date: String,
    },
    /// Set a variable.
    SetVariable {
        /// Its name.
        name: String,
    },
    /// Provision a database or broker.
    ProvisionService {
        /// Which.
        service: String,
    },
    /// Run somewhere else.
    ChangeDirectory {
        /// Folder relative to the root.
        to: String,
    },
    /// Run as another user inside the sandbox.
    ChangeUser {
        /// `root` or `runner`.
        to: String,
    },
    /// Run another command.
    ChangeCommand {
        /// The new command, as shown.
        to: String,
    },
    /// Run the same again.
    Retry,
    /// Leave out tests that cannot run here, each recorded with its cause.
    SelectTests {
        /// What is left out.
        without: Vec<String>,
    },
    /// Give more time.
    ExtendTime {
        /// Seconds.
        seconds: u32,
    },
    /// Another change of the plan.
    PatchRecipe {
        /// Which.
        what: String,
    },
}

/// One change of a plan.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "edit", rename_all = "kebab-case")]
pub enum PlanEdit {
    /// Put a step before another (at the end where that is gone). Replaces a step of its id.
    InsertBefore {
        /// The step that follows.
        before: StepId,
        /// The new step.
        step: Box<Step>,
    },
    /// Replace a step of the same id.
    ReplaceStep {
        /// The step.
        step: Box<Step>,
    },
    /// Take a step out.
    RemoveStep {
        /// Which.
        step: StepId,
    },
    /// Change a step's command.
    SetCommand {
        /// Which step.
        step: StepId,
        /// Its new command.
        command: Command,
    },
    /// Change a step's folder.
    SetDirectory {
        /// Which step.
        step: StepId,
        /// Folder relative to the root.
        cwd: String,
    },
    /// Change a step's network.
    SetNetwork {
        /// Which step.
        step: StepId,
        /// Its new need.
        network: NetworkNeed,
    },
    /// Change a step's time limit.
    SetTimeout {
        /// Which step.
        step: StepId,
        /// Seconds.
        seconds: u32,
    },
    /// Run a step as root inside the sandbox, or as the ordinary user.
    SetUser {
        /// Which step.
        step: StepId,
        /// Whether as root.
        root: bool,
    },
    /// Set a variable, for one step or for all.
    SetEnv {
        /// Which step; `None` for all.
        step: Option<StepId>,
        /// Name.
        name: String,
        /// Value.
        value: String,
    },
    /// Require a toolchain in place of any other requirement of its tool.
    RequireToolchain {
        /// The requirement.
        toolchain: ToolchainRequirement,
    },
    /// Require an operating-system package.
    RequireSystemPackage {
        /// The package.
        package: SystemPackage,
    },
    /// Require a service in place of any other requirement of its kind.
    RequireService {
        /// The service.
        service: ServiceRequirement,
    },
    /// Leave a note for people.
    Note {
        /// The note.
        text: String,
    },
}

impl PlanEdit {
    /// Applies the edit. An edit that names an absent step changes nothing and returns `false`.
    pub fn apply(&self, plan: &mut RunPlan) -> bool {
        match self {
            Self::InsertBefore { before, step } => insert_before(plan, before, step),
            Self::ReplaceStep { step } => on_step(plan, &step.id, |s| *s = (**step).clone()),
            Self::RemoveStep { step } => {
                let count = plan.steps.len();
                plan.steps.retain(|s| &s.id != step);
                plan.steps.len() < count
            }
            Self::SetCommand { step, command } => {
                on_step(plan, step, |s| s.command = command.clone())
            }
            Self::SetDirectory { step, cwd } => on_step(plan, step, |s| s.cwd.clone_from(cwd)),
            Self::SetNetwork { step, network } => on_step(plan, step, |s| s.network = *network),
            Self::SetTimeout { step, seconds } => {
                on_step(plan, step, |s| s.timeout_seconds = *seconds)
            }
            Self::SetUser { step, root } => on_step(plan, step, |s| s.as_root = *root),
            Self::SetEnv { step: Some(step), name, value } => on_step(plan, step, |s| {
                s.env.insert(name.clone(), value.clone());
            }),
            Self::SetEnv { step: None, name, value } => {
                plan.env.insert(name.clone(), value.clone()).as_ref() != Some(value)
            }
            Self::RequireToolchain { toolchain } => {
                plan.toolchains.retain(|t| t.tool != toolchain.tool);
                plan.toolchains.push(toolchain.clone());
                true
            }
            Self::RequireSystemPackage { package } => {
                let absent = plan.system_packages.iter().all(|p| p.name != package.name);
                if absent {
                    plan.system_packages.push(package.clone());
                }
                absent
            }
            Self::RequireService { service } => {
                plan.services.retain(|s| s.kind != service.kind);
                plan.services.push(service.clone());
                true
            }
            Self::Note { text } => {
                plan.notes.push(text.clone());
                true
            }
        }
    }
}

fn insert_before(plan: &mut RunPlan, before: &StepId, step: &Step) -> bool {
    plan.steps.retain(|s| s.id != step.id);
    let at = plan.steps.iter().position(|s| &s.id == before).unwrap_or(plan.steps.len());
    plan.steps.insert(at, step.clone());
    true
}

fn on_step(plan: &mut RunPlan, id: &StepId, change: impl FnOnce(&mut Step)) -> bool {
    plan.steps.iter_mut().find(|s| &s.id == id).map(change).is_some()
}
