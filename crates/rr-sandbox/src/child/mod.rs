//! Code that runs between `fork` and `execve`, or in children that never exec.
//!
//! The parent has threads, so until it execs a child may call async-signal-safe functions only:
//! nothing here allocates, locks, prints or panics on purpose. Everything a child needs is
//! prepared before the fork in plain buffers. [`raw`] holds the system calls (and all `unsafe`);
//! the other modules are safe code over it.

pub(crate) mod holder;
pub(crate) mod init;
pub(crate) mod plan;
pub(crate) mod raw;
