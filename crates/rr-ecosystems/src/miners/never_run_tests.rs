//! Commands that deploy, publish or destroy never become a step, wherever they stand.

use rr_core::{CommandClass, EnvironmentReport, MemoryRepo, RunPlan};

use super::classify;
use crate::analysis::{analyze_view, plan_view};

/// Commands that no run may ever repeat.
#[rustfmt::skip]
const FORBIDDEN: &[&str] = &[
    "rm -rf data", "rm -rf /", "sudo rm -rf /srv", "dd if=/dev/zero of=/dev/sda", "dropdb app", "mkfs.ext4 /dev/sda1",
    "npm publish", "yarn publish", "pnpm publish", "cargo publish", "twine upload dist/*",
    "poetry publish --build", "uv publish", "flit publish", "hatch publish", "gem push a.gem",
    "git push --tags", "docker push x/y", "gh release create v1", "goreleaser release",
    "kubectl apply -f k8s", "helm upgrade a b", "terraform apply -auto-approve", "heroku deploy",
    "vercel --prod", "netlify deploy --prod", "fly deploy", "flyctl deploy", "gcloud app deploy",
    "aws s3 sync . s3://b", "az webapp up", "ansible-playbook site.yml", "cap deploy",
    "gh-pages -d dist", "kill -9 1", "shutdown -h now",
];

/// Repositories that a command is put into, `{}` at its place.
#[rustfmt::skip]
const PLACES: &[&[(&str, &str)]] = &[
    &[(".github/workflows/ci.yml", "jobs:\n  test:\n    runs-on: ubuntu-latest\n    steps:\n    - run: |\n        pytest\n        {}\n")],
    &[(".github/workflows/ci.yml", "jobs:\n  test:\n    runs-on: ubuntu-latest\n    steps:\n    - run: pytest && {}\n")],
    &[(".gitlab-ci.yml", "test:\n  script:\n    - pytest\n    - {}\n")],
    &[(".travis.yml", "install: {}\nscript:\n  - {}\n")],
    &[("Dockerfile", "FROM python:3.12\nCOPY . .\nRUN {}\nCMD {}\n")],
    &[("Procfile", "web: {}\nrelease: {}\n")],
    &[("Makefile", "test:\n\t{}\n\ninstall:\n\t{}\n"), (".github/workflows/ci.yml", "jobs:\n  t:\n    runs-on: ubuntu-latest\n    steps:\n    - run: make install\n    - run: make test\n")],
    &[("tox.ini", "[testenv]\ncommands =\n  {}\n"), (".travis.yml", "script: tox\n")],
    &[("run.sh", "#!/bin/sh\n{}\n"), ("scripts/test.sh", "#!/bin/sh\n{}\n"), (".travis.yml", "script: ./scripts/test.sh\n")],
    &[("README.md", "# Run\n\n```sh\npip install .\n{}\n```\n")],
    &[("fly.toml", "[processes]\napp = '{}'\n[deploy]\nrelease_command = '{}'\n")],
    &[("render.yaml", "services:\n- type: web\n  buildCommand: {}\n  startCommand: {}\n")],
    &[("compose.yml", "services:\n  web:\n    build: .\n    command: {}\n")],
    &[(".devcontainer/devcontainer.json", "{\"postCreateCommand\": \"{}\"}")],
];

/// Prime to the number of commands, so that no command is always left out.
const STRIDE: usize = 11;

/// The project around them.
const PROJECTS: &[&[(&str, &str)]] = &[
    &[
        ("pyproject.toml", "[project]\nname = \"a\"\nversion = \"1\"\n"),
        ("a/__init__.py", "x = 1\n"),
        ("tests/test_a.py", "def test(): ...\n"),
    ],
    &[
        (
            "package.json",
            "{\"name\": \"a\", \"version\": \"1.0.0\", \"scripts\": {\"test\": \"mocha\"}}",
        ),
        ("index.js", "x\n"),
    ],
    &[
        ("Cargo.toml", "[package]\nname = \"a\"\nversion = \"0.1.0\"\n"),
        ("src/main.rs", "fn main() {}\n"),
    ],
    &[("go.mod", "module a.b/c\n\ngo 1.22\n"), ("main.go", "package main\n\nfunc main() {}\n")],
    &[("CMakeLists.txt", "project(a)\nadd_executable(a a.c)\n"), ("a.c", "int main() {}\n")],
    &[("lib.sh", "#!/bin/sh\n"), ("test/a.bats", "@test 'x' { true; }\n")],
];

fn plan(project: &[(&str, &str)], place: &[(&str, &str)], command: &str) -> RunPlan {
    let filled = place.iter().map(|(path, text)| ((*path).to_owned(), text.replace("{}", command)));
    let own = project.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned()));
    let repo = MemoryRepo::new(own.chain(filled));
    let analysis = analyze_view(&repo);
    plan_view(&repo, &analysis, &EnvironmentReport::default(), None).unwrap()
}

#[test]
fn what_deploys_publishes_or_destroys_has_a_class_of_its_own() {
    let own = |class| {
        matches!(class, CommandClass::Deploy | CommandClass::Publish | CommandClass::Destructive)
    };
    let others: Vec<_> = FORBIDDEN
        .iter()
        .map(|command| (command, classify(command)))
        .filter(|(_, class)| !own(*class))
        .collect();
    assert!(others.is_empty(), "{others:?}");
}

/// Every command stands in every place, every place in every project; of all three together one in
/// eleven is tried, spread evenly.
#[test]
fn forbidden_commands_never_become_a_step() {
    let projects = PROJECTS.iter();
    let places = projects.flat_map(|project| PLACES.iter().map(move |place| (project, place)));
    let all = places.flat_map(|(p, place)| FORBIDDEN.iter().map(move |c| (p, place, c)));
    for (project, place, command) in all.step_by(STRIDE) {
        let plan = plan(project, place, command);
        for step in &plan.steps {
            let line = step.command.to_string();
            assert!(!line.contains(command), "{place:?}: {} runs `{line}`", step.id);
        }
    }
}
