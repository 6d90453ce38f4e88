//! Which Python a unit wants: every source that says so, weighed into one order of preference.
//!
//! The answer is a list, best first, because a pinned version may be one that cannot be had.

use rr_core::{Evidence, RepoView, ToolchainRequirement, Trust, VersionRequest};

use super::imports::python2_line;
use super::manifest::Manifest;
use super::paths::{join, relative};

/// A minor version and the month it was released (source: the release schedule PEPs).
struct Minor {
    text: &'static str,
    major: u32,
    minor: u32,
    released: (i32, i32),
}

const fn minor(text: &'static str, major: u32, minor: u32, year: i32, month: i32) -> Minor {
    Minor { text, major, minor, released: (year, month) }
}

static MINORS: &[Minor] = &[
    minor("2.7", 2, 7, 2010, 7),
    minor("3.6", 3, 6, 2016, 12),
    minor("3.7", 3, 7, 2018, 6),
    minor("3.8", 3, 8, 2019, 10),
    minor("3.9", 3, 9, 2020, 10),
    minor("3.10", 3, 10, 2021, 10),
    minor("3.11", 3, 11, 2022, 10),
    minor("3.12", 3, 12, 2023, 10),
    minor("3.13", 3, 13, 2024, 10),
    minor("3.14", 3, 14, 2025, 10),
];

/// The month up to which [`MINORS`] was known to be complete; stands for "now" where a commit
/// has no date.
pub(super) const KNOWN_UNTIL: (i32, i32) = (2026, 11);

/// What besides the unit's own files decides.
#[derive(Clone, Debug, Default)]
pub(super) struct Surroundings {
    /// Versions that CI names, with their places.
    pub(super) ci: Vec<(String, Evidence)>,
    /// Minor versions that the host has.
    pub(super) host: Vec<String>,
    /// Date of the commit, `YYYY-MM-DD`.
    pub(super) commit_date: Option<String>,
}

/// The requirement for a unit's Python.
pub(super) fn request(
    repo: &dyn RepoView,
    unit: &str,
    manifest: &Manifest,
    around: &Surroundings,
) -> ToolchainRequirement {
    let mut evidence: Vec<Evidence> = Vec::new();
    let requirement =
        |version, evidence| ToolchainRequirement { tool: "python".to_owned(), version, evidence };
    if let Some(place) = python2(repo, unit, manifest) {
        return requirement(VersionRequest::Exact("2.7".to_owned()), vec![place]);
    }
    let pin = pin(repo, unit);
    evidence.extend(pin.iter().map(|(_, place)| place.clone()));
    let range = manifest.requires_python.as_ref();
    evidence.extend(range.map(|(_, place)| place.clone()));
    let allowed = |m: &&Minor| match range {
        Some((range, _)) => allows(range, m.major, m.minor),
        None => m.major == 3,
    };
    let named = named(manifest, around, &mut evidence);
    let mut order: Vec<&Minor> = MINORS.iter().filter(allowed).collect();
    if order.is_empty() {
        // The range allows no version that we know: hand it on as it is.
        let text = range.map_or_else(String::new, |(range, _)| range.clone());
        return requirement(VersionRequest::Range(text), evidence);
    }
    let ideal = ideal(around.commit_date.as_deref());
    order.sort_by_key(|m| cost(m, ideal, &named, &around.host));
    let mut texts: Vec<String> = order.iter().map(|m| m.text.to_owned()).collect();
    if let Some((version, _)) = pin {
        texts.retain(|text| *text != version);
        texts.insert(0, version);
    }
    requirement(VersionRequest::OneOf(texts), evidence)
}

/// Whether PEP 440 specifiers allow some release of a minor version.
pub(super) fn allows(range: &str, major: u32, minor: u32) -> bool {
    range.split(',').map(str::trim).filter(|one| !one.is_empty()).all(|one| {
        let at = one.find(|c: char| c.is_ascii_digit()).unwrap_or(one.len());
        let (operator, version) = one.split_at(at);
        let parts: Vec<u32> = version.split('.').map_while(|part| part.parse().ok()).collect();
        let Some(&first) = parts.first() else { return true };
        let have = (major, minor);
        let want = (first, parts.get(1).copied().unwrap_or(0));
        let whole = parts.len() < 2;
        match operator.trim() {
            ">=" => have >= want,
            ">" => {
                if whole {
                    major > first
                } else {
                    have > want
                }
            }
            "<" => have < want || (parts.get(2).is_some_and(|p| *p > 0) && have == want),
            "<=" => {
                if whole {
                    major < first || have == want
                } else {
                    have <= want
                }
            }
            "!=" => !(parts.len() == 2 && have == want),
            "~=" => have >= want && major == first && (parts.len() < 3 || have == want),
            "^" => have >= want && major == first,
            _ => {
                if whole {
                    major == first
                } else {
                    have == want
                }
            }
        }
    })
}

/// The commit's year and month, where it is older than `months` before the newest known month.
pub(super) fn older_than(commit_date: Option<&str>, months: i32) -> bool {
    commit_date.and_then(year_month).is_some_and(|date| age(date, KNOWN_UNTIL) > months)
}

fn age(from: (i32, i32), to: (i32, i32)) -> i32 {
    (to.0 - from.0) * 12 + to.1 - from.1
}

fn year_month(date: &str) -> Option<(i32, i32)> {
    let mut parts = date.split('-');
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

/// Index in [`MINORS`] of the newest version that was at least 14 months old at the commit: by
/// then the packages it used had wheels for it.
fn ideal(commit_date: Option<&str>) -> usize {
    let date = commit_date.and_then(year_month).unwrap_or(KNOWN_UNTIL);
    MINORS.iter().rposition(|m| m.major == 3 && age(m.released, date) >= 14).unwrap_or(1)
}

fn cost(m: &Minor, ideal: usize, named: &[String], host: &[String]) -> usize {
    let at = MINORS.iter().position(|other| other.text == m.text).unwrap_or(0);
    let distance = if at > ideal { (at - ideal) * 3 } else { (ideal - at) * 2 };
    let unnamed = usize::from(!named.is_empty() && !named.iter().any(|n| n == m.text)) * 4;
    let absent = usize::from(!host.is_empty() && !host.iter().any(|h| h == m.text)) * 5;
    let old = usize::from(m.major == 2) * 100;
    distance + unnamed + absent + old
}

fn named(manifest: &Manifest, around: &Surroundings, evidence: &mut Vec<Evidence>) -> Vec<String> {
    let known =
        |text: &str| MINORS.iter().find(|m| m.text == minor_of(text)).map(|m| m.text.to_owned());
    let mut named: Vec<String> = Vec::new();
    for (text, place) in &around.ci {
        if let Some(version) = known(text) {
            if named.is_empty() {
                evidence.push(place.clone());
            }
            named.push(version);
        }
    }
    if named.is_empty() {
        named.extend(manifest.classified.iter().filter_map(|text| known(text)));
    }
    named
}

/// `3.9` of `3.9.18`, `python-3.9.1`, `3.9-dev`.
pub(super) fn minor_of(text: &str) -> String {
    let start = text.find(|c: char| c.is_ascii_digit()).unwrap_or(0);
    let number: String =
        text[start..].chars().take_while(|c| c.is_ascii_digit() || *c == '.').collect();
    number.split('.').take(2).collect::<Vec<_>>().join(".")
}

/// A version file: `.python-version`, `runtime.txt`, `.tool-versions`, `mise.toml`.
fn pin(repo: &dyn RepoView, unit: &str) -> Option<(String, Evidence)> {
    let files = [".python-version", "runtime.txt", ".tool-versions", "mise.toml", ".mise.toml"];
    for folder in [unit, ""] {
        for name in files {
            let path = join(folder, name);
            let Some(text) = repo.text(&path) else { continue };
            for (index, line) in text.lines().enumerate() {
                let Some(version) = pinned(name, line) else { continue };
                let minor = minor_of(&version);
                if !minor.contains('.') {
                    continue;
                }
                let line_number = u32::try_from(index + 1).unwrap_or(u32::MAX);
                let place = Evidence::at(&path, "python.version-file", Trust::Manifest)
                    .with_line(line_number, line);
                return Some((minor, place));
            }
        }
    }
    None
}

fn pinned(file: &str, line: &str) -> Option<String> {
    let line = line.trim();
    match file {
        ".python-version" => {
            line.starts_with(|c: char| c.is_ascii_digit()).then(|| line.to_owned())
        }
        "runtime.txt" => line.strip_prefix("python-").map(str::to_owned),
        ".tool-versions" => line.strip_prefix("python ").map(|rest| rest.trim().to_owned()),
        _ => {
            let (name, value) = line.split_once('=')?;
            let value = value.trim().trim_matches(['"', '\'', '[', ']']);
            (name.trim() == "python").then(|| value.to_owned())
        }
    }
}

/// Evidence that the unit's code is Python 2's: its manifest says so, or its own files use
/// statements that Python 3 cannot read.
fn python2(repo: &dyn RepoView, unit: &str, manifest: &Manifest) -> Option<Evidence> {
    if let Some((range, place)) = &manifest.requires_python {
        let three = MINORS.iter().any(|m| m.major == 3 && allows(range, 3, m.minor));
        return (!three && allows(range, 2, 7)).then(|| place.clone());
    }
    if manifest.classified.iter().any(|version| version.starts_with("3.")) {
        return None;
    }
    let mut seen = 0;
    let mut signs: Vec<Evidence> = Vec::new();
    for entry in repo.below(unit).iter().filter(|entry| entry.path.ends_with(".py")).take(300) {
        let inside = relative(unit, &entry.path);
        if inside.split('/').any(|part| matches!(part, "docs" | "examples" | "vendor" | "data")) {
            continue;
        }
        let Some(text) = repo.text(&entry.path) else { continue };
        seen += 1;
        if let Some((line, excerpt)) = python2_line(&text) {
            let rule = "python.python-2-syntax";
            signs.push(Evidence::at(&entry.path, rule, Trust::Manifest).with_line(line, excerpt));
        }
    }
    // One stray file does not make a code base old.
    (signs.len() >= 2 || signs.len() * 3 > seen).then(|| signs.into_iter().next()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rr_core::MemoryRepo;

    fn texts(request: &ToolchainRequirement) -> Vec<&str> {
        match &request.version {
            VersionRequest::OneOf(list) => list.iter().map(String::as_str).collect(),
            VersionRequest::Exact(one) | VersionRequest::Range(one) => vec![one],
            VersionRequest::Any => Vec::new(),
        }
    }

    fn manifest(range: &str) -> Manifest {
        let place = Evidence::at("pyproject.toml", "t", Trust::Manifest);
        Manifest { requires_python: Some((range.to_owned(), place)), ..Manifest::default() }
    }

    #[test]
    fn ranges_are_read_as_pep_440_says() {
        assert!(allows(">=3.8,<3.12", 3, 8) && !allows(">=3.8,<3.12", 3, 12));
        assert!(allows("~=3.7", 3, 12) && !allows("~=3.7", 2, 7));
        assert!(allows(">=3.8.1", 3, 8) && allows("==3.9.*", 3, 9) && !allows("==3.9.*", 3, 10));
        assert!(!allows("!=3.0.*,!=3.1.*,>=2.7,!=3.9.*", 3, 9));
        assert!(allows(">=2.7, !=3.0.*", 2, 7) && allows("<4.0,>=3.6", 3, 14));
        assert!(allows("==3.8", 3, 8) && allows("<=3.10", 3, 10) && allows(">=3", 3, 6));
    }

    #[test]
    fn an_old_commit_gets_a_python_of_its_time() {
        let empty = MemoryRepo::new([("a", "")]);
        let around = Surroundings { commit_date: Some("2020-06-01".into()), ..Default::default() };
        assert_eq!(texts(&request(&empty, "", &manifest(">=3.6"), &around))[0], "3.7");
        let around = Surroundings { commit_date: Some("2026-06-01".into()), ..Default::default() };
        assert_eq!(texts(&request(&empty, "", &manifest(">=3.6"), &around))[0], "3.13");
        let strict = request(&empty, "", &manifest(">=3.14"), &around);
        assert_eq!(texts(&strict), ["3.14"]);
    }

    #[test]
    fn what_the_host_and_ci_have_is_preferred_and_a_pin_comes_first() {
        let empty = MemoryRepo::new([("a", "")]);
        let around = Surroundings {
            host: vec!["3.11".into()],
            ci: vec![("3.11".into(), Evidence::at("ci", "t", Trust::Ci))],
            commit_date: Some("2026-01-01".into()),
        };
        assert_eq!(texts(&request(&empty, "", &manifest(">=3.8"), &around))[0], "3.11");
        let pinned = MemoryRepo::new([(".python-version", "3.9.18\n")]);
        assert_eq!(texts(&request(&pinned, "", &manifest(">=3.8"), &around))[0], "3.9");
    }

    #[test]
    fn python_2_code_asks_for_python_2() {
        let old = MemoryRepo::new([("a.py", "print 'x'\n"), ("b.py", "import a\nprint a\n")]);
        let request = request(&old, "", &Manifest::default(), &Surroundings::default());
        assert_eq!(texts(&request), ["2.7"]);
        assert_eq!(request.evidence[0].line, Some(1));
    }
}
