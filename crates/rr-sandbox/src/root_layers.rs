//! Layers of operating-system packages over the system folders, mounted in the holder.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use rr_core::ExecError;

use crate::guest_etc::{is_shown, is_shown_of_layer};
use crate::holder::Holder;
use crate::tree::{escape, make_folder};

/// Top folders of a layer that are taken over, besides `etc`.
const FOLDERS: &[&str] = &["usr", "opt", "lib", "lib32", "lib64", "libx32", "bin", "sbin"];

/// Folders below `var` that packages keep data in.
const DATA: &[&str] = &["var/lib", "var/cache"];

/// What the layers make of the system folders.
#[derive(Default)]
pub(crate) struct LayeredRoot {
    /// System folder and where its layered form is mounted.
    mounted: Vec<(PathBuf, PathBuf)>,
    /// Layered folders that the host's own list of shown folders lacks.
    further: Vec<(PathBuf, String)>,
    /// Entries of `/etc`: source and place.
    etc: Vec<(PathBuf, String)>,
}

impl LayeredRoot {
    /// Mounts the layers (the newest first) below `root/` of the run's folder, taking away what
    /// `before` had mounted.
    ///
    /// # Errors
    /// Where an overlay cannot be mounted.
    pub(crate) fn mount(
        layers: &[PathBuf],
        run_folder: &Path,
        holder: &Holder,
        before: &Self,
    ) -> Result<Self, ExecError> {
        for (_, place) in before.mounted.iter().rev() {
            let relative = place.strip_prefix(run_folder).unwrap_or(place);
            holder
                .unmount(&relative.to_string_lossy())
                .map_err(|source| ExecError::io("unmounting package layers", source))?;
        }
        let mut root = Self::default();
        if layers.is_empty() {
            return Ok(root);
        }
        for folder in FOLDERS {
            root.mount_folder(folder, layers, run_folder, holder)?;
        }
        for folder in DATA {
            root.mount_data(folder, layers);
        }
        root.add_etc(layers, run_folder, holder)?;
        Ok(root)
    }

    /// Where a system folder is to be taken from.
    pub(crate) fn source(&self, folder: &Path) -> PathBuf {
        let found = self.mounted.iter().find(|(place, _)| place == folder);
        found.map_or_else(|| folder.to_path_buf(), |(_, source)| source.clone())
    }

    /// Folders to show besides the system folders.
    pub(crate) fn further(&self) -> impl Iterator<Item = (&Path, &str)> {
        self.further.iter().map(|(source, guest)| (source.as_path(), guest.as_str()))
    }

    /// Entries of `/etc` that the layers bring.
    pub(crate) fn etc(&self) -> impl Iterator<Item = (&Path, &str)> {
        self.etc.iter().map(|(source, guest)| (source.as_path(), guest.as_str()))
    }

    /// Whether the layers bring this path, so that the host's must not be shown over it.
    pub(crate) fn covers(&self, path: &Path) -> bool {
        let guests = self.etc.iter().chain(&self.further);
        guests.map(|(_, guest)| Path::new(guest)).any(|guest| guest == path)
    }

    /// Mounts one top folder. On hosts where `/lib` is a link into `/usr`, a layer's real `lib`
    /// (packages may still ship files there) goes over `usr/lib`.
    fn mount_folder(
        &mut self,
        folder: &str,
        layers: &[PathBuf],
        run_folder: &Path,
        holder: &Holder,
    ) -> Result<(), ExecError> {
        let having: Vec<PathBuf> =
            layers.iter().map(|layer| layer.join(folder)).filter(|path| is_folder(path)).collect();
        if having.is_empty() {
            return Ok(());
        }
        let host = Path::new("/").join(folder);
        let merged_usr = fs::symlink_metadata(&host).is_ok_and(|found| found.is_symlink());
        let mut lowers = having;
        let (guest, place) = if merged_usr {
            let usr = run_folder.join("root/usr");
            if !self.mounted.iter().any(|(_, place)| *place == usr) {
                self.mount_overlay(&usr, &["/usr".into()], holder, run_folder)?;
                self.mounted.push(("/usr".into(), usr.clone()));
            }
            // Not the mounted `root/usr`: overlays may be stacked two deep only.
            let below = Path::new("usr").join(folder);
            lowers.extend(layers.iter().map(|layer| layer.join(&below)).filter(|p| is_folder(p)));
            lowers.push(Path::new("/").join(&below));
            (Path::new("/").join(&below), usr.join(folder))
        } else {
            lowers.extend(is_folder(&host).then(|| host.clone()));
            (host, run_folder.join("root").join(folder))
        };
        self.mount_overlay(&place, &lowers, holder, run_folder)?;
        if folder == "opt" {
            self.further.push((place.clone(), "/opt".to_owned()));
        }
        self.mounted.push((guest, place));
        Ok(())
    }

    fn mount_overlay(
        &self,
        place: &Path,
        lowers: &[PathBuf],
        holder: &Holder,
        run_folder: &Path,
    ) -> Result<(), ExecError> {
        let target = place.strip_prefix(run_folder).unwrap_or(place).to_string_lossy().into_owned();
        let inside_mounted = self.mounted.iter().any(|(_, mounted)| place.starts_with(mounted));
        if !inside_mounted {
            make_folder(place)?;
        }
        let mut list: Vec<String> = lowers.iter().map(|path| escape(path)).collect();
        if list.len() == 1 {
            // An overlay without an upper layer needs two lower ones.
            let empty = run_folder.join("root/.empty");
            make_folder(&empty)?;
            list.insert(0, escape(&empty));
        }
        holder.mount_overlay(&target, &format!("lowerdir={}", list.join(":"))).map_err(|source| {
            ExecError::io(format!("laying packages over `{}`", place.display()), source)
        })
    }

    /// Shows data folders that only layers have; where the host shows the same, ours win.
    fn mount_data(&mut self, folder: &str, layers: &[PathBuf]) {
        let mut seen = BTreeSet::new();
        for layer in layers {
            for (name, path) in entries(&layer.join(folder)) {
                // The layer's package database is partial or private to the package manager.
                let skipped = ["dpkg", "apt"].contains(&name.as_str()) && folder == "var/cache"
                    || name == "apt";
                if !skipped && seen.insert(name.clone()) {
                    self.further.push((path, format!("/{folder}/{name}")));
                }
            }
        }
    }

    /// Entries of `/etc`: folders that several have are laid over each other, files of the newest
    /// layer win.
    fn add_etc(
        &mut self,
        layers: &[PathBuf],
        run_folder: &Path,
        holder: &Holder,
    ) -> Result<(), ExecError> {
        let mut having: BTreeMap<String, Vec<PathBuf>> = BTreeMap::new();
        for layer in layers {
            for (name, path) in entries(&layer.join("etc")) {
                if is_shown_of_layer(&name) {
                    having.entry(name).or_default().push(path);
                }
            }
        }
        for (name, mut sources) in having {
            let host = Path::new("/etc").join(&name);
            if is_shown(&name) && is_folder(&host) {
                sources.push(host);
            }
            let mut source = sources[0].clone();
            if is_folder(&source) && sources.len() > 1 {
                sources.retain(|source| is_folder(source));
                source = run_folder.join("root/etc").join(&name);
                self.mount_overlay(&source, &sources, holder, run_folder)?;
                self.mounted.push((Path::new("/etc").join(&name), source.clone()));
            }
            self.etc.push((source, format!("/etc/{name}")));
        }
        Ok(())
    }
}

fn is_folder(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|found| found.is_dir())
}

fn entries(folder: &Path) -> Vec<(String, PathBuf)> {
    let mut entries: Vec<(String, PathBuf)> = fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| Some((entry.file_name().into_string().ok()?, entry.path())))
        .collect();
    entries.sort();
    entries
}
