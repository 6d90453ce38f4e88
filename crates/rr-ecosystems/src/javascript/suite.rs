//! Which commands run a package's tests: CI's first, then its scripts, then its runner's default.

use std::collections::BTreeMap;

use rr_core::{Analysis, CommandClass, Evidence, MinedCommand, RepoView, Trust};

use super::expand::{expand, expand_script};
use super::package_json::Manifest;
use super::segment::{Role, Runner, Segment, script_at};
use super::workspace::Workspace;
use crate::miners::command_line::{split_words, unwrapped};

/// What was found about a package's tests.
#[derive(Clone, Debug, Default)]
pub(super) struct Suite {
    /// Test commands in order, with what stands before each in its chain.
    pub(super) tests: Vec<TestCommand>,
    /// Builds that come before the tests where they are documented.
    pub(super) builds: Vec<Segment>,
    /// Builds that are documented to come only after them.
    pub(super) later: Vec<Segment>,
    /// Why.
    pub(super) evidence: Vec<Evidence>,
    /// Whether CI's word is followed.
    pub(super) from_ci: bool,
    /// Remarks for people.
    pub(super) notes: Vec<String>,
}

/// One test command.
#[derive(Clone, Debug)]
pub(super) struct TestCommand {
    /// The command.
    pub(super) segment: Segment,
    /// Its runner.
    pub(super) runner: Runner,
    /// Small commands that its chain runs before it.
    pub(super) before: Vec<String>,
}

/// Script names that hold a package's tests, the most usual first.
const NAMES: &[&str] = &[
    "test",
    "test:unit",
    "test-unit",
    "unit",
    "tests",
    "test:node",
    "test-node",
    "test:ci",
    "test-ci",
    "ci:test",
    "test:run",
    "test:all",
    "test-all",
    "unit-test",
    "unittest",
    "test:js",
    "test:once",
    "vitest",
    "jest",
    "mocha",
    "ava",
    "tape",
    "check",
    "ci",
];

/// Words in a script's or job's name that mark tests of another kind.
const OTHER_KINDS: &[&str] = &[
    "e2e",
    "browser",
    "visual",
    "perf",
    "bench",
    "smoke",
    "types",
    "debug",
    "watch",
    "update",
    "docs",
    "release",
    "publish",
    "nightly",
    "canary",
    "deploy",
    "playwright",
    "cypress",
    "karma",
    "electron",
    "deno",
    "bun",
    "windows",
    "macos",
    "ecosystem",
    "lint",
    "size",
    "fuzz",
    "ufuzz",
    "fuzzing",
];

/// Programs that a chain may call before its tests and that have no place here.
const NOT_BEFORE: &[&str] = &[
    "docker",
    "docker-compose",
    "podman",
    "sudo",
    "curl",
    "wget",
    "git",
    "npm",
    "yarn",
    "pnpm",
    "npx",
    "bower",
    "pm2",
    "kill",
    "killall",
    "pkill",
    "wait-on",
    "apt-get",
    "brew",
    "cd",
    "corepack",
    "codecov",
    "bash",
    "sh",
];

/// Finds the tests of the package at a workspace's root.
pub(super) fn find(repo: &dyn RepoView, workspace: &Workspace, analysis: &Analysis) -> Suite {
    let mut suite = from_ci(workspace, analysis)
        .or_else(|| from_scripts(workspace))
        .or_else(|| from_members(workspace))
        .or_else(|| from_readme(workspace, analysis))
        .or_else(|| from_browsers(workspace))
        .or_else(|| from_convention(repo, workspace))
        .unwrap_or_default();
    for test in &mut suite.tests {
        if test.runner == Runner::Script {
            test.runner = script_runner(repo, workspace, &test.segment);
        } else if test.runner == Runner::Task && shell_starts_node_test(repo, &test.segment) {
            test.runner = Runner::NodeTest;
        }
    }
    if suite.tests.is_empty() {
        suite.notes.push(nothing_to_run(workspace));
    }
    suite
}

/// One CI job's commands, followed to their ends.
struct Job<'a> {
    key: (&'a str, &'a str),
    segments: Vec<Segment>,
    evidence: Option<Evidence>,
}

fn from_ci(workspace: &Workspace, analysis: &Analysis) -> Option<Suite> {
    let mut jobs: Vec<Job<'_>> = Vec::new();
    for command in analysis.commands.iter().filter(|c| c.evidence.trust == Trust::Ci) {
        if workspace.by_folder(&command.cwd).is_none() || !followed(command) {
            continue;
        }
        let key = (command.evidence.path.as_str(), command.context.as_str());
        let found = expand(&command.line, &command.cwd, &BTreeMap::new(), workspace);
        let at = jobs.iter().position(|job| job.key == key).unwrap_or_else(|| {
            jobs.push(Job { key, segments: Vec::new(), evidence: None });
            jobs.len() - 1
        });
        let job = &mut jobs[at];
        if job.evidence.is_none() && found.iter().any(|s| matches!(s.role, Role::Test(_))) {
            job.evidence = Some(command.evidence.clone());
        }
        job.segments.extend(found);
    }
    // Of equals the last is taken: the first job comes last.
    let best = jobs.into_iter().rev().filter(|job| job.evidence.is_some()).max_by_key(|job| {
        let name = format!("{} {}", job.key.0, job.key.1);
        let scripted = job
            .segments
            .iter()
            .any(|s| matches!(s.role, Role::Test(_)) && NAMES.contains(&s.script.as_str()));
        let tests = job.segments.iter().filter(|s| is_plain_test(s) && is_known(s)).count();
        (!of_another_kind(&name), tests > 0, scripted, tests)
    })?;
    let vague = !best.segments.iter().any(|s| is_plain_test(s) && is_known(s));
    if vague && from_scripts(workspace).is_some() {
        return None;
    }
    let mut suite = suite_of(best.segments, best.evidence)?;
    suite.from_ci = true;
    Some(suite)
}

/// A runner's own command, or a script that the package itself names: a loose file that CI runs
/// says little.
fn is_known(segment: &Segment) -> bool {
    let loose = matches!(segment.role, Role::Test(Runner::Script | Runner::Task));
    !loose || !segment.script.is_empty()
}

/// Whether a mined command may lead to tests: anything but set-up, publishing and danger.
fn followed(command: &MinedCommand) -> bool {
    use CommandClass::{Build, Configure, Lint, Start, Test, Unknown};
    let class = matches!(command.class, Test | Lint | Build | Unknown | Configure | Start);
    class && !command.line.contains("${{") && !command.line.contains("$(")
}

fn from_scripts(workspace: &Workspace) -> Option<Suite> {
    let root = &workspace.root;
    NAMES.iter().filter(|name| root.scripts.contains_key(**name)).find_map(|name| {
        let segments = expand_script(&root.folder, name, workspace);
        let evidence =
            root.evidence("javascript.script", &format!("\"{name}\":"), Trust::TaskRunner);
        suite_of(segments, Some(evidence))
    })
}

/// A root without tests of its own: those of its members.
fn from_members(workspace: &Workspace) -> Option<Suite> {
    let mut segments = Vec::new();
    let mut evidence = None;
    for member in &workspace.members {
        let Some(name) = NAMES.iter().find(|name| member.scripts.contains_key(**name)) else {
            continue;
        };
        segments.extend(expand_script(&member.folder, name, workspace));
        evidence.get_or_insert_with(|| {
            member.evidence("javascript.script", &format!("\"{name}\":"), Trust::TaskRunner)
        });
    }
    suite_of(segments, evidence)
}

fn from_readme(workspace: &Workspace, analysis: &Analysis) -> Option<Suite> {
    analysis
        .commands
        .iter()
        .filter(|c| c.class == CommandClass::Test && c.evidence.trust != Trust::Ci)
        .filter(|c| workspace.by_folder(&c.cwd).is_some())
        .find_map(|command| {
            let segments = expand(&command.line, &command.cwd, &BTreeMap::new(), workspace);
            let known = segments
                .iter()
                .any(|s| matches!(s.role, Role::Test(runner) if runner != Runner::Task));
            known.then(|| suite_of(segments, Some(command.evidence.clone())))?
        })
}

/// The package's own test scripts where all they do is to drive a browser.
fn from_browsers(workspace: &Workspace) -> Option<Suite> {
    let root = &workspace.root;
    let name = NAMES.iter().find(|name| root.scripts.contains_key(**name))?;
    let segments = expand_script(&root.folder, name, workspace);
    if !segments.iter().any(|segment| segment.role == Role::Browser) {
        return None;
    }
    let drives = |mut segment: Segment| {
        if let (Role::Browser, Some(runner)) = (segment.role, super::browser::runner(&segment.line))
        {
            segment.role = Role::Test(runner);
        }
        segment
    };
    let evidence = root.evidence("javascript.script", &format!("\"{name}\":"), Trust::TaskRunner);
    // Without one that can be run here there is still no other suite to look for.
    suite_of(segments.into_iter().map(drives).collect(), Some(evidence)).or(Some(Suite::default()))
}

/// A runner among the dependencies, or tests where Node looks for them by itself.
fn from_convention(repo: &dyn RepoView, workspace: &Workspace) -> Option<Suite> {
    let root = &workspace.root;
    let runners = [
        ("vitest", "vitest"),
        ("jest", "jest"),
        ("mocha", "mocha"),
        ("ava", "ava"),
        ("tap", "tap"),
        ("jasmine", "jasmine"),
        ("tape", "tape 'test/**/*.js'"),
    ];
    let declared = runners.iter().find(|(name, _)| root.depends_on(name));
    let line = match declared {
        Some((_, line)) => (*line).to_owned(),
        None => node_convention(repo, root)?,
    };
    let needle = declared.map_or("", |(name, _)| name);
    let evidence = root.evidence("javascript.test-convention", needle, Trust::Default);
    let segments = expand(&line, &root.folder, &BTreeMap::new(), workspace);
    suite_of(segments, Some(evidence))
}

fn node_convention(repo: &dyn RepoView, root: &Manifest) -> Option<String> {
    let below = repo.below(&root.folder);
    let is_test = |path: &str| {
        let name = super::package_json::base_name(path);
        [".test.js", ".test.mjs", ".test.cjs", "-test.js", "_test.js"]
            .iter()
            .any(|end| name.ends_with(end))
            && !path.contains("node_modules/")
    };
    if below.iter().any(|entry| is_test(&entry.path)) {
        return Some("node --test".to_owned());
    }
    ["test.js", "test.mjs", "test/index.js", "test/test.js"]
        .iter()
        .find(|file| repo.has(&root.path(file)))
        .map(|file| format!("node {file}"))
}

/// The suite that a list of simple commands holds; `None` where it holds no test that can run.
fn suite_of(segments: Vec<Segment>, evidence: Option<Evidence>) -> Option<Suite> {
    let plain = segments.iter().any(is_plain_test);
    let mut suite = Suite { evidence: evidence.into_iter().collect(), ..Suite::default() };
    let mut before: Vec<&Segment> = Vec::new();
    let mut builds: Vec<&Segment> = Vec::new();
    for segment in &segments {
        match segment.role {
            Role::Test(runner) if !plain || is_plain_test(segment) => {
                let mine = |s: &&&Segment| s.cwd == segment.cwd && leads_to(s, segment);
                let lines = before.iter().filter(mine).map(|s| s.line.clone()).collect();
                before.clear();
                suite.builds.extend(builds.drain(..).cloned());
                if !suite.tests.iter().any(|known| same(&known.segment, segment)) {
                    suite.tests.push(TestCommand {
                        segment: segment.clone(),
                        runner,
                        before: lines,
                    });
                }
            }
            Role::Build => {
                let known = |other: &Segment| same(other, segment);
                if !suite.builds.iter().any(known) && !builds.iter().any(|b| known(b)) {
                    builds.push(segment);
                }
            }
            Role::Other if may_come_before(segment) => before.push(segment),
            Role::Browser => {
                suite.notes.push(format!("`{}` needs a browser and is left out", segment.line))
            }
            _ => {}
        }
    }
    suite.later = builds.into_iter().cloned().collect();
    (!suite.tests.is_empty()).then_some(suite)
}

/// Whether a command stands in the same script as a test after it, or in what npm runs before it.
fn leads_to(before: &Segment, test: &Segment) -> bool {
    before.package == test.package
        && !test.script.is_empty()
        && (before.script == test.script || before.script == format!("pre{}", test.script))
}

fn is_plain_test(segment: &Segment) -> bool {
    matches!(segment.role, Role::Test(_)) && !of_another_kind(&segment.script)
}

fn of_another_kind(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    lower.split(|c: char| !c.is_ascii_alphanumeric()).any(|part| OTHER_KINDS.contains(&part))
}

fn may_come_before(segment: &Segment) -> bool {
    let words = split_words(&segment.line);
    let inner = unwrapped(&words);
    let program = inner.first().map_or("", |word| super::package_json::base_name(word));
    let script_call = words.len() >= 3 && words[1] == "run";
    let known = script_call || !NOT_BEFORE.contains(&program);
    !program.is_empty() && program != "." && known && !segment.line.contains('&')
}

/// The same command, but for coverage around it.
fn same(a: &Segment, b: &Segment) -> bool {
    let core = |segment: &Segment| -> Vec<String> {
        let words = split_words(&segment.line);
        unwrapped(&words)
            .iter()
            .filter(|word| !word.starts_with("--coverage") && *word != "--ci" && *word != "run")
            .cloned()
            .collect()
    };
    a.cwd == b.cwd && core(a) == core(b)
}

/// Whether a shell script of the repository starts Node's own test runner, which is told how to
/// report by options and not, as others, by what it loads.
fn shell_starts_node_test(repo: &dyn RepoView, segment: &Segment) -> bool {
    let words = split_words(&segment.line);
    let starts = |line: &str| {
        let words = split_words(line);
        words.iter().any(|word| word == "node") && words.iter().any(|word| word == "--test")
    };
    let shells = ["sh", "bash", "dash"];
    unwrapped(&words)
        .iter()
        .find(|word| !shells.contains(&word.as_str()) && !word.starts_with('-'))
        .map(|script| super::package_json::join(&segment.cwd, script.trim_start_matches("./")))
        .and_then(|path| repo.text(&path))
        .is_some_and(|text| text.lines().any(starts))
}

/// The runner that a script run by Node brings to work, by its own text.
fn script_runner(repo: &dyn RepoView, workspace: &Workspace, segment: &Segment) -> Runner {
    let words = split_words(&segment.line);
    let inner = unwrapped(&words);
    let rest: Vec<&str> = inner.iter().skip(1).map(String::as_str).collect();
    let Some(script) = script_at(&rest).map(|at| rest[at]) else { return Runner::Task };
    let path = super::package_json::join(&segment.cwd, script);
    let text = [path.clone(), format!("{path}.js"), format!("{path}/index.js")]
        .iter()
        .find_map(|path| repo.text(path))
        .unwrap_or_default();
    let marks = [
        ("node:test", Runner::NodeTest),
        ("tape", Runner::Tape),
        ("mocha", Runner::Mocha),
        ("jest", Runner::Jest),
        ("jasmine", Runner::Jasmine),
        ("tap", Runner::Tape),
    ];
    let quoted = |name: &str| {
        [format!("'{name}'"), format!("\"{name}\""), format!("'{name}/"), format!("\"{name}/")]
            .iter()
            .any(|mark| text.contains(mark.as_str()))
    };
    if let Some((_, runner)) = marks.iter().find(|(name, _)| quoted(name)) {
        return *runner;
    }
    let starts_others = ["child_process", "execa", "readdirSync", "require.context", "glob"];
    let watched =
        ["mocha", "jest", "tape", "jasmine"].iter().any(|name| workspace.depends_on(name));
    if watched && starts_others.iter().any(|mark| text.contains(mark)) {
        return Runner::Task;
    }
    Runner::Script
}

fn nothing_to_run(workspace: &Workspace) -> String {
    let segments: Vec<Segment> = NAMES
        .iter()
        .filter(|name| workspace.root.scripts.contains_key(**name))
        .flat_map(|name| expand_script(&workspace.root.folder, name, workspace))
        .collect();
    let has = |role: Role| segments.iter().any(|segment| segment.role == role);
    if has(Role::Browser) {
        "the tests drive a browser; none is driven here".to_owned()
    } else if has(Role::NoTest) {
        "no test specified: the test script is npm's placeholder".to_owned()
    } else if has(Role::Lint) {
        "the test script only lints; no tests were found".to_owned()
    } else {
        "no tests were found".to_owned()
    }
}
