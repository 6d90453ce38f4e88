//! Development containers: image, features, forwarded ports, and the commands after creation.

use std::collections::BTreeMap;

use rr_core::{FactKey, Trust};
use serde_json::Value;

use super::collected::{Mined, Place, Script};
use super::images;

/// Feature's name and the tool it installs.
const FEATURES: &[(&str, &str)] = &[
    ("python", "python"),
    ("node", "node"),
    ("go", "go"),
    ("java", "java"),
    ("rust", "rust"),
    ("ruby", "ruby"),
];

/// Mines one `devcontainer.json`.
pub(super) fn mine(path: &str, text: &str, mined: &mut Mined) {
    let Ok(root) = serde_json::from_str::<Value>(&plain_json(text)) else {
        mined.notes.push(format!("`{path}` not read: no valid JSON"));
        return;
    };
    let place = Place { path, rule: "devcontainer", trust: Trust::Container };
    let line_of = |needle: &str| {
        let found = text.lines().position(|line| line.contains(needle)).unwrap_or(0);
        u32::try_from(found).unwrap_or(0) + 1
    };
    if let Some(image) = root["image"].as_str() {
        for (tool, version) in images::toolchain(image) {
            mined.version(&tool, "", &version, place.at(line_of("\"image\""), image));
        }
    }
    for (feature, options) in root["features"].as_object().into_iter().flatten() {
        let name = feature.rsplit('/').next().unwrap_or(feature).split(':').next().unwrap_or("");
        let tool = FEATURES.iter().find(|(known, _)| *known == name);
        let version = options["version"].as_str().filter(|v| !matches!(*v, "latest" | "none"));
        if let (Some((_, tool)), Some(version)) = (tool, version) {
            mined.version(tool, "", version, place.at(line_of(feature), feature));
        }
    }
    for port in root["forwardPorts"].as_array().into_iter().flatten() {
        if let Some(port) = port.as_u64() {
            mined.fact(FactKey::Port, "", &port.to_string(), place.at(line_of("forwardPorts"), ""));
        }
    }
    for key in ["onCreateCommand", "updateContentCommand", "postCreateCommand", "postStartCommand"]
    {
        for command in commands(&root[key]) {
            let line = line_of(key);
            let env = BTreeMap::new();
            mined.script(
                &place,
                Script { text: &command, line, cwd: Some(""), env: &env, context: key },
            );
        }
    }
}

/// A line, a list of words, or a mapping of names to either.
fn commands(value: &Value) -> Vec<String> {
    match value {
        Value::String(line) => vec![line.clone()],
        Value::Array(words) => {
            let words: Vec<String> =
                words.iter().filter_map(Value::as_str).map(rr_core::command::quote).collect();
            vec![words.join(" ")]
        }
        Value::Object(named) => {
            named.values().filter(|value| !value.is_object()).flat_map(commands).collect()
        }
        _ => Vec::new(),
    }
}

/// JSON without comments and trailing commas.
pub(super) fn plain_json(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    let mut quoted = false;
    while let Some(c) = chars.next() {
        match c {
            '\\' if quoted => {
                out.push(c);
                out.extend(chars.next());
            }
            '"' => {
                quoted = !quoted;
                out.push(c);
            }
            '/' if !quoted && chars.peek() == Some(&'/') => {
                while chars.peek().is_some_and(|c| *c != '\n') {
                    chars.next();
                }
            }
            '/' if !quoted && chars.peek() == Some(&'*') => {
                let mut last = ' ';
                for c in chars.by_ref() {
                    if last == '*' && c == '/' {
                        break;
                    }
                    last = c;
                }
            }
            ']' | '}' if !quoted => {
                let end = out.trim_end().len();
                if out[..end].ends_with(',') {
                    out.truncate(end - 1);
                }
                out.push(c);
            }
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_trailing_commas_are_borne() {
        let mut mined = Mined::default();
        mine(
            ".devcontainer/devcontainer.json",
            "{ // a\n \"image\": \"mcr.microsoft.com/devcontainers/go:1-1.22\", /* b */\n\
             \"features\": {\"ghcr.io/devcontainers/features/node:1\": {\"version\": \"20\",},},\n\
             \"postCreateCommand\": \"go mod download && make test\",\n}",
            &mut mined,
        );
        let values: Vec<_> = mined.facts.iter().map(|f| f.value.as_str()).collect();
        assert_eq!(values, ["1.22", "20"]);
        assert_eq!(mined.commands.len(), 2);
    }
}
