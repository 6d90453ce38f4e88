//! Ranges of versions in the syntaxes of pip, npm, cargo, poetry, composer, gem and Maven.

use super::number::Version;

/// What a bare version and a tilde mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// pip, npm, cargo, gem: `~1.2` is `>=1.2,<1.3`; `~1` is `>=1,<2`.
    Common,
    /// composer: `~1.2` is `>=1.2,<2`.
    Composer,
}

/// A range: any of its alternatives, each of which is all of its bounds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Range {
    alternatives: Vec<Vec<Bound>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Bound {
    AtLeast(Version),
    Above(Version),
    Below(Version),
    AtMost(Version),
    /// Begins with these parts.
    Like(Version),
    NotLike(Version),
}

impl Range {
    /// Reads a range. `*`, `x`, `latest` and an empty text are every version.
    #[must_use]
    pub fn parse(text: &str, dialect: Dialect) -> Option<Self> {
        let alternatives: Option<Vec<Vec<Bound>>> = text
            .split("||")
            .flat_map(|part| {
                if dialect == Dialect::Composer { part.split('|').collect() } else { vec![part] }
            })
            .map(|part| Self::alternative(part, dialect))
            .collect();
        alternatives.map(|alternatives| Self { alternatives })
    }

    /// Whether a version is within. A pre-release is only where a bound names one.
    #[must_use]
    pub fn contains(&self, version: &Version) -> bool {
        self.alternatives.iter().any(|bounds| {
            let named = bounds.iter().any(|bound| bound.version().is_pre_release());
            (named || !version.is_pre_release()) && bounds.iter().all(|bound| bound.holds(version))
        })
    }

    /// The smallest version that bounds name from below, over all alternatives.
    #[must_use]
    pub fn floor(&self) -> Option<&Version> {
        let floors = self.alternatives.iter().filter_map(|bounds| {
            bounds
                .iter()
                .filter_map(|bound| match bound {
                    Bound::AtLeast(v) | Bound::Above(v) | Bound::Like(v) => Some(v),
                    _ => None,
                })
                .max()
        });
        floors.min()
    }

    fn alternative(text: &str, dialect: Dialect) -> Option<Vec<Bound>> {
        let text = text.trim();
        if text.starts_with(['[', '(']) {
            return interval(text);
        }
        if let Some((low, high)) = text.split_once(" - ") {
            let high = Version::parse(high)?;
            let upper = if high.len() < 3 {
                Bound::Below(high.bumped(high.len()))
            } else {
                Bound::AtMost(high)
            };
            return Some(vec![Bound::AtLeast(Version::parse(low)?), upper]);
        }
        let mut bounds = Vec::new();
        for item in comparators(text) {
            bounds.extend(bound(&item, dialect)?);
        }
        Some(bounds)
    }
}

impl Bound {
    fn version(&self) -> &Version {
        match self {
            Self::AtLeast(v)
            | Self::Above(v)
            | Self::Below(v)
            | Self::AtMost(v)
            | Self::Like(v)
            | Self::NotLike(v) => v,
        }
    }

    fn holds(&self, version: &Version) -> bool {
        match self {
            Self::AtLeast(low) => version >= low,
            // `>3.8` asked of an installed tool means more than any 3.8 in npm and cargo.
            Self::Above(low) => version > low && !(low.len() < 3 && version.begins_with(low)),
            Self::Below(high) => version < high,
            Self::AtMost(high) => version <= high || (high.len() < 3 && version.begins_with(high)),
            Self::Like(prefix) => version.begins_with(prefix),
            Self::NotLike(prefix) => !version.begins_with(prefix),
        }
    }
}

/// Splits `>=3.8, <3.12` and `>= 3.8 <3.12` into operator-and-version items.
fn comparators(text: &str) -> Vec<String> {
    let mut items: Vec<String> = Vec::new();
    for word in text.split([',', ' ', '\t', '\n']).filter(|word| !word.is_empty()) {
        match items.last_mut() {
            Some(last) if !last.is_empty() && last.chars().all(is_operator) => last.push_str(word),
            _ => items.push(word.to_owned()),
        }
    }
    items
}

fn is_operator(c: char) -> bool {
    matches!(c, '<' | '>' | '=' | '~' | '^' | '!')
}

fn bound(item: &str, dialect: Dialect) -> Option<Vec<Bound>> {
    let split = item.find(|c| !is_operator(c)).unwrap_or(item.len());
    let (operator, rest) = item.split_at(split);
    let rest = rest.trim();
    if rest.is_empty() && operator.is_empty()
        || matches!(rest, "*" | "x" | "X" | "latest" | "node" | "stable")
    {
        return Some(Vec::new());
    }
    let wild = rest.contains(['*', 'x', 'X']);
    let numbers = rest.split(['*', 'x', 'X']).next().unwrap_or(rest).trim_end_matches('.');
    let version = Version::parse(numbers)?;
    Some(match operator {
        "" | "=" | "==" | "===" if wild || version.len() < 3 => vec![Bound::Like(version)],
        "" | "=" | "==" | "===" => vec![Bound::Like(version)],
        "!=" => vec![Bound::NotLike(version)],
        ">=" | "=>" => vec![Bound::AtLeast(version)],
        ">" => vec![Bound::Above(version)],
        "<" => vec![Bound::Below(version)],
        "<=" | "=<" => vec![Bound::AtMost(version)],
        "^" => vec![Bound::Below(caret_limit(&version)), Bound::AtLeast(version)],
        "~=" | "~>" => {
            let limit = version.bumped(version.len().saturating_sub(1).max(1));
            vec![Bound::Below(limit), Bound::AtLeast(version)]
        }
        "~" => {
            let keep = if dialect == Dialect::Composer { version.len() - 1 } else { 2 };
            let limit = version.bumped(keep.clamp(1, version.len()));
            vec![Bound::Below(limit), Bound::AtLeast(version)]
        }
        _ => return None,
    })
}

/// `^1.2.3` is below 2, `^0.2.3` below 0.3, `^0.0.3` below 0.0.4.
fn caret_limit(version: &Version) -> Version {
    let first = (0..version.len()).find(|place| version.part(*place) != 0);
    version.bumped(first.unwrap_or(version.len() - 1) + 1)
}

/// Maven's `[1.8,)`, `[17,22)`, `(,11]`, `[17]`.
fn interval(text: &str) -> Option<Vec<Bound>> {
    let open_low = text.starts_with('(');
    let open_high = text.ends_with(')');
    let inner = text.trim_matches(['[', ']', '(', ')']);
    let Some((low, high)) = inner.split_once(',') else {
        return Some(vec![Bound::Like(Version::parse(inner)?)]);
    };
    let mut bounds = Vec::new();
    if !low.trim().is_empty() {
        let low = Version::parse(low)?;
        bounds.push(if open_low { Bound::Above(low) } else { Bound::AtLeast(low) });
    }
    if !high.trim().is_empty() {
        let high = Version::parse(high)?;
        bounds.push(if open_high { Bound::Below(high) } else { Bound::AtMost(high) });
    }
    Some(bounds)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn within(range: &str, version: &str) -> bool {
        let range = Range::parse(range, Dialect::Common).unwrap_or_else(|| panic!("{range}"));
        range.contains(&Version::parse(version).unwrap())
    }

    #[test]
    fn understands_every_ecosystems_ranges() {
        let inside = [
            (">=3.8,<3.12", "3.11.7"),
            (">=3.8, <4.0", "3.13.0"),
            ("^18 || >=20", "20.19.2"),
            ("^18.0.0 || ^20.0.0", "18.20.8"),
            (">= 14.17.0 < 17", "16.20.2"),
            ("~=3.8", "3.11.1"),
            ("~3.8", "3.8.18"),
            ("3.9.*", "3.9.18"),
            ("==3.9.*", "3.9.18"),
            ("20.x", "20.1.0"),
            ("20", "20.19.2"),
            ("[1.8,)", "17.0.1"),
            ("[17,22)", "21.0.2"),
            ("~> 2.7", "2.7.8"),
            ("14 - 18", "18.20.8"),
            ("*", "1.0.0"),
            (">=3.6, !=3.7.*", "3.8.1"),
            ("<=3.11", "3.11.7"),
            ("^0.2.3", "0.2.9"),
            (">=v12.0.0", "20.1.0"),
        ];
        for (range, version) in inside {
            assert!(within(range, version), "{version} in {range}");
        }
        let outside = [
            (">=3.8,<3.12", "3.12.1"),
            ("^18 || >=20", "19.0.0"),
            ("~=3.8.1", "3.9.0"),
            (">=3.6, !=3.7.*", "3.7.4"),
            ("~> 2.7.1", "2.8.0"),
            ("[17,22)", "22.0.0"),
            (">3.8", "3.8.18"),
            ("^0.2.3", "0.3.0"),
            (">=3.8", "3.14.0a1"),
        ];
        for (range, version) in outside {
            assert!(!within(range, version), "{version} not in {range}");
        }
    }

    #[test]
    fn refuses_what_is_no_range() {
        assert!(Range::parse("lts/hydrogen", Dialect::Common).is_none());
        assert!(Range::parse(">=three", Dialect::Common).is_none());
    }

    #[test]
    fn composers_tilde_is_wider() {
        let range = Range::parse("~8.1", Dialect::Composer).unwrap();
        assert!(range.contains(&Version::of(&[8, 4, 1])));
        assert!(!range.contains(&Version::of(&[9, 0])));
    }
}
