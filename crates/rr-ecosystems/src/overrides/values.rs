//! What single values may be. Values reach command lines of tools, so they are checked here.

use rr_core::VersionRequest;
use toml_edit::Value;

use super::nearest::nearest;

/// The services that can be provisioned, by name.
pub(super) const SERVICES: [&str; 7] =
    ["postgres", "mysql", "redis", "mongodb", "rabbitmq", "memcached", "nats"];

/// A text.
pub(super) fn text(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}

/// A port number, as text.
pub(super) fn port(value: &Value) -> Option<String> {
    let port = value.as_integer().or_else(|| value.as_str()?.parse().ok())?;
    u16::try_from(port).ok().filter(|port| *port > 0).map(|port| port.to_string())
}

/// A text, a number or a truth value, as text.
pub(super) fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.value().clone()),
        Value::Integer(number) => Some(number.value().to_string()),
        Value::Float(number) => Some(number.value().to_string()),
        Value::Boolean(truth) => Some(truth.value().to_string()),
        _ => None,
    }
}

/// Whether a value of a field's list is one that can be used.
pub(super) fn checked(field: &str, value: &str) -> Result<(), String> {
    match field {
        "system-packages" if !package(value) => {
            Err(format!("`{value}` is no name of a Debian package"))
        }
        "services" => service(value),
        "packages" => checked_text("folder", value).map(drop),
        _ if value.trim().is_empty() => Err("an empty text does nothing".to_owned()),
        _ if value.contains('\0') => Err("a zero byte cannot be passed on".to_owned()),
        _ => Ok(()),
    }
}

/// A single text in its final form: folders are relative and stay inside, paths of URLs begin
/// with a slash.
pub(super) fn checked_text(field: &str, value: &str) -> Result<String, String> {
    if field == "health-path" {
        let plain = value.starts_with('/') && !value.contains(char::is_whitespace);
        let wrong = format!("`{field} = \"{value}\"` is no path that begins with `/`");
        return if plain { Ok(value.to_owned()) } else { Err(wrong) };
    }
    let inside = value.trim_start_matches("./").trim_end_matches('/');
    let leaves = value.starts_with('/') || inside.split(['/', '\\']).any(|part| part == "..");
    if leaves || value.contains('\0') {
        return Err(format!("`{value}` leads out of the repository"));
    }
    Ok(if inside == "." { String::new() } else { inside.to_owned() })
}

/// Whether this is a version, a range or `any`.
pub(super) fn checked_version(value: &str) -> Result<(), String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "._-+*^~<>=!|, ".contains(c);
    if value.trim().is_empty() || value.len() > 80 || !value.chars().all(plain) {
        return Err(format!("`{value}` is no version"));
    }
    Ok(())
}

/// What versions ask for: one is exact, a comparison is a range, several are a choice.
pub(super) fn version_request(versions: &[String]) -> VersionRequest {
    match versions {
        [] => VersionRequest::Any,
        [one] if matches!(one.trim(), "any" | "*" | "latest") => VersionRequest::Any,
        [one] if one.contains(['<', '>', '^', '~', '=', '*', '|', ',', ' ', '!']) => {
            VersionRequest::Range(one.trim().to_owned())
        }
        [one] => VersionRequest::Exact(one.trim().to_owned()),
        several => VersionRequest::OneOf(several.to_vec()),
    }
}

fn service(value: &str) -> Result<(), String> {
    let (name, version) = value.split_once(':').unwrap_or((value, "1"));
    if !SERVICES.contains(&name) {
        let near = match nearest(name, &SERVICES) {
            Some(word) => format!("did you mean `{word}`?"),
            None => format!("there are {}", SERVICES.join(", ")),
        };
        return Err(format!("no service `{name}` can be provisioned; {near}"));
    }
    checked_version(version)
}

/// Debian's rule for names.
fn package(name: &str) -> bool {
    (2..=100).contains(&name.len())
        && name.starts_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit())
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || "+-.".contains(c))
}
