//! CMake projects: their tests, options, programs, and the flags that CI configures them with.

use std::sync::{Arc, LazyLock};

use regex::Regex;
use rr_core::{Analysis, Evidence, MinedCommand, RepoView, Trust, Unit};

use super::paths::{file_name, is_test_folder, join, parent, relative};
use crate::miners::{program, query, split_words, unwrapped};

/// List files read per project, and the largest that is read, in bytes.
const FILES: usize = 200;
const FILE_CAP: u64 = 400 << 10;

/// `option(FOO_BUILD_TESTS "Build the tests" OFF)`
static OPTION: LazyLock<Regex> = LazyLock::new(|| {
    expression(r#"(?is)\boption\s*\(\s*(\w+)\s+(?:"[^"]*"\s*)?(OFF|NO|FALSE|0)?\s*\)"#)
});

/// Options that turn on ordinary tests, and words by which they are something else.
static TESTS_OPTION: LazyLock<Regex> = LazyLock::new(|| {
    expression(r"(?i)(?:^|_)(?:UNIT_?)?TEST(?:S|ING)?(?:_|$)|BUILD_TESTS|UNITTESTS?")
});
#[rustfmt::skip]
const NOT_PLAIN: &[&str] = &[
    "FUZZ", "BENCH", "COVER", "INSTALL", "PERF", "STRESS", "SLOW", "CUDA", "GPU", "HIP", "ONLY",
    "SYSTEM", "EXTERNAL", "SANITI", "VALGRIND", "ASAN", "TSAN", "MSAN", "UBSAN", "WERROR", "TIDY",
    "CPPCHECK", "DOXYGEN", "DOCS", "INTEGRATION", "DISABLE", "SKIP", "NO_", "WITHOUT", "SAFE_STACK",
    "MEMCHECK", "PROFIL", "LTO", "NATIVE_ARCH",
];

static TESTS: LazyLock<Regex> = LazyLock::new(|| {
    expression(
        r"(?i)\b(?:add_test|gtest_discover_tests|gtest_add_tests|catch_discover_tests|doctest_discover_tests)\s*\(|\b(?:enable_testing\s*\(|include\s*\(\s*CTest\s*\))",
    )
});

static PROJECT: LazyLock<Regex> =
    LazyLock::new(|| expression(r#"(?i)\bproject\s*\(\s*"?([A-Za-z0-9_.+-]+)"#));
static MINIMUM: LazyLock<Regex> =
    LazyLock::new(|| expression(r"(?i)cmake_minimum_required\s*\(\s*VERSION\s+(\d+\.\d+)"));
static PROGRAM: LazyLock<Regex> = LazyLock::new(|| {
    expression(r"(?i)\badd_executable\s*\(\s*([A-Za-z0-9_.+-]+)\s+([A-Za-z0-9_.]+)?")
});
static LIBRARY: LazyLock<Regex> = LazyLock::new(|| expression(r"(?i)\badd_library\s*\("));

fn expression(text: &str) -> Regex {
    #[expect(clippy::unwrap_used, reason = "constant expressions, tried by the tests")]
    Regex::new(text).unwrap()
}

/// The project's own list files: not those of bundled libraries.
pub(super) fn lists(repo: &dyn RepoView, folder: &str) -> Vec<(String, Arc<str>)> {
    repo.below(folder)
        .iter()
        .filter(|entry| file_name(&entry.path) == "CMakeLists.txt")
        .filter(|entry| !super::detect::bundled(&entry.path))
        .filter(|entry| repo.size(&entry.path) <= FILE_CAP)
        .take(FILES)
        .filter_map(|entry| repo.text(&entry.path).map(|text| (entry.path.clone(), text)))
        .collect()
}

/// Whether some list file adds tests.
pub(super) fn has_tests(repo: &dyn RepoView, folder: &str) -> bool {
    lists(repo, folder).iter().any(|(_, text)| TESTS.is_match(&without_comments(text)))
}

/// How many tests the list files add, roughly: discovering ones and loops count for several.
pub(super) fn test_count(repo: &dyn RepoView, folder: &str) -> usize {
    let count = |text: &str| {
        let text = without_comments(text).to_ascii_lowercase();
        let many = if text.contains("foreach") { 4 } else { 1 };
        many * text.matches("add_test").count() + 4 * text.matches("discover_tests").count()
    };
    let found: usize = lists(repo, folder).iter().map(|(_, text)| count(text)).sum();
    found.max(usize::from(has_tests(repo, folder)))
}

/// The project's name.
pub(super) fn name(repo: &dyn RepoView, folder: &str) -> Option<String> {
    let text = repo.text(&join(folder, "CMakeLists.txt"))?;
    PROJECT.captures(&without_comments(&text)).map(|found| found[1].to_owned())
}

/// The version that `cmake_minimum_required` names: `3.24`.
pub(super) fn minimum(repo: &dyn RepoView, folder: &str) -> Option<String> {
    let text = repo.text(&join(folder, "CMakeLists.txt"))?;
    MINIMUM.captures(&text).map(|found| found[1].to_owned())
}

/// The program that stands for the project: one called like it, or the only one of a project
/// without libraries.
pub(super) fn main_program(repo: &dyn RepoView, folder: &str) -> Option<String> {
    let project = name(repo, folder)?.to_ascii_lowercase();
    let mut programs: Vec<String> = Vec::new();
    let mut libraries = false;
    for (path, text) in lists(repo, folder) {
        let inside = relative(folder, parent(&path)).unwrap_or("");
        let side = inside.split('/').any(|part| {
            is_test_folder(part)
                || ["example", "bench", "fuzz", "demo", "sample", "tool"]
                    .iter()
                    .any(|word| part.to_ascii_lowercase().starts_with(word))
        });
        if side {
            continue;
        }
        let text = without_comments(&text);
        libraries |= LIBRARY.is_match(&text);
        programs.extend(
            PROGRAM
                .captures_iter(&text)
                .filter(|found| {
                    let next = found.get(2).map_or("", |word| word.as_str());
                    !matches!(next, "IMPORTED" | "ALIAS")
                })
                .map(|found| found[1].to_owned())
                .filter(|name| !is_side_program(name)),
        );
    }
    let same = programs.iter().find(|name| name.to_ascii_lowercase() == project).cloned();
    same.or_else(|| (programs.len() == 1 && !libraries).then(|| programs.remove(0)))
}

fn is_side_program(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    ["test", "bench", "example", "fuzz", "demo", "sample"].iter().any(|word| name.contains(word))
}

/// How CI or the docs configure the project.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Documented {
    /// `-DNAME=value` words that can be kept here.
    pub(super) flags: Vec<String>,
    /// A preset, where the documented command names one that exists.
    pub(super) preset: Option<String>,
    pub(super) ninja: bool,
    pub(super) evidence: Option<Evidence>,
}

/// The documented configure command that needs least and tests most.
pub(super) fn documented(repo: &dyn RepoView, analysis: &Analysis, unit: &Unit) -> Documented {
    let mut best: Option<(i32, Documented)> = None;
    for command in &analysis.commands {
        let words = split_words(&command.line);
        if program(&words).as_deref() != Some("cmake") || query::hands_out(command) {
            continue;
        }
        let owned = query::owner(analysis, "native", &command.cwd)
            .is_some_and(|owner| owner.path == unit.path);
        let parsed = if owned { parse(repo, unit, command) } else { None };
        if let Some((score, documented)) = parsed
            && best.as_ref().is_none_or(|(top, _)| score > *top)
        {
            best = Some((score, documented));
        }
    }
    best.map(|(_, documented)| documented).unwrap_or_default()
}

fn parse(repo: &dyn RepoView, unit: &Unit, command: &MinedCommand) -> Option<(i32, Documented)> {
    let line = expand(&command.line, &command.env);
    let words = split_words(&line);
    let mut words = unwrapped(&words).iter().skip(1).peekable();
    let mut found =
        Documented { evidence: Some(command.evidence.clone()), ..Documented::default() };
    let mut score = if command.evidence.trust == Trust::Ci { 6 } else { 2 };
    if foreign(&command.context) {
        score -= 6;
    }
    while let Some(word) = words.next() {
        match word.as_str() {
            "--build" | "--install" | "-E" | "-P" | "--workflow" | "--open" => return None,
            "||" | "&&" | "|" | ";" => break,
            "-D" => define(words.next()?, &mut found, &mut score)?,
            "-G" => generator(words.next()?, &mut found)?,
            "-S" | "-H" => source(unit, command, words.next()?)?,
            "-B" | "-A" | "-T" | "-C" | "--log-level" => {
                words.next();
            }
            "--preset" => found.preset = preset(repo, unit, words.next()?),
            word if word.starts_with("--preset=") => found.preset = preset(repo, unit, &word[9..]),
            word if word.starts_with("-D") => define(&word[2..], &mut found, &mut score)?,
            word if word.starts_with("-G") => generator(&word[2..], &mut found)?,
            word if word.starts_with("-S") || word.starts_with("-H") => {
                source(unit, command, &word[2..])?;
            }
            word if word.starts_with('-') => {}
            word if word.contains('$') || word.contains("{{") => score -= 3,
            word => source(unit, command, word)?,
        }
    }
    Some((score, found))
}

/// Keeps a definition, unless it is about another compiler, place or kind of run. `None` where
/// the whole command is for another target.
fn define(text: &str, found: &mut Documented, score: &mut i32) -> Option<()> {
    let (name, value) = text.split_once('=').unwrap_or((text, ""));
    let plain = name.split(':').next().unwrap_or(name);
    let unresolved = value.contains(['$', '`']) || value.contains("{{");
    if plain == "CMAKE_TOOLCHAIN_FILE" || plain == "CMAKE_SYSTEM_NAME" {
        return None;
    }
    #[rustfmt::skip]
    let ours = [
        "CMAKE_C_COMPILER", "CMAKE_CXX_COMPILER", "CMAKE_INSTALL_PREFIX", "CMAKE_MAKE_PROGRAM",
        "CMAKE_GENERATOR", "CMAKE_C_COMPILER_LAUNCHER", "CMAKE_CXX_COMPILER_LAUNCHER",
        "CMAKE_PREFIX_PATH", "CMAKE_C_FLAGS", "CMAKE_CXX_FLAGS", "CMAKE_EXE_LINKER_FLAGS",
        "CMAKE_EXPORT_COMPILE_COMMANDS",
    ].contains(&plain);
    let on = matches!(value.to_ascii_uppercase().as_str(), "ON" | "1" | "TRUE" | "YES");
    if ours || unresolved || plain.starts_with("CMAKE_OSX") {
        *score -= i32::from(unresolved);
        return Some(());
    }
    if on && NOT_PLAIN.iter().any(|word| plain.to_ascii_uppercase().contains(word)) {
        *score -= 1;
        return Some(());
    }
    let about_tests = TESTS_OPTION.is_match(plain);
    if about_tests && !on {
        // A job that leaves tests out is not the one that shows how to test.
        *score -= 6;
        return Some(());
    }
    *score += if about_tests { 3 } else { 1 };
    found.flags.push(format!("-D{text}"));
    Some(())
}

fn generator(name: &str, found: &mut Documented) -> Option<()> {
    match name.trim() {
        name if name.starts_with("Ninja") => found.ninja = true,
        name if name.starts_with("Unix") => {}
        name if name.contains('$') => {}
        _ => return None,
    }
    Some(())
}

/// The source folder must be the unit's.
fn source(unit: &Unit, command: &MinedCommand, path: &str) -> Option<()> {
    if path.contains(['$', '{']) {
        return Some(());
    }
    let mut parts: Vec<&str> = command.cwd.split('/').filter(|part| !part.is_empty()).collect();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    (parts.join("/") == unit.path).then_some(())
}

/// A preset of the repository's own that fits this kind of host.
fn preset(repo: &dyn RepoView, unit: &Unit, name: &str) -> Option<String> {
    let text = repo.text(&join(&unit.path, "CMakePresets.json"))?;
    (text.contains(&format!("\"{name}\"")) && !foreign(name)).then(|| name.to_owned())
}

/// Jobs and presets for other systems and kinds of runs.
pub(super) fn foreign(name: &str) -> bool {
    #[rustfmt::skip]
    const WORDS: &[&str] = &[
        "windows", "win32", "win64", "msvc", "mingw", "macos", "darwin", "osx", "xcode", "android",
        "ios", "emscripten", "wasm", "fuzz", "coverage", "sanit", "asan", "tidy", "cross", "s390",
        "riscv", "qemu", "freebsd", "solaris", "cygwin", "aarch64", "arm64", "cuda", "docs",
        "lint", "static-analysis", "codeql", "release", "vs20",
    ];
    let name = name.to_ascii_lowercase();
    WORDS.iter().any(|word| name.contains(word))
}

/// Fills in `$NAME` and `${NAME}` from the command's own variables.
pub(super) fn expand(line: &str, env: &std::collections::BTreeMap<String, String>) -> String {
    let mut out = line.to_owned();
    for (name, value) in env {
        out = out.replace(&format!("${{{name}}}"), value);
        if let Some(at) = out.find(&format!("${name}")) {
            let end = at + 1 + name.len();
            let ends = out[end..].chars().next().is_none_or(|c| !c.is_alphanumeric() && c != '_');
            if ends {
                out.replace_range(at..end, value);
            }
        }
    }
    out
}

/// Options of the root list file that leave tests out unless they are turned on.
pub(super) fn test_options(repo: &dyn RepoView, folder: &str) -> Vec<String> {
    let Some(text) = repo.text(&join(folder, "CMakeLists.txt")) else { return Vec::new() };
    OPTION
        .captures_iter(&without_comments(&text))
        .filter(|found| {
            let name = found[1].to_ascii_uppercase();
            TESTS_OPTION.is_match(&name) && !NOT_PLAIN.iter().any(|word| name.contains(word))
        })
        .map(|found| found[1].to_owned())
        .collect()
}

/// A list file without its comments.
pub(super) fn without_comments(text: &str) -> String {
    let kept = |line: &str| match line.find('#') {
        Some(at) if line[..at].matches('"').count().is_multiple_of(2) => line[..at].to_owned(),
        _ => line.to_owned(),
    };
    text.lines().map(kept).collect::<Vec<_>>().join("\n")
}
