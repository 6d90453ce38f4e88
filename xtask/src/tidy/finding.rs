//! What a rule has to say about one place.

use std::fmt;

/// Whether a finding stops the build.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Severity {
    /// Printed, no more.
    Warning,
    /// A broken rule.
    Failure,
}

/// One place and what is wrong with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Finding {
    /// Whether it stops the build.
    pub(crate) severity: Severity,
    /// The file, relative to the workspace's root.
    pub(crate) path: String,
    /// Line from 1, or 0 for the file as a whole.
    pub(crate) line: usize,
    /// The rule's name.
    pub(crate) rule: &'static str,
    /// What is wrong, and what to do instead.
    pub(crate) message: String,
}

impl Finding {
    /// A broken rule.
    pub(crate) fn failure(
        path: impl Into<String>,
        line: usize,
        rule: &'static str,
        message: impl Into<String>,
    ) -> Self {
        let severity = Severity::Failure;
        Self { severity, path: path.into(), line, rule, message: message.into() }
    }

    /// The same place, as a warning only.
    pub(crate) fn into_warning(self) -> Self {
        Self { severity: Severity::Warning, ..self }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = match self.severity {
            Severity::Warning => "warning",
            Severity::Failure => "failure",
        };
        write!(f, "{word}: {}:{}: {}: {}", self.path, self.line, self.rule, self.message)
    }
}
