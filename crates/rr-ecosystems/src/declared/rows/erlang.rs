//! Erlang with rebar3 or erlang.mk.

use rr_core::{CauseClass, StepKind};

use super::super::{Declared, NOTHING, Report, at_least, build, exact, test};
use crate::rules::{Rule, no_cure};

#[rustfmt::skip]
pub(crate) static ERLANG: Declared = Declared {
    id: "erlang",
    tool: "erlang",
    get: "install Erlang and rebar3, https://www.erlang.org/downloads",
    manifests: &[("rebar.config", "rebar3"), ("erlang.mk", "erlang.mk")],
    sources: &["erl"],
    versions: &[exact(".tool-versions", r"^erlang\s+(\S+)"), at_least("rebar.config", r#"minimum_otp_vsn,\s*"([^"]+)""#)],
    frameworks: &[("rebar.config:cowboy", "cowboy"), ("***/_SUITE.erl", "common-test"), ("rebar.config:proper", "proper")],
    test_programs: &["rebar3"],
    env: &[("REBAR_CACHE_DIR", "@{caches}/rebar3")],
    steps: &[
        build("rebar.config", "rebar3 compile"),
        build("erlang.mk&!rebar.config", "make"),
        test("rebar.config", "rebar3 eunit --verbose", "eunit", Report::Console),
        test("erlang.mk", "make eunit", "eunit", Report::Console),
    ],
    rules: &[
        // `===> Failed to fetch registry, reason: {failed_connect,…`, `===> Package not found in any repo: jsx 3.0.0`
        Rule { id: "erlang.registry", pattern: r"Package not found in any repo: ([\w ]+)|Failed to update package", kinds: &[StepKind::Build, StepKind::Install],
            cause: CauseClass::NeedsNetwork, confidence: 0.85, explanation: "the package {} cannot be fetched", cure: no_cure },
    ],
    ..NOTHING
};
