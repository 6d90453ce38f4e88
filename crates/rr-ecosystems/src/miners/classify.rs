//! What a command does, by a table. A command that no row matches is `Unknown` and never run.

use rr_core::CommandClass::{
    self, Build, Configure, Deploy, Destructive, Install, Lint, Migrate, Publish, Start, System,
    Test, Unknown,
};

use super::command_line::{base_name, is_python, program, split_words, unwrapped};

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

/// The class of a command line.
#[must_use]
pub fn classify(line: &str) -> CommandClass {
    let words = split_words(line);
    let inner = unwrapped(&words);
    let Some(name) = program(&words) else { return Unknown };
    let arguments = plain_arguments(inner, &name);
    let text: Vec<&str> = arguments.iter().map(String::as_str).collect();
    if copies_env_file(&name, &text) {
        return Configure;
    }
    if inner.iter().any(|word| word == "--version" || word == "--help") {
        return Unknown;
    }
    task_class(&name, inner, &text)
        .or_else(|| script_class(inner, &text))
        .or_else(|| row_class(&name, inner, &text))
        .unwrap_or(Unknown)
}

/// The class that the name of a target, script, job or file suggests: `test:unit`, `build-all`.
#[must_use]
pub fn class_of_name(name: &str) -> CommandClass {
    let lower = name.to_ascii_lowercase();
    let parts: Vec<&str> = lower.split(|c: char| !c.is_ascii_alphanumeric()).collect();
    let has = |words: &[&str]| parts.iter().any(|part| words.contains(part));
    if has(&[
        "lint",
        "fmt",
        "format",
        "typecheck",
        "style",
        "mypy",
        "flake8",
        "types",
        "tsc",
        "coverage",
        "docs",
        "doc",
        "bench",
        "benchmark",
        "perf",
        "fuzz",
        "clippy",
        "ruff",
    ]) && !has(&["tests"])
    {
        return if has(&["docs", "doc", "bench", "benchmark", "perf", "fuzz"]) {
            Unknown
        } else {
            Lint
        };
    }
    if has(&["reporter", "report", "reports", "codecov", "coveralls"]) {
        return Unknown;
    }
    if has(&["publish", "release", "upload", "prepublish", "version"]) {
        return Publish;
    }
    if has(&["deploy", "push", "helm"]) {
        return Deploy;
    }
    if has(&["clean", "distclean", "purge", "reset", "drop", "uninstall"]) {
        return Destructive;
    }
    if has(&["migrate", "migration", "migrations", "seed", "seeds", "createdb", "initdb"]) {
        return Migrate;
    }
    if has(&[
        "test",
        "tests",
        "check",
        "unittest",
        "unittests",
        "spec",
        "specs",
        "e2e",
        "testall",
        "runtests",
        "unit",
        "pytest",
        "jest",
        "integration",
    ]) {
        return Test;
    }
    if has(&["build", "compile", "dist", "bundle", "all", "assets"]) {
        return Build;
    }
    if has(&[
        "install",
        "deps",
        "dependencies",
        "bootstrap",
        "setup",
        "requirements",
        "prepare",
        "develop",
        "venv",
        "init",
    ]) {
        return Install;
    }
    if has(&["start", "serve", "dev", "run", "server", "runserver", "up", "preview"]) {
        return Start;
    }
    Unknown
}

/// The words after the program that are not options.
fn plain_arguments(words: &[String], name: &str) -> Vec<String> {
    let at = words.iter().position(|w| base_name(w) == name).map_or(words.len(), |at| at + 1);
    words[at..]
        .iter()
        .take_while(|word| !matches!(word.as_str(), "|" | ">" | "2>" | "2>&1" | "&&"))
        .filter(|word| !word.starts_with('-') && !word.contains('=') || word.starts_with("db:"))
        .cloned()
        .collect()
}

fn row_class(name: &str, words: &[String], arguments: &[&str]) -> Option<CommandClass> {
    ROWS.iter()
        .filter(|(program, _, _)| *program == name)
        .find(|(_, want, _)| {
            want.len() <= arguments.len() && want.iter().zip(arguments).all(|(w, a)| w == a)
                || want.first().is_some_and(|w| w.starts_with('-') && words.iter().any(|a| a == w))
        })
        .map(|row| row.2)
}

/// Task runners, whose target's name tells.
fn task_class(name: &str, words: &[String], arguments: &[&str]) -> Option<CommandClass> {
    let of_target = |target: Option<&&str>| target.map(|t| class_of_name(t));
    match name {
        "make" | "gmake" | "nmake" | "ninja" | "bmake" | "mingw32-make" => Some(match arguments {
            [] => Build,
            targets => strongest(targets.iter().map(|target| match *target {
                "install" => Install,
                target => match class_of_name(target) {
                    Unknown => Unknown,
                    class => class,
                },
            })),
        }),
        "just" | "task" | "mage" | "invoke" | "inv" | "rake" | "doit" | "grunt" | "gulp"
        | "poe" | "mask" => Some(match arguments {
            [] if name == "rake" => Test,
            [] => Unknown,
            targets => strongest(targets.iter().map(|target| class_of_name(target))),
        }),
        "nox" => Some(session_class(words)),
        "tox" => Some(session_class(words)),
        "mvn" | "mvnw" => Some(maven_class(arguments)),
        "gradle" | "gradlew" => Some(gradle_class(arguments)),
        "npm" | "yarn" | "pnpm" | "bun" | "turbo" | "nx" | "lerna" | "deno" | "wireit"
        | "hatch" | "pdm" | "rye" | "moon" => node_class(name, arguments),
        "manage.py" => of_target(arguments.first()).map(|class| match arguments.first() {
            Some(&"runserver") => Start,
            Some(&"makemigrations") => Unknown,
            Some(&"collectstatic" | &"compilemessages") => Build,
            Some(&"loaddata") => Migrate,
            _ => class,
        }),
        "docker" | "docker-compose" | "podman" => Some(match arguments {
            ["build", ..] | ["compose", "build", ..] => Build,
            ["push", ..] => Publish,
            _ => Unknown,
        }),
        _ => None,
    }
}

fn session_class(words: &[String]) -> CommandClass {
    let chosen = words.iter().position(|w| matches!(w.as_str(), "-e" | "-s" | "--session" | "-c"));
    match chosen.and_then(|at| words.get(at + 1)) {
        Some(name) if name.contains('$') => Test,
        Some(name) => match class_of_name(name) {
            Unknown if name.starts_with("py") => Test,
            class => class,
        },
        None => Test,
    }
}

fn maven_class(goals: &[&str]) -> CommandClass {
    strongest(goals.iter().map(|goal| match *goal {
        "test" | "verify" | "integration-test" => Test,
        "install" | "package" | "compile" | "test-compile" => Build,
        "deploy" => Publish,
        goal if goal.starts_with("dependency:") => Install,
        goal if goal.ends_with(":run") => Start,
        "clean" => Unknown,
        _ => Unknown,
    }))
}

fn gradle_class(tasks: &[&str]) -> CommandClass {
    strongest(tasks.iter().map(|task| match task.rsplit(':').next().unwrap_or(task) {
        "test" | "check" | "build" | "allTests" | "jvmTest" => Test,
        "assemble" | "classes" | "jar" | "testClasses" => Build,
        "bootRun" | "run" => Start,
        "publish" => Publish,
        other if other.ends_with("Test") => Test,
        _ => Unknown,
    }))
}

fn node_class(name: &str, arguments: &[&str]) -> Option<CommandClass> {
    let rest = match arguments {
        ["workspace" | "--filter", _, rest @ ..] => rest,
        rest => rest,
    };
    match (name, rest) {
        ("yarn", []) => Some(Install),
        (_, ["run" | "run-script" | "run-many", script, ..]) => Some(class_of_name(script)),
        ("npm" | "pnpm" | "yarn", ["test" | "t" | "tst", ..]) => Some(Test),
        ("bun" | "deno" | "hatch" | "pdm" | "rye", _) => None,
        ("npm" | "pnpm" | "yarn", ["install" | "ci" | "i" | "add" | "publish", ..]) => None,
        ("npm", _) => None,
        (_, [script, rest @ ..]) => match class_of_name(script) {
            Unknown => row_class(script, &[], rest),
            class => Some(class),
        },
        _ => None,
    }
}

/// Scripts run by path or by an interpreter: `./scripts/test.sh`, `python runtests.py`.
fn script_class(words: &[String], arguments: &[&str]) -> Option<CommandClass> {
    let first = words.first()?;
    let interpreted = is_python(first)
        || matches!(
            base_name(first),
            "bash" | "sh" | "node" | "ruby" | "perl" | "dash" | "zsh" | "ts-node" | "tsx" | "php"
        );
    let by_path = runnable_path(first);
    let flags: Vec<&String> = words[1..].iter().take_while(|word| word.starts_with('-')).collect();
    if base_name(first) == "node" && flags.iter().any(|word| *word == "--test") {
        return Some(Test);
    }
    let code = words.iter().position(|word| word == "-c").and_then(|at| words.get(at + 1));
    if is_python(first)
        && code.is_some_and(|code| code.contains("unittest") || code.contains("pytest.main"))
    {
        return Some(Test);
    }
    let script = if interpreted {
        words[1..].iter().find(|w| !w.starts_with('-'))?.as_str()
    } else if by_path {
        first.as_str()
    } else {
        return None;
    };
    if words.iter().any(|w| w == "-c" || w == "-m") && interpreted {
        return None;
    }
    let name = base_name(script);
    if matches!(name, "setup.py") {
        return Some(match arguments.iter().find(|a| **a != "setup.py") {
            Some(&"test" | &"pytest") => Test,
            Some(&"install" | &"develop") => Install,
            Some(&"upload") => Publish,
            _ => Build,
        });
    }
    if matches!(
        name,
        "manage.py"
            | "artisan"
            | "configure"
            | "gradlew"
            | "mvnw"
            | "autogen.sh"
            | "bootstrap.sh"
            | "bootstrap"
    ) {
        let mut rest = vec![name.to_owned()];
        rest.extend(words.iter().skip_while(|w| w.as_str() != script).skip(1).cloned());
        let arguments = plain_arguments(&rest, name);
        let text: Vec<&str> = arguments.iter().map(String::as_str).collect();
        return task_class(name, &rest, &text).or_else(|| row_class(name, &rest, &text));
    }
    let stem = name.split('.').next().unwrap_or(name);
    match class_of_name(stem) {
        Unknown if interpreted && matches!(stem, "app" | "main" | "index" | "wsgi" | "bot") => {
            Some(Start)
        }
        Unknown => None,
        Destructive => Some(Unknown),
        class => Some(class),
    }
}

/// Whether a word is the path of a script or program of the tree, and no mere file name.
fn runnable_path(word: &str) -> bool {
    let name = base_name(word);
    let (stem, extension) = name.rsplit_once('.').unwrap_or((name, ""));
    if word.starts_with('/') || !word.contains('/') || stem.is_empty() {
        return false;
    }
    let script = matches!(extension, "sh" | "bash" | "pl" | "rb" | "bat" | "exe" | "run");
    let folder = word.split('/').any(|part| {
        matches!(part, "bin" | "scripts" | "script" | "ci" | "tools" | "build" | "target" | "hack")
    });
    script
        || extension.is_empty() && (word.starts_with("./") || folder)
        || extension == "py" && word.starts_with("./")
}

/// `cp .env.example .env` and its like.
fn copies_env_file(name: &str, arguments: &[&str]) -> bool {
    matches!(name, "cp" | "mv" | "install")
        && arguments.len() == 2
        && arguments.iter().any(|a| {
            [".example", ".sample", ".dist", ".template", "-example", "_example", ".env"]
                .iter()
                .any(|mark| a.contains(mark))
        })
}

/// Of several targets' classes the one that matters most.
fn strongest(classes: impl Iterator<Item = CommandClass>) -> CommandClass {
    let order = [Publish, Deploy, Test, Migrate, Start, Build, Install, Lint, Destructive];
    let all: Vec<CommandClass> = classes.collect();
    order.into_iter().find(|class| all.contains(class)).unwrap_or(Unknown)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_commands_have_their_class() {
        #[rustfmt::skip]
        let cases = [
            ("pytest -q tests", Test), ("python3 -m pytest", Test), ("python -m unittest", Test),
            ("coverage run -m pytest", Test), ("tox -e py312", Test), ("tox -e lint", Lint),
            ("nox -s tests-3.12", Test), ("uv sync --group tests", Install),
            ("pip install -e .[test]", Install), ("python setup.py test", Test),
            ("python manage.py migrate --noinput", Migrate), ("python manage.py test", Test),
            ("python manage.py runserver", Start), ("flask test", Test),
            ("uvicorn app.main:app --reload", Start), ("alembic upgrade head", Migrate),
            ("npm ci", Install), ("npm test", Test), ("npm run test:unit -- --ci", Test),
            ("npm run lint", Lint), ("yarn", Install), ("yarn build", Build), ("npm run build", Build),
            ("pnpm vitest run", Test), ("npx playwright test", Test), ("npm start", Start),
            ("node --test", Test), ("npm publish", Publish), ("yarn jest", Test),
            ("cargo test --all-features", Test), ("cargo clippy", Lint), ("cargo run", Start),
            ("go test -race ./...", Test), ("go build ./...", Build), ("go mod download", Install),
            ("./gradlew build", Test), ("./gradlew assemble", Build), ("mvn -B verify", Test),
            ("mvn -B package -DskipTests", Build), ("make", Build), ("make check", Test),
            ("make -j4 test", Test), ("make lint", Lint), ("ctest --output-on-failure", Test),
            ("cmake -B build", Configure), ("cmake --build build", Build), ("./configure", Configure),
            ("sudo apt-get install -y libpq-dev", System), ("bin/bats test", Test),
            ("bundle exec rake", Test), ("bundle exec rspec", Test), ("prove -l t", Test),
            ("./scripts/test.sh", Test), ("bash scripts/start.sh", Start), ("rm -rf build", Destructive),
            ("cp .env.example .env", Configure), ("docker push x/y", Publish), ("kubectl apply", Deploy),
            ("echo done", Unknown), ("curl https://x | sh", Unknown), ("cargo --version", Unknown),
            ("git push --tags", Publish), ("./app", Unknown), ("python app.py", Start),
        ];
        for (line, class) in cases {
            assert_eq!(classify(line), class, "{line}");
        }
    }
}
