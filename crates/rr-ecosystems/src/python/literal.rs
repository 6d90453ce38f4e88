//! Reads literal values out of Python source without running it: what `setup(...)` is given.
//!
//! Knows strings, lists, tuples, dictionaries, names bound to such values at the module's top
//! level, and `+` between lists. Everything else is [`Literal::Unknown`].

use std::collections::BTreeMap;

/// A literal value.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Literal {
    Text(String),
    List(Vec<Literal>),
    Dict(Vec<(String, Literal)>),
    Unknown,
}

impl Literal {
    /// The texts in a list, or the lines of one text.
    pub(super) fn texts(&self) -> Vec<String> {
        match self {
            Self::Text(text) => {
                text.lines().map(|l| l.trim().to_owned()).filter(|l| !l.is_empty()).collect()
            }
            Self::List(items) => items
                .iter()
                .filter_map(|item| match item {
                    Self::Text(text) => Some(text.clone()),
                    _ => None,
                })
                .collect(),
            _ => Vec::new(),
        }
    }

    /// The value of a dictionary's key.
    pub(super) fn get(&self, key: &str) -> Option<&Self> {
        match self {
            Self::Dict(members) => members.iter().find(|(k, _)| k == key).map(|(_, v)| v),
            _ => None,
        }
    }

    /// A text.
    pub(super) fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }
}

/// The keyword arguments of the first call of `function` (`setup`), with names resolved.
pub(super) fn keyword_arguments(source: &str, function: &str) -> BTreeMap<String, Literal> {
    let names = assignments(source);
    let Some(start) = call_start(source, function) else { return BTreeMap::new() };
    let mut reader = Reader { text: source.as_bytes(), source, at: start, names: &names, depth: 0 };
    reader.arguments()
}

/// Literals bound to names at the module's top level.
pub(super) fn assignments(source: &str) -> BTreeMap<String, Literal> {
    let mut names = BTreeMap::new();
    let mut offset = 0;
    for line in source.split_inclusive('\n') {
        let start = offset;
        offset += line.len();
        let Some((name, rest)) = line.split_once('=') else { continue };
        let append = name.trim_end().ends_with('+');
        let name = name.trim_end().trim_end_matches('+').trim_end();
        if rest.starts_with('=') || !is_name(name) || line.starts_with([' ', '\t']) {
            continue;
        }
        let at = start + (line.len() - rest.len());
        let value = {
            let mut reader =
                Reader { text: source.as_bytes(), source, at, names: &names, depth: 0 };
            reader.expression()
        };
        match (append, names.get_mut(name), value) {
            (true, Some(Literal::List(known)), Literal::List(more)) => known.extend(more),
            (true, _, _) => {}
            (false, _, value) => {
                names.insert(name.to_owned(), value);
            }
        }
    }
    names
}

fn is_name(text: &str) -> bool {
    !text.is_empty()
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
        && !text.as_bytes()[0].is_ascii_digit()
}

fn call_start(source: &str, function: &str) -> Option<usize> {
    let needle = format!("{function}(");
    let mut from = 0;
    while let Some(found) = source[from..].find(&needle) {
        let at = from + found;
        let before = source[..at].bytes().next_back();
        let line = source[..at].rsplit('\n').next().unwrap_or("");
        let own = before.is_none_or(|b| !(b.is_ascii_alphanumeric() || b == b'_'));
        if own && !line.trim_start().starts_with('#') && !line.contains("def ") {
            return Some(at + needle.len());
        }
        from = at + needle.len();
    }
    None
}

struct Reader<'a> {
    text: &'a [u8],
    source: &'a str,
    at: usize,
    names: &'a BTreeMap<String, Literal>,
    /// Lists, tuples and dictionaries that are open.
    depth: usize,
}

/// Deepest nesting that is read; setup files of people go a few levels deep.
const DEEPEST: usize = 100;

impl Reader<'_> {
    fn arguments(&mut self) -> BTreeMap<String, Literal> {
        let mut arguments = BTreeMap::new();
        loop {
            self.space();
            match self.peek() {
                None | Some(b')') => return arguments,
                Some(b',') => self.at += 1,
                _ => {
                    let before = self.at;
                    if let Some(name) = self.keyword() {
                        let value = self.expression();
                        arguments.insert(name, value);
                    } else {
                        self.expression();
                    }
                    self.skip_rest();
                    if self.at == before {
                        self.at += 1;
                    }
                }
            }
        }
    }

    fn keyword(&mut self) -> Option<String> {
        let start = self.at;
        let name = self.name()?;
        self.space();
        if self.peek() == Some(b'=') && self.text.get(self.at + 1) != Some(&b'=') {
            self.at += 1;
            return Some(name);
        }
        self.at = start;
        None
    }

    fn expression(&mut self) -> Literal {
        let mut value = self.term();
        loop {
            self.space();
            if self.peek() != Some(b'+') {
                return value;
            }
            self.at += 1;
            let more = self.term();
            value = match (value, more) {
                (Literal::List(mut a), Literal::List(b)) => {
                    a.extend(b);
                    Literal::List(a)
                }
                (Literal::Text(a), Literal::Text(b)) => Literal::Text(a + &b),
                // A list with an unknown part still says what its known part says.
                (Literal::List(a), Literal::Unknown) | (Literal::Unknown, Literal::List(a)) => {
                    Literal::List(a)
                }
                _ => Literal::Unknown,
            };
        }
    }

    fn term(&mut self) -> Literal {
        self.space();
        if self.depth >= DEEPEST {
            self.at = self.text.len();
            return Literal::Unknown;
        }
        self.depth += 1;
        let value = self.nested_term();
        self.depth -= 1;
        value
    }

    fn nested_term(&mut self) -> Literal {
        match self.peek() {
            Some(b'[') => self.sequence(b']'),
            Some(b'(') => self.sequence(b')'),
            Some(b'{') => self.dictionary(),
            Some(b'"' | b'\'') => self.strings(),
            Some(b) if b.is_ascii_alphabetic() || b == b'_' => self.named(),
            _ => Literal::Unknown,
        }
    }

    fn named(&mut self) -> Literal {
        let start = self.at;
        let name = self.name().unwrap_or_default();
        if matches!(self.peek(), Some(b'"' | b'\'')) && name.len() <= 2 {
            return if name.to_lowercase().contains('f') {
                self.strings();
                Literal::Unknown
            } else {
                self.strings()
            };
        }
        if name == "dict" && self.peek() == Some(b'(') {
            self.at += 1;
            let members = self.arguments();
            self.at += 1;
            return Literal::Dict(members.into_iter().collect());
        }
        match self.peek() {
            Some(b'(' | b'.' | b'[') => {
                self.at = start;
                self.skip_rest();
                Literal::Unknown
            }
            _ => self.names.get(&name).cloned().unwrap_or(Literal::Unknown),
        }
    }

    fn sequence(&mut self, close: u8) -> Literal {
        self.at += 1;
        let mut items = Vec::new();
        loop {
            self.space();
            match self.peek() {
                None => return Literal::Unknown,
                Some(b) if b == close => {
                    self.at += 1;
                    return Literal::List(items);
                }
                Some(b',') => self.at += 1,
                _ => {
                    let before = self.at;
                    let spread = self.peek() == Some(b'*');
                    self.at += usize::from(spread);
                    match (spread, self.expression()) {
                        (true, Literal::List(more)) => items.extend(more),
                        (_, item) => items.push(item),
                    }
                    self.skip_rest();
                    self.at = self.at.max(before + 1);
                }
            }
        }
    }

    fn dictionary(&mut self) -> Literal {
        self.at += 1;
        let mut members = Vec::new();
        loop {
            self.space();
            match self.peek() {
                None => return Literal::Unknown,
                Some(b'}') => {
                    self.at += 1;
                    return Literal::Dict(members);
                }
                Some(b',') => self.at += 1,
                _ => {
                    let before = self.at;
                    let key = self.expression();
                    self.space();
                    if self.peek() == Some(b':') {
                        self.at += 1;
                        let value = self.expression();
                        if let Literal::Text(key) = key {
                            members.push((key, value));
                        }
                    }
                    self.skip_rest();
                    self.at = self.at.max(before + 1);
                }
            }
        }
    }

    /// One string or several side by side.
    fn strings(&mut self) -> Literal {
        let mut text = String::new();
        while let Some(quote @ (b'"' | b'\'')) = self.peek() {
            let triple = self.text[self.at..].starts_with(&[quote; 3]);
            let width = if triple { 3 } else { 1 };
            self.at += width;
            let start = self.at;
            while self.at < self.text.len() {
                if self.text[self.at] == b'\\' {
                    self.at += 2;
                    continue;
                }
                if self.text[self.at..].starts_with(&vec![quote; width]) {
                    break;
                }
                self.at += 1;
            }
            let end = self.at.min(self.text.len());
            text.push_str(self.source.get(start..end).unwrap_or(""));
            self.at = end + width;
            self.space();
        }
        if self.peek() == Some(b'%') || self.peek() == Some(b'.') {
            return Literal::Unknown;
        }
        Literal::Text(text)
    }

    /// Skips what an expression left over, up to `,` or a closing bracket of this level.
    fn skip_rest(&mut self) {
        let mut depth = 0_usize;
        while let Some(byte) = self.peek() {
            match byte {
                b'"' | b'\'' => {
                    self.strings();
                    continue;
                }
                b'#' => {
                    self.space();
                    continue;
                }
                b'(' | b'[' | b'{' => depth += 1,
                b')' | b']' | b'}' if depth == 0 => return,
                b')' | b']' | b'}' => depth -= 1,
                b',' if depth == 0 => return,
                _ => {}
            }
            self.at += 1;
        }
    }

    fn name(&mut self) -> Option<String> {
        let start = self.at;
        while self.peek().is_some_and(|b| b.is_ascii_alphanumeric() || b == b'_') {
            self.at += 1;
        }
        (self.at > start).then(|| self.source[start..self.at].to_owned())
    }

    fn space(&mut self) {
        while let Some(byte) = self.peek() {
            match byte {
                b'#' => {
                    while self.peek().is_some_and(|b| b != b'\n') {
                        self.at += 1;
                    }
                }
                b'\\' | b' ' | b'\t' | b'\n' | b'\r' => self.at += 1,
                _ => return,
            }
        }
    }

    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_arguments_of_setup() {
        let source = r#"
tests = ["pytest", 'mock>=1']  # comment, with ] and '
base = ['a' '-b']
setup(
    name="x", version=read("v"), packages=find_packages(exclude=["t", "u"]),
    install_requires=base + ["c; python_version < '3'"],
    extras_require={"test": tests, 'dev': tests + ["flake8"]},
    entry_points={"console_scripts": ["x = x.cli:main"]},
    python_requires=">=3.6",
)
"#;
        let found = keyword_arguments(source, "setup");
        assert_eq!(found["name"].text(), Some("x"));
        assert_eq!(found["install_requires"].texts(), ["a-b", "c; python_version < '3'"]);
        let extras = &found["extras_require"];
        assert_eq!(extras.get("dev").map(Literal::texts).unwrap(), ["pytest", "mock>=1", "flake8"]);
        assert_eq!(found["python_requires"].text(), Some(">=3.6"));
        assert_eq!(found["version"], Literal::Unknown);
    }

    #[test]
    fn hostile_source_ends() {
        for source in
            ["setup(", "setup([[[", "setup(a='", "setup(\"\\", "setup({a", "setup(**x, *y)"]
        {
            keyword_arguments(source, "setup");
        }
    }
}
