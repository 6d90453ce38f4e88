//! Which toolchain versions a job's `setup-*` actions ask for.

use super::collected::{Mined, Place};
use super::github_expressions::Scope;
use super::yaml::Node;

/// Action (without owner), its input, the tool, and whether the input may list several.
#[rustfmt::skip]
static ACTIONS: &[(&str, &str, &str)] = &[
    ("setup-python", "python-version", "python"), ("setup-uv", "python-version", "python"),
    ("setup-uv", "version", "uv"), ("setup-pdm", "python-version", "python"),
    ("setup-conda", "python-version", "python"), ("setup-miniconda", "python-version", "python"),
    ("setup-node", "node-version", "node"), ("setup-bun", "bun-version", "bun"),
    ("setup-deno", "deno-version", "deno"), ("action-setup", "version", "pnpm"),
    ("setup-go", "go-version", "go"), ("setup-java", "java-version", "java"),
    ("rust-toolchain", "toolchain", "rust"), ("toolchain", "toolchain", "rust"),
    ("setup-rust-toolchain", "toolchain", "rust"), ("setup-ruby", "ruby-version", "ruby"),
    ("setup-perl", "perl-version", "perl"), ("actions-setup-perl", "perl-version", "perl"),
    ("setup-dotnet", "dotnet-version", "dotnet"), ("setup-beam", "elixir-version", "elixir"),
    ("setup-php", "php-version", "php"), ("setup-gradle", "gradle-version", "gradle"),
    ("setup-maven", "maven-version", "maven"), ("setup-cmake", "cmake-version", "cmake"),
    ("setup-zig", "version", "zig"), ("setup-haskell", "ghc-version", "ghc"),
    ("setup", "ghc-version", "ghc"),
];

/// Adds the versions that steps ask for under one combination of the matrix.
pub(super) fn versions(place: &Place<'_>, steps: &Node, scope: &Scope, mined: &mut Mined) {
    for step in steps.items() {
        let Some(uses) = step.text_of("uses") else { continue };
        let (name, reference) = uses.split_once('@').unwrap_or((uses, ""));
        let action = name.rsplit('/').next().unwrap_or(name);
        // dtolnay/rust-toolchain@1.70.0: the reference is the version.
        if action == "rust-toolchain" && step.get("with").and_then(|w| w.get("toolchain")).is_none()
        {
            if matches!(reference, "stable" | "nightly" | "beta")
                || reference.starts_with(|c: char| c.is_ascii_digit())
            {
                add(place, "rust", reference, step.line, mined);
            }
            continue;
        }
        let Some(with) = step.get("with") else { continue };
        for (_, input, tool) in ACTIONS.iter().filter(|(known, _, _)| *known == action) {
            let Some(value) = with.get(input) else { continue };
            for text in value.texts() {
                for version in
                    scope.expand(text).split([',', '\n']).filter(|v| !v.trim().is_empty())
                {
                    add(place, tool, version, value.line, mined);
                }
            }
        }
    }
}

/// Words that name no version.
fn add(place: &Place<'_>, tool: &str, version: &str, line: u32, mined: &mut Mined) {
    let version = version.trim().trim_matches(['"', '\'']);
    let plain = !version.contains("${{") && !version.ends_with(".x-dev");
    let key = rr_core::FactKey::Version(tool.to_owned());
    let known = mined
        .facts
        .iter()
        .any(|fact| fact.key == key && fact.value == version && fact.evidence.path == place.path);
    if plain && !known {
        mined.version(tool, "", version, place.at(line, version));
    }
}
