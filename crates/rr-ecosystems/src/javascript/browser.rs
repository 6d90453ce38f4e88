//! Suites that drive a browser: Karma with the distribution's Chromium, Playwright with a browser
//! of its own where that can be downloaded.

use std::collections::BTreeMap;

use rr_core::{
    Command, EcosystemId, Evidence, ReportFormat, Step, StepKind, SystemPackage, Trust, Unit,
};

use super::segment::Runner;
use super::suite::Suite;
use super::words::{edit, words};
use crate::miners::command_line::base_name;

/// Where Karma's launcher looks for Chrome, and where the distribution's package has it.
const CHROME: (&str, &str) = ("CHROME_BIN", "/usr/bin/chromium");

/// The runner of a command that drives a browser, where it can be run here.
pub(super) fn runner(line: &str) -> Option<Runner> {
    let all = words(line);
    all.iter().zip(all.iter().skip(1)).find_map(|(program, sub)| {
        match (base_name(&program.text), sub.text.as_str()) {
            ("karma", "start") => Some(Runner::Karma),
            ("playwright", "test") => Some(Runner::Playwright),
            _ => None,
        }
    })
}

/// A command of these runners that records; `report` is Playwright's JUnit file.
pub(super) fn instrument(
    runner: Runner,
    line: &str,
    env: &mut BTreeMap<String, String>,
    report: &str,
) -> (String, ReportFormat) {
    if runner == Runner::Playwright {
        env.insert("PLAYWRIGHT_JUNIT_OUTPUT_NAME".to_owned(), report.to_owned());
        let line = after_word(line, "test", "--reporter=junit");
        return (line, ReportFormat::JunitXml);
    }
    env.insert(CHROME.0.to_owned(), CHROME.1.to_owned());
    let ours = "@{tools}/recorder/node/karma.conf.cjs";
    let all = words(line);
    let at = all.iter().position(|word| word.text == "start").unwrap_or_default();
    let theirs = all.get(at + 1).filter(|word| !word.text.starts_with('-'));
    let Some(theirs) = theirs else {
        return (after_word(line, "start", ours), ReportFormat::Recorder);
    };
    env.insert("REPO_RUNNER_KARMA".to_owned(), theirs.text.clone());
    (edit(line, &[(theirs.place.clone(), ours.to_owned())]), ReportFormat::Recorder)
}

fn after_word(line: &str, word: &str, added: &str) -> String {
    match words(line).iter().find(|found| found.text == word) {
        Some(found) => {
            let end = found.place.end;
            format!("{} {added}{}", &line[..end], &line[end..])
        }
        None => format!("{line} {added}"),
    }
}

/// The system packages that a suite's browser needs.
pub(super) fn packages(suite: &Suite) -> Vec<SystemPackage> {
    let karma = suite.tests.iter().any(|test| test.runner == Runner::Karma);
    let evidence = vec![Evidence::at("", "javascript.browser", Trust::Default)];
    let chromium = SystemPackage { name: "chromium".to_owned(), evidence };
    karma.then_some(chromium).into_iter().collect()
}

/// Downloads Playwright's own browser, which no registry has.
pub(super) fn download(suite: &Suite, unit: &Unit, id: &EcosystemId) -> Option<Step> {
    suite.tests.iter().find(|test| test.runner == Runner::Playwright)?;
    let command = Command::argv(["npx", "playwright", "install", "chromium"]);
    let title = "download Playwright's browser";
    let kind = StepKind::Install;
    let mut step = Step::new("javascript.browser", id, &unit.path, kind, title, command);
    step.optional = true;
    step.timeout_seconds = 300;
    Some(step)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line_of(line: &str) -> (String, BTreeMap<String, String>) {
        let mut env = BTreeMap::new();
        let (line, _) = instrument(runner(line).unwrap(), line, &mut env, "R.xml");
        (line.replace("@{tools}/recorder/node/karma.conf.cjs", "K"), env)
    }

    #[test]
    fn commands_record() {
        let (line, env) = line_of("npx karma start test/karma.js --single-run");
        assert_eq!(line, "npx karma start K --single-run");
        assert_eq!(env["REPO_RUNNER_KARMA"], "test/karma.js");
        assert_eq!(line_of("karma start --single-run").0, "karma start K --single-run");
        assert_eq!(line_of("playwright test a").0, "playwright test --reporter=junit a");
        assert_eq!(runner("cypress run"), None);
    }
}
