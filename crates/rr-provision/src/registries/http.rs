//! A small HTTPS client: proxies, certificate bundles, retries, checked downloads.

use std::fs::File;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use rr_core::{CancelToken, EngineError, EngineErrorKind};
use sha2::{Digest as _, Sha256, Sha512};
use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig, TlsProvider, parse_pem};
use ureq::{Agent, Proxy};

use crate::environment::pip_settings;
use crate::fault;
use crate::settings::ProvisionSettings;

/// The largest document read into memory.
const DOCUMENT_LIMIT: u64 = 64 << 20;

/// Where certificate bundles lie on common systems, tried in turn.
const BUNDLES: &[&str] = &[
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
];

/// What a download must hash to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Digest {
    /// SHA-256 in lower-case hexadecimal.
    Sha256(String),
    /// SHA-512 as raw bytes.
    Sha512(Vec<u8>),
    /// The registry states none that can be checked.
    Unstated,
}

/// An HTTPS client. Cheap to make and to clone: certificates are read at the first request.
#[derive(Clone)]
pub(crate) struct HttpClient {
    settings: Arc<ProvisionSettings>,
    agents: Arc<OnceLock<Agents>>,
}

/// What sends requests, by the proxy that they take.
struct Agents {
    direct: Agent,
    secure: Option<Agent>,
    plain: Option<Agent>,
    no_proxy: Vec<String>,
}

impl HttpClient {
    /// A client that obeys the settings' proxies and certificate bundles.
    pub(crate) fn new(settings: &ProvisionSettings) -> Self {
        Self { settings: Arc::new(settings.clone()), agents: Arc::default() }
    }

    /// A document, with its content type.
    pub(crate) fn get(
        &self,
        url: &str,
        accept: &str,
        cancel: &CancelToken,
    ) -> Result<(String, Vec<u8>), EngineError> {
        self.retried(url, cancel, || {
            let mut response = self.request(url, accept)?;
            let kind = response
                .headers()
                .get("content-type")
                .and_then(|value| value.to_str().ok())
                .unwrap_or_default()
                .to_owned();
            let body = response
                .body_mut()
                .with_config()
                .limit(DOCUMENT_LIMIT)
                .read_to_vec()
                .map_err(|e| failure(url, &e))?;
            Ok((kind, body))
        })
    }

    /// Whether the address answers with any status within a time limit.
    pub(crate) fn answers(&self, url: &str, limit: Duration) -> bool {
        let request = self.agent_for(url).head(url).config().timeout_global(Some(limit)).build();
        matches!(request.call(), Ok(_) | Err(ureq::Error::StatusCode(_)))
    }

    /// A JSON document.
    pub(crate) fn json(
        &self,
        url: &str,
        accept: &str,
        cancel: &CancelToken,
    ) -> Result<serde_json::Value, EngineError> {
        let (_, body) = self.get(url, accept, cancel)?;
        serde_json::from_slice(&body)
            .map_err(|e| fault::environment(format!("`{url}` did not answer with JSON: {e}")))
    }

    /// Downloads into a file, at most `limit` bytes, and checks the digest.
    pub(crate) fn download(
        &self,
        url: &str,
        into: &Path,
        digest: &Digest,
        limit: u64,
        cancel: &CancelToken,
    ) -> Result<u64, EngineError> {
        self.retried(url, cancel, || {
            let mut response = self.request(url, "*/*")?;
            let mut body = response.body_mut().with_config().limit(limit + 1).reader();
            let mut file = File::create(into).map_err(|e| fault::io("create", into, e))?;
            let mut hash = RunningHash::of(digest);
            let mut buffer = vec![0; 1 << 16];
            let mut total = 0u64;
            loop {
                if cancel.is_cancelled() {
                    return Err(fault::cancelled(&format!("downloading `{url}`")));
                }
                let read = body
                    .read(&mut buffer)
                    .map_err(|e| fault::transient(format!("downloading `{url}` broke off: {e}")))?;
                if read == 0 {
                    break;
                }
                total += read as u64;
                if total > limit {
                    return Err(fault::refused(format!("`{url}` is larger than {limit} bytes")));
                }
                hash.update(&buffer[..read]);
                file.write_all(&buffer[..read]).map_err(|e| fault::io("write", into, e))?;
            }
            hash.check(url)?;
            Ok(total)
        })
    }

    fn request(
        &self,
        url: &str,
        accept: &str,
    ) -> Result<ureq::http::Response<ureq::Body>, EngineError> {
        self.agent_for(url).get(url).header("accept", accept).call().map_err(|e| failure(url, &e))
    }

    fn agent_for(&self, url: &str) -> &Agent {
        let agents = self.agents.get_or_init(|| Agents::new(&self.settings));
        let (scheme, rest) = url.split_once("://").unwrap_or(("https", url));
        let host = rest.split(['/', ':', '?']).next().unwrap_or_default();
        let exempt = agents
            .no_proxy
            .iter()
            .any(|suffix| host == suffix || host.ends_with(&format!(".{suffix}")) || suffix == "*");
        let proxied = if scheme == "http" { &agents.plain } else { &agents.secure };
        if exempt { &agents.direct } else { proxied.as_ref().unwrap_or(&agents.direct) }
    }

    /// Three attempts for what may pass by itself.
    fn retried<T>(
        &self,
        url: &str,
        cancel: &CancelToken,
        attempt: impl Fn() -> Result<T, EngineError>,
    ) -> Result<T, EngineError> {
        let mut pause = Duration::from_millis(300);
        for _ in 0..2 {
            match attempt() {
                Err(error) if error.is_retryable() => {}
                other => return other,
            }
            if cancel.is_cancelled() {
                return Err(fault::cancelled(&format!("asking `{url}`")));
            }
            std::thread::sleep(pause);
            pause *= 4;
        }
        attempt()
    }
}

impl Agents {
    fn new(settings: &ProvisionSettings) -> Self {
        let roots = roots(settings);
        let proxy = |names: &[&str]| {
            let address = names.iter().find_map(|name| settings.variable(name))?;
            Some(agent(roots.clone(), Some(Proxy::new(address).ok()?)))
        };
        let no_proxy = settings.variable("no_proxy").or_else(|| settings.variable("NO_PROXY"));
        Self {
            direct: agent(roots.clone(), None),
            secure: proxy(&["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"]),
            plain: proxy(&["http_proxy", "all_proxy"]),
            no_proxy: no_proxy
                .unwrap_or_default()
                .split(',')
                .map(|host| host.trim().trim_start_matches(['*', '.']).to_owned())
                .filter(|host| !host.is_empty())
                .collect(),
        }
    }
}

fn agent(roots: RootCerts, proxy: Option<Proxy>) -> Agent {
    let tls = TlsConfig::builder().provider(TlsProvider::Rustls).root_certs(roots).build();
    Agent::config_builder()
        .tls_config(tls)
        .proxy(proxy)
        .timeout_connect(Some(Duration::from_secs(15)))
        .timeout_recv_response(Some(Duration::from_secs(60)))
        .timeout_global(Some(Duration::from_secs(1800)))
        .user_agent(concat!("repo-runner/", env!("CARGO_PKG_VERSION")))
        .build()
        .new_agent()
}

fn roots(settings: &ProvisionSettings) -> RootCerts {
    let named =
        ["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "PIP_CERT", "NIX_SSL_CERT_FILE"];
    let mut paths: Vec<PathBuf> =
        named.iter().filter_map(|name| settings.variable(name)).map(PathBuf::from).collect();
    let pip = pip_settings(settings).into_iter().find(|(key, _)| key == "cert");
    paths.extend(pip.map(|(_, path)| PathBuf::from(path)));
    paths.extend(BUNDLES.iter().map(PathBuf::from));
    let mut certificates = paths.iter().map(|path| read_bundle(path)).find(|c| !c.is_empty());
    if let (Some(all), Some(extra)) = (&mut certificates, settings.variable("NODE_EXTRA_CA_CERTS"))
    {
        all.extend(read_bundle(Path::new(extra)));
    }
    certificates.map_or(RootCerts::WebPki, |all| RootCerts::new_with_certs(&all))
}

fn read_bundle(path: &Path) -> Vec<Certificate<'static>> {
    let Ok(bytes) = std::fs::read(path) else { return Vec::new() };
    parse_pem(&bytes)
        .filter_map(|item| match item {
            Ok(PemItem::Certificate(certificate)) => Some(certificate),
            _ => None,
        })
        .collect()
}

fn failure(url: &str, error: &ureq::Error) -> EngineError {
    let kind = match error {
        ureq::Error::StatusCode(404 | 410 | 405) => EngineErrorKind::Refused,
        ureq::Error::StatusCode(408 | 425 | 429 | 500..=599) => EngineErrorKind::Transient,
        ureq::Error::StatusCode(_) => EngineErrorKind::Environment,
        _ => EngineErrorKind::Transient,
    };
    EngineError::new(kind, format!("asking `{url}` failed: {error}"))
}

/// The hash of what has come so far, of the kind the registry states.
enum RunningHash<'a> {
    Sha256(Sha256, &'a str),
    Sha512(Sha512, &'a [u8]),
    None,
}

impl<'a> RunningHash<'a> {
    fn of(digest: &'a Digest) -> Self {
        match digest {
            Digest::Sha256(hex) => Self::Sha256(Sha256::new(), hex),
            Digest::Sha512(bytes) => Self::Sha512(Sha512::new(), bytes),
            Digest::Unstated => Self::None,
        }
    }

    fn update(&mut self, bytes: &[u8]) {
        match self {
            Self::Sha256(hash, _) => hash.update(bytes),
            Self::Sha512(hash, _) => hash.update(bytes),
            Self::None => {}
        }
    }

    fn check(self, url: &str) -> Result<(), EngineError> {
        let right = match self {
            Self::Sha256(hash, hex) => hex.eq_ignore_ascii_case(&hexadecimal(&hash.finalize())),
            Self::Sha512(hash, bytes) => hash.finalize().as_slice() == bytes,
            Self::None => true,
        };
        if right {
            return Ok(());
        }
        Err(fault::refused(format!("`{url}` does not have the hash that the registry states")))
    }
}

/// Lower-case hexadecimal.
pub(crate) fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
