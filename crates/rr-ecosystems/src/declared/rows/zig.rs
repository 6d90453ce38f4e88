//! Zig.

use rr_core::{CauseClass, UnitKind};

use super::super::{Declared, NOTHING, Report, build, exact, install, range, test};
use crate::rules::{Rule, no_cure};

#[rustfmt::skip]
pub(crate) static ZIG: Declared = Declared {
    id: "zig",
    tool: "zig",
    get: "install Zig, https://ziglang.org/download",
    manifests: &[("build.zig", "zig"), ("build.zig.zon", "zig")],
    sources: &["zig"],
    versions: &[exact(".tool-versions", r"^zig\s+(\S+)"), exact(".zigversion", r"^(\d\S*)"), range("build.zig.zon", r#"\.minimum_zig_version\s*=\s*"([^"]+)""#)],
    kinds: &[("build.zig:addExecutable", UnitKind::Cli)],
    test_programs: &["zig"],
    env: &[("ZIG_GLOBAL_CACHE_DIR", "@{caches}/zig")],
    steps: &[
        install("build.zig.zon:.url", "zig build --fetch"),
        build("build.zig", "zig build"),
        test("build.zig:\"test\"", "zig build test --summary all", "zig-test", Report::Console),
        test("**/.zig:test \"", "zig test {}", "zig-test", Report::Console),
    ],
    rules: &[
        // `error: unable to connect to server: TemporaryNameServerFailure`
        Rule { id: "zig.network", pattern: r"error: (?:unable to connect to server|invalid HTTP response|unable to discover remote git server[^\n]*)", kinds: &[],
            cause: CauseClass::NeedsNetwork, confidence: 0.85, explanation: "a dependency's server cannot be reached", cure: no_cure },
        // `error: zig version 0.13.0 is required`, `no field named 'root_module' in struct 'Build.ExecutableOptions'`
        Rule { id: "zig.version", pattern: r"no (?:field|field or member function) named '(\w+)' in (?:struct|'Build)|@compileError\([^\n]*[Zz]ig", kinds: &[],
            cause: CauseClass::Environment, confidence: 0.7, explanation: "the build file is for another version of Zig (`{}`)", cure: no_cure },
    ],
    ..NOTHING
};
