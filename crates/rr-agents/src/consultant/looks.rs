//! Shows a model what it asks to see: files, places, folders and logs of one run, read-only,
//! bounded in count and bytes, and never what holds secrets.

use std::path::{Component, Path};

use rr_core::AgentName;

use super::action::Look;
use crate::session::RunSession;

/// How often a model may look in one consultation.
pub(super) const MOST_LOOKS: usize = 6;
/// Bytes that one look shows.
const MOST_BYTES: usize = 4 << 10;
/// Bytes of a file that are read at all.
const MOST_READ: u64 = 1 << 20;
/// Places and names that are listed.
const MOST_PLACES: usize = 60;

/// What a look shows. What cannot be shown is told, not an error: the model asks for something else.
pub(super) fn show(session: &RunSession, logs: &[String], look: &Look) -> String {
    let shown = match look {
        Look::File { path, from } => file(session, path, *from),
        Look::Search(words) => search(session, words),
        Look::Folder(path) => folder(session, path),
        Look::Log(name) => log(session, logs, name),
    };
    match shown {
        Ok(text) if text.is_empty() => "(nothing)".to_owned(),
        Ok(text) => text,
        Err(why) => format!("(not shown: {why})"),
    }
}

/// Places of the repository that the context index finds for a line of a log, where it finds any.
pub(super) fn places(session: &RunSession, line: &str) -> Option<String> {
    let words: Vec<&str> = line.split(|c: char| !c.is_alphanumeric() && c != '_').collect();
    let words: Vec<&str> = words.into_iter().filter(|word| word.len() > 2).take(12).collect();
    search(session, &words.join(" ")).ok().filter(|found| !found.is_empty())
}

fn file(session: &RunSession, path: &str, from: usize) -> Result<String, String> {
    let path = inside(path)?;
    if holds_secrets(&path) {
        return Err(format!("`{path}` may hold secrets"));
    }
    let executor = session.executor(AgentName::FixerAgent).map_err(|e| e.to_string())?;
    let place = executor.layout().workspace.join(&path);
    let bytes = executor.read_file(&place, MOST_READ).map_err(|e| e.to_string())?;
    let text = String::from_utf8_lossy(&bytes);
    let mut shown = String::new();
    for (at, line) in text.lines().enumerate().skip(from.saturating_sub(1)) {
        let line: String = line.chars().take(300).collect();
        if shown.len() + line.len() > MOST_BYTES {
            shown.push_str(&format!("… more from line {}\n", at + 1));
            break;
        }
        shown.push_str(&line);
        shown.push('\n');
    }
    Ok(shown)
}

fn search(session: &RunSession, words: &str) -> Result<String, String> {
    let folder = session.folder.join("index");
    if !folder.is_dir() {
        return Err("the repository is not indexed yet".to_owned());
    }
    let hits = (session.engine.index)(&folder).search(words, 12).map_err(|e| e.to_string())?;
    let hits = hits.iter().filter(|hit| !holds_secrets(&hit.path));
    let lines = hits.map(|hit| format!("{}:{}: {}\n", hit.path, hit.line, hit.snippet.trim()));
    Ok(bounded(lines))
}

fn folder(session: &RunSession, path: &str) -> Result<String, String> {
    let path = if matches!(path, "." | "/" | "./") { "" } else { path };
    let path = inside(path)?;
    let executor = session.executor(AgentName::FixerAgent).map_err(|e| e.to_string())?;
    let workspace = &executor.layout().workspace;
    let place = workspace.join(&path);
    let mut names = Vec::new();
    // Folders are told by what they hold.
    for pattern in ["*", "*/*"] {
        let found = executor.glob(&place, pattern).map_err(|e| e.to_string())?;
        for file in &found {
            let below = file.strip_prefix(&place).unwrap_or(file);
            let mut parts = below.components();
            let first = parts.next().map(|c| c.as_os_str().to_string_lossy().into_owned());
            let inner = parts.next().is_some();
            names.extend(first.map(|name| if inner { format!("{name}/\n") } else { name + "\n" }));
        }
    }
    names.sort();
    names.dedup();
    Ok(bounded(names.into_iter()))
}

/// Only logs of this run's attempts, which the runner itself wrote.
fn log(session: &RunSession, logs: &[String], name: &str) -> Result<String, String> {
    let short = |log: &str| log.rsplit('/').next().unwrap_or(log).to_owned();
    let found = logs.iter().find(|log| *log == name || short(log) == name);
    let Some(found) = found else {
        let known: Vec<String> = logs.iter().map(|log| short(log)).collect();
        return Err(format!("there is no such log, but {}", known.join(", ")));
    };
    let text = std::fs::read(session.folder.join(found)).map_err(|e| e.to_string())?;
    let text = String::from_utf8_lossy(&text);
    let from = text.ceil_char_boundary(text.len().saturating_sub(MOST_BYTES));
    Ok(text[from..].to_owned())
}

fn bounded(lines: impl Iterator<Item = String>) -> String {
    let mut shown = String::new();
    for (at, line) in lines.enumerate() {
        if at == MOST_PLACES || shown.len() + line.len() > MOST_BYTES {
            shown.push_str("…\n");
            break;
        }
        shown.push_str(&line);
    }
    shown
}

/// A relative path that stays inside, without `.git`.
fn inside(path: &str) -> Result<String, String> {
    let path = path.trim_start_matches("./").trim_end_matches('/');
    let plain = Path::new(path).components().all(|part| match part {
        Component::Normal(name) => name != ".git",
        _ => false,
    });
    if plain { Ok(path.to_owned()) } else { Err(format!("`{path}` lies outside the repository")) }
}

/// Whether a file is of a kind in which people keep secrets.
fn holds_secrets(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path).to_ascii_lowercase();
    let template = ["example", "sample", "template", "dist"].iter().any(|w| name.contains(w));
    let environment = name == ".env" || name.starts_with(".env.") || name.ends_with(".env");
    let key = [".pem", ".key", ".p12", ".pfx", ".jks", ".keystore", ".kdbx", ".tfvars"]
        .iter()
        .any(|end| name.ends_with(end));
    let known = [".netrc", ".npmrc", ".pypirc", ".yarnrc", ".git-credentials", ".htpasswd"]
        .contains(&name.as_str());
    (environment || key || known) && !template
        || name.starts_with("id_rsa")
        || name.starts_with("id_ed25519")
        || name.starts_with("credentials")
        || name.starts_with("secrets.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_outside_and_nothing_secret_is_shown() {
        for path in ["../x", "/etc/passwd", "a/../../b", ".git/config", "a/.git/config"] {
            assert!(inside(path).is_err(), "{path}");
        }
        assert_eq!(inside("./a/b.py"), Ok("a/b.py".to_owned()));
        for path in [".env", "web/.env.local", "id_rsa", "deploy.pem", ".npmrc", "secrets.yml"] {
            assert!(holds_secrets(path), "{path}");
        }
        for path in [".env.example", "settings.py", "keys.py", "environment.ts"] {
            assert!(!holds_secrets(path), "{path}");
        }
    }

    #[test]
    fn lists_end_where_they_grow_too_long() {
        let shown = bounded((0..1000).map(|n| format!("line {n}\n")));
        assert_eq!(shown.lines().count(), MOST_PLACES + 1);
    }
}
