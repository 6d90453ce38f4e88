//! From the variables that a repository's files set to templates that a run fills in.
//!
//! Generic: a variable is bound because of what its value holds (an address, a port, a name, a
//! password of the service) and because its name does not speak of another service.

use std::collections::BTreeMap;

use rr_core::{Analysis, EnvBinding, ServiceKind, Trust};

use super::service_settings::Endpoint;
use crate::miners::{Mined, usual_port, variables::valid_name};

/// A variable with the value a file gives it.
#[derive(Clone, Debug)]
pub(super) struct Variable {
    pub(super) name: String,
    pub(super) value: String,
    pub(super) trust: Trust,
}

/// How a service is reached in the repository's own set-up.
#[derive(Clone, Debug)]
pub(super) struct Access {
    pub(super) hosts: Vec<String>,
    pub(super) port: u16,
    pub(super) user: String,
    pub(super) password: String,
    /// The first is the one in URLs.
    pub(super) databases: Vec<String>,
}

/// Everything that looks like the own machine or a container's gateway.
pub(super) const LOCAL: &[&str] =
    &["localhost", "127.0.0.1", "0.0.0.0", "::1", "host.docker.internal", "172.17.0.1"];

/// The variables of CI's test jobs, containers and `.env` templates, CI's first.
pub(super) fn variables(analysis: &Analysis, mined: &Mined) -> Vec<Variable> {
    let mut found: Vec<Variable> = Vec::new();
    let mut add = |name: &str, value: &str, trust: Trust| {
        if valid_name(name)
            && !value.is_empty()
            && !found.iter().any(|v| v.name == name && v.value == value)
        {
            found.push(Variable { name: name.to_owned(), value: value.to_owned(), trust });
        }
    };
    for command in &analysis.commands {
        for (name, value) in &command.env {
            add(name, value, command.evidence.trust);
        }
    }
    for variable in &mined.variables {
        add(&variable.name, &variable.value, variable.evidence.trust);
    }
    found.sort_by_key(|variable| std::cmp::Reverse(variable.trust));
    found
}

impl Access {
    /// The product's own defaults.
    pub(super) fn of_kind(kind: ServiceKind) -> Self {
        Self {
            hosts: LOCAL.iter().map(|host| (*host).to_owned()).collect(),
            port: usual_port(kind),
            user: String::new(),
            password: String::new(),
            databases: Vec::new(),
        }
    }

    /// What the service's image is told: `POSTGRES_USER`, `MYSQL_ROOT_PASSWORD`, …
    pub(super) fn take_image_variables(&mut self, kind: ServiceKind, env: &BTreeMap<&str, &str>) {
        let first = |names: &[&str]| {
            names
                .iter()
                .find_map(|name| env.get(name))
                .filter(|value| !value.contains("${") && !value.is_empty())
                .map(|value| (*value).to_owned())
        };
        let (user, password, database): (&[&str], &[&str], &[&str]) = match kind {
            ServiceKind::Postgres => (
                &["POSTGRES_USER", "POSTGRESQL_USERNAME"],
                &["POSTGRES_PASSWORD", "POSTGRESQL_PASSWORD"],
                &["POSTGRES_DB", "POSTGRESQL_DATABASE"],
            ),
            ServiceKind::Mysql => (
                &["MYSQL_USER", "MARIADB_USER"],
                &[
                    "MYSQL_PASSWORD",
                    "MARIADB_PASSWORD",
                    "MYSQL_ROOT_PASSWORD",
                    "MARIADB_ROOT_PASSWORD",
                ],
                &["MYSQL_DATABASE", "MARIADB_DATABASE"],
            ),
            ServiceKind::Mongodb => (
                &["MONGO_INITDB_ROOT_USERNAME"],
                &["MONGO_INITDB_ROOT_PASSWORD"],
                &["MONGO_INITDB_DATABASE"],
            ),
            ServiceKind::Rabbitmq => (
                &["RABBITMQ_DEFAULT_USER"],
                &["RABBITMQ_DEFAULT_PASS"],
                &["RABBITMQ_DEFAULT_VHOST"],
            ),
            _ => (&[], &[], &[]),
        };
        self.user = first(user).unwrap_or_default();
        self.password = first(password).unwrap_or_default();
        self.databases.extend(first(database));
    }

    /// What URLs of this kind in variables say. Where no file starts the service, the first URL
    /// also gives the port.
    pub(super) fn take_urls(&mut self, kind: ServiceKind, variables: &[Variable], port: bool) {
        let mut first = true;
        for url in variables.iter().filter_map(|v| Url::parse(kind, &v.value)) {
            if first && self.user.is_empty() {
                self.user = url.user.to_owned();
                self.password = url.password.to_owned();
            }
            if let Some(number) = url.port.parse().ok().filter(|_| port && first) {
                self.port = number;
            }
            if literal(url.database) && !self.databases.iter().any(|known| known == url.database) {
                self.databases.push(url.database.to_owned());
            }
            first = false;
        }
    }

    /// What the program's own configuration says: the service is made to suit it.
    pub(super) fn take_endpoint(&mut self, endpoint: &Endpoint, databases: Vec<String>) {
        self.port = endpoint.port.unwrap_or(self.port);
        self.user.clone_from(&endpoint.user);
        self.password.clone_from(&endpoint.password);
        self.databases.extend(databases);
    }

    /// Fills in what nothing said, and drops placeholders.
    pub(super) fn finish(&mut self, kind: ServiceKind) {
        let (user, database) = match kind {
            ServiceKind::Postgres => ("postgres", "postgres"),
            ServiceKind::Mysql => ("root", "test"),
            ServiceKind::Rabbitmq => ("guest", "/"),
            ServiceKind::Mongodb => ("", "test"),
            _ => ("", ""),
        };
        if !literal(&self.user) {
            self.user = user.to_owned();
        }
        if !literal(&self.password) {
            self.password = match kind {
                ServiceKind::Rabbitmq => "guest".to_owned(),
                ServiceKind::Postgres => "postgres".to_owned(),
                _ => String::new(),
            };
        }
        self.databases.retain(|name| literal(name));
        if self.databases.is_empty() && !database.is_empty() {
            let named = kind == ServiceKind::Postgres;
            self.databases.push(if named { self.user.clone() } else { database.to_owned() });
        }
        // Redis numbers its databases: there is nothing to create.
        if matches!(kind, ServiceKind::Redis | ServiceKind::Memcached | ServiceKind::Nats) {
            self.databases.clear();
        }
    }

    fn is_host(&self, text: &str) -> bool {
        self.hosts.iter().any(|host| host == text)
    }

    fn is_port(&self, kind: ServiceKind, text: &str) -> bool {
        text.parse::<u16>().is_ok_and(|port| port == self.port || port == usual_port(kind))
    }
}

/// The bindings of a service. `generic` says whether names such as `DB_HOST` speak of it.
pub(super) fn bindings(
    kind: ServiceKind,
    access: &Access,
    variables: &[Variable],
    generic: bool,
) -> Vec<EnvBinding> {
    let mut found: Vec<EnvBinding> = Vec::new();
    for variable in variables {
        if found.iter().any(|binding| binding.name == variable.name) {
            continue;
        }
        if let Some(template) = template(kind, access, variable, generic) {
            found.push(EnvBinding { name: variable.name.clone(), template });
        }
    }
    // A name or a password alone says nothing: something must say where the service is.
    let placed = found.iter().any(|b| ["{host}", "{port}"].iter().any(|m| b.template.contains(m)));
    if placed { found } else { Vec::new() }
}

/// The URL of a service as a template.
pub(super) fn url_template(kind: ServiceKind) -> Option<&'static str> {
    match kind {
        ServiceKind::Postgres => Some("postgresql://{user}:{password}@{host}:{port}/{database}"),
        ServiceKind::Mysql => Some("mysql://{user}:{password}@{host}:{port}/{database}"),
        _ => None,
    }
}

/// The variables by which a product's clients find it where no file of the repository says so.
pub(super) fn by_convention(kind: ServiceKind) -> Vec<EnvBinding> {
    let at = "{user}:{password}@{host}:{port}";
    let pairs = match kind {
        ServiceKind::Postgres => vec![
            ("DATABASE_URL", format!("postgresql://{at}/{{database}}")),
            ("PGHOST", "{host}".to_owned()),
            ("PGPORT", "{port}".to_owned()),
            ("PGUSER", "{user}".to_owned()),
            ("PGPASSWORD", "{password}".to_owned()),
            ("PGDATABASE", "{database}".to_owned()),
        ],
        ServiceKind::Mysql => vec![("DATABASE_URL", format!("mysql://{at}/{{database}}"))],
        ServiceKind::Redis => vec![("REDIS_URL", "redis://{host}:{port}".to_owned())],
        ServiceKind::Mongodb => {
            vec![("MONGODB_URI", "mongodb://{host}:{port}/{database}".to_owned())]
        }
        ServiceKind::Rabbitmq => vec![("AMQP_URL", format!("amqp://{at}/"))],
        ServiceKind::Memcached => vec![("MEMCACHED_SERVERS", "{host}:{port}".to_owned())],
        ServiceKind::Nats => vec![("NATS_URL", "nats://{host}:{port}".to_owned())],
    };
    let named = |(name, template): (&str, String)| EnvBinding { name: name.to_owned(), template };
    pairs.into_iter().map(named).collect()
}

fn template(
    kind: ServiceKind,
    access: &Access,
    variable: &Variable,
    generic: bool,
) -> Option<String> {
    let (name, value) = (variable.name.to_ascii_uppercase(), variable.value.as_str());
    if let Some(url) = Url::parse(kind, value) {
        return Some(url.template(access));
    }
    if !speaks_of(kind, &name, generic) || image_variable(kind, &name) {
        return None;
    }
    let has = |words: &[&str]| words.iter().any(|word| name.contains(word));
    if let Some((host, port)) = value.split_once(':')
        && access.is_host(host)
        && access.is_port(kind, port)
    {
        return Some("{host}:{port}".to_owned());
    }
    if access.is_host(value) && has(&["HOST", "SERVER", "ADDR", "NODE", "ENDPOINT"]) {
        return Some("{host}".to_owned());
    }
    if has(&["PORT"]) && value.parse::<u16>().is_ok() {
        return Some("{port}".to_owned());
    }
    if has(&["PASS", "PWD"]) && !access.password.is_empty() {
        return Some("{password}".to_owned());
    }
    if has(&["USER"]) && !access.user.is_empty() {
        return Some("{user}".to_owned());
    }
    let at = access.databases.iter().position(|database| database == value)?;
    let named = has(&["NAME", "DATABASE", "DBNAME"]) || name.ends_with("DB");
    named.then(|| if at == 0 { "{database}".to_owned() } else { value.to_owned() })
}

/// Whether a variable's name speaks of a service of this kind.
fn speaks_of(kind: ServiceKind, name: &str, generic: bool) -> bool {
    let own: &[&str] = match kind {
        ServiceKind::Postgres => &["PG", "POSTGRES", "PSQL"],
        ServiceKind::Mysql => &["MYSQL", "MARIADB"],
        ServiceKind::Redis => &["REDIS", "VALKEY"],
        ServiceKind::Mongodb => &["MONGO"],
        ServiceKind::Rabbitmq => &["RABBIT", "AMQP"],
        ServiceKind::Memcached => &["MEMCACHE"],
        ServiceKind::Nats => &["NATS"],
    };
    if own.iter().any(|word| name.contains(word)) {
        return true;
    }
    let others = [
        "PG", "POSTGRES", "MYSQL", "MARIADB", "REDIS", "MONGO", "RABBIT", "AMQP", "MEMCACHE",
        "NATS", "SMTP", "MAIL", "KAFKA", "ELASTIC", "MSSQL", "ORACLE",
    ];
    let words: &[&str] = match kind {
        ServiceKind::Postgres | ServiceKind::Mysql | ServiceKind::Mongodb => {
            &["DB", "DATABASE", "SQL", "DATASOURCE", "JDBC"]
        }
        ServiceKind::Redis => &["CACHE", "BROKER"],
        _ => &["BROKER"],
    };
    generic && words.iter().any(|w| name.contains(w)) && !others.iter().any(|o| name.contains(o))
}

/// Variables that the service's own image reads; the code may read them as well, so those that
/// also tell a host stay bound through their siblings.
fn image_variable(kind: ServiceKind, name: &str) -> bool {
    kind == ServiceKind::Postgres
        && matches!(name, "POSTGRES_INITDB_ARGS" | "POSTGRES_HOST_AUTH_METHOD")
        || kind == ServiceKind::Mysql && name.contains("ALLOW_EMPTY")
}

/// Whether a text is a real name and no placeholder: `{user}`, `<name>`, `$DB`.
fn literal(text: &str) -> bool {
    !text.is_empty() && !text.contains(['{', '}', '<', '>', '$', '[', ' ', '/', '%'])
}

/// The parts of a service's URL.
pub(super) struct Url<'a> {
    scheme: &'a str,
    pub(super) user: &'a str,
    pub(super) password: &'a str,
    pub(super) host: &'a str,
    pub(super) port: &'a str,
    pub(super) database: &'a str,
    query: &'a str,
    credentials: bool,
}

impl<'a> Url<'a> {
    /// `postgresql+asyncpg://user:password@host:port/database?query`, of the service's kind.
    pub(super) fn parse(kind: ServiceKind, text: &'a str) -> Option<Self> {
        let (scheme, rest) = text.split_once("://")?;
        let base = scheme.trim_start_matches("jdbc:").split('+').next()?;
        let schemes: &[&str] = match kind {
            ServiceKind::Postgres => &["postgres", "postgresql", "psql", "postgis", "pgsql"],
            ServiceKind::Mysql => &["mysql", "mariadb", "mysql2"],
            ServiceKind::Redis => &["redis", "rediss"],
            ServiceKind::Mongodb => &["mongodb"],
            ServiceKind::Rabbitmq => &["amqp", "amqps", "pyamqp"],
            ServiceKind::Memcached => &["memcached", "memcache"],
            ServiceKind::Nats => &["nats"],
        };
        if !schemes.contains(&base) || rest.contains(char::is_whitespace) {
            return None;
        }
        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (credentials, place) = match rest.rsplit_once('@') {
            Some((credentials, place)) => (Some(credentials), place),
            None => (None, rest),
        };
        let (address, database) = place.split_once('/').unwrap_or((place, ""));
        let (user, password) =
            credentials.map_or(("", ""), |text| text.split_once(':').unwrap_or((text, "")));
        let (host, port) = address.rsplit_once(':').unwrap_or((address, ""));
        let credentials = credentials.is_some();
        Some(Self { scheme, user, password, host, port, database, query, credentials })
    }

    fn template(&self, access: &Access) -> String {
        let database = match self.database {
            "" => String::new(),
            name if access.databases.first().map(String::as_str) == Some(name)
                || !literal(name) =>
            {
                "/{database}".to_owned()
            }
            name => format!("/{name}"),
        };
        let database = if access.databases.is_empty() && !self.database.is_empty() {
            format!("/{}", self.database)
        } else {
            database
        };
        let query = if self.query.is_empty() { String::new() } else { format!("?{}", self.query) };
        // JDBC addresses name no user before the host.
        if self.scheme.starts_with("jdbc:") && !self.credentials {
            return format!("{}://{{host}}:{{port}}{database}{query}", self.scheme);
        }
        let credentials =
            match (self.credentials || !access.user.is_empty(), access.user.is_empty()) {
                (true, false) => "{user}:{password}@",
                _ => "",
            };
        format!("{}://{credentials}{{host}}:{{port}}{database}{query}", self.scheme)
    }
}
