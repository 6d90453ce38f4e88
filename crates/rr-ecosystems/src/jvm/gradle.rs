//! Gradle builds, read as text: their language is a programming language, and only plain
//! statements are believed.

use std::sync::LazyLock;

use regex::Regex;
use rr_core::RepoView;

use super::paths::{file_name, join};

static WRAPPER: LazyLock<Regex> =
    LazyLock::new(|| expression(r"distributionUrl=.*gradle-(\d+(?:\.\d+)*)-"));
/// `JavaLanguageVersion.of(17)`, `jvmToolchain(17)`, `sourceCompatibility = JavaVersion.VERSION_17`,
/// `sourceCompatibility = '1.8'`, `options.release = 11`
static LEVEL: LazyLock<Regex> = LazyLock::new(|| {
    expression(
        r#"(?:JavaLanguageVersion\.of\(|jvmToolchain\(|sourceCompatibility\s*[=(]?\s*(?:JavaVersion\.(?:VERSION_|toVersion\()?)?|options\.release(?:\.set\(|\s*=)\s*)['"]?(?:1[._])?(\d+)"#,
    )
});
static MAIN: LazyLock<Regex> =
    LazyLock::new(|| expression(r#"main(?:Class)?(?:Name)?(?:\.set\(|\s*=)\s*['"]([\w.$]+)['"]"#));
static NAME: LazyLock<Regex> =
    LazyLock::new(|| expression(r#"rootProject\.name\s*=\s*['"]([^'"]+)['"]"#));

fn expression(text: &str) -> Regex {
    #[expect(clippy::unwrap_used, reason = "constant expressions, tried by the tests")]
    Regex::new(text).unwrap()
}

/// What a build's own files say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Gradle {
    pub(super) name: Option<String>,
    /// Version of the wrapper: `8.14.2`.
    pub(super) version: Option<String>,
    pub(super) wrapper: bool,
    /// The Java level of its sources.
    pub(super) level: Option<u32>,
    pub(super) main_class: Option<String>,
    /// All build files' text.
    pub(super) text: String,
}

/// Names of build and settings files.
pub(super) const FILES: &[&str] =
    &["settings.gradle", "settings.gradle.kts", "build.gradle", "build.gradle.kts"];

impl Gradle {
    /// Reads the build of a folder and what lies below it.
    pub(super) fn read(repo: &dyn RepoView, folder: &str) -> Option<Self> {
        if !FILES.iter().any(|name| repo.has(&join(folder, name))) {
            return None;
        }
        let mut gradle = Self::default();
        for entry in repo.below(folder) {
            let name = file_name(&entry.path);
            let ours = FILES.contains(&name)
                || name == "libs.versions.toml"
                || name.ends_with(".gradle.kts");
            if ours
                && gradle.text.len() < 1 << 20
                && let Some(text) = repo.text(&entry.path)
            {
                gradle.text.push_str(&text);
                gradle.text.push('\n');
            }
        }
        let wrapper = repo.text(&join(folder, "gradle/wrapper/gradle-wrapper.properties"));
        let first = |expression: &Regex, text: &str| {
            expression.captures(text).map(|found| found[1].to_owned())
        };
        gradle.version = wrapper.and_then(|text| first(&WRAPPER, &text));
        gradle.wrapper = repo.has(&join(folder, "gradlew"));
        gradle.name = first(&NAME, &gradle.text);
        gradle.main_class = first(&MAIN, &gradle.text);
        gradle.level =
            LEVEL.captures_iter(&gradle.text).filter_map(|found| found[1].parse().ok()).max();
        Some(gradle)
    }

    /// The newest Java that the wrapper's Gradle runs on. Source: Gradle's compatibility matrix.
    pub(super) fn newest_java(&self) -> Option<u32> {
        let mut parts = self.version.as_ref()?.split('.').filter_map(|p| p.parse::<u32>().ok());
        let version = (parts.next()?, parts.next().unwrap_or(0));
        Some(match version {
            (0..=3, _) => 8,
            (4, 0..=6) => 9,
            (4, _) => 10,
            (5, 0..=3) => 11,
            (5, _) => 12,
            (6, 0..=2) => 13,
            (6, _) => 15,
            (7, 0..=2) => 16,
            (7, 3..=4) => 17,
            (7, 5) => 18,
            (7, _) => 19,
            (8, 0..=2) => 19,
            (8, 3..=4) => 20,
            (8, 5..=7) => 21,
            (8, 8..=9) => 22,
            (8, 10..=13) => 23,
            (8, _) => 24,
            (9, _) => 25,
            _ => return None,
        })
    }
}
