//! Which of the operating-system packages that files name a plan takes over.
//!
//! CI workflows install packages for jobs that a run does not repeat (cross compilers, release
//! tooling). Taken over are those of the job that runs the planned unit's tests, those that the
//! unit's own image installs, and, where neither says anything, libraries that the README names.

use rr_core::{Analysis, Evidence, RunPlan, SystemPackage, Trust, Unit, UnitKind};

use super::merge;
use crate::miners::query;

/// Adds the packages that matter to the planned units.
pub(super) fn add_to_plan(analysis: &Analysis, units: &[&Unit], plan: &mut RunPlan) {
    let mut wanted: Vec<SystemPackage> = Vec::new();
    for unit in units {
        let job = query::main_ci_test(analysis, unit);
        let of_job = |evidence: &Evidence| {
            job.is_some_and(|job| same_job(analysis, &job.evidence, &job.context, evidence))
        };
        let found: Vec<&SystemPackage> = analysis
            .system_packages
            .iter()
            .filter(|package| {
                package.evidence.iter().any(|evidence| match evidence.trust {
                    Trust::Ci => of_job(evidence),
                    Trust::Container => of_image(unit, evidence, &package.name),
                    _ => false,
                })
            })
            .collect();
        wanted.extend(found.into_iter().cloned());
        if job.is_none() {
            wanted.extend(analysis.system_packages.iter().filter(|p| told(p)).cloned());
        }
    }
    for package in &mut wanted {
        package.evidence.truncate(3);
    }
    wanted.retain(|package| !left_out(&package.name));
    wanted.retain(|package| plan.system_packages.iter().all(|known| known.name != package.name));
    merge::merge_packages(&mut plan.system_packages, wanted);
}

/// Packages of a job that a run does without: further compilers of a matrix, cross toolchains,
/// emulators, coverage and analysis. Should a step miss one all the same, its diagnosis brings it.
fn left_out(name: &str) -> bool {
    const TOOLS: &[&str] = &[
        "valgrind",
        "lcov",
        "gcovr",
        "cppcheck",
        "doxygen",
        "kcov",
        "shellcheck",
        "ccache",
        "clang-format",
        "clang-tidy",
        "clang-tools",
        "gdb",
        "lldb",
        "iwyu",
        "texlive",
        "rpm",
        "tree",
        "jq",
        "unzip",
        "wget",
        "curl",
        "git",
        "rsync",
        "xvfb",
    ];
    let compiler =
        ["gcc", "g++", "clang", "llvm", "gfortran", "libclang", "lld"].iter().any(|tool| {
            name.strip_prefix(tool).is_some_and(|rest| {
                let version = rest.trim_start_matches('-');
                !rest.is_empty() && version.chars().all(|c| c.is_ascii_digit() || c == '.')
            })
        });
    compiler
        || matches!(name, "clang" | "llvm" | "gcc-multilib" | "g++-multilib")
        || TOOLS.contains(&name)
        || [
            "qemu",
            "lib32",
            "libasan",
            "libubsan",
            "libtsan",
            "texlive-",
            "gcc-arm",
            "gcc-aarch64",
            "mingw",
            "musl",
        ]
        .iter()
        .any(|family| name.starts_with(family))
        || name.ends_with("-cross")
        || name.ends_with("-i386")
        || name.ends_with("-multilib")
        || name.contains("-linux-gnu")
}

/// Whether evidence stands in the job of a command, or in a file without jobs.
fn same_job(analysis: &Analysis, job: &Evidence, context: &str, evidence: &Evidence) -> bool {
    if evidence.rule.starts_with("travis") {
        return job.path == evidence.path;
    }
    analysis.commands.iter().any(|command| {
        command.evidence == *evidence && command.context == context && job.trust == evidence.trust
    })
}

/// A service's image holds what the service needs; of others only what one builds against.
fn of_image(unit: &Unit, evidence: &Evidence, name: &str) -> bool {
    let folder = evidence.path.rsplit_once('/').map_or("", |(folder, _)| folder);
    folder == unit.path && (unit.kind == UnitKind::Service || name.ends_with("-dev"))
}

/// A library that the README tells to install.
fn told(package: &SystemPackage) -> bool {
    package.evidence.iter().any(|evidence| evidence.trust == Trust::Readme)
        && (package.name.ends_with("-dev")
            || matches!(package.name.as_str(), "pkg-config" | "build-essential"))
}

#[cfg(test)]
mod tests {
    use crate::analysis::{analyze_view, plan_view};
    use rr_core::{EnvironmentReport, MemoryRepo};

    #[test]
    fn packages_of_the_test_job_are_taken_over_and_others_are_not() {
        let repo = MemoryRepo::new([
            ("lib/tool.sh", "#!/bin/sh\n"),
            ("test/a.bats", "@test 'x' { true; }\n"),
            (
                ".github/workflows/ci.yml",
                "jobs:\n  release:\n    runs-on: ubuntu-latest\n    steps:\n    - run: sudo apt-get install -y rpm ruby-dev\n\
                 \x20 test:\n    runs-on: ubuntu-latest\n    steps:\n    - run: sudo apt-get install -y ffmpeg clang-14 gcc-arm-linux-gnueabi ${{ matrix.packages }}\n    - run: bats test\n",
            ),
        ]);
        let analysis = analyze_view(&repo);
        let plan = plan_view(&repo, &analysis, &EnvironmentReport::default(), None).unwrap();
        let names: Vec<_> = plan.system_packages.iter().map(|p| p.name.as_str()).collect();
        assert_eq!(names, ["bats", "ffmpeg"]);
    }
}
