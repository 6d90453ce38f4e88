//! Jenkinsfiles: `sh` steps with their stage, container images, and named tools.
//!
//! Reads the declarative and the scripted form by their calls; the Groovy between is not run.

use std::collections::BTreeMap;

use rr_core::Trust;

use super::collected::{Mined, Place, Script};
use super::command_line::join;
use super::images;

/// Mines one Jenkinsfile.
pub(super) fn mine(path: &str, text: &str, mined: &mut Mined) {
    let place = Place { path, rule: "jenkins.sh", trust: Trust::Ci };
    let mut reader = Reader { stage: "pipeline".to_owned(), folders: Vec::new(), depth: 0 };
    let mut at = 0;
    let mut line = 1;
    while at < text.len() {
        let rest = &text[at..];
        if let Some(length) = comment(rest) {
            line += newlines(&rest[..length]);
            at += length;
            continue;
        }
        let boundary =
            !text[..at].ends_with(|c: char| c.is_alphanumeric() || matches!(c, '_' | '.' | '$'));
        let taken = if boundary { reader.step(&place, rest, line, mined) } else { 0 };
        let next = rest.chars().next().map_or(1, char::len_utf8);
        if taken == 0 {
            reader.brackets(rest);
        }
        let length = taken.max(next);
        line += newlines(&rest[..length]);
        at += length;
    }
}

struct Reader {
    stage: String,
    /// Folders of open `dir('x') { … }`, each with the depth at which it opened.
    folders: Vec<(u32, Option<String>)>,
    depth: u32,
}

impl Reader {
    /// Reads one call at the beginning of `rest`; gives the bytes it took, 0 for none.
    fn step(&mut self, place: &Place<'_>, rest: &str, line: u32, mined: &mut Mined) -> usize {
        for word in
            ["stage", "sh", "dir", "image", "jdk", "nodejs", "maven", "gradle", "docker.image"]
        {
            let Some(after) = rest.strip_prefix(word) else { continue };
            if after.starts_with(|c: char| c.is_alphanumeric() || c == '_') {
                continue;
            }
            let Some((text, length, filled, skipped)) = argument(after) else { continue };
            let at = line + newlines(&after[..skipped]);
            match word {
                "stage" => self.stage = text.to_owned(),
                "dir" => {
                    let above = self.folder();
                    let folder = above.and_then(|above| join(&above, text));
                    self.folders.push((self.depth, folder));
                }
                "sh" if !filled => {
                    let cwd = self.folder();
                    let env = BTreeMap::new();
                    let (text, at) = unindented(text, at);
                    let script = Script {
                        text,
                        line: at,
                        cwd: cwd.as_deref(),
                        env: &env,
                        context: &self.stage,
                    };
                    mined.script(place, script);
                }
                "image" | "docker.image" => {
                    for (tool, version) in images::toolchain(text) {
                        mined.version(&tool, "", &version, place.at(at, text));
                    }
                }
                "jdk" | "nodejs" | "maven" | "gradle" => tool(place, word, text, at, mined),
                _ => {}
            }
            return word.len() + length;
        }
        0
    }

    fn folder(&self) -> Option<String> {
        self.folders.last().map_or(Some(String::new()), |(_, folder)| folder.clone())
    }

    fn brackets(&mut self, rest: &str) {
        if rest.starts_with('{') {
            self.depth += 1;
        } else if rest.starts_with('}') {
            self.depth = self.depth.saturating_sub(1);
            if self.folders.last().is_some_and(|(opened, _)| *opened >= self.depth) {
                self.folders.pop();
            }
        }
    }
}

/// The version in a tool's name: `jdk 'openjdk-17'`, `nodejs 'node-20'`.
fn tool(place: &Place<'_>, word: &str, text: &str, line: u32, mined: &mut Mined) {
    let tool = match word {
        "jdk" => "java",
        "nodejs" => "node",
        other => other,
    };
    let at = text.find(|c: char| c.is_ascii_digit());
    let version = at.map(|at| text[at..].split(|c: char| !(c.is_ascii_digit() || c == '.')).next());
    if let Some(Some(version)) = version {
        mined.version(tool, "", version, place.at(line, text));
    }
}

/// The first text of a call (`sh 'x'`, `sh("x")`, `sh(script: """x""", …)`), how long the call is up
/// to its end, whether Groovy fills something in, and what stands before the text.
fn argument(after: &str) -> Option<(&str, usize, bool, usize)> {
    let open = after.find(['\'', '"'])?;
    let before = &after[..open];
    let plain = before.trim_start_matches([' ', '\t', '(', '\n']).trim();
    if !(plain.is_empty() || matches!(plain, "script:" | "name:")) {
        return None;
    }
    let quote = &after[open..=open];
    let triple = quote.repeat(3);
    let mark = if after[open..].starts_with(&triple) { triple.as_str() } else { quote };
    let start = open + mark.len();
    let mut end = start;
    loop {
        end += after[end..].find(mark)?;
        if mark.len() == 3 || !after[..end].ends_with('\\') {
            break;
        }
        end += 1;
    }
    let text = &after[start..end];
    if mark.len() == 1 && text.contains('\n') {
        return None;
    }
    let filled = quote == "\"" && text.replace("\\$", "").contains("${");
    Some((text, end + mark.len(), filled, start))
}

/// A script without the newline that a triple quote begins with.
fn unindented(text: &str, line: u32) -> (&str, u32) {
    match text.strip_prefix('\n') {
        Some(rest) => (rest, line + 1),
        None => (text, line),
    }
}

fn comment(rest: &str) -> Option<usize> {
    if rest.starts_with("//") {
        return Some(rest.find('\n').unwrap_or(rest.len()));
    }
    rest.starts_with("/*").then(|| rest.find("*/").map_or(rest.len(), |end| end + 2))
}

fn newlines(text: &str) -> u32 {
    u32::try_from(text.matches('\n').count()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rr_core::CommandClass;

    #[test]
    fn shell_steps_are_read_with_stage_folder_and_line() {
        let mut mined = Mined::default();
        mine(
            "Jenkinsfile",
            "pipeline {\n  agent { docker { image 'python:3.11' } }\n  tools { jdk 'openjdk-17' }\n  stages {\n\
             \x20   stage('Build') { steps { sh 'pip install -e .' } }\n    // sh 'rm -rf /'\n\
             \x20   stage('Test') {\n      steps {\n        dir('web') {\n          sh '''\n            npm ci\n            npm test\n          '''\n        }\n        sh(script: \"pytest -q\", returnStatus: true)\n        sh \"deploy ${params.X}\"\n      }\n    }\n  }\n}\n",
            &mut mined,
        );
        let shown: Vec<_> = mined
            .commands
            .iter()
            .map(|c| {
                (c.line.as_str(), c.cwd.as_str(), c.context.as_str(), c.evidence.line.unwrap())
            })
            .collect();
        assert_eq!(
            shown,
            [
                ("pip install -e .", "", "Build", 5),
                ("npm ci", "web", "Test", 11),
                ("npm test", "web", "Test", 12),
                ("pytest -q", "", "Test", 15),
            ]
        );
        assert_eq!(mined.commands[0].class, CommandClass::Install);
        let versions: Vec<_> = mined.facts.iter().map(|fact| fact.value.as_str()).collect();
        assert_eq!(versions, ["3.11", "17"]);
    }
}
