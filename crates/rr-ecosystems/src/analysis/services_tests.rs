//! Services on small trees, as a whole analysis finds them.

use crate::analysis::analyze_view;
use rr_core::{MemoryRepo, ServiceKind, ServiceRequirement};

fn services(files: &[(&str, &str)]) -> Vec<ServiceRequirement> {
    let repo = MemoryRepo::new(files.iter().map(|(path, text)| (*path, *text)));
    let mut analysis = analyze_view(&repo);
    // Units depend on ecosystems; what is tested here must not.
    let mined = crate::miners::mine(&repo);
    analysis.services.clear();
    analysis.units = vec![rr_core::Unit {
        path: String::new(),
        ecosystem: rr_core::EcosystemId::new("python"),
        name: "x".to_owned(),
        kind: rr_core::UnitKind::Service,
        role: rr_core::UnitRole::Primary,
        managers: Vec::new(),
        toolchains: Vec::new(),
        frameworks: Vec::new(),
        weight: 1,
        evidence: Vec::new(),
    }];
    super::find(&repo, &mut analysis, &mined);
    analysis.services
}

fn bindings(service: &ServiceRequirement) -> Vec<(&str, &str)> {
    let mut all: Vec<_> =
        service.bindings.iter().map(|b| (b.name.as_str(), b.template.as_str())).collect();
    all.sort_unstable();
    all
}

#[test]
fn a_suites_own_variable_names_are_bound_by_their_values() {
    let found = services(&[(
        ".github/workflows/ci.yml",
        "jobs:\n  t:\n    runs-on: ubuntu-latest\n    services:\n      pg:\n        image: postgres:14\n        env: {POSTGRES_PASSWORD: password, POSTGRES_DB: suite}\n        ports: ['5499:5432']\n    env:\n      FOO_TESTDB: suite\n      FOO_TESTDB_HOST: 127.0.0.1\n      FOO_TESTDB_PORT: 5499\n      FOO_TESTDB_USER: postgres\n      FOO_TESTDB_PASSWORD: password\n      OTHER: 5499\n    steps:\n    - run: pytest\n",
    )]);
    let service = &found[0];
    assert_eq!((service.kind, service.port), (ServiceKind::Postgres, Some(5499)));
    assert_eq!((service.user.as_str(), service.password.as_str()), ("postgres", "password"));
    assert_eq!(service.databases, ["suite"]);
    assert_eq!(
        bindings(service),
        [
            ("FOO_TESTDB", "{database}"),
            ("FOO_TESTDB_HOST", "{host}"),
            ("FOO_TESTDB_PASSWORD", "{password}"),
            ("FOO_TESTDB_PORT", "{port}"),
            ("FOO_TESTDB_USER", "{user}"),
        ]
    );
}

#[test]
fn an_example_env_with_a_url_needs_a_declared_driver() {
    let env =
        (".env.example", "DATABASE_URL=postgresql+asyncpg://me:pw@db:5432/app?x=1\nSECRET=s\n");
    assert!(services(&[env]).is_empty());
    let found = services(&[env, ("requirements.txt", "asyncpg==0.29\n")]);
    let service = &found[0];
    assert_eq!(
        (service.user.as_str(), service.databases.as_slice()),
        ("me", ["app".to_owned()].as_slice())
    );
    assert_eq!(
        bindings(service),
        [("DATABASE_URL", "postgresql+asyncpg://{user}:{password}@{host}:{port}/{database}?x=1")]
    );
}

#[test]
fn placeholders_are_no_names() {
    let found = services(&[
        (".env.sample", "DATABASE_URL=postgresql://{user}:{password}@{hostname}/{database-name}\n"),
        ("Cargo.toml", "[dependencies]\nsqlx = { version = \"0.5\", features = [\"postgres\"] }\n"),
    ]);
    let service = &found[0];
    assert_eq!((service.user.as_str(), service.databases[0].as_str()), ("postgres", "postgres"));
    assert_eq!(
        bindings(service),
        [("DATABASE_URL", "postgresql://{user}:{password}@{host}:{port}/{database}")]
    );
}

#[test]
fn compose_without_a_driver_is_a_remark() {
    let compose = (
        "compose.yml",
        "services:\n  db: {image: 'mysql:8', environment: {MYSQL_DATABASE: a}}\n  web:\n    build: .\n    environment: {DB_HOST: db, DB_PORT: 3306, DB_PASSWORD: ''}\n",
    );
    assert!(services(&[compose]).is_empty());
    let found = services(&[compose, ("package.json", "{\"dependencies\": {\"mysql2\": \"^3\"}}")]);
    assert_eq!(bindings(&found[0]), [("DB_HOST", "{host}"), ("DB_PORT", "{port}")]);
}

#[test]
fn a_side_service_of_ci_without_variables_is_on_its_usual_port() {
    let found = services(&[(
        ".github/workflows/ci.yml",
        "jobs:\n  t:\n    services: {r: {image: redis}}\n    steps:\n    - run: npm test\n",
    )]);
    assert_eq!((found[0].kind, found[0].port), (ServiceKind::Redis, Some(6379)));
    assert!(found[0].bindings.is_empty() && found[0].databases.is_empty());
}

#[test]
fn addresses_from_ci_do_not_hide_the_real_ones() {
    let binding = rr_core::EnvBinding { name: "DB_HOST".to_owned(), template: "{host}".to_owned() };
    let mut found = services(&[(
        ".github/workflows/ci.yml",
        "jobs:\n  t:\n    services: {r: {image: redis}}\n    steps:\n    - run: npm test\n",
    )]);
    found[0].bindings = vec![binding];
    let id = rr_core::EcosystemId::new("python");
    let command = rr_core::Command::shell("true");
    let step = rr_core::Step::new("t", &id, "", rr_core::StepKind::Test, "t", command)
        .with_env("DB_HOST", "localhost")
        .with_env("MODE", "x");
    let mut plan =
        rr_core::RunPlan { services: found, steps: vec![step], ..rr_core::RunPlan::default() };
    super::leave_to_bindings(&mut plan);
    assert_eq!(plan.steps[0].env.keys().collect::<Vec<_>>(), ["MODE"]);
}

#[test]
fn jdbc_addresses_keep_their_user_apart() {
    let found = services(&[
        ("pom.xml", "<artifactId>postgresql</artifactId>"),
        (
            "compose.yaml",
            "services:\n  db:\n    image: postgres:16\n    environment: {POSTGRES_USER: u, POSTGRES_PASSWORD: p, POSTGRES_DB: d}\n  app:\n    build: .\n    environment:\n      SPRING_DATASOURCE_URL: jdbc:postgresql://db:5432/d\n      SPRING_DATASOURCE_USERNAME: u\n",
        ),
    ]);
    assert_eq!(
        bindings(&found[0]),
        [
            ("SPRING_DATASOURCE_URL", "jdbc:postgresql://{host}:{port}/{database}"),
            ("SPRING_DATASOURCE_USERNAME", "{user}"),
        ]
    );
}

#[test]
fn what_a_program_configures_on_its_own_machine_is_provided_there() {
    let ini = "[database]\nType = mysql\nUser = root\nPassword = pw\nHost = 127.0.0.1:3307\nName = app\n\
               [redis]\nHost = 127.0.0.1:6379\n";
    let found = services(&[("go.mod", "module x\n"), ("conf/app.ini", ini)]);
    let mysql = &found[0];
    assert_eq!((mysql.kind, mysql.port), (ServiceKind::Mysql, Some(3307)));
    assert_eq!((mysql.user.as_str(), mysql.password.as_str()), ("root", "pw"));
    assert_eq!((&mysql.databases[..], mysql.bindings.len()), (&["app".to_owned()][..], 0));
    assert_eq!(found[1].kind, ServiceKind::Redis);
    // What somebody else's configuration or a profile of its own says is none of the default's.
    let other = services(&[
        ("examples/conf/app.ini", ini),
        (
            "src/main/resources/application-mysql.properties",
            "spring.datasource.url=jdbc:mysql://localhost/x\n",
        ),
    ]);
    assert!(other.is_empty(), "{other:?}");
}

#[test]
fn settings_modules_and_compose_agree_on_one_database() {
    let config = "class Config(BaseSettings):\n    URL: str = \"mysql+aiomysql://app:pw@localhost:3306/app\"\n";
    let compose = "services:\n  db:\n    image: mysql:8\n    ports: ['3399:3306']\n    environment: {MYSQL_USER: app, MYSQL_PASSWORD: pw}\n";
    let found = services(&[
        ("pyproject.toml", "[project]\nname = 'x'\ndependencies = ['aiomysql']\n"),
        ("core/config.py", config),
        ("docker/docker-compose.yml", compose),
    ]);
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].user.as_str(), &found[0].databases[..]), ("app", &["app".to_owned()][..]));
    assert_eq!(found[0].port, Some(3306));
}
