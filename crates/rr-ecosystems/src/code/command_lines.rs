//! Programs for the command line that the code builds, and the commands they offer.

use rr_core::FactKey;

use super::calls::Call;
use super::scan::{Found, Source};
use super::syntax::Language;
use super::tokens::{Kind, Token};

/// Most commands taken from one source.
const COMMANDS: usize = 40;

/// What a source offers.
pub(super) fn read(source: &Source<'_, '_>) -> Vec<Found> {
    let mut found = match source.language {
        Language::Python => python(source),
        Language::Script => script(source),
        Language::Go => go(source),
        Language::Rust => rust(source),
        Language::Jvm => jvm(source),
        Language::Ruby | Language::Php => Vec::new(),
    };
    found.truncate(COMMANDS);
    found
}

fn command(value: String, line: u32) -> Found {
    Found::new(FactKey::CliCommand, value, line, "command")
}

/// `@click.command()` and `@app.command("x")` above a function; `ArgumentParser`, `add_parser`.
fn python(source: &Source<'_, '_>) -> Vec<Found> {
    let by = if source.uses("typer") { "typer" } else { "click" };
    let decorates = source.uses("click") || source.uses("typer");
    let tokens = source.tokens;
    let decorated = source.calls.iter().filter(|call| {
        decorates
            && matches!(call.name(), "command" | "group")
            && tokens.iter().any(|t| t.line == call.line && t.is("@"))
    });
    let mut found: Vec<Found> = decorated
        .filter_map(|call| {
            let name =
                call.text(0).map(str::to_owned).or_else(|| function_below(tokens, call.line))?;
            Some(command(format!("{by} command {name}"), call.line))
        })
        .collect();
    if source.uses("argparse") {
        found.extend(source.calls.iter().filter_map(|call| match call.name() {
            "ArgumentParser" => {
                let name = call
                    .named("prog")
                    .or_else(|| call.positional(0))?
                    .text()
                    .unwrap_or(source.path);
                Some(command(format!("argparse program {name}"), call.line))
            }
            "add_parser" => Some(command(format!("argparse command {}", call.text(0)?), call.line)),
            _ => None,
        }));
        let bare =
            |call: &&Call<'_, '_>| call.name() == "ArgumentParser" && call.arguments.is_empty();
        found.extend(
            source
                .calls
                .iter()
                .filter(bare)
                .map(|call| command(format!("argparse program {}", source.path), call.line)),
        );
    }
    found
}

/// The name of the first function below a line.
fn function_below(tokens: &[Token<'_>], line: u32) -> Option<String> {
    let at = tokens.iter().position(|t| t.line > line && t.says("def"))?;
    let name = tokens.get(at + 1).filter(|t| t.kind == Kind::Word && t.line < line + 40)?;
    Some(name.text.replace('_', "-"))
}

/// `.command("x <y>")` of commander, yargs, cac, oclif.
fn script(source: &Source<'_, '_>) -> Vec<Found> {
    let by = ["commander", "yargs", "cac", "sade", "caporal", "@commander-js/extra-typings"]
        .into_iter()
        .find(|module| source.uses(module));
    let Some(by) = by else { return Vec::new() };
    let commands = source.calls.iter().filter(|call| call.name() == "command");
    commands
        .filter_map(|call| {
            let name = call.text(0)?.split(' ').next()?;
            (!name.is_empty()).then(|| command(format!("{by} command {name}"), call.line))
        })
        .collect()
}

/// `&cobra.Command{Use: "x y"}` and `&cli.Command{Name: "x"}`.
fn go(source: &Source<'_, '_>) -> Vec<Found> {
    let (by, key) = if source.uses_part("spf13/cobra") {
        ("cobra", "Use")
    } else if source.uses_part("urfave/cli") {
        ("urfave", "Name")
    } else {
        return Vec::new();
    };
    let tokens = source.tokens;
    let mut found = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        let opens = token.says("Command") && tokens.get(at + 1).is_some_and(|t| t.is("{"));
        if !opens {
            continue;
        }
        let inside = tokens[at..(at + 60).min(tokens.len())].windows(3);
        let named = inside
            .into_iter()
            .find(|three| three[0].says(key) && three[1].is(":") && three[2].kind == Kind::Text);
        if let Some(three) = named {
            let name = three[2].text.split(' ').next().unwrap_or_default();
            found.push(command(format!("{by} command {name}"), three[0].line));
        }
    }
    found
}

/// `#[derive(Parser)]`, `#[derive(Subcommand)]`, `Command::new("x")`.
fn rust(source: &Source<'_, '_>) -> Vec<Found> {
    if !(source.uses("clap") || source.tokens.iter().any(|t| t.says("clap"))) {
        return Vec::new();
    }
    let mut found = Vec::new();
    for call in &source.calls {
        if call.callee == "derive" {
            let derives =
                |word: &str| call.arguments.iter().any(|a| a.tokens.iter().any(|t| t.says(word)));
            if derives("Parser") {
                found.push(command(format!("clap program {}", source.path), call.line));
            }
            if derives("Subcommand") {
                found.extend(variants(source.tokens, call.line));
            }
        } else if matches!(call.callee.as_str(), "Command.new" | "clap.Command.new" | "App.new")
            && let Some(name) = call.text(0)
        {
            found.push(command(format!("clap command {name}"), call.line));
        }
    }
    found
}

/// The variants of the enumeration below a line, as clap names them.
fn variants(tokens: &[Token<'_>], line: u32) -> Vec<Found> {
    let Some(start) = tokens.iter().position(|t| t.line >= line && t.says("enum")) else {
        return Vec::new();
    };
    let mut depth = 0_usize;
    let mut found = Vec::new();
    for (at, token) in tokens.iter().enumerate().skip(start) {
        if token.kind == Kind::Mark {
            match token.text {
                "{" | "(" | "[" => depth += 1,
                "}" | ")" | "]" => depth = depth.saturating_sub(1),
                _ => continue,
            }
            if depth == 0 && token.text == "}" {
                break;
            }
        }
        let next = tokens.get(at + 1);
        let variant = depth == 1
            && token.kind == Kind::Word
            && token.text.starts_with(|c: char| c.is_ascii_uppercase())
            && next.is_some_and(|t| t.is(",") || t.is("{") || t.is("(") || t.is("}"));
        if variant {
            found.push(command(format!("clap command {}", kebab(token.text)), token.line));
        }
    }
    found
}

fn kebab(name: &str) -> String {
    let mut out = String::new();
    for (at, c) in name.char_indices() {
        if c.is_ascii_uppercase() && at > 0 {
            out.push('-');
        }
        out.push(c.to_ascii_lowercase());
    }
    out
}

/// `@Command(name = "x")` of picocli.
fn jvm(source: &Source<'_, '_>) -> Vec<Found> {
    if !source.uses("picocli") {
        return Vec::new();
    }
    let commands = source.calls.iter().filter(|call| call.name() == "Command");
    commands
        .filter_map(|call| {
            Some(command(format!("picocli command {}", call.named("name")?.text()?), call.line))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::scan::scan;
    use super::*;

    fn shown(text: &str, language: Language) -> Vec<String> {
        let found = scan("tool", text, language).found;
        let kept = found.into_iter().filter(|found| found.key == FactKey::CliCommand);
        kept.map(|found| found.value).collect()
    }

    #[test]
    fn commands_of_every_framework_are_named() {
        let click = "import click\n@click.group()\ndef cli(): ...\n@cli.command('go')\ndef x(): ...\n@cli.command()\n@click.option('-n')\ndef say_hi(): ...\n";
        assert_eq!(
            shown(click, Language::Python),
            ["click command cli", "click command go", "click command say-hi"]
        );
        let argparse =
            "import argparse\np = argparse.ArgumentParser(prog='t')\ns.add_parser('build')\n";
        assert_eq!(
            shown(argparse, Language::Python),
            ["argparse program t", "argparse command build"]
        );
        let commander = "import { Command } from 'commander';\nprogram.command('serve <dir>');\n";
        assert_eq!(shown(commander, Language::Script), ["commander command serve"]);
        let cobra =
            "import \"github.com/spf13/cobra\"\nvar c = &cobra.Command{\n\tUse: \"run [x]\",\n}\n";
        assert_eq!(shown(cobra, Language::Go), ["cobra command run"]);
        let clap = "use clap::{Parser, Subcommand};\n#[derive(Subcommand)]\nenum C { AddOne { x: u8 }, List, }\n#[derive(Debug, Parser)]\nstruct A;\n";
        assert_eq!(
            shown(clap, Language::Rust),
            ["clap command add-one", "clap command list", "clap program tool"]
        );
    }
}
