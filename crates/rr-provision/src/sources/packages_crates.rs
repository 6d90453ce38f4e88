//! Published crates, through the sparse index protocol and cargo's own source replacement.
//! Source: "Registry Index" and "Source Replacement" in the Cargo book.

use rr_core::{CancelToken, EngineError};
use serde_json::Value;

use super::fetcher::Origin;
use super::packages::{Place, shown};
use crate::fault;
use crate::host::HostTools;
use crate::registries::{Digest, HttpClient, cargo_index};
use crate::version::Version;

pub(super) fn fetch(
    client: &HttpClient,
    host: &HostTools,
    name: &str,
    version: Option<&str>,
    place: &Place<'_>,
) -> Result<Origin, EngineError> {
    let index = cargo_index(host.settings());
    let entries = entries(client, &index, name, place.cancel)?;
    let chosen = choose(&entries, version)
        .ok_or_else(|| fault::refused(format!("no crate `{name}`{}", shown(version))))?;
    let number = chosen.get("vers").and_then(Value::as_str).unwrap_or_default();
    let digest = chosen
        .get("cksum")
        .and_then(Value::as_str)
        .map_or(Digest::Unstated, |hash| Digest::Sha256(hash.to_owned()));
    let configuration =
        client.json(&format!("{index}/config.json"), "application/json", place.cancel)?;
    let template = configuration.get("dl").and_then(Value::as_str).unwrap_or_default();
    place.say(&format!("downloading {name} {number}"));
    let archive = place.file("package.crate");
    client.download(
        &download_address(template, name, number),
        &archive,
        &digest,
        1 << 30,
        place.cancel,
    )?;
    place.unpack(&archive)?;
    let time = chosen.get("pubtime").and_then(Value::as_str);
    let day = time.and_then(|time| time.get(..10)).map(str::to_owned);
    Ok(place.origin(format!("crate {name} {number}"), day, Vec::new()))
}

fn entries(
    client: &HttpClient,
    index: &str,
    name: &str,
    cancel: &CancelToken,
) -> Result<Vec<Value>, EngineError> {
    let lower = name.to_ascii_lowercase();
    let folder = match lower.len() {
        1 => "1".to_owned(),
        2 => "2".to_owned(),
        3 => format!("3/{}", &lower[..1]),
        _ => format!("{}/{}", &lower[..2], &lower[2..4]),
    };
    let address = format!("{index}/{folder}/{lower}");
    let (_, body) = client.get(&address, "text/plain", cancel).map_err(|error| {
        if error.kind == rr_core::EngineErrorKind::Refused {
            fault::refused(format!("the registry has no crate `{name}`"))
        } else {
            error
        }
    })?;
    Ok(String::from_utf8_lossy(&body)
        .lines()
        .filter_map(|line| serde_json::from_str(line).ok())
        .collect())
}

fn choose<'a>(entries: &'a [Value], version: Option<&str>) -> Option<&'a Value> {
    let number = |entry: &Value| entry.get("vers").and_then(Value::as_str).map(str::to_owned);
    if let Some(version) = version {
        return entries.iter().find(|entry| number(entry).as_deref() == Some(version));
    }
    entries
        .iter()
        .filter(|entry| entry.get("yanked") != Some(&Value::Bool(true)))
        .filter_map(|entry| Some((Version::parse(&number(entry)?)?, entry)))
        .filter(|(version, entry)| {
            !version.is_pre_release() && !number(entry).is_some_and(|n| n.contains('-'))
        })
        .max_by(|a, b| a.0.cmp(&b.0))
        .map(|(_, entry)| entry)
}

/// `dl` may hold markers, or is a prefix to which name, version and `download` are added.
fn download_address(template: &str, name: &str, version: &str) -> String {
    if !template.contains('{') {
        return format!("{}/{name}/{version}/download", template.trim_end_matches('/'));
    }
    let lower = name.to_ascii_lowercase();
    let prefix = |text: &str| match text.len() {
        1 => "1".to_owned(),
        2 => "2".to_owned(),
        3 => format!("3/{}", &text[..1]),
        _ => format!("{}/{}", &text[..2], &text[2..4]),
    };
    template
        .replace("{crate}", name)
        .replace("{version}", version)
        .replace("{prefix}", &prefix(name))
        .replace("{lowerprefix}", &prefix(&lower))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn download_addresses_have_two_forms() {
        assert_eq!(
            download_address("https://static.example/crates", "anyhow", "1.0.0"),
            "https://static.example/crates/anyhow/1.0.0/download"
        );
        assert_eq!(
            download_address(
                "https://m.example/{lowerprefix}/{crate}-{version}.crate",
                "Inflector",
                "0.1.0"
            ),
            "https://m.example/in/fl/Inflector-0.1.0.crate"
        );
    }
}
