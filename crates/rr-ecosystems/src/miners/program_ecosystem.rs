//! Which ecosystem a command's program belongs to.

use super::command_line::{base_name, is_python, program, split_words, unwrapped};

#[rustfmt::skip]
static PROGRAMS: &[(&str, &[&str])] = &[
    ("python", &["pytest", "py.test", "unittest", "tox", "nox", "nose2", "nosetests", "trial",
        "manage.py", "flask", "uv", "pip", "pip3", "poetry", "pdm", "hatch", "pipenv", "behave",
        "stestr", "coverage", "django-admin", "django", "conda", "uvicorn", "gunicorn", "alembic", "twine"]),
    ("javascript", &["npm", "yarn", "pnpm", "bun", "deno", "node", "jest", "vitest", "mocha", "ava",
        "tap", "tape", "jasmine", "karma", "playwright", "cypress", "uvu", "lab", "turbo", "nx",
        "lerna", "tsx", "ts-node", "vite", "next", "ng", "taper", "tsd", "qunit", "borp"]),
    ("rust", &["cargo", "cross", "rustup", "trunk", "wasm-pack", "sqlx"]),
    ("go", &["go", "gotestsum", "ginkgo", "mage", "golangci-lint"]),
    ("jvm", &["mvn", "mvnw", "gradle", "gradlew", "java", "ant"]),
    ("native", &["ctest", "cmake", "meson", "ninja", "configure", "scons",
        "valgrind"]),
    ("ruby", &["rake", "rspec", "bundle", "rails", "cucumber", "gem"]),
    ("perl", &["prove", "cpanm", "carton", "dzil", "perl"]),
    ("php", &["phpunit", "pest", "composer", "artisan", "php"]), ("dotnet", &["dotnet"]),
    ("elixir", &["mix"]), ("erlang", &["rebar3"]), ("haskell", &["cabal", "stack"]),
    ("ocaml", &["dune", "opam"]), ("lua", &["busted", "luarocks"]), ("r", &["Rscript", "R"]),
    ("nim", &["nimble", "nim"]), ("scala", &["sbt", "mill"]), ("clojure", &["lein", "clojure", "clj"]),
    ("swift", &["swift"]), ("zig", &["zig"]), ("dart", &["dart", "flutter"]), ("julia", &["julia"]),
    ("crystal", &["crystal", "shards"]), ("gleam", &["gleam"]), ("bazel", &["bazel", "bazelisk"]),
    ("shell", &["bats", "shellspec", "shunit2", "zunit"]),
];

/// The ecosystem whose tool a command runs; `None` where it could be any.
#[must_use]
pub(crate) fn ecosystem_of(line: &str) -> Option<&'static str> {
    let words = split_words(line);
    let first = unwrapped(&words).first()?;
    let name = program(&words)?;
    let known = PROGRAMS.iter().find(|(_, programs)| programs.contains(&name.as_str()));
    match known {
        Some((ecosystem, _)) => Some(ecosystem),
        None if is_python(first) || name.ends_with(".py") => Some("python"),
        None if base_name(first) == "node" || name.ends_with(".js") => Some("javascript"),
        None => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_belong_to_ecosystems() {
        assert_eq!(ecosystem_of("python runtests.py"), Some("python"));
        assert_eq!(ecosystem_of("npx jest"), Some("javascript"));
        assert_eq!(ecosystem_of("./gradlew build"), Some("jvm"));
        assert_eq!(ecosystem_of("./run-tests"), None);
    }
}
