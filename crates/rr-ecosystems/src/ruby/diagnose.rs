//! What is wrong with a failed step of a Ruby project, by rule.

use rr_core::{
    CauseClass, Diagnosis, FailedStep, PlanEdit, Remedy, RepoView, StepId, StepKind, VersionRequest,
};

use super::gems::{self, debian_package};
use crate::rules::{Match, Rule, apply, no_cure, packages, rewrite, step_before, toolchain};

/// The diagnoses of a failed step, the surest first.
pub(super) fn diagnose(repo: &dyn RepoView, failed: &FailedStep<'_>) -> Vec<Diagnosis> {
    apply(RULES, repo, failed)
}

#[rustfmt::skip]
static RULES: &[Rule] = &[
    // `Could not fetch specs from https://rubygems.org/`, `Could not reach host rubygems.org. Check your network connection and try again.`, `Bundler::HTTPError Could not fetch specs`
    Rule { id: "ruby.registry", pattern: r"(?:Could not fetch specs from|Could not reach host|Retrying fetcher due to error[^\n]*|Network error while fetching) ?<?(\S*)", kinds: &[StepKind::Install],
        cause: CauseClass::NeedsNetwork, confidence: 0.9, explanation: "the gem registry {} cannot be reached", cure: from_the_system },
    // `Your Ruby version is 3.1.2, but your Gemfile specified 3.2.2`
    Rule { id: "ruby.version", pattern: r"Your Ruby version is \S+, but your Gemfile specified ([^\s]+)", kinds: &[],
        cause: CauseClass::Environment, confidence: 0.95, explanation: "needs Ruby {}", cure: |m| vec![toolchain("ruby", VersionRequest::Exact(m.subject().to_owned()), "ruby.version")] },
    // `rack-3.1.0 requires ruby version >= 3.2, which is incompatible with the current version, ruby 3.1.2p20`
    Rule { id: "ruby.gem-wants-ruby", pattern: r"requires (?:r|R)uby version ([^,\n]+), which is incompatible", kinds: &[],
        cause: CauseClass::Environment, confidence: 0.9, explanation: "a gem needs Ruby {}", cure: |m| vec![toolchain("ruby", VersionRequest::Range(m.subject().trim().to_owned()), "ruby.gem-wants-ruby")] },
    // `mkmf.rb can't find header files for ruby at /usr/lib/ruby/include/ruby.h`
    Rule { id: "ruby.no-headers", pattern: r"mkmf\.rb can't find header files for ruby", kinds: &[StepKind::Install],
        cause: CauseClass::Environment, confidence: 0.95, explanation: "Ruby's headers are missing", cure: |_| vec![packages("ruby.no-headers", &["ruby-dev"])] },
    // `An error occurred while installing pg (1.5.4), and Bundler cannot continue.`
    Rule { id: "ruby.native-extension", pattern: r"An error occurred while installing ([\w-]+) \(", kinds: &[StepKind::Install],
        cause: CauseClass::Environment, confidence: 0.7, explanation: "the gem {} did not build", cure: |m| vec![packages("ruby.native-extension", &[&debian_package(m.subject())])] },
    // `Could not find gem 'minitest (> 5)' in locally installed gems.`, `Could not find rake-13.0 in locally installed gems`
    Rule { id: "ruby.missing-gem", pattern: r"Could not find (?:gem '?)?([a-zA-Z][\w-]*?)(?:-\d[\w.]*)?(?: \([^)]*\))?'?(?:,? [^\n]*)? in (?:locally installed gems|rubygems repository|cached gems|any of the sources)", kinds: &[],
        cause: CauseClass::Environment, confidence: 0.85, explanation: "the gem {} is missing", cure: missing_gem },
    // `cannot load such file -- rack/test (LoadError)`
    Rule { id: "ruby.load-error", pattern: r"cannot load such file -- ([\w./-]+)", kinds: &[],
        cause: CauseClass::Environment, confidence: 0.75, explanation: "`{}` cannot be loaded", cure: |m| {
            let gem = m.subject().split('/').next().unwrap_or("");
            if gem.is_empty() {
                return Vec::new();
            }
            // What a bundle does not name stays hidden from programs that run in it.
            let mut outside = without_bundler(m);
            let brought = packages("ruby.load-error", &[&debian_package(gem)]);
            if let Some(outside) = &mut outside {
                outside.edits.extend(brought.edits.clone());
            }
            std::iter::once(brought).chain(outside).collect()
        } },
    // `Your Gemfile.lock contains merge conflicts`, `Your lockfile is unreadable. Run `rm Gemfile.lock` and then `bundle install``
    Rule { id: "ruby.lockfile-broken", pattern: r"(?i)(?:your lockfile|Gemfile\.lock)[^\n]*(?:merge conflict|unreadable|corrupt|cannot be parsed)|LockfileError", kinds: &[],
        cause: CauseClass::Environment, confidence: 0.96, explanation: "the lockfile cannot be read", cure: |m| vec![step_before(m, "ruby-new-lock", "resolve the gems anew", "rm -f Gemfile.lock")] },
    // `Could not find 'bundler' (9.9.9) required by your /workspace/Gemfile.lock.`
    Rule { id: "ruby.bundler-version", pattern: r"Could not find 'bundler' \(([\d.]+)\) required by|[Bb]undler (\d[\d.]*) is (?:not installed|required)", kinds: &[],
        cause: CauseClass::Environment, confidence: 0.9, explanation: "the lockfile was written by Bundler {}", cure: |m| vec![step_before(m, "ruby-new-lock", "resolve the gems anew", "rm -f Gemfile.lock")] },
    // `bundler: command not found: rspec`
    Rule { id: "ruby.no-command", pattern: r"bundler: command not found: (\w+)", kinds: &[],
        cause: CauseClass::Environment, confidence: 0.8, explanation: "the bundle has no {}", cure: no_cure },
];

fn gem_packages(found: &Match<'_>) -> Remedy {
    let names: Vec<String> = gems::names(found.repo, &found.failed.step.unit)
        .iter()
        .map(|gem| debian_package(gem))
        .collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    packages("ruby.registry", &names)
}

/// The distribution's own gems in place of the registry's: first as Bundler's only source, then
/// without Bundler, which insists on every gem of every group.
fn from_the_system(found: &Match<'_>) -> Vec<Remedy> {
    let mut local = gem_packages(found);
    local.title = "take the distribution's gems".to_owned();
    // Bundler looks at the system's gems only where no path of its own is set.
    let rewritten = rewrite(found, "take the distribution's gems", |words| match words {
        [bundle, install] if bundle == "bundle" && install == "install" => {
            system_gems(&["bundle".to_owned(), "install".to_owned(), "--local".to_owned()])
        }
        [bundle, ..] if bundle == "bundle" => system_gems(words),
        words => words.to_vec(),
    });
    local.edits.extend(rewritten.map(|rewritten| rewritten.edits).unwrap_or_default());
    vec![local].into_iter().chain(without_bundler(found)).collect()
}

fn system_gems(words: &[String]) -> Vec<String> {
    ["env", "-u", "BUNDLE_PATH"]
        .iter()
        .map(|word| (*word).to_owned())
        .chain(words.iter().cloned())
        .collect()
}

fn missing_gem(found: &Match<'_>) -> Vec<Remedy> {
    let mut one = packages("ruby.missing-gem", &[&debian_package(found.subject())]);
    one.title = format!("take the distribution's `{}`", found.subject());
    vec![one].into_iter().chain(without_bundler(found)).collect()
}

fn without_bundler(found: &Match<'_>) -> Option<Remedy> {
    let rewritten = rewrite(found, "run without Bundler", |words| match words {
        [bundle, exec, rest @ ..] if bundle == "bundle" && exec == "exec" => rest.to_vec(),
        [env, _, _, bundle, exec, rest @ ..]
            if env == "env" && bundle == "bundle" && exec == "exec" =>
        {
            rest.to_vec()
        }
        words => words.to_vec(),
    })?;
    let mut remedy = gem_packages(found);
    remedy.title = "take the distribution's gems, without Bundler".to_owned();
    remedy.edits.extend(rewritten.edits);
    let install = StepId::new("ruby-install");
    let next = found.failed.plan.steps.iter().find(|step| {
        step.ecosystem == found.failed.step.ecosystem
            && step.unit == found.failed.step.unit
            && step.id != install
    })?;
    remedy.resume_at = Some(next.id.clone());
    remedy.edits.push(PlanEdit::RemoveStep { step: install });
    Some(remedy)
}
