//! Trees made to break whoever reads them: each is analysed to its end, with what it honestly is.

#![expect(clippy::unwrap_used, reason = "test code")]

use std::fs;
use std::path::Path;

use rr_core::{Analysis, Analyzer, MemoryRepo};
use rr_ecosystems::analysis::{RepoAnalyzer, analyze_view};

const MANIFEST: (&str, &str) = ("package.json", r#"{"name": "a", "scripts": {"test": "jest"}}"#);

fn beside_a_manifest(path: &str, text: String) -> Analysis {
    let files = [(MANIFEST.0.to_owned(), MANIFEST.1.to_owned()), (path.to_owned(), text)];
    analyze_view(&MemoryRepo::new(files))
}

fn recognised(analysis: &Analysis) -> bool {
    analysis.units.iter().any(|unit| unit.ecosystem.as_str() == "javascript")
}

#[test]
fn references_that_multiply_are_not_followed_to_their_end() {
    let mut laughs = String::from("a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol, lol]\n");
    for level in 1..40 {
        let before = format!("*a{}", level - 1);
        let list = [before.as_str(); 10].join(", ");
        laughs.push_str(&format!("a{level}: &a{level} [{list}]\n"));
    }
    for path in [".github/workflows/ci.yml", "docker-compose.yml", ".gitlab-ci.yml", "mkdocs.yml"] {
        assert!(recognised(&beside_a_manifest(path, laughs.clone())), "{path}");
    }
}

#[test]
fn nesting_without_end_overflows_nothing() {
    for (open, close) in [("[", "]"), ("{\"a\":", "}"), ("{a: ", "}"), ("(", ")"), ("- ", "")] {
        let deep = format!("{}1{}", open.repeat(200_000), close.repeat(200_000));
        assert!(recognised(&beside_a_manifest("setup.py", format!("setup(a={deep}"))), "{open}");
        for path in [
            ".github/workflows/ci.yml",
            "docker-compose.yml",
            "tsconfig.json",
            "deno.json",
            "composer.json",
            "pyproject.toml",
            "Cargo.toml",
            "setup.py",
            "setup.cfg",
            "pom.xml",
            "Makefile",
            "CMakeLists.txt",
            "meson.build",
            "build.gradle",
            "Dockerfile",
            "README.md",
            "justfile",
            "go.mod",
            "noxfile.py",
            "tox.ini",
            ".env.example",
            "packages/b/package.json",
        ] {
            assert!(recognised(&beside_a_manifest(path, deep.clone())), "{path} of {open}");
        }
    }
}

#[test]
fn files_too_large_to_be_what_they_say_are_not_read() {
    let folder = tempfile::tempdir().unwrap();
    write_manifest(folder.path());
    let lock = fs::File::create(folder.path().join("package-lock.json")).unwrap();
    lock.set_len(100 << 20).unwrap();
    let analysis = RepoAnalyzer.analyze(folder.path(), None, None).unwrap();
    assert!(recognised(&analysis));
}

#[test]
fn links_in_circles_and_names_that_are_no_text_are_left_out() {
    use std::os::unix::ffi::OsStrExt as _;
    let folder = tempfile::tempdir().unwrap();
    write_manifest(folder.path());
    std::os::unix::fs::symlink(".", folder.path().join("itself")).unwrap();
    std::os::unix::fs::symlink("b", folder.path().join("a")).unwrap();
    std::os::unix::fs::symlink("a", folder.path().join("b")).unwrap();
    fs::write(folder.path().join(std::ffi::OsStr::from_bytes(b"\xff\xfe.py")), "x").unwrap();
    fs::write(folder.path().join("latin1.py"), b"# caf\xe9\nimport os\n").unwrap();
    fs::write(folder.path().join("setup.py"), b"\xff\xfe\x00\x00\x01").unwrap();
    let analysis = RepoAnalyzer.analyze(folder.path(), None, None).unwrap();
    assert!(recognised(&analysis));
}

#[test]
fn a_crowd_of_files_is_listed() {
    let many = (0..200_000).map(|n| (format!("data/{}/{n}.txt", n % 100), String::new()));
    let one = [(MANIFEST.0.to_owned(), MANIFEST.1.to_owned())];
    assert!(recognised(&analyze_view(&MemoryRepo::new(one.into_iter().chain(many)))));
}

fn write_manifest(folder: &Path) {
    fs::write(folder.join(MANIFEST.0), MANIFEST.1).unwrap();
}
