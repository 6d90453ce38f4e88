//! The valid word that is nearest to a mistyped one.

/// The nearest of `words`, where it is near enough to be meant.
pub(super) fn nearest<'a>(typed: &str, words: &[&'a str]) -> Option<&'a str> {
    let typed = typed.to_ascii_lowercase().replace('_', "-");
    if let Some(known) = synonym(&typed).and_then(|word| words.iter().find(|w| **w == word)) {
        return Some(known);
    }
    let scored = words.iter().map(|word| (distance(&typed, word), *word));
    let (score, word) = scored.min_by_key(|(score, _)| *score)?;
    (score <= 1 + word.len() / 3).then_some(word)
}

/// Words of other tools for the same thing.
fn synonym(typed: &str) -> Option<&'static str> {
    Some(match typed {
        "packages" | "apt" | "apt-packages" | "aptpkgs" | "system" | "apt-get" => "system-packages",
        "variables" | "environment" | "vars" => "env",
        "databases" | "database" | "db" => "services",
        "versions" | "version" | "tools" | "runtime" | "runtimes" | "languages" => "toolchains",
        "cwd" | "root" | "workdir" | "working-directory" | "directory" | "path" | "dir" => "folder",
        "run" | "command" | "cmd" | "serve" | "run-command" | "start-command" => "start",
        "health" | "healthcheck" | "health-check" => "health-path",
        "units" | "parts" | "projects" | "workspaces" => "packages",
        "test-command" | "tests" => "test",
        "add" | "extra" | "additional" | "include" => "append",
        "set" | "override" | "commands" | "only" => "replace",
        "delete" | "without" | "drop" => "remove",
        "skip" | "ignore" | "deselect" => "exclude",
        _ => return None,
    })
}

/// Levenshtein's distance.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut corner = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let substituted = corner + usize::from(x != *y);
            corner = row[j + 1];
            row[j + 1] = substituted.min(corner + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_and_another_tools_word_find_the_key_and_nonsense_finds_none() {
        let words = ["toolchains", "system-packages", "env", "test"];
        assert_eq!(nearest("toolchain", &words), Some("toolchains"));
        assert_eq!(nearest("system_packages", &words), Some("system-packages"));
        assert_eq!(nearest("environment", &words), Some("env"));
        assert_eq!(nearest("zzzzzzz", &words), None);
    }
}
