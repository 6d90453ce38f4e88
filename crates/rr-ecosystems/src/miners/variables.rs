//! Environment variables found in repositories: which may be set again, which must not.
//!
//! Looks at names and values only; must not know where they stand.

/// Whether a value is plain text that can be set as it is: no CI expression, no shell expansion.
#[must_use]
pub(crate) fn plain_value(value: &str) -> bool {
    !["${{", "$(", "${", "<%", "{{", "`"].iter().any(|mark| value.contains(mark))
        && !value.starts_with('$')
        && value.len() <= 1000
        && !value.contains('\n')
}

/// Beginnings of names by which CI, publishers and package managers steer themselves.
#[rustfmt::skip]
static PREFIXES: &[&str] = &[
    "GITHUB_", "GH_", "CI_", "RUNNER_", "CODECOV", "CC_TEST_REPORTER", "MATRIX_", "PIP_", "UV_",
    "NOX", "TOX", "POETRY_", "PYTEST_ADDOPTS", "RUSTUP_", "SKIP_", "COVERALLS", "SONAR",
    "ACTIONS_", "CIRCLE_", "TRAVIS", "TWINE_", "NPM_TOKEN", "NODE_AUTH", "CARGO_REGISTRY",
    "AWS_SECRET", "DOCKER_", "SCCACHE", "CCACHE", "LD_", "DYLD_", "CACHE_", "ACT_", "MSYS",
    "HOMEBREW",
];

/// Names that are the sandbox's own, or that change what is built or how output looks.
#[rustfmt::skip]
static NAMES: &[&str] = &[
    "CI", "PATH", "HOME", "USER", "SHELL", "PWD", "TERM", "TMPDIR", "FORCE_COLOR", "NO_COLOR",
    "CLICOLOR", "CLICOLOR_FORCE", "PY_COLORS", "RUST_BACKTRACE", "CARGO_TERM_COLOR",
    "RUST_LIB_BACKTRACE", "RUSTFLAGS", "RUSTDOCFLAGS", "CARGO_HOME", "CARGO_TARGET_DIR",
    "CARGO_BUILD_TARGET", "GOFLAGS", "GOPATH", "GOROOT", "GOBIN", "GOCACHE", "GOMODCACHE",
    "GOTOOLCHAIN", "GOOS", "GOARCH", "GO111MODULE", "RUSTUP_TOOLCHAIN", "PIP_CACHE_DIR",
    "VIRTUAL_ENV", "COLUMNS", "DISPLAY", "BASH_ENV", "CARGO_INCREMENTAL",
    "CARGO_PROFILE_DEV_DEBUG", "RUSTC_WRAPPER", "CODE_COVERAGE", "PIP_INDEX_URL", "UV_INDEX_URL",
    "NPM_CONFIG_REGISTRY", "GOPROXY", "NODE_OPTIONS", "CC", "CXX", "CFLAGS", "CXXFLAGS",
    "CPPFLAGS", "LDFLAGS", "RUSTFLAGS", "RUSTDOCFLAGS", "MAKEFLAGS", "GOFLAGS", "GOPATH",
    "PYTHONPATH", "JAVA_HOME", "LD_LIBRARY_PATH", "PYTHON_VERSION", "NODE_VERSION", "GO_VERSION",
    "RUST_VERSION", "CMAKE_BUILD_PARALLEL_LEVEL", "DEBIAN_FRONTEND", "PYTHON_GIL", "PYTHON_JIT",
];

/// Whether a variable may be handed on to a run: not one by which CI steers itself, a
/// publisher's credential, or one of the sandbox's own.
#[must_use]
pub(crate) fn ours_to_set(name: &str) -> bool {
    valid_name(name)
        && name.starts_with(|c: char| c.is_ascii_uppercase() || c == '_')
        && !NAMES.contains(&name)
        && !PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}

/// Whether this is a name a POSIX shell accepts.
#[must_use]
pub(crate) fn valid_name(name: &str) -> bool {
    let mut bytes = name.bytes();
    bytes.next().is_some_and(|b| b.is_ascii_alphabetic() || b == b'_')
        && bytes.all(|b| b.is_ascii_alphanumeric() || b == b'_')
        && name.len() <= 100
}

/// Whether a variable holds something private by its name: `API_KEY`, `AUTH_TOKEN`.
#[must_use]
pub fn secret_name(name: &str) -> bool {
    let upper = name.to_ascii_uppercase();
    const WORDS: &[&str] = &[
        "SECRET",
        "TOKEN",
        "PASSWORD",
        "PASSWD",
        "API_KEY",
        "APIKEY",
        "PRIVATE_KEY",
        "ACCESS_KEY",
        "CREDENTIAL",
        "PASSPHRASE",
        "_PWD",
        "_PASS",
        "AUTH_KEY",
        "CLIENT_ID",
        "WEBHOOK",
    ];
    WORDS.iter().any(|word| upper.contains(word)) || upper.ends_with("_KEY") || upper == "KEY"
}

/// Whether a private value may be invented because only this program itself uses it (it signs
/// sessions or encrypts its own rows), as opposed to one a third party gave out.
#[must_use]
pub(crate) fn inventable(name: &str) -> bool {
    let upper = name.to_ascii_uppercase();
    const OWN: &[&str] = &[
        "SECRET_KEY",
        "SECRET_KEY_BASE",
        "APP_SECRET",
        "APP_KEY",
        "SESSION_SECRET",
        "SESSION_KEY",
        "JWT_SECRET",
        "JWT_KEY",
        "COOKIE_SECRET",
        "HMAC_KEY",
        "HMAC_SECRET",
        "SIGNING_KEY",
        "SIGNING_SECRET",
        "ENCRYPTION_KEY",
        "AUTH_SECRET",
        "NEXTAUTH_SECRET",
        "TOKEN_SECRET",
        "SALT",
        "CSRF_SECRET",
        "FERNET_KEY",
        "CSRF_KEY",
        "COOKIE_KEY",
        "PASSWORD_SALT",
        "JWT_SIGNING_KEY",
        "DJANGO_SECRET",
        "FLASK_SECRET",
        "RAILS_MASTER",
    ];
    let own = OWN.iter().any(|own| upper.contains(own));
    upper == "SECRET" || own && !of_another_party(name)
}

/// Whether a private value's name speaks of somebody else who gave it out.
#[must_use]
pub(crate) fn of_another_party(name: &str) -> bool {
    const OTHERS: &[&str] = &[
        "AWS", "STRIPE", "CLIENT", "OAUTH", "API", "GITHUB", "GITLAB", "GOOGLE", "AZURE", "SLACK",
        "TWILIO", "WEBHOOK", "PAYPAL", "OPENAI", "ACCESS",
    ];
    let upper = name.to_ascii_uppercase();
    OTHERS.iter().any(|other| upper.contains(other))
}

/// A value for an inventable variable: fixed, so that a replay is the same, 48 characters of a
/// hexadecimal alphabet. It guards nothing outside one throw-away sandbox.
pub const INVENTED: &str = "0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a6978";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ci_expressions_and_credentials_are_not_handed_on() {
        assert!(plain_value("sqlite") && plain_value("postgres://u:p@localhost/db"));
        assert!(!plain_value("${{ secrets.KEY }}") && !plain_value("$(pwd)/x"));
        assert!(ours_to_set("DB_DIALECT") && !ours_to_set("CODECOV_TOKEN") && !ours_to_set("CI"));
    }

    #[test]
    fn only_self_signed_secrets_are_inventable() {
        assert!(inventable("DJANGO_SECRET_KEY") && inventable("HMAC_KEY"));
        assert!(!inventable("STRIPE_SECRET_KEY") && !inventable("GITHUB_TOKEN"));
        assert!(secret_name("GITHUB_TOKEN") && !secret_name("DEBUG"));
    }
}
