//! Gemfiles, gemspecs and Rakefiles, read as text: they are programs, and only plain statements
//! are believed.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use regex::Regex;
use rr_core::RepoView;

/// `gem "rack", "~> 2.0"`, `s.add_development_dependency 'minitest', "> 5"`
static GEM: LazyLock<Regex> = LazyLock::new(|| {
    expression(
        r#"(?m)^\s*(?:gem|\w+\.add_(?:runtime_|development_)?dependency)[ (]\s*['"]([\w.-]+)['"]"#,
    )
});
static REQUIRED: LazyLock<Regex> = LazyLock::new(|| {
    expression(r#"required_ruby_version\s*=\s*(?:Gem::Requirement\.new\(|\[)?\s*['"]([^'"]+)['"]"#)
});
static RUBY_LINE: LazyLock<Regex> =
    LazyLock::new(|| expression(r#"(?m)^ruby\s*\(?\s*['"]([^'"]+)['"]"#));
/// `Rake::TestTask.new`, `Rake::TestTask.new("test:all")`, `Minitest::TestTask.create :test`
static TEST_TASK: LazyLock<Regex> = LazyLock::new(|| {
    expression(r#"(?:Rake|Minitest)::TestTask\.(?:new|create)\b[ (]*(?:[:'"]([\w:]+))?"#)
});
/// `task default: [:lint, :test]`, `task :default => :spec`
static DEFAULT: LazyLock<Regex> = LazyLock::new(|| {
    expression(
        r"(?m)^\s*task\s*\(?\s*(?:default:|:default\s*=>|'default'\s*=>|\x22default\x22\s*=>)([^\n]*)",
    )
});
static SPEC_TASK: LazyLock<Regex> =
    LazyLock::new(|| expression(r"RSpec::Core::RakeTask|rspec/core"));

fn expression(text: &str) -> Regex {
    #[expect(clippy::unwrap_used, reason = "constant expressions, tried by the tests")]
    Regex::new(text).unwrap()
}

/// Joins a folder and a name.
pub(super) fn join(folder: &str, name: &str) -> String {
    if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") }
}

/// The gemspec of a folder.
pub(super) fn gemspec(repo: &dyn RepoView, folder: &str) -> Option<String> {
    let child = repo.children(folder).into_iter().find(|entry| entry.path.ends_with(".gemspec"))?;
    Some(child.path.clone())
}

/// All manifests' text.
pub(super) fn text(repo: &dyn RepoView, folder: &str) -> String {
    let spec = gemspec(repo, folder);
    let files = [join(folder, "Gemfile"), join(folder, "gems.rb")];
    let texts = files.into_iter().chain(spec).filter_map(|path| repo.text(&path));
    texts.map(|text| text.to_string()).collect::<Vec<_>>().join("\n")
}

/// Names of the gems that the manifests name.
pub(super) fn names(repo: &dyn RepoView, folder: &str) -> BTreeSet<String> {
    let text = text(repo, folder);
    GEM.captures_iter(&text).map(|found| found[1].to_owned()).collect()
}

/// What the manifests ask of Ruby: `>= 2.7.3`.
pub(super) fn required_ruby(repo: &dyn RepoView, folder: &str) -> Option<(String, String)> {
    let spec = gemspec(repo, folder);
    let files = spec.into_iter().chain([join(folder, "Gemfile")]);
    files.into_iter().find_map(|path| {
        let text = repo.text(&path)?;
        let found = REQUIRED.captures(&text).or_else(|| RUBY_LINE.captures(&text))?;
        Some((found[1].to_owned(), path))
    })
}

/// The test task of the Rakefile: what its default task tests with, else the task that a test
/// library defines. `None` where it only runs RSpec.
pub(super) fn test_task(repo: &dyn RepoView, folder: &str) -> Option<String> {
    let text = repo.text(&join(folder, "Rakefile"))?;
    let defined: Vec<&str> = TEST_TASK
        .captures_iter(&text)
        .map(|found| found.get(1).map_or("test", |name| name.as_str()))
        .collect();
    let needs = DEFAULT.captures(&text).map_or(String::new(), |found| found[1].to_owned());
    let words: Vec<&str> = needs
        .split(|c: char| !(c.is_alphanumeric() || "_:".contains(c)))
        .map(|word| word.trim_matches(':'))
        .filter(|word| !word.is_empty())
        .collect();
    let specs = SPEC_TASK.is_match(&text);
    let tests = |word: &&&str| defined.contains(word) || **word == "test" || **word == "spec";
    let name = words.iter().find(tests).or_else(|| defined.first())?;
    (!(*name == "spec" && specs)).then(|| (*name).to_owned())
}

/// Debian's name for a gem's package: `rspec-core` is `ruby-rspec-core`.
pub(super) fn debian_package(gem: &str) -> String {
    match gem {
        "rake" | "bundler" | "rails" | "puma" | "thin" | "unicorn" | "pry" => gem.to_owned(),
        gem if gem.starts_with("ruby-") => gem.replace('_', "-"),
        gem => format!("ruby-{}", gem.replace('_', "-").to_ascii_lowercase()),
    }
}
