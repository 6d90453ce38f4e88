//! From a command line to the simple commands that it ends in, script calls followed.

use std::collections::BTreeMap;

use super::calls::{Call, Called, called};
use super::segment::{Role, Runner, Segment, role_of};
use super::workspace::Workspace;
use crate::miners::command_line::{assignments, simple_commands, split_words, unwrapped};
use rr_core::command::quote;

/// Deepest nesting of scripts that call scripts.
const DEPTH_LIMIT: usize = 10;
/// Most simple commands that one line is followed to.
const SEGMENT_LIMIT: usize = 400;

/// A place from which a line is followed.
#[derive(Clone)]
struct Place<'a> {
    cwd: &'a str,
    env: &'a BTreeMap<String, String>,
    script: &'a str,
}

/// Follows a command line that runs in a folder to its simple commands, in order.
pub(super) fn expand(
    line: &str,
    cwd: &str,
    env: &BTreeMap<String, String>,
    workspace: &Workspace,
) -> Vec<Segment> {
    let mut expander = Expander { workspace, stack: Vec::new(), found: Vec::new() };
    expander.line(line, &Place { cwd, env, script: "" });
    expander.found
}

/// Follows one script of a package, with what npm runs before and after it.
pub(super) fn expand_script(package: &str, script: &str, workspace: &Workspace) -> Vec<Segment> {
    let mut expander = Expander { workspace, stack: Vec::new(), found: Vec::new() };
    let call =
        Call { package: package.to_owned(), script: script.to_owned(), arguments: Vec::new() };
    expander.script(&call, &BTreeMap::new());
    expander.found
}

struct Expander<'a> {
    workspace: &'a Workspace,
    stack: Vec<(String, String)>,
    found: Vec<Segment>,
}

impl Expander<'_> {
    fn line(&mut self, line: &str, place: &Place<'_>) {
        if self.found.len() >= SEGMENT_LIMIT {
            return;
        }
        if runs_in_background(line) || is_compound(line) {
            self.push(line.to_owned(), place.cwd.to_owned(), place.env.clone(), place.script);
            return;
        }
        if let Some(groups) = alternatives(line) {
            groups.iter().for_each(|group| self.one_of(group, place));
            return;
        }
        for command in simple_commands(line, place.cwd, place.env) {
            let Some(cwd) = command.cwd else { continue };
            let words = split_words(&command.line);
            let inner = unwrapped(&words);
            let mut env = command.env.clone();
            env.extend(wrapper_assignments(&words, inner));
            match called(inner, &cwd, self.workspace) {
                Called::Scripts(calls) => {
                    let first = self.found.len();
                    if is_turbo(inner) && self.workspace.turbo_builds_first {
                        self.push("turbo run build".to_owned(), cwd.clone(), env.clone(), "build");
                    }
                    for call in calls {
                        self.script(&call, &env);
                    }
                    let place = Place { cwd: &cwd, env: &env, ..place.clone() };
                    self.collapse(first, &command.line, &place);
                }
                Called::Lines(lines) => {
                    for line in lines {
                        self.line(&line, &Place { cwd: &cwd, env: &env, ..place.clone() });
                    }
                }
                Called::Program(program, folder) => {
                    let line = shell_line(&program);
                    self.push(line, folder, env, place.script);
                }
                Called::Nothing => self.push(command.line, cwd, command.env, place.script),
            }
        }
    }

    /// Of commands joined by `||` the first that runs tests, else the first: what stands before may
    /// only look whether there is anything to do.
    fn one_of(&mut self, group: &[String], place: &Place<'_>) {
        let start = self.found.len();
        for (at, line) in group.iter().enumerate() {
            let before = self.found.len();
            self.line(line, place);
            let inside = &self.found[before.min(self.found.len())..];
            if inside.iter().any(|segment| matches!(segment.role, Role::Test(_))) {
                let tests = self.found.split_off(before);
                self.found.truncate(start);
                self.found.extend(tests);
                return;
            }
            if at > 0 {
                self.found.truncate(before);
            }
        }
    }

    /// A call that only builds or prepares is run as it is written: its manager knows the order.
    fn collapse(&mut self, first: usize, line: &str, place: &Place<'_>) {
        let inside = &self.found[first.min(self.found.len())..];
        let has = |role: Role| inside.iter().any(|segment| segment.role == role);
        let tests = |role: Role| matches!(role, Role::Test(_) | Role::Browser | Role::NoTest);
        if inside.iter().any(|segment| tests(segment.role)) {
            return;
        }
        let role = match (has(Role::Build), has(Role::Other)) {
            (true, _) | (_, true) if named_like_a_check(line) => Role::Lint,
            (true, _) => Role::Build,
            (false, true) => Role::Other,
            (false, false) => return,
        };
        self.found.truncate(first);
        self.found.push(Segment {
            line: line.to_owned(),
            cwd: place.cwd.to_owned(),
            env: place.env.clone(),
            package: self.package_of(place.cwd),
            script: place.script.to_owned(),
            role,
        });
    }

    fn package_of(&self, cwd: &str) -> String {
        self.workspace
            .packages()
            .filter(|p| {
                cwd == p.folder || p.folder.is_empty() || cwd.starts_with(&format!("{}/", p.folder))
            })
            .max_by_key(|p| p.folder.len())
            .map_or_else(String::new, |p| p.folder.clone())
    }

    fn script(&mut self, call: &Call, env: &BTreeMap<String, String>) {
        let key = (call.package.clone(), call.script.clone());
        if self.stack.len() >= DEPTH_LIMIT || self.stack.contains(&key) {
            return;
        }
        let Some(package) = self.workspace.by_folder(&call.package) else { return };
        self.stack.push(key);
        let body =
            wireit(package, &call.script).or_else(|| package.scripts.get(&call.script).cloned());
        let parts = [
            (format!("pre{}", call.script), None),
            (call.script.clone(), Some(&call.arguments)),
            (format!("post{}", call.script), None),
        ];
        for (name, arguments) in parts {
            let line = match arguments {
                Some(_) => body.clone(),
                None => package.scripts.get(&name).cloned(),
            };
            let Some(mut line) = line else { continue };
            for argument in arguments.into_iter().flatten() {
                line.push(' ');
                line.push_str(&quote(argument));
            }
            self.line(&line, &Place { cwd: &call.package, env, script: &name });
        }
        self.stack.pop();
    }

    fn push(&mut self, line: String, cwd: String, env: BTreeMap<String, String>, script: &str) {
        let (line, _) = line.split_once(" || ").map_or((line.as_str(), ""), |pair| pair);
        let words = split_words(line);
        let mut role = role_of(&words);
        if runs_in_background(line) && role != Role::Browser {
            role = Role::Other;
        }
        if role == Role::Other && script_runs_tests(script) && !moves_files(&words) {
            role = Role::Test(Runner::Task);
        }
        let package = self.package_of(&cwd);
        let segment = Segment {
            line: line.trim().to_owned(),
            cwd,
            env,
            package,
            script: script.to_owned(),
            role,
        };
        let known = |other: &&Segment| other.line == segment.line && other.cwd == segment.cwd;
        if !self.found.iter().any(|other| known(&other)) {
            self.found.push(segment);
        }
    }
}

/// The groups of alternatives that a list of commands consists of: `a || b && c` is `a` or `b`,
/// then `c`. `None` where nothing stands behind `||`, or the parts depend on each other's folder.
fn alternatives(line: &str) -> Option<Vec<Vec<String>>> {
    if !line.contains("||") || line.contains(['(', '\n', '`']) || line.contains("cd ") {
        return None;
    }
    let mut groups: Vec<Vec<String>> = vec![vec![String::new()]];
    let mut quote = None;
    let mut chars = line.chars().peekable();
    while let Some(c) = chars.next() {
        match (quote, c) {
            (Some(open), c) if open == c => quote = None,
            (None, '"' | '\'') => quote = Some(c),
            (_, '\\') => {
                let part = groups.last_mut()?.last_mut()?;
                part.push(c);
                part.extend(chars.next());
                continue;
            }
            (None, '|' | '&') if chars.peek() == Some(&c) => {
                chars.next();
                match c {
                    '|' => groups.last_mut()?.push(String::new()),
                    _ => groups.push(vec![String::new()]),
                }
                continue;
            }
            (None, ';') => {
                groups.push(vec![String::new()]);
                continue;
            }
            _ => {}
        }
        groups.last_mut()?.last_mut()?.push(c);
    }
    groups.iter_mut().flatten().for_each(|part| *part = part.trim().to_owned());
    groups.iter_mut().for_each(|group| group.retain(|part| !part.is_empty()));
    groups.iter().any(|group| group.len() > 1).then_some(groups)
}

/// Whether a command only puts files where the tests want them.
fn moves_files(words: &[String]) -> bool {
    #[rustfmt::skip]
    const MOVERS: &[&str] = &[
        "xcopy", "copy", "cp", "mv", "rsync", "mkdir", "mkdirp", "ln", "touch", "cpy", "copyfiles",
        "ncp", "shx",
    ];
    words.first().is_some_and(|word| MOVERS.contains(&word.as_str()))
}

/// `npm run lint`: the script's name says that it only looks.
fn named_like_a_check(line: &str) -> bool {
    use crate::miners::class_of_name;
    let words = split_words(line);
    let name = words.iter().skip(1).rfind(|word| !word.starts_with('-') && *word != "run");
    name.is_some_and(|name| {
        let parts = || name.split([':', '-', '_']);
        class_of_name(name) == rr_core::CommandClass::Lint
            || parts().any(|part| matches!(part, "size" | "docs" | "bench" | "release"))
    })
}

/// Whether a script's own name says that what it runs are tests.
fn script_runs_tests(script: &str) -> bool {
    matches!(
        script,
        "test" | "tests" | "unit" | "test:unit" | "unit-test" | "test-unit" | "test-only"
    )
}

fn is_turbo(words: &[String]) -> bool {
    words.first().is_some_and(|word| word.ends_with("turbo")) && words.iter().any(|w| w == "test")
}

/// A lone `&`: something goes on beside what follows.
fn runs_in_background(line: &str) -> bool {
    let bare = line.replace("&&", "  ").replace("2>&1", "").replace("&>", "").replace(">&", "");
    let outside_quotes: String = bare.split(['"', '\'']).step_by(2).collect();
    outside_quotes.contains('&')
}

/// A loop or a condition, whose parts mean nothing alone: `for t in test/*.js; do node $t; done`.
fn is_compound(line: &str) -> bool {
    let outside_quotes: String = line.split(['"', '\'']).step_by(2).collect();
    let starts = |keyword: &str| {
        outside_quotes.split([';', '&', '|', '\n']).any(|part| {
            part.trim_start()
                .strip_prefix(keyword)
                .is_some_and(|rest| rest.starts_with([' ', '\n']))
        })
    };
    starts("do") && (starts("for") || starts("while") || starts("until"))
        || starts("then") && starts("if")
}

/// Assignments between a wrapper and its program: `cross-env A=1 jest`.
fn wrapper_assignments(words: &[String], inner: &[String]) -> BTreeMap<String, String> {
    let outer = &words[..words.len() - inner.len()];
    outer
        .iter()
        .filter(|word| !word.starts_with('-'))
        .filter_map(|word| word.split_once('='))
        .filter(|(name, _)| !assignments(&format!("{name}=x")).0.is_empty())
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

/// A script kept in wireit's own section.
fn wireit(package: &super::package_json::Manifest, script: &str) -> Option<String> {
    if package.scripts.get(script).map(String::as_str) != Some("wireit") {
        return None;
    }
    let entry = package.field("wireit")?.get(script)?;
    let own = entry.get("command").and_then(|c| c.as_str()).map(str::to_owned);
    let before = entry
        .get("dependencies")
        .and_then(|list| list.as_array())
        .into_iter()
        .flatten()
        .filter_map(|d| d.as_str().or_else(|| d.get("script")?.as_str()))
        .filter(|name| !name.contains(['/', '^', '#']))
        .map(|name| format!("npm run {name}"));
    let lines: Vec<String> = before.chain(own).collect();
    (!lines.is_empty()).then(|| lines.join(" && "))
}

/// Words as a shell line, what a shell would expand left as it is.
fn shell_line(words: &[String]) -> String {
    let plain = |word: &String| {
        if word.contains([' ', '"', '\'', '(', ')', ';', '&', '$', '`', '\\', '<', '>', '|']) {
            quote(word)
        } else {
            word.clone()
        }
    };
    words.iter().map(plain).collect::<Vec<_>>().join(" ")
}
