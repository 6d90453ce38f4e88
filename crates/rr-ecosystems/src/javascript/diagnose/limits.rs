//! Remedies that raise or lift a limit which the repository itself sets: the heap of its command,
//! the range of Nodes that an install insists on.

use rr_core::{Command, PlanEdit, Remedy, RemedyKind};

use super::super::managers::Tool;
use super::remedies::Bench;

/// Megabytes of heap that a suite gets which ran out of its own.
const HEAP: u32 = 4096;

impl Bench<'_> {
    /// More heap: in the command where that sets it itself, which outranks the environment.
    pub(super) fn more_heap(&self) -> Remedy {
        let step = self.failed.step;
        let raised = |word: &str| match word.split_once('=') {
            Some((flag @ ("--max-old-space-size" | "--max_old_space_size"), _)) => {
                format!("{flag}={HEAP}")
            }
            _ => word.to_owned(),
        };
        let command = match &step.command {
            Command::Argv(words) => Command::Argv(words.iter().map(|word| raised(word)).collect()),
            Command::Shell(line) => {
                Command::Shell(line.split(' ').map(raised).collect::<Vec<_>>().join(" "))
            }
        };
        if command == step.command {
            return self.node_option(&format!("--max-old-space-size={HEAP}"));
        }
        Remedy {
            kind: RemedyKind::ChangeCommand { to: command.to_string() },
            title: format!("give Node {HEAP} MB of heap"),
            edits: vec![PlanEdit::SetCommand { step: step.id.clone(), command }],
            resume_at: None,
        }
    }

    /// Installs on a Node that the manifests do not allow.
    pub(super) fn lax_engines(&self) -> Option<Remedy> {
        let title = "install whatever Nodes the manifests allow";
        match self.manager.as_ref()?.tool {
            Tool::Npm | Tool::Pnpm => {
                Some(self.for_all("npm_config_engine_strict", "false", title))
            }
            Tool::Yarn1 => {
                let Command::Argv(words) = &self.install_step()?.command else { return None };
                let more = ["--ignore-engines".to_owned()];
                let command = Command::Argv(words.iter().cloned().chain(more).collect());
                let kind = RemedyKind::ChangeCommand { to: command.to_string() };
                self.set_install(kind, title, command)
            }
            _ => None,
        }
    }
}
