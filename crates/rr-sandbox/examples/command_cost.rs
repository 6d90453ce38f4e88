//! Prints what one command costs in a sandbox against a plain process, both measured here.
//!
//! `cargo run --release -p rr-sandbox --example command_cost`

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a measuring program")]

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rr_core::executor::NoOutput;
use rr_core::{
    CancelToken, Executor, Limits, NetworkNeed, ProcessSpec, SandboxBackend, SandboxPolicy,
};
use rr_sandbox::{Bubblewrap, Host, abilities};

const ROUNDS: usize = 200;

fn main() {
    let spec = ProcessSpec {
        argv: vec!["/bin/true".into()],
        cwd: "@{workspace}".into(),
        env: BTreeMap::new(),
        path: Vec::new(),
        stdin: Vec::new(),
        timeout: Duration::from_secs(10),
        network: NetworkNeed::Loopback,
        tty: false,
        as_root: false,
    };
    let folder = std::env::temp_dir().join(format!("rr-command-cost-{}", std::process::id()));
    let begun = Instant::now();
    let found = abilities(Some(Path::new("/usr/bin/bwrap")), &std::env::temp_dir());
    println!("abilities in {:?}: {}", begun.elapsed(), found.join(" "));
    let begun = Instant::now();
    let sandbox = Bubblewrap::new("/usr/bin/bwrap").open(policy(&folder.join("b"))).unwrap();
    println!("opening a sandbox: {:?}", begun.elapsed());
    let host = Host.open(policy(&folder.join("h"))).unwrap();
    let mut plain = Vec::new();
    let (mut bare, mut boxed) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        plain.push(time(|| spawn_plainly()));
        bare.push(time(|| run(&*host, &spec)));
        boxed.push(time(|| run(&*sandbox, &spec)));
    }
    let (plain, bare, boxed) = (median(plain), median(bare), median(boxed));
    println!("p50 of {ROUNDS}: plain spawn {plain:?}, host backend {bare:?}, sandbox {boxed:?}");
    println!("sandbox / plain: {:.1}", boxed.as_secs_f64() / plain.as_secs_f64());
    sandbox.close();
    rr_sandbox::remove_tree(&folder).unwrap();
}

fn policy(folder: &Path) -> SandboxPolicy {
    SandboxPolicy {
        run_folder: folder.to_path_buf(),
        root_layers: Vec::new(),
        snapshots: Vec::new(),
        binds: Vec::new(),
        env: BTreeMap::new(),
        limits: Limits { memory: Some(1 << 30), ..Limits::default() },
        stop_grace: Duration::from_secs(1),
    }
}

fn run(executor: &dyn Executor, spec: &ProcessSpec) {
    let outcome = executor.run(spec, Arc::new(NoOutput), &CancelToken::default()).unwrap();
    assert!(outcome.exit.success(), "{}", outcome.tail);
}

fn spawn_plainly() {
    #[expect(clippy::disallowed_methods, reason = "the peer that is measured against")]
    let status = std::process::Command::new("/bin/true").status().unwrap();
    assert!(status.success());
}

fn time(action: impl FnOnce()) -> Duration {
    let begun = Instant::now();
    action();
    begun.elapsed()
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}
