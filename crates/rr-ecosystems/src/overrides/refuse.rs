//! Keys that no file may have: what only the user's command line grants.

/// The command-line option that grants what a key asks for; `None` for keys of another kind.
pub(super) fn granted_by(key: &str) -> Option<&'static str> {
    let key = key.to_ascii_lowercase().replace('_', "-");
    Some(match key.as_str() {
        "trust" | "trusted" | "privileged" | "as-root" | "sudo" | "user" => "--trust",
        "executor" | "host" | "sandbox" | "isolation" | "network" | "allow-network"
        | "internet" | "mounts" | "volumes" | "binds" | "devices" | "capabilities" => "--executor",
        "secrets" | "credentials" | "env-file" => "--env-file",
        "limits" | "timeout" => "--timeout",
        _ => return None,
    })
}

/// Whether a file may not set a variable, and why: those that the sandbox and the recorders of
/// test outcomes own.
pub(super) fn owned_variable(name: &str) -> bool {
    matches!(name, "PATH" | "HOME" | "LD_PRELOAD" | "LD_LIBRARY_PATH" | "BASH_ENV" | "ENV")
        || name.starts_with("REPO_RUNNER_")
}
