//! Clients of package registries that only read: they obey the ordinary clients' configuration
//! (index addresses, certificates, proxies) and run no package's code.

mod addresses;
pub(crate) mod defaults;
mod http;
mod npm;
mod pypi;

pub(crate) use addresses::{addresses, cargo_index, maven_repository};
pub(crate) use http::{Digest, HttpClient, hexadecimal};
pub(crate) use npm::{NpmRegistry, NpmVersion, version as npm_version};
pub(crate) use pypi::{Distribution, DistributionKind, PypiIndex};
