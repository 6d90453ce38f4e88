//! Where things are in each form, and how commands are written for a shell there.

use rr_core::Command;
use rr_core::command::quote;

use super::plain_shell::stands_alone;

/// What stands for the tokens of commands: plain paths, or shell variables such as `${HOME}`.
#[derive(Clone, Debug)]
pub(super) struct Places {
    pub workspace: &'static str,
    pub home: &'static str,
    pub env: &'static str,
    /// The Python virtual environment has its usual place where people look at it.
    pub venv: &'static str,
    pub reports: &'static str,
    pub tools: &'static str,
    pub caches: &'static str,
}

impl Places {
    fn pairs(&self) -> [(&'static str, &'static str); 7] {
        [
            ("@{env}/venv", self.venv),
            ("@{workspace}", self.workspace),
            ("@{home}", self.home),
            ("@{env}", self.env),
            ("@{reports}", self.reports),
            ("@{tools}", self.tools),
            ("@{caches}", self.caches),
        ]
    }

    /// Every token replaced, nothing quoted.
    pub(super) fn expand(&self, text: &str) -> String {
        self.pairs().iter().fold(text.to_owned(), |out, (token, place)| out.replace(token, place))
    }

    /// One word of an argument vector for a shell.
    pub(super) fn word(&self, text: &str) -> String {
        if text.contains("@{") && self.has_variables() {
            self.double_quoted(text)
        } else {
            quote(&self.expand(text))
        }
    }

    /// A value in double quotes in which nothing expands but the places.
    pub(super) fn double_quoted(&self, text: &str) -> String {
        let mut out = String::from("\"");
        for c in text.chars() {
            if matches!(c, '"' | '\\' | '$' | '`') {
                out.push('\\');
            }
            out.push(c);
        }
        out.push('"');
        self.expand(&out)
    }

    /// A command as shell text.
    pub(super) fn shell(&self, command: &Command) -> String {
        match command {
            Command::Argv(words) => {
                let words: Vec<String> = words.iter().map(|word| self.word(word)).collect();
                words.join(" ")
            }
            Command::Shell(text) => self.line(text),
        }
    }

    /// A command as one piece of shell text among others: what it opens it closes, and what it
    /// sets ends with it.
    pub(super) fn piece(&self, command: &Command) -> String {
        let text = self.shell(command);
        let whole = match command {
            Command::Argv(_) => true,
            Command::Shell(own) => !own.contains('\n') && stands_alone(own),
        };
        if whole { text } else { format!("bash -eo pipefail -c {}", quote(&text)) }
    }

    /// Shell text with its tokens replaced. Between single quotes a variable would not expand:
    /// there the quotes are left and taken up again around it.
    fn line(&self, text: &str) -> String {
        if !self.has_variables() || !text.contains('\'') {
            return self.expand(text);
        }
        let mut out = String::new();
        let mut quotes = Quotes::default();
        let mut rest = text;
        while let Some(c) = rest.chars().next() {
            let token = self.pairs().into_iter().find(|(token, _)| rest.starts_with(token));
            if let Some((token, place)) = token {
                let single = quotes.open == Some('\'');
                out += &if single { format!("'\"{place}\"'") } else { place.to_owned() };
                rest = &rest[token.len()..];
            } else {
                quotes.see(c);
                out.push(c);
                rest = &rest[c.len_utf8()..];
            }
        }
        out
    }

    fn has_variables(&self) -> bool {
        self.pairs().iter().any(|(_, place)| place.contains('$'))
    }
}

/// Which quotes are open in shell text.
#[derive(Default)]
pub(super) struct Quotes {
    pub open: Option<char>,
    escaped: bool,
    comment: bool,
    last: Option<char>,
}

impl Quotes {
    pub(super) fn see(&mut self, c: char) {
        let word_begins =
            self.last.is_none_or(|last| last.is_whitespace() || ";&|(".contains(last));
        self.last = Some(c);
        if self.comment {
            self.comment = c != '\n';
            return;
        }
        if std::mem::take(&mut self.escaped) {
            return;
        }
        match (self.open, c) {
            (None, '#') if word_begins => self.comment = true,
            (None | Some('"'), '\\') => self.escaped = true,
            (None, '\'' | '"') => self.open = Some(c),
            (Some(open), _) if open == c => self.open = None,
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLACES: Places = Places {
        workspace: "${W}",
        home: "${H}",
        env: "${E}",
        venv: "${E}/venv",
        reports: "${R}",
        tools: "${T}",
        caches: "${C}",
    };

    #[test]
    fn tokens_expand_in_every_kind_of_quotes() {
        let line = PLACES.shell(&Command::shell("a '@{env}/x' \"@{env}\" # it's\nb '@{reports}'"));
        assert_eq!(line, "a ''\"${E}\"'/x' \"${E}\" # it's\nb ''\"${R}\"''");
        let words = PLACES.shell(&Command::argv(["echo", "it's $HOME", "@{env}/`bin`"]));
        assert_eq!(words, r#"echo 'it'\''s $HOME' "${E}/\`bin\`""#);
    }
}
