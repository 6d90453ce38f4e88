//! Remedies that choose another version of a toolchain.

use rr_core::{
    Evidence, PlanEdit, Remedy, RemedyKind, StepId, ToolchainRequirement, Trust, VersionRequest,
};

use super::super::package_json::leading_number;

/// Lines of Node in order.
pub(super) const LINES: &[u32] = &[4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24];

/// Node within a range that a message names: `>=22.12.0`, `20.19+`.
pub(super) fn node_range(text: &str) -> Option<Remedy> {
    let text = text.trim().trim_start_matches('v');
    let text = match text.strip_suffix('+') {
        Some(least) => format!(">={least}"),
        None => text.to_owned(),
    };
    let bare = text.starts_with(|c: char| c.is_ascii_digit());
    let request = if bare && !text.contains(['|', '-', ' ']) {
        VersionRequest::Range(format!(">={text}"))
    } else {
        VersionRequest::Range(text.clone())
    };
    leading_number(&text)?;
    Some(use_tool("node", request, &text, None))
}

/// Node of a line.
pub(super) fn use_node(version: &str) -> Remedy {
    use_tool("node", VersionRequest::Exact(version.to_owned()), version, None)
}

/// A tool at a version; everything from the install on is done again.
pub(super) fn use_tool(
    tool: &str,
    version: VersionRequest,
    shown: &str,
    resume: Option<StepId>,
) -> Remedy {
    Remedy {
        kind: RemedyKind::UseToolchain { tool: tool.to_owned(), version: shown.to_owned() },
        title: format!("use {tool} {shown}"),
        edits: vec![PlanEdit::RequireToolchain {
            toolchain: ToolchainRequirement {
                tool: tool.to_owned(),
                version,
                evidence: vec![Evidence::at("", "javascript.diagnosis", Trust::Default)],
            },
        }],
        // Native modules are built for one Node: everything is installed again.
        resume_at: resume.or_else(|| Some(StepId::new("javascript.install"))),
    }
}

/// The line of Node that first has an option (source: Node's changelogs).
pub(super) fn option_line(option: &str) -> u32 {
    match option {
        "--test" | "--watch" | "--import" | "--test-reporter" | "--test-reporter-destination" => 18,
        "--env-file" | "--experimental-test-coverage" | "--experimental-default-type" => 20,
        "--experimental-sqlite" | "--experimental-strip-types" | "--env-file-if-exists" => 22,
        "--experimental-transform-types" | "--test-isolation" | "--experimental-test-isolation" => {
            22
        }
        _ => 22,
    }
}

/// The newest line of Node that a major version of node-sass builds on (source: its README).
pub(super) fn sass_line(major: u32) -> u32 {
    match major {
        0..=3 => 6,
        4 => 14,
        5..=6 => 16,
        7 => 16,
        8 => 18,
        _ => 20,
    }
}
