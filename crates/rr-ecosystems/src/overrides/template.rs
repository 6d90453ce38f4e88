//! Writes a `repo-runner.toml` from an analysis and its plan: what was found, each with its place,
//! in the order of the table of keys.

use std::fmt::Write as _;

use rr_core::{
    Analysis, Evidence, FactKey, OverrideField, ProbeKind, RunPlan, Step, StepKind, VersionRequest,
};

use super::fields::{FIELDS, Field, Shape};

/// One line of the file.
struct Entry {
    key: String,
    /// As it stands in the file, on one line.
    value: String,
    place: String,
    /// Whether it can stand as it is and change nothing.
    sure: bool,
}

/// The file's text. With `active`, what changes nothing stands as it is; the rest, and everything
/// without it, is a comment to be taken up. Secrets are never written.
#[must_use]
pub fn template(analysis: &Analysis, plan: &RunPlan, active: bool) -> String {
    let mut out = String::from(
        "# What repo-runner found here. Lines that begin with `# ` before a key are what it does by\n\
         # itself: take the `# ` away and change the value to have it otherwise. Lists can be added to\n\
         # (`append`), put in the place of what was found (`replace`), or taken out of it (`remove`).\n",
    );
    for field in FIELDS {
        section(&mut out, field, &entries(analysis, plan, field), active);
    }
    out
}

/// Whether two plans do the same work: the same tools, packages, services, variables, and steps.
/// Evidence, titles, notes and the ids of steps may differ.
#[must_use]
pub fn same_work(a: &RunPlan, b: &RunPlan) -> bool {
    let tools = |plan: &RunPlan| -> Vec<(String, VersionRequest)> {
        plan.toolchains.iter().map(|t| (t.tool.clone(), t.version.clone())).collect()
    };
    let packages = |plan: &RunPlan| -> Vec<String> {
        plan.system_packages.iter().map(|package| package.name.clone()).collect()
    };
    let services = |plan: &RunPlan| -> Vec<_> {
        let all = plan.services.iter();
        all.map(|s| (s.kind, s.version.clone(), s.port, s.bindings.clone())).collect()
    };
    let step = |step: &Step| {
        (
            step.kind,
            step.command.clone(),
            step.cwd.clone(),
            step.env.clone(),
            step.probe.clone(),
            step.test.clone(),
        )
    };
    tools(a) == tools(b)
        && packages(a) == packages(b)
        && services(a) == services(b)
        && a.env == b.env
        && a.path == b.path
        && a.steps.iter().map(step).eq(b.steps.iter().map(step))
}

fn section(out: &mut String, field: &Field, entries: &[Entry], active: bool) {
    let _infallible = write!(out, "\n# {}\n", field.about);
    if entries.is_empty() {
        let _infallible = writeln!(out, "# {}", field.example);
    }
    for entry in entries {
        let mark = if active && entry.sure { "" } else { "# " };
        let place =
            if entry.place.is_empty() { String::new() } else { format!("  # {}", entry.place) };
        let _infallible = writeln!(out, "{mark}{} = {}{place}", entry.key, entry.value);
    }
}

fn entries(analysis: &Analysis, plan: &RunPlan, field: &Field) -> Vec<Entry> {
    match field.shape {
        Shape::Toolchains => toolchains(plan),
        Shape::Variables => variables(analysis, plan),
        Shape::Ports => ports(plan),
        Shape::Commands(kind) => commands(plan, kind),
        Shape::Text | Shape::Texts => match field.changes() {
            Some(OverrideField::Packages) => units(analysis),
            Some(OverrideField::SystemPackages) => packages(plan),
            Some(OverrideField::Services) => services(plan),
            Some(OverrideField::HealthPath) => health(plan),
            _ => Vec::new(),
        },
    }
}

fn place(evidence: &[Evidence]) -> String {
    evidence.first().map_or_else(String::new, Evidence::place)
}

fn list<T: AsRef<str>>(items: impl IntoIterator<Item = T>) -> String {
    let quoted: Vec<String> = items.into_iter().map(|item| quoted(item.as_ref())).collect();
    format!("[{}]", quoted.join(", "))
}

/// A basic string: it escapes as JSON does, and stays on one line.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string().replace('\u{7f}', "\\u007f")
}

fn units(analysis: &Analysis) -> Vec<Entry> {
    let primary: Vec<_> = analysis.primary_units().collect();
    if primary.len() < 2 {
        return Vec::new();
    }
    let name = |path: &str| if path.is_empty() { "." } else { path }.to_owned();
    let value = list(primary.iter().map(|unit| name(&unit.path)));
    vec![Entry { key: "packages.replace".to_owned(), value, place: String::new(), sure: false }]
}

fn toolchains(plan: &RunPlan) -> Vec<Entry> {
    let plain =
        |tool: &str| tool.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'));
    let named = plan.toolchains.iter().filter(|toolchain| plain(&toolchain.tool));
    named
        .filter_map(|toolchain| {
            let value = match &toolchain.version {
                VersionRequest::Any => return None,
                VersionRequest::Exact(text) | VersionRequest::Range(text) => quoted(text),
                VersionRequest::OneOf(versions) => list(versions.iter().map(String::as_str)),
            };
            let key = format!("toolchains.{}", toolchain.tool);
            // A range of one plain word would be read as an exact version, one choice as well.
            let texts: Vec<String> = match &toolchain.version {
                VersionRequest::OneOf(versions) => versions.clone(),
                VersionRequest::Exact(text) | VersionRequest::Range(text) => vec![text.clone()],
                VersionRequest::Any => Vec::new(),
            };
            let sure = super::values::version_request(&texts) == toolchain.version
                && texts.iter().all(|text| super::values::checked_version(text).is_ok());
            Some(Entry { key, value, place: place(&toolchain.evidence), sure })
        })
        .collect()
}

fn packages(plan: &RunPlan) -> Vec<Entry> {
    if plan.system_packages.is_empty() {
        return Vec::new();
    }
    let value = list(plan.system_packages.iter().map(|package| package.name.as_str()));
    let place = plan.system_packages.first().map_or_else(String::new, |p| place(&p.evidence));
    // Needs of ours such as `need:library:x` are no Debian names.
    let sure = plan
        .system_packages
        .iter()
        .all(|p| super::values::checked("system-packages", &p.name).is_ok());
    vec![Entry { key: "system-packages.replace".to_owned(), value, place, sure }]
}

fn services(plan: &RunPlan) -> Vec<Entry> {
    if plan.services.is_empty() {
        return Vec::new();
    }
    let named = plan.services.iter().map(|service| match &service.version {
        Some(version) => format!("{}:{version}", service.kind.as_str()),
        None => service.kind.as_str().to_owned(),
    });
    let names: Vec<String> = named.collect();
    let sure = names.iter().all(|name| super::values::checked("services", name).is_ok());
    let place = plan.services.first().map_or_else(String::new, |s| place(&s.evidence));
    vec![Entry { key: "services.append".to_owned(), value: list(names), place, sure }]
}

fn variables(analysis: &Analysis, plan: &RunPlan) -> Vec<Entry> {
    let mut found: Vec<Entry> = plan
        .env
        .iter()
        .filter(|(name, value)| usable(name) && !value.contains("@{"))
        .map(|(name, value)| {
            let key = format!("env.{name}");
            Entry { key, value: quoted(value), place: String::new(), sure: false }
        })
        .collect();
    for fact in &analysis.facts {
        let FactKey::Variable(name) = &fact.key else { continue };
        let key = format!("env.{name}");
        let own = fact.evidence.rule.starts_with("code.") && usable(name);
        if own && !found.iter().any(|entry| entry.key == key) && found.len() < 30 {
            let value = quoted(&fact.value);
            found.push(Entry { key, value, place: fact.evidence.place(), sure: false });
        }
    }
    found
}

/// Names that a file may set and whose values are not private.
fn usable(name: &str) -> bool {
    crate::miners::variables::valid_name(name)
        && !super::refuse::owned_variable(name)
        && !crate::miners::is_secret_name(name)
}

fn ports(plan: &RunPlan) -> Vec<Entry> {
    let expected: Vec<(u16, &Step)> = plan
        .of_kind(StepKind::Start)
        .filter_map(|step| Some((step.probe.as_ref()?.expected_port?, step)))
        .collect();
    let Some((_, step)) = expected.first() else { return Vec::new() };
    let numbers: Vec<String> = expected.iter().map(|(port, _)| port.to_string()).collect();
    let value = format!("[{}]", numbers.join(", "));
    // One list for the whole plan says the same only where one start has a port.
    let sure = expected.len() == 1
        && plan.of_kind(StepKind::Start).filter(|step| step.probe.is_some()).count() == 1;
    vec![Entry { key: "ports.replace".to_owned(), value, place: place(&step.evidence), sure }]
}

fn health(plan: &RunPlan) -> Vec<Entry> {
    let paths = plan.of_kind(StepKind::Start).find_map(|step| match &step.probe.as_ref()?.kind {
        ProbeKind::Http { paths } | ProbeKind::Program { paths } => paths.first().cloned(),
        _ => None,
    });
    let entry = |path: String| Entry {
        key: "health-path".to_owned(),
        value: quoted(&path),
        place: String::new(),
        sure: false,
    };
    paths.map(entry).into_iter().collect()
}

fn commands(plan: &RunPlan, kind: StepKind) -> Vec<Entry> {
    let steps: Vec<&Step> = plan.of_kind(kind).collect();
    if steps.is_empty() {
        return Vec::new();
    }
    let value = list(steps.iter().map(|step| step.command.to_string()));
    let key = format!("{}.replace", kind.as_str());
    let place = steps.first().map_or_else(String::new, |step| place(&step.evidence));
    vec![Entry { key, value, place, sure: false }]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::{analyze_view, plan_view};
    use crate::overrides::{FILE, change_analysis, read};
    use rr_core::{EnvironmentReport, MemoryRepo, Trust};

    const FLASK: &[(&str, &str)] = &[
        ("requirements.txt", "flask\npsycopg2\n"),
        (
            "app.py",
            "import os\nfrom flask import Flask\napp = Flask(__name__)\nL = os.getenv('LEVEL', 'in\"fo')\nK = os.environ['API_KEY']\n",
        ),
        (".python-version", "3.12\n"),
        (
            ".github/workflows/ci.yml",
            "jobs:\n  test:\n    runs-on: ubuntu-latest\n    services:\n      db:\n        image: postgres:15\n        ports: ['5432:5432']\n    env:\n      DATABASE_URL: postgres://postgres:pw@localhost:5432/app\n    steps:\n    - run: sudo apt-get install -y libpq-dev\n    - run: pytest\n",
        ),
        ("test_app.py", "def test(): ...\n"),
    ];
    const NODE: &[(&str, &str)] = &[
        (
            "package.json",
            "{\"name\": \"a\", \"engines\": {\"node\": \">=18\"}, \"scripts\": {\"start\": \"node server.js\", \"test\": \"mocha\"}, \"dependencies\": {\"express\": \"4\"}}",
        ),
        ("server.js", "const app = require('express')();\napp.listen(3000);\n"),
    ];
    const RUST: &[(&str, &str)] = &[
        ("Cargo.toml", "[package]\nname = \"a\"\nversion = \"0.1.0\"\nrust-version = \"1.70\"\n"),
        ("src/main.rs", "fn main() {}\n"),
    ];

    fn plan(files: &[(&str, &str)], config: &str) -> (Analysis, RunPlan) {
        let own = files.iter().map(|(path, text)| (*path, *text));
        let repo = MemoryRepo::new(own.chain([(FILE, config)]));
        let mut analysis = analyze_view(&repo);
        change_analysis(&mut analysis, read(FILE, config, Trust::Configuration).unwrap());
        let plan = plan_view(&repo, &analysis, &EnvironmentReport::default(), None).unwrap();
        (analysis, plan)
    }

    #[test]
    fn what_it_writes_changes_nothing() {
        for files in [FLASK, NODE, RUST] {
            let (analysis, before) = plan(files, "");
            for active in [false, true] {
                let text = template(&analysis, &before, active);
                let (_, after) = plan(files, &text);
                assert!(same_work(&before, &after), "{text}\n{before:#?}\n{after:#?}");
            }
        }
    }

    #[test]
    fn every_line_that_is_taken_up_can_be_read() {
        for files in [FLASK, NODE, RUST] {
            let (analysis, before) = plan(files, "");
            let text = template(&analysis, &before, true);
            let taken: Vec<&str> = text
                .lines()
                .map(|line| line.strip_prefix("# ").unwrap_or(line))
                .filter(|line| {
                    line.split('=').next().is_some_and(|key| {
                        key.trim().split('.').next().is_some_and(|key| Field::named(key).is_some())
                    })
                })
                .collect();
            assert!(taken.len() >= FIELDS.len(), "{text}");
            // A key may stand once only: each line is read by itself.
            for line in taken {
                assert!(read(FILE, line, Trust::Configuration).is_ok(), "{line}");
            }
        }
    }

    #[test]
    fn it_says_what_was_found_and_no_secret() {
        let (analysis, before) = plan(FLASK, "");
        let text = template(&analysis, &before, true);
        for part in [
            "\ntoolchains.python = ",
            "\nservices.append = [\"postgres:15\"]",
            "# env.LEVEL",
            "# start.replace = ",
            "# test.replace = ",
        ] {
            assert!(text.contains(part), "{part} is not in:\n{text}");
        }
        assert!(!text.contains("API_KEY"), "{text}");
    }
}
