//! Operating-system packages as layers: trees that a sandbox lays over `/`.
//!
//! A layer is made by the distribution's own package manager working on a private view of the
//! host, or, where that is impossible, by unpacking packages side by side. The host itself is never
//! changed. This module must not know what needs a package, nor run anything over files that a
//! sandboxed process has written.

mod alternatives;
mod apt;
mod choice;
mod contents;
mod finish;
mod installed;
mod overlay;
mod provider;
mod record;
mod simulation;
mod table;
mod unpack;

pub use provider::SystemPackages;
