//! Sites that a generator builds from text: Hugo, Jekyll, MkDocs, Sphinx. Built, then served as
//! plain pages. Generators that npm packages bring belong to JavaScript.

use rr_core::{CauseClass, Remedy, StepKind, UnitKind};

use super::super::condition::join;
use super::super::{Declared, NOTHING, build, exact, install, start};
use crate::rules::{Match, Rule, packages, rewrite};

#[rustfmt::skip]
pub(crate) static HUGO: Declared = Declared {
    id: "hugo",
    tool: "hugo",
    get: "install Hugo, https://gohugo.io/installation",
    also: &["python"],
    manifests: &[("hugo.toml", "hugo"), ("hugo.yaml", "hugo"), ("hugo.json", "hugo"), ("config.toml:baseURL", "hugo"), ("config.toml:baseurl", "hugo"), ("config.yaml:baseURL", "hugo"), ("config.yml:baseURL", "hugo"), ("_default/hugo.toml", "hugo")],
    sources: &["md", "html", "markdown"],
    versions: &[exact(".tool-versions", r"^hugo\s+(?:extended_)?(\d\S*)"), exact("netlify.toml", r#"HUGO_VERSION\s*=\s*"([^"]+)""#)],
    frameworks: &[("themes/|go.mod:theme", "hugo-theme")],
    kinds: &[("", UnitKind::Site)],
    steps: &[
        build("", "hugo --destination \"@{env}/site\" --baseURL http://127.0.0.1:1313/"),
        start("", "cd \"@{env}/site\" && exec python3 -m http.server 1313 --bind 127.0.0.1", 1313),
    ],
    ..NOTHING
};

#[rustfmt::skip]
pub(crate) static JEKYLL: Declared = Declared {
    id: "jekyll",
    tool: "jekyll",
    get: "install Jekyll, https://jekyllrb.com/docs/installation",
    also: &["python"],
    manifests: &[("_config.yml", "jekyll"), ("_config.yaml", "jekyll")],
    sources: &["md", "html", "markdown"],
    frameworks: &[("Gemfile:github-pages", "github-pages"), ("_config.yml:theme: minima", "minima")],
    kinds: &[("", UnitKind::Site)],
    env: &[("BUNDLE_PATH", "@{env}/bundle"), ("JEKYLL_ENV", "production")],
    steps: &[
        install("Gemfile", "bundle install"),
        build("Gemfile", "bundle exec jekyll build --destination \"@{env}/site\" --baseurl ''"),
        build("!Gemfile", "jekyll build --destination \"@{env}/site\" --baseurl ''"),
        start("", "cd \"@{env}/site\" && exec python3 -m http.server 4000 --bind 127.0.0.1", 4000),
    ],
    rules: &[
        // `Could not fetch specs from https://rubygems.org/ due to underlying error <bad response …>`, `Could not reach host index.rubygems.org.`
        Rule { id: "jekyll.registry", pattern: r"(?:Could not fetch specs from|Could not reach host|Network error while fetching) ?<?(\S*)", kinds: &[StepKind::Install],
            cause: CauseClass::NeedsNetwork, confidence: 0.9, explanation: "the gem registry {} cannot be reached", cure: without_bundler },
        // `The minima theme could not be found.`
        Rule { id: "jekyll.theme", pattern: r"The ([\w-]+) theme could not be found", kinds: &[],
            cause: CauseClass::Environment, confidence: 0.9, explanation: "the theme {} is missing", cure: |m| vec![packages("jekyll.theme", &[&format!("jekyll-theme-{}", m.subject()), &format!("ruby-{}", m.subject())])] },
        // `Dependency Error: Yikes! It looks like you don't have jekyll-feed or one of its dependencies installed.`
        Rule { id: "jekyll.plugin", pattern: r"you don't have ([\w-]+) or one of its dependencies installed", kinds: &[],
            cause: CauseClass::Environment, confidence: 0.9, explanation: "the plugin {} is missing", cure: |m| vec![packages("jekyll.plugin", &[&format!("ruby-{}", m.subject())])] },
    ],
    ..NOTHING
};

/// The distribution's Jekyll with its own themes and plugins, as far as the configuration names
/// them, without Bundler, which insists on every gem.
fn without_bundler(found: &Match<'_>) -> Vec<Remedy> {
    let configuration = found.repo.text(&join(&found.failed.step.unit, "_config.yml"));
    let names: Vec<String> = configuration
        .iter()
        .flat_map(|text| text.lines())
        .filter_map(|line| {
            let line = line.trim().trim_matches(['"', '\'']);
            let plugin = line.strip_prefix("- ").map(|name| name.trim_matches(['"', '\'']));
            let theme = line.strip_prefix("theme:").map(str::trim);
            plugin
                .filter(|name| name.starts_with("jekyll-"))
                .map(|name| format!("ruby-{name}"))
                .or_else(|| theme.map(|name| format!("jekyll-theme-{name}")))
        })
        .collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let rewritten = rewrite(found, "run without Bundler", |words| match words {
        [bundle, exec, rest @ ..] if bundle == "bundle" && exec == "exec" => {
            let env = ["env", "JEKYLL_NO_BUNDLER_REQUIRE=true"].map(str::to_owned);
            env.into_iter().chain(rest.iter().cloned()).collect()
        }
        [bundle, ..] if bundle == "bundle" => vec!["true".to_owned()],
        words => words.to_vec(),
    });
    let Some(mut remedy) = rewritten else { return Vec::new() };
    remedy.title = "take the distribution's Jekyll, without Bundler".to_owned();
    remedy.edits.extend(packages("jekyll.registry", &names).edits);
    vec![remedy]
}

#[rustfmt::skip]
pub(crate) static MKDOCS: Declared = Declared {
    id: "mkdocs",
    tool: "uv",
    also: &["python"],
    manifests: &[("mkdocs.yml", "mkdocs"), ("mkdocs.yaml", "mkdocs")],
    sources: &["md"],
    frameworks: &[("mkdocs.yml:name: material", "mkdocs-material")],
    kinds: &[("", UnitKind::Site)],
    env: PYTHON_PAGES,
    steps: &[
        install("", "uv venv --quiet \"@{env}/venv\""),
        install("requirements.txt", "uv pip install --quiet -r {} mkdocs"),
        install("docs/requirements.txt", "uv pip install --quiet -r {} mkdocs"),
        install("!requirements.txt&!docs/requirements.txt&mkdocs.yml:name: material", "uv pip install --quiet mkdocs mkdocs-material"),
        install("!requirements.txt&!docs/requirements.txt&!mkdocs.yml:name: material", "uv pip install --quiet mkdocs"),
        build("", "\"@{env}/venv/bin/mkdocs\" build --site-dir \"@{env}/site\""),
        start("", "cd \"@{env}/site\" && exec python3 -m http.server 8000 --bind 127.0.0.1", 8000),
    ],
    rules: PYTHON_PAGES_RULES,
    ..NOTHING
};

#[rustfmt::skip]
pub(crate) static SPHINX: Declared = Declared {
    id: "sphinx",
    tool: "uv",
    also: &["python"],
    manifests: &[("conf.py:html_theme", "sphinx"), ("conf.py:extensions", "sphinx")],
    sources: &["rst", "md"],
    frameworks: &[("conf.py:sphinx_rtd_theme", "sphinx-rtd-theme"), ("conf.py:furo", "furo")],
    kinds: &[("", UnitKind::Site)],
    env: PYTHON_PAGES,
    steps: &[
        install("", "uv venv --quiet \"@{env}/venv\""),
        install("requirements.txt|../requirements.txt", "uv pip install --quiet -r {} sphinx"),
        install("!requirements.txt&!conf.py:sphinx_rtd_theme&!conf.py:furo", "uv pip install --quiet sphinx"),
        install("!requirements.txt&conf.py:sphinx_rtd_theme", "uv pip install --quiet sphinx sphinx-rtd-theme"),
        install("!requirements.txt&conf.py:furo", "uv pip install --quiet sphinx furo"),
        build("", "\"@{env}/venv/bin/sphinx-build\" -b html . \"@{env}/site\""),
        start("", "cd \"@{env}/site\" && exec python3 -m http.server 8000 --bind 127.0.0.1", 8000),
    ],
    rules: PYTHON_PAGES_RULES,
    ..NOTHING
};

const PYTHON_PAGES: &[(&str, &str)] =
    &[("UV_CACHE_DIR", "@{caches}/uv"), ("VIRTUAL_ENV", "@{env}/venv")];

#[rustfmt::skip]
const PYTHON_PAGES_RULES: &[Rule] = &[
    // `ERROR   -  Config value 'plugins': The "awesome-pages" plugin is not installed`
    Rule { id: "pages.plugin", pattern: r#"The "([\w-]+)" plugin is not installed"#, kinds: &[],
        cause: CauseClass::Environment, confidence: 0.85, explanation: "the plugin {} is missing", cure: |m| vec![crate::rules::step_before(m, "pages.plugin", "install the plugin", &format!("uv pip install --quiet mkdocs-{0}-plugin || uv pip install --quiet mkdocs-{0}", m.subject()))] },
    // `Could not import extension myst_parser (exception: No module named 'myst_parser')`, `ModuleNotFoundError: No module named 'sphinx_copybutton'`
    Rule { id: "pages.module", pattern: r"No module named '([\w]+)", kinds: &[],
        cause: CauseClass::Environment, confidence: 0.8, explanation: "the module {} is missing", cure: |m| vec![crate::rules::step_before(m, "pages.module", "install the module", &format!("uv pip install --quiet {}", m.subject().replace('_', "-")))] },
];
