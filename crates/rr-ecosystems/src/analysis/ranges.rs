//! Whether a version lies in a range, for the range languages of pip, npm, cargo, composer, gems.
//!
//! Versions may be partial: `3.12` stands for every release of 3.12, and lies in a range where some
//! of them do. What cannot be read gives no answer.

/// A partial version as the span of the releases it stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Span {
    low: [u32; 3],
    high: [u32; 3],
}

/// Whether `version` has a release in `range`; `None` where one of them cannot be read.
pub(super) fn allows(range: &str, version: &str) -> Option<bool> {
    let version = span(version)?;
    let mut known = false;
    for alternative in range.split("||").map(str::trim) {
        match holds(alternative, version) {
            Some(true) => return Some(true),
            Some(false) => known = true,
            None => {}
        }
    }
    known.then_some(false)
}

/// Whether a text is a range rather than one version.
pub(super) fn is_range(text: &str) -> bool {
    text.contains(['<', '>', '^', '~', '=', '*', '|', ',', '!', ' '])
        || text.split('.').any(|part| matches!(part, "x" | "X"))
}

/// Whether two plain versions can be the same release: `3.12` and `3.12.1`, not `3.11` and `3.12`.
pub(super) fn agree(a: &str, b: &str) -> Option<bool> {
    Some(overlap(span(a)?, span(b)?))
}

fn holds(alternative: &str, version: Span) -> Option<bool> {
    if alternative.is_empty() || matches!(alternative, "*" | "x" | "latest") {
        return Some(true);
    }
    if let Some((low, high)) = alternative.split_once(" - ") {
        let (low, high) = (span(low)?, span(high)?);
        return Some(version.high >= low.low && version.low <= high.high);
    }
    let mut holds = true;
    for comparator in comparators(alternative) {
        holds &= compare(&comparator, version)?;
    }
    Some(holds)
}

/// `>= 3.8, <4` as `>=3.8` and `<4`.
fn comparators(text: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for word in text.split([',', ' ']).filter(|word| !word.is_empty()) {
        let open = found.last().is_some_and(|last| last.ends_with(['<', '>', '=', '~', '^', '!']));
        match found.last_mut().filter(|_| open) {
            Some(last) => last.push_str(word),
            None => found.push(word.to_owned()),
        }
    }
    found
}

fn compare(comparator: &str, version: Span) -> Option<bool> {
    let at = comparator.find(|c: char| c.is_ascii_digit() || c == 'v' || c == '*')?;
    let (operator, text) = comparator.split_at(at);
    if text.starts_with('*') {
        return Some(true);
    }
    let parts = parts(text)?;
    let want = span(text)?;
    Some(match operator.trim() {
        ">=" => version.high >= want.low,
        ">" => version.high > want.high,
        "<" => version.low < want.low,
        "<=" => version.low <= want.high,
        "!=" => !(version.low >= want.low && version.high <= want.high),
        "~=" | "~>" => {
            version.high >= want.low
                && overlap(version, first(&parts, parts.len().saturating_sub(1).max(1)))
        }
        "~" => version.high >= want.low && overlap(version, first(&parts, parts.len().min(2))),
        "^" => {
            let zeros = parts.iter().take_while(|part| **part == 0).count();
            version.high >= want.low
                && overlap(version, first(&parts, (zeros + 1).min(parts.len())))
        }
        "" | "=" | "==" | "===" => overlap(version, want),
        _ => return None,
    })
}

fn overlap(a: Span, b: Span) -> bool {
    a.low <= b.high && b.low <= a.high
}

/// The span of all releases whose first `count` parts are these.
fn first(parts: &[u32], count: usize) -> Span {
    let mut span = Span { low: [0; 3], high: [u32::MAX; 3] };
    for (at, part) in parts.iter().enumerate().take(count.min(3)) {
        span.low[at] = *part;
        span.high[at] = *part;
    }
    span
}

fn span(text: &str) -> Option<Span> {
    let parts = parts(text)?;
    Some(first(&parts, 3))
}

/// The numbers of `v3.12`, `3.12.x`, `go1.22rc1`, `1.2.3-beta`.
fn parts(text: &str) -> Option<Vec<u32>> {
    let text = text.trim().trim_matches(['"', '\'']);
    let at = text.find(|c: char| c.is_ascii_digit())?;
    let plain = text[..at].chars().all(|c| c.is_ascii_alphabetic() || matches!(c, '-' | '@'));
    let digits = text[at..].split(|c: char| !(c.is_ascii_digit() || c == '.')).next()?;
    let parts: Vec<u32> = digits.split('.').map_while(|part| part.parse().ok()).collect();
    (plain && !parts.is_empty()).then_some(parts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_of_every_manager_are_read() {
        for (range, version, expected) in [
            (">=3.8", "3.12", true),
            (">=3.8,<3.12", "3.12", false),
            (">=3.8, <3.12", "3.11.4", true),
            (">= 16", "14.21.3", false),
            ("^18 || >=20", "19", false),
            ("^18 || >=20", "22.1", true),
            ("~=3.9", "3.11", true),
            ("~=3.9.2", "3.10", false),
            ("~>2.7", "2.9", true),
            ("^0.3.1", "0.4.0", false),
            ("^3.7", "3.12", true),
            ("^3.7", "4.0", false),
            ("18.x", "18.2.0", true),
            ("1.2.3 - 2.0", "1.9", true),
            ("!=3.9.*,>=3.6", "3.9", false),
            ("*", "1", true),
            ("==3.8.*", "3.8.1", true),
            (">3.9", "3.9.7", false),
            ("<4", "3.13", true),
        ] {
            assert_eq!(allows(range, version), Some(expected), "{range} {version}");
        }
        assert_eq!(allows("lts/iron", "20"), None);
        assert_eq!(agree("3.12", "3.12.1"), Some(true));
        assert_eq!(agree("3.11", "3.12"), Some(false));
        assert!(is_range(">=3") && is_range("18.x") && !is_range("1.70.0"));
    }
}
