//! Analyses and plans files broken at random: nothing may panic, overflow the stack, or hang.
//!
//! One target breaks whole fixtures, one for each parser of [`parsers`] breaks what that parser
//! reads, beginning with the kept corpus in `tests/corpus/<parser>/`: put an input there that broke
//! something. Every case follows from its number alone. `FUZZ_SECONDS` says how long a target of
//! fixtures and how long all parsers together go on (20 by default, hours by hand), `FUZZ_PARSER`
//! names one parser, `FUZZ_FIRST` says where to begin, `FUZZ_CASE` repeats one case. The case in
//! work is kept in `fuzz-case-<target>` of the test's temporary folder, for crashes that no test can catch.

#![expect(clippy::unwrap_used, clippy::disallowed_methods, reason = "test code")]

mod mutate;
mod parsers;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::time::{Duration, Instant};

use rr_core::{EnvironmentReport, MemoryRepo};
use rr_ecosystems::analysis::{analyze_view, plan_view};

use mutate::{Dice, broken_text};

/// Largest fixture file that is used, in bytes.
const LARGEST: u64 = 64 << 10;

type Tree = Vec<(String, String)>;

#[test]
fn broken_repositories_break_nothing() {
    let seeds = fixtures();
    let cases = drive("fixtures", seconds(), |case| broken(&seeds, case));
    println!("{cases} cases");
}

#[test]
fn no_parser_breaks_on_what_it_reads() {
    let fixtures = fixtures();
    let chosen = std::env::var("FUZZ_PARSER").ok();
    let parsers: Vec<_> = parsers::ALL
        .iter()
        .filter(|parser| chosen.as_deref().is_none_or(|name| name == parser.name))
        .collect();
    assert!(!parsers.is_empty(), "there is no parser of that name");
    let share = seconds() / parsers.len() as f64;
    for parser in parsers {
        let seeds = parser.seeds(&fixtures);
        for text in &seeds {
            look_at(&parser.tree(text));
        }
        let cases = drive(parser.name, share, |case| parser.broken(&seeds, case));
        println!("{}: {} seeds, {cases} cases", parser.name, seeds.len());
    }
}

fn seconds() -> f64 {
    std::env::var("FUZZ_SECONDS").map_or(20.0, |text| text.parse().unwrap())
}

fn fixtures() -> Vec<Tree> {
    let mut seeds = Vec::new();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/repos");
    for entry in std::fs::read_dir(folder).unwrap() {
        let mut tree = Tree::new();
        read(&entry.unwrap().path(), "", &mut tree);
        seeds.push(tree);
    }
    seeds.retain(|tree| !tree.is_empty());
    seeds.sort();
    seeds
}

/// Looks at one case after another for so many seconds, at one at least; gives how many.
fn drive(target: &str, seconds: f64, make: impl Fn(u64) -> Tree) -> u64 {
    if let Ok(case) = std::env::var("FUZZ_CASE") {
        look_at(&make(case.parse().unwrap()));
        return 1;
    }
    let until = Instant::now() + Duration::from_secs_f64(seconds);
    let current = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("fuzz-case-{target}"));
    let first = std::env::var("FUZZ_FIRST").map_or(0, |text| text.parse().unwrap());
    let mut case = first;
    loop {
        std::fs::write(&current, format!("{target} {case}")).unwrap();
        let tree = make(case);
        let outcome = catch_unwind(AssertUnwindSafe(|| look_at(&tree)));
        assert!(
            outcome.is_ok(),
            "case {case} of {target} panics; FUZZ_PARSER={target} FUZZ_CASE={case} repeats it"
        );
        case += 1;
        if Instant::now() >= until {
            return case - first;
        }
    }
}

fn look_at(tree: &Tree) {
    let repo = MemoryRepo::new(tree.clone());
    let analysis = analyze_view(&repo);
    // A refused plan is an answer; a panic is none.
    let _ = plan_view(&repo, &analysis, &EnvironmentReport::default(), None);
}

fn read(folder: &Path, prefix: &str, tree: &mut Tree) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let path = format!("{prefix}{}", entry.file_name().to_string_lossy());
        let about = entry.metadata().unwrap();
        if about.is_dir() {
            read(&entry.path(), &format!("{path}/"), tree);
        } else if about.is_file() && about.len() < LARGEST {
            let bytes = std::fs::read(entry.path()).unwrap();
            tree.push((path, String::from_utf8_lossy(&bytes).into_owned()));
        }
    }
    tree.sort();
}

fn broken(seeds: &[Tree], case: u64) -> Tree {
    let mut dice = Dice(case);
    let mut tree = seeds[dice.below(seeds.len())].clone();
    for _ in 0..=dice.below(4) {
        let other = &seeds[dice.below(seeds.len())];
        let (path, text) = other[dice.below(other.len())].clone();
        if dice.below(4) == 0 {
            tree.push((path, text));
            continue;
        }
        let at = dice.below(tree.len());
        tree[at].1 = broken_text(&mut dice, &tree[at].1, &text);
    }
    tree
}
