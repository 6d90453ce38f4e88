//! The published schemas are current, and what is printed keeps to them.

use std::fs;

use serde_json::Value;

use crate::common::{Scratch, copy, fixture};

const PUBLISHED: [(&str, &str); 4] = [
    ("report", "report.schema.json"),
    ("analysis", "analysis.schema.json"),
    ("plan", "plan.schema.json"),
    ("config", "repo-runner.schema.json"),
];

fn published(file: &str) -> String {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs");
    fs::read_to_string(format!("{folder}/{file}")).unwrap_or_default()
}

#[test]
fn the_published_schemas_are_the_types_own() {
    let scratch = Scratch::new();
    for (name, file) in PUBLISHED {
        let output = scratch.run(&["schema", name]);
        let now = String::from_utf8(output.stdout).unwrap();
        assert!(published(file) == now, "docs/{file}: write `repo-runner schema {name}` into it");
    }
}

#[test]
fn what_is_printed_keeps_to_its_schema() {
    let scratch = Scratch::new();
    for name in ["python-postgres-service", "js-pnpm-workspace", "rust-workspace", "mixed-api-page"]
    {
        let work = scratch.folder().join(name);
        copy(std::path::Path::new(&fixture(name)), &work);
        let work = work.to_string_lossy().into_owned();
        for (command, file) in [("analyze", "analysis.schema.json"), ("plan", "plan.schema.json")] {
            let schema: Value = serde_json::from_str(&published(file)).unwrap();
            let printed = scratch.report(&[command, &work, "--output", "json"]);
            let faults = faults(&schema, &schema, &printed, "");
            assert!(faults.is_empty(), "{name} {command}: {faults:#?}");
        }
    }
}

#[test]
fn what_does_not_keep_to_a_schema_is_seen() {
    let schema: Value = serde_json::from_str(&published("analysis.schema.json")).unwrap();
    let wrong = serde_json::json!({"units": [{"path": 3}], "languages": [], "facts": [], "commands": [],
        "services": [], "system_packages": []});
    let faults = faults(&schema, &schema, &wrong, "");
    assert!(faults.iter().any(|fault| fault.contains("/units/0/path")), "{faults:?}");
    assert!(faults.iter().any(|fault| fault.contains("lacks `kind`")), "{faults:?}");
}

/// What stands against a value, by the keywords that our schemas use; a keyword that is not known
/// here is a fault of the test.
fn faults(root: &Value, schema: &Value, value: &Value, at: &str) -> Vec<String> {
    let Some(keywords) = schema.as_object() else {
        return if schema == &Value::Bool(false) {
            vec![format!("{at}: must not be there")]
        } else {
            Vec::new()
        };
    };
    let mut found = Vec::new();
    let fault = |text: String| vec![format!("{at}: {text}")];
    for (keyword, wanted) in keywords {
        found.extend(match keyword.as_str() {
            "$ref" => {
                let pointer = wanted.as_str().unwrap().trim_start_matches('#');
                faults(root, root.pointer(pointer).unwrap(), value, at)
            }
            "type" if !of_type(wanted, value) => fault(format!("is no {wanted}: {value}")),
            "enum" if !wanted.as_array().unwrap().contains(value) => {
                fault(format!("is none of {wanted}"))
            }
            "const" if wanted != value => fault(format!("is not {wanted}")),
            "minimum" if value.as_f64() < wanted.as_f64() => fault(format!("is below {wanted}")),
            "maximum" if value.as_f64() > wanted.as_f64() => fault(format!("is above {wanted}")),
            "required" => lacking(wanted, value).into_iter().flat_map(fault).collect(),
            "properties" => members(wanted, value)
                .into_iter()
                .flat_map(|(name, schema, value)| {
                    faults(root, schema, value, &format!("{at}/{name}"))
                })
                .collect(),
            "additionalProperties" => others(keywords, value)
                .into_iter()
                .flat_map(|(name, value)| faults(root, wanted, value, &format!("{at}/{name}")))
                .collect(),
            "items" => items(value)
                .iter()
                .enumerate()
                .skip(keywords.get("prefixItems").and_then(Value::as_array).map_or(0, Vec::len))
                .flat_map(|(index, value)| faults(root, wanted, value, &format!("{at}/{index}")))
                .collect(),
            "prefixItems" => items(wanted)
                .iter()
                .zip(items(value))
                .enumerate()
                .flat_map(|(index, (schema, value))| {
                    faults(root, schema, value, &format!("{at}/{index}"))
                })
                .collect(),
            "minItems" if (items(value).len() as u64) < wanted.as_u64().unwrap() => {
                fault("is too short".to_owned())
            }
            "maxItems" if (items(value).len() as u64) > wanted.as_u64().unwrap() => {
                fault("is too long".to_owned())
            }
            "oneOf" | "anyOf" => {
                let fits = items(wanted)
                    .iter()
                    .filter(|one| faults(root, one, value, at).is_empty())
                    .count();
                let good = if keyword == "oneOf" { fits == 1 } else { fits > 0 };
                if good { Vec::new() } else { fault(format!("fits {fits} of {keyword}")) }
            }
            "type" | "enum" | "const" | "minimum" | "maximum" | "minItems" | "maxItems" => {
                Vec::new()
            }
            "$schema" | "$defs" | "title" | "description" | "default" | "format" | "examples" => {
                Vec::new()
            }
            keyword => panic!("the keyword `{keyword}` is not checked"),
        });
    }
    found
}

fn of_type(wanted: &Value, value: &Value) -> bool {
    let one = |name: &str| match name {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        name => panic!("no type `{name}`"),
    };
    match wanted {
        Value::String(name) => one(name),
        list => items(list).iter().any(|name| one(name.as_str().unwrap())),
    }
}

fn items(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn lacking(wanted: &Value, value: &Value) -> Vec<String> {
    let Some(object) = value.as_object() else { return Vec::new() };
    let names = items(wanted).iter().filter_map(Value::as_str);
    names.filter(|name| !object.contains_key(*name)).map(|name| format!("lacks `{name}`")).collect()
}

fn members<'a>(wanted: &'a Value, value: &'a Value) -> Vec<(&'a str, &'a Value, &'a Value)> {
    let (Some(wanted), Some(object)) = (wanted.as_object(), value.as_object()) else {
        return Vec::new();
    };
    wanted
        .iter()
        .filter_map(|(name, schema)| Some((name.as_str(), schema, object.get(name)?)))
        .collect()
}

fn others<'a>(
    keywords: &serde_json::Map<String, Value>,
    value: &'a Value,
) -> Vec<(&'a str, &'a Value)> {
    let known = keywords.get("properties").and_then(Value::as_object);
    let object = value.as_object();
    let pairs = object.into_iter().flatten();
    let other = |name: &str| !known.is_some_and(|known| known.contains_key(name));
    pairs.filter(|(name, _)| other(name)).map(|(name, value)| (name.as_str(), value)).collect()
}
