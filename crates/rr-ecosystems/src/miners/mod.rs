//! Miners: read what the repository itself says about how it is built, tested and run.
//!
//! Each miner knows one kind of file and gives facts and commands with their place and trust. A
//! miner decides nothing about plans and must not know ecosystems; ecosystems ask [`query`].

mod classify;
mod collected;
mod command_line;
mod lexer;
mod mine;
mod program_ecosystem;
pub mod query;
mod resolve;
pub(crate) mod variables;
mod wrappers;
mod yaml;

pub use classify::{class_of_name, classify};
pub(crate) use collected::{Mined, MinedService, MinedVariable};
pub use command_line::{program, split_words, unwrapped};
pub(crate) use mine::mine;
pub(crate) use program_ecosystem::ecosystem_of;
