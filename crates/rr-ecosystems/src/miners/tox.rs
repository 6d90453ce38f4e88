//! `tox.ini`: environments with their commands, dependencies and variables.

use std::collections::BTreeMap;

use rr_core::{FactKey, Trust};

use super::collected::{Mined, Place, Script};
use super::tox_environment::{ToxEnvironment, conditional};

/// One section: its name, line, and keys with their lines.
struct Section {
    name: String,
    line: u32,
    keys: Vec<(String, u32, String)>,
}

/// Mines `tox.ini`: `testenv` and each `testenv:NAME` (as `NAME`) is a script; its commands are
/// given as commands too, its `deps` as the install command that tox would run.
pub(super) fn mine(path: &str, text: &str, mined: &mut Mined) {
    let place = Place { path, rule: "tox.commands", trust: Trust::TaskRunner };
    let sections = sections(text);
    let listed = sections.iter().filter(|section| section.name == "tox").find_map(|section| {
        section.keys.iter().find(|(key, ..)| matches!(key.as_str(), "envlist" | "env_list"))
    });
    let environment = ToxEnvironment::ordinary(listed.map_or("", |(_, _, value)| value));
    for section in &sections {
        let Some(rest) = section.name.strip_prefix("testenv") else { continue };
        let name = rest.trim_start_matches(':');
        let name = if name.is_empty() { "testenv" } else { name };
        let key = |wanted: &str| section.keys.iter().find(|(key, _, _)| key == wanted);
        let env = key("setenv")
            .or_else(|| key("set_env"))
            .map(|(_, _, value)| variables(value, &environment))
            .unwrap_or_default();
        for (name, value) in &env {
            mined.variable(name, value, place.folder(), place.at(section.line, name));
        }
        let cwd = key("changedir").or_else(|| key("change_dir")).map_or_else(
            || Some(place.folder().to_owned()),
            |(_, _, to)| folder_of_tests(place.folder(), to),
        );
        let context = format!("tox:{name}");
        if let Some((_, line, value)) = key("deps") {
            let deps: Vec<String> = value
                .lines()
                .filter_map(|line| environment.line(line))
                .filter_map(plain)
                .map(|d| rr_core::command::quote(&d))
                .collect();
            if !deps.is_empty() {
                let text = format!("pip install {}", deps.join(" ")).replace("'-r ", "-r '");
                let script = Script {
                    text: &text,
                    line: *line,
                    cwd: cwd.as_deref(),
                    env: &env,
                    context: &context,
                };
                mined.script(&place, script);
            }
        }
        let Some((_, line, value)) = key("commands") else { continue };
        let whole = value.replace("\\\n", " ");
        let holding = whole.lines().filter_map(|line| environment.line(line));
        let mut lines: Vec<String> = holding.filter_map(plain).map(|l| filled(&l)).collect();
        if lines.is_empty() {
            lines = whole.lines().filter_map(plain).map(|l| filled(&l)).collect();
        }
        let script = lines.join("\n");
        mined.fact(
            FactKey::Script(name.to_owned()),
            place.folder(),
            &script,
            place.at(*line, name),
        );
        let script = Script {
            text: &script,
            line: *line,
            cwd: cwd.as_deref(),
            env: &env,
            context: &context,
        };
        mined.script(&place, script);
    }
}

/// Where an environment's commands run. tox's own folders are empty: what runs there imports the
/// installed package, as it does from the repository's folder.
fn folder_of_tests(folder: &str, changed: &str) -> Option<String> {
    let outside = ["{toxworkdir}", "{work_dir}", "{envtmpdir}", "{env_tmp_dir}", "{envdir}"];
    if outside.iter().any(|name| changed.starts_with(name)) {
        return Some(folder.to_owned());
    }
    super::command_line::join(folder, changed.trim_start_matches("{toxinidir}/"))
}

fn sections(text: &str) -> Vec<Section> {
    let mut found: Vec<Section> = Vec::new();
    for (at, raw) in text.lines().enumerate() {
        let line = u32::try_from(at).unwrap_or(0) + 1;
        let trimmed = raw.trim();
        if trimmed.is_empty() || trimmed.starts_with(['#', ';']) {
            continue;
        }
        if let Some(name) = trimmed.strip_prefix('[').and_then(|t| t.strip_suffix(']'))
            && !raw.starts_with([' ', '\t'])
        {
            found.push(Section { name: name.to_owned(), line, keys: Vec::new() });
            continue;
        }
        let Some(section) = found.last_mut() else { continue };
        if raw.starts_with([' ', '\t']) {
            if let Some((_, start, value)) = section.keys.last_mut() {
                if value.is_empty() {
                    *start = line;
                } else {
                    value.push('\n');
                }
                value.push_str(trimmed);
            }
        } else if let Some((key, value)) = trimmed.split_once('=') {
            section.keys.push((key.trim().to_owned(), line, value.trim().to_owned()));
        }
    }
    found
}

fn variables(value: &str, environment: &ToxEnvironment) -> BTreeMap<String, String> {
    value
        .lines()
        .filter_map(|line| environment.line(line))
        .filter_map(plain)
        .filter_map(|line| {
            let (name, value) = line.split_once('=')?;
            Some((name.trim().to_owned(), filled(value.trim())))
        })
        .filter(|(name, value)| super::variables::valid_name(name) && !value.contains('{'))
        .collect()
}

/// A line without its condition: `py312: pytest` and `{py,pypy}-x: pytest` give `pytest`.
fn plain(line: &str) -> Option<String> {
    let line = line.trim();
    if line.is_empty() || line.starts_with('#') {
        return None;
    }
    Some(conditional(line).1.trim_start_matches("- ").to_owned())
}

/// Substitutions with their defaults: `{posargs:tests}` gives `tests`, `{toxinidir}` the root.
fn filled(line: &str) -> String {
    let mut out = String::new();
    let mut rest = line;
    while let Some(start) = rest.find('{') {
        let Some(length) = rest[start..].find('}') else { break };
        out.push_str(&rest[..start]);
        let inner = &rest[start + 1..start + length];
        match inner.split_once(':').unwrap_or((inner, "")) {
            ("posargs", default) => out.push_str(default),
            ("toxinidir" | "tox_root", _) => out.push('.'),
            ("envpython" | "env_python", _) => out.push_str("python"),
            ("envbindir" | "env_bin_dir", _) => out.push('.'),
            ("env", named) if named.contains(':') => {
                out.push_str(named.split_once(':').map_or("", |(_, default)| default));
            }
            _ => out.push_str(&rest[start..=start + length]),
        }
        rest = &rest[start + length + 1..];
    }
    out.push_str(rest);
    out.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use rr_core::CommandClass;

    #[test]
    fn a_folder_of_toxs_own_is_the_repositorys() {
        let mut mined = Mined::default();
        let text =
            "[testenv]\nchangedir = {toxworkdir}\ncommands = python -bb -m pkg.test {posargs:}\n";
        mine("tox.ini", text, &mut mined);
        let found: Vec<_> = mined.commands.iter().map(|c| (c.cwd.as_str(), c.class)).collect();
        assert_eq!(found, [("", CommandClass::Test)]);
    }

    #[test]
    fn environments_are_scripts_and_commands() {
        let mut mined = Mined::default();
        mine(
            "tox.ini",
            "[tox]\nenvlist = py312\n\n[testenv]\ndeps =\n    pytest\n    -r req.txt\nsetenv =\n    A = 1\n\
             commands =\n    # c\n    pytest {posargs:tests} \\\n      -q\n\n[testenv:lint]\ncommands = flake8 src\n",
            &mut mined,
        );
        let lines: Vec<_> = mined.commands.iter().map(|c| (c.line.as_str(), c.class)).collect();
        assert_eq!(
            lines,
            [
                ("pip install pytest -r 'req.txt'", CommandClass::Install),
                ("pytest tests -q", CommandClass::Test),
                ("flake8 src", CommandClass::Lint),
            ]
        );
    }
}
