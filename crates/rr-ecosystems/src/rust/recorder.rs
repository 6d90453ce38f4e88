//! How our wrappers are put under `cargo` in test steps.

/// Where Cargo reads the runner of a host's test binaries:
/// `CARGO_TARGET_X86_64_UNKNOWN_LINUX_GNU_RUNNER`.
pub(super) fn runner_variable(triple: &str) -> String {
    format!("CARGO_TARGET_{}_RUNNER", triple.to_ascii_uppercase().replace('-', "_"))
}

/// The host's target triple, from its machine architecture. GNU is what distributions use that
/// rustup's default host serves.
pub(super) fn triple(arch: &str) -> String {
    let arch = match arch {
        "" | "amd64" => "x86_64",
        "arm64" => "aarch64",
        other => other,
    };
    format!("{arch}-unknown-linux-gnu")
}
