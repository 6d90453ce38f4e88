//! Workflows as repositories write them.

use super::*;
use rr_core::{CommandClass, MemoryRepo, ServiceKind};

fn mined(files: &[(&str, &str)]) -> Mined {
    let repo = MemoryRepo::new(files.iter().map(|(path, text)| (*path, *text)));
    let mut mined = Mined::default();
    mine(&repo, &mut mined);
    mined
}

const WORKFLOW: &str = r#"on: [push]
env: {GLOBAL: g}
jobs:
  test:
    runs-on: ${{ matrix.os }}
    strategy:
      matrix:
        os: [windows-latest, ubuntu-latest]
        python-version: ["3.10", "3.12"]
        db: [postgres]
    services:
      pg:
        image: postgres:15
        env: {POSTGRES_PASSWORD: pw}
        ports: ["5433:5432"]
    defaults: {run: {working-directory: src}}
    steps:
      - uses: actions/checkout@v4
      - uses: actions/setup-python@v5
        with: {python-version: "${{ matrix.python-version }}"}
      - run: sudo apt-get install -y libpq-dev
      - if: matrix.os == 'windows-latest'
        run: choco install x
      - name: Test
        env:
          TEST_DB: ${{ matrix.db }}
          TOKEN: ${{ secrets.TOKEN }}
        run: |
          pip install -e .[test]
          pytest -q
"#;

#[test]
fn an_axis_that_begins_with_nothing_fills_in_nothing() {
    for matrix in ["{features: ['', serde]}", "{include: [{features: , rust: x}]}"] {
        let text = format!(
            "jobs:\n  t:\n    runs-on: ubuntu-latest\n    strategy:\n      matrix: {matrix}\n    \
             steps:\n    - run: cargo test --features \"${{{{ matrix.features }}}}\"\n"
        );
        let mined = mined(&[(".github/workflows/ci.yml", &text)]);
        assert_eq!(mined.commands[0].line, "cargo test --features \"\"", "{matrix}");
    }
}

#[test]
fn jobs_run_on_linux_with_the_first_combination_of_their_matrix() {
    let mined = mined(&[(".github/workflows/ci.yml", WORKFLOW)]);
    let test = mined.commands.iter().find(|c| c.class == CommandClass::Test).unwrap();
    assert_eq!(
        (test.line.as_str(), test.cwd.as_str(), test.context.as_str()),
        ("pytest -q", "src", "test")
    );
    assert_eq!(test.env["TEST_DB"], "postgres");
    assert_eq!(test.env["GLOBAL"], "g");
    assert_eq!(test.evidence.line, Some(30));
    assert!(mined.commands.iter().all(|c| !c.line.contains("choco")));
    let versions: Vec<_> = mined
        .facts
        .iter()
        .filter(|f| f.key == FactKey::Version("python".to_owned()))
        .map(|f| f.value.as_str())
        .collect();
    assert_eq!(versions, ["3.10", "3.12"]);
    let service = &mined.services[0];
    assert_eq!((service.kind, service.port), (ServiceKind::Postgres, Some(5433)));
    assert_eq!(service.env["POSTGRES_PASSWORD"], "pw");
}

#[test]
fn composite_actions_and_reusable_workflows_of_the_tree_are_followed() {
    let mined = mined(&[
        (
            ".github/workflows/ci.yml",
            "on: push\njobs:\n  call:\n    uses: ./.github/workflows/reused.yml\n    with: {go: '1.22'}\n",
        ),
        (
            ".github/workflows/reused.yml",
            "on:\n  workflow_call:\n    inputs:\n      go: {type: string}\n      dir: {default: sub}\njobs:\n  t:\n    runs-on: ubuntu-latest\n    steps:\n    - uses: ./.github/actions/setup\n    - uses: actions/setup-go@v5\n      with: {go-version: '${{ inputs.go }}'}\n    - run: go test ./...\n      working-directory: ${{ inputs.dir }}\n",
        ),
        (
            ".github/actions/setup/action.yml",
            "inputs: {}\nruns:\n  using: composite\n  steps:\n  - run: make deps\n    shell: bash\n",
        ),
    ]);
    let lines: Vec<_> = mined.commands.iter().map(|c| (c.line.as_str(), c.cwd.as_str())).collect();
    assert!(lines.contains(&("make deps", "")) && lines.contains(&("go test ./...", "sub")));
    assert!(mined.facts.iter().any(|f| f.value == "1.22"));
}

#[test]
fn broken_workflows_are_noted() {
    let mined = mined(&[(".github/workflows/x.yml", "a: [")]);
    assert_eq!(mined.notes.len(), 1);
}

#[test]
fn steps_of_other_combinations_count_only_where_they_test() {
    let text = "jobs:\n  t:\n    runs-on: ubuntu-latest\n    strategy:\n      matrix:\n        api: [v1, v2]\n        \
                os: [windows-latest, ubuntu-latest]\n    steps:\n    - if: matrix.api == 'v1'\n      run: pip install 'api<2'\n    \
                - if: matrix.api == 'v2'\n      run: pip install 'api>=2'\n    - if: matrix.os == 'windows-latest'\n      run: npm test -- --partial\n    \
                - if: matrix.os != 'windows-latest'\n      run: npm test\n    - if: matrix.api == 'v2'\n      run: npm run test:${{ matrix.api }}\n";
    let mined = mined(&[(".github/workflows/ci.yml", text)]);
    let lines: Vec<_> = mined.commands.iter().map(|command| command.line.as_str()).collect();
    assert_eq!(lines, ["pip install 'api<2'", "npm test", "npm run test:v2"]);
}
