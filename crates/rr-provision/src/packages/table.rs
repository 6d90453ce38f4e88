//! Packages of common headers, modules, libraries and programs: `table.txt`, read once.

use std::collections::HashMap;
use std::sync::LazyLock;

use rr_core::SystemNeed;

/// Kind of thing and its name.
type Key = (u8, &'static str);

const HEADER: u8 = 0;
const MODULE: u8 = 1;
const LIBRARY: u8 = 2;
const PROGRAM: u8 = 3;

static TABLE: LazyLock<HashMap<Key, Vec<&'static str>>> =
    LazyLock::new(|| read(include_str!("table.txt")));

/// Packages that bring what is needed, as the table has them.
pub(super) fn find(need: &SystemNeed) -> Vec<String> {
    let found = match need {
        SystemNeed::Header(name) => header(name),
        SystemNeed::PkgConfig(name) => look(MODULE, first_word(name)),
        SystemNeed::Library(name) => library(name),
        SystemNeed::Program(name) => look(PROGRAM, name.rsplit('/').next().unwrap_or(name)),
    };
    found.into_iter().map(str::to_owned).collect()
}

/// A header by its whole path, then by ever fewer of its folders: `postgresql/libpq-fe.h`.
fn header(name: &str) -> Vec<&'static str> {
    let name = name.trim_start_matches("./");
    let rests = name.match_indices('/').map(|(at, _)| &name[at + 1..]);
    let found = std::iter::once(name).chain(rests).map(|rest| look(HEADER, rest));
    found.into_iter().find(|packages| !packages.is_empty()).unwrap_or_default()
}

/// `pq`, `-lpq`, `libpq.so` and `libpq.a` link the same; `libpq.so.5` is loaded at run time.
fn library(name: &str) -> Vec<&'static str> {
    let exact = look(LIBRARY, name);
    if !exact.is_empty() || name.contains(".so.") {
        return exact;
    }
    let stem = name.trim_start_matches("-l").trim_end_matches(".so").trim_end_matches(".a");
    let bare = look(LIBRARY, stem);
    if bare.is_empty() { look(LIBRARY, stem.strip_prefix("lib").unwrap_or(stem)) } else { bare }
}

/// `libpng >= 1.6` asks for `libpng`.
fn first_word(name: &str) -> &str {
    name.split_whitespace().next().unwrap_or(name)
}

fn look(kind: u8, name: &str) -> Vec<&'static str> {
    // The map's keys live as long as the program, the name need not: compare by value.
    let key: (u8, &str) = (kind, name);
    TABLE.get(&key).cloned().unwrap_or_default()
}

/// `package; headers; pkg-config modules; libraries; programs`, lists separated by spaces.
fn read(text: &'static str) -> HashMap<Key, Vec<&'static str>> {
    let mut table: HashMap<Key, Vec<&'static str>> = HashMap::new();
    for line in text.lines().filter(|line| !line.starts_with('#') && !line.trim().is_empty()) {
        let mut cells = line.split(';').map(str::trim);
        let package = cells.next().unwrap_or_default();
        for (kind, names) in (HEADER..=PROGRAM).zip(cells) {
            for name in names.split_whitespace() {
                table.entry((kind, name)).or_default().push(package);
            }
        }
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_has_a_package_and_something_it_brings() {
        for line in include_str!("table.txt").lines() {
            if line.starts_with('#') || line.trim().is_empty() {
                continue;
            }
            let cells: Vec<&str> = line.split(';').map(str::trim).collect();
            assert_eq!(cells.len(), 5, "{line}");
            assert!(
                !cells[0].is_empty() && cells[1..].iter().any(|cell| !cell.is_empty()),
                "{line}"
            );
        }
    }

    #[test]
    fn things_are_found_however_they_are_spelled() {
        let header = |name: &str| find(&SystemNeed::Header(name.to_owned()));
        assert_eq!(header("libpq-fe.h"), ["libpq-dev"]);
        assert_eq!(header("postgresql/libpq-fe.h"), ["libpq-dev"]);
        assert_eq!(header("Python.h"), ["python3-dev"]);
        let library = |name: &str| find(&SystemNeed::Library(name.to_owned()));
        for name in ["pq", "-lpq", "libpq.so"] {
            assert_eq!(library(name), ["libpq-dev"], "{name}");
        }
        assert_eq!(library("libGL.so.1"), ["libgl1"]);
        let module = |name: &str| find(&SystemNeed::PkgConfig(name.to_owned()));
        assert_eq!(module("openssl >= 1.1"), ["libssl-dev"]);
        assert_eq!(find(&SystemNeed::Program("/usr/bin/ffmpeg".to_owned())), ["ffmpeg"]);
        assert!(library("no-such-library").is_empty());
    }
}
