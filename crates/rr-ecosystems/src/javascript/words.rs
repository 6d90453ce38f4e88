//! The words of a shell line with their places, so that a line can be edited and otherwise stay
//! as it was written.

use std::ops::Range;

/// One word: where it stands, and its text without quotes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Word {
    pub(super) place: Range<usize>,
    pub(super) text: String,
}

/// Takes a line apart; operators that stand by themselves are words like others.
pub(super) fn words(line: &str) -> Vec<Word> {
    let mut found = Vec::new();
    let mut start = None;
    let mut text = String::new();
    let mut quote = None;
    let mut escaped = false;
    for (at, c) in line.char_indices() {
        if start.is_none() && !c.is_whitespace() {
            start = Some(at);
        }
        match (quote, c) {
            _ if escaped => {
                text.push(c);
                escaped = false;
            }
            (Some('"') | None, '\\') => escaped = true,
            (None, '\'' | '"') => quote = Some(c),
            (Some(open), c) if open == c => quote = None,
            (None, c) if c.is_whitespace() => {
                if let Some(from) = start.take() {
                    found.push(Word { place: from..at, text: std::mem::take(&mut text) });
                }
            }
            (_, c) => text.push(c),
        }
    }
    if let Some(from) = start {
        found.push(Word { place: from..line.len(), text });
    }
    found
}

/// The line with some of its words replaced; an empty text takes a word out.
pub(super) fn edit(line: &str, changes: &[(Range<usize>, String)]) -> String {
    let mut changes: Vec<&(Range<usize>, String)> = changes.iter().collect();
    changes.sort_by_key(|(place, _)| place.start);
    let mut result = String::with_capacity(line.len());
    let mut at = 0;
    for (place, text) in changes {
        if place.start < at {
            continue;
        }
        result.push_str(&line[at..place.start]);
        result.push_str(text);
        at = place.end;
        if text.is_empty() {
            at += line[at..].len() - line[at..].trim_start().len();
        }
    }
    result.push_str(&line[at..]);
    result.trim_end().to_owned()
}

/// Whether a word is an operator of the shell, after which another command begins.
pub(super) fn is_operator(word: &str) -> bool {
    matches!(word, "|" | "||" | "&&" | ";" | "|&")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_edited_in_place() {
        let line = r#"A="x y"  jest --watch 'a b' | cat"#;
        let found = words(line);
        let texts: Vec<_> = found.iter().map(|w| w.text.as_str()).collect();
        assert_eq!(texts, ["A=x y", "jest", "--watch", "a b", "|", "cat"]);
        let edited = edit(line, &[(found[2].place.clone(), String::new())]);
        assert_eq!(edited, r#"A="x y"  jest 'a b' | cat"#);
    }
}
