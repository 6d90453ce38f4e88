//! Which sources are read: the repository's own, the likeliest first, bounded in number and bytes.

use rr_core::{FileEntry, FileKind, RepoView};

use super::syntax::Language;
use crate::places::decoy_role;

/// Most sources read.
const FILES: usize = 300;
/// Bytes after which no further source is read.
const BYTES: u64 = 3 << 19;
/// Largest source read.
const FILE_BYTES: u64 = 160 << 10;
/// Most sources looked at by name.
const NAMES: usize = 20_000;

/// Names of files in which programs begin and configure themselves, without extension.
#[rustfmt::skip]
static TELLING: &[&str] = &[
    "main", "app", "application", "server", "index", "wsgi", "asgi", "manage", "settings", "config",
    "cli", "run", "__main__", "__init__", "api", "env", "program", "bootstrap", "kernel", "database",
    "db", "start", "lib", "mod", "routes", "constants",
];

/// What was chosen.
pub(super) struct Chosen<'r> {
    pub(super) files: Vec<(&'r FileEntry, Language)>,
    /// Sources there are, as far as they were looked at.
    pub(super) there: usize,
}

impl Chosen<'_> {
    /// Whether some sources were left out.
    pub(super) fn capped(&self) -> bool {
        self.files.len() < self.there
    }
}

/// Chooses the sources to read.
pub(super) fn choose(repo: &dyn RepoView) -> Chosen<'_> {
    let mut candidates: Vec<(usize, usize, &FileEntry, Language)> = repo
        .files()
        .iter()
        .filter_map(|entry| {
            let language = Language::of(&entry.path)?;
            own(entry).then(|| {
                let depth = entry.path.matches('/').count();
                (rank(&entry.path), depth, entry, language)
            })
        })
        .take(NAMES)
        .collect();
    candidates.sort_by(|a, b| (a.0 + a.1, &a.2.path).cmp(&(b.0 + b.1, &b.2.path)));
    let mut there = candidates.len();
    let mut bytes = 0;
    let mut files = Vec::new();
    for (_, _, entry, language) in candidates {
        if files.len() >= FILES || bytes >= BYTES {
            break;
        }
        let size = repo.size(&entry.path);
        if !(1..=FILE_BYTES).contains(&size) {
            there -= 1;
            continue;
        }
        bytes += size;
        files.push((entry, language));
    }
    Chosen { files, there }
}

/// Whether a source is the program's own: no test, no example, nothing generated or bundled.
fn own(entry: &FileEntry) -> bool {
    let path = entry.path.as_str();
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
    let stem = name.split('.').next().unwrap_or(name);
    let test = stem.starts_with("test_")
        || stem.ends_with("_test")
        || stem.ends_with("_spec")
        || name.contains(".test.")
        || name.contains(".spec.")
        || name.contains(".stories.")
        || stem == "conftest"
        || (name.ends_with("Test.java") || name.ends_with("Tests.java"));
    let made = name.ends_with(".d.ts")
        || name.ends_with(".min.js")
        || name.ends_with(".pb.go")
        || name.ends_with("_pb2.py")
        || name.contains(".generated.");
    let aside = |part: &str| {
        matches!(
            part,
            "migrations" | "dist" | "build" | "target" | "locale" | "__mocks__" | "androidTest"
        ) || part.starts_with('.')
    };
    entry.kind != FileKind::Link
        && !test
        && !made
        && !folder.split('/').any(aside)
        && !folder.ends_with("src/test")
        && !folder.contains("src/test/")
        && decoy_role(folder).is_none()
}

/// Smaller is likelier; weighed against depth.
fn rank(path: &str) -> usize {
    let name = path.rsplit('/').next().unwrap_or(path);
    let stem = name.split('.').next().unwrap_or(name).to_ascii_lowercase();
    if TELLING.contains(&stem.as_str()) || stem.ends_with("application") { 0 } else { 3 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rr_core::MemoryRepo;

    #[test]
    fn the_programs_own_sources_come_first_and_tests_do_not_come() {
        let repo = MemoryRepo::new([
            ("src/deep/down/helper.py", "x"),
            ("src/main.py", "x"),
            ("tests/test_main.py", "x"),
            ("web/a.test.ts", "x"),
            ("node_modules/x/index.js", "x"),
            ("README.md", "x"),
            ("empty.py", ""),
        ]);
        let chosen = choose(&repo);
        let paths: Vec<_> = chosen.files.iter().map(|(entry, _)| entry.path.as_str()).collect();
        assert_eq!(paths, ["src/main.py", "src/deep/down/helper.py"]);
        assert!(!chosen.capped());
    }

    #[test]
    fn reading_is_bounded() {
        let many = (0..FILES + 50).map(|at| (format!("src/m{at}.py"), "x = 1\n"));
        let repo = MemoryRepo::new(many);
        let chosen = choose(&repo);
        assert_eq!((chosen.files.len(), chosen.there), (FILES, FILES + 50));
        assert!(chosen.capped());
    }
}
