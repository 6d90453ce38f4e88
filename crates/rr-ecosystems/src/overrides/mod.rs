//! `repo-runner.toml`: what a repository or its user says against what analysis found.
//!
//! Two files may speak: the repository's own and the one that the user names; the user's outranks.
//! Neither can widen what a run may do: there are no keys for trust, network or host.

mod collect;
mod commands;
mod fields;
mod nearest;
mod read;
mod refuse;
mod schema;
mod selection;
mod template;
mod to_analysis;
mod to_plan;
mod values;

pub use collect::{collect, variables};
pub use read::read;
pub use schema::schema;
pub use template::{same_work, template};
pub use to_analysis::change_analysis;
pub(crate) use to_plan::change_plan;

/// The file's name in a repository's root.
pub const FILE: &str = "repo-runner.toml";
