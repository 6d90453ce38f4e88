//! A look that used what was kept says what a look from nothing says, whatever happened between.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rr_core::{Analysis, CancelToken, RepoSource, RunPlan, Rung, Tier};

use super::{LookService, stamps::Stamps};
use crate::home::Home;
use crate::request::{ExecutorChoice, RepairBudget, RunRequest};
use crate::system_clock::SystemClock;

/// Longer than a tick of the file system's clock.
const STILL: Duration = Duration::from_millis(12);

fn service(home: &Path) -> LookService {
    let home = Home::open(Some(home)).unwrap();
    let path = ("PATH".to_owned(), "/usr/local/bin:/usr/bin:/bin".to_owned());
    let variables = BTreeMap::from([path]);
    let service = LookService::open(&home, variables, Arc::new(SystemClock)).unwrap();
    LookService { still: STILL, ..service }
}

fn request(folder: &Path, fresh: bool) -> RunRequest {
    RunRequest {
        source: RepoSource::Folder { path: folder.to_owned(), reference: None },
        until: Rung::Analyzed,
        package: None,
        env: BTreeMap::new(),
        config: None,
        timeout_seconds: None,
        step_timeout_seconds: None,
        budget: RepairBudget::default(),
        models: false,
        executor: ExecutorChoice::Auto,
        trust: false,
        fresh,
        tier: Tier::Developer,
        asked_at: 0,
    }
}

fn look(service: &LookService, folder: &Path, fresh: bool) -> (Analysis, RunPlan) {
    let cancel = CancelToken::default();
    service.look(&request(folder, fresh), &cancel).unwrap().unwrap()
}

/// Random numbers that follow from the first (SplitMix64).
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = self.0;
        word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((word ^ (word >> 31)) % end as u64).unwrap()
    }
}

const TEXTS: &[(&str, &str)] = &[
    ("package.json", r#"{"name": "a", "scripts": {"test": "jest", "start": "node server.js"}}"#),
    ("package.json", r#"{"name": "a", "scripts": {"test": "mocha"}}"#),
    ("pyproject.toml", "[project]\nname = \"b\"\nrequires-python = \">=3.9\"\n"),
    ("pyproject.toml", "[project]\nname = \"b\"\nrequires-python = \">=3.12\"\n"),
    ("b/__init__.py", "x = 1\n"),
    ("tests/test_b.py", "def test_x():\n    pass\n"),
    ("Makefile", "test:\n\techo test\n"),
    (".gitignore", "*.toml\n"),
    (".gitignore", "b/\n"),
    ("b/.gitignore", "*\n"),
    ("tool", "#!/bin/bash\necho tool\n"),
    ("Cargo.toml", "[package]\nname = \"c\"\nversion = \"0.1.0\"\n"),
    ("src/lib.rs", "pub fn c() {}\n"),
    ("index.html", "<!doctype html><html></html>"),
];

/// Does something to the folder, as an editor, a build or a person might.
fn change(dice: &mut Dice, folder: &Path) {
    let (path, text) = TEXTS[dice.below(TEXTS.len())];
    let (other, _) = TEXTS[dice.below(TEXTS.len())];
    let (path, other) = (folder.join(path), folder.join(other));
    match dice.below(8) {
        0..=2 => {
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, text).unwrap();
        }
        // In place and of the same length.
        3 if path.is_file() => fs::write(&path, "#".repeat(text.len())).unwrap(),
        4 if path.is_file() => fs::remove_file(&path).unwrap(),
        5 if path.is_file() && other.parent().unwrap().is_dir() && !other.is_dir() => {
            fs::rename(&path, &other).unwrap();
        }
        6 if path.is_file() => {
            let mode = [0o644, 0o755][dice.below(2)];
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        }
        7 if folder.join("b").is_dir() && !folder.join("moved").exists() => {
            fs::rename(folder.join("b"), folder.join("moved")).unwrap();
        }
        _ => {}
    }
}

#[test]
fn kept_looks_are_the_same_as_fresh_ones_after_any_change() {
    let home = tempfile::tempdir().unwrap();
    let service = service(home.path());
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().canonicalize().unwrap();
    fs::write(folder.join("README.md"), "# A\n").unwrap();
    let mut dice = Dice(7);
    let mut different = 0;
    let mut last = look(&service, &folder, true);
    for round in 0..80 {
        change(&mut dice, &folder);
        std::thread::sleep(STILL * 2);
        let kept = look(&service, &folder, false);
        let fresh = look(&service, &folder, true);
        assert_eq!(kept, fresh, "round {round}");
        different += usize::from(fresh != last);
        last = fresh;
    }
    assert!(different > 8, "only {different} changes made a difference");
}

#[test]
fn a_second_look_reads_nothing_of_the_folder_but_stamps() {
    let home = tempfile::tempdir().unwrap();
    let service = service(home.path());
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().canonicalize().unwrap();
    fs::write(folder.join("package.json"), TEXTS[0].1).unwrap();
    std::thread::sleep(STILL * 2);
    let first = look(&service, &folder, false);
    let kept: Vec<PathBuf> = fs::read_dir(home.path().join("caches/looks"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    assert_eq!(kept.len(), 1, "the first look was kept");
    // What is kept is believed: an answer put there by hand comes back.
    let text = fs::read(&kept[0]).unwrap();
    let name = br#""name":"a""#;
    let at = text.windows(name.len()).position(|part| part == name).unwrap();
    let mut other = text.clone();
    other[at + name.len() - 2] = b'z';
    fs::write(&kept[0], other).unwrap();
    let second = look(&service, &folder, false);
    assert_eq!(second.0.units[0].name, "z");
    assert_eq!(look(&service, &folder, true), first);
    // What is broken is made anew.
    fs::write(&kept[0], &text[..text.len() / 2]).unwrap();
    assert_eq!(look(&service, &folder, false), first);
}

#[test]
fn stamps_survive_being_written_and_tell_changes() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a");
    fs::write(&file, "x").unwrap();
    let paths = [file.clone(), folder.path().to_owned(), folder.path().join("absent")];
    let stamps = Stamps::of(&paths);
    assert_eq!(Stamps::decode(&stamps.encode()), Some(stamps.clone()));
    assert!(stamps.hold());
    assert_eq!(Stamps::decode(b"short"), None);
    std::thread::sleep(STILL);
    fs::write(&file, "y").unwrap();
    assert!(!stamps.hold());
}
