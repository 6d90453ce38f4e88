//! Alternatives of unpacked packages: the names by which a program or library is known when
//! several packages bring one, read from maintainer scripts that are not run.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use rr_core::EngineError;

use crate::fault;
use crate::store::make_open_folder;

/// Folder of the names' targets.
const FOLDER: &str = "etc/alternatives";

/// One name of an alternative.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Alternative {
    /// The path that programs use: `/usr/bin/nc`.
    link: String,
    /// Its name below `/etc/alternatives`.
    name: String,
    /// The file behind it.
    target: String,
}

/// The alternatives that a maintainer script installs by literal words: scripts that compute their
/// words are not followed.
/// `update-alternatives --install /bin/nc nc /bin/nc.openbsd 50 \
///    --slave /bin/netcat netcat /bin/nc.openbsd`
pub(super) fn read(script: &str) -> Vec<Alternative> {
    let whole = script.replace("\\\n", " ");
    let mut found = Vec::new();
    for line in whole.lines() {
        let line = line.split(" #").next().unwrap_or(line);
        if !line.contains("update-alternatives") {
            continue;
        }
        let quotes: &[char] = &['"', '\'', ';'];
        let words: Vec<&str> =
            line.split_whitespace().map(|word| word.trim_matches(quotes)).collect();
        for (at, word) in words.iter().enumerate() {
            if let (true, Some([link, name, target])) =
                (["--install", "--slave"].contains(word), words.get(at + 1..at + 4))
            {
                let plain = |path: &str| path.starts_with('/') && is_literal(path);
                if plain(link) && plain(target) && is_literal(name) && !name.contains('/') {
                    let own = |text: &&str| (*text).to_owned();
                    found.push(Alternative {
                        link: own(link),
                        name: own(name),
                        target: own(target),
                    });
                }
            }
        }
    }
    found
}

/// Makes the links of alternatives whose files are in the layer; what is there stays.
///
/// # Errors
/// Where a link cannot be made.
pub(super) fn install(layer: &Path, found: &[Alternative]) -> Result<(), EngineError> {
    for one in found {
        let inside = |path: &str| layer.join(path.trim_start_matches('/'));
        if fs::symlink_metadata(inside(&one.target)).is_err() {
            continue;
        }
        let (link, named) = (inside(&one.link), layer.join(FOLDER).join(&one.name));
        let made = format!("/{FOLDER}/{}", one.name);
        for (at, to) in [(named, one.target.as_str()), (link, made.as_str())] {
            if fs::symlink_metadata(&at).is_err() {
                if let Some(folder) = at.parent() {
                    make_open_folder(folder)?;
                }
                symlink(to, &at).map_err(|e| fault::io("make link", &at, e))?;
            }
        }
    }
    Ok(())
}

/// Whether a shell would read a word as it stands, and it stays in its folder.
fn is_literal(word: &str) -> bool {
    !word.is_empty()
        && !word.split('/').any(|part| part == "..")
        && word.bytes().all(|b| b.is_ascii_alphanumeric() || b"/._+-@[".contains(&b))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCRIPT: &str = "#!/bin/sh\nset -e\nif [ \"$1\" = configure ]; then\n\
        \x20   update-alternatives --install /usr/bin/nc nc /bin/nc.openbsd 50 \\\n\
        \x20     --slave /usr/bin/netcat netcat /bin/nc.openbsd \\\n\
        \x20     --slave /usr/share/man/man1/nc.1.gz nc.1.gz /usr/share/man/man1/gone.1.gz\n\
        \x20   update-alternatives --install \"/usr/bin/$tool\" $tool $jdk/bin/$tool 1\n\
        \x20   update-alternatives --install /usr/bin/../../x x /usr/bin/y 1\nfi\n";

    #[test]
    fn literal_words_are_read_and_computed_ones_are_not() {
        let names: Vec<String> = read(SCRIPT).into_iter().map(|one| one.name).collect();
        assert_eq!(names, ["nc", "netcat", "nc.1.gz"]);
    }

    #[test]
    fn links_lead_to_files_of_the_layer_only() {
        let layer = tempfile::tempdir().unwrap();
        let layer = layer.path();
        fs::create_dir_all(layer.join("bin")).unwrap();
        fs::write(layer.join("bin/nc.openbsd"), "").unwrap();
        install(layer, &read(SCRIPT)).unwrap();
        let to = |path: &str| fs::read_link(layer.join(path)).unwrap();
        assert_eq!(to("usr/bin/netcat"), Path::new("/etc/alternatives/netcat"));
        assert_eq!(to("etc/alternatives/netcat"), Path::new("/bin/nc.openbsd"));
        assert!(fs::symlink_metadata(layer.join("etc/alternatives/nc.1.gz")).is_err());
    }
}
