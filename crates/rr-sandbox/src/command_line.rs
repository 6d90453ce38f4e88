//! A command's arguments and environment: the policy's and the plan's put together.
//!
//! Bubblewrap and what runs before the command drops its privileges must never see the command's
//! own environment: a repository could name a library to preload there. It travels in variables
//! with names of ours, which `env -i` turns into the real ones at the very end.

use std::collections::BTreeMap;
use std::ffi::{CString, OsString};
use std::os::unix::ffi::OsStringExt as _;

use rr_core::{ExecError, GuestLayout, ProcessSpec, SandboxPolicy};

use crate::child::plan::{GO_FD, STARTED_FD};
use crate::identity::RunAs;

/// Folders searched where the policy's environment has no PATH.
pub(crate) const DEFAULT_PATH: &str =
    "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// Capabilities left to a command that runs as root: what package managers and servers use to
/// hand out files, and nothing that reaches the kernel or other processes.
const ROOT_CAPABILITIES: &str = "-all,+chown,+dac_override,+fowner,+fsetid,+setgid,+setuid,\
                                 +kill,+net_bind_service,+setfcap,+audit_write,+sys_chroot";

/// The whole environment of a command.
pub(crate) fn environment(
    spec: &ProcessSpec,
    policy: &SandboxPolicy,
    layout: &GuestLayout,
    defaults: &[(&str, &str)],
) -> BTreeMap<String, String> {
    let mut env: BTreeMap<String, String> =
        defaults.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let expanded = |pairs: &BTreeMap<String, String>| -> Vec<(String, String)> {
        pairs.iter().map(|(name, value)| (name.clone(), layout.expand(value))).collect()
    };
    env.extend(expanded(&policy.env));
    env.extend(expanded(&spec.env));
    let last = env.get("PATH").cloned().unwrap_or_else(|| DEFAULT_PATH.to_owned());
    let folders = spec.path.iter().map(|folder| layout.expand(folder)).chain([last]);
    env.insert("PATH".to_owned(), folders.collect::<Vec<_>>().join(":"));
    env
}

/// The variables that carry the environment, in order.
///
/// # Errors
/// Where a name is empty or holds `=`, or something holds a NUL byte.
pub(crate) fn carried(env: &BTreeMap<String, String>) -> Result<Vec<CString>, ExecError> {
    env.iter()
        .enumerate()
        .map(|(index, (name, value))| {
            if name.is_empty() || name.contains('=') {
                return Err(ExecError::Setup(format!("`{name}` is no name for a variable")));
            }
            c_string(format!("RR_{index}={name}={value}"))
        })
        .collect()
}

/// What bubblewrap executes: drop privileges, say that the command starts, give it its
/// environment, become it.
pub(crate) fn wrapped(
    spec: &ProcessSpec,
    layout: &GuestLayout,
    run_as: RunAs,
    variables: usize,
) -> Vec<OsString> {
    let mut words: Vec<OsString> = Vec::new();
    if spec.tty {
        // Here and not before bubblewrap: a terminal hangs up when its session's leader ends, and
        // bubblewrap's monitor is taken away.
        words.extend(["/usr/bin/setsid".into(), "--ctty".into()]);
    }
    words.extend(drop_privileges(run_as, spec.as_root));
    words.extend(["/bin/sh".into(), "-c".into(), script(variables).into(), "sh".into()]);
    words.extend(spec.argv.iter().map(|word| layout.expand(word).into()));
    words
}

fn drop_privileges(run_as: RunAs, as_root: bool) -> Vec<OsString> {
    let id = run_as.inside();
    let words = match (run_as, as_root) {
        (RunAs::Dedicated { .. }, false) => format!(
            "/usr/bin/setpriv --reuid={id} --regid={id} --clear-groups --no-new-privs \
             --bounding-set=-all --inh-caps=-all --ambient-caps=-all --"
        ),
        (RunAs::Mapped { .. }, false) => {
            format!("/usr/bin/unshare --user --map-user={id} --map-group={id} --")
        }
        (_, true) => format!(
            "/usr/bin/setpriv --no-new-privs --bounding-set={ROOT_CAPABILITIES} --inh-caps=-all \
             --ambient-caps=-all --"
        ),
    };
    words.split_whitespace().map(OsString::from).collect()
}

fn script(variables: usize) -> String {
    let carried: Vec<String> = (0..variables).map(|index| format!("\"$RR_{index}\"")).collect();
    format!(
        "printf . >&{STARTED_FD}; read -r go <&{GO_FD}; exec {STARTED_FD}>&- {GO_FD}<&-; \
         exec /usr/bin/env -i {} \"$@\"",
        carried.join(" ")
    )
}

/// A string for a system call.
///
/// # Errors
/// Where it holds a NUL byte.
pub(crate) fn c_string(text: impl Into<OsString>) -> Result<CString, ExecError> {
    let bytes = text.into().into_vec();
    CString::new(bytes).map_err(|error| {
        let text = String::from_utf8_lossy(&error.into_vec()).into_owned();
        ExecError::Setup(format!("`{text}` holds a NUL byte"))
    })
}
