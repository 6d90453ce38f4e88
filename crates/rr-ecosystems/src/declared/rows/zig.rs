//! Zig.

use std::sync::LazyLock;

use regex::Regex;
use rr_core::{CauseClass, RepoView, UnitKind};

use super::super::condition::join;
use super::super::{Declared, NOTHING, Report, build, exact, install, range, start, test};
use crate::rules::{Rule, no_cure};

#[rustfmt::skip]
pub(crate) static ZIG: Declared = Declared {
    id: "zig",
    tool: "zig",
    get: "install Zig, https://ziglang.org/download",
    manifests: &[("build.zig", "zig"), ("build.zig.zon", "zig")],
    sources: &["zig"],
    versions: &[exact(".tool-versions", r"^zig\s+(\S+)"), exact(".zigversion", r"^(\d\S*)"), range("build.zig.zon", r#"\.minimum_zig_version\s*=\s*"([^"]+)""#)],
    kinds: &[("build.zig:addExecutable", UnitKind::Cli)],
    test_programs: &["zig"],
    env: &[("ZIG_GLOBAL_CACHE_DIR", "@{caches}/zig")],
    program,
    steps: &[
        install("build.zig.zon:.url", "zig build --fetch"),
        build("build.zig", "zig build"),
        start("build.zig", "bash \"@{tools}/recorder/native/ask.sh\" zig-out/bin/{program}", 0),
        test("build.zig:\"test\"", "zig build test --summary all", "zig-test", Report::Console),
        test("**/.zig:test \"", "zig test {}", "zig-test", Report::Console),
    ],
    rules: &[
        // `error: unable to connect to server: TemporaryNameServerFailure`
        Rule { id: "zig.network", pattern: r"error: (?:unable to connect to server|invalid HTTP response|unable to discover remote git server[^\n]*)", kinds: &[],
            cause: CauseClass::NeedsNetwork, confidence: 0.85, explanation: "a dependency's server cannot be reached", cure: no_cure },
        // `error: zig version 0.13.0 is required`, `no field named 'root_module' in struct 'Build.ExecutableOptions'`
        Rule { id: "zig.version", pattern: r"no (?:field|field or member function) named '(\w+)' in (?:struct|'Build)|@compileError\([^\n]*[Zz]ig", kinds: &[],
            cause: CauseClass::Environment, confidence: 0.7, explanation: "the build file is for another version of Zig (`{}`)", cure: no_cure },
    ],
    ..NOTHING
};

/// `b.addExecutable(.{ .name = "frob", …`, and with the name alone before 0.11.
static EXECUTABLE: LazyLock<Regex> = LazyLock::new(|| {
    #[expect(clippy::unwrap_used, reason = "a constant expression, tried by the tests")]
    Regex::new(
        r#"addExecutable\(\s*(?:\.\{\s*(?:\.[a-z_]+\s*=\s*[^,{]+,\s*)*?\.name\s*=\s*)?"([\w.-]+)""#,
    )
    .unwrap()
});

/// The program that is put into `zig-out/bin`: the one called like the package, or the first that
/// the build file installs, tools of the build aside.
fn program(repo: &dyn RepoView, folder: &str) -> Option<String> {
    let text = repo.text(&join(folder, "build.zig"))?;
    let installs = |rest: &str| {
        let own = rest.find("addExecutable(").unwrap_or(rest.len());
        ["installArtifact", ".install()", "addInstallArtifact"]
            .iter()
            .any(|w| rest[..own].contains(w))
    };
    let named: Vec<(&str, bool)> = EXECUTABLE
        .captures_iter(&text)
        .filter_map(|found| {
            let end = found.get(0)?.end();
            Some((found.get(1)?.as_str(), installs(&text[end..])))
        })
        .filter(|(name, _)| !["test", "bench", "example", "fuzz"].iter().any(|w| name.contains(w)))
        .collect();
    let package = repo.text(&join(folder, "build.zig.zon")).unwrap_or_default();
    let own = |name: &str| {
        package.contains(&format!(".name = .{name},"))
            || package.contains(&format!(".name = \"{name}\""))
    };
    let best =
        named.iter().find(|(name, _)| own(name)).or_else(|| named.iter().find(|(_, put)| *put));
    best.map(|(name, _)| (*name).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use rr_core::MemoryRepo;

    #[test]
    fn the_program_is_the_one_that_the_build_installs() {
        let build = "const gen = b.addExecutable(.{\n .name = \"gen\",\n});\n\
                     const exe = b.addExecutable(.{ .name = \"frob\", .root = r });\nb.installArtifact(exe);\n";
        let repo = MemoryRepo::new([("build.zig", build)]);
        assert_eq!(program(&repo, "").as_deref(), Some("frob"));
        let old = "const exe = b.addExecutable(\"old\", \"src/main.zig\");\nexe.install();\n";
        assert_eq!(program(&MemoryRepo::new([("build.zig", old)]), "").as_deref(), Some("old"));
        let library = "const lib = b.addStaticLibrary(.{ .name = \"lib\" });\n";
        assert_eq!(program(&MemoryRepo::new([("build.zig", library)]), ""), None);
    }
}
