//! What names suggest: of targets, scripts, jobs, files.

use rr_core::CommandClass::{
    self, Build, Deploy, Destructive, Install, Lint, Migrate, Publish, Start, Test, Unknown,
};

/// Words and the class that a name holding one of them suggests; the first row that matches rules.
#[rustfmt::skip]
static WORDS: &[(&[&str], CommandClass)] = &[
    (&["docs", "doc", "bench", "benchmark", "benchmarks", "perf", "fuzz", "reporter", "report",
       "reports", "codecov", "coveralls"], Unknown),
    (&["lint", "fmt", "format", "typecheck", "style", "mypy", "flake8", "types", "tsc", "clippy",
       "ruff", "dts"], Lint),
    (&["publish", "release", "upload", "prepublish", "version"], Publish),
    (&["deploy", "push", "helm"], Deploy),
    (&["clean", "distclean", "purge", "reset", "drop", "uninstall"], Destructive),
    (&["migrate", "migration", "migrations", "seed", "seeds", "createdb", "initdb"], Migrate),
    (&["test", "tests", "check", "unittest", "unittests", "spec", "specs", "e2e", "testall",
       "runtests", "unit", "pytest", "jest", "integration", "coverage", "cov"], Test),
    (&["build", "compile", "dist", "bundle", "all", "assets"], Build),
    (&["install", "deps", "dependencies", "bootstrap", "setup", "requirements", "prepare",
       "develop", "venv", "init"], Install),
    (&["start", "serve", "dev", "run", "server", "runserver", "up", "preview"], Start),
];

/// The class that the name of a target, script, job or file suggests: `test:unit`, `build-all`.
#[must_use]
pub fn class_of_name(name: &str) -> CommandClass {
    let lower = name.to_ascii_lowercase();
    let parts: Vec<&str> = lower.split(|c: char| !c.is_ascii_alphanumeric()).collect();
    WORDS
        .iter()
        .find(|(words, _)| parts.iter().any(|part| words.contains(part)))
        .map_or(Unknown, |row| row.1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_suggest_what_they_do() {
        let cases = [
            ("test:unit", Test),
            ("test-types", Lint),
            ("coverage", Test),
            ("build-all", Build),
            ("db:seed", Migrate),
            ("start:dev", Start),
            ("docs-build", Unknown),
            ("distclean", Destructive),
            ("contest", Unknown),
        ];
        for (name, class) in cases {
            assert_eq!(class_of_name(name), class, "{name}");
        }
    }
}
