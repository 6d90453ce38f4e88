//! The environment that a tox file is read for: which of its conditional lines hold.
//!
//! `py312: mock`, `!min: attrs` and `unit,integration: pytest` hold in environments whose name has
//! (or has not) these factors. A file is read for one ordinary environment of its own list, so that
//! the dependencies of two never meet. Knows tox's lists and conditions, no section.

use std::collections::BTreeSet;

/// Factors of other work than tests, of other systems, and of versions at the edge of what is
/// supported: no ordinary environment has one.
const OTHERS: &[&str] = &[
    "min",
    "minimal",
    "minimum",
    "minver",
    "mindeps",
    "lowest",
    "oldest",
    "old",
    "dev",
    "devel",
    "main",
    "master",
    "trunk",
    "tip",
    "upstream",
    "nightly",
    "pre",
    "prerelease",
    "edge",
    "next",
    "lint",
    "linters",
    "style",
    "flake8",
    "ruff",
    "black",
    "isort",
    "mypy",
    "pyright",
    "typing",
    "types",
    "typecheck",
    "docs",
    "doc",
    "linkcheck",
    "apicheck",
    "pydocstyle",
    "build",
    "dist",
    "release",
    "publish",
    "packaging",
    "check",
    "coverage",
    "pypy",
    "jython",
    "windows",
    "win32",
    "darwin",
    "macos",
    "bench",
    "benchmark",
    "format",
    "fmt",
    "pre-commit",
];

/// One environment of a tox file.
#[derive(Debug, Default)]
pub(crate) struct ToxEnvironment {
    /// Its factors; `None` where the file lists no ordinary environment.
    factors: Option<BTreeSet<String>>,
}

impl ToxEnvironment {
    /// The ordinary environment of an `envlist`: one of tests, the last listed, which is that of
    /// the newest versions.
    pub(crate) fn ordinary(envlist: &str) -> Self {
        let names: Vec<String> =
            split_top(envlist).iter().flat_map(|name| expanded(name)).collect();
        let chosen = names
            .iter()
            .enumerate()
            .filter(|(_, name)| !name.is_empty() && factors(name).all(|factor| !other(factor)))
            .max_by_key(|(at, name)| (rank(name), *at));
        Self { factors: chosen.map(|(_, name)| factors(name).map(str::to_owned).collect()) }
    }

    /// A line of a setting without its condition, where that holds here.
    pub(crate) fn line<'l>(&self, line: &'l str) -> Option<&'l str> {
        let (condition, rest) = conditional(line);
        let Some(condition) = condition else { return Some(rest) };
        let alternative = |text: &str| text.split('-').all(|factor| self.has(factor.trim()));
        split_top(condition)
            .iter()
            .flat_map(|text| expanded(text))
            .any(|text| alternative(&text))
            .then_some(rest)
    }

    fn has(&self, factor: &str) -> bool {
        let (wanted, name) = match factor.strip_prefix('!') {
            Some(name) => (false, name),
            None => (true, factor),
        };
        let held = match &self.factors {
            Some(factors) => factors.contains(name),
            // No list to go by: a factor with a digit chooses between versions of one package.
            None => !other(name) && !name.contains(|c: char| c.is_ascii_digit()),
        };
        held == wanted
    }
}

/// A line's condition, if it has one, and the rest of it.
pub(crate) fn conditional(line: &str) -> (Option<&str>, &str) {
    let line = line.trim();
    let Some((condition, rest)) = line.split_once(':') else { return (None, line) };
    let shape = |c: char| c.is_ascii_alphanumeric() || "_-,.!{} ".contains(c);
    let words = condition.replace(", ", ",");
    let is_condition = !condition.is_empty()
        && !condition.starts_with('-')
        && condition.chars().all(shape)
        && !words.trim().contains(' ')
        && !rest.starts_with(['/', ':']);
    if is_condition { (Some(condition.trim()), rest.trim()) } else { (None, line) }
}

fn other(factor: &str) -> bool {
    OTHERS.contains(&factor) || factor.starts_with("pypy") || factor.starts_with("lint")
}

fn factors(name: &str) -> impl Iterator<Item = &str> {
    name.split('-').map(str::trim)
}

/// How ordinary an environment is: unit tests before any, integration tests last, and none that
/// leaves out what another brings (`crypto` and `nocrypto`).
fn rank(name: &str) -> u8 {
    let has = |wanted: &[&str]| factors(name).any(|factor| wanted.contains(&factor));
    let python = factors(name).any(is_python);
    let outer = has(&["integration", "e2e", "functional", "acceptance"]);
    let less = factors(name).any(|f| f.starts_with("no") || f.starts_with("without"));
    u8::from(python) * 4
        + u8::from(!outer) * 4
        + u8::from(!less) * 2
        + u8::from(has(&["unit", "test", "tests"]))
}

/// `py`, `py3`, `py312`, `3.12`, `python3`, and not `pypi`.
fn is_python(factor: &str) -> bool {
    let version = |rest: &str| rest.chars().all(|c| c.is_ascii_digit() || c == '.');
    let named = ["python", "py"].iter().find_map(|name| factor.strip_prefix(name));
    named.is_some_and(version) || factor.starts_with("3.")
}

/// Splits at commas and line ends outside of braces.
fn split_top(text: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut depth = 0u32;
    for c in text.chars() {
        match c {
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            ',' | '\n' if depth == 0 => {
                parts.push(String::new());
                continue;
            }
            _ => {}
        }
        if let Some(part) = parts.last_mut().filter(|_| !c.is_whitespace()) {
            part.push(c);
        }
    }
    parts.retain(|part| !part.is_empty() && !part.starts_with('#'));
    parts
}

/// Most names that one entry of a list is expanded to.
const MOST: usize = 400;

/// `py{311,312}-{a,b}` as its four names; `py3{10-12}` as three.
fn expanded(name: &str) -> Vec<String> {
    let mut names = vec![String::new()];
    let mut rest = name;
    while let Some((before, after)) = rest.split_once('{') {
        let Some((inner, after)) = after.split_once('}') else { break };
        let choices: Vec<String> = inner.split(',').flat_map(range).collect();
        names = names
            .iter()
            .flat_map(|name| choices.iter().map(move |choice| format!("{name}{before}{choice}")))
            .take(MOST)
            .collect();
        rest = after;
    }
    names.iter().map(|name| format!("{name}{rest}")).collect()
}

fn range(choice: &str) -> Vec<String> {
    let bounds = choice.split_once('-').and_then(|(low, high)| {
        Some((low.trim().parse::<u16>().ok()?, high.trim().parse::<u16>().ok()?))
    });
    match bounds {
        Some((low, high)) if low <= high => {
            (low..=high).take(MOST).map(|number| number.to_string()).collect()
        }
        _ => vec![choice.trim().to_owned()],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_hold_in_the_newest_ordinary_environment() {
        let env = ToxEnvironment::ordinary(
            "py3{12,11}\npy3{10-12}-django{42,52}\npy38-min, pypy3\nstyle\ndocs",
        );
        assert_eq!(env.line("-r requirements/tests.txt"), Some("-r requirements/tests.txt"));
        assert_eq!(env.line("git+https://host/x"), Some("git+https://host/x"));
        assert_eq!(env.line("django52: Django~=5.2"), Some("Django~=5.2"));
        assert_eq!(env.line("py{311,312}: tomli"), Some("tomli"));
        assert_eq!(env.line("!min: attrs"), Some("attrs"));
        for line in ["min: -r min.txt", "django42: Django~=4.2", "py38-min: attrs", "docs: sphinx"]
        {
            assert_eq!(env.line(line), None, "{line}");
        }
    }

    #[test]
    fn unit_tests_go_before_integration_tests() {
        let env = ToxEnvironment::ordinary(
            "{pypy3.11,3.12,3.13}-unit\n{3.12,3.13}-linux-integration-redis\nflake8\n",
        );
        assert_eq!(env.line("unit: pytest"), Some("pytest"));
        assert_eq!(env.line("apicheck,pypy3.11,3.12,3.13: -r d.txt"), Some("-r d.txt"));
        assert_eq!(env.line("integration-redis: pytest t/integration"), None);
    }

    #[test]
    fn what_an_environment_leaves_out_is_no_reason_to_choose_it() {
        let env =
            ToxEnvironment::ordinary("lint\npy{312,313}-{crypto,nocrypto}\ndocs\npypi-description");
        assert_eq!(env.line("crypto: crypto"), Some("crypto"));
    }

    #[test]
    fn without_a_list_versions_and_edges_are_left_out() {
        let env = ToxEnvironment::ordinary("");
        assert_eq!(env.line("crypto: crypto"), Some("crypto"));
        assert_eq!(env.line("py27: mock"), None);
        assert_eq!(env.line("lint,docs: black"), None);
    }
}
