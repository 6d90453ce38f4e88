//! Steps and command lines that remedies put into a plan.

use rr_core::{Command, EcosystemId, EnvBinding, Evidence, ServiceKind, Step, StepKind, Trust};

use super::install::shell_words;
use super::names::{beside_venv, step_name, venv};
use super::requirements::requirement_name;

/// A step that installs more.
pub(super) fn add(
    unit: &str,
    what: &str,
    names: &[String],
    constraints: Option<String>,
    python2: bool,
) -> Step {
    let installer: &[&str] =
        if python2 { &["python", "-m", "pip", "install"] } else { &["uv", "pip", "install"] };
    let mut words: Vec<String> = installer.iter().map(|word| (*word).to_owned()).collect();
    words.extend(names.iter().cloned());
    words.extend(constraints.into_iter().flat_map(|file| ["-c".to_owned(), file]));
    let title = format!("install {}", names.join(", "));
    let step = Step::new(
        step_name(unit, what),
        &EcosystemId::new("python"),
        unit,
        StepKind::Install,
        title,
        Command::Argv(words),
    );
    step.with_env("VIRTUAL_ENV", venv(unit)).because(Evidence::at(
        "",
        "python.diagnosis",
        Trust::Default,
    ))
}

/// A step that writes constraints for build requirements.
pub(super) fn build_constraints(unit: &str, pins: &[&str]) -> Step {
    let file = beside_venv(unit, "build.txt");
    let lines: Vec<String> = pins.iter().map(|pin| (*pin).to_owned()).collect();
    let line = format!("printf '%s\\n' {} >> {file}", shell_words(&lines));
    Step::new(
        step_name(unit, "build-constraints"),
        &EcosystemId::new("python"),
        unit,
        StepKind::Install,
        format!("hold build requirements: {}", pins.join(", ")),
        Command::shell(line),
    )
    .because(Evidence::at("", "python.diagnosis", Trust::Default))
}

/// A step that adds a package whose version is left open to the overrides.
pub(super) fn overrides(unit: &str, name: &str) -> Step {
    let file = beside_venv(unit, "overrides.txt");
    let line = format!("printf '%s\\n' {} >> {file}", shell_words(&[name.to_owned()]));
    Step::new(
        step_name(unit, &format!("override-{name}")),
        &EcosystemId::new("python"),
        unit,
        StepKind::Install,
        format!("leave the version of {name} open"),
        Command::shell(line),
    )
    .because(Evidence::at("", "python.diagnosis", Trust::Default))
}

/// The same command without `-e`.
pub(super) fn not_editable(words: &[String]) -> Option<Command> {
    let kept: Vec<String> = words.iter().filter(|word| *word != "-e").cloned().collect();
    (kept.len() < words.len()).then_some(Command::Argv(kept))
}

/// The same command with the unit's own package replaced by what it depends on. `extra` gives an
/// extra's requirements.
pub(super) fn without_own(
    words: &[String],
    dependencies: &[String],
    extra: impl Fn(&str) -> Vec<String>,
) -> Option<Command> {
    let own = |word: &String| word == "." || word.starts_with(".[");
    let at = words.iter().position(own)?;
    let extras = words[at].strip_prefix(".[").and_then(|rest| rest.strip_suffix(']')).unwrap_or("");
    let mut needed: Vec<String> = dependencies.to_vec();
    needed.extend(extras.split(',').filter(|name| !name.is_empty()).flat_map(extra));
    let mut kept: Vec<String> =
        words.iter().filter(|word| *word != "-e" && !own(word)).cloned().collect();
    let install = kept.iter().position(|word| word == "install")? + 1;
    kept.splice(install..install, needed);
    let empty = kept.get(install).is_none_or(|word| word == "-c");
    Some(if empty { Command::argv(["true"]) } else { Command::Argv(kept) })
}

/// The same command without requirements of this (normalised) name.
pub(super) fn without(words: &[String], name: &str) -> Option<Command> {
    let kept: Vec<String> = words
        .iter()
        .filter(|word| requirement_name(word).as_deref() != Some(name))
        .cloned()
        .collect();
    (kept.len() < words.len() && kept.len() > 3).then_some(Command::Argv(kept))
}

/// One resolution for the project, then one for each further file or requirement; what cannot be
/// had besides the project itself is left out, and the log says so.
pub(super) fn one_by_one(words: &[String]) -> Option<Command> {
    let at = words.iter().position(|word| word == "install")?;
    let (installer, rest) = words.split_at(at + 1);
    let mut parts: Vec<Vec<String>> = Vec::new();
    let mut constraints: Vec<String> = Vec::new();
    let mut rest = rest.iter();
    while let Some(word) = rest.next() {
        match word.as_str() {
            "-c" => constraints.extend(["-c".to_owned(), rest.next()?.clone()]),
            "-e" | "-r" | "--group" => parts.push(vec![word.clone(), rest.next()?.clone()]),
            _ => parts.push(vec![word.clone()]),
        }
    }
    if parts.len() < 2 {
        return None;
    }
    let line = |part: &[String]| shell_words(&[installer, part, &constraints].concat());
    let first = line(&parts[0]);
    let others = parts[1..].iter().map(|part| {
        let line = line(part);
        format!("{line} || echo {}", shell_words(&[format!("left out: {}", part.join(" "))]))
    });
    let all: Vec<String> = std::iter::once(first).chain(others).collect();
    Some(Command::shell(all.join("\n")))
}

/// Debian's package of a program.
pub(super) fn package_of(program: &str) -> &str {
    match program {
        "tesseract" => "tesseract-ocr",
        "convert" => "imagemagick",
        "gs" => "ghostscript",
        "pdftotext" | "pdftoppm" => "poppler-utils",
        "xvfb-run" | "Xvfb" => "xvfb",
        "node" => "nodejs",
        "java" => "default-jre-headless",
        "hg" => "mercurial",
        "svn" => "subversion",
        "ssh" => "openssh-client",
        "gpg" => "gnupg",
        "man" => "man-db",
        "ps" => "procps",
        other => other,
    }
}

/// A service by its name: kind, bindings under the names that programs commonly read, and the
/// port it is expected at.
pub(super) fn service(name: &str) -> Option<(ServiceKind, Vec<EnvBinding>, u16)> {
    let binding = |name: &str, template: &str| EnvBinding {
        name: name.to_owned(),
        template: template.to_owned(),
    };
    match name {
        "postgres" => Some((
            ServiceKind::Postgres,
            vec![
                binding("DATABASE_URL", "postgresql://{user}:{password}@{host}:{port}/{database}"),
                binding("PGHOST", "{host}"),
                binding("PGPORT", "{port}"),
                binding("PGUSER", "{user}"),
                binding("PGPASSWORD", "{password}"),
            ],
            5432,
        )),
        "redis" => Some((
            ServiceKind::Redis,
            vec![binding("REDIS_URL", "redis://{host}:{port}/0"), binding("REDIS_HOST", "{host}")],
            6379,
        )),
        "mysql" => Some((
            ServiceKind::Mysql,
            vec![binding("DATABASE_URL", "mysql://{user}:{password}@{host}:{port}/{database}")],
            3306,
        )),
        "mongodb" => Some((
            ServiceKind::Mongodb,
            vec![binding("MONGODB_URI", "mongodb://{host}:{port}/{database}")],
            27017,
        )),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Vec<String> {
        line.split(' ').map(str::to_owned).collect()
    }

    #[test]
    fn install_commands_are_taken_apart() {
        let all = words("uv pip install -e .[a] -r x.txt pytest -c lock.txt");
        assert_eq!(
            not_editable(&all).unwrap().to_string(),
            "uv pip install '.[a]' -r x.txt pytest -c lock.txt"
        );
        assert_eq!(
            without_own(&all, &["six".to_owned()], |name| vec![format!("of-{name}")])
                .unwrap()
                .to_string(),
            "uv pip install six of-a -r x.txt pytest -c lock.txt"
        );
        assert_eq!(
            without(&all, "pytest").unwrap().to_string(),
            "uv pip install -e '.[a]' -r x.txt -c lock.txt"
        );
        let line = one_by_one(&all).unwrap().to_string();
        assert_eq!(line.lines().count(), 3);
        assert!(line.starts_with("uv pip install -e '.[a]' -c lock.txt\n"));
        assert!(one_by_one(&words("uv pip install -e .")).is_none());
    }
}
