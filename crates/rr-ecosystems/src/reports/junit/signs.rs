//! What runners that write JUnit files print about themselves, held against the files.

use std::sync::LazyLock;

use regex::Regex;
use rr_core::{CaseOutcome, TestRun};

/// Maven's totals of one module, which lack the time that its per-class lines have:
/// `[ERROR] Tests run: 12, Failures: 1, Errors: 0, Skipped: 2`
static MAVEN_TOTAL: LazyLock<Regex> = LazyLock::new(|| {
    expression(
        r"(?m)^\[(?:INFO|WARNING|ERROR)\] *\x1b?\[?[0-9;m]*Tests run: (\d+), Failures: (\d+), Errors: (\d+), Skipped: (\d+)\s*$",
    )
});

/// ctest's last word: `95% tests passed, 1 tests failed out of 19`; where none failed, that of CMake 4
/// is `100% tests passed out of 3`.
static CTEST_TOTAL: LazyLock<Regex> =
    LazyLock::new(|| expression(r"(?m)^\d+% tests passed(?:, (\d+) tests failed)? out of (\d+)"));

/// Lines by which a runner says that part of the suite never ran.
#[rustfmt::skip]
static BROKEN_OFF: &[(&str, &str)] = &[
    // Surefire: `The forked VM terminated without properly saying goodbye. VM crash or System.exit called?`
    (r"The forked VM terminated without", "the test process of a module ended midway"),
    // Surefire: `There was a timeout or other error in the fork`
    (r"There was a timeout or other error in the fork", "the tests of a module ran out of time"),
    // `[ERROR] Failed to execute goal org.apache.maven.plugins:maven-compiler-plugin:3.11.0:testCompile (default-testCompile) on project x: Compilation failure`
    (r"(?m)^\[ERROR\] Failed to execute goal \S*:(?:testCompile|compile|resources|enforce|generate\S*|process\S*)\b", "a module could not be built"),
    // Maven's reactor summary: `[INFO] app-web ........................... SKIPPED`
    (r"(?m)^\[INFO\] \S.* \.{2,} SKIPPED", "Maven left modules out after a failure"),
    // Gradle: `> Task :core:compileTestJava FAILED`
    (r"(?m)^> Task \S*:(?:compile\S*|process\S*|\S*[Cc]lasses|\S*[Jj]ar|generate\S*) FAILED", "a Gradle module could not be built"),
    // Gradle: `> Process 'Gradle Test Executor 1' finished with non-zero exit value 1`
    (r"Process 'Gradle Test Executor \d+' finished with non-zero exit", "a Gradle test process ended midway"),
    // Gradle: `Execution failed for task ':a:test'.` → `> Could not resolve all files for configuration`
    (r"(?m)^> Could not resolve all (?:files|artifacts|dependencies)", "Gradle could not resolve dependencies"),
];

fn expression(text: &str) -> Regex {
    #[expect(clippy::unwrap_used, reason = "constant expressions, tried by the tests")]
    Regex::new(text).unwrap()
}

/// Weakens a result that the runner's own words contradict.
pub(super) fn check(run: &mut TestRun, output: &str) {
    match run.runner.as_str() {
        "maven" => maven(run, output),
        "ctest" => ctest(run, output),
        "playwright" => playwright(run),
        _ => {}
    }
    if matches!(run.runner.as_str(), "maven" | "gradle") {
        for (pattern, doubt) in BROKEN_OFF {
            if Regex::new(pattern).is_ok_and(|pattern| pattern.is_match(output)) {
                run.complete = false;
                run.doubts.push((*doubt).to_owned());
            }
        }
    }
}

/// Maven prints its totals itself; files of another origin would bring more than that.
fn maven(run: &mut TestRun, output: &str) {
    let mut total = 0u64;
    let mut failing = 0u64;
    let mut modules = 0;
    for found in MAVEN_TOTAL.captures_iter(output) {
        let number = |at: usize| found[at].parse::<u64>().unwrap_or(0);
        total += number(1);
        failing += number(2) + number(3);
        modules += 1;
    }
    let counts = run.counts();
    if modules == 0 {
        if counts.discovered > 0 {
            run.complete = false;
            run.doubts.push("Maven itself reported no test".to_owned());
        }
        return;
    }
    let (held, broken) = (counts.discovered, counts.failed + counts.errored);
    if held != total {
        run.doubts.push(format!("Maven counted {total} tests, its files hold {held}"));
        run.complete &= held < total;
    }
    if failing > broken {
        run.doubts.push(format!("Maven counted {failing} failures, its files hold {broken}"));
        run.complete = false;
    }
}

/// A test without its browser did not run, though Playwright counts it among those that failed.
fn playwright(run: &mut TestRun) {
    for case in &mut run.cases {
        if case.outcome == CaseOutcome::Failed && case.message.contains(": browserType.launch: ") {
            case.outcome = CaseOutcome::Errored;
        }
    }
}

/// The last total is ctest's own: what tests print comes before it.
fn ctest(run: &mut TestRun, output: &str) {
    let Some(found) = CTEST_TOTAL.captures_iter(output).last() else {
        run.complete = false;
        run.doubts.push("ctest did not print its total".to_owned());
        return;
    };
    let failed: u64 = found.get(1).map_or(0, |failed| failed.as_str().parse().unwrap_or(0));
    let counts = run.counts();
    if failed != counts.failed + counts.errored {
        run.complete = false;
        let held = counts.failed + counts.errored;
        run.doubts.push(format!("ctest counted {failed} failures, its file holds {held}"));
    }
}
