//! R packages and projects.

use rr_core::{CauseClass, RepoView, StepKind, UnitKind};

use super::super::condition::join;
use super::super::{Declared, NOTHING, Report, build, exact, install, range, start, test};
use crate::rules::{Rule, no_cure, packages};

#[rustfmt::skip]
pub(crate) static R: Declared = Declared {
    id: "r",
    tool: "r",
    get: "install R, https://cran.r-project.org",
    manifests: &[("DESCRIPTION:Package:", "pak"), ("renv.lock", "renv"), ("app.R", "r"), ("DESCRIPTION:Depends:", "pak")],
    sources: &["R", "r", "Rmd"],
    versions: &[exact("renv.lock", r#"^\s*"Version":\s*"(\d+\.\d+\.\d+)""#), range("DESCRIPTION", r"\bR \((>=?\s*[\d.]+)\)")],
    frameworks: &[("DESCRIPTION:shiny|app.R:shiny", "shiny"), ("DESCRIPTION:plumber|plumber.R", "plumber"), ("tests/testthat/", "testthat"), ("DESCRIPTION:tinytest", "tinytest")],
    kinds: &[("app.R", UnitKind::Service), ("DESCRIPTION:Package:", UnitKind::Library)],
    test_programs: &["Rscript", "R"],
    env: &[("R_LIBS_USER", "@{env}/r"), ("R_REMOTES_UPGRADE", "never"), ("NOT_CRAN", "true"), ("LANG", "C.UTF-8"), ("_R_CHECK_FORCE_SUGGESTS_", "false")],
    packages: libraries,
    steps: &[
        install("DESCRIPTION", "Rscript \"@{tools}/recorder/r/install-missing.R\" \"@{env}/r\""),
        install("renv.lock&!DESCRIPTION", "Rscript -e 'install.packages(\"renv\", repos = \"https://cloud.r-project.org\"); renv::restore(prompt = FALSE)'"),
        build("DESCRIPTION:Package:", "mkdir -p \"@{env}/r\" && R CMD INSTALL --no-docs --with-keep.source --library=\"@{env}/r\" ."),
        start("app.R", "exec Rscript -e 'shiny::runApp(\".\", port = 3838, host = \"127.0.0.1\", launch.browser = FALSE)'", 3838),
        test("tests/testthat/", "Rscript \"@{tools}/recorder/r/testthat.R\" \"@{reports}/testthat.xml\"", "testthat", Report::Junit("@{reports}/testthat.xml")),
        test("tests/tinytest.R", "cd tests && Rscript tinytest.R", "tinytest", Report::Exit),
        test("tests/", "for script in tests/*.R; do (cd tests && Rscript \"$(basename \"$script\")\") || exit 1; done", "r-scripts", Report::Exit),
    ],
    rules: &[
        // `Error in library(xml2) : there is no package called ‘xml2’`
        Rule { id: "r.missing-package", pattern: r"there is no package called [‘'`]([\w.]+)[’'`]", kinds: &[],
            cause: CauseClass::Environment, confidence: 0.9, explanation: "the R package {} is missing", cure: |m| vec![packages("r.missing-package", &[&debian_package(m.subject())])] },
        // `ERROR: dependencies ‘rlang’, ‘cli’ are not available for package ‘x’`
        Rule { id: "r.missing-dependency", pattern: r"ERROR: dependenc(?:y|ies) [‘']([\w.]+)[’'][^\n]* (?:is|are) not available", kinds: &[],
            cause: CauseClass::Environment, confidence: 0.9, explanation: "the R package {} is missing", cure: all_missing },
        // `Warning: unable to access index for repository https://cloud.r-project.org/src/contrib:`
        Rule { id: "r.registry", pattern: r"unable to access index for repository (https?://[^/\s]+)", kinds: &[StepKind::Install],
            cause: CauseClass::NeedsNetwork, confidence: 0.85, explanation: "the package archive {} cannot be reached", cure: no_cure },
    ],
    ..NOTHING
};

/// Packages that come with R itself.
const WITH_R: &[&str] = &[
    "R",
    "base",
    "compiler",
    "datasets",
    "graphics",
    "grDevices",
    "grid",
    "methods",
    "parallel",
    "splines",
    "stats",
    "stats4",
    "tcltk",
    "tools",
    "utils",
];

/// Suggestions that no test needs.
const AUTHORS_OWN: &[&str] = &[
    "knitr",
    "rmarkdown",
    "covr",
    "pkgdown",
    "lintr",
    "roxygen2",
    "devtools",
    "usethis",
    "spelling",
];

/// The distribution's packages of what a DESCRIPTION names.
fn libraries(repo: &dyn RepoView, folder: &str) -> Vec<String> {
    names(repo, folder).iter().map(|name| debian_package(name)).collect()
}

fn names(repo: &dyn RepoView, folder: &str) -> Vec<String> {
    let Some(text) = repo.text(&join(folder, "DESCRIPTION")) else { return Vec::new() };
    let mut found: Vec<String> = Vec::new();
    let mut inside = false;
    for line in text.lines() {
        let field = !line.starts_with([' ', '\t']);
        let (name, rest) =
            if field { line.split_once(':').unwrap_or(("", "")) } else { ("", line) };
        inside = if field {
            ["Depends", "Imports", "LinkingTo", "Suggests"].contains(&name)
        } else {
            inside
        };
        if !inside {
            continue;
        }
        for part in rest.split(',') {
            let name = part.split(['(', ' ']).find(|word| !word.is_empty()).unwrap_or("").trim();
            if !name.is_empty() && !WITH_R.contains(&name) && !AUTHORS_OWN.contains(&name) {
                found.push(name.to_owned());
            }
        }
    }
    found.sort();
    found.dedup();
    found
}

/// `data.table` is `r-cran-data.table`, `R6` is `r-cran-r6`.
fn debian_package(name: &str) -> String {
    format!("r-cran-{}", name.to_ascii_lowercase())
}

fn all_missing(found: &crate::rules::Match<'_>) -> Vec<rr_core::Remedy> {
    let mut names: Vec<String> = vec![debian_package(found.subject())];
    names.extend(libraries(found.repo, &found.failed.step.unit));
    names.dedup();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    vec![packages("r.missing-dependency", &names)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use rr_core::MemoryRepo;

    #[test]
    fn a_description_names_what_the_distribution_may_have() {
        let text = "Package: a\nDepends: R (>= 3.5), methods\nImports:\n    rlang (>= 1.0),\n    R6\nSuggests: testthat (>= 3.0.0), knitr\nConfig/testthat/edition: 3\n";
        let repo = MemoryRepo::new([("DESCRIPTION", text)]);
        assert_eq!(libraries(&repo, ""), ["r-cran-r6", "r-cran-rlang", "r-cran-testthat"]);
    }
}
