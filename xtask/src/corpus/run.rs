//! Walks the list: skips what is done, runs the rest, prints each row as it comes.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use regex::Regex;
use sha2::{Digest, Sha256};

use super::measure::{Bench, Ended};
use super::record::Record;
use super::store::Store;
use super::truth::Row;
use super::{clones, table, truth};
use crate::process::Workspace;

/// Options of `cargo xtask corpus`.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// The list: columns `repo`, `commit`, and where known `tests_total`, `tests_passed`, `status`.
    list: PathBuf,
    /// The folder of clones: `<owner>+<name>` or `<name>` in it, bare or not.
    clones: PathBuf,
    /// Only repositories whose `owner/name` matches.
    #[arg(long, value_name = "REGEX")]
    only: Option<Regex>,
    /// Only rows whose truth was obtained by hand.
    #[arg(long)]
    trusted: bool,
    /// At most this many repositories.
    #[arg(long, value_name = "N")]
    limit: Option<usize>,
    /// How many to run at once.
    #[arg(long, default_value_t = 1, value_name = "N")]
    jobs: usize,
    /// Write the table to this file too.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Keep the results in this file, and go on from what is in it.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Run again what the results file holds already.
    #[arg(long)]
    again: bool,
    /// The binary; the workspace's newest build where absent.
    #[arg(long, value_name = "FILE")]
    binary: Option<PathBuf>,
    /// The state folder of the runs (`REPO_RUNNER_HOME`).
    #[arg(long, value_name = "FOLDER")]
    home: Option<PathBuf>,
    /// The hard limit of one run in seconds; its process group is killed then.
    #[arg(long, default_value_t = 1500, value_name = "SECONDS")]
    timeout: u64,
    /// Further arguments for `repo-runner run`.
    #[arg(last = true)]
    extra: Vec<String>,
}

/// Runs the corpus. `true` whatever the results are: they are data.
pub(crate) fn run(arguments: &Arguments) -> Result<bool> {
    let workspace = Workspace::locate()?;
    let rows = select(truth::read(&arguments.list)?, arguments);
    if rows.is_empty() {
        bail!("no row of `{}` is left to run", arguments.list.display());
    }
    let bench = bench(arguments, &workspace)?;
    let session = Session {
        hash: digest(&bench.binary)?,
        bench,
        clones: &arguments.clones,
        again: arguments.again,
        store: Mutex::new(Store::open(arguments.json.as_deref())?),
    };
    let records = session.run_all(&rows, arguments.jobs.max(1))?;
    let text = table::markdown(&records);
    println!("\n{text}");
    if let Some(path) = &arguments.out {
        fs::write(path, &text).with_context(|| format!("writing `{}`", path.display()))?;
    }
    Ok(true)
}

fn select(rows: Vec<Row>, arguments: &Arguments) -> Vec<Row> {
    rows.into_iter()
        .filter(|row| row.trusted || !arguments.trusted)
        .filter(|row| arguments.only.as_ref().is_none_or(|only| only.is_match(&row.repo)))
        .take(arguments.limit.unwrap_or(usize::MAX))
        .collect()
}

fn bench(arguments: &Arguments, workspace: &Workspace) -> Result<Bench> {
    let binary = match &arguments.binary {
        Some(path) => path.clone(),
        None => newest_build(&workspace.target)?,
    };
    let binary = fs::canonicalize(&binary)
        .with_context(|| format!("finding the binary `{}`", binary.display()))?;
    let stop = Arc::new(AtomicBool::new(false));
    for signal in [signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM] {
        signal_hook::flag::register(signal, Arc::clone(&stop)).context("watching for Ctrl-C")?;
    }
    Ok(Bench {
        binary,
        home: arguments.home.clone(),
        extra: arguments.extra.clone(),
        limit: Duration::from_secs(arguments.timeout),
        logs: workspace.target.join("corpus"),
        stop,
    })
}

/// The newer one of the release and the debug build.
fn newest_build(target: &Path) -> Result<PathBuf> {
    let built = |profile: &str| {
        let path = target.join(profile).join("repo-runner");
        let modified = fs::metadata(&path).and_then(|facts| facts.modified()).ok()?;
        Some((modified, path))
    };
    ["release", "debug"]
        .into_iter()
        .filter_map(built)
        .max()
        .map(|(_, path)| path)
        .context("`repo-runner` is not built: run `cargo build --release -p rr-cli`")
}

/// The SHA-256 of a file, by which results of different binaries are told apart.
fn digest(path: &Path) -> Result<String> {
    let bytes = fs::read(path).with_context(|| format!("reading `{}`", path.display()))?;
    Ok(Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect())
}

struct Session<'a> {
    hash: String,
    bench: Bench,
    clones: &'a Path,
    again: bool,
    store: Mutex<Store>,
}

impl Session<'_> {
    /// The records of all rows, in their order.
    fn run_all(&self, rows: &[Row], jobs: usize) -> Result<Vec<Record>> {
        let next = AtomicUsize::new(0);
        let worker = || -> Result<Vec<(usize, Record)>> {
            let mut done = Vec::new();
            while !self.bench.stop.load(Ordering::Relaxed) {
                let at = next.fetch_add(1, Ordering::Relaxed);
                let Some(row) = rows.get(at) else { break };
                let record = self.run_one(row)?;
                println!("{}", table::line(&record));
                done.push((at, record));
            }
            Ok(done)
        };
        let mut records = thread::scope(|scope| {
            let workers: Vec<_> = (0..jobs).map(|_| scope.spawn(worker)).collect();
            let mut all = Vec::new();
            for worker in workers {
                match worker.join() {
                    Ok(done) => all.extend(done?),
                    Err(panic) => std::panic::resume_unwind(panic),
                }
            }
            anyhow::Ok(all)
        })?;
        records.sort_by_key(|(at, _)| *at);
        Ok(records.into_iter().map(|(_, record)| record).collect())
    }

    fn run_one(&self, row: &Row) -> Result<Record> {
        let kept = self.lock().finished(&row.repo, &row.commit, &self.hash).cloned();
        if let Some(record) = kept.filter(|_| !self.again) {
            return Ok(record);
        }
        let Some(clone) = clones::find(self.clones, &row.repo) else {
            return Ok(Record::not_run(row, &self.hash, "no clone"));
        };
        eprintln!("running {} at {}", row.repo, row.commit);
        let measured = self.bench.run(&clone, &row.commit, &row.repo.replace('/', "+"))?;
        let record = Record::of(row, &self.hash, &measured);
        // A run that the user cut off is no result: it must run again next time.
        if !matches!(measured.ended, Ended::Stopped) {
            self.lock().keep(record.clone())?;
        }
        Ok(record)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Store> {
        self.store.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::process;

    const REPORT: &str =
        r#"{"verdict": {"rung": "tested", "green": true}, "tests": {"passed": 9}}"#;

    /// A session whose binary writes a line to `calls` each time, and then a report.
    fn session(folder: &Path) -> Session<'_> {
        let binary = folder.join("binary");
        let script =
            format!("#!/bin/sh\necho \"$2\" >> {}/calls\necho '{REPORT}'\n", folder.display());
        process::write_script(&binary, &script);
        Session {
            hash: digest(&binary).unwrap(),
            bench: Bench {
                binary,
                home: None,
                extra: Vec::new(),
                limit: Duration::from_secs(600),
                logs: folder.join("logs"),
                stop: Arc::new(AtomicBool::new(false)),
            },
            clones: folder,
            again: false,
            store: Mutex::new(Store::open(Some(&folder.join("results.json"))).unwrap()),
        }
    }

    fn row(repo: &str) -> Row {
        let (repo, commit) = (repo.to_owned(), "c".to_owned());
        Row { repo, commit, total: Some(10), passed: Some(9), trusted: true }
    }

    fn calls(folder: &Path) -> usize {
        fs::read_to_string(folder.join("calls")).unwrap_or_default().lines().count()
    }

    #[test]
    fn every_row_gives_a_record_and_finished_ones_are_not_run_again() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir_all(folder.path().join("a+b/.git")).unwrap();
        fs::create_dir_all(folder.path().join("d/.git")).unwrap();
        let rows = ["a/b", "x/absent", "c/d"].map(row);

        let records = session(folder.path()).run_all(&rows, 2).unwrap();
        let repos: Vec<&str> = records.iter().map(|r| r.repo.as_str()).collect();
        assert_eq!(repos, ["a/b", "x/absent", "c/d"]);
        assert!(records[0].meets_truth() && records[2].meets_truth());
        assert_eq!((records[1].ran, records[1].trouble.as_str()), (false, "no clone"));
        assert_eq!(calls(folder.path()), 2);

        fs::create_dir_all(folder.path().join("x+absent/.git")).unwrap();
        let mut next = session(folder.path());
        assert!(next.run_all(&rows, 1).unwrap().iter().all(Record::meets_truth));
        assert_eq!(calls(folder.path()), 3);

        next.again = true;
        next.run_all(&rows, 1).unwrap();
        assert_eq!(calls(folder.path()), 6);
    }

    #[test]
    fn a_stopped_session_starts_nothing_more() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir_all(folder.path().join("a+b/.git")).unwrap();
        let session = session(folder.path());
        session.bench.stop.store(true, Ordering::Relaxed);
        assert!(session.run_all(&["a/b"].map(row), 1).unwrap().is_empty());
        assert_eq!(calls(folder.path()), 0);
    }
}
