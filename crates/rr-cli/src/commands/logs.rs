//! `logs`: the logs of a run's steps, once or as they grow.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, bail};
use rr_runner::RunService;

use crate::{exit, ui};

pub(crate) fn logs(
    service: &RunService,
    run: &str,
    step: Option<&str>,
    follow: bool,
) -> anyhow::Result<u8> {
    let id = service.find(run)?;
    let folder = service.folder(&id).join("logs");
    let mut printed = Printed::default();
    loop {
        let running = service.row(&id)?.state.as_str() == "running";
        printed.print_new(&folder, step)?;
        if !(follow && running) {
            break;
        }
        std::thread::sleep(Duration::from_millis(200));
    }
    if printed.places.is_empty() {
        bail!("run `{id}` has no such log in `{}`", folder.display());
    }
    Ok(exit::GREEN)
}

/// How far each log was printed.
#[derive(Default)]
struct Printed {
    places: BTreeMap<PathBuf, u64>,
    last: Option<PathBuf>,
}

impl Printed {
    fn print_new(&mut self, folder: &Path, step: Option<&str>) -> anyhow::Result<()> {
        for path in log_files(folder, step)? {
            let from = self.places.get(&path).copied();
            let read = || format!("read `{}`", path.display());
            let mut file = File::open(&path).with_context(read)?;
            file.seek(SeekFrom::Start(from.unwrap_or(0))).with_context(read)?;
            let mut bytes = Vec::new();
            file.read_to_end(&mut bytes).with_context(read)?;
            let place = from.unwrap_or(0) + bytes.len() as u64;
            self.places.insert(path.clone(), place);
            if bytes.is_empty() && from.is_some() {
                continue;
            }
            if self.last.as_ref() != Some(&path) {
                let name = path.file_stem().unwrap_or_default().to_string_lossy();
                ui::line(&format!("==> {name} <=="))?;
                self.last = Some(path);
            }
            ui::bytes(&bytes)?;
        }
        Ok(())
    }
}

/// The logs, oldest first.
fn log_files(folder: &Path, step: Option<&str>) -> anyhow::Result<Vec<PathBuf>> {
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let read = || format!("read `{}`", folder.display());
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).with_context(read)? {
        let entry = entry.with_context(read)?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if step.is_none_or(|step| name.contains(step)) {
            let made = entry.metadata().and_then(|m| m.created().or_else(|_| m.modified()));
            files.push((made.with_context(read)?, entry.path()));
        }
    }
    files.sort();
    Ok(files.into_iter().map(|(_, path)| path).collect())
}
