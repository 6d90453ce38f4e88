//! Finds calls and accesses among tokens: who is called, with which plain arguments, and what the
//! result is assigned to.

use super::tokens::{Kind, Token};

/// A call `a.b.c(x, name=y)`, or an access by a key `a.b["x"]`.
#[derive(Clone, Debug)]
pub(super) struct Call<'t, 'a> {
    /// Names joined by dots, whatever joins them in the source: `os.environ.get`.
    pub(super) callee: String,
    /// Whether brackets enclose what follows: an access, not a call.
    pub(super) access: bool,
    pub(super) arguments: Vec<Argument<'t, 'a>>,
    pub(super) line: u32,
    /// The name that takes the result.
    pub(super) assigned: Option<&'a str>,
    /// Whether it begins in the first column of its line or is assigned by such a statement.
    pub(super) outer: bool,
    /// What follows the closing bracket.
    pub(super) after: &'t [Token<'a>],
}

/// One argument.
#[derive(Clone, Debug)]
pub(super) struct Argument<'t, 'a> {
    /// Its name, where it has one.
    pub(super) name: Option<&'a str>,
    pub(super) tokens: &'t [Token<'a>],
}

/// Most tokens that one call's arguments may have.
const LENGTH: usize = 4_000;

impl<'t, 'a> Call<'t, 'a> {
    /// The last name of the callee.
    pub(super) fn name(&self) -> &str {
        self.callee.rsplit('.').next().unwrap_or(&self.callee)
    }

    /// The argument at a position, counted among those without a name.
    pub(super) fn positional(&self, at: usize) -> Option<&Argument<'t, 'a>> {
        self.arguments.iter().filter(|argument| argument.name.is_none()).nth(at)
    }

    /// The argument of this name.
    pub(super) fn named(&self, name: &str) -> Option<&Argument<'t, 'a>> {
        self.arguments.iter().find(|argument| argument.name == Some(name))
    }

    /// The string at a position.
    pub(super) fn text(&self, at: usize) -> Option<&'a str> {
        self.positional(at)?.text()
    }
}

impl<'a> Argument<'_, 'a> {
    /// Its text, where it is one plain string.
    pub(super) fn text(&self) -> Option<&'a str> {
        match self.tokens {
            [Token { kind: Kind::Text, text, .. }] => Some(text),
            _ => None,
        }
    }

    /// Its value as written, where it is one plain token or a signed number.
    pub(super) fn plain(&self) -> Option<String> {
        match self.tokens {
            [token] if token.kind != Kind::Template && token.kind != Kind::Mark => {
                Some(token.text.to_owned())
            }
            [sign, number] if sign.is("-") && number.kind == Kind::Number => {
                Some(format!("-{}", number.text))
            }
            _ => None,
        }
    }
}

/// Every call and access by key, in the order of their beginnings.
pub(super) fn calls<'t, 'a>(tokens: &'t [Token<'a>]) -> Vec<Call<'t, 'a>> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        if tokens[at].kind != Kind::Word {
            at += 1;
            continue;
        }
        let start = at;
        let (callee, end) = path(tokens, at);
        at = end;
        let Some(open) = tokens.get(end) else { break };
        if open.is("(") || open.is("[") {
            let close = closing(tokens, end);
            let Some(close) = close else { continue };
            found.push(Call {
                callee,
                access: open.is("["),
                arguments: arguments(&tokens[end + 1..close]),
                line: tokens[start].line,
                assigned: assigned(tokens, start),
                outer: outer(tokens, start),
                after: tokens.get(close + 1..(close + 11).min(tokens.len())).unwrap_or_default(),
            });
            // Calls inside the arguments are found as well.
            at = end + 1;
        }
    }
    found
}

/// The dotted path that begins at a word, and where it ends. `a?.b`, `a::b`, `a->b`, `a!` count.
pub(super) fn path(tokens: &[Token<'_>], start: usize) -> (String, usize) {
    let mut name = tokens[start].text.to_owned();
    let mut at = start + 1;
    loop {
        let joint = match tokens.get(at..) {
            Some([a, b, ..]) if a.is(":") && b.is(":") => 2,
            Some([a, b, ..]) if (a.is("?") && b.is(".")) || (a.is("-") && b.is(">")) => 2,
            Some([a, ..]) if a.is(".") => 1,
            _ => 0,
        };
        match tokens.get(at + joint) {
            Some(next) if joint > 0 && next.kind == Kind::Word => {
                name.push('.');
                name.push_str(next.text);
                at += joint + 1;
            }
            _ => break,
        }
    }
    if tokens.get(at).is_some_and(|t| t.is("!")) && tokens.get(at + 1).is_some_and(|t| t.is("(")) {
        name.push('!');
        at += 1;
    }
    (name, at)
}

/// The bracket that closes the one at `open`.
fn closing(tokens: &[Token<'_>], open: usize) -> Option<usize> {
    let mut depth = 0_usize;
    for (at, token) in tokens.iter().enumerate().skip(open).take(LENGTH) {
        if token.kind != Kind::Mark {
            continue;
        }
        match token.text {
            "(" | "[" | "{" => depth += 1,
            ")" | "]" | "}" => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return Some(at);
                }
            }
            _ => {}
        }
    }
    None
}

fn arguments<'t, 'a>(inside: &'t [Token<'a>]) -> Vec<Argument<'t, 'a>> {
    let mut found = Vec::new();
    let mut depth = 0_usize;
    let mut start = 0;
    for (at, token) in inside.iter().enumerate() {
        if token.kind != Kind::Mark {
            continue;
        }
        match token.text {
            "(" | "[" | "{" => depth += 1,
            ")" | "]" | "}" => depth = depth.saturating_sub(1),
            "," if depth == 0 => {
                found.push(argument(&inside[start..at]));
                start = at + 1;
            }
            _ => {}
        }
    }
    if start < inside.len() {
        found.push(argument(&inside[start..]));
    }
    found
}

/// `name=value`, `name: value`, or a value.
fn argument<'t, 'a>(tokens: &'t [Token<'a>]) -> Argument<'t, 'a> {
    match tokens {
        [name, joint, rest @ ..]
            if name.kind == Kind::Word
                && (joint.is("=") && !rest.first().is_some_and(|t| t.is("=") || t.is(">"))
                    || joint.is(":") && !rest.first().is_some_and(|t| t.is(":"))) =>
        {
            Argument { name: Some(name.text), tokens: rest }
        }
        _ => Argument { name: None, tokens },
    }
}

/// `app` of `app = …`, `app: T = …`, `const app = await …`, `app := …`.
fn assigned<'a>(tokens: &[Token<'a>], start: usize) -> Option<&'a str> {
    let mut at = start.checked_sub(1)?;
    while tokens[at].says("await") || tokens[at].says("new") || tokens[at].is("*") {
        at = at.checked_sub(1)?;
    }
    if !tokens[at].is("=") {
        return None;
    }
    at = at.checked_sub(1)?;
    if tokens[at].is(":") {
        at = at.checked_sub(1)?;
    }
    if tokens[at].kind != Kind::Word {
        return None;
    }
    // A type between the name and the sign: the name stands before the colon.
    if at >= 2 && tokens[at - 1].is(":") && tokens[at - 2].kind == Kind::Word {
        return Some(tokens[at - 2].text);
    }
    Some(tokens[at].text)
}

/// Whether the statement that a token belongs to begins in the first column.
fn outer(tokens: &[Token<'_>], start: usize) -> bool {
    let line = tokens[start].line;
    let first = tokens[..=start].iter().rev().take_while(|token| token.line == line).last();
    first.is_some_and(|token| token.column == 0)
}

#[cfg(test)]
mod tests {
    use super::super::syntax::Language;
    use super::super::tokens::tokens;
    use super::*;

    #[test]
    fn calls_tell_callee_arguments_and_target() {
        let source = "app: FastAPI = FastAPI(title='x', port=80)\nif 1:\n    os.environ['A']\n";
        let list = tokens(source, Language::Python);
        let found = calls(&list);
        assert_eq!((found[0].callee.as_str(), found[0].assigned), ("FastAPI", Some("app")));
        assert!(found[0].outer && !found[1].outer);
        assert_eq!(found[0].named("port").unwrap().plain().as_deref(), Some("80"));
        assert_eq!((found[1].callee.as_str(), found[1].access), ("os.environ", true));
        assert_eq!(found[1].text(0), Some("A"));
        let rust = tokens("let a = std::env::var(\"X\"); env!(\"Y\")", Language::Rust);
        let names: Vec<_> = calls(&rust).into_iter().map(|c| c.callee).collect();
        assert_eq!(names, ["std.env.var", "env!"]);
        let script =
            tokens("const app = await NestFactory.create(M); a?.b(c(1), 2)", Language::Script);
        let found = calls(&script);
        assert_eq!(found[0].assigned, Some("app"));
        assert_eq!(found[1].arguments.len(), 2);
        assert_eq!(found[2].callee, "c");
    }
}
