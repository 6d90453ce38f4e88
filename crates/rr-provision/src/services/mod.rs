//! Databases and brokers inside a run's sandbox: started as its unprivileged user on its private
//! loopback, with the user and databases that the code expects, and proved by a connection.
//!
//! Everything runs through the executor that is given; data lies in the run's own home. This module
//! must not know who needs a service, nor read what the guest has written.

mod bindings;
mod guest;
mod memcached;
mod mysql;
mod nats;
mod postgres;
mod provider;
mod rabbitmq;
mod redis;
mod wire;

pub use provider::Services;
