//! `analyze` and `plan`: what `run` finds out and decides, up to rung `analyzed`.

use std::sync::Arc;

use anyhow::Context as _;
use rr_core::{Analysis, CancelToken, ConfigFile, RepoSource, RunPlan, Rung, Unit, UnitRole};
use rr_runner::{ExitKind, Home, LookService, RunRequest, RunService, SystemClock};

use super::env;
use super::run::base_request;
use crate::args::{LookArguments, OutputFormat};
use crate::{exit, interrupt, ui};

/// What a look at a source gave.
pub(super) struct Looked {
    pub(super) analysis: Analysis,
    pub(super) plan: RunPlan,
    pub(super) code: u8,
    pub(super) source: RepoSource,
}

pub(crate) fn analyze(home: Home, arguments: &LookArguments) -> anyhow::Result<u8> {
    let Looked { mut analysis, plan, code, .. } = look(home, arguments, None)?;
    if let Some(package) = &arguments.source.of.package {
        only(&mut analysis, package);
    }
    match arguments.output.output {
        OutputFormat::Human if arguments.explain => ui::explanation(&analysis, &plan)?,
        OutputFormat::Human => ui::analysis(&analysis)?,
        _ => ui::line(&serde_json::to_string_pretty(&analysis).context("write it")?)?,
    }
    Ok(code)
}

pub(crate) fn plan(home: Home, arguments: &LookArguments) -> anyhow::Result<u8> {
    let Looked { plan, code, .. } = look(home, arguments, None)?;
    match arguments.output.output {
        OutputFormat::Human => ui::plan(&plan)?,
        _ => ui::line(&serde_json::to_string_pretty(&plan).context("write it")?)?,
    }
    Ok(code)
}

/// Leaves what belongs to one unit, by path or name, and what belongs to the whole.
fn only(analysis: &mut Analysis, package: &str) {
    let wanted = package.trim_start_matches("./").trim_matches('/');
    let chosen = |unit: &Unit| {
        unit.path == wanted || unit.name == wanted || wanted == "." && unit.path.is_empty()
    };
    let paths: Vec<String> =
        analysis.units.iter().filter(|unit| chosen(unit)).map(|unit| unit.path.clone()).collect();
    let ours = |folder: &str| {
        folder.is_empty()
            || paths.iter().any(|path| {
                folder
                    .strip_prefix(path.as_str())
                    .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
            })
    };
    for unit in &mut analysis.units {
        if chosen(unit) {
            unit.role = UnitRole::Primary;
        }
    }
    analysis.units.retain(chosen);
    analysis.facts.retain(|fact| ours(&fact.unit));
    analysis.versions.retain(|choice| ours(&choice.unit));
    analysis.commands.retain(|command| ours(&command.cwd));
    analysis.links.retain(|link| paths.contains(&link.from) || paths.contains(&link.to));
}

/// A working folder is read where it stands; any other source is fetched by a run.
///
/// `config` stands in place of the configuration that the arguments name.
pub(super) fn look(
    home: Home,
    arguments: &LookArguments,
    config: Option<ConfigFile>,
) -> anyhow::Result<Looked> {
    let cancel = CancelToken::default();
    let observer = ui::quiet_observer(arguments.output);
    interrupt::cancel_on_signal(&cancel, &observer)?;
    let looker = LookService::open(&home, env::of_process(), Arc::new(SystemClock))?;
    let cwd = std::env::current_dir().context("find the current folder")?;
    let named = &arguments.source;
    let source =
        looker.wiring().parse_source(&named.source, named.of.reference.as_deref(), &cwd)?;
    let mut request = RunRequest { until: Rung::Analyzed, ..base_request(source.clone(), named)? };
    request.config = config.or(request.config);
    if let Some((analysis, plan)) = looker.look(&request, &cancel)? {
        let known = analysis.units.iter().any(|unit| unit.role == UnitRole::Primary);
        let kind = if known { ExitKind::Green } else { ExitKind::Repository };
        return Ok(Looked { analysis, plan, code: exit::of(kind), source });
    }
    let service = RunService::open(home, env::of_process(), Arc::new(SystemClock))?;
    let report = service.start(&request, observer.clone(), &cancel);
    observer.finish();
    let report = report?;
    let code = exit::of(ExitKind::of(&report));
    Ok(Looked { analysis: report.analysis, plan: report.plan, code, source })
}
