//! Which outside tools the host has or lacks, what each is for, and how to get it.

use std::collections::BTreeMap;
use std::sync::Arc;

use rr_core::{
    CancelToken, EngineError, EnvironmentReport, HostTool, OutputSink, ToolchainProvider,
    ToolchainRequirement, VersionRequest,
};

use crate::toolchains::Toolchains;

/// One outside tool.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct DoctorItem {
    /// The tool's name.
    pub tool: String,
    /// What it is needed for.
    pub purpose: String,
    /// Whether nothing can run without it.
    pub required: bool,
    /// What the host has.
    pub found: Option<HostTool>,
    /// The command that brings it through the system's package manager.
    pub fix: Option<String>,
    /// Whether it is obtained into our own tools folder when a run needs it.
    pub auto: bool,
}

/// Reports on outside tools and installs what can be installed without changing the host.
pub struct Doctor {
    toolchains: Arc<Toolchains>,
}

/// Tool, purpose, required, Debian package, whether it is obtained by ourselves.
const TOOLS: &[(&str, &str, bool, &str, bool)] = &[
    ("git", "fetching repositories", true, "git", false),
    ("bubblewrap", "isolating what runs", true, "bubblewrap", true),
    ("uv", "Python dependencies and environments", false, "", true),
    ("python", "Python repositories", false, "python3 python3-venv python3-dev", false),
    ("node", "JavaScript and TypeScript repositories", false, "nodejs npm", true),
    ("rust", "Rust repositories", false, "rustup", false),
    ("go", "Go repositories", false, "golang-go", true),
    ("java", "Java and Kotlin repositories", false, "default-jdk", false),
    ("maven", "Maven builds without a wrapper", false, "maven", false),
    ("gcc", "native code and extensions", false, "build-essential", false),
    ("make", "native builds", false, "make", false),
    ("cmake", "CMake builds", false, "cmake", true),
    ("ninja", "Meson and CMake builds", false, "ninja-build", true),
    ("meson", "Meson builds", false, "meson", true),
    ("pkg-config", "finding system libraries", false, "pkg-config", false),
    ("apt", "system libraries as layers", false, "", false),
    ("unshare", "system libraries as layers", false, "util-linux", false),
    ("git-lfs", "large files of repositories", false, "git-lfs", false),
];

impl Doctor {
    /// A doctor that installs through `toolchains`.
    #[must_use]
    pub fn new(toolchains: Arc<Toolchains>) -> Self {
        Self { toolchains }
    }

    /// Every tool that Repo Runner may use, required ones first.
    #[must_use]
    pub fn examine(&self, environment: &EnvironmentReport) -> Vec<DoctorItem> {
        TOOLS
            .iter()
            .map(|(tool, purpose, required, package, auto)| DoctorItem {
                tool: (*tool).to_owned(),
                purpose: (*purpose).to_owned(),
                required: *required,
                found: found(&environment.tools, tool).or_else(|| self.toolchains.own(tool)),
                fix: install_command(environment, package),
                auto: *auto,
            })
            .collect()
    }

    /// Installs a missing tool into our own tools folder.
    ///
    /// # Errors
    /// Where it cannot be had; the hint is the package manager's command.
    pub fn fix(
        &self,
        item: &DoctorItem,
        environment: &EnvironmentReport,
        sink: Arc<dyn OutputSink>,
        cancel: &CancelToken,
    ) -> Result<HostTool, EngineError> {
        if !item.auto {
            let error =
                crate::fault::environment(format!("`{}` cannot be installed apart", item.tool));
            return Err(match &item.fix {
                Some(command) => error.with_hint(format!("run `{command}`")),
                None => error,
            });
        }
        let requirement = ToolchainRequirement {
            tool: item.tool.clone(),
            version: VersionRequest::Any,
            evidence: Vec::new(),
        };
        let toolchain = self.toolchains.obtain(&requirement, environment, sink, cancel)?;
        let folder = toolchain.path.first().cloned().unwrap_or_default();
        let program = if item.tool == "bubblewrap" { "bwrap" } else { &item.tool };
        Ok(HostTool {
            path: folder.join(program).to_string_lossy().into_owned(),
            version: toolchain.version,
        })
    }
}

fn found(tools: &BTreeMap<String, Vec<HostTool>>, tool: &str) -> Option<HostTool> {
    tools.get(tool)?.first().cloned()
}

fn install_command(environment: &EnvironmentReport, package: &str) -> Option<String> {
    if package.is_empty() {
        return None;
    }
    let prefix = if environment.root { "" } else { "sudo " };
    let manager = match environment.distribution.0.as_str() {
        "debian" | "ubuntu" | "linuxmint" | "pop" => "apt-get install -y",
        "fedora" | "rhel" | "centos" | "rocky" | "almalinux" => "dnf install -y",
        "arch" | "manjaro" => "pacman -S",
        "alpine" => "apk add",
        "opensuse-leap" | "opensuse-tumbleweed" => "zypper install",
        _ => return None,
    };
    Some(format!("{prefix}{manager} {package}"))
}
