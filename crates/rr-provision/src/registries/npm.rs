//! npm's registry protocol: versions of a package, and their tarballs.
//! Source: the "package metadata" document of npm's registry API.

use std::path::Path;

use base64::Engine as _;
use rr_core::{CancelToken, EngineError};
use serde_json::Value;

use super::defaults;
use super::http::{Digest, HttpClient};
use crate::environment::npm_settings;
use crate::fault;
use crate::settings::ProvisionSettings;

/// The registry that npm is configured to use.
#[derive(Clone)]
pub(crate) struct NpmRegistry {
    client: HttpClient,
    registry: String,
    scopes: Vec<(String, String)>,
}

/// One published version.
#[derive(Clone, Debug)]
pub(crate) struct NpmVersion {
    pub(crate) version: String,
    pub(crate) tarball: String,
    pub(crate) digest: Digest,
    pub(crate) deprecated: bool,
}

impl NpmRegistry {
    pub(crate) fn new(client: HttpClient, settings: &ProvisionSettings) -> Self {
        let configured = npm_settings(settings);
        let registry = Self::configured(settings);
        let scopes = configured
            .iter()
            .filter_map(|(key, value)| {
                Some((key.strip_suffix(":registry")?.to_owned(), value.clone()))
            })
            .collect();
        Self { client, registry: registry.trim_end_matches('/').to_owned(), scopes }
    }

    /// The registry's address in npm's configuration.
    pub(super) fn configured(settings: &ProvisionSettings) -> String {
        let configured = npm_settings(settings);
        let from_file = configured.iter().find(|(key, _)| key == "registry");
        ["npm_config_registry", "NPM_CONFIG_REGISTRY"]
            .iter()
            .find_map(|name| settings.variable(name))
            .or(from_file.map(|(_, value)| value.as_str()))
            .unwrap_or(defaults::NPM)
            .to_owned()
    }

    /// Every version of a package, and the one tagged `latest`.
    pub(crate) fn versions(
        &self,
        name: &str,
        cancel: &CancelToken,
    ) -> Result<(Vec<NpmVersion>, Option<String>), EngineError> {
        let accept = "application/vnd.npm.install-v1+json, application/json";
        let document = self.client.json(&self.address(name), accept, cancel)?;
        let versions = document
            .get("versions")
            .and_then(Value::as_object)
            .map(|versions| versions.values().filter_map(version).collect())
            .unwrap_or_default();
        let latest = document.pointer("/dist-tags/latest").and_then(Value::as_str);
        Ok((versions, latest.map(str::to_owned)))
    }

    /// One version's whole manifest, as published.
    pub(crate) fn manifest(
        &self,
        name: &str,
        version: &str,
        cancel: &CancelToken,
    ) -> Result<Value, EngineError> {
        let address = format!("{}/{version}", self.address(name));
        self.client.json(&address, "application/json", cancel)
    }

    /// The day a version was published, `YYYY-MM-DD`, where the registry says.
    pub(crate) fn published(
        &self,
        name: &str,
        version: &str,
        cancel: &CancelToken,
    ) -> Option<String> {
        let whole = self.client.json(&self.address(name), "application/json", cancel).ok()?;
        let time = whole.get("time")?.get(version)?.as_str()?;
        time.get(..10).map(str::to_owned)
    }

    /// Downloads a version's tarball.
    pub(crate) fn download(
        &self,
        version: &NpmVersion,
        into: &Path,
        cancel: &CancelToken,
    ) -> Result<(), EngineError> {
        let host = self.tarball_address(&version.tarball);
        self.client.download(&host, into, &version.digest, 1 << 30, cancel).map(|_| ())
    }

    fn address(&self, name: &str) -> String {
        let scope = name.split_once('/').map(|(scope, _)| scope);
        let registry = scope
            .and_then(|scope| self.scopes.iter().find(|(known, _)| known == scope))
            .map_or(self.registry.as_str(), |(_, address)| address.trim_end_matches('/'));
        format!("{registry}/{}", name.replace('/', "%2f"))
    }

    /// Mirrors often keep the public registry's host in `dist.tarball`; npm replaces it too
    /// (`replace-registry-host`, default `npmjs`).
    fn tarball_address(&self, tarball: &str) -> String {
        tarball
            .strip_prefix(defaults::NPM)
            .map_or_else(|| tarball.to_owned(), |rest| format!("{}/{rest}", self.registry))
    }
}

/// Reads one entry of `versions`, or a manifest.
pub(crate) fn version(entry: &Value) -> Option<NpmVersion> {
    let dist = entry.get("dist")?;
    Some(NpmVersion {
        version: entry.get("version")?.as_str()?.to_owned(),
        tarball: dist.get("tarball")?.as_str()?.to_owned(),
        digest: dist
            .get("integrity")
            .and_then(Value::as_str)
            .and_then(integrity)
            .unwrap_or(Digest::Unstated),
        deprecated: entry.get("deprecated").is_some_and(|value| value != &Value::Bool(false)),
    })
}

/// `sha512-<base64>`, the first of several.
fn integrity(text: &str) -> Option<Digest> {
    let encoded = text.split_whitespace().find_map(|item| item.strip_prefix("sha512-"))?;
    base64::engine::general_purpose::STANDARD.decode(encoded).ok().map(Digest::Sha512)
}

impl NpmVersion {
    /// Picks a version by its exact text, or the tagged newest.
    pub(crate) fn pick<'a>(
        versions: &'a [Self],
        wanted: Option<&str>,
        latest: Option<&str>,
        name: &str,
    ) -> Result<&'a Self, EngineError> {
        let text = wanted.or(latest).unwrap_or_default();
        versions
            .iter()
            .find(|version| version.version == text)
            .ok_or_else(|| fault::refused(format!("npm has no version `{text}` of `{name}`")))
    }
}
