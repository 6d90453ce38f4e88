//! The program that hand-written makefiles build: a variable names it, or a rule links it.

use std::sync::LazyLock;

use regex::Regex;
use rr_core::RepoView;

use super::detect::is_source;
use super::make::text;
use super::paths::{file_name, join};

/// Folders to which a makefile leaves the program, where it calls itself there.
const BELOW: &[&str] = &["src", "source", "programs", "cmd", "cli", "app"];
/// Most sources of a folder looked at for an entry point.
const SOURCES: usize = 60;
/// Targets that are no program of the project's own.
const ASIDE: &[&str] = &["test", "lib", "bench", "example", "demo", "sample", "fuzz", "unit"];

/// `TARGET = frob`, `PROG := frob`
static NAMED: LazyLock<Regex> = LazyLock::new(|| {
    expression(
        r"(?m)^(?:TARGET|PROG|PROGRAM|BIN|BINARY|EXE|EXECUTABLE)\s*[:?]?=\s*([A-Za-z0-9_+-]+)\s*$",
    )
});
/// `frob: $(OBJECTS)` with a recipe that links: `$(CC) $(LDFLAGS) -o $@ $^`.
static LINKED: LazyLock<Regex> = LazyLock::new(|| {
    expression(
        r"(?m)^([A-Za-z0-9_+-]+)[ \t]*:[^=\n]*\n(?:\t[^\n]*\n|#[^\n]*\n)*?\t[^\n]*(?:\$[({](?:CC|CXX|LINK|LD)[)}]|\b(?:gcc|g\+\+|cc|clang)\b)[^\n]* -o +(\S+)",
    )
});

fn expression(text: &str) -> Regex {
    #[expect(clippy::unwrap_used, reason = "constant expressions, tried by the tests")]
    Regex::new(text).unwrap()
}

/// The program of a folder's makefile, or of the one below that it calls.
pub(super) fn main_program(repo: &dyn RepoView, folder: &str) -> Option<String> {
    let (_, own) = text(repo, folder)?;
    named(&own).or_else(|| linked(repo, folder, &own)).or_else(|| {
        let below = BELOW.iter().map(|name| join(folder, name));
        below.filter(|below| called(&own, file_name(below))).find_map(|below| {
            let (_, text) = text(repo, &below)?;
            named(&text).or_else(|| linked(repo, &below, &text))
        })
    })
}

/// The program of tests that a folder's makefile links by itself, where no goal runs it: `all`
/// asks for it, or its rule is the first. Gives its name and its line, from 1.
pub(super) fn test_program(repo: &dyn RepoView, folder: &str) -> Option<(String, String, u32)> {
    let (path, text) = text(repo, folder)?;
    let rule = |line: &&str| {
        line.split_once(':').is_some_and(|(name, rest)| {
            !name.starts_with(['.', '\t', '#', ' '])
                && !rest.starts_with('=')
                && !name.contains('$')
        })
    };
    let (goal, needs) = text.lines().find(rule)?.split_once(':')?;
    LINKED.captures_iter(&text).find_map(|found| {
        let (target, output) = (found.get(1)?, &found[2]);
        let name = target.as_str();
        let itself = output.starts_with("$@") || output.trim_start_matches("./") == name;
        let asked = goal.trim() == name || needs.split_whitespace().any(|need| need == name);
        let line = 1 + text[..target.start()].matches('\n').count();
        let line = u32::try_from(line).unwrap_or(u32::MAX);
        (itself && asked && name.contains("test")).then(|| (name.to_owned(), path.clone(), line))
    })
}

fn named(text: &str) -> Option<String> {
    let name = NAMED.captures(text).map(|found| found[1].to_owned())?;
    (!aside(&name) && name != "bin").then_some(name)
}

/// The first target that is linked from objects, where the folder has an entry point.
fn linked(repo: &dyn RepoView, folder: &str, text: &str) -> Option<String> {
    let name = LINKED.captures_iter(text).find_map(|found| {
        let (target, output) = (&found[1], &found[2]);
        let itself = output.starts_with("$@") || output.trim_start_matches("./") == target;
        (itself && !aside(target) && target != "all").then(|| target.to_owned())
    })?;
    let sources = repo.children(folder).into_iter().filter(|entry| is_source(&entry.path));
    let own = sources.filter(|entry| {
        let stem = file_name(&entry.path).split('.').next().unwrap_or_default();
        stem.starts_with(&name) || ["main", "cli", "program"].contains(&stem)
    });
    let texts = own.take(SOURCES).filter_map(|entry| repo.text(&entry.path));
    let mut begins = texts.filter(|text| text.contains("main("));
    // A server never answers what a command is asked; it is started where its use is documented.
    begins.next().is_some_and(|text| !text.contains("listen(")).then_some(name)
}

fn aside(name: &str) -> bool {
    ASIDE.iter().any(|word| name.to_ascii_lowercase().contains(word))
}

/// Whether a makefile calls make in a folder: `$(MAKE) -C src`, `cd src && $(MAKE)`,
/// `PRGDIR = programs` with `$(MAKE) -C $(PRGDIR)`.
fn called(text: &str, folder: &str) -> bool {
    let at = |name: &str| {
        ["$(MAKE) -C ", "${MAKE} -C ", "make -C "].iter().any(|call| {
            text.match_indices(&format!("{call}{name}")).any(|(start, found)| {
                text[start + found.len()..].chars().next().is_none_or(|c| !c.is_alphanumeric())
            })
        }) || text.contains(&format!("cd {name} && $(MAKE)"))
    };
    let variable = text.lines().find_map(|line| {
        let (name, value) = line.split_once('=')?;
        (value.trim() == folder).then(|| name.trim_end_matches([' ', ':', '?']).to_owned())
    });
    at(folder) || variable.is_some_and(|name| at(&format!("$({name})")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rr_core::MemoryRepo;

    const MAIN: &str = "int main(void) { return 0; }";

    #[test]
    fn a_rule_that_links_names_the_program() {
        let make = "CC ?= cc\nall: frob\nfrob: frob.o\n\t$(CC) $(LDFLAGS) -o $@ $^\nfrob-test: t.o\n\t$(CC) -o $@ $^\n";
        let repo = MemoryRepo::new([("Makefile", make), ("frob.c", MAIN)]);
        assert_eq!(main_program(&repo, "").as_deref(), Some("frob"));
        let library = MemoryRepo::new([("Makefile", make), ("frob.c", "int f;")]);
        assert_eq!(main_program(&library, ""), None);
    }

    #[test]
    fn a_makefile_below_that_is_called_counts() {
        let top = "DIR = programs\nfrob:\n\t$(MAKE) -C $(DIR) $@\n";
        let below =
            "frob: CFLAGS += -g\nfrob: $(OBJ)\n\t@echo linking\n\t$(CC) $(OBJ) -o $@$(EXT)\n";
        let files = [("programs/Makefile", below), ("programs/frobcli.c", MAIN)];
        let with =
            |top: &'static str| MemoryRepo::new(files.into_iter().chain([("Makefile", top)]));
        assert_eq!(main_program(&with(top), "").as_deref(), Some("frob"));
        assert_eq!(main_program(&with("all:\n\techo\n"), ""), None);
    }

    #[test]
    fn a_linked_test_program_is_known_where_everything_asks_for_it() {
        let make = "all: frob-test\n\nfrob-test: frob.c\n\t$(CC) -o frob-test frob.c -DTEST\n";
        let repo = MemoryRepo::new([("Makefile", make), ("frob.c", MAIN)]);
        let wanted = ("frob-test".to_owned(), "Makefile".to_owned(), 3);
        assert_eq!(test_program(&repo, ""), Some(wanted));
        let other = MemoryRepo::new([("Makefile", make.replace("all: frob-test", "all: frob"))]);
        assert_eq!(test_program(&other, ""), None);
    }

    #[test]
    fn a_variable_that_names_the_program_rules() {
        let repo = MemoryRepo::new([("Makefile", "TARGET = frob\n$(TARGET): a.o\n")]);
        assert_eq!(main_program(&repo, "").as_deref(), Some("frob"));
    }
}
