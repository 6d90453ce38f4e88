//! Reads one source: everything that the tables find in it.

use rr_core::{FactKey, FactMark};

use super::syntax::Language;
use super::tokens::{Kind, Token, tokens};
use super::{accelerators, applications, calls, command_lines, databases, imports, variables};

/// One thing found in a source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) key: FactKey,
    pub(super) value: String,
    pub(super) line: u32,
    /// The end of its rule: `env` of `code.python.env`.
    pub(super) rule: &'static str,
    pub(super) marks: Vec<FactMark>,
}

impl Found {
    /// A find without marks.
    pub(super) fn new(
        key: FactKey,
        value: impl Into<String>,
        line: u32,
        rule: &'static str,
    ) -> Self {
        Self { key, value: value.into(), line, rule, marks: Vec::new() }
    }
}

/// A source as the tables see it.
pub(super) struct Source<'t, 'a> {
    pub(super) path: &'a str,
    pub(super) language: Language,
    pub(super) tokens: &'t [Token<'a>],
    pub(super) calls: Vec<calls::Call<'t, 'a>>,
    pub(super) imports: Vec<imports::Import>,
}

/// What one source holds.
#[derive(Debug, Default)]
pub(super) struct Scanned {
    pub(super) found: Vec<Found>,
    pub(super) imports: Vec<imports::Import>,
    /// Words that stand inside strings, by which plugins are named.
    pub(super) named: Vec<String>,
}

impl Source<'_, '_> {
    /// Whether the source imports a module of this name, or of one below it.
    pub(super) fn uses(&self, module: &str) -> bool {
        self.imports.iter().any(|import| {
            let name = import.module.as_str();
            name.strip_prefix(module)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '/', ':']))
        })
    }

    /// Whether an import path holds this part, as Go's do: `github.com/gin-gonic`.
    pub(super) fn uses_part(&self, part: &str) -> bool {
        self.imports.iter().any(|import| import.module.contains(part))
    }

    /// The function around a line's statement: the last one that began in the first column.
    pub(super) fn function_at(&self, line: u32) -> Option<&str> {
        let before = self.tokens.iter().take_while(|token| token.line < line).collect::<Vec<_>>();
        let at = before.iter().rposition(|token| {
            token.column == 0 && (token.says("def") || token.says("async") || token.says("class"))
        })?;
        let start = at + usize::from(before[at].says("async"));
        (before.get(start)?.says("def")).then(|| before.get(start + 1).map(|name| name.text))?
    }
}

/// Reads a source.
pub(super) fn scan(path: &str, text: &str, language: Language) -> Scanned {
    let tokens = tokens(text, language);
    let source = Source {
        path,
        language,
        calls: calls::calls(&tokens),
        imports: imports::imports(&tokens, language),
        tokens: &tokens,
    };
    let mut found = variables::read(&source);
    found.extend(applications::read(&source));
    found.extend(command_lines::read(&source));
    found.extend(databases::read(&source));
    found.extend(accelerators::read(&source));
    let named = tokens.iter().filter(|token| token.kind == Kind::Text && token.text.len() <= 80);
    let named = named
        .flat_map(|token| token.text.split(|c: char| !(c.is_alphanumeric() || "_-".contains(c))))
        .filter(|word| word.len() > 2)
        .map(str::to_owned)
        .collect();
    Scanned { found, named, imports: source.imports }
}
