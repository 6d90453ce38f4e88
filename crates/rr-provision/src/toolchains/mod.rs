//! Toolchains: the host's where one satisfies, else our tools folder, else the tool's registry or
//! installer, else the closest there is, marked as not satisfying.
//!
//! A toolchain's PATH entries expose that tool alone: a version's own `bin` folder, or a folder of
//! links; never a folder of shims, whose choice depends on the working folder.

mod debian;
mod failures;
mod host;
mod javascript_tools;
mod jvm_tools;
mod links;
mod node;
mod packaged;
mod python;
mod python_tools;
mod rust;
mod sbt;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rr_core::{
    CancelToken, EngineError, EnvironmentReport, HostTool, OutputSink, Toolchain,
    ToolchainProvider, ToolchainRequirement, VersionRequest,
};

pub(crate) use rust::rustup_toolchain_folders;

use crate::fault;
use crate::host::HostTools;
use crate::packages::SystemPackages;
use crate::registries::{HttpClient, NpmRegistry, PypiIndex};
use crate::settings::ProvisionSettings;
use crate::store::ToolStore;
use crate::version::{Version, choose};

/// Obtains toolchains.
pub struct Toolchains {
    host: HostTools,
    store: ToolStore,
    client: HttpClient,
    npm: NpmRegistry,
    pypi: PypiIndex,
    packages: SystemPackages,
}

/// One request on its way through the providers.
struct Wanted<'a> {
    tool: &'a str,
    request: &'a VersionRequest,
    environment: &'a EnvironmentReport,
    sink: Arc<dyn OutputSink>,
    cancel: &'a CancelToken,
}

impl Toolchains {
    /// Toolchains kept below the settings' data folder.
    #[must_use]
    pub fn new(host: HostTools) -> Self {
        let client = HttpClient::new(host.settings());
        Self {
            store: ToolStore::new(host.settings().tools()),
            npm: NpmRegistry::new(client.clone(), host.settings()),
            pypi: PypiIndex::new(client.clone(), host.settings()),
            packages: SystemPackages::new(host.clone()),
            client,
            host,
        }
    }

    /// The newest finished installation of a tool in our own folder.
    #[must_use]
    pub fn own(&self, tool: &str) -> Option<HostTool> {
        let tool = canonical_name(tool);
        let program = program_name(tool);
        self.store
            .list(&format!("{tool}-"))
            .into_iter()
            .filter_map(|(version, path)| {
                Some((Version::parse(&version)?, path.join("bin").join(program)))
            })
            .filter(|(_, path)| crate::host::is_program(path))
            .max_by(|a, b| a.0.cmp(&b.0))
            .map(|(version, path)| HostTool {
                path: path.to_string_lossy().into_owned(),
                version: version.to_string(),
            })
    }

    /// A tool that Repo Runner itself needs, at any version: `uv`, `bubblewrap`.
    ///
    /// # Errors
    /// Where it cannot be had.
    pub fn ensure_tool(
        &self,
        tool: &str,
        environment: &EnvironmentReport,
        sink: Arc<dyn OutputSink>,
        cancel: &CancelToken,
    ) -> Result<Toolchain, EngineError> {
        let requirement = ToolchainRequirement {
            tool: tool.to_owned(),
            version: VersionRequest::Any,
            evidence: Vec::new(),
        };
        self.obtain(&requirement, environment, sink, cancel)
    }

    /// Obtains a tool that the host lacks or has at another version.
    fn elsewhere(&self, wanted: &Wanted<'_>) -> Result<Option<Toolchain>, EngineError> {
        match wanted.tool {
            "node" => self.node(wanted),
            "npm" => self.npm_alone(wanted),
            "pnpm" | "yarn" | "bun" | "deno" => self.javascript_tool(wanted),
            "python" => self.python(wanted),
            "uv" | "go" | "ninja" | "zig" => self.wheel_tool(wanted),
            "rust" => self.rust(wanted),
            tool if python_tools::is_python_tool(tool) => self.python_tool(wanted),
            "maven" => self.jvm_tool(wanted),
            "sbt" => self.sbt(wanted),
            "gradle" => self.gradle(wanted),
            tool if debian::package_of(tool).is_some() => self.debian_tool(wanted),
            tool if packaged::is_packaged(tool) => self.packaged(wanted),
            _ => Ok(None),
        }
    }
}

impl ToolchainProvider for Toolchains {
    fn obtain(
        &self,
        requirement: &ToolchainRequirement,
        environment: &EnvironmentReport,
        sink: Arc<dyn OutputSink>,
        cancel: &CancelToken,
    ) -> Result<Toolchain, EngineError> {
        let tool = canonical_name(&requirement.tool);
        let request = &requirement.version;
        let wanted = Wanted { tool, request, environment, sink, cancel };
        let from_host = self.host_toolchain(&wanted)?;
        if let Some(found) = &from_host
            && found.satisfies
        {
            return Ok(found.clone());
        }
        let remote = self.elsewhere(&wanted);
        match (remote, from_host) {
            (Ok(Some(found)), None) => Ok(found),
            (Ok(Some(found)), Some(_)) if found.satisfies => Ok(found),
            (Err(error), _) if error.kind == rr_core::EngineErrorKind::Cancelled => Err(error),
            // The closest the host has stands in; why nothing better could be had is said aloud.
            (Err(error), Some(host)) => {
                wanted.say(&format!("{tool}: {error}; using {}", host.provenance));
                Ok(host)
            }
            (Ok(found), Some(host)) => Ok(nearer(request, tool, host, found)),
            (Err(error), None) => Err(error),
            (Ok(None), None) => Err(nothing_for(tool, request)),
        }
    }
}

impl Wanted<'_> {
    fn say(&self, line: &str) {
        self.sink.write(format!("{line}\n").as_bytes());
    }
}

/// Of two that do not satisfy, the one that the policy finds nearer.
fn nearer(
    request: &VersionRequest,
    tool: &str,
    host: Toolchain,
    other: Option<Toolchain>,
) -> Toolchain {
    let Some(other) = other else { return host };
    let versions: Option<Vec<Version>> =
        [&host, &other].iter().map(|found| Version::parse(&found.version)).collect();
    let index =
        versions.and_then(|versions| choose(tool, request, &versions)).map(|choice| choice.index);
    if index == Some(1) { other } else { host }
}

fn nothing_for(tool: &str, request: &VersionRequest) -> EngineError {
    let asked = match request {
        VersionRequest::Any => String::new(),
        VersionRequest::Exact(text) | VersionRequest::Range(text) => format!(" `{text}`"),
        VersionRequest::OneOf(texts) => format!(" `{}`", texts.join(" or ")),
    };
    fault::environment(format!("no {tool}{asked} on this host, and no way to obtain one"))
        .with_hint(format!("install `{tool}` through the system's package manager"))
}

/// Names under which requirements may ask for the same tool.
fn canonical_name(tool: &str) -> &str {
    match tool {
        "nodejs" => "node",
        "python3" | "cpython" => "python",
        "golang" => "go",
        "rustc" | "cargo" => "rust",
        "jdk" | "openjdk" => "java",
        "mvn" => "maven",
        "bwrap" => "bubblewrap",
        "lein" => "leiningen",
        "opentofu" => "terraform",
        "rscript" => "r",
        other => other,
    }
}

/// The main program of a tool.
fn program_name(tool: &str) -> &str {
    match tool {
        "maven" => "mvn",
        "rust" => "rustc",
        "bubblewrap" => "bwrap",
        "bundler" => "bundle",
        "erlang" => "erl",
        "leiningen" => "lein",
        "r" => "Rscript",
        "ansible-core" => "ansible",
        other => other,
    }
}

/// Whether a path is part of the operating system, which every sandbox sees.
fn is_system(path: &Path) -> bool {
    ["/usr", "/bin", "/sbin", "/lib", "/lib64", "/etc"].iter().any(|root| path.starts_with(root))
}

/// A read-only bind of a folder at its own path; none for the operating system's.
fn bind(path: &Path) -> Vec<rr_core::Bind> {
    if is_system(path) {
        return Vec::new();
    }
    vec![rr_core::Bind { host: path.to_owned(), guest: path.to_owned(), writable: false }]
}

/// The parts of the settings that installers need.
fn rustup_home(settings: &ProvisionSettings) -> Option<PathBuf> {
    settings
        .variable("RUSTUP_HOME")
        .map(PathBuf::from)
        .or_else(|| settings.user_home().map(|home| home.join(".rustup")))
}
