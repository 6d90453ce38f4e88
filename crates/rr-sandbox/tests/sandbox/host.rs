//! The backend for what is trusted.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use rr_core::{Bind, EnforcementLevel, Exit};
use rr_sandbox::{Host, host_tools, reap};

use crate::common::{Sandbox, eventually, process_with, server, shell, start, unique};

fn open() -> Sandbox {
    Sandbox::on(&Host, |_| {})
}

#[test]
fn works_on_a_copy_and_claims_nothing() {
    let sandbox = open();
    let outcome = sandbox.sh("cat README; echo changed > README; echo x > made; exit 4");
    assert_eq!((outcome.tail.as_str(), outcome.exit), ("hello\n", Exit::Code(4)));
    let base = sandbox.folder.path().join("base/repo");
    assert_eq!(std::fs::read_to_string(base.join("README")).unwrap(), "hello\n");
    assert!(!base.join("made").exists());
    let made = sandbox.executor.layout().workspace.join("made");
    assert_eq!(sandbox.executor.read_file(&made, 10).unwrap(), b"x\n");
    assert_eq!(sandbox.executor.enforcement().level, EnforcementLevel::None);
}

#[test]
fn only_the_given_environment_is_seen() {
    let sandbox = open();
    let outcome = sandbox.sh("env | cut -d= -f1 | sort | tr '\\n' ' '");
    assert_eq!(outcome.tail, "HOME LANG PATH PWD REPO_RUNNER_PROCESS SHELL SHLVL TERM _ ");
}

#[test]
fn a_timeout_kills_detached_children_too() {
    let word = unique(76543);
    let sandbox = open();
    let mut spec = shell(&format!(
        "setsid bash -c 'setsid sleep {word} & sleep {word}' & trap '' TERM; sleep {word}"
    ));
    spec.timeout = Duration::from_secs(1);
    assert_eq!(sandbox.run(&spec).exit, Exit::TimedOut);
    assert_eq!(process_with(&word), None);
}

#[test]
fn children_left_behind_are_killed_and_reported() {
    let word = unique(87654);
    let sandbox = open();
    let outcome = sandbox.sh(&format!("setsid sleep {word} & echo done"));
    assert_eq!((outcome.tail.as_str(), outcome.exit), ("done\n", Exit::Code(0)));
    assert!(outcome.left_processes);
    assert_eq!(process_with(&word), None);
    assert!(!sandbox.sh("true").left_processes);
}

#[test]
fn a_service_listens_is_reached_and_stopped() {
    let sandbox = open();
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let script = format!("setsid bash -c '{}' & exit 0", server("h", free).replace('\'', "'\\''"));
    let process = start(&sandbox, &script);
    eventually("end of the starter", || process.main_exit());
    let sockets = eventually("server", || Some(process.listening()).filter(|s| !s.is_empty()));
    assert_eq!(sockets[0].port, free);
    assert_eq!(process.try_wait(), None);
    sandbox.executor.connect(free, Duration::from_secs(5)).unwrap();
    process.stop();
    assert_eq!(process.try_wait(), Some(Exit::Code(0)));
    assert!(sandbox.executor.connect(free, Duration::from_secs(5)).is_err());
}

#[test]
fn a_bind_of_a_whole_folder_of_the_layout_stands_in_its_place_and_is_not_written_to() {
    let tools = tempfile::tempdir().unwrap();
    std::fs::create_dir(tools.path().join("one")).unwrap();
    std::fs::write(tools.path().join("one/hello"), "from the host\n").unwrap();
    let bound = |guest: &str, host: &Path| Bind {
        host: host.to_owned(),
        guest: guest.into(),
        writable: false,
    };
    let sandbox = Sandbox::on(&Host, |policy| {
        policy.binds.push(bound("/tools/one", &tools.path().join("one")));
        policy.binds.push(bound("/tools", tools.path()));
    });
    let place = sandbox.executor.layout().tools.join("one/hello");
    assert_eq!(sandbox.sh(&format!("cat {}", place.display())).tail, "from the host\n");
    let elsewhere = tempfile::tempdir().unwrap();
    assert!(sandbox.executor.add_bind(bound("/tools/two", elsewhere.path())).is_err());
    assert!(!tools.path().join("two").exists());
}

#[test]
fn binds_are_found_where_the_layout_says() {
    let tool = tempfile::tempdir().unwrap();
    std::fs::create_dir(tool.path().join("bin")).unwrap();
    std::fs::copy("/bin/true", tool.path().join("bin/my-tool")).unwrap();
    let sandbox = Sandbox::on(&Host, |policy| {
        let (host, guest) = (tool.path().to_path_buf(), "/tools/mine".into());
        policy.binds.push(Bind { host, guest, writable: false });
    });
    let mut spec = shell("my-tool && test -x \"$T\"");
    spec.path = vec!["/tools/mine/bin".into()];
    spec.env.insert("T".into(), "@{tools}/mine/bin/my-tool".into());
    assert_eq!(sandbox.run(&spec).exit, Exit::Code(0));
}

#[test]
fn snapshots_are_copies() {
    let sandbox = open();
    sandbox.sh("echo 1 > f; ln -s f link; chmod 700 f");
    let snapshot = sandbox.executor.snapshot().unwrap();
    sandbox.sh("rm README link; echo 2 > f");
    sandbox.executor.rollback(snapshot).unwrap();
    assert_eq!(sandbox.sh("cat f link README; stat -c %a f").tail, "1\n1\nhello\n700\n");
}

#[test]
fn tools_of_the_product_run_anywhere_with_a_chosen_environment() {
    let folder = tempfile::tempdir().unwrap();
    let env = BTreeMap::from([("GIVEN".to_owned(), "yes".to_owned())]);
    let tools = host_tools(folder.path(), env).unwrap();
    let mut spec = shell("pwd; echo $GIVEN");
    spec.cwd = "/usr".into();
    let sink = std::sync::Arc::new(crate::common::Collected::default());
    let outcome = tools.run(&spec, sink, &rr_core::CancelToken::default()).unwrap();
    assert_eq!(outcome.tail, "/usr\nyes\n");
}

#[test]
fn several_may_open_the_same_folder_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let open = || host_tools(folder.path(), BTreeMap::new()).map(drop);
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..16).map(|_| scope.spawn(open)).collect();
        threads.into_iter().for_each(|thread| thread.join().unwrap().unwrap());
    });
    let left = std::fs::read_dir(folder.path().join("host-tools")).unwrap();
    let partial =
        left.filter(|e| e.as_ref().unwrap().file_name().to_string_lossy().contains("partial"));
    assert_eq!(partial.count(), 0);
}

#[test]
fn reaping_spares_a_process_that_is_another_one_now() {
    let sandbox = open();
    let process = start(&sandbox, "sleep 1000 & sleep 1000");
    let (pid, ticks) = process.identity();
    assert!(!reap(pid, ticks + 1));
    assert!(Path::new(&format!("/proc/{pid}")).exists());
    assert!(reap(pid, ticks));
    eventually("end", || process.try_wait());
    assert!(!reap(pid, ticks));
}
