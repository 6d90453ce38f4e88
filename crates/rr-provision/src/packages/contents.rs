//! Which package holds a file: the distribution's own index of files, fetched when it is first
//! needed, at most once a day, and kept as the part that anybody asks for.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use flate2::bufread::MultiGzDecoder;
use rr_core::{CancelToken, EngineError, SystemNeed};

use super::apt::configuration;
use crate::fault;
use crate::host::{HostCommand, HostTools};
use crate::store::{ToolStore, make_open_folder};

/// Packages named at most, the likeliest first.
const ANSWERS: usize = 5;

/// Tells the package manager to fetch the index of files and nothing else. Source of the form:
/// apt's documentation of acquire-additional-files.
const TARGETS: &str = r#"
Acquire::IndexTargets::deb::Packages::DefaultEnabled "false";
Acquire::IndexTargets::deb::Translations::DefaultEnabled "false";
Acquire::IndexTargets::deb::DEP-11::DefaultEnabled "false";
Acquire::IndexTargets::deb::DEP-11-icons-small::DefaultEnabled "false";
Acquire::IndexTargets::deb::DEP-11-icons::DefaultEnabled "false";
Acquire::IndexTargets::deb::Files::MetaKey "$(COMPONENT)/Contents-$(ARCHITECTURE)";
Acquire::IndexTargets::deb::Files::ShortDescription "Contents-$(ARCHITECTURE)";
Acquire::IndexTargets::deb::Files::Description "$(RELEASE)/$(COMPONENT) $(ARCHITECTURE) Contents";
Acquire::IndexTargets::deb::Files::flatMetaKey "Contents-$(ARCHITECTURE)";
Acquire::IndexTargets::deb::Files::KeepCompressed "true";
Acquire::IndexTargets::deb::Files::KeepCompressedAs "gz";
Acquire::IndexTargets::deb::Files::DefaultEnabled "true";
"#;

/// The index of files.
pub(super) struct Contents<'a> {
    tools: &'a HostTools,
    folder: PathBuf,
}

impl<'a> Contents<'a> {
    /// An index below the package manager's cache folder.
    pub(super) fn new(tools: &'a HostTools, caches: &Path) -> Self {
        Self { tools, folder: caches.join("contents") }
    }

    /// Packages that hold what is needed, the likeliest first; empty where no index can be had.
    pub(super) fn find(&self, need: &SystemNeed) -> Vec<String> {
        // Without an index nothing is known: the trait has an empty answer for that.
        let Ok(index) = self.index() else { return Vec::new() };
        let Ok(file) = File::open(index) else { return Vec::new() };
        let mut ranked = Ranked::new(need);
        for line in BufReader::with_capacity(1 << 20, file).lines().map_while(Result::ok) {
            ranked.add(&line);
        }
        ranked.best()
    }

    /// The kept part of the index, made where it is not of today.
    fn index(&self) -> Result<PathBuf, EngineError> {
        let index = self.folder.join("files.txt");
        let marker = self.folder.join("day");
        let day = self.tools.settings().day.to_string();
        let _lock = ToolStore::new(self.folder.clone()).lock("contents")?;
        if fs::read_to_string(&marker).is_ok_and(|text| text == day) {
            return Ok(index);
        }
        let fetched = self.fetch().and_then(|lists| condense(&lists, &index));
        // Also after a failure: asking again and again costs minutes where there is no network.
        fs::write(&marker, day).map_err(|e| fault::io("write", &marker, e))?;
        if index.is_file() { Ok(index) } else { fetched.map(|()| index) }
    }

    fn fetch(&self) -> Result<PathBuf, EngineError> {
        let cancel = CancelToken::default();
        let lists = self.folder.join("lists");
        make_open_folder(&lists.join("partial"))?;
        let host = self.tools.text(&HostCommand::new("apt-config").arg("dump"), &cancel)?;
        let text = configuration(&host, &self.folder, &lists) + TARGETS;
        let path = self.folder.join("apt.conf");
        fs::write(&path, text).map_err(|e| fault::io("write", &path, e))?;
        let update = HostCommand::new("apt-get")
            .args(["-q", "update"])
            .env("APT_CONFIG", path.to_string_lossy())
            .within(Duration::from_secs(600));
        self.tools.text(&update, &cancel)?;
        Ok(lists)
    }
}

/// Writes the lines that can answer a need as `path<TAB>package`.
fn condense(lists: &Path, index: &Path) -> Result<(), EngineError> {
    let aside = index.with_extension("part");
    let write = || -> std::io::Result<()> {
        let mut out = BufWriter::new(File::create(&aside)?);
        for entry in fs::read_dir(lists)?.flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            if !name.contains("_Contents-") || !name.ends_with(".gz") {
                continue;
            }
            let packed = BufReader::with_capacity(1 << 18, File::open(entry.path())?);
            let mut lines = BufReader::with_capacity(1 << 20, MultiGzDecoder::new(packed));
            let mut line = Vec::new();
            while lines.read_until(b'\n', &mut line)? > 0 {
                if let Some((path, packages)) = std::str::from_utf8(&line).ok().and_then(wanted) {
                    writeln!(out, "{path}\t{packages}")?;
                }
                line.clear();
            }
        }
        out.flush()?;
        fs::rename(&aside, index)
    };
    write().map_err(|e| fault::io("write", index, e))
}

/// `usr/include/postgresql/libpq-fe.h        libdevel/libpq-dev,libdevel/other`
fn wanted(line: &str) -> Option<(&str, &str)> {
    let (path, packages) = line.trim_end().rsplit_once([' ', '\t'])?;
    let path = path.trim_end();
    let name = path.rsplit('/').next()?;
    let kept = path.starts_with("usr/include/")
        || is_program(path)
        || (name.ends_with(".pc") && path.contains("/pkgconfig/"))
        || (name.starts_with("lib") && name.contains(".so") && path.contains("lib/"));
    kept.then_some((path, packages))
}

fn is_program(path: &str) -> bool {
    ["usr/bin/", "bin/", "usr/sbin/", "sbin/", "usr/games/"]
        .iter()
        .any(|folder| path.strip_prefix(folder).is_some_and(|name| !name.contains('/')))
}

/// Packages with the best place of each.
struct Ranked<'a> {
    need: &'a SystemNeed,
    ending: String,
    found: BTreeMap<String, (bool, usize)>,
}

impl<'a> Ranked<'a> {
    fn new(need: &'a SystemNeed) -> Self {
        let ending = match need {
            SystemNeed::Header(name) | SystemNeed::Program(name) => format!("/{name}"),
            SystemNeed::PkgConfig(name) => format!("/pkgconfig/{name}.pc"),
            SystemNeed::Library(name) if name.contains(".so") => format!("/{name}"),
            SystemNeed::Library(name) => format!("/lib{name}.so"),
        };
        Self { need, ending, found: BTreeMap::new() }
    }

    fn add(&mut self, line: &str) {
        let Some((path, packages)) = line.split_once('\t') else { return };
        if !path.ends_with(&self.ending) || !self.suits(path) {
            return;
        }
        for package in packages.split(',').filter_map(|item| item.rsplit('/').next()) {
            let ours = package.ends_with("-dev") == self.is_for_building();
            let place = (!ours, path.len());
            let known = self.found.entry(package.to_owned()).or_insert(place);
            *known = place.min(*known);
        }
    }

    /// Not what serves another machine, a private copy, or another kind of file.
    fn suits(&self, path: &str) -> bool {
        let this_machine = format!("{}-linux-gnu", std::env::consts::ARCH);
        let of_triplet = path.split('/').find(|part| part.contains("-linux-gnu"));
        let other_machine = of_triplet.is_some_and(|part| !part.starts_with(&this_machine));
        let place = match self.need {
            SystemNeed::Header(_) => path.starts_with("usr/include/"),
            SystemNeed::Program(_) => is_program(path),
            SystemNeed::PkgConfig(_) => true,
            SystemNeed::Library(_) => path.starts_with("usr/lib") || path.starts_with("lib"),
        };
        place && !other_machine
    }

    fn is_for_building(&self) -> bool {
        match self.need {
            SystemNeed::Header(_) | SystemNeed::PkgConfig(_) => true,
            SystemNeed::Library(name) => !name.contains(".so."),
            SystemNeed::Program(_) => false,
        }
    }

    fn best(self) -> Vec<String> {
        let mut found: Vec<_> = self.found.into_iter().collect();
        found.sort_by_key(|(package, place)| (*place, package.len()));
        found.into_iter().map(|(package, _)| package).take(ANSWERS).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answers(need: SystemNeed, lines: &[&str]) -> Vec<String> {
        let mut ranked = Ranked::new(&need);
        for (path, packages) in lines.iter().filter_map(|line| wanted(line)) {
            ranked.add(&format!("{path}\t{packages}"));
        }
        ranked.best()
    }

    #[test]
    fn a_header_comes_from_the_development_package_with_the_shortest_path() {
        let lines = [
            "usr/include/deep/er/postgresql/libpq-fe.h    libdevel/other-dev",
            "usr/include/postgresql/libpq-fe.h            libdevel/libpq-dev",
            "usr/share/doc/libpq-fe.h                     doc/libpq-doc",
            "usr/include/libpq-fe.h                       misc/not-for-building",
            "usr/include/postgresql/not-libpq-fe.h        libdevel/wrong-dev",
        ];
        let found = answers(SystemNeed::Header("libpq-fe.h".to_owned()), &lines);
        assert_eq!(found, ["libpq-dev", "other-dev", "not-for-building"]);
    }

    #[test]
    fn libraries_programs_and_modules_are_found_by_their_names() {
        let lines = [
            "usr/lib/x86_64-linux-gnu/libpq.so        libdevel/libpq-dev",
            "usr/lib/x86_64-linux-gnu/libpq.so.5      libs/libpq5",
            "usr/lib/x86_64-linux-gnu/pkgconfig/libpq.pc    libdevel/libpq-dev",
            "usr/bin/pg_config    libdevel/libpq-dev,database/postgresql-common",
            "usr/share/bash-completion/completions/pg_config   misc/wrong",
        ];
        let library = |name: &str| answers(SystemNeed::Library(name.to_owned()), &lines);
        if cfg!(target_arch = "x86_64") {
            assert_eq!(library("pq"), ["libpq-dev"]);
            assert_eq!(library("libpq.so.5"), ["libpq5"]);
        }
        assert_eq!(answers(SystemNeed::PkgConfig("libpq".to_owned()), &lines), ["libpq-dev"]);
        let program = answers(SystemNeed::Program("pg_config".to_owned()), &lines);
        assert_eq!(program, ["postgresql-common", "libpq-dev"]);
    }

    #[test]
    fn libraries_of_other_machines_are_no_answer() {
        let lines = ["usr/lib/riscv64-linux-gnu/libfoo.so   libdevel/libfoo-dev-riscv64-cross"];
        assert!(answers(SystemNeed::Library("foo".to_owned()), &lines).is_empty());
    }
}
