//! FileAgent: takes stock of the repository's files before they are indexed.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use rr_core::{AgentError, AgentName};
use serde::{Deserialize, Serialize};

use crate::session::RunSession;
use crate::shell::AgentShell;
use crate::step_runner::failed;

/// Takes stock of the fetched source.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct FileTask {}

/// What there is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inventory {
    /// Regular files.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Links; they are never followed.
    pub links: u64,
    /// Files by extension, without the dot; `""` for none.
    pub extensions: BTreeMap<String, u64>,
    /// The largest file and its bytes.
    pub largest: Option<(String, u64)>,
}

/// The agent.
pub type FileAgent = AgentShell<FileTask, Inventory>;

impl FileAgent {
    /// An agent of this run.
    #[must_use]
    pub fn of(session: Arc<RunSession>) -> Self {
        Self::new(AgentName::FileAgent, move |_: FileTask| {
            let root = session.source();
            let mut inventory = Inventory::default();
            take_stock(&root, &root, &mut inventory)?;
            Ok(inventory)
        })
    }
}

fn take_stock(root: &Path, folder: &Path, stock: &mut Inventory) -> Result<(), AgentError> {
    let read = |e: std::io::Error| {
        failed(AgentName::FileAgent, format!("read `{}`", folder.display()), &e)
    };
    for entry in std::fs::read_dir(folder).map_err(read)? {
        let entry = entry.map_err(read)?;
        let kind = entry.file_type().map_err(read)?;
        if kind.is_symlink() {
            stock.links += 1;
        } else if kind.is_dir() {
            if entry.file_name() != ".git" {
                take_stock(root, &entry.path(), stock)?;
            }
        } else if kind.is_file() {
            count(root, &entry.path(), entry.metadata().map_err(read)?.len(), stock);
        }
    }
    Ok(())
}

fn count(root: &Path, path: &Path, bytes: u64, stock: &mut Inventory) {
    stock.files += 1;
    stock.bytes += bytes;
    let extension = path.extension().unwrap_or_default().to_string_lossy().to_lowercase();
    *stock.extensions.entry(extension).or_default() += 1;
    if stock.largest.as_ref().is_none_or(|(_, largest)| bytes > *largest) {
        let name = path.strip_prefix(root).unwrap_or(path).to_string_lossy().into_owned();
        stock.largest = Some((name, bytes));
    }
}
