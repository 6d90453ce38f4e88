//! A documented pytest call, cut down to what decides *which* tests run and how they behave.
//!
//! Options for people and reports (verbosity, colour, coverage, parallel workers, stopping at the
//! first failure) are left out: they change no outcome, or hide some.

use rr_core::RepoView;

use super::paths::join;

/// What is kept of a call.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct PytestCall {
    /// Options with their values.
    pub(super) options: Vec<String>,
    /// Files, folders and ids.
    pub(super) paths: Vec<String>,
}

/// Options that are kept, and whether they take a value as a word of their own.
static KEPT: &[(&str, bool)] = &[
    ("-m", true),
    ("-k", true),
    ("-p", true),
    ("-o", true),
    ("--override-ini", true),
    ("-c", true),
    ("--config-file", true),
    ("--ignore", true),
    ("--ignore-glob", true),
    ("--deselect", true),
    ("--import-mode", true),
    ("--asyncio-mode", true),
    ("--ds", true),
    ("--rootdir", true),
    ("--confcutdir", true),
    ("-W", true),
    ("--pyargs", false),
    ("--doctest-modules", false),
    ("--doctest-glob", true),
    ("--doctest-continue-on-failure", false),
    ("--noconftest", false),
    ("--runslow", false),
    ("--run-slow", false),
    ("--timeout", true),
    ("--forked", false),
    ("--reuse-db", false),
    ("--nomigrations", false),
    ("--no-migrations", false),
    ("--create-db", false),
    ("--basetemp", true),
    ("--strict-markers", false),
    ("--disable-socket", false),
    ("--django-settings", true),
    ("--benchmark-skip", false),
    ("--benchmark-disable", false),
    ("--doctest-plus", false),
    ("--remote-data", true),
    ("--collect-in-virtualenv", false),
    ("--keep-duplicates", false),
    ("--no-network", false),
    ("--skip-network", false),
    ("--offline", false),
    ("--runxfail", false),
];

/// Options that are left out although they take a value as a word of their own.
static VALUED: &[&str] = &[
    "-n",
    "--numprocesses",
    "--dist",
    "--maxprocesses",
    "--tb",
    "--color",
    "--durations",
    "--junitxml",
    "--junit-xml",
    "--cov-report",
    "--cov-config",
    "--cov-fail-under",
    "--html",
    "--maxfail",
    "-r",
    "--log-level",
    "--log-cli-level",
    "--reruns",
    "--reruns-delay",
    "--verbosity",
    "--show-capture",
    "--splits",
    "--group",
    "--report-log",
    "--durations-min",
    "--md-report",
    "--alluredir",
    "--tx",
    "--benchmark-json",
    "--capture",
    "--profile-svg",
    "--hypothesis-seed",
    "--randomly-seed",
    "--count",
];

/// Reads the words after `pytest`.
pub(super) fn read(words: &[String]) -> PytestCall {
    let mut call = PytestCall::default();
    let mut rest = words.iter().map(String::as_str).peekable();
    while let Some(word) = rest.next() {
        if word.is_empty() {
            continue;
        }
        if !word.starts_with('-') || word == "-" {
            call.add_paths(&[word.to_owned()]);
            continue;
        }
        let name = word.split('=').next().unwrap_or(word);
        let attached = word.contains('=') && word.starts_with("--");
        if let Some((_, valued)) = KEPT.iter().find(|(known, _)| *known == name) {
            call.options.push(word.to_owned());
            if *valued && !attached {
                call.options.extend(rest.next().map(str::to_owned));
            }
        } else if short_with_value(word) {
            call.options.push(word.to_owned());
        } else if word == "--cov" || (VALUED.contains(&name) && !attached) {
            // `--cov` may stand alone; a path after it is its value only where it is no test path.
            let value = rest.peek().is_some_and(|next| !next.starts_with('-'));
            let own = word != "--cov" || rest.peek().is_some_and(|next| !next.contains("test"));
            if value && own {
                rest.next();
            }
        } else if name.starts_with("--") && !attached && is_own_option(name) {
            call.options.push(word.to_owned());
        }
    }
    call
}

/// `-mslow`, `-kname`, `-Werror`, `-oaddopts=`, `-pno:x`: value and option in one word.
fn short_with_value(word: &str) -> bool {
    let bytes = word.as_bytes();
    // `-cov-config=x` is a slip for `--cov-config=x` that old pytest took for `-c`.
    bytes.len() > 2
        && !word.starts_with("-cov")
        && bytes[1] != b'-'
        && matches!(bytes[1], b'm' | b'k' | b'W' | b'o' | b'p' | b'c')
}

/// An option that a repository's own conftest defines to choose tests: `--integration`,
/// `--run-foo`. Options of pytest and its reports that no list above names are dropped.
fn is_own_option(name: &str) -> bool {
    ["--run", "--enable", "--with-", "--skip", "--no-", "--only", "--include", "--exclude"]
        .iter()
        .any(|prefix| name.starts_with(prefix))
        && !name.starts_with("--no-cov")
        && !name.starts_with("--no-header")
        && !name.starts_with("--no-summary")
}

impl PytestCall {
    /// How few tests a call chooses: 0 chooses all.
    pub(super) fn narrowness(&self) -> usize {
        let chosen = self.options.iter().filter(|word| {
            matches!(word.as_str(), "-k" | "-m") || word.starts_with("-k") || word.starts_with("-m")
        });
        let files = self.paths.iter().filter(|path| path.contains(".py")).count();
        chosen.count() * 5 + files * 3 + usize::from(!self.paths.is_empty())
    }

    /// Adds paths that are not there yet.
    pub(super) fn add_paths(&mut self, paths: &[String]) {
        for path in paths {
            let path = if path.len() > 1 { path.trim_end_matches('/') } else { path };
            if !self.paths.iter().any(|known| known == path) {
                self.paths.push(path.to_owned());
            }
        }
    }

    /// Whether every path is in the tree; a call with paths that are not is not for this tree.
    pub(super) fn paths_exist(&self, repo: &dyn RepoView, cwd: &str) -> bool {
        self.options.iter().any(|word| word == "--pyargs")
            || self.paths.iter().all(|path| {
                let file = path.split("::").next().unwrap_or(path);
                let place = join(cwd, file);
                file.contains('*') || repo.has(&place) || !repo.below(&place).is_empty()
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_line(line: &str) -> PytestCall {
        let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
        read(&words)
    }

    #[test]
    fn what_chooses_tests_is_kept_and_the_rest_is_not() {
        let call = read_line(
            "-v -n auto --cov src --cov-report=xml -m unit --ignore=tests/e2e --maxfail 1 tests -x -Werror",
        );
        assert_eq!(call.options, ["-m", "unit", "--ignore=tests/e2e", "-Werror"]);
        assert_eq!(call.paths, ["tests"]);
        let call = read_line("--cov tests/unit --junitxml out.xml --run-slow");
        assert_eq!(call.paths, ["tests/unit"]);
        assert_eq!(call.options, ["--run-slow"]);
    }

    #[test]
    fn the_widest_call_is_the_least_narrow() {
        let order =
            ["", "tests", "tests/test_a.py", "-k x"].map(|line| read_line(line).narrowness());
        assert!(order[1] < order[2] && order[2] < order[3]);
    }
}
