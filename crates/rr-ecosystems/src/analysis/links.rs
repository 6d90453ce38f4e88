//! Which unit needs which: dependencies between the units of one repository.
//!
//! Reads manifests only. A unit is found by the name or the path that another's manifest gives.

use std::collections::BTreeMap;

use rr_core::{Analysis, Evidence, RepoView, Trust, Unit, UnitLink, UnitRole};
use serde_json::Value;

use crate::miners::join_folder;

/// Most units looked at.
const UNITS: usize = 400;
/// Largest manifest read.
const BYTES: usize = 512 << 10;

/// Finds the links between units.
pub(super) fn find(repo: &dyn RepoView, analysis: &Analysis) -> Vec<UnitLink> {
    let units: Vec<&Unit> = analysis
        .units
        .iter()
        .filter(|unit| !matches!(unit.role, UnitRole::Fixture | UnitRole::Tooling))
        .take(UNITS)
        .collect();
    if units.len() < 2 {
        return Vec::new();
    }
    let names: BTreeMap<(&str, &str), &str> = units
        .iter()
        .map(|unit| ((unit.ecosystem.as_str(), unit.name.as_str()), unit.path.as_str()))
        .collect();
    let mut found: Vec<UnitLink> = Vec::new();
    for unit in &units {
        let finder = Finder { repo, unit, units: &units, names: &names };
        for link in finder.links() {
            if link.from != link.to
                && !found.iter().any(|known| known.from == link.from && known.to == link.to)
            {
                found.push(link);
            }
        }
    }
    found
}

struct Finder<'a> {
    repo: &'a dyn RepoView,
    unit: &'a Unit,
    units: &'a [&'a Unit],
    names: &'a BTreeMap<(&'a str, &'a str), &'a str>,
}

impl Finder<'_> {
    fn links(&self) -> Vec<UnitLink> {
        match self.unit.ecosystem.as_str() {
            "javascript" => self.package_json(),
            "rust" => self.lines("Cargo.toml", cargo),
            "python" => self
                .lines("pyproject.toml", python)
                .into_iter()
                .chain(self.lines("requirements.txt", python))
                .collect(),
            "go" => self.lines("go.mod", go),
            "jvm" => ["pom.xml", "build.gradle", "build.gradle.kts"]
                .iter()
                .flat_map(|file| self.lines(file, jvm))
                .collect(),
            _ => Vec::new(),
        }
    }

    fn text(&self, file: &str) -> Option<(String, std::sync::Arc<str>)> {
        let path = if self.unit.path.is_empty() {
            file.to_owned()
        } else {
            format!("{}/{file}", self.unit.path)
        };
        let text = self.repo.text(&path).filter(|text| text.len() <= BYTES)?;
        Some((path, text))
    }

    fn by_name(&self, name: &str) -> Option<&str> {
        self.names.get(&(self.unit.ecosystem.as_str(), name)).copied()
    }

    /// The unit at a path relative to this one.
    fn by_path(&self, path: &str) -> Option<&str> {
        let folder = join_folder(&self.unit.path, path.trim_end_matches('/'))?;
        let same = |unit: &&&Unit| unit.path == folder && unit.ecosystem == self.unit.ecosystem;
        self.units.iter().find(same).map(|unit| unit.path.as_str())
    }

    fn link(&self, to: &str, by: &str, path: &str, line: usize, excerpt: &str) -> UnitLink {
        let line = u32::try_from(line + 1).unwrap_or(u32::MAX);
        let rule = format!("link.{}", self.unit.ecosystem);
        UnitLink {
            from: self.unit.path.clone(),
            to: to.to_owned(),
            by: by.to_owned(),
            evidence: Evidence::at(path, rule, Trust::Manifest).with_line(line, excerpt),
        }
    }

    fn package_json(&self) -> Vec<UnitLink> {
        let Some((path, text)) = self.text("package.json") else { return Vec::new() };
        let Ok(root) = serde_json::from_str::<Value>(&text) else { return Vec::new() };
        let groups =
            ["dependencies", "devDependencies", "peerDependencies", "optionalDependencies"];
        let declared = groups.iter().filter_map(|group| root.get(group)?.as_object()).flatten();
        declared
            .filter_map(|(name, version)| {
                let version = version.as_str()?;
                let by_path = ["file:", "link:", "portal:"]
                    .iter()
                    .find_map(|prefix| self.by_path(version.strip_prefix(prefix)?));
                let to = by_path.or_else(|| self.by_name(name))?;
                let needle = format!("\"{name}\"");
                let line = text.lines().position(|line| line.contains(&needle)).unwrap_or(0);
                let excerpt = format!("{needle}: \"{version}\"");
                Some(self.link(to, version, &path, line, &excerpt))
            })
            .collect()
    }

    /// Links that a reader finds line by line.
    fn lines(&self, file: &str, read: fn(&str) -> Option<Named<'_>>) -> Vec<UnitLink> {
        let Some((path, text)) = self.text(file) else { return Vec::new() };
        let mut found = Vec::new();
        for (at, line) in text.lines().enumerate().take(5000) {
            let to = match read(line) {
                Some(Named::Path(place)) => self.by_path(place),
                Some(Named::Name(name)) => self.by_name(name),
                Some(Named::Project(project)) => self
                    .units
                    .iter()
                    .find(|u| u.path == project || u.path.ends_with(&format!("/{project}")))
                    .map(|u| u.path.as_str()),
                None => None,
            };
            found.extend(to.map(|to| self.link(to, line.trim(), &path, at, line)));
        }
        found
    }
}

/// How a line names another unit.
enum Named<'a> {
    Path(&'a str),
    Name(&'a str),
    /// A project of a build, by the last part of its path.
    Project(&'a str),
}

/// `core = { path = "../core" }`, `core.workspace = true`, `core = { workspace = true }`.
fn cargo(line: &str) -> Option<Named<'_>> {
    let (key, value) = line.split_once('=')?;
    if let Some(at) = value.find("path") {
        let dependency = value.trim_start().starts_with('{');
        return quoted(&value[at..]).filter(|_| dependency).map(Named::Path);
    }
    let key = key.trim();
    let inherited = value.contains("workspace = true") || value.contains("workspace=true");
    match key.strip_suffix(".workspace") {
        Some(name) if value.trim() == "true" => Some(Named::Name(name)),
        _ => inherited.then_some(Named::Name(key)),
    }
}

/// `core = { workspace = true }`, `core = { path = "../core" }`, `-e ../core`, `"core"`.
fn python(line: &str) -> Option<Named<'_>> {
    if let Some(path) = line.strip_prefix("-e ").or_else(|| line.strip_prefix("--editable ")) {
        return path.starts_with('.').then(|| Named::Path(path.trim()));
    }
    if let Some(found) = cargo(line).filter(|_| line.contains('{')) {
        return Some(found);
    }
    let item = line.trim().trim_end_matches(',');
    let name = item.strip_prefix('"')?.strip_suffix('"')?;
    let end = name.find(|c: char| !(c.is_ascii_alphanumeric() || "-_.".contains(c)));
    Some(Named::Name(&name[..end.unwrap_or(name.len())]))
}

/// `replace a.com/x => ../x`, `require a.com/x v0.0.0`, `a.com/x v0.0.0`.
fn go(line: &str) -> Option<Named<'_>> {
    if let Some((_, to)) = line.split_once("=>") {
        return to
            .trim()
            .starts_with('.')
            .then(|| Named::Path(to.split_whitespace().next().unwrap_or("")));
    }
    let line = line.trim().trim_start_matches("require ").trim_start_matches('(');
    let (module, version) = line.trim().split_once(' ')?;
    version.starts_with('v').then_some(Named::Name(module))
}

/// `<artifactId>core</artifactId>`, `project(":lib:core")`.
fn jvm(line: &str) -> Option<Named<'_>> {
    if let Some((_, rest)) = line.split_once("project(") {
        let path = quoted(rest)?;
        return Some(Named::Project(path.rsplit(':').next().unwrap_or(path)));
    }
    let (_, rest) = line.split_once("<artifactId>")?;
    Some(Named::Name(rest.split('<').next()?.trim()))
}

fn quoted(text: &str) -> Option<&str> {
    let at = text.find(['"', '\''])?;
    text[at + 1..].split(['"', '\'']).next()
}

#[cfg(test)]
mod tests {
    use crate::analysis::analyze_view;
    use rr_core::MemoryRepo;

    fn links(files: &[(&str, &str)]) -> Vec<String> {
        let analysis = analyze_view(&MemoryRepo::new(files.iter().copied()));
        let links = analysis.links.iter();
        links.map(|l| format!("{} -> {} {}", l.from, l.to, l.evidence.place())).collect()
    }

    #[test]
    fn packages_of_a_workspace_need_each_other() {
        let found = links(&[
            ("package.json", "{\"name\": \"root\", \"workspaces\": [\"packages/*\"]}"),
            (
                "packages/web/package.json",
                "{\"name\": \"@x/web\",\n\"dependencies\": {\n\"@x/ui\": \"workspace:*\"}}",
            ),
            ("packages/ui/package.json", "{\"name\": \"@x/ui\", \"version\": \"1.0.0\"}"),
            ("packages/ui/index.js", "x"),
            ("packages/web/index.js", "x"),
        ]);
        assert_eq!(
            found,
            ["packages/web -> packages/ui packages/web/package.json:3 (link.javascript)"]
        );
    }

    #[test]
    fn crates_are_linked_by_path() {
        let found = links(&[
            ("Cargo.toml", "[workspace]\nmembers = [\"a\", \"b\"]\n"),
            (
                "a/Cargo.toml",
                "[package]\nname = \"a\"\nversion = \"0.1.0\"\n[dependencies]\nb = { path = \"../b\" }\n",
            ),
            ("a/src/lib.rs", ""),
            ("b/Cargo.toml", "[package]\nname = \"b\"\nversion = \"0.1.0\"\n"),
            ("b/src/lib.rs", ""),
        ]);
        assert!(found.iter().all(|link| link.starts_with("a -> b a/Cargo.toml:5")), "{found:?}");
    }
}
