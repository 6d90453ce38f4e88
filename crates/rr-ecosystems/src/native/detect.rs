//! C and C++ projects in a tree: the topmost folders with a build file and sources.

use rr_core::{
    EcosystemId, Evidence, RepoView, ToolchainRequirement, Trust, Unit, UnitKind, UnitRole,
    VersionRequest,
};

use super::paths::{file_name, join, parent, relative};
use super::system::{self, System};
use super::{autotools, cmake, make_program, meson};

/// Build files that make a folder a candidate.
const BUILD_FILES: &[&str] = &[
    "CMakeLists.txt",
    "meson.build",
    "configure.ac",
    "configure.in",
    "configure",
    "Makefile",
    "makefile",
    "GNUmakefile",
];

/// Deepest folder that is looked at.
const DEPTH: usize = 4;

/// Folders of other people's code inside a repository.
#[rustfmt::skip]
const BUNDLED: &[&str] = &[
    "third_party", "third-party", "thirdparty", "3rdparty", "vendor", "vendored", "external",
    "externals", "extern", "deps", "dependencies", "node_modules", "subprojects", "contrib",
    "submodules",
];

/// Whether a path lies in a folder of bundled code.
pub(super) fn bundled(path: &str) -> bool {
    parent(path).split('/').any(|part| BUNDLED.contains(&part.to_ascii_lowercase().as_str()))
}

/// Whether a path is C or C++ source.
pub(super) fn is_source(path: &str) -> bool {
    let extension = file_name(path).rsplit_once('.').map_or("", |(_, extension)| extension);
    matches!(extension, "c" | "cc" | "cpp" | "cxx" | "c++" | "C") || is_header_of_cpp(extension)
}

fn is_header_of_cpp(extension: &str) -> bool {
    matches!(extension, "hpp" | "hh" | "hxx")
}

/// Whether there is C++ below a folder.
pub(super) fn has_cpp(repo: &dyn RepoView, folder: &str) -> bool {
    repo.below(folder).iter().any(|entry| {
        let extension = entry.path.rsplit_once('.').map_or("", |(_, extension)| extension);
        matches!(extension, "cc" | "cpp" | "cxx" | "c++" | "C") || is_header_of_cpp(extension)
    })
}

/// The units of a tree.
pub(super) fn units(repo: &dyn RepoView) -> Vec<Unit> {
    let mut folders: Vec<String> = repo
        .files()
        .iter()
        .filter(|entry| BUILD_FILES.contains(&file_name(&entry.path)))
        .filter(|entry| entry.path.matches('/').count() <= DEPTH && !bundled(&entry.path))
        .map(|entry| parent(&entry.path).to_owned())
        .collect();
    folders.sort_by_key(|folder| (!folder.is_empty(), folder.matches('/').count()));
    folders.dedup();
    let mut units: Vec<Unit> = Vec::new();
    for folder in folders {
        let inside = units.iter().any(|unit| relative(&unit.path, &folder).is_some());
        if inside || !repo.below(&folder).iter().any(|entry| is_source(&entry.path)) {
            continue;
        }
        let systems = system::present(repo, &folder);
        if !systems.is_empty() {
            units.push(unit(repo, &folder, &systems));
        }
    }
    units
}

fn unit(repo: &dyn RepoView, folder: &str, systems: &[System]) -> Unit {
    let first = systems[0];
    let kind =
        if main_program(repo, folder, first).is_some() { UnitKind::Cli } else { UnitKind::Library };
    let evidence = Evidence::at(first.file(repo, folder), "native.build-file", Trust::Manifest);
    Unit {
        path: folder.to_owned(),
        ecosystem: EcosystemId::new("native"),
        name: name(repo, folder, first),
        kind,
        role: UnitRole::Primary,
        managers: systems.iter().map(|system| system.name().to_owned()).collect(),
        toolchains: toolchains(repo, folder, first, &evidence),
        frameworks: Vec::new(),
        weight: 50,
        evidence: vec![evidence],
    }
}

fn name(repo: &dyn RepoView, folder: &str, system: System) -> String {
    let named = match system {
        System::CMake => cmake::name(repo, folder),
        System::Meson => meson::name(repo, folder),
        System::Autotools => autotools::name(repo, folder),
        System::Configure | System::Make => None,
    };
    named.unwrap_or_else(|| file_name(folder).to_owned())
}

/// The program that a system's build files name as the project's own.
pub(super) fn main_program(repo: &dyn RepoView, folder: &str, system: System) -> Option<String> {
    match system {
        System::CMake => cmake::main_program(repo, folder),
        System::Meson => meson::main_program(repo, folder),
        System::Autotools => autotools::main_program(repo, folder),
        System::Configure | System::Make => make_program::main_program(repo, folder),
    }
}

/// What must be on the PATH beside the compilers, which are system packages.
pub(super) fn toolchains(
    repo: &dyn RepoView,
    folder: &str,
    system: System,
    evidence: &Evidence,
) -> Vec<ToolchainRequirement> {
    let require = |tool: &str, version| ToolchainRequirement {
        tool: tool.to_owned(),
        version,
        evidence: vec![evidence.clone()],
    };
    match system {
        // 3.21 brought `ctest --output-junit`.
        System::CMake => {
            let minimum = cmake::minimum(repo, folder).filter(|text| newer(text));
            let floor = minimum.unwrap_or_else(|| "3.21".to_owned());
            vec![require("cmake", VersionRequest::Range(format!(">={floor}")))]
        }
        System::Meson => vec![require("meson", VersionRequest::Any)],
        _ => Vec::new(),
    }
}

fn newer(version: &str) -> bool {
    let mut parts = version.split('.').filter_map(|part| part.parse::<u32>().ok());
    (parts.next().unwrap_or(0), parts.next().unwrap_or(0)) > (3, 21)
}

/// Names of the build files of a folder, for reports.
pub(super) fn manifest(repo: &dyn RepoView, folder: &str, system: System) -> Evidence {
    let path = system.file(repo, folder);
    let path = if repo.has(&path) { path } else { join(folder, "Makefile") };
    Evidence::at(path, "native.build-file", Trust::Manifest)
}
