//! Configuration files that a clone lacks and a template beside them shows: `config.json.example`.
//!
//! A file is made from its template where the repository keeps it out of version control, or
//! documents the copy. `.env` files are made elsewhere.

use rr_core::{Analysis, CommandClass, Evidence, RepoView, Trust};

use crate::miners::split_words;
use crate::places::decoy_role;

/// A file to make.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Template {
    pub(super) source: String,
    pub(super) target: String,
    pub(super) evidence: Evidence,
}

/// Endings and inner parts of a template's name.
const MARKS: &[&str] = &["example", "sample", "dist", "template", "tmpl"];
/// Files that tools read from their templates by themselves, or that only a person may want.
const NOT_MADE: &[&str] = &["phpunit", "docker-compose", "compose", ".npmrc", ".env", "phpstan"];
/// Most files made.
const LIMIT: usize = 12;

/// The files that are to be made, in path order.
pub(super) fn missing(repo: &dyn RepoView, analysis: &Analysis) -> Vec<Template> {
    let ignored = ignored(repo);
    let mut found: Vec<Template> = Vec::new();
    for entry in repo.files() {
        let (folder, name) = entry.path.rsplit_once('/').unwrap_or(("", &entry.path));
        let Some(target) = target(name) else { continue };
        // What an editor or a forge reads is nobody's program's.
        let hidden = folder.split('/').any(|part| part.starts_with('.'));
        let aside = hidden || decoy_role(folder).is_some();
        if aside || NOT_MADE.iter().any(|start| target.starts_with(start)) {
            continue;
        }
        let target = if folder.is_empty() { target } else { format!("{folder}/{target}") };
        if repo.has(&target) || found.len() >= LIMIT {
            continue;
        }
        let evidence = documented(analysis, &entry.path, &target).or_else(|| {
            let line = ignored.iter().find(|(_, pattern)| covers(pattern, &target))?;
            let at = Evidence::at(".gitignore", "configure.ignored", Trust::TaskRunner);
            Some(at.with_line(line.0, &line.1))
        });
        if let Some(evidence) = evidence {
            found.push(Template { source: entry.path.clone(), target, evidence });
        }
    }
    found
}

/// `config.json` of `config.json.example`, `config.example.json` and `config-example.json`.
fn target(name: &str) -> Option<String> {
    for mark in MARKS {
        for before in ['.', '-', '_'] {
            let mark = format!("{before}{mark}");
            if let Some(rest) = name.strip_suffix(&mark).filter(|rest| rest.contains('.')) {
                return Some(rest.to_owned());
            }
            if let Some((stem, end)) = name.split_once(&format!("{mark}.")) {
                return (!stem.is_empty() && !end.is_empty()).then(|| format!("{stem}.{end}"));
            }
        }
    }
    None
}

/// The lines of the root's `.gitignore`, with their numbers.
fn ignored(repo: &dyn RepoView) -> Vec<(u32, String)> {
    let text = repo.text(".gitignore").unwrap_or_default();
    let lines = text.lines().zip(1u32..).filter(|(line, _)| !line.starts_with(['#', '!']));
    lines.map(|(line, at)| (at, line.trim().to_owned())).collect()
}

/// Whether a line names this very file: by its path, or by its name alone.
fn covers(pattern: &str, path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    let plain = pattern.trim_start_matches("**/").trim_start_matches('/');
    plain == path || !pattern.trim_start_matches("**/").contains('/') && plain == name
}

/// The command of some document that makes the file from its template.
fn documented(analysis: &Analysis, source: &str, target: &str) -> Option<Evidence> {
    let same = |cwd: &str, word: &str, path: &str| {
        let word = word.trim_start_matches("./");
        let joined = if cwd.is_empty() { word.to_owned() } else { format!("{cwd}/{word}") };
        joined == path
    };
    let mut copies = analysis.commands.iter().filter(|c| c.class == CommandClass::Configure);
    copies.find_map(|command| match &split_words(&command.line)[..] {
        [program, from, to]
            if matches!(program.as_str(), "cp" | "mv")
                && same(&command.cwd, from, source)
                && same(&command.cwd, to, target) =>
        {
            Some(command.evidence.clone())
        }
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::{analyze_view, plan_view};
    use rr_core::{EnvironmentReport, MemoryRepo, StepKind};

    #[test]
    fn files_kept_out_of_version_control_are_made_from_their_templates() {
        let repo = MemoryRepo::new([
            ("package.json", r#"{"name": "x", "scripts": {"start": "node index.js"}}"#),
            ("index.js", "require('./src/config')"),
            (".gitignore", "node_modules\n/ormconfig.json\nlocal_settings.py\n"),
            (
                "ormconfig.json.example",
                r#"{"type": "mysql", "host": "localhost", "username": "me", "database": "app"}"#,
            ),
            ("src/local_settings.example.py", "A = 1\n"),
            ("src/config.js.example", "module.exports = {}\n"),
            ("src/other.json.sample", "{}\n"),
            ("examples/ormconfig.json.example", "{}\n"),
            ("README.md", "```sh\ncp src/config.js.example src/config.js\n```\n"),
        ]);
        let analysis = analyze_view(&repo);
        let made = missing(&repo, &analysis);
        let targets: Vec<&str> = made.iter().map(|template| template.target.as_str()).collect();
        assert_eq!(targets, ["ormconfig.json", "src/config.js", "src/local_settings.py"]);
        let plan = plan_view(&repo, &analysis, &EnvironmentReport::default(), None).unwrap();
        let steps: Vec<String> =
            plan.of_kind(StepKind::Configure).map(|step| step.command.to_string()).collect();
        assert!(steps.iter().any(|line| line.contains("cp ormconfig.json.example ormconfig.json")));
        // What the made file says is where the database is looked for.
        assert_eq!(plan.services.len(), 1, "{:?}", plan.services);
        assert_eq!(plan.services[0].user, "me");
    }

    #[test]
    fn names_of_templates_are_taken_apart() {
        assert_eq!(target("config.example.json").as_deref(), Some("config.json"));
        assert_eq!(target("database.yml.dist").as_deref(), Some("database.yml"));
        assert_eq!(target("settings-sample.ini").as_deref(), Some("settings.ini"));
        assert_eq!(target("example.json"), None);
        assert_eq!(target("distribution.json"), None);
    }
}
