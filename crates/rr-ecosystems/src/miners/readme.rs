//! READMEs and contributing guides: commands in code blocks, under their headings.

use std::collections::BTreeMap;

use rr_core::{CommandClass, FactKey, Trust};

use super::classify::classify;
use super::collected::{Mined, Place, Script};
use super::images::is_usual_port;

/// Most lines read of one document.
const LINE_LIMIT: usize = 5000;
/// Info words of fences that hold shell commands; an empty one may.
#[rustfmt::skip]
const SHELLS: &[&str] = &[
    "", "sh", "bash", "shell", "console", "zsh", "shell-session", "terminal", "cmd", "text",
    "shellsession", "sh-session",
];

/// A block of code: its lines with their numbers (from 1).
#[derive(Default)]
struct Block<'a> {
    lines: Vec<(u32, &'a str)>,
    /// Whether a fence says that it is shell, as opposed to mere indentation.
    fenced: bool,
    heading: String,
}

/// Mines one document.
pub(super) fn mine(path: &str, text: &str, mined: &mut Mined) {
    let place = Place { path, rule: "readme.block", trust: Trust::Readme };
    // Guides kept apart speak of the whole repository.
    let folder = match place.folder() {
        ".github" | ".gitlab" | "docs" | "doc" => "",
        folder => folder,
    };
    for block in blocks(text) {
        read_block(&place, folder, &block, mined);
    }
    for (at, line) in text.lines().take(LINE_LIMIT).enumerate() {
        port(&place, folder, u32::try_from(at).unwrap_or(0) + 1, line, mined);
    }
}

fn blocks(text: &str) -> Vec<Block<'_>> {
    let mut found = Vec::new();
    let mut heading = String::new();
    let mut fence: Option<(&str, bool)> = None;
    let mut open: Option<Block<'_>> = None;
    let mut previous = "";
    for (at, raw) in text.lines().take(LINE_LIMIT).enumerate() {
        let number = u32::try_from(at).unwrap_or(0) + 1;
        let line = raw.trim_end();
        let trimmed = line.trim_start();
        if let Some((mark, shell)) = fence {
            if trimmed.starts_with(mark) && trimmed.trim_end_matches(['`', '~']).is_empty() {
                fence = None;
                found.extend(open.take());
            } else if let Some(block) = open.as_mut().filter(|_| shell) {
                block.lines.push((number, trimmed));
            }
            continue;
        }
        let indented =
            line.starts_with("    ") || line.starts_with('\t') || line.starts_with("   ");
        if !indented && !trimmed.is_empty() {
            found.extend(open.take());
        }
        if trimmed.starts_with("```") || trimmed.starts_with("~~~") {
            let info = trimmed.trim_start_matches(['`', '~']).trim();
            let word = info.split([' ', '{', ',']).next().unwrap_or("").to_ascii_lowercase();
            fence = Some((&trimmed[..3], SHELLS.contains(&word.as_str())));
            found.extend(open.take());
            open = Some(Block { heading: heading.clone(), fenced: true, lines: Vec::new() });
        } else if let Some(text) = trimmed.strip_prefix('#').filter(|_| !indented) {
            text.trim_matches(['#', ' ']).clone_into(&mut heading);
        } else if line.len() >= 3 && line.chars().all(|c| matches!(c, '=' | '-' | '~' | '^')) {
            previous.trim().clone_into(&mut heading);
        } else if indented && !trimmed.is_empty() {
            let block =
                open.get_or_insert_with(|| Block { heading: heading.clone(), ..Block::default() });
            block.lines.push((number, trimmed));
        }
        if !trimmed.is_empty() {
            previous = line;
        }
    }
    found.extend(open);
    found
}

/// In a block with prompts only the lines behind them are commands: the rest is output. Indented
/// blocks hold prose as well, so without a prompt only known programs count there.
fn read_block(place: &Place<'_>, folder: &str, block: &Block<'_>, mined: &mut Mined) {
    let prompted = block.lines.iter().any(|(_, line)| prompt(line).is_some());
    let mut script: Option<(u32, String)> = None;
    for (number, line) in &block.lines {
        if let Some((_, text)) = script.as_mut().filter(|(_, text)| text.ends_with('\\')) {
            text.push('\n');
            text.push_str(line);
            continue;
        }
        if let Some((at, text)) = script.take() {
            command(place, folder, at, &text, &block.heading, mined);
        }
        let text = match prompt(line) {
            Some(text) => text,
            None if prompted => continue,
            None if !block.fenced && classify(line) == CommandClass::Unknown => continue,
            None => line,
        };
        script = Some((*number, text.to_owned()));
    }
    if let Some((at, text)) = script {
        command(place, folder, at, &text, &block.heading, mined);
    }
}

/// The command behind a prompt: `$ make`, `% make`, `(venv) $ make`, `~/app$ make`.
fn prompt(line: &str) -> Option<&str> {
    let (before, rest) = line.split_once("$ ").or_else(|| line.split_once("% "))?;
    let shaped = before.is_empty()
        || before.len() <= 30
            && before.ends_with([' ', ')', '~', ']', '/'])
            && !before.contains('`');
    shaped.then(|| rest.trim())
}

fn command(place: &Place<'_>, folder: &str, at: u32, text: &str, heading: &str, mined: &mut Mined) {
    // Placeholders are not to be run: `git clone <url>`, `cd your-project`.
    if text.is_empty() || text.contains('<') {
        return;
    }
    let env = BTreeMap::new();
    let before = mined.commands.len();
    let cwd = Some(folder);
    mined.script(place, Script { text, line: at, cwd, env: &env, context: heading });
    let mut index = 0;
    mined.commands.retain(|command| {
        index += 1;
        index <= before || command.class != CommandClass::Unknown
    });
}

/// What a line may speak of that is not the program itself.
#[rustfmt::skip]
const OTHERS: &[&str] = &[
    "mock", "storybook", "adminer", "pgadmin", "phpmyadmin", "mongo express", "grafana",
    "prometheus", "jaeger", "kibana", "mailhog", "mailpit", "rabbitmq", "minio", "zipkin",
];

/// `http://localhost:8000/path` names a port, unless a database or another program listens there.
fn port(place: &Place<'_>, folder: &str, at: u32, line: &str, mined: &mut Mined) {
    let lower = line.to_ascii_lowercase();
    if OTHERS.iter().any(|other| lower.contains(other)) {
        return;
    }
    for mark in ["://localhost:", "://127.0.0.1:", "://0.0.0.0:"] {
        let Some((_, rest)) = line.split_once(mark) else { continue };
        let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
        if digits.parse::<u16>().is_ok_and(|port| port >= 80 && !is_usual_port(port)) {
            mined.fact(FactKey::Port, folder, &digits, place.at(at, line));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<(String, String, Option<u32>)> {
        let mut mined = Mined::default();
        mine("README.md", text, &mut mined);
        mined.commands.into_iter().map(|c| (c.line, c.context, c.evidence.line)).collect()
    }

    #[test]
    fn shell_blocks_give_commands_under_their_heading() {
        let found = lines(
            "# App\n```python\nimport os\n```\n## Tests\n```console\n$ pip install -e .\ntests/a.py ok\n(venv) $ pytest\n```\n\
             git clone <url>\n\nUsage\n-----\n\n    $ app serve --port 1\n",
        );
        let of = |line: &str, at: u32| (line.to_owned(), "Tests".to_owned(), Some(at));
        assert_eq!(found, [of("pip install -e .", 7), of("pytest", 9)]);
    }

    #[test]
    fn output_below_a_prompt_is_no_command() {
        let found = lines("Run tests::\n\n   $ pytest\n   tests/test_a.py ...  [100%]\n");
        assert_eq!(found.len(), 1);
    }

    #[test]
    fn unprompted_fences_and_continuations_are_read() {
        let found = lines("```sh\nnpm ci\ndocker run \\\n  -p 1:1 x\nmake test\n```\n");
        let only: Vec<_> = found.iter().map(|(line, _, _)| line.as_str()).collect();
        assert_eq!(only, ["npm ci", "make test"]);
    }

    #[test]
    fn addresses_name_ports() {
        let mut mined = Mined::default();
        let text = "The mock server runs on http://localhost:9000\nredis://localhost:6379\n\
                    See http://localhost:8000/docs\n";
        mine("README.md", text, &mut mined);
        assert_eq!(mined.facts.len(), 1);
        assert_eq!(mined.facts[0].value, "8000");
    }
}
