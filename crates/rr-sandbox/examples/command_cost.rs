//! Prints what one command costs in a sandbox against a plain process, both measured here.
//!
//! `cargo run --release -p rr-sandbox --example command_cost`

#![expect(unsafe_code, clippy::unwrap_used, clippy::print_stdout, reason = "a measuring program")]

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
    // Taking turns, so that other load on the machine meets all of them.
    let (mut plain, mut bare, mut boxed) = <(Samples, Samples, Samples)>::default();
    for _ in 0..ROUNDS {
        plain.take(spawn_plainly);
        bare.take(|| run(&*host, &spec));
        boxed.take(|| run(&*sandbox, &spec));
    }
    println!("p50 of {ROUNDS}: elapsed, processor time of the children");
    for (name, samples) in [("plain spawn", plain), ("host backend", bare), ("sandbox", boxed)] {
        let (elapsed, processor) = samples.medians();
        println!("{name:>12}: {elapsed:.1?}, {processor:.1?}");
    }
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

/// Elapsed and processor times.
#[derive(Default)]
struct Samples(Vec<Duration>, Vec<Duration>);

impl Samples {
    fn take(&mut self, action: impl FnOnce()) {
        let (begun, before) = (Instant::now(), children_time());
        action();
        self.0.push(begun.elapsed());
        self.1.push(children_time() - before);
    }

    fn medians(mut self) -> (Duration, Duration) {
        self.0.sort();
        self.1.sort();
        (self.0[ROUNDS / 2], self.1[ROUNDS / 2])
    }
}

/// Processor time of all children that have been waited for (10 ms steps of `/proc` are too
/// coarse; the scheduler's own sum is exact).
fn children_time() -> Duration {
    let mut usage = std::mem::MaybeUninit::<libc::rusage>::zeroed();
    // SAFETY: the pointer is to a structure of the right type; zeroed is valid for it.
    let usage = unsafe {
        libc::getrusage(libc::RUSAGE_CHILDREN, usage.as_mut_ptr());
        usage.assume_init()
    };
    [usage.ru_utime, usage.ru_stime]
        .iter()
        .map(|time| {
            Duration::from_secs(time.tv_sec.unsigned_abs())
                + Duration::from_micros(time.tv_usec.unsigned_abs())
        })
        .sum()
}
