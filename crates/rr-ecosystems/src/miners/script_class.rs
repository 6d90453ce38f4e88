//! Scripts run by path or by an interpreter: the class by their name.

use rr_core::CommandClass::{self, Build, Destructive, Install, Publish, Start, Test, Unknown};

use super::classify::plain_arguments;
use super::command_line::{base_name, is_python};
use super::command_table::row_class;
use super::name_class::class_of_name;
use super::task_class::task_class;

/// Scripts run by path or by an interpreter: `./scripts/test.sh`, `python runtests.py`.
pub(super) fn script_class(words: &[String], arguments: &[&str]) -> Option<CommandClass> {
    let first = words.first()?;
    let interpreted = is_python(first)
        || matches!(
            base_name(first),
            "bash" | "sh" | "node" | "ruby" | "perl" | "dash" | "zsh" | "ts-node" | "tsx" | "php"
        );
    if let Some(class) = inline_class(first, words) {
        return Some(class);
    }
    let script = if interpreted {
        words[1..].iter().find(|w| !w.starts_with('-'))?.as_str()
    } else if runnable_path(first) {
        first.as_str()
    } else {
        return None;
    };
    if words.iter().any(|w| w == "-c" || w == "-m") && interpreted {
        return None;
    }
    let name = base_name(script);
    match name {
        "setup.py" => Some(setup_class(arguments)),
        "manage.py" | "artisan" | "configure" | "gradlew" | "mvnw" | "autogen.sh"
        | "bootstrap.sh" | "bootstrap" => {
            let mut rest = vec![name.to_owned()];
            rest.extend(words.iter().skip_while(|w| w.as_str() != script).skip(1).cloned());
            let arguments = plain_arguments(&rest, name);
            let text: Vec<&str> = arguments.iter().map(String::as_str).collect();
            task_class(name, &rest, &text).or_else(|| row_class(name, &rest, &text))
        }
        _ => named_class(name, interpreted),
    }
}

/// Code on the command line, and interpreters that are test runners themselves.
fn inline_class(first: &str, words: &[String]) -> Option<CommandClass> {
    let mut flags = words[1..].iter().take_while(|word| word.starts_with('-'));
    let node = base_name(first) == "node" && flags.any(|word| word == "--test");
    let code = words.iter().position(|word| word == "-c").and_then(|at| words.get(at + 1));
    let python = is_python(first)
        && code.is_some_and(|code| code.contains("unittest") || code.contains("pytest.main"));
    (node || python || is_python(first) && own_test_module(words)).then_some(Test)
}

/// `python -m package.test`: a package that runs its own tests.
fn own_test_module(words: &[String]) -> bool {
    let module = words.iter().position(|word| word == "-m").and_then(|at| words.get(at + 1));
    let last = module.and_then(|module| module.rsplit_once('.')).map(|(_, last)| last);
    last.is_some_and(|last| {
        matches!(last, "test" | "tests" | "testsuite" | "test_suite" | "runtests" | "run_tests")
    })
}

/// `python setup.py COMMAND`.
fn setup_class(arguments: &[&str]) -> CommandClass {
    match arguments.iter().find(|a| **a != "setup.py") {
        Some(&"test" | &"pytest") => Test,
        Some(&"install" | &"develop") => Install,
        Some(&"upload") => Publish,
        _ => Build,
    }
}

/// By the script's own name.
fn named_class(name: &str, interpreted: bool) -> Option<CommandClass> {
    let stem = name.split('.').next().unwrap_or(name);
    match class_of_name(stem) {
        Unknown if interpreted && matches!(stem, "app" | "main" | "index" | "wsgi" | "bot") => {
            Some(Start)
        }
        Unknown => None,
        Destructive => Some(Unknown),
        class => Some(class),
    }
}

/// Whether a word is the path of a script or program of the tree, and no mere file name.
fn runnable_path(word: &str) -> bool {
    let name = base_name(word);
    let (stem, extension) = name.rsplit_once('.').unwrap_or((name, ""));
    if word.starts_with('/') || !word.contains('/') || stem.is_empty() {
        return false;
    }
    let script = matches!(extension, "sh" | "bash" | "pl" | "rb" | "bat" | "exe" | "run");
    let folder = word.split('/').any(|part| {
        matches!(part, "bin" | "scripts" | "script" | "ci" | "tools" | "build" | "target" | "hack")
    });
    script
        || extension.is_empty() && (word.starts_with("./") || folder)
        || extension == "py" && word.starts_with("./")
}
