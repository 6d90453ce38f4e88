//! Real sandboxes, looked at from outside.

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
