//! Lockfiles in TOML with a list of packages: uv, poetry, pdm, PEP 751, cargo.

use toml::{Table, Value};

use crate::lock::Dependency;

/// The packages of `[[package]]` (PEP 751: `[[packages]]`). The project itself, which has no
/// registry, is left out.
pub(super) fn packages(text: &str) -> Vec<Dependency> {
    let Ok(table) = text.parse::<Table>() else {
        return Vec::new();
    };
    let list = table.get("package").or_else(|| table.get("packages")).and_then(Value::as_array);
    list.into_iter().flatten().filter_map(package).collect()
}

fn package(value: &Value) -> Option<Dependency> {
    let table = value.as_table()?;
    let text = |key: &str| table.get(key).and_then(Value::as_str);
    if is_own(table) {
        return None;
    }
    let hash = text("checksum")
        .or_else(|| table.get("sdist").and_then(hash_of))
        .or_else(|| table.get("files").and_then(source_hash))
        .or_else(|| table.get("wheels").and_then(Value::as_array)?.first().and_then(hash_of));
    let (name, version) = (text("name")?.to_owned(), text("version")?.to_owned());
    Some(Dependency { name, version, hash: hash.map(str::to_owned) })
}

/// uv: `source = { editable = "." }`. cargo: neither source nor checksum. Old poetry files keep
/// hashes elsewhere, but say of each package whether it is optional.
fn is_own(table: &Table) -> bool {
    let source = table.get("source").and_then(Value::as_table);
    let local = ["editable", "virtual", "directory"];
    let is_local = source.is_some_and(|source| local.iter().any(|kind| source.contains_key(*kind)));
    let foreign = ["source", "checksum", "files", "wheels", "sdist", "optional"];
    is_local || foreign.iter().all(|key| !table.contains_key(*key))
}

fn hash_of(value: &Value) -> Option<&str> {
    value.get("hash").and_then(Value::as_str)
}

/// poetry and pdm: a list of `{ file, hash }`, the source archive among them.
fn source_hash(files: &Value) -> Option<&str> {
    let files = files.as_array()?;
    let is_source = |file: &&Value| {
        file.get("file").and_then(Value::as_str).is_some_and(|name| name.ends_with(".tar.gz"))
    };
    files.iter().find(is_source).or_else(|| files.first()).and_then(hash_of)
}
