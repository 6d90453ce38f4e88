//! What is in place before a step runs: a prepared environment, toolchains, packages, databases.

use rr_accounts::IndexChoice;
use rr_agents::{Databases, Indexed, Inventory, Prepared};
use rr_core::report::PreparedEnvironment;
use rr_core::{Phase, PhaseOutcome, Step, StepKind};
use rr_workflow::{WorkflowContextExt, WorkflowError};
use serde_json::Value;

use super::body::Play;
use super::decided;
use super::input::{Found, Index, Keep, LookUp, Prepare, Timed};
use crate::live::Setting;

impl Play<'_> {
    /// Looks for an environment that an earlier run prepared from the same inputs.
    pub(super) fn reuse(&mut self) -> Result<(), WorkflowError> {
        self.planned = self.progress.plan.clone();
        let input = LookUp { commit: self.commit(), plan: self.planned.clone() };
        let phase = Phase::ManageDependencies;
        let found: Found = self.step("look-up-prepared", &input, phase, "OrchestratorAgent")?;
        self.progress.environment_cache = PreparedEnvironment {
            key: found.key,
            reused: found.hit.is_some(),
            age_seconds: found.hit.as_ref().map(|hit| hit.age_seconds),
            reason: found.reason,
        };
        if let Some(hit) = found.hit {
            self.progress.plan = hit.plan;
            self.snapshot = Some(hit.path);
            self.kept = true;
            self.progress.notes.extend(
                hit.remedies.iter().map(|title| format!("in the prepared environment: {title}")),
            );
        }
        Ok(())
    }

    fn commit(&self) -> String {
        self.progress.fetched.as_ref().map(|f| f.commit.clone()).unwrap_or_default()
    }

    /// Toolchains and packages are obtained while the files are indexed.
    pub(super) fn prepare_and_index(&mut self) -> Result<(), WorkflowError> {
        let choice: IndexChoice =
            self.step("choose-indexer", &(), Phase::ChooseIndexer, "ContextIndexerAgent")?;
        self.progress.decisions.push(decided::index(&choice));
        let kind = choice.index;
        self.progress.index_choice = Some(choice);
        let calls = vec![
            ("prepare".to_owned(), json(&self.prepare_input())?),
            ("inventory".to_owned(), Value::Null),
            ("index".to_owned(), json(&Index { kind })?),
        ];
        let mut results = self.context.join(calls).into_iter();
        let mut next = || results.next().unwrap_or(Ok(Value::Null));
        let (prepared, inventory, indexed) = (next()?, next()?, next());
        let prepared: Timed<Prepared> = from_json("prepare", prepared)?;
        self.take_prepared(prepared);
        let inventory: Timed<Inventory> = from_json("inventory", inventory)?;
        self.progress.inventory =
            Some(self.progress.took(Phase::IndexFiles, "FileAgent", inventory));
        match indexed {
            Ok(value) => {
                let indexed: Timed<Indexed> = from_json("index", value)?;
                let indexed = self.progress.took(Phase::IndexFiles, "ContextIndexerAgent", indexed);
                let detail = format!("{} files in the {} index", indexed.files, indexed.kind);
                self.progress.phase_ended(Phase::IndexFiles, PhaseOutcome::Succeeded, &detail);
                self.progress.indexed = Some(indexed);
            }
            Err(error) if error.is_resumable() => return Err(error),
            // Without an index only `search` is missing; the verdict does not depend on it.
            Err(error) => {
                self.progress.notes.push(format!("no search index: {error}"));
                let (phase, text) = (Phase::IndexFiles, error.to_string());
                self.progress.phase_ended(phase, PhaseOutcome::Failed, &text);
            }
        }
        Ok(())
    }

    fn prepare_input(&mut self) -> Prepare {
        self.prepared_for = Some(self.progress.plan.clone());
        Prepare {
            toolchains: self.progress.plan.toolchains.clone(),
            packages: self.progress.plan.system_packages.clone(),
            services: self.live.managers.service.order(&self.progress.plan.services),
        }
    }

    fn take_prepared(&mut self, prepared: Timed<Prepared>) {
        let phase = Phase::ManageDependencies;
        let prepared = self.progress.took_repo(phase, "SetupAgent", prepared);
        for note in &prepared.notes {
            if !self.progress.notes.contains(note) {
                self.progress.notes.push(note.clone());
            }
        }
        self.progress.prepared = prepared;
        self.settle();
    }

    /// Tells the live run what the next steps need.
    pub(super) fn settle(&self) {
        self.live.set(Setting {
            prepared: self.progress.prepared.clone(),
            snapshot: self.snapshot.clone(),
            plan: self.progress.plan.clone(),
            services: self.live.managers.service.order(&self.progress.plan.services),
        });
    }

    /// A remedy may have asked for toolchains, packages or services that are not there yet.
    pub(super) fn prepare_again(&mut self) -> Result<(), WorkflowError> {
        let plan = &self.progress.plan;
        let same = self.prepared_for.as_ref().is_some_and(|before| {
            before.toolchains == plan.toolchains
                && before.system_packages == plan.system_packages
                && before.services == plan.services
        });
        if same {
            self.settle();
            return Ok(());
        }
        let input = self.prepare_input();
        let prepared: Timed<Prepared> = self.context.step("prepare", &input)?;
        self.take_prepared(prepared);
        Ok(())
    }

    /// Databases are brought up before the first step that may need one.
    pub(super) fn bring_up_databases(&mut self) -> Result<(), WorkflowError> {
        let plan = &self.progress.plan;
        let tried = &self.progress.databases;
        if plan.services.is_empty() || !tried.up.is_empty() {
            return Ok(());
        }
        match self.context.step::<_, Timed<Databases>>("databases", &()) {
            Ok(timed) => {
                let phase = Phase::Configure;
                self.progress.databases = self.progress.took_repo(phase, "DatabaseAgent", timed);
                self.leave_out_missing();
            }
            Err(error) if error.is_resumable() => return Err(error),
            Err(error) => {
                self.progress.notes.push(format!("no database: {error}"));
                self.progress.plan.services.clear();
                self.settle();
            }
        }
        Ok(())
    }

    /// A service that cannot be had is no part of the plan any more; the others are.
    fn leave_out_missing(&mut self) {
        let missing = self.progress.databases.missing.clone();
        if missing.is_empty() {
            return;
        }
        for service in &missing {
            let name = service.kind.as_str();
            self.progress.notes.push(format!("{name} could not be provided: {}", service.reason));
        }
        self.progress.plan.services.retain(|s| missing.iter().all(|m| m.kind != s.kind));
        self.settle();
    }

    /// Keeps the prepared environment before the first step that is not part of it.
    pub(super) fn keep_before(&mut self, step: &Step) -> Result<(), WorkflowError> {
        let beyond = matches!(step.kind, StepKind::Start | StepKind::Test);
        if beyond { self.keep_now() } else { Ok(()) }
    }

    pub(super) fn keep_now(&mut self) -> Result<(), WorkflowError> {
        let prepares = [StepKind::Configure, StepKind::Install, StepKind::Build, StepKind::Check];
        let ends = self.progress.ends_of(&prepares);
        let costly = |kind| matches!(kind, StepKind::Install | StepKind::Build);
        let worth = ends.iter().any(|(_, end)| costly(end.kind) && end.ok && !end.reused);
        let failed = ends.iter().any(|(_, end)| !end.ok && end.kind != StepKind::Check);
        if self.kept || !worth || failed {
            return Ok(());
        }
        self.kept = true;
        let remedies = self.progress.remedies.iter().filter(|r| r.helped);
        let input = Keep {
            key: self.progress.environment_cache.key.clone(),
            commit: self.commit(),
            planned: self.planned.clone(),
            plan: self.progress.plan.clone(),
            remedies: remedies.map(|r| r.title.clone()).collect(),
        };
        let phase = Phase::Configure;
        let problem: Option<String> = self.step("keep-prepared", &input, phase, "SetupAgent")?;
        if let Some(problem) = problem {
            self.progress.notes.push(format!("the prepared environment was not kept: {problem}"));
        }
        Ok(())
    }
}

fn json<T: serde::Serialize>(value: &T) -> Result<Value, WorkflowError> {
    serde_json::to_value(value).map_err(|error| WorkflowError::Encode {
        step: "join".to_owned(),
        reason: error.to_string(),
    })
}

/// Reads the result of a joined step.
pub(super) fn from_json<T: serde::de::DeserializeOwned>(
    step: &str,
    value: Value,
) -> Result<T, WorkflowError> {
    serde_json::from_value(value)
        .map_err(|error| WorkflowError::Decode { step: step.to_owned(), reason: error.to_string() })
}
