//! The Simple Text index.
//!
//! One document per file. The file's text is kept in the index, so that searching never touches
//! the tree again: by then the repository's own code may have rewritten it.

mod build;
mod line;
mod schema;
mod search;

use std::path::{Path, PathBuf};

use rr_core::{ContextIndex, IndexError, IndexKind, SearchHit};

use crate::walk::{Skipped, TreeLimits};

/// A full-text index in a folder of its own.
#[derive(Clone, Debug)]
pub struct SimpleIndex {
    folder: PathBuf,
    limits: TreeLimits,
}

/// What was indexed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BuildSummary {
    /// Files in the index.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
    /// What was left out.
    pub skipped: Skipped,
}

impl SimpleIndex {
    /// An index in `folder`, which need not exist yet and must hold nothing else.
    #[must_use]
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into(), limits: TreeLimits::default() }
    }

    /// The same index with other limits.
    #[must_use]
    pub fn with_limits(self, limits: TreeLimits) -> Self {
        Self { limits, ..self }
    }

    /// Indexes the text files below `root`, replacing what was there. The older index answers
    /// until the new one is whole.
    ///
    /// # Errors
    /// Where `root` is no folder, or the index cannot be written.
    pub fn build_summary(&self, root: &Path) -> Result<BuildSummary, IndexError> {
        build::build(&self.folder, root, self.limits)
    }
}

impl ContextIndex for SimpleIndex {
    fn kind(&self) -> IndexKind {
        IndexKind::Simple
    }

    fn build(&self, root: &Path) -> Result<u64, IndexError> {
        self.build_summary(root).map(|summary| summary.files)
    }

    fn search(&self, query: &str, limit: usize) -> Result<Vec<SearchHit>, IndexError> {
        search::search(&self.folder, query, limit)
    }
}

/// An error while `attempted` was tried.
fn failed(attempted: &str, path: &Path, reason: impl ToString) -> IndexError {
    IndexError {
        attempted: format!("{attempted} `{}`", path.display()),
        reason: reason.to_string(),
    }
}
