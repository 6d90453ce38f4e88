//! The modules that a distribution says it needs, read from its manifests as text.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use regex::Regex;
use rr_core::RepoView;

use super::detect::join;

static CPANFILE: LazyLock<Regex> = LazyLock::new(|| {
    expression(
        r#"(?m)^\s*(?:requires|test_requires|build_requires|configure_requires)\s*\(?\s*['"]?([A-Za-z]\w*(?:::\w+)*)['"]?\s*(?:(?:,|=>)\s*['"]?v?([\d.]+)?)?"#,
    )
});
/// `PREREQ_PM => { 'Foo::Bar' => '1.2', … }`, `TEST_REQUIRES`, `requires => { … }` of Module::Build
static HASHES: LazyLock<Regex> = LazyLock::new(|| {
    expression(
        r"(?s)\b(?:PREREQ_PM|TEST_REQUIRES|BUILD_REQUIRES|CONFIGURE_REQUIRES|requires|build_requires|test_requires|configure_requires)['\x22]?\s*=>\s*\{(.*?)\}",
    )
});
static PAIR: LazyLock<Regex> =
    LazyLock::new(|| expression(r#"['"]?\b([A-Za-z]\w*(?:::\w+)*)['"]?\s*=>\s*['"]?v?([\d._]*)"#));
/// Module::Install: `requires 'Foo' => '1.0';`, `test_requires 'Foo';`
static INI: LazyLock<Regex> =
    LazyLock::new(|| expression(r"(?m)^([A-Z]\w*(?:::\w+)*|[a-z]+)\s*=\s*v?([\d.]+)\s*$"));
static MINIMUM: LazyLock<Regex> = LazyLock::new(|| {
    expression(r#"(?m)^\s*(?:use|requires\s+['"]?perl['"]?\s*(?:,|=>)\s*['"]?)\s*v?5\.(\d{1,3})"#)
});

fn expression(text: &str) -> Regex {
    #[expect(clippy::unwrap_used, reason = "constant expressions, tried by the tests")]
    Regex::new(text).unwrap()
}

/// Modules and the versions they need at least (`""` for any), of the manifests of a folder.
pub(super) fn modules(repo: &dyn RepoView, folder: &str) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let mut add = |name: &str, version: &str| {
        let plain = version.replace('_', "");
        let version = if plain.trim_matches(['0', '.']).is_empty() { "" } else { plain.as_str() };
        if name != "perl" && name != "strict" && name != "warnings" {
            found.entry(name.to_owned()).or_insert_with(|| version.to_owned());
        }
    };
    let text = |name: &str| repo.text(&join(folder, name));
    if let Some(text) = text("cpanfile") {
        // Features and what only developers need come in blocks; the first closing brace ends them.
        for captures in CPANFILE.captures_iter(&without_develop(&text)) {
            add(&captures[1], captures.get(2).map_or("", |version| version.as_str()));
        }
    }
    for name in ["Makefile.PL", "Build.PL"] {
        let Some(text) = text(name) else { continue };
        let text = without_comments(&text);
        for hash in HASHES.captures_iter(&text) {
            for pair in PAIR.captures_iter(&hash[1]) {
                add(&pair[1], &pair[2]);
            }
        }
        if text.contains("Module::Install") {
            for captures in CPANFILE.captures_iter(&text) {
                add(&captures[1], captures.get(2).map_or("", |version| version.as_str()));
            }
        }
    }
    if let Some(text) = text("dist.ini") {
        let mut inside = false;
        for line in text.lines() {
            if line.starts_with('[') {
                inside = line.starts_with("[Prereqs") && !line.contains("Develop");
            } else if inside && let Some(pair) = INI.captures(line) {
                add(&pair[1], &pair[2]);
            }
        }
    }
    found.retain(|name, _| {
        name.contains("::") || name.starts_with(|c: char| c.is_ascii_uppercase())
    });
    found
}

/// The oldest Perl that the manifests name: 16 for `use 5.016`.
pub(super) fn minimum(repo: &dyn RepoView, folder: &str) -> Option<u32> {
    ["Makefile.PL", "Build.PL", "cpanfile"]
        .iter()
        .filter_map(|name| repo.text(&join(folder, name)))
        .filter_map(|text| MINIMUM.captures(&text)?[1].parse().ok())
        .max()
}

fn without_comments(text: &str) -> String {
    text.lines().filter(|line| !line.trim_start().starts_with('#')).collect::<Vec<_>>().join("\n")
}

fn without_develop(text: &str) -> String {
    let mut kept = String::new();
    let mut inside = false;
    for line in text.lines() {
        let opens =
            line.trim_start().starts_with("on ") || line.trim_start().starts_with("feature ");
        if opens && (line.contains("develop") || line.trim_start().starts_with("feature")) {
            inside = true;
        }
        if !inside && !line.trim_start().starts_with('#') {
            kept.push_str(line);
            kept.push('\n');
        }
        if inside && line.contains('}') {
            inside = false;
        }
    }
    kept
}

/// Debian's name for a module's package, by its policy: `Foo::Bar` is `libfoo-bar-perl`.
pub(super) fn debian_package(module: &str) -> String {
    match module {
        "LWP" | "LWP::UserAgent" => "libwww-perl".to_owned(),
        "YAML" | "DBI" | "JSON" | "URI" | "Moose" | "Moo" | "Plack" | "Dancer2" => {
            format!("lib{}-perl", module.to_ascii_lowercase())
        }
        "DBD::SQLite" => "libdbd-sqlite3-perl".to_owned(),
        "Test::More" | "Test::Simple" => "perl".to_owned(),
        _ => format!("lib{}-perl", module.to_ascii_lowercase().replace("::", "-")),
    }
}
