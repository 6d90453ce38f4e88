//! Which outside tools the host has or lacks, what each is for, and how to get it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use rr_core::{
    CancelToken, EngineError, EnvironmentReport, HostTool, OutputSink, ToolchainProvider,
    ToolchainRequirement, VersionRequest,
};

use crate::host::{HostCommand, HostTools};
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
    /// The command that brings it.
    pub fix: Option<String>,
    /// Whether it is obtained into our own tools folder when a run needs it.
    pub auto: bool,
}

/// Reports on outside tools and installs what is missing.
pub struct Doctor {
    host: HostTools,
    toolchains: Arc<Toolchains>,
}

/// Rust's own installer: most distributions carry no rustup.
const RUSTUP: &str = "curl --proto =https -sSf https://sh.rustup.rs | sh -s -- -y";

/// Our own command, for what is obtained into our tools folder.
const OURS: &str = "repo-runner doctor --fix";

/// Debian's package names, and those of dnf, pacman, apk and zypper where they differ.
const PACKAGES: &[(&str, [&str; 4])] = &[
    (
        "python3 python3-venv python3-dev",
        ["python3 python3-devel", "python", "python3 python3-dev", "python3 python3-devel"],
    ),
    ("nodejs npm", ["nodejs npm", "nodejs npm", "nodejs npm", "nodejs npm"]),
    ("golang-go", ["golang", "go", "go", "go"]),
    (
        "default-jdk",
        ["java-latest-openjdk-devel", "jdk-openjdk", "openjdk17", "java-17-openjdk-devel"],
    ),
    ("build-essential", ["gcc gcc-c++", "base-devel", "build-base", "gcc gcc-c++"]),
    ("ninja-build", ["ninja-build", "ninja", "samurai", "ninja"]),
    ("pkg-config", ["pkgconf", "pkgconf", "pkgconf", "pkg-config"]),
];

/// Tool, purpose, required, Debian package or command, whether it is obtained by ourselves.
const TOOLS: &[(&str, &str, bool, &str, bool)] = &[
    ("git", "fetching repositories", true, "git", false),
    ("bubblewrap", "isolating what runs", true, "bubblewrap", true),
    ("uv", "Python dependencies and environments", false, "", true),
    ("python", "Python repositories", false, "python3 python3-venv python3-dev", false),
    ("node", "JavaScript and TypeScript repositories", false, "nodejs npm", true),
    ("rust", "Rust repositories", false, RUSTUP, false),
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
    /// A doctor that installs through `toolchains` or the host's package manager.
    #[must_use]
    pub fn new(host: HostTools, toolchains: Arc<Toolchains>) -> Self {
        Self { host, toolchains }
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
                fix: way_to_get(environment, package, *auto),
                auto: *auto,
            })
            .collect()
    }

    /// Installs a missing tool into our own tools folder or, as root, through the system's package
    /// manager.
    ///
    /// # Errors
    /// Where it cannot be had so; the hint is the command that brings it.
    pub fn fix(
        &self,
        item: &DoctorItem,
        environment: &EnvironmentReport,
        sink: Arc<dyn OutputSink>,
        cancel: &CancelToken,
    ) -> Result<HostTool, EngineError> {
        if !item.auto {
            return self.fix_through_system(item, environment, sink, cancel);
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

impl Doctor {
    fn fix_through_system(
        &self,
        item: &DoctorItem,
        environment: &EnvironmentReport,
        sink: Arc<dyn OutputSink>,
        cancel: &CancelToken,
    ) -> Result<HostTool, EngineError> {
        let left = |message: String| {
            let error = crate::fault::environment(message);
            match &item.fix {
                Some(command) => error.with_hint(format!("run `{command}`")),
                None => error,
            }
        };
        let package = TOOLS.iter().find(|(tool, ..)| *tool == item.tool).map_or("", |row| row.3);
        let words = manager_words(environment, package).filter(|_| environment.root);
        let Some(words) = words else {
            return Err(left(format!("`{}` cannot be installed apart", item.tool)));
        };
        let command = HostCommand::new(words[0].as_str())
            .args(words[1..].iter().map(String::as_str))
            .env("DEBIAN_FRONTEND", "noninteractive")
            .within(Duration::from_secs(1800));
        self.host.check(&command, sink, cancel).map_err(|error| left(error.message))?;
        Ok(HostTool { path: item.tool.clone(), version: String::new() })
    }
}

fn found(tools: &BTreeMap<String, Vec<HostTool>>, tool: &str) -> Option<HostTool> {
    tools.get(tool)?.first().cloned()
}

/// The command that brings a tool; `None` where nothing is known for this system.
fn way_to_get(environment: &EnvironmentReport, package: &str, auto: bool) -> Option<String> {
    if package == RUSTUP {
        return Some(RUSTUP.to_owned());
    }
    let prefix = if environment.root { "" } else { "sudo " };
    let system =
        manager_words(environment, package).map(|words| prefix.to_owned() + &words.join(" "));
    match (auto, system) {
        (true, Some(command)) => Some(format!("{OURS}   (or {command})")),
        (true, None) => Some(OURS.to_owned()),
        (false, system) => system,
    }
}

/// The package manager's words that install a package; `None` where there is no such package.
fn manager_words(environment: &EnvironmentReport, package: &str) -> Option<Vec<String>> {
    if package.is_empty() || package == RUSTUP {
        return None;
    }
    let (command, column) = match environment.distribution.0.as_str() {
        "debian" | "ubuntu" | "linuxmint" | "pop" => ("apt-get install -y", None),
        "fedora" | "rhel" | "centos" | "rocky" | "almalinux" => ("dnf install -y", Some(0)),
        "arch" | "manjaro" => ("pacman -S --noconfirm", Some(1)),
        "alpine" => ("apk add", Some(2)),
        "opensuse-leap" | "opensuse-tumbleweed" => ("zypper install -y", Some(3)),
        _ => return None,
    };
    let other = PACKAGES.iter().find(|(debian, _)| *debian == package);
    let names = match (column, other) {
        (Some(column), Some((_, names))) => names[column],
        _ => package,
    };
    Some(command.split(' ').chain(names.split(' ')).map(str::to_owned).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fixes(distribution: &str, root: bool) -> BTreeMap<&'static str, Option<String>> {
        let environment = EnvironmentReport {
            distribution: (distribution.to_owned(), String::new()),
            root,
            ..EnvironmentReport::default()
        };
        let fix = |package: &str, auto| way_to_get(&environment, package, auto);
        TOOLS.iter().map(|(tool, _, _, package, auto)| (*tool, fix(package, *auto))).collect()
    }

    #[test]
    fn every_tool_has_the_command_that_brings_it() {
        for distribution in ["debian", "ubuntu", "fedora", "arch", "alpine", "opensuse-leap"] {
            let lacking: Vec<_> = fixes(distribution, true)
                .into_iter()
                // apt is the distribution's own or is not.
                .filter(|(tool, fix)| fix.is_none() && *tool != "apt")
                .collect();
            assert!(lacking.is_empty(), "{distribution}: {lacking:?}");
        }
        let fixes = fixes("debian", false);
        assert_eq!(fixes["uv"].as_deref(), Some("repo-runner doctor --fix"));
        assert_eq!(fixes["java"].as_deref(), Some("sudo apt-get install -y default-jdk"));
    }

    #[test]
    fn distributions_have_their_own_names_of_packages() {
        assert_eq!(
            fixes("fedora", true)["go"].as_deref().map(|f| f.contains("golang)")),
            Some(true)
        );
        assert_eq!(fixes("alpine", true)["gcc"].as_deref(), Some("apk add build-base"));
        assert_eq!(fixes("plan9", true)["gcc"], None);
    }
}
