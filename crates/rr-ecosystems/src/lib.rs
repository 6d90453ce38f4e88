//! Understands repositories: what they are, what to run, what is wrong, how their tests went.
//!
//! Pure: looks at a [`rr_core::RepoView`] and at bytes it is given. It must not start processes,
//! ask the network or know where a run keeps its files. One folder per ecosystem; all of them are
//! listed in [`registry`].

pub mod analysis;
pub mod miners;
pub mod overrides;
pub mod registry;
pub mod reports;

mod assets;
mod code;
mod declared;
mod golang;
mod javascript;
mod jvm;
mod native;
mod perl;
mod places;
mod python;
mod ruby;
mod rules;
mod rust;
mod shell;
mod site;
