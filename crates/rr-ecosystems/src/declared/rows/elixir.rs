//! Elixir with mix; Phoenix.

use rr_core::{CauseClass, StepKind, UnitKind};

use super::super::{Declared, NOTHING, Report, build, exact, install, range, start, step, test};
use crate::rules::{Rule, no_cure, packages};

#[rustfmt::skip]
pub(crate) static ELIXIR: Declared = Declared {
    id: "elixir",
    tool: "elixir",
    get: "install Elixir and Erlang, https://elixir-lang.org/install.html",
    manifests: &[("mix.exs", "mix")],
    sources: &["ex", "exs"],
    versions: &[exact(".tool-versions", r"^elixir\s+(\d[^\s-]*)"), range("mix.exs", r#"(?:\belixir:\s*|@elixir_requirement\s+|@elixir_version\s+)"([^"]+)""#)],
    frameworks: &[("mix.exs:{:phoenix,", "phoenix"), ("mix.exs:{:plug_cowboy,&!mix.exs:{:phoenix,|mix.exs:{:bandit,&!mix.exs:{:phoenix,", "plug"), ("mix.exs:{:ecto_sql,|mix.exs:{:ecto,", "ecto"), ("mix.exs:{:absinthe", "absinthe"), ("mix.exs:{:nerves,", "nerves"), ("***/test_helper.exs", "exunit")],
    kinds: &[("mix.exs:{:phoenix,&config/&**/endpoint.ex:use Phoenix.Endpoint", UnitKind::Service), ("mix.exs:escript:", UnitKind::Cli)],
    test_programs: &["mix"],
    env: &[("MIX_ENV", "test"), ("MIX_HOME", "@{env}/mix"), ("HEX_HOME", "@{env}/hex"), ("ELIXIR_ERL_OPTIONS", "+fnu")],
    steps: &[
        install("mix.exs:{:|mix.lock", "mix local.hex --force --if-missing && mix local.rebar --force --if-missing && mix deps.get"),
        step(StepKind::Migrate, "mix.exs:{:phoenix,&mix.exs:{:ecto_sql,&config/&**/endpoint.ex:use Phoenix.Endpoint", "MIX_ENV=dev mix ecto.create && MIX_ENV=dev mix ecto.migrate"),
        build("", "mix compile"),
        build("mix.exs:escript:", "mix escript.build"),
        start("mix.exs:{:phoenix,&config/&**/endpoint.ex:use Phoenix.Endpoint", "exec env MIX_ENV=dev mix phx.server", 4000),
        test("test/|apps/", "elixir -r \"@{tools}/recorder/elixir/recorder.exs\" -S mix test --formatter RepoRunner.Recorder --formatter ExUnit.CLIFormatter", "exunit", Report::Recorder),
    ],
    rules: &[
        // `** (Mix) httpc request failed with: {:failed_connect, [{:to_address, {'repo.hex.pm', 443}}`, `Could not install Hex because Mix could not download metadata at https://builds.hex.pm/installs/hex-1.x.csv.`
        Rule { id: "elixir.registry", pattern: r#"(?:could not download (?:metadata|archive|\S+) at |to_address, \{['"]|Failed to fetch record for \S+ from )([\w.:/-]+)"#, kinds: &[StepKind::Install],
            cause: CauseClass::NeedsNetwork, confidence: 0.9, explanation: "the package registry {} cannot be reached", cure: no_cure },
        // `** (Mix) You're trying to run :chat on Elixir v1.14.0 but it has declared in its mix.exs file it supports only Elixir ~> 1.15`
        Rule { id: "elixir.version", pattern: r"it has declared in its mix\.exs file it supports only Elixir ([^\n]+)", kinds: &[],
            cause: CauseClass::Environment, confidence: 0.95, explanation: "needs Elixir {}", cure: no_cure },
        // `** (UndefinedFunctionError) function :xmerl_scan.string/1 is undefined (module :xmerl_scan is not available)`
        Rule { id: "elixir.erlang-part", pattern: r"\(module :(xmerl|ssl|public_key|crypto|eunit|inets|ssh|snmp|os_mon|mnesia|observer|wx|odbc|megaco|ftp|tftp|diameter|eldap)\w* is not available\)", kinds: &[],
            cause: CauseClass::Environment, confidence: 0.85, explanation: "Erlang's {} is missing", cure: |m| vec![packages("elixir.erlang-part", &[&format!("erlang-{}", m.subject().replace('_', "-"))])] },
    ],
    ..NOTHING
};
