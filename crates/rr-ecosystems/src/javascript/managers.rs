//! Package managers: which one rules, in which version, and how it installs.

use std::collections::BTreeMap;

use rr_core::{Evidence, RepoView, ToolchainRequirement, Trust, VersionRequest};

use super::package_json::{Manifest, join, leading_number};

/// A package manager.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tool {
    Npm,
    Yarn1,
    YarnBerry,
    Pnpm,
    Bun,
    Deno,
}

/// The manager that rules a package, and what is known about its lockfile.
#[derive(Clone, Debug)]
pub(super) struct Manager {
    /// Which.
    pub(super) tool: Tool,
    /// Version asked for.
    pub(super) version: VersionRequest,
    /// Path of the lockfile.
    pub(super) lockfile: Option<String>,
    /// Version number that the lockfile's format bears.
    pub(super) lock_version: Option<u32>,
    /// Why.
    pub(super) evidence: Vec<Evidence>,
}

/// Lockfiles, the surest sign first.
const LOCKS: &[(&str, Tool)] = &[
    ("pnpm-lock.yaml", Tool::Pnpm),
    ("bun.lock", Tool::Bun),
    ("bun.lockb", Tool::Bun),
    ("yarn.lock", Tool::Yarn1),
    ("package-lock.json", Tool::Npm),
    ("npm-shrinkwrap.json", Tool::Npm),
];

impl Tool {
    /// Its name as a program and toolchain.
    pub(super) const fn program(self) -> &'static str {
        match self {
            Self::Npm => "npm",
            Self::Yarn1 | Self::YarnBerry => "yarn",
            Self::Pnpm => "pnpm",
            Self::Bun => "bun",
            Self::Deno => "deno",
        }
    }
}

impl Manager {
    /// The manager of the package in a folder.
    pub(super) fn of(repo: &dyn RepoView, manifest: &Manifest) -> Self {
        let declared = declared(manifest);
        let locks: Vec<(String, Tool)> = LOCKS
            .iter()
            .map(|(file, tool)| (manifest.path(file), *tool))
            .filter(|(path, _)| repo.has(path))
            .collect();
        let (tool, version, mut evidence) = match declared {
            Some((tool, version)) => {
                let evidence = manifest.evidence(
                    "javascript.package-manager",
                    "packageManager",
                    Trust::Manifest,
                );
                (tool, version, vec![evidence])
            }
            None => from_locks(repo, manifest, &locks),
        };
        let family = |other: Tool| other.program() == tool.program();
        let lockfile = locks.into_iter().find(|(_, other)| family(*other)).map(|(path, _)| path);
        let text = lockfile.as_ref().and_then(|path| repo.text(path));
        let lock_version = text.as_deref().and_then(|text| lock_version(tool, text));
        if let Some(path) = &lockfile {
            evidence.push(Evidence::at(path.clone(), "javascript.lockfile", Trust::Manifest));
        }
        let tool = if tool == Tool::Yarn1 && is_berry(repo, manifest, text.as_deref(), &version) {
            Tool::YarnBerry
        } else {
            tool
        };
        let version = version
            .or_else(|| engine(manifest, tool))
            .unwrap_or_else(|| default_version(tool, lock_version));
        Self { tool, version, lockfile, lock_version, evidence }
    }

    /// The toolchain that the manager itself is. npm comes with Node.
    pub(super) fn toolchain(&self) -> Option<ToolchainRequirement> {
        if self.tool == Tool::Npm {
            return None;
        }
        Some(ToolchainRequirement {
            tool: self.tool.program().to_owned(),
            version: self.version.clone(),
            evidence: self.evidence.clone(),
        })
    }

    /// The command that installs exactly what the lockfile says, or what the manifest says where
    /// there is none.
    pub(super) fn install(&self) -> Vec<&'static str> {
        let locked = self.lockfile.is_some();
        match self.tool {
            Tool::Npm if locked => vec!["npm", "ci"],
            Tool::Npm => vec!["npm", "install", "--no-package-lock"],
            Tool::Yarn1 if locked => {
                vec!["yarn", "install", "--frozen-lockfile", "--non-interactive"]
            }
            Tool::Yarn1 => vec!["yarn", "install", "--non-interactive", "--pure-lockfile"],
            Tool::YarnBerry if locked => vec!["yarn", "install", "--immutable"],
            Tool::YarnBerry => vec!["yarn", "install", "--no-immutable"],
            Tool::Pnpm if locked => vec!["pnpm", "install", "--frozen-lockfile"],
            Tool::Pnpm => vec!["pnpm", "install", "--no-frozen-lockfile"],
            Tool::Bun if locked => vec!["bun", "install", "--frozen-lockfile"],
            Tool::Bun => vec!["bun", "install"],
            Tool::Deno => vec!["deno", "install"],
        }
    }

    /// The same without a lockfile's word.
    pub(super) fn loose_install(&self) -> Vec<&'static str> {
        match self.tool {
            Tool::Npm => vec!["npm", "install", "--no-save"],
            Tool::Yarn1 => vec!["yarn", "install", "--non-interactive"],
            Tool::YarnBerry => vec!["yarn", "install", "--no-immutable"],
            Tool::Pnpm => vec!["pnpm", "install", "--no-frozen-lockfile"],
            Tool::Bun => vec!["bun", "install", "--no-save"],
            Tool::Deno => vec!["deno", "install"],
        }
    }

    /// Variables of every step: caches, and nobody fetches another version of a manager.
    pub(super) fn env(&self) -> BTreeMap<String, String> {
        let mut env: BTreeMap<String, String> = [
            ("npm_config_cache", "@{caches}/npm"),
            ("COREPACK_ENABLE_DOWNLOAD_PROMPT", "0"),
            ("COREPACK_ENABLE_STRICT", "0"),
        ]
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
        let own: &[(&str, &str)] = match self.tool {
            Tool::Npm | Tool::Deno => &[],
            Tool::Yarn1 => &[("YARN_CACHE_FOLDER", "@{caches}/yarn")],
            Tool::YarnBerry => &[
                ("YARN_GLOBAL_FOLDER", "@{caches}/yarn-berry"),
                ("YARN_ENABLE_TELEMETRY", "0"),
                ("YARN_IGNORE_PATH", "0"),
            ],
            Tool::Pnpm => &[
                ("npm_config_store_dir", "@{caches}/pnpm"),
                ("npm_config_manage_package_manager_versions", "false"),
                ("npm_config_package_manager_strict", "false"),
                ("npm_config_verify_deps_before_run", "false"),
                ("pnpm_config_store_dir", "@{caches}/pnpm"),
                ("pnpm_config_manage_package_manager_versions", "false"),
                ("pnpm_config_package_manager_strict", "false"),
                ("pnpm_config_verify_deps_before_run", "false"),
            ],
            Tool::Bun => &[("BUN_INSTALL_CACHE_DIR", "@{caches}/bun")],
        };
        env.extend(own.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        env
    }

    /// The command that adds packages which no manifest names, without touching the manifest.
    pub(super) fn add(&self, names: &[String]) -> Vec<String> {
        let fixed: &[&str] = match self.tool {
            Tool::Npm => {
                &["npm", "install", "--no-save", "--no-package-lock", "--legacy-peer-deps"]
            }
            Tool::Yarn1 => {
                &["yarn", "add", "--dev", "--ignore-workspace-root-check", "--non-interactive"]
            }
            Tool::YarnBerry => &["yarn", "add", "--dev"],
            Tool::Pnpm => &["pnpm", "add", "--save-dev", "--ignore-workspace-root-check"],
            Tool::Bun => &["bun", "add", "--dev"],
            Tool::Deno => &["deno", "add"],
        };
        fixed.iter().map(|word| (*word).to_owned()).chain(names.iter().cloned()).collect()
    }
}

/// `packageManager`, else volta's, else `engines` where it asks for one manager besides npm.
fn declared(manifest: &Manifest) -> Option<(Tool, Option<VersionRequest>)> {
    let by_name = |name: &str, version: Option<&str>| {
        let tool = match name {
            "npm" => Tool::Npm,
            "yarn" => Tool::Yarn1,
            "pnpm" => Tool::Pnpm,
            "bun" => Tool::Bun,
            _ => return None,
        };
        let exact = version.map(|v| v.split(['+', '#']).next().unwrap_or(v).to_owned());
        let exact = exact.filter(|v| v.starts_with(|c: char| c.is_ascii_digit()));
        Some((tool, exact.map(VersionRequest::Exact)))
    };
    if let Some((name, version)) = manifest.text("packageManager").and_then(|t| t.split_once('@')) {
        return by_name(name, Some(version));
    }
    ["pnpm", "yarn"].iter().find_map(|name| by_name(name, Some(manifest.nested("volta", name)?)))
}

/// What `engines` asks of the manager.
fn engine(manifest: &Manifest, tool: Tool) -> Option<VersionRequest> {
    let range = manifest.nested("engines", tool.program())?.trim();
    let open = matches!(range, "" | "*" | "x") || tool == Tool::Npm;
    // A range from below says nothing that the lockfile does not say better.
    (!open && !range.starts_with('>')).then(|| VersionRequest::Range(range.to_owned()))
}

fn from_locks(
    repo: &dyn RepoView,
    manifest: &Manifest,
    locks: &[(String, Tool)],
) -> (Tool, Option<VersionRequest>, Vec<Evidence>) {
    if let Some((_, tool)) = locks.first() {
        return (*tool, None, Vec::new());
    }
    let sign = |file: &str, tool: Tool| {
        let path = join(&manifest.folder, file);
        repo.has(&path).then(|| {
            (tool, None, vec![Evidence::at(path, "javascript.manager-file", Trust::Manifest)])
        })
    };
    sign("pnpm-workspace.yaml", Tool::Pnpm)
        .or_else(|| sign(".yarnrc.yml", Tool::Yarn1))
        .or_else(|| sign("bunfig.toml", Tool::Bun))
        .unwrap_or((Tool::Npm, None, Vec::new()))
}

fn is_berry(
    repo: &dyn RepoView,
    manifest: &Manifest,
    lock: Option<&str>,
    version: &Option<VersionRequest>,
) -> bool {
    if let Some(VersionRequest::Exact(text)) = version {
        return leading_number(text).is_some_and(|major| major >= 2);
    }
    lock.map_or_else(
        || repo.has(&manifest.path(".yarnrc.yml")),
        |text| text.contains("__metadata:"),
    )
}

/// The number in a lockfile's head: `lockfileVersion: '9.0'`, `"lockfileVersion": 1`.
fn lock_version(tool: Tool, text: &str) -> Option<u32> {
    let head: String = text.chars().take(600).collect();
    let key = if tool.program() == "yarn" { "version:" } else { "ockfileVersion" };
    let line = head.lines().find(|line| line.contains(key))?;
    leading_number(line.split_once(key)?.1)
}

/// The version of a manager that reads a lockfile of this format.
fn default_version(tool: Tool, lock: Option<u32>) -> VersionRequest {
    let exact = |text: &str| VersionRequest::Exact(text.to_owned());
    match (tool, lock) {
        (Tool::Pnpm, Some(5)) => exact("7"),
        (Tool::Pnpm, Some(6)) => exact("8"),
        (Tool::Pnpm, Some(9)) => VersionRequest::OneOf(vec!["10".to_owned(), "9".to_owned()]),
        (Tool::Pnpm, _) => VersionRequest::OneOf(vec!["10".to_owned(), "9".to_owned()]),
        (Tool::Yarn1, _) => exact("1"),
        (Tool::YarnBerry, Some(4..=5)) => exact("2"),
        (Tool::YarnBerry, Some(6..=7)) => exact("3"),
        (Tool::YarnBerry, _) => exact("4"),
        _ => VersionRequest::Any,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rr_core::MemoryRepo;

    fn manager(files: &[(&str, &str)]) -> Manager {
        let repo = MemoryRepo::new(files.iter().copied());
        Manager::of(&repo, &Manifest::read(&repo, "").unwrap())
    }

    #[test]
    fn the_declared_manager_rules_over_lockfiles() {
        let found = manager(&[
            ("package.json", r#"{"packageManager": "pnpm@9.1.1+sha512.ab"}"#),
            ("package-lock.json", "{}"),
            ("pnpm-lock.yaml", "lockfileVersion: '9.0'\n"),
        ]);
        assert_eq!(found.tool, Tool::Pnpm);
        assert_eq!(found.version, VersionRequest::Exact("9.1.1".to_owned()));
        assert_eq!(found.lockfile.as_deref(), Some("pnpm-lock.yaml"));
        assert_eq!(found.env()["npm_config_manage_package_manager_versions"], "false");
    }

    #[test]
    fn lockfiles_tell_the_manager_and_its_generation() {
        let of = |file: &str, text: &str| manager(&[("package.json", "{}"), (file, text)]);
        let old = of("pnpm-lock.yaml", "lockfileVersion: 5.4\n");
        assert_eq!(old.version, VersionRequest::Exact("7".to_owned()));
        assert_eq!(of("yarn.lock", "# yarn lockfile v1\n").tool, Tool::Yarn1);
        let berry = of("yarn.lock", "__metadata:\n  version: 6\n");
        assert_eq!(
            (berry.tool, berry.version),
            (Tool::YarnBerry, VersionRequest::Exact("3".to_owned()))
        );
        let npm = of("package-lock.json", "{\n \"name\": \"x\",\n \"lockfileVersion\": 1,");
        assert_eq!((npm.tool, npm.lock_version), (Tool::Npm, Some(1)));
        assert_eq!(npm.install(), ["npm", "ci"]);
        assert_eq!(manager(&[("package.json", "{}")]).install()[1], "install");
    }
}
