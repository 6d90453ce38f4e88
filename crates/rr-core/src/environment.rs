//! What the host is and has.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::index::IndexKind;

/// Where we run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "each variant is a product's own name")]
pub enum EnvironmentKind {
    Colab,
    Aws,
    Gcp,
    Azure,
    Kubernetes,
    Docker,
    Podman,
    Wsl,
    Codespaces,
    Gitpod,
    GithubActions,
    GitlabCi,
    #[default]
    Host,
}

impl EnvironmentKind {
    /// The name, as people write it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Colab => "Colab",
            Self::Aws => "AWS",
            Self::Gcp => "GCP",
            Self::Azure => "Azure",
            Self::Kubernetes => "Kubernetes",
            Self::Docker => "Docker",
            Self::Podman => "Podman",
            Self::Wsl => "WSL",
            Self::Codespaces => "Codespaces",
            Self::Gitpod => "Gitpod",
            Self::GithubActions => "GitHub Actions",
            Self::GitlabCi => "GitLab CI",
            Self::Host => "plain host",
        }
    }
}

/// What EnvDetectorAgent found.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct EnvironmentReport {
    /// Kinds that apply, the most specific first; at least [`EnvironmentKind::Host`].
    pub kinds: Vec<EnvironmentKind>,
    /// Operating system and release: `Debian GNU/Linux 12 (bookworm)`.
    pub os: String,
    /// Distribution id and codename for packages: `debian`, `bookworm`.
    pub distribution: (String, String),
    /// Machine architecture: `x86_64`.
    pub arch: String,
    /// Usable processors, cgroup limits applied.
    pub cpus: u32,
    /// Usable memory in bytes, cgroup limits applied.
    pub memory: u64,
    /// Free disk under the data directory in bytes.
    pub disk_free: u64,
    /// Names and memory in bytes of the GPUs that NVML lists.
    pub gpus: Vec<(String, u64)>,
    /// Whether we are root.
    pub root: bool,
    /// Tools found on the host.
    pub tools: BTreeMap<String, Vec<HostTool>>,
    /// What the sandbox can do here: `user-namespaces`, `overlayfs`, `cgroup-v1:memory`, …
    pub abilities: Vec<String>,
    /// Proxy and certificate variables that are passed on to what we run.
    pub passed_variables: BTreeMap<String, String>,
    /// Registries that answered, by ecosystem; absent where nobody asked.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub registries: BTreeMap<String, bool>,
    /// Context indexes that could be used here, best first.
    pub recommended_indexes: Vec<IndexKind>,
}

impl EnvironmentReport {
    /// For people: `host, Debian GNU/Linux 12 (bookworm), 2 cpus, 24 GiB memory, 31 GiB disk free`.
    #[must_use]
    pub fn in_one_line(&self) -> String {
        let kinds: Vec<&str> = self.kinds.iter().map(|kind| kind.as_str()).collect();
        let mut parts = vec![kinds.join(", "), self.os.clone(), format!("{} cpus", self.cpus)];
        parts.push(format!("{} GiB memory", self.memory >> 30));
        parts.push(format!("{} GiB disk free", self.disk_free >> 30));
        parts.extend(self.gpus.iter().map(|(name, _)| name.clone()));
        parts.retain(|part| !part.is_empty());
        parts.join(", ")
    }
}

/// One installation of a tool on the host.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct HostTool {
    /// Absolute path of the program.
    pub path: String,
    /// Its version, digits and dots: `3.11.7`. Empty where it does not say.
    pub version: String,
}
