//! How long files and functions may be.

use regex::Regex;

use super::finding::Finding;
use super::lexer::{blank, closing, line_of};
use super::settings::Limits;
use super::tree::{TextFile, Tree};

const SOURCES: [&str; 3] = ["crates/", "xtask/", "benches/"];
const ENDINGS: [&str; 5] = [".rs", ".py", ".js", ".mjs", ".sh"];

/// A function and its length.
struct Function {
    name: String,
    line: usize,
    lines: usize,
}

/// Files over the limits. What stands under `#[cfg(test)]` does not count, and files that hold
/// nothing but tests are only warned of.
pub(crate) fn files(tree: &Tree, limits: &Limits) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in tree.select(&SOURCES, &ENDINGS) {
        let lines = file.text.lines().count() - test_lines(file);
        if lines <= limits.soft || limits.excepts(&file.path) {
            continue;
        }
        let message = format!("{lines} lines without tests: split it by what its parts must know");
        let finding = Finding::failure(&file.path, 0, "file-size", message);
        let hard = lines > limits.hard && !is_test_file(&file.path);
        findings.push(if hard { finding } else { finding.into_warning() });
    }
    findings
}

/// Functions over the limits.
pub(crate) fn functions(tree: &Tree, limits: &Limits) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in tree.select(&SOURCES, &[".rs"]) {
        for function in scan(&file.text) {
            let place = format!("{}::{}", file.path, function.name);
            if function.lines <= limits.soft || limits.excepts(&place) {
                continue;
            }
            let message = format!("`{}` has {} lines", function.name, function.lines);
            let finding = Finding::failure(&file.path, function.line, "function-length", message);
            let hard = function.lines > limits.hard;
            findings.push(if hard { finding } else { finding.into_warning() });
        }
    }
    findings
}

/// A file whose place says that it is all tests.
pub(super) fn is_test_file(path: &str) -> bool {
    path.ends_with("/tests.rs") || path.ends_with("_tests.rs") || path.contains("/tests/")
}

/// Lines that belong to an item under `#[cfg(test)]`.
fn test_lines(file: &TextFile) -> usize {
    if !file.path.ends_with(".rs") {
        return 0;
    }
    let blanked = blank(&file.text);
    let attribute = pattern(r"#\[cfg\((?:test|all\(\s*test\b[^\]]*)\)\]");
    let mut counted = 0;
    let mut last = 0;
    for found in attribute.find_iter(&blanked) {
        if found.start() < last {
            continue;
        }
        last = item_end(&blanked, found.end());
        counted += line_of(&blanked, last) - line_of(&blanked, found.start()) + 1;
    }
    counted
}

/// The end of the item after an attribute: past its braces, or past its semicolon.
fn item_end(blanked: &str, from: usize) -> usize {
    let bytes = blanked.as_bytes();
    let mut at = from;
    while at < bytes.len() {
        match bytes[at] {
            b'{' => return closing(blanked, at),
            b'(' | b'[' => at = closing(blanked, at),
            b';' => return at + 1,
            _ => at += 1,
        }
    }
    bytes.len()
}

/// All functions with a body, nested ones too.
fn scan(source: &str) -> Vec<Function> {
    let blanked = blank(source);
    let heads = pattern(r"\bfn\s+(?:r#)?([A-Za-z_]\w*)");
    let mut functions = Vec::new();
    for found in heads.captures_iter(&blanked) {
        let (Some(whole), Some(name)) = (found.get(0), found.get(1)) else { continue };
        let Some(open) = body_start(&blanked, whole.end()) else { continue };
        let line = line_of(&blanked, whole.start());
        let lines = line_of(&blanked, closing(&blanked, open) - 1) + 1 - line;
        functions.push(Function { name: name.as_str().to_owned(), line, lines });
    }
    functions
}

/// Where the body's brace opens; `None` for a declaration without one.
fn body_start(blanked: &str, from: usize) -> Option<usize> {
    let bytes = blanked.as_bytes();
    let mut at = from;
    while at < bytes.len() {
        match bytes[at] {
            b';' => return None,
            b'{' if !is_constant(blanked, at) => return Some(at),
            b'(' | b'[' | b'{' => at = closing(blanked, at),
            _ => at += 1,
        }
    }
    None
}

/// Whether the brace at `open` holds a constant among generic arguments: `-> Array<{ N }>`.
fn is_constant(blanked: &str, open: usize) -> bool {
    blanked[closing(blanked, open)..].trim_start().starts_with(['>', ','])
}

#[expect(
    clippy::unwrap_used,
    reason = "the patterns are constants of this file, each tested below"
)]
fn pattern(text: &str) -> Regex {
    Regex::new(text).unwrap()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::finding::Severity;
    use crate::tidy::settings::Exception;

    fn limits(soft: usize, hard: usize) -> Limits {
        Limits { soft, hard, exceptions: Vec::new() }
    }

    fn severities(findings: &[Finding]) -> Vec<Severity> {
        findings.iter().map(|f| f.severity).collect()
    }

    #[test]
    fn long_files_warn_then_fail() {
        let long = "x\n".repeat(7);
        let tree = Tree::of(&[("crates/a/src/lib.rs", &long), ("docs/a.rs", &long)]);
        assert!(files(&tree, &limits(7, 9)).is_empty());
        assert_eq!(severities(&files(&tree, &limits(5, 9))), [Severity::Warning]);
        assert_eq!(severities(&files(&tree, &limits(3, 5))), [Severity::Failure]);
    }

    #[test]
    fn test_modules_do_not_count_and_exceptions_hold() {
        let text = "a\nb\n#[cfg(test)]\nmod tests {\n    fn x() { \"}\" }\n}\nc\n#[cfg(test)]\nmod more;\n";
        let tree = Tree::of(&[("crates/a/src/lib.rs", text)]);
        assert_eq!(files(&tree, &limits(3, 3)), []);
        assert_eq!(severities(&files(&tree, &limits(1, 2))), [Severity::Failure]);
        let place = "crates/a/src/lib.rs".to_owned();
        let exceptions = vec![Exception { place, reason: "generated".to_owned() }];
        assert_eq!(files(&tree, &Limits { soft: 1, hard: 2, exceptions }), []);
    }

    #[test]
    fn files_of_tests_only_warn() {
        let long = "x\n".repeat(9);
        let tree =
            Tree::of(&[("crates/a/tests/all.rs", &long), ("crates/a/src/b/tests.rs", &long)]);
        assert_eq!(severities(&files(&tree, &limits(1, 2))), [Severity::Warning; 2]);
    }

    #[test]
    fn long_functions_warn_then_fail() {
        let source = "fn short() {}\nimpl X {\n    fn long(&self) -> Y<{ 1 }>\n    where\n        Self: Z,\n    {\n        '{';\n    }\n}\n";
        let tree = Tree::of(&[("crates/a/src/lib.rs", source)]);
        assert_eq!(functions(&tree, &limits(6, 9)), []);
        let found = functions(&tree, &limits(4, 9));
        assert_eq!(severities(&found), [Severity::Warning]);
        assert_eq!((found[0].line, found[0].message.as_str()), (3, "`long` has 6 lines"));
        assert_eq!(severities(&functions(&tree, &limits(2, 5))), [Severity::Failure]);
    }

    #[test]
    fn declarations_pointers_and_words_are_no_functions() {
        let source = "trait T { fn a(&self) -> [u8; 2]; }\ntype F = fn(u8) -> u8;\n// fn b() {\nlet s = \"fn c() {\";\n";
        assert!(scan(source).is_empty());
    }

    #[test]
    fn nested_functions_are_counted_each() {
        let names: Vec<_> = scan("fn a() {\n  fn b<T>(x: T) {\n  }\n}\n")
            .into_iter()
            .map(|f| (f.name, f.lines))
            .collect();
        assert_eq!(names, [("a".to_owned(), 4), ("b".to_owned(), 2)]);
    }
}
