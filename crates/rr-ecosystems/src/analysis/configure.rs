//! Configuration that a run needs and the repository leaves to the user: `.env` files, variables.
//!
//! Sets only what the repository's own files say or what only this program itself uses (a key that
//! signs its sessions). It never invents what a third party gives out.

use rr_core::{
    Analysis, Command, CommandClass, Evidence, FactKey, NetworkNeed, RepoView, RunPlan, Step,
    StepKind, Trust, Unit, UnitRole,
};

use super::templates;
use crate::miners::{dotenv, query, split_words, variables};

/// Names of templates, the most telling first.
const TEMPLATES: &[&str] = &[
    ".env.example",
    ".env.sample",
    ".env.template",
    ".env.dist",
    ".env.test",
    "env.example",
    "env.sample",
    ".env-example",
    ".env-sample",
    ".env.defaults",
    ".env.local.example",
    ".env.development.example",
    "dotenv.example",
    "sample.env",
    "example.env",
    ".env.ci",
];

/// Dependencies by which code reads `.env` by itself.
const READERS: &[&str] = &[
    "dotenv",
    "python-dotenv",
    "decouple",
    "python-decouple",
    "environs",
    "django-environ",
    "pydantic-settings",
    "pydantic_settings",
    "BaseSettings",
    "starlette.config",
    "dotenvy",
    "dotenv-flow",
    "dotenv-expand",
    "godotenv",
    "dotenv-rails",
    "dotenv-java",
    "env_file",
    "envconfig",
    "@nestjs/config",
    "python-env",
    "dynaconf",
    "nextjs",
    "\"next\"",
    "\"vite\"",
    "Bun.env",
];

/// Adds `.env` files, keys and CI's own variables, where the plan has none of that name.
pub(super) fn add_to_plan(
    repo: &dyn RepoView,
    analysis: &Analysis,
    units: &[&Unit],
    plan: &mut RunPlan,
) {
    let mut folders: Vec<&str> = units.iter().map(|unit| unit.path.as_str()).collect();
    folders.push("");
    folders.sort_unstable();
    folders.dedup();
    for folder in folders {
        let Some(unit) = owner(units, folder) else { continue };
        copy_template(repo, analysis, unit, folder, plan);
    }
    if let Some(first) = units.first() {
        make_files(repo, analysis, first, plan);
    }
    invent_keys(analysis, units, plan);
    for unit in units.iter().filter(|unit| unit.role != UnitRole::Frontend) {
        add_ci_variables(analysis, unit, plan);
    }
}

/// The files that a clone lacks and whose templates it has, made in one step.
fn make_files(repo: &dyn RepoView, analysis: &Analysis, unit: &Unit, plan: &mut RunPlan) {
    let made = templates::missing(repo, analysis);
    if made.is_empty() {
        return;
    }
    let quote = rr_core::command::quote;
    let lines: Vec<String> = made
        .iter()
        .map(|one| (quote(&one.source), quote(&one.target)))
        .map(|(source, target)| format!("test -e {target} || cp {source} {target}"))
        .collect();
    let names: Vec<&str> = made.iter().map(|one| one.target.as_str()).collect();
    let mut step = Step::new(
        "configure.files",
        &unit.ecosystem,
        &unit.path,
        StepKind::Configure,
        format!("make {} from templates", names.join(", ")),
        Command::shell(lines.join("\n")),
    );
    step.network = NetworkNeed::Loopback;
    step.timeout_seconds = 30;
    step.evidence.extend(made.into_iter().map(|one| one.evidence));
    plan.steps.insert(0, step);
}

/// The planned unit that a folder's configuration is for.
fn owner<'a>(units: &[&'a Unit], folder: &str) -> Option<&'a Unit> {
    units.iter().find(|unit| unit.path == folder).or_else(|| units.first()).copied()
}

fn copy_template(
    repo: &dyn RepoView,
    analysis: &Analysis,
    unit: &Unit,
    folder: &str,
    plan: &mut RunPlan,
) {
    let at =
        |name: &str| if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") };
    if repo.has(&at(".env")) {
        return;
    }
    let copied = copied_in_ci(analysis, folder);
    let source = copied.as_ref().map(|(source, _)| source.clone()).or_else(|| {
        TEMPLATES.iter().find(|name| repo.has(&at(name))).map(|name| (*name).to_owned())
    });
    let Some(source) = source.filter(|source| repo.has(&at(source))) else { return };
    if copied.is_none() && !reads_env(repo, &unit.path) {
        return;
    }
    let evidence = copied.map_or_else(
        || Evidence::at(at(&source), "configure.env-template", Trust::Container),
        |(_, evidence)| evidence,
    );
    let quoted = rr_core::command::quote(&source);
    let id = if folder.is_empty() {
        "configure.env".to_owned()
    } else {
        format!("configure.env@{folder}")
    };
    let mut step = Step::new(
        id,
        &unit.ecosystem,
        &unit.path,
        StepKind::Configure,
        format!("make `.env` from `{source}`"),
        Command::shell(format!("test -e .env || cp {quoted} .env")),
    );
    folder.clone_into(&mut step.cwd);
    step.network = NetworkNeed::Loopback;
    step.timeout_seconds = 30;
    plan.steps.insert(0, step.because(evidence));
}

/// `cp .env.ci .env` of a mined command: its source.
fn copied_in_ci(analysis: &Analysis, folder: &str) -> Option<(String, Evidence)> {
    let mut copies: Vec<_> = analysis
        .commands
        .iter()
        .filter(|command| command.class == CommandClass::Configure && command.cwd == folder)
        .filter_map(|command| match &split_words(&command.line)[..] {
            [cp, from, to]
                if matches!(cp.as_str(), "cp" | "mv") && to.trim_start_matches("./") == ".env" =>
            {
                Some((from.trim_start_matches("./").to_owned(), command.evidence.clone()))
            }
            _ => None,
        })
        .collect();
    copies.sort_by_key(|(_, evidence)| std::cmp::Reverse(evidence.trust));
    copies.into_iter().next()
}

/// Whether the unit's manifests name something that reads `.env`.
fn reads_env(repo: &dyn RepoView, folder: &str) -> bool {
    const MANIFESTS: &[&str] = &[
        "pyproject.toml",
        "requirements.txt",
        "setup.py",
        "setup.cfg",
        "Pipfile",
        "package.json",
        "Cargo.toml",
        "go.mod",
        "Gemfile",
        "docker-compose.yml",
        "compose.yml",
        "compose.yaml",
        "docker-compose.yaml",
        "requirements/base.txt",
        "requirements/common.txt",
        "requirements-dev.txt",
    ];
    MANIFESTS.iter().any(|name| {
        let path = if folder.is_empty() { (*name).to_owned() } else { format!("{folder}/{name}") };
        repo.text(&path).is_some_and(|text| READERS.iter().any(|reader| text.contains(reader)))
    })
}

/// Keys that templates leave empty or fill with a placeholder, and that only this program uses.
fn invent_keys(analysis: &Analysis, units: &[&Unit], plan: &mut RunPlan) {
    for fact in &analysis.facts {
        let FactKey::Variable(name) = &fact.key else { continue };
        let template = fact.evidence.path.rsplit('/').next().is_some_and(dotenv::is_template);
        let ours = fact.unit.is_empty() || units.iter().any(|unit| unit.path == fact.unit);
        if template
            && ours
            && variables::inventable(name)
            && placeholder(&fact.value)
            && !plan.env.contains_key(name)
        {
            plan.env.insert(name.clone(), variables::INVENTED.to_owned());
        }
    }
}

/// Whether a template's value says "put yours here".
fn placeholder(value: &str) -> bool {
    const WORDS: &[&str] = &[
        "change", "your", "xxx", "todo", "replace", "generate", "example", "secret", "random",
        "insert", "fill", "...", "<", "{", "key", "put", "dummy",
    ];
    let lower = value.to_ascii_lowercase();
    value.is_empty() || WORDS.iter().any(|word| lower.contains(word))
}

/// What CI sets around the tests, for the steps that prepare and run them. A start gets only the
/// keys: a service is not meant to run in test mode.
fn add_ci_variables(analysis: &Analysis, unit: &Unit, plan: &mut RunPlan) {
    for (name, value) in query::env_for_tests(analysis, unit) {
        if plan.env.contains_key(&name) {
            continue;
        }
        for step in plan.steps.iter_mut().filter(|step| step.unit == unit.path) {
            let wanted = match step.kind {
                StepKind::Test | StepKind::Migrate | StepKind::Build => true,
                StepKind::Start => variables::secret_name(&name),
                StepKind::Configure | StepKind::Install | StepKind::Check => false,
            };
            if wanted {
                step.env.entry(name.clone()).or_insert_with(|| value.clone());
            }
        }
    }
}

#[cfg(test)]
#[path = "configure_tests.rs"]
mod tests;
