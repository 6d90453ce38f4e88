//! Which shell text may stand among other text: simple commands, joined by operators.
//!
//! It is no parser of the shell: it knows the little that is surely whole by itself, and says no
//! to everything else, which then goes into quotes.

/// Words that begin or end something larger than a command.
const KEYWORDS: [&str; 21] = [
    "!", "{", "}", "[[", "]]", "case", "coproc", "do", "done", "elif", "else", "esac", "fi", "for",
    "function", "if", "select", "then", "time", "until", "while",
];

/// What stands between words.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Last {
    /// Nothing yet, on this line.
    Begin,
    Word,
    /// `&&`, `||`, `|`: a command must follow.
    Joins,
    /// `;`: a command may follow.
    Ends,
    /// `<`, `>`, `>>`: a file must follow.
    Redirects,
}

/// Whether shell text can stand between others: every line is whole, opens nothing that it does
/// not close, expands nothing but plain variables, and holds no document and no comment.
pub(super) fn stands_alone(text: &str) -> bool {
    !text.trim().is_empty() && text.lines().all(|line| line.trim().is_empty() || is_whole(line))
}

fn is_whole(line: &str) -> bool {
    let mut rest = line.trim();
    let mut last = Last::Begin;
    while !rest.is_empty() {
        let Some((next, length)) = token(rest) else { return false };
        let command_missing = matches!(last, Last::Begin | Last::Joins | Last::Ends);
        last = match (last, next) {
            (_, Last::Word) => Last::Word,
            (Last::Redirects, _) => return false,
            (_, Last::Redirects) => Last::Redirects,
            (_, next) if !command_missing => next,
            _ => return false,
        };
        rest = rest[length..].trim_start_matches([' ', '\t']);
    }
    matches!(last, Last::Word | Last::Ends)
}

/// The first token of a line and its length in bytes; `None` where it is not one that is known.
fn token(rest: &str) -> Option<(Last, usize)> {
    let operators = [
        ("&&", Last::Joins),
        ("||", Last::Joins),
        ("|", Last::Joins),
        (";", Last::Ends),
        (">>", Last::Redirects),
        (">", Last::Redirects),
        ("<", Last::Redirects),
    ];
    if let Some((operator, kind)) =
        operators.iter().find(|(operator, _)| rest.starts_with(operator))
    {
        return Some((*kind, operator.len()));
    }
    if rest.starts_with(['#', '&']) {
        return None;
    }
    let length = word(rest)?;
    let text = &rest[..length];
    (length > 0 && !KEYWORDS.contains(&text)).then_some((Last::Word, length))
}

/// The length of the word at the start; `None` where it is not closed or expands more than a
/// variable.
fn word(text: &str) -> Option<usize> {
    let mut at = 0;
    while let Some(c) = text[at..].chars().next() {
        let after = &text[at + c.len_utf8()..];
        at += match c {
            ' ' | '\t' | ';' | '&' | '|' | '<' | '>' => return Some(at),
            '(' | ')' | '`' => return None,
            '\\' => 1 + after.chars().next()?.len_utf8(),
            '\'' => 2 + after.find('\'')?,
            '"' => 1 + double_quoted(after)?,
            '$' => 1 + variable(after)?,
            c => c.len_utf8(),
        };
    }
    Some(at)
}

/// The length of what follows an opening double quote, its closing one included.
fn double_quoted(text: &str) -> Option<usize> {
    let mut at = 0;
    loop {
        let c = text[at..].chars().next()?;
        let after = &text[at + c.len_utf8()..];
        at += match c {
            '"' => return Some(at + 1),
            '`' => return None,
            '\\' => 1 + after.chars().next()?.len_utf8(),
            '$' if after.starts_with(['"', '\'']) => 1,
            '$' => 1 + variable(after)?,
            c => c.len_utf8(),
        };
    }
}

/// The length of what follows a `$`: `NAME`, `{NAME}`, `?`, or nothing that expands.
fn variable(after: &str) -> Option<usize> {
    let Some(inner) = after.strip_prefix('{') else {
        return (!after.starts_with(['(', '[', '\'', '"'])).then_some(0);
    };
    let end = inner.find('}')?;
    let name = inner[..end].split(":-").next().unwrap_or_default();
    let default = inner[name.len()..end].trim_start_matches(":-");
    let plain = default.bytes().all(|b| b.is_ascii_alphanumeric() || b"_./-".contains(&b));
    (crate::ours::is_name(name) && plain).then_some(end + 2)
}

#[cfg(test)]
mod tests {
    use super::stands_alone;

    #[test]
    fn text_that_is_not_surely_whole_is_kept_apart() {
        for text in [
            "echo )",
            "echo 'a",
            "cat <<X\nX",
            "if true; then echo; fi",
            "a \\",
            "}",
            "",
            "{%)",
            "a &&",
            "| b",
            "a &",
            "a ; ; b",
            "a >",
            "a > | b",
            "$(date)",
            "\"$(date)\"",
            "`x`",
            "${x",
            "\"${x\"",
            "a # b",
            "$'x'",
            "! a",
            "a\n&& b",
            "f() { :; }",
            "[[ a",
            "time",
            "a >& b",
            "\"a",
            "x=(",
        ] {
            assert!(!stands_alone(text), "{text:?}");
        }
        for text in [
            "echo '(' \"a b\"",
            "a && b\nc",
            "a | b > c; d",
            "echo \"$x ${y}\"",
            "a || b;",
            "x=1 y",
            "a --port ${PORT:-5000}",
            "test -e .env || cp a .env",
            "a 2> /dev/null",
            "*.py",
            "a{b,c}",
        ] {
            assert!(stands_alone(text), "{text:?}");
        }
    }
}
