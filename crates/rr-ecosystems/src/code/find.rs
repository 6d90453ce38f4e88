//! Reads the chosen sources and makes facts of what they hold.

use std::collections::BTreeSet;

use rr_core::{Analysis, Evidence, Fact, FactKey, FactMark, RepoView, Trust};

use super::files;
use super::imports::Import;
use super::scan::{Found, Scanned, scan};
use super::syntax::Language;
use super::unused;

/// Most facts that code gives.
const FACTS: usize = 600;

/// What a unit's manifests declare.
#[derive(Clone, Debug, Default)]
pub(crate) struct Declared {
    /// Names of all dependencies of all groups.
    pub(crate) all: BTreeSet<String>,
    /// Those that the program itself runs with.
    pub(crate) running: BTreeSet<String>,
    /// Modules of the unit's own.
    pub(crate) own: BTreeSet<String>,
    /// The manifests.
    pub(crate) files: Vec<String>,
}

/// What the code of a tree says.
#[derive(Debug, Default)]
pub(crate) struct CodeFacts {
    /// Facts, each with the folder of its source as its unit.
    pub(crate) facts: Vec<Fact>,
    /// Remarks.
    pub(crate) notes: Vec<String>,
    pub(super) sources: Vec<Imported>,
    left_out: usize,
    /// Whether every source was read.
    pub(super) complete: bool,
}

/// What one source imports and names.
#[derive(Debug)]
pub(super) struct Imported {
    pub(super) path: String,
    pub(super) language: Language,
    pub(super) imports: Vec<Import>,
    pub(super) named: Vec<String>,
}

/// Reads the likeliest sources of a tree.
pub(crate) fn find(repo: &dyn RepoView) -> CodeFacts {
    let chosen = files::choose(repo);
    let mut code = CodeFacts { complete: !chosen.capped(), ..CodeFacts::default() };
    if chosen.capped() {
        code.notes.push(format!(
            "facts of the code come from the {} likeliest of {} sources",
            chosen.files.len(),
            chosen.there
        ));
    }
    let mut scanned = Vec::new();
    for (entry, language) in chosen.files {
        let Some(text) = repo.text(&entry.path) else { continue };
        scanned.push((entry.path.as_str(), language, scan(&entry.path, &text, language)));
    }
    scanned.sort_by_key(|(path, ..)| *path);
    for (path, language, found) in scanned {
        code.take(path, language, found);
    }
    if code.left_out > 0 {
        code.notes.push(format!(
            "{} facts of the code beyond the first {FACTS} are left out",
            code.left_out
        ));
    }
    code.facts.extend(cuda_files(repo));
    code
}

/// Compares imports with what manifests declare; needs the units and their roles.
pub(crate) fn compare_with_manifests(
    repo: &dyn RepoView,
    analysis: &Analysis,
    code: &CodeFacts,
) -> Vec<Fact> {
    unused::compare(repo, analysis, code)
}

impl CodeFacts {
    fn take(&mut self, path: &str, language: Language, scanned: Scanned) {
        for found in scanned.found {
            self.add(path, language, found);
        }
        let Scanned { imports, named, .. } = scanned;
        self.sources.push(Imported { path: path.to_owned(), language, imports, named });
    }

    /// Adds what was found, unless the same stands there already: a variable is read in many
    /// places, and the one with a default tells most.
    fn add(&mut self, path: &str, language: Language, found: Found) {
        let unit = path.rsplit_once('/').map_or("", |(folder, _)| folder);
        let rule = format!("code.{}.{}", language.as_str(), found.rule);
        let evidence =
            Evidence { line: Some(found.line), ..Evidence::at(path, rule, Trust::Manifest) };
        let known = self.facts.iter_mut().find(|fact| {
            fact.key == found.key && (fact.unit == unit || repeats(&fact.key)) && same(fact, &found)
        });
        if let Some(known) = known {
            let tells_more = known.value.is_empty() && !found.value.is_empty();
            if tells_more {
                known.value = found.value;
                known.evidence = evidence;
                known.marks.retain(|mark| *mark != FactMark::Required);
            }
            return;
        }
        if self.facts.len() >= FACTS {
            self.left_out += 1;
            return;
        }
        let fact = Fact::new(found.key, unit, found.value, evidence);
        self.facts.push(Fact { marks: found.marks, ..fact });
    }
}

/// Whether one such fact in the whole tree is enough.
fn repeats(key: &FactKey) -> bool {
    matches!(key, FactKey::Variable(_) | FactKey::Gpu | FactKey::Model)
}

fn same(fact: &Fact, found: &Found) -> bool {
    fact.value == found.value
        || matches!(found.key, FactKey::Variable(_))
            && (fact.value.is_empty() || found.value.is_empty())
        || found.key == FactKey::Gpu
}

/// Sources for graphics processors, the first of them.
fn cuda_files(repo: &dyn RepoView) -> Option<Fact> {
    let cuda = |path: &str| {
        let own = path
            .rsplit_once('/')
            .is_none_or(|(folder, _)| crate::places::decoy_role(folder).is_none());
        (path.ends_with(".cu") || path.ends_with(".cuh")) && own
    };
    let entry = repo.files().iter().find(|entry| cuda(&entry.path))?;
    let unit = entry.path.rsplit_once('/').map_or("", |(folder, _)| folder);
    let evidence = Evidence::at(&entry.path, "code.cuda.file", Trust::Manifest);
    Some(Fact::new(FactKey::Gpu, unit, "CUDA source", evidence))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rr_core::MemoryRepo;

    #[test]
    fn a_variable_read_twice_is_one_fact_with_its_default() {
        let repo = MemoryRepo::new([
            ("a.py", "import os\nx = os.environ['MODE']\n"),
            ("b.py", "import os\ny = os.getenv('MODE', 'dev')\n"),
            ("k.cu", "__global__"),
        ]);
        let code = find(&repo);
        let shown: Vec<_> = code
            .facts
            .iter()
            .map(|fact| format!("{} {:?} {}", fact.value, fact.marks, fact.evidence.place()))
            .collect();
        assert_eq!(
            shown,
            ["dev [] b.py:2 (code.python.env)", "CUDA source [] k.cu (code.cuda.file)"]
        );
    }
}
