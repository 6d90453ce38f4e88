//! Commands on a run that another process drives: `logs -f` follows it, `stop` ends it, `clean`
//! keeps off.

use std::io::{BufReader, Read as _};
use std::process::{Child, Stdio};

use crate::common::Scratch;
use crate::trees::{processes_of, shell_tree};

/// A command at work, which a test that fails does not leave behind.
struct AtWork(Child);

impl AtWork {
    fn start(scratch: &Scratch, arguments: &[&str]) -> Self {
        let mut command = scratch.command(arguments);
        Self(command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap())
    }

    fn code(&mut self) -> Option<i32> {
        self.0.wait().unwrap().code()
    }
}

impl Drop for AtWork {
    fn drop(&mut self) {
        // It has ended already where the test went well.
        let _ended = self.0.kill();
        let _code = self.0.wait();
    }
}

/// Reads a child's output up to a line with this text.
fn read_to(reader: &mut impl std::io::BufRead, text: &str) -> String {
    let mut line = String::new();
    loop {
        line.clear();
        assert_ne!(reader.read_line(&mut line).unwrap(), 0, "it ended without `{text}`");
        if line.contains(text) {
            return line;
        }
    }
}

#[test]
fn a_run_is_followed_while_it_goes_on_and_stopped_from_outside() {
    let scratch = Scratch::new();
    // It does not end by itself: what is seen of it is seen while it goes on.
    let tree = shell_tree(&scratch, "echo the suite has begun; sleep 3600");
    let mut run = AtWork::start(&scratch, &["run", &tree, "--output", "jsonl"]);
    let mut events = BufReader::new(run.0.stdout.take().unwrap());
    read_to(&mut events, "\"step-started\",\"step\":\"shell.test\"");

    let mut follow = AtWork::start(&scratch, &["logs", "-f", "--step", "test"]);
    let mut lines = BufReader::new(follow.0.stdout.take().unwrap());
    read_to(&mut lines, "the suite has begun");

    let listed = scratch.report(&["list", "--output", "json"]);
    assert_eq!(listed[0]["state"], "running", "{listed}");
    let id = listed[0]["run_id"].as_str().unwrap();
    for refused in [vec!["clean", id], vec!["resume", id]] {
        let output = scratch.run(&refused);
        let errors = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(3), "{refused:?} {errors}");
        assert!(errors.contains("driven by another process") && errors.contains("hint:"));
    }

    let stop = scratch.run(&["stop", id]);
    assert_eq!(stop.status.code(), Some(0), "{stop:?}");
    assert!(String::from_utf8_lossy(&stop.stdout).contains("resume"), "{stop:?}");
    let mut rest = String::new();
    run.0.stderr.take().unwrap().read_to_string(&mut rest).unwrap();
    assert_eq!(run.code(), Some(130), "{rest}");
    assert!(rest.contains(&format!("repo-runner resume {id}")), "{rest}");
    assert_eq!(follow.code(), Some(0), "following ends with the run");
    assert_eq!(processes_of(scratch.folder()), Vec::<String>::new());

    let listed = scratch.report(&["list", "--output", "json"]);
    assert_eq!(listed[0]["state"], "interrupted", "{listed}");
    let again = scratch.run(&["stop", id]);
    let errors = String::from_utf8_lossy(&again.stderr).into_owned();
    assert_eq!(again.status.code(), Some(2), "{errors}");
    assert!(errors.contains("is not running"), "{errors}");
}
