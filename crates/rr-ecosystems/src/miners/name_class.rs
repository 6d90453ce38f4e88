//! What names suggest: of targets, scripts, jobs, files.

use rr_core::CommandClass::{
    self, Build, Deploy, Destructive, Install, Lint, Migrate, Publish, Start, Test, Unknown,
};

/// The class that the name of a target, script, job or file suggests: `test:unit`, `build-all`.
#[must_use]
pub fn class_of_name(name: &str) -> CommandClass {
    let lower = name.to_ascii_lowercase();
    let parts: Vec<&str> = lower.split(|c: char| !c.is_ascii_alphanumeric()).collect();
    let has = |words: &[&str]| parts.iter().any(|part| words.contains(part));
    if has(&[
        "lint",
        "fmt",
        "format",
        "typecheck",
        "style",
        "mypy",
        "flake8",
        "types",
        "tsc",
        "coverage",
        "docs",
        "doc",
        "bench",
        "benchmark",
        "perf",
        "fuzz",
        "clippy",
        "ruff",
    ]) && !has(&["tests"])
    {
        return if has(&["docs", "doc", "bench", "benchmark", "perf", "fuzz"]) {
            Unknown
        } else {
            Lint
        };
    }
    if has(&["reporter", "report", "reports", "codecov", "coveralls"]) {
        return Unknown;
    }
    if has(&["publish", "release", "upload", "prepublish", "version"]) {
        return Publish;
    }
    if has(&["deploy", "push", "helm"]) {
        return Deploy;
    }
    if has(&["clean", "distclean", "purge", "reset", "drop", "uninstall"]) {
        return Destructive;
    }
    if has(&["migrate", "migration", "migrations", "seed", "seeds", "createdb", "initdb"]) {
        return Migrate;
    }
    if has(&[
        "test",
        "tests",
        "check",
        "unittest",
        "unittests",
        "spec",
        "specs",
        "e2e",
        "testall",
        "runtests",
        "unit",
        "pytest",
        "jest",
        "integration",
    ]) {
        return Test;
    }
    if has(&["build", "compile", "dist", "bundle", "all", "assets"]) {
        return Build;
    }
    if has(&[
        "install",
        "deps",
        "dependencies",
        "bootstrap",
        "setup",
        "requirements",
        "prepare",
        "develop",
        "venv",
        "init",
    ]) {
        return Install;
    }
    if has(&["start", "serve", "dev", "run", "server", "runserver", "up", "preview"]) {
        return Start;
    }
    Unknown
}
