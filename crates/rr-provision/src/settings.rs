//! What the provisioner is told at construction. It must not read the process environment itself.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Where the provisioner keeps things and what it knows of its user.
#[derive(Clone, Debug)]
pub struct ProvisionSettings {
    /// The data folder: `tools/`, `caches/`, `layers/`, `templates/` and `tmp/` lie below it.
    pub home: PathBuf,
    /// The process environment: PATH, HOME, proxies, certificate and registry variables.
    pub variables: BTreeMap<String, String>,
    /// Host that an `owner/name` shorthand means: `github.com`.
    pub shorthand_host: String,
    /// Whether repositories are trusted: then the user's own git configuration and credentials in
    /// registry settings are passed on.
    pub trusted: bool,
    /// Root of the file system that is looked at to find out what this host is: `/`.
    pub system: PathBuf,
    /// Today's day, in days since the Unix epoch: package lists are refreshed once a day.
    pub day: u64,
}

impl ProvisionSettings {
    /// Settings below a data folder with the usual defaults. `unix_millis` is the time now.
    #[must_use]
    pub fn new(home: PathBuf, variables: BTreeMap<String, String>, unix_millis: u64) -> Self {
        Self {
            home,
            variables,
            shorthand_host: "github.com".to_owned(),
            trusted: false,
            system: PathBuf::from("/"),
            day: unix_millis / 86_400_000,
        }
    }

    /// A variable of the process environment; empty counts as absent.
    #[must_use]
    pub fn variable(&self, name: &str) -> Option<&str> {
        self.variables.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// The user's own home folder, where it is known.
    #[must_use]
    pub fn user_home(&self) -> Option<&Path> {
        self.variable("HOME").map(Path::new).filter(|path| path.is_absolute())
    }

    /// The folders of the user's PATH, absolute ones only, each once.
    #[must_use]
    pub fn path(&self) -> Vec<PathBuf> {
        let mut folders: Vec<PathBuf> = Vec::new();
        let text = self.variable("PATH").unwrap_or("/usr/local/bin:/usr/bin:/bin");
        for folder in text.split(':').map(PathBuf::from).filter(|folder| folder.is_absolute()) {
            if !folders.contains(&folder) {
                folders.push(folder);
            }
        }
        folders
    }

    /// `<home>/tools`: one folder per tool and version.
    #[must_use]
    pub fn tools(&self) -> PathBuf {
        self.home.join("tools")
    }

    /// `<home>/caches`.
    #[must_use]
    pub fn caches(&self) -> PathBuf {
        self.home.join("caches")
    }
}
