//! One `package.json`, read leniently: whatever is not of the expected shape counts as absent.
//!
//! Must not know what the fields are used for.

use std::collections::BTreeMap;
use std::sync::Arc;

use rr_core::{Evidence, RepoView, Trust};
use serde_json::Value;

/// A manifest and the folder it lies in.
#[derive(Clone, Debug)]
pub(super) struct Manifest {
    /// Folder relative to the root, `""` for the root.
    pub(super) folder: String,
    /// Package name, or the folder's.
    pub(super) name: String,
    /// Scripts by name.
    pub(super) scripts: BTreeMap<String, String>,
    /// The whole document.
    value: Arc<Value>,
    text: Arc<str>,
}

/// The groups in which a dependency can be declared.
const GROUPS: &[&str] = &["dependencies", "devDependencies", "optionalDependencies"];

impl Manifest {
    /// The manifest in a folder; `None` where there is none or it is no JSON object.
    pub(super) fn read(repo: &dyn RepoView, folder: &str) -> Option<Self> {
        let text = repo.text(&join(folder, "package.json"))?;
        let value: Value = serde_json::from_str(text.trim_start_matches('\u{feff}')).ok()?;
        value.as_object()?;
        let scripts = strings(value.get("scripts"));
        let name = value
            .get("name")
            .and_then(Value::as_str)
            .map_or_else(|| base_name(folder).to_owned(), str::to_owned);
        Some(Self { folder: folder.to_owned(), name, scripts, value: Arc::new(value), text })
    }

    /// A top-level field.
    pub(super) fn field(&self, name: &str) -> Option<&Value> {
        self.value.get(name)
    }

    /// A top-level field that is text.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.value.get(name).and_then(Value::as_str)
    }

    /// A field inside a top-level object, as text.
    pub(super) fn nested(&self, outer: &str, inner: &str) -> Option<&str> {
        self.value.get(outer)?.get(inner)?.as_str()
    }

    /// The declared range of a dependency of any group but the peers.
    pub(super) fn dependency(&self, name: &str) -> Option<&str> {
        GROUPS.iter().find_map(|group| self.nested(group, name))
    }

    /// Whether a dependency of any group but the peers is declared.
    pub(super) fn depends_on(&self, name: &str) -> bool {
        self.dependency(name).is_some()
    }

    /// Whether a run-time dependency is declared.
    pub(super) fn runs_with(&self, name: &str) -> bool {
        self.nested("dependencies", name).is_some()
    }

    /// The major version that a dependency's range begins with.
    pub(super) fn major_of(&self, name: &str) -> Option<u32> {
        leading_number(self.dependency(name)?)
    }

    /// Names of all dependencies of all groups but the peers.
    pub(super) fn dependency_names(&self) -> Vec<&str> {
        GROUPS
            .iter()
            .filter_map(|group| self.value.get(*group)?.as_object())
            .flat_map(|group| group.keys().map(String::as_str))
            .collect()
    }

    /// Whether the package is never published.
    pub(super) fn is_private(&self) -> bool {
        self.value.get("private").and_then(Value::as_bool).unwrap_or(false)
    }

    /// Whether `.js` files are ES modules.
    pub(super) fn is_module(&self) -> bool {
        self.text("type") == Some("module")
    }

    /// The workspace globs of `workspaces`, in either of its forms.
    pub(super) fn workspaces(&self) -> Vec<String> {
        let field = self.value.get("workspaces");
        let list = match field {
            Some(Value::Array(list)) => Some(list),
            Some(Value::Object(map)) => map.get("packages").and_then(Value::as_array),
            _ => None,
        };
        list.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
    }

    /// The files that `bin` names, with the command's name.
    pub(super) fn bins(&self) -> Vec<(String, String)> {
        match self.value.get("bin") {
            Some(Value::String(file)) => {
                let name = self.name.rsplit('/').next().unwrap_or(&self.name);
                vec![(name.to_owned(), file.clone())]
            }
            Some(Value::Object(_)) => strings(self.value.get("bin")).into_iter().collect(),
            _ => Vec::new(),
        }
    }

    /// The files by which other code enters: `main`, `module`, `exports`, in that order.
    pub(super) fn entry_files(&self) -> Vec<String> {
        let mut found: Vec<String> =
            ["main", "module"].iter().filter_map(|key| self.text(key)).map(str::to_owned).collect();
        if let Some(exports) = self.value.get("exports") {
            let root = exports.get(".").unwrap_or(exports);
            collect_files(root, &mut found);
        }
        found.retain(|file| !file.contains('*'));
        for file in &mut found {
            *file = file.trim_start_matches("./").to_owned();
        }
        found.dedup();
        found
    }

    /// The folder's path joined with a file's.
    pub(super) fn path(&self, file: &str) -> String {
        join(&self.folder, file)
    }

    /// Evidence at the first line that holds `needle`.
    pub(super) fn evidence(&self, rule: &str, needle: &str, trust: Trust) -> Evidence {
        let evidence = Evidence::at(self.path("package.json"), rule, trust);
        match (1..).zip(self.text.lines()).find(|(_, line)| line.contains(needle)) {
            Some((number, line)) => evidence.with_line(number, line),
            None => evidence,
        }
    }
}

fn collect_files(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::String(file) if !file.ends_with(".d.ts") => found.push(file.clone()),
        Value::Object(map) => {
            let conditions = map.iter().filter(|(key, _)| !key.starts_with('.') && *key != "types");
            for (_, inner) in conditions {
                collect_files(inner, found);
            }
        }
        _ => {}
    }
}

fn strings(value: Option<&Value>) -> BTreeMap<String, String> {
    value
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
        .filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned())))
        .collect()
}

/// The first number in a text: `^18.2.0` gives 18, `npm:jest@29` gives 29.
pub(super) fn leading_number(text: &str) -> Option<u32> {
    let text = text.rsplit('@').next().unwrap_or(text);
    let digits: String =
        text.chars().skip_while(|c| !c.is_ascii_digit()).take_while(char::is_ascii_digit).collect();
    digits.parse().ok()
}

/// A folder and a path below it.
pub(super) fn join(folder: &str, path: &str) -> String {
    let path = path.trim_start_matches("./");
    match (folder.is_empty(), path.is_empty()) {
        (true, _) => path.to_owned(),
        (false, true) => folder.to_owned(),
        (false, false) => format!("{folder}/{path}"),
    }
}

/// The last part of a path.
pub(super) fn base_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rr_core::MemoryRepo;

    #[test]
    fn fields_of_the_wrong_shape_count_as_absent() {
        let text = r#"{"name": 3, "scripts": ["a"], "bin": 1, "workspaces": {"packages": ["a/*", 2]},
            "exports": {".": {"types": "./x.d.ts", "import": "./dist/x.js"}}}"#;
        let repo = MemoryRepo::new([("pkg/package.json", text)]);
        let manifest = Manifest::read(&repo, "pkg").unwrap();
        assert_eq!(manifest.name, "pkg");
        assert!(manifest.scripts.is_empty() && manifest.bins().is_empty());
        assert_eq!(manifest.workspaces(), ["a/*"]);
        assert_eq!(manifest.entry_files(), ["dist/x.js"]);
        assert!(Manifest::read(&MemoryRepo::new([("package.json", "[]")]), "").is_none());
    }

    #[test]
    fn majors_come_from_any_range() {
        for (range, major) in [("^29.1.0", 29), (">=8 <9", 8), ("npm:jest@27", 27), ("~0.34", 0)] {
            assert_eq!(leading_number(range), Some(major), "{range}");
        }
        assert_eq!(leading_number("latest"), None);
    }
}
