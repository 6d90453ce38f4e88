//! Variables: of this process, and those the user gives to a run.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context as _, bail};

/// The process environment, UTF-8 entries only.
#[expect(clippy::disallowed_methods, reason = "configuration: the environment is read once, here")]
pub(crate) fn of_process() -> BTreeMap<String, String> {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect()
}

/// The variables of `--env-file`, then those of `--env`.
pub(crate) fn for_run(
    file: Option<&Path>,
    pairs: &[String],
) -> anyhow::Result<BTreeMap<String, String>> {
    let mut env = BTreeMap::new();
    if let Some(path) = file {
        let text =
            std::fs::read_to_string(path).with_context(|| format!("read `{}`", path.display()))?;
        for (at, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let pair = line.strip_prefix("export ").unwrap_or(line);
            let (name, value) = split(pair).with_context(|| {
                format!("`{}` line {}: `{line}` is not KEY=VALUE", path.display(), at + 1)
            })?;
            env.insert(name, unquote(&value));
        }
    }
    for pair in pairs {
        let (name, value) =
            split(pair).with_context(|| format!("`--env {pair}` is not KEY=VALUE"))?;
        env.insert(name, value);
    }
    Ok(env)
}

fn split(pair: &str) -> anyhow::Result<(String, String)> {
    let Some((name, value)) = pair.split_once('=') else { bail!("it has no `=`") };
    let name = name.trim();
    let first = name.chars().next();
    let shaped = first.is_some_and(|c| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if !shaped {
        bail!("`{name}` is no name of a variable");
    }
    Ok((name.to_owned(), value.to_owned()))
}

fn unquote(value: &str) -> String {
    let value = value.trim();
    let inner = |quote: char| value.strip_prefix(quote).and_then(|v| v.strip_suffix(quote));
    inner('"').or_else(|| inner('\'')).unwrap_or(value).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn command_line_wins_over_file_and_bad_lines_name_their_place() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("env");
        std::fs::write(&file, "# note\nexport A=\"1 2\"\nB='x'\n").expect("written");
        let env = for_run(Some(&file), &["B=y".into()]).expect("parsed");
        assert_eq!(env.get("A").map(String::as_str), Some("1 2"));
        assert_eq!(env.get("B").map(String::as_str), Some("y"));
        std::fs::write(&file, "A=1\n2B=3\n").expect("written");
        let error = format!("{:#}", for_run(Some(&file), &[]).expect_err("refused"));
        assert!(error.contains("line 2") && error.contains("2B"), "{error}");
    }
}
