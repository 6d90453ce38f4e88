//! `cargo xtask corpus`: runs the built binary on repositories whose truth is known and compares.
//!
//! It sees the product only as its users do: a command, an exit status, a JSON report. It knows no
//! repository; the lists and the clones are given to it.

mod clones;
mod measure;
mod record;
mod run;
mod store;
mod table;
mod truth;

pub(crate) use run::{Arguments, run};
