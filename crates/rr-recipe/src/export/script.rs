//! The script form: sets up, starts and tests without us. Rung `reproduced` replays exactly this.
//!
//! `recipe.sh` alone sets up and tests; `recipe.sh PART` runs one part. Where `RECIPE_TOOLS` names
//! our tools, steps run with our recorders, which tell outcomes test by test: the replay does so.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use rr_core::command::quote;
use rr_core::{Command, StepKind};

use super::header;
use super::places::Places;
use super::plain_shell::stands_alone;
use super::{ExportFile, recipe, services};
use crate::lock::{LockedCommand, RecipeLock};
use crate::ours;

const PLACES: Places = Places {
    workspace: "${RECIPE_WORKSPACE}",
    home: "${HOME}",
    env: "${RECIPE_ENV}",
    venv: "${RECIPE_ENV}/venv",
    reports: "${RECIPE_REPORTS}",
    tools: "${RECIPE_TOOLS}",
    caches: "${RECIPE_CACHES}",
};

/// Where the script puts things unless its caller says otherwise.
const FOLDERS: [(&str, &str); 5] = [
    ("RECIPE_WORKSPACE", "$PWD"),
    ("RECIPE_ENV", "$PWD/.repo-runner/env"),
    ("RECIPE_REPORTS", "$PWD/.repo-runner/reports"),
    ("RECIPE_CACHES", "$HOME/.cache/repo-runner"),
    ("RECIPE_TOOLS", ""),
];

/// The variables of the script that say where things are, with the token of each.
pub const SCRIPT_PLACES: [(&str, &str); 5] = [
    ("RECIPE_WORKSPACE", "@{workspace}"),
    ("RECIPE_ENV", "@{env}"),
    ("RECIPE_REPORTS", "@{reports}"),
    ("RECIPE_CACHES", "@{caches}"),
    ("RECIPE_TOOLS", "@{tools}"),
];

/// Names of the variables that the script sets by itself where its caller does not.
#[must_use]
pub fn script_variables(lock: &RecipeLock) -> Vec<String> {
    recipe::variables(lock).into_keys().collect()
}

/// Whether the script has a part for a command.
#[must_use]
pub fn script_has(command: &LockedCommand) -> bool {
    command.run.is_some() || command.recorded.is_some()
}

pub(super) fn file(lock: &RecipeLock) -> ExportFile {
    ExportFile { path: "recipe.sh".to_owned(), text: script(lock), executable: true }
}

fn script(lock: &RecipeLock) -> String {
    let mut out = String::from("#!/usr/bin/env bash\n");
    out += &header::comment(lock, "#");
    out += "#\n# recipe.sh [all|setup|tests|start|STEP]; run it in a clean clone.\n";
    needs(&mut out, lock);
    out.push_str("set -euo pipefail\n\n");
    for (name, default) in FOLDERS {
        let _infallible = writeln!(out, "export {name}=\"${{{name}:-{default}}}\"");
    }
    out.push_str("mkdir -p \"$RECIPE_ENV\" \"$RECIPE_REPORTS\"\n");
    out.push_str(DEFAULT);
    for (name, value) in recipe::variables(lock) {
        let _infallible = writeln!(out, "default {name} {}", PLACES.word(&value));
    }
    for (name, value) in services::local_variables(lock) {
        let _infallible = writeln!(out, "default {name} {}", quote(&value));
    }
    if !lock.path.is_empty() {
        let folders: Vec<String> = lock.path.iter().map(|p| PLACES.double_quoted(p)).collect();
        let _infallible = writeln!(out, "export PATH={}:\"$PATH\"", folders.join(":"));
    }
    out.push('\n');
    for command in lock.commands.iter().filter(|command| script_has(command)) {
        function(&mut out, command);
    }
    dispatch(&mut out, lock);
    out
}

/// Sets a variable that its caller did not set.
const DEFAULT: &str = "default() { [ -n \"${!1+set}\" ] || export \"$1=$2\"; }\n";

fn needs(out: &mut String, lock: &RecipeLock) {
    for toolchain in &lock.toolchains {
        let version = toolchain.version.as_deref().unwrap_or("any version");
        let asked = match toolchain.requested.as_str() {
            "" => String::new(),
            requested => format!(", asked for: {requested}"),
        };
        let line = header::one_line(&format!("{} {version}{asked}", toolchain.tool));
        let _infallible = writeln!(out, "# needs {line}");
    }
    for package in &lock.system_packages {
        let version = package.version.as_deref().unwrap_or_default();
        let line = header::one_line(&format!("{} {version}", package.name));
        let _infallible = writeln!(out, "# needs system package {}", line.trim_end());
    }
    for service in &lock.services {
        let version = service.version.as_deref().or(service.requested.as_deref());
        let line = header::one_line(version.unwrap_or_default());
        let _infallible = writeln!(out, "# needs {} {line} on loopback", service.kind.as_str());
    }
    for name in recipe::required(lock) {
        let _infallible = writeln!(out, "# needs the variable {name}");
    }
}

fn function(out: &mut String, command: &LockedCommand) {
    let _infallible =
        writeln!(out, "# {}\n{}() (", header::one_line(&command.title), name(command));
    let folder =
        if command.folder.is_empty() { String::new() } else { format!("/{}", command.folder) };
    let _infallible =
        writeln!(out, "  cd {}", PLACES.double_quoted(&format!("@{{workspace}}{folder}")));
    match (&command.run, &command.recorded) {
        (Some(run), None) => body(out, "", run, &command.environment),
        (run, Some(recorded)) => {
            out.push_str("  if [ -n \"$RECIPE_TOOLS\" ]; then # with our recorders\n");
            body(out, "  ", &recorded.run, &recorded.environment);
            out.push_str("  else\n");
            match run {
                Some(run) => body(out, "  ", run, &command.environment),
                None => out.push_str("    : # a check that only repo-runner makes\n"),
            }
            out.push_str("  fi\n");
        }
        (None, None) => out.push_str("  :\n"),
    }
    out.push_str(")\n\n");
}

fn body(out: &mut String, indent: &str, run: &Command, env: &BTreeMap<String, String>) {
    for (name, value) in env.iter().filter(|(name, _)| ours::is_name(name)) {
        let _infallible = writeln!(out, "{indent}  export {name}={}", PLACES.word(value));
    }
    let text = PLACES.shell(run);
    let whole = match run {
        Command::Argv(_) => text,
        Command::Shell(own) if stands_alone(own) => text.replace('\n', &format!("\n{indent}  ")),
        Command::Shell(_) => format!("bash -euo pipefail -c {}", quote(&text)),
    };
    let _infallible = writeln!(out, "{indent}  {whole}");
}

fn dispatch(out: &mut String, lock: &RecipeLock) {
    let calls = |test: bool| -> String {
        let wanted = |command: &&LockedCommand| {
            script_has(command)
                && command.kind != StepKind::Start
                && (command.kind == StepKind::Test) == test
        };
        let calls = lock.commands.iter().filter(wanted).map(|command| {
            // `step || true` would make the shell overlook failures inside the step.
            let own = format!("\"$BASH\" \"$0\" {}", quote(&command.id));
            if command.optional {
                format!("  {own} || echo \"goes on without it\" >&2\n")
            } else {
                format!("  {}\n", name(command))
            }
        });
        let calls: String = calls.collect();
        if calls.is_empty() { "  :\n".to_owned() } else { calls }
    };
    let _infallible = writeln!(out, "setup() {{\n{}}}\n", calls(false));
    let _infallible = writeln!(out, "tests() {{\n{}}}\n", calls(true));
    out.push_str(
        "case \"${1:-all}\" in\n  all) setup; tests ;;\n  setup) setup ;;\n  tests) tests ;;\n",
    );
    if let Some(service) = recipe::service(lock) {
        let _infallible = writeln!(out, "  start) {} ;;", name(service));
    }
    for command in lock.commands.iter().filter(|command| script_has(command)) {
        let _infallible = writeln!(out, "  {}) {} ;;", quote(&command.id), name(command));
    }
    out.push_str("  *) echo \"unknown part: $1\" >&2; exit 2 ;;\nesac\n");
}

fn name(command: &LockedCommand) -> String {
    let safe: String =
        command.id.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
    format!("step_{safe}")
}
