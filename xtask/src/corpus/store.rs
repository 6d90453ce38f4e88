//! Keeps the records of finished runs, so that a corpus run that was cut off goes on.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::record::Record;

/// Records in the order they were finished, on disk where a file was named.
pub(crate) struct Store {
    path: Option<PathBuf>,
    records: Vec<Record>,
}

impl Store {
    /// Opens the file, or begins anew where it is absent.
    ///
    /// # Errors
    /// Where the file cannot be read or is not ours: it is never overwritten then.
    pub(crate) fn open(path: Option<&Path>) -> Result<Self> {
        let records = match path.filter(|path| path.exists()) {
            None => Vec::new(),
            Some(path) => {
                let text = fs::read_to_string(path)
                    .with_context(|| format!("reading `{}`", path.display()))?;
                serde_json::from_str(&text)
                    .with_context(|| format!("reading `{}` as results", path.display()))?
            }
        };
        Ok(Self { path: path.map(Path::to_owned), records })
    }

    /// The finished run of the same commit by the same binary, if any.
    pub(crate) fn finished(&self, repo: &str, commit: &str, binary: &str) -> Option<&Record> {
        self.records
            .iter()
            .find(|r| r.ran && r.repo == repo && r.commit == commit && r.binary == binary)
    }

    /// Keeps a record in place of the repository's older one.
    ///
    /// # Errors
    /// Where the file cannot be written.
    pub(crate) fn keep(&mut self, record: Record) -> Result<()> {
        self.records.retain(|r| r.repo != record.repo);
        self.records.push(record);
        let Some(path) = &self.path else { return Ok(()) };
        let text = serde_json::to_string_pretty(&self.records).context("writing results")?;
        let draft = path.with_extension("tmp");
        fs::write(&draft, text)
            .and_then(|()| fs::rename(&draft, path))
            .with_context(|| format!("writing `{}`", path.display()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(repo: &str, ran: bool) -> Record {
        let (repo, commit) = (repo.to_owned(), "c".to_owned());
        Record { repo, commit, binary: "hash".to_owned(), ran, ..Record::default() }
    }

    #[test]
    fn finished_runs_are_found_again_and_others_are_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("results.json");
        let mut store = Store::open(Some(&path)).unwrap();
        store.keep(record("a/b", false)).unwrap();
        store.keep(record("c/d", true)).unwrap();
        let store = Store::open(Some(&path)).unwrap();
        assert!(store.finished("c/d", "c", "hash").is_some());
        assert!(store.finished("c/d", "other", "hash").is_none());
        assert!(store.finished("c/d", "c", "newer").is_none());
        assert!(store.finished("a/b", "c", "hash").is_none());
    }

    #[test]
    fn a_foreign_file_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("notes.json");
        fs::write(&path, "{}").unwrap();
        assert!(Store::open(Some(&path)).is_err());
    }
}
