//! The pool of models against a local server that replays traffic in each provider's format.

#![expect(clippy::unwrap_used, reason = "test code")]

mod bench;
mod local;
mod pool;
mod providers;
mod server;
