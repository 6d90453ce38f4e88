//! Every export is read by a real parser of its syntax.

use std::io::Write as _;
use std::process::{Command, Stdio};

use rr_recipe::ExportFile;
use saphyr_parser::{Event, Parser};
use serde_json::Value;

#[test]
fn every_export_is_well_formed() {
    for (name, form, export) in crate::all() {
        for file in &export.files {
            if let Err(reason) = well_formed(file) {
                panic!("{name} {form} {}: {reason}\n{}", file.path, file.text);
            }
        }
    }
}

/// Reads a file with the parser of its kind.
pub(crate) fn well_formed(file: &ExportFile) -> Result<(), String> {
    let text = file.text.as_str();
    match file.path.rsplit(['.', '/']).next().unwrap_or_default() {
        "yml" | "yaml" => yaml(text).map(|_| ()),
        "json" => json(text).map(|_| ()),
        "toml" | "lock" => text.parse::<toml::Table>().map(|_| ()).map_err(|e| e.to_string()),
        "nix" => nix(text),
        "sh" => bash(text),
        "Dockerfile" => dockerfile(text).map(|_| ()),
        "dockerignore" => Ok(()),
        other => Err(format!("no parser for `{other}`")),
    }
}

/// The scalars of a YAML document, in order.
pub(crate) fn yaml(text: &str) -> Result<Vec<String>, String> {
    let mut scalars = Vec::new();
    for event in Parser::new_from_str(text) {
        let (event, _) = event.map_err(|e| e.to_string())?;
        if let Event::Scalar(value, ..) = event {
            scalars.push(value.into_owned());
        }
    }
    if scalars.is_empty() { Err("it is empty".to_owned()) } else { Ok(scalars) }
}

/// JSON after the comment lines of its head.
pub(crate) fn json(text: &str) -> Result<Value, String> {
    let body: Vec<&str> = text.lines().skip_while(|line| line.starts_with("//")).collect();
    serde_json::from_str(&body.join("\n")).map_err(|e| e.to_string())
}

fn nix(text: &str) -> Result<(), String> {
    let parsed = rnix::Root::parse(text);
    let errors: Vec<String> = parsed.errors().iter().map(ToString::to_string).collect();
    if errors.is_empty() { Ok(()) } else { Err(errors.join("; ")) }
}

fn bash(text: &str) -> Result<(), String> {
    let mut check = Command::new("bash")
        .arg("-n")
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|e| e.to_string())?;
    check.stdin.take().unwrap().write_all(text.as_bytes()).map_err(|e| e.to_string())?;
    let output = check.wait_with_output().map_err(|e| e.to_string())?;
    if output.status.success() {
        Ok(())
    } else {
        Err(String::from_utf8_lossy(&output.stderr).into_owned())
    }
}

/// The instructions of a Dockerfile as builders join their lines: comments and empty lines go,
/// `\` at a line's end continues it.
pub(crate) fn dockerfile(text: &str) -> Result<Vec<(String, String)>, String> {
    let mut instructions = Vec::new();
    let mut open = String::new();
    for line in text.lines().filter(|line| !line.trim_start().starts_with('#')) {
        if line.trim().is_empty() {
            continue;
        }
        match line.strip_suffix('\\') {
            Some(part) => open += part,
            None => {
                let whole = std::mem::take(&mut open) + line;
                let (name, rest) = whole.trim_start().split_once(' ').ok_or(whole.clone())?;
                const KNOWN: [&str; 10] = [
                    "FROM",
                    "SHELL",
                    "RUN",
                    "COPY",
                    "ENV",
                    "USER",
                    "WORKDIR",
                    "EXPOSE",
                    "CMD",
                    "HEALTHCHECK",
                ];
                if !KNOWN.contains(&name) {
                    return Err(format!("unknown instruction `{whole}`"));
                }
                instructions.push((name.to_owned(), rest.trim().to_owned()));
            }
        }
    }
    if open.is_empty() { Ok(instructions) } else { Err(format!("open: {open}")) }
}
