//! GitLab CI: jobs with their scripts, images, services and variables.

use std::collections::BTreeMap;

use rr_core::{FactKey, RepoView, Trust};

use super::collected::{Mined, Place, Script};
use super::images;
use super::yaml::{self, Node};
use crate::places::matches_glob;

/// Keys at the top that are no jobs.
const RESERVED: &[&str] = &[
    "stages",
    "variables",
    "image",
    "services",
    "before_script",
    "after_script",
    "cache",
    "include",
    "workflow",
    "default",
    "pages",
    "spec",
];

/// Most files that are included, and how deep includes may lie.
const INCLUDES: usize = 20;
const DEPTH: u8 = 3;

/// Mines `.gitlab-ci.yml` with the files of the tree that it includes.
pub(super) fn mine(repo: &dyn RepoView, mined: &mut Mined) {
    let mut roots: Vec<(String, Node)> = Vec::new();
    read(repo, ".gitlab-ci.yml", DEPTH, &mut roots, mined);
    let mut global = BTreeMap::new();
    for (path, root) in roots.iter().rev() {
        let place = Place { path, rule: "gitlab.script", trust: Trust::Ci };
        global.extend(variables(&place, root.get("variables"), mined));
    }
    let all: Vec<&Node> = roots.iter().map(|(_, root)| root).collect();
    for (path, root) in &roots {
        let place = Place { path, rule: "gitlab.script", trust: Trust::Ci };
        for (name, job) in root.pairs() {
            if RESERVED.contains(&&**name) || name.starts_with('.') {
                continue;
            }
            read_job(&place, name, &Lookup { roots: &all, job }, &global, mined);
        }
    }
}

/// Reads a file and those that it includes; the including file comes first, because it rules.
fn read(
    repo: &dyn RepoView,
    path: &str,
    depth: u8,
    roots: &mut Vec<(String, Node)>,
    mined: &mut Mined,
) {
    let known = roots.iter().any(|(known, _)| known == path);
    let Some(text) = repo.text(path).filter(|_| !known && roots.len() < INCLUDES) else { return };
    let root = match yaml::parse(&text) {
        Ok(root) => root,
        Err(error) => {
            mined.notes.push(format!("`{path}` not read: {error}"));
            return;
        }
    };
    let included = root.get("include").map(local_files).unwrap_or_default();
    roots.push((path.to_owned(), root));
    for file in included.iter().filter(|_| depth > 0).flat_map(|file| named(repo, file)) {
        read(repo, &file, depth - 1, roots, mined);
    }
}

/// `include: ci/test.yml`, `include: [{local: /ci/test.yml}]`.
fn local_files(include: &Node) -> Vec<String> {
    let of = |node: &Node| node.text_of("local").or_else(|| node.text()).map(str::to_owned);
    let listed = include.items().iter().filter_map(of);
    let own = of(include).into_iter();
    let files = own.chain(listed).filter(|file| !file.contains("://"));
    files.map(|file| file.trim_start_matches('/').to_owned()).collect()
}

/// The files that a path of `include` means: itself, or those that its wildcards match
/// (`ci/*.yml`, `ci/**.yml` at any depth).
fn named(repo: &dyn RepoView, path: &str) -> Vec<String> {
    if !path.contains('*') {
        return vec![path.to_owned()];
    }
    let pattern = path.replace("/**.", "/**/*.");
    let fits = |entry: &&rr_core::FileEntry| matches_glob(&entry.path, &pattern);
    let folder = path.split('*').next().and_then(|head| head.rsplit_once('/'));
    let below = repo.below(folder.map_or("", |(folder, _)| folder));
    below.iter().filter(fits).take(INCLUDES).map(|entry| entry.path.clone()).collect()
}

/// A job with its templates and the defaults behind it.
struct Lookup<'a> {
    roots: &'a [&'a Node],
    job: &'a Node,
}

impl<'a> Lookup<'a> {
    fn get(&self, key: &str) -> Option<&'a Node> {
        self.job
            .get(key)
            .or_else(|| self.templates(self.job, 4).into_iter().find_map(|node| node.get(key)))
            .or_else(|| self.global("default").and_then(|default| default.get(key)))
            .or_else(|| self.global(key))
    }

    fn global(&self, key: &str) -> Option<&'a Node> {
        self.roots.iter().find_map(|root| root.get(key))
    }

    fn templates(&self, job: &'a Node, depth: u8) -> Vec<&'a Node> {
        let mut found = Vec::new();
        for name in job.get("extends").map(Node::texts).unwrap_or_default().iter().rev() {
            if let Some(template) = self.global(name).filter(|_| depth > 0) {
                found.push(template);
                found.extend(self.templates(template, depth - 1));
            }
        }
        found
    }
}

fn read_job(
    place: &Place<'_>,
    name: &str,
    job: &Lookup<'_>,
    global: &BTreeMap<String, String>,
    mined: &mut Mined,
) {
    let mut env = global.clone();
    env.extend(variables(place, job.job.get("variables"), mined));
    if let Some(image) = job.get("image") {
        let text = image.text_of("name").or_else(|| image.text()).unwrap_or_default();
        for (tool, version) in images::toolchain(text) {
            mined.fact(FactKey::Version(tool), "", &version, place.at(image.line, text));
        }
    }
    for service in job.get("services").map(Node::items).unwrap_or_default() {
        let image = service.text_of("name").or_else(|| service.text()).unwrap_or_default();
        let alias = service.text_of("alias").unwrap_or_else(|| {
            image.split(':').next().unwrap_or(image).rsplit('/').next().unwrap_or(image)
        });
        if let Some(mut found) = images::service(image, alias, place.at(service.line, image)) {
            found.env = env.clone();
            mined.services.push(found);
        }
    }
    for key in ["before_script", "script"] {
        let Some(node) = job.get(key) else { continue };
        for line in node.one_or_many().into_iter().flat_map(flatten) {
            let Some(text) = line.text() else { continue };
            mined.script(
                place,
                Script { text, line: line.line, cwd: Some(""), env: &env, context: name },
            );
        }
    }
}

/// Scripts may be nested lists, through anchors.
fn flatten(node: &Node) -> Vec<&Node> {
    if node.text().is_some() { vec![node] } else { node.items().iter().collect() }
}

fn variables(
    place: &Place<'_>,
    node: Option<&Node>,
    mined: &mut Mined,
) -> BTreeMap<String, String> {
    let mut env = BTreeMap::new();
    for (name, value, line) in node.map(Node::variables).unwrap_or_default() {
        mined.variable(&name, &value, "", place.at(line, &format!("{name}: {value}")));
        env.insert(name, value);
    }
    env
}

#[cfg(test)]
mod tests {
    use super::*;
    use rr_core::{CommandClass, MemoryRepo, ServiceKind};

    #[test]
    fn files_of_the_tree_that_are_included_count() {
        let mut mined = Mined::default();
        let repo = MemoryRepo::new([
            (
                ".gitlab-ci.yml",
                "include:\n  - local: /ci/base.yml\n  - remote: https://x/y.yml\nunit:\n  extends: .py\n  script: [pytest]\n",
            ),
            (
                "ci/base.yml",
                "include: .gitlab-ci.yml\n.py:\n  image: python:3.12\nlint:\n  script: ruff check\n",
            ),
        ]);
        mine(&repo, &mut mined);
        let places: Vec<_> = mined.commands.iter().map(|c| c.evidence.place()).collect();
        assert_eq!(places, [".gitlab-ci.yml:6 (gitlab.script)", "ci/base.yml:5 (gitlab.script)"]);
        assert_eq!(mined.facts[0].value, "3.12");
    }

    #[test]
    fn wildcards_of_includes_are_followed() {
        let job = |name: &str| format!("{name}:\n  script: pytest {name}\n");
        let repo = MemoryRepo::new([
            (
                ".gitlab-ci.yml",
                "include:\n  - local: 'ci/*.yml'\n  - local: '/deep/**.yml'\n".to_owned(),
            ),
            ("ci/a.yml", job("a")),
            ("ci/below/b.yml", job("b")),
            ("deep/x/y/c.yml", job("c")),
        ]);
        let mut mined = Mined::default();
        mine(&repo, &mut mined);
        let lines: Vec<_> = mined.commands.iter().map(|c| c.line.as_str()).collect();
        assert_eq!(lines, ["pytest a", "pytest c"]);
    }

    #[test]
    fn jobs_inherit_images_services_and_variables() {
        let mut mined = Mined::default();
        let text = "image: python:3.11\nvariables: {POSTGRES_DB: app}\n.base:\n  services: ['postgres:15']\n\
             test:\n  extends: .base\n  script:\n    - pip install -e .\n    - pytest -q\n";
        mine(&MemoryRepo::new([(".gitlab-ci.yml", text)]), &mut mined);
        let lines: Vec<_> = mined.commands.iter().map(|c| (c.line.as_str(), c.class)).collect();
        assert_eq!(
            lines,
            [("pip install -e .", CommandClass::Install), ("pytest -q", CommandClass::Test)]
        );
        assert_eq!(mined.commands[1].evidence.line, Some(9));
        assert_eq!(mined.services[0].kind, ServiceKind::Postgres);
        assert_eq!(mined.services[0].env["POSTGRES_DB"], "app");
        assert_eq!(mined.facts.iter().filter(|f| f.value == "3.11").count(), 1);
    }
}
