//! The table of known commands.

use rr_core::CommandClass::{
    self, Build, Configure, Deploy, Destructive, Install, Lint, Migrate, Publish, Start, System,
    Test, Unknown,
};

/// One row: a program, the plain words that must follow it in order, and the class.
type Row = (&'static str, &'static [&'static str], CommandClass);

#[rustfmt::skip]
static ROWS: &[Row] = &[
    // Operating system
    ("apt-get", &["install"], System), ("apt", &["install"], System), ("apt-get", &[], System),
    ("apt", &[], System), ("apk", &["add"], System), ("yum", &["install"], System),
    ("dnf", &["install"], System), ("pacman", &[], System), ("brew", &[], System),
    ("choco", &[], System), ("zypper", &[], System), ("dpkg", &[], System),
    // Python
    ("pytest", &[], Test), ("py.test", &[], Test), ("unittest", &[], Test), ("nose2", &[], Test),
    ("nosetests", &[], Test), ("tox", &[], Test), ("trial", &[], Test), ("stestr", &[], Test),
    ("ptr", &[], Test), ("green", &[], Test), ("behave", &[], Test), ("zope-testrunner", &[], Test),
    ("ward", &[], Test), ("doctest", &[], Test), ("test", &[], Unknown),
    ("pip", &["install"], Install), ("pip3", &["install"], Install), ("pip", &["wheel"], Build),
    ("uv", &["sync"], Install), ("uv", &["pip", "install"], Install),
    ("uv", &["pip", "sync"], Install), ("uv", &["venv"], Install), ("uv", &["build"], Build),
    ("uv", &["publish"], Publish), ("uv", &["tool", "install"], Install),
    ("poetry", &["install"], Install), ("poetry", &["build"], Build),
    ("poetry", &["publish"], Publish), ("pdm", &["install"], Install), ("pdm", &["sync"], Install),
    ("pdm", &["build"], Build), ("pipenv", &["install"], Install), ("pipenv", &["sync"], Install),
    ("hatch", &["build"], Build), ("hatch", &["test"], Test), ("hatch", &["publish"], Publish),
    ("hatch", &["fmt"], Lint), ("conda", &["install"], Install), ("conda", &["env"], Install),
    ("mamba", &["install"], Install), ("flit", &["install"], Install), ("flit", &["build"], Build),
    ("flit", &["publish"], Publish), ("twine", &[], Publish), ("build", &[], Build),
    ("virtualenv", &[], Install), ("venv", &[], Install), ("ensurepip", &[], Install),
    ("cibuildwheel", &[], Build), ("maturin", &["develop"], Install), ("maturin", &["build"], Build),
    ("flake8", &[], Lint), ("ruff", &[], Lint), ("black", &[], Lint), ("mypy", &[], Lint),
    ("pyright", &[], Lint), ("isort", &[], Lint), ("pylint", &[], Lint), ("bandit", &[], Lint),
    ("pre-commit", &[], Lint), ("codespell", &[], Lint), ("doc8", &[], Lint),
    ("flask", &["run"], Start), ("flask", &["test"], Test), ("flask", &["db", "upgrade"], Migrate),
    ("uvicorn", &[], Start), ("gunicorn", &[], Start), ("hypercorn", &[], Start),
    ("daphne", &[], Start), ("streamlit", &["run"], Start), ("waitress-serve", &[], Start),
    ("fastapi", &["run"], Start), ("fastapi", &["dev"], Start), ("alembic", &["upgrade"], Migrate),
    ("django-admin", &["test"], Test), ("django-admin", &["migrate"], Migrate),
    ("django", &["test"], Test), ("django", &["migrate"], Migrate),
    ("honcho", &["start"], Start), ("celery", &[], Start), ("http.server", &[], Start),
    ("aerich", &["upgrade"], Migrate), ("sphinx-build", &[], Build), ("mkdocs", &[], Build),
    // JavaScript
    ("npm", &["ci"], Install), ("npm", &["install"], Install), ("npm", &["i"], Install),
    ("npm", &["publish"], Publish), ("npm", &["start"], Start), ("yarn", &["install"], Install),
    ("yarn", &["publish"], Publish), ("pnpm", &["install"], Install), ("pnpm", &["i"], Install),
    ("pnpm", &["publish"], Publish), ("bun", &["install"], Install), ("bun", &["i"], Install),
    ("bun", &["test"], Test), ("deno", &["test"], Test), ("deno", &["install"], Install),
    ("deno", &["cache"], Install), ("deno", &["lint"], Lint), ("deno", &["fmt"], Lint),
    ("deno", &["check"], Lint), ("corepack", &[], Install), ("lerna", &["bootstrap"], Install),
    ("lerna", &["publish"], Publish), ("jest", &[], Test), ("vitest", &["bench"], Unknown),
    ("vitest", &[], Test), ("mocha", &[], Test), ("_mocha", &[], Test), ("ava", &[], Test),
    ("tap", &[], Test), ("tape", &[], Test), ("taper", &[], Test), ("jasmine", &[], Test),
    ("karma", &["start"], Test), ("playwright", &["test"], Test),
    ("playwright", &["install"], Install), ("cypress", &["run"], Test), ("uvu", &[], Test),
    ("lab", &[], Test), ("qunit", &[], Test), ("borp", &[], Test), ("tsd", &[], Lint),
    ("poku", &[], Test), ("wtr", &[], Test), ("web-test-runner", &[], Test), ("brittle", &[], Test),
    ("eslint", &[], Lint), ("prettier", &[], Lint), ("xo", &[], Lint), ("standard", &[], Lint),
    ("biome", &[], Lint), ("vue-tsc", &[], Lint), ("stylelint", &[], Lint), ("oxlint", &[], Lint),
    ("tsc", &[], Build), ("vite", &["build"], Build), ("vite", &[], Start), ("next", &["build"], Build),
    ("next", &["start"], Start), ("next", &["dev"], Start), ("nuxt", &["build"], Build),
    ("webpack", &[], Build), ("rollup", &[], Build), ("esbuild", &[], Build), ("tsup", &[], Build),
    ("unbuild", &[], Build), ("parcel", &["build"], Build), ("ng", &["build"], Build),
    ("ng", &["test"], Test), ("ng", &["serve"], Start), ("nodemon", &[], Start),
    ("ts-node-dev", &[], Start), ("pm2", &["start"], Start), ("prisma", &["migrate"], Migrate),
    ("prisma", &["generate"], Configure), ("prisma", &["db"], Migrate), ("knex", &[], Migrate),
    ("sequelize", &[], Migrate), ("sequelize-cli", &[], Migrate), ("typeorm", &[], Migrate),
    ("semantic-release", &[], Publish), ("changeset", &["publish"], Publish),
    // Rust
    ("cargo", &["test"], Test), ("cargo", &["nextest"], Test), ("cargo", &["t"], Test),
    ("cargo", &["build"], Build), ("cargo", &["b"], Build), ("cargo", &["run"], Start),
    ("cargo", &["fetch"], Install), ("cargo", &["install"], Install), ("cargo", &["clippy"], Lint),
    ("cargo", &["fmt"], Lint), ("cargo", &["check"], Lint), ("cargo", &["doc"], Build),
    ("cargo", &["publish"], Publish), ("cargo", &["hack", "test"], Test), ("cross", &["test"], Test),
    ("cross", &["build"], Build), ("cargo", &["deny"], Lint), ("cargo", &["audit"], Lint),
    ("cargo", &["miri"], Lint), ("cargo", &["bench"], Unknown), ("sqlx", &["migrate"], Migrate),
    ("sqlx", &["database"], Migrate), ("sqlx", &["db"], Migrate), ("diesel", &["migration"], Migrate),
    ("diesel", &["setup"], Migrate), ("trunk", &["build"], Build), ("rustup", &[], Install),
    ("wasm-pack", &["test"], Test), ("wasm-pack", &["build"], Build),
    // Go
    ("go", &["test"], Test), ("go", &["build"], Build), ("go", &["install"], Install),
    ("go", &["mod"], Install), ("go", &["get"], Install), ("go", &["run"], Start),
    ("go", &["vet"], Lint), ("go", &["generate"], Configure), ("gotestsum", &[], Test),
    ("golangci-lint", &[], Lint), ("gofmt", &[], Lint), ("staticcheck", &[], Lint),
    ("goreleaser", &[], Publish), ("ginkgo", &[], Test), ("mage", &[], Unknown),
    ("goose", &[], Migrate),
    // JVM and other build tools
    ("sbt", &["test"], Test), ("lein", &["test"], Test), ("ant", &["test"], Test),
    ("dotnet", &["test"], Test), ("dotnet", &["build"], Build), ("dotnet", &["restore"], Install),
    ("dotnet", &["run"], Start), ("dotnet", &["publish"], Build), ("swift", &["test"], Test),
    ("swift", &["build"], Build), ("zig", &["build", "test"], Test), ("zig", &["build"], Build),
    ("mix", &["test"], Test), ("mix", &["deps.get"], Install), ("mix", &["compile"], Build),
    ("mix", &["ecto.setup"], Migrate), ("mix", &["ecto.migrate"], Migrate),
    ("mix", &["phx.server"], Start), ("stack", &["test"], Test), ("stack", &["build"], Build),
    ("cabal", &["test"], Test), ("cabal", &["build"], Build), ("cabal", &["update"], Install),
    ("java", &["-jar"], Start), ("bazel", &["test"], Test), ("bazel", &["build"], Build),
    // C and C++
    ("ctest", &[], Test), ("cmake", &["--install"], Install), ("cmake", &["--build"], Build),
    ("cmake", &[], Configure), ("configure", &[], Configure), ("autogen.sh", &[], Configure),
    ("bootstrap.sh", &[], Configure), ("bootstrap", &[], Configure), ("autoreconf", &[], Configure),
    ("meson", &["setup"], Configure), ("meson", &["test"], Test), ("meson", &["compile"], Build),
    ("meson", &["install"], Install), ("meson", &[], Configure), ("scons", &[], Build),
    ("gcc", &[], Build), ("g++", &[], Build), ("clang", &[], Build), ("clang-format", &[], Lint),
    ("clang-tidy", &[], Lint), ("valgrind", &[], Test), ("prove", &[], Test), ("lcov", &[], Unknown),
    // Ruby, Perl, PHP
    ("bundle", &["install"], Install), ("rspec", &[], Test), ("minitest", &[], Test),
    ("rubocop", &[], Lint), ("gem", &["install"], Install), ("gem", &["push"], Publish),
    ("rails", &["server"], Start), ("rails", &["s"], Start), ("rails", &["test"], Test),
    ("rails", &["db:migrate"], Migrate), ("cucumber", &[], Test), ("cpanm", &[], Install),
    ("cpan", &[], Install), ("carton", &["install"], Install), ("composer", &["install"], Install),
    ("phpunit", &[], Test), ("artisan", &["migrate"], Migrate), ("artisan", &["test"], Test),
    ("rackup", &[], Start), ("puma", &[], Start), ("jekyll", &["build"], Build),
    ("jekyll", &["serve"], Start), ("hugo", &["server"], Start),
    // Shell
    ("bats", &[], Test), ("shellcheck", &[], Lint), ("shfmt", &[], Lint), ("shellspec", &[], Test),
    ("shunit2", &[], Test), ("zunit", &[], Test), ("roundup", &[], Test), ("basht", &[], Test),
    // Databases
    ("createdb", &[], Migrate), ("psql", &[], Migrate), ("mysql", &[], Migrate),
    ("createuser", &[], Migrate), ("mysqladmin", &[], Migrate),
    // Deployment, publishing, danger
    ("kubectl", &[], Deploy), ("helm", &[], Deploy), ("terraform", &[], Deploy),
    ("heroku", &[], Deploy), ("vercel", &[], Deploy), ("netlify", &[], Deploy), ("fly", &[], Deploy),
    ("flyctl", &[], Deploy), ("gcloud", &[], Deploy), ("aws", &[], Deploy), ("az", &[], Deploy),
    ("skaffold", &[], Deploy), ("ansible-playbook", &[], Deploy), ("gh-pages", &[], Deploy),
    ("cap", &["deploy"], Deploy), ("docker", &["push"], Publish), ("gh", &["release"], Publish),
    ("rm", &[], Destructive), ("dd", &[], Destructive), ("mkfs", &[], Destructive),
    ("shutdown", &[], Destructive), ("reboot", &[], Destructive), ("kill", &[], Destructive),
    ("killall", &[], Destructive), ("pkill", &[], Destructive), ("dropdb", &[], Destructive),
    ("cp", &[], Unknown), ("git", &["push"], Publish),
];

/// The class of a program's call by the table: its plain words must begin with the row's.
pub(super) fn row_class(name: &str, words: &[String], arguments: &[&str]) -> Option<CommandClass> {
    // `mkfs.ext4` is one of a family.
    let name = if name.starts_with("mkfs.") { "mkfs" } else { name };
    ROWS.iter()
        .filter(|(program, _, _)| *program == name)
        .find(|(_, want, _)| {
            want.len() <= arguments.len() && want.iter().zip(arguments).all(|(w, a)| w == a)
                || want.first().is_some_and(|w| w.starts_with('-') && words.iter().any(|a| a == w))
        })
        .map(|row| row.2)
}
