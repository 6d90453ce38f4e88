//! The addresses of registries in the ordinary clients' configuration, their built-in ones where
//! it names none.

use super::defaults;
use super::npm::NpmRegistry;
use super::pypi::PypiIndex;
use crate::environment::{cargo_settings, element};
use crate::settings::ProvisionSettings;

/// Ecosystem and address of its registry.
pub(crate) fn addresses(settings: &ProvisionSettings) -> Vec<(&'static str, String)> {
    let pypi = PypiIndex::configured(settings).into_iter().next().unwrap_or_default();
    vec![
        ("python", format!("{pypi}/pip/")),
        ("javascript", NpmRegistry::configured(settings)),
        ("rust", format!("{}/config.json", cargo_index(settings))),
        ("go", go_proxy(settings)),
        ("jvm", format!("{}/", maven_repository(settings))),
    ]
}

/// The first proxy of `GOPROXY` that is an address.
fn go_proxy(settings: &ProvisionSettings) -> String {
    let text = settings.variable("GOPROXY").unwrap_or(defaults::GO);
    let first = text.split([',', '|']).find(|item| item.contains("://"));
    first.unwrap_or(defaults::GO).to_owned()
}

/// The sparse index that cargo would ask.
pub(crate) fn cargo_index(settings: &ProvisionSettings) -> String {
    sparse_index(&cargo_settings(settings))
}

/// `[source.crates-io] replace-with` chains followed.
fn sparse_index(settings: &toml::Table) -> String {
    let sources = settings.get("source").and_then(toml::Value::as_table);
    let mut name = "crates-io".to_owned();
    let mut address = defaults::CRATES.to_owned();
    for _ in 0..5 {
        let source = sources.and_then(|all| all.get(&name)).and_then(toml::Value::as_table);
        let registry = source.and_then(|s| s.get("registry")).and_then(toml::Value::as_str);
        let named = settings
            .get("registries")
            .and_then(|all| all.get(&name))
            .and_then(|one| one.get("index"))
            .and_then(toml::Value::as_str);
        if let Some(sparse) = registry.or(named).and_then(|text| text.strip_prefix("sparse+")) {
            sparse.trim_end_matches('/').clone_into(&mut address);
        }
        match source.and_then(|s| s.get("replace-with")).and_then(toml::Value::as_str) {
            Some(next) => next.clone_into(&mut name),
            None => break,
        }
    }
    address
}

/// The mirror of Maven Central in the user's settings, or Maven Central.
pub(crate) fn maven_repository(settings: &ProvisionSettings) -> String {
    let file = settings.user_home().map(|home| home.join(".m2/settings.xml"));
    let text = file.and_then(|path| std::fs::read_to_string(path).ok()).unwrap_or_default();
    text.split("<mirror>")
        .skip(1)
        .find(|mirror| {
            element(mirror, "mirrorOf").is_some_and(|of| of.contains('*') || of.contains("central"))
        })
        .and_then(|mirror| element(mirror, "url"))
        .map_or(defaults::MAVEN.to_owned(), |url| {
            url.trim_start_matches("<url>")
                .trim_end_matches("</url>")
                .trim()
                .trim_end_matches('/')
                .to_owned()
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn source_replacement_is_followed() {
        let settings: toml::Table =
            "[source.crates-io]\nreplace-with = \"m\"\n[source.m]\nregistry = \"sparse+https://m.example/index/\"\n"
                .parse()
                .unwrap();
        assert_eq!(sparse_index(&settings), "https://m.example/index");
        assert_eq!(sparse_index(&toml::Table::new()), defaults::CRATES);
    }
}
