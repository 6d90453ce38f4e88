//! Crystal with shards.

use rr_core::{CauseClass, StepKind, UnitKind};

use super::super::{Declared, NOTHING, Report, build, exact, install, range, test};
use crate::rules::{Rule, no_cure};

#[rustfmt::skip]
pub(crate) static CRYSTAL: Declared = Declared {
    id: "crystal",
    tool: "crystal",
    get: "install Crystal, https://crystal-lang.org/install",
    manifests: &[("shard.yml", "shards")],
    sources: &["cr"],
    versions: &[exact(".crystal-version", r"^(\d[\d.]*)"), exact(".tool-versions", r"^crystal\s+(\S+)"), range("shard.yml", r#"^crystal:\s*['"]?([^'"]+)"#)],
    frameworks: &[("shard.yml:kemal", "kemal"), ("shard.yml:lucky:", "lucky"), ("shard.yml:amber:", "amber"), ("spec/", "spec")],
    kinds: &[("shard.yml:targets", UnitKind::Cli)],
    test_programs: &["crystal"],
    env: &[("SHARDS_CACHE_PATH", "@{caches}/shards"), ("CRYSTAL_CACHE_DIR", "@{caches}/crystal")],
    steps: &[
        install("shard.yml:dependencies", "shards install"),
        build("shard.yml:targets", "shards build"),
        test("spec/", "crystal spec --junit_output \"@{reports}/crystal\"", "crystal-spec", Report::Junit("@{reports}/crystal/*.xml")),
    ],
    rules: &[
        // `Failed git ls-remote … fatal: unable to access 'https://github.com/…': Could not resolve host: github.com`
        Rule { id: "crystal.registry", pattern: r"Could not resolve host: ([\w.-]+)", kinds: &[StepKind::Install],
            cause: CauseClass::NeedsNetwork, confidence: 0.9, explanation: "the dependencies' host {} cannot be reached", cure: no_cure },
    ],
    ..NOTHING
};
