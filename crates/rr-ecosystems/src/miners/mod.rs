//! Miners: read what the repository itself says about how it is built, tested and run.
//!
//! Each miner knows one kind of file and gives facts and commands with their place and trust. A
//! miner decides nothing about plans and must not know ecosystems; ecosystems ask [`query`].

mod classify;
mod command_line;
mod lexer;
pub mod query;
mod resolve;
pub(crate) mod variables;
mod wrappers;

pub use classify::{class_of_name, classify};
pub use command_line::{program, split_words, unwrapped};
