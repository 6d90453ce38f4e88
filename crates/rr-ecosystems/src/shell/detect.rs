//! Finds shell programs and their tests.

use rr_core::{
    EcosystemId, Evidence, FileEntry, FileKind, RepoView, Trust, Unit, UnitKind, UnitRole,
};

use crate::analysis::source_shares;

/// Part of the source that must be shell where no shell test framework is used.
const MOSTLY: f64 = 0.6;

/// The unit at the root, where there is one.
pub(super) fn detect(repo: &dyn RepoView) -> Option<Unit> {
    let mut evidence = Vec::new();
    let mut frameworks = Vec::new();
    if let Some(test) = bats_files(repo).next() {
        frameworks.push("bats".to_owned());
        evidence.push(Evidence::at(&test.path, "shell.bats", Trust::Manifest));
    }
    if repo.has(".shellspec") {
        frameworks.push("shellspec".to_owned());
        evidence.push(Evidence::at(".shellspec", "shell.shellspec", Trust::Manifest));
    }
    let shares = source_shares(repo);
    let total: u64 = shares.iter().map(|share| share.bytes).sum();
    let named = shares.iter().find(|share| share.language == "Shell").map_or(0, |s| s.bytes);
    // A program's own script has no ending that would tell its language.
    let bare = |path: &&String| !path.rsplit('/').next().unwrap_or(path).contains('.');
    let scripts = if total == 0 { programs(repo) } else { Vec::new() };
    let own: u64 = scripts.iter().filter(bare).map(|path| repo.size(path)).sum();
    let (shell, total) = (named + own, total + own);
    let share = if total == 0 { 0.0 } else { shell as f64 / total as f64 };
    if share >= MOSTLY {
        let excerpt = format!("{:.0}% of the source is shell", share * 100.0);
        let mut here = Evidence::at("", "shell.share", Trust::Default);
        here.excerpt = excerpt;
        evidence.push(here);
    }
    if evidence.is_empty() || share < 0.05 {
        return None;
    }
    let programs = programs(repo);
    Some(Unit {
        path: String::new(),
        ecosystem: EcosystemId::new("shell"),
        name: programs.first().map_or_else(|| "scripts".to_owned(), |path| stem(path).to_owned()),
        kind: if programs.is_empty() { UnitKind::Library } else { UnitKind::Cli },
        role: UnitRole::Primary,
        managers: Vec::new(),
        toolchains: Vec::new(),
        frameworks,
        weight: 40,
        evidence,
    })
}

/// The suite's files; fixtures of a test runner's own tests are left out.
pub(super) fn bats_files(repo: &dyn RepoView) -> impl Iterator<Item = &FileEntry> {
    repo.files().iter().filter(|entry| {
        entry.path.ends_with(".bats")
            && entry.kind != FileKind::Link
            && !entry.path.split('/').any(|part| {
                matches!(part, "fixtures" | "node_modules" | "vendor" | "examples" | "docs")
            })
    })
}

/// The shell that a script's first line asks for; `bash` where it names none.
pub(super) fn interpreter(text: &str) -> &'static str {
    let first = text.lines().next().filter(|line| line.starts_with("#!")).unwrap_or_default();
    let program = first.split(['/', ' ']).next_back().unwrap_or_default().trim();
    ["zsh", "dash", "ksh", "sh"].into_iter().find(|shell| *shell == program).unwrap_or("bash")
}

/// Executable shell scripts that are the repository's programs: in `bin/`, else at the root.
pub(super) fn programs(repo: &dyn RepoView) -> Vec<String> {
    for folder in ["bin", ""] {
        let mut found: Vec<String> = repo
            .children(folder)
            .into_iter()
            .filter(|entry| is_program_name(&entry.path) && repo.is_executable(&entry.path))
            .filter(|entry| repo.text(&entry.path).is_some_and(|text| is_shell(&text)))
            .map(|entry| entry.path.clone())
            .collect();
        if !found.is_empty() {
            found.sort_by_key(String::len);
            return found;
        }
    }
    Vec::new()
}

fn is_program_name(path: &str) -> bool {
    const HELPERS: &[&str] = &[
        "install",
        "uninstall",
        "configure",
        "bootstrap",
        "test",
        "tests",
        "run-tests",
        "build",
        "lint",
        "release",
        "setup",
        "autogen",
        "shellcheck",
        "format",
        "update",
        "deploy",
    ];
    !HELPERS.contains(&stem(path))
}

fn stem(path: &str) -> &str {
    let name = path.rsplit('/').next().unwrap_or(path);
    name.strip_suffix(".sh").or_else(|| name.strip_suffix(".bash")).unwrap_or(name)
}

fn is_shell(text: &str) -> bool {
    let first = text.lines().next().unwrap_or("");
    first.starts_with("#!")
        && ["sh", "bash", "zsh", "dash"].iter().any(|s| first.trim_end().ends_with(s))
}
