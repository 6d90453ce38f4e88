//! Runs one command in a sandbox: `sandboxed RUN_FOLDER [--net] [--root] [--tty] COMMAND ARGUMENT…`
//!
//! The folder keeps the run's tree: put sources into `RUN_FOLDER/base/repo` first.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a program for trying things out")]

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use rr_core::{
    CancelToken, Limits, NetworkNeed, OutputSink, ProcessSpec, SandboxBackend, SandboxPolicy,
};
use rr_sandbox::Bubblewrap;

struct Shown;

impl OutputSink for Shown {
    fn write(&self, chunk: &[u8]) {
        std::io::stdout().write_all(chunk).unwrap();
    }
}

fn main() {
    let mut words = std::env::args().skip(1).peekable();
    let folder = PathBuf::from(words.next().expect("a run folder"));
    let flags: Vec<String> =
        std::iter::from_fn(|| words.next_if(|word| word.starts_with("--"))).collect();
    let has = |flag: &str| flags.iter().any(|given| given == flag);
    let policy = SandboxPolicy {
        run_folder: std::path::absolute(folder).unwrap(),
        root_layers: Vec::new(),
        snapshots: Vec::new(),
        binds: Vec::new(),
        env: BTreeMap::new(),
        limits: Limits { memory: Some(8 << 30), ..Limits::default() },
        stop_grace: Duration::from_secs(2),
    };
    let executor = Bubblewrap::new("/usr/bin/bwrap").open(policy).unwrap();
    let spec = ProcessSpec {
        argv: words.collect(),
        cwd: "@{workspace}".into(),
        env: BTreeMap::new(),
        path: Vec::new(),
        stdin: Vec::new(),
        timeout: Duration::from_secs(600),
        network: if has("--net") { NetworkNeed::Registries } else { NetworkNeed::Loopback },
        tty: has("--tty"),
        as_root: has("--root"),
    };
    let outcome = executor.run(&spec, Arc::new(Shown), &CancelToken::default()).unwrap();
    println!("\n[{} after {:.2} s]", outcome.exit, outcome.seconds);
}
