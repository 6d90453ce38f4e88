//! Analyses and plans the fixtures with their files broken at random: nothing may panic, overflow
//! the stack, or hang.
//!
//! Every case follows from its number alone. `FUZZ_SECONDS` says how long to go on (20 by default,
//! hours by hand), `FUZZ_FIRST` where to begin, `FUZZ_CASE` repeats one
//! case. The number of the case in work is kept in
//! `fuzz-case` of the test's temporary folder, for crashes that no test can catch.

#![expect(clippy::unwrap_used, clippy::disallowed_methods, reason = "test code")]

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::time::{Duration, Instant};

use rr_core::{EnvironmentReport, MemoryRepo};
use rr_ecosystems::analysis::{analyze_view, plan_view};

/// Largest fixture file that is used, in bytes.
const LARGEST: u64 = 64 << 10;

type Tree = Vec<(String, String)>;

#[test]
fn broken_repositories_break_nothing() {
    let mut seeds = Vec::new();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/repos");
    for entry in std::fs::read_dir(folder).unwrap() {
        let mut tree = Tree::new();
        read(&entry.unwrap().path(), "", &mut tree);
        seeds.push(tree);
    }
    seeds.retain(|tree| !tree.is_empty());
    seeds.sort();
    if let Ok(case) = std::env::var("FUZZ_CASE") {
        look_at(&broken(&seeds, case.parse().unwrap()));
        return;
    }
    let seconds = std::env::var("FUZZ_SECONDS").map_or(20, |text| text.parse().unwrap());
    let until = Instant::now() + Duration::from_secs(seconds);
    let current = Path::new(env!("CARGO_TARGET_TMPDIR")).join("fuzz-case");
    let first = std::env::var("FUZZ_FIRST").map_or(0, |text| text.parse().unwrap());
    let mut case = first;
    while Instant::now() < until {
        std::fs::write(&current, format!("{case}")).unwrap();
        let tree = broken(&seeds, case);
        let outcome = catch_unwind(AssertUnwindSafe(|| look_at(&tree)));
        assert!(outcome.is_ok(), "case {case} panics; FUZZ_CASE={case} repeats it");
        case += 1;
    }
    assert!(case > first, "no case was tried");
    println!("{} cases", case - first);
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

/// Random numbers that follow from a case's own (SplitMix64).
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = self.0;
        word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((word ^ (word >> 31)) % end.max(1) as u64).unwrap()
    }
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

fn broken_text(dice: &mut Dice, text: &str, other: &str) -> String {
    let (a, b) = (place(dice, text), place(dice, text));
    let (start, end) = (a.min(b), a.max(b));
    let put = |middle: &str| format!("{}{middle}{}", &text[..start], &text[end..]);
    const ODD: &[&str] = &[
        "\0",
        "\u{feff}",
        "é😀",
        "\r",
        "\t",
        "\"",
        "'",
        "${{",
        "${",
        "$(",
        "&a *a",
        "- - - -",
        "#",
        "99999999999999999999",
        "-1",
        "1.2.3.4.5",
        "../../..",
        "/",
        "\\",
        "[",
        "{",
        "null",
        "!!",
        ">=",
        "^",
        "==*",
        "@",
        ":",
        "= ",
        "<<: *b",
        "%",
        "~",
        "true",
        "\n",
        "\u{2028}",
        "{{",
        "[[",
    ];
    match dice.below(7) {
        0 => put(""),
        1 => put(&text[start..end].repeat(3)),
        2 => {
            let (c, d) = (place(dice, other), place(dice, other));
            put(&other[c.min(d)..c.max(d)])
        }
        3 => {
            let open =
                ["[", "{", "(", "{\"a\":", "- ", "<a>", "${a:-", "\"$(", "if (", "a.", "\n "];
            put(&open[dice.below(open.len())].repeat(1 + dice.below(20_000)))
        }
        4 => text[..start].to_owned(),
        _ => put(ODD[dice.below(ODD.len())]),
    }
}

fn place(dice: &mut Dice, text: &str) -> usize {
    let mut at = dice.below(text.len() + 1);
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}
