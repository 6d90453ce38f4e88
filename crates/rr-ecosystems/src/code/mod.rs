//! Facts that stand in the code itself: application objects, variables it reads, ports, databases,
//! commands it offers, models it downloads, graphics processors it uses, what it imports.
//!
//! Sources are read as tokens (comments gone, strings whole), never as lines, and tables say what
//! a call or an access means. Only likely files are read, bounded in number and bytes. Must not
//! know ecosystems' plans: everything becomes a fact with its place.

mod accelerators;
mod applications;
mod calls;
mod command_lines;
mod databases;
mod files;
mod find;
mod imports;
mod scan;
mod syntax;
mod tokens;
mod unused;
mod variables;

pub(crate) use find::{CodeFacts, Declared, compare_with_manifests, find};
