//! Adds up what the test binaries say about themselves.

/// The summary lines of all test binaries, and their sum.
#[derive(Debug, Default)]
pub(crate) struct Summary {
    lines: Vec<String>,
    passed: u64,
    failed: u64,
    skipped: u64,
}

impl Summary {
    /// Takes in one line of output; every line but a summary is passed over. Sample:
    /// `test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.01s`
    pub(crate) fn read(&mut self, line: &str) {
        let line = line.trim_end();
        let Some(rest) = line.strip_prefix("test result: ") else { return };
        let Some((_, counts)) = rest.split_once(". ") else { return };
        let count = |word: &str| -> Option<u64> {
            let part = counts.split(';').map(str::trim).find(|part| part.ends_with(word))?;
            part.strip_suffix(word)?.trim().parse().ok()
        };
        let (Some(passed), Some(failed), Some(skipped)) =
            (count("passed"), count("failed"), count("ignored"))
        else {
            return;
        };
        self.passed += passed;
        self.failed += failed;
        self.skipped += skipped;
        if passed + failed + skipped > 0 {
            self.lines.push(line.to_owned());
        }
    }

    /// The binaries' own lines, without those of binaries that hold no test.
    pub(crate) fn lines(&self) -> &[String] {
        &self.lines
    }

    /// The closing line: `N passed, N failed, N skipped`.
    pub(crate) fn total(&self) -> String {
        format!("{} passed, {} failed, {} skipped", self.passed, self.failed, self.skipped)
    }

    /// Whether the suite passed; `success` is what the exit status says. Otherwise the reason.
    pub(crate) fn verdict(&self, success: bool) -> Result<(), &'static str> {
        match (self.failed, self.passed, success) {
            (1.., _, _) => Err("tests failed"),
            (0, _, false) => Err("`cargo test` failed without a failed test: see its messages"),
            (0, 0, true) => Err("no test ran"),
            (0, 1.., true) => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(output: &str) -> Summary {
        let mut summary = Summary::default();
        output.lines().for_each(|line| summary.read(line));
        summary
    }

    const PASSED: &str = "running 4 tests\ntest a ... ok\n\ntest result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 2 filtered out; finished in 0.01s\n";
    const FAILED: &str = "test result: FAILED. 1 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s\n";
    const EMPTY: &str = "test result: ok. 0 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s\n";

    #[test]
    fn counts_of_all_binaries_add_up() {
        let summary = of(&[PASSED, EMPTY, PASSED].concat());
        assert_eq!(summary.total(), "6 passed, 0 failed, 2 skipped");
        assert_eq!(summary.lines().len(), 2);
        assert_eq!(summary.verdict(true), Ok(()));
    }

    #[test]
    fn failures_count_whatever_the_exit_status_says() {
        let summary = of(&[PASSED, FAILED].concat());
        assert_eq!(summary.total(), "4 passed, 2 failed, 1 skipped");
        assert!(summary.verdict(true).is_err());
        assert!(summary.verdict(false).is_err());
    }

    #[test]
    fn a_failed_command_and_an_empty_suite_are_no_success() {
        assert!(of(PASSED).verdict(false).is_err());
        assert!(of(EMPTY).verdict(true).is_err());
        assert!(of("").verdict(true).is_err());
    }
}
