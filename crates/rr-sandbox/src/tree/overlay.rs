//! The writable tree as an overlay: frozen layers below, one fresh layer on top.

use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rr_core::{ExecError, SandboxPolicy};

use super::flatten::{merge_into, move_tree};
use super::stack::{Layer, LayerStack};
use super::{make_folder, remove_tree};
use crate::holder::Holder;
use crate::identity::RunAs;

/// Where the overlay is mounted, relative to the run's folder.
const MERGED: &str = "merged";

/// A mounted overlay.
pub(crate) struct OverlayTree {
    run_folder: PathBuf,
    below: Vec<PathBuf>,
    stack: LayerStack,
    holder: Arc<Holder>,
    run_as: RunAs,
}

impl OverlayTree {
    /// Mounts the tree as its layer list says.
    ///
    /// # Errors
    /// Where an overlay cannot be mounted here.
    pub(crate) fn open(
        policy: &SandboxPolicy,
        holder: Arc<Holder>,
        run_as: RunAs,
    ) -> Result<Self, ExecError> {
        let run_folder = policy.run_folder.clone();
        make_folder(&run_folder.join(MERGED))?;
        make_folder(&run_folder.join("upper"))?;
        let mut stack = LayerStack::open(&run_folder)?;
        if !matches!(stack.layers.last(), Some(Layer::Own(_))) {
            stack.push();
        }
        let below = policy.snapshots.clone();
        let tree = Self { run_folder, below, stack, holder, run_as };
        tree.mount()?;
        tree.stack.save()?;
        Ok(tree)
    }

    /// The tree's top in the holder's mount namespace.
    pub(crate) fn top(&self) -> PathBuf {
        self.run_folder.join(MERGED)
    }

    /// A handle on the tree's top.
    pub(crate) fn handle(&self) -> Result<OwnedFd, ExecError> {
        self.holder
            .open_folder(MERGED)
            .map_err(|source| ExecError::io("opening the writable tree", source))
    }

    /// Freezes the top layer and stacks a fresh one.
    pub(crate) fn snapshot(&mut self) -> Result<u64, ExecError> {
        let mut stack = self.stack.clone();
        let number = stack.push();
        self.change(stack)?;
        Ok(number)
    }

    /// Drops every layer that was stacked by or after this snapshot.
    pub(crate) fn rollback(&mut self, snapshot: u64) -> Result<(), ExecError> {
        let mut stack = self.stack.clone();
        let position = stack.layers.iter().position(|layer| *layer == Layer::Own(snapshot));
        let Some(position) = position else {
            return Err(ExecError::Setup(format!("there is no snapshot {snapshot}")));
        };
        let dropped = stack.layers.split_off(position);
        // The snapshot keeps its number, so that one can go back to it again.
        stack.layers.push(Layer::Own(snapshot));
        self.unmount()?;
        for layer in &dropped {
            self.discard(layer)?;
        }
        self.stack = stack;
        self.mount()?;
        self.stack.save()
    }

    /// Merges the run's layers into one at `to`, which becomes a frozen layer of this tree.
    pub(crate) fn export(&mut self, to: &Path) -> Result<(), ExecError> {
        let own: Vec<u64> = self.own_layers();
        let exported = self.stack.layers.iter().any(|layer| matches!(layer, Layer::Exported(_)));
        if exported || to.exists() {
            return Err(ExecError::Unsupported {
                backend: "bubblewrap".to_owned(),
                what: format!("export twice, or over something: `{}`", to.display()),
            });
        }
        self.unmount()?;
        let result = self.flatten(&own, to);
        if result.is_ok() {
            self.stack.layers = vec![Layer::Exported(to.to_path_buf())];
            self.stack.push();
        }
        self.mount()?;
        self.stack.save()?;
        result
    }

    fn flatten(&self, own: &[u64], to: &Path) -> Result<(), ExecError> {
        let Some((first, later)) = own.split_first() else { return Ok(()) };
        let lowest = self.upper(*first);
        for number in later {
            merge_into(&self.upper(*number), &lowest)?;
        }
        move_tree(&lowest, to)
    }

    fn own_layers(&self) -> Vec<u64> {
        self.stack
            .layers
            .iter()
            .filter_map(|layer| match layer {
                Layer::Own(number) => Some(*number),
                Layer::Exported(_) => None,
            })
            .collect()
    }

    fn upper(&self, number: u64) -> PathBuf {
        self.run_folder.join(format!("upper/{number}"))
    }

    fn change(&mut self, stack: LayerStack) -> Result<(), ExecError> {
        self.unmount()?;
        let before = std::mem::replace(&mut self.stack, stack);
        if let Err(error) = self.mount() {
            self.stack = before;
            self.mount()?;
            return Err(error);
        }
        self.stack.save()
    }

    fn discard(&self, layer: &Layer) -> Result<(), ExecError> {
        match layer {
            Layer::Own(number) => remove_tree(&self.upper(*number)),
            Layer::Exported(_) => Ok(()),
        }
    }

    /// Removes the work folders.
    pub(crate) fn tidy(&self) -> Result<(), ExecError> {
        remove_tree(&self.run_folder.join("work"))
    }

    fn unmount(&self) -> Result<(), ExecError> {
        self.holder
            .unmount(MERGED)
            .map_err(|source| ExecError::io("unmounting the writable tree", source))
    }

    fn mount(&self) -> Result<(), ExecError> {
        let Some((Layer::Own(top), frozen)) = self.stack.layers.split_last() else {
            return Err(ExecError::Setup("the layer list has no writable layer".to_owned()));
        };
        let upper = self.upper(*top);
        make_folder(&upper)?;
        self.prepare_top(&upper)?;
        let lowers = self.lowers(frozen);
        // The work folder holds nothing worth keeping; a leftover of a volatile mount would
        // refuse the next one.
        let work = self.run_folder.join(format!("work/{top}"));
        remove_tree(&work)?;
        make_folder(&work)?;
        let common = format!("lowerdir={lowers},upperdir=upper/{top},workdir=work/{top},index=off");
        // Without redirects a rename of a frozen folder fails with EXDEV, which some package
        // managers do not expect; user namespaces may not have them. `volatile` leaves out
        // syncing, which makes databases in the tree several times faster (Linux 5.10).
        let variants: &[&str] = match self.run_as {
            RunAs::Dedicated { .. } => &["redirect_dir=on,volatile", "redirect_dir=on", "xino=off"],
            RunAs::Mapped { .. } => &["userxattr,volatile", "userxattr"],
        };
        let mut last = None;
        for variant in variants {
            match self.holder.mount_overlay(MERGED, &format!("{common},{variant}")) {
                Ok(()) => return Ok(()),
                Err(error) => last = Some(error),
            }
        }
        let source = last.unwrap_or_else(|| std::io::ErrorKind::Unsupported.into());
        Err(ExecError::io("mounting an overlay for the writable tree", source))
    }

    /// The mode and owner of the overlay's top are those of the upper layer.
    fn prepare_top(&self, upper: &Path) -> Result<(), ExecError> {
        let Some(uid) = self.run_as.owner() else { return Ok(()) };
        std::os::unix::fs::lchown(upper, Some(uid), Some(uid)).map_err(|source| {
            ExecError::io(format!("giving `{}` to user {uid}", upper.display()), source)
        })
    }

    fn lowers(&self, frozen: &[Layer]) -> String {
        let mut lowers: Vec<String> = frozen
            .iter()
            .rev()
            .map(|layer| match layer {
                Layer::Own(number) => format!("upper/{number}"),
                Layer::Exported(path) => escape(path),
            })
            .collect();
        for path in &self.below {
            let path = escape(path);
            if !lowers.contains(&path) {
                lowers.push(path);
            }
        }
        lowers.push("base".to_owned());
        lowers.join(":")
    }
}

/// A path in the syntax of overlay options.
pub(crate) fn escape(path: &Path) -> String {
    path.to_string_lossy().replace('\\', "\\\\").replace(':', "\\:").replace(',', "\\,")
}
