//! The strongest version that a unit's own files name, ranges kept as ranges.

use regex::Regex;
use rr_core::{Evidence, RepoView, Trust, VersionRequest};

use super::condition::named;
use super::{Declared, Pin};

/// The version a unit asks for, and where it does.
pub(super) fn of(
    row: &Declared,
    repo: &dyn RepoView,
    folder: &str,
) -> Option<(VersionRequest, Evidence)> {
    row.versions.iter().find_map(|pin| {
        let expression = Regex::new(pin.pattern).ok()?;
        let own = named(repo, folder, pin.file);
        let roots = if folder.is_empty() { Vec::new() } else { named(repo, "", pin.file) };
        own.into_iter().chain(roots).find_map(|path| at(row, pin, &expression, repo, &path))
    })
}

fn at(
    row: &Declared,
    pin: &Pin,
    expression: &Regex,
    repo: &dyn RepoView,
    path: &str,
) -> Option<(VersionRequest, Evidence)> {
    let text = repo.text(path)?;
    let (at, line) = text.lines().enumerate().find(|(_, line)| expression.is_match(line))?;
    let version = expression.captures(line)?.get(1)?.as_str().replace('"', "").trim().to_owned();
    let request = match pin.range {
        None => VersionRequest::Exact(version),
        Some(">=") => {
            VersionRequest::Range(format!(">={}", version.trim_start_matches(">=").trim()))
        }
        Some(_) => VersionRequest::Range(version),
    };
    let number = u32::try_from(at).unwrap_or(u32::MAX - 1) + 1;
    let evidence = Evidence::at(path, format!("{}.version", row.id), Trust::Manifest);
    Some((request, evidence.with_line(number, line)))
}
