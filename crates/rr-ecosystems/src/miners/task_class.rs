//! Task runners and build tools: the class of a call by its target.

use rr_core::CommandClass::{
    self, Build, Deploy, Destructive, Install, Lint, Migrate, Publish, Start, Test, Unknown,
};

use super::command_table::row_class;
use super::name_class::class_of_name;

/// Task runners, whose target's name tells.
pub(super) fn task_class(name: &str, words: &[String], arguments: &[&str]) -> Option<CommandClass> {
    let of_target = |target: Option<&&str>| target.map(|t| class_of_name(t));
    match name {
        "make" | "gmake" | "nmake" | "ninja" | "bmake" | "mingw32-make" => Some(match arguments {
            [] => Build,
            targets => strongest(targets.iter().map(|target| match *target {
                "install" => Install,
                target => match class_of_name(target) {
                    Unknown => Unknown,
                    class => class,
                },
            })),
        }),
        "just" | "task" | "mage" | "invoke" | "inv" | "rake" | "doit" | "grunt" | "gulp"
        | "poe" | "mask" => Some(match arguments {
            [] if name == "rake" => Test,
            [] => Unknown,
            targets => strongest(targets.iter().map(|target| class_of_name(target))),
        }),
        "nox" => Some(session_class(words)),
        "tox" => Some(session_class(words)),
        "mvn" | "mvnw" => Some(maven_class(arguments)),
        "gradle" | "gradlew" => Some(gradle_class(arguments)),
        "npm" | "yarn" | "pnpm" | "bun" | "turbo" | "nx" | "lerna" | "deno" | "wireit"
        | "hatch" | "pdm" | "rye" | "moon" => node_class(name, arguments),
        "manage.py" => of_target(arguments.first()).map(|class| match arguments.first() {
            Some(&"runserver") => Start,
            Some(&"makemigrations") => Unknown,
            Some(&"collectstatic" | &"compilemessages") => Build,
            Some(&"loaddata") => Migrate,
            _ => class,
        }),
        "docker" | "docker-compose" | "podman" => Some(match arguments {
            ["build", ..] | ["compose", "build", ..] => Build,
            ["push", ..] => Publish,
            _ => Unknown,
        }),
        _ => None,
    }
}

fn session_class(words: &[String]) -> CommandClass {
    let chosen = words.iter().position(|w| matches!(w.as_str(), "-e" | "-s" | "--session" | "-c"));
    match chosen.and_then(|at| words.get(at + 1)) {
        Some(name) if name.contains('$') => Test,
        Some(name) => match class_of_name(name) {
            Unknown if name.starts_with("py") => Test,
            class => class,
        },
        None => Test,
    }
}

fn maven_class(goals: &[&str]) -> CommandClass {
    strongest(goals.iter().map(|goal| match *goal {
        "test" | "verify" | "integration-test" => Test,
        "install" | "package" | "compile" | "test-compile" => Build,
        "deploy" => Publish,
        goal if goal.starts_with("dependency:") => Install,
        goal if goal.ends_with(":run") => Start,
        "clean" => Unknown,
        _ => Unknown,
    }))
}

fn gradle_class(tasks: &[&str]) -> CommandClass {
    strongest(tasks.iter().map(|task| match task.rsplit(':').next().unwrap_or(task) {
        "test" | "check" | "build" | "allTests" | "jvmTest" => Test,
        "assemble" | "classes" | "jar" | "testClasses" => Build,
        "bootRun" | "run" => Start,
        "publish" => Publish,
        other if other.ends_with("Test") => Test,
        _ => Unknown,
    }))
}

fn node_class(name: &str, arguments: &[&str]) -> Option<CommandClass> {
    let rest = match arguments {
        ["workspace" | "--filter", _, rest @ ..] => rest,
        rest => rest,
    };
    match (name, rest) {
        ("yarn", []) => Some(Install),
        (_, ["run" | "run-script" | "run-many", script, ..]) => Some(class_of_name(script)),
        ("npm" | "pnpm" | "yarn", ["test" | "t" | "tst", ..]) => Some(Test),
        ("bun" | "deno" | "hatch" | "pdm" | "rye", _) => None,
        ("npm" | "pnpm" | "yarn", ["install" | "ci" | "i" | "add" | "publish", ..]) => None,
        ("npm", _) => None,
        (_, [script, rest @ ..]) => match class_of_name(script) {
            Unknown => row_class(script, &[], rest),
            class => Some(class),
        },
        _ => None,
    }
}

/// Of several targets' classes the one that matters most.
fn strongest(classes: impl Iterator<Item = CommandClass>) -> CommandClass {
    let order = [Publish, Deploy, Test, Migrate, Start, Build, Install, Lint, Destructive];
    let all: Vec<CommandClass> = classes.collect();
    order.into_iter().find(|class| all.contains(class)).unwrap_or(Unknown)
}
