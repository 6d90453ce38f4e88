//! Rules for fetching and compiling.

use rr_core::command::quote;
use rr_core::{CauseClass, PlanEdit, Remedy, RemedyKind, StepId, StepKind, VersionRequest};

use crate::rules::{Match, Rule, no_cure, packages, rewrite, step_before, toolchain, variable};
use crate::rust::detect::Project;

const COMPILING: &[StepKind] = &[StepKind::Install, StepKind::Build, StepKind::Test];

/// The rules; each pattern with a sample of what it matches.
#[rustfmt::skip]
pub(super) const RULES: &[Rule] = &[
    // `error: rustc 1.66.1 is not supported by the following packages:\n  clap@4.5 requires rustc 1.74`
    // `cannot be built because it requires rustc 1.85 or newer, while the currently active`
    Rule { id: "rust.compiler-too-old", pattern: r"requires rustc (\d+\.\d+(?:\.\d+)?)", kinds: COMPILING,
        cause: CauseClass::Environment, confidence: 0.95, explanation: "a crate needs Rust {} or newer", cure: newest_named },
    // `feature `edition2024` is required`, `this version of Cargo is older than the `2024` edition`
    Rule { id: "rust.edition-too-new", pattern: r"(?:feature `edition|older than the `)(20\d\d)", kinds: COMPILING,
        cause: CauseClass::Environment, confidence: 0.95, explanation: "the edition {} needs a newer Rust",
        cure: |_| vec![toolchain("rust", VersionRequest::Range(">=1.85".to_owned()), "rust.edition-too-new")] },
    // `lock file version `4` was found, but this version of Cargo does not understand this lock file`
    Rule { id: "rust.lockfile-too-new", pattern: r"lock file version `?(\d+)`?.*(?:does not understand|requires `-Znext)", kinds: COMPILING,
        cause: CauseClass::Environment, confidence: 0.95, explanation: "the lockfile's version {} needs a newer Cargo",
        cure: |_| vec![toolchain("rust", VersionRequest::Range(">=1.78".to_owned()), "rust.lockfile-too-new")] },
    // `error: Unable to update registry `crates-io`` under a Cargo before 1.70, which reads the
    // registry's index from a git host rather than from the registry itself.
    Rule { id: "rust.git-index", pattern: r"Unable to update registry `([A-Za-z0-9_-]+)`[\s\S]*(?:git|index)", kinds: COMPILING,
        cause: CauseClass::Environment, confidence: 0.98, explanation: "this Cargo reads the index of {} from a git host that does not answer",
        cure: |_| vec![toolchain("rust", VersionRequest::Range(">=1.70".to_owned()), "rust.git-index")] },
    // `error[E0554]: `#![feature]` may not be used on the stable release channel`
    // `error: the option `Z` is only accepted on the nightly compiler`
    Rule { id: "rust.nightly", pattern: r"may not be used on the stable release channel|only accepted on the nightly compiler|requires a nightly version of Cargo|only available on the nightly channel", kinds: COMPILING,
        cause: CauseClass::Environment, confidence: 0.95, explanation: "the code needs a nightly compiler", cure: nightly },
    // `error: the lock file /workspace/Cargo.lock needs to be updated but --locked was passed to prevent this`
    // `error: cannot update the lock file /workspace/Cargo.lock because --locked was passed to prevent this`
    Rule { id: "rust.lockfile-stale", pattern: r"lock file .*(?:needs to be updated but|because) --locked was passed", kinds: &[],
        cause: CauseClass::Environment, confidence: 0.97, explanation: "the lockfile does not fit the manifests",
        cure: |m| rewrite(m, "let cargo update the lockfile", without(&["--locked", "--frozen"])).into_iter().collect() },
    // `error: failed to parse lock file at: /workspace/Cargo.lock`
    Rule { id: "rust.lockfile-broken", pattern: r"failed to parse lock file", kinds: COMPILING,
        cause: CauseClass::Environment, confidence: 0.7, explanation: "the lockfile cannot be read", cure: new_lockfile },
    // `error: failed to select a version for the requirement `foo = "=1.2.3"``, `version 1.2.3 is yanked`
    Rule { id: "rust.version-gone", pattern: r"failed to select a version for the requirement `([A-Za-z0-9_-]+)", kinds: COMPILING,
        cause: CauseClass::Environment, confidence: 0.85, explanation: "the version of {} that is asked for is not to be had", cure: another_version },
    // `The system library `openssl` required by crate `openssl-sys` was not found.`
    // `The system library `libpq` ...`; older pkg-config crates: `Package libudev was not found in the pkg-config search path`
    Rule { id: "rust.pkg-config", pattern: r"(?:The system library `|Package '?)([A-Za-z0-9+_.-]+)(?:`|'?,? (?:required by '[^']*', )?was not found|'? not found)", kinds: COMPILING,
        cause: CauseClass::Environment, confidence: 0.95, explanation: "the system library {} is missing",
        cure: |m| vec![packages("rust.pkg-config", &["pkg-config", &format!("need:pkgconfig:{}", m.subject())])] },
    // `The pkg-config command could not be found.`, `Could not run `PKG_CONFIG_ALLOW_SYSTEM_CFLAGS="1" "pkg-config"`
    Rule { id: "rust.no-pkg-config", pattern: r"pkg-config command could not be found|Could not run `[^`]*pkg-config|pkg-config.*No such file", kinds: COMPILING,
        cause: CauseClass::Environment, confidence: 0.96, explanation: "pkg-config is missing",
        cure: |_| vec![packages("rust.no-pkg-config", &["pkg-config"])] },
    // `Could not find directory of OpenSSL installation, and this `-sys` crate cannot proceed`
    Rule { id: "rust.openssl", pattern: r"Could not find directory of OpenSSL|Could not find openssl via pkg-config", kinds: COMPILING,
        cause: CauseClass::Environment, confidence: 0.97, explanation: "OpenSSL's headers are missing",
        cure: |_| vec![packages("rust.openssl", &["libssl-dev", "pkg-config"])] },
    // `Unable to find libclang: "couldn't find any valid shared libraries matching`
    Rule { id: "rust.libclang", pattern: r"Unable to find libclang|couldn't find any valid shared libraries matching: \['libclang", kinds: COMPILING,
        cause: CauseClass::Environment, confidence: 0.97, explanation: "libclang is missing",
        cure: |_| vec![packages("rust.libclang", &["libclang-dev", "clang"])] },
    // `Could not find `protoc`. If `protoc` is installed, try setting the `PROTOC` environment variable`
    Rule { id: "rust.protoc", pattern: r"Could not find `protoc`|failed to invoke protoc|protoc failed: google/protobuf", kinds: COMPILING,
        cause: CauseClass::Environment, confidence: 0.97, explanation: "the protocol buffer compiler is missing",
        cure: |_| vec![packages("rust.protoc", &["protobuf-compiler", "libprotobuf-dev"])] },
    // `failed to execute command: No such file or directory (os error 2)\nis `cmake` not installed?`
    Rule { id: "rust.program", pattern: r"is `([A-Za-z0-9+_.-]+)` not installed\?", kinds: COMPILING,
        cause: CauseClass::Environment, confidence: 0.95, explanation: "the program {} is missing",
        cure: |m| vec![packages("rust.program", &[&program(m.subject())])] },
    // `error occurred in cc-rs: failed to find tool "c++": No such file or directory`, `linker `clang` not found`
    Rule { id: "rust.tool", pattern: r#"(?:failed to find tool "|linker `)([A-Za-z0-9+_./-]+)["`](?: not found|: )"#, kinds: COMPILING,
        cause: CauseClass::Environment, confidence: 0.95, explanation: "the tool {} is missing",
        cure: |m| vec![packages("rust.tool", &[&program(m.subject())])] },
    // `clang: error: invalid linker name in argument '-fuse-ld=lld'`, `collect2: fatal error: cannot find 'ld'`
    Rule { id: "rust.linker", pattern: r"(?:invalid linker name in (?:argument )?'?-fuse-ld=|cannot find '(?:ld\.)?)([a-z]+)'", kinds: COMPILING,
        cause: CauseClass::Environment, confidence: 0.93, explanation: "the linker {} is missing", cure: linker },
    // `/usr/bin/ld: cannot find -lpq: No such file or directory`, `rust-lld: error: unable to find library -lpq`
    Rule { id: "rust.library", pattern: r"(?:cannot find|unable to find library) -l([A-Za-z0-9+_.-]+)", kinds: COMPILING,
        cause: CauseClass::Environment, confidence: 0.93, explanation: "the library {} is missing at link time",
        cure: |m| vec![packages("rust.library", &[&format!("need:library:{}", m.subject().trim_end_matches(':'))])] },
    // `src/a.c:1:10: fatal error: pcap.h: No such file or directory`, `'pcap.h' file not found`
    Rule { id: "rust.header", pattern: r"fatal error: '?([A-Za-z0-9+_./-]+\.h(?:pp)?)'?(?:: No such file| file not found)", kinds: COMPILING,
        cause: CauseClass::Environment, confidence: 0.93, explanation: "the header {} is missing",
        cure: |m| vec![packages("rust.header", &[&format!("need:header:{}", m.subject())])] },
    // `error: set `DATABASE_URL` to use query macros online, or run `cargo sqlx prepare``
    Rule { id: "rust.queries-need-database", pattern: r"set `DATABASE_URL` to use query macros", kinds: COMPILING,
        cause: CauseClass::Environment, confidence: 0.9, explanation: "sqlx checks its queries against a database while compiling", cure: no_cure },
    // `error: #[derive(RustEmbed)] folder '/workspace/ui/dist' does not exist. cwd: '/workspace'`
    Rule { id: "rust.embedded-folder", pattern: r"folder '(?:/workspace/)?([A-Za-z0-9_./-]+)' does not exist", kinds: COMPILING,
        cause: CauseClass::Environment, confidence: 0.8, explanation: "the program embeds {}, which another build makes", cure: embedded_folder },
    // `note: the lint level is defined here … #![deny(warnings)]`, `= note: `-D dead-code` implied by `-D warnings``
    Rule { id: "rust.denied-warnings", pattern: r"implied by `(?:#\[deny\(warnings\)\]|-D warnings)`|^\s*\d* *\|? *#!\[deny\(warnings", kinds: COMPILING,
        cause: CauseClass::Environment, confidence: 0.85, explanation: "the code makes warnings errors, and this compiler has new ones",
        cure: |_| vec![variable("RUSTFLAGS", "--cap-lints=warn")] },
    // `error: could not compile `app` … (signal: 9, SIGKILL: kill)`, `collect2: fatal error: ld terminated with signal 9 [Killed]`
    Rule { id: "rust.out-of-memory", pattern: r"signal: 9, SIGKILL|ld terminated with signal 9|LLVM ERROR: out of memory", kinds: COMPILING,
        cause: CauseClass::Environment, confidence: 0.9, explanation: "compiling took more memory than there is", cure: less_memory },
    // `failed to authenticate when downloading repository`, `failed to load source for dependency … Unable to update https://github.com/a/b`
    Rule { id: "rust.git-dependency", pattern: r"Unable to update (?:ssh|https?|git)\S*://(\S+)|failed to authenticate when downloading repository", kinds: COMPILING,
        cause: CauseClass::NeedsNetwork, confidence: 0.85, explanation: "a dependency lies in a git repository that cannot be reached: {}", cure: no_cure },
    // `error: failed to download … attempting to make an HTTP request, but --offline was specified`
    Rule { id: "rust.not-fetched", pattern: r"but --offline was specified|you may want to run without the --offline|you're using offline mode", kinds: &[],
        cause: CauseClass::Environment, confidence: 0.8, explanation: "a crate was not fetched", cure: fetch_all },
    // `the features `a` and `b` are mutually exclusive`, `features cannot be enabled at the same time`
    Rule { id: "rust.all-features", pattern: r"mutually exclusive|(?:cannot|can't|can not|must not) be (?:enabled|used|set|active)[a-z ]* (?:at the same time|together|simultaneously)", kinds: COMPILING,
        cause: CauseClass::Environment, confidence: 0.8, explanation: "some features exclude each other",
        cure: |m| rewrite(m, "leave out --all-features", without(&["--all-features"])).into_iter().collect() },
    // `error[E0433]: failed to resolve: use of unresolved module or unlinked crate `itoa``
    // `error[E0432]: unresolved import `itoa::Buffer``, `error[E0463]: can't find crate for `itoa``
    Rule { id: "rust.missing-crate", pattern: r"(?:use of (?:undeclared|unresolved) (?:crate or module|module or unlinked crate|type or module)|unresolved import|can't find crate for) `(?:::)?([a-z][a-z0-9_]*)", kinds: COMPILING,
        cause: CauseClass::Environment, confidence: 0.75, explanation: "the crate {} is in no manifest", cure: add_crate },
    // `error: could not compile `time` (lib) due to 1 previous error`
    Rule { id: "rust.does-not-compile", pattern: r"^error: could not compile `([A-Za-z0-9_-]+)`", kinds: COMPILING,
        cause: CauseClass::Intrinsic, confidence: 0.4, explanation: "{} does not compile", cure: does_not_compile },
    // `error: no matching package named `x` found`, `failed to load manifest for workspace member`
    Rule { id: "rust.member-missing", pattern: r"failed to load manifest for workspace member `([^`]+)`", kinds: COMPILING,
        cause: CauseClass::Intrinsic, confidence: 0.6, explanation: "the workspace member {} is not in the tree (a submodule?)", cure: no_cure },
];

/// Removes words.
fn without(words: &'static [&'static str]) -> impl Fn(&[String]) -> Vec<String> {
    move |line| line.iter().filter(|word| !words.contains(&word.as_str())).cloned().collect()
}

/// Several crates may name versions; the newest of them is needed.
fn newest_named(found: &Match<'_>) -> Vec<Remedy> {
    let numbers =
        |text: &str| -> Vec<u32> { text.split('.').filter_map(|part| part.parse().ok()).collect() };
    let newest = found
        .failed
        .output
        .split("requires rustc ")
        .skip(1)
        .filter_map(|rest| rest.split([' ', '\n', ',']).next())
        .max_by_key(|version| numbers(version))
        .unwrap_or(found.subject());
    let request = VersionRequest::Range(format!(">={newest}"));
    vec![recompiled(found, toolchain("rust", request, "rust.compiler-too-old"))]
}

/// Adds the crate to the manifest of the run's copy; a module of the repository's own is no crate.
fn add_crate(found: &Match<'_>) -> Vec<Remedy> {
    let name = found.subject();
    let own = |path: &str| {
        path.ends_with(&format!("/{name}.rs")) || path.ends_with(&format!("/{name}/mod.rs"))
    };
    let words = ["crate", "self", "super", "std", "core", "alloc", "test", "proc_macro"];
    if words.contains(&name) || found.repo.files().iter().any(|entry| own(&entry.path)) {
        return Vec::new();
    }
    let broken = found.failed.output.split("could not compile `").nth(1);
    let package = broken.and_then(|rest| rest.split('`').next()).unwrap_or_default();
    let package = if package.is_empty() {
        String::new()
    } else {
        format!(" --package {}", rr_core::command::quote(package))
    };
    let title = format!("add the crate {name}");
    let id = format!("rust-add-{}", name.replace('_', "-"));
    let mut remedy = step_before(found, &id, &title, &format!("cargo add{package} {name}"));
    remedy.kind = RemedyKind::AddDependency { names: vec![name.to_owned()] };
    if let Some(unlocked) = rewrite(found, &title, without(&["--locked", "--frozen", "--offline"]))
    {
        remedy.edits.extend(unlocked.edits);
    }
    vec![remedy]
}

fn nightly(found: &Match<'_>) -> Vec<Remedy> {
    let request = VersionRequest::Exact("nightly".to_owned());
    vec![
        recompiled(found, toolchain("rust", request, "rust.nightly")),
        // Makes a stable compiler take unstable features: the compiler's own bootstrap switch.
        variable("RUSTC_BOOTSTRAP", "1"),
    ]
}

/// What one compiler made another cannot link: a change of compilers builds everything again.
fn recompiled(found: &Match<'_>, mut remedy: Remedy) -> Remedy {
    if found.failed.step.kind != StepKind::Install {
        remedy.resume_at = first_build(found);
    }
    remedy
}

fn new_lockfile(found: &Match<'_>) -> Vec<Remedy> {
    let line = "rm -f Cargo.lock && cargo generate-lockfile";
    let title = "resolve the dependencies anew";
    let mut remedy = step_before(found, "rust-lockfile", title, line);
    if let Some(unlocked) = rewrite(found, title, without(&["--locked", "--frozen"])) {
        remedy.edits.extend(unlocked.edits);
    }
    vec![remedy]
}

/// A lock of what is there now; where a manifest of the repository itself asks for what nobody
/// published, any version.
fn another_version(found: &Match<'_>) -> Vec<Remedy> {
    let mut remedies = new_lockfile(found);
    if found.failed.output.contains("(/workspace") {
        let name = found.subject();
        let short = format!(r#"s/^(\s*{name}\s*=\s*(\{{.*\bversion\s*=\s*)?)"[^"]*"/\1"*"/"#);
        let table =
            format!(r#"/^\[.*dependencies\.{name}\]/,/^$/ s/^(\s*version\s*=\s*)"[^"]*"/\1"*"/"#);
        let line = format!(
            "find . -name Cargo.toml -not -path './target/*' -exec sed -i -E -e {} -e {} {{}} + && rm -f Cargo.lock && cargo generate-lockfile",
            quote(&short),
            quote(&table)
        );
        let title = format!("take any version of {name}");
        let mut remedy = step_before(found, "rust-any-version", &title, &line);
        if let Some(unlocked) = rewrite(found, &title, without(&["--locked", "--frozen"])) {
            remedy.edits.extend(unlocked.edits);
        }
        remedies.push(remedy);
    }
    remedies
}

/// Debian's name where it differs from the program's, else a look-up.
fn program(name: &str) -> String {
    let name = name.rsplit('/').next().unwrap_or(name);
    match name {
        "cc" | "gcc" => "gcc".to_owned(),
        "c++" | "g++" => "g++".to_owned(),
        "ld" => "binutils".to_owned(),
        _ => format!("need:program:{name}"),
    }
}

fn linker(found: &Match<'_>) -> Vec<Remedy> {
    match found.subject() {
        "ld" | "gold" => vec![packages("rust.linker", &["binutils"])],
        name => vec![packages("rust.linker", &[name])],
    }
}

/// What another build would make is stood in for by an empty folder: enough to compile.
fn embedded_folder(found: &Match<'_>) -> Vec<Remedy> {
    let folder = rr_core::command::quote(found.subject());
    let line = format!("mkdir -p {folder} && touch {folder}/.keep");
    vec![step_before(found, "rust-embedded-folder", "make an empty folder to embed", &line)]
}

fn less_memory(_: &Match<'_>) -> Vec<Remedy> {
    let mut remedy = variable("CARGO_BUILD_JOBS", "1");
    remedy.title = "compile one crate at a time, without debug information".to_owned();
    remedy.edits.extend(["DEV", "TEST"].map(|profile| PlanEdit::SetEnv {
        step: None,
        name: format!("CARGO_PROFILE_{profile}_DEBUG"),
        value: "0".to_owned(),
    }));
    vec![remedy]
}

/// Fetches what other platforms' tables name, too.
fn fetch_all(found: &Match<'_>) -> Vec<Remedy> {
    vec![step_before(found, "rust-fetch-all", "fetch every crate of the lockfile", "cargo fetch")]
}

/// A dependency that this compiler no longer takes may have a compatible successor; the
/// project's own code may compile without the widest flags.
fn does_not_compile(found: &Match<'_>) -> Vec<Remedy> {
    let name = found.subject();
    let own = Project::read(found.repo, &found.failed.step.unit).is_some_and(|project| {
        project.packages().any(|m| m.package.as_ref().is_some_and(|package| package.name == name))
    });
    if !own {
        let line = format!("cargo update -p {}", rr_core::command::quote(name));
        let title = format!("update {name} within its compatible versions");
        let mut remedy = step_before(found, &format!("rust-update-{name}"), &title, &line);
        if let Some(unlocked) = rewrite(found, &title, without(&["--locked", "--frozen"])) {
            remedy.edits.extend(unlocked.edits);
        }
        remedy.kind = RemedyKind::PinDependency { requirements: vec![name.to_owned()] };
        return vec![remedy];
    }
    let mut remedies: Vec<Remedy> = ["--all-features", "--workspace"]
        .into_iter()
        .filter_map(|flag| {
            let drop: &'static [&'static str] =
                if flag == "--workspace" { &["--workspace"] } else { &["--all-features"] };
            rewrite(found, &format!("leave out {flag}"), without(drop))
        })
        .collect();
    for remedy in &mut remedies {
        remedy.resume_at = first_build(found);
    }
    remedies
}

fn first_build(found: &Match<'_>) -> Option<StepId> {
    let unit = &found.failed.step.unit;
    let mut builds = found.failed.plan.of_kind(StepKind::Build);
    builds.find(|step| &step.unit == unit).map(|step| step.id.clone())
}
