//! `pom.xml`, as far as plans need it. Profiles are not evaluated; the default build counts.

use std::collections::BTreeMap;

use roxmltree::{Document, Node};
use rr_core::RepoView;

use super::paths::join;

/// One module's description.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Pom {
    /// Folder it lies in, relative to the root.
    pub(super) folder: String,
    pub(super) artifact: String,
    pub(super) packaging: String,
    /// Folders of its modules, relative to the root.
    pub(super) modules: Vec<String>,
    pub(super) properties: BTreeMap<String, String>,
    /// `group:artifact` of parent and dependencies.
    pub(super) dependencies: Vec<String>,
    /// Artifact names of its build plugins.
    pub(super) plugins: Vec<String>,
    /// Those that its modules run too, profiles that are on by themselves included.
    pub(super) inherited: Vec<String>,
    /// The artifact of its parent.
    pub(super) parent: Option<String>,
    /// The Java level of its own sources: `8`, `17`.
    pub(super) release: Option<u32>,
    /// What the enforcer allows: `[17,)`.
    pub(super) enforced: Option<String>,
    pub(super) main_class: Option<String>,
    /// Whether its program needs other jars, or may: a parent can bring some.
    pub(super) needs_others: bool,
}

impl Pom {
    /// Reads the description of a folder.
    pub(super) fn read(repo: &dyn RepoView, folder: &str) -> Option<Self> {
        let text = repo.text(&join(folder, "pom.xml"))?;
        let document = Document::parse(text.trim_start_matches('\u{feff}')).ok()?;
        let root = document.root_element();
        if root.tag_name().name() != "project" {
            return None;
        }
        let mut pom = Self {
            folder: folder.to_owned(),
            artifact: child_text(root, "artifactId").unwrap_or_default(),
            packaging: child_text(root, "packaging").unwrap_or_else(|| "jar".to_owned()),
            ..Self::default()
        };
        if let Some(properties) = child(root, "properties") {
            for property in properties.children().filter(Node::is_element) {
                let value = property.text().unwrap_or("").trim().to_owned();
                pom.properties.insert(property.tag_name().name().to_owned(), value);
            }
        }
        pom.modules = child(root, "modules")
            .into_iter()
            .flat_map(|modules| modules.children().filter(|node| node.has_tag_name_local("module")))
            .filter_map(|module| module.text().map(str::trim))
            .map(|module| normal(folder, module.trim_end_matches("/pom.xml")))
            .collect();
        pom.parent = child(root, "parent").and_then(|parent| child_text(parent, "artifactId"));
        pom.inherited = inherited(root);
        pom.read_dependencies(root);
        pom.read_plugins(root);
        pom.release = pom.release.or_else(|| pom.level());
        Some(pom)
    }

    fn read_dependencies(&mut self, root: Node<'_, '_>) {
        let own = child(root, "dependencies")
            .into_iter()
            .flat_map(|list| list.children().filter(|node| node.has_tag_name_local("dependency")));
        for node in child(root, "parent").into_iter().chain(own) {
            let group = child_text(node, "groupId").unwrap_or_default();
            let artifact = child_text(node, "artifactId").unwrap_or_default();
            let scope = child_text(node, "scope").unwrap_or_default();
            self.needs_others |= !matches!(scope.as_str(), "test" | "provided");
            self.dependencies.push(format!("{group}:{artifact}"));
        }
    }

    fn read_plugins(&mut self, root: Node<'_, '_>) {
        let Some(build) = child(root, "build") else { return };
        for plugin in build.descendants().filter(|node| node.has_tag_name_local("plugin")) {
            let name = child_text(plugin, "artifactId").unwrap_or_default();
            for node in plugin.descendants().filter(Node::is_element) {
                let text = || node.text().map(str::trim).filter(|text| !text.is_empty());
                match (name.as_str(), node.tag_name().name()) {
                    ("maven-compiler-plugin", "release" | "source") => {
                        let level = text().and_then(|text| self.level_of(text));
                        self.release = self.release.max(level);
                    }
                    ("maven-enforcer-plugin", "requireJavaVersion") => {
                        self.enforced = child_text(node, "version").map(|text| self.fill(&text));
                    }
                    (_, "mainClass") => {
                        let class = text().map(|text| self.fill(text));
                        self.main_class = self.main_class.take().or(class);
                    }
                    _ => {}
                }
            }
            self.plugins.push(name);
        }
    }

    /// The level that the usual properties set.
    fn level(&self) -> Option<u32> {
        [
            "maven.compiler.release",
            "java.version",
            "maven.compiler.source",
            "javaVersion",
            "jdk.version",
            "java.release.version",
            "maven.compiler.target",
        ]
        .iter()
        .find_map(|name| self.level_of(self.properties.get(*name)?))
    }

    fn level_of(&self, text: &str) -> Option<u32> {
        let text = self.fill(text);
        text.trim().strip_prefix("1.").unwrap_or(text.trim()).parse().ok()
    }

    /// Replaces `${name}` by the module's own property.
    fn fill(&self, text: &str) -> String {
        let mut out = text.trim().to_owned();
        for _ in 0..4 {
            let Some(start) = out.find("${") else { break };
            let Some(end) = out[start..].find('}').map(|at| start + at) else { break };
            let value = self.properties.get(&out[start + 2..end]).cloned().unwrap_or_default();
            out.replace_range(start..=end, &value);
        }
        out
    }

    /// Whether parent, a dependency or a plugin has this text in its name.
    pub(super) fn uses(&self, part: &str) -> bool {
        self.dependencies.iter().chain(&self.plugins).any(|name| name.contains(part))
    }
}

/// Artifact names of the plugins that modules inherit: those of the build itself, and those of
/// profiles that a module's own files or the lack of others turn on.
fn inherited(root: Node<'_, '_>) -> Vec<String> {
    let profiles = child(root, "profiles").into_iter().flat_map(|list| list.children());
    let on = |profile: &Node<'_, '_>| {
        let activation = child(*profile, "activation");
        activation.is_some_and(|activation| {
            let file = child(activation, "file").and_then(|file| child(file, "exists"));
            file.is_some() || child_text(activation, "activeByDefault").as_deref() == Some("true")
        })
    };
    let builds = std::iter::once(root).chain(profiles.filter(|node| node.is_element()).filter(on));
    builds
        .filter_map(|node| child(child(node, "build")?, "plugins"))
        .flat_map(|plugins| plugins.children())
        .filter_map(|plugin| child_text(plugin, "artifactId"))
        .collect()
}

/// A module and all modules below it, itself first. Each folder comes once.
pub(super) fn reactor(repo: &dyn RepoView, folder: &str) -> Vec<Pom> {
    let mut found: Vec<Pom> = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(next) = open.pop() {
        if found.len() > 300 || found.iter().any(|pom| pom.folder == next) {
            continue;
        }
        if let Some(pom) = Pom::read(repo, &next) {
            open.extend(pom.modules.iter().rev().cloned());
            found.push(pom);
        }
    }
    found
}

trait LocalName {
    /// Whether the element is called this, whatever its namespace.
    fn has_tag_name_local(&self, name: &str) -> bool;
}

impl LocalName for Node<'_, '_> {
    fn has_tag_name_local(&self, name: &str) -> bool {
        self.is_element() && self.tag_name().name() == name
    }
}

fn child<'a, 'i>(node: Node<'a, 'i>, name: &str) -> Option<Node<'a, 'i>> {
    node.children().find(|node| node.has_tag_name_local(name))
}

fn child_text(node: Node<'_, '_>, name: &str) -> Option<String> {
    child(node, name)?.text().map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())
}

fn normal(folder: &str, path: &str) -> String {
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.join("/")
}
