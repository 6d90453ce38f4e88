//! Miners on broken files: every sample cut at every place, and pieces of one put into another.

use rr_core::MemoryRepo;

use super::mine;

#[rustfmt::skip]
const SAMPLES: &[(&str, &str)] = &[
    (".github/workflows/ci.yml", "env: {A: '${{ matrix.x }}'}\njobs:\n  t:\n    strategy: {matrix: {x: [1, 2], include: [{x: 3}]}}\n    services: {pg: {image: 'postgres:15', ports: ['1:5432']}}\n    steps:\n    - uses: actions/setup-go@v5\n      with: {go-version: '${{ matrix.x }}'}\n    - run: |\n        export B=\"$(x \"y\")\" && (cd a/../.. ; make -C b test) || true\n        cat <<'E' > f\n        E\n        echo \"C=d\" >> $GITHUB_ENV\n"),
    (".gitlab-ci.yml", "image: python:3.1\n.b: &b {services: [redis]}\nt:\n  <<: *b\n  extends: [.b]\n  script: [['a'], pytest]\n"),
    (".travis.yml", "python: ['3.6']\nenv: {global: [A=b], jobs: ['C=d E=\"f g\"']}\nscript: tox\n"),
    (".circleci/config.yml", "jobs: {t: {docker: [{image: 'cimg/go:1.1'}], steps: [x, {run: {command: 'go test'}}]}}\ncommands: {x: {steps: [x]}}\n"),
    ("azure-pipelines.yml", "stages: [{jobs: [{job: a, steps: [{bash: pytest, workingDirectory: ../..}]}]}]\n"),
    ("Dockerfile", "ARG V=3\nFROM a AS b\nCOPY --from=b /x /y\nWORKDIR /x/${V}\nRUN <<EOF\napt-get install -y a\nEOF\nENV A b c\nCMD [\"a\", \"b\\\"c\"]\n"),
    ("docker-compose.yml", "services:\n  d: {image: 'mysql:${V:-8}', ports: ['${P:-1}:3306']}\n  w: {build: {context: ../x}, command: ['a', 'b'], environment: [A=b, C]}\n"),
    (".devcontainer/devcontainer.json", "{ /* x */ \"image\": \"a:1-2\", \"postCreateCommand\": [\"a\", \"é\"], // y\n}"),
    ("Makefile", "A ?= $(B)\nB = $(A)\nall: x y; echo $$HOME\nx::\n\t@$(MAKE) -C $(A)\ny: A = 1\n\té ${A}\n"),
    ("justfile", "x := 'y'\nt a='b': u\n  @echo {{a}}\nu:\n\tls\n"),
    ("Taskfile.yml", "tasks: {t: {deps: [{task: u}], cmds: [a, {task: u}, {cmd: b}]}, u: b}\n"),
    ("package.json", "{\"scripts\": {\"test\": \"a && b\", \"é\": \"yarn é\"}}"),
    ("tox.ini", "[testenv]\ndeps =\n  a{posargs:b}\ncommands =\n  {py,x}-y: pytest {posargs:{env:A:b}} \\\n  -q\n[testenv:é]\nsetenv =\n  A = {env:B}\n"),
    ("pyproject.toml", "[tool.tox.env_run_base]\ncommands = [[\"a\", {replace = \"posargs\", default = [\"é\"]}]]\n[tool.poe.tasks]\na = [\"b\", {cmd = \"c\"}]\n"),
    ("noxfile.py", "@nox.session(python=['3.11'])\ndef t(session):\n    session.run('a', f\"{b}\", env={'c': 'd'}, *[\n    session.install('é'\n"),
    ("README.md", "# é\n```sh\n$ a \\\n  b\nout\n```\n    $ c\n~~~\nunclosed $(\n"),
    (".env.example", "export A=\"é\nB='c' # d\n=\nE\n"),
    ("mise.toml", "[tools]\npython = ['3.1']\njava = {version = 'é-1'}\n"),
    (".tool-versions", "nodejs  é\njava\n"),
    ("Procfile", "web: a\nrelease:\n:é\n"),
    ("app.json", "{\"env\": {\"A\": null}, \"addons\": [1, \"heroku-redis:é\", {\"plan\": 2}]}"),
    (".drone.yml", "steps:\n- {name: é, image: 'a:1', commands: [b]}\n---\nservices: {c: {image: redis}}\n"),
    ("Jenkinsfile", "/* x */ stage('é') { dir(\"a/..\") { sh \"\"\"\nb 'c' ${d}\n\"\"\" ; sh 'e' } } // sh\n"),
    ("fly.toml", "[env]\nA = 'é'\n[[services]]\ninternal_port = 1\n[[services.http_checks]]\npath = '/é'\n"),
    ("render.yaml", "services: [{type: web, rootDir: ../.., startCommand: 'é', envVars: [{key: A}]}]\n"),
    ("netlify.toml", "[build]\nbase = '..'\ncommand = 'é'\n"),
    ("railway.json", "{\"deploy\": {\"startCommand\": \"é\", \"healthcheckPath\": 1}}"),
    ("Vagrantfile", "provision inline: <<-S\né\nS\nforwarded_port guest: 1\ninline: 'x'\n"),
    ("flake.nix", "python3 go_1_ jdk é nodejs_20"),
];

#[test]
fn broken_files_break_nothing() {
    for (path, text) in SAMPLES {
        for at in (0..=text.len()).filter(|at| text.is_char_boundary(*at)) {
            let _ = mine(&MemoryRepo::new([(*path, &text[..at])]));
            let _ = mine(&MemoryRepo::new([(*path, &text[at..])]));
        }
    }
}

#[test]
fn files_under_each_others_names_break_nothing() {
    for (path, _) in SAMPLES {
        for (_, text) in SAMPLES {
            let _ = mine(&MemoryRepo::new([(*path, *text)]));
        }
    }
}
