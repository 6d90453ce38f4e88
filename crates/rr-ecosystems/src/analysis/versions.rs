//! What all pins of a toolchain say together: which rules, which ranges it satisfies, which pins
//! contradict it.

use std::collections::{BTreeMap, BTreeSet};

use rr_core::{Analysis, FactKey, Trust, VersionChoice, VersionPin};

use super::ranges::{agree, allows, is_range};

/// Most versions of one CI that are shown as a choice.
const LISTED: usize = 8;

/// Weighs the pins of every unit and tool.
pub(super) fn weigh(analysis: &Analysis) -> Vec<VersionChoice> {
    let mut pins: BTreeMap<(String, String), Vec<VersionPin>> = BTreeMap::new();
    let mut root: BTreeMap<String, Vec<VersionPin>> = BTreeMap::new();
    for fact in &analysis.facts {
        let (FactKey::Version(tool) | FactKey::DeclaredVersion(tool)) = &fact.key else { continue };
        let pin = VersionPin { text: fact.value.clone(), evidence: fact.evidence.clone() };
        if fact.unit.is_empty() {
            root.entry(tool.clone()).or_default().push(pin.clone());
        }
        pins.entry((fact.unit.clone(), tool.clone())).or_default().push(pin);
    }
    let mut choices: Vec<VersionChoice> = pins
        .into_iter()
        .map(|((unit, tool), mut own)| {
            // What the root says holds below it too.
            if !unit.is_empty() {
                own.extend(root.get(&tool).into_iter().flatten().cloned());
            }
            choice(unit, tool, own)
        })
        .collect();
    choices.retain(|choice| !choice.pins.is_empty());
    choices
}

/// A file whose only purpose is to pin: it rules over what CI tests with.
fn pin_file(pin: &VersionPin) -> bool {
    let name = pin.evidence.path.rsplit('/').next().unwrap_or_default();
    matches!(
        name,
        ".python-version"
            | ".nvmrc"
            | ".node-version"
            | ".tool-versions"
            | "mise.toml"
            | ".mise.toml"
            | "rust-toolchain"
            | "rust-toolchain.toml"
            | ".ruby-version"
            | ".java-version"
            | ".go-version"
            | ".sdkmanrc"
            | "runtime.txt"
            | "global.json"
            | ".terraform-version"
    ) || pin.evidence.rule.starts_with("pin.") && !is_range(&pin.text)
}

fn choice(unit: String, tool: String, mut pins: Vec<VersionPin>) -> VersionChoice {
    let mut seen = BTreeSet::new();
    pins.retain(|pin| seen.insert((pin.text.clone(), pin.evidence.path.clone())));
    let ranges: Vec<VersionPin> = pins.iter().filter(|pin| is_range(&pin.text)).cloned().collect();
    let exact: Vec<VersionPin> = pins.iter().filter(|pin| !is_range(&pin.text)).cloned().collect();
    let fits = |pin: &&VersionPin| {
        ranges.iter().all(|range| allows(&range.text, &pin.text) != Some(false))
    };
    let best = |keep: &dyn Fn(&&VersionPin) -> bool| {
        exact.iter().filter(|pin| keep(pin)).filter(fits).max_by_key(|pin| rank(pin)).cloned()
    };
    let said = |pin: &&VersionPin| pin.evidence.trust >= Trust::Configuration;
    let (chosen, source) = match best(&said).or_else(|| best(&|pin| pin_file(pin))) {
        Some(pin) => (pin.text.clone(), format!("{} pins it", pin.evidence.place())),
        None => by_use(&exact, &ranges),
    };
    let ruling = |pin: &VersionPin| chosen.split(" | ").any(|text| text == pin.text);
    let satisfied: Vec<String> = ranges
        .iter()
        .filter(|range| chosen.split(" | ").all(|one| allows(&range.text, one) == Some(true)))
        .map(|range| format!("`{}`", range.text))
        .collect();
    let reason = if satisfied.is_empty() || is_range(&chosen) {
        source
    } else {
        format!("{source}; it lies in {}", satisfied.join(" and "))
    };
    let conflicts = conflicts(&chosen, &pins);
    pins.sort_by_key(|pin| (!ruling(pin), std::cmp::Reverse(pin.evidence.trust)));
    VersionChoice { unit, tool, chosen, reason, pins, conflicts }
}

/// Later words rank higher: trust first, then how exact the pin is.
fn rank(pin: &VersionPin) -> (Trust, usize) {
    (pin.evidence.trust, pin.text.matches('.').count())
}

/// Without a pin file: what CI uses, else containers, else the ranges themselves.
fn by_use(exact: &[VersionPin], ranges: &[VersionPin]) -> (String, String) {
    let fits = |pin: &&VersionPin| {
        ranges.iter().all(|range| allows(&range.text, &pin.text) != Some(false))
    };
    let strongest = exact.iter().filter(fits).map(|pin| pin.evidence.trust).max();
    let mut texts: Vec<&str> = Vec::new();
    let mut place = String::new();
    for pin in exact.iter().filter(fits).filter(|pin| Some(pin.evidence.trust) == strongest) {
        if place.is_empty() {
            place = pin.evidence.place();
        }
        if !texts.contains(&pin.text.as_str()) && texts.len() < LISTED {
            texts.push(&pin.text);
        }
    }
    if let Some(trust) = strongest {
        let verb = if texts.len() == 1 { "uses it" } else { "uses these" };
        return (texts.join(" | "), format!("{} {verb} ({place})", trust.source()));
    }
    if ranges.is_empty() {
        let text = exact.first().map_or_else(String::new, |pin| pin.text.clone());
        return (text, "nothing else is said".to_owned());
    }
    let mut all: Vec<&str> = ranges.iter().map(|range| range.text.as_str()).collect();
    all.dedup();
    (all.join(" and "), "only ranges are declared: all of them hold".to_owned())
}

/// Pins that what was chosen contradicts. Several versions of CI are a matrix, not a conflict.
fn conflicts(chosen: &str, pins: &[VersionPin]) -> Vec<String> {
    if is_range(chosen) && !chosen.contains(" | ") {
        return Vec::new();
    }
    let one = |text: &str| -> Vec<bool> {
        let each = chosen.split(" | ");
        if is_range(text) {
            each.filter_map(|version| allows(text, version)).collect()
        } else {
            each.filter_map(|version| agree(text, version)).collect()
        }
    };
    pins.iter()
        .filter(|pin| {
            let answers = one(&pin.text);
            !answers.is_empty() && !answers.contains(&true) && pin.evidence.trust != Trust::Ci
                || (pin.evidence.trust == Trust::Ci && outside_of_all(pin, pins))
        })
        .map(|pin| {
            let verb = if is_range(&pin.text) { "excludes" } else { "differs from" };
            format!("`{}` of {} {verb} `{chosen}`", pin.text, pin.evidence.place())
        })
        .collect()
}

/// A version of CI that a declared range excludes.
fn outside_of_all(pin: &VersionPin, pins: &[VersionPin]) -> bool {
    pins.iter().any(|range| is_range(&range.text) && allows(&range.text, &pin.text) == Some(false))
}

#[cfg(test)]
mod tests {
    use crate::analysis::analyze_view;
    use rr_core::{MemoryRepo, VersionChoice};

    fn choice(files: &[(&str, &str)], tool: &str) -> VersionChoice {
        let analysis = analyze_view(&MemoryRepo::new(files.iter().copied()));
        analysis.versions.into_iter().find(|choice| choice.tool == tool).unwrap()
    }

    #[test]
    fn a_pin_rules_and_a_contradicting_image_is_shown() {
        let found = choice(
            &[
                ("pyproject.toml", "[project]\nname = \"a\"\nrequires-python = \">=3.10\"\n"),
                (".python-version", "3.12\n"),
                ("Dockerfile", "FROM python:3.9-slim\n"),
                ("a/__init__.py", ""),
            ],
            "python",
        );
        assert_eq!(found.chosen, "3.12");
        assert!(found.reason.contains(".python-version:1") && found.reason.contains("`>=3.10`"));
        assert_eq!(found.conflicts, ["`3.9` of Dockerfile:1 (dockerfile) differs from `3.12`"]);
        assert_eq!(found.pins.len(), 3);
    }

    #[test]
    fn a_matrix_is_a_choice_and_ranges_stay_ranges() {
        let ci = "jobs:\n  test:\n    runs-on: ubuntu-latest\n    strategy:\n      matrix:\n        node: [16, 18, 20]\n    steps:\n    - uses: actions/setup-node@v4\n      with:\n        node-version: ${{ matrix.node }}\n    - run: npm test\n";
        let package = "{\"name\": \"a\", \"engines\": {\"node\": \">=18\"}}";
        let found = choice(&[("package.json", package), (".github/workflows/ci.yml", ci)], "node");
        assert_eq!(found.chosen, "18 | 20");
        assert_eq!(found.conflicts.len(), 1, "{:?}", found.conflicts);
        let found = choice(&[("package.json", package), ("index.js", "")], "node");
        assert_eq!((found.chosen.as_str(), found.conflicts.len()), (">=18", 0));
    }
}
