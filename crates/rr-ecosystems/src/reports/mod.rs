//! Test reports: from what runners write to outcomes, one by one.
//!
//! Each format has a module with `pub(crate) fn read(input: &ReportInput<'_>) -> TestRun`. A
//! reader believes only its own format's words and sets `complete` when the runner says by itself
//! that it ended; the checks common to all formats are in [`cross_check`]. To add a format: write
//! the module, add its `mod` line here and its arm in [`read`].

mod console;
mod cross_check;
mod exit_status;
mod gojson;
mod jest;
mod junit;
mod libtest;
mod mocha;
mod read;
pub mod recorder;
mod tap;
mod trs;
mod trx;

pub use read::{ReportInput, read};
