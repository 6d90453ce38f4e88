//! What can go wrong with locks and exports.

/// What can go wrong with locks and exports.
#[derive(Debug, thiserror::Error)]
pub enum RecipeError {
    /// The text is no lock.
    #[error("cannot read the lock: {0}")]
    Read(String),
    /// The lock is of a newer program.
    #[error("the lock has version {found}, this program knows versions up to {known}")]
    Newer {
        /// The lock's version.
        found: u32,
        /// The newest version known here.
        known: u32,
    },
    /// A document could not be written.
    #[error("cannot write `{what}`: {reason}")]
    Write {
        /// Which document.
        what: String,
        /// Why.
        reason: String,
    },
}
