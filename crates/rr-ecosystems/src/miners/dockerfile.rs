//! Dockerfiles: base images, packages, variables, ports, and what the image runs.

use std::collections::BTreeMap;

use rr_core::{FactKey, Trust};

use super::collected::{Mined, Place, Script};
use super::command_line::{join, split_words};
use super::compose::local_path;
use super::images;

/// Mines one Dockerfile.
pub(super) fn mine(path: &str, text: &str, mined: &mut Mined) {
    let place = Place { path, rule: "dockerfile", trust: Trust::Container };
    let mut reader = Reader {
        place: &place,
        context: place.folder().to_owned(),
        workdir: String::from("/"),
        copied: BTreeMap::new(),
        arguments: BTreeMap::new(),
        env: BTreeMap::new(),
        entry: None,
        command: None,
    };
    for (line, instruction) in instructions(text) {
        reader.take(line, &instruction, mined);
    }
    reader.finish(mined);
}

struct Reader<'a> {
    place: &'a Place<'a>,
    /// The build context, as a folder of the repository.
    context: String,
    workdir: String,
    /// Folder in the image, folder of the repository that was copied there.
    copied: BTreeMap<String, String>,
    arguments: BTreeMap<String, String>,
    env: BTreeMap<String, String>,
    entry: Option<(u32, String)>,
    command: Option<(u32, String)>,
}

impl Reader<'_> {
    fn take(&mut self, line: u32, instruction: &str, mined: &mut Mined) {
        let (word, rest) = instruction.split_once(char::is_whitespace).unwrap_or((instruction, ""));
        let rest = rest.trim();
        match word.to_ascii_uppercase().as_str() {
            "FROM" => self.from(line, rest, mined),
            "ARG" => {
                if let Some((name, value)) = rest.split_once('=') {
                    self.arguments.insert(name.to_owned(), value.trim_matches('"').to_owned());
                }
            }
            "WORKDIR" => {
                let to = self.fill(rest);
                self.workdir = absolute(&self.workdir, &to);
            }
            "COPY" | "ADD" => self.copy(rest),
            "ENV" => self.environment(line, rest, mined),
            "EXPOSE" => {
                for port in rest.split_whitespace() {
                    let port = self.fill(port.split('/').next().unwrap_or(port));
                    if port.parse::<u16>().is_ok() {
                        let evidence = self.place.at(line, instruction);
                        mined.fact(FactKey::Port, &self.context, &port, evidence);
                    }
                }
            }
            "HEALTHCHECK" => {
                if let Some(path) = local_path(rest) {
                    let evidence = self.place.at(line, instruction);
                    mined.fact(FactKey::HealthPath, &self.context, path, evidence);
                }
            }
            "RUN" => self.run(line, rest, mined),
            "ENTRYPOINT" => self.entry = Some((line, exec_form(rest))),
            "CMD" => self.command = Some((line, exec_form(rest))),
            _ => {}
        }
    }

    fn from(&mut self, line: u32, rest: &str, mined: &mut Mined) {
        let image = rest.split_whitespace().find(|w| !w.starts_with("--")).unwrap_or("");
        let image = self.fill(image);
        for (tool, version) in images::toolchain(&image) {
            mined.version(&tool, &self.context, &version, self.place.at(line, &image));
        }
        self.entry = None;
        self.command = None;
        self.env.clear();
        self.copied.clear();
        self.workdir = "/".to_owned();
    }

    fn copy(&mut self, rest: &str) {
        if rest.contains("--from=") {
            return;
        }
        let words: Vec<String> =
            split_words(rest).into_iter().filter(|w| !w.starts_with("--")).collect();
        let Some((to, from)) = words.split_last() else { return };
        for source in from {
            if let Some(folder) = join(&self.context, source.trim_end_matches('/')) {
                let target = absolute(&self.workdir, to.trim_end_matches('/'));
                self.copied.entry(target).or_insert(folder);
            }
        }
    }

    fn environment(&mut self, line: u32, rest: &str, mined: &mut Mined) {
        let (mut pairs, left) = super::command_line::assignments(rest);
        if pairs.is_empty()
            && let Some((name, value)) = left.split_once(char::is_whitespace)
        {
            pairs.push((name.to_owned(), value.trim().trim_matches('"').to_owned()));
        }
        for (name, value) in pairs {
            let value = self.fill(&value);
            let evidence = self.place.at(line, &format!("{name}={value}"));
            mined.variable(&name, &value, &self.context, evidence);
            self.env.insert(name, value);
        }
    }

    fn run(&self, line: u32, rest: &str, mined: &mut Mined) {
        let mut text = rest;
        while text.starts_with("--") {
            text = text.split_once(char::is_whitespace).map_or("", |(_, rest)| rest.trim_start());
        }
        let text = exec_form(text);
        let env = BTreeMap::new();
        let cwd = self.repository_folder();
        mined.script(
            self.place,
            Script { text: &text, line, cwd: cwd.as_deref(), env: &env, context: "image" },
        );
    }

    /// The folder of the repository that the present working folder is a copy of.
    fn repository_folder(&self) -> Option<String> {
        let whole = self.copied.iter().find(|(target, _)| **target == self.workdir);
        if let Some((_, folder)) = whole {
            return Some(
                folder
                    .rsplit_once('.')
                    .filter(|(_, e)| e.len() <= 5)
                    .map_or_else(|| folder.clone(), |_| self.context.clone()),
            );
        }
        let above = self.copied.iter().rev().find_map(|(target, folder)| {
            let rest = self.workdir.strip_prefix(target.as_str())?.trim_start_matches('/');
            join(folder, rest)
        });
        above.or_else(|| Some(self.context.clone()))
    }

    fn finish(&self, mined: &mut Mined) {
        let cwd = self.repository_folder();
        let line = match (&self.entry, &self.command) {
            (Some((line, entry)), Some((_, command))) => {
                Some((*line, format!("{entry} {command}")))
            }
            (Some(one), None) | (None, Some(one)) => Some(one.clone()),
            (None, None) => None,
        };
        let (Some((line, text)), Some(cwd)) = (line, cwd) else { return };
        let before = mined.commands.len();
        mined.script(
            self.place,
            Script { text: &text, line, cwd: Some(&cwd), env: &self.env, context: "start" },
        );
        // What an image runs by itself is how the application starts, by whatever name.
        for command in &mut mined.commands[before..] {
            if command.class == rr_core::CommandClass::Unknown && !shell_only(&command.line) {
                command.class = rr_core::CommandClass::Start;
            }
        }
    }

    fn fill(&self, text: &str) -> String {
        if !text.contains('$') {
            return text.to_owned();
        }
        let mut out = text.to_owned();
        for (name, value) in self.arguments.iter().chain(&self.env) {
            out = out.replace(&format!("${{{name}}}"), value).replace(&format!("${name}"), value);
        }
        out
    }
}

fn shell_only(line: &str) -> bool {
    matches!(line.trim(), "bash" | "sh" | "/bin/bash" | "/bin/sh" | "")
}

/// `["a", "b c"]` as a shell would be told it; anything else as it is.
fn exec_form(text: &str) -> String {
    match serde_json::from_str::<Vec<String>>(text) {
        Ok(words) => match &words[..] {
            [shell, flag, line] if shell.ends_with("sh") && flag.starts_with('-') => line.clone(),
            words => words.iter().map(|w| rr_core::command::quote(w)).collect::<Vec<_>>().join(" "),
        },
        Err(_) => text.to_owned(),
    }
}

fn absolute(workdir: &str, path: &str) -> String {
    let path = path.trim_start_matches("./");
    if path.starts_with('/') {
        return path.to_owned();
    }
    match path {
        "" | "." => workdir.to_owned(),
        path => format!("{}/{path}", workdir.trim_end_matches('/')),
    }
}

/// Instructions with the line they begin on; continuations joined, comments and the bodies of
/// here-documents kept as lines of a `RUN`.
fn instructions(text: &str) -> Vec<(u32, String)> {
    let mut found: Vec<(u32, String)> = Vec::new();
    let mut open = false;
    let mut heredoc: Option<String> = None;
    for (at, line) in text.lines().enumerate() {
        if let Some(mark) = &heredoc {
            if line.trim() == mark {
                heredoc = None;
            } else if let Some((_, instruction)) = found.last_mut() {
                instruction.push('\n');
                instruction.push_str(line);
            }
            continue;
        }
        let trimmed = line.trim();
        if trimmed.starts_with('#') || trimmed.is_empty() {
            continue;
        }
        let continued = trimmed.strip_suffix('\\').unwrap_or(trimmed);
        if open {
            if let Some((_, instruction)) = found.last_mut() {
                instruction.push(' ');
                instruction.push_str(continued.trim());
            }
        } else if let Some((head, mark)) =
            trimmed.split_once("<<").filter(|_| trimmed.starts_with("RUN"))
        {
            heredoc = Some(mark.trim_start_matches('-').trim_matches(['"', '\'']).to_owned());
            found.push((u32::try_from(at).unwrap_or(0) + 1, head.to_owned()));
        } else {
            found.push((u32::try_from(at).unwrap_or(0) + 1, continued.trim().to_owned()));
        }
        open = trimmed.ends_with('\\');
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use rr_core::CommandClass;

    #[test]
    fn a_dockerfile_tells_versions_packages_port_and_start() {
        let mut mined = Mined::default();
        mine(
            "Dockerfile",
            "ARG V=3.12\nFROM python:${V}-slim\nWORKDIR /app\nENV DEBUG=0\n\
             RUN apt-get update && \\\n    apt-get install -y --no-install-recommends libpq-dev gcc\n\
             COPY . .\nRUN pip install -r requirements.txt\nEXPOSE 8000/tcp\n\
             CMD [\"gunicorn\", \"app:app\", \"-b\", \"0.0.0.0:8000\"]\n\
             HEALTHCHECK CMD curl -f http://localhost:8000/health || exit 1\n",
            &mut mined,
        );
        let value =
            |key: FactKey| mined.facts.iter().find(|f| f.key == key).map(|f| f.value.as_str());
        assert_eq!(value(FactKey::Version("python".to_owned())), Some("3.12"));
        assert_eq!(value(FactKey::Port), Some("8000"));
        assert_eq!(value(FactKey::HealthPath), Some("/health"));
        let start = mined.commands.iter().find(|c| c.class == CommandClass::Start).unwrap();
        assert_eq!(start.line, "gunicorn app:app -b 0.0.0.0:8000");
        assert_eq!(start.evidence.line, Some(10));
        assert!(mined.commands.iter().any(|c| c.class == CommandClass::System));
    }

    #[test]
    fn folders_of_the_image_are_those_copied_there() {
        let mut mined = Mined::default();
        mine(
            "svc/Dockerfile",
            "FROM node:20\nCOPY . /src\nWORKDIR /src/web\nRUN npm ci\nENTRYPOINT [\"./server\"]\n",
            &mut mined,
        );
        let at: Vec<_> = mined.commands.iter().map(|c| (c.line.as_str(), c.cwd.as_str())).collect();
        assert_eq!(at, [("npm ci", "svc/web"), ("./server", "svc/web")]);
    }
}
