//! What an install left behind, read from the names of files.

use std::sync::LazyLock;

use regex::Regex;

use crate::lock::{Dependency, DependencySet};

/// Python distributions by the folders that every installer leaves: paths such as
/// `…/site-packages/requests-2.32.3.dist-info/METADATA`.
#[must_use]
pub fn python_distributions(paths: &[String]) -> Option<DependencySet> {
    let packages = paths.iter().filter_map(|path| {
        let folder = path.rsplit('/').find_map(|part| part.strip_suffix(".dist-info"))?;
        let (name, version) = folder.rsplit_once('-')?;
        let (name, version) = (name.replace('_', "-"), version.to_owned());
        Some(Dependency { name, version, hash: None })
    });
    super::set("pip", "site-packages", true, packages.collect())
}

static JAR: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?:/m2|/repository)/((?:[\w.-]+/)+)([\w.-]+)/([\w.-]+)/[\w.-]+\.jar").ok()
});

/// The artifacts on the class path of tests, as Surefire's reports name it.
#[must_use]
pub fn maven_class_path(report: &str) -> Vec<Dependency> {
    let path = report.split("java.class.path\"").nth(1).unwrap_or_default();
    let end = path.find("/>").unwrap_or(path.len());
    let Some(jar) = JAR.as_ref() else { return Vec::new() };
    let jars = path[..end].split(['"', ':']).filter_map(|entry| jar.captures(entry));
    let artifacts = jars.map(|found| {
        let group = found[1].trim_end_matches('/').replace('/', ".");
        let name = format!("{group}:{}", &found[2]);
        Dependency { name, version: found[3].to_owned(), hash: None }
    });
    artifacts.collect()
}
