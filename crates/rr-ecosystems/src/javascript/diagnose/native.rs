//! Remedies for what is not JavaScript: native modules, browsers.

use rr_core::{
    Command, Evidence, PlanEdit, Remedy, RemedyKind, Step, StepId, StepKind, SystemPackage, Trust,
};

use super::super::managers::Tool;
use super::remedies::Bench;
use super::versions::LINES;

impl Bench<'_> {
    /// What lets a native module compile, or do without it.
    pub(super) fn native(&self) -> Vec<Remedy> {
        let lacks = |name: &str| self.failed.output.contains(name);
        let mut found = Vec::new();
        let packages: &[&str] = if lacks("distutils") {
            &["python3-setuptools", "python3-distutils"]
        } else if lacks("find Python") {
            &["python3"]
        } else if lacks("not found: make") || lacks("make: not found") {
            &["make", "g++"]
        } else {
            &[]
        };
        for name in packages.iter().take(1) {
            found.push(self.system_package(name));
        }
        let current = self.current_node().unwrap_or(20);
        let older = LINES.iter().rev().find(|line| **line < current.min(18));
        found.extend(older.into_iter().flat_map(|line| self.older(*line)));
        found.extend(self.without_scripts());
        found
    }

    /// Builds native modules again, for the Node that is there.
    pub(super) fn rebuild(&self) -> Option<Remedy> {
        let words: &[&str] = match self.manager.as_ref()?.tool {
            Tool::Npm => &["npm", "rebuild"],
            Tool::Pnpm => &["pnpm", "rebuild"],
            Tool::Yarn1 => &["yarn", "install", "--force", "--non-interactive"],
            Tool::YarnBerry => &["yarn", "rebuild"],
            Tool::Bun | Tool::Deno => return None,
        };
        let id = "javascript.rebuild";
        let mut step = Step::new(
            id,
            &self.failed.step.ecosystem,
            &self.failed.step.unit,
            StepKind::Install,
            "build native dependencies",
            Command::argv(words.iter().copied()),
        );
        step.env.clone_from(&self.install_step()?.env);
        Some(Remedy {
            kind: RemedyKind::PatchRecipe { what: "build native dependencies".to_owned() },
            title: "build native dependencies for this Node".to_owned(),
            edits: vec![PlanEdit::InsertBefore {
                before: self.after_install(),
                step: Box::new(step),
            }],
            resume_at: Some(StepId::new(id)),
        })
    }

    /// The distribution's own browser, where test tools look for one.
    pub(super) fn browser(&self) -> Remedy {
        let mut remedy = self.system_package("chromium");
        for name in ["CHROME_BIN", "PUPPETEER_EXECUTABLE_PATH"] {
            remedy.edits.push(PlanEdit::SetEnv {
                step: None,
                name: name.to_owned(),
                value: "/usr/bin/chromium".to_owned(),
            });
        }
        remedy
    }

    fn system_package(&self, name: &str) -> Remedy {
        Remedy {
            kind: RemedyKind::InstallSystemPackage { names: vec![name.to_owned()] },
            title: format!("install system package {name}"),
            edits: vec![PlanEdit::RequireSystemPackage {
                package: SystemPackage {
                    name: name.to_owned(),
                    evidence: vec![Evidence::at("", "javascript.diagnosis", Trust::Default)],
                },
            }],
            resume_at: None,
        }
    }
}
