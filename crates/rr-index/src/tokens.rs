//! Words of source code: identifiers, whole and in their parts, in lower case.
//!
//! `parseHTTPHeader` gives `parsehttpheader`, `parse`, `http`, `header`; `max_len` gives `max_len`,
//! `max`, `len`. A question in plain words so finds the identifier, and the identifier itself
//! ranks first.

use std::ops::Range;

use tantivy::tokenizer::{Token, TokenStream, Tokenizer};

/// Longer runs of letters and digits are data (hashes, encoded images), not words.
const LONGEST: usize = 100;

/// The next identifier at or after `from`, as a byte range: a run of letters, digits and `_`.
pub(crate) fn next_identifier(text: &str, from: usize) -> Option<Range<usize>> {
    let belongs = |c: char| c == '_' || c.is_alphanumeric();
    let start = from + text[from..].find(belongs)?;
    let length = text[start..].find(|c| !belongs(c)).unwrap_or(text.len() - start);
    Some(start..start + length)
}

/// The terms of one identifier: itself, then its parts where it has more than one.
pub(crate) fn terms(identifier: &str) -> Vec<Range<usize>> {
    let trimmed = identifier.trim_matches('_');
    if trimmed.is_empty() || trimmed.len() > LONGEST {
        return Vec::new();
    }
    let start = identifier.len() - identifier.trim_start_matches('_').len();
    let whole = start..start + trimmed.len();
    let parts = split(trimmed);
    let mut terms = vec![whole];
    if parts.len() > 1 {
        terms.extend(parts.into_iter().map(|part| part.start + start..part.end + start));
    }
    terms
}

/// Splits at `_` and where the case changes.
fn split(word: &str) -> Vec<Range<usize>> {
    let mut parts = Vec::new();
    let mut start = 0;
    let mut before: Option<char> = None;
    let mut characters = word.char_indices().peekable();
    while let Some((at, c)) = characters.next() {
        let after = characters.peek().map(|(_, c)| *c);
        if c == '_' || begins_part(before, c, after) {
            if at > start {
                parts.push(start..at);
            }
            start = if c == '_' { at + 1 } else { at };
        }
        before = Some(c);
    }
    if word.len() > start {
        parts.push(start..word.len());
    }
    parts
}

/// `aB` begins a part at `B`; `HTTPHeader` at the `H` of `Header`.
fn begins_part(before: Option<char>, c: char, after: Option<char>) -> bool {
    let Some(before) = before else { return false };
    c.is_uppercase()
        && (before.is_lowercase()
            || before.is_numeric()
            || (before.is_uppercase() && after.is_some_and(char::is_lowercase)))
}

/// All terms of a text, lowercased, each once, in order of appearance.
pub(crate) fn distinct_terms(text: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let mut at = 0;
    while let Some(identifier) = next_identifier(text, at) {
        at = identifier.end;
        let word = &text[identifier];
        for term in terms(word) {
            let term = word[term].to_lowercase();
            if !found.contains(&term) {
                found.push(term);
            }
        }
    }
    found
}

/// The tokenizer that the index is built with.
#[derive(Clone, Default)]
pub(crate) struct CodeTokenizer;

/// The terms of one text, one by one.
pub(crate) struct CodeTokens<'a> {
    text: &'a str,
    at: usize,
    /// Terms of the current identifier that were not given out yet, last first.
    pending: Vec<Range<usize>>,
    token: Token,
}

impl Tokenizer for CodeTokenizer {
    type TokenStream<'a> = CodeTokens<'a>;

    fn token_stream<'a>(&'a mut self, text: &'a str) -> CodeTokens<'a> {
        CodeTokens { text, at: 0, pending: Vec::new(), token: Token::default() }
    }
}

impl TokenStream for CodeTokens<'_> {
    fn advance(&mut self) -> bool {
        while self.pending.is_empty() {
            let Some(identifier) = next_identifier(self.text, self.at) else { return false };
            self.at = identifier.end;
            let ranges = terms(&self.text[identifier.clone()]);
            let absolute = |r: Range<usize>| r.start + identifier.start..r.end + identifier.start;
            self.pending = ranges.into_iter().rev().map(absolute).collect();
        }
        let Some(range) = self.pending.pop() else { return false };
        self.token.position = self.token.position.wrapping_add(1);
        self.token.offset_from = range.start;
        self.token.offset_to = range.end;
        self.token.text = self.text[range].to_lowercase();
        true
    }

    fn token(&self) -> &Token {
        &self.token
    }

    fn token_mut(&mut self) -> &mut Token {
        &mut self.token
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Vec<String> {
        let mut tokens = Vec::new();
        CodeTokenizer.token_stream(text).process(&mut |token| tokens.push(token.text.clone()));
        tokens
    }

    #[test]
    fn identifiers_come_whole_and_in_parts() {
        assert_eq!(of("parseHTTPHeader(x)"), ["parsehttpheader", "parse", "http", "header", "x"]);
        assert_eq!(
            of("max_len: sha256Hash"),
            ["max_len", "max", "len", "sha256hash", "sha256", "hash"]
        );
        assert_eq!(of("MAX_LEN"), ["max_len", "max", "len"]);
    }

    #[test]
    fn plain_words_come_once() {
        assert_eq!(of("a simple README, version2"), ["a", "simple", "readme", "version2"]);
        assert_eq!(of("__init__ _ __"), ["init"]);
    }

    #[test]
    fn data_and_foreign_scripts_do_no_harm() {
        assert_eq!(of(&"f".repeat(101)), [""; 0]);
        assert_eq!(
            of("Größe überGroß \u{4f60}\u{597d}"),
            ["größe", "übergroß", "über", "groß", "\u{4f60}\u{597d}"]
        );
        assert_eq!(of(""), [""; 0]);
    }

    #[test]
    fn distinct_terms_come_in_order() {
        assert_eq!(distinct_terms("get_user user getUser"), ["get_user", "get", "user", "getuser"]);
    }
}
