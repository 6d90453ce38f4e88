//! One simple command of a test script, and what it does.
//!
//! Knows programs by name; must not know where a command was found.

use std::collections::BTreeMap;

use crate::miners::command_line::{base_name, unwrapped};

/// A simple command, with everything needed to run it alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Segment {
    /// The command, assignments before it taken off; a pipeline stays whole.
    pub(super) line: String,
    /// Folder it runs in, relative to the repository's root.
    pub(super) cwd: String,
    /// Variables set for it.
    pub(super) env: BTreeMap<String, String>,
    /// Folder of the package whose script it is.
    pub(super) package: String,
    /// The script it was found in, `""` where it stands by itself.
    pub(super) script: String,
    /// What it does.
    pub(super) role: Role,
}

/// What a simple command does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// Runs tests that can be watched.
    Test(Runner),
    /// Drives a browser.
    Browser,
    /// Makes files that tests or users need.
    Build,
    /// Lints, formats, checks types, measures size or coverage: says nothing about tests.
    Lint,
    /// Prints, deletes, or ends with a fixed status.
    Noise,
    /// The placeholder that npm puts into a new package.
    NoTest,
    /// Anything else.
    Other,
}

/// Test runners, by the way in which their outcomes are had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Runner {
    Mocha,
    Jest,
    Vitest,
    Ava,
    NodeTest,
    Tape,
    Tap,
    Jasmine,
    Qunit,
    Lab,
    Uvu,
    Bun,
    Deno,
    Karma,
    Playwright,
    /// A script run by Node whose text tells no runner.
    Script,
    /// Another task runner, in which some runner may come to work.
    Task,
}

impl Runner {
    /// The runner's name in reports.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Mocha => "mocha",
            Self::Jest => "jest",
            Self::Vitest => "vitest",
            Self::Ava => "ava",
            Self::NodeTest => "node:test",
            Self::Tape => "tape",
            Self::Tap => "tap",
            Self::Jasmine => "jasmine",
            Self::Qunit => "qunit",
            Self::Lab => "lab",
            Self::Uvu => "uvu",
            Self::Bun => "bun",
            Self::Deno => "deno",
            Self::Karma => "karma",
            Self::Playwright => "playwright",
            Self::Script => "script",
            Self::Task => "javascript",
        }
    }
}

/// Programs that run tests.
const RUNNERS: &[(&str, Runner)] = &[
    ("mocha", Runner::Mocha),
    ("_mocha", Runner::Mocha),
    ("ts-mocha", Runner::Mocha),
    ("mochapack", Runner::Mocha),
    ("mocha-webpack", Runner::Mocha),
    ("jest", Runner::Jest),
    ("jest-cli", Runner::Jest),
    ("kcd-scripts", Runner::Jest),
    ("umi-test", Runner::Jest),
    ("vitest", Runner::Vitest),
    ("ava", Runner::Ava),
    ("tape", Runner::Tape),
    ("taper", Runner::Tape),
    ("tape-es", Runner::Tape),
    ("tap", Runner::Tap),
    ("jasmine", Runner::Jasmine),
    ("jasmine-node", Runner::Jasmine),
    ("jasmine-ts", Runner::Jasmine),
    ("qunit", Runner::Qunit),
    ("lab", Runner::Lab),
    ("uvu", Runner::Uvu),
    ("bnt", Runner::NodeTest),
    ("better-node-test", Runner::NodeTest),
    ("borp", Runner::NodeTest),
];

/// Programs of which one subcommand runs tests.
const SUBCOMMANDS: &[(&str, &str, Runner)] = &[
    ("react-scripts", "test", Runner::Jest),
    ("react-app-rewired", "test", Runner::Jest),
    ("craco", "test", Runner::Jest),
    ("tsdx", "test", Runner::Jest),
    ("dts", "test", Runner::Jest),
    ("wp-scripts", "test-unit-js", Runner::Jest),
    ("vue-cli-service", "test:unit", Runner::Task),
    ("egg-bin", "test", Runner::Mocha),
    ("egg-bin", "cov", Runner::Mocha),
    ("aegir", "test", Runner::Mocha),
    ("bun", "test", Runner::Bun),
    ("deno", "test", Runner::Deno),
    ("gulp", "test", Runner::Task),
    ("grunt", "test", Runner::Task),
    ("make", "test", Runner::Task),
    ("make", "check", Runner::Task),
    ("nx", "test", Runner::Task),
];

#[rustfmt::skip]
const BROWSERS: &[&str] = &[
    "karma", "cypress", "playwright", "wtr", "web-test-runner", "testcafe", "nightwatch", "wdio",
    "airtap", "zuul", "testem", "ember", "protractor", "tape-run", "electron-mocha",
    "mocha-phantomjs", "mocha-headless-chrome", "phantomjs", "casperjs", "polymer", "detox",
    "start-server-and-test", "storybook", "test-storybook", "browserify-test",
];

#[rustfmt::skip]
const LINTERS: &[&str] = &[
    "eslint", "xo", "standard", "semistandard", "prettier", "prettier-standard", "prettierx",
    "tslint", "jshint", "jscs", "biome", "oxlint", "oxfmt", "stylelint", "lint-staged",
    "markdownlint", "markdownlint-cli2", "remark", "commitlint", "knip", "size-limit",
    "bundlesize", "ls-lint", "cspell", "dprint", "tsd", "vue-tsc", "svelte-check", "dtslint",
    "attw", "publint", "tstyche", "ts-standard", "flow", "typecoverage", "type-coverage",
    "codecov", "coveralls", "lcov-result-merger", "depcheck", "madge", "npmPkgJsonLint",
    "npm-package-json-lint", "sort-package-json", "installed-check", "dependency-check", "ec",
    "editorconfig-checker", "eclint", "aud", "better-npm-audit", "snazzy", "gts", "rome",
    "es-check", "api-extractor", "typedoc", "jsdoc", "documentation", "lockfile-lint", "husky",
    "are-the-types-wrong", "tsgo", "alex", "write-good", "yaspeller", "changeset", "manypkg",
    "check-dts", "fixpack", "syncpack", "ultracite", "fta", "dpdm", "skott", "lockfile",
];

#[rustfmt::skip]
const BUILDERS: &[&str] = &[
    "tsc", "tsup", "rollup", "webpack", "esbuild", "babel", "swc", "microbundle", "unbuild",
    "parcel", "pkgroll", "tsdown", "bili", "ncc", "browserify", "tshy", "rslib", "rspack",
    "obuild", "bunchee", "vite", "next", "nuxt", "nuxi", "astro", "ng", "nest", "lage", "heft",
    "preconstruct", "father", "svelte-package", "ng-packagr", "nwb", "node-gyp", "prebuildify",
    "tsc-multi", "tsc-alias", "coffee", "lsc", "sass", "less", "lessc", "stencil", "mkdist",
    "rspress", "duel", "zshy", "tspc", "ttsc", "pegjs", "peggy", "jison", "grunt", "gulp",
];

#[rustfmt::skip]
const NOISE: &[&str] = &[
    "echo", "printf", "rimraf", "rm", "del", "del-cli", "true", ":", "exit", "trash", "sleep",
    "clear", "print-version", "opener", "open-cli", "open",
];

/// What a command does, from its words (assignments taken off).
pub(super) fn role_of(words: &[String]) -> Role {
    let inner = unwrapped(words);
    let Some(first) = inner.first() else { return Role::Noise };
    let name = base_name(first).trim_end_matches(".js").trim_end_matches(".mjs");
    let rest: Vec<&str> = inner[1..].iter().map(String::as_str).collect();
    if is_placeholder(words) {
        return Role::NoTest;
    }
    if matches!(name, "node" | "nodejs" | "tsx" | "ts-node" | "babel-node" | "esno" | "jiti") {
        return node_role(&rest);
    }
    let plain = rest.iter().find(|word| !word.starts_with('-')).copied();
    if let Some((_, _, runner)) =
        SUBCOMMANDS.iter().find(|(program, sub, _)| *program == name && plain == Some(sub))
    {
        return Role::Test(*runner);
    }
    by_name(name, &rest, plain)
}

fn by_name(name: &str, rest: &[&str], plain: Option<&str>) -> Role {
    let mentions = |word: &str| rest.contains(&word);
    match (name, plain) {
        ("vitest", Some("bench" | "typecheck" | "list" | "init")) => return Role::Lint,
        ("vitest", _) if rest.iter().any(|w| w.starts_with("--browser")) => return Role::Browser,
        ("tsc" | "tspc" | "ttsc" | "vue-tsc", _)
            if mentions("--noEmit") || mentions("--version") =>
        {
            return Role::Lint;
        }
        ("ng", Some("test" | "e2e")) | ("ng", Some("t" | "e")) => return Role::Browser,
        ("nyc" | "c8", Some("report" | "check-coverage" | "merge")) => return Role::Lint,
        ("next" | "ng" | "nuxi" | "astro", Some("lint" | "check" | "typecheck")) => {
            return Role::Lint;
        }
        ("npm" | "yarn" | "pnpm", Some("audit" | "pack" | "outdated" | "dedupe")) => {
            return Role::Lint;
        }
        ("git", _) => return Role::Lint,
        ("kcd-scripts", Some("lint" | "build" | "validate")) => return Role::Lint,
        _ => {}
    }
    if let Some((_, runner)) = RUNNERS.iter().find(|(program, _)| *program == name) {
        return Role::Test(*runner);
    }
    if BROWSERS.contains(&name) {
        return Role::Browser;
    }
    if LINTERS.contains(&name) {
        return Role::Lint;
    }
    if NOISE.contains(&name) || FOREIGN.contains(&name) {
        return Role::Noise;
    }
    if BUILDERS.contains(&name) { Role::Build } else { Role::Other }
}

/// Programs of other languages: a server's own suite that a package's script also starts is its
/// server's to run.
const FOREIGN: &[&str] = &[
    "php", "composer", "artisan", "phpunit", "pest", "phpstan", "psalm", "bundle", "rspec", "rake",
    "rails", "mix", "pytest", "tox", "nox", "poetry", "mvn", "gradle", "dotnet",
];

/// `node --test …`, `node build.js`, `node test/run.js`, `node node_modules/mocha/bin/mocha`.
fn node_role(rest: &[&str]) -> Role {
    if rest.iter().any(|word| *word == "--test" || word.starts_with("--test-")) {
        return Role::Test(Runner::NodeTest);
    }
    let Some(at) = script_at(rest) else { return Role::Other };
    let script = rest[at];
    if script.contains("node_modules/") {
        let name = base_name(script).trim_end_matches(".mjs").trim_end_matches(".js");
        let after = rest[at + 1..].iter().find(|word| !word.starts_with('-')).copied();
        return by_name(name, &rest[at + 1..], after);
    }
    let stem = base_name(script).split('.').next().unwrap_or("").to_ascii_lowercase();
    let folder_says = script.split('/').any(|part| matches!(part, "test" | "tests" | "spec"));
    let says = |words: &[&str]| words.iter().any(|word| stem.contains(word));
    // Given the test files, it is what runs them: `node runner.js "test/**/*.test.js"`.
    let given = rest[at + 1..]
        .iter()
        .any(|word| [".test.", ".spec.", "test/", "tests/"].iter().any(|mark| word.contains(mark)));
    if says(&["skip"]) {
        // Asks whether there is anything to do.
        Role::Other
    } else if says(&["lint", "format", "bench", "perf"]) {
        Role::Lint
    } else if says(&["test", "spec"]) || folder_says || given {
        Role::Test(Runner::Script)
    } else if says(&["build", "compile", "bundle", "generate", "codegen"]) {
        Role::Build
    } else {
        Role::Other
    }
}

/// Place of the script among Node's arguments.
pub(super) fn script_at(rest: &[&str]) -> Option<usize> {
    const VALUED: &[&str] = &[
        "-r",
        "--require",
        "--import",
        "--loader",
        "--experimental-loader",
        "-e",
        "-p",
        "--eval",
        "-O",
        "-P",
        "--project",
        "--env-file",
        "-C",
        "--conditions",
    ];
    let mut at = 0;
    while at < rest.len() {
        if VALUED.contains(&rest[at]) {
            at += 2;
        } else if rest[at].starts_with('-') {
            at += 1;
        } else {
            return Some(at);
        }
    }
    None
}

/// npm's `echo "Error: no test specified" && exit 1`, and its relatives.
fn is_placeholder(words: &[String]) -> bool {
    let text = words.join(" ").to_ascii_lowercase();
    text.starts_with("echo")
        && ["no test", "no tests", "not implemented", "tests not", "todo"]
            .iter()
            .any(|mark| text.contains(mark))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::miners::command_line::split_words;

    #[test]
    fn commands_have_their_role() {
        let cases = [
            ("mocha --require ts-node/register test", Role::Test(Runner::Mocha)),
            ("nyc --reporter=lcov _mocha test", Role::Test(Runner::Mocha)),
            ("cross-env NODE_ENV=test jest --runInBand", Role::Test(Runner::Jest)),
            ("c8 ava", Role::Test(Runner::Ava)),
            ("react-scripts test --env=jsdom", Role::Test(Runner::Jest)),
            ("react-scripts build", Role::Other),
            ("node --test --experimental-strip-types", Role::Test(Runner::NodeTest)),
            ("tsx --test src/*.test.ts", Role::Test(Runner::NodeTest)),
            ("node -r esm test/index.js", Role::Test(Runner::Script)),
            ("vendor/bin/phpunit", Role::Noise),
            ("node node_modules/jest/bin/jest.js", Role::Test(Runner::Jest)),
            ("node --expose-gc ./node_modules/.bin/_mocha", Role::Test(Runner::Mocha)),
            ("node scripts/build.mjs", Role::Build),
            ("node runner.js 'src/**/*.test.js'", Role::Test(Runner::Script)),
            ("node should-skip-test-suites.js", Role::Other),
            ("npx vitest bench", Role::Lint),
            ("tsc --noEmit", Role::Lint),
            ("tsc -p tsconfig.build.json", Role::Build),
            ("xo", Role::Lint),
            ("playwright test", Role::Browser),
            ("rimraf coverage", Role::Noise),
            ("echo 'Error: no test specified'", Role::NoTest),
            ("bun test", Role::Test(Runner::Bun)),
            ("docker compose up -d", Role::Other),
        ];
        for (line, role) in cases {
            assert_eq!(role_of(&split_words(line)), role, "{line}");
        }
    }
}
