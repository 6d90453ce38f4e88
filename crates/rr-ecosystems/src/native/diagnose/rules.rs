//! The table of rules, each with a line that it was made from.

use rr_core::{
    CauseClass, Command, PlanEdit, Remedy, RemedyKind, ReportFormat, StepId, StepKind, TestSpec,
    VersionRequest,
};

use crate::native::{make, packages};
use crate::rules::{Match, Rule, no_cure, packages as install, rewrite, toolchain, variable};

const CONFIGURE: &[StepKind] = &[StepKind::Configure];
const BUILDS: &[StepKind] = &[StepKind::Configure, StepKind::Build, StepKind::Test];
const TEST: &[StepKind] = &[StepKind::Test];

#[rustfmt::skip]
pub(super) static RULES: &[Rule] = &[
    // `CMake Error at CMakeLists.txt:1 (cmake_minimum_required):\n  Compatibility with CMake < 3.5 has been removed from CMake.`
    Rule { id: "native.cmake-policy-removed", pattern: r"Compatibility with CMake < [\d.]+ has been removed", kinds: BUILDS,
        cause: CauseClass::Environment, confidence: 0.95, explanation: "the project asks for a CMake older than this one supports", cure: |_| vec![variable("CMAKE_POLICY_VERSION_MINIMUM", "3.5")] },
    // `CMake Error at CMakeLists.txt:1 (cmake_minimum_required):\n  CMake 3.28 or higher is required.  You are running version 3.25.1`
    Rule { id: "native.cmake-too-old", pattern: r"CMake ([\d.]+) or higher is required", kinds: BUILDS,
        cause: CauseClass::Environment, confidence: 0.95, explanation: "needs CMake {} or newer", cure: |m| vec![toolchain("cmake", VersionRequest::Range(format!(">={}", m.subject())), "native.cmake-too-old")] },
    // `meson.build:1:0: ERROR: Meson version is 1.0.1 but project requires >=1.3.0`
    Rule { id: "native.meson-too-old", pattern: r"Meson version is \S+ but project requires ?([^\s.][^\n]*?)\.?$", kinds: BUILDS,
        cause: CauseClass::Environment, confidence: 0.95, explanation: "needs Meson {}", cure: |m| vec![toolchain("meson", VersionRequest::Range(m.subject().trim().to_owned()), "native.meson-too-old")] },
    // `CMake Error: CMAKE_C_COMPILER not set, after EnableLanguage`, `configure: error: no acceptable C compiler found in $PATH`, `make: cc: No such file or directory`
    Rule { id: "native.no-c-compiler", pattern: r"No CMAKE_C_COMPILER could be found|no acceptable C compiler found|C compiler cannot create executables|g?make(?:\[\d+\])?: g?cc: No such file|ERROR: Unknown compiler\(s\): \[\['cc'", kinds: BUILDS,
        cause: CauseClass::Environment, confidence: 0.9, explanation: "there is no C compiler", cure: |_| vec![install("native.no-c-compiler", &["gcc", "libc6-dev"])] },
    // `No CMAKE_CXX_COMPILER could be found.`, `g++: No such file or directory`
    Rule { id: "native.no-cpp-compiler", pattern: r"No CMAKE_CXX_COMPILER could be found|make(?:\[\d+\])?: (?:g|c)\+\+: No such file|configure: error: .*C\+\+ compiler|cannot execute .?cc1plus", kinds: BUILDS,
        cause: CauseClass::Environment, confidence: 0.9, explanation: "there is no C++ compiler", cure: |_| vec![install("native.no-cpp-compiler", &["g++"])] },
    // `No CMAKE_Fortran_COMPILER could be found.`
    Rule { id: "native.no-fortran-compiler", pattern: r"No CMAKE_Fortran_COMPILER could be found|make(?:\[\d+\])?: gfortran: No such file", kinds: BUILDS,
        cause: CauseClass::Environment, confidence: 0.9, explanation: "there is no Fortran compiler", cure: |_| vec![install("native.no-fortran-compiler", &["gfortran"])] },
    // `CMake Error: CMake was unable to find a build program corresponding to "Ninja".`
    Rule { id: "native.no-ninja", pattern: r#"unable to find a build program corresponding to "Ninja"|ERROR: Could not detect Ninja"#, kinds: BUILDS,
        cause: CauseClass::Environment, confidence: 0.95, explanation: "ninja is not installed", cure: |_| vec![install("native.no-ninja", &["ninja-build"])] },
    // `configure.ac:12: error: possibly undefined macro: AC_PROG_LIBTOOL`, `configure: line 5: syntax error near unexpected token `LIBFOO,''
    Rule { id: "native.macro", pattern: r"possibly undefined macro: (\w+)|warning: macro [`'](\w+)' not found in library|syntax error near unexpected token [`']([A-Z]\w*),", kinds: BUILDS,
        cause: CauseClass::Environment, confidence: 0.85, explanation: "the autoconf macro {} is missing", cure: macro_packages },
    // `Can't exec "libtoolize": No such file or directory at /usr/share/perl5/Autom4te/FileUtils.pm line 293.`
    Rule { id: "native.autotools-program", pattern: r#"Can't exec "(libtoolize|autopoint|gtkdocize|aclocal|automake|intltoolize|autoheader)""#, kinds: BUILDS,
        cause: CauseClass::Environment, confidence: 0.95, explanation: "the program {} is missing", cure: |m| vec![install("native.autotools-program", program_packages(m.subject()))] },
    // `./autogen.sh: 5: aclocal: not found` is known to the generic rules; this is automake's own:
    // `Makefile.am:3: error: Libtool library used but 'LIBTOOL' is undefined`
    Rule { id: "native.libtool", pattern: r"Libtool library used but 'LIBTOOL' is undefined", kinds: BUILDS,
        cause: CauseClass::Environment, confidence: 0.9, explanation: "libtool's macros are missing", cure: |_| vec![install("native.libtool", &["libtool"])] },
    // `configure: error: cannot find required auxiliary files: config.guess config.sub`
    Rule { id: "native.auxiliary-files", pattern: r"cannot find required auxiliary files|cannot find install-sh, install\.sh", kinds: CONFIGURE,
        cause: CauseClass::Environment, confidence: 0.8, explanation: "generated files of autotools are missing", cure: |m| vec![crate::rules::step_before(m, "native-autoreconf", "make the generated files again", "autoreconf --force --install")] },
    // `cc1: all warnings being treated as errors`, `cc1plus: all warnings being treated as errors`
    Rule { id: "native.warnings-as-errors", pattern: r"(?:cc1(?:plus|obj)?: (?:all|some) warnings being treated as errors|error: .*\[-Werror(?:=[^\]]*)?(?:,[^\]]*)?\])", kinds: BUILDS,
        cause: CauseClass::Environment, confidence: 0.9, explanation: "a newer compiler warns, and warnings are errors here", cure: no_werror },
    // `error: #error This file requires compiler and library support for the ISO C++ 2011 standard`, `error: 'optional' is not a member of 'std'`, `'std::optional' is only available from C++17 onwards`
    Rule { id: "native.cpp-standard", pattern: r"only available from C\+\+(\d\d) onwards|[Tt]his (?:code|file|library|header)[^\n]{0,40}requires (?:at least )?C\+\+(\d\d)|requires compiler and library support for the ISO C\+\+ 20(\d\d) standard|C\+\+(\d\d) or (?:later|newer|higher|greater)", kinds: BUILDS,
        cause: CauseClass::Environment, confidence: 0.7, explanation: "needs the C++ standard of a later year", cure: cpp_standard },
    // `CMake Error …: Target "x" requires the language dialect "CXX23", but CMake does not know the compile flags`
    Rule { id: "native.compiler-too-old", pattern: r#"requires the language dialect "?(C\+?\+?X?X?\d\d)|error: unrecognized command.line option '-std=([^']+)'"#, kinds: BUILDS,
        cause: CauseClass::Environment, confidence: 0.85, explanation: "the compiler does not know {}", cure: |_| vec![install("native.compiler-too-old", &["g++-12", "gcc-12"])] },
    // `/usr/bin/ld: x.o:(.bss+0x0): multiple definition of `foo'; y.o:(.bss+0x0): first defined here`: C before GCC 10
    Rule { id: "native.common-symbols", pattern: r"multiple definition of [`']\w+'; .*first defined here", kinds: BUILDS,
        cause: CauseClass::Environment, confidence: 0.7, explanation: "relies on `-fcommon`, which compilers dropped", cure: |_| vec![flags("-fcommon", "compile with -fcommon")] },
    // `error: implicit declaration of function 'foo' [-Wimplicit-function-declaration]`: an error since GCC 14
    Rule { id: "native.implicit-declaration", pattern: r"error: (?:implicit declaration of function|type defaults to 'int' in declaration|return type defaults to 'int')", kinds: BUILDS,
        cause: CauseClass::Environment, confidence: 0.7, explanation: "old C that newer compilers refuse", cure: |_| vec![flags("-Wno-error=implicit-function-declaration -Wno-error=implicit-int -Wno-error=int-conversion -Wno-error=incompatible-pointer-types", "let old C pass")] },
    // `  Could not find a package configuration file provided by "fmt" with any`, `Could NOT find OpenSSL, try to set`
    Rule { id: "native.cmake-package", pattern: r#"Could not find a package configuration file provided by "(\w+)"|Could NOT find (\w+),? \(?(?:missing|try to set)"#, kinds: BUILDS,
        cause: CauseClass::Environment, confidence: 0.92, explanation: "the library {} is missing", cure: cmake_package },
    // `CMake Error at CMakeLists.txt:14 (add_subdirectory): The source directory … does not contain a CMakeLists.txt file.`
    Rule { id: "native.submodule-missing", pattern: r"(?s)The source directory\s+(\S+)\s+does not contain a\s+CMakeLists\.txt", kinds: CONFIGURE,
        cause: CauseClass::NeedsNetwork, confidence: 0.8, explanation: "the submodule in {} was not fetched", cure: no_cure },
    // `error: RPC failed`, `fatal: unable to access 'https://github.com/google/googletest/': Could not resolve host`, of FetchContent
    Rule { id: "native.fetch-content", pattern: r"fatal: unable to access '([^']+)'|error: downloading '([^']+)' failed|Failed to (?:clone|checkout) repository: '?([^'\s]+)", kinds: BUILDS,
        cause: CauseClass::NeedsNetwork, confidence: 0.9, explanation: "the build fetches {}", cure: fetched },
    // `No tests were found!!!`
    Rule { id: "native.no-tests", pattern: r"No tests were found!!!|No tests defined", kinds: TEST,
        cause: CauseClass::Intrinsic, confidence: 0.7, explanation: "the build defines no tests", cure: no_tests },
    // `make: *** No rule to make target 'check'.  Stop.`
    Rule { id: "native.no-target", pattern: r"No rule to make target '(check|test|tests)'\.", kinds: TEST,
        cause: CauseClass::Environment, confidence: 0.9, explanation: "the makefile has no target {}", cure: other_goal },
    // `make: *** No rule to make target 'x.c', needed by 'x.o'.  Stop.`
    Rule { id: "native.missing-source", pattern: r"No rule to make target '([^']+)', needed by", kinds: BUILDS,
        cause: CauseClass::Intrinsic, confidence: 0.6, explanation: "the file {} is missing", cure: no_cure },
    // `aclocal-1.16: command not found` (a makefile that wants the very autotools it was made with)
    Rule { id: "native.regenerate", pattern: r"(?:aclocal|automake)-[\d.]+: (?:command )?not found|'(?:aclocal|automake)-[\d.]+' is missing on your system", kinds: BUILDS,
        cause: CauseClass::Environment, confidence: 0.92, explanation: "generated files look older than their sources", cure: |m| vec![crate::rules::step_before(m, "native-autoreconf", "make the generated files again", "autoreconf --force --install && sh ./configure")] },
    // `find_package(PkgConfig)`: `Could NOT find PkgConfig`; `pkg-config is required`
    Rule { id: "native.pkg-config", pattern: r"Could NOT find PkgConfig|The pkg-config script could not be found|Pkg-config for machine host machine not found", kinds: BUILDS,
        cause: CauseClass::Environment, confidence: 0.95, explanation: "pkg-config is not installed", cure: |_| vec![install("native.pkg-config", &["pkg-config"])] },
];

fn group<'a>(found: &'a Match<'_>) -> &'a str {
    found.groups.iter().skip(1).map(String::as_str).find(|g| !g.is_empty()).unwrap_or("")
}

fn macro_packages(found: &Match<'_>) -> Vec<Remedy> {
    let name = group(found);
    let names: &[&str] = match name {
        _ if name.starts_with("PKG_") => &["pkg-config"],
        _ if name.starts_with("AX_") => &["autoconf-archive"],
        _ if name.starts_with("LT_") || name.contains("LIBTOOL") => &["libtool"],
        _ if name.starts_with("AM_GNU_GETTEXT") || name.starts_with("AM_ICONV") => {
            &["gettext", "autopoint"]
        }
        _ if name.starts_with("AM_PATH_CHECK") => &["check"],
        _ if name.starts_with("GTK_DOC") => &["gtk-doc-tools"],
        _ if name.starts_with("IT_PROG") => &["intltool"],
        _ => &["pkg-config", "libtool", "autoconf-archive"],
    };
    let mut remedy = install("native.macro", names);
    remedy.resume_at = first_step(found);
    vec![remedy]
}

/// What `configure` was made with is wrong: start from the first step.
fn first_step(found: &Match<'_>) -> Option<StepId> {
    let failed = found.failed.step;
    let mut steps = found.failed.plan.steps.iter();
    steps
        .find(|step| step.unit == failed.unit && step.ecosystem == failed.ecosystem)
        .map(|step| step.id.clone())
}

fn program_packages(program: &str) -> &'static [&'static str] {
    match program {
        "libtoolize" => &["libtool"],
        "autopoint" => &["autopoint", "gettext"],
        "gtkdocize" => &["gtk-doc-tools"],
        "intltoolize" => &["intltool"],
        "autoheader" => &["autoconf"],
        _ => &["automake"],
    }
}

/// Stands before the compiler, so that its word comes behind the project's own flags.
const LAUNCHER: &str = "@{tools}/recorder/native/no-werror.sh";

/// Warnings are warnings again: CMake has a launcher for this, Meson an option, and what remains
/// takes the compiler's name from `CC` and `CXX`.
fn no_werror(found: &Match<'_>) -> Vec<Remedy> {
    let rewritten = rewrite(found, "let warnings be warnings", |words| {
        let mut words = words.to_vec();
        let is = |at: usize, name: &str| words.get(at).is_some_and(|word| word == name);
        if is(0, "cmake") && words.iter().any(|word| word == "-B") {
            words.push(format!("-DCMAKE_C_COMPILER_LAUNCHER={LAUNCHER}"));
            words.push(format!("-DCMAKE_CXX_COMPILER_LAUNCHER={LAUNCHER}"));
        } else if is(0, "meson") && is(1, "setup") {
            words.push("-Dwerror=false".to_owned());
        } else if is(0, "make")
            || words.iter().any(|word| word == "make" || word.ends_with("/targets.sh"))
        {
            words.push(format!("CC={LAUNCHER} cc"));
            words.push(format!("CXX={LAUNCHER} c++"));
        }
        words
    });
    rewritten.into_iter().map(|remedy| again(found, remedy)).collect()
}

fn again(found: &Match<'_>, mut remedy: Remedy) -> Remedy {
    remedy.resume_at = first_step(found);
    remedy
}

/// Compiler flags for every step, as `configure`, CMake and most makefiles read them.
fn flags(text: &str, title: &str) -> Remedy {
    Remedy {
        kind: RemedyKind::SetVariable { name: "CFLAGS".to_owned() },
        title: title.to_owned(),
        edits: ["CFLAGS", "CXXFLAGS"]
            .iter()
            .map(|name| PlanEdit::SetEnv {
                step: None,
                name: (*name).to_owned(),
                value: format!("-O2 {text}"),
            })
            .collect(),
        resume_at: None,
    }
}

fn cpp_standard(found: &Match<'_>) -> Vec<Remedy> {
    let year = group(found);
    if year.is_empty() {
        return Vec::new();
    }
    let title = format!("compile as C++{year}");
    let rewritten = rewrite(found, &title, |words| {
        let mut words = words.to_vec();
        if words.first().is_some_and(|w| w == "cmake") && words.iter().any(|w| w == "-B") {
            words.push(format!("-DCMAKE_CXX_STANDARD={year}"));
        } else if words.first().is_some_and(|w| w == "meson")
            && words.get(1).is_some_and(|w| w == "setup")
        {
            words.push(format!("-Dcpp_std=c++{year}"));
        }
        words
    });
    if let Some(remedy) = rewritten {
        return vec![again(found, remedy)];
    }
    let mut remedy = crate::rules::variable("CXXFLAGS", &format!("-O2 -std=c++{year}"));
    remedy.resume_at = first_step(found);
    vec![remedy]
}

fn cmake_package(found: &Match<'_>) -> Vec<Remedy> {
    packages::by_name(group(found))
        .map(|names| install("native.cmake-package", names))
        .into_iter()
        .collect()
}

/// GoogleTest and its like lie in the distribution too; `FetchContent` takes what it finds.
fn fetched(found: &Match<'_>) -> Vec<Remedy> {
    let address = group(found).to_ascii_lowercase();
    let known: &[(&str, &[&str])] = &[
        ("googletest", &["libgtest-dev", "libgmock-dev"]),
        ("catch2", &["catch2"]),
        ("benchmark", &["libbenchmark-dev"]),
        ("fmtlib", &["libfmt-dev"]),
        ("/fmt", &["libfmt-dev"]),
        ("spdlog", &["libspdlog-dev"]),
        ("nlohmann", &["nlohmann-json3-dev"]),
        ("doctest", &["doctest-dev"]),
    ];
    let Some((_, names)) = known.iter().find(|(part, _)| address.contains(part)) else {
        return Vec::new();
    };
    let mut remedy = install("native.fetch-content", names);
    // CMake 3.24: `find_package` is asked before anything is fetched.
    let rewritten = rewrite(found, "prefer installed packages", |words| {
        let mut words = words.to_vec();
        if words.first().is_some_and(|w| w == "cmake") && words.iter().any(|w| w == "-B") {
            words.push("-DFETCHCONTENT_TRY_FIND_PACKAGE_MODE=ALWAYS".to_owned());
        }
        words
    });
    if let Some(rewritten) = rewritten {
        remedy.edits.extend(rewritten.edits);
    }
    vec![remedy]
}

/// A makefile beside the other build system may have tests.
fn no_tests(found: &Match<'_>) -> Vec<Remedy> {
    let failed = found.failed.step;
    let Some((goal, evidence)) = make::goal(found.repo, &failed.unit) else { return Vec::new() };
    let script = "@{tools}/recorder/make/targets.sh";
    let mut step = failed.clone();
    step.command = Command::argv(["bash", script, &goal]);
    step.title = format!("run the tests with `make {goal}`");
    step.evidence.insert(0, evidence);
    step.test = Some(TestSpec {
        runner: "make".to_owned(),
        format: ReportFormat::ExitStatus,
        report: "@{reports}/*".to_owned(),
    });
    vec![Remedy {
        kind: RemedyKind::ChangeCommand { to: step.command.to_string() },
        title: step.title.clone(),
        edits: vec![PlanEdit::ReplaceStep { step: Box::new(step) }],
        resume_at: None,
    }]
}

fn other_goal(found: &Match<'_>) -> Vec<Remedy> {
    let other = if found.subject() == "check" { "test" } else { "check" };
    let was = found.subject().to_owned();
    let title = format!("run `make {other}`");
    rewrite(found, &title, |words| {
        words
            .iter()
            .map(|word| if *word == was { other.to_owned() } else { word.clone() })
            .collect()
    })
    .into_iter()
    .collect()
}
