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
pub(super) const FILE_CAP: u64 = 256 << 10;

/// Languages by share of source bytes, largest first.
pub(crate) fn shares(repo: &dyn RepoView) -> Vec<LanguageShare> {
    let mut found: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
    for entry in repo.files() {
        if let Some((language, _)) = of_file(entry) {
            let sum = found.entry(language).or_default();
            sum.0 += 1;
            sum.1 += entry.size.min(FILE_CAP);
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
    EXTENSIONS.iter().find(|(known, _, _)| known.eq_ignore_ascii_case(extension)).map(
        |(known, language, ecosystem)| match *ecosystem {
            "" => (*language, rows::of_extension(known).unwrap_or("")),
            ecosystem => (*language, ecosystem),
        },
    )
}

fn generated(path: &str) -> bool {
    const FOLDERS: &[&str] = &[
        "node_modules/",
        "vendor/",
        "third_party/",
        "thirdparty/",
        "third-party/",
        "dist/",
        "bower_components/",
        "extern/",
        "external/",
        "_vendor/",
        ".yarn/",
    ];
    const ENDINGS: &[&str] = &[".min.js", ".min.css", ".bundle.js", ".pb.go", "_pb2.py", ".d.ts"];
    FOLDERS.iter().any(|folder| {
        path.starts_with(folder)
            || path.find(folder).is_some_and(|at| path.as_bytes()[at - 1] == b'/')
    }) || ENDINGS.iter().any(|ending| path.ends_with(ending))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rr_core::MemoryRepo;

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
