//! Brings a source's files into an empty folder, whatever kind of source it is.

use std::path::Path;
use std::sync::Arc;

use rr_core::{
    CancelToken, EngineError, FetchedSource, Listing, OutputSink, RepoSource, SourceFetcher,
};

use super::archive::{ArchiveKind, unpack};
use super::folder::Copier;
use super::git::Clone;
use super::git_program::Git;
use super::packages::Packages;
use super::{large_files, listing, parse, submodules, tree};
use crate::fault;
use crate::host::HostTools;
use crate::store::make_open_folder;

/// Fetches repositories.
pub struct Fetcher {
    host: HostTools,
    git: Git,
    packages: Packages,
}

/// What a fetch knows of where its files come from.
pub(super) struct Origin {
    pub(super) commit: Option<String>,
    pub(super) day: Option<String>,
    pub(super) notes: Vec<String>,
}

impl Fetcher {
    /// A fetcher that runs the host's git through `host`.
    #[must_use]
    pub fn new(host: HostTools) -> Self {
        Self { git: Git::new(host.clone()), packages: Packages::new(host.clone()), host }
    }

    fn git(
        &self,
        url: &str,
        reference: Option<&str>,
        into: &Path,
        sink: Arc<dyn OutputSink>,
        cancel: &CancelToken,
    ) -> Result<Origin, EngineError> {
        let mut clone = Clone { git: &self.git, into, sink, cancel, notes: Vec::new() };
        clone.make(url, reference)?;
        let (commit, day) = clone.head()?;
        Ok(Origin { commit: Some(commit), day, notes: clone.notes })
    }

    /// Whether a folder is the top of a repository that git knows.
    fn is_top(&self, path: &Path, cancel: &CancelToken) -> bool {
        let prefix = ["rev-parse", "--show-prefix"];
        path.join(".git").exists()
            && self.git.text(path, &prefix, cancel).is_ok_and(|prefix| prefix.is_empty())
    }

    /// Paths, separated by NUL: tracked files and untracked ones that are not ignored.
    fn git_lists(&self, path: &Path, cancel: &CancelToken) -> Result<Vec<u8>, EngineError> {
        let words = ["ls-files", "-z", "--cached", "--others", "--exclude-standard"];
        let listing = self.git.capture(path, &words, cancel)?;
        if listing.exit.success() {
            return Ok(listing.stdout);
        }
        Err(fault::environment(format!(
            "git cannot list the files of `{}`: {}",
            path.display(),
            listing.messages.trim()
        )))
    }

    /// A working folder: the objects of its repository, then its files as they are now.
    fn folder(
        &self,
        path: &Path,
        into: &Path,
        sink: Arc<dyn OutputSink>,
        cancel: &CancelToken,
    ) -> Result<Origin, EngineError> {
        let mut copier = Copier::new(path, into, cancel);
        if !self.is_top(path, cancel) {
            copier.tree(Path::new(""))?;
            return Ok(Origin { commit: None, day: None, notes: copier.notes() });
        }
        let mut clone = Clone { git: &self.git, into, sink, cancel, notes: Vec::new() };
        let origin = self.objects_of(path, &mut clone);
        copier.listed(&self.git_lists(path, cancel)?)?;
        let mut notes = clone.notes.clone();
        notes.extend(copier.notes());
        notes.extend(submodules::note(
            into,
            "`git submodule update --init` in the folder fills them",
        ));
        let Ok((commit, day)) = origin else {
            return Ok(Origin { commit: None, day: None, notes });
        };
        let changed =
            clone.git.text(into, &["status", "--porcelain", "--ignore-submodules"], cancel);
        if changed.is_ok_and(|text| !text.is_empty()) {
            notes.push(
                "the folder has changes that are not committed; they are included".to_owned(),
            );
        }
        Ok(Origin { commit: Some(commit), day, notes })
    }

    /// Copies the repository's objects and sets HEAD and the index as the user has them.
    fn objects_of(
        &self,
        path: &Path,
        clone: &mut Clone<'_>,
    ) -> Result<(String, Option<String>), EngineError> {
        let made = clone.clone_objects(path).and_then(|()| {
            let head =
                self.git.text(path, &["rev-parse", "--verify", "HEAD^{commit}"], clone.cancel)?;
            clone.run(&["update-ref", "--no-deref", "HEAD", &head])?;
            clone.run(&["read-tree", "HEAD"])?;
            clone.head()
        });
        if let Err(error) = &made {
            // A repository without commits, or one that lacks objects: the files are what counts.
            clone.notes.push(format!("the folder's history is left out: {error}"));
            crate::store::remove_tree(&clone.into.join(".git"))?;
            make_open_folder(clone.into)?;
        }
        made
    }

    fn archive(&self, path: &Path, into: &Path) -> Result<Origin, EngineError> {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let kind = ArchiveKind::of(&name)
            .ok_or_else(|| fault::internal(format!("`{}` is no archive", path.display())))?;
        unpack(path, kind, into, true)?;
        Ok(Origin { commit: None, day: None, notes: Vec::new() })
    }
}

impl SourceFetcher for Fetcher {
    fn parse(
        &self,
        text: &str,
        reference: Option<&str>,
        cwd: &Path,
    ) -> Result<RepoSource, EngineError> {
        parse::parse(text, reference, cwd, &self.host.settings().shorthand_host)
    }

    fn fetch(
        &self,
        source: &RepoSource,
        into: &Path,
        sink: Arc<dyn OutputSink>,
        cancel: &CancelToken,
    ) -> Result<FetchedSource, EngineError> {
        make_open_folder(into)?;
        let origin = match source {
            RepoSource::Git { url, reference } => {
                self.git(url, reference.as_deref(), into, sink, cancel)?
            }
            RepoSource::Folder { path, reference: Some(reference) } => {
                self.git(&path.to_string_lossy(), Some(reference), into, sink, cancel)?
            }
            RepoSource::Folder { path, reference: None } => {
                self.folder(path, into, sink, cancel)?
            }
            RepoSource::Archive { path } => self.archive(path, into)?,
            RepoSource::Package { registry, name, version } => {
                self.packages.fetch(*registry, name, version.as_deref(), into, sink, cancel)?
            }
        };
        let mut notes = origin.notes;
        notes.extend(match source {
            // A clone has asked for their content, and says what came of it.
            RepoSource::Git { .. } | RepoSource::Folder { reference: Some(_), .. } => None,
            RepoSource::Folder { .. } => {
                large_files::note(into, "`git lfs pull` in the folder fills them")
            }
            RepoSource::Archive { .. } | RepoSource::Package { .. } => {
                large_files::note(into, "the archive holds no more; a clone of the repository may")
            }
        });
        let measure = tree::measure(into);
        if measure.files == 0 {
            return Err(fault::refused(format!("`{source}` holds no files")));
        }
        let commit = match origin.commit {
            Some(commit) => commit,
            None => tree::tree_hash(into)?,
        };
        Ok(FetchedSource {
            commit,
            commit_date: origin.day.or_else(|| tree::day(measure.newest)),
            files: measure.files,
            bytes: measure.bytes,
            notes,
        })
    }

    fn list(&self, folder: &Path, cancel: &CancelToken) -> Result<Listing, EngineError> {
        listing::list(&self.git, folder, cancel)
    }
}
