//! Which variables of a plan are ours: they serve the sandbox or the recorders, or spare
//! downloads that no test needs.

/// Variables that only make sense inside the sandbox: caches that runs share, no network in
/// tests, toolchains that are given.
const SANDBOX: [&str; 15] = [
    "CARGO_INCREMENTAL",
    "CARGO_NET_OFFLINE",
    "COREPACK_ENABLE_DOWNLOAD_PROMPT",
    "COREPACK_ENABLE_STRICT",
    "GOFLAGS",
    "GOTOOLCHAIN",
    "NEXT_TELEMETRY_DISABLED",
    "PYTEST_ADDOPTS",
    "UV_LINK_MODE",
    "UV_PYTHON_DOWNLOADS",
    "npm_config_audit",
    "npm_config_fund",
    "npm_config_update_notifier",
    "npm_config_dangerously_allow_all_builds",
    "npm_config_dangerously_allow_all_scripts",
];

/// Parts of names of variables that spare downloads or hooks at install time.
const SPARING: [&str; 6] = [
    "SKIP_DOWNLOAD",
    "SKIP_BINARY_DOWNLOAD",
    "SKIP_BROWSER_DOWNLOAD",
    "HUSKY",
    "LEFTHOOK",
    "SKIP_INSTALL_",
];

const SPARING_NAMES: [&str; 5] = [
    "ADBLOCK",
    "BROWSER",
    "CYPRESS_INSTALL_BINARY",
    "OPENCOLLECTIVE_HIDE",
    "PUPPETEER_SKIP_CHROMIUM_DOWNLOAD",
];

/// Whether a variable serves the recorders: it has no place in a command that a person gives.
pub(crate) fn records(name: &str, value: &str) -> bool {
    name.starts_with("REPO_RUNNER_")
        || name == "PERL_TEST_HARNESS_DUMP_TAP"
        || name == "PYTEST_PLUGINS" && value == "repo_runner_recorder"
        || (name.starts_with("CARGO_TARGET_") || name == "RUSTDOC") && value.contains("@{tools}")
        || (name, value) == ("GOPROXY", "off")
        || (name, value) == ("CARGO_NET_OFFLINE", "true")
}

/// Whether a variable is a default of ours that the repository knows nothing of.
pub(crate) fn is_ours(name: &str, value: &str) -> bool {
    value.contains("@{caches}")
        || value.contains("@{tools}")
        || SANDBOX.contains(&name)
        || SPARING_NAMES.contains(&name)
        || SPARING.iter().any(|part| name.contains(part))
        || name.starts_with("pnpm_config_")
        || name.starts_with("npm_config_")
            && (name.ends_with("_versions") || name.ends_with("_strict"))
        || name == "npm_config_verify_deps_before_run"
}

/// Whether a name is one that shells and container engines accept.
pub(crate) fn is_name(name: &str) -> bool {
    let mut bytes = name.bytes();
    bytes.next().is_some_and(|b| b.is_ascii_alphabetic() || b == b'_')
        && bytes.all(|b| b.is_ascii_alphanumeric() || b == b'_')
}
