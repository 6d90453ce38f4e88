//! Checks an answer against its JSON schema.
//!
//! The keywords are those that our own prompts use; a schema with any other keyword is refused
//! instead of being half checked.

use serde_json::Value;

/// Keywords that say nothing about validity.
const REMARKS: &[&str] = &["description", "title", "$schema"];

/// Why a value does not fit.
///
/// # Errors
/// A lowercase fragment that names the place.
pub fn validate(schema: &Value, value: &Value) -> Result<(), String> {
    check(schema, value, "the answer")
}

fn check(schema: &Value, value: &Value, place: &str) -> Result<(), String> {
    let Some(rules) = schema.as_object() else {
        return Err("the schema is no object".to_owned());
    };
    for (keyword, rule) in rules {
        match keyword.as_str() {
            "type" => check_type(rule, value, place)?,
            "enum" => {
                let allowed = rule.as_array().is_some_and(|list| list.contains(value));
                if !allowed {
                    return Err(format!("{place} is `{}`, which is not allowed", short(value)));
                }
            }
            "required" => check_required(rule, value, place)?,
            "properties" => check_properties(rule, value, place)?,
            "additionalProperties" => {
                check_additional(rule, rules.get("properties"), value, place)?
            }
            "items" => {
                for (at, item) in value.as_array().into_iter().flatten().enumerate() {
                    check(rule, item, &format!("{place}[{at}]"))?;
                }
            }
            "maxItems" => {
                let count = value.as_array().map_or(0, Vec::len);
                bounded(rule, count as u64, &format!("{place} has {count} items"))?;
            }
            "maxLength" => {
                let length = value.as_str().map_or(0, |text| text.chars().count());
                bounded(rule, length as u64, &format!("{place} has {length} characters"))?;
            }
            remark if REMARKS.contains(&remark) => {}
            other => return Err(format!("the schema's keyword `{other}` is not known")),
        }
    }
    Ok(())
}

fn check_type(rule: &Value, value: &Value, place: &str) -> Result<(), String> {
    let fits = match rule.as_str() {
        Some("object") => value.is_object(),
        Some("array") => value.is_array(),
        Some("string") => value.is_string(),
        Some("integer") => value.is_i64() || value.is_u64(),
        Some("number") => value.is_number(),
        Some("boolean") => value.is_boolean(),
        _ => return Err(format!("the schema's type `{rule}` is not known")),
    };
    let wanted = rule.as_str().unwrap_or_default();
    if fits { Ok(()) } else { Err(format!("{place} is `{}` and no {wanted}", short(value))) }
}

fn check_required(rule: &Value, value: &Value, place: &str) -> Result<(), String> {
    let names = rule.as_array().into_iter().flatten().filter_map(Value::as_str);
    let missing = names.into_iter().find(|name| value.get(name).is_none());
    missing.map_or(Ok(()), |name| Err(format!("{place} has no `{name}`")))
}

fn check_properties(rule: &Value, value: &Value, place: &str) -> Result<(), String> {
    for (name, schema) in rule.as_object().into_iter().flatten() {
        if let Some(found) = value.get(name) {
            check(schema, found, &format!("{place}'s `{name}`"))?;
        }
    }
    Ok(())
}

fn check_additional(
    rule: &Value,
    known: Option<&Value>,
    value: &Value,
    place: &str,
) -> Result<(), String> {
    if rule != &Value::Bool(false) {
        return Err("the schema's `additionalProperties` can only be false".to_owned());
    }
    let mut names = value.as_object().into_iter().flatten().map(|(name, _)| name);
    match names.find(|name| known.is_none_or(|known| known.get(name).is_none())) {
        Some(name) => Err(format!("{place} has a `{name}`, which was not asked for")),
        None => Ok(()),
    }
}

fn bounded(rule: &Value, found: u64, told: &str) -> Result<(), String> {
    match rule.as_u64() {
        Some(most) if found <= most => Ok(()),
        Some(most) => Err(format!("{told}, more than {most}")),
        None => Err("a bound of the schema is no number".to_owned()),
    }
}

fn short(value: &Value) -> String {
    value.to_string().chars().take(60).collect()
}

/// The JSON object of an answer; small models wrap it in words or a code fence.
#[must_use]
pub fn object_in(text: &str) -> Option<Value> {
    if let Ok(value) = serde_json::from_str(text.trim()) {
        return Some(value);
    }
    let from = text.find('{')?;
    let mut values = serde_json::Deserializer::from_str(&text[from..]).into_iter::<Value>();
    values.next()?.ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn answers_fit_in_every_keyword_or_are_refused_with_their_place() {
        let schema = json!({
            "type": "object",
            "properties": {
                "word": {"type": "string", "enum": ["a", "b"]},
                "list": {"type": "array", "maxItems": 2,
                         "items": {"type": "string", "maxLength": 3}},
            },
            "required": ["word", "list"],
            "additionalProperties": false,
        });
        assert_eq!(validate(&schema, &json!({"word": "a", "list": ["x"]})), Ok(()));
        for (value, told) in [
            (json!([]), "no object"),
            (json!({"word": "a"}), "no `list`"),
            (json!({"word": "c", "list": []}), "`word`"),
            (json!({"word": "a", "list": ["1", "2", "3"]}), "3 items"),
            (json!({"word": "a", "list": ["1234"]}), "`list`[0]"),
            (json!({"word": "a", "list": [], "more": 1}), "`more`"),
        ] {
            let error = validate(&schema, &value).expect_err("does not fit");
            assert!(error.contains(told), "{value}: {error}");
        }
    }

    #[test]
    fn a_schema_that_cannot_be_checked_whole_is_no_schema() {
        assert!(validate(&json!({"pattern": "x"}), &json!("x")).is_err());
    }

    #[test]
    fn an_object_is_found_inside_words_and_fences() {
        let found = object_in("Sure!\n```json\n{\"a\": {\"b\": 1}}\n``` Anything else?");
        assert_eq!(found, Some(json!({"a": {"b": 1}})));
        assert_eq!(object_in("no json"), None);
        assert_eq!(object_in("{\"a\": "), None);
    }
}
