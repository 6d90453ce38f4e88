//! Runs the binary on one clone, with a hard limit, and takes its measures.

use std::fs::{self, File};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use serde_json::Value;

use crate::process;

/// How long a run that was asked to end may take to do so.
const GRACE: Duration = Duration::from_secs(20);
const POLL: Duration = Duration::from_millis(100);

/// What is run, and how.
pub(crate) struct Bench {
    /// The binary.
    pub(crate) binary: PathBuf,
    /// Where it keeps its state; its own default where absent.
    pub(crate) home: Option<PathBuf>,
    /// Arguments added to each run.
    pub(crate) extra: Vec<String>,
    /// The hard limit of one run.
    pub(crate) limit: Duration,
    /// Where reports and messages of the runs are kept.
    pub(crate) logs: PathBuf,
    /// Set when the user wants to stop.
    pub(crate) stop: Arc<AtomicBool>,
}

/// What one run brought.
pub(crate) struct Measured {
    /// The report, where one came out.
    pub(crate) report: Option<Value>,
    /// How the process ended.
    pub(crate) ended: Ended,
    /// From start to end.
    pub(crate) wall: Duration,
    /// The process's own peak of resident memory in bytes, as last seen.
    pub(crate) peak: u64,
}

/// How a run's process ended.
pub(crate) enum Ended {
    /// By itself.
    Itself(ExitStatus),
    /// Killed at the limit.
    Limit,
    /// Killed because the user stopped.
    Stopped,
}

impl Bench {
    /// Runs the binary on `clone` up to rung `tested`.
    ///
    /// # Errors
    /// Where the process cannot be started or its files cannot be written.
    pub(crate) fn run(&self, clone: &Path, commit: &str, name: &str) -> Result<Measured> {
        let folder = self.logs.join(name);
        fs::create_dir_all(&folder).with_context(|| format!("creating `{}`", folder.display()))?;
        let report = folder.join("report.json");
        let create = |path: &Path| {
            File::create(path).with_context(|| format!("creating `{}`", path.display()))
        };
        let mut command = process::command(&self.binary);
        command.arg("run").arg(clone).args(["--ref", commit, "--until", "tested"]);
        command.args(["--output", "json"]).args(&self.extra);
        command.stdin(Stdio::null()).stdout(create(&report)?);
        command.stderr(create(&folder.join("messages.log"))?).process_group(0);
        if let Some(home) = &self.home {
            command.env("REPO_RUNNER_HOME", home);
        }
        let began = Instant::now();
        let mut child =
            command.spawn().with_context(|| format!("starting `{}`", self.binary.display()))?;
        let (ended, peak) = self.wait(&mut child, began)?;
        let wall = began.elapsed();
        // A run that broke off leaves half a report or none: that is a result, not our error.
        let text = fs::read_to_string(&report).unwrap_or_default();
        Ok(Measured { report: serde_json::from_str(&text).ok(), ended, wall, peak })
    }

    fn wait(&self, child: &mut Child, began: Instant) -> Result<(Ended, u64)> {
        let mut peak = 0;
        loop {
            peak = peak.max(peak_memory(child.id()));
            if let Some(status) = child.try_wait().context("waiting for the run")? {
                // What it left running in its group has no business there.
                signal("KILL", child.id());
                return Ok((Ended::Itself(status), peak));
            }
            let stopped = self.stop.load(Ordering::Relaxed);
            if stopped || began.elapsed() > self.limit {
                end(child)?;
                return Ok((if stopped { Ended::Stopped } else { Ended::Limit }, peak));
            }
            sleep(POLL);
        }
    }
}

/// Asks the process group to end, then kills it.
fn end(child: &mut Child) -> Result<()> {
    signal("TERM", child.id());
    let asked = Instant::now();
    while asked.elapsed() < GRACE {
        if child.try_wait().context("waiting for the run")?.is_some() {
            break;
        }
        sleep(POLL);
    }
    signal("KILL", child.id());
    child.wait().context("waiting for the killed run")?;
    Ok(())
}

/// Sends a signal to the process group that we started. That the group is gone already is fine.
fn signal(name: &str, group: u32) {
    let target = format!("-{group}");
    let sent = process::command("kill")
        .args(["-s", name, "--", &target])
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .status();
    if let Err(error) = sent {
        eprintln!("warning: sending {name} to group {group}: {error}");
    }
}

/// `VmHWM` of a process in bytes, 0 where it cannot be read any more.
fn peak_memory(pid: u32) -> u64 {
    let text = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or("");
    let kibibytes: Option<u64> = line.split_whitespace().next().and_then(|n| n.parse().ok());
    kibibytes.unwrap_or(0) * 1024
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    fn bench(folder: &Path, script: &str, limit: Duration) -> Bench {
        let binary = folder.join("binary");
        process::write_script(&binary, &format!("#!/bin/sh\n{script}\n"));
        let stop = Arc::new(AtomicBool::new(false));
        Bench { binary, home: None, extra: Vec::new(), limit, logs: folder.join("logs"), stop }
    }

    #[test]
    fn the_report_and_the_exit_status_are_read() {
        let folder = tempfile::tempdir().unwrap();
        let script = r#"echo "{\"args\": \"$*\"}"; exit 3"#;
        let bench = bench(folder.path(), script, Duration::from_secs(60));
        let measured = bench.run(Path::new("/clone"), "c0ffee", "a+b").unwrap();
        let args = "run /clone --ref c0ffee --until tested --output json";
        assert_eq!(measured.report.unwrap()["args"], args);
        assert!(matches!(measured.ended, Ended::Itself(status) if status.code() == Some(3)));
    }

    #[test]
    fn a_run_past_its_limit_is_killed() {
        let folder = tempfile::tempdir().unwrap();
        let bench = bench(folder.path(), "exec sleep 600", Duration::ZERO);
        let measured = bench.run(Path::new("/clone"), "c", "a+b").unwrap();
        assert!(matches!(measured.ended, Ended::Limit));
        assert!(measured.report.is_none());
    }

    #[test]
    fn the_whole_group_is_killed_when_the_user_stops() {
        let folder = tempfile::tempdir().unwrap();
        let pid_file = folder.path().join("pid");
        let script =
            format!("sleep 600 & echo $! > {0}.new; mv {0}.new {0}; wait", pid_file.display());
        let bench = bench(folder.path(), &script, Duration::from_secs(600));
        let measured = thread::scope(|scope| {
            scope.spawn(|| {
                while !pid_file.exists() {
                    sleep(POLL);
                }
                bench.stop.store(true, Ordering::Relaxed);
            });
            bench.run(Path::new("/clone"), "c", "a+b").unwrap()
        });
        assert!(matches!(measured.ended, Ended::Stopped));
        let child: u32 = fs::read_to_string(&pid_file).unwrap().trim().parse().unwrap();
        // Reaped or a zombie, either has no command line left.
        let line = fs::read(format!("/proc/{child}/cmdline")).unwrap_or_default();
        assert!(line.is_empty(), "process {child} still runs");
    }
}
