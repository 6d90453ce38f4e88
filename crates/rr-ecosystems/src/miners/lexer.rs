//! Splits shell text at its separators, outside of quotes, comments and here-documents.

/// The text between two separators.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Piece {
    /// The text, continuations joined, comments gone.
    pub(crate) text: String,
    /// Line it begins on, from 0.
    pub(crate) offset: u32,
    /// Subshells that open before it.
    pub(crate) opens: u32,
    /// Subshells that close after it.
    pub(crate) closes: u32,
}

/// Splits a script at newlines, `;`, `&&` and `&`. What follows `||` is left out: it runs only
/// where the command before it failed.
pub(crate) fn pieces(script: &str) -> Vec<Piece> {
    let mut lexer = Lexer { found: Vec::new(), text: String::new(), line: 0, start: 0, opens: 0 };
    lexer.run(script);
    lexer.found
}

struct Lexer {
    found: Vec<Piece>,
    text: String,
    line: u32,
    start: u32,
    opens: u32,
}

impl Lexer {
    fn run(&mut self, script: &str) {
        let chars: Vec<char> = script.chars().collect();
        let mut at = 0;
        let mut skipping = false;
        let mut heredoc: Option<String> = None;
        while at < chars.len() {
            let c = chars[at];
            let next = chars.get(at + 1).copied();
            let blank_before = self.text.is_empty() || self.text.ends_with(char::is_whitespace);
            match c {
                '\\' if next == Some('\n') => {
                    self.text.push(' ');
                    self.line += 1;
                    at += 1;
                }
                '\\' => {
                    self.push(c);
                    self.text.extend(next);
                    at += 1;
                }
                '\'' | '"' | '`' => at = self.quoted(&chars, at, c),
                '$' if next == Some('(') || next == Some('{') => at = self.bracketed(&chars, at),
                '#' if blank_before => {
                    while at + 1 < chars.len() && chars[at + 1] != '\n' {
                        at += 1;
                    }
                }
                '<' if next == Some('<') && chars.get(at + 2) != Some(&'<') => {
                    heredoc = heredoc_mark(&chars, at + 2);
                    self.push(c);
                }
                '\n' => {
                    self.cut(&mut skipping, 0);
                    self.line += 1;
                    if let Some(mark) = heredoc.take() {
                        at = self.skip_heredoc(&chars, at, &mark);
                    }
                }
                ';' => self.cut(&mut skipping, 0),
                '&' if next == Some('&') => {
                    self.cut(&mut skipping, 0);
                    at += 1;
                }
                '|' if next == Some('|') => {
                    self.cut(&mut skipping, 0);
                    skipping = true;
                    at += 1;
                }
                '&' if !self.text.ends_with('>') && next != Some('>') => self.cut(&mut skipping, 0),
                '(' if blank_before && self.text.trim().is_empty() => self.opens += 1,
                ')' => self.cut(&mut skipping, 1),
                c => self.push(c),
            }
            at += 1;
        }
        self.cut(&mut skipping, 0);
    }

    fn push(&mut self, c: char) {
        if self.text.is_empty() {
            if c.is_whitespace() {
                return;
            }
            self.start = self.line;
        }
        self.text.push(c);
    }

    fn quoted(&mut self, chars: &[char], at: usize, quote: char) -> usize {
        self.push(quote);
        let mut at = at + 1;
        while at < chars.len() {
            let c = chars[at];
            if c == '$' && quote == '"' && chars.get(at + 1) == Some(&'(') {
                at = self.bracketed(chars, at) + 1;
                continue;
            }
            self.text.push(c);
            self.line += u32::from(c == '\n');
            if c == '\\' && quote != '\'' && at + 1 < chars.len() {
                at += 1;
                self.text.push(chars[at]);
            } else if c == quote {
                return at;
            }
            at += 1;
        }
        at
    }

    fn bracketed(&mut self, chars: &[char], at: usize) -> usize {
        self.push(chars[at]);
        let mut depth = 0u32;
        let mut at = at + 1;
        while at < chars.len() {
            let c = chars[at];
            self.text.push(c);
            self.line += u32::from(c == '\n');
            match c {
                '(' | '{' => depth += 1,
                ')' | '}' => depth = depth.saturating_sub(1),
                _ => {}
            }
            if depth == 0 {
                return at;
            }
            at += 1;
        }
        at
    }

    fn skip_heredoc(&mut self, chars: &[char], newline: usize, mark: &str) -> usize {
        let mut at = newline + 1;
        while at < chars.len() {
            let end = chars[at..].iter().position(|c| *c == '\n').map_or(chars.len(), |n| at + n);
            let line: String = chars[at..end].iter().collect();
            self.line += 1;
            if line.trim() == mark {
                return end.min(chars.len() - 1);
            }
            at = end + 1;
        }
        chars.len()
    }

    fn cut(&mut self, skipping: &mut bool, closes: u32) {
        let text = std::mem::take(&mut self.text).trim().to_owned();
        let text = if std::mem::take(skipping) { String::new() } else { text };
        let opens = std::mem::take(&mut self.opens);
        if !text.is_empty() || opens > 0 || closes > 0 {
            self.found.push(Piece { text, offset: self.start, opens, closes });
        }
    }
}

fn heredoc_mark(chars: &[char], at: usize) -> Option<String> {
    let mark: String = chars[at.min(chars.len())..]
        .iter()
        .skip_while(|c| matches!(c, '-' | ' '))
        .take_while(|c| !c.is_whitespace() && !matches!(c, ';' | '>' | '|' | '&'))
        .filter(|c| !matches!(c, '\'' | '"' | '\\'))
        .collect();
    (!mark.is_empty()).then_some(mark)
}
