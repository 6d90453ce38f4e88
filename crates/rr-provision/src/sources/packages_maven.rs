//! Published sources of Maven artifacts, from the repository that the user's settings mirror Maven
//! Central with: the project's source release where there is one, else the archives of its sources
//! and its tests' sources beside its POM. Must not know any artifact.

use std::path::Path;

use rr_core::{CancelToken, EngineError, EngineErrorKind};

use super::fetcher::Origin;
use super::packages::Place;
use super::packages_maven_layout::lay_out;
use crate::environment::element;
use crate::fault;
use crate::host::HostTools;
use crate::registries::{Digest, HttpClient, maven_repository};
use crate::version::Version;

/// What a whole project is published as beside its artifact, the usual first: `source-release` by
/// the Apache parent POM, `src` and `project` by the assembly plugin's descriptors of these names.
const RELEASES: &[&str] = &[
    "source-release.zip",
    "source-release.tar.gz",
    "src.zip",
    "src.tar.gz",
    "project.zip",
    "project.tar.gz",
];

/// How many of the newest releases are asked for sources where no version was stated.
const ASKED: usize = 4;

/// Largest archive in bytes.
const LIMIT: u64 = 1 << 30;

pub(super) fn fetch(
    client: &HttpClient,
    host: &HostTools,
    name: &str,
    version: Option<&str>,
    place: &Place<'_>,
) -> Result<Origin, EngineError> {
    let (group, artifact) = name.split_once(':').unwrap_or((name, name));
    let base =
        format!("{}/{}/{artifact}", maven_repository(host.settings()), group.replace('.', "/"));
    let repository = Repository { client, base: &base, artifact, place };
    let Some(version) = version else {
        return repository.newest_with_sources(name);
    };
    repository.sources(name, version)?.ok_or_else(|| {
        fault::refused(format!("`{name}` has no published sources at version `{version}`"))
    })
}

/// One artifact's folder in a repository.
struct Repository<'a> {
    client: &'a HttpClient,
    base: &'a str,
    artifact: &'a str,
    place: &'a Place<'a>,
}

impl Repository<'_> {
    /// Some releases lack their sources: the newest that has them is taken, and that is said.
    fn newest_with_sources(&self, name: &str) -> Result<Origin, EngineError> {
        let address = format!("{}/maven-metadata.xml", self.base);
        let (_, body) = self.client.get(&address, "application/xml", self.place.cancel)?;
        let releases = releases(&String::from_utf8_lossy(&body));
        let Some(newest) = releases.first() else {
            return Err(fault::refused(format!("the repository names no release of `{name}`")));
        };
        for version in releases.iter().take(ASKED) {
            if let Some(mut origin) = self.sources(name, version)? {
                if version != newest {
                    origin.notes.push(format!(
                        "version {newest} is published without sources; this is {version}"
                    ));
                }
                return Ok(origin);
            }
        }
        Err(fault::refused(format!(
            "`{name}` has no published sources in its {} newest versions",
            releases.len().min(ASKED)
        )))
    }

    /// The sources of a version; nothing where none are published.
    fn sources(&self, name: &str, version: &str) -> Result<Option<Origin>, EngineError> {
        for suffix in RELEASES {
            if let Some(archive) = self.file(version, suffix)? {
                self.place.unpack(&archive)?;
                let what = format!("source release `{}`", self.named(version, suffix));
                return Ok(Some(self.place.origin(what, None, Vec::new())));
            }
        }
        let Some(main) = self.file(version, "sources.jar")? else { return Ok(None) };
        let tests = self.file(version, "test-sources.jar")?;
        let address = format!("{}/{version}/{}-{version}.pom", self.base, self.artifact);
        let (_, pom) = self.client.get(&address, "application/xml", self.place.cancel)?;
        lay_out(self.place.into, &pom, &main, tests.as_deref())?;
        let note = match tests {
            Some(_) => "laid out from the published sources and the published tests' sources",
            None => "published sources hold no tests; give the repository to run those",
        };
        let what = format!("Maven sources {name}:{version}");
        Ok(Some(self.place.origin(what, None, vec![note.to_owned()])))
    }

    /// Downloads a file beside the artifact; nothing where it is not there.
    fn file(&self, version: &str, suffix: &str) -> Result<Option<std::path::PathBuf>, EngineError> {
        let file = self.named(version, suffix);
        let into = self.place.file(&file);
        match self.download(&format!("{}/{version}/{file}", self.base), &into) {
            Ok(()) => {
                self.place.say(&format!("downloaded {file}"));
                Ok(Some(into))
            }
            Err(error) if error.kind == EngineErrorKind::Refused => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn download(&self, address: &str, into: &Path) -> Result<(), EngineError> {
        let cancel: &CancelToken = self.place.cancel;
        self.client.download(address, into, &Digest::Unstated, LIMIT, cancel).map(|_| ())
    }

    fn named(&self, version: &str, suffix: &str) -> String {
        format!("{}-{version}-{suffix}", self.artifact)
    }
}

/// The final releases of a `maven-metadata.xml`, the newest first. Versions that are dates
/// (`20040616`, `20030203.000550`) come from before version numbers, though `<release>` names them.
fn releases(metadata: &str) -> Vec<String> {
    let mut found: Vec<(bool, Version, String)> = metadata
        .split("<version>")
        .skip(1)
        .filter_map(|rest| rest.split("</version>").next())
        .map(str::trim)
        .filter_map(|text| Some((Version::parse(text)?, text.to_owned())))
        .filter(|(version, _)| !version.is_pre_release())
        .map(|(version, text)| (version.part(0) < 19_000_000, version, text))
        .collect();
    found.sort_by(|a, b| (b.0, &b.1).cmp(&(a.0, &a.1)));
    if found.is_empty() {
        return ["release", "latest"]
            .iter()
            .find_map(|tag| tagged(metadata, tag))
            .into_iter()
            .collect();
    }
    found.into_iter().map(|(_, _, text)| text).collect()
}

/// The text between a tag's two ends.
fn tagged(text: &str, tag: &str) -> Option<String> {
    let inner = element(text, tag)?;
    Some(inner[tag.len() + 2..inner.len() - tag.len() - 3].trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn metadata(versions: &[&str]) -> String {
        let each: String = versions.iter().map(|v| format!("<version>{v}</version>")).collect();
        format!(
            "<metadata><versioning><latest>{0}</latest><release>{0}</release><versions>{each}\
             </versions></versioning></metadata>",
            versions.last().unwrap()
        )
    }

    #[test]
    fn dates_and_pre_releases_are_not_the_newest_release() {
        let found = releases(&metadata(&["2.9.0", "2.22.0", "3.0.0-beta1", "20030203.000550"]));
        assert_eq!(found, ["2.22.0", "2.9.0", "20030203.000550"]);
        assert_eq!(releases(&metadata(&["1.0-alpha-1"])), ["1.0-alpha-1"]);
    }
}
