//! Runs every miner over the files it knows.

use rr_core::{FileEntry, RepoView, UnitRole};

use super::collected::{Mined, folder_of};
use super::{
    app_json, azure, circle, compose, devcontainer, dockerfile, dotenv, drone, github, gitlab,
    hosting, jenkins, justfile, kubernetes, machines, mage, makefile, nox, package_json, pins,
    procfile, pyproject, readme, shell_scripts, taskfile, tox, travis,
};
use crate::places::decoy_role;

/// Deepest folder whose task files and containers are looked at.
const DEPTH: usize = 4;
/// Most files mined; real trees have a few dozen.
const FILE_LIMIT: usize = 2000;

/// Reads one file.
type FileMiner = fn(path: &str, text: &str, mined: &mut Mined);

/// Reads one file and those of the tree that it names.
type TreeMiner = fn(repo: &dyn RepoView, path: &str, text: &str, mined: &mut Mined);

/// What reads a file.
enum Miner {
    File(FileMiner),
    Tree(TreeMiner),
}

/// Mines a tree: CI first, then files by name, in path order.
pub(crate) fn mine(repo: &dyn RepoView) -> Mined {
    let mut mined = Mined::default();
    github::mine(repo, &mut mined);
    gitlab::mine(repo, &mut mined);
    let mut count = 0;
    for entry in repo.files() {
        let Some(miner) = miner_of(entry) else { continue };
        count += 1;
        if count > FILE_LIMIT {
            mined.notes.push(format!("only the first {FILE_LIMIT} build files were read"));
            break;
        }
        let Some(text) = repo.text(&entry.path) else { continue };
        match miner {
            Miner::File(miner) => miner(&entry.path, &text, &mut mined),
            Miner::Tree(miner) => miner(repo, &entry.path, &text, &mut mined),
        }
    }
    shell_scripts::mine(repo, &mut mined);
    mined
}

/// The miner that knows a file by its name and place.
fn miner_of(entry: &FileEntry) -> Option<Miner> {
    let path = entry.path.as_str();
    if let Some(miner) = miner_of_path(path) {
        return Some(Miner::File(miner));
    }
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
    let near = path.matches('/').count() <= DEPTH && !carried(folder);
    let own = matches!(decoy_role(folder), None | Some(UnitRole::Tooling));
    (near && own && compose::is_file(name)).then_some(Miner::Tree(compose::mine))
}

fn carried(folder: &str) -> bool {
    folder.split('/').any(|part| part == "node_modules")
}

fn miner_of_path(path: &str) -> Option<FileMiner> {
    match path {
        ".circleci/config.yml" => return Some(circle::mine),
        ".travis.yml" => return Some(travis::mine),
        "azure-pipelines.yml" | ".azure-pipelines.yml" | ".azure-pipelines/azure-pipelines.yml" => {
            return Some(azure::mine);
        }
        ".devcontainer/devcontainer.json" | ".devcontainer.json" => {
            return Some(devcontainer::mine);
        }
        "app.json" => return Some(app_json::mine),
        ".drone.yml" | ".woodpecker.yml" | ".woodpecker.yaml" => return Some(drone::mine),
        "Jenkinsfile" | ".jenkins/Jenkinsfile" | "ci/Jenkinsfile" => return Some(jenkins::mine),
        "Vagrantfile" => return Some(machines::vagrant),
        "flake.nix" | "shell.nix" | "default.nix" | "nix/shell.nix" => return Some(machines::nix),
        _ => {}
    }
    let woodpecker = path.strip_prefix(".woodpecker/").is_some_and(|name| !name.contains('/'));
    if woodpecker && (path.ends_with(".yml") || path.ends_with(".yaml")) {
        return Some(drone::mine);
    }
    let folder = folder_of(path);
    if path.matches('/').count() > DEPTH || carried(folder) {
        return None;
    }
    let decoy = decoy_role(folder);
    let name = path.rsplit('/').next().unwrap_or(path);
    if let Some(miner) = task_miner(name)
        && !matches!(decoy, Some(UnitRole::Fixture) if !test_suite_folder(folder))
    {
        return Some(miner);
    }
    if decoy.is_some() && !matches!(decoy, Some(UnitRole::Tooling)) {
        return None;
    }
    // A guide beside somebody else's code, or beside tools, is not this repository's.
    let own = decoy.is_none() || folder.starts_with(".git");
    container_miner(name)
        .or_else(|| hosting::miner(name))
        .or_else(|| kubernetes::is_manifest(path).then_some(kubernetes::mine as FileMiner))
        .or_else(|| readme_miner(path, name).filter(|_| own))
}

/// `tests/Makefile` may hold the suite; `tests/fixtures/x/Makefile` does not.
fn test_suite_folder(folder: &str) -> bool {
    matches!(folder, "test" | "tests" | "spec" | "e2e" | "regress")
}

fn task_miner(name: &str) -> Option<FileMiner> {
    Some(match name {
        "Makefile" | "makefile" | "GNUmakefile" => makefile::mine,
        "justfile" | "Justfile" | ".justfile" => justfile::mine,
        "Taskfile.yml" | "Taskfile.yaml" | "taskfile.yml" => taskfile::mine,
        "package.json" => package_json::mine,
        "tox.ini" | "setup.cfg" => tox::mine,
        "pyproject.toml" => pyproject::mine,
        "noxfile.py" => nox::mine,
        "magefile.go" => mage::mine,
        ".tool-versions" | "mise.toml" | ".mise.toml" | "runtime.txt" | ".sdkmanrc" => pins::mine,
        "Procfile" => procfile::mine,
        _ => return None,
    })
}

fn container_miner(name: &str) -> Option<FileMiner> {
    let lower = name.to_ascii_lowercase();
    if lower == "dockerfile"
        || lower == "containerfile"
        || lower.starts_with("dockerfile.")
        || lower.ends_with(".dockerfile")
    {
        return Some(dockerfile::mine);
    }
    dotenv::is_template(name).then_some(dotenv::mine as FileMiner)
}

fn readme_miner(path: &str, name: &str) -> Option<FileMiner> {
    let lower = name.to_ascii_lowercase();
    let told = [
        "readme",
        "contributing",
        "development",
        "developing",
        "hacking",
        "install",
        "building",
        "testing",
    ]
    .iter()
    .any(|stem| lower.split('.').next() == Some(stem));
    let text = ["md", "rst", "txt", "markdown", "adoc"].iter().any(|end| lower.ends_with(end))
        || !lower.contains('.');
    (told && text && path.matches('/').count() <= 2).then_some(readme::mine as FileMiner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rr_core::MemoryRepo;

    #[test]
    fn guides_of_code_that_is_only_carried_along_are_not_read() {
        let guide = "```sh\ncmake -DWHOSE=on ..\n```\n";
        let repo = MemoryRepo::new([
            ("deps/other-1.2/CONTRIBUTING.md", guide),
            ("third_party/x/README.md", guide),
            (".github/CONTRIBUTING.md", "```sh\nctest\n```\n"),
        ]);
        let lines: Vec<String> = mine(&repo).commands.into_iter().map(|c| c.line).collect();
        assert_eq!(lines, ["ctest"]);
    }
}
