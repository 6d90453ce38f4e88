//! The features that the authorisation matrix decides about.

use std::fmt;

use rr_core::IndexKind;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A feature that a tier has or lacks (specification: Authorization Matrix).
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Capability {
    /// Full-text search over a run's files.
    SimpleSearch,
    /// Vector search in process.
    FaissSearch,
    /// Vector search in a Chroma server.
    ChromaSearch,
    /// Runs may use a GPU.
    GpuAccess,
    /// May create, change and remove users.
    UserManagement,
    /// May supervise other users' runs and change the system's settings.
    AdminFunctions,
    /// May talk to the Admin Agent, which creates agents and managers.
    AdminAgent,
}

impl Capability {
    /// All capabilities, in the matrix's order.
    pub const ALL: [Self; 7] = [
        Self::SimpleSearch,
        Self::FaissSearch,
        Self::ChromaSearch,
        Self::GpuAccess,
        Self::UserManagement,
        Self::AdminFunctions,
        Self::AdminAgent,
    ];

    /// The capability that searching with an index of this kind takes.
    #[must_use]
    pub const fn of_index(kind: IndexKind) -> Self {
        match kind {
            IndexKind::Simple => Self::SimpleSearch,
            IndexKind::Faiss => Self::FaissSearch,
            IndexKind::Chroma => Self::ChromaSearch,
        }
    }

    /// The capability's name as it stands in configuration and messages.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SimpleSearch => "simple-search",
            Self::FaissSearch => "faiss-search",
            Self::ChromaSearch => "chroma-search",
            Self::GpuAccess => "gpu-access",
            Self::UserManagement => "user-management",
            Self::AdminFunctions => "admin-functions",
            Self::AdminAgent => "admin-agent",
        }
    }
}

impl fmt::Display for Capability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
