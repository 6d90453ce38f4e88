//! Why a single test failed, by its message. Rules are data; silence is the default.

use rr_core::CauseClass;

use super::generic_diagnosis;
use crate::miners::variables;

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
    // actual: {"errno":-3001,"code":"EAI_AGAIN","syscall":"getaddrinfo","hostname":"example.com"}
    ("EAI_AGAIN", CauseClass::NeedsNetwork),
    (r#""code":"ENOTFOUND","syscall":"getaddrinfo""#, CauseClass::NeedsNetwork),
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
    // Error: browserType.launch: Executable doesn't exist at /home/runner/.cache/ms-playwright/…
    ("browserType.launch: Executable doesn't exist", CauseClass::NeedsNetwork),
    // OSError: [Errno 99] Cannot assign requested address: '::1'
    ("Cannot assign requested address", CauseClass::NeedsNetwork),
    ("EADDRNOTAVAIL", CauseClass::NeedsNetwork),
    // The test's own limit: Error: Timeout of 2000ms exceeded.
    ("Error: Timeout of ", CauseClass::Timeout),
    ("Test timed out in ", CauseClass::Timeout),
    ("thrown: \"Exceeded timeout of ", CauseClass::Timeout),
    ("Failed: Timeout >", CauseClass::Timeout),
    ("Failed: Timeout (>", CauseClass::Timeout),
    // Certificates that their authors let expire
    ("CERT_HAS_EXPIRED", CauseClass::Intrinsic),
    ("certificate has expired", CauseClass::Intrinsic),
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
    // Memory
    ("MemoryError", CauseClass::NeedsHardware),
    ("java.lang.OutOfMemoryError", CauseClass::NeedsHardware),
    ("JavaScript heap out of memory", CauseClass::NeedsHardware),
    ("Cannot allocate memory", CauseClass::NeedsHardware),
    // Services and modules that are ours to bring
    ("ModuleNotFoundError: No module named", CauseClass::Environment),
    ("error while loading shared libraries", CauseClass::Environment),
    ("cannot open shared object file", CauseClass::Environment),
    ("could not connect to server: Connection refused", CauseClass::Environment),
    ("No space left on device", CauseClass::Environment),
    ("ENOSPC: no space left", CauseClass::Environment),
    ("unsupported locale setting", CauseClass::Environment),
    ("pg_config executable not found", CauseClass::Environment),
    (": command not found", CauseClass::Environment),
];

/// The cause class that a failing case's message proves; `None` where it proves none.
#[must_use]
pub fn classify_case(message: &str) -> Option<CauseClass> {
    let rule = RULES.iter().find(|(text, _)| message.contains(text)).map(|(_, class)| *class);
    rule.or_else(|| refused_service(message))
        .or_else(|| missing_package(message))
        .or_else(|| missing_secret(message))
        .or_else(|| {
            generic_diagnosis::wants_another_user(message).then_some(CauseClass::NeedsPrivilege)
        })
}

/// `RuntimeError: PAYMENT_API_KEY is not set`: a key that another party gives out.
fn missing_secret(message: &str) -> Option<CauseClass> {
    const ABSENT: &[&str] = &[
        "not set",
        "missing",
        "required",
        "must be set",
        "not found",
        "undefined",
        "KeyError",
        "not provided",
        "not configured",
    ];
    let name = |word: &&str| {
        word.contains('_')
            && word.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_')
            && variables::secret_name(word)
            && variables::of_another_party(word)
    };
    let words = |line: &str| {
        line.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).any(|word| name(&word))
    };
    message
        .lines()
        .any(|line| ABSENT.iter().any(|absent| line.contains(absent)) && words(line))
        .then_some(CauseClass::NeedsSecret)
}

/// `connect ECONNREFUSED 127.0.0.1:6379`: a database or broker that is not there.
fn refused_service(message: &str) -> Option<CauseClass> {
    // Databases and brokers, then search engines, queues and clouds' emulators.
    const PORTS: &[&str] = &[
        "5432", "3306", "6379", "27017", "5672", "11211", "9200", "9092", "9042", "1433", "2379",
        "4566", "10000",
    ];
    let named = |line: &str, port: &str| {
        [":", "port ", "port="].iter().any(|before| {
            line.split_once(&format!("{before}{port}"))
                .is_some_and(|(_, after)| !after.starts_with(|c: char| c.is_ascii_digit()))
        })
    };
    message
        .lines()
        .filter(|line| line.contains("refused") || line.contains("ECONNREFUSED"))
        .any(|line| PORTS.iter().any(|port| named(line, port)))
        .then_some(CauseClass::Environment)
}

/// `Cannot find module 'left-pad'`: a package, as opposed to a file of the repository's own.
fn missing_package(message: &str) -> Option<CauseClass> {
    let (_, rest) = message.split_once("Cannot find module '")?;
    (!rest.starts_with(['.', '/', '@', '~']) || rest.starts_with('@') && !rest.starts_with("@/"))
        .then_some(CauseClass::Environment)
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
        let shown = r#"actual: {"errno":-3001,"code":"EAI_AGAIN","syscall":"getaddrinfo"}"#;
        assert_eq!(of(shown), Some(CauseClass::NeedsNetwork));
        assert_eq!(of("AssertionError: 1 != 2"), None);
        assert_eq!(of("connect ECONNREFUSED 127.0.0.1:6379"), Some(CauseClass::Environment));
        assert_eq!(of("connect ECONNREFUSED 127.0.0.1:1"), None);
        assert_eq!(of("connect ECONNREFUSED 127.0.0.1:100001"), None);
        let emulator =
            "HTTPConnection(host='localhost', port=10000): [Errno 111] Connection refused";
        assert_eq!(of(emulator), Some(CauseClass::Environment));
        assert_eq!(of("Cannot find module 'left-pad'"), Some(CauseClass::Environment));
        assert_eq!(of("Cannot find module './missing' from 'a.js'"), None);
        assert_eq!(of("RuntimeError: PAYMENT_API_KEY is not set"), Some(CauseClass::NeedsSecret));
        assert_eq!(of("panic: this test requires root access"), Some(CauseClass::NeedsPrivilege));
        assert_eq!(of("AssertionError: LAST_KEY is not set"), None);
        assert_eq!(of("AssertionError: 'only root can' not in 'usage'"), None);
        assert_eq!(of("Error: certificate has expired"), Some(CauseClass::Intrinsic));
    }
}
