//! The Simple Text index over real trees.

#![expect(clippy::unwrap_used, reason = "test code")]

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use rr_core::{ContextIndex, SearchHit};
use rr_index::{SimpleIndex, TreeLimits};
use tempfile::TempDir;

struct Tree {
    root: TempDir,
    index: TempDir,
}

impl Tree {
    fn new(files: &[(&str, &[u8])]) -> Self {
        let tree = Self { root: TempDir::new().unwrap(), index: TempDir::new().unwrap() };
        for (path, bytes) in files {
            let path = tree.path(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, bytes).unwrap();
        }
        tree
    }

    fn path(&self, path: &str) -> std::path::PathBuf {
        self.root.path().join(path)
    }

    fn index(&self) -> SimpleIndex {
        SimpleIndex::new(self.index.path())
    }

    fn search(&self, query: &str) -> Vec<SearchHit> {
        self.index().search(query, 10).unwrap()
    }

    fn paths(&self, query: &str) -> Vec<String> {
        self.search(query).into_iter().map(|hit| hit.path).collect()
    }
}

#[test]
fn a_question_in_words_finds_the_identifier_with_line_and_snippet() {
    let tree = Tree::new(&[
        ("src/net.py", b"import os\n\n\ndef openDatabaseConnection(url):\n    pass\n"),
        ("src/other.py", b"connection = None\n"),
        ("README.md", b"# Title\n"),
    ]);
    assert_eq!(tree.index().build(tree.root.path()).unwrap(), 3);
    let hits = tree.search("database connection");
    assert_eq!((hits[0].path.as_str(), hits[0].line), ("src/net.py", 4));
    assert_eq!(hits[0].snippet, "def openDatabaseConnection(url):");
    assert_eq!(hits[1].path, "src/other.py");
    assert!(hits[0].score > hits[1].score);
}

#[test]
fn the_identifier_itself_ranks_first_in_any_case() {
    let tree = Tree::new(&[
        ("a.rs", b"fn max() {} fn len() {} fn max2() { len() }"),
        ("b.rs", b"let max_len = 3;"),
    ]);
    tree.index().build(tree.root.path()).unwrap();
    assert_eq!(tree.paths("MAX_LEN")[0], "b.rs");
    assert_eq!(tree.paths("unheard_of"), [""; 0]);
    assert_eq!(tree.paths("()?*"), [""; 0]);
}

#[test]
fn words_in_paths_count() {
    let tree = Tree::new(&[("src/billing/mod.rs", b"// nothing\n"), ("src/a.rs", b"// nothing\n")]);
    tree.index().build(tree.root.path()).unwrap();
    assert_eq!(tree.paths("billing"), ["src/billing/mod.rs"]);
}

#[test]
fn ignored_binary_and_large_files_are_left_out() {
    let large = b"zebra ".repeat(100);
    let tree = Tree::new(&[
        (".gitignore", b"*.log\n/build/\n!keep.log\n"),
        ("a.txt", b"zebra"),
        ("keep.log", b"zebra"),
        ("drop.log", b"zebra"),
        ("build/out.txt", b"zebra"),
        ("sub/build/in.txt", b"zebra"),
        ("sub/.gitignore", b"/secret.txt\n!back.log\n"),
        ("sub/secret.txt", b"zebra"),
        ("sub/back.log", b"zebra"),
        (".git/config", b"zebra"),
        ("binary", b"zebra\0"),
        ("large.txt", &large),
    ]);
    let limits = TreeLimits { file_bytes: 100, ..TreeLimits::default() };
    let summary = tree.index().with_limits(limits).build_summary(tree.root.path()).unwrap();
    let mut paths = tree.paths("zebra");
    paths.sort();
    assert_eq!(paths, ["a.txt", "keep.log", "sub/back.log", "sub/build/in.txt"]);
    assert_eq!((summary.skipped.binary, summary.skipped.large), (1, 1));
    assert_eq!(summary.skipped.ignored, 3);
    assert!(!summary.skipped.cut_off);
}

#[test]
fn links_and_pipes_are_never_followed() {
    let outside = TempDir::new().unwrap();
    fs::write(outside.path().join("secret.txt"), "zebra").unwrap();
    let tree = Tree::new(&[("a.txt", b"plain")]);
    symlink(outside.path(), tree.path("folder")).unwrap();
    symlink(outside.path().join("secret.txt"), tree.path("file.txt")).unwrap();
    symlink(outside.path().join("secret.txt"), tree.path(".gitignore")).unwrap();
    symlink("..", tree.path("loop")).unwrap();
    fs::create_dir(tree.path("sub")).unwrap();
    let mode = rustix::fs::Mode::from_raw_mode(0o600);
    let kind = rustix::fs::FileType::Fifo;
    rustix::fs::mknodat(rustix::fs::CWD, tree.path("sub/.gitignore"), kind, mode, 0).unwrap();
    let summary = tree.index().build_summary(tree.root.path()).unwrap();
    assert_eq!((summary.files, summary.skipped.special), (1, 5));
    assert_eq!(tree.paths("zebra"), [""; 0]);
    assert_eq!(tree.paths("plain"), ["a.txt"]);
}

#[test]
fn building_again_replaces_and_search_needs_no_tree() {
    let tree = Tree::new(&[("a.txt", b"zebra")]);
    tree.index().build(tree.root.path()).unwrap();
    fs::write(tree.path("a.txt"), "walrus").unwrap();
    assert_eq!(tree.search("zebra")[0].snippet, "zebra");
    tree.index().build(tree.root.path()).unwrap();
    fs::remove_file(tree.path("a.txt")).unwrap();
    assert_eq!(tree.paths("zebra"), [""; 0]);
    assert_eq!(tree.search("walrus")[0].snippet, "walrus");
}

#[test]
fn the_walk_ends_at_its_limits_and_says_so() {
    let tree = Tree::new(&[("a", b"x"), ("b", b"x"), ("c", b"x")]);
    let limits = TreeLimits { files: 2, ..TreeLimits::default() };
    let summary = tree.index().with_limits(limits).build_summary(tree.root.path()).unwrap();
    assert_eq!((summary.files, summary.skipped.cut_off), (2, true));
    let limits = TreeLimits { total_bytes: 1, ..TreeLimits::default() };
    let summary = tree.index().with_limits(limits).build_summary(tree.root.path()).unwrap();
    assert_eq!((summary.files, summary.skipped.cut_off), (1, true));
}

#[test]
fn an_absent_tree_and_an_absent_index_are_errors() {
    let tree = Tree::new(&[]);
    let error = tree.index().search("x", 1).unwrap_err();
    assert!(error.to_string().contains("searching the index"), "{error}");
    let error = tree.index().build(Path::new("/nonexistent/tree")).unwrap_err();
    assert!(error.to_string().contains("`/nonexistent/tree`"), "{error}");
}

#[test]
fn a_limit_on_hits_holds() {
    let tree = Tree::new(&[("a", b"x y"), ("b", b"x"), ("c", b"x")]);
    tree.index().build(tree.root.path()).unwrap();
    assert_eq!(tree.index().search("x", 2).unwrap().len(), 2);
    assert_eq!(tree.index().search("x", 0).unwrap().len(), 0);
}
