//! Version numbers as tools print them: numbers with dots, and perhaps a pre-release.

use std::cmp::Ordering;
use std::fmt;

/// A version: `3.11.7`, `1.26.0-rc1`, `21.0.2+13`. Missing parts count as zero in comparisons.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Version {
    parts: Vec<u64>,
    pre: Option<String>,
}

impl Version {
    /// A final version of these parts.
    #[must_use]
    pub fn of(parts: &[u64]) -> Self {
        Self { parts: parts.to_vec(), pre: None }
    }

    /// Reads a version at the start of a text, after an optional `v`, `go`, `=` or a name and a
    /// dash (`openjdk-17`, `ruby-3.2.1`). Build metadata after `+` is dropped.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim().trim_start_matches(['=', ' ']);
        let start = text.find(|c: char| c.is_ascii_digit())?;
        let (lead, rest) = text.split_at(start);
        let lead_is_name = lead.chars().all(|c| c.is_ascii_alphabetic() || c == '-' || c == '@');
        if !lead_is_name {
            return None;
        }
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
        let numbers = rest[..end].trim_end_matches('.');
        let parts: Option<Vec<u64>> = numbers.split('.').map(|part| part.parse().ok()).collect();
        let pre = Self::pre_release(rest[end..].trim());
        Some(Self { parts: parts?, pre })
    }

    /// The first version number within a longer text such as the output of `--version`; it has at
    /// least two parts there.
    #[must_use]
    pub fn find(text: &str) -> Option<Self> {
        let mut rest = text;
        while let Some(start) = rest.find(|c: char| c.is_ascii_digit()) {
            let tail = &rest[start..];
            let end = tail
                .find(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '.' | '-'))
                .unwrap_or(tail.len());
            if let Some(version) = Self::parse(&tail[..end])
                && version.parts.len() >= 2
            {
                return Some(version);
            }
            let digits = tail.find(|c: char| !c.is_ascii_digit()).unwrap_or(tail.len());
            rest = &tail[digits..];
        }
        None
    }

    /// The number at a place, zero where there is none.
    #[must_use]
    pub fn part(&self, place: usize) -> u64 {
        self.parts.get(place).copied().unwrap_or(0)
    }

    /// How many parts are given.
    #[must_use]
    pub fn len(&self) -> usize {
        self.parts.len()
    }

    /// Whether no part is given; never so for a parsed version.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.parts.is_empty()
    }

    /// Whether it is a pre-release.
    #[must_use]
    pub fn is_pre_release(&self) -> bool {
        self.pre.is_some()
    }

    /// Whether this version begins with all parts of `prefix`: 3.9.18 begins with 3.9.
    #[must_use]
    pub fn begins_with(&self, prefix: &Self) -> bool {
        prefix.parts.iter().enumerate().all(|(i, part)| self.part(i) == *part)
            && (prefix.pre.is_none() || prefix.pre == self.pre)
    }

    /// The version that begins with the first `count` parts, the last of them one greater.
    #[must_use]
    pub fn bumped(&self, count: usize) -> Self {
        let mut parts: Vec<u64> = (0..count).map(|place| self.part(place)).collect();
        if let Some(last) = parts.last_mut() {
            *last += 1;
        }
        Self { parts, pre: None }
    }

    /// `-rc.1`, `rc1`, `b2`, `.dev0`, `-nightly` are pre-releases; `+build`, `_392`, `.post1`,
    /// `-lts` and anything after a space are not.
    fn pre_release(rest: &str) -> Option<String> {
        let word = rest.split([' ', '+', '(', '_', ',']).next().unwrap_or_default();
        let word = word.trim_start_matches(['-', '.']).to_ascii_lowercase();
        let known = [
            "a", "b", "c", "rc", "alpha", "beta", "dev", "pre", "nightly", "snapshot", "m", "ea",
            "canary", "next",
        ];
        let letters: String = word.chars().take_while(char::is_ascii_alphabetic).collect();
        known.contains(&letters.as_str()).then_some(word)
    }
}

impl Ord for Version {
    fn cmp(&self, other: &Self) -> Ordering {
        let places = self.parts.len().max(other.parts.len());
        (0..places)
            .map(|place| self.part(place).cmp(&other.part(place)))
            .find(|order| order.is_ne())
            .unwrap_or_else(|| match (&self.pre, &other.pre) {
                (None, None) => Ordering::Equal,
                (None, Some(_)) => Ordering::Greater,
                (Some(_), None) => Ordering::Less,
                (Some(a), Some(b)) => natural(a, b),
            })
    }
}

impl PartialOrd for Version {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts: Vec<String> = self.parts.iter().map(u64::to_string).collect();
        f.write_str(&parts.join("."))?;
        self.pre.as_ref().map_or(Ok(()), |pre| write!(f, "-{pre}"))
    }
}

/// Compares `rc2` with `rc10` by their numbers.
fn natural(a: &str, b: &str) -> Ordering {
    let split = |text: &str| -> (String, u64) {
        let letters: String = text.chars().take_while(|c| !c.is_ascii_digit()).collect();
        let digits: String =
            text[letters.len()..].chars().take_while(char::is_ascii_digit).collect();
        (letters.trim_end_matches(['.', '-']).to_owned(), digits.parse().unwrap_or(0))
    };
    split(a).cmp(&split(b)).then_with(|| a.cmp(b))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(text: &str) -> Version {
        Version::parse(text).unwrap()
    }

    #[test]
    fn reads_what_tools_print() {
        let cases = [
            ("Python 3.11.7", "3.11.7"),
            ("v20.19.2", "20.19.2"),
            ("go version go1.26.8 linux/amd64", "1.26.8"),
            ("git version 2.39.5", "2.39.5"),
            ("This is perl 5, version 36, subversion 0 (v5.36.0) built for x86_64", "5.36.0"),
            ("cmake version 3.25.1\n\nCMake suite", "3.25.1"),
            ("rustc 1.95.0-nightly (abc 2026-01-01)", "1.95.0-nightly"),
            ("psql (PostgreSQL) 15.12 (Debian 15.12-0+deb12u2)", "15.12"),
        ];
        for (text, expected) in cases {
            assert_eq!(Version::find(text).unwrap().to_string(), expected, "{text}");
        }
    }

    #[test]
    fn orders_releases_and_pre_releases() {
        assert!(version("3.9") < version("3.10"));
        assert!(version("1.0.0-rc1") < version("1.0.0"));
        assert!(version("1.0rc2") < version("1.0rc10"));
        assert_eq!(version("3.9").cmp(&version("3.9.0")), Ordering::Equal);
        assert!(!version("17.0.15+6").is_pre_release());
        assert!(!version("1.8.0_392").is_pre_release());
        assert!(version("3.14.0a3").is_pre_release());
    }
}
