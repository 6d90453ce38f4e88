//! Whose module a name in an error is: Node's own, this repository's, or a package's.

use super::super::package_json::{Manifest, join};
use super::super::workspace::Workspace;

/// What a missing module is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Missing {
    /// A file of the repository that is not in the tree: something makes it.
    Made,
    /// A member of the workspace, by its folder.
    Member(String),
    /// A module of Node's own.
    Builtin,
    /// A package, declared or not.
    Package {
        /// Its name, without a path in it.
        name: String,
        /// Its declared range.
        range: Option<String>,
    },
    /// A name that is an alias or virtual: a generator makes it.
    Virtual,
}

/// Node's modules that packages of the same name could hide.
const BUILTINS: &[&str] = &[
    "assert",
    "buffer",
    "child_process",
    "cluster",
    "crypto",
    "dns",
    "events",
    "fs",
    "http",
    "https",
    "http2",
    "net",
    "os",
    "path",
    "stream",
    "tls",
    "url",
    "util",
    "v8",
    "vm",
    "worker_threads",
    "zlib",
    "async_hooks",
    "perf_hooks",
    "diagnostics_channel",
    "readline",
    "timers",
    "module",
];

/// Sorts out a module's name.
pub(super) fn classify(name: &str, workspace: &Workspace) -> Missing {
    if name.starts_with("node:") || BUILTINS.contains(&name.split('/').next().unwrap_or("")) {
        return Missing::Builtin;
    }
    if let Some((_, inside)) = name.split_once("node_modules/") {
        return package(inside, workspace);
    }
    if name.starts_with(['.', '/']) || name.starts_with("file:") {
        return Missing::Made;
    }
    if name.starts_with(['#', '~', '$']) || name.starts_with("@/") || name.starts_with("virtual:") {
        return Missing::Virtual;
    }
    package(name, workspace)
}

fn package(path: &str, workspace: &Workspace) -> Missing {
    let parts = if path.starts_with('@') { 2 } else { 1 };
    let name = path.split('/').take(parts).collect::<Vec<_>>().join("/");
    if let Some(member) = workspace.by_name(&name) {
        return Missing::Member(member.folder.clone());
    }
    let peers = |package: &Manifest| package.nested("peerDependencies", &name).map(str::to_owned);
    let range = workspace.packages().find_map(|package| {
        package.dependency(&name).map(str::to_owned).or_else(|| peers(package))
    });
    Missing::Package { name, range }
}

/// Whether a name can be a package's in the registry.
pub(super) fn is_package_name(name: &str) -> bool {
    let bare = name.strip_prefix('@').unwrap_or(name);
    !bare.is_empty()
        && bare.len() < 100
        && bare.matches('/').count() == usize::from(name.starts_with('@'))
        && bare
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-_./".contains(&b))
        && bare.starts_with(|c: char| c.is_ascii_alphanumeric())
}

/// The package that a well-known program comes in, where it has another name.
pub(super) fn package_of_program(program: &str) -> &str {
    match program {
        "tsc" | "tsserver" => "typescript",
        "_mocha" => "mocha",
        "babel" => "babel-cli",
        "webpack" => "webpack-cli",
        "ng" => "@angular/cli",
        "nest" => "@nestjs/cli",
        "playwright" => "@playwright/test",
        "vue-cli-service" => "@vue/cli-service",
        "run-s" | "run-p" => "npm-run-all",
        "cross-env-shell" => "cross-env",
        "swc" => "@swc/cli",
        "biome" => "@biomejs/biome",
        "gulp" => "gulp-cli",
        "nr" | "ni" | "nci" => "@antfu/ni",
        other => other,
    }
}

/// A member's folder below the repository, as a path.
pub(super) fn folder(unit: &str, member: &str) -> String {
    if member.starts_with(unit) { member.to_owned() } else { join(unit, member) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rr_core::MemoryRepo;

    #[test]
    fn names_are_sorted_out() {
        let repo = MemoryRepo::new([
            ("package.json", r#"{"workspaces": ["p/*"], "dependencies": {"@a/b": "^2"}}"#),
            ("p/x/package.json", r#"{"name": "@own/x"}"#),
        ]);
        let workspace = Workspace::read(&repo, "").unwrap();
        let of = |name: &str| classify(name, &workspace);
        assert_eq!(of("node:sqlite"), Missing::Builtin);
        assert_eq!(of("./dist/x.js"), Missing::Made);
        assert_eq!(of("@own/x/sub"), Missing::Member("p/x".to_owned()));
        assert_eq!(of("#app"), Missing::Virtual);
        let declared = Missing::Package { name: "@a/b".to_owned(), range: Some("^2".to_owned()) };
        assert_eq!(of("@a/b/lib/c"), declared);
        assert_eq!(of("/w/node_modules/@a/b/lib/c.js"), declared);
        assert!(is_package_name("@a/b") && is_package_name("left-pad"));
        assert!(!is_package_name("../x") && !is_package_name("A b"));
    }
}
