//! What a source imports, and whether it can do without.

use super::syntax::Language;
use super::tokens::{Kind, Token};

/// One import.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Import {
    /// The module as written: `a.b`, `./x`, `github.com/a/b`.
    pub(super) module: String,
    pub(super) line: u32,
    /// Whether the source fails without it: neither in a function nor in a `try`.
    pub(super) needed: bool,
}

/// The imports of a source.
pub(super) fn imports(tokens: &[Token<'_>], language: Language) -> Vec<Import> {
    match language {
        Language::Python => python(tokens),
        Language::Script => script(tokens),
        Language::Go => go(tokens),
        Language::Rust | Language::Jvm | Language::Php => paths(tokens, language),
        Language::Ruby => ruby(tokens),
    }
}

/// `import a.b, c`, `from a.b import c` at the beginning of a line.
fn python(tokens: &[Token<'_>]) -> Vec<Import> {
    let mut found = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        let first = at == 0 || tokens[at - 1].line != token.line;
        let needed = token.column == 0;
        if !first {
            continue;
        }
        if token.says("from") {
            let module = dotted(&tokens[at + 1..]);
            let relative = tokens.get(at + 1).is_some_and(|next| next.is("."));
            if !module.is_empty() && !relative {
                found.push(Import { module, line: token.line, needed });
            }
        } else if token.says("import") {
            let mut rest = &tokens[at + 1..];
            loop {
                let module = dotted(rest);
                if module.is_empty() {
                    break;
                }
                found.push(Import { module, line: token.line, needed });
                let Some(comma) =
                    rest.iter().take_while(|t| t.line == token.line).position(|t| t.is(","))
                else {
                    break;
                };
                rest = &rest[comma + 1..];
            }
        }
    }
    found
}

fn dotted(tokens: &[Token<'_>]) -> String {
    match tokens.first() {
        Some(first) if first.kind == Kind::Word => super::calls::path(tokens, 0).0,
        _ => String::new(),
    }
}

/// `import x from "m"`, `export … from "m"`, `import "m"`, `require("m")`, `import("m")`.
fn script(tokens: &[Token<'_>]) -> Vec<Import> {
    let mut found = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        let next = tokens.get(at + 1);
        let text = |at: usize| tokens.get(at).filter(|t| t.kind == Kind::Text);
        let call = next.is_some_and(|t| t.is("("));
        let module = if token.says("from") || (token.says("import") && !call) {
            text(at + 1)
        } else if (token.says("require") || token.says("import")) && call {
            text(at + 2)
        } else {
            None
        };
        // Types are gone when the program runs.
        let types = token.says("from")
            && tokens[..at]
                .iter()
                .rev()
                .take(40)
                .take_while(|t| !t.is(";"))
                .any(|t| t.says("type"));
        if let Some(module) = module {
            let line_start = tokens[..=at].iter().rev().take_while(|t| t.line == token.line).last();
            let optional = types || token.says("import") && call;
            let needed = !optional && line_start.is_some_and(|t| t.column == 0);
            found.push(Import { module: module.text.to_owned(), line: token.line, needed });
        }
    }
    found
}

/// `import "a"`, `import ( x "a"; "b" )`.
fn go(tokens: &[Token<'_>]) -> Vec<Import> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        if !(tokens[at].says("import") && tokens[at].column == 0) {
            at += 1;
            continue;
        }
        let grouped = tokens.get(at + 1).is_some_and(|t| t.is("("));
        let line = tokens[at].line;
        let inside = tokens[at + 1..]
            .iter()
            .take_while(|t| if grouped { !t.is(")") } else { t.line == line });
        let mut length = 0;
        for token in inside {
            length += 1;
            if token.kind == Kind::Text {
                found.push(Import {
                    module: token.text.to_owned(),
                    line: token.line,
                    needed: true,
                });
            }
        }
        at += length + 1;
    }
    found
}

/// `use a::b`, `extern crate a`, `import a.b.C`, `use A\B`.
fn paths(tokens: &[Token<'_>], language: Language) -> Vec<Import> {
    let word = if language == Language::Jvm { "import" } else { "use" };
    let mut found = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        let begins = at == 0 || tokens[at - 1].line != token.line || tokens[at - 1].says("pub");
        let skip = usize::from(tokens.get(at + 1).is_some_and(|t| t.says("static")));
        if !(begins && token.says(word)) {
            continue;
        }
        let rest = &tokens[(at + 1 + skip).min(tokens.len())..];
        let module = if language == Language::Php {
            let names = rest.iter().take_while(|t| t.kind == Kind::Word || t.is("\\"));
            names.filter(|t| t.kind == Kind::Word).map(|t| t.text).collect::<Vec<_>>().join(".")
        } else {
            dotted(rest)
        };
        if !module.is_empty() {
            found.push(Import { module, line: token.line, needed: token.column == 0 });
        }
    }
    found
}

/// `require "a"`.
fn ruby(tokens: &[Token<'_>]) -> Vec<Import> {
    let pairs = tokens.windows(2);
    pairs
        .filter(|pair| pair[0].says("require") && pair[1].kind == Kind::Text)
        .map(|pair| Import {
            module: pair[1].text.to_owned(),
            line: pair[0].line,
            needed: pair[0].column == 0,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::tokens::tokens;
    use super::*;

    fn shown(source: &str, language: Language) -> Vec<(String, bool)> {
        let list = tokens(source, language);
        imports(&list, language).into_iter().map(|i| (i.module, i.needed)).collect()
    }

    #[test]
    fn imports_of_every_language_are_read() {
        let one = |module: &str, needed| (module.to_owned(), needed);
        assert_eq!(
            shown(
                "import os, a.b as c\ntry:\n    import d\nexcept E: pass\nfrom e.f import g\nfrom . import h\n",
                Language::Python
            ),
            [one("os", true), one("a.b", true), one("d", false), one("e.f", true)]
        );
        assert_eq!(
            shown(
                "import x, { y } from 'a';\nimport type { T } from 'b';\nconst c = require(\"c\");\nimport('d')\n",
                Language::Script
            ),
            [one("a", true), one("b", false), one("c", true), one("d", false)]
        );
        assert_eq!(
            shown(
                "package a\nimport (\n\t\"fmt\"\n\tx \"a.com/b\"\n)\nimport \"os\"\n",
                Language::Go
            ),
            [one("fmt", true), one("a.com/b", true), one("os", true)]
        );
        assert_eq!(shown("use axum::Router;\n", Language::Rust), [one("axum.Router", true)]);
        assert_eq!(
            shown("use Slim\\Factory\\AppFactory;\n", Language::Php),
            [one("Slim.Factory.AppFactory", true)]
        );
        assert_eq!(shown("import org.a.B;\n", Language::Jvm), [one("org.a.B", true)]);
        assert_eq!(shown("require 'sinatra'\n", Language::Ruby), [one("sinatra", true)]);
    }
}
