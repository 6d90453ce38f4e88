//! Language models: as they are configured, as they answered, and what a run asked them.

use std::fmt::Write as _;
use std::path::Path;

use rr_core::report::RunReport;
use rr_core::{ModelCall, ModelConsultation};
use rr_runner::{ModelListing, ModelTrial, amount};

use super::style::Style;
use super::text::clip;

/// Prints the configured models.
pub(crate) fn models(models: &[ModelListing], file: &Path) -> anyhow::Result<()> {
    if models.is_empty() {
        return none(file);
    }
    let style = Style::of_stdout();
    let mut out = String::new();
    for (number, model) in models.iter().enumerate() {
        let mark = match &model.problem {
            None => style.green("ready"),
            Some(problem) => style.red(&format!("not usable: {}", clip(problem, 110))),
        };
        let name = style.bold(&model.name);
        put(&mut out, &format!("{}. {name}  {} {}  {mark}", number + 1, model.kind, model.model));
        let key = model.key_env.as_ref().map(|key| format!(", key in ${key}")).unwrap_or_default();
        let price = match (model.input_price, model.output_price) {
            (Some(sent), Some(received)) => format!(", {sent} / {received} per million tokens"),
            _ => String::new(),
        };
        put(&mut out, &style.dim(&format!("   {}{key}{price}", model.place)));
    }
    super::line(out.trim_end())
}

/// Prints how models answered.
pub(crate) fn trials(trials: &[ModelTrial], file: &Path) -> anyhow::Result<()> {
    if trials.is_empty() {
        return none(file);
    }
    let style = Style::of_stdout();
    let mut out = String::new();
    for trial in trials {
        let mark = if trial.ok { style.green("✔") } else { style.red("✘") };
        let detail = match trial.ok {
            true => format!("answered `{}`", clip(&trial.detail, 40)),
            false => clip(&trial.detail, 150),
        };
        let took = trial.call.as_ref().map(took).unwrap_or_default();
        put(&mut out, &format!("{mark} {}  {detail}{took}", trial.name));
    }
    super::line(out.trim_end())
}

/// What a run asked, for the verdict.
pub(crate) fn consultations(out: &mut String, report: &RunReport) {
    for consultation in &report.consultations {
        put(out, &format!("\n  {}", consulted(consultation, report)));
    }
}

fn consulted(consultation: &ModelConsultation, report: &RunReport) -> String {
    let model = match consultation.model.as_str() {
        "" => "no model answered",
        model => model,
    };
    let came = match (&consultation.proposed, &consultation.error) {
        (Some(title), _) => {
            let helped = report.remedies.iter().any(|r| r.helped && r.title == *title);
            let effect = if helped { "helped" } else { "did not help" };
            format!("proposed: {} ({effect})", clip(title, 90))
        }
        (None, Some(error)) => clip(error, 120),
        (None, None) => format!("proposed nothing: {}", clip(&consultation.reason, 90)),
    };
    let (sent, received, cost) = consultation.totals();
    let cost = cost.filter(|c| *c > 0).map(|c| format!(", cost {}", amount(c))).unwrap_or_default();
    let calls = consultation.calls.len();
    format!(
        "asked about `{}`: {} {came}; {calls} calls, {sent} + {received} tokens{cost}",
        consultation.step,
        clip(model, 60)
    )
}

fn took(call: &ModelCall) -> String {
    let cost = call.cost_micros.filter(|cost| *cost > 0);
    let cost = cost.map(|cost| format!(", cost {}", amount(cost))).unwrap_or_default();
    format!(
        "  ({:.1} s, {} + {} tokens{cost}, {} tries)",
        call.seconds, call.input_tokens, call.output_tokens, call.attempts
    )
}

fn none(file: &Path) -> anyhow::Result<()> {
    super::line(&format!(
        "no language model is configured, and none is needed; `{}` can name some \
         (README.md, \"With a model\")",
        file.display()
    ))
}

fn put(out: &mut String, text: &str) {
    // Writing to a String cannot fail.
    let _infallible = writeln!(out, "{text}");
}
