//! Remedies that change when and on which Python dependencies are resolved.

use rr_core::{
    Evidence, PlanEdit, Remedy, RemedyKind, StepId, StepKind, ToolchainRequirement, Trust, Unit,
    UnitPlan, VersionRequest,
};

use super::names::{beside_venv, step_id};
use super::plan::{self, Choices};
use super::remedies::Remedies;
use super::requirements::normalize;
use super::{remedy_steps, versions};

impl Remedies<'_> {
    pub(super) fn old_times(&self) -> Vec<Remedy> {
        let dated = self.failed.plan.env.contains_key("UV_EXCLUDE_NEWER");
        let date = self.failed.analysis.commit_date.as_deref();
        let aged = versions::older_than(date, 3) && !dated && !self.is_python2();
        let as_of = date.filter(|_| aged).map(|date| {
            let bound = plan::day_after(date);
            self.dated(&bound, format!("resolve dependencies as of {date}"))
        });
        let now = self.current_minor();
        let wanted = self.wanted_minor();
        // Each older Python is one more attempt: three of them, then something else is wrong.
        let tried = self.failed.treated.iter().filter(|known| known.contains("@3.")).count();
        let older = now.filter(|_| tried < 4).and_then(|now| {
            self.python(|text| minor_number(text).is_some_and(|minor| minor < now))
        });
        let mut remedies: Vec<Remedy> = as_of.into_iter().collect();
        remedies.extend(older);
        // Old versions on a Python much newer than they are: today's versions may do better.
        if dated && now > wanted {
            remedies.push(self.today());
        }
        remedies
    }

    /// The minor version that the plan would like best.
    pub(super) fn wanted_minor(&self) -> Option<u32> {
        match &self.toolchain()?.version {
            VersionRequest::OneOf(list) => minor_number(list.first()?),
            VersionRequest::Exact(one) => minor_number(one),
            _ => None,
        }
    }

    pub(super) fn today(&self) -> Remedy {
        self.dated("2099-01-01", "resolve dependencies as of today".to_owned())
    }

    pub(super) fn dated(&self, bound: &str, title: String) -> Remedy {
        Remedy {
            kind: RemedyKind::ResolveAsOf { date: bound.to_owned() },
            title,
            edits: vec![PlanEdit::SetEnv {
                step: None,
                name: "UV_EXCLUDE_NEWER".to_owned(),
                value: bound.to_owned(),
            }],
            resume_at: Some(step_id(self.path(), "venv")),
        }
    }

    /// Another Python out of those that suit, the nearest to the present one first.
    pub(super) fn python(&self, suits: impl Fn(&str) -> bool) -> Option<Remedy> {
        let mut list: Vec<String> = match &self.toolchain()?.version {
            VersionRequest::OneOf(list) => list.clone(),
            VersionRequest::Exact(one) | VersionRequest::Range(one) => vec![one.clone()],
            VersionRequest::Any => Vec::new(),
        };
        let known = (6..=14).rev().map(|minor| format!("3.{minor}"));
        list.extend(known.collect::<Vec<_>>());
        let now = self.current_minor().unwrap_or(12);
        let mut fit: Vec<String> = Vec::new();
        for text in list {
            if suits(&text) && minor_number(&text) != Some(now) && !fit.contains(&text) {
                fit.push(text);
            }
        }
        fit.sort_by_key(|text| minor_number(text).map_or(99, |minor| minor.abs_diff(now)));
        (!fit.is_empty()).then(|| self.toolchain_remedy(VersionRequest::OneOf(fit)))
    }

    pub(super) fn newer(&self, now: u32) -> Option<Remedy> {
        self.python(|text| minor_number(text).is_some_and(|minor| minor > now))
    }

    pub(super) fn toolchain_remedy(&self, version: VersionRequest) -> Remedy {
        let shown = match &version {
            VersionRequest::OneOf(list) => list.first().cloned().unwrap_or_default(),
            VersionRequest::Exact(one) | VersionRequest::Range(one) => one.clone(),
            VersionRequest::Any => "any".to_owned(),
        };
        let evidence = vec![Evidence::at("", "python.diagnosis", Trust::Default)];
        let toolchain = ToolchainRequirement { tool: "python".to_owned(), version, evidence };
        Remedy {
            kind: RemedyKind::UseToolchain { tool: "python".to_owned(), version: shown.clone() },
            title: format!("use Python {shown}"),
            edits: vec![PlanEdit::RequireToolchain { toolchain }],
            resume_at: Some(step_id(self.path(), "venv")),
        }
    }

    fn planned(&self, unit: &Unit, choices: Choices) -> UnitPlan {
        plan::with_choices(self.repo, unit, &self.context(), choices)
    }

    /// The install steps without the lock, whose versions cannot be had.
    pub(super) fn without_lock(&self) -> Vec<Remedy> {
        let dated = self.failed.plan.env.get("UV_EXCLUDE_NEWER");
        let mut remedies: Vec<Remedy> = Vec::new();
        if dated.is_some_and(|date| date.as_str() < "2099") {
            remedies.push(self.today());
        }
        let locking = ["lock", "sync"].map(|what| step_id(self.path(), what));
        let locks: Vec<&StepId> =
            locking.iter().filter(|id| self.failed.plan.step(id).is_some()).collect();
        let Some(unit) = self.unit.filter(|_| !locks.is_empty()) else { return remedies };
        let fresh = self.planned(unit, Choices { without_lock: true, ..Choices::default() });
        let install = step_id(self.path(), "install");
        let mut edits = Vec::new();
        for step in fresh.steps.into_iter().filter(|step| step.kind == StepKind::Install) {
            if step.id != step_id(self.path(), "venv") {
                let before = self.failed.step.id.clone();
                edits.push(match self.failed.plan.step(&step.id) {
                    Some(_) => PlanEdit::ReplaceStep { step: Box::new(step) },
                    None => PlanEdit::InsertBefore { before, step: Box::new(step) },
                });
            }
        }
        edits.extend(locks.into_iter().map(|id| PlanEdit::RemoveStep { step: id.clone() }));
        remedies.push(Remedy {
            kind: RemedyKind::PatchRecipe { what: "leave the lock file aside".to_owned() },
            title: "resolve anew instead of taking the locked versions".to_owned(),
            edits,
            resume_at: Some(install),
        });
        remedies
    }

    /// Any version of a package in place of those that the manifests name. Not with pip, which has
    /// no such override.
    pub(super) fn loosened(&self, subject: &str) -> Option<Remedy> {
        let name = normalize(subject);
        let own = self.manifest.name.as_deref().map(normalize);
        if name.is_empty() || self.is_python2() || own.as_deref() == Some(name.as_str()) {
            return None;
        }
        let step = remedy_steps::overrides(self.path(), &name);
        Some(Remedy {
            kind: RemedyKind::PinDependency { requirements: vec![name.clone()] },
            title: format!("take any version of {name}"),
            resume_at: Some(step.id.clone()),
            edits: vec![
                PlanEdit::InsertBefore {
                    before: self.failed.step.id.clone(),
                    step: Box::new(step),
                },
                PlanEdit::SetEnv {
                    step: None,
                    name: "UV_OVERRIDE".to_owned(),
                    value: beside_venv(self.path(), "overrides.txt"),
                },
            ],
        })
    }

    /// Python 2 changes every install step: the unit is planned anew.
    pub(super) fn python2(&self) -> Option<Remedy> {
        let unit = self.unit.filter(|_| !self.is_python2())?;
        let mut remedy = self.toolchain_remedy(VersionRequest::Exact("2.7".to_owned()));
        let toolchain = ToolchainRequirement {
            tool: "python".to_owned(),
            version: VersionRequest::Exact("2.7".to_owned()),
            evidence: Vec::new(),
        };
        let fresh = self.planned(unit, Choices { python: Some(toolchain), ..Choices::default() });
        for step in &self.failed.plan.steps {
            let ours =
                step.unit == self.failed.step.unit && step.ecosystem == self.failed.step.ecosystem;
            if ours && !fresh.steps.iter().any(|new| new.id == step.id) {
                remedy.edits.push(PlanEdit::RemoveStep { step: step.id.clone() });
            }
        }
        for step in fresh.steps {
            remedy.edits.push(PlanEdit::ReplaceStep { step: Box::new(step) });
        }
        Some(remedy)
    }
}

/// `11` of `3.11`.
pub(super) fn minor_number(text: &str) -> Option<u32> {
    text.strip_prefix("3.")?.split('.').next()?.parse().ok()
}

pub(super) fn matches_range(range: &str, text: &str) -> bool {
    minor_number(text).is_some_and(|minor| super::versions::allows(range, 3, minor))
}
