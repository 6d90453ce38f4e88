//! Languages by file name: names for people, and which ecosystem a source file speaks for.

use std::collections::BTreeMap;

use rr_core::{FileEntry, FileKind, LanguageShare, RepoView};

use crate::declared::rows;

/// Extension, language, ecosystem whose source it is (empty for none).
#[rustfmt::skip]
static EXTENSIONS: &[(&str, &str, &str)] = &[
    ("py", "Python", "python"), ("pyx", "Cython", "python"), ("pyi", "Python", "python"),
    ("pxd", "Cython", "python"), ("js", "JavaScript", "javascript"),
    ("jsx", "JavaScript", "javascript"), ("mjs", "JavaScript", "javascript"),
    ("cjs", "JavaScript", "javascript"), ("ts", "TypeScript", "javascript"),
    ("tsx", "TypeScript", "javascript"), ("mts", "TypeScript", "javascript"),
    ("cts", "TypeScript", "javascript"), ("vue", "Vue", "javascript"),
    ("svelte", "Svelte", "javascript"), ("astro", "Astro", "javascript"),
    ("coffee", "CoffeeScript", "javascript"), ("rs", "Rust", "rust"), ("go", "Go", "go"),
    ("java", "Java", "jvm"), ("kt", "Kotlin", "jvm"), ("kts", "Kotlin", "jvm"),
    ("scala", "Scala", "scala"), ("groovy", "Groovy", "jvm"), ("c", "C", "native"),
    ("h", "C", "native"), ("cc", "C++", "native"), ("cpp", "C++", "native"),
    ("cxx", "C++", "native"), ("hpp", "C++", "native"), ("hh", "C++", "native"),
    ("hxx", "C++", "native"), ("ipp", "C++", "native"), ("m", "Objective-C", "native"),
    ("rb", "Ruby", "ruby"), ("pl", "Perl", "perl"), ("pm", "Perl", "perl"), ("t", "Perl", "perl"),
    ("sh", "Shell", "shell"), ("bash", "Shell", "shell"), ("bats", "Shell", "shell"),
    ("zsh", "Shell", "shell"), ("html", "HTML", "site"), ("htm", "HTML", "site"),
    ("css", "CSS", "site"), ("scss", "CSS", "site"), ("less", "CSS", "site"), ("cs", "C#", "dotnet"),
    ("fs", "F#", "dotnet"), ("swift", "Swift", "swift"), ("ex", "Elixir", "elixir"), ("exs", "Elixir", "elixir"),
    ("erl", "Erlang", "erlang"), ("hs", "Haskell", "haskell"), ("zig", "Zig", "zig"), ("php", "PHP", "php"),
    ("r", "R", "r"), ("jl", "Julia", "julia"), ("lua", "Lua", "lua"), ("dart", "Dart", "dart"),
    ("ml", "OCaml", "ocaml"), ("mli", "OCaml", "ocaml"), ("clj", "Clojure", "clojure"), ("nim", "Nim", "nim"),
    ("cr", "Crystal", "crystal"), ("gleam", "Gleam", "gleam"), ("vb", "Visual Basic", "dotnet"), ("f90", "Fortran", ""), ("pas", "Pascal", ""), ("el", "Emacs Lisp", ""),
    ("vim", "Vim script", ""), ("ps1", "PowerShell", ""), ("d", "D", ""), ("v", "V", ""),
    ("cu", "CUDA", ""), ("sql", "SQL", ""), ("sol", "Solidity", ""), ("tf", "Terraform", ""),
    ("nix", "Nix", ""),
];

/// Bytes of one file that count at most: generated and amalgamated files would drown the rest.
const FILE_CAP: u64 = 256 << 10;

/// Files whose sizes are asked for one by one; of larger trees about as many are, for the rest.
const WEIGHED: usize = 4_096;

/// Bytes of source files: exact in trees of up to [`WEIGHED`] files, beyond that estimated from
/// files chosen by their names alone, so that the cost is bounded and two looks agree.
pub(super) struct Scale {
    every: u64,
}

impl Scale {
    pub(super) fn of(repo: &dyn RepoView) -> Self {
        Self { every: repo.files().len().div_ceil(WEIGHED).max(1) as u64 }
    }

    /// What a source file adds to a sum of bytes.
    pub(super) fn bytes(&self, repo: &dyn RepoView, entry: &FileEntry) -> u64 {
        if self.every > 1 && !spread(&entry.path).is_multiple_of(self.every) {
            return 0;
        }
        repo.size(&entry.path).min(FILE_CAP) * self.every
    }
}

/// FNV-1a: neighbours in a folder (`a.c`, `a.h`) fall apart.
fn spread(path: &str) -> u64 {
    let hash = path.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    hash ^ (hash >> 32)
}

/// Languages by share of source bytes, largest first.
pub(crate) fn shares(repo: &dyn RepoView) -> Vec<LanguageShare> {
    let mut found: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
    let scale = Scale::of(repo);
    for entry in repo.files() {
        if let Some((language, _)) = of_file(entry) {
            let sum = found.entry(language).or_default();
            sum.0 += 1;
            sum.1 += scale.bytes(repo, entry);
        }
    }
    let mut shares: Vec<LanguageShare> = found
        .into_iter()
        .map(|(language, (files, bytes))| LanguageShare {
            language: language.to_owned(),
            files,
            bytes,
        })
        .collect();
    shares.sort_by(|a, b| b.bytes.cmp(&a.bytes).then_with(|| a.language.cmp(&b.language)));
    shares
}

/// The language of a source file and the ecosystem it speaks for. `None` for links, for what is
/// no source, and for generated or bundled files.
pub(super) fn of_file(entry: &FileEntry) -> Option<(&'static str, &'static str)> {
    if generated(&entry.path) { None } else { by_extension(entry) }
}

/// As [`of_file`], for what a build left in its own output folder.
pub(super) fn of_built_file(entry: &FileEntry) -> Option<(&'static str, &'static str)> {
    let built = entry.path.split_once("dist/").filter(|(above, _)| !generated(above));
    built.filter(|(above, _)| above.is_empty() || above.ends_with('/'))?;
    by_extension(entry)
}

fn by_extension(entry: &FileEntry) -> Option<(&'static str, &'static str)> {
    if entry.kind == FileKind::Link {
        return None;
    }
    let name = entry.path.rsplit('/').next()?;
    let (_, extension) = name.rsplit_once('.')?;
    let known = EXTENSIONS.iter().find(|(known, _, _)| known.eq_ignore_ascii_case(extension));
    match known {
        Some((known, language, "")) => Some((*language, rows::of_extension(known).unwrap_or(""))),
        Some((_, language, ecosystem)) => Some((*language, *ecosystem)),
        None => rows::of_extension(extension).map(|ecosystem| (ecosystem, ecosystem)),
    }
}

fn generated(path: &str) -> bool {
    const FOLDERS: &[&str] = &[
        "node_modules",
        "vendor",
        "third_party",
        "thirdparty",
        "third-party",
        "dist",
        "bower_components",
        "extern",
        "external",
        "_vendor",
        ".yarn",
    ];
    const ENDINGS: &[&str] = &[".min.js", ".min.css", ".bundle.js", ".pb.go", "_pb2.py", ".d.ts"];
    let mut folders = path.split('/').rev().skip(1);
    folders.any(|folder| FOLDERS.contains(&folder))
        || ENDINGS.iter().any(|ending| path.ends_with(ending))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rr_core::MemoryRepo;

    #[test]
    fn large_trees_are_weighed_by_a_spread_of_their_files() {
        let files = 4 * WEIGHED;
        let repo = MemoryRepo::new((0..files).map(|at| {
            let language = if at % 4 == 3 { "go" } else { "py" };
            (format!("{at:06}.{language}"), "12345678")
        }));
        let shares = shares(&repo);
        let names: Vec<_> = shares.iter().map(|share| share.language.as_str()).collect();
        assert_eq!(names, ["Python", "Go"]);
        assert_eq!(shares.iter().map(|share| share.files).sum::<u64>(), files as u64);
        let python = shares[0].bytes as f64 / (6 * files) as f64;
        assert!((0.95..1.05).contains(&python), "{python}");
    }

    #[test]
    fn bundled_and_vendored_files_do_not_count() {
        let repo = MemoryRepo::new([
            ("a.py", "xxxx"),
            ("static/jquery.min.js", "xxxxxxxxxxxx"),
            ("vendor/a/b.go", "xxxxxxxxx"),
            ("web/vendor/c.js", "xxxxxxxxx"),
            ("myvendor/d.js", "xx"),
        ]);
        let names: Vec<_> = shares(&repo).into_iter().map(|s| (s.language, s.bytes)).collect();
        assert_eq!(names, [("Python".to_owned(), 4), ("JavaScript".to_owned(), 2)]);
    }
}
