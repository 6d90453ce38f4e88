//! Real sandboxes, looked at from outside.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up fails")]

mod commands;
mod common;
mod forwarder;
mod host;
mod isolation;
mod layers;
mod limits;
mod runner;
mod services;
mod snapshots;
