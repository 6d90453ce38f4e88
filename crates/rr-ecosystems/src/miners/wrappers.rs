//! Programs that run another program: `sudo`, `env`, `poetry run`, `npx`, `coverage run -m` …

use super::command_line::{assignments, base_name, is_python};

/// One way to run another program.
struct Wrapper {
    /// The words it starts with.
    words: &'static [&'static str],
    /// Its options that take a value of their own.
    valued: &'static [&'static str],
    /// Whether further plain words before the program are its own (a label, a time limit).
    own_words: usize,
}

const fn wrapper(
    words: &'static [&'static str],
    valued: &'static [&'static str],
    own_words: usize,
) -> Wrapper {
    Wrapper { words, valued, own_words }
}

const UV: &[&str] = &[
    "--group",
    "--extra",
    "--with",
    "--python",
    "-p",
    "--package",
    "--project",
    "--directory",
    "--no-group",
    "--only-group",
    "--with-requirements",
    "--with-editable",
    "--env-file",
    "--resolution",
    "--index-url",
];

const COVERAGE: &[&str] = &[
    "-r",
    "--reporter",
    "-o",
    "--reports-dir",
    "--report-dir",
    "--temp-directory",
    "--temp-dir",
    "-x",
    "--exclude",
    "-n",
    "--include",
    "-e",
    "--extension",
    "--lines",
    "--branches",
    "--functions",
    "--statements",
    "--src",
    "--cwd",
];

static WRAPPERS: &[Wrapper] = &[
    wrapper(&["sudo"], &["-u", "-g"], 0),
    wrapper(&["env"], &["-u"], 0),
    wrapper(&["time"], &[], 0),
    wrapper(&["exec"], &[], 0),
    wrapper(&["command"], &[], 0),
    wrapper(&["nice"], &["-n"], 0),
    wrapper(&["nohup"], &[], 0),
    wrapper(&["retry"], &[], 0),
    wrapper(&["travis_retry"], &[], 0),
    wrapper(&["travis_wait"], &[], 0),
    wrapper(&["stdbuf"], &[], 0),
    wrapper(&["catchsegv"], &[], 0),
    wrapper(&["timeout"], &["-k", "-s"], 1),
    wrapper(&["xvfb-run"], &["-s", "--server-args", "-n"], 0),
    wrapper(&["dbus-run-session"], &[], 0),
    wrapper(&["tini"], &[], 0),
    wrapper(&["dumb-init"], &[], 0),
    wrapper(&["cross-env"], &[], 0),
    wrapper(&["cross-env-shell"], &[], 0),
    wrapper(&["dotenv"], &["-e", "-f", "-c"], 0),
    wrapper(&["uv", "run"], UV, 0),
    wrapper(&["uvx"], &["--from", "--with", "--python", "-p"], 0),
    wrapper(&["uv", "tool", "run"], &["--from", "--with", "--python", "-p"], 0),
    wrapper(&["pipx", "run"], &["--spec", "--python"], 0),
    wrapper(&["poetry", "run"], &["-C", "--directory"], 0),
    wrapper(&["pdm", "run"], &["-p"], 0),
    wrapper(&["pipenv", "run"], &[], 0),
    wrapper(&["rye", "run"], &[], 0),
    wrapper(&["conda", "run"], &["-n", "--name", "-p"], 0),
    wrapper(&["mamba", "run"], &["-n", "--name", "-p"], 0),
    wrapper(&["micromamba", "run"], &["-n", "--name", "-p"], 0),
    wrapper(&["npx"], &["-p", "--package"], 0),
    wrapper(&["bunx"], &[], 0),
    wrapper(&["pnpm", "exec"], &["--filter", "-F"], 0),
    wrapper(&["pnpm", "dlx"], &[], 0),
    wrapper(&["pnpx"], &[], 0),
    wrapper(&["npm", "exec"], &[], 0),
    wrapper(&["yarn", "exec"], &[], 0),
    wrapper(&["bundle", "exec"], &[], 0),
    wrapper(&["mise", "exec"], &[], 0),
    wrapper(&["mise", "x"], &[], 0),
    wrapper(&["carton", "exec"], &[], 0),
    wrapper(&["c8"], COVERAGE, 0),
    wrapper(&["nyc"], COVERAGE, 0),
    wrapper(&["kcov"], &[], 1),
];

/// The words after one wrapper, or all of them where there is none.
pub(super) fn strip_one(words: &[String]) -> &[String] {
    let Some(first) = words.first() else { return words };
    if let Some(rest) = coverage(words) {
        return rest;
    }
    let name = base_name(first);
    let found = WRAPPERS.iter().find(|wrapper| {
        wrapper.words[0] == name
            && words.len() > wrapper.words.len()
            && wrapper.words[1..].iter().zip(&words[1..]).all(|(want, have)| want == have)
    });
    match found {
        Some(wrapper) => skip_options(&words[wrapper.words.len()..], wrapper),
        None => words,
    }
}

fn skip_options<'a>(words: &'a [String], wrapper: &Wrapper) -> &'a [String] {
    let mut rest = words;
    let mut own = wrapper.own_words;
    while let Some(word) = rest.first() {
        if word == "--" {
            return &rest[1..];
        }
        if word.starts_with('-') {
            let takes = usize::from(wrapper.valued.contains(&word.as_str()));
            rest = &rest[(1 + takes).min(rest.len())..];
        } else if !assignments(word).0.is_empty() {
            rest = &rest[1..];
        } else if own > 0 {
            own -= 1;
            rest = &rest[1..];
        } else {
            break;
        }
    }
    rest
}

/// `coverage run [options] -m pytest …` and `coverage run script.py …`, also as
/// `python -b -W always -m coverage run`.
fn coverage(words: &[String]) -> Option<&[String]> {
    let at = words.iter().take(10).position(|word| base_name(word) == "coverage")?;
    if at > 3 && !is_python(&words[0]) {
        return None;
    }
    if words.get(at + 1).map(String::as_str) != Some("run") {
        return None;
    }
    let rest = &words[at + 2..];
    if let Some(module) = rest.iter().position(|word| word == "-m") {
        return rest.get(module + 1..);
    }
    let script = rest.iter().position(|word| !word.starts_with('-'))?;
    rest.get(script..)
}
