//! Clones: of a URL as shallow as the reference allows, of a local repository with its objects
//! copied. Then the work tree, its missing objects, submodules and large files.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use rr_core::{CancelToken, EngineError, OutputSink};

use super::git_program::{Git, without_credentials};
use super::limits::excess;
use super::tree::read_regular;
use super::{large_files, submodules};
use crate::fault;

/// One clone in the making.
pub(super) struct Clone<'a> {
    pub(super) git: &'a Git,
    pub(super) into: &'a Path,
    pub(super) sink: Arc<dyn OutputSink>,
    pub(super) cancel: &'a CancelToken,
    pub(super) notes: Vec<String>,
}

/// Files whose presence together with a mention of tags means that a build reads the history.
const TAG_READERS: &[&str] = &[
    "setuptools_scm",
    "setuptools-scm",
    "hatch-vcs",
    "versioneer",
    "pbr",
    "poetry-dynamic-versioning",
    "dunamai",
    "git describe",
    "GitVersion",
    "gitversion",
    "versioningit",
    "hatch_vcs",
    "pdm-backend",
    "jgitver",
    "axion-release",
    "nebula.release",
    "vergen",
    "git-version",
];

/// Without its filters git's extension for large files leaves every pointer as it is.
const LFS_FILTERS: &[&str] = &[
    "filter.lfs.process=git-lfs filter-process",
    "filter.lfs.smudge=git-lfs smudge -- %f",
    "filter.lfs.clean=git-lfs clean -- %f",
];

impl Clone<'_> {
    /// Clones a URL or a local repository and checks out the reference.
    pub(super) fn make(&mut self, url: &str, reference: Option<&str>) -> Result<(), EngineError> {
        if Path::new(url).is_absolute() {
            self.local(Path::new(url), reference)?;
        } else {
            self.remote(url, reference)?;
        }
        self.complete(url)
    }

    /// Clones a local repository, objects copied: no alternates, no hard links into the user's.
    fn local(&mut self, from: &Path, reference: Option<&str>) -> Result<(), EngineError> {
        self.clone_objects(from)?;
        match reference {
            Some(reference) => {
                let commit = self.resolve(reference)?;
                self.check_out(&commit, self.is_branch(reference).then_some(reference))
            }
            None => self.check_out_default(),
        }
    }

    /// The objects and references of a local repository, without a work tree.
    pub(super) fn clone_objects(&mut self, from: &Path) -> Result<(), EngineError> {
        let (from, into) = (from.to_string_lossy(), self.into.to_string_lossy());
        self.git.run(
            Path::new("/"),
            &[
                "clone",
                "--quiet",
                "--no-hardlinks",
                "--no-checkout",
                "--template=",
                "--",
                &from,
                &into,
            ],
            Arc::clone(&self.sink),
            self.cancel,
        )?;
        self.own_objects()
    }

    /// Copies in what the source borrowed from other repositories.
    fn own_objects(&self) -> Result<(), EngineError> {
        let alternates = self.into.join(".git/objects/info/alternates");
        if !alternates.exists() {
            return Ok(());
        }
        self.run(&["repack", "-a", "-d", "-q"])?;
        fs::remove_file(&alternates).map_err(|e| fault::io("remove", &alternates, e))
    }

    fn remote(&mut self, url: &str, reference: Option<&str>) -> Result<(), EngineError> {
        let into = self.into.to_string_lossy().into_owned();
        let root = Path::new("/");
        let sink = || Arc::clone(&self.sink);
        // Nothing is written before its size is known.
        let shallow = ["clone", "--quiet", "--depth=1", "--no-checkout", "--template="];
        let branch = match reference {
            None => Some(Vec::new()),
            Some(name) if !is_hash(name) && !name.starts_with("refs/") => {
                Some(vec![format!("--branch={name}")])
            }
            Some(_) => None,
        };
        if let Some(branch) = branch {
            let branch: Vec<&str> = branch.iter().map(String::as_str).collect();
            let arguments = [&shallow[..], &branch, &["--", url, &into]].concat();
            self.git.run(root, &arguments, sink(), self.cancel)?;
            return self.check_out_default();
        }
        let reference = reference.unwrap_or_default();
        self.git.run(
            root,
            &["init", "--quiet", "--template=", "--", &into],
            sink(),
            self.cancel,
        )?;
        self.run(&["remote", "add", "--", "origin", url])?;
        // Servers may refuse to give a commit that no reference names; then all is fetched.
        let whole = reference.len() == 40 || reference.starts_with("refs/");
        if !whole || self.run(&["fetch", "--quiet", "--depth=1", "origin", reference]).is_err() {
            let all = "+refs/heads/*:refs/remotes/origin/*";
            self.run(&["fetch", "--quiet", "--tags", "origin", all])?;
        }
        let named = if reference.starts_with("refs/") { "FETCH_HEAD" } else { reference };
        let commit = self.resolve(named)?;
        self.check_out(&commit, None)
    }

    /// The commit that a branch, tag or hash means.
    pub(super) fn resolve(&self, reference: &str) -> Result<String, EngineError> {
        let spellings = [
            format!("refs/remotes/origin/{reference}^{{commit}}"),
            format!("refs/heads/{reference}^{{commit}}"),
            format!("refs/tags/{reference}^{{commit}}"),
            format!("{reference}^{{commit}}"),
        ];
        for spelling in spellings {
            let arguments = ["rev-parse", "--verify", "--quiet", "--end-of-options", &spelling];
            if let Ok(commit) = self.git.text(self.into, &arguments, self.cancel)
                && let Some(commit) = commit.lines().last()
                && is_hash(commit)
            {
                return Ok(commit.to_owned());
            }
        }
        let names = ["for-each-ref", "--sort=-committerdate", "--count=8"];
        let format = ["--format=%(refname:lstrip=2)", "refs/remotes", "refs/heads", "refs/tags"];
        let known = self.git.text(self.into, &[&names[..], &format[..]].concat(), self.cancel);
        let known = known.unwrap_or_default().replace("origin/", "");
        let mut known: Vec<&str> = known.lines().filter(|name| *name != "HEAD").collect();
        known.sort_unstable();
        known.dedup();
        Err(fault::refused(format!("the repository has no branch, tag or commit `{reference}`"))
            .with_hint(format!("among those it has: {}", known.join(", "))))
    }

    fn is_branch(&self, reference: &str) -> bool {
        let name = format!("refs/remotes/origin/{reference}");
        self.git.succeeds(self.into, &["show-ref", "--verify", "--quiet", "--", &name], self.cancel)
    }

    /// Checks out what HEAD names; a HEAD that names nothing gives way to the only branch, or to
    /// the branch with the newest commit.
    fn check_out_default(&mut self) -> Result<(), EngineError> {
        let verify = ["rev-parse", "--verify", "--quiet", "HEAD^{commit}"];
        if let Ok(commit) = self.git.text(self.into, &verify, self.cancel) {
            return self.fill_work_tree(&commit);
        }
        let newest = [
            "for-each-ref",
            "--sort=-committerdate",
            "--count=1",
            "--format=%(objectname)",
            "refs/remotes/origin",
            "refs/heads",
            "refs/tags",
        ];
        let commit = self.git.text(self.into, &newest, self.cancel)?;
        if commit.is_empty() {
            return Err(fault::refused("the repository has no commit"));
        }
        self.notes.push("HEAD names no commit; the newest branch is taken".to_owned());
        self.check_out(&commit, None)
    }

    fn check_out(&mut self, commit: &str, branch: Option<&str>) -> Result<(), EngineError> {
        let head = self.into.join(".git/HEAD");
        match branch {
            Some(branch) => {
                let name = format!("refs/heads/{branch}");
                self.run(&["update-ref", &name, commit])?;
                self.run(&["symbolic-ref", "HEAD", &name])?;
            }
            None => {
                fs::write(&head, format!("{commit}\n")).map_err(|e| fault::io("write", &head, e))?
            }
        }
        self.fill_work_tree(commit)
    }

    /// Writes the index and the files. Some clones lack objects: what can be had is written, the
    /// rest is noted and marked so that git does not see it as deleted.
    fn fill_work_tree(&mut self, commit: &str) -> Result<(), EngineError> {
        self.check_sizes(commit)?;
        self.run(&["read-tree", commit])?;
        if self.run(&["checkout-index", "--all", "--force", "--quiet"]).is_ok() {
            let _ = self.run(&["update-index", "--refresh", "-q"]);
            return Ok(());
        }
        let listed = self.git.capture(self.into, &["ls-files", "--deleted", "-z"], self.cancel)?;
        let missing: Vec<String> = String::from_utf8_lossy(&listed.stdout)
            .split('\0')
            .filter(|path| !path.is_empty())
            .map(str::to_owned)
            .collect();
        let _ = self.run(&["update-index", "--refresh", "-q"]);
        if missing.is_empty() {
            return Err(fault::environment("git could not write the work tree"));
        }
        for chunk in missing.chunks(500) {
            let paths = chunk.iter().map(String::as_str);
            let arguments: Vec<&str> =
                ["update-index", "--skip-worktree", "--"].into_iter().chain(paths).collect();
            let _ = self.run(&arguments);
        }
        let shown = missing.iter().take(10).map(|path| format!("`{path}`")).collect::<Vec<_>>();
        self.notes.push(format!(
            "{} files whose content is missing from the repository: {}{}",
            missing.len(),
            shown.join(", "),
            if missing.len() > shown.len() { ", …" } else { "" }
        ));
        Ok(())
    }

    /// Refuses a tree whose files would fill the disk: the objects of a hostile one are small.
    fn check_sizes(&self, commit: &str) -> Result<(), EngineError> {
        let list = ["ls-tree", "-r", "-l", "-z", "--full-tree", commit];
        let listed = self.git.capture(self.into, &list, self.cancel)?;
        if !listed.exit.success() {
            // Objects are missing; what there is, is checked while it is written.
            return Ok(());
        }
        let mut total = 0u64;
        for entry in listed.stdout.split(|byte| *byte == 0) {
            let entry = String::from_utf8_lossy(entry);
            let Some((head, path)) = entry.split_once('\t') else { continue };
            let size: u64 =
                head.split_whitespace().last().and_then(|s| s.parse().ok()).unwrap_or(0);
            total += size;
            if let Some(reason) = excess(size, total) {
                return Err(fault::refused(format!(
                    "the repository is refused at `{path}`: {reason}"
                )));
            }
        }
        Ok(())
    }

    /// What follows a checkout; its failures are notes.
    fn complete(&mut self, url: &str) -> Result<(), EngineError> {
        self.fetch_tags();
        self.fetch_submodules(url);
        self.fetch_large_files();
        let shown = without_credentials(url);
        if shown != url {
            self.run(&["remote", "set-url", "origin", &shown])?;
        }
        Ok(())
    }

    /// A shallow clone has no tags; builds that compute their version from them get the history.
    fn fetch_tags(&mut self) {
        if !self.into.join(".git/shallow").exists() {
            return;
        }
        let files = [
            "pyproject.toml",
            "setup.py",
            "setup.cfg",
            "Makefile",
            "CMakeLists.txt",
            "configure.ac",
            "build.gradle",
            "build.gradle.kts",
            "package.json",
            "build.rs",
            "meson.build",
            "pom.xml",
        ];
        let reader = files.iter().find_map(|file| {
            let text = read_regular(&self.into.join(file))?;
            TAG_READERS.iter().find(|word| text.contains(**word)).map(|word| (*file, *word))
        });
        let Some((file, word)) = reader else { return };
        match self.run(&["fetch", "--quiet", "--unshallow", "--tags", "origin"]) {
            Ok(()) => {
                self.notes.push(format!("history fetched, because `{file}` mentions `{word}`"))
            }
            Err(error) => self
                .notes
                .push(format!("history not fetched though `{file}` mentions `{word}`: {error}")),
        }
    }

    /// Submodules of a repository on this machine are on it too, mostly. What lies here is only
    /// brought where the user trusts the repository: else it could name any other folder of theirs.
    fn fetch_submodules(&mut self, url: &str) {
        if submodules::empty(self.into).is_empty() {
            return;
        }
        let local = Path::new(url).is_absolute();
        let allowed = if local && self.git.is_trusted() { "always" } else { "never" };
        let file = format!("protocol.file.allow={allowed}");
        let update = ["submodule", "update", "--init", "--recursive", "--depth=1", "--quiet"];
        let done = self.run(&[&["-c", file.as_str()], &update[..]].concat());
        let reason = match done {
            Err(error) if error.message.contains("transport 'file' not allowed") => {
                "they lie on this machine; `--trust` lets a repository of this machine fetch them"
                    .to_owned()
            }
            Err(error) => error.message,
            Ok(()) => "git brought nothing".to_owned(),
        };
        self.notes.extend(submodules::note(self.into, &reason));
    }

    /// Brings what pointers stand for. The files are then marked as unchanged: our git has no
    /// filter to tell that they are what was committed, and builds ask whether a tree is clean.
    fn fetch_large_files(&mut self) {
        let pointers = large_files::pointers(self.into);
        if pointers.is_empty() {
            return;
        }
        let pull: Vec<&str> = LFS_FILTERS.iter().flat_map(|set| ["-c", *set]).collect();
        let reason = if !self.git.has_lfs() {
            large_files::NOT_INSTALLED.to_owned()
        } else if let Err(error) = self.run(&[&pull[..], &["lfs", "pull"]].concat()) {
            error.message
        } else {
            "`git lfs pull` brought nothing".to_owned()
        };
        for chunk in pointers.chunks(500) {
            let paths = chunk.iter().map(String::as_str);
            let mark = ["update-index", "--assume-unchanged", "--"].into_iter().chain(paths);
            // A file that cannot be marked is seen as changed, and nothing else.
            let _seen_as_changed = self.run(&mark.collect::<Vec<_>>());
        }
        self.notes.extend(large_files::note(self.into, &reason));
    }

    /// Hash and day of HEAD. Only sound before a sandboxed process has written to the clone.
    pub(super) fn head(&self) -> Result<(String, Option<String>), EngineError> {
        let text =
            self.git.text(self.into, &["log", "-1", "--format=%H %cs", "HEAD"], self.cancel)?;
        let (hash, day) = text.split_once(' ').unwrap_or((&text, ""));
        Ok((hash.to_owned(), (!day.is_empty()).then(|| day.to_owned())))
    }

    pub(super) fn run(&self, arguments: &[&str]) -> Result<(), EngineError> {
        self.git.run(self.into, arguments, Arc::clone(&self.sink), self.cancel)
    }
}

/// Seven to forty hexadecimal digits.
fn is_hash(text: &str) -> bool {
    (7..=40).contains(&text.len()) && text.chars().all(|c| c.is_ascii_hexdigit())
}
