//! Dockerfile syntax: which texts may stand in it as they are, and how all others are written.

use super::plain_shell::stands_alone;

/// The shell of instructions that are not in the exec form.
pub(super) const SHELL: [&str; 4] = ["/bin/bash", "-eo", "pipefail", "-c"];

/// `RUN` of shell text: readable where the text allows it, as a JSON array everywhere else.
pub(super) fn run(text: &str) -> String {
    match shell_form(text) {
        Some(lines) => format!("RUN {}\n", lines.join(" \\\n    && ")),
        None => format!("RUN {}\n", shell_array(text)),
    }
}

/// The lines of shell text that may follow an instruction as they are, to be joined with `&&`.
/// A builder takes `\` at a line's end, `#` at its start, `<<` and a leading `[` or `--` for its
/// own.
fn shell_form(text: &str) -> Option<Vec<&str>> {
    let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let own = |line: &&str| {
        line.ends_with('\\') || line.starts_with(['#', '[', '&', '|']) || line.starts_with("--")
    };
    // A builder trims what any script calls a space.
    let foreign =
        |c: char| c != '\n' && c != ' ' && (c.is_control() || c.is_whitespace() || c == '\u{feff}');
    let control = text.chars().any(foreign);
    // Joined by `&&`, a line that itself ends in an operator or hides an or would change meaning.
    let joined = lines.len() > 1;
    let operator = |line: &&str| line.ends_with(['&', '|', ';']) || line.contains("||");
    let changed = joined && lines.iter().any(operator);
    let taken = control || changed || lines.iter().any(own);
    (!taken && stands_alone(text)).then_some(lines)
}

/// Shell text as the words of an exec form.
pub(super) fn shell_array(text: &str) -> String {
    array(&SHELL.iter().copied().chain([text]).map(str::to_owned).collect::<Vec<_>>())
}

/// An exec form: a JSON array, which builders read without any expansion.
pub(super) fn array(words: &[String]) -> String {
    let words: Vec<String> =
        words.iter().map(|word| serde_json::Value::from(word.as_str()).to_string()).collect();
    format!("[{}]", words.join(", "))
}

/// `ENV` of one variable; `None` where its value has a line break, which the syntax cannot say.
pub(super) fn env(name: &str, value: &str) -> Option<String> {
    if value.chars().any(char::is_control) {
        return None;
    }
    let mut quoted = String::from("\"");
    for c in value.chars() {
        if matches!(c, '"' | '\\' | '$') {
            quoted.push('\\');
        }
        quoted.push(c);
    }
    Some(format!("ENV {name}={quoted}\"\n"))
}

/// `COPY` of files into the working folder, each below its own folder.
pub(super) fn copy(owner: &str, paths: &[&str], target: &str) -> String {
    let words: Vec<String> = paths
        .iter()
        .copied()
        .chain([target])
        .map(|path| escape_pattern(path).into_owned())
        .collect();
    let plain = words
        .iter()
        .all(|word| word.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-./@+".contains(&b)));
    if plain {
        format!("COPY --chown={owner} {}\n", words.join(" "))
    } else {
        format!("COPY --chown={owner} {}\n", array(&words))
    }
}

/// `COPY` matches patterns and expands variables: what is meant literally is escaped.
fn escape_pattern(path: &str) -> std::borrow::Cow<'_, str> {
    if !path.contains(['*', '?', '[', '\\', '$']) {
        return path.into();
    }
    let mut out = String::new();
    for c in path.chars() {
        match c {
            '[' => out += "[[]",
            '*' | '?' | '\\' | '$' => {
                out.push('\\');
                out.push(c);
            }
            _ => out.push(c),
        }
    }
    out.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_commands_stay_readable_and_all_others_become_json() {
        assert_eq!(run("go build ./..."), "RUN go build ./...\n");
        assert_eq!(run("a\nb 'x'"), "RUN a \\\n    && b 'x'\n");
        for text in
            ["cat <<X\ny\nX", "a \\", "# c", "a # c\nb", "a ||\nb", "[ -f x ]", "--mount=x", "a\tb"]
        {
            let line = run(text);
            let words: Vec<String> = serde_json::from_str(line[4..].trim()).expect(text);
            assert_eq!(words.last().map(String::as_str), Some(text));
        }
    }

    #[test]
    fn values_of_variables_do_not_expand() {
        assert_eq!(env("A", "x\"$B\\").as_deref(), Some("ENV A=\"x\\\"\\$B\\\\\"\n"));
        assert_eq!(env("A", "x\ny"), None);
    }
}
