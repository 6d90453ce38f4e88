//! Which variables of the user's environment reach what we run: proxies, certificates, registries.
//! Nothing else does, and values that carry credentials only for trusted repositories.

use std::collections::BTreeMap;

use crate::settings::ProvisionSettings;

/// Names in full. Proxy names are also taken in lower case.
const NAMES: &[&str] = &[
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "ALL_PROXY",
    "NO_PROXY",
    "FTP_PROXY",
    "http_proxy",
    "https_proxy",
    "all_proxy",
    "no_proxy",
    "ftp_proxy",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "REQUESTS_CA_BUNDLE",
    "CURL_CA_BUNDLE",
    "PIP_CERT",
    "NODE_EXTRA_CA_CERTS",
    "GIT_SSL_CAINFO",
    "GIT_SSL_CAPATH",
    "CARGO_HTTP_CAINFO",
    "CARGO_HTTP_PROXY",
    "NIX_SSL_CERT_FILE",
    "HTTPLIB2_CA_CERTS",
    "AWS_CA_BUNDLE",
    "GRPC_DEFAULT_SSL_ROOTS_FILE_PATH",
    "DENO_CERT",
    "DENO_TLS_CA_STORE",
    "HEX_CACERTS_PATH",
    "BUNDLE_SSL_CA_CERT",
    "PERL_LWP_SSL_CA_FILE",
    "COMPOSER_CAFILE",
    "PIP_INDEX_URL",
    "PIP_EXTRA_INDEX_URL",
    "PIP_TRUSTED_HOST",
    "PIP_FIND_LINKS",
    "PIP_PROXY",
    "PIP_DEFAULT_TIMEOUT",
    "PIP_RETRIES",
    "PDM_PYPI_URL",
    "UV_INDEX_URL",
    "UV_DEFAULT_INDEX",
    "UV_EXTRA_INDEX_URL",
    "UV_INDEX",
    "UV_FIND_LINKS",
    "UV_NATIVE_TLS",
    "UV_SYSTEM_CERTS",
    "UV_INSECURE_HOST",
    "UV_HTTP_TIMEOUT",
    "UV_PYTHON_INSTALL_MIRROR",
    "npm_config_registry",
    "NPM_CONFIG_REGISTRY",
    "npm_config_cafile",
    "NPM_CONFIG_CAFILE",
    "npm_config_proxy",
    "npm_config_https_proxy",
    "npm_config_noproxy",
    "YARN_NPM_REGISTRY_SERVER",
    "YARN_REGISTRY",
    "YARN_HTTPS_CA_FILE_PATH",
    "GOPROXY",
    "GONOPROXY",
    "GOSUMDB",
    "GONOSUMDB",
    "GOPRIVATE",
    "GOINSECURE",
    "RUSTUP_DIST_SERVER",
    "RUSTUP_UPDATE_ROOT",
    "CARGO_REGISTRIES_CRATES_IO_PROTOCOL",
    "CARGO_NET_RETRY",
    "CARGO_HTTP_TIMEOUT",
    "CARGO_HTTP_CHECK_REVOKE",
    "BUNDLE_MIRROR__ALL",
    "HEX_MIRROR",
    "HEX_CDN",
    "COMPOSER_MIRROR_PATH_REPOS",
    "NVM_NODEJS_ORG_MIRROR",
];

/// The variables to pass on, by name.
#[must_use]
pub fn passed_variables(settings: &ProvisionSettings) -> BTreeMap<String, String> {
    settings
        .variables
        .iter()
        .filter(|(name, value)| NAMES.contains(&name.as_str()) && !value.is_empty())
        .filter(|(_, value)| settings.trusted || !carries_credentials(value))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}

/// Whether any URL in a value names a user: `https://user:secret@host/`.
pub(crate) fn carries_credentials(value: &str) -> bool {
    value.split([' ', ',', '|', ';', '"']).any(|part| {
        let Some((_, rest)) = part.split_once("://") else { return false };
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        authority.contains('@')
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn certificates_pass_and_secrets_stay() {
        let variables: BTreeMap<String, String> = [
            ("SSL_CERT_FILE", "/etc/ssl/ca.pem"),
            ("PIP_INDEX_URL", "https://me:secret@registry.example/simple"),
            ("UV_INDEX_URL", "https://registry.example/simple"),
            ("AWS_SECRET_ACCESS_KEY", "secret"),
            ("https_proxy", ""),
        ]
        .into_iter()
        .map(|(k, v)| (k.to_owned(), v.to_owned()))
        .collect();
        let mut settings = ProvisionSettings::new("/nowhere".into(), variables, 0);
        let names = |s: &ProvisionSettings| passed_variables(s).into_keys().collect::<Vec<_>>();
        assert_eq!(names(&settings), ["SSL_CERT_FILE", "UV_INDEX_URL"]);
        settings.trusted = true;
        assert_eq!(names(&settings), ["PIP_INDEX_URL", "SSL_CERT_FILE", "UV_INDEX_URL"]);
    }

    #[test]
    fn at_signs_in_paths_are_no_credentials() {
        assert!(!carries_credentials("https://registry.example/@scope/name"));
        assert!(carries_credentials("https://go.example,https://u:p@goproxy.example"));
    }
}
