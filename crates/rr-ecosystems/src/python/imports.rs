//! What Python files import, read line by line without parsing the language.

use std::collections::BTreeSet;

/// The modules that a file imports at its top level: imports inside functions, classes, `try`
/// and `if` blocks are optional ones and are left out.
pub(super) fn top_level(source: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut quoted: Option<&str> = None;
    for line in source.lines() {
        if let Some(quote) = quoted {
            if line.contains(quote) {
                quoted = None;
            }
            continue;
        }
        quoted = opens_text(line);
        if line.starts_with([' ', '\t', '#']) {
            continue;
        }
        modules_of(line, &mut found);
    }
    found
}

fn modules_of(line: &str, found: &mut BTreeSet<String>) {
    let line = line.split('#').next().unwrap_or(line);
    if let Some(rest) = line.strip_prefix("from ") {
        let Some((module, _)) = rest.split_once(" import") else { return };
        let module = module.trim();
        if !module.is_empty() && !module.starts_with('.') && is_dotted(module) {
            found.insert(module.to_owned());
        }
    } else if let Some(rest) = line.strip_prefix("import ") {
        for part in rest.split([',', ';']) {
            let module = part.trim().split(' ').next().unwrap_or("");
            if is_dotted(module) {
                found.insert(module.to_owned());
            }
        }
    }
}

fn is_dotted(module: &str) -> bool {
    !module.is_empty()
        && module.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'.')
}

/// The quote of a triple-quoted text that starts on this line and does not end on it.
fn opens_text(line: &str) -> Option<&'static str> {
    ["\"\"\"", "'''"].into_iter().find(|quote| line.matches(quote).count() % 2 == 1)
}

/// A sign that a file is written for Python 2 and cannot be read by Python 3.
pub(super) fn python2_line(source: &str) -> Option<(u32, &str)> {
    let mut quoted: Option<&str> = None;
    for (index, line) in source.lines().enumerate() {
        if let Some(quote) = quoted {
            if line.contains(quote) {
                quoted = None;
            }
            continue;
        }
        quoted = opens_text(line);
        let code = line.trim_start();
        let prints = code.strip_prefix("print ").is_some_and(|rest| {
            rest.starts_with(['"', '\'']) || rest.starts_with(|c: char| c.is_ascii_alphabetic())
        }) && !code.starts_with("print =");
        let excepts = code
            .strip_prefix("except ")
            .and_then(|rest| rest.trim_end().strip_suffix(':'))
            .is_some_and(|rest| {
                rest.contains(", ") && !rest.contains(['(', ')']) && !rest.contains(" as ")
            });
        let raises = code.strip_prefix("raise ").is_some_and(|rest| {
            rest.split_once(", ").is_some_and(|(class, _)| {
                !class.is_empty() && class.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'.')
            })
        });
        let prose = code.ends_with('.') && prints && !code.contains(['"', '\'', '%', '(']);
        if (prints && !prose) || excepts || raises {
            return Some((u32::try_from(index + 1).unwrap_or(u32::MAX), line));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn optional_imports_are_told_from_needed_ones() {
        let source = "import os, yaml\nfrom a.b import c\ntry:\n    import d\nexcept ImportError:\n    d = None\nfrom . import e\n\"\"\"\nimport prose\n\"\"\"\n";
        let needed: Vec<String> = top_level(source).into_iter().collect();
        assert_eq!(needed, ["a.b", "os", "yaml"]);
    }

    #[test]
    fn python_2_is_seen_by_its_statements() {
        assert!(python2_line("print \"x\"").is_some());
        assert!(python2_line("try:\n    x\nexcept IOError, e:\n    pass").is_some());
        assert!(python2_line("raise ValueError, 'x'").is_some());
        assert!(python2_line("print(x)\nexcept (A, B) as e:\nraise E(a, b)").is_none());
        assert!(python2_line("\"\"\"\nprint this\n\"\"\"").is_none());
    }
}
