//! `export` and `recipe`: a run's lock, or that of a source of which nothing was run, in a form.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use rr_core::{CancelToken, Rung};
use rr_runner::{
    Export, ExportFile, ExportForm, HEADER_MARK, RecipeLock, RunError, RunRequest, RunService,
};

use super::run::base_request;
use crate::args::{ExportArguments, SourceArguments};
use crate::{exit, interrupt, ui};

pub(crate) fn export(service: &RunService, arguments: &ExportArguments) -> anyhow::Result<u8> {
    let lock = lock(service, arguments)?;
    let export = rr_runner::export(&lock, arguments.form)?;
    match (&arguments.out, arguments.check) {
        (out, true) => check(&export, out.as_deref().unwrap_or(Path::new("."))),
        (Some(out), false) => write(&export, out, arguments.force),
        (None, false) => print(&export),
    }
}

/// The shell script of a run: `export script`.
pub(crate) fn recipe(service: &RunService, run: &str) -> anyhow::Result<u8> {
    let lock = service.lock(&service.find(run)?)?;
    print(&rr_runner::export(&lock, ExportForm::Script)?)
}

/// The lock of a run, of a lock file, or, unproved, of a source.
fn lock(service: &RunService, arguments: &ExportArguments) -> anyhow::Result<RecipeLock> {
    let named = arguments.from.as_str();
    let of = &arguments.of;
    if of.reference.is_none() && of.config.is_none() && of.package.is_none() {
        match service.find(named) {
            Ok(id) => return Ok(service.lock(&id)?),
            Err(RunError::Unknown(_)) if named == "latest" => bail!("there is no run yet"),
            Err(RunError::Unknown(_)) => {}
            Err(error) => return Err(error.into()),
        }
    }
    let path = Path::new(named);
    if path.extension().is_some_and(|ending| ending == "lock") && path.is_file() {
        return Ok(service.read_lock(path)?);
    }
    let source = SourceArguments { source: named.to_owned(), of: of.clone() };
    let cwd = std::env::current_dir().context("find the current folder")?;
    let parsed = service.wiring().parse_source(named, of.reference.as_deref(), &cwd)?;
    let request = RunRequest { until: Rung::Analyzed, ..base_request(parsed, &source)? };
    let cancel = CancelToken::default();
    let observer = ui::silent_observer();
    interrupt::cancel_on_signal(&cancel, &observer)?;
    if let Some(lock) = service.look_lock(&request, &cancel)? {
        return Ok(lock);
    }
    let report = service.start(&request, observer, &cancel)?;
    Ok(service.lock(&report.run_id)?)
}

fn print(export: &Export) -> anyhow::Result<u8> {
    if let Some((main, others)) = export.files.split_first() {
        ui::line(main.text.trim_end())?;
        if !others.is_empty() {
            let names: Vec<&str> = others.iter().map(|file| file.path.as_str()).collect();
            ui::note(&format!("`--out FOLDER` writes {} and {}", main.path, names.join(", ")));
        }
    }
    Ok(exit::GREEN)
}

/// Whether the files in a folder are what would be exported now.
fn check(export: &Export, folder: &Path) -> anyhow::Result<u8> {
    let mut same = true;
    for file in &export.files {
        let path = folder.join(&file.path);
        let there = std::fs::read_to_string(&path);
        if there.is_ok_and(|text| text == file.text) {
            ui::line(&format!("up to date: {}", file.path))?;
        } else {
            same = false;
            ui::line(&format!("differs: {}", file.path))?;
        }
    }
    Ok(if same { exit::GREEN } else { exit::REPOSITORY })
}

/// Writes all files or none: what somebody wrote by hand is not overwritten.
fn write(export: &Export, folder: &Path, force: bool) -> anyhow::Result<u8> {
    let targets: Vec<(&ExportFile, PathBuf)> =
        export.files.iter().map(|file| (file, folder.join(&file.path))).collect();
    for (_, path) in targets.iter().filter(|_| !force) {
        if path.symlink_metadata().is_ok() && !is_ours(path) {
            bail!(
                "`{}` was not written by repo-runner: move it away, or say `--force`",
                path.display()
            );
        }
    }
    for (file, path) in targets {
        let attempted = || format!("write `{}`", path.display());
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent).with_context(attempted)?;
        }
        std::fs::write(&path, &file.text).with_context(attempted)?;
        if file.executable {
            make_executable(&path).with_context(attempted)?;
        }
        ui::line(&format!("wrote {}", path.display()))?;
    }
    Ok(exit::GREEN)
}

fn is_ours(path: &Path) -> bool {
    let regular = path.symlink_metadata().is_ok_and(|about| about.is_file());
    let text = std::fs::read_to_string(path).unwrap_or_default();
    let lock = "locked by repo-runner";
    regular && text.lines().take(5).any(|line| line.contains(HEADER_MARK) || line.contains(lock))
}

fn make_executable(path: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    let mut permissions = std::fs::metadata(path)?.permissions();
    permissions.set_mode(permissions.mode() | 0o111);
    std::fs::set_permissions(path, permissions)
}
