//! Just enough of Rust's lexical grammar to count braces honestly.

/// A copy of `source` of the same length in which comments, strings and character literals are
/// spaces. Line breaks stay.
pub(crate) fn blank(source: &str) -> String {
    let bytes = source.as_bytes();
    let mut out = bytes.to_vec();
    let mut at = 0;
    while at < bytes.len() {
        let end = literal_end(bytes, at);
        for slot in &mut out[at..end] {
            if *slot != b'\n' {
                *slot = b' ';
            }
        }
        at = end.max(at + 1);
    }
    // Whole characters were replaced by ASCII, so this never loses anything.
    String::from_utf8_lossy(&out).into_owned()
}

/// Index just past the bracket that closes the one at `open`; the text's end where none does.
/// `blanked` is what [`blank`] returned.
pub(crate) fn closing(blanked: &str, open: usize) -> usize {
    let mut depth = 0usize;
    for (at, byte) in blanked.bytes().enumerate().skip(open) {
        match byte {
            b'{' | b'(' | b'[' => depth += 1,
            b'}' | b')' | b']' => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return at + 1;
                }
            }
            _ => {}
        }
    }
    blanked.len()
}

/// Line number from 1 of a byte offset.
pub(crate) fn line_of(text: &str, at: usize) -> usize {
    text.as_bytes()[..at.min(text.len())].iter().filter(|b| **b == b'\n').count() + 1
}

/// Where the comment or literal that begins at `at` ends, or `at` where none begins.
fn literal_end(bytes: &[u8], at: usize) -> usize {
    match bytes[at] {
        b'/' if bytes.get(at + 1) == Some(&b'/') => line_comment_end(bytes, at),
        b'/' if bytes.get(at + 1) == Some(&b'*') => block_comment_end(bytes, at),
        b'"' => string_end(bytes, at + 1),
        b'r' | b'b' | b'c' if !follows_word(bytes, at) => raw_string_end(bytes, at).unwrap_or(at),
        b'\'' => character_end(bytes, at),
        _ => at,
    }
}

fn follows_word(bytes: &[u8], at: usize) -> bool {
    at > 0 && (bytes[at - 1].is_ascii_alphanumeric() || bytes[at - 1] == b'_')
}

fn line_comment_end(bytes: &[u8], at: usize) -> usize {
    bytes[at..].iter().position(|b| *b == b'\n').map_or(bytes.len(), |n| at + n)
}

/// Block comments nest.
fn block_comment_end(bytes: &[u8], mut at: usize) -> usize {
    let mut depth = 0usize;
    while at + 1 < bytes.len() {
        match &bytes[at..at + 2] {
            b"/*" => {
                depth += 1;
                at += 2;
            }
            b"*/" => {
                depth -= 1;
                at += 2;
                if depth == 0 {
                    return at;
                }
            }
            _ => at += 1,
        }
    }
    bytes.len()
}

/// `at` is just past the opening quote.
fn string_end(bytes: &[u8], mut at: usize) -> usize {
    while at < bytes.len() {
        match bytes[at] {
            b'\\' => at += 2,
            b'"' => return at + 1,
            _ => at += 1,
        }
    }
    bytes.len()
}

/// `r"…"`, `r#"…"#`, `br"…"`, `cr"…"`; plain `b"…"` and `c"…"` begin at their quote.
fn raw_string_end(bytes: &[u8], at: usize) -> Option<usize> {
    let mut cursor = at;
    if matches!(bytes[cursor], b'b' | b'c') {
        cursor += 1;
    }
    if bytes.get(cursor) != Some(&b'r') {
        return None;
    }
    cursor += 1;
    let hashes = bytes[cursor..].iter().take_while(|b| **b == b'#').count();
    cursor += hashes;
    if bytes.get(cursor) != Some(&b'"') {
        return None;
    }
    let mut close = vec![b'"'];
    close.resize(hashes + 1, b'#');
    let body = cursor + 1;
    let found = bytes[body..].windows(close.len()).position(|w| w == close);
    Some(found.map_or(bytes.len(), |n| body + n + close.len()))
}

/// A character literal's end, or `at` where the quote begins a lifetime.
fn character_end(bytes: &[u8], at: usize) -> usize {
    let Some(next) = bytes.get(at + 1) else { return at };
    if *next == b'\\' {
        let from = at + 3;
        return bytes[from.min(bytes.len())..]
            .iter()
            .position(|b| *b == b'\'')
            .map_or(bytes.len(), |n| from + n + 1);
    }
    let width = match next {
        0xF0.. => 4,
        0xE0.. => 3,
        0xC0.. => 2,
        _ => 1,
    };
    if bytes.get(at + 1 + width) == Some(&b'\'') { at + width + 2 } else { at }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn braces(source: &str) -> String {
        blank(source).chars().filter(|c| "{}".contains(*c)).collect()
    }

    #[test]
    fn braces_in_literals_and_comments_vanish() {
        assert_eq!(braces("fn a() { \"}\"; '}'; '\\''; b'{'; /* } /* } */ */ } // }"), "{}");
        assert_eq!(braces(r####"{ r"\"; r#"}"}"#; br##"}"#}"##; "\"}" }"####), "{}");
        assert_eq!(braces("impl<'a> X<'a> { 'l: loop { break 'l; } '\u{e4}' '\u{2713}' }"), "{{}}");
        assert_eq!(braces("let r#fn = bar; {}"), "{}");
    }

    #[test]
    fn length_and_lines_stay() {
        let source = "a\n\"x\ny\u{e4}\"\n/* \n */ b";
        let blanked = blank(source);
        assert_eq!(blanked.len(), source.len());
        assert_eq!(blanked.matches('\n').count(), source.matches('\n').count());
        assert_eq!(line_of(source, source.len()), 5);
    }

    #[test]
    fn closing_finds_the_partner() {
        assert_eq!(closing("{ ( [ ] ) } x", 0), 11);
        assert_eq!(closing("{ never", 0), 7);
    }
}
