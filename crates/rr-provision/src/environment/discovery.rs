//! Finds tools: on the PATH, and in the folders where version managers keep them. Shims that
//! choose a version by the working folder (pyenv, asdf, rustup) are passed over.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::Duration;

use rr_core::HostTool;

use super::catalogue::{TOOLS, ToolEntry};
use super::tool_versions::{Question, Remembered, by_running, from_files};
use crate::host::{HostTools, is_program};

const VERSION: &[&str] = &["--version"];
/// Toolchains are waited for longer than other tools: a missing version there changes choices.
const TOOLCHAIN_LIMIT: Duration = Duration::from_secs(5);
const TOOL_LIMIT: Duration = Duration::from_secs(3);

/// Every tool found, each with its installations in the order of preference.
pub(super) fn tools(host: &HostTools) -> BTreeMap<String, Vec<HostTool>> {
    let questions = questions(host);
    let file = host.settings().tools().join("versions.json");
    let mut remembered = Remembered::load(&file);
    let answers = answer(host, &questions, &remembered);
    let mut found: BTreeMap<String, Vec<HostTool>> = BTreeMap::new();
    for (question, version) in questions.iter().zip(answers) {
        if let Some(version) = &version {
            remembered.put(&question.path, version);
        }
        let path = question.path.to_string_lossy().into_owned();
        let tool = HostTool { path, version: version.unwrap_or_default() };
        found.entry(question.tool.to_owned()).or_default().push(tool);
    }
    remembered.save(&file);
    found
}

/// Every tool found, with the versions that were remembered or that files and names tell.
pub(super) fn at_a_glance(host: &HostTools) -> BTreeMap<String, Vec<HostTool>> {
    let remembered = Remembered::load(&host.settings().tools().join("versions.json"));
    let mut found: BTreeMap<String, Vec<HostTool>> = BTreeMap::new();
    for question in questions(host) {
        let version = remembered
            .get(&question.path)
            .or_else(|| from_files(question.tool, &question.path))
            .or_else(|| from_name(&question));
        let path = question.path.to_string_lossy().into_owned();
        let tool = HostTool { path, version: version.unwrap_or_default() };
        found.entry(question.tool.to_owned()).or_default().push(tool);
    }
    found
}

/// `python3` that leads to `python3.11` is of version 3.11.
fn from_name(question: &Question) -> Option<String> {
    let real = question.path.canonicalize().ok()?;
    let name = real.file_name()?.to_str()?;
    let digits = name.strip_prefix(question.tool)?;
    digits.contains('.').then(|| digits.to_owned())
}

/// Asks in parallel: most of the time goes into waiting for programs to start.
fn answer(
    host: &HostTools,
    questions: &[Question],
    remembered: &Remembered,
) -> Vec<Option<String>> {
    let answers: Mutex<Vec<Option<String>>> = Mutex::new(vec![None; questions.len()]);
    let next = std::sync::atomic::AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                loop {
                    let index = next.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                    let Some(question) = questions.get(index) else { return };
                    let version = remembered.get(&question.path).or_else(|| ask(host, question));
                    if let Ok(mut answers) = answers.lock() {
                        answers[index] = version;
                    }
                }
            });
        }
    });
    answers.into_inner().unwrap_or_default()
}

fn ask(host: &HostTools, question: &Question) -> Option<String> {
    from_files(question.tool, &question.path)
        .or_else(|| if question.arguments.is_empty() { None } else { by_running(host, question) })
}

fn questions(host: &HostTools) -> Vec<Question> {
    let mut all = Vec::new();
    let mut seen: Vec<(&'static str, PathBuf)> = Vec::new();
    let mut add = |question: Question| {
        let real = question.path.canonicalize().unwrap_or_else(|_| question.path.clone());
        if !seen.contains(&(question.tool, real.clone())) {
            seen.push((question.tool, real));
            all.push(question);
        }
    };
    let folders = search_folders(host);
    for question in pythons(host, &folders).into_iter().chain(rusts(host, &folders)) {
        add(question);
    }
    let managed =
        [("java", jdk_programs(host)), ("go", go_programs(host)), ("node", node_programs(host))];
    for entry in TOOLS {
        for path in on_path(entry, &folders) {
            add(question(entry.tool, path, entry.arguments, entry.toolchain));
        }
    }
    for (tool, paths) in managed {
        let program = if tool == "java" { "javac" } else { tool };
        let first =
            folders.iter().map(|folder| folder.join(program)).filter(|path| is_program(path));
        for path in first.chain(paths) {
            // A JDK is named by its `java`; `javac` on the PATH proves that it is no mere runtime.
            let path = if tool == "java" { java_of(&path) } else { Some(path) };
            if let Some(path) = path {
                add(question(tool, path, if tool == "go" { &["version"] } else { VERSION }, true));
            }
        }
    }
    all
}

fn question(
    tool: &'static str,
    path: PathBuf,
    arguments: &'static [&'static str],
    toolchain: bool,
) -> Question {
    let limit = if toolchain { TOOLCHAIN_LIMIT } else { TOOL_LIMIT };
    Question { tool, path, arguments, limit }
}

/// The PATH less shim folders, then the usual folders and those off an ordinary user's PATH.
fn search_folders(host: &HostTools) -> Vec<PathBuf> {
    let mut folders = host.settings().path();
    for folder in ["/usr/local/bin", "/usr/bin", "/usr/local/sbin", "/usr/sbin"] {
        let folder = PathBuf::from(folder);
        if !folders.contains(&folder) {
            folders.push(folder);
        }
    }
    if let Ok(entries) = fs::read_dir("/usr/lib/postgresql") {
        folders.extend(entries.flatten().map(|entry| entry.path().join("bin")));
    }
    folders.retain(|folder| !folder.ends_with("shims"));
    folders
}

/// The first program of each of the entry's names, in the order of folders.
fn on_path(entry: &ToolEntry, folders: &[PathBuf]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for program in entry.programs {
        found.extend(
            folders.iter().map(|folder| folder.join(program)).filter(|path| is_program(path)),
        );
    }
    found
}

fn pythons(host: &HostTools, folders: &[PathBuf]) -> Vec<Question> {
    let mut paths: Vec<PathBuf> = Vec::new();
    for folder in folders {
        let Ok(entries) = fs::read_dir(folder) else { continue };
        let mut here: Vec<PathBuf> = entries
            .flatten()
            .filter(|entry| is_python_name(&entry.file_name().to_string_lossy()))
            .map(|entry| entry.path())
            .collect();
        here.sort();
        paths.extend(here);
    }
    let home = host.settings().user_home();
    let pyenv = host.settings().variable("PYENV_ROOT").map(PathBuf::from);
    let pyenv = pyenv.or_else(|| home.map(|home| home.join(".pyenv")));
    let managed = [
        pyenv.map(|root| root.join("versions")),
        home.map(|home| home.join(".local/share/uv/python")),
        Some(host.settings().tools().join("pythons")),
        Some(PathBuf::from("/opt/hostedtoolcache/Python")),
    ];
    for folder in managed.into_iter().flatten() {
        paths.extend(python_trees(&folder));
    }
    paths.retain(|path| is_program(path));
    paths.into_iter().map(|path| question("python", path, VERSION, true)).collect()
}

/// `python3`, `python3.11`, `python2.7`, `python`, but not `python3-config` or `python3.11-dbg`.
fn is_python_name(name: &str) -> bool {
    name.strip_prefix("python")
        .is_some_and(|rest| rest.chars().all(|c| c.is_ascii_digit() || c == '.'))
}

/// Interpreters of version folders: `<version>/bin/python`, links to whole versions left out.
fn python_trees(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let mut trees: Vec<PathBuf> = entries
        .flatten()
        .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()))
        .flat_map(|entry| [entry.path().join("bin/python"), entry.path().join("x64/bin/python")])
        .collect();
    trees.sort();
    trees
}

fn rusts(host: &HostTools, folders: &[PathBuf]) -> Vec<Question> {
    let mut paths = Vec::new();
    for folder in crate::toolchains::rustup_toolchain_folders(host.settings()) {
        let Ok(entries) = fs::read_dir(&folder) else { continue };
        let mut here: Vec<PathBuf> =
            entries.flatten().map(|entry| entry.path().join("bin/rustc")).collect();
        here.sort();
        paths.extend(here);
    }
    // A `rustc` beside a `rustup` is rustup's proxy.
    paths.extend(
        folders.iter().filter(|f| !f.join("rustup").exists()).map(|folder| folder.join("rustc")),
    );
    paths.retain(|path| is_program(path));
    paths.into_iter().map(|path| question("rust", path, VERSION, true)).collect()
}

fn jdk_programs(host: &HostTools) -> Vec<PathBuf> {
    let mut roots = vec![PathBuf::from("/usr/lib/jvm"), PathBuf::from("/opt"), "/usr/java".into()];
    if let Some(home) = host.settings().user_home() {
        roots.extend([home.join(".sdkman/candidates/java"), home.join(".jdks")]);
    }
    let mut paths: Vec<PathBuf> =
        roots.iter().flat_map(|root| children(root)).map(|jdk| jdk.join("bin/javac")).collect();
    paths.extend(
        host.settings().variable("JAVA_HOME").map(|home| Path::new(home).join("bin/javac")),
    );
    paths.retain(|path| is_program(path));
    paths
}

/// The `java` beside a `javac`, links resolved: `/usr/bin/javac` leads into the JDK's own folder.
fn java_of(javac: &Path) -> Option<PathBuf> {
    let java = javac.canonicalize().ok()?.parent()?.join("java");
    is_program(&java).then_some(java)
}

fn go_programs(host: &HostTools) -> Vec<PathBuf> {
    let mut roots = children(Path::new("/usr/lib"));
    roots.retain(|path| path.file_name().is_some_and(|n| n.to_string_lossy().starts_with("go-")));
    roots.push("/usr/local/go".into());
    if let Some(home) = host.settings().user_home() {
        roots.extend(children(&home.join("sdk")));
        roots.extend(children(&home.join(".goenv/versions")));
    }
    programs_in(roots, "bin/go")
}

fn node_programs(host: &HostTools) -> Vec<PathBuf> {
    let Some(home) = host.settings().user_home() else { return Vec::new() };
    let mut roots = children(&home.join(".nvm/versions/node"));
    roots.extend(children(&home.join(".nodenv/versions")));
    roots.extend(children(&home.join(".volta/tools/image/node")));
    roots.extend(
        children(&home.join(".local/share/fnm/node-versions"))
            .iter()
            .map(|v| v.join("installation")),
    );
    roots.extend(children(Path::new("/opt/hostedtoolcache/node")).iter().map(|v| v.join("x64")));
    programs_in(roots, "bin/node")
}

fn programs_in(roots: Vec<PathBuf>, program: &str) -> Vec<PathBuf> {
    roots.into_iter().map(|root| root.join(program)).filter(|path| is_program(path)).collect()
}

fn children(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    paths
}
