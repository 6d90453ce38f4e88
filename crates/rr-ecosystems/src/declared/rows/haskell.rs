//! Haskell with cabal or stack.

use std::sync::LazyLock;

use regex::Regex;
use rr_core::{CauseClass, Command, PlanEdit, Remedy, RepoView, StepKind, UnitKind};

use super::super::condition::named;
use super::super::{Declared, NOTHING, Report, build, exact, install, range, start, test};
use crate::places::decoy_role;
use crate::rules::{Match, Rule, packages};

#[rustfmt::skip]
pub(crate) static HASKELL: Declared = Declared {
    id: "haskell",
    tool: "ghc",
    get: "install GHC, cabal and stack with ghcup, https://www.haskell.org/ghcup",
    also: &["cabal"],
    manifests: &[("cabal.project", "cabal"), (".cabal", "cabal"), ("stack.yaml", "stack"), ("package.yaml", "stack")],
    sources: &["hs"],
    versions: &[exact(".tool-versions", r"^ghc\s+(\S+)"), exact("cabal.project", r"^with-compiler:\s*ghc-(\S+)"), range(".cabal", r"(?i)^\s*tested-with:.*?GHC\s*(>=\s*[\d.]*\d)")],
    frameworks: &[("***/.cabal:hspec", "hspec"), ("***/.cabal:tasty", "tasty"), ("**/.cabal:servant", "servant"), ("**/.cabal:yesod", "yesod"), ("**/.cabal:scotty", "scotty")],
    kinds: &[("**/.cabal:yesod|**/.cabal:scotty|**/.cabal:warp,", UnitKind::Service), ("**/.cabal:\nexecutable |package.yaml:executables:", UnitKind::Cli)],
    test_programs: &["cabal", "stack"],
    program,
    env: &[("CABAL_DIR", "@{caches}/cabal"), ("STACK_ROOT", "@{caches}/stack"), ("LANG", "C.UTF-8")],
    steps: &[
        install(".cabal|cabal.project", "cabal update && cabal build all --only-dependencies --enable-tests"),
        install("package.yaml&!.cabal&!cabal.project|stack.yaml&!.cabal&!cabal.project", "stack build --test --only-dependencies --no-terminal"),
        build(".cabal|cabal.project", "cabal build all --enable-tests"),
        build("package.yaml&!.cabal&!cabal.project|stack.yaml&!.cabal&!cabal.project", "stack build --test --no-run-tests --no-terminal"),
        start("**/.cabal:yesod|**/.cabal:scotty|**/.cabal:warp,", "exec cabal run -v1 exe:{program}", 0),
        start(".cabal|cabal.project", "bash \"@{tools}/recorder/native/ask.sh\" \"$(cabal list-bin -v0 exe:{program})\"", 0),
        start("package.yaml|stack.yaml", "bash \"@{tools}/recorder/native/ask.sh\" \"$(stack path --local-install-root)/bin/\"{program}", 0),
        test(".cabal:test-suite|cabal.project&***/.cabal:test-suite", "cabal test all --enable-tests --test-show-details=direct", "cabal-test", Report::Console),
        test("package.yaml:tests:", "stack test --no-terminal", "stack-test", Report::Console),
    ],
    rules: &[
        // `dieVerbatim: user error (Error: cabal: Couldn't establish HTTP connection.`, `cabal: Could not resolve host: hackage.haskell.org`
        Rule { id: "haskell.registry", pattern: r"(?:Couldn't establish HTTP connection|Could(?:n't| not) resolve host:? ?|Host unreachable|Failed to download|does not exist \(Name or service not known\))\S*", kinds: &[StepKind::Install],
            cause: CauseClass::NeedsNetwork, confidence: 0.9, explanation: "the package registry cannot be reached", cure: from_the_system },
        // `unknown package: hspec (dependency of words)`, `Could not find module ‘Test.Hspec’`
        Rule { id: "haskell.missing-library", pattern: r"unknown package: ([\w-]+)|\(dependency of [^)]*\)[^\n]*unknown package: ([\w-]+)", kinds: &[],
            cause: CauseClass::Environment, confidence: 0.85, explanation: "the library {} is missing", cure: |m| vec![packages("haskell.missing-library", &[&debian_package(m.subject())])] },
        // `* Missing (or bad) C library: pq`, `* Missing (or bad) header file: libpq-fe.h`
        Rule { id: "haskell.missing-c-library", pattern: r"Missing \(or bad\) C librar(?:y|ies): (\w+)", kinds: &[],
            cause: CauseClass::Environment, confidence: 0.9, explanation: "the library `{}` to link is missing", cure: |m| vec![packages("haskell.missing-c-library", &[&format!("need:library:{}", m.subject())])] },
    ],
    ..NOTHING
};

/// A line of `build-depends:` or one that goes on with it: `, containers >=0.6`.
static DEPENDENCY: LazyLock<Regex> = LazyLock::new(|| {
    #[expect(clippy::unwrap_used, reason = "a constant expression, tried by the tests")]
    Regex::new(r"(?:build-depends:|,|^)\s*([A-Za-z][\w-]*)(?::[\w-]+)?\s*(?:[<>=^&|{,\d.\s*-]|$)")
        .unwrap()
});

/// Libraries that come with the compiler.
const WITH_COMPILER: &[&str] = &[
    "base",
    "containers",
    "bytestring",
    "text",
    "directory",
    "filepath",
    "process",
    "time",
    "unix",
    "mtl",
    "transformers",
    "deepseq",
    "array",
    "stm",
    "parsec",
    "template-haskell",
    "ghc-prim",
    "pretty",
    "binary",
    "exceptions",
    "haskeline",
    "terminfo",
    "ghc",
    "hpc",
    "integer-gmp",
    "Cabal",
];

/// What the `build-depends` of a folder's cabal files name.
fn dependencies(repo: &dyn RepoView, folder: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for path in named(repo, folder, ".cabal") {
        let Some(text) = repo.text(&path) else { continue };
        let own = path.rsplit('/').next().unwrap_or("").trim_end_matches(".cabal").to_owned();
        let mut inside = false;
        for line in text.lines().filter(|line| !line.trim_start().starts_with("--")) {
            let lower = line.trim_start().to_ascii_lowercase();
            let field = lower.split_once(':').is_some_and(|(name, _)| {
                !name.is_empty() && name.chars().all(|c| c.is_ascii_alphabetic() || c == '-')
            });
            let depends = lower.starts_with("build-depends:");
            inside = depends || inside && !field && !line.trim().is_empty();
            if !inside {
                continue;
            }
            let rest =
                if depends { line.split_once(':').map_or("", |(_, rest)| rest) } else { line };
            for part in rest.split(',') {
                let name = part.split(|c: char| !(c.is_alphanumeric() || c == '-'));
                let name = name.into_iter().find(|word| !word.is_empty()).unwrap_or("");
                let plain =
                    DEPENDENCY.is_match(part) && name.starts_with(|c: char| c.is_alphabetic());
                if plain && name != own && !WITH_COMPILER.contains(&name) {
                    found.push(name.to_owned());
                }
            }
        }
    }
    found.sort();
    found.dedup();
    found
}

/// `executable frob` of a cabal file, `frob:` below `executables:` of a `package.yaml`.
static EXECUTABLE: LazyLock<Regex> = LazyLock::new(|| {
    #[expect(clippy::unwrap_used, reason = "a constant expression, tried by the tests")]
    Regex::new(r"(?im)^executable\s+([\w-]+)|^executables:\s*\n(?:\s*#.*\n)*\s+([\w-]+):").unwrap()
});

/// The program of a folder's packages: the one called like a package, or the first there is; those
/// of benchmarks and examples stand for nothing.
fn program(repo: &dyn RepoView, folder: &str) -> Option<String> {
    let mut found: Vec<String> = Vec::new();
    let manifests = repo.below(folder).iter().filter(|entry| {
        let (above, name) = entry.path.rsplit_once('/').unwrap_or(("", &entry.path));
        let manifest = name.ends_with(".cabal") || name == "package.yaml";
        manifest && decoy_role(above).is_none() && above.matches('/').count() <= 2
    });
    let mut packages: Vec<String> = vec![folder.rsplit('/').next().unwrap_or("").to_owned()];
    for entry in manifests.take(40) {
        let Some(text) = repo.text(&entry.path) else { continue };
        let stem = entry.path.rsplit('/').next().unwrap_or("").trim_end_matches(".cabal");
        packages.push(stem.to_owned());
        for names in EXECUTABLE.captures_iter(&text) {
            found.extend(names.get(1).or(names.get(2)).map(|name| name.as_str().to_owned()));
        }
    }
    found.retain(|name| !["test", "bench", "example", "demo"].iter().any(|w| name.contains(w)));
    found.iter().find(|name| packages.contains(name)).or(found.first()).cloned()
}

/// `hspec` is `libghc-hspec-dev`.
fn debian_package(library: &str) -> String {
    format!("libghc-{}-dev", library.to_ascii_lowercase())
}

/// The distribution's libraries lie in the compiler's own database, where cabal finds them once it
/// asks no registry: it does so at every command as long as its configuration names one.
fn from_the_system(found: &Match<'_>) -> Vec<Remedy> {
    let failed = found.failed.step;
    let names = dependencies(found.repo, &failed.unit);
    let names: Vec<String> = names.iter().map(|name| debian_package(name)).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let mut remedy = packages("haskell.registry", &names);
    remedy.title = "take the distribution's libraries".to_owned();
    let command = Command::shell("cabal build all --only-dependencies --enable-tests");
    remedy.edits.push(PlanEdit::SetCommand { step: failed.id.clone(), command });
    remedy.edits.push(PlanEdit::SetEnv {
        step: None,
        name: "CABAL_CONFIG".to_owned(),
        value: "@{tools}/recorder/haskell/no-registry.config".to_owned(),
    });
    vec![remedy]
}

#[cfg(test)]
mod tests {
    use super::*;
    use rr_core::MemoryRepo;

    #[test]
    fn libraries_of_every_component_are_read() {
        let text = "name: words\nlibrary\n  build-depends: base >=4 && <5, containers\n  exposed-modules: Words\n\
                    test-suite t\n  type: exitcode-stdio-1.0\n  build-depends:\n      base\n    , words\n    , hspec ^>=2.8\n    , QuickCheck\n  main-is: T.hs\n";
        let repo = MemoryRepo::new([("words.cabal", text)]);
        assert_eq!(dependencies(&repo, ""), ["QuickCheck", "hspec"]);
        assert_eq!(debian_package("QuickCheck"), "libghc-quickcheck-dev");
    }

    #[test]
    fn the_program_is_the_one_called_like_a_package() {
        let repo = MemoryRepo::new([
            ("frob.cabal", "name: frob\nlibrary\n"),
            ("frob-cli/frob-cli.cabal", "executable helper\n  main-is: H.hs\n\nexecutable frob\n"),
            ("examples/x.cabal", "executable x\n"),
        ]);
        assert_eq!(program(&repo, "").as_deref(), Some("frob"));
        let stack =
            MemoryRepo::new([("package.yaml", "executables:\n  word-count:\n    main: M.hs\n")]);
        assert_eq!(program(&stack, "").as_deref(), Some("word-count"));
        assert_eq!(program(&MemoryRepo::new([("a.cabal", "library\n")]), ""), None);
    }
}
