//! Which of several test commands is the repository's main one.
//!
//! CI runs suites under sanitizers, on other architectures, against downstream projects. Their
//! names tell: the plain job that tests is preferred, and only its variables are taken over.

use rr_core::{CommandClass, MinedCommand, Trust};

use super::name_class::class_of_name;

/// Words in job, file and step names that speak of something other than the plain suite.
#[rustfmt::skip]
const SPECIAL: &[&str] = &[
    "coverage", "cov", "lint", "bench", "benchmark", "fuzz", "asan", "ubsan", "tsan", "msan",
    "sanitizer", "sanitizers", "sanitize", "valgrind", "cross", "musl", "alpine", "docker", "nightly",
    "downstream", "e2e", "release", "publish", "deploy", "miri", "minimal", "doc", "docs", "wasm", "arm",
    "arm64", "aarch64", "armv7", "s390x", "ppc64le", "riscv64", "x32", "32", "i386", "i686", "qemu", "mingw",
    "freebsd", "openbsd", "macos", "windows", "osx", "performance", "pickle", "property", "msrv", "pypy",
    "smoke", "rpm", "packaging", "package", "packages", "wheels", "wheel", "sdist", "codeql", "regression",
    "typing", "typecheck", "audit", "gpu", "canary", "install", "android", "ios", "emscripten", "pyodide",
    "mutation", "interaction", "visual", "storybook", "examples", "example", "experimental", "freestanding",
    "leak", "graal", "graalvm", "image", "images", "jpms", "subset", "profile", "upgrade", "spec", "conformance", "compilers", "distcheck", "failsafe",
];

/// Variables that make a compiler build something else.
const BUILD_FLAGS: &[&str] = &[
    "CFLAGS",
    "CXXFLAGS",
    "CPPFLAGS",
    "LDFLAGS",
    "CC",
    "CXX",
    "RUSTFLAGS",
    "GOARCH",
    "GOOS",
    "CROSS_COMPILE",
    "CMAKE_TOOLCHAIN_FILE",
    "MOREFLAGS",
    "CARGO_BUILD_TARGET",
];

/// How plainly a command is the main test command; larger is plainer. Comparable between commands
/// of one source's trust only.
pub(super) fn plainness(command: &MinedCommand) -> i32 {
    if command.evidence.trust != Trust::Ci {
        return 0;
    }
    let file = command.evidence.path.rsplit('/').next().unwrap_or("").to_ascii_lowercase();
    let file = file.split('.').next().unwrap_or("");
    let context = command.context.to_ascii_lowercase();
    let mut score = 0;
    score -= 2 * special_words(&context);
    score -= 2 * special_words(file);
    score -= 2 * special_words(&command.line.to_ascii_lowercase()).min(2);
    score += i32::from(class_of_name(&context) == CommandClass::Test) * 2;
    score += i32::from(matches!(file, "ci" | "test" | "tests" | "main" | "build" | "testing")) * 2;
    score += i32::from(context.contains("linux") || context.contains("ubuntu"));
    score -= i32::from(command.line.contains("${{")) * 2;
    score -=
        3 * command.env.keys().filter(|name| BUILD_FLAGS.contains(&name.as_str())).count() as i32;
    score
}

/// Words of jobs that make something to hand out: they build other variants, and leave tests out.
const HANDS_OUT: &[&str] =
    &["release", "publish", "deploy", "packaging", "package", "rpm", "deb", "dist"];

/// Whether a CI command belongs to a job that makes a release or a package.
pub(super) fn hands_out(command: &MinedCommand) -> bool {
    let file = command.evidence.path.rsplit('/').next().unwrap_or("").to_ascii_lowercase();
    let stem = file.split('.').next().unwrap_or("");
    let words = |text: &str| {
        text.split(|c: char| !c.is_ascii_alphanumeric()).any(|word| HANDS_OUT.contains(&word))
    };
    command.evidence.trust == Trust::Ci
        && (words(stem) || words(&command.context.to_ascii_lowercase()))
}

fn special_words(text: &str) -> i32 {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric());
    i32::try_from(words.filter(|word| SPECIAL.contains(word)).count()).unwrap_or(i32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rr_core::Evidence;

    fn command(path: &str, context: &str, line: &str, env: &[&str]) -> MinedCommand {
        MinedCommand {
            line: line.to_owned(),
            class: CommandClass::Test,
            cwd: String::new(),
            env: env.iter().map(|name| ((*name).to_owned(), "x".to_owned())).collect(),
            context: context.to_owned(),
            evidence: Evidence::at(path, "github.run", Trust::Ci),
        }
    }

    #[test]
    fn jobs_that_hand_something_out_are_known_by_file_or_name() {
        assert!(hands_out(&command(
            ".github/workflows/release-source.yml",
            "dist",
            "cmake .",
            &[]
        )));
        assert!(hands_out(&command(".github/workflows/ci.yml", "publish wheels", "make", &[])));
        assert!(!hands_out(&command(".github/workflows/ci.yml", "build", "cmake .", &[])));
    }

    #[test]
    fn the_plain_job_is_plainer_than_special_ones() {
        let plain = plainness(&command(".github/workflows/ci.yml", "test", "make test", &[]));
        for special in [
            command(".github/workflows/ci.yml", "test-asan", "make test", &[]),
            command(".github/workflows/ci.yml", "x32", "make test", &["CFLAGS"]),
            command(".github/workflows/release.yml", "test", "make test", &[]),
            command(".github/workflows/ci.yml", "test", "make test-freestanding", &[]),
        ] {
            assert!(plainness(&special) < plain, "{special:?}");
        }
    }
}
