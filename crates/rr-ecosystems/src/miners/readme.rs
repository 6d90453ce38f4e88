//! READMEs and contributing guides: commands in code blocks, under their headings.

use std::collections::BTreeMap;

use rr_core::{FactKey, Trust};

use super::collected::{Mined, Place, Script};

/// Most lines read of one document.
const LINE_LIMIT: usize = 5000;
/// Info words of fences that hold shell commands; an empty one may.
const SHELLS: &[&str] = &[
    "",
    "sh",
    "bash",
    "shell",
    "console",
    "zsh",
    "shell-session",
    "terminal",
    "cmd",
    "text",
    "shellsession",
    "sh-session",
];

/// Mines one document.
pub(super) fn mine(path: &str, text: &str, mined: &mut Mined) {
    let place = Place { path, rule: "readme.block", trust: Trust::Readme };
    let mut heading = String::new();
    let mut fence: Option<(String, bool)> = None;
    let mut previous = "";
    for (at, raw) in text.lines().take(LINE_LIMIT).enumerate() {
        let line = raw.trim_end();
        let trimmed = line.trim_start();
        if let Some((mark, shell)) = &fence {
            if trimmed.starts_with(mark.as_str()) && trimmed.trim_end_matches(['`', '~']).is_empty()
            {
                fence = None;
            } else if *shell {
                command(&place, at, trimmed, &heading, mined);
            }
            continue;
        }
        if let Some(info) = trimmed.strip_prefix("```").or_else(|| trimmed.strip_prefix("~~~")) {
            let mark = trimmed[..3].to_owned();
            let word =
                info.trim_matches(['`', '~']).trim().split([' ', '{', ',']).next().unwrap_or("");
            fence = Some((mark, SHELLS.contains(&word.to_ascii_lowercase().as_str())));
        } else if let Some(text) = trimmed.strip_prefix('#') {
            heading = text.trim_matches(['#', ' ']).to_owned();
        } else if line.len() >= 3 && line.chars().all(|c| matches!(c, '=' | '-' | '~' | '^')) {
            heading = previous.trim().to_owned();
        } else if line.starts_with("    ") || line.starts_with('\t') {
            // Indented blocks (and reStructuredText's `::`) hold prose and code alike: only lines
            // that carry a prompt, or whose program is known, count.
            let known = super::classify::classify(trimmed) != rr_core::CommandClass::Unknown;
            if trimmed.starts_with("$ ") || known {
                command(&place, at, trimmed, &heading, mined);
            }
        }
        port(&place, at, line, mined);
        if !trimmed.is_empty() {
            previous = line;
        }
    }
}

fn command(place: &Place<'_>, at: usize, line: &str, heading: &str, mined: &mut Mined) {
    let text = line.trim_start_matches("$ ").trim_start_matches("% ").trim_start_matches("> ");
    let text = text.trim_end_matches('\\').trim();
    // Placeholders are not to be run: `git clone <url>`, `cd your-project`.
    if text.is_empty() || text.contains(['<', '>']) && text.contains('<') {
        return;
    }
    let env = BTreeMap::new();
    let line = u32::try_from(at).unwrap_or(0) + 1;
    let before = mined.commands.len();
    let cwd = Some(place.folder());
    mined.script(place, Script { text, line, cwd, env: &env, context: heading });
    let mut index = 0;
    mined.commands.retain(|command| {
        index += 1;
        index <= before || command.class != rr_core::CommandClass::Unknown
    });
}

/// `http://localhost:8000/path` names a port.
fn port(place: &Place<'_>, at: usize, line: &str, mined: &mut Mined) {
    for mark in ["://localhost:", "://127.0.0.1:", "://0.0.0.0:"] {
        let Some((_, rest)) = line.split_once(mark) else { continue };
        let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
        if digits.parse::<u16>().is_ok_and(|port| port >= 80) {
            let line_number = u32::try_from(at).unwrap_or(0) + 1;
            mined.fact(FactKey::Port, place.folder(), &digits, place.at(line_number, line));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shell_blocks_give_commands_under_their_heading() {
        let mut mined = Mined::default();
        mine(
            "README.md",
            "# App\n```python\nimport os\n```\n## Tests\n```console\n$ pip install -e .\nok\n$ pytest\n```\n\
             git clone <url>\n\nUsage\n-----\n\n    $ app serve --port 1\n\nSee http://localhost:8000/docs\n",
            &mut mined,
        );
        let lines: Vec<_> =
            mined.commands.iter().map(|c| (c.line.as_str(), c.context.as_str())).collect();
        assert_eq!(lines, [("pip install -e .", "Tests"), ("pytest", "Tests")]);
        assert_eq!(mined.commands[1].evidence.line, Some(9));
        assert_eq!(mined.facts[0].value, "8000");
    }
}
