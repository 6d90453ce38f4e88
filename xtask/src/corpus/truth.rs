//! The list of repositories and what a person got out of each by hand.

use std::collections::HashMap;
use std::path::Path;

use anyhow::{Context, Result};

/// One row of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Row {
    /// `owner/name`.
    pub(crate) repo: String,
    /// The commit to run.
    pub(crate) commit: String,
    /// Tests found by hand, where known.
    pub(crate) total: Option<u64>,
    /// Tests passed by hand, where known.
    pub(crate) passed: Option<u64>,
    /// Whether the counts were obtained by hand, so that the row counts in the totals.
    pub(crate) trusted: bool,
}

/// Reads a list. Needs the columns `repo` and `commit`; uses `tests_total`, `tests_passed` and
/// `status` where there.
///
/// # Errors
/// Where the file cannot be read, a needed column is absent, or a count is no number.
pub(crate) fn read(path: &Path) -> Result<Vec<Row>> {
    let text =
        std::fs::read_to_string(path).with_context(|| format!("reading `{}`", path.display()))?;
    parse(&text).with_context(|| format!("reading `{}`", path.display()))
}

fn parse(text: &str) -> Result<Vec<Row>> {
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(text.as_bytes());
    let mut rows = Vec::new();
    for record in reader.deserialize() {
        rows.push(row(&record?)?);
    }
    Ok(rows)
}

fn row(cells: &HashMap<String, String>) -> Result<Row> {
    let cell = |name: &str| cells.get(name).map(|text| text.trim()).filter(|t| !t.is_empty());
    let repo = cell("repo").context("a row without `repo`")?.to_owned();
    let count = |name: &str| -> Result<Option<u64>> {
        cell(name)
            .map(|text| text.parse().with_context(|| format!("`{name}` of `{repo}`: `{text}`")))
            .transpose()
    };
    let (total, passed) = (count("tests_total")?, count("tests_passed")?);
    let by_hand = cell("status").is_some_and(|status| status.starts_with("ok"));
    let commit = cell("commit").with_context(|| format!("`{repo}` without `commit`"))?.to_owned();
    Ok(Row { commit, total, passed, trusted: by_hand && passed.is_some(), repo })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_read_by_column_name() {
        let text = "commit,repo,tests_passed,tests_total,trap,status\nc1,a/b,8,9,\"x, y\",ok\nc2,c/d,,,,read only\n";
        let rows = parse(text).unwrap();
        assert_eq!((rows[0].repo.as_str(), rows[0].commit.as_str()), ("a/b", "c1"));
        assert_eq!((rows[0].total, rows[0].passed, rows[0].trusted), (Some(9), Some(8), true));
        assert_eq!((rows[1].passed, rows[1].trusted), (None, false));
    }

    #[test]
    fn counts_that_are_no_numbers_are_refused() {
        assert!(parse("repo,commit,tests_passed\na/b,c,many\n").is_err());
        assert!(parse("repo,tests_passed\na/b,1\n").is_err());
    }
}
