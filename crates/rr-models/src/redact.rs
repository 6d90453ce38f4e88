//! Takes secrets out of what is sent to a model, whoever wrote it.
//!
//! Values that are known to be secret go by value, others by their shape: what stands behind a
//! secret's name, credentials in addresses, and the forms in which well-known services give out
//! keys. It is the last thing before a prompt leaves the process.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use regex::{Captures, Regex};
use rr_core::{Part, Prompt, Turn};

/// Stands where a secret was.
pub const HIDDEN: &str = "[hidden]";

/// Shorter values are words that stand everywhere.
const LEAST: usize = 6;

/// Hides secrets.
#[derive(Clone)]
pub struct Redactor {
    values: Vec<String>,
    is_secret: fn(&str) -> bool,
}

impl Redactor {
    /// One that knows the values of these variables whose names tell a secret.
    #[must_use]
    pub fn new(variables: &BTreeMap<String, String>, is_secret: fn(&str) -> bool) -> Self {
        let secret = variables.iter().filter(|(name, value)| {
            value.len() >= LEAST && is_secret(name) && !value.starts_with('/')
        });
        let mut values: Vec<String> = secret.map(|(_, value)| value.clone()).collect();
        // The longest first: one may be a part of another.
        values.sort_by_key(|value| std::cmp::Reverse(value.len()));
        Self { values, is_secret }
    }

    /// The same that also knows this value.
    #[must_use]
    pub fn knowing(mut self, values: impl IntoIterator<Item = String>) -> Self {
        self.values.extend(values.into_iter().filter(|value| value.len() >= LEAST));
        self.values.sort_by_key(|value| std::cmp::Reverse(value.len()));
        self
    }

    /// A text without secrets.
    #[must_use]
    pub fn text(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for value in &self.values {
            if text.contains(value.as_str()) {
                text = text.replace(value.as_str(), HIDDEN);
            }
        }
        for pattern in shapes() {
            text = pattern.replace_all(&text, HIDDEN).into_owned();
        }
        for pattern in addresses() {
            text = pattern.replace_all(&text, format!("${{1}}{HIDDEN}@")).into_owned();
        }
        let hide = |found: &Captures<'_>| {
            let whole = found.get(0).map_or("", |m| m.as_str());
            let part = |at: usize| found.get(at).map_or("", |m| m.as_str());
            let ours = part(3).contains(HIDDEN) || is_plain(part(3));
            if !(self.is_secret)(part(1)) || ours {
                return whole.to_owned();
            }
            format!("{}{}{HIDDEN}", part(1), part(2))
        };
        for pattern in assignments() {
            text = pattern.replace_all(&text, &hide).into_owned();
        }
        text
    }

    /// A prompt without secrets.
    #[must_use]
    pub fn prompt(&self, prompt: &Prompt) -> Prompt {
        let part = |part: &Part| match part {
            Part::Ours(text) => Part::Ours(self.text(text)),
            Part::Untrusted { origin, text } => {
                Part::Untrusted { origin: self.text(origin), text: self.text(text) }
            }
        };
        let turn = |turn: &Turn| match turn {
            Turn::Ask(parts) => Turn::Ask(parts.iter().map(part).collect()),
            Turn::Answer(text) => Turn::Answer(self.text(text)),
        };
        Prompt {
            system: self.text(&prompt.system),
            turns: prompt.turns.iter().map(turn).collect(),
            ..prompt.clone()
        }
    }
}

/// Whether a value behind a secret's name is none: a call, a placeholder, a type.
fn is_plain(value: &str) -> bool {
    let value = value.trim_matches(['"', '\'', ',', ';']);
    value.len() < 3
        || value.starts_with(['$', '<', '{', '('])
        || value.contains('(')
        || matches!(value, "None" | "null" | "true" | "false" | "int" | "str" | "string" | "String")
}

/// Fixed patterns; a test uses each, so none can be broken in a program that passed it.
fn compile<const N: usize>(patterns: [&str; N]) -> Vec<Regex> {
    patterns.iter().filter_map(|pattern| Regex::new(pattern).ok()).collect()
}

/// Keys as well-known services give them out, private keys, bearer tokens.
fn shapes() -> &'static [Regex] {
    static SHAPES: OnceLock<Vec<Regex>> = OnceLock::new();
    SHAPES.get_or_init(|| {
        compile([
            r"(?s)-----BEGIN [A-Z ]*PRIVATE KEY-----.*?-----END [A-Z ]*PRIVATE KEY-----",
            r"\bgh[pousr]_[A-Za-z0-9]{20,}",
            r"\bgithub_pat_[A-Za-z0-9_]{20,}",
            r"\bglpat-[A-Za-z0-9_-]{16,}",
            r"\bsk-[A-Za-z0-9_-]{16,}",
            r"\bxox[abprs]-[A-Za-z0-9-]{10,}",
            r"\b(AKIA|ASIA)[0-9A-Z]{16}\b",
            r"\bAIza[0-9A-Za-z_-]{30,}",
            r"\bnpm_[A-Za-z0-9]{30,}",
            r"\bpypi-[A-Za-z0-9_-]{30,}",
            r"\beyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}",
            r"(?i)\b(bearer|basic) [A-Za-z0-9+/=._-]{12,}",
        ])
    })
}

/// `scheme://user:password@host`.
fn addresses() -> &'static [Regex] {
    static PATTERN: OnceLock<Vec<Regex>> = OnceLock::new();
    PATTERN.get_or_init(|| compile([r"\b([a-z][a-z0-9+.-]*://)[^\s/@:'\x22]*:[^\s/@'\x22]+@"]))
}

/// `NAME=value`, `"name": "value"`, `name: value`.
fn assignments() -> &'static [Regex] {
    static PATTERN: OnceLock<Vec<Regex>> = OnceLock::new();
    PATTERN.get_or_init(|| {
        compile([
            r#"\b([A-Za-z_][A-Za-z0-9_]{2,60})(["']?[ \t]*[=:][ \t]*["']?)([^\s"'=][^\s"']*)"#,
        ])
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn redactor() -> Redactor {
        let variables = [("MY_API_KEY", "open-sesame-123"), ("EDITOR", "emacs-emacs")];
        let variables = variables.map(|(n, v)| (n.to_owned(), v.to_owned())).into();
        Redactor::new(&variables, |name| {
            let upper = name.to_ascii_uppercase();
            upper.ends_with("KEY")
                || ["TOKEN", "PASSWORD", "SECRET"].iter().any(|word| upper.contains(word))
        })
    }

    #[test]
    fn secrets_go_by_value_by_name_and_by_shape() {
        let redactor = redactor();
        for (text, secret) in [
            ("called with open-sesame-123 again", "open-sesame"),
            ("DB_PASSWORD=hunter2hunter", "hunter2"),
            ("\"apiKey\": \"abcdef123456\",", "abcdef"),
            ("token: 9f8e7d6c5b", "9f8e"),
            ("postgres://app:s3cr3t@db/x", "s3cr3t"),
            ("remote: https://:hunter2@host/x", "hunter2"),
            ("ghp_abcdefghijklmnopqrstuvwxyz0123", "ghp_abc"),
            ("use sk-proj-abcdefghijklmnop", "sk-proj"),
            ("AKIAABCDEFGHIJKLMNOP", "AKIAABC"),
            ("Authorization: Bearer abcdefghijklmnop", "abcdefghijkl"),
            ("-----BEGIN RSA PRIVATE KEY-----\nMIIB\n-----END RSA PRIVATE KEY-----", "MIIB"),
        ] {
            let out = redactor.text(text);
            assert!(!out.contains(secret) && out.contains(HIDDEN), "{text} -> {out}");
        }
    }

    #[test]
    fn what_a_failure_says_stays_readable() {
        let redactor = redactor();
        for text in [
            "KeyError: 'SECRET_KEY'",
            "ModuleNotFoundError: No module named 'yaml'",
            "error TS2307: Cannot find module 'left-pad'",
            "token = lexer.next()",
            "MAX_TOKENS: int",
            "emacs-emacs",
            "https://host/path?x=1",
        ] {
            assert_eq!(redactor.text(text), text);
        }
    }
}
