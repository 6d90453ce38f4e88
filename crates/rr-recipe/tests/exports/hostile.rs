//! Values that try to break out of their place, in every form.

use std::path::Path;
use std::process::Command as Process;

use proptest::prelude::*;
use rr_core::{Command, EnvBinding, StepKind};
use rr_recipe::{ExportForm, LockedCommand, LockedVariable, RecipeLock, VariableOrigin, export};

use crate::parsed::{dockerfile, json, well_formed, yaml};

/// Text full of what shells, YAML, JSON, TOML, Nix and Dockerfiles take for their own.
fn hostile() -> impl Strategy<Value = String> {
    let pieces = prop::sample::select(vec![
        "'",
        "\"",
        "`",
        "$",
        "$(id)",
        "${HOME}",
        "${{ github.token }}",
        "\\",
        "\\n",
        "\n",
        "\r",
        "\t",
        "#",
        " # ",
        ": ",
        "- ",
        "{{",
        "}}",
        "{%",
        "%}",
        "''${x}",
        "''",
        "<<EOF",
        "&&",
        "||",
        ";",
        "|",
        ">",
        "(",
        ")",
        "[",
        "]",
        "!",
        "*",
        "?",
        "~",
        "%",
        "@",
        "=",
        "a",
        "b c",
        "é",
        "\u{2028}",
        "\u{85}",
        "---",
        "...",
        "yes",
        "0x1",
        "null",
        "--flag",
        "//",
        "/*",
        "*/",
        "\u{feff}",
        "EOF",
        "fi",
        "then",
    ]);
    prop::collection::vec(pieces, 0..8).prop_map(|pieces| pieces.concat())
}

/// Words that a process can be given: no NUL byte, and not empty where a program is named.
fn words() -> impl Strategy<Value = Vec<String>> {
    prop::collection::vec(hostile(), 1..4)
}

fn command(id: &str, kind: StepKind, title: &str, run: Command) -> LockedCommand {
    let mut command = crate::lock("python-postgres-service").commands.remove(0);
    command.id = id.to_owned();
    command.kind = kind;
    command.title = title.to_owned();
    command.run = Some(run);
    command.recorded = None;
    command.environment.clear();
    command.folder.clear();
    command
}

fn lock_of(title: &str, value: &str, words: &[String]) -> RecipeLock {
    let mut lock = crate::lock("python-postgres-service");
    lock.source.repository = title.to_owned();
    lock.proof.summary = title.to_owned();
    lock.notes = vec![title.to_owned()];
    lock.toolchains[0].requested = title.to_owned();
    lock.variables.push(LockedVariable {
        name: "HOSTILE".to_owned(),
        value: Some(value.to_owned()),
        origin: VariableOrigin::Plan,
    });
    if let Some(service) = lock.services.first_mut() {
        service.password = value.to_owned();
        service.bindings.push(EnvBinding { name: "BOUND".to_owned(), template: value.to_owned() });
    }
    let print = [&["printf".to_owned(), "%s\\0".to_owned()], words].concat();
    let mut test = command("x:test", StepKind::Test, title, Command::Argv(print));
    test.environment.insert("OWN".to_owned(), value.to_owned());
    // A line that is no shell by itself (`x[`) breaks any script: the text stands in a line that is.
    let line = Command::shell(format!(": {}", rr_core::command::quote(title)));
    lock.commands = vec![command("x:build", StepKind::Build, title, line), test];
    lock
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn every_form_stays_well_formed(title in hostile(), value in hostile(), words in words()) {
        let lock = lock_of(&title, &value, &words);
        for form in ExportForm::ALL {
            for file in export(&lock, form).unwrap().files {
                if let Err(reason) = well_formed(&file) {
                    panic!("{form} {}: {reason}\n{}", file.path, file.text);
                }
            }
        }
    }

    #[test]
    fn words_reach_the_program_as_they_are(value in hostile(), words in words()) {
        let mut lock = lock_of("x", &value, &words);
        lock.commands.remove(0);
        lock.services.clear();
        lock.commands[0].environment.clear();
        let expected: Vec<u8> = words.iter().flat_map(|word| [word.as_bytes(), b"\0"].concat()).collect();
        let file = |form| export(&lock, form).unwrap().files.remove(0).text;
        let scratch = tempfile::tempdir().unwrap();

        std::fs::write(scratch.path().join("recipe.sh"), file(ExportForm::Script)).unwrap();
        prop_assert_eq!(bash(scratch.path(), &["recipe.sh", "x:test"]), expected.clone());

        let instructions = dockerfile(&file(ExportForm::Dockerfile)).unwrap();
        let (_, last) = instructions.iter().rfind(|(name, _)| name == "CMD").unwrap();
        let argv: Vec<String> = serde_json::from_str(last).unwrap();
        prop_assert_eq!(&argv[2..], words.as_slice());

        // The only scalar that prints: it begins with the program, and runs in a shell.
        let gitlab = yaml(&file(ExportForm::GitlabCi)).unwrap();
        let line = gitlab.iter().find(|scalar| scalar.starts_with("printf ")).unwrap();
        prop_assert_eq!(bash(scratch.path(), &["-c", line]), expected.clone());
    }

    #[test]
    fn values_of_variables_reach_the_program_as_they_are(value in hostile()) {
        let mut lock = lock_of("x", &value, &["x".to_owned()]);
        lock.commands.remove(0);
        let print = ["bash", "-c", "printf '%s|%s' \"$HOSTILE\" \"$OWN\""];
        lock.commands[0].run = Some(Command::argv(print));
        let scratch = tempfile::tempdir().unwrap();
        let script = export(&lock, ExportForm::Script).unwrap().files.remove(0).text;
        std::fs::write(scratch.path().join("recipe.sh"), script).unwrap();
        let expected = format!("{value}|{value}").into_bytes();
        prop_assert_eq!(bash(scratch.path(), &["recipe.sh", "x:test"]), expected);
    }

    #[test]
    fn a_development_containers_command_is_one_word_of_shell(title in hostile()) {
        let mut lock = lock_of("x", "y", &["x".to_owned()]);
        lock.commands[0].run = Some(Command::argv(["printf", "%s", &title]));
        let file = export(&lock, ExportForm::Devcontainer).unwrap().files.remove(0);
        let document = json(&file.text).unwrap();
        let words = document["postCreateCommand"].as_array().unwrap();
        let line = words.last().unwrap().as_str().unwrap().replace("cd /app/\n", "");
        let scratch = tempfile::tempdir().unwrap();
        prop_assert_eq!(bash(scratch.path(), &["-c", &line]), title.into_bytes());
    }
}

fn bash(folder: &Path, arguments: &[&str]) -> Vec<u8> {
    let output = Process::new("bash")
        .args(arguments)
        .current_dir(folder)
        .env("HOME", folder)
        .output()
        .unwrap();
    assert!(output.status.success(), "{arguments:?}\n{}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

#[test]
fn names_that_are_no_names_are_left_out() {
    let mut lock = lock_of("x", "y", &["x".to_owned()]);
    for name in ["A B", "A;id", "A=B", "1A", "", "A\nRUN id"] {
        lock.variables.push(LockedVariable {
            name: name.to_owned(),
            value: None,
            origin: VariableOrigin::User,
        });
        lock.commands[1].environment.insert(name.to_owned(), "breaks-out".to_owned());
    }
    for form in ExportForm::ALL.into_iter().filter(|form| *form != ExportForm::Lock) {
        for file in export(&lock, form).unwrap().files {
            well_formed(&file).unwrap();
            assert!(!file.text.contains("breaks-out"), "{form} {}:\n{}", file.path, file.text);
        }
    }
}
