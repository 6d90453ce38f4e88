//! Tests of the public face of `rr-workflow`.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should panic")]

mod bench;
mod harness;
mod journaling;
mod recorded;
mod resuming;
mod rules;
mod steps;
mod subject;
