//! What a command does, by tables. A command that no row matches is `Unknown` and never run.

use rr_core::CommandClass::{self, Configure, Unknown};

use super::command_line::{base_name, program, split_words, unwrapped};
use super::command_table::row_class;
use super::script_class::script_class;
use super::task_class::task_class;

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

/// The words after the program that are not options.
pub(super) fn plain_arguments(words: &[String], name: &str) -> Vec<String> {
    let at = words.iter().position(|w| base_name(w) == name).map_or(words.len(), |at| at + 1);
    words[at..]
        .iter()
        .take_while(|word| !matches!(word.as_str(), "|" | ">" | "2>" | "2>&1" | "&&"))
        .filter(|word| !word.starts_with('-') && !word.contains('=') || word.starts_with("db:"))
        .cloned()
        .collect()
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

#[cfg(test)]
mod tests {
    use super::*;
    use rr_core::CommandClass::{
        Build, Deploy, Destructive, Install, Lint, Migrate, Publish, Start, System, Test,
    };

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
