//! Published sources of Maven artifacts: the sources archive and the POM, from the repository that
//! the user's settings mirror Maven Central with.

use rr_core::{CancelToken, EngineError};

use super::archive::{ArchiveKind, unpack};
use super::fetcher::Origin;
use super::packages::Place;
use crate::environment::element;
use crate::fault;
use crate::host::HostTools;
use crate::registries::{Digest, HttpClient, maven_repository};

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
    let version = match version {
        Some(version) => version.to_owned(),
        None => newest(client, &base, name, place.cancel)?,
    };
    let stem = format!("{base}/{version}/{artifact}-{version}");
    place.say(&format!("downloading {name}:{version}"));
    let archive = place.file("sources.jar");
    client
        .download(
            &format!("{stem}-sources.jar"),
            &archive,
            &Digest::Unstated,
            1 << 30,
            place.cancel,
        )
        .map_err(|error| {
            if error.kind == rr_core::EngineErrorKind::Refused {
                fault::refused(format!("`{name}` has no published sources at version `{version}`"))
            } else {
                error
            }
        })?;
    let (_, pom) = client.get(&format!("{stem}.pom"), "application/xml", place.cancel)?;
    lay_out(place, &archive, &pom)?;
    let notes =
        vec!["published sources hold no tests; give the repository to run those".to_owned()];
    Ok(place.origin(format!("Maven sources {name}:{version}"), None, notes))
}

/// Sources go where Maven's own layout has them, resources apart.
fn lay_out(place: &Place<'_>, archive: &std::path::Path, pom: &[u8]) -> Result<(), EngineError> {
    let main = place.into.join("src/main");
    crate::store::make_open_folder(&main)?;
    unpack(archive, ArchiveKind::Zip, &main.join("java"), false)?;
    let path = place.into.join("pom.xml");
    std::fs::write(&path, pom).map_err(|e| fault::io("write", &path, e))
}

fn newest(
    client: &HttpClient,
    base: &str,
    name: &str,
    cancel: &CancelToken,
) -> Result<String, EngineError> {
    let address = format!("{base}/maven-metadata.xml");
    let (_, body) = client.get(&address, "application/xml", cancel)?;
    let text = String::from_utf8_lossy(&body);
    ["release", "latest"]
        .iter()
        .find_map(|tag| {
            let inner = element(&text, tag)?;
            Some(inner[tag.len() + 2..inner.len() - tag.len() - 3].trim().to_owned())
        })
        .ok_or_else(|| fault::refused(format!("the repository names no release of `{name}`")))
}
