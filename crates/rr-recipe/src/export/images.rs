//! Which image a form starts from, and how the other toolchains come into it.

use super::version;
use crate::lock::{LockedToolchain, RecipeLock};

/// The image that a build starts from.
pub(super) struct Base {
    /// Name and tag.
    pub image: String,
    /// A smaller image that programs built in it run in, where there is one.
    pub runtime: Option<String>,
    /// Whether package versions of the lock hold in it.
    pub same_release: bool,
    /// Toolchains that it brings.
    pub brings: Vec<String>,
    /// Whether the versions in its tag were used by a run.
    pub proved: bool,
}

/// How a further toolchain comes into the image.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Extra {
    /// Copied out of another image: image, paths.
    Copy(String, Vec<&'static str>),
    /// A requirement for pip.
    Pip(String),
    /// A package for npm.
    Npm(String),
    /// A package of the distribution.
    Apt(&'static str),
    /// Nothing is known; the tool's name.
    Unknown(String),
}

/// Tools that PyPI carries under this name.
const PIP: [&str; 10] =
    ["uv", "poetry", "pdm", "hatch", "pipenv", "tox", "nox", "meson", "conan", "pre-commit"];
/// Tools that npm carries under this name.
const NPM: [&str; 4] = ["pnpm", "yarn", "bun", "deno"];

/// The release of Debian that official images are made of and the lock holds for.
pub(super) fn codename(lock: &RecipeLock) -> &str {
    let known = ["bullseye", "bookworm", "trixie"];
    let own = lock.platform.codename.as_str();
    if lock.platform.distribution == "debian" && known.contains(&own) { own } else { "bookworm" }
}

/// The image of the first toolchain that has one. Go and Node can be copied into any other image:
/// they come last.
pub(super) fn base(lock: &RecipeLock) -> Base {
    let mut toolchains: Vec<&LockedToolchain> = lock.toolchains.iter().collect();
    toolchains.sort_by_key(|toolchain| match toolchain.tool.as_str() {
        "node" => 2,
        "go" => 1,
        _ => 0,
    });
    let found = toolchains.into_iter().find_map(|toolchain| of_toolchain(lock, toolchain));
    found.unwrap_or_else(|| {
        let image = format!("debian:{}-slim", codename(lock));
        let runtime = Some(image.clone());
        Base { image, runtime, same_release: true, brings: Vec::new(), proved: true }
    })
}

fn of_toolchain(lock: &RecipeLock, toolchain: &LockedToolchain) -> Option<Base> {
    let release = codename(lock);
    let slim = Some(format!("debian:{release}-slim"));
    let version = version::of(toolchain)?;
    let mut brings = vec![toolchain.tool.clone()];
    let (image, runtime, same_release) = match toolchain.tool.as_str() {
        "python" => (format!("python:{version}-slim-{release}"), None, true),
        "node" => {
            brings.push("npm".to_owned());
            (format!("node:{version}-{release}-slim"), None, true)
        }
        "rust" => (format!("rust:{version}-slim-{release}"), slim, true),
        "go" => (format!("golang:{version}-{release}"), slim, true),
        "ruby" => {
            brings.push("bundler".to_owned());
            (format!("ruby:{version}-slim-{release}"), None, true)
        }
        "php" => (format!("php:{version}-cli-{release}"), None, true),
        "java" => {
            let major = java_major(&version);
            let (image, builder) = java_image(lock, &major);
            brings.extend(builder);
            (image, Some(format!("eclipse-temurin:{major}-jre")), false)
        }
        _ => return None,
    };
    let proved = toolchain.version.is_some();
    Some(Base { image, runtime, same_release, brings, proved })
}

fn java_major(version: &str) -> String {
    // `1.8.0` is 8.
    version::parts(version.strip_prefix("1.").unwrap_or(version), 1)
}

fn java_image(lock: &RecipeLock, major: &str) -> (String, Option<String>) {
    let builder = |tool: &str| lock.toolchain(tool).and_then(version::of);
    if let Some(maven) = builder("maven") {
        return (format!("maven:{maven}-eclipse-temurin-{major}"), Some("maven".to_owned()));
    }
    if let Some(gradle) = builder("gradle") {
        return (format!("gradle:{gradle}-jdk{major}"), Some("gradle".to_owned()));
    }
    (format!("eclipse-temurin:{major}-jdk"), None)
}

/// The toolchains that the base image does not bring.
pub(super) fn extras(lock: &RecipeLock, base: &Base) -> Vec<Extra> {
    let release = codename(lock);
    let missing = lock.toolchains.iter().filter(|t| !base.brings.contains(&t.tool));
    let has = |tool: &str| lock.toolchain(tool).is_some();
    missing
        .map(|toolchain| {
            let tool = toolchain.tool.as_str();
            let tag = version::of(toolchain);
            match (tool, tag) {
                (tool, tag) if PIP.contains(&tool) && has("python") => {
                    Extra::Pip(pinned(tool, "==", tag))
                }
                (tool, tag) if NPM.contains(&tool) && has("node") => {
                    Extra::Npm(pinned(tool, "@", tag))
                }
                ("node", Some(tag)) => Extra::Copy(
                    format!("node:{tag}-{release}-slim"),
                    vec!["/usr/local/bin", "/usr/local/include", "/usr/local/lib"],
                ),
                ("go", Some(tag)) => {
                    Extra::Copy(format!("golang:{tag}-{release}"), vec!["/usr/local/go"])
                }
                ("rust", Some(tag)) => Extra::Copy(
                    format!("rust:{tag}-slim-{release}"),
                    vec!["/usr/local/rustup", "/usr/local/cargo"],
                ),
                ("java", Some(tag)) => Extra::Copy(
                    format!("eclipse-temurin:{}-jdk", java_major(&tag)),
                    vec!["/opt/java/openjdk"],
                ),
                (tool, _) => {
                    package(tool).map_or_else(|| Extra::Unknown(tool.to_owned()), Extra::Apt)
                }
            }
        })
        .collect()
}

fn pinned(name: &str, sign: &str, version: Option<String>) -> String {
    version.map_or_else(|| name.to_owned(), |version| format!("{name}{sign}{version}"))
}

/// Debian's package of a tool.
fn package(tool: &str) -> Option<&'static str> {
    let package = match tool {
        "cmake" => "cmake",
        "meson" => "meson",
        "ninja" => "ninja-build",
        "make" => "make",
        "perl" => "perl",
        "cpanm" => "cpanminus",
        "python" => "python3-venv",
        "ruby" => "ruby-dev",
        "bundler" => "bundler",
        "php" => "php-cli",
        "composer" => "composer",
        "maven" => "maven",
        "gradle" => "gradle",
        "autoconf" => "autoconf",
        "automake" => "automake",
        "libtool" => "libtool",
        "bats" => "bats",
        "cargo" => "cargo",
        "r" => "r-base-core",
        "ocaml" => "ocaml-nox",
        "opam" => "opam",
        "ghc" => "ghc",
        "cabal" => "cabal-install",
        "elixir" => "elixir",
        "erlang" => "erlang-dev",
        "lua" => "lua5.4",
        "luarocks" => "luarocks",
        "hugo" => "hugo",
        _ => return None,
    };
    Some(package)
}
