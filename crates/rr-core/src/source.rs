//! Where a repository comes from.

use std::fmt;
use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A repository as the user named it, after parsing and before anything is fetched.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum RepoSource {
    /// A git URL (https, ssh, file), an `owner/name` shorthand already expanded, or a bare folder.
    Git {
        /// URL or absolute path, never beginning with `-`.
        url: String,
        /// Branch, tag or commit.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reference: Option<String>,
    },
    /// A working folder. It is copied; the user's tree is never modified.
    Folder {
        /// Absolute path.
        path: PathBuf,
        /// Branch, tag or commit to take instead of the working files.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reference: Option<String>,
    },
    /// A `.zip`, `.tar`, `.tar.gz`, `.tgz` or `.crate` file.
    Archive {
        /// Absolute path.
        path: PathBuf,
    },
    /// The published source of a package.
    Package {
        /// Which registry.
        registry: Registry,
        /// The package's name in it (`group:artifact` for Maven).
        name: String,
        /// A version, or the newest.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        version: Option<String>,
    },
}

/// A package registry whose published sources can be run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "each variant is a registry's own name")]
pub enum Registry {
    PyPi,
    Crates,
    Npm,
    Go,
    Maven,
}

impl Registry {
    /// The scheme that names the registry on the command line: `pypi:NAME`.
    #[must_use]
    pub const fn scheme(self) -> &'static str {
        match self {
            Self::PyPi => "pypi",
            Self::Crates => "crates",
            Self::Npm => "npm",
            Self::Go => "go",
            Self::Maven => "maven",
        }
    }
}

impl fmt::Display for RepoSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Git { url, .. } => f.write_str(url),
            Self::Folder { path, .. } | Self::Archive { path } => write!(f, "{}", path.display()),
            Self::Package { registry, name, version } => {
                write!(f, "{}:{name}", registry.scheme())?;
                version.as_ref().map_or(Ok(()), |v| write!(f, "@{v}"))
            }
        }
    }
}
