//! Context indexes: finding the place in a repository that answers a question.
//!
//! Today there is the Simple Text index, full text with tokens that know how code is written; the
//! other kinds come behind the same [`ContextIndex`](rr_core::ContextIndex) trait. This crate must
//! not know why something is searched for, who may search (`rr-accounts` decides that) or how the
//! tree came to be: it reads files as hostile bytes and follows no link in them.

mod simple;
mod tokens;
mod walk;

pub use simple::{BuildSummary, SimpleIndex};
pub use walk::{Skipped, TreeLimits};
