//! Maven from Maven Central's own copy of it, Gradle from its distribution server.

use std::path::Path;

use rr_core::{EngineError, EngineErrorKind, HostTool, Toolchain};
use serde_json::Value;

use super::{Toolchains, Wanted};
use crate::fault;
use crate::registries::{Digest, maven_repository};
use crate::sources::{ArchiveKind, unpack};
use crate::version::{Version, choose};

const GRADLE: &str = "https://services.gradle.org";

/// An archive of a tool with its `bin` folder one level below the top.
struct Release {
    version: String,
    url: String,
    kind: ArchiveKind,
    digest: Digest,
}

impl Toolchains {
    /// Maven or Gradle at the requested version.
    pub(super) fn jvm_tool(&self, wanted: &Wanted<'_>) -> Result<Option<Toolchain>, EngineError> {
        let versions = match wanted.tool {
            "maven" => self.maven_versions(wanted)?,
            _ => self.gradle_versions(wanted)?,
        };
        let parsed: Vec<Version> =
            versions.iter().filter_map(|text| Version::parse(text)).collect();
        let Some(choice) = choose(wanted.tool, wanted.request, &parsed) else { return Ok(None) };
        let chosen = &parsed[choice.index];
        let Some(text) = versions.iter().find(|text| Version::parse(text).as_ref() == Some(chosen))
        else {
            return Ok(None);
        };
        let release = self.release(text, wanted)?;
        let folder =
            self.store.publish(&format!("{}-{}", wanted.tool, release.version), |aside, _| {
                wanted.say(&format!("downloading {} {}", wanted.tool, release.version));
                self.bring(&release, aside, wanted)
            })?;
        let program = folder.join("bin").join(super::program_name(wanted.tool));
        let found = HostTool {
            path: program.to_string_lossy().into_owned(),
            version: release.version.clone(),
        };
        let mut toolchain = self.use_host(wanted.tool, &found, choice.satisfies)?;
        toolchain.provenance = release.url;
        Ok(Some(toolchain))
    }

    /// Gradle from its server, else the distribution's, which is old.
    pub(super) fn gradle(&self, wanted: &Wanted<'_>) -> Result<Option<Toolchain>, EngineError> {
        let from_server = match self.failed_today("gradle") {
            Some(reason) => Err(fault::environment(format!("earlier today: {reason}"))),
            None => self.jvm_tool(wanted),
        };
        let error = match from_server {
            Err(error) if error.kind != EngineErrorKind::Cancelled => error,
            other => return other,
        };
        if !error.message.starts_with("earlier today") {
            self.remember_failure("gradle", &error.message);
        }
        wanted.say(&format!("{error}; looking among the distribution's packages"));
        match self.packaged(wanted) {
            Ok(Some(found)) => Ok(Some(found)),
            _ => Err(error),
        }
    }

    fn bring(
        &self,
        release: &Release,
        aside: &Path,
        wanted: &Wanted<'_>,
    ) -> Result<(), EngineError> {
        let archive = aside.with_extension("archive");
        let done = self
            .client
            .download(&release.url, &archive, &release.digest, 1 << 30, wanted.cancel)
            .and_then(|_| unpack(&archive, release.kind, aside, true));
        let _ = std::fs::remove_file(&archive);
        done
    }

    fn maven_versions(&self, wanted: &Wanted<'_>) -> Result<Vec<String>, EngineError> {
        let address = format!("{}/maven-metadata.xml", self.maven_folder());
        let (_, body) = self.client.get(&address, "application/xml", wanted.cancel)?;
        let text = String::from_utf8_lossy(&body).into_owned();
        Ok(text
            .split("<version>")
            .skip(1)
            .filter_map(|rest| rest.split_once("</version>").map(|(version, _)| version.to_owned()))
            .filter(|version| !version.contains('-'))
            .collect())
    }

    fn maven_folder(&self) -> String {
        format!("{}/org/apache/maven/apache-maven", maven_repository(self.host.settings()))
    }

    fn gradle_versions(&self, wanted: &Wanted<'_>) -> Result<Vec<String>, EngineError> {
        let address = format!("{GRADLE}/versions/all");
        let list =
            self.client.json(&address, "application/json", wanted.cancel).map_err(|error| {
                if error.kind == EngineErrorKind::Cancelled {
                    return error;
                }
                fault::environment(format!(
                    "Gradle's distribution server cannot be reached: {error}"
                ))
                .with_hint("install gradle, or let the network reach services.gradle.org")
            })?;
        let entries = list.as_array().cloned().unwrap_or_default();
        Ok(entries
            .iter()
            .filter(|entry| entry.get("snapshot") != Some(&Value::Bool(true)))
            .filter_map(|entry| entry.get("version")?.as_str().map(str::to_owned))
            .filter(|version| !version.contains('-'))
            .collect())
    }

    fn release(&self, version: &str, wanted: &Wanted<'_>) -> Result<Release, EngineError> {
        let version = version.to_owned();
        if wanted.tool == "gradle" {
            let url = format!("{GRADLE}/distributions/gradle-{version}-bin.zip");
            let digest = self.stated_digest(&format!("{url}.sha256"), wanted).map(Digest::Sha256);
            let digest = digest.unwrap_or(Digest::Unstated);
            return Ok(Release { version, url, kind: ArchiveKind::Zip, digest });
        }
        let url = format!("{}/{version}/apache-maven-{version}-bin.tar.gz", self.maven_folder());
        // Early releases have no such file; the transport still vouches for the bytes.
        let digest = self
            .stated_digest(&format!("{url}.sha512"), wanted)
            .and_then(|hex| bytes_of(&hex))
            .map_or(Digest::Unstated, Digest::Sha512);
        Ok(Release { version, url, kind: ArchiveKind::TarGz, digest })
    }

    /// The first word of a checksum file.
    fn stated_digest(&self, address: &str, wanted: &Wanted<'_>) -> Option<String> {
        let (_, body) = self.client.get(address, "text/plain", wanted.cancel).ok()?;
        String::from_utf8_lossy(&body).split_whitespace().next().map(str::to_owned)
    }
}

fn bytes_of(hex: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u8>> =
        hex.chars().map(|c| c.to_digit(16).and_then(|digit| u8::try_from(digit).ok())).collect();
    let digits = digits.filter(|digits| digits.len() % 2 == 0)?;
    Some(digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect())
}
