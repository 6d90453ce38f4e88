//! Compares what the code imports with what manifests declare: what is missing, what is unused.
//!
//! Says only what is sure: an import is missing where its distribution is well known and no
//! manifest names it; a dependency is unused where every source was read and none imports or
//! names it.

use std::collections::BTreeSet;

use rr_core::{Analysis, Evidence, Fact, FactKey, RepoView, Trust, Unit, UnitRole};

use super::find::{CodeFacts, Declared, Imported};
use super::syntax::Language;
use crate::{javascript, python};

/// Most facts of one unit.
const FACTS: usize = 20;

/// Modules that every Node has.
#[rustfmt::skip]
static NODE: &[&str] = &[
    "assert", "async_hooks", "buffer", "child_process", "cluster", "console", "constants", "crypto",
    "dgram", "diagnostics_channel", "dns", "domain", "events", "fs", "http", "http2", "https",
    "inspector", "module", "net", "os", "path", "perf_hooks", "process", "punycode", "querystring",
    "readline", "repl", "stream", "string_decoder", "sys", "timers", "tls", "trace_events", "tty",
    "url", "util", "v8", "vm", "wasi", "worker_threads", "zlib",
];

/// Dependencies that work without being imported: servers, drivers named by addresses, plugins.
#[rustfmt::skip]
static SILENT: &[&str] = &[
    "gunicorn", "uvicorn", "uwsgi", "waitress", "psycopg2", "psycopg2-binary", "psycopg",
    "mysqlclient", "pymysql", "asyncpg", "aiosqlite", "cx-oracle", "whitenoise", "python-multipart",
    "email-validator", "setuptools", "wheel", "pip", "tzdata", "cryptography", "greenlet", "uvloop",
    "httptools", "typing-extensions", "importlib-metadata", "colorama", "certifi", "urllib3",
    "tslib", "typescript", "core-js", "regenerator-runtime", "react-dom", "sharp", "pg", "mysql2",
    "sqlite3", "tailwindcss", "autoprefixer", "postcss", "sass", "eslint", "prettier",
];

/// The facts of every unit whose manifests can be compared.
pub(super) fn compare(repo: &dyn RepoView, analysis: &Analysis, code: &CodeFacts) -> Vec<Fact> {
    let mut found = Vec::new();
    for unit in &analysis.units {
        if !matches!(unit.role, UnitRole::Primary | UnitRole::Member | UnitRole::Frontend) {
            continue;
        }
        let (language, declared) = match unit.ecosystem.as_str() {
            "python" => (Language::Python, python::declared_names::declared(repo, &unit.path)),
            "javascript" => {
                (Language::Script, javascript::declared_names::declared(repo, &unit.path))
            }
            _ => continue,
        };
        let Some(mut declared) = declared else { continue };
        if language == Language::Script {
            // Packages of a workspace are found from its root.
            declared.all.extend(above(repo, &unit.path));
            declared.own.extend(analysis.units.iter().map(|unit| unit.name.clone()));
        }
        let sources: Vec<&Imported> = code
            .sources
            .iter()
            .filter(|source| source.language == language && owns(analysis, unit, &source.path))
            .collect();
        found.extend(missing(unit, language, &declared, &sources).into_iter().take(FACTS));
        if code.complete && !sources.is_empty() {
            found.extend(unused(unit, language, &declared, &sources).into_iter().take(FACTS));
        }
    }
    found
}

/// Dependencies of the packages above a folder.
fn above(repo: &dyn RepoView, folder: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let mut at = folder;
    while !at.is_empty() {
        at = at.rsplit_once('/').map_or("", |(up, _)| up);
        names.extend(
            javascript::declared_names::declared(repo, at).map(|d| d.all).unwrap_or_default(),
        );
    }
    names
}

/// Whether a source lies in the unit and in none below it.
fn owns(analysis: &Analysis, unit: &Unit, path: &str) -> bool {
    let within = |folder: &str| {
        folder.is_empty() || path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'))
    };
    within(&unit.path)
        && !analysis.units.iter().any(|other| {
            other.ecosystem == unit.ecosystem
                && other.path.len() > unit.path.len()
                && within(&other.path)
        })
}

fn missing(
    unit: &Unit,
    language: Language,
    declared: &Declared,
    sources: &[&Imported],
) -> Vec<Fact> {
    let mut seen = BTreeSet::new();
    let mut found = Vec::new();
    for source in sources {
        for import in source.imports.iter().filter(|import| import.needed) {
            let Some(name) = package(language, &import.module, declared) else { continue };
            if declared.all.contains(&name) || !seen.insert(name.clone()) {
                continue;
            }
            let rule = format!("code.{}.undeclared", language.as_str());
            let evidence = Evidence {
                line: Some(import.line),
                ..Evidence::at(&source.path, rule, Trust::Manifest)
            };
            found.push(Fact::new(FactKey::MissingDependency, &*unit.path, name, evidence));
        }
    }
    found
}

/// The package that an import comes from, where it is another's and known.
fn package(language: Language, module: &str, declared: &Declared) -> Option<String> {
    if language == Language::Python {
        let top = module.split('.').next().unwrap_or(module);
        return (!declared.own.contains(top))
            .then(|| python::declared_names::distribution(module))
            .flatten();
    }
    let bare = module.starts_with(|c: char| c.is_ascii_lowercase() || c == '@');
    let plain = module.chars().all(|c| c.is_ascii_alphanumeric() || "@/_.-".contains(c));
    // `@/x` and `~/x` are a bundler's names for the source folder.
    let scheme = module.contains(':') || module.starts_with("@/");
    if !bare || !plain || scheme {
        return None;
    }
    let parts: Vec<&str> = module.splitn(3, '/').collect();
    let name = match parts[..] {
        [scope, name, ..] if scope.starts_with('@') => format!("{scope}/{name}"),
        [name, ..] => name.to_owned(),
        [] => return None,
    };
    let own = declared.own.contains(&name) || NODE.contains(&parts[0]);
    // Only names with a dash or a scope are surely packages: others may be folders of the tree.
    let surely = name.contains('-') || name.starts_with('@') && name.contains('/');
    (!own && (surely || declared.all.contains(&name))).then_some(name)
}

fn unused(
    unit: &Unit,
    language: Language,
    declared: &Declared,
    sources: &[&Imported],
) -> Vec<Fact> {
    let mut used: BTreeSet<String> = BTreeSet::new();
    for source in sources {
        for import in &source.imports {
            used.extend(package(language, &import.module, declared));
            used.insert(plain(import.module.split(['.', '/']).next().unwrap_or_default()));
        }
        used.extend(source.named.iter().map(|name| plain(name)));
    }
    let silent = |name: &str| {
        SILENT.contains(&name)
            || name.starts_with("types-")
            || name.starts_with("@types/")
            || name.contains("plugin")
            || name.contains("config")
            || name.contains("loader")
    };
    let place = declared.files.first().cloned().unwrap_or_default();
    let names = declared.running.iter().filter(|name| {
        !silent(name)
            && !used.contains(*name)
            && !used.contains(&plain(name))
            && !any_import(name, sources)
    });
    names
        .map(|name| {
            let rule = format!("code.{}.unused", language.as_str());
            let evidence = Evidence::at(place.clone(), rule, Trust::Manifest);
            Fact::new(FactKey::UnusedDependency, &*unit.path, name.as_str(), evidence)
        })
        .collect()
}

/// Whether some import has a name that could be this distribution's: names differ in prefixes and
/// suffixes (`python-dateutil`, `opencv-python`), so any part that matches counts.
fn any_import(name: &str, sources: &[&Imported]) -> bool {
    let parts: Vec<String> =
        name.split(['-', '/', '.', '_']).filter(|part| part.len() > 2).map(plain).collect();
    sources.iter().flat_map(|source| &source.imports).any(|import| {
        let module = plain(&import.module);
        parts.iter().any(|part| module.contains(part.as_str()))
    })
}

fn plain(name: &str) -> String {
    name.to_ascii_lowercase().replace('-', "_")
}

#[cfg(test)]
mod tests {
    use rr_core::{FactKey, MemoryRepo};

    use crate::analysis::analyze_view;

    fn compared(files: &[(&str, &str)]) -> Vec<String> {
        let analysis = analyze_view(&MemoryRepo::new(files.iter().copied()));
        let facts = analysis.facts.iter().filter(|fact| {
            matches!(fact.key, FactKey::MissingDependency | FactKey::UnusedDependency)
        });
        facts.map(|f| format!("{:?} {} {}", f.key, f.value, f.evidence.place())).collect()
    }

    #[test]
    fn missing_and_unused_dependencies_are_told() {
        let project =
            "[project]\nname = \"shop\"\ndependencies = [\"flask\", \"pendulum\", \"gunicorn\"]\n";
        assert_eq!(
            compared(&[
                ("pyproject.toml", project),
                (
                    "shop/__init__.py",
                    "import flask, yaml, shop.models\ntry:\n    import requests\nexcept ImportError:\n    pass\n"
                ),
                ("shop/models.py", "import json\n"),
            ]),
            [
                "MissingDependency pyyaml shop/__init__.py:1 (code.python.undeclared)",
                "UnusedDependency pendulum pyproject.toml (code.python.unused)",
            ]
        );
        let package =
            "{\"name\": \"web\", \"dependencies\": {\"express\": \"4\", \"left-pad\": \"1\"}}";
        assert_eq!(
            compared(&[
                ("package.json", package),
                (
                    "index.js",
                    "const a = require('express');\nconst b = require('node:fs');\nconst c = require('body-parser');\nrequire('./own-file');\n"
                ),
            ]),
            [
                "MissingDependency body-parser index.js:3 (code.javascript.undeclared)",
                "UnusedDependency left-pad package.json (code.javascript.unused)",
            ]
        );
    }
}
