//! What a folder's name says about what lies in it.

use rr_core::UnitRole;

/// Folder names that hold something other than the repository's main thing.
#[rustfmt::skip]
static DECOYS: &[(&str, UnitRole)] = &[
    ("docs", UnitRole::Docs), ("doc", UnitRole::Docs), ("documentation", UnitRole::Docs),
    ("website", UnitRole::Docs), ("docs-site", UnitRole::Docs), ("docsite", UnitRole::Docs),
    ("gh-pages", UnitRole::Docs), ("example", UnitRole::Example), ("examples", UnitRole::Example),
    ("demo", UnitRole::Example), ("demos", UnitRole::Example), ("sample", UnitRole::Example),
    ("samples", UnitRole::Example), ("tutorial", UnitRole::Example),
    ("tutorials", UnitRole::Example), ("playground", UnitRole::Example),
    ("playgrounds", UnitRole::Example), ("sandbox", UnitRole::Example),
    ("cookbook", UnitRole::Example), ("starters", UnitRole::Example),
    ("templates", UnitRole::Fixture), ("template", UnitRole::Fixture),
    ("fixture", UnitRole::Fixture), ("fixtures", UnitRole::Fixture),
    ("__fixtures__", UnitRole::Fixture), ("testdata", UnitRole::Fixture),
    ("test-data", UnitRole::Fixture), ("test_data", UnitRole::Fixture),
    ("testing", UnitRole::Fixture), ("test", UnitRole::Fixture), ("tests", UnitRole::Fixture),
    ("__tests__", UnitRole::Fixture), ("spec", UnitRole::Fixture), ("e2e", UnitRole::Fixture),
    ("integration_test", UnitRole::Fixture), ("integration-tests", UnitRole::Fixture),
    ("integration_tests", UnitRole::Fixture), ("smoke-tests", UnitRole::Fixture),
    ("vendor", UnitRole::Tooling), ("third_party", UnitRole::Tooling),
    ("third-party", UnitRole::Tooling), ("thirdparty", UnitRole::Tooling),
    ("external", UnitRole::Tooling), ("extern", UnitRole::Tooling),
    ("externals", UnitRole::Tooling), ("deps", UnitRole::Tooling),
    ("3rdparty", UnitRole::Tooling), ("3rd_party", UnitRole::Tooling),
    ("subprojects", UnitRole::Tooling), ("submodules", UnitRole::Tooling),
    ("node_modules", UnitRole::Tooling), ("bench", UnitRole::Tooling),
    ("benches", UnitRole::Tooling), ("benchmark", UnitRole::Tooling),
    ("benchmarks", UnitRole::Tooling), ("perf", UnitRole::Tooling), ("fuzz", UnitRole::Tooling),
    ("fuzzing", UnitRole::Tooling), ("hack", UnitRole::Tooling), ("ci", UnitRole::Tooling),
    ("contrib", UnitRole::Tooling), ("packaging", UnitRole::Tooling), ("tools", UnitRole::Tooling),
    ("scripts", UnitRole::Tooling), ("build-tools", UnitRole::Tooling),
    (".github", UnitRole::Tooling), (".gitlab", UnitRole::Tooling),
    (".circleci", UnitRole::Tooling), (".devcontainer", UnitRole::Tooling),
    ("buildscripts", UnitRole::Tooling), ("release", UnitRole::Tooling),
    ("infra", UnitRole::Tooling), ("deploy", UnitRole::Tooling),
];

/// Source roots of the standard JVM layout: folders below them are names of packages.
const PACKAGE_ROOTS: &[&str] = &["src/main/java/", "src/main/kotlin/", "src/main/scala/"];

/// The role that a folder's place gives to what lies in it; `None` for the repository's own code.
#[must_use]
pub(crate) fn decoy_role(folder: &str) -> Option<UnitRole> {
    let root = PACKAGE_ROOTS.iter().find_map(|root| folder.find(root));
    folder[..root.unwrap_or(folder.len())].split('/').find_map(|segment| {
        let lower = segment.to_ascii_lowercase();
        DECOYS.iter().find(|(name, _)| *name == lower).map(|(_, role)| *role)
    })
}

/// Most choices of one glob (`{a,b}`) that are tried.
const CHOICES: usize = 6;

/// Matches a path against a glob of `*`, `**`, `?` and `{a,b}`. Takes time in proportion to both
/// lengths, whatever a repository writes.
pub(crate) fn matches_glob(path: &str, glob: &str) -> bool {
    if glob.matches('{').count() <= CHOICES
        && let Some((head, rest)) = glob.split_once('{')
        && let Some((choices, tail)) = rest.split_once('}')
    {
        let mut choices = choices.split(',');
        return choices.any(|choice| matches_glob(path, &format!("{head}{choice}{tail}")));
    }
    let path: Vec<&str> = path.split('/').collect();
    let glob: Vec<&str> = glob.split('/').collect();
    // `a/**` means what lies below `a`, not `a` itself.
    let inside = glob.last() != Some(&"**") || path.len() >= glob.len();
    inside && wild(&path, &glob, |part| *part == "**", |part, pattern| segment(part, pattern))
}

fn segment(text: &str, pattern: &str) -> bool {
    let same = |a: &u8, b: &u8| *b == b'?' || a == b;
    wild(text.as_bytes(), pattern.as_bytes(), |byte| *byte == b'*', same)
}

/// Whether items match a pattern in which some stand for any number of items. The last such item
/// takes one more whenever what follows it does not fit.
fn wild<T>(
    items: &[T],
    pattern: &[T],
    any: impl Fn(&T) -> bool,
    same: impl Fn(&T, &T) -> bool,
) -> bool {
    let (mut at, mut want) = (0, 0);
    let mut last: Option<(usize, usize)> = None;
    while at < items.len() {
        match pattern.get(want) {
            Some(item) if any(item) => {
                last = Some((want, at));
                want += 1;
            }
            Some(item) if same(&items[at], item) => {
                at += 1;
                want += 1;
            }
            _ => {
                let Some((star, taken)) = last else { return false };
                last = Some((star, taken + 1));
                at = taken + 1;
                want = star + 1;
            }
        }
    }
    pattern[want..].iter().all(any)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_outermost_telling_folder_decides() {
        assert_eq!(decoy_role(""), None);
        assert_eq!(decoy_role("src/server"), None);
        assert_eq!(decoy_role("examples/vendor/x"), Some(UnitRole::Example));
        assert_eq!(decoy_role("pkg/TestData"), Some(UnitRole::Fixture));
        assert_eq!(decoy_role("shop/src/main/java/org/acme/samples/cart"), None);
        assert_eq!(decoy_role("samples/src/main/java/org/acme"), Some(UnitRole::Example));
    }

    #[test]
    fn globs_match_in_every_form_and_never_take_long() {
        let yes = [("a/b.yml", "a/*.yml"), ("a/b/c.yml", "a/**/*.yml"), ("a/c.yml", "a/**/*.yml")];
        assert!(yes.iter().all(|(path, glob)| matches_glob(path, glob)));
        assert!(matches_glob("apps/web", "{apps,packages}/*") && matches_glob("a/b/c", "a/**"));
        let no = [("a/b/c.yml", "a/*.yml"), ("b/c.yml", "a/**"), ("a", "a/**"), ("ab", "a?b")];
        assert!(no.iter().all(|(path, glob)| !matches_glob(path, glob)));
        let hostile = "*a".repeat(200) + "b";
        assert!(!matches_glob(&"a".repeat(2000), &hostile));
    }
}
