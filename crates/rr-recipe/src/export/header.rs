//! The head of every export: from which lock, of which commit, and what was proved.

use rr_core::{Rung, StepKind};

use crate::lock::RecipeLock;

/// Stands in the head of everything that is exported: a file without it is somebody's own.
pub const HEADER_MARK: &str = "Written by repo-runner from repo-runner.lock";

/// The head's lines, without the comment sign.
pub(super) fn lines(lock: &RecipeLock) -> Vec<String> {
    let commit = match lock.source.commit.as_str() {
        "" => "the working files".to_owned(),
        commit => format!("commit {commit}"),
    };
    let proof = &lock.proof;
    let proved = match (&proof.run, proof.proved_up_to) {
        (Some(run), Some(rung)) => {
            let summary = proof.summary.trim_start_matches(&format!("proved up to `{rung}`: "));
            format!("Proved: up to rung `{rung}` by run {run}: {summary}.")
        }
        (Some(run), None) => format!("Proved: nothing, by run {run}: {}.", proof.summary),
        (None, _) => "Proved: nothing was run; this comes from analysis alone.".to_owned(),
    };
    let mut lines = vec![
        format!("{HEADER_MARK}: do not edit, export it anew."),
        format!("Source: {}, {commit}", lock.source.repository),
        proved,
    ];
    if proof.run.is_some() && proof.proved_up_to > Some(Rung::Analyzed) {
        let os = if lock.platform.os.is_empty() { "a sandbox" } else { &lock.platform.os };
        lines.push(format!("The commands were run on {os}; this form of them was not."));
    }
    lines.extend(lock.notes.iter().cloned());
    let ours = |kind| !matches!(kind, StepKind::Check | StepKind::Start);
    let left_out = lock.commands.iter().filter(|c| c.run.is_none() && ours(c.kind));
    lines.extend(
        left_out.map(|c| format!("Left out, only repo-runner's own tools do it: {}.", c.title)),
    );
    lines.iter().map(|line| one_line(line)).collect()
}

/// The head as comments.
pub(super) fn comment(lock: &RecipeLock, sign: &str) -> String {
    lines(lock).iter().map(|line| format!("{sign} {line}\n")).collect()
}

/// Text that may stand in a comment: nothing in it ends the line.
pub(super) fn one_line(text: &str) -> String {
    let control =
        |c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{85}' | '\u{feff}');
    text.chars().map(|c| if control(c) { ' ' } else { c }).collect()
}
