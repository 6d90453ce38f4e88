//! Step ids and places of a unit, in one spot so that plans and remedies agree.

use rr_core::{Command, Step, StepId};

/// Id of one of a unit's steps: `python.install`, or `python.install@backend` below the root.
pub(super) fn step_id(unit: &str, what: &str) -> StepId {
    StepId::new(step_name(unit, what))
}

/// The same as text.
pub(super) fn step_name(unit: &str, what: &str) -> String {
    if unit.is_empty() { format!("python.{what}") } else { format!("python.{what}@{unit}") }
}

/// A unit's virtual environment.
pub(super) fn venv(unit: &str) -> String {
    if unit.is_empty() {
        return "@{env}/venv".to_owned();
    }
    let flat: String =
        unit.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
    format!("@{{env}}/{flat}-venv")
}

/// A file of ours beside the environment: `@{env}/venv-lock.txt`.
pub(super) fn beside_venv(unit: &str, name: &str) -> String {
    format!("{}-{name}", venv(unit))
}

/// Makes a step use its unit's environment by absolute paths: where several units have one each,
/// the PATH alone would find another's programs.
pub(super) fn bind(step: &mut Step) {
    let place = venv(&step.unit);
    step.env.insert("VIRTUAL_ENV".to_owned(), place.clone());
    match &mut step.command {
        Command::Argv(words) => {
            let outside = ["uv", "true", "make", "bash", "sh", "env"];
            if let Some(program) = words.first_mut()
                && !program.contains('/')
                && !outside.contains(&program.as_str())
            {
                *program = format!("{place}/bin/{program}");
            }
        }
        Command::Shell(line) => *line = format!("export PATH={place}/bin:\"$PATH\"\n{line}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rr_core::{EcosystemId, StepKind};

    #[test]
    fn a_bound_step_names_its_own_environment() {
        let id = EcosystemId::new("python");
        let argv = Command::argv(["python", "-m", "pytest"]);
        let mut step = Step::new("t", &id, "api", StepKind::Test, "t", argv);
        bind(&mut step);
        assert_eq!(step.command.to_string(), "@{env}/api-venv/bin/python -m pytest");
        let mut uv =
            Step::new("i", &id, "api", StepKind::Install, "i", Command::argv(["uv", "sync"]));
        bind(&mut uv);
        assert_eq!(uv.command.to_string(), "uv sync");
        assert_eq!(uv.env["VIRTUAL_ENV"], "@{env}/api-venv");
    }
}
