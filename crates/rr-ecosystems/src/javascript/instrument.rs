//! Makes a test command record its outcomes: a reporter added, a watch mode taken off.
//!
//! Changes nothing else about the command: what the repository documents is what runs.

use std::collections::BTreeMap;

use rr_core::{ReportFormat, TestSpec};

use super::package_json::base_name;
use super::segment::Runner;
use super::words::{edit, is_operator, words};

/// A test command that records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Instrumented {
    /// The shell line.
    pub(super) line: String,
    /// Its variables.
    pub(super) env: BTreeMap<String, String>,
    /// Where its outcomes are.
    pub(super) spec: TestSpec,
}

/// With a space: Node before 10 knows no other way to write it.
const HOOK: &str = "--require @{tools}/recorder/node/hook.cjs";
const NODE_REPORTER: &str = "--test-reporter=spec --test-reporter-destination=stdout \
    --test-reporter=@{tools}/recorder/node/node-test.mjs --test-reporter-destination=stdout";
const VITEST_REPORTER: &str = "--reporter=default --reporter=@{tools}/recorder/node/vitest.mjs";
const RECORDS: &str = "@{reports}/recorder-*.jsonl";

/// Instruments a command of a runner. `token` tells this step's report files from others'.
pub(super) fn instrument(
    runner: Runner,
    line: &str,
    env: &BTreeMap<String, String>,
    token: &str,
) -> Instrumented {
    let mut env = env.clone();
    let given = env.remove("NODE_OPTIONS").map(|value| own_part(&value)).unwrap_or_default();
    let line = without_watch(line, runner);
    let report = |suffix: &str| format!("@{{reports}}/{}-{token}.{suffix}", runner.name());
    let (line, format, report) = match runner {
        Runner::Vitest => (vitest(&line), ReportFormat::Recorder, RECORDS.to_owned()),
        Runner::Ava | Runner::Qunit | Runner::Tap => {
            let file = report("tap");
            let flagged = as_tap(runner, &line, &mut env);
            (format!("{flagged} | tee {file}"), ReportFormat::Tap, file)
        }
        Runner::Lab => {
            let file = report("xml");
            let flags = format!("-r console -o stdout -r junit -o {file}");
            (after(&line, &["lab"], &flags), ReportFormat::JunitXml, file)
        }
        Runner::Bun => {
            let file = report("xml");
            let flags = format!("--reporter=junit --reporter-outfile={file}");
            (after(&line, &["bun", "test"], &flags), ReportFormat::JunitXml, file)
        }
        Runner::Deno => {
            let file = report("xml");
            (
                after(&line, &["deno", "test"], &format!("--junit-path={file}")),
                ReportFormat::JunitXml,
                file,
            )
        }
        Runner::Karma | Runner::Playwright => {
            let file = report("xml");
            let (line, format) = super::browser::instrument(runner, &line, &mut env, &file);
            let report = if format == ReportFormat::Recorder { RECORDS.to_owned() } else { file };
            (line, format, report)
        }
        Runner::Script => (line, ReportFormat::ExitStatus, "-".to_owned()),
        _ => (line, ReportFormat::Recorder, RECORDS.to_owned()),
    };
    let mut options = given;
    let mut line = line;
    if format == ReportFormat::Recorder {
        env.insert("REPO_RUNNER_REPORTS".to_owned(), "@{reports}".to_owned());
        env.insert("REPO_RUNNER_ROOT".to_owned(), "@{workspace}".to_owned());
        if runner != Runner::Vitest {
            let ours = match runner {
                Runner::NodeTest => {
                    line = without_reporters(&line);
                    format!("{HOOK} {NODE_REPORTER}")
                }
                _ => HOOK.to_owned(),
            };
            line = inside_line(&line, &ours);
            options = format!("{ours} {options}").trim().to_owned();
        }
    }
    if !options.is_empty() {
        env.insert("NODE_OPTIONS".to_owned(), options);
    }
    let spec = TestSpec { runner: runner.name().to_owned(), format, report };
    Instrumented { line, env, spec }
}

/// The first command of a pipe, printing the Test Anything Protocol.
fn as_tap(runner: Runner, line: &str, env: &mut BTreeMap<String, String>) -> String {
    let line = first_of_pipe(line);
    match runner {
        Runner::Ava => after(line, &["ava"], "--tap"),
        Runner::Qunit => after(line, &["qunit"], "--reporter tap"),
        _ => {
            // Options for a report differ from version to version; all know this variable.
            env.insert("TAP".to_owned(), "1".to_owned());
            without_reporter(line)
        }
    }
}

/// What a repository sets `NODE_OPTIONS` to, references to an outer value taken out.
fn own_part(value: &str) -> String {
    value.split_whitespace().filter(|word| !word.contains('$')).collect::<Vec<_>>().join(" ")
}

/// `cross-env NODE_OPTIONS=--experimental-vm-modules jest` would hide ours: it gets them too.
fn inside_line(line: &str, ours: &str) -> String {
    let changes: Vec<_> = words(line)
        .into_iter()
        .filter_map(|word| {
            let value = word.text.strip_prefix("NODE_OPTIONS=")?;
            Some((word.place.clone(), format!("NODE_OPTIONS='{ours} {}'", own_part(value))))
        })
        .collect();
    edit(line, &changes)
}

/// The line with a flag after the first run of these words; the first is found by base name.
fn after(line: &str, sequence: &[&str], flag: &str) -> String {
    let all = words(line);
    let found = (0..all.len()).find(|at| {
        let rest = &all[*at..];
        rest.len() >= sequence.len()
            && base_name(&rest[0].text) == sequence[0]
            && sequence[1..].iter().zip(&rest[1..]).all(|(want, have)| *want == have.text)
    });
    match found {
        Some(at) => {
            let end = all[at + sequence.len() - 1].place.end;
            format!("{} {flag}{}", &line[..end], &line[end..])
        }
        None => format!("{line} {flag}"),
    }
}

fn first_of_pipe(line: &str) -> &str {
    let pipe = words(line).into_iter().find(|word| is_operator(&word.text));
    pipe.map_or(line, |word| line[..word.place.start].trim_end())
}

/// `vitest`, `vitest watch` and `vitest dev` wait for changes; `vitest run` ends.
fn vitest(line: &str) -> String {
    let all = words(line);
    let Some(at) = all
        .iter()
        .position(|w| matches!(base_name(&w.text), "vitest" | "vitest.mjs" | "vitest.cjs"))
    else {
        return format!("{line} {VITEST_REPORTER}");
    };
    let mut changes = Vec::new();
    let mut run = "run ";
    match all.get(at + 1).map(|w| w.text.as_str()) {
        Some("run" | "related") => run = "",
        Some("watch" | "dev") => changes.push((all[at + 1].place.clone(), String::new())),
        _ => {}
    }
    for word in &all[at + 1..] {
        let text = word.text.as_str();
        let report_file = text.starts_with("--outputFile");
        let stays = matches!(text, "--ui" | "--open" | "--standalone" | "--run" | "--no-watch");
        if report_file || stays || text.starts_with("--watch") || text == "-w" {
            changes.push((word.place.clone(), String::new()));
        }
    }
    let end = all[at].place.end;
    let after_run = if run.is_empty() { all[at + 1].place.end } else { end };
    let run = run.trim_end();
    let space = if run.is_empty() { "" } else { " " };
    changes.push((after_run..after_run, format!("{space}{run} {VITEST_REPORTER}")));
    edit(line, &changes)
}

/// Takes off what makes a runner wait for changes or stop at its first failure.
fn without_watch(line: &str, runner: Runner) -> String {
    let all = words(line);
    let watch = |text: &str| match runner {
        Runner::Jest => {
            matches!(text, "--watch" | "-o" | "--onlyChanged" | "--notify" | "--bail" | "-b")
                || text.starts_with("--watchAll")
                || text.starts_with("--changedSince")
                || text.starts_with("--watch=")
        }
        Runner::Mocha => matches!(text, "--watch" | "-w" | "--bail" | "-b"),
        Runner::Ava => {
            matches!(text, "--watch" | "-w" | "--verbose" | "-v" | "--fail-fast" | "--tap" | "-t")
        }
        Runner::Bun | Runner::Deno | Runner::NodeTest => matches!(text, "--watch"),
        Runner::Tap => matches!(text, "--watch" | "-w" | "--bail" | "-b"),
        _ => false,
    };
    let changes: Vec<_> = all
        .iter()
        .filter(|word| watch(&word.text))
        .map(|word| (word.place.clone(), String::new()))
        .collect();
    let line = edit(line, &changes);
    let waits_by_default = all.iter().any(|word| {
        matches!(base_name(&word.text), "react-scripts" | "react-app-rewired" | "craco")
    });
    if waits_by_default { format!("{line} --watchAll=false") } else { line }
}

/// node-tap believes the last reporter that it is told of.
fn without_reporter(line: &str) -> String {
    let all = words(line);
    let mut changes = Vec::new();
    for (at, word) in all.iter().enumerate() {
        let text = word.text.as_str();
        let apart = matches!(text, "-R" | "--reporter");
        if apart || text.starts_with("-R") || text.starts_with("--reporter=") {
            changes.push((word.place.clone(), String::new()));
        }
        if apart && let Some(value) = all.get(at + 1) {
            changes.push((value.place.clone(), String::new()));
        }
    }
    edit(line, &changes)
}

/// Node wants one destination per reporter: ours come with theirs, the script's would not.
fn without_reporters(line: &str) -> String {
    let all = words(line);
    let mut changes = Vec::new();
    for (at, word) in all.iter().enumerate() {
        let name = word.text.split('=').next().unwrap_or("");
        if matches!(name, "--test-reporter" | "--test-reporter-destination") {
            changes.push((word.place.clone(), String::new()));
            if !word.text.contains('=')
                && let Some(value) = all.get(at + 1)
            {
                changes.push((value.place.clone(), String::new()));
            }
        }
    }
    edit(line, &changes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line_of(runner: Runner, line: &str) -> String {
        instrument(runner, line, &BTreeMap::new(), "t").line
    }

    #[test]
    fn watch_modes_end_and_reporters_are_added() {
        let vitest = |line: &str| line_of(Runner::Vitest, line).replace(VITEST_REPORTER, "R");
        assert_eq!(vitest("vitest"), "vitest run R");
        assert_eq!(vitest("vitest run --coverage"), "vitest run R --coverage");
        assert_eq!(vitest("vitest --run src"), "vitest run R src");
        assert_eq!(vitest("npx vitest watch --ui a"), "npx vitest run R a");
        assert_eq!(vitest("vitest dev"), "vitest run R");
        assert_eq!(line_of(Runner::Jest, "jest --watch --ci"), "jest --ci");
        assert_eq!(
            line_of(Runner::Jest, "react-scripts test --env=jsdom"),
            "react-scripts test --env=jsdom --watchAll=false"
        );
        assert_eq!(
            line_of(Runner::Ava, "c8 ava --verbose | faucet"),
            "c8 ava --tap | tee @{reports}/ava-t.tap"
        );
        let tap = "nyc tap --no-coverage test | tee @{reports}/tap-t.tap";
        for flags in ["", " -Rspec", " --watch --reporter dot"] {
            let line = format!("nyc tap --no-coverage{flags} test");
            assert_eq!(line_of(Runner::Tap, &line), tap);
        }
        assert_eq!(
            line_of(Runner::Bun, "bun test --watch src"),
            "bun test --reporter=junit --reporter-outfile=@{reports}/bun-t.xml src"
        );
    }

    #[test]
    fn node_options_of_the_command_are_kept_beside_ours() {
        let env = BTreeMap::from([(
            "NODE_OPTIONS".to_owned(),
            "$NODE_OPTIONS --max-old-space-size=1".to_owned(),
        )]);
        let made = instrument(
            Runner::Jest,
            "cross-env NODE_OPTIONS=--experimental-vm-modules jest",
            &env,
            "t",
        );
        assert_eq!(
            made.line,
            format!("cross-env NODE_OPTIONS='{HOOK} --experimental-vm-modules' jest")
        );
        assert_eq!(made.env["NODE_OPTIONS"], format!("{HOOK} --max-old-space-size=1"));
        assert_eq!(made.spec.format, ReportFormat::Recorder);
    }

    #[test]
    fn reporters_of_nodes_runner_are_replaced() {
        let line = line_of(
            Runner::NodeTest,
            "node --test --test-reporter dot --test-reporter-destination=x t/",
        );
        assert_eq!(line, "node --test t/");
    }
}
