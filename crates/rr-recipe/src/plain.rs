//! Commands as a person would give them: without our recorders and their options.
//!
//! What a run executes tells outcomes test by test; that takes wrappers and reporter flags of
//! ours. An exported Dockerfile must not know them. Where only our own tools can do a step (an
//! import check of ours), there is no plain command.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use regex::Regex;
use rr_core::{Command, Step};

use crate::ours;

const TOOLS: &str = "@{tools}";

/// The command and its variables without recorders; no command where only our tools can do it.
pub(crate) fn plain(step: &Step) -> (Option<Command>, BTreeMap<String, String>) {
    let command = match &step.command {
        Command::Argv(words) => plain_words(words),
        Command::Shell(line) => plain_line(&with_own_karma(step, line)).map(Command::Shell),
    };
    let env = step
        .env
        .iter()
        .filter(|(name, value)| !ours::records(name, value))
        .filter_map(|(name, value)| Some((name.clone(), plain_value(name, value)?)))
        .collect();
    (command, env)
}

fn plain_words(words: &[String]) -> Option<Command> {
    let texts: Vec<&str> = words.iter().map(String::as_str).collect();
    let [program, script, rest @ ..] = texts.as_slice() else {
        return Some(Command::argv(texts));
    };
    match (*program, script.strip_prefix("@{tools}/recorder/")) {
        ("bash", Some("collect.sh")) => after_dashes(rest).map(without_tools),
        ("bash", Some("go/run-tests.sh")) => {
            let split = rest.iter().position(|word| *word == "--")?;
            let flags = rest.get(1..split)?;
            let test = ["go", "test"].iter().chain(flags).chain(&rest[split + 1..]);
            Some(Command::argv(test.copied()))
        }
        ("bash", Some("make/targets.sh")) => {
            let goal = rest.iter().any(|word| !word.starts_with('-') && !word.contains('='));
            let goal = if goal { None } else { Some("test") };
            Some(Command::argv(["make"].iter().chain(rest).copied().chain(goal)))
        }
        ("bash", Some("maven/download.sh")) => {
            let split = rest.iter().position(|word| *word == "--")?;
            let (goals, maven) = (&rest[..split], &rest[split + 1..]);
            let skip = ["-DskipTests"];
            Some(Command::argv(maven.iter().chain(&skip).chain(goals).copied()))
        }
        ("bash", Some("native/ask.sh")) => asking(&quoted(rest)),
        ("bash", Some("native/run-program.sh")) => run_program(rest),
        ("perl", Some("perl/install-missing.pl")) => perl_install(rest),
        (_, Some(_)) => None,
        _ => Some(without_tools(&texts)).filter(|command| !mentions_tools(command)),
    }
}

fn after_dashes<'a>(words: &'a [&'a str]) -> Option<&'a [&'a str]> {
    let split = words.iter().position(|word| *word == "--")?;
    words.get(split + 1..).filter(|rest| !rest.is_empty())
}

/// Drops options that name our tools; a compiler launcher of ours becomes its flag.
fn without_tools(words: &[&str]) -> Command {
    let kept = words.iter().filter_map(|word| {
        match word.split_once("@{tools}/recorder/native/no-werror.sh ") {
            Some((variable, compiler)) => Some(format!("{variable}{compiler} -Wno-error")),
            None => (!word.contains(TOOLS)).then(|| (*word).to_owned()),
        }
    });
    Command::argv(kept)
}

fn mentions_tools(command: &Command) -> bool {
    match command {
        Command::Argv(words) => words.is_empty() || words.iter().any(|word| word.contains(TOOLS)),
        Command::Shell(line) => line.contains(TOOLS),
    }
}

fn quoted(words: &[&str]) -> String {
    Command::argv(words.iter().copied()).to_string()
}

/// Many programs know only one of the two.
fn asking(program: &str) -> Option<Command> {
    (!program.is_empty())
        .then(|| Command::shell(format!("{program} --version || {program} --help")))
}

fn run_program(rest: &[&str]) -> Option<Command> {
    let (name, folder) = (rest.first()?, rest.get(1).copied().unwrap_or("."));
    let find = format!(
        "program=$(find {} -type f -perm -u+x -name {} -not -path '*/CMakeFiles/*' | head -n 1)",
        quoted(&[folder]),
        quoted(&[name])
    );
    Some(Command::shell(format!("{find}\n\"$program\" --version || \"$program\" --help")))
}

fn perl_install(rest: &[&str]) -> Option<Command> {
    let (folder, modules) = rest.split_first()?;
    let wanted = modules.iter().map(|module| module.replacen('=', "~", 1));
    let start = ["cpanm", "--notest", "--local-lib", folder].map(str::to_owned);
    Some(Command::Argv(start.into_iter().chain(wanted).collect()))
}

/// Reporter flags of ours, as `rr-ecosystems` writes them into lines of package scripts.
static FLAGS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(concat!(
        r" *--reporter=default --reporter=@\{tools\}\S+",
        r"| *--require @\{tools\}\S+",
        r"| *--test-reporter=spec --test-reporter-destination=stdout",
        r"| *--test-reporter=@\{tools\}\S+ --test-reporter-destination=stdout",
        r"| *-r ?@\{tools\}\S+",
        r"| --formatter RepoRunner\.Recorder --formatter ExUnit\.CLIFormatter",
        r#"|elixir -r "@\{tools\}[^"]+" -S "#,
        r#"| update-in :injections conj '\(load-file "@\{tools\}[^"]+"\)' --"#,
    ))
    .ok()
});

static MAKE_VENV: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r#"^rm -rf (?P<folder>@\{env\}/\S+)\npython=\S[^\n]*\n(?P<make>[^\n]*"\$python"[^\n]*)\n@\{env\}/\S+ --version$"#,
    )
    .ok()
});

fn plain_line(line: &str) -> Option<String> {
    if let Some(found) = MAKE_VENV.as_ref().and_then(|venv| venv.captures(line)) {
        let make = found["make"].replace("\"$python\"", "python3");
        return Some(format!("rm -rf {} && {make}", &found["folder"]));
    }
    if let Some(program) = line.strip_prefix("bash \"@{tools}/recorder/native/ask.sh\" ") {
        let Some(Command::Shell(asked)) = asking(program) else { return None };
        return Some(asked);
    }
    if let Some(line) = plain_r(line) {
        return Some(line);
    }
    let line = without_flags(line).replace("NODE_OPTIONS=' '", "").replace("NODE_OPTIONS=''", "");
    (!line.contains(TOOLS)).then_some(line)
}

/// Scripts of ours in R, as calls of the packages that they stand in for.
fn plain_r(line: &str) -> Option<String> {
    let rest = line.strip_prefix("Rscript \"@{tools}/recorder/r/")?;
    let (script, arguments) = rest.split_once('"')?;
    match script {
        "testthat.R" => Some("Rscript -e 'testthat::test_local()'".to_owned()),
        "install-missing.R" => {
            let folder = arguments.trim().trim_matches('"');
            Some(format!(
                "mkdir -p \"{folder}\" && Rscript -e 'install.packages(\"remotes\"); \
                 remotes::install_deps(dependencies = TRUE, lib = \"{folder}\")'"
            ))
        }
        _ => None,
    }
}

/// Karma is given a configuration of ours, which reads the repository's own.
fn with_own_karma(step: &Step, line: &str) -> String {
    let own = step.env.get("REPO_RUNNER_KARMA").map(|file| format!(" {file}")).unwrap_or_default();
    line.replace(" @{tools}/recorder/node/karma.conf.cjs", &own)
}

fn without_flags(text: &str) -> String {
    FLAGS.as_ref().map_or_else(|| text.to_owned(), |flags| flags.replace_all(text, "").into_owned())
}

/// A variable's value without our part; `None` where nothing is left of it.
fn plain_value(name: &str, value: &str) -> Option<String> {
    if !value.contains(TOOLS) {
        return Some(value.to_owned());
    }
    let left = match name {
        "NODE_OPTIONS" | "RUBYOPT" => without_flags(value).trim().to_owned(),
        _ => value.split(':').filter(|part| !part.contains(TOOLS)).collect::<Vec<_>>().join(":"),
    };
    (!left.is_empty() && !left.contains(TOOLS)).then_some(left)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rr_core::{EcosystemId, StepKind};

    fn step(command: Command) -> Step {
        Step::new("x:test", &EcosystemId::new("x"), "", StepKind::Test, "run the tests", command)
    }

    fn plain_of(words: &str) -> String {
        let command = Command::argv(words.split(' '));
        plain(&step(command)).0.map_or("none".to_owned(), |command| command.to_string())
    }

    #[test]
    fn wrappers_of_ours_become_what_they_wrap() {
        for (ours, theirs) in [
            (
                "bash @{tools}/recorder/go/run-tests.sh module -count=1 -- ./...",
                "go test -count=1 ./...",
            ),
            ("bash @{tools}/recorder/collect.sh */TEST-*.xml -- mvn -B test", "mvn -B test"),
            ("bash @{tools}/recorder/make/targets.sh check", "make check"),
            ("bash @{tools}/recorder/make/targets.sh V=1", "make V=1 test"),
            (
                "bash @{tools}/recorder/maven/download.sh package -- mvn -B",
                "mvn -B -DskipTests package",
            ),
            ("node @{tools}/recorder/node/check-installed.cjs", "none"),
            ("bash @{tools}/recorder/cargo/load-library.sh x", "none"),
            ("python -m pytest -q", "python -m pytest -q"),
            ("make CC=@{tools}/recorder/native/no-werror.sh", "make"),
        ] {
            assert_eq!(plain_of(ours), theirs, "{ours}");
        }
    }

    #[test]
    fn reporter_flags_of_ours_go_and_the_repositorys_own_stay() {
        let line = "npx vitest run --reporter=default --reporter=@{tools}/recorder/node/vitest.mjs --bail 1";
        let (command, _) = plain(&step(Command::shell(line)));
        assert_eq!(command, Some(Command::shell("npx vitest run --bail 1")));
        for (ours, theirs) in [
            (
                "elixir -r \"@{tools}/recorder/elixir/recorder.exs\" -S mix test --formatter \
                 RepoRunner.Recorder --formatter ExUnit.CLIFormatter",
                "mix test",
            ),
            (
                "Rscript \"@{tools}/recorder/r/testthat.R\" \"@{reports}/testthat.xml\"",
                "Rscript -e 'testthat::test_local()'",
            ),
            (
                "bash \"@{tools}/recorder/native/ask.sh\" zig-out/bin/x",
                "zig-out/bin/x --version || zig-out/bin/x --help",
            ),
            (
                "lein update-in :injections conj '(load-file \"@{tools}/recorder/clojure/recorder.clj\")' -- test",
                "lein test",
            ),
        ] {
            assert_eq!(plain(&step(Command::shell(ours))).0, Some(Command::shell(theirs)));
        }
        let hook = "--require @{tools}/recorder/node/hook.cjs --experimental-vm-modules";
        let test = step(Command::shell("npx jest"))
            .with_env("NODE_OPTIONS", hook)
            .with_env("PYTHONPATH", "@{tools}/recorder/python:src")
            .with_env("REPO_RUNNER_REPORTS", "@{reports}")
            .with_env("KEEP", "1");
        let (_, env) = plain(&test);
        let left: Vec<_> = env.iter().map(|(n, v)| format!("{n}={v}")).collect();
        assert_eq!(left, ["KEEP=1", "NODE_OPTIONS=--experimental-vm-modules", "PYTHONPATH=src"]);
    }

    #[test]
    fn a_virtual_environment_is_made_in_one_line() {
        let line = "rm -rf @{env}/venv\npython=$(command -v python3 || command -v python)\n\
                    uv venv --seed --python \"$python\" @{env}/venv\n@{env}/venv/bin/python --version";
        let (command, _) = plain(&step(Command::shell(line)));
        let expected = "rm -rf @{env}/venv && uv venv --seed --python python3 @{env}/venv";
        assert_eq!(command, Some(Command::shell(expected)));
    }
}
