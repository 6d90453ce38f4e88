//! Toolchains from what the probe found on the host.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use rr_core::{EngineError, HostTool, Toolchain};

use super::links::programs_in;
use super::{Toolchains, Wanted, bind, is_system, python_tools};
use crate::version::{Version, choose};

/// Programs that come with a tool's main one and lie beside it.
const COMPANIONS: &[(&str, &[&str])] = &[
    ("node", &["node", "nodejs", "npm", "npx", "corepack"]),
    ("npm", &["npm", "npx"]),
    ("pnpm", &["pnpm", "pnpx"]),
    ("yarn", &["yarn", "yarnpkg"]),
    ("bun", &["bun", "bunx"]),
    ("uv", &["uv", "uvx"]),
    (
        "rust",
        &["cargo", "rustc", "rustdoc", "rustfmt", "cargo-fmt", "cargo-clippy", "clippy-driver"],
    ),
    ("go", &["go", "gofmt"]),
    ("cmake", &["cmake", "ctest", "cpack"]),
    ("ruby", &["ruby", "gem", "irb", "rake", "erb", "bundle", "bundler", "rdoc", "ri"]),
    ("bundler", &["bundle", "bundler"]),
    ("perl", &["perl", "prove", "cpan", "cpanm", "pod2man", "pod2text", "xsubpp"]),
    ("php", &["php", "phpize", "php-config", "phar", "composer", "phpunit"]),
    ("maven", &["mvn", "mvnDebug"]),
    ("bubblewrap", &["bwrap"]),
    ("gcc", &["gcc", "g++", "cc", "c++", "cpp", "gfortran"]),
    ("clang", &["clang", "clang++"]),
    ("dotnet", &["dotnet"]),
    ("elixir", &["elixir", "mix", "iex", "elixirc"]),
    ("erlang", &["erl", "erlc", "escript", "rebar3"]),
    ("r", &["R", "Rscript"]),
    ("ghc", &["ghc", "ghc-pkg", "ghci", "runghc", "runhaskell", "haddock", "hsc2hs"]),
    ("lua", &["lua", "luac", "luarocks", "busted", "luajit"]),
    ("nim", &["nim", "nimble", "nimsuggest", "testament"]),
    ("ocaml", &["ocaml", "ocamlc", "ocamlopt", "ocamlfind", "opam", "dune"]),
    ("crystal", &["crystal", "shards"]),
    ("dart", &["dart", "flutter"]),
    ("swift", &["swift", "swiftc"]),
    ("ansible-core", &["ansible", "ansible-playbook", "ansible-galaxy"]),
    ("postgres", &["postgres", "initdb", "pg_ctl"]),
    ("autoconf", &["autoconf", "autoreconf", "autoheader", "autom4te"]),
    ("automake", &["automake", "aclocal"]),
    ("libtool", &["libtoolize", "libtool"]),
];

impl Toolchains {
    /// The best of the host's installations and our own, satisfying or not.
    pub(super) fn host_toolchain(
        &self,
        wanted: &Wanted<'_>,
    ) -> Result<Option<Toolchain>, EngineError> {
        let candidates = self.candidates(wanted);
        let versions: Vec<Version> =
            candidates.iter().map(|(version, _)| version.clone()).collect();
        let Some(choice) = choose(wanted.tool, wanted.request, &versions) else { return Ok(None) };
        let (_, tool) = &candidates[choice.index];
        self.use_host(wanted.tool, tool, choice.satisfies).map(Some)
    }

    /// Candidates, complete installations before others of the same version.
    fn candidates(&self, wanted: &Wanted<'_>) -> Vec<(Version, HostTool)> {
        let empty = Vec::new();
        let found = wanted.environment.tools.get(wanted.tool).unwrap_or(&empty);
        let mut all: Vec<HostTool> = found
            .iter()
            .filter(|tool| usable(wanted.tool, Path::new(&tool.path)))
            .cloned()
            .collect();
        all.extend(self.own_versions(wanted.tool));
        let mut parsed: Vec<(Version, HostTool)> = all
            .into_iter()
            // A tool that does not tell its version still serves those who ask for none.
            .map(|tool| (Version::parse(&tool.version).unwrap_or(Version::of(&[0])), tool))
            .collect();
        if wanted.tool == "python" {
            parsed.sort_by_key(|(_, tool)| !python_is_complete(Path::new(&tool.path)));
        }
        parsed
    }

    fn own_versions(&self, tool: &str) -> Vec<HostTool> {
        let program = super::program_name(tool);
        self.store
            .list(&format!("{tool}-"))
            .into_iter()
            .map(|(version, path)| (version, path.join("bin").join(program)))
            .filter(|(version, path)| {
                Version::parse(version).is_some() && crate::host::is_program(path)
            })
            .map(|(version, path)| HostTool { path: path.to_string_lossy().into_owned(), version })
            .collect()
    }

    /// Makes a toolchain of one installation.
    pub(super) fn use_host(
        &self,
        tool: &str,
        found: &HostTool,
        satisfies: bool,
    ) -> Result<Toolchain, EngineError> {
        let program = PathBuf::from(&found.path);
        let own = program.starts_with(self.host.settings().tools());
        let kind = if own { "own" } else { "host" };
        let mut toolchain = Toolchain {
            tool: tool.to_owned(),
            version: found.version.clone(),
            path: Vec::new(),
            env: BTreeMap::new(),
            binds: Vec::new(),
            layers: Vec::new(),
            provenance: format!("{kind} {}", found.path),
            satisfies,
        };
        if own {
            toolchain.binds.extend(interpreter_of(&program).iter().flat_map(|tree| bind(tree)));
        }
        let tree = tree_of(tool, &program);
        if tool == "java"
            && let Some(tree) = &tree
        {
            toolchain.env.insert("JAVA_HOME".to_owned(), tree.to_string_lossy().into_owned());
        }
        match tree {
            Some(tree) => {
                toolchain.path.push(tree.join("bin"));
                toolchain.binds.extend(bind(&tree));
            }
            None => {
                let links = self.host_links(tool, &program);
                let folder = self.links(tool, &found.version, &links)?;
                let real = program.canonicalize().unwrap_or(program);
                if !is_system(&real) {
                    toolchain.binds.extend(bind(real.parent().unwrap_or(&real)));
                }
                toolchain.binds.extend(bind(&folder));
                toolchain.path.push(folder);
            }
        }
        Ok(toolchain)
    }

    fn host_links(&self, tool: &str, program: &Path) -> Vec<(String, PathBuf)> {
        let real = program.canonicalize().unwrap_or_else(|_| program.to_owned());
        let folder = program.parent().unwrap_or(Path::new("/"));
        if tool == "python" {
            let minor = real.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let major = if minor.starts_with("python2") { "python2" } else { "python3" };
            let config = format!("{minor}-config");
            let mut links: Vec<(String, PathBuf)> = ["python", major, minor.as_str()]
                .iter()
                .map(|name| ((*name).to_owned(), real.clone()))
                .collect();
            links.extend(programs_in(folder, &[&config]));
            links.dedup_by(|a, b| a.0 == b.0);
            return links;
        }
        let names = COMPANIONS.iter().find(|(name, _)| *name == tool).map(|(_, names)| *names);
        let mut links = names.map(|names| programs_in(folder, names)).unwrap_or_default();
        let own = program.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if !links.iter().any(|(name, _)| *name == own) {
            links.push((own, program.to_owned()));
        }
        links
    }
}

/// The tree of the Python on which a tool of our own runs in an environment of its own. Without it
/// the sandbox finds the tool's script and no interpreter for it.
fn interpreter_of(program: &Path) -> Option<PathBuf> {
    let environment = program.parent()?.parent()?.join("venv");
    let python = environment.join("bin/python").canonicalize().ok()?;
    Some(python.parent()?.parent()?.to_owned())
}

/// The folder of a version that has its own tree: pyenv's, nvm's, a JDK, a Rust toolchain, ours.
fn tree_of(tool: &str, program: &Path) -> Option<PathBuf> {
    let program = if matches!(tool, "java" | "go") {
        program.canonicalize().ok()?
    } else {
        program.to_owned()
    };
    let bin = program.parent()?;
    let tree = bin.parent()?;
    if !bin.ends_with("bin") || matches!(tree.to_str(), Some("/" | "/usr" | "/usr/local")) {
        return None;
    }
    // A home's own `bin` is shared by unrelated programs.
    let shared = tree.ends_with(".local") || tree.ends_with(".cargo");
    (!shared).then(|| tree.to_owned())
}

/// A Python tool's script in somebody's home depends on an environment the sandbox does not see.
fn usable(tool: &str, program: &Path) -> bool {
    let script = python_tools::is_python_tool(tool) && !is_system(program);
    !script && !program.starts_with("/mnt")
}

/// Whether an interpreter has its C headers, so that extensions can be built for it.
fn python_is_complete(program: &Path) -> bool {
    let Ok(real) = program.canonicalize() else { return false };
    let Some(tree) = real.parent().and_then(Path::parent) else { return false };
    let name = real.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let minor = name.strip_prefix("python").unwrap_or_default();
    ["", "m"]
        .iter()
        .any(|suffix| tree.join(format!("include/python{minor}{suffix}/Python.h")).exists())
}
