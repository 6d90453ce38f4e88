//! Chooses one of several candidates for a request.
//!
//! Policy: a request that names a version gets the newest candidate that begins with it. An open
//! range gets the *mature* version within it rather than the newest: repositories that say
//! `>=3.8` were rarely tried on a release of this year, and pinned or older dependencies have no
//! prebuilt files for it. Which versions are mature is data ([`mature`]); anything not listed
//! ranks after them, the newest first. Where nothing satisfies, the nearest newer candidate is
//! taken, else the newest, and marked as not satisfying.

use rr_core::VersionRequest;

use super::number::Version;
use super::range::{Dialect, Range};

/// A chosen candidate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Choice {
    /// Its place in the list of candidates.
    pub index: usize,
    /// Whether it satisfies the request.
    pub satisfies: bool,
}

/// The best candidate of `tool` for a request; `None` where there is no candidate at all.
#[must_use]
pub fn choose(tool: &str, request: &VersionRequest, candidates: &[Version]) -> Option<Choice> {
    let best = |fits: &dyn Fn(&Version) -> bool, mature_first: bool| {
        let mut fitting: Vec<usize> =
            (0..candidates.len()).filter(|index| fits(&candidates[*index])).collect();
        // A stable sort keeps the caller's order among equals: its first is its preferred one.
        fitting.sort_by(|a, b| {
            let (a, b) = (&candidates[*a], &candidates[*b]);
            let rank =
                |v: &Version| (v.is_pre_release(), if mature_first { rank(tool, v) } else { 0 });
            rank(a).cmp(&rank(b)).then_with(|| b.cmp(a))
        });
        fitting.first().map(|index| Choice { index: *index, satisfies: true })
    };
    let found = match request {
        VersionRequest::Any => best(&|_| true, true),
        VersionRequest::Exact(text) => {
            exact(tool, text).and_then(|range| best(&|version| range.contains(version), false))
        }
        VersionRequest::Range(text) => {
            parse_range(tool, text).and_then(|range| best(&|version| range.contains(version), true))
        }
        VersionRequest::OneOf(texts) => texts.iter().find_map(|text| {
            let range = exact(tool, text)?;
            best(&|version| range.contains(version), false)
        }),
    };
    found.or_else(|| nearest(tool, request, candidates))
}

/// The nearest newer candidate than what was asked for, else the newest, not satisfying.
fn nearest(tool: &str, request: &VersionRequest, candidates: &[Version]) -> Option<Choice> {
    let wanted = match request {
        VersionRequest::Any => None,
        VersionRequest::Exact(text) => Version::parse(text),
        VersionRequest::Range(text) => {
            parse_range(tool, text).and_then(|range| range.floor().cloned())
        }
        VersionRequest::OneOf(texts) => texts.iter().find_map(|text| Version::parse(text)),
    };
    let stable = |index: &usize| !candidates[*index].is_pre_release();
    let indexes = || (0..candidates.len()).filter(stable);
    let newer = wanted.and_then(|wanted| {
        indexes()
            .filter(|i| candidates[*i] >= wanted)
            .min_by(|a, b| candidates[*a].cmp(&candidates[*b]))
    });
    let newest = || (0..candidates.len()).max_by(|a, b| candidates[*a].cmp(&candidates[*b]));
    let index = newer
        .or_else(|| indexes().max_by(|a, b| candidates[*a].cmp(&candidates[*b])))
        .or_else(newest)?;
    Some(Choice { index, satisfies: false })
}

/// What an exact request admits. A module's `go 1.18` line is a minimum that newer ones honour;
/// names of release lines (`lts/*`, `stable`, `node`) admit every final release.
fn exact(tool: &str, text: &str) -> Option<Range> {
    let text = text.trim();
    let named = ["lts", "stable", "latest", "node", "current", "*"];
    if text.is_empty()
        || named.iter().any(|name| text.eq_ignore_ascii_case(name))
        || text == "lts/*"
    {
        return Range::parse("*", Dialect::Common);
    }
    if let Some(line) = text.strip_prefix("lts/").and_then(node_line) {
        return Range::parse(line, Dialect::Common);
    }
    if tool == "go" {
        return Range::parse(&format!(">={}", Version::parse(text)?), Dialect::Common);
    }
    if tool == "java" {
        return Range::parse(&java_major(text)?, Dialect::Common);
    }
    let version = Version::parse(text.trim_start_matches("pypy").trim_start_matches('='))?;
    Range::parse(&format!("=={version}"), Dialect::Common)
}

fn parse_range(tool: &str, text: &str) -> Option<Range> {
    let dialect = if tool == "php" { Dialect::Composer } else { Dialect::Common };
    let text = if tool == "java" { text.replace("1.8", "8") } else { text.to_owned() };
    Range::parse(&text, dialect).or_else(|| exact(tool, &text))
}

/// `1.8`, `8`, `17.0.2`, `temurin-21`, `21.0.2-tem` are majors 8, 8, 17, 21, 21.
fn java_major(text: &str) -> Option<String> {
    let version = Version::parse(text)?;
    let major = if version.part(0) == 1 { version.part(1) } else { version.part(0) };
    Some(format!("=={major}"))
}

/// The long-term release lines of Node by name (source: the project's release schedule).
fn node_line(name: &str) -> Option<&'static str> {
    Some(match name.to_ascii_lowercase().as_str() {
        "argon" => "4",
        "boron" => "6",
        "carbon" => "8",
        "dubnium" => "10",
        "erbium" => "12",
        "fermium" => "14",
        "gallium" => "16",
        "hydrogen" => "18",
        "iron" => "20",
        "jod" => "22",
        "krypton" => "24",
        _ => return None,
    })
}

/// Place of a version in its tool's list of mature release lines; the list's length if absent.
fn rank(tool: &str, version: &Version) -> usize {
    let lines = mature(tool);
    lines
        .iter()
        .position(|line| line.iter().enumerate().all(|(i, part)| version.part(i) == *part))
        .unwrap_or(lines.len())
}

/// Mature release lines, best first.
fn mature(tool: &str) -> &'static [&'static [u64]] {
    match tool {
        // 3.11 still ships distutils and imp, which 3.12 removed, and current packages support it.
        "python" => {
            &[&[3, 11], &[3, 12], &[3, 10], &[3, 13], &[3, 9], &[3, 14], &[3, 8], &[3, 7], &[3, 6]]
        }
        "node" => &[&[20], &[22], &[24], &[18], &[16], &[14], &[12]],
        "java" => &[&[17], &[21], &[25], &[11], &[8]],
        _ => &[],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(tool: &str, request: &VersionRequest, candidates: &[&str]) -> (String, bool) {
        let versions: Vec<Version> =
            candidates.iter().map(|c| Version::parse(c).unwrap()).collect();
        let choice = choose(tool, request, &versions).unwrap();
        (candidates[choice.index].to_owned(), choice.satisfies)
    }

    fn range(text: &str) -> VersionRequest {
        VersionRequest::Range(text.to_owned())
    }

    fn exact(text: &str) -> VersionRequest {
        VersionRequest::Exact(text.to_owned())
    }

    const PYTHONS: &[&str] =
        &["2.7.18", "3.6.15", "3.8.18", "3.11.7", "3.11.2", "3.12.1", "3.13.0"];

    #[test]
    fn open_ranges_get_the_mature_python() {
        assert_eq!(chosen("python", &range(">=3.8"), PYTHONS), ("3.11.7".into(), true));
        assert_eq!(chosen("python", &VersionRequest::Any, PYTHONS), ("3.11.7".into(), true));
        assert_eq!(chosen("python", &range(">=3.12"), PYTHONS), ("3.12.1".into(), true));
        assert_eq!(chosen("python", &range("<3"), PYTHONS), ("2.7.18".into(), true));
    }

    #[test]
    fn exact_versions_get_their_newest_patch_or_the_nearest_newer() {
        assert_eq!(chosen("python", &exact("3.8"), PYTHONS), ("3.8.18".into(), true));
        assert_eq!(chosen("python", &exact("3.7"), PYTHONS), ("3.8.18".into(), false));
        assert_eq!(chosen("python", &exact("3.14"), PYTHONS), ("3.13.0".into(), false));
        let matrix = VersionRequest::OneOf(vec!["3.14".into(), "3.12".into(), "3.11".into()]);
        assert_eq!(chosen("python", &matrix, PYTHONS), ("3.12.1".into(), true));
    }

    #[test]
    fn go_and_java_lines_mean_what_their_tools_mean() {
        assert_eq!(chosen("go", &exact("1.18"), &["1.26.8"]), ("1.26.8".into(), true));
        assert_eq!(chosen("go", &exact("1.27"), &["1.26.8"]), ("1.26.8".into(), false));
        assert_eq!(
            chosen("java", &exact("1.8"), &["17.0.15", "25.0.1"]),
            ("17.0.15".into(), false)
        );
        assert_eq!(chosen("java", &exact("17"), &["25.0.1", "17.0.15"]), ("17.0.15".into(), true));
        assert_eq!(
            chosen("node", &exact("lts/hydrogen"), &["20.1.0", "18.2.0"]),
            ("18.2.0".into(), true)
        );
        assert_eq!(
            chosen("rust", &exact("stable"), &["1.95.0", "1.97.0-nightly"]),
            ("1.95.0".into(), true)
        );
    }
}
