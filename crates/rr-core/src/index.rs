//! Context indexes: searching a repository's files.

use std::fmt;
use std::path::Path;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The three kinds of context indexes (specification: Context Indexing Architecture).
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum IndexKind {
    /// Full text with code-aware tokens.
    Simple,
    /// Vectors, in process.
    Faiss,
    /// Vectors, in a Chroma server.
    Chroma,
}

/// One place that answers a query.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SearchHit {
    /// Path relative to the root.
    pub path: String,
    /// Line, from 1.
    pub line: u32,
    /// The text around it, at most 300 characters.
    pub snippet: String,
    /// Score; larger is better; comparable within one answer only.
    pub score: f32,
}

/// An index of one repository's files.
pub trait ContextIndex: Send + Sync {
    /// Which kind.
    fn kind(&self) -> IndexKind;

    /// Indexes the files below `root`, replacing what was there. Returns how many files.
    ///
    /// # Errors
    /// Where files or the index cannot be read or written.
    fn build(&self, root: &Path) -> Result<u64, IndexError>;

    /// The best places for a query, best first, at most `limit`.
    ///
    /// # Errors
    /// Where the index is absent or broken.
    fn search(&self, query: &str, limit: usize) -> Result<Vec<SearchHit>, IndexError>;
}

/// What can go wrong with an index.
#[derive(Debug, thiserror::Error)]
#[error("{attempted}: {reason}")]
pub struct IndexError {
    /// What was attempted.
    pub attempted: String,
    /// Why it failed.
    pub reason: String,
}

impl fmt::Display for IndexKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Simple => "simple",
            Self::Faiss => "faiss",
            Self::Chroma => "chroma",
        })
    }
}
