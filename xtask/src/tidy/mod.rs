//! The house rules of `CONTRIBUTING.md` that a program can hold.
//!
//! Every rule is a pure function from what it reads to [`Finding`](finding::Finding)s; only
//! `check` and `tree` touch the disk. Exceptions live in `xtask/tidy.toml`, each with its reason.

mod check;
mod crates;
mod documents;
mod finding;
mod known;
mod lexer;
mod settings;
mod sizes;
mod tree;
mod words;

pub(crate) use check::run;
