//! Which files decide what installing and building brings.

use rr_core::{RepoView, RunPlan};

/// Manifests, lockfiles and version pins, by exact name.
#[rustfmt::skip]
static NAMES: &[&str] = &[
    "pyproject.toml", "setup.py", "setup.cfg", "uv.lock", "poetry.lock", "pdm.lock", "Pipfile",
    "Pipfile.lock", "pylock.toml", "environment.yml", "environment.yaml", ".python-version",
    "tox.ini", "noxfile.py", "MANIFEST.in", "package.json", "package-lock.json",
    "npm-shrinkwrap.json", "yarn.lock", "pnpm-lock.yaml", "pnpm-workspace.yaml", "bun.lock",
    "bun.lockb", "deno.json", "deno.jsonc", "deno.lock", ".npmrc", ".yarnrc", ".yarnrc.yml", ".nvmrc",
    ".node-version", "lerna.json", "turbo.json", "nx.json", "Cargo.toml", "Cargo.lock", "build.rs",
    "rust-toolchain", "rust-toolchain.toml", "go.mod", "go.sum", "go.work", "go.work.sum", "pom.xml",
    "build.gradle", "build.gradle.kts", "settings.gradle", "settings.gradle.kts",
    "gradle.properties", "gradle-wrapper.properties", "maven-wrapper.properties",
    "libs.versions.toml", "CMakeLists.txt", "CMakePresets.json", "Makefile", "GNUmakefile",
    "configure", "configure.ac", "configure.in", "Makefile.am", "Makefile.in", "meson.build",
    "meson_options.txt", "meson.options", "conanfile.txt", "conanfile.py", "vcpkg.json", "Gemfile",
    "Gemfile.lock", ".ruby-version", "Rakefile", "cpanfile", "cpanfile.snapshot", "Makefile.PL",
    "Build.PL", "dist.ini", "META.json", ".tool-versions", "mise.toml", ".mise.toml", ".sdkmanrc",
    "runtime.txt", ".java-version", ".go-version", ".gitmodules", "justfile", "Taskfile.yml",
    "Dockerfile", "apt.txt", "Aptfile", ".env.example", "repo-runner.toml",
];

/// The input files of a plan, sorted: those below the folders of its steps' units.
pub(super) fn input_files(repo: &dyn RepoView, plan: &RunPlan) -> Vec<String> {
    let units: Vec<&str> = plan.steps.iter().map(|step| step.unit.as_str()).collect();
    let below = |path: &str| {
        units.iter().any(|unit| {
            unit.is_empty() || path.strip_prefix(unit).is_some_and(|rest| rest.starts_with('/'))
        }) || !path.contains('/')
    };
    repo.files()
        .iter()
        .filter(|entry| below(&entry.path) && is_input(&entry.path))
        .map(|entry| entry.path.clone())
        .collect()
}

fn is_input(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    NAMES.contains(&name)
        || name.ends_with(".gemspec")
        || name.ends_with(".cmake")
        || name.ends_with(".csproj")
        || requirements(path, name)
}

/// `requirements.txt`, `requirements-dev.in`, `dev-requirements.txt`, `requirements/test.txt`.
fn requirements(path: &str, name: &str) -> bool {
    let plain = name.ends_with(".txt") || name.ends_with(".in");
    plain
        && (name.contains("requirements")
            || name.contains("constraints")
            || path.contains("requirements/"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rr_core::{Command, EcosystemId, MemoryRepo, Step, StepKind};

    #[test]
    fn inputs_are_those_of_the_planned_units_and_the_root() {
        let repo = MemoryRepo::new([
            ("api/requirements/dev.txt", ""),
            ("api/app.py", ""),
            ("web/package.json", ""),
            (".tool-versions", ""),
        ]);
        let id = EcosystemId::new("python");
        let step = Step::new("i", &id, "api", StepKind::Install, "i", Command::shell("true"));
        let plan = RunPlan { steps: vec![step], ..RunPlan::default() };
        assert_eq!(input_files(&repo, &plan), [".tool-versions", "api/requirements/dev.txt"]);
    }
}
