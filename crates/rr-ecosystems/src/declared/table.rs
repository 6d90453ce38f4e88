//! The rows. One line per fact: the table is read by columns, so the formatter leaves it alone.

use rr_core::StepKind;

use super::{Declared, Row};

const fn install(when: &'static str, line: &'static str) -> Row {
    Row { kind: StepKind::Install, when, line, port: 0, test: ("", "") }
}

const fn build(when: &'static str, line: &'static str) -> Row {
    Row { kind: StepKind::Build, when, line, port: 0, test: ("", "") }
}

const fn start(when: &'static str, line: &'static str, port: u16) -> Row {
    Row { kind: StepKind::Start, when, line, port, test: ("", "") }
}

const fn test(
    when: &'static str,
    line: &'static str,
    runner: &'static str,
    report: &'static str,
) -> Row {
    Row { kind: StepKind::Test, when, line, port: 0, test: (runner, report) }
}

/// PHP with Composer; Laravel, Symfony, a front controller, or the built-in server.
#[rustfmt::skip]
pub(crate) static PHP: Declared = Declared {
    id: "php",
    tool: "php",
    manifests: &[("composer.json", "composer"), ("artisan", "composer"), ("phpunit.xml", "phpunit"), ("phpunit.xml.dist", "phpunit"), ("index.php", "php")],
    sources: &["php"],
    versions: &[(".tool-versions", r"^php\s+(\S+)", false), ("composer.json", r#""php"\s*:\s*"([^"]+)""#, true)],
    env: &[("COMPOSER_NO_INTERACTION", "1"), ("COMPOSER_ALLOW_SUPERUSER", "1"), ("COMPOSER_CACHE_DIR", "@{caches}/composer"), ("APP_ENV", "testing")],
    steps: &[
        install("composer.json", "composer install --no-progress --prefer-dist"),
        build("artisan", "test -f .env || cp .env.example .env\nphp artisan key:generate --force"),
        start("artisan", "exec php artisan serve --host 127.0.0.1 --port 8000", 8000),
        start("public/index.php", "exec php -S 127.0.0.1:8000 -t public", 8000),
        start("index.php", "exec php -S 127.0.0.1:8000", 8000),
        test("phpunit.xml|phpunit.xml.dist|phpunit.dist.xml|composer.json:phpunit/phpunit", "$(test -x vendor/bin/phpunit && echo vendor/bin/phpunit || command -v phpunit) --log-junit \"@{reports}/phpunit.xml\"", "phpunit", "@{reports}/phpunit.xml"),
    ],
};

/// C#, F# and Visual Basic.
#[rustfmt::skip]
pub(crate) static DOTNET: Declared = Declared {
    id: "dotnet",
    tool: "dotnet",
    manifests: &[(".sln", "dotnet"), (".slnx", "dotnet"), (".csproj", "dotnet"), (".fsproj", "dotnet"), (".vbproj", "dotnet")],
    sources: &["cs", "fs", "vb"],
    versions: &[("global.json", r#""version"\s*:\s*"([^"]+)""#, false), (".csproj", r"<TargetFrameworks?>net(\d+\.\d+)", false), (".fsproj", r"<TargetFrameworks?>net(\d+\.\d+)", false)],
    env: &[("DOTNET_CLI_TELEMETRY_OPTOUT", "1"), ("DOTNET_NOLOGO", "1"), ("NUGET_PACKAGES", "@{caches}/nuget")],
    steps: &[
        install("", "dotnet restore"),
        build("", "dotnet build --no-restore"),
        start(".csproj:Microsoft.NET.Sdk.Web|.fsproj:Microsoft.NET.Sdk.Web", "exec dotnet run --no-build --urls http://127.0.0.1:5000", 5000),
        start(".csproj:<OutputType>Exe|.fsproj:<OutputType>Exe", "exec dotnet run --no-build", 0),
        test("", "dotnet test --no-build", "dotnet-test", ""),
    ],
};

/// Elixir with mix; Phoenix.
#[rustfmt::skip]
pub(crate) static ELIXIR: Declared = Declared {
    id: "elixir",
    tool: "elixir",
    manifests: &[("mix.exs", "mix")],
    sources: &["ex", "exs"],
    versions: &[(".tool-versions", r"^elixir\s+(\S+)", false), ("mix.exs", r#"elixir:\s*"([^"]+)""#, true)],
    env: &[("MIX_ENV", "test"), ("MIX_HOME", "@{env}/mix"), ("HEX_HOME", "@{env}/hex")],
    steps: &[
        install("mix.exs:{:", "mix local.hex --force --if-missing && mix local.rebar --force --if-missing && mix deps.get"),
        build("", "mix compile"),
        start("mix.exs::phoenix,", "exec env MIX_ENV=dev mix phx.server", 4000),
        test("test/", "mix test", "exunit", ""),
    ],
};

/// Erlang with rebar3.
#[rustfmt::skip]
pub(crate) static ERLANG: Declared = Declared {
    id: "erlang",
    tool: "erlang",
    manifests: &[("rebar.config", "rebar3"), ("erlang.mk", "erlang.mk")],
    sources: &["erl"],
    versions: &[(".tool-versions", r"^erlang\s+(\S+)", false), ("rebar.config", r#"minimum_otp_vsn,\s*"([^"]+)""#, true)],
    env: &[("REBAR_CACHE_DIR", "@{caches}/rebar3")],
    steps: &[build("rebar.config", "rebar3 compile"), test("rebar.config", "rebar3 eunit", "eunit", "")],
};

/// Haskell with cabal or stack.
#[rustfmt::skip]
pub(crate) static HASKELL: Declared = Declared {
    id: "haskell",
    tool: "ghc",
    manifests: &[("cabal.project", "cabal"), (".cabal", "cabal"), ("stack.yaml", "stack"), ("package.yaml", "stack")],
    sources: &["hs"],
    versions: &[(".tool-versions", r"^ghc\s+(\S+)", false), (".cabal", r"(?i)^tested-with:.*==\s*(\d[\d.]*)", false)],
    env: &[("CABAL_DIR", "@{caches}/cabal")],
    steps: &[
        install(".cabal:build-depends", "cabal build all --only-dependencies --enable-tests"),
        build("", "cabal build all --enable-tests"),
        test(".cabal:test-suite", "cabal test all --enable-tests --test-show-details=streaming", "cabal-test", ""),
    ],
};

/// OCaml with dune.
#[rustfmt::skip]
pub(crate) static OCAML: Declared = Declared {
    id: "ocaml",
    tool: "ocaml",
    manifests: &[("dune-project", "dune"), (".opam", "opam")],
    sources: &["ml", "mli"],
    versions: &[("dune-project", r"\(ocaml\s+\(>=\s*([\d.]+)\)", true), (".opam", r#""ocaml"\s*\{\s*(>=?\s*"[\d.]+")"#, true)],
    env: &[("OPAMYES", "1"), ("OPAMROOT", "@{env}/opam")],
    steps: &[build("", "dune build"), test("test/|tests/", "dune test --force", "dune-test", "")],
};

/// Lua with LuaRocks and busted.
#[rustfmt::skip]
pub(crate) static LUA: Declared = Declared {
    id: "lua",
    tool: "lua",
    manifests: &[(".rockspec", "luarocks"), (".busted", "busted"), (".luacheckrc", "luarocks")],
    sources: &["lua"],
    versions: &[(".rockspec", r#""lua\s*(>=[^"]*)""#, true)],
    env: &[],
    steps: &[
        install(".rockspec", "luarocks install --only-deps --tree \"@{env}/lua\" ./*.rockspec"),
        test("spec/|.busted", "busted --output=junit -Xoutput \"@{reports}/busted.xml\"", "busted", "@{reports}/busted.xml"),
    ],
};

/// R packages.
#[rustfmt::skip]
pub(crate) static R: Declared = Declared {
    id: "r",
    tool: "r",
    manifests: &[("DESCRIPTION", "pak"), ("renv.lock", "renv")],
    sources: &["R", "r", "Rmd"],
    versions: &[("renv.lock", r#"^\s*"Version":\s*"(\d+\.\d+\.\d+)""#, false), ("DESCRIPTION", r"\bR \((>=?\s*[\d.]+)\)", true)],
    env: &[("R_LIBS_USER", "@{env}/r")],
    steps: &[
        install("DESCRIPTION", "mkdir -p \"@{env}/r\" && Rscript -e 'if (!requireNamespace(\"remotes\", quietly = TRUE)) install.packages(\"remotes\"); remotes::install_deps(dependencies = TRUE)'"),
        build("DESCRIPTION", "R CMD INSTALL --no-docs --library=\"@{env}/r\" ."),
        test("tests/testthat/", "Rscript -e 'testthat::test_local(reporter = testthat::JunitReporter$new(file = \"@{reports}/testthat.xml\"))'", "testthat", "@{reports}/testthat.xml"),
    ],
};

/// Nim with nimble.
#[rustfmt::skip]
pub(crate) static NIM: Declared = Declared {
    id: "nim",
    tool: "nim",
    manifests: &[(".nimble", "nimble")],
    sources: &["nim"],
    versions: &[(".nimble", r#"requires\s+"nim\s*(>=?[^",]+)""#, true)],
    env: &[("NIMBLE_DIR", "@{env}/nimble")],
    steps: &[install("", "nimble install -y --depsOnly"), build(".nimble:bin", "nimble build -y"), test("tests/|.nimble:task test", "nimble test -y", "nimble-test", "")],
};

/// Scala with sbt.
#[rustfmt::skip]
pub(crate) static SBT: Declared = Declared {
    id: "scala",
    tool: "sbt",
    manifests: &[("build.sbt", "sbt"), ("build.sc", "mill"), ("build.mill", "mill")],
    sources: &["scala"],
    versions: &[("project/build.properties", r"sbt\.version\s*=\s*(\S+)", false)],
    env: &[("SBT_OPTS", "-Dsbt.supershell=false")],
    steps: &[
        install("build.sbt", "sbt -batch update"),
        build("build.sbt", "sbt -batch Test/compile"),
        test("build.sbt", "sbt -batch test && cp -r $(find . -type d -path '*/target/test-reports') \"@{reports}/\"", "sbt-test", "@{reports}/test-reports/*.xml"),
    ],
};

/// Clojure with Leiningen or the command-line tools.
#[rustfmt::skip]
pub(crate) static CLOJURE: Declared = Declared {
    id: "clojure",
    tool: "clojure",
    manifests: &[("project.clj", "lein"), ("deps.edn", "clojure")],
    sources: &["clj", "cljs", "cljc"],
    versions: &[("project.clj", r#"org\.clojure/clojure\s+"([^"]+)""#, false), ("deps.edn", r#"org\.clojure/clojure\s+\{:mvn/version\s+"([^"]+)""#, false)],
    env: &[],
    steps: &[install("project.clj", "lein deps"), install("deps.edn", "clojure -P"), test("project.clj", "lein test", "lein-test", ""), test("deps.edn::test", "clojure -X:test", "clojure-test", "")],
};

/// Swift packages.
#[rustfmt::skip]
pub(crate) static SWIFT: Declared = Declared {
    id: "swift",
    tool: "swift",
    manifests: &[("Package.swift", "swiftpm")],
    sources: &["swift"],
    versions: &[(".swift-version", r"^(\d[\d.]*)", false), ("Package.swift", r"swift-tools-version:\s*(\d[\d.]*)", true)],
    env: &[],
    steps: &[install("", "swift package resolve"), build("", "swift build --build-tests"), test("Tests/", "swift test --xunit-output \"@{reports}/swift.xml\"", "swift-test", "@{reports}/swift*.xml")],
};

/// Zig.
#[rustfmt::skip]
pub(crate) static ZIG: Declared = Declared {
    id: "zig",
    tool: "zig",
    manifests: &[("build.zig", "zig"), ("build.zig.zon", "zig")],
    sources: &["zig"],
    versions: &[(".tool-versions", r"^zig\s+(\S+)", false), ("build.zig.zon", r#"\.minimum_zig_version\s*=\s*"([^"]+)""#, true)],
    env: &[("ZIG_GLOBAL_CACHE_DIR", "@{caches}/zig")],
    steps: &[install("build.zig.zon:.dependencies", "zig build --fetch"), build("", "zig build"), test("build.zig:\"test\"", "zig build test --summary all", "zig-test", "")],
};

/// Dart and Flutter.
#[rustfmt::skip]
pub(crate) static DART: Declared = Declared {
    id: "dart",
    tool: "dart",
    manifests: &[("pubspec.yaml", "pub")],
    sources: &["dart"],
    versions: &[(".tool-versions", r"^dart\s+(\S+)", false), ("pubspec.yaml", r#"^\s+sdk:\s*['"]?([^'"\s][^'"]*)"#, true)],
    env: &[("PUB_CACHE", "@{caches}/pub")],
    steps: &[
        install("pubspec.yaml:sdk: flutter", "flutter pub get"),
        install("", "dart pub get"),
        test("test/", "dart test", "dart-test", ""),
    ],
};

/// Julia packages.
#[rustfmt::skip]
pub(crate) static JULIA: Declared = Declared {
    id: "julia",
    tool: "julia",
    manifests: &[("Project.toml", "pkg"), ("JuliaProject.toml", "pkg")],
    sources: &["jl"],
    versions: &[("Manifest.toml", r#"^julia_version\s*=\s*"([^"]+)""#, false), ("Project.toml", r#"^julia\s*=\s*"([^"]+)""#, true)],
    env: &[("JULIA_DEPOT_PATH", "@{caches}/julia")],
    steps: &[install("", "julia --project -e 'using Pkg; Pkg.instantiate()'"), test("test/", "julia --project -e 'using Pkg; Pkg.test()'", "julia-test", "")],
};

/// Crystal with shards.
#[rustfmt::skip]
pub(crate) static CRYSTAL: Declared = Declared {
    id: "crystal",
    tool: "crystal",
    manifests: &[("shard.yml", "shards")],
    sources: &["cr"],
    versions: &[(".crystal-version", r"^(\d[\d.]*)", false), ("shard.yml", r#"^crystal:\s*['"]?([^'"]+)"#, true)],
    env: &[("SHARDS_CACHE_PATH", "@{caches}/shards")],
    steps: &[install("shard.yml:dependencies", "shards install"), build("shard.yml:targets", "shards build"), test("spec/", "crystal spec --junit_output \"@{reports}/crystal\"", "crystal-spec", "@{reports}/crystal/*.xml")],
};

/// Gleam.
#[rustfmt::skip]
pub(crate) static GLEAM: Declared = Declared {
    id: "gleam",
    tool: "gleam",
    manifests: &[("gleam.toml", "gleam")],
    sources: &["gleam"],
    versions: &[(".tool-versions", r"^gleam\s+(\S+)", false), ("gleam.toml", r#"^gleam\s*=\s*"([^"]+)""#, true)],
    env: &[],
    steps: &[install("", "gleam deps download"), build("", "gleam build"), start("", "exec gleam run", 0), test("test/", "gleam test", "gleam-test", "")],
};
