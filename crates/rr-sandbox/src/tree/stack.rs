//! Which layers a run's writable tree consists of, kept in a file so that a later process finds
//! the tree as it was left.

use std::fs;
use std::path::{Path, PathBuf};

use rr_core::ExecError;

/// One layer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Layer {
    /// `upper/N` of the run.
    Own(u64),
    /// An exported environment, which nobody changes any more.
    Exported(PathBuf),
}

/// Layers above the base and the policy's snapshots, the oldest first; the last one is written to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LayerStack {
    file: PathBuf,
    /// Layers, oldest first.
    pub(crate) layers: Vec<Layer>,
    /// Number of the next layer.
    pub(crate) next: u64,
}

impl LayerStack {
    /// Reads the stack of a run, or starts one.
    ///
    /// # Errors
    /// Where the file is there but cannot be read or is damaged.
    pub(crate) fn open(run_folder: &Path) -> Result<Self, ExecError> {
        let file = run_folder.join("upper/stack");
        let mut stack = Self { file, layers: Vec::new(), next: 0 };
        let text = match fs::read_to_string(&stack.file) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
            Err(error) => {
                return Err(ExecError::io(format!("reading `{}`", stack.file.display()), error));
            }
        };
        for line in text.lines() {
            let damaged = || ExecError::Setup(format!("damaged layer list: `{line}`"));
            let (kind, value) = line.split_once(' ').ok_or_else(damaged)?;
            match kind {
                "next" => stack.next = value.parse().map_err(|_| damaged())?,
                "own" => stack.layers.push(Layer::Own(value.parse().map_err(|_| damaged())?)),
                "exported" => stack.layers.push(Layer::Exported(PathBuf::from(value))),
                _ => return Err(damaged()),
            }
        }
        Ok(stack)
    }

    /// Puts a new layer on top and returns its number. Not saved yet.
    pub(crate) fn push(&mut self) -> u64 {
        let number = self.next;
        self.next += 1;
        self.layers.push(Layer::Own(number));
        number
    }

    /// Writes the stack to its file.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub(crate) fn save(&self) -> Result<(), ExecError> {
        let mut text = format!("next {}\n", self.next);
        for layer in &self.layers {
            match layer {
                Layer::Own(number) => text.push_str(&format!("own {number}\n")),
                Layer::Exported(path) => text.push_str(&format!("exported {}\n", path.display())),
            }
        }
        let new = self.file.with_extension("new");
        fs::write(&new, text)
            .and_then(|()| fs::rename(&new, &self.file))
            .map_err(|source| ExecError::io(format!("writing `{}`", self.file.display()), source))
    }
}
