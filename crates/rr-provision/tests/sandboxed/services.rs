//! Services in sandboxes: provisioned, spoken to from outside and inside, stopped, resumed.

use std::io::{BufRead, BufReader, Write};
use std::sync::Arc;
use std::time::Duration;

use rr_core::{
    CancelToken, EngineError, EngineErrorKind, EnvBinding, ProvisionedService, ServiceKind,
    ServiceProvider, ServiceRequirement,
};
use rr_provision::Services;

use crate::workshop::{Printed, Sandbox, Workshop};

fn requirement(kind: ServiceKind) -> ServiceRequirement {
    ServiceRequirement {
        kind,
        version: None,
        port: None,
        user: "app".to_owned(),
        password: "s3cret/x".to_owned(),
        databases: vec!["app_db".to_owned(), "app-other".to_owned()],
        extensions: Vec::new(),
        bindings: vec![EnvBinding {
            name: "SERVICE_URL".to_owned(),
            template: "x://{user}:{password}@{host}:{port}/{database}".to_owned(),
        }],
        evidence: Vec::new(),
    }
}

fn services(shop: &Workshop) -> Services {
    Services::new(shop.tools.clone())
}

/// A sandbox in which the host or a layer has the server.
fn sandbox(shop: &Workshop, kind: ServiceKind) -> Sandbox {
    sandbox_for(shop, &requirement(kind))
}

fn sandbox_for(shop: &Workshop, requirement: &ServiceRequirement) -> Sandbox {
    let packages = services(shop).packages_for(requirement);
    let names: Vec<&str> = packages.iter().map(|package| package.name.as_str()).collect();
    let made = shop.layer(&names);
    assert_eq!(made.missing, Vec::<String>::new());
    Sandbox::open(made.layer.into_iter().collect())
}

fn try_provision(
    shop: &Workshop,
    sandbox: &Sandbox,
    requirement: &ServiceRequirement,
) -> Result<ProvisionedService, EngineError> {
    let (sink, cancel) = (Arc::new(Printed), CancelToken::default());
    services(shop).provision(requirement, sandbox.executor.as_ref(), sink, &cancel)
}

fn provision(
    shop: &Workshop,
    sandbox: &Sandbox,
    wanted: &ServiceRequirement,
) -> ProvisionedService {
    try_provision(shop, sandbox, wanted).unwrap_or_else(|error| panic!("{error}"))
}

/// Sends one line from outside and reads one back.
fn ask(sandbox: &Sandbox, port: u16, line: &str) -> String {
    let stream = sandbox.executor.connect(port, Duration::from_secs(5)).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    let mut reader = BufReader::new(stream);
    reader.get_mut().write_all(format!("{line}\r\n").as_bytes()).unwrap();
    let mut answer = String::new();
    reader.read_line(&mut answer).unwrap();
    answer.trim_end().to_owned()
}

#[test]
fn postgres_has_the_user_and_databases_and_goes_on_with_its_data() {
    let shop = Workshop::shared();
    let sandbox = sandbox(&shop, ServiceKind::Postgres);
    let mut wanted = requirement(ServiceKind::Postgres);
    wanted.extensions = vec!["hstore".to_owned(), "no-such-extension".to_owned()];
    let service = provision(&shop, &sandbox, &wanted);
    assert_eq!(service.port, 5432);
    assert!(service.version.starts_with(|c: char| c.is_ascii_digit()), "{}", service.version);
    assert_eq!(service.env["SERVICE_URL"], "x://app:s3cret%2Fx@127.0.0.1:5432/app_db");
    let psql = "PGPASSWORD=s3cret/x /usr/lib/postgresql/*/bin/psql -X -h 127.0.0.1 -U app -At";
    let sql = "create table kept(n int); insert into kept values (42); \
               select 'a=>1'::hstore -> 'a'; show is_superuser";
    let made = sandbox.sh(&format!("{psql} -d app_db -c \"{sql}\""));
    assert!(made.exit.success() && made.tail.ends_with("1\non\n"), "{}", made.tail);
    assert!(
        sandbox
            .sh(&format!("{psql} -d app-other -c 'create database made_by_tests'"))
            .exit
            .success()
    );
    // A second one in the same run does not collide with the first.
    let second = provision(&shop, &sandbox, &wanted);
    assert_eq!(second.port, 5433);
    second.process.stop();

    service.process.stop();
    assert!(sandbox.executor.connect(5432, Duration::from_secs(1)).is_err());
    let again = provision(&shop, &sandbox, &wanted);
    assert_eq!(again.port, 5432);
    let kept = sandbox.sh(&format!("{psql} -d app_db -c 'select n from kept'"));
    assert_eq!(kept.tail.trim(), "42");
    again.process.stop();
}

#[test]
fn an_extension_of_a_package_of_its_own_is_brought_along() {
    let shop = Workshop::shared();
    let mut wanted = requirement(ServiceKind::Postgres);
    wanted.extensions = vec!["postgis".to_owned()];
    let sandbox = sandbox_for(&shop, &wanted);
    let service = provision(&shop, &sandbox, &wanted);
    let made = sandbox.sh("/usr/lib/postgresql/*/bin/psql -X -h 127.0.0.1 -U app -At -d app_db \
         -c \"select st_astext(st_point(1, 2))\"");
    assert_eq!(made.tail.trim(), "POINT(1 2)");
    service.process.stop();
}

#[test]
fn a_server_killed_on_the_spot_is_started_again_with_its_data() {
    let shop = Workshop::shared();
    let sandbox = sandbox(&shop, ServiceKind::Postgres);
    let wanted = requirement(ServiceKind::Postgres);
    let service = provision(&shop, &sandbox, &wanted);
    let psql = "/usr/lib/postgresql/*/bin/psql -X -h 127.0.0.1 -U app -At -d app_db";
    let made =
        sandbox.sh(&format!("{psql} -c 'create table kept(n int); insert into kept values (7)'"));
    assert!(made.exit.success(), "{}", made.tail);
    // No SIGTERM and no grace: as when the machine takes the run's processes away.
    let (pid, _) = service.process.identity();
    kill(pid);
    drop(service);
    let again = provision(&shop, &sandbox, &wanted);
    assert_eq!(sandbox.sh(&format!("{psql} -c 'select n from kept'")).tail.trim(), "7");
    again.process.stop();
}

#[expect(clippy::disallowed_methods, reason = "a signal that nobody in the product sends")]
fn kill(pid: u32) {
    let status = std::process::Command::new("kill").args(["-KILL", &pid.to_string()]).status();
    assert!(status.unwrap().success());
}

#[test]
fn two_runs_use_the_same_port_at_once() {
    let shop = Workshop::shared();
    let first = sandbox(&shop, ServiceKind::Redis);
    let second = sandbox(&shop, ServiceKind::Redis);
    let mut wanted = requirement(ServiceKind::Redis);
    (wanted.user, wanted.password, wanted.databases) =
        (String::new(), String::new(), vec!["3".to_owned()]);
    let one = provision(&shop, &first, &wanted);
    let two = provision(&shop, &second, &wanted);
    assert_eq!((one.port, two.port), (6379, 6379));
    assert_eq!(one.env["SERVICE_URL"], "x://:@127.0.0.1:6379/3");
    assert_eq!(ask(&first, 6379, "SET only first"), "+OK");
    assert_eq!(ask(&first, 6379, "EXISTS only"), ":1");
    assert_eq!(ask(&second, 6379, "EXISTS only"), ":0");
    one.process.stop();
    two.process.stop();
}

#[test]
fn redis_keeps_strangers_out_where_a_password_is_asked_for() {
    let shop = Workshop::shared();
    let sandbox = sandbox(&shop, ServiceKind::Redis);
    let service = provision(&shop, &sandbox, &requirement(ServiceKind::Redis));
    assert!(ask(&sandbox, service.port, "PING").starts_with("-NOAUTH"));
    assert_eq!(ask(&sandbox, service.port, "AUTH app s3cret/x"), "+OK");
    assert!(ask(&sandbox, service.port, "AUTH app wrong").starts_with("-WRONGPASS"));
    service.process.stop();
}

#[test]
fn mysql_has_the_user_and_databases_over_the_network() {
    let shop = Workshop::shared();
    let sandbox = sandbox(&shop, ServiceKind::Mysql);
    let wanted = requirement(ServiceKind::Mysql);
    let service = provision(&shop, &sandbox, &wanted);
    assert_eq!(service.port, 3306);
    let client = "MYSQL_PWD=s3cret/x mariadb --no-defaults -h 127.0.0.1 -u app -N";
    let sql = "create database made_by_tests; create table t(n int); insert into t values (5); \
               select plugin from mysql.user where user = 'app' limit 1";
    let made = sandbox.sh(&format!("{client} -e \"{sql}\" app-other"));
    assert_eq!(made.tail.trim(), "mysql_native_password");
    let root = "MYSQL_PWD=s3cret/x mariadb --no-defaults -h 127.0.0.1 -u root -e 'select 1'";
    assert!(sandbox.sh(root).exit.success());
    let refused =
        sandbox.sh("MYSQL_PWD=wrong mariadb --no-defaults -h 127.0.0.1 -u app -e 'select 1'");
    assert!(!refused.exit.success());
    service.process.stop();
    let again = provision(&shop, &sandbox, &wanted);
    assert_eq!(sandbox.sh(&format!("{client} -e 'select n from t' app-other")).tail.trim(), "5");
    again.process.stop();
}

#[test]
fn memcached_and_nats_answer_from_outside() {
    let shop = Workshop::shared();
    let cache = sandbox(&shop, ServiceKind::Memcached);
    let mut wanted = requirement(ServiceKind::Memcached);
    wanted.port = Some(21_211);
    let service = provision(&shop, &cache, &wanted);
    assert_eq!(service.port, 21_211);
    assert_eq!(ask(&cache, service.port, "version"), format!("VERSION {}", service.version));
    service.process.stop();

    let broker = sandbox(&shop, ServiceKind::Nats);
    let service = provision(&shop, &broker, &requirement(ServiceKind::Nats));
    assert_eq!(service.port, 4222);
    assert!(ask(&broker, 4222, "PING").starts_with("INFO {"));
    service.process.stop();
}

#[test]
fn rabbitmq_lets_the_user_open_its_virtual_host() {
    let shop = Workshop::shared();
    let broker = sandbox(&shop, ServiceKind::Rabbitmq);
    let mut wanted = requirement(ServiceKind::Rabbitmq);
    wanted.databases = vec!["/".to_owned()];
    let service = provision(&shop, &broker, &wanted);
    assert_eq!(service.port, 5672);
    assert!(service.version.starts_with(|c: char| c.is_ascii_digit()), "{}", service.version);
    assert_eq!(service.env["SERVICE_URL"], "x://app:s3cret%2Fx@127.0.0.1:5672/%2F");
    service.process.stop();
    assert!(broker.executor.connect(5672, Duration::from_secs(1)).is_err());
    // Its data is there already.
    provision(&shop, &broker, &wanted).process.stop();
}

#[test]
fn what_cannot_be_had_says_so_with_the_way_out() {
    let shop = Workshop::shared();
    let sandbox = Sandbox::open(Vec::new());
    let refused = try_provision(&shop, &sandbox, &requirement(ServiceKind::Mongodb)).err().unwrap();
    assert_eq!(refused.kind, EngineErrorKind::Environment);
    assert!(refused.hint.unwrap().contains("--env SERVICE_URL="));
    assert!(services(&shop).packages(ServiceKind::Mongodb).is_empty());
    // No layer brings the server: the error names it at once.
    let absent =
        try_provision(&shop, &sandbox, &requirement(ServiceKind::Memcached)).err().unwrap();
    assert!(absent.message.contains("memcached"), "{absent}");
}

#[test]
fn names_that_break_out_of_their_lines_are_refused() {
    let shop = Workshop::shared();
    let sandbox = Sandbox::open(Vec::new());
    let mut wanted = requirement(ServiceKind::Redis);
    wanted.password = "x\nrename-command CONFIG x".to_owned();
    let refused = try_provision(&shop, &sandbox, &wanted).err().unwrap();
    assert_eq!(refused.kind, EngineErrorKind::Refused);
}
