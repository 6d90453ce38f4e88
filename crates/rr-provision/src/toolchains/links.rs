//! Folders of links: a PATH entry that holds one tool's programs and nothing else.

use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use rr_core::EngineError;
use sha2::{Digest, Sha256};

use super::Toolchains;
use crate::fault;
use crate::registries::hexadecimal;

impl Toolchains {
    /// A folder with a link per name, kept under a name that tells tool, version and targets.
    pub(super) fn links(
        &self,
        tool: &str,
        version: &str,
        links: &[(String, PathBuf)],
    ) -> Result<PathBuf, EngineError> {
        let mut hash = Sha256::new();
        for (name, target) in links {
            hash.update(format!("{name}\0{}\0", target.display()));
        }
        let digest = hexadecimal(&hash.finalize());
        let name = format!("links-{tool}-{}-{}", file_name(version), &digest[..8]);
        self.store.publish(&name, |folder, _| {
            for (name, target) in links {
                let link = folder.join(name);
                symlink(target, &link).map_err(|e| fault::io("make link", &link, e))?;
            }
            Ok(())
        })
    }
}

/// A version as part of a file name.
pub(super) fn file_name(version: &str) -> String {
    version
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() || ".-_".contains(c) { c } else { '_' })
        .collect()
}

/// The programs of these names that lie in a folder, as links to make.
pub(super) fn programs_in(folder: &Path, names: &[&str]) -> Vec<(String, PathBuf)> {
    names
        .iter()
        .map(|name| ((*name).to_owned(), folder.join(name)))
        .filter(|(_, path)| crate::host::is_program(path))
        .collect()
}
