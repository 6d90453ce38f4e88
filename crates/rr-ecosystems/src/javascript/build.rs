//! Which build the tests, the start or a package's own entry points need.

use rr_core::{Command, Evidence, RepoView, Trust};

use super::database::{prisma_schema, schema_option};
use super::expand::expand_script;
use super::managers::{Manager, Tool};
use super::package_json::Manifest;
use super::segment::{Role, Segment};
use super::suite::Suite;
use super::workspace::Workspace;

/// One build command.
#[derive(Clone, Debug)]
pub(super) struct Build {
    /// The command.
    pub(super) command: Command,
    /// Folder it runs in.
    pub(super) cwd: String,
    /// Whether what follows makes sense without it.
    pub(super) optional: bool,
    /// Why.
    pub(super) evidence: Evidence,
}

/// Scripts that generate what sources import, before builds and tests.
const GENERATORS: &[&str] =
    &["dev:prepare", "codegen", "generate", "prisma:generate", "gen", "pretest:generate"];

/// The builds of a workspace, in order.
pub(super) fn builds(
    repo: &dyn RepoView,
    workspace: &Workspace,
    manager: &Manager,
    suite: &Suite,
    start_needs: bool,
) -> Vec<Build> {
    let mut found = generators(workspace, manager);
    found.extend(workspace.packages().filter_map(|package| prisma_client(repo, package)));
    let root = &workspace.root;
    let script = build_script(workspace);
    // Where the tests come before the build, they need nothing of it.
    let listed =
        |list: &[Segment]| script.is_some_and(|name| list.iter().any(|s| calls(&s.line, name)));
    let missing = (listed(&suite.builds) || !listed(&suite.later))
        && workspace.packages().any(|package| lacks_entry(repo, package));
    let mut has_whole_build = false;
    for segment in &suite.builds {
        let whole =
            script.is_some_and(|name| calls(&segment.line, name) && segment.cwd == root.folder);
        has_whole_build |= whole;
        found.push(Build {
            command: Command::shell(format!("set +u\n{}", segment.line)),
            cwd: segment.cwd.clone(),
            optional: !whole || !missing && !start_needs,
            evidence: evidence_of(workspace, segment),
        });
    }
    if let Some(name) = script.filter(|_| !has_whole_build) {
        found.push(Build {
            command: run_script(manager, name),
            cwd: root.folder.clone(),
            optional: !missing && !start_needs,
            evidence: root.evidence(
                "javascript.build-script",
                &format!("\"{name}\":"),
                Trust::TaskRunner,
            ),
        });
    }
    found
}

/// Whether a line is a manager's call of a script: `yarn build`, `npm run build`.
fn calls(line: &str, script: &str) -> bool {
    let words: Vec<&str> = line.split_whitespace().collect();
    matches!(words.as_slice(), [program, name] | [program, "run", name]
        if *name == script && ["npm", "yarn", "pnpm", "bun"].contains(program))
}

/// The command by which a manager runs a script of the package in its folder.
pub(super) fn run_script(manager: &Manager, name: &str) -> Command {
    let program = manager.tool.program();
    match manager.tool {
        Tool::Deno => Command::argv(["deno", "task", name]),
        _ => Command::argv([program, "run", name]),
    }
}

/// The root's build script, unless it builds documents, stories or nothing.
fn build_script(workspace: &Workspace) -> Option<&'static str> {
    let root = &workspace.root;
    ["build", "compile", "build:all", "dist"].into_iter().find(|name| {
        root.scripts.get(*name).is_some_and(|body| {
            let other =
                ["docusaurus", "vitepress", "vuepress", "storybook", "typedoc", "eleventy", "hexo"];
            let only_docs = other.iter().any(|mark| body.contains(mark));
            let nothing = expand_script(&root.folder, name, workspace)
                .iter()
                .all(|segment| matches!(segment.role, Role::Noise | Role::NoTest));
            !only_docs && !nothing
        })
    })
}

/// Whether what a package offers to others is not in the tree.
fn lacks_entry(repo: &dyn RepoView, package: &Manifest) -> bool {
    let bins = package.bins().into_iter().map(|(_, file)| file);
    let files: Vec<String> = package.entry_files().into_iter().chain(bins).collect();
    let present = |file: &String| {
        let path = package.path(file);
        let path = path.trim_end_matches('/');
        repo.has(path)
            || [".js", ".json", ".cjs", ".mjs", ".node", "/index.js"]
                .iter()
                .any(|end| repo.has(&format!("{path}{end}")))
    };
    !files.is_empty() && !files.iter().all(present)
}

fn generators(workspace: &Workspace, manager: &Manager) -> Vec<Build> {
    let mut found = Vec::new();
    for package in workspace.packages() {
        for name in GENERATORS {
            if *name != "dev:prepare"
                && !package.folder.is_empty()
                && package.folder != workspace.root.folder
                || !package.scripts.contains_key(*name)
            {
                continue;
            }
            found.push(Build {
                command: run_script(manager, name),
                cwd: package.folder.clone(),
                optional: true,
                evidence: package.evidence(
                    "javascript.generator",
                    &format!("\"{name}\":"),
                    Trust::TaskRunner,
                ),
            });
        }
    }
    found
}

/// The database client that prisma makes from its schema, where no script that a run calls makes
/// it.
fn prisma_client(repo: &dyn RepoView, package: &Manifest) -> Option<Build> {
    let schema = prisma_schema(repo, package).filter(|_| package.depends_on("prisma"))?;
    let called = ["postinstall", "prepare", "pretest", "prebuild", "build", "prisma:generate"];
    let scripted = |name: &&str| {
        package.scripts.get(*name).is_some_and(|line| line.contains("prisma generate"))
    };
    if called.iter().chain(GENERATORS).any(scripted) {
        return None;
    }
    let mut words = vec!["prisma".to_owned(), "generate".to_owned()];
    words.extend(schema_option(package, &schema));
    Some(Build {
        command: Command::argv(words),
        cwd: package.folder.clone(),
        optional: true,
        evidence: Evidence::at(schema, "javascript.prisma-schema", Trust::Manifest),
    })
}

fn evidence_of(workspace: &Workspace, segment: &Segment) -> Evidence {
    let package = workspace.by_folder(&segment.package).unwrap_or(&workspace.root);
    package.evidence(
        "javascript.documented-build",
        &format!("\"{}\":", segment.script),
        Trust::TaskRunner,
    )
}
