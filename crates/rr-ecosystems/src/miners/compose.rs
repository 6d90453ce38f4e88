//! Compose files: databases and brokers, ports, variables and commands of what is built here.

use std::collections::BTreeMap;
use std::rc::Rc;

use rr_core::{Evidence, FactKey, RepoView, Trust};

use super::collected::{Mined, Place, Script};
use super::command_line::join;
use super::compose_files;
use super::images;
use super::yaml::{self, Node};

/// Whether a file of this name is a compose file.
pub(super) fn is_file(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    (lower.ends_with(".yml") || lower.ends_with(".yaml"))
        && (lower.starts_with("docker-compose") || lower.starts_with("compose"))
}

/// Mines one compose file, with the files that it names.
pub(super) fn mine(repo: &dyn RepoView, path: &str, text: &str, mined: &mut Mined) {
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
        let service = &compose_files::extended(repo, path, services, service);
        let variables = variables(repo, &place, service);
        let image = service.text_of("image").map(defaulted).unwrap_or_default();
        let evidence = place.at(service.line, &format!("{name}: {image}"));
        match images::service(&image, name, evidence) {
            Some(found) if service.get("build").is_none() => {
                backing_service(found, service, &variables, mined);
            }
            _ => {
                own_service(&place, name, service, &variables, mined);
                order(&place, services, service, mined);
            }
        }
    }
}

/// What a service that is built here waits for: databases by kind, others by their folder.
fn order(place: &Place<'_>, services: &[(Rc<str>, Node)], service: &Node, mined: &mut Mined) {
    let Some(unit) = context_folder(place, service) else { return };
    let Some(needs) = service.get("depends_on") else { return };
    let named: Vec<(&str, u32, Option<&str>)> = match needs.pairs() {
        [] => {
            needs.items().iter().filter_map(|item| Some((item.text()?, item.line, None))).collect()
        }
        pairs => {
            let named = pairs.iter();
            named.map(|(name, node)| (&**name, node.line, node.text_of("condition"))).collect()
        }
    };
    for (name, line, condition) in named {
        let Some((_, other)) = services.iter().find(|(known, _)| &**known == name) else {
            continue;
        };
        let image = other.text_of("image").map(defaulted).unwrap_or_default();
        let condition = condition.map(|text| format!(" ({text})")).unwrap_or_default();
        let evidence = place.at(line, &format!("depends_on: {name}{condition}"));
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

fn backing_service(
    mut found: super::collected::MinedService,
    service: &Node,
    variables: &[Variable],
    mined: &mut Mined,
) {
    let ports = service.get("ports").map(Node::items).unwrap_or_default();
    found.port = ports.iter().find_map(|port| match port.text() {
        Some(text) => images::published(&defaulted(text), found.kind),
        None => port.text_of("published").and_then(|p| p.parse().ok()),
    });
    let pair = |(name, value, _): &Variable| (name.clone(), value.clone());
    found.env = variables.iter().map(pair).collect();
    found.optional = service.get("profiles").is_some_and(|p| !p.texts().is_empty());
    mined.services.push(found);
}

fn own_service(
    place: &Place<'_>,
    name: &str,
    service: &Node,
    variables: &[Variable],
    mined: &mut Mined,
) {
    let folder = context_folder(place, service);
    let unit = folder.clone().unwrap_or_else(|| place.folder().to_owned());
    let mut env = BTreeMap::new();
    for (name, value, evidence) in variables {
        mined.variable(name, value, &unit, evidence.clone());
        env.insert(name.clone(), value.clone());
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

/// A variable of a service: name, value, place.
type Variable = (String, String, Evidence);

/// The variables that a service is given, those of its own file ruling over its files of variables.
fn variables(repo: &dyn RepoView, place: &Place<'_>, service: &Node) -> Vec<Variable> {
    let mut found = compose_files::variables(repo, place, service);
    for (name, value, line) in service.get("environment").map(Node::variables).unwrap_or_default() {
        let value = defaulted(&value);
        let evidence = place.at(line, &format!("{name}: {value}"));
        found.retain(|(known, ..)| *known != name);
        found.push((name, value, evidence));
    }
    found
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
    use rr_core::{CommandClass, MemoryRepo, ServiceKind};

    fn mined(files: &[(&str, &str)]) -> Mined {
        let repo = MemoryRepo::new(files.iter().copied());
        let mut mined = Mined::default();
        mine(&repo, files[0].0, files[0].1, &mut mined);
        mined
    }

    #[test]
    fn files_of_variables_and_services_of_other_files_count() {
        let mined = mined(&[
            (
                "ops/compose.yml",
                "services:\n  web:\n    extends: {file: ../base.yml, service: app}\n    env_file: [a.env, {path: b.env}]\n\
                 \x20   environment: {MODE: own}\n    depends_on: {db: {condition: service_healthy}}\n\
                 \x20 db:\n    image: postgres\n    env_file: a.env\n",
            ),
            (
                "base.yml",
                "services:\n  app:\n    extends: root\n    command: pytest\n  root:\n    build: ./api\n",
            ),
            ("ops/a.env", "MODE=file\nPOSTGRES_DB=shop\n"),
            ("ops/b.env", "PORT=80\n"),
        ]);
        assert_eq!(
            (mined.commands[0].line.as_str(), mined.commands[0].cwd.as_str()),
            ("pytest", "api")
        );
        assert_eq!(mined.services[0].env["POSTGRES_DB"], "shop");
        let shown: Vec<_> = mined
            .variables
            .iter()
            .map(|v| format!("{}={} {}", v.name, v.value, v.evidence.place()))
            .collect();
        assert_eq!(
            shown,
            [
                "POSTGRES_DB=shop ops/a.env:2 (compose.env-file)",
                "PORT=80 ops/b.env:1 (compose.env-file)",
                "MODE=own ops/compose.yml:5 (compose)",
            ]
        );
        let waits = mined.facts.iter().find(|fact| fact.key == FactKey::StartsAfter).unwrap();
        assert_eq!(waits.evidence.excerpt, "depends_on: db (service_healthy)");
    }

    #[test]
    fn services_that_extend_each_other_in_a_circle_end() {
        let mined = mined(&[(
            "compose.yml",
            "services:\n  a: {extends: b, build: .}\n  b: {extends: a}\n  c: {extends: c}\n",
        )]);
        assert!(mined.services.is_empty());
    }

    #[test]
    fn a_service_takes_over_what_it_extends_and_waits_for_others() {
        let mined = mined(&[(
            "compose.yml",
            "services:\n  base:\n    build: ./api\n    ports: ['80:8000']\n  web:\n    extends: base\n    command: pytest\n    depends_on: [db, base]\n  db:\n    image: postgres\n",
        )]);
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
        let mined = mined(&[(
            "docker-compose.yml",
            "services:\n  db:\n    image: postgres:${PG:-15}\n    ports: ['5433:5432']\n\
             \x20   environment:\n      - POSTGRES_PASSWORD=pw\n  cache:\n    image: redis\n    profiles: [extra]\n\
             \x20 web:\n    build: ./api\n    command: uvicorn app:app\n    ports: ['${P:-80}:8000']\n\
             \x20   environment:\n      DATABASE_URL: postgres://postgres:pw@db/app\n\
             \x20   healthcheck: {test: ['CMD', 'curl', '-f', 'http://localhost:8000/health']}\n",
        )]);
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
