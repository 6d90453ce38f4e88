//! The tools folder: each tool and version is built aside, then moved into place whole, under a
//! lock that other runs on this host respect. It must not know how any tool is obtained.

use std::fs::{self, File};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use rr_core::EngineError;

use crate::fault;

/// A folder of finished folders.
#[derive(Clone, Debug)]
pub struct ToolStore {
    root: PathBuf,
}

impl ToolStore {
    /// A store at a folder, which need not exist yet.
    #[must_use]
    pub fn new(root: PathBuf) -> Self {
        Self { root }
    }

    /// The finished folder of this name, where there is one.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<PathBuf> {
        let path = self.root.join(name);
        path.is_dir().then_some(path)
    }

    /// The finished folders whose names begin with `prefix`: `(rest of the name, path)`.
    #[must_use]
    pub fn list(&self, prefix: &str) -> Vec<(String, PathBuf)> {
        let Ok(entries) = fs::read_dir(&self.root) else { return Vec::new() };
        let mut found: Vec<(String, PathBuf)> = entries
            .flatten()
            .filter(|entry| entry.path().is_dir())
            .filter_map(|entry| {
                let name = entry.file_name().to_string_lossy().into_owned();
                Some((name.strip_prefix(prefix)?.to_owned(), entry.path()))
            })
            .collect();
        found.sort();
        found
    }

    /// The finished folder of this name, built by `build` where it is not there yet. `build` gets
    /// an empty folder that is moved into place when it returns; a process that dies meanwhile
    /// leaves nothing under the name. Where the tool writes its own path into its files, `build`
    /// gets the final path as its second argument.
    ///
    /// # Errors
    /// Those of `build`, and of making, locking and moving folders.
    pub fn publish(
        &self,
        name: &str,
        build: impl FnOnce(&Path, &Path) -> Result<(), EngineError>,
    ) -> Result<PathBuf, EngineError> {
        let finished = self.root.join(name);
        if finished.is_dir() {
            return Ok(finished);
        }
        let _lock = self.lock(name)?;
        if finished.is_dir() {
            return Ok(finished);
        }
        let aside = self.root.join(format!(".{name}.part"));
        remove_tree(&aside)?;
        make_open_folder(&aside)?;
        let built = build(&aside, &finished);
        if let Err(error) = built {
            let _ = remove_tree(&aside);
            return Err(error);
        }
        fs::rename(&aside, &finished).map_err(|e| fault::io("move into place", &finished, e))?;
        Ok(finished)
    }

    /// As [`Self::publish`], for tools that must be built at their final path: a marker file
    /// written last tells a finished folder from a torn one.
    ///
    /// # Errors
    /// As [`Self::publish`].
    pub fn publish_in_place(
        &self,
        name: &str,
        build: impl FnOnce(&Path) -> Result<(), EngineError>,
    ) -> Result<PathBuf, EngineError> {
        let finished = self.root.join(name);
        let marker = finished.join(".complete");
        if marker.is_file() {
            return Ok(finished);
        }
        let _lock = self.lock(name)?;
        if marker.is_file() {
            return Ok(finished);
        }
        remove_tree(&finished)?;
        make_open_folder(&finished)?;
        if let Err(error) = build(&finished) {
            let _ = remove_tree(&finished);
            return Err(error);
        }
        fs::write(&marker, b"").map_err(|e| fault::io("write", &marker, e))?;
        Ok(finished)
    }

    /// Takes the exclusive lock of a name; it is given back when the file is dropped.
    ///
    /// # Errors
    /// Where the lock file cannot be made or locked.
    pub fn lock(&self, name: &str) -> Result<File, EngineError> {
        make_open_folder(&self.root)?;
        let path = self.root.join(format!(".{name}.lock"));
        let file = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&path)
            .map_err(|e| fault::io("open lock", &path, e))?;
        file.lock().map_err(|e| fault::io("lock", &path, e))?;
        Ok(file)
    }
}

/// Makes a folder that the sandbox's unprivileged user can enter, whatever our umask is.
pub(crate) fn make_open_folder(path: &Path) -> Result<(), EngineError> {
    if path.is_dir() {
        return Ok(());
    }
    fs::create_dir_all(path).map_err(|e| fault::io("make folder", path, e))?;
    fs::set_permissions(path, fs::Permissions::from_mode(0o755))
        .map_err(|e| fault::io("open folder", path, e))
}

/// Removes a tree where there is one, read-only folders included.
pub(crate) fn remove_tree(path: &Path) -> Result<(), EngineError> {
    if path.symlink_metadata().is_err() {
        return Ok(());
    }
    if fs::remove_dir_all(path).is_ok() {
        return Ok(());
    }
    // Module caches are written read-only; a second try after opening them up.
    for entry in ignore::WalkBuilder::new(path).standard_filters(false).build().flatten() {
        if entry.file_type().is_some_and(|kind| kind.is_dir()) {
            let _ = fs::set_permissions(entry.path(), fs::Permissions::from_mode(0o755));
        }
    }
    fs::remove_dir_all(path).map_err(|e| fault::io("remove", path, e))
}
