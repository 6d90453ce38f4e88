//! The published sources of packages, through the registries the ordinary clients are configured
//! to use. No package's code runs here: clients that build metadata on download are not used.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rr_core::source::Registry;
use rr_core::{CancelToken, EngineError, EngineErrorKind, OutputSink};

use super::archive::{ArchiveKind, unpack};
use super::fetcher::Origin;
use crate::fault;
use crate::host::HostTools;
use crate::registries::{
    Distribution, DistributionKind, HttpClient, NpmRegistry, NpmVersion, PypiIndex,
};
use crate::version::Version;

/// Package registries as sources.
pub(super) struct Packages {
    host: HostTools,
    client: HttpClient,
    pypi: PypiIndex,
    npm: NpmRegistry,
}

impl Packages {
    pub(super) fn new(host: HostTools) -> Self {
        let client = HttpClient::new(host.settings());
        let pypi = PypiIndex::new(client.clone(), host.settings());
        let npm = NpmRegistry::new(client.clone(), host.settings());
        Self { host, client, pypi, npm }
    }

    /// Brings the published source of a package into `into`.
    pub(super) fn fetch(
        &self,
        registry: Registry,
        name: &str,
        version: Option<&str>,
        into: &Path,
        sink: Arc<dyn OutputSink>,
        cancel: &CancelToken,
    ) -> Result<Origin, EngineError> {
        let scratch = self.host.settings().home.join("tmp");
        std::fs::create_dir_all(&scratch).map_err(|e| fault::io("make folder", &scratch, e))?;
        let folder =
            tempfile::tempdir_in(&scratch).map_err(|e| fault::io("make folder in", &scratch, e))?;
        let place = Place { scratch: folder.path(), into, sink, cancel };
        match registry {
            Registry::PyPi => self.pypi(name, version, &place),
            Registry::Npm => self.npm(name, version, &place),
            Registry::Crates => {
                super::packages_crates::fetch(&self.client, &self.host, name, version, &place)
            }
            Registry::Go => super::packages_go::fetch(&self.host, name, version, &place),
            Registry::Maven => {
                super::packages_maven::fetch(&self.client, &self.host, name, version, &place)
            }
        }
    }

    fn pypi(
        &self,
        name: &str,
        version: Option<&str>,
        place: &Place<'_>,
    ) -> Result<Origin, EngineError> {
        let files = self.pypi.files(name, place.cancel)?;
        let file =
            choose_source(&files, version).ok_or_else(|| without_source(name, version, &files))?;
        place.say(&format!("downloading {}", file.file));
        let archive = place.scratch.join(&file.file);
        self.pypi.download(file, &archive, place.cancel)?;
        place.unpack(&archive)?;
        Ok(place.origin(
            format!("source distribution `{}`", file.file),
            file.day.clone(),
            Vec::new(),
        ))
    }

    fn npm(
        &self,
        name: &str,
        version: Option<&str>,
        place: &Place<'_>,
    ) -> Result<Origin, EngineError> {
        let (versions, latest) = self.npm.versions(name, place.cancel).map_err(|error| {
            if error.kind != EngineErrorKind::Refused {
                return error;
            }
            fault::refused(format!("npm has no package `{name}`")).with_hint(error.message)
        })?;
        let chosen = NpmVersion::pick(&versions, version, latest.as_deref(), name)?;
        place.say(&format!("downloading {name}@{}", chosen.version));
        let archive = place.scratch.join("package.tgz");
        self.npm.download(chosen, &archive, place.cancel)?;
        place.unpack(&archive)?;
        let manifest = self.npm.manifest(name, &chosen.version, place.cancel).unwrap_or_default();
        let mut notes = Vec::new();
        if chosen.deprecated {
            notes.push(format!("{name}@{} is deprecated by its authors", chosen.version));
        }
        if let Some(repository) = manifest.pointer("/repository/url").and_then(|url| url.as_str()) {
            notes.push(format!(
                "published packages often lack their tests; the repository is {repository}"
            ));
        }
        let day = self.npm.published(name, &chosen.version, place.cancel);
        Ok(place.origin(format!("npm package {name}@{}", chosen.version), day, notes))
    }
}

/// Where one fetch works.
pub(super) struct Place<'a> {
    pub(super) scratch: &'a Path,
    pub(super) into: &'a Path,
    pub(super) sink: Arc<dyn OutputSink>,
    pub(super) cancel: &'a CancelToken,
}

impl Place<'_> {
    /// Unpacks an archive, its single top folder left out.
    pub(super) fn unpack(&self, archive: &Path) -> Result<(), EngineError> {
        let name = archive.file_name().unwrap_or_default().to_string_lossy();
        let kind = ArchiveKind::of(&name).unwrap_or(ArchiveKind::TarGz);
        unpack(archive, kind, self.into, true)
    }

    /// One line for people.
    pub(super) fn say(&self, line: &str) {
        self.sink.write(format!("{line}\n").as_bytes());
    }

    /// A package has no commit; what it is goes first in the notes, the day is its publication's.
    pub(super) fn origin(
        &self,
        what: String,
        day: Option<String>,
        mut notes: Vec<String>,
    ) -> Origin {
        notes.insert(0, what);
        Origin { commit: None, day, notes }
    }

    /// A path in the scratch folder.
    pub(super) fn file(&self, name: &str) -> PathBuf {
        self.scratch.join(name)
    }
}

/// The source distribution of a version, or of the newest final one that is not yanked.
fn choose_source<'a>(files: &'a [Distribution], version: Option<&str>) -> Option<&'a Distribution> {
    let mut sources = files.iter().filter(|file| file.kind == DistributionKind::Source);
    match version {
        Some(text) => {
            let wanted = Version::parse(text)?;
            sources.rfind(|file| file.version_text == text || file.version == wanted)
        }
        None => sources
            .filter(|file| !file.yanked && !file.version.is_pre_release())
            .max_by(|a, b| a.version.cmp(&b.version)),
    }
}

/// Why there is no source distribution: no such version, or wheels only.
fn without_source(name: &str, version: Option<&str>, files: &[Distribution]) -> EngineError {
    let wanted = version.and_then(Version::parse);
    let of_version = |file: &&Distribution| {
        version
            .is_none_or(|text| file.version_text == text || Some(&file.version) == wanted.as_ref())
    };
    if files.iter().any(|file| of_version(&file)) {
        return fault::refused(format!("`{name}` has no published source{}", shown(version)))
            .with_hint("it publishes wheels only there; give its repository instead");
    }
    let newest = files
        .iter()
        .filter(|f| !f.version.is_pre_release())
        .max_by(|a, b| a.version.cmp(&b.version));
    let hint = newest.map(|file| format!("the newest is `pypi:{name}@{}`", file.version_text));
    fault::refused(format!("`{name}` has no version `{}`", version.unwrap_or_default()))
        .with_hint(hint.unwrap_or_else(|| "it has no version that is not a pre-release".to_owned()))
}

pub(super) fn shown(version: Option<&str>) -> String {
    version.map(|version| format!(" at version `{version}`")).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registries::Digest;

    fn file(version: &str, kind: DistributionKind) -> Distribution {
        Distribution {
            file: format!("p-{version}"),
            url: String::new(),
            version: Version::parse(version).unwrap(),
            version_text: version.to_owned(),
            kind,
            digest: Digest::Unstated,
            day: None,
            yanked: false,
        }
    }

    #[test]
    fn a_version_that_is_not_there_is_told_from_one_without_source() {
        let wheel = || DistributionKind::Wheel("any".to_owned());
        let files = [file("1.0", DistributionKind::Source), file("2.0", wheel())];
        let error = without_source("p", Some("2.0"), &files);
        assert!(error.to_string().contains("no published source"), "{error}");
        let error = without_source("p", Some("9.9"), &files);
        assert!(error.to_string().contains("has no version `9.9`"), "{error}");
        assert!(error.hint.unwrap().contains("pypi:p@2.0"));
    }
}
