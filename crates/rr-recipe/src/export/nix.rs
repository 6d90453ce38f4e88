//! A Nix flake with a development shell. Versions are those of the flake's nixpkgs: the attribute
//! nearest to the lock's version is named, and a comment says the version that was used.

use std::fmt::Write as _;

use rr_core::command::quote;

use super::places::Places;
use super::{ExportFile, header, recipe, services, version};
use crate::lock::{LockedCommand, LockedToolchain, RecipeLock};

const PLACES: Places = Places {
    workspace: "${PROJECT_ROOT}",
    home: "${HOME}",
    env: "${PROJECT_ROOT}/.repo-runner/env",
    venv: "${PROJECT_ROOT}/.venv",
    reports: "${PROJECT_ROOT}/.repo-runner/reports",
    tools: "${PROJECT_ROOT}/.repo-runner/tools",
    caches: "${HOME}/.cache",
};

pub(super) fn file(lock: &RecipeLock) -> ExportFile {
    let mut out = header::comment(lock, "#");
    out.push_str("# Versions are those of the nixpkgs that flake.lock pins: make it with `nix flake lock`.\n");
    out.push_str("{\n");
    let _infallible = writeln!(
        out,
        "  description = {};",
        string(&format!("Development shell of {}", lock.source.repository))
    );
    out.push_str("  inputs.nixpkgs.url = \"github:NixOS/nixpkgs/nixos-25.05\";\n");
    out.push_str("  outputs = { self, nixpkgs }:\n    let\n");
    out.push_str("      systems = [ \"x86_64-linux\" \"aarch64-linux\" \"x86_64-darwin\" \"aarch64-darwin\" ];\n");
    out.push_str("      each = f: nixpkgs.lib.genAttrs systems (system: f nixpkgs.legacyPackages.${system});\n");
    out.push_str("    in {\n      devShells = each (pkgs: {\n        default = pkgs.mkShell {\n          packages = [\n");
    for toolchain in &lock.toolchains {
        let used = toolchain
            .version
            .as_deref()
            .map_or_else(|| "version not proved".to_owned(), |v| format!("{v} was used"));
        line(&mut out, attribute_of(toolchain), &toolchain.tool, &used);
    }
    for package in &lock.system_packages {
        let used = package
            .version
            .as_deref()
            .map_or_else(|| "Debian's name".to_owned(), |v| format!("Debian's {v} was used"));
        line(&mut out, package_attribute(&package.name).map(str::to_owned), &package.name, &used);
    }
    for (name, tests) in [("recipe-setup", false), ("recipe-test", true)] {
        let commands: Vec<&LockedCommand> =
            if tests { recipe::tests(lock).collect() } else { recipe::setup(lock).collect() };
        if !commands.is_empty() {
            let _infallible = writeln!(
                out,
                "            (pkgs.writeShellScriptBin \"{name}\" {})",
                string(&script(&commands))
            );
        }
    }
    out.push_str("          ];\n");
    let _infallible = writeln!(out, "          shellHook = {};", string(&hook(lock)));
    out.push_str("        };\n      });\n    };\n}\n");
    ExportFile::text("flake.nix", out)
}

fn line(out: &mut String, attribute: Option<String>, name: &str, used: &str) {
    let _infallible = match attribute {
        Some(attribute) => writeln!(
            out,
            "            pkgs.{attribute} # {}",
            header::one_line(&format!("{name}: {used}"))
        ),
        None => writeln!(
            out,
            "            # {}",
            header::one_line(&format!("{name}: no attribute of nixpkgs is known here; {used}"))
        ),
    };
}

/// The attribute of a toolchain, by the parts of the version that nixpkgs names.
fn attribute_of(toolchain: &LockedToolchain) -> Option<String> {
    let tag = version::of(toolchain);
    let joined = |count: usize, sign: &str| {
        tag.as_deref().map(|tag| version::parts(tag, count).replace('.', sign))
    };
    let attribute = match toolchain.tool.as_str() {
        "python" => format!("python{}", joined(2, "").unwrap_or_else(|| "3".to_owned())),
        "node" => {
            joined(1, "").map_or_else(|| "nodejs".to_owned(), |major| format!("nodejs_{major}"))
        }
        "go" => joined(2, "_").map_or_else(|| "go".to_owned(), |version| format!("go_{version}")),
        // A toolchain of another version comes from an overlay; nixpkgs has its own one.
        "rust" => "rustup".to_owned(),
        "java" => {
            let major =
                tag.as_deref().map(|tag| version::parts(tag.strip_prefix("1.").unwrap_or(tag), 1));
            major.map_or_else(|| "jdk".to_owned(), |major| format!("jdk{major}"))
        }
        "ruby" => {
            joined(2, "_").map_or_else(|| "ruby".to_owned(), |version| format!("ruby_{version}"))
        }
        "php" => joined(2, "").map_or_else(|| "php".to_owned(), |version| format!("php{version}")),
        "dotnet" => joined(1, "")
            .map_or_else(|| "dotnet-sdk".to_owned(), |major| format!("dotnet-sdk_{major}")),
        "maven" | "gradle" | "uv" | "poetry" | "pdm" | "hatch" | "pipenv" | "pnpm" | "yarn"
        | "bun" | "deno" | "cmake" | "meson" | "ninja" | "perl" | "autoconf" | "automake"
        | "libtool" | "bats" | "zig" | "elixir" | "erlang" | "julia" | "crystal" | "nim"
        | "gleam" | "sbt" | "clojure" | "hugo" | "opam" => toolchain.tool.clone(),
        "make" => "gnumake".to_owned(),
        "bundler" => "bundler".to_owned(),
        "r" => "R".to_owned(),
        _ => return None,
    };
    Some(attribute)
}

/// The attribute of what a Debian package brings.
fn package_attribute(package: &str) -> Option<&'static str> {
    let attribute = match package {
        "gcc" | "g++" | "build-essential" => "gcc",
        "libc6-dev" => "glibc.dev",
        "make" => "gnumake",
        "pkg-config" | "pkgconf" => "pkg-config",
        "cmake" => "cmake",
        "ninja-build" => "ninja",
        "meson" => "meson",
        "autoconf" => "autoconf",
        "automake" => "automake",
        "libtool" | "libtool-bin" => "libtool",
        "git" => "git",
        "curl" | "libcurl4-openssl-dev" => "curl",
        "libssl-dev" => "openssl",
        "zlib1g-dev" => "zlib",
        "libffi-dev" => "libffi",
        "libpq-dev" | "postgresql-client" => "postgresql",
        "libmariadb-dev" | "default-libmysqlclient-dev" => "libmysqlclient",
        "libsqlite3-dev" | "sqlite3" => "sqlite",
        "libxml2-dev" => "libxml2",
        "libxslt1-dev" => "libxslt",
        "libjpeg-dev" => "libjpeg",
        "libpng-dev" => "libpng",
        "libcairo2-dev" => "cairo",
        "ffmpeg" => "ffmpeg",
        "imagemagick" => "imagemagick",
        "protobuf-compiler" => "protobuf",
        "libprotobuf-dev" => "protobuf",
        "libevent-dev" => "libevent",
        "libuv1-dev" => "libuv",
        "libyaml-dev" => "libyaml",
        "libreadline-dev" => "readline",
        "libncurses-dev" => "ncurses",
        "clang" => "clang",
        "lld" => "lld",
        "llvm" => "llvm",
        "libclang-dev" => "libclang",
        "chromium" => "chromium",
        "jq" => "jq",
        "zip" => "zip",
        "unzip" => "unzip",
        "xz-utils" => "xz",
        "bison" => "bison",
        "flex" => "flex",
        "gettext" => "gettext",
        "perl" => "perl",
        "tcl" => "tcl",
        "valgrind" => "valgrind",
        "check" => "check",
        _ => return None,
    };
    Some(attribute)
}

fn hook(lock: &RecipeLock) -> String {
    let mut out = String::from("export PROJECT_ROOT=\"$PWD\"\n");
    for (name, value) in recipe::variables(lock) {
        let _infallible = writeln!(out, "export {name}={}", PLACES.word(&value));
    }
    for (name, value) in services::local_variables(lock) {
        let _infallible = writeln!(out, "export {name}={}", quote(&value));
    }
    let path: Vec<String> = lock.path.iter().map(|folder| PLACES.double_quoted(folder)).collect();
    if !path.is_empty() {
        let _infallible = writeln!(out, "export PATH={}:\"$PATH\"", path.join(":"));
    }
    out
}

fn script(commands: &[&LockedCommand]) -> String {
    let mut out = String::from("set -eo pipefail\n");
    let _infallible = writeln!(
        out,
        "mkdir -p {} {}",
        PLACES.double_quoted("@{env}"),
        PLACES.double_quoted("@{reports}")
    );
    for command in commands {
        let Some(run) = recipe::own_command(command) else { continue };
        let folder = PLACES.double_quoted(&format!("@{{workspace}}/{}", command.folder));
        let _infallible = writeln!(out, "(\ncd {folder}");
        for (name, value) in recipe::own_variables(command) {
            let _infallible = writeln!(out, "export {name}={}", PLACES.word(&value));
        }
        let whole = PLACES.piece(&run);
        let _infallible =
            writeln!(out, "{whole}\n){}", if command.optional { " || true" } else { "" });
    }
    out
}

/// A string in double quotes; lines stay lines.
fn string(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' | '$' => {
                out.push('\\');
                out.push(c);
            }
            '\r' => out += "\\r",
            '\0' => {}
            c => out.push(c),
        }
    }
    out.push('"');
    out
}
