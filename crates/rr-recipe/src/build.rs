//! Builds a lock from what a run recorded, or from analysis and plan alone.

use std::collections::BTreeMap;

use rr_core::report::RunReport;
use rr_core::{
    Analysis, CaseOutcome, EnvironmentReport, FetchedSource, ProbeResult, RepoSource, RepoView,
    RunPlan, Rung, ServiceRequirement, Step, StepKind, SystemLayer, TestRun, Toolchain,
    VersionRequest,
};

use crate::dependencies;
use crate::lock::{
    DependencySet, Expected, LOCK_VERSION, LockedCommand, LockedPackage, LockedProbe,
    LockedService, LockedSource, LockedToolchain, LockedVariable, Platform, Proof, RecipeLock,
    Recorded, VariableOrigin,
};
use crate::{ours, plain};

/// What a lock is built from.
pub struct LockInput<'a> {
    /// What the user named.
    pub source: &'a RepoSource,
    /// What was fetched, where anything was.
    pub fetched: Option<&'a FetchedSource>,
    /// The analysis.
    pub analysis: &'a Analysis,
    /// The plan, remedies applied.
    pub plan: &'a RunPlan,
    /// The host.
    pub environment: &'a EnvironmentReport,
    /// The report, where a run was made.
    pub report: Option<&'a RunReport>,
    /// Toolchains that were used.
    pub toolchains: &'a [Toolchain],
    /// Packages that were installed.
    pub layer: Option<&'a SystemLayer>,
    /// What the managers resolved.
    pub dependencies: Vec<DependencySet>,
    /// Outcomes of each test step.
    pub outcomes: BTreeMap<String, TestRun>,
    /// The repository's files.
    pub repo: &'a dyn RepoView,
    /// Names of variables that the user gave.
    pub given: Vec<String>,
    /// Whether a variable's name says that it holds a secret.
    pub is_secret: fn(&str) -> bool,
    /// The value that we give to secrets that guard nothing but the sandbox.
    pub invented: &'a str,
}

impl LockInput<'_> {
    /// Whether a value must not stand in the lock.
    fn hides(&self, name: &str, value: &str) -> bool {
        self.given.iter().any(|given| given == name)
            || (self.is_secret)(name) && value != self.invented
    }
}

/// Builds the lock.
#[must_use]
pub fn build(input: LockInput<'_>) -> RecipeLock {
    let plan = input.plan;
    let environment = input.environment;
    RecipeLock {
        lock_version: LOCK_VERSION,
        generator: format!("repo-runner {}", env!("CARGO_PKG_VERSION")),
        path: plan.path.clone(),
        notes: notes(&input),
        source: source(&input),
        proof: proof(input.report),
        platform: Platform {
            os: environment.os.clone(),
            distribution: environment.distribution.0.clone(),
            codename: environment.distribution.1.clone(),
            arch: environment.arch.clone(),
        },
        toolchains: toolchains(&input),
        system_packages: packages(&input),
        services: plan.services.iter().map(|s| service(s, input.report)).collect(),
        variables: variables(&input),
        manifests: dependencies::manifests(input.repo, plan),
        commands: plan.steps.iter().map(|step| command(step, &input)).collect(),
        dependencies: input.dependencies,
    }
}

fn source(input: &LockInput<'_>) -> LockedSource {
    LockedSource {
        repository: without_credentials(&input.source.to_string()),
        commit: input.fetched.map(|fetched| fetched.commit.clone()).unwrap_or_default(),
        commit_date: input.analysis.commit_date.clone(),
    }
}

/// `https://user:token@host/x` without what stands before the `@`.
fn without_credentials(text: &str) -> String {
    let Some((scheme, rest)) = text.split_once("://") else {
        return text.to_owned();
    };
    let (host, path) = rest.split_once('/').map_or((rest, None), |(h, p)| (h, Some(p)));
    let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
    path.map_or_else(|| format!("{scheme}://{host}"), |path| format!("{scheme}://{host}/{path}"))
}

fn proof(report: Option<&RunReport>) -> Proof {
    match report {
        Some(report) => Proof {
            proved_up_to: report.verdict.rung,
            run: Some(report.run_id.to_string()),
            summary: report.verdict.summary.clone(),
        },
        None => Proof {
            proved_up_to: Some(Rung::Analyzed),
            run: None,
            summary: "made from analysis alone: nothing was run".to_owned(),
        },
    }
}

fn notes(input: &LockInput<'_>) -> Vec<String> {
    let remedies = input.report.map(|report| report.remedies.as_slice()).unwrap_or_default();
    let helped = remedies.iter().filter(|remedy| remedy.helped && !remedy.rolled_back);
    helped.map(|remedy| format!("repaired: {}", remedy.title)).collect()
}

fn toolchains(input: &LockInput<'_>) -> Vec<LockedToolchain> {
    let used = |tool: &str| input.toolchains.iter().find(|used| used.tool == tool);
    let planned = input.plan.toolchains.iter().map(|wanted| {
        let used = used(&wanted.tool);
        LockedToolchain {
            tool: wanted.tool.clone(),
            version: used.map(|used| used.version.clone()).filter(|v| !v.is_empty()),
            requested: requested(&wanted.version),
            provenance: used.map(|used| used.provenance.clone()).unwrap_or_default(),
            evidence: wanted.evidence.clone(),
        }
    });
    planned.collect()
}

fn requested(version: &VersionRequest) -> String {
    match version {
        VersionRequest::Any => String::new(),
        VersionRequest::Exact(text) | VersionRequest::Range(text) => text.clone(),
        VersionRequest::OneOf(list) => list.join(", "),
    }
}

fn packages(input: &LockInput<'_>) -> Vec<LockedPackage> {
    let installed = |name: &str| {
        let found = input.layer?.installed.iter().find(|(installed, _)| installed == name)?;
        Some(found.1.clone()).filter(|version| !version.is_empty())
    };
    let planned = input.plan.system_packages.iter().map(|package| LockedPackage {
        name: package.name.clone(),
        version: installed(&package.name),
        evidence: package.evidence.clone(),
    });
    planned.collect()
}

fn service(requirement: &ServiceRequirement, report: Option<&RunReport>) -> LockedService {
    let kind = requirement.kind;
    let up = report.and_then(|report| report.services.iter().find(|s| s.name == kind.as_str()));
    // `postgres 15.14 accepted a connection`
    let version = up.and_then(|up| up.probe.detail.split(' ').nth(1)).map(str::to_owned);
    let default = ["postgres", "runner", "root", "mysql", ""];
    LockedService {
        kind,
        requested: requirement.version.clone(),
        version,
        port: requirement.port,
        user: requirement.user.clone(),
        password: requirement.password.clone(),
        ours: default.contains(&requirement.password.as_str()),
        databases: requirement.databases.clone(),
        extensions: requirement.extensions.clone(),
        bindings: requirement.bindings.clone(),
        evidence: requirement.evidence.clone(),
    }
}

fn variables(input: &LockInput<'_>) -> Vec<LockedVariable> {
    let of_plan = input.plan.env.iter().map(|(name, value)| {
        let origin = match () {
            () if input.given.contains(name) => VariableOrigin::User,
            () if value == input.invented || ours::is_ours(name, value) => VariableOrigin::Ours,
            () => VariableOrigin::Plan,
        };
        let value = (!input.hides(name, value)).then(|| value.clone());
        LockedVariable { name: name.clone(), value, origin }
    });
    let mut all: Vec<LockedVariable> = of_plan.collect();
    // A single command's secret stands with the others, by its name alone.
    for (name, value) in input.plan.steps.iter().flat_map(|step| &step.env) {
        if input.hides(name, value) && all.iter().all(|variable| &variable.name != name) {
            let origin = VariableOrigin::Plan;
            all.push(LockedVariable { name: name.clone(), value: None, origin });
        }
    }
    all
}

fn command(step: &Step, input: &LockInput<'_>) -> LockedCommand {
    let (run, environment) = plain::plain(step);
    let hide = |env: BTreeMap<String, String>| -> BTreeMap<String, String> {
        env.into_iter().filter(|(name, value)| !input.hides(name, value)).collect()
    };
    let environment = hide(environment);
    let own = hide(step.env.clone());
    let differs = run.as_ref() != Some(&step.command) || environment != own;
    let id = step.id.as_str();
    let attempt = input.report.and_then(|r| r.steps.iter().rev().find(|s| s.step == step.id));
    LockedCommand {
        id: id.to_owned(),
        kind: step.kind,
        rung: step.kind.rung(),
        title: step.title.clone(),
        folder: step.cwd.clone(),
        succeeded: attempt.map(|attempt| attempt.ok),
        optional: step.optional || step.kind == StepKind::Check,
        as_root: step.as_root,
        network: step.network,
        run,
        environment,
        recorded: differs.then(|| Recorded { run: step.command.clone(), environment: own }),
        probe: step.probe.as_ref().map(|asks| {
            let up = input.report.and_then(|r| r.services.iter().find(|s| s.name == id));
            probe(asks, up.map(|up| &up.probe))
        }),
        expected: input.outcomes.get(id).map(expected),
        evidence: step.evidence.clone(),
    }
}

fn probe(asks: &rr_core::HealthProbe, found: Option<&ProbeResult>) -> LockedProbe {
    LockedProbe {
        port: found.and_then(|found| found.port),
        path: found.and_then(|found| found.path.clone()),
        answered: found.map(|found| found.detail.clone()).unwrap_or_default(),
        asks: asks.clone(),
    }
}

fn expected(run: &TestRun) -> Expected {
    let of = |outcome: CaseOutcome| -> Vec<String> {
        run.cases.iter().filter(|c| c.outcome == outcome).map(|c| c.id.clone()).collect()
    };
    Expected {
        passed: of(CaseOutcome::Passed),
        failed: of(CaseOutcome::Failed),
        skipped: of(CaseOutcome::Skipped),
        errored: of(CaseOutcome::Errored),
    }
}

#[cfg(test)]
mod tests {
    use super::without_credentials;

    #[test]
    fn credentials_of_a_url_do_not_enter_the_lock() {
        let bare = "https://example.test/a/b";
        assert_eq!(without_credentials("https://user:t@example.test/a/b"), bare);
        assert_eq!(without_credentials(bare), bare);
        assert_eq!(without_credentials("git@example.test:a/b"), "git@example.test:a/b");
    }
}
