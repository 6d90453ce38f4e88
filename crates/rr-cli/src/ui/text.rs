//! Text from repositories on a terminal: what it may show and how it fits. It must never steer the
//! terminal: a test's message or a file's line may hold escape sequences.

/// The text without escape sequences and control characters; line ends and tabs stay.
pub(crate) fn clean(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '\u{1b}' => skip_sequence(&mut rest),
            '\n' | '\t' => out.push(c),
            c if c.is_control() => {}
            // Overrides of the writing direction make text read as another text.
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {}
            c => out.push(c),
        }
    }
    out
}

/// Leaves out the rest of a sequence that began with ESC: CSI up to its final byte, OSC and its
/// kin up to BEL or ESC, else one character.
fn skip_sequence(rest: &mut std::iter::Peekable<std::str::Chars<'_>>) {
    match rest.next() {
        Some('[') => while rest.next().is_some_and(|c| !('@'..='~').contains(&c)) {},
        Some(']' | 'P' | 'X' | '^' | '_') => {
            while rest.peek().is_some_and(|c| !matches!(c, '\u{7}' | '\u{1b}' | '\n')) {
                rest.next();
            }
        }
        _ => {}
    }
}

/// The text on one line, cut to `width` characters.
pub(crate) fn clip(text: &str, width: usize) -> String {
    let one: String = clean(text).chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    if one.chars().count() <= width {
        return one;
    }
    one.chars().take(width.saturating_sub(1)).chain(['…']).collect()
}

/// Breaks lines longer than `width` between words; what follows a break stands two columns
/// further in than its line.
pub(crate) fn wrap(text: &str, width: usize) -> String {
    text.lines().map(|line| wrap_line(line, width)).collect::<Vec<_>>().join("\n")
}

fn wrap_line(line: &str, width: usize) -> String {
    let inner = line.trim_start_matches(' ');
    let indent = line.len() - inner.len();
    if line.chars().count() <= width || width < indent + 20 {
        return line.to_owned();
    }
    let mut out = " ".repeat(indent);
    let mut used = indent;
    for (at, word) in inner.split(' ').enumerate() {
        let length = word.chars().count();
        if at > 0 && used + 1 + length > width {
            out.push('\n');
            out.push_str(&" ".repeat(indent + 2));
            used = indent + 2;
        } else if at > 0 {
            out.push(' ');
            used += 1;
        }
        out.push_str(word);
        used += length;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_a_repository_steers_the_terminal() {
        assert_eq!(clean("a\u{1b}[2J\u{1b}[31mred\u{1b}[0m\u{7}\rb"), "aredb");
        assert_eq!(clean("x\u{1b}]0;title\u{7}y\u{1b}Pq\u{1b}\\z"), "xyz");
        assert_eq!(clean("a\u{202e}b\n\tc\u{9b}d"), "ab\n\tcd");
        assert_eq!(clean("ends in \u{1b}"), "ends in ");
    }

    #[test]
    fn long_lines_break_between_words_and_stay_under_their_own() {
        assert_eq!(wrap("    one two three four five", 24), "    one two three four\n      five");
        assert_eq!(wrap("short\n  also", 20), "short\n  also");
        let long = format!("  see {}", "x".repeat(40));
        assert_eq!(wrap(&long, 30), format!("  see\n    {}", "x".repeat(40)));
    }

    #[test]
    fn a_clip_is_one_line_of_at_most_its_width() {
        assert_eq!(clip("a\nb", 5), "a b");
        assert_eq!(clip("abcdef", 4), "abc…");
    }
}
