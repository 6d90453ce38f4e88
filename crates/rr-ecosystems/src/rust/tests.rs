//! Detection and plans on trees in memory.

use rr_core::{
    Command, EnvironmentReport, MemoryRepo, ProbeKind, RunPlan, StepKind, UnitKind, UnitRole,
};

use crate::analysis::{analyze_view, plan_view};

fn plan(files: &[(&str, &str)]) -> (rr_core::Analysis, RunPlan) {
    let repo = MemoryRepo::new(files.iter().map(|(p, t)| (*p, *t)));
    let analysis = analyze_view(&repo);
    let environment =
        EnvironmentReport { arch: "x86_64".to_owned(), ..EnvironmentReport::default() };
    let plan = plan_view(&repo, &analysis, &environment, None).unwrap();
    (analysis, plan)
}

fn commands(plan: &RunPlan) -> Vec<String> {
    plan.steps.iter().map(|step| step.command.to_string()).collect()
}

const LIBRARY: &[(&str, &str)] = &[
    ("Cargo.toml", "[package]\nname = \"my-lib\"\nversion = \"1.0.0\"\nedition = \"2021\"\n"),
    ("src/lib.rs", "pub fn a() {}\n"),
];

#[test]
fn a_library_without_lockfile_is_fetched_built_linked_and_tested() {
    let (analysis, plan) = plan(LIBRARY);
    assert_eq!(analysis.units[0].kind, UnitKind::Library);
    assert_eq!(
        commands(&plan),
        [
            "cargo fetch --target x86_64-unknown-linux-gnu",
            "cargo build",
            "cargo test --no-run",
            "bash @{tools}/recorder/cargo/load-library.sh my_lib",
            "cargo test --no-fail-fast",
        ]
    );
    let test = plan.of_kind(StepKind::Test).next().unwrap();
    assert_eq!(test.env["CARGO_NET_OFFLINE"], "true");
    assert!(test.env["CARGO_TARGET_X86_64_UNKNOWN_LINUX_GNU_RUNNER"].ends_with("run-test.sh"));
}

#[test]
fn ci_flags_reach_build_and_tests() {
    let ci = "on: push\njobs:\n  test:\n    runs-on: ubuntu-latest\n    env:\n      RUSTFLAGS: -D warnings\n    \
              steps:\n      - run: cargo test --workspace --all-features --verbose -- --test-threads 1\n";
    let mut files = LIBRARY.to_vec();
    files.push(("Cargo.lock", "version = 4\n"));
    files.push((".github/workflows/ci.yml", ci));
    let (_, plan) = plan(&files);
    let commands = commands(&plan);
    assert!(commands.contains(&"cargo build --locked --workspace --all-features".to_owned()));
    assert!(
        commands.contains(
            &"cargo test --no-fail-fast --locked --workspace --all-features -- --test-threads 1"
                .to_owned()
        )
    );
    assert!(plan.steps.iter().all(|step| !step.env.contains_key("RUSTFLAGS")));
}

#[test]
fn members_of_a_workspace_have_no_plan_of_their_own() {
    let (analysis, plan) = plan(&[
        ("Cargo.toml", "[workspace]\nmembers = [\"crates/*\"]\n"),
        ("crates/core/Cargo.toml", "[package]\nname = \"core-lib\"\nversion = \"1.0.0\"\n"),
        ("crates/core/src/lib.rs", ""),
        ("crates/cli/Cargo.toml", "[package]\nname = \"cli\"\nversion = \"1.0.0\"\n"),
        ("crates/cli/src/main.rs", "fn main() { println!(\"hello from the command line\"); }"),
    ]);
    let roles: Vec<_> = analysis.units.iter().map(|u| (u.path.as_str(), u.role)).collect();
    assert_eq!(roles[0], ("", UnitRole::Primary));
    assert!(roles[1..].iter().all(|(_, role)| *role == UnitRole::Member));
    assert_eq!(plan.of_kind(StepKind::Test).count(), 1);
    let start = plan.of_kind(StepKind::Start).next().unwrap();
    assert!(start.command.to_string().starts_with("target/debug/cli --version"));
}

#[test]
fn a_server_among_programs_is_started_and_probed() {
    let (_, plan) = plan(&[
        (
            "Cargo.toml",
            "[package]\nname = \"mini\"\nversion = \"1.0.0\"\n[dependencies]\ntokio = \"1\"\n",
        ),
        ("src/lib.rs", "pub mod server;\npub const DEFAULT_PORT: u16 = 6379;\n"),
        ("src/server.rs", "pub async fn run() {}"),
        ("src/bin/cli.rs", "fn main() {}"),
        (
            "src/bin/mini-server.rs",
            "async fn main() { let l = TcpListener::bind(&format!(\"127.0.0.1:{}\", port)).await; }",
        ),
    ]);
    let start = plan.of_kind(StepKind::Start).next().unwrap();
    assert_eq!(start.command, Command::argv(["target/debug/mini-server"]));
    let probe = start.probe.as_ref().unwrap();
    assert_eq!((probe.kind.clone(), probe.expected_port), (ProbeKind::Tcp, Some(6379)));
}

#[test]
fn checked_queries_get_a_database_of_the_compilers_own() {
    let (_, plan) = plan(&[
        (
            "Cargo.toml",
            "[package]\nname = \"app\"\nversion = \"1.0.0\"\n[dependencies]\naxum = \"0.5\"\n\
             sqlx = { version = \"0.6\", features = [\"postgres\"] }\n",
        ),
        ("src/main.rs", "fn main() { sqlx::query!(\"select 1\"); TcpListener::bind(a); }"),
        ("migrations/2_b.sql", "select 2;"),
        ("migrations/1_a.sql", "select 1;"),
        ("migrations/1_a.down.sql", "select 0;"),
    ]);
    let migrate = plan.of_kind(StepKind::Migrate).next().unwrap().command.to_string();
    let (a, b) = (migrate.find("1_a.sql").unwrap(), migrate.find("2_b.sql").unwrap());
    assert!(a < b && !migrate.contains("down"));
    let build = plan.of_kind(StepKind::Build).next().unwrap();
    assert!(
        build
            .command
            .to_string()
            .starts_with("DATABASE_URL=\"${DATABASE_URL%/*}/sqlx_compile_check\"")
    );
    let start = plan.of_kind(StepKind::Start).next().unwrap();
    assert_eq!(
        start.command,
        Command::argv(["target/debug/app"]),
        "the program migrates by itself"
    );
}

#[test]
fn crates_of_the_lockfile_name_system_packages() {
    let mut files = LIBRARY.to_vec();
    files.push((
        "Cargo.lock",
        "version = 4\n\n[[package]]\nname = \"openssl-sys\"\nversion = \"0.9\"\n",
    ));
    let (_, plan) = plan(&files);
    let names: Vec<_> = plan.system_packages.iter().map(|p| p.name.as_str()).collect();
    assert!(names.contains(&"libssl-dev") && names.contains(&"gcc"), "{names:?}");
}

#[test]
fn programs_on_the_usual_web_crates_are_services_that_are_asked_over_http() {
    let axum = "fn main() { let app = Router::new().route(\"/up\", get(up)); \
                TcpListener::bind(\"127.0.0.1:7000\"); axum::serve(l, app); }";
    let actix = "#[get(\"/up\")] async fn up() {}\n\
                 fn main() { HttpServer::new(f).bind((\"127.0.0.1\", 7000)).run(); }";
    for (name, version, main) in [("axum", "0.8", axum), ("actix-web", "4", actix)] {
        let manifest = format!(
            "[package]\nname = \"site\"\nversion = \"1.0.0\"\n[dependencies]\n{name} = \"{version}\"\n"
        );
        let (analysis, plan) = plan(&[("Cargo.toml", &manifest), ("src/main.rs", main)]);
        let unit = &analysis.units[0];
        assert_eq!(unit.kind, UnitKind::Service, "{name}");
        assert!(unit.frameworks.iter().any(|framework| framework == name), "{unit:?}");
        let probe = plan.of_kind(StepKind::Start).next().unwrap().probe.clone().unwrap();
        assert!(matches!(probe.kind, ProbeKind::Http { .. }), "{name}: {probe:?}");
        assert_eq!(probe.expected_port, Some(7000), "{name}");
    }
}
