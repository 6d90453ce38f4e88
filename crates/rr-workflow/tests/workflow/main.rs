//! Tests of the public face of `rr-workflow`.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should panic")]

mod engine;
mod harness;
mod recorded;
mod rules;
mod subject;
