//! Answers queries: the best files by BM25, and in each the line that matches best.

use std::path::Path;

use rr_core::{IndexError, SearchHit};
use tantivy::collector::TopDocs;
use tantivy::query::{BooleanQuery, BoostQuery, Occur, Query, TermQuery};
use tantivy::schema::{Field, IndexRecordOption, Value};
use tantivy::{Index, Score, Searcher, TantivyDocument, TantivyError, Term};

use super::failed;
use super::line::{Weighted, best_line};
use super::schema::{self, CURRENT, Fields};
use crate::tokens::distinct_terms;

/// A word of the query in a file's path says more than one in its text.
const PATH_BOOST: Score = 2.0;
/// How many files per hit are looked at line by line.
const CANDIDATES: usize = 4;
/// Words of a query beyond these are passed over.
const MOST_TERMS: usize = 64;

/// The best places for `query`, best first, one per file.
pub(super) fn search(
    folder: &Path,
    query: &str,
    limit: usize,
) -> Result<Vec<SearchHit>, IndexError> {
    let current = folder.join(CURRENT);
    let broken = |error: TantivyError| failed("searching the index", &current, error);
    let index = Index::open_in_dir(&current).map_err(broken)?;
    schema::register(&index);
    let mut terms = distinct_terms(query);
    terms.truncate(MOST_TERMS);
    if terms.is_empty() || limit == 0 {
        return Ok(Vec::new());
    }
    let (_, fields) = schema::schema();
    let searcher = index.reader().map_err(broken)?.searcher();
    let weighted = weigh(&searcher, fields, &terms).map_err(broken)?;
    let collector = TopDocs::with_limit(limit.saturating_mul(CANDIDATES)).order_by_score();
    let found = searcher.search(&question(fields, &terms), &collector).map_err(broken)?;
    let hit = |(score, address)| {
        let document: TantivyDocument = searcher.doc(address)?;
        Ok(hit(&document, fields, &weighted, score))
    };
    let hits = found.into_iter().map(hit).collect::<tantivy::Result<Vec<_>>>().map_err(broken)?;
    Ok(best(hits, limit))
}

/// The best hits first; of equal ones the first path.
fn best(mut hits: Vec<SearchHit>, limit: usize) -> Vec<SearchHit> {
    hits.sort_by(|a, b| b.score.total_cmp(&a.score).then_with(|| a.path.cmp(&b.path)));
    hits.truncate(limit);
    hits
}

fn question(fields: Fields, terms: &[String]) -> BooleanQuery {
    let term = |field, text| -> Box<dyn Query> {
        Box::new(TermQuery::new(Term::from_field_text(field, text), IndexRecordOption::WithFreqs))
    };
    let clauses = terms.iter().flat_map(|text| {
        let path: Box<dyn Query> =
            Box::new(BoostQuery::new(term(fields.path, text.as_str()), PATH_BOOST));
        [(Occur::Should, term(fields.body, text.as_str())), (Occur::Should, path)]
    });
    BooleanQuery::new(clauses.collect())
}

/// The terms with how much each says: rarer ones more.
fn weigh(searcher: &Searcher, fields: Fields, terms: &[String]) -> tantivy::Result<Vec<Weighted>> {
    let all = searcher.num_docs() as f32;
    let weight = |text: &String| {
        let term = Term::from_field_text(fields.body, text);
        let files = searcher.doc_freq(&term)? as f32;
        // The inverse document frequency of BM25.
        let weight = ((all - files + 0.5) / (files + 0.5)).ln_1p();
        Ok(Weighted { term: text.clone(), weight })
    };
    terms.iter().map(weight).collect()
}

fn hit(document: &TantivyDocument, fields: Fields, terms: &[Weighted], score: Score) -> SearchHit {
    let text = |field: Field| document.get_first(field).and_then(|v| v.as_str()).unwrap_or("");
    let line = best_line(text(fields.body), terms);
    // A file whose terms stand together on one line answers better than one that scatters them.
    let score = score * (1.0 + line.coverage);
    let path = text(fields.path).to_owned();
    SearchHit { path, line: line.number, snippet: line.snippet, score }
}
