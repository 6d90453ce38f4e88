//! Copies a working folder: tracked files and untracked ones that are not ignored. The user's tree
//! is only read. Links are copied as links and never followed.

use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use rr_core::{CancelToken, EngineError};

use super::archive::leads_out;
use super::limits::excess;
use crate::fault;
use crate::store::make_open_folder;

/// Folders that installs and builds make, left out where no git says what is ignored.
const GENERATED: &[&str] =
    &["node_modules", "__pycache__", ".tox", ".nox", ".gradle", ".mypy_cache"];

/// Names of folders that were left out because installs and builds make them.
pub(super) type Generated = std::sync::Arc<std::sync::Mutex<Vec<String>>>;

/// Walks everything below a folder but what ignore files name and what is generated. Ignore files
/// above it hold too where `parents` says so.
pub(super) fn walker(start: &Path, generated: &Generated, parents: bool) -> ignore::WalkBuilder {
    let found = std::sync::Arc::clone(generated);
    let mut builder = ignore::WalkBuilder::new(start);
    builder
        .standard_filters(false)
        .git_ignore(true)
        .git_exclude(true)
        .parents(parents)
        .require_git(false)
        .follow_links(false)
        .filter_entry(move |entry| {
            let name = entry.file_name().to_string_lossy();
            let folder = entry.file_type().is_some_and(|kind| kind.is_dir());
            let made = folder && entry.depth() > 0 && is_generated(&name, entry.path());
            if made && let Ok(mut found) = found.lock() {
                found.push(name.into_owned());
                return false;
            }
            !made && (name != ".git" || entry.depth() == 0)
        });
    builder
}

/// Copies files into a tree and remembers what was left out.
pub(super) struct Copier<'a> {
    from: &'a Path,
    into: &'a Path,
    cancel: &'a CancelToken,
    bytes: u64,
    special: u64,
    outward: Vec<String>,
    generated: Vec<String>,
}

impl<'a> Copier<'a> {
    pub(super) fn new(from: &'a Path, into: &'a Path, cancel: &'a CancelToken) -> Self {
        let (outward, generated) = (Vec::new(), Vec::new());
        Self { from, into, cancel, bytes: 0, special: 0, outward, generated }
    }

    /// Copies what git lists: paths relative to the folder, separated by NUL. A folder among them
    /// is a submodule, copied whole.
    pub(super) fn listed(&mut self, listing: &[u8]) -> Result<(), EngineError> {
        let mut last: &[u8] = b"";
        for bytes in listing.split(|byte| *byte == 0).filter(|bytes| !bytes.is_empty()) {
            // Unmerged files are listed once per stage.
            if bytes == last {
                continue;
            }
            last = bytes;
            let relative = PathBuf::from(std::ffi::OsStr::from_bytes(bytes));
            if relative.is_absolute() || relative.components().any(|part| part.as_os_str() == "..")
            {
                continue;
            }
            let path = self.from.join(&relative);
            match path.symlink_metadata() {
                Ok(meta) if meta.is_dir() => self.tree(&relative)?,
                Ok(_) => self.one(&relative)?,
                // Tracked, but deleted from the working folder: so it is in the copy.
                Err(_) => {}
            }
        }
        Ok(())
    }

    /// Copies everything below a folder but what ignore files name and what is generated.
    pub(super) fn tree(&mut self, below: &Path) -> Result<(), EngineError> {
        let start = self.from.join(below);
        let generated = Generated::default();
        let walk = walker(&start, &generated, true).build();
        for entry in walk.flatten() {
            let folder = entry.file_type().is_some_and(|kind| kind.is_dir());
            let relative = entry.path().strip_prefix(self.from).unwrap_or(below).to_owned();
            if folder {
                make_open_folder(&self.into.join(relative))?;
            } else {
                self.one(&relative)?;
            }
        }
        if let Ok(mut found) = generated.lock() {
            self.generated.append(&mut found);
        }
        Ok(())
    }

    fn one(&mut self, relative: &Path) -> Result<(), EngineError> {
        if self.cancel.is_cancelled() {
            return Err(fault::cancelled("copying the folder"));
        }
        let (from, into) = (self.from.join(relative), self.into.join(relative));
        let meta = from.symlink_metadata().map_err(|e| fault::io("read", &from, e))?;
        if let Some(parent) = into.parent() {
            make_open_folder(parent)?;
        }
        if meta.is_symlink() {
            let target = fs::read_link(&from).map_err(|e| fault::io("read link", &from, e))?;
            if leads_out(relative, &target) {
                self.outward.push(relative.display().to_string());
            }
            return symlink(&target, &into).map_err(|e| fault::io("make link", &into, e));
        }
        if !meta.is_file() {
            self.special += 1;
            return Ok(());
        }
        self.bytes += meta.len();
        if let Some(reason) = excess(meta.len(), self.bytes) {
            return Err(fault::refused(format!(
                "folder `{}` is refused at `{}`: {reason}",
                self.from.display(),
                relative.display()
            ))
            .with_hint("what `.gitignore` names is left out of the copy"));
        }
        fs::copy(&from, &into).map_err(|e| fault::io("copy", &from, e))?;
        let executable = meta.permissions().mode() & 0o111 != 0;
        let mode = if executable { 0o755 } else { 0o644 };
        fs::set_permissions(&into, fs::Permissions::from_mode(mode))
            .map_err(|e| fault::io("set the mode of", &into, e))?;
        if let Ok(modified) = meta.modified() {
            let file = fs::File::options().write(true).open(&into);
            let _ = file.and_then(|file| file.set_modified(modified));
        }
        Ok(())
    }

    /// What was left out, for people.
    pub(super) fn notes(mut self) -> Vec<String> {
        let mut notes = Vec::new();
        if self.special > 0 {
            notes.push(format!("{} devices, pipes or sockets left out", self.special));
        }
        if !self.outward.is_empty() {
            self.outward.truncate(5);
            notes.push(format!(
                "links that lead out of the folder lead nowhere in the copy: {}",
                self.outward.join(", ")
            ));
        }
        self.generated.sort();
        self.generated.dedup();
        if !self.generated.is_empty() {
            notes.push(format!("generated folders left out: {}", self.generated.join(", ")));
        }
        notes
    }
}

/// Dependencies and build outputs are made anew in the sandbox; the user's may fit another system.
fn is_generated(name: &str, path: &Path) -> bool {
    GENERATED.contains(&name)
        || path.join("pyvenv.cfg").is_file()
        || (name == "target" && path.join("CACHEDIR.TAG").is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_of_ten_gigabytes_is_refused_before_it_is_copied_unless_it_is_ignored() {
        let folder = tempfile::tempdir().unwrap();
        let (from, into) = (folder.path().join("from"), folder.path().join("into"));
        fs::create_dir(&from).unwrap();
        fs::write(from.join("a.txt"), "a").unwrap();
        fs::File::create(from.join("huge.bin")).unwrap().set_len(10 << 30).unwrap();
        let cancel = CancelToken::default();
        let error = Copier::new(&from, &into, &cancel).tree(Path::new("")).unwrap_err();
        let text = error.to_string();
        assert!(text.contains("huge.bin") && text.contains("4 GiB"), "{text}");
        assert!(error.hint.unwrap().contains(".gitignore") && !into.join("huge.bin").exists());
        fs::write(from.join(".gitignore"), "*.bin\n").unwrap();
        Copier::new(&from, &into, &cancel).tree(Path::new("")).unwrap();
        assert!(into.join("a.txt").is_file() && !into.join("huge.bin").exists());
    }
}
