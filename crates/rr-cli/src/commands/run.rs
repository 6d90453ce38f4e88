//! `run` and `resume`.

use std::time::Duration;

use anyhow::{Context as _, bail};
use rr_core::report::RunReport;
use rr_core::{CancelToken, Clock as _, Tier};
use rr_runner::{ExecutorChoice, ExitKind, RepairBudget, RunRequest, RunService, SystemClock};

use super::env;
use crate::args::{ExecutorArgument, OutputArguments, OutputFormat, RunArguments, SourceArguments};
use crate::{exit, interrupt, ui};

pub(crate) fn run(service: &RunService, arguments: &RunArguments) -> anyhow::Result<u8> {
    let request = request(service, arguments)?;
    let cancel = CancelToken::default();
    interrupt::cancel_on_signal(&cancel)?;
    if let Some(seconds) = request.timeout_seconds {
        cancel_after(&cancel, seconds);
    }
    let observer = ui::observer(arguments.output);
    let report = service.start(&request, observer.clone(), &cancel);
    observer.finish();
    finish(&report?, arguments.output)
}

pub(crate) fn resume(
    service: &RunService,
    run: &str,
    output: OutputArguments,
) -> anyhow::Result<u8> {
    let id = service.find(run)?;
    let cancel = CancelToken::default();
    interrupt::cancel_on_signal(&cancel)?;
    let observer = ui::observer(output);
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
    let timeout = arguments.timeout.as_deref().map(parse_duration).transpose()?;
    Ok(RunRequest {
        until: arguments.until,
        env: env::for_run(arguments.env_file.as_deref(), &arguments.env)?,
        timeout_seconds: timeout.map(|t| t.as_secs()),
        budget: RepairBudget { remedies: arguments.budget, ..RepairBudget::default() },
        executor: match arguments.executor {
            ExecutorArgument::Auto => ExecutorChoice::Auto,
            ExecutorArgument::Bubblewrap => ExecutorChoice::Bubblewrap,
            ExecutorArgument::Host => ExecutorChoice::Host,
        },
        trust: arguments.trust,
        fresh: arguments.fresh,
        ..base_request(service, &arguments.source)?
    })
}

/// A request for this source with nothing else asked for.
pub(crate) fn base_request(
    service: &RunService,
    source: &SourceArguments,
) -> anyhow::Result<RunRequest> {
    let cwd = std::env::current_dir().context("find the current folder")?;
    Ok(RunRequest {
        source: service.parse_source(&source.source, source.reference.as_deref(), &cwd)?,
        until: rr_core::Rung::Tested,
        package: source.package.clone(),
        env: std::collections::BTreeMap::new(),
        timeout_seconds: None,
        budget: RepairBudget::default(),
        executor: ExecutorChoice::Auto,
        trust: false,
        fresh: false,
        tier: Tier::Developer,
        asked_at: SystemClock.unix_millis(),
    })
}

/// The run's own time limit interrupts it; it stays resumable.
fn cancel_after(cancel: &CancelToken, seconds: u64) {
    let cancel = cancel.clone();
    std::thread::spawn(move || {
        std::thread::sleep(Duration::from_secs(seconds));
        ui::note("the run's time limit is reached");
        cancel.cancel();
    });
}

/// `90`, `90s`, `30m`, `2h`.
fn parse_duration(text: &str) -> anyhow::Result<Duration> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let number: u64 = digits.parse().with_context(|| {
        format!("`--timeout {text}`: use a number with s, m or h: 90s, 30m, 2h")
    })?;
    let seconds = match &text[digits.len()..] {
        "" | "s" => number,
        "m" => number * 60,
        "h" => number * 3600,
        unit => bail!("`--timeout {text}`: unknown unit `{unit}`: use s, m or h: 90s, 30m, 2h"),
    };
    if seconds == 0 {
        bail!("`--timeout {text}`: no time at all");
    }
    Ok(Duration::from_secs(seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_units_and_errors_name_the_value() {
        assert_eq!(parse_duration("90").ok(), Some(Duration::from_secs(90)));
        assert_eq!(parse_duration("2h").ok(), Some(Duration::from_secs(7200)));
        let error = format!("{:#}", parse_duration("5d").expect_err("refused"));
        assert!(error.contains("5d"), "{error}");
        assert!(parse_duration("0s").is_err());
    }
}
