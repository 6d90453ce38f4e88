//! Languages from the distribution's packages, as layers to lay over `/`: for tools that do not run
//! from an unpacked folder.

use std::collections::BTreeMap;
use std::path::PathBuf;

use rr_core::{
    EngineError, Evidence, SystemLayer, SystemPackage, SystemPackageProvider, Toolchain, Trust,
};

use super::{Toolchains, Wanted};
use crate::version::{Version, choose};

/// Tool, and its packages: the first is the one whose version counts. A language comes with what
/// its usual test runner needs, since its own registry is not always reached. Tools that one
/// plan asks for together name the same packages: they are one layer then, made once.
#[rustfmt::skip]
const LANGUAGES: &[(&str, &[&str])] = &[
    ("ruby", &["ruby", "ruby-dev", "bundler", "rake", "build-essential"]),
    ("bundler", &["bundler", "ruby", "ruby-dev", "rake", "build-essential"]),
    ("jekyll", &["jekyll", "bundler"]),
    ("php", &["php-cli", "php-mbstring", "php-xml", "php-curl", "php-zip", "php-sqlite3", "php-intl", "php-bcmath", "php-gd", "composer", "phpunit", "unzip"]),
    ("composer", &["composer", "php-cli", "php-mbstring", "php-xml", "php-curl", "php-zip", "php-sqlite3", "php-intl", "php-bcmath", "php-gd", "phpunit", "unzip"]),
    ("perl", &["perl", "cpanminus", "build-essential"]),
    ("cpanm", &["cpanminus", "perl", "build-essential"]),
    ("elixir", &["elixir", "erlang-dev", "erlang-xmerl", "erlang-parsetools", "erlang-tools", "erlang-eunit", "erlang-ssl"]),
    ("erlang", &["erlang-base", "erlang-dev", "rebar3"]),
    ("ghc", &["ghc", "cabal-install"]),
    ("cabal", &["cabal-install", "ghc"]),
    ("stack", &["haskell-stack", "ghc"]),
    ("r", &["r-base-core", "r-cran-testthat", "r-cran-xml2", "gcc", "g++", "gfortran", "make"]),
    ("lua", &["lua5.4", "liblua5.4-dev", "luarocks", "lua-busted"]),
    ("nim", &["nim", "gcc", "libc6-dev"]),
    ("crystal", &["crystal", "shards", "libyaml-dev", "libssl-dev", "libxml2-dev", "libgmp-dev", "zlib1g-dev"]),
    ("ocaml", &["ocaml-nox", "ocaml-dune", "ocaml-findlib"]),
    ("leiningen", &["leiningen"]),
    ("hugo", &["hugo"]),
    ("clang", &["clang", "lld"]),
    ("gcc", &["gcc", "g++", "make"]),
    ("make", &["make"]),
    ("gradle", &["gradle", "default-jdk-headless"]),
    ("ant", &["ant", "default-jdk-headless"]),
    ("bats", &["bats"]),
    ("nix", &["nix-bin"]),
    ("zsh", &["zsh"]),
    ("fish", &["fish"]),
];

/// Major versions of the JDK that distributions package, in the policy's order.
const JDKS: &[u64] = &[17, 21, 25, 11, 8];

pub(super) fn is_packaged(tool: &str) -> bool {
    tool == "java" || LANGUAGES.iter().any(|(name, _)| *name == tool)
}

impl Toolchains {
    /// A language from the distribution, at the version it packages.
    pub(super) fn packaged(&self, wanted: &Wanted<'_>) -> Result<Option<Toolchain>, EngineError> {
        if wanted.tool == "java" {
            return self.packaged_jdk(wanted);
        }
        let Some((_, names)) = LANGUAGES.iter().find(|(name, _)| *name == wanted.tool) else {
            return Ok(None);
        };
        wanted.say(&format!("obtaining {} from the distribution's packages", wanted.tool));
        let layer = self.layer_of(names, wanted)?;
        Ok(from_layer(wanted, names[0], layer))
    }

    /// The JDK that satisfies, in the order of the policy; else none, the host's own stands in.
    fn packaged_jdk(&self, wanted: &Wanted<'_>) -> Result<Option<Toolchain>, EngineError> {
        let majors: Vec<Version> = JDKS.iter().map(|major| Version::of(&[*major])).collect();
        let fits = |version: &Version| {
            choose("java", wanted.request, std::slice::from_ref(version))
                .is_some_and(|c| c.satisfies)
        };
        for major in majors.iter().filter(|version| fits(version)) {
            let package = format!("openjdk-{major}-jdk-headless");
            let layer = self.layer_of(&[&package], wanted)?;
            if layer.missing.contains(&package) {
                continue;
            }
            wanted.say(&format!("obtained the package {package}"));
            let Some(mut toolchain) = from_layer(wanted, &package, layer) else { continue };
            let architecture = if std::env::consts::ARCH == "aarch64" { "arm64" } else { "amd64" };
            let home = format!("/usr/lib/jvm/java-{major}-openjdk-{architecture}");
            toolchain.path.push(PathBuf::from(&home).join("bin"));
            toolchain.env.insert("JAVA_HOME".to_owned(), home);
            return Ok(Some(toolchain));
        }
        Ok(None)
    }

    fn layer_of(&self, names: &[&str], wanted: &Wanted<'_>) -> Result<SystemLayer, EngineError> {
        let packages: Vec<SystemPackage> = names
            .iter()
            .map(|name| SystemPackage {
                name: (*name).to_owned(),
                evidence: vec![Evidence::at("", "toolchain.package", Trust::Default)],
            })
            .collect();
        self.packages.layer(&packages, wanted.sink.clone(), wanted.cancel)
    }
}

/// A toolchain whose programs lie in the system's own folders once the layer is laid over `/`.
fn from_layer(wanted: &Wanted<'_>, package: &str, layer: SystemLayer) -> Option<Toolchain> {
    let (_, text) = layer.installed.iter().find(|(name, _)| name == package)?;
    let version = package_version(text)?;
    let choice = choose(wanted.tool, wanted.request, std::slice::from_ref(&version))?;
    Some(Toolchain {
        tool: wanted.tool.to_owned(),
        version: version.to_string(),
        path: Vec::new(),
        env: BTreeMap::new(),
        binds: Vec::new(),
        layers: layer.layer.into_iter().collect(),
        provenance: format!("package {package} {text}"),
        satisfies: choice.satisfies,
    })
}

/// `2:8.2+93` is 8.2; `1:3.1` is 3.1; `17.0.15+6-1~deb12u1` is 17.0.15: the epoch is no part of it.
fn package_version(text: &str) -> Option<Version> {
    let text = text.split_once(':').map_or(text, |(_, rest)| rest);
    Version::parse(text.split(['+', '-', '~']).next().unwrap_or(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_language_and_its_manager_are_one_layer() {
        let packages = |tool: &str| {
            let (_, names) = LANGUAGES.iter().find(|(name, _)| *name == tool).unwrap();
            names.iter().copied().collect::<std::collections::BTreeSet<_>>()
        };
        let pairs = [("ghc", "cabal"), ("ruby", "bundler"), ("php", "composer"), ("perl", "cpanm")];
        for (language, manager) in pairs {
            assert_eq!(packages(language), packages(manager), "{language}");
        }
    }

    #[test]
    fn epochs_and_revisions_are_no_versions() {
        let version = |text: &str| package_version(text).unwrap().to_string();
        assert_eq!(version("2:8.2+93"), "8.2");
        assert_eq!(version("1:3.1"), "3.1");
        assert_eq!(version("17.0.15+6-1~deb12u1"), "17.0.15");
        assert_eq!(version("9.0.4-2"), "9.0.4");
    }
}
