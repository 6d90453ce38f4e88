//! Lockfiles that tools write line by line in one fixed shape: pnpm, yarn, go.sum, Bundler,
//! Gradle, mix.

use crate::lock::Dependency;

/// `pnpm-lock.yaml`: keys of `packages:` are `name@version` or `/name@version` or
/// `/name/version`, each with `resolution: {integrity: sha512-…}`.
pub(super) fn pnpm(text: &str) -> Vec<Dependency> {
    let mut found: Vec<Dependency> = Vec::new();
    let mut inside = false;
    for line in text.lines() {
        if !line.starts_with(' ') && !line.is_empty() {
            inside = line.trim_end() == "packages:";
        } else if inside && let Some(key) = line.strip_prefix("  ").and_then(pnpm_key) {
            found.push(key);
        } else if inside && let Some((_, rest)) = line.split_once("integrity: ") {
            let hash = rest.split(['}', ',']).next().unwrap_or(rest).trim();
            if let Some(last) = found.last_mut() {
                last.hash = Some(hash.to_owned());
            }
        }
    }
    found
}

fn pnpm_key(line: &str) -> Option<Dependency> {
    let key = line.strip_suffix(':').filter(|key| !key.starts_with(' '))?;
    let key = key.trim_matches(['\'', '"']).trim_start_matches('/');
    // Peers stand in brackets or behind an underscore: `a@1.0.0(b@2.0.0)`.
    let key = key.split('(').next().unwrap_or(key);
    let at = key.rfind('@').filter(|at| *at > 0).or_else(|| key.rfind('/'))?;
    let (name, version) = (&key[..at], &key[at + 1..]);
    let version = version.split('_').next().unwrap_or(version);
    Some(Dependency { name: name.to_owned(), version: version.to_owned(), hash: None })
}

/// `yarn.lock`, classic and later: a line of patterns, then `version` and `integrity` or `checksum`.
pub(super) fn yarn(text: &str) -> Vec<Dependency> {
    let mut found: Vec<Dependency> = Vec::new();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        if let Some(head) = line.strip_suffix(':').filter(|head| !head.starts_with(' ')) {
            let first = head.split(',').next().unwrap_or(head).trim_matches(['"', ' ']);
            let at = first.char_indices().skip(1).find(|(_, c)| *c == '@').map(|(at, _)| at);
            let name = at.map_or("", |at| &first[..at]);
            // `__metadata` and members of the workspace are no packages of a registry.
            let own = first.contains("@workspace:") || name.is_empty();
            let name = if own { String::new() } else { name.to_owned() };
            found.push(Dependency { name, version: String::new(), hash: None });
        } else if let Some(last) = found.last_mut() {
            let field = line.trim_start();
            let value = |key: &str| {
                let rest = field.strip_prefix(key)?;
                let rest = rest.strip_prefix(':').unwrap_or(rest);
                rest.starts_with(' ').then(|| rest.trim().trim_matches('"').to_owned())
            };
            if let Some(version) = value("version") {
                last.version = version;
            }
            last.hash = value("integrity").or_else(|| value("checksum")).or(last.hash.take());
        }
    }
    found
}

/// `go.sum`: module, version, hash of its tree. The hashes of mere `go.mod` files are left out.
pub(super) fn go_sum(text: &str) -> Vec<Dependency> {
    let modules = text.lines().filter_map(|line| {
        let mut words = line.split_whitespace();
        let (name, version, hash) = (words.next()?, words.next()?, words.next()?);
        let whole = !version.ends_with("/go.mod");
        let (name, version) = (name.to_owned(), version.to_owned());
        whole.then(|| Dependency { name, version, hash: Some(hash.to_owned()) })
    });
    modules.collect()
}

/// `Gemfile.lock`: `    name (version)` below `specs:`.
pub(super) fn gemfile(text: &str) -> Vec<Dependency> {
    let gems = text.lines().filter_map(|line| {
        let gem = line.strip_prefix("    ").filter(|gem| !gem.starts_with(' '))?;
        let (name, version) = gem.split_once(" (")?;
        let version = version.strip_suffix(')')?.to_owned();
        let exact = version.starts_with(|c: char| c.is_ascii_digit());
        exact.then(|| Dependency { name: name.to_owned(), version, hash: None })
    });
    gems.collect()
}

/// `gradle.lockfile`: `group:artifact:version=configuration,…`.
pub(super) fn gradle(text: &str) -> Vec<Dependency> {
    let modules = text.lines().filter(|line| !line.starts_with('#')).filter_map(|line| {
        let (name, version) = line.split('=').next()?.rsplit_once(':')?;
        let (name, version) = (name.to_owned(), version.to_owned());
        name.contains(':').then_some(Dependency { name, version, hash: None })
    });
    modules.collect()
}

/// `mix.lock`: `"name": {:hex, :name, "version", "hash", …},`.
pub(super) fn mix(text: &str) -> Vec<Dependency> {
    let packages = text.lines().filter_map(|line| {
        let (name, rest) = line.trim_start().strip_prefix('"')?.split_once("\": {:hex, ")?;
        let mut words = rest.split('"');
        let (version, hash) = (words.nth(1)?, words.nth(1)?);
        let (version, hash) = (version.to_owned(), Some(hash.to_owned()));
        Some(Dependency { name: name.to_owned(), version, hash })
    });
    packages.collect()
}
