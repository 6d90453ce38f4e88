//! `doctor`: what the host has and lacks.

use anyhow::Context as _;
use rr_runner::RunService;

use crate::args::{OutputArguments, OutputFormat};
use crate::{exit, ui};

pub(crate) fn doctor(
    service: &RunService,
    fix: bool,
    output: OutputArguments,
) -> anyhow::Result<u8> {
    let wiring = service.wiring();
    let items =
        if fix { wiring.doctor_fix(std::sync::Arc::new(ToStderr)) } else { wiring.doctor() };
    match output.output {
        OutputFormat::Human => ui::doctor(&items)?,
        _ => ui::line(&serde_json::to_string_pretty(&items).context("write the list")?)?,
    }
    let lacking = items.iter().any(|item| item.required && item.found.is_none());
    Ok(if lacking { exit::ENVIRONMENT } else { exit::GREEN })
}

/// What installers print goes to standard error.
struct ToStderr;

impl rr_core::OutputSink for ToStderr {
    fn write(&self, chunk: &[u8]) {
        use std::io::Write as _;
        // Where standard error is closed there is nobody to tell.
        let _nobody = std::io::stderr().lock().write_all(chunk);
    }
}
