//! What a repository needs before anything in it can run.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::evidence::Evidence;

/// A toolchain that steps need on their PATH.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ToolchainRequirement {
    /// `python`, `node`, `rust`, `go`, `java`, `maven`, `gradle`, `pnpm`, `yarn`, `bun`, `deno`,
    /// `uv`, `poetry`, `cmake`, `meson`, `perl`, `ruby`, …
    pub tool: String,
    /// Which versions will do.
    pub version: VersionRequest,
    /// Where that is said; the strongest first.
    pub evidence: Vec<Evidence>,
}

/// The versions that will do, as the repository says it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", content = "text", rename_all = "kebab-case")]
pub enum VersionRequest {
    /// Nothing is said; the newest stable one the host has is taken.
    Any,
    /// This version or, where it has fewer parts, its newest: `3.9`, `20`, `1.66.1`.
    Exact(String),
    /// A range in the ecosystem's own syntax: `>=3.8,<3.12`, `^18 || >=20`.
    Range(String),
    /// The best of a list, in order of preference: CI matrices, `[3.12, 3.11]`.
    OneOf(Vec<String>),
}

/// A package of the operating system, by its Debian name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SystemPackage {
    /// Debian's name: `libpq-dev`.
    pub name: String,
    /// Where the need was seen.
    pub evidence: Vec<Evidence>,
}

/// A database or broker that must be up before steps that need it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ServiceRequirement {
    /// Which kind.
    pub kind: ServiceKind,
    /// Version the repository names, where it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Port the code has hard-wired; `None` lets us choose.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub port: Option<u16>,
    /// User to create.
    pub user: String,
    /// Its password.
    pub password: String,
    /// Databases to create; the first is the one in the URL.
    pub databases: Vec<String>,
    /// Extensions to create in them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub extensions: Vec<String>,
    /// Environment variables by which the code finds it.
    pub bindings: Vec<EnvBinding>,
    /// Where the need was seen.
    pub evidence: Vec<Evidence>,
}

/// Kinds of services that can be provisioned.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "each variant is a product's own name")]
pub enum ServiceKind {
    Postgres,
    Mysql,
    Redis,
    Mongodb,
    Rabbitmq,
    Memcached,
    Nats,
}

impl ServiceKind {
    /// The product's name in lower case.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Postgres => "postgres",
            Self::Mysql => "mysql",
            Self::Redis => "redis",
            Self::Mongodb => "mongodb",
            Self::Rabbitmq => "rabbitmq",
            Self::Memcached => "memcached",
            Self::Nats => "nats",
        }
    }
}

/// An environment variable that tells the code where a service is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct EnvBinding {
    /// The variable's name: `DATABASE_URL`.
    pub name: String,
    /// Its value with `{host}`, `{port}`, `{user}`, `{password}`, `{database}` to be filled in:
    /// `postgresql://{user}:{password}@{host}:{port}/{database}`.
    pub template: String,
}
