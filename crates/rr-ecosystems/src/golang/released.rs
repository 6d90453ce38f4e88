//! The programs that a project's release tool builds for its users: `builds` of goreleaser.

use rr_core::{Evidence, RepoView, Trust};

use super::detect::Project;
use super::module::join;
use crate::miners::yaml;

/// Names of the release tool's file.
const FILES: &[&str] =
    &[".goreleaser.yaml", ".goreleaser.yml", "goreleaser.yaml", "goreleaser.yml"];

/// Folders of the programs, relative to the root, each with its place. A build that names no main
/// is the folder itself.
pub(super) fn programs(repo: &dyn RepoView, project: &Project) -> Vec<(String, Evidence)> {
    let mut found = Vec::new();
    for module in &project.modules {
        for name in FILES {
            let path = join(&module.folder, name);
            let Some(text) = repo.text(&path) else { continue };
            let Ok(root) = yaml::parse(&text) else { continue };
            for build in root.get("builds").map(yaml::Node::items).unwrap_or_default() {
                let folder = build.text_of("dir").unwrap_or("");
                let main = build.get("main");
                let text = main.and_then(yaml::Node::text).unwrap_or(".");
                let text = text
                    .rsplit_once('/')
                    .filter(|(_, file)| file.ends_with(".go"))
                    .map_or(text, |(above, _)| above);
                let text = if text.ends_with(".go") { "" } else { text };
                let line = main.map_or(build.line, |main| main.line);
                let evidence = Evidence::at(&path, "go.release", Trust::TaskRunner);
                found
                    .push((below(&module.folder, &[folder, text]), evidence.with_line(line, text)));
            }
        }
    }
    found
}

/// A path of plain parts below a folder.
fn below(folder: &str, parts: &[&str]) -> String {
    let parts = parts.iter().flat_map(|part| part.split('/'));
    let plain = parts.filter(|part| !part.is_empty() && *part != ".");
    plain.fold(folder.to_owned(), |path, part| join(&path, part))
}
