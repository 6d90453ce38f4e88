//! The parsers that read repository files, each by the name and the place of what it reads.

use std::path::Path;

use super::mutate::{Dice, broken_text};
use super::{Tree, read};

/// One parser.
pub(super) struct Parser {
    /// What `FUZZ_PARSER` calls it; its folder of the corpus.
    pub(super) name: &'static str,
    /// A path at which its file is looked for.
    pub(super) path: &'static str,
}

/// All of them. A new parser gets its line here.
#[rustfmt::skip]
pub(super) const ALL: &[Parser] = &[
    Parser { name: "github", path: ".github/workflows/ci.yml" },
    Parser { name: "github-action", path: ".github/actions/setup/action.yml" },
    Parser { name: "gitlab", path: ".gitlab-ci.yml" },
    Parser { name: "circle", path: ".circleci/config.yml" },
    Parser { name: "travis", path: ".travis.yml" },
    Parser { name: "azure", path: "azure-pipelines.yml" },
    Parser { name: "dockerfile", path: "Dockerfile" },
    Parser { name: "compose", path: "compose.yaml" },
    Parser { name: "devcontainer", path: ".devcontainer/devcontainer.json" },
    Parser { name: "app-json", path: "app.json" },
    Parser { name: "procfile", path: "Procfile" },
    Parser { name: "dotenv", path: ".env.example" },
    Parser { name: "makefile", path: "Makefile" },
    Parser { name: "justfile", path: "justfile" },
    Parser { name: "taskfile", path: "Taskfile.yml" },
    Parser { name: "readme", path: "README.md" },
    Parser { name: "shell-script", path: "run.sh" },
    Parser { name: "tool-versions", path: ".tool-versions" },
    Parser { name: "mise", path: "mise.toml" },
    Parser { name: "nvmrc", path: ".nvmrc" },
    Parser { name: "python-version", path: ".python-version" },
    Parser { name: "repo-runner", path: "repo-runner.toml" },
    Parser { name: "tox", path: "tox.ini" },
    Parser { name: "nox", path: "noxfile.py" },
    Parser { name: "pyproject", path: "pyproject.toml" },
    Parser { name: "setup-py", path: "setup.py" },
    Parser { name: "setup-cfg", path: "setup.cfg" },
    Parser { name: "requirements", path: "requirements.txt" },
    Parser { name: "pipfile", path: "Pipfile" },
    Parser { name: "pipfile-lock", path: "Pipfile.lock" },
    Parser { name: "conda", path: "environment.yml" },
    Parser { name: "poetry-lock", path: "poetry.lock" },
    Parser { name: "pytest-ini", path: "pytest.ini" },
    Parser { name: "python-source", path: "app.py" },
    Parser { name: "package-json", path: "package.json" },
    Parser { name: "package-lock", path: "package-lock.json" },
    Parser { name: "tsconfig", path: "tsconfig.json" },
    Parser { name: "deno", path: "deno.json" },
    Parser { name: "pnpm-workspace", path: "pnpm-workspace.yaml" },
    Parser { name: "javascript-source", path: "server.js" },
    Parser { name: "cargo", path: "Cargo.toml" },
    Parser { name: "rust-toolchain", path: "rust-toolchain.toml" },
    Parser { name: "rust-source", path: "src/main.rs" },
    Parser { name: "go-mod", path: "go.mod" },
    Parser { name: "go-source", path: "main.go" },
    Parser { name: "pom", path: "pom.xml" },
    Parser { name: "gradle", path: "build.gradle" },
    Parser { name: "gradle-settings", path: "settings.gradle" },
    Parser { name: "gemfile", path: "Gemfile" },
    Parser { name: "gemspec", path: "a.gemspec" },
    Parser { name: "rakefile", path: "Rakefile" },
    Parser { name: "cmake", path: "CMakeLists.txt" },
    Parser { name: "meson", path: "meson.build" },
    Parser { name: "autoconf", path: "configure.ac" },
    Parser { name: "automake", path: "Makefile.am" },
    Parser { name: "cpanfile", path: "cpanfile" },
    Parser { name: "makefile-pl", path: "Makefile.PL" },
    Parser { name: "composer", path: "composer.json" },
    Parser { name: "mix", path: "mix.exs" },
    Parser { name: "csproj", path: "a.csproj" },
    Parser { name: "cabal", path: "a.cabal" },
    Parser { name: "stack", path: "stack.yaml" },
    Parser { name: "r-description", path: "DESCRIPTION" },
    Parser { name: "julia", path: "Project.toml" },
    Parser { name: "pub", path: "pubspec.yaml" },
    Parser { name: "swift", path: "Package.swift" },
    Parser { name: "zig", path: "build.zig" },
    Parser { name: "crystal", path: "shard.yml" },
    Parser { name: "nim", path: "a.nimble" },
    Parser { name: "gleam", path: "gleam.toml" },
    Parser { name: "mkdocs", path: "mkdocs.yml" },
    Parser { name: "html", path: "index.html" },
];

/// A manifest beside the file, so that what mining finds is used by a plan.
const BESIDE: &[(&str, &str)] = &[
    ("package.json", r#"{"name": "a", "scripts": {"test": "jest", "start": "node server.js"}}"#),
    ("requirements.txt", "flask\n"),
    ("tests/test_a.py", "def test_a():\n    pass\n"),
];

/// What every syntax begins with, so that a parser without a fixture has something to break.
const PLAIN: &[&str] = &[
    "",
    "{\"a\": {\"b\": [1, \"two\", null]}}\n",
    "a:\n  b: [1, two]\n  c:\n    - run: make test\n",
    "[a]\nb = \"c\"\nd = [\"e>=1\", \"f\"]\n",
    "a(b, c: \"d\") do |e|\n  f \"g\", \"~> 1.2\"\nend\n",
    "<a><b c=\"d\">e</b></a>\n",
    "a: b\n\tc $(D) && e\n",
];

impl Parser {
    /// The kept corpus, the fixtures' files of that name, and plain texts.
    pub(super) fn seeds(&self, fixtures: &[Tree]) -> Vec<String> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus").join(self.name);
        let mut kept = Tree::new();
        if folder.is_dir() {
            read(&folder, "", &mut kept);
        }
        let file_name = |path: &str| path.rsplit('/').next().unwrap_or(path).to_owned();
        let name = file_name(self.path);
        let same = fixtures.iter().flatten().filter(|(path, _)| file_name(path) == name);
        let mut seeds: Vec<String> =
            kept.iter().chain(same).map(|(_, text)| text.clone()).collect();
        seeds.extend(PLAIN.iter().map(|text| (*text).to_owned()));
        seeds
    }

    /// A small repository with this text where the parser looks for it.
    pub(super) fn tree(&self, text: &str) -> Tree {
        let mut tree: Tree = BESIDE
            .iter()
            .filter(|(path, _)| *path != self.path)
            .map(|(path, text)| ((*path).to_owned(), (*text).to_owned()))
            .collect();
        tree.push((self.path.to_owned(), text.to_owned()));
        tree
    }

    /// The tree of a case.
    pub(super) fn broken(&self, seeds: &[String], case: u64) -> Tree {
        let mut dice = Dice(case);
        let mut text = seeds[dice.below(seeds.len())].clone();
        for _ in 0..=dice.below(3) {
            let other = &seeds[dice.below(seeds.len())];
            text = broken_text(&mut dice, &text, other);
        }
        self.tree(&text)
    }
}
