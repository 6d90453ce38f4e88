use rr_core::{
    Ecosystem, EnvironmentReport, MemoryRepo, PlanContext, ReportFormat, StepKind, UnitPlan,
};

use crate::analysis::analyze_view;

/// The plan of the first native unit of a tree.
fn plan(files: &[(&str, &str)]) -> UnitPlan {
    let repo = MemoryRepo::new(files.iter().copied());
    let analysis = analyze_view(&repo);
    let environment = EnvironmentReport { cpus: 2, ..EnvironmentReport::default() };
    let unit = analysis.units.iter().find(|unit| unit.ecosystem.as_str() == "native").unwrap();
    let context = PlanContext { analysis: &analysis, environment: &environment };
    super::Native.plan(&repo, unit, &context)
}

fn commands(plan: &UnitPlan) -> Vec<String> {
    plan.steps
        .iter()
        .map(|step| {
            let line = step.command.to_string();
            if step.cwd.is_empty() { line } else { format!("{}: {line}", step.cwd) }
        })
        .collect()
}

const CMAKE: &str = "cmake_minimum_required(VERSION 3.10)\nproject(frob C)\n\
    option(FROB_TESTS \"Build tests\" OFF)\noption(FROB_FUZZ_TESTS \"Fuzz\" OFF)\n\
    add_library(frob frob.c)\nenable_testing()\nadd_test(NAME t COMMAND t)\n";

#[test]
fn cmake_turns_tests_on_and_reads_ctest() {
    let plan = plan(&[("CMakeLists.txt", CMAKE), ("frob.c", "int f;")]);
    assert_eq!(
        commands(&plan),
        [
            "cmake -S . -B build -DFROB_TESTS=ON",
            "cmake --build build -j 2",
            "ctest --test-dir build --output-on-failure --output-junit @{reports}/ctest.xml",
        ]
    );
    let test = plan.steps[2].test.as_ref().unwrap();
    assert_eq!((test.runner.as_str(), test.format), ("ctest", ReportFormat::JunitXml));
    assert_eq!(plan.toolchains[0].tool, "cmake");
}

#[test]
fn ci_flags_count_but_not_those_of_other_compilers_and_kinds_of_runs() {
    let workflow = "on: push\njobs:\n  build:\n    runs-on: ubuntu-latest\n    steps:\n      - run: |\n          \
        OPTIONS=\"-DFROB_UTILS=ON -DENABLE_SANITIZERS=ON\"\n          mkdir build\n          cd build\n          \
        cmake .. $OPTIONS -DCMAKE_C_COMPILER=clang -DFROB_TESTS=ON\n          make\n          make test\n";
    let files = [("CMakeLists.txt", CMAKE), ("frob.c", ""), (".github/workflows/ci.yml", workflow)];
    let plan = plan(&files);
    assert_eq!(commands(&plan)[0], "cmake -S . -B build -DFROB_UTILS=ON -DFROB_TESTS=ON");
}

#[test]
fn what_a_release_job_configures_is_not_what_is_tested() {
    let workflow = "on: push\njobs:\n  dist:\n    runs-on: ubuntu-latest\n    steps:\n      \
        - run: cmake -S . -B out -DFROB_PROFILE=small\n";
    let files = [
        ("CMakeLists.txt", CMAKE),
        ("frob.c", ""),
        (".github/workflows/release-source.yml", workflow),
    ];
    assert_eq!(commands(&plan(&files))[0], "cmake -S . -B build -DFROB_TESTS=ON");
}

#[test]
fn a_tracked_build_folder_is_left_alone() {
    let plan = plan(&[("CMakeLists.txt", CMAKE), ("frob.c", ""), ("build/x.sh", "")]);
    assert!(commands(&plan)[0].contains("-B repo-runner-build"));
}

#[test]
fn a_handwritten_configure_beside_a_stub_makefile_is_run_first() {
    let plan = plan(&[
        ("configure", "#!/bin/sh\nCFLAGS=-O3\n"),
        ("Makefile", "all:\n\t-@echo run configure\n"),
        ("Makefile.in", "all: lib\ncheck: test\ntest: all teststatic\nteststatic:\n\t./t\n"),
        ("z.c", ""),
    ]);
    assert_eq!(
        commands(&plan),
        ["sh ./configure", "make -j 2", "bash @{tools}/recorder/make/targets.sh check"]
    );
}

/// A workflow of one job that runs these lines.
fn workflow(lines: &[&str]) -> String {
    let mut text = "on: push\njobs:\n  t:\n    runs-on: ubuntu-latest\n    steps:\n".to_owned();
    for line in lines {
        text.push_str(&format!("      - run: {line}\n"));
    }
    text
}

#[test]
fn a_job_of_two_build_systems_counts_for_both_and_what_most_jobs_use_rules() {
    let by_cmake = workflow(&["cmake -S . -B out", "cmake --build out", "ctest --test-dir out"]);
    let by_configure = workflow(&["./configure", "make", "make test"]);
    let by_both = workflow(&["./configure", "make test", "cmake -S . -B out", "ctest"]);
    let ruling = |flows: [&str; 3]| {
        let plan = plan(&[
            ("CMakeLists.txt", "project(z C)\nenable_testing()\nadd_test(NAME t COMMAND t)\n"),
            ("configure", "#!/bin/sh\nCFLAGS=-O3\n"),
            ("Makefile.in", "all: lib\ntest: one two\none:\n\t./t\ntwo:\n\t./t\n"),
            ("z.c", ""),
            (".github/workflows/a.yml", flows[0]),
            (".github/workflows/b.yml", flows[1]),
            (".github/workflows/c.yml", flows[2]),
        ]);
        commands(&plan)[0].clone()
    };
    assert_eq!(ruling([&by_both, &by_cmake, &by_configure]), "sh ./configure");
    assert_eq!(ruling([&by_cmake, &by_cmake, &by_configure]), "cmake -S . -B build");
}

#[test]
fn autotools_are_bootstrapped_and_automake_results_collected() {
    let plan = plan(&[
        (
            "configure.ac",
            "AC_INIT([frob], [1.0])\nAM_INIT_AUTOMAKE\nPKG_CHECK_MODULES([EV], [libevent >= 2.0])\n",
        ),
        ("Makefile.am", "bin_PROGRAMS = frob\nTESTS = t/a.sh\n"),
        ("autogen.sh", "autoreconf"),
        ("frob.c", ""),
    ]);
    assert_eq!(
        commands(&plan),
        [
            "sh ./autogen.sh",
            "sh ./configure",
            "make -j 2",
            "bash @{tools}/recorder/native/run-program.sh frob .",
            "bash @{tools}/recorder/collect.sh '*.trs' -- make -k check",
        ]
    );
    let names: Vec<&str> = plan.system_packages.iter().map(|p| p.name.as_str()).collect();
    for name in ["autoconf", "automake", "libevent-dev", "pkg-config"] {
        assert!(names.contains(&name), "{name} in {names:?}");
    }
}

#[test]
fn tests_in_a_folder_of_their_own_are_found_where_automake_has_none() {
    let workflow = "on: push\njobs:\n  t:\n    runs-on: ubuntu-latest\n    steps:\n      - run: |\n          \
        sh autogen.sh\n          ./configure\n          make\n      - run: |\n          cd regress\n          make\n";
    let plan = plan(&[
        ("configure.ac", "AC_INIT([frob], [1.0])\nAM_INIT_AUTOMAKE\n"),
        ("Makefile.am", "bin_PROGRAMS = frob\n"),
        ("autogen.sh", ""),
        ("frob.c", ""),
        ("regress/Makefile", "all:\n\tfor t in *.sh; do sh $$t; done\n"),
        (".github/workflows/ci.yml", workflow),
    ]);
    let last = commands(&plan).pop().unwrap();
    assert_eq!(last, "regress: bash @{tools}/recorder/make/targets.sh");
}

#[test]
fn plain_makefiles_build_and_test_by_their_goal() {
    let plan = plan(&[
        ("Makefile", "CC ?= cc\nTARGET = frob\nall: frob\ntest: frob\n\t./frob --selftest\n"),
        ("frob.c", "int main(void) {}"),
    ]);
    assert_eq!(
        commands(&plan),
        [
            "make -j 2",
            "bash @{tools}/recorder/native/run-program.sh frob .",
            "bash @{tools}/recorder/make/targets.sh test",
        ]
    );
}

#[test]
fn meson_projects_are_tested_by_meson() {
    let plan = plan(&[
        (
            "meson.build",
            "project('frob', 'c')\nexecutable('frob', 'frob.c', install: true)\ntest('t', t)\ndependency('zlib')\n",
        ),
        ("frob.c", ""),
    ]);
    let lines = commands(&plan);
    assert_eq!(lines[0], "meson setup build");
    assert!(lines[3].ends_with("-- meson test -C build --print-errorlogs"), "{lines:?}");
    assert!(plan.system_packages.iter().any(|package| package.name == "zlib1g-dev"));
}

#[test]
fn other_languages_makefiles_and_bundled_code_are_no_c_projects() {
    for files in [
        &[("Makefile", "test:\n\tpytest\n"), ("a.py", "")][..],
        &[("third_party/z/CMakeLists.txt", "project(z)"), ("third_party/z/z.c", "")],
        &[("CMakeLists.txt", "project(x NONE)"), ("a.py", "")],
    ] {
        let repo = MemoryRepo::new(files.iter().copied());
        assert!(super::Native.detect(&repo).is_empty(), "{files:?}");
    }
}

#[test]
fn projects_without_tests_say_so() {
    let plan = plan(&[("Makefile", "all:\n\t$(CC) x.c\n"), ("x.c", "")]);
    assert!(plan.steps.iter().all(|step| step.kind != StepKind::Test));
    assert_eq!(plan.notes.len(), 1);
}

#[test]
fn the_short_suite_rules_where_two_are_documented_unless_it_only_lints() {
    let workflow = "on: push\njobs:\n  t:\n    runs-on: ubuntu-latest\n    steps:\n      - run: make test\n      - run: make check\n";
    let goal = |check: &str| {
        let makefile = format!("CC ?= cc\nall: x\ncheck:\n\t{check}\ntest:\n\t./x --all\n");
        let plan =
            plan(&[("Makefile", &makefile), ("x.c", ""), (".github/workflows/ci.yml", workflow)]);
        commands(&plan).pop().unwrap()
    };
    assert!(goal("./x --quick").ends_with(" check"));
    assert!(goal("cppcheck x.c").ends_with(" test"));
}

#[test]
fn jobs_that_leave_tests_out_are_no_model() {
    let workflow = "on: push\njobs:\n  lint:\n    runs-on: ubuntu-latest\n    steps:\n      - run: cmake -S . -B build -DFROB_DOC=ON -DFROB_TESTS=OFF\n  \
        linux:\n    runs-on: ubuntu-latest\n    steps:\n      - run: cmake -S . -B build -DFROB_EXTRA=ON\n";
    let plan =
        plan(&[("CMakeLists.txt", CMAKE), ("frob.c", ""), (".github/workflows/ci.yml", workflow)]);
    assert_eq!(commands(&plan)[0], "cmake -S . -B build -DFROB_EXTRA=ON -DFROB_TESTS=ON");
}

#[test]
fn a_documented_program_that_listens_is_a_server() {
    let source =
        "int main(void) { a.sin_port = htons(8088); listen(s, 8); puts(\"HTTP/1.1 200\"); }";
    let make = "server: server.c\n\tcc -o server server.c\n";
    let readme = "# Server\n\n    make\n    ./server -v\n";
    let files = [("Makefile", make), ("server.c", source), ("README.md", readme)];
    let found = plan(&files);
    let start = found.steps.iter().find(|step| step.kind == StepKind::Start).unwrap();
    assert_eq!(start.command.to_string(), "./server -v");
    assert_eq!(start.probe.as_ref().unwrap().expected_port, Some(8088));
    // Without a word about how it is started, nothing is.
    assert!(plan(&files[..2]).steps.iter().all(|step| step.kind != StepKind::Start));
}

#[test]
fn a_documented_preset_that_exists_configures_the_build() {
    let presets = "{\"version\": 3, \"configurePresets\": [{\"name\": \"ci\", \"binaryDir\": \
                   \"${sourceDir}/out\"}, {\"name\": \"windows-ci\"}]}";
    let workflow = |preset: &str| {
        format!(
            "on: push\njobs:\n  build:\n    runs-on: ubuntu-latest\n    steps:\n      \
             - run: cmake --preset {preset}\n      - run: ctest --preset {preset}\n"
        )
    };
    let configured = |preset: &str| {
        let workflow = workflow(preset);
        let plan = plan(&[
            ("CMakeLists.txt", CMAKE),
            ("frob.c", "int f;"),
            ("CMakePresets.json", presets),
            (".github/workflows/ci.yml", &workflow),
        ]);
        commands(&plan)[0].clone()
    };
    assert!(configured("ci").contains("--preset ci"), "{}", configured("ci"));
    for other in ["windows-ci", "nowhere"] {
        assert!(!configured(other).contains("--preset"), "{}", configured(other));
    }
}
