//! What is not there and never was: tests that a package is published without, and versions that
//! a registry does not have. Must not look at single log lines: the rules do.

use rr_core::{CauseClass, Command, Diagnosis, Exit, Remedy, RemedyKind, StepKind};

use super::super::managers::Tool;
use super::super::package_json::leading_number;
use super::modules::is_package_name;
use super::remedies::Bench;

impl Bench<'_> {
    /// A runner that ended well and had nothing to run.
    pub(super) fn nothing_to_run(&self) -> Option<Diagnosis> {
        let step = self.failed.step;
        let ran = self.failed.tests.is_none_or(|run| !run.cases.is_empty());
        if step.kind != StepKind::Test || ran || self.failed.outcome.exit != Exit::Code(0) {
            return None;
        }
        Some(Diagnosis {
            signature: "javascript.no-tests".to_owned(),
            cause: CauseClass::Intrinsic,
            step: step.id.clone(),
            evidence_line: format!(
                "`{}` ended with exit status 0 and without a test",
                step.command
            ),
            explanation: "the runner finds no tests here: published packages often leave them out"
                .to_owned(),
            confidence: 0.25,
            remedies: Vec::new(),
        })
    }

    /// `name@range` of which the registry has no version: a declared dependency is taken in the
    /// same major version, or, where the registry lacks that too, in any.
    pub(super) fn other_version(&self, wanted: &str) -> Option<(String, Vec<Remedy>)> {
        let (name, range) = wanted.rsplit_once('@').filter(|(name, _)| is_package_name(name))?;
        let group = ["dependencies", "devDependencies", "optionalDependencies"]
            .into_iter()
            .find(|group| self.root().is_some_and(|root| root.nested(group, name).is_some()));
        let npm = self.manager.as_ref().is_some_and(|manager| manager.tool == Tool::Npm);
        let remedy = group.filter(|_| npm).and_then(|group| self.take(group, name, range));
        Some((wanted.to_owned(), remedy.into_iter().collect()))
    }

    fn take(&self, group: &str, name: &str, range: &str) -> Option<Remedy> {
        let major = leading_number(range.trim_start_matches(['^', '~', '=', 'v']))
            .map(|major| major.to_string())
            .filter(|major| major != range && major != "0");
        let range = major.as_deref().unwrap_or("*");
        let install = self.install_step()?.command.to_string();
        // The workspace is a copy: the user's own manifest stays.
        let line = format!("npm pkg set '{group}[{name}]={range}'\n{install}");
        let kind = RemedyKind::ChangeCommand { to: format!("{name}@{range}") };
        let title = format!("take {name} {range}: the registry has no version as declared");
        self.set_install(kind, &title, Command::shell(line))
    }
}
