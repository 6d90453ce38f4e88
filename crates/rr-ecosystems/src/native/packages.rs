//! System packages that building needs: compilers, the build system's own tools, and what the
//! build files and CI name.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use regex::Regex;
use rr_core::{Analysis, Evidence, RepoView, SystemPackage, Trust, Unit};

use super::paths::{file_name, join};
use super::system::System;
use super::{autotools, cmake, detect};

/// CMake's package names, pkg-config modules and libraries as build files name them, in lower
/// case, with Debian's packages. Source: Debian's contents of these packages.
#[rustfmt::skip]
static NAMES: &[(&str, &[&str])] = &[
    ("openssl", &["libssl-dev"]), ("libssl", &["libssl-dev"]), ("libcrypto", &["libssl-dev"]),
    ("crypto", &["libssl-dev"]), ("ssl", &["libssl-dev"]), ("zlib", &["zlib1g-dev"]),
    ("z", &["zlib1g-dev"]), ("curl", &["libcurl4-openssl-dev"]),
    ("libcurl", &["libcurl4-openssl-dev"]), ("gtest", &["libgtest-dev"]),
    ("gmock", &["libgmock-dev"]), ("googletest", &["libgtest-dev", "libgmock-dev"]),
    ("catch2", &["catch2"]), ("doctest", &["doctest-dev"]), ("cmocka", &["libcmocka-dev"]),
    ("check", &["check"]), ("cunit", &["libcunit1-dev"]), ("criterion", &["libcriterion-dev"]),
    ("benchmark", &["libbenchmark-dev"]), ("fmt", &["libfmt-dev"]), ("spdlog", &["libspdlog-dev"]),
    ("nlohmann_json", &["nlohmann-json3-dev"]), ("eigen3", &["libeigen3-dev"]),
    ("sdl2", &["libsdl2-dev"]), ("png", &["libpng-dev"]), ("libpng", &["libpng-dev"]),
    ("jpeg", &["libjpeg-dev"]), ("libjpeg", &["libjpeg-dev"]), ("tiff", &["libtiff-dev"]),
    ("freetype", &["libfreetype-dev"]), ("freetype2", &["libfreetype-dev"]),
    ("libxml2", &["libxml2-dev"]), ("libxml-2.0", &["libxml2-dev"]), ("xml2", &["libxml2-dev"]),
    ("sqlite3", &["libsqlite3-dev"]), ("bzip2", &["libbz2-dev"]), ("bz2", &["libbz2-dev"]),
    ("liblzma", &["liblzma-dev"]), ("lzma", &["liblzma-dev"]), ("zstd", &["libzstd-dev"]),
    ("libzstd", &["libzstd-dev"]), ("lz4", &["liblz4-dev"]), ("liblz4", &["liblz4-dev"]),
    ("protobuf", &["libprotobuf-dev", "protobuf-compiler"]), ("x11", &["libx11-dev"]),
    ("opengl", &["libgl-dev", "libglu1-mesa-dev"]), ("gl", &["libgl-dev"]),
    ("glfw3", &["libglfw3-dev"]), ("glew", &["libglew-dev"]), ("glm", &["libglm-dev"]),
    ("curses", &["libncurses-dev"]), ("ncurses", &["libncurses-dev"]),
    ("ncursesw", &["libncurses-dev"]), ("tinfo", &["libncurses-dev"]),
    ("readline", &["libreadline-dev"]), ("edit", &["libedit-dev"]), ("libedit", &["libedit-dev"]),
    ("postgresql", &["libpq-dev"]), ("libpq", &["libpq-dev"]), ("pq", &["libpq-dev"]),
    ("expat", &["libexpat1-dev"]), ("libarchive", &["libarchive-dev"]),
    ("archive", &["libarchive-dev"]), ("libevent", &["libevent-dev"]),
    ("libevent_core", &["libevent-dev"]), ("event", &["libevent-dev"]),
    ("event_core", &["libevent-dev"]), ("libuv", &["libuv1-dev"]), ("uv", &["libuv1-dev"]),
    ("liburing", &["liburing-dev"]), ("uring", &["liburing-dev"]), ("libev", &["libev-dev"]),
    ("ev", &["libev-dev"]), ("glib-2.0", &["libglib2.0-dev"]), ("gio-2.0", &["libglib2.0-dev"]),
    ("gobject-2.0", &["libglib2.0-dev"]), ("gthread-2.0", &["libglib2.0-dev"]),
    ("cairo", &["libcairo2-dev"]), ("pango", &["libpango1.0-dev"]), ("gtk+-3.0", &["libgtk-3-dev"]),
    ("fontconfig", &["libfontconfig-dev"]), ("harfbuzz", &["libharfbuzz-dev"]),
    ("icu", &["libicu-dev"]), ("icu-uc", &["libicu-dev"]), ("icu-i18n", &["libicu-dev"]),
    ("jansson", &["libjansson-dev"]), ("json-c", &["libjson-c-dev"]), ("yaml-0.1", &["libyaml-dev"]),
    ("yaml", &["libyaml-dev"]), ("yaml-cpp", &["libyaml-cpp-dev"]), ("pcre", &["libpcre3-dev"]),
    ("libpcre", &["libpcre3-dev"]), ("pcre2", &["libpcre2-dev"]),
    ("libpcre2-8", &["libpcre2-dev"]), ("pcre2-8", &["libpcre2-dev"]), ("onig", &["libonig-dev"]),
    ("gmp", &["libgmp-dev"]), ("mpfr", &["libmpfr-dev"]), ("libffi", &["libffi-dev"]),
    ("ffi", &["libffi-dev"]), ("lua", &["liblua5.4-dev"]), ("lua5.4", &["liblua5.4-dev"]),
    ("lua5.3", &["liblua5.3-dev"]), ("lua5.1", &["liblua5.1-0-dev"]), ("luajit", &["libluajit-5.1-dev"]),
    ("libsodium", &["libsodium-dev"]), ("sodium", &["libsodium-dev"]), ("gnutls", &["libgnutls28-dev"]),
    ("libgcrypt", &["libgcrypt20-dev"]), ("gcrypt", &["libgcrypt20-dev"]),
    ("libssh2", &["libssh2-1-dev"]), ("libssh", &["libssh-dev"]), ("libnghttp2", &["libnghttp2-dev"]),
    ("nghttp2", &["libnghttp2-dev"]), ("libcares", &["libc-ares-dev"]), ("cares", &["libc-ares-dev"]),
    ("libidn2", &["libidn2-dev"]), ("idn2", &["libidn2-dev"]), ("libpsl", &["libpsl-dev"]),
    ("libpcap", &["libpcap-dev"]), ("pcap", &["libpcap-dev"]), ("libusb-1.0", &["libusb-1.0-0-dev"]),
    ("libudev", &["libudev-dev"]), ("libsystemd", &["libsystemd-dev"]), ("dbus-1", &["libdbus-1-dev"]),
    ("alsa", &["libasound2-dev"]), ("pam", &["libpam0g-dev"]), ("acl", &["libacl1-dev"]),
    ("attr", &["libattr1-dev"]), ("libcap", &["libcap-dev"]), ("cap", &["libcap-dev"]),
    ("seccomp", &["libseccomp-dev"]), ("libseccomp", &["libseccomp-dev"]), ("uuid", &["uuid-dev"]),
    ("hiredis", &["libhiredis-dev"]), ("mysqlclient", &["default-libmysqlclient-dev"]),
    ("libutf8proc", &["libutf8proc-dev"]), ("utf8proc", &["libutf8proc-dev"]),
    ("magic", &["libmagic-dev"]), ("blas", &["libopenblas-dev"]), ("lapack", &["liblapack-dev"]),
    ("fftw3", &["libfftw3-dev"]), ("gsl", &["libgsl-dev"]), ("hdf5", &["libhdf5-dev"]),
    ("tbb", &["libtbb-dev"]), ("gflags", &["libgflags-dev"]), ("glog", &["libgoogle-glog-dev"]),
    ("absl", &["libabsl-dev"]), ("re2", &["libre2-dev"]), ("snappy", &["libsnappy-dev"]),
    ("leveldb", &["libleveldb-dev"]), ("boost", &["libboost-dev"]), ("vorbis", &["libvorbis-dev"]),
    ("ogg", &["libogg-dev"]), ("flac", &["libflac-dev"]), ("opus", &["libopus-dev"]),
    ("sndfile", &["libsndfile1-dev"]), ("webp", &["libwebp-dev"]), ("libwebp", &["libwebp-dev"]),
    ("popt", &["libpopt-dev"]), ("xxhash", &["libxxhash-dev"]), ("libxxhash", &["libxxhash-dev"]),
];

/// `find_package(OpenSSL REQUIRED)`, `dependency('zlib')`, `pkg_check_modules(X REQUIRED libuv)`,
/// `PKG_CHECK_MODULES([X], [libevent >= 2])`, `AC_CHECK_LIB([z], …)`, `AC_SEARCH_LIBS(f, [a])`.
static NEEDS: LazyLock<[Regex; 5]> = LazyLock::new(|| {
    [
        expression(r"(?i)\bfind_package\s*\(\s*(\w+)"),
        expression(
            r"(?i)\bpkg_(?:check|search)_modules?\s*\(\s*\w+\s+((?:REQUIRED\s+|QUIET\s+|IMPORTED_TARGET\s+)*[^)]*)\)",
        ),
        expression(r"\bdependency\s*\(\s*'([^']+)'"),
        expression(r"PKG_CHECK_MODULES\s*\(\s*\[?\w+\]?\s*,\s*\[?([^\],)]+)"),
        expression(r"AC_(?:CHECK_LIB|SEARCH_LIBS)\s*\(\s*\[?([\w+-]+)"),
    ]
});

/// `find_package(Boost … COMPONENTS filesystem system)`
static BOOST: LazyLock<Regex> =
    LazyLock::new(|| expression(r"(?is)find_package\s*\(\s*Boost\b[^)]*?COMPONENTS\s+([^)]*)\)"));

/// CI packages that serve other jobs: more compilers, other targets, tools that only judge.
#[rustfmt::skip]
const NOT_NEEDED: &[&str] = &[
    "clang", "llvm", "gcc", "g++", "lib32", "libx32", "multilib", "qemu", "mingw", "cross", "lcov",
    "gcovr", "cppcheck", "doxygen", "graphviz", "ccache", "gdb", "texlive", "sphinx", "iwyu",
    "linux-headers", "wine", "dpkg-dev", "debhelper", "devscripts", "rpm", "libc6", "xvfb-",
];

fn expression(text: &str) -> Regex {
    #[expect(clippy::unwrap_used, reason = "constant expressions, tried by the tests")]
    Regex::new(text).unwrap()
}

/// The packages of one unit.
pub(super) fn packages(
    repo: &dyn RepoView,
    analysis: &Analysis,
    unit: &Unit,
    system: System,
    ninja: bool,
) -> Vec<SystemPackage> {
    let manifest = detect::manifest(repo, &unit.path, system);
    let mut found: Vec<SystemPackage> = Vec::new();
    let mut add = |name: &str, evidence: &Evidence| {
        if !found.iter().any(|package| package.name == name) {
            found.push(SystemPackage { name: name.to_owned(), evidence: vec![evidence.clone()] });
        }
    };
    for name in basics(repo, unit, system, ninja) {
        add(name, &manifest);
    }
    for (path, text) in build_files(repo, &unit.path, system) {
        let evidence = Evidence::at(path, "native.dependency", Trust::Manifest);
        for name in named(&text, &unit.name) {
            add(&name, &evidence);
        }
    }
    for package in &analysis.system_packages {
        let needed = !NOT_NEEDED.iter().any(|part| package.name.contains(part));
        if let Some(evidence) = package.evidence.first().filter(|_| needed) {
            add(&package.name, evidence);
        }
    }
    found
}

fn basics(repo: &dyn RepoView, unit: &Unit, system: System, ninja: bool) -> Vec<&'static str> {
    let mut found = vec!["gcc", "libc6-dev", "make", "pkg-config"];
    if detect::has_cpp(repo, &unit.path) {
        found.push("g++");
    }
    if ninja || system == System::Meson {
        found.push("ninja-build");
    }
    let bootstraps = system == System::Autotools && !repo.has(&join(&unit.path, "configure"));
    if bootstraps {
        found.extend(["autoconf", "automake", "libtool", "m4"]);
        let text = autotools::input(repo, &unit.path).unwrap_or_else(|| "".into());
        if text.contains("AM_GNU_GETTEXT") || text.contains("AM_ICONV") {
            found.extend(["gettext", "autopoint"]);
        }
        if text.contains("AX_") {
            found.push("autoconf-archive");
        }
        if text.contains("GTK_DOC_CHECK") {
            found.push("gtk-doc-tools");
        }
    }
    let has = |extension: &str| repo.below(&unit.path).iter().any(|e| e.path.ends_with(extension));
    if has(".y") || has(".yy") || has(".ypp") {
        found.push("bison");
    }
    if has(".l") || has(".ll") {
        found.push("flex");
    }
    found
}

fn build_files(
    repo: &dyn RepoView,
    folder: &str,
    system: System,
) -> Vec<(String, std::sync::Arc<str>)> {
    match system {
        System::CMake => cmake::lists(repo, folder),
        System::Meson => repo
            .below(folder)
            .iter()
            .filter(|entry| file_name(&entry.path) == "meson.build")
            .filter(|entry| !detect::bundled(&entry.path))
            .filter_map(|entry| repo.text(&entry.path).map(|text| (entry.path.clone(), text)))
            .collect(),
        System::Autotools => autotools::input(repo, folder)
            .map(|text| (join(folder, "configure.ac"), text))
            .into_iter()
            .collect(),
        System::Configure | System::Make => Vec::new(),
    }
}

/// Debian's packages for what a build file names, but not for the project itself, which its own
/// tests may look for once it is installed.
fn named(text: &str, project: &str) -> BTreeSet<String> {
    let project = project.to_ascii_lowercase();
    let text = cmake::without_comments(text);
    let mut found = BTreeSet::new();
    for expression in NEEDS.iter() {
        for captures in expression.captures_iter(&text) {
            for word in captures[1].split([' ', '\n', '\t', ';']) {
                let word = word.split(['>', '<', '=']).next().unwrap_or(word);
                let name = word.trim_matches(['"', '[', ']', '\'']).to_ascii_lowercase();
                let known = NAMES.iter().find(|(known, _)| *known == name && name != project);
                if let Some((_, packages)) = known {
                    found.extend(packages.iter().map(|package| (*package).to_owned()));
                }
            }
        }
    }
    if let Some(components) = BOOST.captures(&text) {
        for component in components[1].split_whitespace() {
            let plain = component.chars().all(|c| c.is_ascii_lowercase() || c == '_');
            if plain && component != "headers" {
                let name = component.replace('_', "-").replace("unit-test-framework", "test");
                found.insert(format!("libboost-{name}-dev"));
            }
        }
    }
    found
}

/// Debian's packages for a name that a failed configuration gives: `OpenSSL`, `libevent`.
pub(super) fn by_name(name: &str) -> Option<&'static [&'static str]> {
    let name = name.to_ascii_lowercase();
    NAMES.iter().find(|(known, _)| *known == name).map(|(_, packages)| *packages)
}
