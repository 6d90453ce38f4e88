//! Splits source text into tokens: words, numbers, strings, single marks. Comments are left out.
//!
//! Knows the lexical rules of [`Language`] only. Never fails: what it cannot make sense of is a
//! mark, so a wrong guess costs facts of one file at most.

use super::syntax::Language;

/// Most tokens taken from one file.
const TOKEN_LIMIT: usize = 60_000;

/// One token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Token<'a> {
    pub(super) kind: Kind,
    /// A string without its quotes and prefix, escapes as they stand.
    pub(super) text: &'a str,
    /// From 1.
    pub(super) line: u32,
    /// From 0, in bytes.
    pub(super) column: u32,
}

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A name or keyword.
    Word,
    Number,
    Text,
    /// A string that is put together when the program runs.
    Template,
    /// One character of punctuation.
    Mark,
}

impl Token<'_> {
    /// Whether it is this mark.
    pub(super) fn is(&self, mark: &str) -> bool {
        self.kind == Kind::Mark && self.text == mark
    }

    /// Whether it is this word.
    pub(super) fn says(&self, word: &str) -> bool {
        self.kind == Kind::Word && self.text == word
    }
}

/// The tokens of a file.
pub(super) fn tokens(text: &str, language: Language) -> Vec<Token<'_>> {
    let mut lexer = Lexer {
        text,
        bytes: text.as_bytes(),
        language,
        at: 0,
        line: 1,
        line_start: 0,
        found: Vec::new(),
    };
    while lexer.at < lexer.bytes.len() && lexer.found.len() < TOKEN_LIMIT {
        lexer.next();
    }
    lexer.found
}

struct Lexer<'a> {
    text: &'a str,
    bytes: &'a [u8],
    language: Language,
    at: usize,
    line: u32,
    line_start: usize,
    found: Vec<Token<'a>>,
}

impl Lexer<'_> {
    fn next(&mut self) {
        let byte = self.bytes[self.at];
        match byte {
            b'\n' => self.pass(self.at + 1),
            b' ' | b'\t' | b'\r' => self.at += 1,
            b'#' if self.language.hash_comments() && !self.attribute() => self.comment(),
            b'/' if self.language.slash_comments() && self.peek(1) == Some(b'/') => self.comment(),
            b'/' if self.language.slash_comments() && self.peek(1) == Some(b'*') => {
                let end = self.find("*/", self.at + 2).map_or(self.bytes.len(), |at| at + 2);
                self.pass(end);
            }
            b'/' if self.language == Language::Script && self.expects_value() => self.expression(),
            b'"' => self.string(b'"', self.at),
            b'\'' if self.language.single_quotes() => self.string(b'\'', self.at),
            b'\'' => self.character(),
            b'`' if self.language.backticks() => self.string(b'`', self.at),
            b'0'..=b'9' => {
                self.run(Kind::Number, |b| b.is_ascii_alphanumeric() || b == b'_' || b == b'.')
            }
            b if b.is_ascii_alphabetic() || b == b'_' || b >= 0x80 || b == b'$' => self.word(),
            _ => self.push(Kind::Mark, self.at, self.at + 1, self.at + 1),
        }
    }

    fn peek(&self, ahead: usize) -> Option<u8> {
        self.bytes.get(self.at + ahead).copied()
    }

    /// PHP's `#[Attribute]`.
    fn attribute(&self) -> bool {
        self.language == Language::Php && self.peek(1) == Some(b'[')
    }

    fn find(&self, needle: &str, from: usize) -> Option<usize> {
        self.text.get(from..)?.find(needle).map(|at| from + at)
    }

    fn comment(&mut self) {
        self.at = self.find("\n", self.at).unwrap_or(self.bytes.len());
    }

    /// Goes on to `end`, counting lines.
    fn pass(&mut self, end: usize) {
        for at in self.at..end.min(self.bytes.len()) {
            if self.bytes[at] == b'\n' {
                self.line += 1;
                self.line_start = at + 1;
            }
        }
        self.at = end;
    }

    fn push(&mut self, kind: Kind, start: usize, end: usize, next: usize) {
        // Marks beyond ASCII do not occur: such bytes are parts of words.
        if let Some(text) = self.text.get(start..end) {
            let column = u32::try_from(self.at - self.line_start).unwrap_or(u32::MAX);
            self.found.push(Token { kind, text, line: self.line, column });
        }
        self.pass(next);
    }

    fn run(&mut self, kind: Kind, belongs: impl Fn(u8) -> bool) {
        let rest = &self.bytes[self.at..];
        let length = rest.iter().position(|b| !belongs(*b)).unwrap_or(rest.len());
        let end = self.at + length.max(1);
        self.push(kind, self.at, end, end);
    }

    /// A word, or the prefix of a string: `f"…"`, `rb'…'`, `r#"…"#`.
    fn word(&mut self) {
        let belongs = |b: u8| b.is_ascii_alphanumeric() || b == b'_' || b >= 0x80 || b == b'$';
        let rest = &self.bytes[self.at..];
        let length = rest.iter().position(|b| !belongs(*b)).unwrap_or(rest.len());
        let prefix = &rest[..length];
        let next = self.peek(length);
        let python = self.language == Language::Python
            && length <= 2
            && prefix.iter().all(|b| b"rRbBuUfF".contains(b));
        if python && let Some(quote @ (b'"' | b'\'')) = next {
            return self.string(quote, self.at + length);
        }
        if self.language == Language::Rust && matches!(prefix, b"r" | b"br") {
            let hashes = rest[length..].iter().take_while(|b| **b == b'#').count();
            if self.peek(length + hashes) == Some(b'"') {
                let start = self.at + length + hashes + 1;
                let close = format!("\"{}", "#".repeat(hashes));
                let end = self.find(&close, start).unwrap_or(self.bytes.len());
                return self.push(Kind::Text, start, end, end + close.len());
            }
        }
        let end = self.at + length.max(1);
        self.push(Kind::Word, self.at, end, end);
    }

    /// A string whose quote stands at `open`; what is before it is its prefix.
    fn string(&mut self, quote: u8, open: usize) {
        let prefix = &self.bytes[self.at..open];
        let triple = self.language.triple_quotes()
            && self
                .bytes
                .get(open..open + 3)
                .is_some_and(|three| three.iter().all(|b| *b == quote));
        let start = open + if triple { 3 } else { 1 };
        let mut at = start;
        let escapes = !(self.language == Language::Go && quote == b'`');
        while at < self.bytes.len() {
            match self.bytes[at] {
                b'\\' if escapes => at += 1,
                b'\n' if !triple && quote != b'`' && self.language.strings_end_with_lines() => {
                    break;
                }
                b if b == quote && !triple => break,
                b if b == quote && self.bytes[at..].starts_with(&[quote; 3]) => break,
                _ => {}
            }
            at += 1;
        }
        let at = at.min(self.bytes.len());
        let body = &self.bytes[start.min(at)..at];
        let filled = match self.language {
            Language::Python => {
                prefix.iter().any(|b| matches!(b, b'f' | b'F')) && body.contains(&b'{')
            }
            Language::Script => quote == b'`' && body.windows(2).any(|pair| pair == b"${"),
            Language::Ruby => quote == b'"' && body.windows(2).any(|pair| pair == b"#{"),
            Language::Jvm | Language::Php => quote == b'"' && body.contains(&b'$'),
            Language::Go | Language::Rust => false,
        };
        let kind = if filled { Kind::Template } else { Kind::Text };
        let closed = self.bytes.get(at).is_some_and(|b| *b == quote);
        let next = at
            + if !closed {
                0
            } else if triple {
                3
            } else {
                1
            };
        self.push(kind, start.min(at), at, next);
    }

    /// `'x'`, `'\n'`, or a lifetime `'a`.
    fn character(&mut self) {
        let end = match (self.peek(1), self.peek(2)) {
            (Some(b'\\'), _) => self.find("'", self.at + 3).map(|at| at + 1),
            (Some(_), Some(b'\'')) => Some(self.at + 3),
            _ => None,
        };
        let near = end.filter(|end| *end <= self.at + 14);
        self.at = near.unwrap_or(self.at + 1);
    }

    /// Whether a slash begins a regular expression here rather than a division.
    fn expects_value(&self) -> bool {
        self.found.last().is_none_or(|last| match last.kind {
            Kind::Mark => !matches!(last.text, ")" | "]" | "}"),
            Kind::Word => matches!(last.text, "return" | "typeof" | "case" | "in" | "of"),
            _ => false,
        })
    }

    /// A regular expression, which ends on its own line.
    fn expression(&mut self) {
        let mut at = self.at + 1;
        let mut class = false;
        while at < self.bytes.len() && self.bytes[at] != b'\n' {
            match self.bytes[at] {
                b'\\' => at += 1,
                b'[' => class = true,
                b']' => class = false,
                b'/' if !class => break,
                _ => {}
            }
            at += 1;
        }
        let end = (at + 1).min(self.bytes.len());
        self.push(Kind::Template, self.at, self.at, end);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str, language: Language) -> Vec<String> {
        tokens(text, language).iter().map(|t| format!("{:?}:{}", t.kind, t.text)).collect()
    }

    #[test]
    fn comments_are_gone_and_strings_are_whole() {
        let python = "x = f'a{b}' # no('x')\n\"\"\"doc\nos.getenv('X')\"\"\"\ny = r\"\\d\"";
        assert_eq!(
            shown(python, Language::Python),
            [
                "Word:x",
                "Mark:=",
                "Template:a{b}",
                "Text:doc\nos.getenv('X')",
                "Word:y",
                "Mark:=",
                "Text:\\d"
            ]
        );
        let script = "/* a */ const r = /['\"]/g; s = `x${y}`; // z\nt = 'u'";
        let found = shown(script, Language::Script);
        assert!(found.contains(&"Text:u".to_owned()), "{found:?}");
        assert!(found.contains(&"Template:x${y}".to_owned()), "{found:?}");
        let rust = "fn f<'a>(c: &'a str) { g('x', r#\"a\"b\"#) }";
        assert!(shown(rust, Language::Rust).contains(&"Text:a\"b".to_owned()));
    }

    #[test]
    fn lines_are_counted_through_texts_and_comments() {
        let found = tokens("/* \n\n */ a\n`b\n`\nc", Language::Go);
        let lines: Vec<_> = found.iter().map(|t| (t.text, t.line)).collect();
        assert_eq!(lines, [("a", 3), ("b\n", 4), ("c", 6)]);
    }

    #[test]
    fn broken_source_ends() {
        for language in [Language::Python, Language::Script, Language::Rust, Language::Php] {
            for text in ["'", "\"\\", "/*", "`", "r#\"", "'''", "/", "\u{e9}'\u{e9}", "'\\"] {
                tokens(text, language);
            }
        }
    }
}
