//! Unpacks archives into a folder. Refused whole: paths and links that lead out of the tree,
//! devices, duplicates, and more than the limits. Modes are reduced to "executable or not".

use std::collections::HashSet;
use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt, symlink};
use std::path::{Component, Path, PathBuf};

use flate2::read::MultiGzDecoder;
use rr_core::EngineError;

use super::limits::{FILE_BYTES, TOTAL_BYTES, excess, unpacked};
use crate::fault;
use crate::store::{make_open_folder, remove_tree};

/// Kinds of archives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ArchiveKind {
    Zip,
    Tar,
    TarGz,
}

/// Most entries of an archive.
const ENTRIES: u64 = 500_000;

impl ArchiveKind {
    /// The kind that a file name tells; `None` where it is no archive.
    pub(crate) fn of(name: &str) -> Option<Self> {
        let name = name.to_ascii_lowercase();
        let ends = |suffixes: &[&str]| suffixes.iter().any(|suffix| name.ends_with(suffix));
        if ends(&[".tar.gz", ".tgz", ".crate"]) {
            Some(Self::TarGz)
        } else if ends(&[".tar"]) {
            Some(Self::Tar)
        } else if ends(&[".zip", ".whl", ".jar"]) {
            Some(Self::Zip)
        } else {
            None
        }
    }
}

/// Unpacks into the empty or absent folder `into`; a single folder at the archive's top is left
/// out of the paths where `strip` is set.
pub(crate) fn unpack(
    archive: &Path,
    kind: ArchiveKind,
    into: &Path,
    strip: bool,
) -> Result<(), EngineError> {
    let name = into.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let aside = into.with_file_name(format!(".{name}.unpack"));
    remove_tree(&aside)?;
    make_open_folder(&aside)?;
    let result = unpack_aside(archive, kind, &aside).and_then(|()| place(&aside, into, strip));
    let _ = remove_tree(&aside);
    result
}

fn unpack_aside(archive: &Path, kind: ArchiveKind, aside: &Path) -> Result<(), EngineError> {
    let file = File::open(archive).map_err(|e| fault::io("open archive", archive, e))?;
    let size = file.metadata().map_err(|e| fault::io("read", archive, e))?.len();
    let mut target = Target::new(archive, aside);
    target.room = match kind {
        ArchiveKind::Tar => TOTAL_BYTES,
        ArchiveKind::Zip | ArchiveKind::TarGz => unpacked(size),
    };
    match kind {
        ArchiveKind::Zip => unpack_zip(file, &mut target)?,
        ArchiveKind::Tar => unpack_tar(io::BufReader::new(file), &mut target)?,
        ArchiveKind::TarGz => {
            unpack_tar(MultiGzDecoder::new(io::BufReader::new(file)), &mut target)?
        }
    }
    target.check_links()
}

/// Moves what was unpacked to its place.
fn place(aside: &Path, into: &Path, strip: bool) -> Result<(), EngineError> {
    let entries: Vec<PathBuf> = fs::read_dir(aside)
        .map_err(|e| fault::io("list", aside, e))?
        .flatten()
        .map(|entry| entry.path())
        .collect();
    let single = match entries.as_slice() {
        [one] if strip && one.symlink_metadata().is_ok_and(|meta| meta.is_dir()) => Some(one),
        _ => None,
    };
    if into.is_dir() {
        fs::remove_dir(into).map_err(|e| fault::io("replace folder", into, e))?;
    }
    fs::rename(single.map_or(aside, PathBuf::as_path), into)
        .map_err(|e| fault::io("move into place", into, e))
}

fn unpack_tar(reader: impl Read, target: &mut Target<'_>) -> Result<(), EngineError> {
    let mut archive = tar::Archive::new(reader);
    let broken = |e: io::Error, name: &Path| {
        fault::refused(format!("archive `{}` is broken: {e}", name.display()))
    };
    let name = target.archive.to_owned();
    for entry in archive.entries().map_err(|e| broken(e, &name))? {
        let mut entry = entry.map_err(|e| broken(e, &name))?;
        let path = entry.path().map_err(|e| broken(e, &name))?.into_owned();
        let kind = entry.header().entry_type();
        let executable = entry.header().mode().unwrap_or(0o644) & 0o111 != 0;
        let size = entry.size();
        if kind.is_pax_global_extensions() || kind.is_pax_local_extensions() {
            continue;
        }
        let link =
            entry.link_name().map_err(|e| broken(e, &name))?.map(std::borrow::Cow::into_owned);
        if kind.is_dir() {
            target.folder(&path)?;
        } else if kind.is_symlink() {
            target.link(&path, &link.unwrap_or_default())?;
        } else if kind.is_hard_link() {
            target.hard_link(&path, &link.unwrap_or_default())?;
        } else if kind.is_file() || kind.is_gnu_sparse() || kind.is_contiguous() {
            target.file(&path, &mut entry, size, executable)?;
        } else {
            return Err(target.refuse(&path, "it is a device, pipe or socket"));
        }
    }
    Ok(())
}

fn unpack_zip(file: File, target: &mut Target<'_>) -> Result<(), EngineError> {
    let name = target.archive.display().to_string();
    let broken =
        |e: zip::result::ZipError| fault::refused(format!("archive `{name}` is broken: {e}"));
    let mut archive = zip::ZipArchive::new(io::BufReader::new(file)).map_err(broken)?;
    for index in 0..archive.len() {
        let mut entry = archive.by_index(index).map_err(broken)?;
        let path = PathBuf::from(entry.name().replace('\\', "/"));
        let mode = entry.unix_mode().unwrap_or(0);
        let size = entry.size();
        match mode & 0o170_000 {
            0o120_000 => {
                let mut text = String::new();
                entry
                    .by_ref()
                    .take(4096)
                    .read_to_string(&mut text)
                    .map_err(|_| target.refuse(&path, "its link is no text"))?;
                target.link(&path, Path::new(&text))?;
            }
            0o040_000 => target.folder(&path)?,
            0 | 0o100_000 if entry.is_dir() => target.folder(&path)?,
            0 | 0o100_000 => target.file(&path, &mut entry, size, mode & 0o111 != 0)?,
            _ => return Err(target.refuse(&path, "it is a device, pipe or socket")),
        }
    }
    Ok(())
}

/// The folder being filled, and what was put there so far.
struct Target<'a> {
    archive: &'a Path,
    root: &'a Path,
    seen: HashSet<PathBuf>,
    links: Vec<PathBuf>,
    entries: u64,
    bytes: u64,
    /// How many bytes it may unpack to.
    room: u64,
}

impl<'a> Target<'a> {
    fn new(archive: &'a Path, root: &'a Path) -> Self {
        Self {
            archive,
            root,
            seen: HashSet::new(),
            links: Vec::new(),
            entries: 0,
            bytes: 0,
            room: TOTAL_BYTES,
        }
    }

    fn refuse(&self, path: &Path, reason: &str) -> EngineError {
        fault::refused(format!(
            "archive `{}` is refused at `{}`: {reason}",
            self.archive.display(),
            path.display()
        ))
    }

    /// The entry's place below the root, or `None` for the root itself.
    fn admit(&mut self, path: &Path, folder: bool) -> Result<Option<PathBuf>, EngineError> {
        self.entries += 1;
        if self.entries > ENTRIES {
            return Err(self.refuse(path, &format!("more than {ENTRIES} entries")));
        }
        let mut clean = PathBuf::new();
        for part in path.components() {
            match part {
                Component::Normal(name) => clean.push(name),
                Component::CurDir => {}
                _ => return Err(self.refuse(path, "its path leads out of the tree")),
            }
        }
        if clean.as_os_str().is_empty() {
            return if folder { Ok(None) } else { Err(self.refuse(path, "it has no name")) };
        }
        if !self.seen.insert(clean.clone()) && !folder {
            return Err(self.refuse(path, "it occurs twice"));
        }
        let parents = clean.ancestors().skip(1);
        if parents.map(|parent| self.root.join(parent)).any(|parent| is_link(&parent)) {
            return Err(self.refuse(path, "its path goes through a link"));
        }
        Ok(Some(self.root.join(clean)))
    }

    fn folder(&mut self, path: &Path) -> Result<(), EngineError> {
        let Some(place) = self.admit(path, true)? else { return Ok(()) };
        if is_link(&place) || place.is_file() {
            return Err(self.refuse(path, "it occurs twice"));
        }
        make_open_folder(&place)
    }

    fn file(
        &mut self,
        path: &Path,
        content: &mut impl Read,
        size: u64,
        executable: bool,
    ) -> Result<(), EngineError> {
        if size > FILE_BYTES {
            return Err(self.refuse(path, "the file is larger than 4 GiB"));
        }
        let Some(place) = self.admit(path, false)? else { return Ok(()) };
        self.parent(&place)?;
        let mut file = File::options()
            .write(true)
            .create_new(true)
            .mode(0o644)
            .open(&place)
            .map_err(|e| fault::io("create", &place, e))?;
        let left = FILE_BYTES.min(self.room.saturating_sub(self.bytes)) + 1;
        let copied = io::copy(&mut content.take(left), &mut file)
            .map_err(|e| self.refuse(path, &format!("the archive is broken there: {e}")))?;
        self.bytes += copied;
        if let Some(reason) = excess(copied, self.bytes) {
            return Err(self.refuse(path, reason));
        }
        if self.bytes > self.room {
            return Err(self.refuse(path, "it unpacks to more than 200 times its own size"));
        }
        let mode = if executable { 0o755 } else { 0o644 };
        file.set_permissions(fs::Permissions::from_mode(mode))
            .map_err(|e| fault::io("set the mode of", &place, e))
    }

    fn link(&mut self, path: &Path, to: &Path) -> Result<(), EngineError> {
        let Some(place) = self.admit(path, false)? else { return Ok(()) };
        let relative = place.strip_prefix(self.root).unwrap_or(&place).to_owned();
        if leads_out(&relative, to) {
            return Err(
                self.refuse(path, &format!("it links out of the tree, to `{}`", to.display()))
            );
        }
        self.parent(&place)?;
        symlink(to, &place).map_err(|e| fault::io("make link", &place, e))?;
        self.links.push(place);
        Ok(())
    }

    /// A hard link becomes a copy of what an earlier entry brought.
    fn hard_link(&mut self, path: &Path, to: &Path) -> Result<(), EngineError> {
        let Some(place) = self.admit(path, false)? else { return Ok(()) };
        let clean: PathBuf = to.components().filter(|part| *part != Component::CurDir).collect();
        let source = self.root.join(&clean);
        if !self.seen.contains(&clean)
            || !source.symlink_metadata().is_ok_and(|meta| meta.is_file())
        {
            return Err(
                self.refuse(path, "it is a hard link to something that is not in the archive")
            );
        }
        self.parent(&place)?;
        self.bytes += fs::copy(&source, &place).map_err(|e| fault::io("copy", &place, e))?;
        if self.bytes > TOTAL_BYTES {
            return Err(self.refuse(path, "all files together are larger than 20 GiB"));
        }
        Ok(())
    }

    fn parent(&self, place: &Path) -> Result<(), EngineError> {
        place.parent().map_or(Ok(()), make_open_folder)
    }

    /// Links may lead out only in combination; resolved, each must stay within.
    fn check_links(&self) -> Result<(), EngineError> {
        let root = self.root.canonicalize().map_err(|e| fault::io("resolve", self.root, e))?;
        for link in &self.links {
            if link.canonicalize().is_ok_and(|real| !real.starts_with(&root)) {
                return Err(self.refuse(link, "it links out of the tree"));
            }
        }
        Ok(())
    }
}

fn is_link(path: &Path) -> bool {
    path.symlink_metadata().is_ok_and(|meta| meta.is_symlink())
}

/// Whether a link at `at` (relative to the tree) leads out of the tree, by its text alone.
pub(super) fn leads_out(at: &Path, to: &Path) -> bool {
    let mut depth = at.components().count().saturating_sub(1);
    for part in to.components() {
        match part {
            Component::Normal(_) => depth += 1,
            Component::CurDir => {}
            Component::ParentDir if depth > 0 => depth -= 1,
            _ => return true,
        }
    }
    to.as_os_str().is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tar_of(build: impl FnOnce(&mut tar::Builder<File>)) -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.tar");
        let mut builder = tar::Builder::new(File::create(&path).unwrap());
        build(&mut builder);
        builder.finish().unwrap();
        (folder, path)
    }

    fn entry(
        builder: &mut tar::Builder<File>,
        path: &str,
        kind: tar::EntryType,
        link: &str,
        data: &[u8],
    ) {
        let mut header = tar::Header::new_ustar();
        // Written raw: the builder itself refuses hostile paths.
        header.as_old_mut().name[..path.len()].copy_from_slice(path.as_bytes());
        header.as_old_mut().linkname[..link.len()].copy_from_slice(link.as_bytes());
        header.set_entry_type(kind);
        header.set_size(data.len() as u64);
        header.set_mode(0o4755);
        header.set_cksum();
        builder.append(&header, data).unwrap();
    }

    fn refused(build: impl FnOnce(&mut tar::Builder<File>)) -> String {
        let (folder, path) = tar_of(build);
        let into = folder.path().join("out");
        let error = unpack(&path, ArchiveKind::Tar, &into, true).unwrap_err();
        assert_eq!(error.kind, rr_core::EngineErrorKind::Refused, "{error}");
        assert!(!into.exists());
        error.to_string()
    }

    use tar::EntryType as Kind;

    #[test]
    fn one_top_folder_is_left_out_and_modes_are_reduced() {
        let (folder, path) = tar_of(|b| {
            entry(b, "pkg-1.0/run.sh", Kind::Regular, "", b"x");
            entry(b, "pkg-1.0/link", Kind::Symlink, "run.sh", b"");
        });
        let into = folder.path().join("out");
        unpack(&path, ArchiveKind::Tar, &into, true).unwrap();
        let mode = into.join("run.sh").metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o7777, 0o755);
        assert_eq!(fs::read_link(into.join("link")).unwrap(), Path::new("run.sh"));
    }

    #[test]
    fn hostile_archives_are_refused() {
        assert!(
            refused(|b| entry(b, "../evil", Kind::Regular, "", b"x")).contains("out of the tree")
        );
        assert!(
            refused(|b| entry(b, "/etc/evil", Kind::Regular, "", b"x")).contains("out of the tree")
        );
        assert!(
            refused(|b| entry(b, "a", Kind::Symlink, "/etc/passwd", b"")).contains("links out")
        );
        assert!(refused(|b| entry(b, "d/a", Kind::Symlink, "../../x", b"")).contains("links out"));
        assert!(refused(|b| entry(b, "null", Kind::Char, "", b"")).contains("device"));
        assert!(refused(|b| entry(b, "pipe", Kind::Fifo, "", b"")).contains("device"));
        assert!(
            refused(|b| entry(b, "hard", Kind::Link, "/etc/passwd", b"")).contains("hard link")
        );
        let twice = refused(|b| {
            entry(b, "a", Kind::Regular, "", b"x");
            entry(b, "./a", Kind::Regular, "", b"y");
        });
        assert!(twice.contains("twice"));
        let through = refused(|b| {
            entry(b, "d/e/f", Kind::Regular, "", b"x");
            entry(b, "l", Kind::Symlink, "d/e", b"");
            entry(b, "l/g", Kind::Regular, "", b"x");
        });
        assert!(through.contains("through a link"));
        let combined = refused(|b| {
            entry(b, "a/b/c/f", Kind::Regular, "", b"x");
            entry(b, "a/b/c/up", Kind::Symlink, "../../..", b"");
            entry(b, "t", Kind::Symlink, "a/b/c/up/..", b"");
        });
        assert!(combined.contains("links out"));
    }

    #[test]
    fn an_archive_that_unpacks_beyond_all_measure_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let mut target = Target::new(Path::new("a.zip"), folder.path());
        target.room = 1 << 20;
        let mut zeros = io::repeat(0).take(3 << 20);
        let error = target.file(Path::new("big"), &mut zeros, 3 << 20, false).unwrap_err();
        assert!(error.to_string().contains("200 times"), "{error}");
        let written = folder.path().join("big").metadata().unwrap().len();
        assert!(written <= (1 << 20) + 1, "{written} bytes were written first");
    }

    #[test]
    fn a_file_that_claims_ten_gigabytes_is_refused() {
        let message = refused(|b| {
            let mut header = tar::Header::new_gnu();
            header.set_path("big").unwrap();
            header.set_size(10 << 30);
            header.set_mode(0o644);
            header.set_cksum();
            b.append(&header, io::empty()).unwrap();
        });
        assert!(message.contains("4 GiB"), "{message}");
    }
}
