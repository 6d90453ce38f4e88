//! The file's JSON Schema, from the table of keys.

use serde_json::{Map, Value, json};

use super::fields::{FIELDS, Field, OPERATIONS, Shape};
use super::values::SERVICES;

/// The schema of `repo-runner.toml`.
#[must_use]
pub fn schema() -> Value {
    let properties: Map<String, Value> =
        FIELDS.iter().map(|field| (field.name.to_owned(), property(field))).collect();
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "repo-runner.toml",
        "description": "What a repository or its user says against what analysis found.",
        "type": "object",
        "additionalProperties": false,
        "properties": properties,
    })
}

fn property(field: &Field) -> Value {
    let mut value = match field.shape {
        Shape::Text if field.name == "health-path" => json!({"type": "string", "pattern": "^/"}),
        Shape::Text => json!({"type": "string"}),
        Shape::Toolchains => json!({
            "type": "object",
            "properties": {"remove": texts(&json!({"type": "string"}))},
            "additionalProperties": texts(&json!({"type": "string"})),
        }),
        Shape::Variables => json!({
            "type": "object",
            "properties": {"remove": texts(&json!({"type": "string"}))},
            "additionalProperties": {"type": ["string", "number", "boolean"]},
        }),
        Shape::Texts | Shape::Ports | Shape::Commands(_) => operations(field),
    };
    value["description"] = json!(field.about);
    value["examples"] = json!([field.example]);
    value
}

/// `append`, `replace`, `remove`, and what else may stand below a field.
fn operations(field: &Field) -> Value {
    let item = match (field.shape, field.name) {
        (Shape::Ports, _) => json!({"type": "integer", "minimum": 1, "maximum": 65535}),
        (_, "services") => json!({
            "type": "string",
            "pattern": format!("^({})(:.+)?$", SERVICES.join("|")),
        }),
        _ => json!({"type": "string", "minLength": 1}),
    };
    let properties: Map<String, Value> = field
        .keys()
        .into_iter()
        .map(|key| {
            let value = if key == "folder" { json!({"type": "string"}) } else { texts(&item) };
            (key.to_owned(), described(value, key))
        })
        .collect();
    json!({"type": "object", "additionalProperties": false, "properties": properties})
}

/// One value or a list of them.
fn texts(item: &Value) -> Value {
    json!({"oneOf": [item, {"type": "array", "items": item}]})
}

fn described(mut value: Value, key: &str) -> Value {
    let about = match key {
        _ if key == OPERATIONS[0] => "In addition to what was found.",
        _ if key == OPERATIONS[1] => "In place of what was found.",
        _ if key == OPERATIONS[2] => "Taken out of what was found.",
        "folder" => "Folder in which these commands run, relative to the root.",
        "select" => "Only these tests: paths, or names as the runner has them.",
        _ => "All tests but these: paths, or names as the runner has them.",
    };
    value["description"] = json!(about);
    value
}
