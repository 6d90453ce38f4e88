//! Databases in configuration files: groups of keys that say what is where, as whom.
//!
//! Knows the words in which such groups are written, whatever the file's format; must not know
//! which files are read.

use rr_core::ServiceKind;

use super::service_bindings::{LOCAL, Url};
use crate::miners::yaml::{self, Node, Value};

/// A database or broker as configuration finds it on the own machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Endpoint {
    pub(super) kind: ServiceKind,
    pub(super) port: Option<u16>,
    pub(super) user: String,
    pub(super) password: String,
    pub(super) database: String,
    /// Line of the group's first key, from 1.
    pub(super) line: u32,
}

/// A value with the names that lead to it.
#[derive(Clone, Debug)]
struct Setting {
    group: String,
    name: String,
    value: String,
    line: u32,
}

/// Most values looked at in one file.
const LIMIT: usize = 2000;

/// The endpoints that a file configures. Groups for production are left out; `database` is the
/// kind of a group that only says that it is one.
pub(super) fn endpoints(path: &str, text: &str, database: Option<ServiceKind>) -> Vec<Endpoint> {
    let mut settings = Vec::new();
    if path.ends_with(".json") || path.ends_with(".yml") || path.ends_with(".yaml") {
        if let Ok(node) = yaml::parse(text) {
            flatten("", &node, &mut settings);
        }
    } else {
        lines(text, &mut settings);
    }
    let mut groups: Vec<&str> = Vec::new();
    for setting in &settings {
        if !groups.contains(&setting.group.as_str()) && groups.len() < LIMIT {
            groups.push(&setting.group);
        }
    }
    let mut found: Vec<Endpoint> = Vec::new();
    for group in groups.into_iter().filter(|group| !elsewhere(group)) {
        let own: Vec<&Setting> = settings.iter().filter(|s| s.group == group).collect();
        let one = endpoint(group, &own, database);
        found.extend(one.filter(|endpoint| !found.contains(endpoint)));
    }
    found
}

fn elsewhere(group: &str) -> bool {
    group.split('.').any(|part| part.starts_with("prod") || part.starts_with("staging"))
}

fn flatten(group: &str, node: &Node, found: &mut Vec<Setting>) {
    if found.len() >= LIMIT {
        return;
    }
    match &node.value {
        Value::Map(_) => {
            for (name, inner) in node.pairs() {
                // `spring.datasource.url: …` in one key, as well as nested.
                let (above, last) = name.rsplit_once('.').unwrap_or(("", name));
                let group = format!("{group}.{above}").to_ascii_lowercase();
                let group = group.trim_matches('.');
                if let Some(text) = inner.text() {
                    found.push(setting(group, last, text, inner.line));
                } else {
                    flatten(format!("{group}.{last}").trim_matches('.'), inner, found);
                }
            }
        }
        Value::List(_) => node.items().iter().for_each(|item| flatten(group, item, found)),
        Value::Text(_) => {}
    }
}

/// `[section]` and `name = value`, dotted names with values, or `name: {` and `name: value,` of an
/// object in a script.
fn lines(text: &str, found: &mut Vec<Setting>) {
    let mut section = String::new();
    for (at, raw) in text.lines().enumerate().take(LIMIT) {
        let line = raw.trim();
        if line.starts_with(['#', ';', '!', '/']) {
            continue;
        }
        if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            section = name.trim_matches(['[', ']', '"', ' ']).to_ascii_lowercase();
            continue;
        }
        if let Some(name) = line.strip_suffix('{') {
            let plain = |c: char| !c.is_ascii_alphanumeric() && c != '_';
            let name = name.split(plain).rfind(|part| !part.is_empty());
            section = format!("{section}.{}", name.unwrap_or("x").to_ascii_lowercase());
            continue;
        }
        if line.starts_with('}') {
            section = section.rsplit_once('.').map_or("", |(above, _)| above).to_owned();
            continue;
        }
        let Some((name, value)) = line.split_once('=').or_else(|| line.split_once(": ")) else {
            continue;
        };
        let (above, last) = name.trim().rsplit_once('.').unwrap_or(("", name.trim()));
        let parts = [section.as_str(), above];
        let group: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        let line = u32::try_from(at).unwrap_or(0) + 1;
        found.push(setting(&group.join(".").to_ascii_lowercase(), last, value, line));
    }
}

fn setting(group: &str, name: &str, value: &str, line: u32) -> Setting {
    let plain = |c: &char| c.is_ascii_alphanumeric();
    Setting {
        group: group.to_owned(),
        name: name.chars().filter(plain).collect::<String>().to_ascii_lowercase(),
        value: literal(default_of(value).trim_matches(['"', '\'', '`'])),
        line,
    }
}

/// What a script's expression comes to where no variable is set: `process.env.X || "default"`.
fn default_of(value: &str) -> &str {
    let value = value.trim().trim_end_matches([',', ';']).trim();
    let Some((first, default)) = value.split_once("||").or_else(|| value.split_once("??")) else {
        return if value.starts_with("process.env") { "" } else { value };
    };
    if first.contains("process.env") { default.trim() } else { value }
}

/// A value with its placeholders' defaults: `${DB_HOST:localhost}`, `${DB_HOST:-localhost}`.
fn literal(value: &str) -> String {
    let mut out = String::new();
    let mut rest = value;
    while let Some(start) = rest.find("${") {
        let Some(length) = rest[start..].find('}') else { break };
        out.push_str(&rest[..start]);
        let inner = &rest[start + 2..start + length];
        let default = inner.split_once(':').map_or("", |(_, default)| default);
        out.push_str(default.trim_start_matches('-'));
        rest = &rest[start + length + 1..];
    }
    out.push_str(rest);
    out
}

const KINDS: [(ServiceKind, &[&str]); 4] = [
    (ServiceKind::Postgres, &["postgres", "postgresql", "pgsql", "postgis", "pg"]),
    (ServiceKind::Mysql, &["mysql", "mariadb", "mysql2", "mysqli"]),
    (ServiceKind::Redis, &["redis"]),
    (ServiceKind::Rabbitmq, &["rabbitmq", "amqp"]),
];

fn kind_of(word: &str) -> Option<ServiceKind> {
    let lower = word.to_ascii_lowercase();
    let mut parts = lower.split(|c: char| !c.is_ascii_alphanumeric());
    parts.find_map(|part| {
        KINDS.iter().find(|(_, names)| names.contains(&part)).map(|(kind, _)| *kind)
    })
}

fn endpoint(group: &str, own: &[&Setting], database: Option<ServiceKind>) -> Option<Endpoint> {
    let value = |names: &[&str]| {
        names
            .iter()
            .find_map(|name| own.iter().find(|s| s.name == *name && !s.value.is_empty()))
            .map_or("", |setting| setting.value.as_str())
    };
    let user = value(&["user", "username", "dbuser", "usr"]);
    let password = value(&["password", "pass", "passwd", "pwd", "dbpassword", "userpassword"]);
    let line = own.first().map_or(1, |setting| setting.line);
    if let Some(mut found) = own.iter().find_map(|setting| address(&setting.value)) {
        if found.user.is_empty() {
            (found.user, found.password) = (user.to_owned(), password.to_owned());
        }
        return Some(Endpoint { line, ..found });
    }
    let named = value(&["type", "dialect", "driver", "adapter", "client", "engine", "dbtype"]);
    let last = group.rsplit('.').next().unwrap_or(group);
    let generic = || database.filter(|_| matches!(last, "db" | "database" | "datasource" | "sql"));
    let kind = kind_of(named).or_else(|| kind_of(last)).or_else(generic)?;
    let host = value(&["host", "hostname", "server", "addr", "address", "dbhost"]);
    let (host, port) = host.split_once(':').unwrap_or((host, ""));
    let port = if port.is_empty() { value(&["port", "dbport"]) } else { port };
    let database = value(&["database", "dbname", "name", "db", "databasename", "dbdatabase"]);
    let database = if kind == ServiceKind::Redis { "" } else { database };
    // Clients take the own machine where nothing else is said.
    let told = LOCAL.contains(&host) || host.is_empty() && !database.is_empty() && !user.is_empty();
    told.then(|| Endpoint {
        kind,
        port: port.parse().ok(),
        user: user.to_owned(),
        password: password.to_owned(),
        database: database.to_owned(),
        line,
    })
}

/// An address in one text: a URL, `user:password@tcp(host:port)/database`, or
/// `host=localhost user=me dbname=app`.
pub(super) fn address(text: &str) -> Option<Endpoint> {
    let found = |kind, host: &str, port: &str, user: &str, password: &str, database: &str| {
        LOCAL.contains(&host).then(|| Endpoint {
            kind,
            port: port.parse().ok(),
            user: user.to_owned(),
            password: password.to_owned(),
            database: database.to_owned(),
            line: 1,
        })
    };
    for (kind, _) in KINDS {
        if let Some(url) = Url::parse(kind, text) {
            return found(kind, url.host, url.port, url.user, url.password, url.database);
        }
    }
    if let Some((login, rest)) = text.split_once("@tcp(") {
        let (user, password) = login.split_once(':').unwrap_or((login, ""));
        let (place, rest) = rest.split_once(')')?;
        let (host, port) = place.split_once(':').unwrap_or((place, ""));
        let database = rest.trim_start_matches('/').split('?').next().unwrap_or("");
        return found(ServiceKind::Mysql, host, port, user, password, database);
    }
    let word = |name: &str| {
        let start = format!("{name}=");
        text.split_whitespace().find_map(|part| part.strip_prefix(start.as_str())).unwrap_or("")
    };
    if !word("dbname").is_empty() && !word("host").is_empty() {
        let (port, user) = (word("port"), word("user"));
        return found(
            ServiceKind::Postgres,
            word("host"),
            port,
            user,
            word("password"),
            word("dbname"),
        );
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(path: &str, text: &str) -> Vec<(ServiceKind, u16, String)> {
        let shown = |e: Endpoint| {
            (e.kind, e.port.unwrap_or(0), format!("{}:{}/{}", e.user, e.password, e.database))
        };
        endpoints(path, text, None).into_iter().map(shown).collect()
    }

    #[test]
    fn groups_of_keys_say_what_is_where() {
        let ini = "[server]\nHttpPort = 8000\n[database]\nType = mysql\nUser = root\nPassword = pw\n\
                   Host = 127.0.0.1:3307\nName = app\n[redis]\nHost = 127.0.0.1:6379\nPassword =\n";
        let of = |kind, port, text: &str| (kind, port, text.to_owned());
        assert_eq!(
            read("conf/app.ini", ini),
            [of(ServiceKind::Mysql, 3307, "root:pw/app"), of(ServiceKind::Redis, 6379, ":/")]
        );
        let json = r#"{"development": {"username": "root", "password": null, "database": "dev",
            "host": "127.0.0.1", "dialect": "postgres"}, "production": {"dialect": "mysql",
            "host": "localhost", "database": "p"}}"#;
        assert_eq!(read("config/config.json", json)[0].0, ServiceKind::Postgres);
        assert_eq!(read("config/config.json", json).len(), 1);
    }

    #[test]
    fn addresses_in_one_text_are_taken_apart() {
        let of = |kind, port, text: &str| vec![(kind, port, text.to_owned())];
        let spring = "spring.datasource.url=jdbc:mysql://${DB_HOST:localhost}:3306/shop?useSSL=false\n\
                      spring.datasource.username=${DB_USER:me}\nspring.datasource.password=pw\n";
        assert_eq!(
            read("application.properties", spring),
            of(ServiceKind::Mysql, 3306, "me:pw/shop")
        );
        let yaml = "database:\n  dsn: \"root:pw@tcp(localhost:3306)/app?parseTime=true\"\n";
        assert_eq!(read("config.yml", yaml), of(ServiceKind::Mysql, 3306, "root:pw/app"));
        let words = "dsn = \"host=localhost user=me password=pw dbname=app port=5433\"\n";
        assert_eq!(read("config.toml", words), of(ServiceKind::Postgres, 5433, "me:pw/app"));
    }

    #[test]
    fn objects_in_scripts_and_groups_of_a_known_driver_are_read() {
        let module = "module.exports = {\n  HOST: \"localhost\",\n  USER: process.env.U || \"root\",\n  \
                      PASSWORD: \"pw\",\n  DB: \"test\",\n  dialect: \"mysql\",\n  pool: {\n    max: 5\n  }\n};\n";
        let of = |kind, port, text: &str| vec![(kind, port, text.to_owned())];
        assert_eq!(read("db.config.js", module), of(ServiceKind::Mysql, 0, "root:pw/test"));
        let yaml = "db:\n  username: me\n  host: localhost\n  port: \"5432\"\n  dbname: app\n";
        assert!(read("config.yml", yaml).is_empty());
        let known = endpoints("config.yml", yaml, Some(ServiceKind::Postgres));
        assert_eq!((known[0].port, known[0].database.as_str()), (Some(5432), "app"));
    }

    #[test]
    fn other_machines_and_other_things_are_no_endpoints() {
        assert!(read("config.yml", "db:\n  type: postgres\n  host: db.example.com\n").is_empty());
        assert!(read("config.yml", "log:\n  type: file\n  name: x\n  user: y\n").is_empty());
        assert!(read("application.yml", "spring: {datasource: {url: 'jdbc:h2:mem:x'}}").is_empty());
        assert!(read("config.yml", "[").is_empty());
    }
}
