//! Remedies that change how a unit's tests are run.

use rr_core::{Command, PlanEdit, Remedy, RemedyKind, Step, StepId};

use super::names::bind;
use super::remedies::Remedies;
use super::{layout, remedy_steps, testing};

impl Remedies<'_> {
    /// The failed test command with further words.
    pub(super) fn command_with(&self, more: &[&str]) -> Option<Remedy> {
        self.words(|words| {
            let pytest = words.iter().position(|word| word == "pytest")?;
            let present = words
                .windows(more.len())
                .any(|window| window.iter().zip(more).all(|(a, b)| a == b));
            let mut words = words.to_vec();
            words.splice(pytest + 1..pytest + 1, more.iter().map(|word| (*word).to_owned()));
            (!present).then_some(Command::Argv(words))
        })
    }

    pub(super) fn one_process(&self) -> Vec<Remedy> {
        let parallel = self.manifest.pytest.as_ref().is_some_and(|config| {
            config
                .addopts
                .split_whitespace()
                .any(|word| word.starts_with("-n") || word.starts_with("--numprocesses"))
        });
        self.command_with(&["-n", "0"]).filter(|_| parallel).into_iter().collect()
    }

    /// Leaves out one test by its id.
    pub(super) fn deselect(&self, id: &str) -> Option<Remedy> {
        let option = format!("--deselect={id}");
        let mut remedy = self.command_with(&[option.as_str()])?;
        remedy.kind = RemedyKind::SelectTests { without: vec![id.to_owned()] };
        remedy.title = format!("leave out {id}, which never ends");
        Some(remedy)
    }

    /// The next way to run the unit's tests after the present one.
    pub(super) fn next_command(&self) -> Option<Remedy> {
        let unit = self.unit?;
        let layout = layout::of(self.repo, self.path(), &self.manifest);
        let context = self.context();
        let all = testing::commands(self.repo, unit, &self.manifest, &layout, &context);
        let tried = |argv: &[String]| {
            let line = Command::argv(argv.iter().cloned()).to_string();
            let now = self.failed.step.command.to_string();
            line == now
                || self.failed.treated.iter().any(|known| known.ends_with(&format!(":{line}")))
        };
        let next = all.into_iter().find(|command| !tried(&command.argv))?;
        let mut step: Step = testing::step(self.path(), &next, &Default::default());
        let keep = self.failed.step.env.iter().filter(|(name, _)| !step.env.contains_key(*name));
        let keep: Vec<(String, String)> = keep.map(|(n, v)| (n.clone(), v.clone())).collect();
        step.env.extend(keep);
        let bound = self.failed.step.env.contains_key("VIRTUAL_ENV");
        if bound {
            bind(&mut step);
        }
        step.timeout_seconds = self.failed.step.timeout_seconds;
        let mut edits = Vec::new();
        let mut resume_at: Option<StepId> = None;
        if next.runner == "pytest" {
            let names = vec!["pytest".to_owned()];
            let add = remedy_steps::add(
                self.path(),
                "add-pytest",
                &names,
                self.lock_file(),
                self.is_python2(),
            );
            resume_at = Some(add.id.clone());
            edits.push(PlanEdit::InsertBefore {
                before: self.failed.step.id.clone(),
                step: Box::new(add),
            });
        }
        let shown = step.command.to_string();
        edits.push(PlanEdit::ReplaceStep { step: Box::new(step) });
        Some(Remedy {
            kind: RemedyKind::ChangeCommand { to: shown.clone() },
            title: format!("run the tests with `{shown}`"),
            edits,
            resume_at,
        })
    }
}
