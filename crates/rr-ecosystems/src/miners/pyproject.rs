//! `pyproject.toml`: tox's own tables, and the scripts of hatch, pdm, poe, rye and taskipy. What
//! else it says belongs to its ecosystem.

use rr_core::{FactKey, Trust};
use toml_edit::{Item, TableLike, Value};

use super::collected::{Mined, Place};

/// Mines one `pyproject.toml`.
pub(super) fn mine(path: &str, text: &str, mined: &mut Mined) {
    let Ok(root) = text.parse::<toml_edit::DocumentMut>() else { return };
    let Some(tool) = root.get("tool").and_then(Item::as_table_like) else { return };
    let place = Place { path, rule: "pyproject.script", trust: Trust::TaskRunner };
    let reader = Reader { place: &place, text };
    if let Some(tox) = table(tool, "tox") {
        if let Some(ini) = tox.get("legacy_tox_ini").and_then(Item::as_str) {
            super::tox::mine(path, ini, mined);
        }
        reader.tox(tox, mined);
    }
    let hatch = table(tool, "hatch").and_then(|hatch| table(hatch, "envs"));
    for (environment, item) in hatch.map(TableLike::iter).into_iter().flatten() {
        let scripts = item.as_table_like().and_then(|env| table(env, "scripts"));
        let prefix =
            if environment == "default" { String::new() } else { format!("{environment}:") };
        reader.scripts(scripts, &prefix, mined);
    }
    for (name, key) in
        [("pdm", "scripts"), ("poe", "tasks"), ("rye", "scripts"), ("taskipy", "tasks")]
    {
        reader.scripts(table(tool, name).and_then(|tool| table(tool, key)), "", mined);
    }
}

fn table<'a>(parent: &'a dyn TableLike, key: &str) -> Option<&'a dyn TableLike> {
    parent.get(key)?.as_table_like()
}

struct Reader<'a> {
    place: &'a Place<'a>,
    text: &'a str,
}

impl Reader<'_> {
    fn scripts(&self, scripts: Option<&dyn TableLike>, prefix: &str, mined: &mut Mined) {
        for (name, item) in scripts.map(TableLike::iter).into_iter().flatten() {
            if let Some(command) = item.as_value().and_then(command) {
                self.add(&format!("{prefix}{name}"), name, &command, mined);
            }
        }
    }

    /// `env_run_base` is what every environment runs; `env.NAME` replaces it.
    fn tox(&self, tox: &dyn TableLike, mined: &mut Mined) {
        let mut section = |name: &str, item: Option<&Item>| {
            let commands = item.and_then(Item::as_table_like).and_then(|env| env.get("commands"));
            let lines: Vec<String> = commands
                .and_then(Item::as_array)
                .into_iter()
                .flatten()
                .filter_map(|line| line.as_array().map(words))
                .collect();
            if !lines.is_empty() {
                self.add(name, name, &lines.join("\n"), mined);
            }
        };
        section("testenv", tox.get("env_run_base"));
        for (name, item) in table(tox, "env").map(TableLike::iter).into_iter().flatten() {
            section(name, Some(item));
        }
    }

    fn add(&self, name: &str, needle: &str, command: &str, mined: &mut Mined) {
        let found = self.text.lines().position(|line| line.trim_start().starts_with(needle));
        let line = u32::try_from(found.unwrap_or(0)).unwrap_or(0) + 1;
        let key = FactKey::Script(name.to_owned());
        mined.fact(key, self.place.folder(), command, self.place.at(line, command));
    }
}

/// A command line, a list of lines, or a table with `cmd`, `shell` or `script`.
fn command(value: &Value) -> Option<String> {
    match value {
        Value::String(line) => Some(line.value().clone()),
        Value::Array(lines) => {
            let lines: Vec<&str> = lines.iter().filter_map(Value::as_str).collect();
            Some(lines.join("\n"))
        }
        Value::InlineTable(table) => ["cmd", "shell", "composite", "sequence"]
            .iter()
            .find_map(|key| command(table.get(key)?)),
        _ => None,
    }
}

/// A line of words; `{replace = "posargs", default = […]}` gives its default.
fn words(line: &toml_edit::Array) -> String {
    let mut found: Vec<String> = Vec::new();
    for word in line {
        match word {
            Value::String(text) => found.push(rr_core::command::quote(text.value())),
            Value::InlineTable(replace) => {
                let default = replace.get("default").and_then(Value::as_array);
                let default = default.into_iter().flatten().filter_map(Value::as_str);
                found.extend(default.map(rr_core::command::quote));
            }
            _ => {}
        }
    }
    found.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tox_tables_and_scripts_are_read() {
        let mut mined = Mined::default();
        mine(
            "pyproject.toml",
            "[tool.tox.env_run_base]\ncommands = [[\"pytest\", \"-v\", { replace = \"posargs\", default = [\"a b\"], extend = true }]]\n\
             [tool.tox.env.style]\ncommands = [[\"pre-commit\", \"run\"]]\n\
             [tool.hatch.envs.test.scripts]\ncov = \"pytest --cov\"\n[tool.poe.tasks]\nt = { cmd = \"pytest\" }\n",
            &mut mined,
        );
        let found: Vec<_> = mined
            .facts
            .iter()
            .map(|f| match &f.key {
                FactKey::Script(name) => (name.as_str(), f.value.as_str()),
                _ => ("", ""),
            })
            .collect();
        assert_eq!(
            found,
            [
                ("testenv", "pytest -v 'a b'"),
                ("style", "pre-commit run"),
                ("test:cov", "pytest --cov"),
                ("t", "pytest"),
            ]
        );
    }
}
