//! Where state lives: the platform's data directory, or `REPO_RUNNER_HOME`.

use std::path::{Path, PathBuf};

use rr_core::RunId;

use crate::error::RunError;
use crate::room::DEFAULT_CACHE_LIMIT;

/// The product's folders.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Home {
    root: PathBuf,
    cache_limit: u64,
}

impl Home {
    /// The folder that `REPO_RUNNER_HOME` names (`chosen`), else the platform's data directory.
    /// It is made where it is missing.
    ///
    /// # Errors
    /// Where there is no such place or it cannot be made.
    pub fn open(chosen: Option<&Path>) -> Result<Self, RunError> {
        let root = match chosen {
            Some(path) => std::path::absolute(path)
                .map_err(|e| RunError::io(format!("resolve `{}`", path.display()), e))?,
            None => directories::ProjectDirs::from("", "", "repo-runner")
                .map(|dirs| dirs.data_dir().to_owned())
                .ok_or_else(|| RunError::Environment {
                    message: "no home directory to keep state in".to_owned(),
                    hint: Some("set REPO_RUNNER_HOME to a folder".to_owned()),
                })?,
        };
        let home = Self { root, cache_limit: DEFAULT_CACHE_LIMIT };
        for folder in [home.runs(), home.tools(), home.caches(), home.environments()] {
            std::fs::create_dir_all(&folder)
                .map_err(|e| RunError::io(format!("create `{}`", folder.display()), e))?;
        }
        Ok(home)
    }

    /// This home with at most so many bytes for kept environments.
    #[must_use]
    pub fn with_cache_limit(self, bytes: u64) -> Self {
        Self { cache_limit: bytes, ..self }
    }

    /// Bytes that kept environments may take; those unused for longest go first.
    #[must_use]
    pub fn cache_limit(&self) -> u64 {
        self.cache_limit
    }

    /// The root of it all.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The database.
    #[must_use]
    pub fn database(&self) -> PathBuf {
        self.root.join("repo-runner.db")
    }

    /// All runs' folders.
    #[must_use]
    pub fn runs(&self) -> PathBuf {
        self.root.join("runs")
    }

    /// One run's folder.
    #[must_use]
    pub fn run(&self, id: &RunId) -> PathBuf {
        self.runs().join(id.as_str())
    }

    /// Our own tools and toolchains.
    #[must_use]
    pub fn tools(&self) -> PathBuf {
        self.root.join("tools")
    }

    /// Package caches shared by runs.
    #[must_use]
    pub fn caches(&self) -> PathBuf {
        self.root.join("caches")
    }

    /// Prepared environments.
    #[must_use]
    pub fn environments(&self) -> PathBuf {
        self.root.join("environments")
    }
}
