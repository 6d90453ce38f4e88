//! Why a single test failed, by its message. Rules are data; silence is the default.

use rr_core::CauseClass;

/// A text that must occur, and the class it proves. The first that matches rules.
#[rustfmt::skip]
static RULES: &[(&str, CauseClass)] = &[
    // socket.gaierror: [Errno -3] Temporary failure in name resolution
    ("Temporary failure in name resolution", CauseClass::NeedsNetwork),
    // socket.gaierror: [Errno -2] Name or service not known
    ("Name or service not known", CauseClass::NeedsNetwork),
    ("nodename nor servname provided", CauseClass::NeedsNetwork),
    // Error: getaddrinfo ENOTFOUND example.com
    ("getaddrinfo ENOTFOUND", CauseClass::NeedsNetwork),
    ("getaddrinfo EAI_AGAIN", CauseClass::NeedsNetwork),
    ("socket.gaierror", CauseClass::NeedsNetwork),
    ("NameResolutionError", CauseClass::NeedsNetwork),
    // dial tcp: lookup example.com: no such host
    (": no such host", CauseClass::NeedsNetwork),
    ("failed to lookup address information", CauseClass::NeedsNetwork),
    ("java.net.UnknownHostException", CauseClass::NeedsNetwork),
    ("Could not resolve host", CauseClass::NeedsNetwork),
    ("Network is unreachable", CauseClass::NeedsNetwork),
    ("network is unreachable", CauseClass::NeedsNetwork),
    ("ENETUNREACH", CauseClass::NeedsNetwork),
    ("SocketError: getaddrinfo", CauseClass::NeedsNetwork),
    ("dns error: failed to lookup", CauseClass::NeedsNetwork),
    // CUDA and other hardware
    ("Found no NVIDIA driver on your system", CauseClass::NeedsHardware),
    ("Torch not compiled with CUDA enabled", CauseClass::NeedsHardware),
    ("No CUDA GPUs are available", CauseClass::NeedsHardware),
    ("CUDA driver version is insufficient", CauseClass::NeedsHardware),
    ("no CUDA-capable device is detected", CauseClass::NeedsHardware),
    ("libcuda.so.1: cannot open shared object file", CauseClass::NeedsHardware),
    ("/dev/kvm", CauseClass::NeedsHardware),
    // Privilege
    ("Operation not permitted", CauseClass::NeedsPrivilege),
    ("EPERM: operation not permitted", CauseClass::NeedsPrivilege),
    ("operation not permitted", CauseClass::NeedsPrivilege),
    ("must be run as root", CauseClass::NeedsPrivilege),
    ("must not be run as root", CauseClass::NeedsPrivilege),
    ("Cannot connect to the Docker daemon", CauseClass::NeedsPrivilege),
    ("Could not find a valid Docker environment", CauseClass::NeedsPrivilege),
    ("docker.errors.DockerException", CauseClass::NeedsPrivilege),
    // Secrets
    ("NoCredentialsError", CauseClass::NeedsSecret),
    ("Unable to locate credentials", CauseClass::NeedsSecret),
    ("DefaultCredentialsError", CauseClass::NeedsSecret),
    ("OPENAI_API_KEY", CauseClass::NeedsSecret),
    ("Bad credentials", CauseClass::NeedsSecret),
    // Services and modules that are ours to bring
    ("ModuleNotFoundError: No module named", CauseClass::Environment),
    ("Cannot find module '", CauseClass::Environment),
    ("error while loading shared libraries", CauseClass::Environment),
    ("cannot open shared object file", CauseClass::Environment),
    ("could not connect to server: Connection refused", CauseClass::Environment),
    ("No space left on device", CauseClass::Environment),
    ("ENOSPC: no space left", CauseClass::Environment),
    ("pg_config executable not found", CauseClass::Environment),
    (": command not found", CauseClass::Environment),
];

/// The cause class that a failing case's message proves; `None` where it proves none.
#[must_use]
pub fn classify_case(message: &str) -> Option<CauseClass> {
    RULES.iter().find(|(text, _)| message.contains(text)).map(|(_, class)| *class)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_prove_their_cause() {
        let of = classify_case;
        assert_eq!(
            of("E   socket.gaierror: [Errno -2] Name or service not known"),
            Some(CauseClass::NeedsNetwork)
        );
        assert_eq!(
            of("PermissionError: [Errno 1] Operation not permitted: '/x'"),
            Some(CauseClass::NeedsPrivilege)
        );
        assert_eq!(of("AssertionError: 1 != 2"), None);
    }
}
