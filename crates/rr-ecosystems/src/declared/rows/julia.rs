//! Julia packages.

use rr_core::{CauseClass, StepKind};

use super::super::{Declared, NOTHING, Report, exact, install, range, test};
use crate::rules::{Rule, no_cure};

#[rustfmt::skip]
pub(crate) static JULIA: Declared = Declared {
    id: "julia",
    tool: "julia",
    get: "install Julia with juliaup, https://julialang.org/install",
    manifests: &[("Project.toml", "pkg"), ("JuliaProject.toml", "pkg"), ("REQUIRE", "pkg")],
    sources: &["jl"],
    versions: &[exact("Manifest.toml", r#"^julia_version\s*=\s*"([^"]+)""#), exact(".tool-versions", r"^julia\s+(\S+)"), range("Project.toml", r#"^julia\s*=\s*"([^"]+)""#)],
    frameworks: &[("Project.toml:Genie", "genie"), ("Project.toml:HTTP =", "http")],
    test_programs: &["julia"],
    env: &[("JULIA_DEPOT_PATH", "@{caches}/julia")],
    steps: &[
        install("", "julia --project -e 'using Pkg; Pkg.instantiate(); Pkg.build()'"),
        test("test/runtests.jl", "julia --project -e 'using Pkg; Pkg.test()'", "julia-test", Report::Console),
    ],
    rules: &[
        // `ERROR: could not download https://pkg.julialang.org/registries: Could not resolve host: pkg.julialang.org`
        Rule { id: "julia.registry", pattern: r"(?:could not download|failed to fetch|Could not resolve host:?) (?:\S*//)?([\w.-]+)", kinds: &[StepKind::Install],
            cause: CauseClass::NeedsNetwork, confidence: 0.85, explanation: "the package server {} cannot be reached", cure: no_cure },
    ],
    ..NOTHING
};
