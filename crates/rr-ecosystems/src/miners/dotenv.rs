//! Templates of `.env` files: which variables the code wants, with their example values.

use rr_core::Trust;

use super::collected::{Mined, Place};
use super::variables::valid_name;

/// Whether a file's name is that of a template (or of a committed `.env`).
#[must_use]
pub(crate) fn is_template(name: &str) -> bool {
    const MARKS: &[&str] =
        &["example", "sample", "template", "dist", "defaults", "tpl", "test", "ci"];
    let lower = name.to_ascii_lowercase();
    if lower == ".env" || lower == ".flaskenv" {
        return true;
    }
    let dotted = lower.starts_with(".env")
        || lower.starts_with("env.")
        || lower.starts_with("dotenv")
        || lower.ends_with(".env");
    dotted && MARKS.iter().any(|mark| lower.contains(mark))
}

/// Mines one template.
pub(super) fn mine(path: &str, text: &str, mined: &mut Mined) {
    let place = Place { path, rule: "dotenv", trust: Trust::Container };
    for (at, name, value) in pairs(text) {
        mined.variable(&name, &value, place.folder(), place.at(at, &format!("{name}={value}")));
    }
}

/// Line (from 1), name and value of every assignment.
#[must_use]
pub(crate) fn pairs(text: &str) -> Vec<(u32, String, String)> {
    let mut found = Vec::new();
    for (at, line) in text.lines().enumerate() {
        let line = line.trim();
        let line = line.strip_prefix("export ").unwrap_or(line);
        let Some((name, value)) = line.split_once('=') else { continue };
        let name = name.trim();
        if line.starts_with('#') || !valid_name(name) {
            continue;
        }
        let value = value.trim();
        let value = match value.chars().next() {
            Some(quote @ ('"' | '\'')) => value[1..].split(quote).next().unwrap_or(""),
            _ => value.split(" #").next().unwrap_or(value).trim(),
        };
        found.push((u32::try_from(at).unwrap_or(0) + 1, name.to_owned(), value.to_owned()));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates_are_known_by_name_and_read() {
        assert!(is_template(".env.example") && is_template("env.sample") && is_template(".env"));
        assert!(!is_template("environment.py") && !is_template(".envrc"));
        let found = pairs("# c\nA=1 # one\nexport B=\"x y\"\nC=\nnot a pair\n");
        let text: Vec<_> = found.iter().map(|(at, n, v)| (*at, n.as_str(), v.as_str())).collect();
        assert_eq!(text, [(2, "A", "1"), (3, "B", "x y"), (4, "C", "")]);
    }
}
