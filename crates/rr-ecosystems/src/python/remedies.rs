//! Turns a cure of the rules' table into edits of the plan.

use rr_core::{
    Analysis, Command, Evidence, FailedStep, PlanContext, PlanEdit, Remedy, RemedyKind, RepoView,
    StepKind, SystemPackage, ToolchainRequirement, Trust, Unit, VersionRequest,
};

use super::diagnose::{Cured, is_whole};
use super::distributions::{distribution, is_standard};
use super::manifest::{self, Manifest};
use super::names::{beside_venv, step_id};
use super::pytest_plugins::pytest_plugin;
use super::remedy_versions::{matches_range, minor_number};
use super::requirements::{normalize, requirement_name};
use super::rules::{Cure, Rule};
use super::{layout, remedy_steps};
use crate::analysis::names_a_service;

/// Makes remedies for one failed step.
pub(super) struct Remedies<'a> {
    pub(super) repo: &'a dyn RepoView,
    pub(super) failed: &'a FailedStep<'a>,
    pub(super) unit: Option<&'a Unit>,
    pub(super) manifest: Manifest,
}

impl<'a> Remedies<'a> {
    pub(super) fn new(repo: &'a dyn RepoView, failed: &'a FailedStep<'a>) -> Self {
        let analysis: &Analysis = failed.analysis;
        let unit = analysis
            .units
            .iter()
            .find(|unit| unit.path == failed.step.unit && unit.ecosystem.as_str() == "python");
        Self { repo, failed, unit, manifest: manifest::read(repo, &failed.step.unit) }
    }

    pub(super) fn path(&self) -> &str {
        &self.failed.step.unit
    }

    pub(super) fn context(&self) -> PlanContext<'_> {
        PlanContext { analysis: self.failed.analysis, environment: self.failed.environment }
    }

    /// What a rule's cure comes to; `None` where the rule does not apply after all.
    pub(super) fn cure(&self, rule: &Rule, subjects: &[String]) -> Option<Cured> {
        let first = subjects.first().map_or("", String::as_str);
        let mut subject = is_whole(rule.cure).then(String::new);
        let mut stage = String::new();
        let remedies = match rule.cure {
            Cure::Nothing => Vec::new(),
            Cure::Module => {
                let (remedies, names) = self.modules(subjects)?;
                subject = Some(names);
                remedies
            }
            Cure::Plugin => {
                let (remedies, names) = self.plugins(subjects)?;
                subject = Some(names);
                remedies
            }
            Cure::Packages(names) => vec![self.add(names.iter().copied())],
            Cure::System(names) => self.system(names, subjects),
            Cure::BuildPins(pins) => vec![self.build_pins(pins)],
            Cure::Variable(name, value) => vec![self.variable(name, value)],
            // The address of a database is no word to be made up: the common rules provide one.
            Cure::SubjectVariable if names_a_service(first) => return None,
            Cure::SubjectVariable => vec![self.variable(first, self.placeholder(first))],
            Cure::Locale => {
                let all = self.system(&["locales-all"], subjects);
                std::iter::once(self.variable("LC_ALL", "C.UTF-8")).chain(all).collect()
            }
            Cure::PythonBelow(minor) => {
                stage = self.stage();
                self.python(|text| minor_number(text).is_some_and(|m| m < minor))
                    .into_iter()
                    .collect()
            }
            Cure::PythonFor => {
                subject = Some(first.to_owned());
                self.python(|text| matches_range(first, text)).into_iter().collect()
            }
            Cure::Python2 => self.python2().into_iter().collect(),
            Cure::NewerPython => {
                stage = self.stage();
                let now = self.current_minor()?;
                self.newer(now).into_iter().collect()
            }
            Cure::OldTimes => {
                stage = self.stage();
                self.old_times()
            }
            Cure::BuildFailed => {
                stage = self.stage();
                let mut remedies = self.old_times();
                remedies.extend(self.without_failed(first));
                remedies
            }
            Cure::NoIsolation => vec![self.no_isolation(subjects)],
            Cure::NotEditable => self.words(remedy_steps::not_editable).into_iter().collect(),
            Cure::OneByOne => {
                stage = self.stage();
                self.one_by_one()
            }
            Cure::WithoutLock => {
                stage = self.stage();
                self.without_lock()
            }
            Cure::Loosen => self.loosened(first).into_iter().collect(),
            Cure::LeaveOut => self.leave_out(rule.name, first),
            Cure::OneProcess => self.one_process(),
            Cure::DjangoSettings => self.django_settings(),
            Cure::Migrate => self.migrate(),
            Cure::Service(name) => self.service(name),
            Cure::Extension => self.extension(subjects),
            Cure::Retry => vec![Remedy {
                kind: RemedyKind::Retry,
                title: "try again".to_owned(),
                edits: Vec::new(),
                resume_at: None,
            }],
        };
        Some(Cured { remedies, subject, stage })
    }

    /// What tells one state of the environment from another in signatures.
    pub(super) fn stage(&self) -> String {
        let python = self.current_minor().map_or_else(String::new, |m| format!("@3.{m}"));
        let dated = self.failed.plan.env.get("UV_EXCLUDE_NEWER").map_or("", String::as_str);
        if dated.is_empty() { python } else { format!("{python}@{dated}") }
    }

    /// The minor version of Python 3 that the output names most, else the first asked for.
    pub(super) fn current_minor(&self) -> Option<u32> {
        let mut votes: std::collections::BTreeMap<u32, usize> = std::collections::BTreeMap::new();
        for piece in self.failed.output.split("python3.").skip(1).take(400) {
            let digits: String = piece.chars().take_while(char::is_ascii_digit).collect();
            if let Ok(minor) = digits.parse() {
                *votes.entry(minor).or_default() += 1;
            }
        }
        let most = votes.into_iter().max_by_key(|(_, count)| *count).map(|(minor, _)| minor);
        most.or_else(|| match &self.toolchain()?.version {
            VersionRequest::OneOf(list) => minor_number(list.first()?),
            VersionRequest::Exact(one) => minor_number(one),
            _ => None,
        })
    }

    pub(super) fn toolchain(&self) -> Option<&ToolchainRequirement> {
        self.failed.plan.toolchains.iter().find(|t| t.tool == "python")
    }

    // Dependencies

    fn modules(&self, subjects: &[String]) -> Option<(Vec<Remedy>, String)> {
        let layout = layout::of(self.repo, self.path(), &self.manifest);
        let mut names: Vec<&'static str> = Vec::new();
        let mut own = Vec::new();
        let mut unknown = Vec::new();
        for module in subjects {
            let top = module.split('.').next().unwrap_or(module);
            if layout.own.contains(top) {
                own.push(top.to_owned());
            } else if let Some(name) = distribution(module) {
                names.push(name);
            } else if !is_standard(top) {
                unknown.push(top.to_owned());
            }
        }
        names.dedup();
        if !names.is_empty() {
            return Some((vec![self.add(names.iter().copied())], names.join(",")));
        }
        if let Some(module) = own.first() {
            return Some((self.own_module(&layout, module), format!("own {module}")));
        }
        // A module that only an extra or another file of ours could bring.
        let extras = self.remaining_extras();
        let more = (!unknown.is_empty() && !extras.is_empty()).then(|| self.extras(&extras));
        (!unknown.is_empty()).then(|| (more.into_iter().collect(), unknown.join(",")))
    }

    /// The project's own module is not found: put the folders that hold it on the path.
    fn own_module(&self, layout: &layout::Layout, module: &str) -> Vec<Remedy> {
        let holder = self.repo.below(self.path()).iter().find_map(|entry| {
            let ends = [format!("{module}.py"), format!("{module}/__init__.py")];
            let end = ends
                .iter()
                .find(|end| entry.path == **end || entry.path.ends_with(&format!("/{end}")))?;
            Some(entry.path[..entry.path.len() - end.len()].trim_end_matches('/').to_owned())
        });
        let source = super::paths::join(self.path(), &layout.source);
        let mut folders = vec![self.path().to_owned(), source];
        folders.extend(holder);
        folders.dedup();
        let known = self.failed.step.env.get("PYTHONPATH").cloned().unwrap_or_default();
        let mut parts: Vec<String> = if known.is_empty() { Vec::new() } else { vec![known] };
        for folder in folders {
            let part = format!("@{{workspace}}/{folder}").trim_end_matches('/').to_owned();
            if !parts.iter().any(|known| known.split(':').any(|p| p == part)) {
                parts.push(part);
            }
        }
        vec![Remedy {
            kind: RemedyKind::SetVariable { name: "PYTHONPATH".to_owned() },
            title: format!("put the folder of {module} on the import path"),
            edits: vec![PlanEdit::SetEnv {
                step: Some(self.failed.step.id.clone()),
                name: "PYTHONPATH".to_owned(),
                value: parts.join(":"),
            }],
            resume_at: None,
        }]
    }

    fn remaining_extras(&self) -> Vec<String> {
        let install = self.failed.plan.step(&step_id(self.path(), "install"));
        let line = install.map_or_else(String::new, |step| step.command.to_string());
        let aside = ["docs", "doc", "lint", "gpu", "cuda", "release", "publish"];
        self.manifest
            .extras
            .keys()
            .filter(|name| !aside.contains(&name.as_str()) && !line.contains(name.as_str()))
            .cloned()
            .collect()
    }

    fn extras(&self, names: &[String]) -> Remedy {
        let own = format!(".[{}]", names.join(","));
        let mut remedy = self.add(["-e", own.as_str()]);
        remedy.title = format!("install the project's extras {}", names.join(", "));
        remedy
    }

    fn plugins(&self, subjects: &[String]) -> Option<(Vec<Remedy>, String)> {
        let mut names: Vec<&'static str> = Vec::new();
        let words = subjects.iter().flat_map(|subject| subject.split_whitespace());
        for word in words {
            let word = word.split('=').next().unwrap_or(word);
            // `-nauto` and `-n4` are one word.
            let word = if word.starts_with("-n") { "-n" } else { word };
            if let Some(name) = pytest_plugin(word)
                && !names.contains(&name)
            {
                names.push(name);
            }
        }
        if names.is_empty() {
            let option = subjects.iter().any(|subject| subject.starts_with('-'));
            let without = self.command_with(&["-o", "addopts="]).filter(|_| option)?;
            return Some((vec![without], subjects.join(" ")));
        }
        Some((vec![self.add(names.iter().copied())], names.join(",")))
    }

    /// Installs more, in a step of its own before the failed one.
    pub(super) fn add<'n>(&self, names: impl IntoIterator<Item = &'n str>) -> Remedy {
        let names: Vec<String> = names.into_iter().map(str::to_owned).collect();
        let install = self.failed.step.kind == StepKind::Install;
        let slug: String = names
            .join("-")
            .chars()
            .map(|c| if c.is_ascii_alphanumeric() { c } else { '-' })
            .collect();
        let id = format!("add-{slug}");
        let step = remedy_steps::add(self.path(), &id, &names, self.lock_file(), self.is_python2());
        let plain = |name: &String| requirement_name(name).unwrap_or_else(|| name.clone());
        Remedy {
            kind: RemedyKind::AddDependency { names: names.iter().map(plain).collect() },
            title: format!("install {}", names.join(", ")),
            resume_at: Some(step.id.clone()),
            edits: vec![PlanEdit::InsertBefore {
                before: if install {
                    step_id(self.path(), "check")
                } else {
                    self.failed.step.id.clone()
                },
                step: Box::new(step),
            }],
        }
    }

    pub(super) fn lock_file(&self) -> Option<String> {
        self.failed
            .plan
            .step(&step_id(self.path(), "lock"))
            .map(|_| beside_venv(self.path(), "lock.txt"))
    }

    pub(super) fn is_python2(&self) -> bool {
        let venv = self.failed.plan.step(&step_id(self.path(), "venv"));
        venv.is_some_and(|step| step.command.to_string().contains("virtualenv<20.22"))
    }

    fn system(&self, names: &[&str], subjects: &[String]) -> Vec<Remedy> {
        let mut wanted: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        if wanted.is_empty() {
            wanted.extend(
                subjects.iter().map(|program| remedy_steps::package_of(program).to_owned()),
            );
        }
        let edits = wanted
            .iter()
            .map(|name| PlanEdit::RequireSystemPackage {
                package: SystemPackage {
                    name: name.clone(),
                    evidence: vec![Evidence::at("", "python.diagnosis", Trust::Default)],
                },
            })
            .collect();
        vec![Remedy {
            kind: RemedyKind::InstallSystemPackage { names: wanted.clone() },
            title: format!("put {} into the sandbox", wanted.join(", ")),
            edits,
            resume_at: None,
        }]
    }

    fn build_pins(&self, pins: &[&str]) -> Remedy {
        let step = remedy_steps::build_constraints(self.path(), pins);
        let file = beside_venv(self.path(), "build.txt");
        let resume = step.id.clone();
        Remedy {
            kind: RemedyKind::PinDependency {
                requirements: pins.iter().map(|p| (*p).to_owned()).collect(),
            },
            title: format!("build with {}", pins.join(", ")),
            edits: vec![
                PlanEdit::InsertBefore {
                    before: self.failed.step.id.clone(),
                    step: Box::new(step),
                },
                PlanEdit::SetEnv {
                    step: None,
                    name: "UV_BUILD_CONSTRAINT".to_owned(),
                    value: file.clone(),
                },
                PlanEdit::SetEnv { step: None, name: "PIP_CONSTRAINT".to_owned(), value: file },
            ],
            resume_at: Some(resume),
        }
    }

    fn no_isolation(&self, subjects: &[String]) -> Remedy {
        let mut names: Vec<String> = ["setuptools<81", "wheel"].map(str::to_owned).to_vec();
        names.extend(
            subjects.iter().map(|module| distribution(module).unwrap_or(module).to_owned()),
        );
        names.dedup();
        let step =
            remedy_steps::add(self.path(), "build-requirements", &names, self.lock_file(), false);
        Remedy {
            kind: RemedyKind::AddDependency { names },
            title: "install what the build needs first, then build without isolation".to_owned(),
            resume_at: Some(step.id.clone()),
            edits: vec![
                PlanEdit::InsertBefore {
                    before: self.failed.step.id.clone(),
                    step: Box::new(step),
                },
                PlanEdit::SetEnv {
                    step: None,
                    name: "UV_NO_BUILD_ISOLATION".to_owned(),
                    value: "1".to_owned(),
                },
            ],
        }
    }

    // The install command

    /// The failed install with other words.
    pub(super) fn words(&self, change: impl Fn(&[String]) -> Option<Command>) -> Option<Remedy> {
        let Command::Argv(words) = &self.failed.step.command else { return None };
        let command = change(words)?;
        Some(Remedy {
            kind: RemedyKind::ChangeCommand { to: command.to_string() },
            title: format!("run `{command}`"),
            edits: vec![PlanEdit::SetCommand { step: self.failed.step.id.clone(), command }],
            resume_at: None,
        })
    }

    fn one_by_one(&self) -> Vec<Remedy> {
        let mut remedies: Vec<Remedy> = Vec::new();
        if self.failed.plan.env.get("UV_EXCLUDE_NEWER").is_some_and(|date| date.as_str() < "2099") {
            remedies.push(self.today());
        }
        remedies.extend(self.words(remedy_steps::one_by_one));
        remedies
    }

    /// The install command without what cannot be built: a requirement that the command names
    /// itself, or the unit's own package, which then runs from its tree.
    fn without_failed(&self, subject: &str) -> Option<Remedy> {
        let name = normalize(subject);
        let own = self.manifest.name.as_deref().map(normalize).as_deref() == Some(name.as_str());
        if own {
            return self.without_own();
        }
        self.words(|words| remedy_steps::without(words, &name))
    }

    fn without_own(&self) -> Option<Remedy> {
        let extra = |name: &str| self.manifest.extras.get(name).cloned().unwrap_or_default();
        self.words(|words| remedy_steps::without_own(words, &self.manifest.dependencies, extra))
    }

    fn leave_out(&self, rule: &str, subject: &str) -> Vec<Remedy> {
        let own = matches!(rule, "flat-layout" | "no-package-found");
        if own {
            return self.without_own().into_iter().collect();
        }
        let name = normalize(subject);
        self.words(|words| remedy_steps::without(words, &name))
            .into_iter()
            .chain(self.words(remedy_steps::one_by_one))
            .collect()
    }
}
