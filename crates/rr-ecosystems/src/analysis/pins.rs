//! Versions of toolchains as manifests and pin files have them, one table for every ecosystem.

use std::sync::{LazyLock, OnceLock};

use regex::Regex;
use rr_core::{Analysis, Evidence, Fact, FactKey, RepoView, Trust, UnitRole};

/// How the text of a pin is meant.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Meaning {
    /// As it stands: a version or a range.
    Stands,
    /// The oldest that will do.
    AtLeast,
}

/// One place where a version stands.
struct Row {
    file: &'static str,
    tool: &'static str,
    /// Expression with one group, in multi-line mode.
    expression: &'static str,
    meaning: Meaning,
}

const fn row(file: &'static str, tool: &'static str, expression: &'static str) -> Row {
    Row { file, tool, expression, meaning: Meaning::Stands }
}

const fn least(file: &'static str, tool: &'static str, expression: &'static str) -> Row {
    Row { file, tool, expression, meaning: Meaning::AtLeast }
}

#[rustfmt::skip]
static ROWS: &[Row] = &[
    row(".python-version", "python", r"\A\s*([0-9][\w.]*)"),
    row("pyproject.toml", "python", r#"^requires-python\s*=\s*["']([^"'\n]+)["']"#),
    row("pyproject.toml", "python", r#"^python\s*=\s*["']([^"'\n]+)["']"#),
    row("setup.py", "python", r#"python_requires\s*=\s*["']([^"'\n]+)["']"#),
    row("setup.cfg", "python", r"^python_requires\s*=\s*(\S.*)$"),
    row("Pipfile", "python", r#"^python_(?:full_)?version\s*=\s*"([^"\n]+)""#),
    row("environment.yml", "python", r"^\s*-\s*python\s*([=<>!~][^\s#]*)"),
    row("package.json", "node", r#""engines"\s*:\s*\{[^}]*?"node"\s*:\s*"([^"\n]+)""#),
    row("package.json", "node", r#""volta"\s*:\s*\{[^}]*?"node"\s*:\s*"([^"\n]+)""#),
    row("package.json", "npm", r#""packageManager"\s*:\s*"npm@([^"+\n]+)"#),
    row("package.json", "pnpm", r#""packageManager"\s*:\s*"pnpm@([^"+\n]+)"#),
    row("package.json", "yarn", r#""packageManager"\s*:\s*"yarn@([^"+\n]+)"#),
    row("package.json", "bun", r#""packageManager"\s*:\s*"bun@([^"+\n]+)"#),
    row(".nvmrc", "node", r"\A\s*v?([0-9][\w.]*|lts/\S+)"),
    row(".node-version", "node", r"\A\s*v?([0-9][\w.]*)"),
    least("go.mod", "go", r"^go\s+([0-9][\w.]*)"),
    row("go.mod", "go", r"^toolchain\s+go([0-9][\w.]*)"),
    row(".go-version", "go", r"\A\s*([0-9][\w.]*)"),
    row("rust-toolchain.toml", "rust", r#"^channel\s*=\s*["']([^"'\n]+)["']"#),
    row("rust-toolchain", "rust", r#"(?:\A|channel\s*=\s*["'])([\w.-]+)"#),
    least("Cargo.toml", "rust", r#"^rust-version\s*=\s*["']([^"'\n]+)["']"#),
    least("pom.xml", "java", r"<(?:maven\.compiler\.release|java\.version|maven\.compiler\.source)>\s*([0-9.]+)\s*<"),
    row("build.gradle", "java", r"JavaLanguageVersion\.of\((\d+)\)"),
    row("build.gradle.kts", "java", r"JavaLanguageVersion\.of\((\d+)\)"),
    least("build.gradle", "java", r#"^\s*sourceCompatibility\s*=?\s*["']?(?:JavaVersion\.VERSION_)?([0-9.]+)"#),
    row(".java-version", "java", r"\A\s*(?:[a-z]+-)?([0-9][\w.]*)"),
    row("gradle-wrapper.properties", "gradle", r"gradle-([0-9][0-9.]*)-"),
    row(".ruby-version", "ruby", r"\A\s*(?:ruby-)?([0-9][\w.]*)"),
    row("Gemfile", "ruby", r#"^ruby\s+["']([^"'\n]+)["']"#),
    row("composer.json", "php", r#""require"\s*:\s*\{[^}]*?"php"\s*:\s*"([^"\n]+)""#),
    row("global.json", "dotnet", r#""version"\s*:\s*"([^"\n]+)""#),
    row("mix.exs", "elixir", r#"elixir:\s*"([^"\n]+)""#),
    row(".terraform-version", "terraform", r"\A\s*([0-9][\w.]*)"),
    least("CMakeLists.txt", "cmake", r"(?i)^\s*cmake_minimum_required\s*\(\s*VERSION\s+([0-9.]+)"),
];

/// One for each row, made when a file of its name is there: most trees have two or three.
static EXPRESSIONS: LazyLock<Vec<OnceLock<Regex>>> =
    LazyLock::new(|| ROWS.iter().map(|_| OnceLock::new()).collect());

fn expression(row: &Row) -> Regex {
    #[expect(clippy::unwrap_used, reason = "constant expressions, tried by the tests")]
    Regex::new(&format!("(?m){}", row.expression)).unwrap()
}

/// Largest file looked into.
const BYTES: usize = 256 << 10;

/// What the files beside every unit and at the root declare.
pub(super) fn declared(repo: &dyn RepoView, analysis: &Analysis) -> Vec<Fact> {
    let mut folders: Vec<&str> = analysis
        .units
        .iter()
        .filter(|unit| {
            matches!(unit.role, UnitRole::Primary | UnitRole::Member | UnitRole::Frontend)
        })
        .map(|unit| unit.path.as_str())
        .take(200)
        .collect();
    folders.push("");
    folders.sort_unstable();
    folders.dedup();
    folders.iter().flat_map(|folder| in_folder(repo, folder)).collect()
}

fn in_folder(repo: &dyn RepoView, folder: &str) -> Vec<Fact> {
    let mut found: Vec<Fact> = Vec::new();
    for (row, kept) in ROWS.iter().zip(EXPRESSIONS.iter()) {
        let file = if row.tool == "gradle" {
            "gradle/wrapper/gradle-wrapper.properties"
        } else {
            row.file
        };
        let path = if folder.is_empty() { file.to_owned() } else { format!("{folder}/{file}") };
        if !repo.has(&path) {
            continue;
        }
        let Some(text) = repo.text(&path).filter(|text| text.len() <= BYTES) else { continue };
        let expression = kept.get_or_init(|| expression(row));
        let Some(group) = expression.captures(&text).and_then(|found| found.get(1)) else {
            continue;
        };
        let line = text[..group.start()].matches('\n').count();
        let excerpt = text.lines().nth(line).unwrap_or_default();
        let rule = format!("pin.{}", row.tool);
        let evidence = Evidence::at(&path, rule, Trust::Manifest)
            .with_line(u32::try_from(line + 1).unwrap_or(u32::MAX), excerpt);
        let value = match row.meaning {
            Meaning::Stands => group.as_str().trim().to_owned(),
            Meaning::AtLeast => format!(">={}", group.as_str().trim()),
        };
        found.push(Fact::new(
            FactKey::DeclaredVersion(row.tool.to_owned()),
            folder,
            value,
            evidence,
        ));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use rr_core::MemoryRepo;

    #[test]
    fn pins_of_every_ecosystem_are_read_with_their_lines() {
        let repo = MemoryRepo::new([
            (".python-version", "3.12.1\n"),
            ("pyproject.toml", "[project]\nrequires-python = \">=3.8,<3.13\"\n"),
            (
                "package.json",
                "{\"engines\": {\n \"npm\": \"9\", \"node\": \"^18 || >=20\"}, \"packageManager\": \"pnpm@9.1.1+sha\"}",
            ),
            ("go.mod", "module x\n\ngo 1.22\ntoolchain go1.22.3\n"),
            ("rust-toolchain", "1.70.0\n"),
            ("pom.xml", "<project>\n<java.version>17</java.version>"),
            ("gradle/wrapper/gradle-wrapper.properties", "distributionUrl=x/gradle-8.5-bin.zip"),
            ("Gemfile", "ruby '3.2.0'\n"),
            ("composer.json", "{\"require\": {\"php\": \"^8.1\"}}"),
        ]);
        let shown: Vec<_> = declared(&repo, &Analysis::default())
            .into_iter()
            .map(|fact| {
                let FactKey::DeclaredVersion(tool) = &fact.key else { panic!("{fact:?}") };
                format!("{tool} {} {}", fact.value, fact.evidence.line.unwrap())
            })
            .collect();
        assert_eq!(
            shown,
            [
                "python 3.12.1 1",
                "python >=3.8,<3.13 2",
                "node ^18 || >=20 2",
                "pnpm 9.1.1 2",
                "go >=1.22 3",
                "go 1.22.3 4",
                "rust 1.70.0 1",
                "java >=17 2",
                "gradle 8.5 1",
                "ruby 3.2.0 1",
                "php ^8.1 1",
            ]
        );
    }
}
