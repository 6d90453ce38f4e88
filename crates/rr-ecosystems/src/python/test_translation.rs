//! Documented test commands as argument vectors inside our environment. What is nothing that we
//! may run is refused.

use rr_core::RepoView;

use super::paths::{file_name, join};
use crate::miners::command_line::interpreter_flags;

/// The recipe lines of a makefile's target.
pub(super) fn recipe<'a>(makefile: &'a str, target: &str) -> Vec<&'a str> {
    let mut lines = makefile.lines().skip_while(|line| {
        let head = line.split_once(':').filter(|(_, rest)| !rest.starts_with('='));
        line.starts_with('\t')
            || !head.is_some_and(|(names, _)| names.split(' ').any(|n| n == target))
    });
    lines.next();
    lines.take_while(|line| line.starts_with('\t') || line.trim().is_empty()).collect()
}

/// A documented command as runner and argument vector inside our environment; `None` where it is
/// nothing that we may run.
pub(super) fn translate(
    repo: &dyn RepoView,
    cwd: &str,
    words: &[&str],
) -> Option<(&'static str, Vec<String>)> {
    let mut words = words.to_vec();
    if matches!(
        words.first(),
        Some(&("$(PYTHON)" | "${PYTHON}" | "$PYTHON" | "{envpython}" | "{env_python}"))
    ) {
        words[0] = "python";
    }
    let words: Vec<&str> =
        words.iter().copied().filter(|word| !word.is_empty() && !is_placeholder(word)).collect();
    let python = |rest: &[&str]| -> Vec<String> {
        std::iter::once("python").chain(rest.iter().copied()).map(str::to_owned).collect()
    };
    let (first, rest) = words.split_first()?;
    if words.iter().any(|word| word.contains(['$', '{', '}'])) {
        return None;
    }
    match file_name(first) {
        "pytest" | "py.test" => Some(("pytest", python(&[&["-m", "pytest"], rest].concat()))),
        // nose is gone; pytest runs what it ran.
        "nosetests" => Some(("pytest", python(&["-m", "pytest"]))),
        "nose2" => Some(("nose2", nose2_words(rest))),
        "trial" | "stestr" | "zope-testrunner" | "green" => {
            Some(("unittest", words.iter().map(|word| (*word).to_owned()).collect()))
        }
        "flask" if rest.first() == Some(&"test") => {
            Some(("script", words.iter().map(|word| (*word).to_owned()).collect()))
        }
        "django-admin" if rest.first() == Some(&"test") => {
            Some(("django", words.iter().map(|word| (*word).to_owned()).collect()))
        }
        "manage.py" => translate(repo, cwd, &[&["python"], words.as_slice()].concat()),
        // What `coverage run -m` ran is a module.
        "unittest" | "django" | "twisted.trial" | "testtools.run" => {
            translate_python(repo, cwd, &[&["-m"], words.as_slice()].concat())
        }
        name if name.starts_with("python") || name == "pypy" => translate_python(repo, cwd, rest),
        name if name.ends_with(".py") && repo.has(&join(cwd, first)) => {
            Some(("script", python(&words)))
        }
        _ => None,
    }
}

fn translate_python(
    repo: &dyn RepoView,
    cwd: &str,
    rest: &[&str],
) -> Option<(&'static str, Vec<String>)> {
    let rest: Vec<&str> = rest.to_vec();
    let owned: Vec<String> = rest.iter().map(|word| (*word).to_owned()).collect();
    let (flags, main) = rest.split_at(interpreter_flags(&owned));
    let python = |words: &[&str]| -> Vec<String> {
        std::iter::once("python").chain(words.iter().copied()).map(str::to_owned).collect()
    };
    match main {
        ["-m", "pytest" | "py.test", rest @ ..] => {
            Some(("pytest", python(&[&["-m", "pytest"], rest].concat())))
        }
        ["-m", "nose", ..] => Some(("pytest", python(&["-m", "pytest"]))),
        ["-m", "nose2", rest @ ..] => Some(("nose2", nose2_words(rest))),
        ["-m", "unittest", rest @ ..] => {
            let rest: Vec<&str> =
                rest.iter().copied().filter(|w| !matches!(*w, "-f" | "--failfast")).collect();
            Some(("unittest", python(&[flags, &["-m", "unittest"], &rest].concat())))
        }
        ["-m", "django", arguments @ ..] => (arguments.first() == Some(&"test")).then(|| {
            let words = django_words(&[flags, &["-m", "django"]].concat(), arguments);
            ("django", words)
        }),
        ["-m", "twisted.trial" | "testtools.run" | "unittest2", ..] => {
            Some(("unittest", python(main)))
        }
        ["-m", module, ..] => {
            let inside = module.replace('.', "/");
            let own = [format!("{inside}.py"), format!("{inside}/__main__.py")];
            let named = module.contains("test");
            let exists = own.iter().any(|path| repo.has(&join(cwd, path)));
            (named && exists).then(|| ("script", python(&rest)))
        }
        ["setup.py", "test", ..] => Some(("pytest", python(&["-m", "pytest"]))),
        ["-c", code, ..] => code.contains("unittest").then(|| ("unittest", python(&rest))),
        [script, arguments @ ..] if script.ends_with(".py") && repo.has(&join(cwd, script)) => {
            if file_name(script) == "manage.py" {
                return (arguments.first() == Some(&"test"))
                    .then(|| ("django", django_words(&[script], arguments)));
            }
            driven(repo, &join(cwd, script)).or_else(|| Some(("script", python(&rest))))
        }
        _ => None,
    }
}

/// nose2 expands parameters and layers as nobody else does; its own plugin writes the outcomes.
fn nose2_words(rest: &[&str]) -> Vec<String> {
    let stops = |word: &&&str| !matches!(**word, "-F" | "--fail-fast" | "--with-coverage");
    ["python", "-m", "nose2", "--plugin", "nose2.plugins.junitxml", "--junit-xml"]
        .into_iter()
        .chain(["--junit-xml-path", NOSE2_REPORT])
        .chain(rest.iter().filter(stops).copied())
        .map(str::to_owned)
        .collect()
}

/// Where nose2 writes its outcomes.
pub(super) const NOSE2_REPORT: &str = "@{reports}/nose2.xml";

/// The pytest call in a script that only hands on to pytest, and drops its exit status:
/// `os.system("pytest --cov=./ test/")`.
fn driven(repo: &dyn RepoView, script: &str) -> Option<(&'static str, Vec<String>)> {
    let text = repo.text(script)?;
    if !text.contains("os.system(") && !text.contains("subprocess.") {
        return None;
    }
    let call = text.split(['"', '\'']).map(str::trim).find(|part| part.starts_with("pytest "))?;
    let words = ["python", "-m"].into_iter().chain(call.split_whitespace());
    Some(("pytest", words.map(str::to_owned).collect()))
}

/// Django's test command without options that change the shape of a run.
fn django_words(called: &[&str], arguments: &[&str]) -> Vec<String> {
    let dropped = |word: &&&str| !word.starts_with("--parallel") && **word != "--failfast";
    let kept = arguments.iter().filter(dropped).copied();
    let interactive = !arguments.contains(&"--noinput") && !arguments.contains(&"--no-input");
    std::iter::once("python")
        .chain(called.iter().copied())
        .chain(kept)
        .chain(interactive.then_some("--noinput"))
        .map(str::to_owned)
        .collect()
}

/// `NAME=value` before a command.
pub(super) fn is_assignment(word: &str) -> bool {
    word.split_once('=').is_some_and(|(name, _)| {
        !name.is_empty()
            && name.bytes().all(|b| b.is_ascii_uppercase() || b == b'_' || b.is_ascii_digit())
    })
}

/// tox's and make's holes for the caller's own arguments: `{posargs}`, `$(ARGS)`, `{posargs:tests}`.
fn is_placeholder(word: &str) -> bool {
    (word.starts_with("{posargs") && word.ends_with('}'))
        || (word.starts_with("$(") && word.ends_with(')'))
        || word == "$@"
        || word == "\"$@\""
}

#[cfg(test)]
#[path = "test_translation_tests.rs"]
mod tests;
