//! TOML and INI files as plain JSON values, for reading by path.
//!
//! It must not know what the files mean.

use serde_json::{Map, Value};
use toml_edit::{DocumentMut, Item, TableLike};

/// Reads TOML; a file that does not parse is an empty document.
pub(super) fn toml(text: &str) -> Value {
    text.parse::<DocumentMut>().map_or(Value::Null, |document| table(document.as_table()))
}

/// The value at a path of keys; `Null` where there is none.
pub(super) fn at<'a>(value: &'a Value, keys: &[&str]) -> &'a Value {
    keys.iter().fold(value, |value, key| value.get(key).unwrap_or(&Value::Null))
}

/// The text at a path of keys.
pub(super) fn text_at(value: &Value, keys: &[&str]) -> Option<String> {
    at(value, keys).as_str().map(str::to_owned)
}

/// The texts of an array at a path of keys; others in it are left out.
pub(super) fn texts_at(value: &Value, keys: &[&str]) -> Vec<String> {
    let items = at(value, keys).as_array().map_or(&[] as &[Value], Vec::as_slice);
    items.iter().filter_map(|item| item.as_str().map(str::to_owned)).collect()
}

/// The members of a table at a path of keys.
pub(super) fn members_at<'a>(
    value: &'a Value,
    keys: &[&str],
) -> impl Iterator<Item = (&'a str, &'a Value)> {
    at(value, keys).as_object().into_iter().flatten().map(|(key, value)| (key.as_str(), value))
}

/// The line (from 1) and text of the first line that contains `needle`.
pub(super) fn line_of<'a>(text: &'a str, needle: &str) -> Option<(u32, &'a str)> {
    let (index, line) = text.lines().enumerate().find(|(_, line)| line.contains(needle))?;
    Some((u32::try_from(index + 1).unwrap_or(u32::MAX), line))
}

/// Reads INI as configparser does: sections of keys, values over several indented lines.
/// Keys are lower case with `-` turned to `_`.
pub(super) fn ini(text: &str) -> Value {
    let mut sections: Map<String, Value> = Map::new();
    let mut section = String::new();
    let mut key = String::new();
    for line in text.lines() {
        let trimmed = line.trim();
        if trimmed.starts_with('#') || trimmed.starts_with(';') {
            continue;
        }
        if trimmed.is_empty() {
            continue;
        }
        if let Some(name) = trimmed.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'))
            && !line.starts_with([' ', '\t'])
        {
            section = name.trim().to_owned();
            key.clear();
            continue;
        }
        if line.starts_with([' ', '\t']) && !key.is_empty() {
            append(&mut sections, &section, &key, trimmed);
            continue;
        }
        let Some(split) = trimmed.find(['=', ':']) else { continue };
        key = trimmed[..split].trim().to_lowercase().replace('-', "_");
        let value = trimmed[split + 1..].trim();
        set(&mut sections, &section, &key, value);
    }
    Value::Object(sections)
}

/// The lines of an INI value that hold something, comments cut off.
pub(super) fn ini_lines(value: &Value, keys: &[&str]) -> Vec<String> {
    let text = text_at(value, keys).unwrap_or_default();
    text.lines()
        .map(|line| line.split(" #").next().unwrap_or(line).trim().to_owned())
        .filter(|line| !line.is_empty())
        .collect()
}

fn set(sections: &mut Map<String, Value>, section: &str, key: &str, value: &str) {
    let entry = sections.entry(section.to_owned()).or_insert_with(|| Value::Object(Map::new()));
    if let Value::Object(map) = entry {
        map.insert(key.to_owned(), Value::String(value.to_owned()));
    }
}

fn append(sections: &mut Map<String, Value>, section: &str, key: &str, line: &str) {
    if let Some(Value::String(text)) = sections.get_mut(section).and_then(|s| s.get_mut(key)) {
        if !text.is_empty() {
            text.push('\n');
        }
        text.push_str(line);
    }
}

fn table(table: &dyn TableLike) -> Value {
    let members = table.iter().map(|(key, item)| (key.to_owned(), convert(item)));
    Value::Object(members.collect())
}

fn convert(item: &Item) -> Value {
    match item {
        Item::None => Value::Null,
        Item::Value(value) => scalar(value),
        Item::Table(inner) => table(inner),
        Item::ArrayOfTables(tables) => {
            Value::Array(tables.iter().map(|inner| table(inner)).collect())
        }
    }
}

fn scalar(value: &toml_edit::Value) -> Value {
    match value {
        toml_edit::Value::String(text) => Value::String(text.value().clone()),
        toml_edit::Value::Integer(number) => Value::from(*number.value()),
        toml_edit::Value::Float(number) => Value::from(*number.value()),
        toml_edit::Value::Boolean(flag) => Value::Bool(*flag.value()),
        toml_edit::Value::Datetime(date) => Value::String(date.value().to_string()),
        toml_edit::Value::Array(items) => Value::Array(items.iter().map(scalar).collect()),
        toml_edit::Value::InlineTable(inner) => table(inner),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ini_values_run_over_indented_lines() {
        let file =
            ini("[options]\ninstall_requires =\n    a>=1  # why\n    # no\n    b\n\n[x]\ny: 1");
        assert_eq!(ini_lines(&file, &["options", "install_requires"]), ["a>=1", "b"]);
        assert_eq!(text_at(&file, &["x", "y"]).as_deref(), Some("1"));
    }

    #[test]
    fn toml_tables_of_every_kind_become_objects() {
        let file = toml("a.b = {c = [1, 'x']}\n[[p]]\nname = 'q'");
        assert_eq!(texts_at(&file, &["a", "b", "c"]), ["x"]);
        assert_eq!(at(&file, &["p"])[0]["name"], "q");
        assert_eq!(toml("= broken"), Value::Null);
    }
}
