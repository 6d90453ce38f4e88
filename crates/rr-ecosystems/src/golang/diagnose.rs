//! What is wrong when the go command, a test or a program fails.

use rr_core::{CauseClass, Diagnosis, FailedStep, Remedy, RepoView, StepKind, VersionRequest};

use crate::rules::{
    self, Match, Rule, no_cure, packages, rewrite, run_as_command, step_before, toolchain, variable,
};

const GETTING: &[StepKind] = &[StepKind::Install, StepKind::Build, StepKind::Test, StepKind::Start];
const TEST: &[StepKind] = &[StepKind::Test];

/// Applies Go's rules, the surest diagnosis first.
pub(super) fn diagnose(repo: &dyn RepoView, failed: &FailedStep<'_>) -> Vec<Diagnosis> {
    rules::apply(RULES, repo, failed)
}

/// The rules; each pattern with a sample of what it matches.
#[rustfmt::skip]
const RULES: &[Rule] = &[
    // `go: go.mod requires go >= 1.27 (running go 1.26.8; GOTOOLCHAIN=local)`
    // `go: example.com/a@v1.2.3 requires go >= 1.27.1 (running go 1.26.8)`
    Rule { id: "go.too-old", pattern: r"requires go >= (\d+\.\d+(?:\.\d+)?)", kinds: GETTING,
        cause: CauseClass::Environment, confidence: 0.97, explanation: "the module needs Go {} or newer", cure: newer },
    // `go: errors parsing go.mod:\n/workspace/go.mod:3: invalid go version '1.21.0': must match format 1.23`
    Rule { id: "go.too-old-for-mod", pattern: r"invalid go version '(\d+\.\d+(?:\.\d+)?)'", kinds: GETTING,
        cause: CauseClass::Environment, confidence: 0.95, explanation: "go.mod is written for Go {}", cure: newer },
    // `go: download go1.27.1 for linux/amd64: toolchain not available`
    Rule { id: "go.toolchain-not-to-be-had", pattern: r"download go(\d+\.\d+(?:\.\d+)?)[^:]*: toolchain not available", kinds: GETTING,
        cause: CauseClass::Environment, confidence: 0.9, explanation: "Go {} cannot be downloaded as a module",
        cure: |m| vec![toolchain("go", VersionRequest::Range(format!(">={}", m.subject())), "go.toolchain"), variable("GOTOOLCHAIN", "local")] },
    // `main.go:5:2: package slices is not in std (/usr/local/go/src/slices)`
    Rule { id: "go.std-package", pattern: r"package ([a-z][a-z0-9/]*) is not in (?:std|GOROOT)", kinds: GETTING,
        cause: CauseClass::Environment, confidence: 0.6, explanation: "the standard library of this Go has no package {}",
        cure: |_| vec![toolchain("go", VersionRequest::Any, "go.std-package")] },
    // `missing go.sum entry for module providing package x; to add:`, `go: updates to go.mod needed`
    Rule { id: "go.sum-incomplete", pattern: r"missing go\.sum entry|updates to go\.(?:mod|sum) needed|no required module provides package|go\.mod file indicates .* but maximum", kinds: GETTING,
        cause: CauseClass::Environment, confidence: 0.9, explanation: "go.mod or go.sum is incomplete", cure: tidy },
    // `go: inconsistent vendoring in /workspace:`, `cannot find package "." in: /workspace/vendor/…`
    Rule { id: "go.vendor-stale", pattern: r"inconsistent vendoring in|is explicitly required in go\.mod, but not marked as explicit|import lookup disabled by -mod=vendor|cannot find module providing package .*-mod=vendor", kinds: GETTING,
        cause: CauseClass::Environment, confidence: 0.92, explanation: "the vendor folder does not fit go.mod",
        cure: |_| vec![variable("GOFLAGS", "-mod=mod -buildvcs=false -modcacherw")] },
    // `fatal: could not read Username for 'https://github.com': terminal prompts disabled`
    Rule { id: "go.private-module", pattern: r"could not read Username for '([^']+)'|terminal prompts disabled|git@[a-z.]+: Permission denied", kinds: GETTING,
        cause: CauseClass::NeedsSecret, confidence: 0.9, explanation: "a module is private, or its repository is gone", cure: no_cure },
    // `verifying github.com/a/b@v1.0.0: checksum mismatch`
    Rule { id: "go.checksum", pattern: r"verifying (\S+): checksum mismatch", kinds: GETTING,
        cause: CauseClass::Intrinsic, confidence: 0.9, explanation: "{} is no longer what go.sum says it was", cure: no_cure },
    // `module lookup disabled by GOPROXY=off`
    Rule { id: "go.not-downloaded", pattern: r"module lookup disabled by GOPROXY=off", kinds: TEST,
        cause: CauseClass::Environment, confidence: 0.85, explanation: "a module that the tests need was not downloaded",
        cure: |m| vec![step_before(m, "go-download-all", "download every module of the graph", "go mod download all")] },
    // `malformed go.sum:\n/workspace/go.sum:1: wrong number of fields 2`
    Rule { id: "go.sum-broken", pattern: r"malformed go\.sum", kinds: GETTING,
        cause: CauseClass::Environment, confidence: 0.95, explanation: "go.sum cannot be read",
        cure: |m| vec![step_before(m, "go-new-sum", "write go.sum anew", "rm -f go.sum && go mod tidy -e")] },
    // `go: example.com/a@v0.99.0: invalid version: unknown revision v0.99.0`
    // `go: example.com/a@v0.99.0: reading https://proxy/a/@v/v0.99.0.mod: 404 Not Found`; proxies
    // that a company filters answer 403.
    Rule { id: "go.no-such-version", pattern: r"(?:^|\s)([a-z0-9][\w.-]*\.[a-z]+/[\w./~-]+)@v[\w.+-]+: (?:invalid version|reading [^\n]*: (?:403|404|410))", kinds: GETTING,
        cause: CauseClass::Environment, confidence: 0.9, explanation: "{} was never published in the version that go.mod requires",
        cure: |m| {
            let name = rr_core::command::quote(m.subject());
            let title = format!("take any version of {}", m.subject());
            vec![step_before(m, "go-any-version", &title, &format!("go mod edit -droprequire={name} && go mod tidy -e"))]
        } },
    // `# runtime/cgo\ncgo: C compiler "gcc" not found: exec: "gcc": executable file not found in $PATH`
    Rule { id: "go.program", pattern: r#"exec: "([A-Za-z0-9+_.-]+)": executable file not found"#, kinds: GETTING,
        cause: CauseClass::Environment, confidence: 0.9, explanation: "the program {} is missing", cure: program },
    // `go: -race requires cgo; enable cgo by setting CGO_ENABLED=1`
    Rule { id: "go.race", pattern: r"-race requires cgo", kinds: TEST,
        cause: CauseClass::Environment, confidence: 0.95, explanation: "the race detector needs a C compiler",
        cure: |_| vec![packages("go.race", &["gcc", "libc6-dev"])] },
    // `Package vips was not found in the pkg-config search path.`
    Rule { id: "go.pkg-config", pattern: r"Package '?([A-Za-z0-9+_.-]+)'?,? (?:required by '[^']*', )?(?:was )?not found", kinds: GETTING,
        cause: CauseClass::Environment, confidence: 0.95, explanation: "the system library {} is missing",
        cure: |m| vec![packages("go.pkg-config", &["pkg-config", &format!("need:pkgconfig:{}", m.subject())])] },
    // `./pcap.go:14:10: fatal error: pcap.h: No such file or directory`
    Rule { id: "go.header", pattern: r"fatal error: '?([A-Za-z0-9+_./-]+\.h(?:pp)?)'?(?:: No such file| file not found)", kinds: GETTING,
        cause: CauseClass::Environment, confidence: 0.95, explanation: "the header {} is missing",
        cure: |m| vec![packages("go.header", &[&format!("need:header:{}", m.subject()), "gcc"])] },
    // `/usr/bin/ld: cannot find -lpcap: No such file or directory`
    Rule { id: "go.library", pattern: r"cannot find -l([A-Za-z0-9+_.-]+)", kinds: GETTING,
        cause: CauseClass::Environment, confidence: 0.93, explanation: "the library {} is missing at link time",
        cure: |m| vec![packages("go.library", &[&format!("need:library:{}", m.subject().trim_end_matches(':'))])] },
    // `ui/embed.go:9:12: pattern all:dist: no matching files found`
    Rule { id: "go.embedded-files", pattern: r"^(\S+\.go):\d+:\d+: pattern (?:all:)?([A-Za-z0-9_./*-]+): no matching files found", kinds: GETTING,
        cause: CauseClass::Environment, confidence: 0.85, explanation: "{} embeds what another build makes", cure: embedded },
    // `# example.com/a\n# [example.com/a]\n./a.go:5:14: non-constant format string in call to fmt.Printf`
    Rule { id: "go.vet", pattern: r"^# \[([^\]\s]+)\]$|non-constant format string in call to", kinds: TEST,
        cause: CauseClass::Environment, confidence: 0.8, explanation: "this Go's vet refuses code that was fine for its authors", cure: no_vet },
    // `panic: test timed out after 30m0s`
    Rule { id: "go.test-timeout", pattern: r"panic: test timed out after (\S+)", kinds: TEST,
        cause: CauseClass::Timeout, confidence: 0.8, explanation: "a package's tests took longer than {}", cure: longer },
    // `dial tcp: lookup example.com: no such host`, `dial tcp 93.184.216.34:80: connect: network is unreachable`
    Rule { id: "go.test-needs-network", pattern: r"dial tcp: lookup (\S+?)(?: on [^:]+:\d+)?: |connect: network is unreachable", kinds: TEST,
        cause: CauseClass::NeedsNetwork, confidence: 0.7, explanation: "tests ask hosts on the Internet: {}", cure: no_cure },
    // `Usage: chisel [command] [--help]`, `Usage of ./hey:`
    Rule { id: "go.no-server", pattern: r"(?i)^\s*(?:usage(?: of \S+)?:|options:|available commands:|commands:)", kinds: &[StepKind::Start],
        cause: CauseClass::Environment, confidence: 0.6, explanation: "the program tells how it is used and serves nothing", cure: run_as_command },
    // `go: cannot find main module, but found .git/config in /workspace`
    Rule { id: "go.no-module", pattern: r"cannot find main module|go\.mod file not found", kinds: GETTING,
        cause: CauseClass::Environment, confidence: 0.8, explanation: "there is no module here", cure: no_cure },
];

fn newer(found: &Match<'_>) -> Vec<Remedy> {
    let version = VersionRequest::Range(format!(">={}", found.subject()));
    vec![variable("GOTOOLCHAIN", "auto"), toolchain("go", version, "go.too-old")]
}

/// Changes `go.mod` and `go.sum` of the copy only.
fn tidy(found: &Match<'_>) -> Vec<Remedy> {
    vec![step_before(found, "go-tidy", "complete go.mod and go.sum", "go mod tidy -e")]
}

fn program(found: &Match<'_>) -> Vec<Remedy> {
    vec![match found.subject() {
        "gcc" | "cc" => packages("go.program", &["gcc", "libc6-dev"]),
        "g++" | "c++" => packages("go.program", &["g++"]),
        name => packages("go.program", &[&format!("need:program:{name}")]),
    }]
}

/// A page stands in for what another build would make: enough to compile. The file's folder is
/// where the pattern starts.
fn embedded(found: &Match<'_>) -> Vec<Remedy> {
    let (file, pattern) = (&found.groups[1], &found.groups[2]);
    let folder = file.rsplit_once('/').map_or(".", |(folder, _)| folder);
    let target = match pattern.split_once('*') {
        Some((head, tail)) => {
            format!("{folder}/{}index{}", head, if tail.is_empty() { ".html" } else { tail })
        }
        None if pattern.rsplit('/').next().is_some_and(|name| name.contains('.')) => {
            format!("{folder}/{pattern}")
        }
        None => format!("{folder}/{pattern}/index.html"),
    };
    let target = rr_core::command::quote(&target);
    let line = format!("mkdir -p \"$(dirname {target})\" && touch {target}");
    vec![step_before(found, "go-embedded", "make an empty file to embed", &line)]
}

fn no_vet(found: &Match<'_>) -> Vec<Remedy> {
    insert_flag(found, "-vet=off", "run the tests without vet")
}

fn longer(found: &Match<'_>) -> Vec<Remedy> {
    if found.subject().starts_with("30m") {
        let replace = |words: &[String]| -> Vec<String> {
            let changed = |w: &String| {
                if w == "-timeout=30m" { "-timeout=55m".to_owned() } else { w.clone() }
            };
            words.iter().map(changed).collect()
        };
        return rewrite(found, "give the tests 55 minutes", replace).into_iter().collect();
    }
    Vec::new()
}

fn insert_flag(found: &Match<'_>, flag: &str, title: &str) -> Vec<Remedy> {
    let insert = |words: &[String]| -> Vec<String> {
        let Some(at) = words.iter().position(|w| w == "-count=1") else { return words.to_vec() };
        if words.iter().any(|word| word == flag) {
            return words.to_vec();
        }
        let mut words = words.to_vec();
        words.insert(at + 1, flag.to_owned());
        words
    };
    rewrite(found, title, insert).into_iter().collect()
}
