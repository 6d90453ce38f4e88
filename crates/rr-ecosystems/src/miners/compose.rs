//! Compose files: databases and brokers, ports, variables and commands of what is built here.

use std::collections::BTreeMap;
use std::rc::Rc;

use rr_core::{FactKey, Trust};

use super::collected::{Mined, Place, Script};
use super::command_line::join;
use super::images;
use super::yaml::{self, Node};

/// Mines one compose file.
pub(super) fn mine(path: &str, text: &str, mined: &mut Mined) {
    let root = match yaml::parse(text) {
        Ok(root) => root,
        Err(error) => {
            mined.notes.push(format!("`{path}` not read: {error}"));
            return;
        }
    };
    let place = Place { path, rule: "compose", trust: Trust::Container };
    let services = root.get("services").map(Node::pairs).unwrap_or_default();
    for (name, service) in services {
        let service = &extended(services, service);
        let image = service.text_of("image").map(defaulted).unwrap_or_default();
        let evidence = place.at(service.line, &format!("{name}: {image}"));
        match images::service(&image, name, evidence) {
            Some(found) if service.get("build").is_none() => {
                backing_service(found, service, mined);
            }
            _ => {
                own_service(&place, name, service, mined);
                order(&place, services, service, mined);
            }
        }
    }
}

/// A service with what it takes over from another of the same file, where it says nothing itself.
fn extended(services: &[(Rc<str>, Node)], service: &Node) -> Node {
    let base = service.get("extends").and_then(|extends| {
        let name = extends.text_of("service").or_else(|| extends.text())?;
        let own = extends.get("file").is_none();
        services.iter().find(|(known, _)| own && &**known == name).map(|(_, node)| node)
    });
    let Some(base) = base else { return service.clone() };
    let mut pairs: Vec<(Rc<str>, Node)> = service.pairs().to_vec();
    for (key, node) in base.pairs() {
        if !pairs.iter().any(|(known, _)| known == key) {
            pairs.push((Rc::clone(key), node.clone()));
        }
    }
    Node { line: service.line, value: yaml::Value::Map(Rc::new(pairs)) }
}

/// What a service that is built here waits for: databases by kind, others by their folder.
fn order(place: &Place<'_>, services: &[(Rc<str>, Node)], service: &Node, mined: &mut Mined) {
    let Some(unit) = context_folder(place, service) else { return };
    let Some(needs) = service.get("depends_on") else { return };
    let named: Vec<(&str, u32)> = match needs.pairs() {
        [] => needs.items().iter().filter_map(|item| Some((item.text()?, item.line))).collect(),
        pairs => pairs.iter().map(|(name, node)| (&**name, node.line)).collect(),
    };
    for (name, line) in named {
        let Some((_, other)) = services.iter().find(|(known, _)| &**known == name) else {
            continue;
        };
        let image = other.text_of("image").map(defaulted).unwrap_or_default();
        let evidence = place.at(line, &format!("depends_on: {name}"));
        let value = match images::service(&image, name, evidence.clone()) {
            Some(found) if other.get("build").is_none() => found.kind.as_str().to_owned(),
            _ => match context_folder(place, other) {
                Some(folder) => format!("./{folder}"),
                None => continue,
            },
        };
        mined.fact(FactKey::StartsAfter, &unit, &value, evidence);
    }
}

fn backing_service(mut found: super::collected::MinedService, service: &Node, mined: &mut Mined) {
    let ports = service.get("ports").map(Node::items).unwrap_or_default();
    found.port = ports.iter().find_map(|port| match port.text() {
        Some(text) => images::published(&defaulted(text), found.kind),
        None => port.text_of("published").and_then(|p| p.parse().ok()),
    });
    found.env = variables(service).into_iter().map(|(name, value, _)| (name, value)).collect();
    found.optional = service.get("profiles").is_some_and(|p| !p.texts().is_empty());
    mined.services.push(found);
}

fn own_service(place: &Place<'_>, name: &str, service: &Node, mined: &mut Mined) {
    let folder = context_folder(place, service);
    let unit = folder.clone().unwrap_or_else(|| place.folder().to_owned());
    let mut env = BTreeMap::new();
    for (name, value, line) in variables(service) {
        mined.variable(&name, &value, &unit, place.at(line, &format!("{name}: {value}")));
        env.insert(name, value);
    }
    if service.get("build").is_none() {
        return;
    }
    for port in service.get("ports").map(Node::items).unwrap_or_default() {
        let inner = match port.text() {
            Some(text) => defaulted(text).rsplit(':').next().unwrap_or("").to_owned(),
            None => port.text_of("target").unwrap_or("").to_owned(),
        };
        let inner = inner.split('/').next().unwrap_or("").to_owned();
        if inner.parse::<u16>().is_ok() {
            mined.fact(FactKey::Port, &unit, &inner, place.at(port.line, &inner));
        }
    }
    health_path(place, &unit, service, mined);
    let Some(command) = service.get("command") else { return };
    let text = match command.text() {
        Some(text) => text.to_owned(),
        None => {
            command.texts().iter().map(|w| rr_core::command::quote(w)).collect::<Vec<_>>().join(" ")
        }
    };
    let text = text
        .strip_prefix("sh -c ")
        .or_else(|| text.strip_prefix("bash -c "))
        .map_or(text.clone(), |inner| inner.trim_matches(['"', '\'']).to_owned());
    mined.script(
        place,
        Script {
            text: &text,
            line: command.line,
            cwd: folder.as_deref(),
            env: &env,
            context: name,
        },
    );
}

/// The folder that a service is built from.
fn context_folder(place: &Place<'_>, service: &Node) -> Option<String> {
    let build = service.get("build")?;
    let context = build.text_of("context").or_else(|| build.text()).unwrap_or(".");
    join(place.folder(), context)
}

/// `test: curl -f http://localhost:8000/health` names a path that answers.
fn health_path(place: &Place<'_>, unit: &str, service: &Node, mined: &mut Mined) {
    let Some(test) = service.get("healthcheck").and_then(|check| check.get("test")) else { return };
    for text in test.texts() {
        if let Some(path) = local_path(text) {
            mined.fact(FactKey::HealthPath, unit, path, place.at(test.line, text));
        }
    }
}

/// The path that a health check asks of its own machine: `curl -f http://localhost:8000/health`.
pub(super) fn local_path(check: &str) -> Option<&str> {
    let (_, url) =
        check.split_once("http://localhost").or_else(|| check.split_once("http://127.0.0.1"))?;
    let url = url.split([' ', '"', '\'', '|', ')', ']']).next().unwrap_or("");
    url.find('/').map(|at| &url[at..])
}

fn variables(service: &Node) -> Vec<(String, String, u32)> {
    let found = service.get("environment").map(Node::variables).unwrap_or_default();
    found.into_iter().map(|(name, value, line)| (name, defaulted(&value), line)).collect()
}

/// `${NAME:-default}` and `${NAME-default}` as their default; `${NAME}` stays.
pub(super) fn defaulted(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(start) = rest.find("${") {
        let Some(length) = rest[start..].find('}') else { break };
        let inner = &rest[start + 2..start + length];
        out.push_str(&rest[..start]);
        match inner.split_once(":-").or_else(|| inner.split_once('-')) {
            Some((_, default)) => out.push_str(default),
            None => out.push_str(&rest[start..=start + length]),
        }
        rest = &rest[start + length + 1..];
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use rr_core::{CommandClass, ServiceKind};

    #[test]
    fn a_service_takes_over_what_it_extends_and_waits_for_others() {
        let mut mined = Mined::default();
        mine(
            "compose.yml",
            "services:\n  base:\n    build: ./api\n    ports: ['80:8000']\n  web:\n    extends: base\n    command: pytest\n    depends_on: [db, base]\n  db:\n    image: postgres\n",
            &mut mined,
        );
        assert_eq!(mined.commands[0].cwd, "api");
        let waits: Vec<_> = mined
            .facts
            .iter()
            .filter(|fact| fact.key == FactKey::StartsAfter)
            .map(|fact| format!("{} {} {:?}", fact.unit, fact.value, fact.evidence.line))
            .collect();
        assert_eq!(waits, ["api postgres Some(8)", "api ./api Some(8)"]);
    }

    #[test]
    fn backing_services_and_own_services_are_told_apart() {
        let mut mined = Mined::default();
        mine(
            "docker-compose.yml",
            "services:\n  db:\n    image: postgres:${PG:-15}\n    ports: ['5433:5432']\n\
             \x20   environment:\n      - POSTGRES_PASSWORD=pw\n  cache:\n    image: redis\n    profiles: [extra]\n\
             \x20 web:\n    build: ./api\n    command: uvicorn app:app\n    ports: ['${P:-80}:8000']\n\
             \x20   environment:\n      DATABASE_URL: postgres://postgres:pw@db/app\n\
             \x20   healthcheck: {test: ['CMD', 'curl', '-f', 'http://localhost:8000/health']}\n",
            &mut mined,
        );
        let db = &mined.services[0];
        assert_eq!(
            (db.kind, db.port, db.version.as_deref()),
            (ServiceKind::Postgres, Some(5433), Some("15"))
        );
        assert!(mined.services[1].optional);
        assert_eq!(mined.commands[0].class, CommandClass::Start);
        assert_eq!(mined.commands[0].cwd, "api");
        let has = |key: FactKey, value: &str| {
            mined.facts.iter().any(|f| f.key == key && f.value == value && f.unit == "api")
        };
        assert!(has(FactKey::Port, "8000") && has(FactKey::HealthPath, "/health"));
        assert_eq!(mined.variables[0].name, "DATABASE_URL");
    }
}
