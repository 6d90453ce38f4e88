//! How a unit is started, migrated and seen to live: a service, a command line, or a library.

use rr_core::{
    Command, CommandClass, EcosystemId, Evidence, HealthProbe, PlanContext, ProbeKind, RepoView,
    Step, StepKind, Trust, Unit, UnitKind,
};

use super::applications::{Application, Framework};
use super::layout::Layout;
use super::manifest::Manifest;
use super::names::step_name;
use super::paths::{join, parent};
use crate::miners::{query, split_words, unwrapped};

/// What a unit is, by what it offers.
pub(super) fn kind(manifest: &Manifest, application: Option<&Application>) -> UnitKind {
    match application {
        Some(_) => UnitKind::Service,
        None if !manifest.scripts.is_empty() => UnitKind::Cli,
        None => UnitKind::Library,
    }
}

/// The steps that start a unit, migrations first.
pub(super) fn steps(
    repo: &dyn RepoView,
    unit: &Unit,
    manifest: &Manifest,
    layout: &Layout,
    application: Option<&Application>,
    context: &PlanContext<'_>,
) -> Vec<Step> {
    let mut steps: Vec<Step> = migration(repo, unit, application).into_iter().collect();
    let start = match application {
        Some(found) => Some(service(repo, unit, found, context)),
        None => command_line(unit, manifest)
            .or_else(|| script(repo, unit, manifest))
            .or_else(|| library(unit, manifest, layout)),
    };
    steps.extend(start);
    steps
}

fn new_step(unit: &Unit, what: &str, kind: StepKind, title: String, command: Command) -> Step {
    let id = EcosystemId::new("python");
    Step::new(step_name(&unit.path, what), &id, &unit.path, kind, title, command)
}

/// Whether an application of Django's has models and no migrations: `migrate` passes it over
/// unless told to make its tables from the models.
fn has_models_without_migrations(repo: &dyn RepoView, unit: &Unit) -> bool {
    repo.below(&unit.path).iter().any(|entry| {
        entry.path.strip_suffix("/models.py").is_some_and(|folder| {
            repo.below(&format!("{folder}/migrations")).is_empty()
                && repo.text(&entry.path).is_some_and(|text| text.contains("models.Model"))
        })
    })
}

/// The repository's own migrations, where it has some.
fn migration(repo: &dyn RepoView, unit: &Unit, application: Option<&Application>) -> Option<Step> {
    let alembic = join(&unit.path, "alembic.ini");
    let (words, folder, place) = match application {
        Some(found) if found.framework == Framework::Django => {
            let mut words = vec!["python", "manage.py", "migrate", "--noinput"];
            words.extend(has_models_without_migrations(repo, unit).then_some("--run-syncdb"));
            (words, found.folder.clone(), found.file.clone())
        }
        _ if repo.has(&alembic) => (vec!["alembic", "upgrade", "head"], unit.path.clone(), alembic),
        Some(found) if found.framework == Framework::Flask => {
            let place = join(&unit.path, "migrations/env.py");
            if !repo.has(&place) {
                return None;
            }
            (vec!["python", "-m", "flask", "db", "upgrade"], unit.path.clone(), place)
        }
        _ => return None,
    };
    let title = format!("migrate the database: {}", words.join(" "));
    let mut step = new_step(unit, "migrate", StepKind::Migrate, title, Command::argv(words));
    step.cwd = folder;
    if let Some(found) = application {
        step.env.extend(application_env(found));
    }
    Some(step.because(Evidence::at(place, "python.migrations", Trust::Manifest)))
}

fn application_env(found: &Application) -> Option<(String, String)> {
    let target = match found.object.strip_suffix("()") {
        Some(factory) => format!("{}:{factory}", found.module),
        None => format!("{}:{}", found.module, found.object),
    };
    (found.framework == Framework::Flask).then(|| ("FLASK_APP".to_owned(), target))
}

fn service(
    repo: &dyn RepoView,
    unit: &Unit,
    found: &Application,
    context: &PlanContext<'_>,
) -> Step {
    let documented = documented_start(repo, unit, context);
    let file = super::paths::relative(&found.folder, &found.file).to_owned();
    let (line, port) = match found.framework {
        Framework::Django => {
            ("python manage.py runserver 127.0.0.1:${PORT:-8000} --noreload".to_owned(), 8000)
        }
        Framework::Flask => {
            ("python -m flask run --host 127.0.0.1 --port ${PORT:-5000}".to_owned(), 5000)
        }
        Framework::Fastapi | Framework::Asgi => {
            let (target, factory) = match found.object.strip_suffix("()") {
                Some(name) => (name, " --factory"),
                None => (found.object.as_str(), ""),
            };
            let target = format!("{}:{target}{factory}", found.module);
            (format!("python -m uvicorn {target} --host 127.0.0.1 --port ${{PORT:-8000}}"), 8000)
        }
        Framework::Streamlit => (
            format!(
                "python -m streamlit run {file} --server.headless true --server.address 127.0.0.1 --server.port ${{PORT:-8501}}"
            ),
            8501,
        ),
        Framework::Script => (format!("python {file}"), found.port.unwrap_or(8080)),
        Framework::Grpc => (format!("python {file}"), found.port.unwrap_or(50051)),
    };
    let (line, evidence) = match documented {
        Some((line, evidence))
            if !matches!(found.framework, Framework::Script | Framework::Grpc) =>
        {
            (line, evidence)
        }
        _ => (line, found.evidence.clone()),
    };
    let title = format!("start the {} application", found.framework.name());
    let mut step =
        new_step(unit, "start", StepKind::Start, title, Command::shell(format!("exec {line}")));
    step.cwd.clone_from(&found.folder);
    step.env.extend(application_env(found));
    step.env.insert("PYTHONUNBUFFERED".to_owned(), "1".to_owned());
    let named = query::ports(context.analysis, unit).first().map(|(port, _)| *port);
    step.probe = Some(HealthProbe {
        kind: match found.framework {
            Framework::Grpc => ProbeKind::Grpc,
            _ => ProbeKind::Http { paths: probe_paths(found) },
        },
        expected_port: Some(
            named.filter(|_| line.contains(&named.unwrap_or(0).to_string())).unwrap_or(port),
        ),
        start_seconds: 60,
    });
    step.evidence.push(evidence);
    step.evidence.push(found.evidence.clone());
    step
}

fn probe_paths(found: &Application) -> Vec<String> {
    let mut paths = found.routes.clone();
    match found.framework {
        Framework::Fastapi => paths.extend(["/docs".to_owned(), "/openapi.json".to_owned()]),
        Framework::Streamlit => paths.insert(0, "/_stcore/health".to_owned()),
        Framework::Django => paths.push("/admin/login/".to_owned()),
        _ => {}
    }
    paths.push("/".to_owned());
    let mut unique: Vec<String> = Vec::new();
    for path in paths {
        if !unique.contains(&path) {
            unique.push(path);
        }
    }
    unique
}

/// A start command of a Procfile or a container file, where it names the unit's own server
/// and holds nothing that only a deployment gives.
fn documented_start(
    repo: &dyn RepoView,
    unit: &Unit,
    context: &PlanContext<'_>,
) -> Option<(String, Evidence)> {
    query::commands(context.analysis, unit, CommandClass::Start)
        .into_iter()
        .filter(|command| command.evidence.trust >= Trust::TaskRunner)
        .find_map(|command| {
            let words = split_words(&command.line);
            let words = unwrapped(&words);
            let program = words.first()?.rsplit('/').next()?;
            let target = words
                .iter()
                .find(|word| word.contains(':') && !word.contains('/') && !word.contains("0.0"))?;
            let module = target.split(':').next()?.replace('.', "/");
            let exists = [unit.path.clone(), join(&unit.path, "src")].iter().any(|base| {
                let place = join(base, &module);
                repo.has(&format!("{place}.py")) || repo.has(&join(&place, "__init__.py"))
            });
            let plain = !words.iter().any(|word| word.contains(['$', '`', '|', '&', ';', '>']));
            let server = matches!(program, "uvicorn" | "hypercorn" | "daphne");
            let here = command.cwd == unit.path || command.cwd.is_empty();
            (server && exists && plain && here).then(|| {
                let kept: Vec<String> = without_deployment(words);
                (
                    format!("python -m {}", super::install::shell_words(&kept)),
                    command.evidence.clone(),
                )
            })
        })
}

/// Leaves out reloaders and worker counts, which make trees of processes or watch files.
fn without_deployment(words: &[String]) -> Vec<String> {
    let mut kept = Vec::new();
    let mut rest = words.iter();
    while let Some(word) = rest.next() {
        match word.as_str() {
            "--reload" | "--proxy-headers" => {}
            "--workers" | "-w" | "--log-config" | "--reload-dir" => {
                rest.next();
            }
            _ => kept.push(word.clone()),
        }
    }
    kept
}

/// A console script, asked for its help: it must end by itself with success.
fn command_line(unit: &Unit, manifest: &Manifest) -> Option<Step> {
    let own = manifest.name.as_deref().unwrap_or("").to_lowercase();
    let plain = |name: &str| name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b));
    let mut scripts: Vec<&(String, String)> = manifest
        .scripts
        .iter()
        .filter(|(name, target)| plain(name) && target.contains(':'))
        .collect();
    scripts.sort_by_key(|(name, _)| name.to_lowercase() != own);
    let (name, target) = scripts.first()?;
    let line = format!("{name} --help || {name} --version");
    let mut step = new_step(
        unit,
        "start",
        StepKind::Start,
        format!("run `{name} --help`"),
        Command::shell(line),
    );
    step.probe =
        Some(HealthProbe { kind: ProbeKind::ExitCode, expected_port: None, start_seconds: 60 });
    let place = manifest.files.first().cloned().unwrap_or_default();
    let evidence =
        Evidence::at(place, "python.console-script", Trust::Manifest).with_line(1, target);
    Some(step.because(Evidence { line: None, ..evidence }))
}

/// The script by which a unit that is not installed is run; whether it listens, its run tells.
fn script(repo: &dyn RepoView, unit: &Unit, manifest: &Manifest) -> Option<Step> {
    const NAMES: [&str; 7] =
        ["main.py", "app.py", "bot.py", "run.py", "start.py", "__main__.py", "src/main.py"];
    if manifest.installable {
        return None;
    }
    let file = NAMES.into_iter().find(|name| repo.has(&join(&unit.path, name)))?;
    let title = format!("run `{file}`");
    let command = Command::argv(["python", file]);
    let mut step = new_step(unit, "start", StepKind::Start, title, command);
    step.env.insert("PYTHONUNBUFFERED".to_owned(), "1".to_owned());
    step.optional = true;
    let kind = ProbeKind::Program { paths: vec!["/".to_owned()] };
    step.probe = Some(HealthProbe { kind, expected_port: None, start_seconds: 15 });
    Some(step.because(Evidence::at(join(&unit.path, file), "python.script", Trust::Default)))
}

/// A library: its public module loads in a fresh process.
fn library(unit: &Unit, manifest: &Manifest, layout: &Layout) -> Option<Step> {
    let module = layout.modules.first()?;
    let code = format!("import {module}");
    let command = Command::argv(["python", "-c", &code]);
    let mut step =
        new_step(unit, "start", StepKind::Start, format!("load the module {module}"), command);
    if !manifest.installable {
        step.cwd = join(&unit.path, &layout.source);
    }
    step.probe =
        Some(HealthProbe { kind: ProbeKind::ExitCode, expected_port: None, start_seconds: 60 });
    let place = join(&join(&unit.path, &layout.source), module);
    let place = if parent(&place).is_empty() { module.clone() } else { place };
    Some(step.because(Evidence::at(place, "python.public-module", Trust::Manifest)))
}
