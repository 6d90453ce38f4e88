//! `cargo xtask test`: the whole test suite, with what it needs installed first.
//!
//! It reads the test binaries' own summary lines and adds them up; it knows no single test.

mod needs;
mod run;
mod summary;

pub(crate) use run::{Arguments, install_needs, run};
