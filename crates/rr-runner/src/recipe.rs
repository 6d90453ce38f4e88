//! The recipe: the plan as a shell script that sets up and tests without us.

use std::fmt::Write as _;

use rr_agents::Configured;
use rr_core::command::quote;
use rr_core::{Command, RunPlan, Step, StepKind};

/// Guest folders and the shell variables that stand for them.
const TOKENS: [(&str, &str, &str); 6] = [
    ("@{workspace}", "WORKSPACE", "$PWD"),
    ("@{home}", "RECIPE_HOME", "$HOME"),
    ("@{env}", "ENVIRONMENT", "$PWD/.repo-runner/env"),
    ("@{reports}", "REPORTS", "$PWD/.repo-runner/reports"),
    ("@{tools}", "TOOLS", "$PWD/.repo-runner/tools"),
    ("@{caches}", "CACHES", "$HOME/.cache/repo-runner"),
];

/// Writes the script. `recipe.sh setup` installs and builds; `recipe.sh STEP` runs one step;
/// without an argument it does all of it. Run it in a clean clone.
#[must_use]
pub fn script(plan: &RunPlan, configured: &Configured) -> String {
    let mut out = String::from("#!/usr/bin/env bash\n# Recipe written by repo-runner.\n");
    for toolchain in &plan.toolchains {
        let _infallible = writeln!(out, "# needs {}: {:?}", toolchain.tool, toolchain.version);
    }
    for package in &plan.system_packages {
        let _infallible = writeln!(out, "# needs system package {}", package.name);
    }
    for service in &plan.services {
        let _infallible = writeln!(out, "# needs {} on loopback", service.kind.as_str());
    }
    out.push_str("set -euo pipefail\n\n");
    for (_, name, default) in TOKENS {
        let guest = GUEST.iter().find(|(variable, _)| *variable == name).map_or("", |(_, g)| g);
        let _infallible = writeln!(
            out,
            "{name}=\"${{{name}:-$([ -d {guest} ] && echo {guest} || echo \"{default}\")}}\""
        );
    }
    out.push_str("mkdir -p \"$ENVIRONMENT\" \"$REPORTS\"\n");
    for (name, value) in &configured.env {
        let _infallible = writeln!(out, "export {name}={}", double_quoted(value));
    }
    let folders: Vec<String> = configured.path.iter().map(|p| expand(p)).collect();
    if !folders.is_empty() {
        let _infallible = writeln!(out, "export PATH=\"{}:$PATH\"", folders.join(":"));
    }
    out.push('\n');
    for step in plan.steps.iter().filter(|step| step.kind != StepKind::Start) {
        function(&mut out, step);
    }
    dispatch(&mut out, plan);
    out
}

/// The guest folders, used when the script runs inside a sandbox.
const GUEST: [(&str, &str); 6] = [
    ("WORKSPACE", "/workspace"),
    ("RECIPE_HOME", "/home/runner"),
    ("ENVIRONMENT", "/env"),
    ("REPORTS", "/reports"),
    ("TOOLS", "/tools"),
    ("CACHES", "/caches"),
];

fn function(out: &mut String, step: &Step) {
    let _infallible = writeln!(out, "# {}\n{}() (", step.title, name(step));
    let folder = if step.cwd.is_empty() { String::new() } else { format!("/{}", step.cwd) };
    let _infallible = writeln!(out, "  cd {}", double_quoted(&format!("@{{workspace}}{folder}")));
    for (name, value) in &step.env {
        let _infallible = writeln!(out, "  export {name}={}", double_quoted(value));
    }
    let command = match &step.command {
        Command::Shell(line) => expand(line),
        Command::Argv(words) => {
            let words: Vec<String> = words.iter().map(|w| word(w)).collect();
            words.join(" ")
        }
    };
    let _infallible = writeln!(out, "{command}\n)\n");
}

fn dispatch(out: &mut String, plan: &RunPlan) {
    let calls = |test: bool| -> String {
        plan.steps
            .iter()
            .filter(|s| s.kind != StepKind::Start && (s.kind == StepKind::Test) == test)
            .map(|s| {
                let tolerant =
                    if s.optional || s.kind == StepKind::Check { " || true" } else { "" };
                format!("  {}{tolerant}\n", name(s))
            })
            .collect()
    };
    let body = |calls: String| if calls.is_empty() { "  :\n".to_owned() } else { calls };
    let _infallible = writeln!(out, "setup() {{\n{}}}\n", body(calls(false)));
    let _infallible = writeln!(out, "tests() {{\n{}}}\n", body(calls(true)));
    out.push_str("case \"${1:-all}\" in\n  all) setup; tests ;;\n  setup) setup ;;\n");
    for step in plan.steps.iter().filter(|s| s.kind != StepKind::Start) {
        let _infallible = writeln!(out, "  {}) {} ;;", quote(step.id.as_str()), name(step));
    }
    out.push_str("  *) echo \"unknown part: $1\" >&2; exit 2 ;;\nesac\n");
}

fn name(step: &Step) -> String {
    let safe: String =
        step.id.as_str().chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
    format!("step_{safe}")
}

fn expand(text: &str) -> String {
    TOKENS
        .iter()
        .fold(text.to_owned(), |out, (token, name, _)| out.replace(token, &format!("${{{name}}}")))
}

/// A word of an argument vector: quoted, with tokens still expanding.
fn word(text: &str) -> String {
    if text.contains("@{") { double_quoted(text) } else { quote(text) }
}

fn double_quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        if matches!(c, '"' | '\\' | '$' | '`') {
            out.push('\\');
        }
        out.push(c);
    }
    out.push('"');
    expand(&out)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use rr_core::EcosystemId;

    use super::*;

    #[test]
    fn values_are_quoted_and_tokens_still_expand() {
        let step = Step::new(
            "x:test",
            &EcosystemId::new("x"),
            "sub dir",
            StepKind::Test,
            "run the tests",
            Command::argv(["echo", "it's $HOME", "@{env}/bin"]),
        )
        .with_env("KEY", "a\"b$c");
        let plan = RunPlan { steps: vec![step], ..RunPlan::default() };
        let configured = Configured { env: BTreeMap::new(), path: vec!["@{env}/venv/bin".into()] };
        let text = script(&plan, &configured);
        assert!(text.contains(r#"cd "${WORKSPACE}/sub dir""#), "{text}");
        assert!(text.contains(r#"export KEY="a\"b\$c""#), "{text}");
        assert!(text.contains(r#"echo 'it'\''s $HOME' "${ENVIRONMENT}/bin""#), "{text}");
        assert!(text.contains(r#"export PATH="${ENVIRONMENT}/venv/bin:$PATH""#), "{text}");
    }
}
