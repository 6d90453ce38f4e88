//! The compose file: databases that are asked whether they are up, then the application, then,
//! under the profile `test`, the tests.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::yaml::{self, Document};
use super::{ExportFile, dockerfile, recipe, services};
use crate::error::RecipeError;
use crate::lock::{LockedService, RecipeLock};

pub(super) fn files(lock: &RecipeLock) -> Result<Vec<ExportFile>, RecipeError> {
    let mut all = Document::new();
    let mut volumes = Document::new();
    for service in &lock.services {
        all = all.with(name(service), database(service));
        if data_folder(service).is_some() {
            volumes =
                volumes.with(&format!("{}-data", name(service)), json!({ "driver": "local" }));
        }
    }
    if recipe::service(lock).is_some() {
        all = all.with("app", application(lock));
    }
    if recipe::tests(lock).next().is_some() {
        all = all.with("test", tests(lock));
    }
    if all.is_empty() {
        all = all.with("app", json!({ "build": { "context": ".", "target": "build" } }));
    }
    let document = Document::new().with("services", all).with("volumes", volumes);
    let remarks = yaml::remarks(&recipe::required(lock), "your environment");
    let mut files = vec![yaml::file(lock, "compose.yaml", document, &remarks)?];
    files.extend(dockerfile::files(lock));
    Ok(files)
}

pub(super) fn name(service: &LockedService) -> &'static str {
    service.kind.as_str()
}

/// In compose files `$` begins a variable and `$$` is a dollar sign.
fn literal(value: &str) -> String {
    value.replace('$', "$$")
}

/// A database as a service of a compose file.
pub(super) fn database(service: &LockedService) -> Value {
    let environment: BTreeMap<&str, String> = services::image_variables(service)
        .into_iter()
        .map(|(name, value)| (name, literal(&value)))
        .collect();
    let health = services::health(service).map(|words| {
        let words = words.iter().map(|word| literal(word));
        let test: Vec<String> = std::iter::once("CMD".to_owned()).chain(words).collect();
        json!({ "test": test, "interval": "2s", "timeout": "5s", "retries": 30 })
    });
    let data = data_folder(service).map(|folder| vec![format!("{}-data:{folder}", name(service))]);
    Document::new()
        .with("image", services::image(service))
        .with("environment", json!(environment))
        .with("healthcheck", json!(health))
        .with("volumes", json!(data))
        .into()
}

fn data_folder(service: &LockedService) -> Option<&'static str> {
    use rr_core::ServiceKind::{Memcached, Mongodb, Mysql, Nats, Postgres, Rabbitmq, Redis};
    match service.kind {
        // From version 18 on the image keeps its data one level higher.
        Postgres if services::major(service) >= 18 => Some("/var/lib/postgresql"),
        Postgres => Some("/var/lib/postgresql/data"),
        Mysql => Some("/var/lib/mysql"),
        Mongodb => Some("/data/db"),
        Rabbitmq => Some("/var/lib/rabbitmq"),
        Redis | Memcached | Nats => None,
    }
}

/// What waits for the databases.
fn depends(lock: &RecipeLock) -> Value {
    let mut depends = Document::new();
    for service in &lock.services {
        let asked = services::health(service).is_some();
        let condition = if asked { "service_healthy" } else { "service_started" };
        depends = depends.with(name(service), json!({ "condition": condition }));
    }
    depends.into()
}

fn environment(lock: &RecipeLock) -> Value {
    let bound = services::bound(lock, |s| name(s).to_owned(), |s| services::port(s.kind));
    let mut environment: BTreeMap<String, String> =
        bound.into_iter().map(|(name, value)| (name, literal(&value))).collect();
    for name in recipe::required(lock) {
        environment.insert(name.to_owned(), format!("${{{name}:?set {name}}}"));
    }
    json!(environment)
}

fn application(lock: &RecipeLock) -> Value {
    let port = recipe::service(lock).and_then(recipe::port);
    let published = port.map(|port| vec![format!("127.0.0.1:{port}:{port}")]);
    Document::new()
        .with("build", json!({ "context": ".", "target": "runtime" }))
        .with("environment", environment(lock))
        .with("ports", json!(published))
        .with("depends_on", depends(lock))
        .into()
}

fn tests(lock: &RecipeLock) -> Value {
    Document::new()
        .with("build", json!({ "context": ".", "target": "test" }))
        .with("profiles", json!(["test"]))
        .with("environment", environment(lock))
        .with("depends_on", depends(lock))
        .into()
}
