//! Crates that need something of the operating system to build: from crate to package.

use rr_core::{Evidence, RepoView, SystemPackage, Trust};
use toml_edit::{DocumentMut, Item};

use super::detect::Project;
use super::manifest::join;

/// Crates whose build script links or calls what a distribution brings, with Debian's packages.
/// Source: the crates' own READMEs. Crates that fall back on a bundled copy are not listed.
#[rustfmt::skip]
pub(super) static NEEDS: &[(&str, &[&str])] = &[
    ("openssl-sys", &["libssl-dev", "pkg-config"]),
    ("pq-sys", &["libpq-dev"]),
    ("mysqlclient-sys", &["default-libmysqlclient-dev"]),
    ("alsa-sys", &["libasound2-dev", "pkg-config"]),
    ("libudev-sys", &["libudev-dev", "pkg-config"]),
    ("libdbus-sys", &["libdbus-1-dev", "pkg-config"]),
    ("gtk-sys", &["libgtk-3-dev", "pkg-config"]),
    ("gtk4-sys", &["libgtk-4-dev", "pkg-config"]),
    ("glib-sys", &["libglib2.0-dev", "pkg-config"]),
    ("cairo-sys-rs", &["libcairo2-dev", "pkg-config"]),
    ("pango-sys", &["libpango1.0-dev", "pkg-config"]),
    ("webkit2gtk-sys", &["libwebkit2gtk-4.1-dev", "pkg-config"]),
    ("clang-sys", &["libclang-dev", "clang"]),
    ("prost-build", &["protobuf-compiler"]),
    ("x11", &["libx11-dev", "pkg-config"]),
    ("yeslogic-fontconfig-sys", &["libfontconfig1-dev", "pkg-config"]),
    ("servo-fontconfig-sys", &["libfontconfig1-dev", "pkg-config"]),
    ("freetype-sys", &["libfreetype6-dev", "pkg-config", "cmake"]),
    ("libsystemd-sys", &["libsystemd-dev", "pkg-config"]),
    ("libpulse-sys", &["libpulse-dev", "pkg-config"]),
    ("sdl2-sys", &["libsdl2-dev"]),
    ("gstreamer-sys", &["libgstreamer1.0-dev", "pkg-config"]),
    ("libpcap", &["libpcap-dev"]),
    ("pcap", &["libpcap-dev"]),
    ("fuser", &["libfuse3-dev", "pkg-config"]),
    ("leptonica-sys", &["libleptonica-dev", "pkg-config", "clang"]),
    ("tesseract-sys", &["libtesseract-dev", "pkg-config", "clang"]),
    ("ffmpeg-sys-next", &["libavcodec-dev", "libavformat-dev", "libavutil-dev", "libavfilter-dev", "libavdevice-dev", "libswscale-dev", "libswresample-dev", "pkg-config", "clang"]),
    ("cmake", &["cmake"]),
    ("krb5-sys", &["libkrb5-dev"]),
    ("libgssapi-sys", &["libkrb5-dev", "clang"]),
    ("pam-sys", &["libpam0g-dev"]),
    ("capstone-sys", &["libcapstone-dev"]),
    ("hdf5-sys", &["libhdf5-dev"]),
    ("netcdf-sys", &["libnetcdf-dev"]),
    ("openblas-src", &["libopenblas-dev", "gfortran"]),
    ("rdkafka-sys", &["cmake", "libsasl2-dev"]),
    ("librocksdb-sys", &["clang", "libclang-dev", "cmake"]),
];

/// The system packages that a project's dependencies and compiler settings ask for.
pub(super) fn packages(repo: &dyn RepoView, project: &Project) -> Vec<SystemPackage> {
    let manifest = join(&project.root.folder, "Cargo.toml");
    let linker = || Evidence::at(manifest.clone(), "rust.linker", Trust::Default);
    let mut found: Vec<SystemPackage> =
        ["gcc", "libc6-dev"].iter().map(|name| super::plan::package(name, linker())).collect();
    let crates = locked(repo, project);
    let vendored = crates.iter().any(|(name, _)| name == "openssl-src");
    for (name, file) in crates {
        // OpenSSL from its own sources needs none of the system's.
        if vendored && name == "openssl-sys" {
            continue;
        }
        let Some((_, needs)) = NEEDS.iter().find(|(crate_name, _)| *crate_name == name) else {
            continue;
        };
        for need in *needs {
            found.push(super::plan::package(
                need,
                Evidence::at(file.clone(), format!("rust.crate:{name}"), Trust::Manifest),
            ));
        }
    }
    found.extend(linkers(repo, project));
    let mut names = std::collections::BTreeSet::new();
    found.retain(|package| names.insert(package.name.clone()));
    found
}

/// Names of all crates in the lockfile; without one, the direct dependencies.
fn locked(repo: &dyn RepoView, project: &Project) -> Vec<(String, String)> {
    let path = join(&project.root.folder, "Cargo.lock");
    if let Some(text) = repo.text(&path) {
        return text
            .lines()
            .filter_map(|line| line.strip_prefix("name = \"")?.strip_suffix('"'))
            .map(|name| (name.to_owned(), path.clone()))
            .collect();
    }
    project
        .packages()
        .flat_map(|manifest| {
            let at = join(&manifest.folder, "Cargo.toml");
            let all = manifest.dependencies.iter().chain(&manifest.dev_dependencies);
            all.map(move |name| (name.clone(), at.clone())).collect::<Vec<_>>()
        })
        .collect()
}

/// Linkers that `.cargo/config.toml` asks for: `rustflags = ["-C", "link-arg=-fuse-ld=lld"]`,
/// `linker = "clang"`.
fn linkers(repo: &dyn RepoView, project: &Project) -> Vec<SystemPackage> {
    let mut found = Vec::new();
    for name in [".cargo/config.toml", ".cargo/config"] {
        let path = join(&project.root.folder, name);
        let Some(text) = repo.text(&path) else { continue };
        let text = for_this_host(&text);
        let evidence = || Evidence::at(path.clone(), "rust.cargo-config", Trust::Manifest);
        for (sign, package) in [
            ("fuse-ld=lld", "lld"),
            ("fuse-ld=mold", "mold"),
            ("ld.lld", "lld"),
            ("linker = \"clang\"", "clang"),
            ("linker=\"clang\"", "clang"),
        ] {
            if text.contains(sign) {
                found.push(super::plan::package(package, evidence()));
            }
        }
    }
    found
}

/// A Cargo configuration without the tables of other platforms.
fn for_this_host(text: &str) -> String {
    let Ok(mut document) = text.parse::<DocumentMut>() else { return String::new() };
    if let Some(targets) = document.get_mut("target").and_then(Item::as_table_like_mut) {
        let foreign: Vec<String> = targets
            .iter()
            .map(|(name, _)| name.to_owned())
            .filter(|name| !name.contains("linux-gnu") && !name.contains("cfg("))
            .collect();
        for name in foreign {
            targets.remove(&name);
        }
    }
    document.to_string()
}
