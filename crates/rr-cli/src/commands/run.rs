//! `run` and `resume`.

use std::cell::RefCell;
use std::time::Duration;

use anyhow::{Context as _, bail};
use rr_core::report::RunReport;
use rr_core::{CancelToken, Clock as _, RepoSource, Tier};
use rr_runner::{ExecutorChoice, ExitKind, RepairBudget, RunRequest, RunService, SystemClock};

use super::env;
use crate::args::{ExecutorArgument, OutputArguments, OutputFormat, RunArguments, SourceArguments};
use crate::{exit, interrupt, ui};

pub(crate) fn run(service: &RunService, arguments: &RunArguments) -> anyhow::Result<u8> {
    let request = request(service, arguments)?;
    let cancel = CancelToken::default();
    let observer = ui::observer(arguments.output);
    interrupt::cancel_on_signal(&cancel, &observer)?;
    if arguments.keep {
        return run_and_keep(service, &request, arguments, &observer, &cancel);
    }
    let report = service.start(&request, observer.clone(), &cancel);
    observer.finish();
    finish(&report?, arguments.output)
}

/// The verdict is printed when the run ends, the command ends with its services.
fn run_and_keep(
    service: &RunService,
    request: &RunRequest,
    arguments: &RunArguments,
    observer: &ui::SharedDisplay,
    cancel: &CancelToken,
) -> anyhow::Result<u8> {
    let printed = RefCell::new(Ok(0));
    let print = |report: &RunReport| {
        observer.finish();
        *printed.borrow_mut() = finish(report, arguments.output);
    };
    let kept = service.start_and_keep(request, observer.clone(), cancel, &print);
    observer.finish();
    kept?;
    printed.into_inner()
}

pub(crate) fn resume(
    service: &RunService,
    run: &str,
    output: OutputArguments,
) -> anyhow::Result<u8> {
    let id = service.find(run)?;
    let cancel = CancelToken::default();
    let observer = ui::observer(output);
    interrupt::cancel_on_signal(&cancel, &observer)?;
    let report = service.resume(&id, observer.clone(), &cancel);
    observer.finish();
    finish(&report?, output)
}

fn finish(report: &RunReport, output: OutputArguments) -> anyhow::Result<u8> {
    match output.output {
        OutputFormat::Human => ui::verdict(report)?,
        OutputFormat::Json => {
            ui::line(&serde_json::to_string_pretty(report).context("write the report")?)?;
        }
        OutputFormat::Jsonl => {
            ui::line(&serde_json::to_string(report).context("write the report")?)?;
        }
    }
    Ok(exit::of(ExitKind::of(report)))
}

fn request(service: &RunService, arguments: &RunArguments) -> anyhow::Result<RunRequest> {
    let duration = |option, text: &Option<String>| {
        text.as_deref().map(|text| parse_duration(option, text)).transpose()
    };
    let cwd = std::env::current_dir().context("find the current folder")?;
    let named = &arguments.source;
    let source =
        service.wiring().parse_source(&named.source, named.of.reference.as_deref(), &cwd)?;
    let timeout = duration("--timeout", &arguments.timeout)?;
    let step_timeout = duration("--step-timeout", &arguments.step_timeout)?;
    Ok(RunRequest {
        until: arguments.until,
        env: env::for_run(arguments.env_file.as_deref(), &arguments.env)?,
        timeout_seconds: timeout.map(|t| t.as_secs()),
        step_timeout_seconds: step_timeout.map(|t| t.as_secs()),
        budget: arguments.budget.as_deref().map(parse_budget).transpose()?.unwrap_or_default(),
        executor: match arguments.executor {
            ExecutorArgument::Auto => ExecutorChoice::Auto,
            ExecutorArgument::Bubblewrap => ExecutorChoice::Bubblewrap,
            ExecutorArgument::Host => ExecutorChoice::Host,
        },
        trust: arguments.trust,
        fresh: arguments.fresh,
        models: !arguments.no_model && service.has_models()?,
        ..base_request(source, &arguments.source)?
    })
}

/// A request for this source with nothing else asked for.
pub(crate) fn base_request(
    source: RepoSource,
    named: &SourceArguments,
) -> anyhow::Result<RunRequest> {
    Ok(RunRequest {
        source,
        until: rr_core::Rung::Tested,
        package: named.of.package.clone(),
        env: std::collections::BTreeMap::new(),
        config: named.of.config.as_deref().map(config_file).transpose()?,
        timeout_seconds: None,
        step_timeout_seconds: None,
        budget: RepairBudget::default(),
        models: false,
        executor: ExecutorChoice::Auto,
        trust: false,
        fresh: false,
        tier: Tier::Developer,
        asked_at: SystemClock.unix_millis(),
    })
}

fn config_file(path: &std::path::Path) -> anyhow::Result<rr_core::ConfigFile> {
    let shown = path.display().to_string();
    let text = std::fs::read_to_string(path).with_context(|| format!("read `{shown}`"))?;
    Ok(rr_core::ConfigFile { path: shown, text })
}

/// `10`, `10,30m` or `10,30m,0.50`.
fn parse_budget(text: &str) -> anyhow::Result<RepairBudget> {
    let mut parts = text.splitn(3, ',').map(str::trim);
    let remedies = parts.next().unwrap_or_default().parse().with_context(|| {
        format!(
            "`--budget {text}`: use a number of remedies, then a time, then a cost: 10,30m,0.50"
        )
    })?;
    let default = RepairBudget::default();
    let time = parts.next().map(|time| parse_duration("--budget", time)).transpose()?;
    let seconds = time.map_or(default.seconds, |time| time.as_secs());
    let cost_micros = parts.next().map(|cost| parse_cost(text, cost)).transpose()?;
    Ok(RepairBudget { remedies, seconds, cost_micros, ..default })
}

/// Millionths of an amount such as `0.50`.
fn parse_cost(budget: &str, text: &str) -> anyhow::Result<u64> {
    let amount: f64 = text.parse().ok().filter(|a| (0.0..1e6).contains(a)).with_context(|| {
        format!("`--budget {budget}`: `{text}` is no cost: an amount in the unit of your prices")
    })?;
    Ok((amount * 1e6).round() as u64)
}

/// `90`, `90s`, `30m`, `2h`.
fn parse_duration(option: &str, text: &str) -> anyhow::Result<Duration> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let number: u64 = digits
        .parse()
        .with_context(|| format!("`{option} {text}`: use a number with s, m or h: 90s, 30m, 2h"))?;
    let seconds = match &text[digits.len()..] {
        "" | "s" => number,
        "m" => number * 60,
        "h" => number * 3600,
        unit => bail!("`{option} {text}`: unknown unit `{unit}`: use s, m or h: 90s, 30m, 2h"),
    };
    if seconds == 0 {
        bail!("`{option} {text}`: no time at all");
    }
    Ok(Duration::from_secs(seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_units_and_errors_name_the_value() {
        assert_eq!(parse_duration("--timeout", "90").ok(), Some(Duration::from_secs(90)));
        assert_eq!(parse_duration("--timeout", "2h").ok(), Some(Duration::from_secs(7200)));
        let error = format!("{:#}", parse_duration("--timeout", "5d").expect_err("refused"));
        assert!(error.contains("5d"), "{error}");
        assert!(parse_duration("--timeout", "0s").is_err());
    }

    #[test]
    fn a_budget_is_a_count_and_may_have_a_time() {
        let budget = parse_budget("10,30m").expect("parses");
        assert_eq!((budget.remedies, budget.seconds), (10, 1800));
        assert_eq!(parse_budget("3").map(|b| b.remedies).ok(), Some(3));
        let budget = parse_budget("10, 30m, 0.25").expect("parses");
        assert_eq!(budget.cost_micros, Some(250_000));
        let error = format!("{:#}", parse_budget("3,1m,cheap").expect_err("refused"));
        assert!(error.contains("`cheap`"), "{error}");
        let error = format!("{:#}", parse_budget("many").expect_err("refused"));
        assert!(error.contains("--budget many"), "{error}");
    }
}
