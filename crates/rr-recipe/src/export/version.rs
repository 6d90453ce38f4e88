//! Which version of a toolchain a form names: the one that was used, else the newest of the
//! usual ones that the repository's own words allow.

use crate::lock::LockedToolchain;

/// Versions that images and set-up actions have, the most usual first.
fn usual(tool: &str) -> &'static [&'static str] {
    match tool {
        "python" => &["3.13", "3.12", "3.11", "3.10", "3.9", "3.14"],
        "node" => &["22", "24", "20", "18", "16", "14"],
        "go" => &["1.25", "1.24", "1.23", "1.22", "1.21"],
        "java" => &["21", "17", "11", "8", "25"],
        "ruby" => &["3.3", "3.4", "3.2", "3.1"],
        "php" => &["8.3", "8.4", "8.2", "8.1"],
        "rust" => &["1.90", "1.85", "1.80", "1.75"],
        "maven" => &["3.9"],
        "gradle" => &["8.14", "9.2", "7.6"],
        "dotnet" => &["8.0", "9.0", "10.0"],
        _ => &[],
    }
}

/// The version of a toolchain; `None` where nothing tells one.
pub(super) fn of(toolchain: &LockedToolchain) -> Option<String> {
    if let Some(version) = toolchain.version.as_deref().and_then(plain) {
        return Some(version);
    }
    let first = toolchain.requested.split(", ").next().unwrap_or_default();
    let is_exact =
        first.starts_with(|c: char| c.is_ascii_digit() || c == 'v') && !first.contains(' ');
    if let Some(exact) = plain(first.trim_start_matches('v')).filter(|_| is_exact) {
        return Some(exact);
    }
    let allowed = |version: &&&str| allows(&toolchain.requested, version);
    usual(&toolchain.tool).iter().find(allowed).map(|version| (*version).to_owned())
}

/// Digits and dots of a version: what tags are made of.
fn plain(text: &str) -> Option<String> {
    let text = text.trim_start_matches('v');
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let digits = text[..end].trim_end_matches('.');
    digits.starts_with(|c: char| c.is_ascii_digit()).then(|| digits.to_owned())
}

/// The first parts of a version: `3.13` of `3.13.2`.
pub(super) fn parts(version: &str, count: usize) -> String {
    version.split('.').take(count).collect::<Vec<_>>().join(".")
}

/// Whether a range in any of the usual notations allows a version. What is not understood allows
/// everything: a name in a form is a proposal, and its head says that it was not proved.
fn allows(range: &str, version: &str) -> bool {
    range.split("||").any(|all| {
        let all = all.replace(',', " ");
        let mut words = all.split_whitespace().peekable();
        let mut allowed = true;
        while let Some(word) = words.next() {
            // `>= 3.8`: the operator stands alone.
            let operator_alone = word.chars().all(|c| "<>=~^!".contains(c));
            let next = if operator_alone { words.next().unwrap_or_default() } else { "" };
            allowed &= comparator(&format!("{word}{next}"), version);
        }
        allowed
    })
}

fn comparator(text: &str, version: &str) -> bool {
    let split = text.find(|c: char| c.is_ascii_digit() || c == 'v').unwrap_or(text.len());
    let (operator, wanted) = text.split_at(split);
    let wanted: Vec<u64> = numbers(wanted.trim_start_matches('v'));
    let have = numbers(version);
    if wanted.is_empty() {
        return true;
    }
    let prefix = |count: usize| have.iter().zip(&wanted).take(count).all(|(a, b)| a == b);
    let at_least = padded(&have) >= padded(&wanted) || prefix(have.len());
    match operator.trim() {
        ">=" => at_least,
        ">" => padded(&have) > padded(&wanted),
        "<=" => padded(&have) <= padded(&wanted),
        "<" => padded(&have) < padded(&wanted),
        "!=" => !prefix(wanted.len()),
        "^" => at_least && have.first() == wanted.first(),
        "~=" | "~>" => at_least && prefix(wanted.len().saturating_sub(1).max(1)),
        "~" => at_least && prefix(wanted.len().min(2)),
        _ => prefix(wanted.len()),
    }
}

fn numbers(text: &str) -> Vec<u64> {
    text.split('.').map_while(|part| part.parse().ok()).collect()
}

fn padded(numbers: &[u64]) -> [u64; 3] {
    let at = |index: usize| numbers.get(index).copied().unwrap_or_default();
    [at(0), at(1), at(2)]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(tool: &str, requested: &str, version: Option<&str>) -> Option<String> {
        of(&LockedToolchain {
            tool: tool.to_owned(),
            version: version.map(str::to_owned),
            requested: requested.to_owned(),
            provenance: String::new(),
            evidence: Vec::new(),
        })
    }

    #[test]
    fn the_used_version_rules_and_without_one_the_repositorys_words() {
        for (tool, requested, version, expected) in [
            ("python", ">=3.8", Some("3.11.2"), "3.11.2"),
            ("python", ">=3.8,<3.12", None, "3.11"),
            ("python", "3.9", None, "3.9"),
            ("python", "3.12, 3.11", None, "3.12"),
            ("node", "^18 || >=20", None, "22"),
            ("node", ">= 14 <19", None, "18"),
            ("node", "20.x", None, "20"),
            ("go", ">=1.22", None, "1.25"),
            ("java", ">=17", None, "21"),
            ("python", "~=3.10.0", None, "3.10"),
        ] {
            assert_eq!(
                named(tool, requested, version).as_deref(),
                Some(expected),
                "{tool} {requested}"
            );
        }
        assert_eq!(named("cmake", "", None), None);
    }
}
