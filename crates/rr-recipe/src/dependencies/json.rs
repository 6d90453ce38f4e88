//! Lockfiles in JSON: npm, pipenv, composer.

use serde_json::Value;

use crate::lock::Dependency;

/// `package-lock.json` of all versions, and npm's own record of what it installed.
pub(super) fn npm(text: &str) -> Vec<Dependency> {
    let root = parse(text);
    if let Some(packages) = root.get("packages").and_then(Value::as_object) {
        let named = packages.iter().filter_map(|(path, package)| {
            let (_, name) = path.rsplit_once("node_modules/")?;
            npm_package(name, package)
        });
        return named.collect();
    }
    let mut found = Vec::new();
    npm_first_version(&root, &mut found, 0);
    found
}

fn npm_package(name: &str, package: &Value) -> Option<Dependency> {
    let version = package.get("version").and_then(Value::as_str)?.to_owned();
    let hash = package.get("integrity").and_then(Value::as_str).map(str::to_owned);
    Some(Dependency { name: name.to_owned(), version, hash })
}

/// Version 1 nests `dependencies` in each other; deeper than 32 nobody needs to look.
fn npm_first_version(value: &Value, found: &mut Vec<Dependency>, depth: u8) {
    let Some(packages) =
        value.get("dependencies").and_then(Value::as_object).filter(|_| depth < 32)
    else {
        return;
    };
    for (name, package) in packages {
        found.extend(npm_package(name, package));
        npm_first_version(package, found, depth + 1);
    }
}

/// `Pipfile.lock`: sections of packages with `==` versions and hashes.
pub(super) fn pipfile(text: &str) -> Vec<Dependency> {
    let root = parse(text);
    let sections = ["default", "develop"].iter().filter_map(|name| root.get(name)?.as_object());
    let packages = sections.flatten().filter_map(|(name, package)| {
        let version = package.get("version")?.as_str()?.trim_start_matches('=').to_owned();
        let hash = package.get("hashes").and_then(Value::as_array).and_then(|all| all.first());
        let hash = hash.and_then(Value::as_str).map(str::to_owned);
        Some(Dependency { name: name.clone(), version, hash })
    });
    packages.collect()
}

/// `composer.lock`.
pub(super) fn composer(text: &str) -> Vec<Dependency> {
    let root = parse(text);
    let lists = ["packages", "packages-dev"].iter().filter_map(|name| root.get(name)?.as_array());
    let packages = lists.flatten().filter_map(|package| {
        let text = |key: &str| package.get(key).and_then(Value::as_str).map(str::to_owned);
        let shasum = package.pointer("/dist/shasum").and_then(Value::as_str);
        let reference = package.pointer("/dist/reference").and_then(Value::as_str);
        let hash = shasum.filter(|sum| !sum.is_empty()).or(reference).map(str::to_owned);
        Some(Dependency { name: text("name")?, version: text("version")?, hash })
    });
    packages.collect()
}

fn parse(text: &str) -> Value {
    // A lockfile that is broken locks nothing.
    serde_json::from_str(text).unwrap_or(Value::Null)
}
