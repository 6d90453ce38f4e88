use rr_core::{
    Analysis, Command, Diagnosis, EcosystemId, EnvironmentReport, Exit, FailedStep, MemoryRepo,
    Outcome, PlanEdit, RemedyKind, RunPlan, Step, StepKind,
};

/// The first diagnosis of a step that ended with this output.
fn first(kind: StepKind, words: &[&str], output: &str) -> Option<Diagnosis> {
    let id = EcosystemId::new("native");
    let step = |name: &str, kind, words: &[&str]| {
        Step::new(name, &id, "", kind, "x", Command::argv(words.iter().copied()))
    };
    let configure =
        step("native-configure", StepKind::Configure, &["cmake", "-S", ".", "-B", "build"]);
    let failed = step("native-x", kind, words);
    let plan = RunPlan { steps: vec![configure, failed.clone()], ..RunPlan::default() };
    let outcome = Outcome {
        exit: Exit::Code(2),
        seconds: 1.0,
        output_bytes: 0,
        tail: String::new(),
        head: String::new(),
        peak_memory: None,
        left_processes: false,
    };
    let analysis = Analysis::default();
    let environment = EnvironmentReport::default();
    let failed = FailedStep {
        step: &failed,
        outcome: &outcome,
        output,
        tests: None,
        plan: &plan,
        analysis: &analysis,
        environment: &environment,
        treated: &[],
    };
    let repo = MemoryRepo::new([("CMakeLists.txt", "project(x C)")]);
    super::diagnose(&repo, &failed).into_iter().next()
}

fn signature(kind: StepKind, words: &[&str], output: &str) -> String {
    first(kind, words, output).map(|found| found.signature).unwrap_or_default()
}

#[test]
fn every_rule_knows_the_line_it_was_made_from() {
    let cmake = &["cmake", "-S", "."][..];
    let make = &["make"][..];
    #[rustfmt::skip]
    let samples = [
        (StepKind::Configure, cmake, "  Compatibility with CMake < 3.5 has been removed from CMake.\n", "native.cmake-policy-removed"),
        (StepKind::Configure, cmake, "  CMake 3.28 or higher is required.  You are running version 3.25.1\n", "native.cmake-too-old:3.28"),
        (StepKind::Configure, cmake, "meson.build:1:0: ERROR: Meson version is 1.0.1 but project requires >=1.3.0\n", "native.meson-too-old:>=1.3.0"),
        (StepKind::Configure, make, "configure: error: no acceptable C compiler found in $PATH\n", "native.no-c-compiler"),
        (StepKind::Build, make, "make: g++: No such file or directory\n", "native.no-cpp-compiler"),
        (StepKind::Configure, cmake, "CMake Error: CMake was unable to find a build program corresponding to \"Ninja\".\n", "native.no-ninja"),
        (StepKind::Configure, make, "configure.ac:12: error: possibly undefined macro: AC_PROG_LIBTOOL\n", "native.macro:AC_PROG_LIBTOOL"),
        (StepKind::Configure, make, "./configure: line 2342: syntax error near unexpected token `LIBEVENT,'\n", "native.macro"),
        (StepKind::Configure, make, "Can't exec \"libtoolize\": No such file or directory at /usr/share/perl5/Autom4te/FileUtils.pm line 293.\n", "native.autotools-program:libtoolize"),
        (StepKind::Build, make, "cc1: all warnings being treated as errors\n", "native.warnings-as-errors"),
        (StepKind::Build, make, "a.cpp:3:6: note: 'std::optional' is only available from C++17 onwards\n", "native.cpp-standard:17"),
        (StepKind::Build, make, "/usr/bin/ld: b.o:(.bss+0x0): multiple definition of `foo'; a.o:(.bss+0x0): first defined here\n", "native.common-symbols"),
        (StepKind::Build, make, "a.c:3:2: error: implicit declaration of function 'f' [-Wimplicit-function-declaration]\n", "native.implicit-declaration"),
        (StepKind::Configure, cmake, "CMake Error at CMakeLists.txt:14 (add_subdirectory):\n  The source directory\n\n    /workspace/extern/x\n\n  does not contain a CMakeLists.txt file.\n", "native.submodule-missing:/workspace/extern/x"),
        (StepKind::Test, make, "make: *** No rule to make target 'check'.  Stop.\n", "native.no-target:check"),
        (StepKind::Test, &["ctest"], "No tests were found!!!\n", "native.no-tests"),
        (StepKind::Build, make, "/workspace/missing: line 81: aclocal-1.14: command not found\n", "native.regenerate"),
    ];
    for (kind, words, output, expected) in samples {
        assert_eq!(signature(kind, words, output), expected, "{output}");
    }
}

#[test]
fn a_missing_cmake_package_names_the_distributions() {
    let output = "CMake Error at CMakeLists.txt:3 (find_package):\n  Could not find a package configuration file provided by \"fmt\" with any\n";
    let found = first(StepKind::Configure, &["cmake", "-S", "."], output).unwrap();
    let RemedyKind::InstallSystemPackage { names } = &found.remedies[0].kind else { panic!() };
    assert_eq!(names, &["libfmt-dev"]);
}

#[test]
fn warnings_that_are_errors_are_warnings_again_from_the_first_step() {
    let output = "cc1plus: all warnings being treated as errors\n";
    let found = first(StepKind::Build, &["cmake", "--build", "build"], output).unwrap();
    let remedy = &found.remedies[0];
    assert_eq!(
        remedy.resume_at.as_ref().map(ToString::to_string),
        Some("native-configure".to_owned())
    );
    let PlanEdit::SetCommand { command, .. } = &remedy.edits[0] else { panic!() };
    assert!(command.to_string().ends_with("recorder/native/no-werror.sh"), "{command}");
    let made = first(StepKind::Build, &["make"], output).unwrap();
    let last = made.remedies[0].edits.last().unwrap();
    let PlanEdit::SetCommand { command, .. } = last else { panic!() };
    assert_eq!(
        command,
        &Command::argv([
            "make",
            "CC=@{tools}/recorder/native/no-werror.sh cc",
            "CXX=@{tools}/recorder/native/no-werror.sh c++",
        ])
    );
}

#[test]
fn another_goal_is_tried_where_one_is_missing() {
    let words = ["bash", "targets.sh", "check"];
    let found = first(StepKind::Test, &words, "make: *** No rule to make target 'check'.  Stop.\n")
        .unwrap();
    let PlanEdit::SetCommand { command, .. } = &found.remedies[0].edits[0] else { panic!() };
    assert_eq!(command, &Command::argv(["bash", "targets.sh", "test"]));
}
