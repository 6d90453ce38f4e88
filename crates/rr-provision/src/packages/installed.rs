//! What the host's package database says is installed. It reads the file; it starts nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use sha2::{Digest as _, Sha256};

/// The database of dpkg.
pub(super) const STATUS: &str = "/var/lib/dpkg/status";

/// The packages that a host has.
#[derive(Clone, Debug, Default)]
pub(super) struct Installed {
    versions: BTreeMap<String, String>,
    provided: BTreeSet<String>,
    /// Hex SHA-256 of the database.
    pub(super) digest: String,
}

impl Installed {
    /// Reads the host's database; `None` where the host has none.
    pub(super) fn read(path: &Path) -> Option<Self> {
        Some(Self::parse(&std::fs::read(path).ok()?))
    }

    /// Reads a database's bytes: paragraphs of `Name: value` lines.
    pub(super) fn parse(bytes: &[u8]) -> Self {
        let mut found = Self { digest: hex(&Sha256::digest(bytes)), ..Self::default() };
        let text = String::from_utf8_lossy(bytes);
        for paragraph in text.split("\n\n") {
            found.add(paragraph);
        }
        found
    }

    /// The version of a package that is installed.
    pub(super) fn version(&self, package: &str) -> Option<&str> {
        self.versions.get(package).map(String::as_str)
    }

    /// Whether a package is installed, or one that says it stands for it.
    pub(super) fn has(&self, package: &str) -> bool {
        self.versions.contains_key(package) || self.provided.contains(package)
    }

    fn add(&mut self, paragraph: &str) {
        let field = |name: &str| {
            paragraph.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
        };
        // `Status: install ok installed`, `deinstall ok config-files`, `hold ok installed`
        if !field("Status").is_some_and(|status| status.ends_with(" ok installed")) {
            return;
        }
        let (Some(name), Some(version)) = (field("Package"), field("Version")) else { return };
        self.versions.insert(name.to_owned(), version.to_owned());
        // `Provides: libjpeg-dev, mail-transport-agent, libfoo (= 1.2)`
        for provided in field("Provides").into_iter().flat_map(|list| list.split(',')) {
            let name = provided.split_whitespace().next().unwrap_or_default();
            self.provided.insert(name.split(':').next().unwrap_or(name).to_owned());
        }
    }
}

/// Bytes in hexadecimal.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn installed_packages_and_what_they_provide_are_read() {
        let found = Installed::parse(
            b"Package: libjpeg62-turbo-dev\nStatus: install ok installed\nVersion: 1:2.1.5-2\n\
              Provides: libjpeg-dev (= 8), libjpeg62-dev\nDescription: x\n Package: not-one\n\n\
              Package: gone\nStatus: deinstall ok config-files\nVersion: 1\n\n\
              Package: half\nStatus: install reinstreq half-installed\nVersion: 1\n",
        );
        assert_eq!(found.version("libjpeg62-turbo-dev"), Some("1:2.1.5-2"));
        assert!(found.has("libjpeg-dev") && found.has("libjpeg62-dev"));
        assert!(!found.has("gone") && !found.has("half") && !found.has("not-one"));
        assert_eq!(found.digest.len(), 64);
    }
}
