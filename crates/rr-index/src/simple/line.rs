//! Picks the line of a file that answers a query best.

use crate::tokens::{next_identifier, terms};

/// Characters of a snippet at most.
const WIDTH: usize = 300;

/// A term of the query and how much it says.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Weighted {
    /// Lowercased.
    pub(super) term: String,
    /// Larger for rarer terms.
    pub(super) weight: f32,
}

/// The line that answers best.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct BestLine {
    /// From 1.
    pub(super) number: u32,
    /// Its text.
    pub(super) snippet: String,
    /// Share of the query's weight that stands on it, 0 to 1.
    pub(super) coverage: f32,
}

/// The line on which the most telling terms stand together. Where the query matches no line (only
/// the path), the first line with any text.
pub(super) fn best_line(text: &str, query: &[Weighted]) -> BestLine {
    let mut best = None;
    for (index, line) in text.lines().enumerate() {
        let (score, at) = rate(line, query);
        if score > 0.0 && best.is_none_or(|(most, _, _, _)| score > most) {
            best = Some((score, index, line, at));
        }
    }
    let first = || text.lines().enumerate().find(|(_, line)| !line.trim().is_empty());
    let (score, index, line, at) = best.unwrap_or_else(|| {
        let (index, line) = first().unwrap_or((0, ""));
        (0.0, index, line, 0)
    });
    let number = u32::try_from(index + 1).unwrap_or(u32::MAX);
    let whole: f32 = query.iter().map(|term| term.weight).sum();
    let coverage = if whole > 0.0 { score / whole } else { 0.0 };
    BestLine { number, snippet: snippet(line, at), coverage }
}

/// The sum of the weights of the terms on a line, each counted once, and where the most telling
/// one begins.
fn rate(line: &str, query: &[Weighted]) -> (f32, usize) {
    let mut seen = vec![false; query.len()];
    let (mut score, mut most, mut place) = (0.0, 0.0, 0);
    let mut at = 0;
    while let Some(identifier) = next_identifier(line, at) {
        at = identifier.end;
        let word = &line[identifier.clone()];
        for range in terms(word) {
            let term = word[range].to_lowercase();
            for (slot, weighted) in seen.iter_mut().zip(query) {
                if !*slot && weighted.term == term {
                    *slot = true;
                    score += weighted.weight;
                    if weighted.weight > most {
                        (most, place) = (weighted.weight, identifier.start);
                    }
                }
            }
        }
    }
    (score, place)
}

/// The line without its margins; of a long one the part around byte `at`.
fn snippet(line: &str, at: usize) -> String {
    let before = line[..at].chars().count();
    let all = line.chars().count();
    let skip = if all > WIDTH { before.saturating_sub(WIDTH / 3).min(all - WIDTH) } else { 0 };
    let part: String = line.chars().skip(skip).take(WIDTH).collect();
    part.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn query(terms: &[(&str, f32)]) -> Vec<Weighted> {
        terms
            .iter()
            .map(|(t, weight)| Weighted { term: (*t).to_owned(), weight: *weight })
            .collect()
    }

    fn found(text: &str, terms: &[(&str, f32)]) -> (u32, String) {
        let best = best_line(text, &query(terms));
        (best.number, best.snippet)
    }

    #[test]
    fn the_line_where_terms_stand_together_wins() {
        let text = "user\npassword\n  def check_password(user):\npassword user\n";
        let terms = [("user", 1.0), ("password", 1.0), ("absent", 2.0)];
        assert_eq!(found(text, &terms), (3, "def check_password(user):".to_owned()));
        assert_eq!(best_line(text, &query(&terms)).coverage, 0.5);
    }

    #[test]
    fn rare_terms_say_more_than_common_ones() {
        let text = "self self config\nself.zebra\n";
        assert_eq!(found(text, &[("self", 0.1), ("config", 0.2), ("zebra", 3.0)]).0, 2);
    }

    #[test]
    fn a_match_in_the_path_only_shows_the_first_text() {
        assert_eq!(found("\n\n  title\n", &[("zebra", 1.0)]), (3, "title".to_owned()));
        assert_eq!(found("", &[("zebra", 1.0)]), (1, String::new()));
    }

    #[test]
    fn snippets_of_long_lines_hold_the_match() {
        let line = format!("{}ä zebra {}", "x ".repeat(500), "y ".repeat(500));
        let (_, snippet) = found(&line, &[("zebra", 1.0)]);
        assert!(snippet.contains("zebra"));
        assert!(snippet.chars().count() <= WIDTH);
    }
}
