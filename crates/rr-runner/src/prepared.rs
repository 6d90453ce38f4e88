//! Prepared environments: what a run installed and built, kept for later runs of the same inputs.
//!
//! The key is the hash of everything that decides what installing and building brings: the
//! commit, the manifests, the plan's own commands, toolchains and packages, and the platform.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use rr_core::{RunPlan, StepKind};
use rr_store::EnvironmentRow;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::error::RunError;
use crate::live::LiveRun;
use crate::room;
use crate::workflow::{Found, Hit, Keep};

/// What stands beside a kept environment.
#[derive(Serialize, Deserialize)]
struct Kept {
    /// What the user named; misses are explained against the newest of the same source.
    source: String,
    /// Inputs by name, hashed.
    inputs: BTreeMap<String, String>,
    plan: RunPlan,
    remedies: Vec<String>,
}

/// Looks for an environment of the same inputs.
pub(crate) fn look_up(live: &LiveRun, commit: &str, plan: &RunPlan) -> Result<Found, RunError> {
    let inputs = inputs(live, commit, plan)?;
    let key = key(&inputs);
    if live.request.fresh {
        return Ok(Found { key, hit: None, reason: "a fresh one was asked for".to_owned() });
    }
    let now = live.clock().unix_millis();
    let Some(row) = live.store.use_environment(&key, now)? else {
        let reason = explain_miss(live, &inputs)?;
        return Ok(Found { key, hit: None, reason });
    };
    if !row.path.is_dir() {
        live.store.delete_environment(&key)?;
        let reason = "the kept environment is gone from disk".to_owned();
        return Ok(Found { key, hit: None, reason });
    }
    let kept: Kept = parse(&row)?;
    let age_seconds = now.saturating_sub(row.created_at) / 1000;
    let hit = Hit { path: row.path, age_seconds, plan: kept.plan, remedies: kept.remedies };
    Ok(Found { key, hit: Some(hit), reason: "all inputs are the same".to_owned() })
}

/// Keeps what the run prepared, unless another run that is at work stands on one of the same inputs:
/// that one stays as it is.
pub(crate) fn keep(live: &LiveRun, input: &Keep) -> Result<(), RunError> {
    live.session.stop_services();
    if room::is_in_use(&live.store, &input.key)? {
        return Ok(());
    }
    let executor = live.executor().map_err(|e| RunError::Internal(e.to_string()))?;
    let path = live.home.environments().join(format!("{}-{}", &input.key[..16], live.id));
    executor.export_prepared(&path)?;
    let bytes = room::bytes_on_disk(&path)
        .map_err(|e| RunError::io(format!("measure `{}`", path.display()), e))?;
    let commit = input.commit.as_str();
    let kept = Kept {
        source: live.request.source.to_string(),
        inputs: inputs(live, commit, &input.planned)?,
        plan: input.plan.clone(),
        remedies: input.remedies.clone(),
    };
    let now = live.clock().unix_millis();
    let before = live.store.put_environment(&EnvironmentRow {
        key: input.key.clone(),
        path,
        created_at: now,
        last_used: now,
        bytes,
        inputs_json: serde_json::to_string(&kept).map_err(|e| RunError::Internal(e.to_string()))?,
    })?;
    if let Some(before) = before.filter(|row| row.path.is_dir()) {
        rr_sandbox::remove_tree(&before.path)?;
    }
    room::make_room(&live.store, live.home.cache_limit(), now)?;
    Ok(())
}

fn inputs(
    live: &LiveRun,
    commit: &str,
    plan: &RunPlan,
) -> Result<BTreeMap<String, String>, RunError> {
    let source = live.session.source();
    let environment = live.session.environment();
    let prepares: Vec<_> = plan.steps.iter().filter(|s| s.kind < StepKind::Start).collect();
    let mut inputs = BTreeMap::from([
        ("the commit".to_owned(), hash(commit.as_bytes())),
        (
            "the platform".to_owned(),
            hash_json(&(&environment.arch, &environment.os, &environment.distribution))?,
        ),
        ("the set-up commands".to_owned(), hash_json(&prepares)?),
        (
            "toolchains and packages".to_owned(),
            hash_json(&(&plan.toolchains, &plan.system_packages, &plan.services))?,
        ),
        ("the variables".to_owned(), hash_json(&(&plan.env, &plan.path))?),
        ("this program".to_owned(), hash(this_program().as_bytes())),
    ]);
    for file in live.session.engine.analyzer.input_files(&source, plan) {
        inputs.insert(format!("`{file}`"), hash_file(&source.join(&file))?);
    }
    Ok(inputs)
}

/// The program's version and, as builds of one version differ, its size and time.
fn this_program() -> String {
    let built = std::env::current_exe()
        .and_then(|path| path.metadata())
        .and_then(|file| Ok((file.len(), file.modified()?)))
        .ok();
    format!("{} {built:?}", env!("CARGO_PKG_VERSION"))
}

fn key(inputs: &BTreeMap<String, String>) -> String {
    let mut hasher = Sha256::new();
    for (name, value) in inputs {
        hasher.update(name.as_bytes());
        hasher.update([0]);
        hasher.update(value.as_bytes());
        hasher.update([0]);
    }
    hex(&hasher.finalize())
}

/// Which inputs differ from the newest environment of the same source.
fn explain_miss(live: &LiveRun, inputs: &BTreeMap<String, String>) -> Result<String, RunError> {
    let source = live.request.source.to_string();
    let rows = live.store.environments()?;
    let newest = rows
        .iter()
        .filter_map(|row| Some((row.created_at, parse(row).ok().filter(|k| k.source == source)?)))
        .max_by_key(|(created_at, _)| *created_at);
    let Some((_, kept)) = newest else {
        return Ok("no environment of this source is kept".to_owned());
    };
    let changed: Vec<&str> = inputs
        .iter()
        .filter(|(name, value)| kept.inputs.get(*name) != Some(*value))
        .map(|(name, _)| name.as_str())
        .take(5)
        .collect();
    Ok(format!("changed since the kept one: {}", changed.join(", ")))
}

fn parse(row: &EnvironmentRow) -> Result<Kept, RunError> {
    serde_json::from_str(&row.inputs_json)
        .map_err(|e| RunError::Internal(format!("kept environment `{}`: {e}", row.key)))
}

fn hash_file(path: &Path) -> Result<String, RunError> {
    let attempted = || format!("hash `{}`", path.display());
    if path.symlink_metadata().map_err(|e| RunError::io(attempted(), e))?.is_symlink() {
        return Ok("link".to_owned());
    }
    let mut file = File::open(path).map_err(|e| RunError::io(attempted(), e))?;
    let mut hasher = Sha256::new();
    let mut buffer = vec![0u8; 64 << 10];
    loop {
        let count = file.read(&mut buffer).map_err(|e| RunError::io(attempted(), e))?;
        if count == 0 {
            return Ok(hex(&hasher.finalize()));
        }
        hasher.update(&buffer[..count]);
    }
}

fn hash(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

fn hash_json<T: Serialize>(value: &T) -> Result<String, RunError> {
    serde_json::to_vec(value)
        .map(|bytes| hash(&bytes))
        .map_err(|e| RunError::Internal(e.to_string()))
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
