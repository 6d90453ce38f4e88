//! Files of hosting platforms: `fly.toml`, `render.yaml`, `railway.json`, `railway.toml`,
//! `vercel.json`, `netlify.toml`. They tell ports, health paths, variables and commands.

use std::collections::BTreeMap;

use rr_core::{CommandClass, FactKey, Trust};
use serde_json::Value;
use toml_edit::{DocumentMut, Item};

use super::collected::{Mined, MinedService, Place, Script};
use super::images;
use super::yaml::{self, Node};

/// The miner of a hosting platform's file.
pub(super) fn miner(name: &str) -> Option<fn(&str, &str, &mut Mined)> {
    Some(match name {
        "fly.toml" => fly,
        "render.yaml" => render,
        "railway.json" => railway_json,
        "railway.toml" => railway_toml,
        "vercel.json" => vercel,
        "netlify.toml" => netlify,
        _ => return None,
    })
}

/// A file being read.
struct Reader<'a> {
    place: Place<'a>,
    text: &'a str,
}

impl<'a> Reader<'a> {
    fn new(path: &'a str, rule: &'a str, text: &'a str) -> Self {
        Self { place: Place { path, rule, trust: Trust::Container }, text }
    }

    /// The first line that holds a key.
    fn line(&self, key: &str) -> u32 {
        let found = self.text.lines().position(|line| line.contains(key)).unwrap_or(0);
        u32::try_from(found + 1).unwrap_or(1)
    }

    fn port(&self, value: &str, key: &str, mined: &mut Mined) {
        if value.parse::<u16>().is_ok() {
            mined.fact(
                FactKey::Port,
                self.place.folder(),
                value,
                self.place.at(self.line(key), value),
            );
        }
    }

    fn health(&self, value: &str, line: u32, mined: &mut Mined) {
        if value.starts_with('/') {
            mined.fact(FactKey::HealthPath, self.place.folder(), value, self.place.at(line, value));
        }
    }

    fn variable(&self, name: &str, value: &str, line: u32, mined: &mut Mined) {
        let evidence = self.place.at(line, &format!("{name} = {value}"));
        mined.variable(name, value, self.place.folder(), evidence);
    }

    /// A command whose key says what it does, where the command itself does not.
    fn command(&self, text: &str, line: u32, class: CommandClass, mined: &mut Mined) {
        let before = mined.commands.len();
        let env = BTreeMap::new();
        let cwd = Some(self.place.folder());
        mined
            .script(&self.place, Script { text, line, cwd, env: &env, context: class_word(class) });
        for command in &mut mined.commands[before..] {
            if command.class == CommandClass::Unknown {
                command.class = class;
            }
        }
    }
}

const fn class_word(class: CommandClass) -> &'static str {
    match class {
        CommandClass::Build => "build",
        CommandClass::Install => "install",
        CommandClass::Migrate => "release",
        _ => "start",
    }
}

fn fly(path: &str, text: &str, mined: &mut Mined) {
    let reader = Reader::new(path, "fly", text);
    let Some(root) = toml(&reader, mined) else { return };
    for (section, key) in [("http_service", "internal_port"), ("env", "PORT")] {
        if let Some(port) = root.get(section).and_then(|table| table.get(key)).and_then(shown) {
            reader.port(&port, key, mined);
        }
    }
    for service in tables(root.get("services")) {
        if let Some(port) = service.get("internal_port").and_then(shown) {
            reader.port(&port, "internal_port", mined);
        }
        for check in tables(service.get("http_checks")) {
            if let Some(place) = check.get("path").and_then(|path| path.as_str()) {
                reader.health(place, reader.line(place), mined);
            }
        }
    }
    let checks = root.get("http_service").and_then(|service| service.get("checks"));
    for check in tables(checks) {
        if let Some(place) = check.get("path").and_then(|path| path.as_str()) {
            reader.health(place, reader.line(place), mined);
        }
    }
    for (name, value) in table(root.get("env")) {
        reader.variable(&name, &value, reader.line(&name), mined);
    }
    for (name, value) in table(root.get("processes")) {
        reader.command(&value, reader.line(&name), CommandClass::Start, mined);
    }
    let release = root.get("deploy").and_then(|deploy| deploy.get("release_command")?.as_str());
    if let Some(command) = release {
        reader.command(command, reader.line("release_command"), CommandClass::Migrate, mined);
    }
}

fn render(path: &str, text: &str, mined: &mut Mined) {
    let reader = Reader::new(path, "render", text);
    let root = match yaml::parse(text) {
        Ok(root) => root,
        Err(error) => {
            mined.notes.push(format!("`{path}` not read: {error}"));
            return;
        }
    };
    if let Some(databases) = root.get("databases").filter(|node| !node.items().is_empty()) {
        database(&reader, "postgres", databases.line, mined);
    }
    for service in root.get("services").map(Node::items).unwrap_or_default() {
        let kind = service.text_of("type").unwrap_or_default();
        if matches!(kind, "redis" | "keyvalue") {
            database(&reader, "redis", service.line, mined);
        }
        let folder = service.text_of("rootDir").unwrap_or("");
        for (key, class) in [
            ("buildCommand", CommandClass::Build),
            ("startCommand", CommandClass::Start),
            ("preDeployCommand", CommandClass::Migrate),
        ] {
            let Some(node) = service.get(key) else { continue };
            let Some(text) = node.text() else { continue };
            let before = mined.commands.len();
            reader.command(text, node.line, class, mined);
            for command in &mut mined.commands[before..] {
                if let Some(folder) = super::command_line::join(folder, &command.cwd) {
                    command.cwd = folder;
                }
            }
        }
        if let Some(node) = service.get("healthCheckPath") {
            reader.health(node.text().unwrap_or_default(), node.line, mined);
        }
        for variable in service.get("envVars").map(Node::items).unwrap_or_default() {
            if let Some(name) = variable.text_of("key") {
                let value = variable.text_of("value").unwrap_or_default();
                reader.variable(name, value, variable.line, mined);
            }
        }
    }
}

/// A database that the platform gives: wanted by the application, not by its tests.
fn database(reader: &Reader<'_>, image: &str, line: u32, mined: &mut Mined) {
    if let Some(found) = images::service(image, "localhost", reader.place.at(line, image)) {
        mined.services.push(MinedService { optional: true, ..found });
    }
}

fn railway_json(path: &str, text: &str, mined: &mut Mined) {
    let Ok(root) = serde_json::from_str::<Value>(text) else { return };
    let reader = Reader::new(path, "railway", text);
    let deploy = |key: &str| root["deploy"][key].as_str();
    railway(&reader, root["build"]["buildCommand"].as_str(), &deploy, mined);
}

fn railway_toml(path: &str, text: &str, mined: &mut Mined) {
    let reader = Reader::new(path, "railway", text);
    let Some(root) = toml(&reader, mined) else { return };
    let deploy = |key: &str| root.get("deploy")?.get(key)?.as_str();
    let build = root.get("build").and_then(|build| build.get("buildCommand")?.as_str());
    railway(&reader, build, &deploy, mined);
}

fn railway<'v>(
    reader: &Reader<'_>,
    build: Option<&str>,
    deploy: &dyn Fn(&str) -> Option<&'v str>,
    mined: &mut Mined,
) {
    if let Some(command) = build {
        reader.command(command, reader.line("buildCommand"), CommandClass::Build, mined);
    }
    for (key, class) in
        [("startCommand", CommandClass::Start), ("preDeployCommand", CommandClass::Migrate)]
    {
        if let Some(command) = deploy(key) {
            reader.command(command, reader.line(key), class, mined);
        }
    }
    if let Some(path) = deploy("healthcheckPath") {
        reader.health(path, reader.line("healthcheckPath"), mined);
    }
}

fn vercel(path: &str, text: &str, mined: &mut Mined) {
    let Ok(root) = serde_json::from_str::<Value>(text) else { return };
    let reader = Reader::new(path, "vercel", text);
    for (key, class) in [
        ("installCommand", CommandClass::Install),
        ("buildCommand", CommandClass::Build),
        ("devCommand", CommandClass::Start),
    ] {
        if let Some(command) = root[key].as_str() {
            reader.command(command, reader.line(key), class, mined);
        }
    }
}

fn netlify(path: &str, text: &str, mined: &mut Mined) {
    let reader = Reader::new(path, "netlify", text);
    let Some(root) = toml(&reader, mined) else { return };
    let build = root.get("build");
    if let Some(command) = build.and_then(|build| build.get("command")?.as_str()) {
        let before = mined.commands.len();
        reader.command(command, reader.line("command"), CommandClass::Build, mined);
        let base = build.and_then(|build| build.get("base")?.as_str()).unwrap_or_default();
        for command in &mut mined.commands[before..] {
            if let Some(folder) = super::command_line::join(base, &command.cwd) {
                command.cwd = folder;
            }
        }
    }
    for (name, value) in table(build.and_then(|build| build.get("environment"))) {
        let line = reader.line(&name);
        let tool = [
            ("NODE_VERSION", "node"),
            ("PYTHON_VERSION", "python"),
            ("RUBY_VERSION", "ruby"),
            ("GO_VERSION", "go"),
        ];
        if let Some((_, tool)) = tool.iter().find(|(known, _)| *known == name) {
            mined.version(tool, reader.place.folder(), &value, reader.place.at(line, &value));
        }
        reader.variable(&name, &value, line, mined);
    }
    if let Some(port) = root.get("dev").and_then(|dev| dev.get("targetPort")).and_then(shown) {
        reader.port(&port, "targetPort", mined);
    }
}

fn toml(reader: &Reader<'_>, mined: &mut Mined) -> Option<DocumentMut> {
    match reader.text.parse::<DocumentMut>() {
        Ok(root) => Some(root),
        Err(_) => {
            mined.notes.push(format!("`{}` not read: no valid TOML", reader.place.path));
            None
        }
    }
}

fn tables(item: Option<&Item>) -> Vec<&dyn toml_edit::TableLike> {
    match item {
        Some(Item::ArrayOfTables(list)) => {
            list.iter().map(|t| t as &dyn toml_edit::TableLike).collect()
        }
        Some(item) => item.as_table_like().into_iter().collect(),
        None => Vec::new(),
    }
}

/// The plain values of a table.
fn table(item: Option<&Item>) -> Vec<(String, String)> {
    let table = item.and_then(Item::as_table_like);
    let pairs = table.into_iter().flat_map(|table| table.iter());
    pairs.filter_map(|(name, value)| Some((name.to_owned(), shown(value)?))).collect()
}

fn shown(item: &Item) -> Option<String> {
    let text = item.as_str().map(str::to_owned);
    text.or_else(|| item.as_integer().map(|number| number.to_string()))
        .or_else(|| item.as_bool().map(|truth| truth.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mined(name: &str, text: &str) -> Mined {
        let mut mined = Mined::default();
        miner(name).unwrap()(name, text, &mut mined);
        mined
    }

    fn commands(mined: &Mined) -> Vec<(&str, &str, CommandClass)> {
        mined.commands.iter().map(|c| (c.line.as_str(), c.cwd.as_str(), c.class)).collect()
    }

    fn has(mined: &Mined, key: &FactKey, value: &str) -> bool {
        mined.facts.iter().any(|fact| &fact.key == key && fact.value == value)
    }

    #[test]
    fn every_platform_tells_commands_ports_and_paths() {
        let found = mined(
            "fly.toml",
            "[env]\nMODE = \"prod\"\n[http_service]\ninternal_port = 8080\n[[http_service.checks]]\npath = \"/up\"\n[processes]\napp = \"./server\"\n[deploy]\nrelease_command = \"./migrate\"\n",
        );
        assert!(has(&found, &FactKey::Port, "8080") && has(&found, &FactKey::HealthPath, "/up"));
        assert_eq!(
            commands(&found),
            [("./server", "", CommandClass::Start), ("./migrate", "", CommandClass::Migrate)]
        );
        let found = mined(
            "render.yaml",
            "services:\n- type: web\n  rootDir: api\n  buildCommand: pip install -r requirements.txt\n  startCommand: gunicorn app:app\n  healthCheckPath: /health\n  envVars:\n  - key: DEBUG\n    value: '0'\ndatabases:\n- name: db\n",
        );
        assert_eq!(commands(&found)[1], ("gunicorn app:app", "api", CommandClass::Start));
        assert!(has(&found, &FactKey::HealthPath, "/health") && found.services.len() == 1);
        let found = mined(
            "railway.json",
            "{\"deploy\": {\"startCommand\": \"./go\", \"healthcheckPath\": \"/ok\"}}",
        );
        assert_eq!(commands(&found), [("./go", "", CommandClass::Start)]);
        assert!(has(&found, &FactKey::HealthPath, "/ok"));
        let found = mined("vercel.json", "{\"buildCommand\": \"npm run build\"}");
        assert_eq!(commands(&found), [("npm run build", "", CommandClass::Build)]);
        let found = mined(
            "netlify.toml",
            "[build]\nbase = \"site\"\ncommand = \"hugo\"\n[build.environment]\nNODE_VERSION = \"20\"\n",
        );
        assert_eq!(commands(&found)[0].1, "site");
        assert!(has(&found, &FactKey::Version("node".to_owned()), "20"));
    }
}
