//! The tools that are looked for, and how each tells its version. Data only.

/// A tool and the ways to know its version.
pub(super) struct ToolEntry {
    /// The tool's name in reports and requirements.
    pub(super) tool: &'static str,
    /// Names of its program, the preferred first.
    pub(super) programs: &'static [&'static str],
    /// Arguments that print the version; empty where it is never run.
    pub(super) arguments: &'static [&'static str],
    /// Whether a wrong or missing version would choose a wrong toolchain, so that it is waited
    /// for longer.
    pub(super) toolchain: bool,
}

const fn tool(
    tool: &'static str,
    programs: &'static [&'static str],
    arguments: &'static [&'static str],
) -> ToolEntry {
    ToolEntry { tool, programs, arguments, toolchain: false }
}

const fn chain(
    tool: &'static str,
    programs: &'static [&'static str],
    arguments: &'static [&'static str],
) -> ToolEntry {
    ToolEntry { tool, programs, arguments, toolchain: true }
}

const VERSION: &[&str] = &["--version"];

/// Everything that is looked for on the PATH. Pythons, Rust toolchains, JDKs and Go trees are
/// found by their folders too.
pub(super) const TOOLS: &[ToolEntry] = &[
    chain("node", &["node", "nodejs"], VERSION),
    chain("ruby", &["ruby"], VERSION),
    chain("perl", &["perl"], VERSION),
    chain("php", &["php"], VERSION),
    chain("gcc", &["gcc", "cc"], &["-dumpfullversion"]),
    chain("clang", &["clang"], VERSION),
    chain("cmake", &["cmake"], VERSION),
    chain("deno", &["deno"], VERSION),
    chain("bun", &["bun"], VERSION),
    chain("uv", &["uv"], VERSION),
    chain("git", &["git"], VERSION),
    chain("bubblewrap", &["bwrap"], VERSION),
    tool("npm", &["npm"], VERSION),
    tool("pnpm", &["pnpm"], VERSION),
    tool("yarn", &["yarn"], VERSION),
    tool("maven", &["mvn"], &[]),
    tool("gradle", &["gradle"], &[]),
    tool("rustup", &["rustup"], VERSION),
    tool("meson", &["meson"], VERSION),
    tool("ninja", &["ninja"], VERSION),
    tool("make", &["make"], VERSION),
    tool("pkg-config", &["pkg-config"], VERSION),
    tool("autoconf", &["autoconf"], VERSION),
    tool("automake", &["automake"], VERSION),
    tool("libtool", &["libtoolize"], VERSION),
    tool("bison", &["bison"], VERSION),
    tool("flex", &["flex"], VERSION),
    tool("ctest", &["ctest"], VERSION),
    tool("bundler", &["bundle"], &[]),
    tool("cpanm", &["cpanm"], &[]),
    tool("composer", &["composer"], &[]),
    tool("poetry", &["poetry"], &[]),
    tool("pdm", &["pdm"], &[]),
    tool("hatch", &["hatch"], &[]),
    tool("tox", &["tox"], &[]),
    tool("nox", &["nox"], &[]),
    tool("pipenv", &["pipenv"], &[]),
    chain("dotnet", &["dotnet"], VERSION),
    chain("elixir", &["elixir"], VERSION),
    tool("erlang", &["erl"], &[]),
    tool("rebar3", &["rebar3"], &[]),
    tool("ghc", &["ghc"], &["--numeric-version"]),
    tool("cabal", &["cabal"], &["--numeric-version"]),
    tool("stack", &["stack"], &["--numeric-version"]),
    tool("julia", &["julia"], VERSION),
    tool("r", &["Rscript"], VERSION),
    tool("lua", &["lua", "lua5.4", "lua5.3"], &["-v"]),
    tool("zig", &["zig"], &["version"]),
    chain("swift", &["swift"], VERSION),
    chain("dart", &["dart"], VERSION),
    tool("flutter", &["flutter"], &[]),
    tool("crystal", &["crystal"], VERSION),
    tool("nim", &["nim"], VERSION),
    tool("ocaml", &["ocaml"], &["-version"]),
    tool("dune", &["dune"], VERSION),
    tool("gleam", &["gleam"], VERSION),
    tool("sbt", &["sbt"], &[]),
    tool("leiningen", &["lein"], &[]),
    tool("hugo", &["hugo"], &["version"]),
    tool("jekyll", &["jekyll"], VERSION),
    tool("terraform", &["terraform", "tofu"], VERSION),
    tool("helm", &["helm"], &["version", "--short"]),
    tool("bazel", &["bazel", "bazelisk"], &[]),
    tool("nix", &["nix"], VERSION),
    tool("ansible-core", &["ansible"], VERSION),
    tool("bash", &["bash"], VERSION),
    tool("zsh", &["zsh"], VERSION),
    tool("bats", &["bats"], VERSION),
    tool("shellcheck", &["shellcheck"], VERSION),
    tool("just", &["just"], VERSION),
    tool("task", &["task"], &[]),
    tool("mise", &["mise"], &[]),
    tool("docker", &["docker"], VERSION),
    tool("podman", &["podman"], VERSION),
    tool("curl", &["curl"], VERSION),
    tool("unzip", &["unzip"], &[]),
    tool("patch", &["patch"], VERSION),
    tool("xz", &["xz"], VERSION),
    tool("ffmpeg", &["ffmpeg"], &["-version"]),
    tool("git-lfs", &["git-lfs"], VERSION),
    tool("valgrind", &["valgrind"], VERSION),
    tool("xvfb", &["xvfb-run"], &[]),
    tool("chromium", &["chromium", "chromium-browser", "google-chrome"], &[]),
    tool("postgres", &["postgres"], VERSION),
    tool("psql", &["psql"], VERSION),
    tool("redis", &["redis-server"], VERSION),
    tool("mariadb", &["mariadbd", "mysqld"], VERSION),
    tool("memcached", &["memcached"], VERSION),
    tool("rabbitmq", &["rabbitmq-server"], &[]),
    tool("nats", &["nats-server"], VERSION),
    tool("mongodb", &["mongod"], VERSION),
    tool("apt", &["apt-get"], VERSION),
    tool("dpkg", &["dpkg"], VERSION),
    tool("unshare", &["unshare"], VERSION),
    tool("debootstrap", &["debootstrap"], &[]),
    tool("mmdebstrap", &["mmdebstrap"], &[]),
];
