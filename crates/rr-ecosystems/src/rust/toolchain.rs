//! Which Rust a repository asks for.

use rr_core::{Evidence, RepoView, ToolchainRequirement, Trust, VersionRequest};
use toml_edit::{DocumentMut, Item};

use super::manifest::{Manifest, join};

/// The toolchain of a unit: a pin file rules, then `rust-version`, then the edition.
pub(super) fn requirement(
    repo: &dyn RepoView,
    root: &Manifest,
    members: &[Manifest],
) -> ToolchainRequirement {
    let mut evidence = Vec::new();
    let version = match pinned(repo, &root.folder) {
        Some((channel, found)) => {
            evidence.push(found);
            match channel.as_str() {
                "stable" => lower_bound(root, members, &mut evidence),
                "beta" => VersionRequest::Any,
                _ => VersionRequest::Exact(channel),
            }
        }
        None => lower_bound(root, members, &mut evidence),
    };
    ToolchainRequirement { tool: "rust".to_owned(), version, evidence }
}

/// The channel of `rust-toolchain.toml` or `rust-toolchain`, in the unit's folder or above.
fn pinned(repo: &dyn RepoView, folder: &str) -> Option<(String, Evidence)> {
    let mut at = Some(folder);
    while let Some(here) = at {
        for name in ["rust-toolchain.toml", "rust-toolchain"] {
            let path = join(here, name);
            if let Some(found) = repo.text(&path).and_then(|text| channel(&path, &text)) {
                return Some(found);
            }
        }
        at = match here.rsplit_once('/') {
            Some((above, _)) => Some(above),
            None if here.is_empty() => None,
            None => Some(""),
        };
    }
    None
}

/// `[toolchain]\nchannel = "1.66.1"`, or the old form: the bare channel.
fn channel(path: &str, text: &str) -> Option<(String, Evidence)> {
    let evidence = Evidence::at(path, "rust.toolchain-file", Trust::Manifest);
    if let Ok(document) = text.parse::<DocumentMut>()
        && let Some(table) = document.get("toolchain").and_then(Item::as_table_like)
    {
        let channel = table.get("channel").and_then(Item::as_str)?.to_owned();
        let line = text.lines().position(|line| line.contains("channel"))?;
        let excerpt = text.lines().nth(line).unwrap_or_default().to_owned();
        let number = u32::try_from(line + 1).unwrap_or(u32::MAX);
        return Some((without_host(&channel), evidence.with_line(number, &excerpt)));
    }
    let word =
        text.lines().map(str::trim).find(|line| !line.is_empty() && !line.starts_with('#'))?;
    let plain = word.chars().all(|c| c.is_ascii_alphanumeric() || "-._".contains(c));
    plain.then(|| (without_host(word), evidence.with_line(1, word)))
}

/// `1.66.1-x86_64-unknown-linux-gnu` names the host, too.
fn without_host(channel: &str) -> String {
    ["-x86_64", "-aarch64", "-i686"]
        .iter()
        .find_map(|host| channel.split_once(host).map(|(head, _)| head))
        .unwrap_or(channel)
        .to_owned()
}

fn lower_bound(
    root: &Manifest,
    members: &[Manifest],
    evidence: &mut Vec<Evidence>,
) -> VersionRequest {
    let mut bounds: Vec<((u32, u32), Evidence)> = Vec::new();
    for manifest in std::iter::once(root).chain(members) {
        let path = join(&manifest.folder, "Cargo.toml");
        let package = manifest.package.as_ref();
        let workspace = manifest.workspace.as_ref();
        let version = package
            .and_then(|p| p.rust_version.as_deref())
            .or_else(|| workspace.and_then(|w| w.rust_version.as_deref()));
        if let Some(bound) = version.and_then(minor_of) {
            bounds.push((bound, Evidence::at(&path, "rust.rust-version", Trust::Manifest)));
        }
        let edition = package
            .and_then(|p| p.edition.as_deref())
            .or_else(|| workspace.and_then(|w| w.edition.as_deref()));
        if let Some(bound) = edition.and_then(edition_needs) {
            bounds.push((bound, Evidence::at(&path, "rust.edition", Trust::Manifest)));
        }
    }
    match bounds.into_iter().max_by_key(|(bound, _)| *bound) {
        None => VersionRequest::Any,
        Some(((major, minor), found)) => {
            evidence.push(found);
            VersionRequest::Range(format!(">={major}.{minor}"))
        }
    }
}

fn minor_of(version: &str) -> Option<(u32, u32)> {
    let mut parts = version.trim().split('.');
    Some((parts.next()?.parse().ok()?, parts.next().unwrap_or("0").parse().ok()?))
}

/// The release that brought an edition: the edition guide.
fn edition_needs(edition: &str) -> Option<(u32, u32)> {
    match edition {
        "2018" => Some((1, 31)),
        "2021" => Some((1, 56)),
        "2024" => Some((1, 85)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rr_core::MemoryRepo;

    fn request(files: &[(&str, &str)]) -> VersionRequest {
        let repo = MemoryRepo::new(files.iter().map(|(p, t)| (*p, *t)));
        let root = Manifest::read(&repo, "").unwrap();
        requirement(&repo, &root, &[]).version
    }

    #[test]
    fn a_pin_rules_then_the_highest_lower_bound() {
        let manifest = (
            "Cargo.toml",
            "[package]\nname = \"a\"\nedition = \"2021\"\nrust-version = \"1.70\"\n",
        );
        let exact = |text: &str| VersionRequest::Exact(text.to_owned());
        assert_eq!(request(&[manifest]), VersionRequest::Range(">=1.70".to_owned()));
        assert_eq!(
            request(&[manifest, ("rust-toolchain.toml", "[toolchain]\nchannel = \"1.66.1\"\n")]),
            exact("1.66.1")
        );
        assert_eq!(
            request(&[manifest, ("rust-toolchain", "nightly-2023-05-01\n")]),
            exact("nightly-2023-05-01")
        );
        assert_eq!(
            request(&[manifest, ("rust-toolchain", "stable")]),
            VersionRequest::Range(">=1.70".to_owned())
        );
        let only_components = "[toolchain]\ncomponents = [\"rust-src\"]\n";
        assert_eq!(
            request(&[manifest, ("rust-toolchain.toml", only_components)]),
            VersionRequest::Range(">=1.70".to_owned())
        );
    }
}
