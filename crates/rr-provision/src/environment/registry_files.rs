//! Private copies of the user's registry settings for the sandbox's home: only keys on a list are
//! kept. Secrets are left out; trusted repositories get those that registries are asked with.

use std::fs;
use std::path::{Path, PathBuf};

use super::jvm_proxies;
use super::variables::carries_credentials;
use crate::settings::ProvisionSettings;

/// The files to write into the sandbox's home: `(path relative to it, bytes)`.
#[must_use]
pub fn registry_files(settings: &ProvisionSettings) -> Vec<(String, Vec<u8>)> {
    let home = settings.user_home().map(Path::to_path_buf).unwrap_or_default();
    let files = [
        (".config/pip/pip.conf", pip(settings, &home)),
        (".config/uv/uv.toml", uv(settings, &home)),
        (".npmrc", npm(settings, &home)),
        (".cargo/config.toml", cargo(settings, &home)),
        (".m2/settings.xml", maven(settings, &home)),
        (".gradle/gradle.properties", jvm_proxies::gradle(settings, &home)),
        (".config/go/env", go(settings, &home)),
        (".netrc", if settings.trusted { read(&home.join(".netrc")) } else { String::new() }),
    ];
    files
        .into_iter()
        .filter(|(_, text)| !text.trim().is_empty())
        .map(|(path, text)| (path.to_owned(), text.into_bytes()))
        .collect()
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_default()
}

fn passes(settings: &ProvisionSettings, value: &str) -> bool {
    settings.trusted || !carries_credentials(value)
}

/// Where pip looks, the weakest first (source: pip's user guide, "Configuration").
pub(crate) fn pip_configuration_paths(settings: &ProvisionSettings, home: &Path) -> Vec<PathBuf> {
    let mut paths = vec![
        PathBuf::from("/etc/pip.conf"),
        PathBuf::from("/etc/xdg/pip/pip.conf"),
        home.join(".pip/pip.conf"),
        home.join(".config/pip/pip.conf"),
    ];
    paths.extend(settings.variable("PIP_CONFIG_FILE").map(PathBuf::from));
    paths
}

/// The `[global]` and `[install]` settings of pip's files, later files after earlier ones.
pub(crate) fn pip_settings(settings: &ProvisionSettings) -> Vec<(String, String)> {
    let home = settings.user_home().map(Path::to_path_buf).unwrap_or_default();
    let mut all: Vec<(String, String)> = Vec::new();
    for path in pip_configuration_paths(settings, &home) {
        for (key, value) in ini_global(&read(&path)) {
            all.retain(|(known, _)| *known != key);
            all.push((key, value));
        }
    }
    all
}

/// `key = value` lines of `[global]` and `[install]`, indented lines joined to the line before.
fn ini_global(text: &str) -> Vec<(String, String)> {
    let mut pairs: Vec<(String, String)> = Vec::new();
    let mut wanted = false;
    for line in text.lines() {
        let bare = line.trim();
        if bare.starts_with('[') {
            wanted = matches!(bare, "[global]" | "[install]");
        } else if !wanted || bare.is_empty() || bare.starts_with(['#', ';']) {
        } else if line.starts_with([' ', '\t']) {
            if let Some((_, value)) = pairs.last_mut() {
                *value = format!("{value} {bare}").trim().to_owned();
            }
        } else if let Some((key, value)) = bare.split_once(['=', ':']) {
            pairs.push((key.trim().replace('_', "-").to_lowercase(), value.trim().to_owned()));
        }
    }
    pairs
}

fn pip(settings: &ProvisionSettings, _home: &Path) -> String {
    const KEYS: &[&str] = &[
        "index-url",
        "extra-index-url",
        "trusted-host",
        "cert",
        "proxy",
        "timeout",
        "default-timeout",
        "retries",
        "disable-pip-version-check",
    ];
    let lines: Vec<String> = pip_settings(settings)
        .into_iter()
        .filter(|(key, value)| KEYS.contains(&key.as_str()) && passes(settings, value))
        .map(|(key, value)| format!("{key} = {value}\n"))
        .collect();
    if lines.is_empty() { String::new() } else { format!("[global]\n{}", lines.concat()) }
}

fn uv(settings: &ProvisionSettings, home: &Path) -> String {
    const KEYS: &[&str] = &[
        "index-url",
        "extra-index-url",
        "index",
        "find-links",
        "native-tls",
        "system-certs",
        "allow-insecure-host",
        "python-install-mirror",
        "pypy-install-mirror",
    ];
    let path = settings.variable("UV_CONFIG_FILE").map(PathBuf::from);
    let paths = [Some("/etc/uv/uv.toml".into()), Some(home.join(".config/uv/uv.toml")), path];
    let mut merged = toml::Table::new();
    for path in paths.into_iter().flatten() {
        let Ok(table) = read(&path).parse::<toml::Table>() else { continue };
        let kept = table.into_iter().filter(|(key, value)| {
            KEYS.contains(&key.as_str()) && passes(settings, &value.to_string())
        });
        merged.extend(kept);
    }
    toml::to_string(&merged).unwrap_or_default()
}

/// `key=value` lines of npm's user and global files, the weakest first.
pub(crate) fn npm_settings(settings: &ProvisionSettings) -> Vec<(String, String)> {
    let home = settings.user_home().map(Path::to_path_buf).unwrap_or_default();
    let user = settings.variable("NPM_CONFIG_USERCONFIG").map(PathBuf::from);
    let paths = [
        PathBuf::from("/usr/etc/npmrc"),
        PathBuf::from("/usr/local/etc/npmrc"),
        PathBuf::from("/etc/npmrc"),
        user.unwrap_or_else(|| home.join(".npmrc")),
    ];
    let mut all: Vec<(String, String)> = Vec::new();
    for path in paths {
        for line in read(&path).lines() {
            let line = line.trim();
            if line.starts_with(['#', ';']) {
                continue;
            }
            let Some((key, value)) = line.split_once('=') else { continue };
            let key = key.trim().to_owned();
            all.retain(|(known, _)| *known != key);
            all.push((key, value.trim().trim_matches('"').to_owned()));
        }
    }
    all
}

/// `//npm.example/:_authToken` and the older ways to log in.
fn is_npm_login(key: &str) -> bool {
    let name = if key.starts_with("//") { key.rsplit(':').next().unwrap_or_default() } else { key };
    matches!(name, "_authToken" | "_auth" | "_password" | "username" | "always-auth")
}

/// A value with `${NAME}` replaced, where the repository may know what the variables hold.
fn with_variables(settings: &ProvisionSettings, value: String) -> String {
    if !settings.trusted {
        return value;
    }
    let mut value = value;
    for (name, content) in &settings.variables {
        value = value.replace(&format!("${{{name}}}"), content);
    }
    value
}

fn npm(settings: &ProvisionSettings, _home: &Path) -> String {
    const KEYS: &[&str] = &[
        "registry",
        "cafile",
        "ca",
        "ca[]",
        "proxy",
        "https-proxy",
        "noproxy",
        "strict-ssl",
        "replace-registry-host",
        "omit-lockfile-registry-resolved",
        "fund",
        "audit",
        "update-notifier",
        "fetch-retries",
        "fetch-timeout",
        "maxsockets",
    ];
    npm_settings(settings)
        .into_iter()
        .map(|(key, value)| (key, with_variables(settings, value)))
        .filter(|(key, value)| {
            let scope = key.starts_with('@') && key.ends_with(":registry");
            let login = settings.trusted && is_npm_login(key);
            (scope || login || KEYS.contains(&key.as_str()))
                && passes(settings, value)
                // A value that names a variable may expand to a secret.
                && !value.contains("${")
        })
        .map(|(key, value)| format!("{key}={value}\n"))
        .collect()
}

/// Cargo's user configuration as a table.
pub(crate) fn cargo_settings(settings: &ProvisionSettings) -> toml::Table {
    let home = settings.user_home().map(Path::to_path_buf).unwrap_or_default();
    let folder = settings.variable("CARGO_HOME").map(PathBuf::from);
    let folder = folder.unwrap_or_else(|| home.join(".cargo"));
    ["config.toml", "config"]
        .iter()
        .map(|name| read(&folder.join(name)))
        .find(|text| !text.is_empty())
        .and_then(|text| text.parse().ok())
        .unwrap_or_default()
}

fn cargo(settings: &ProvisionSettings, _home: &Path) -> String {
    const SECRET: &[&str] = &["token", "secret-key", "credential-provider", "secret-key-subject"];
    let mut kept = toml::Table::new();
    for (section, value) in cargo_settings(settings) {
        if !matches!(section.as_str(), "source" | "registries" | "registry" | "http" | "net") {
            continue;
        }
        let mut value = value;
        if !settings.trusted {
            remove_keys(&mut value, SECRET);
        }
        if passes(settings, &value.to_string()) {
            kept.insert(section, value);
        }
    }
    toml::to_string(&kept).unwrap_or_default()
}

fn remove_keys(value: &mut toml::Value, names: &[&str]) {
    if let toml::Value::Table(table) = value {
        table.retain(|key, _| !names.contains(&key));
        table.iter_mut().for_each(|(_, inner)| remove_keys(inner, names));
    }
}

/// The `<mirrors>` and `<proxies>` of the user's settings, without servers and passwords.
fn maven(settings: &ProvisionSettings, home: &Path) -> String {
    let text = read(&home.join(".m2/settings.xml"));
    let bare = |part: &str| without_element(&without_element(part, "username"), "password");
    let parts: &[&str] =
        if settings.trusted { &["servers", "mirrors", "proxies"] } else { &["mirrors", "proxies"] };
    let mut kept: Vec<String> = parts
        .iter()
        .filter_map(|name| element(&text, name))
        .map(|part| if settings.trusted { part.to_owned() } else { bare(part) })
        .filter(|part| passes(settings, &part.replace(['<', '>'], " ")))
        .collect();
    if !kept.iter().any(|part| part.starts_with("<proxies>")) {
        kept.push(jvm_proxies::maven(settings));
    }
    kept.retain(|part| !part.is_empty());
    if kept.is_empty() {
        String::new()
    } else {
        format!("<settings>{}</settings>\n", kept.concat())
    }
}

/// The text of the first element of a name, tags included.
pub(crate) fn element<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let start = text.find(&format!("<{name}>"))?;
    let close = format!("</{name}>");
    let end = start + text[start..].find(&close)? + close.len();
    Some(&text[start..end])
}

fn without_element(text: &str, name: &str) -> String {
    let mut text = text.to_owned();
    while let Some(part) = element(&text, name).map(str::to_owned) {
        text = text.replacen(&part, "", 1);
    }
    text
}

/// Go's own settings file: proxies and checksum settings, `GOAUTH` only for trusted repositories.
fn go(settings: &ProvisionSettings, home: &Path) -> String {
    const KEYS: &[&str] = &[
        "GOPROXY",
        "GONOPROXY",
        "GOSUMDB",
        "GONOSUMDB",
        "GOPRIVATE",
        "GOINSECURE",
        "GOVCS",
        "GOTOOLCHAIN",
    ];
    let path = settings.variable("GOENV").map(PathBuf::from);
    read(&path.unwrap_or_else(|| home.join(".config/go/env")))
        .lines()
        .filter(|line| {
            line.split_once('=').is_some_and(|(key, value)| {
                let login = settings.trusted && key == "GOAUTH";
                (login || KEYS.contains(&key)) && passes(settings, value)
            })
        })
        .map(|line| format!("{line}\n"))
        .collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn settings(home: &Path) -> ProvisionSettings {
        let variables = BTreeMap::from([("HOME".to_owned(), home.to_string_lossy().into_owned())]);
        ProvisionSettings::new(home.join("data"), variables, 0)
    }

    #[test]
    fn copies_carry_no_secrets() {
        let folder = tempfile::tempdir().unwrap();
        let write = |path: &str, text: &str| {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        write(
            ".npmrc",
            "registry=https://npm.example/\n//npm.example/:_authToken=s3cret\n_auth=s3cret\n@acme:registry=https://acme.example/\n",
        );
        write(
            ".config/pip/pip.conf",
            "[global]\nindex-url = https://pip.example/simple\nextra-index-url =\n  https://me:s3cret@pip.example/x\n[list]\nformat = json\n",
        );
        write(
            ".cargo/config.toml",
            "[registries.acme]\nindex = \"sparse+https://crates.example/\"\ntoken = \"s3cret\"\n[build]\nrustc-wrapper = \"sccache\"\n[source.crates-io]\nreplace-with = \"acme\"\n",
        );
        write(
            ".m2/settings.xml",
            "<settings><servers><server><password>s3cret</password></server></servers><mirrors><mirror><url>https://maven.example</url></mirror></mirrors><proxies><proxy><host>p</host><username>u</username><password>s3cret</password></proxy></proxies></settings>",
        );
        write(".config/go/env", "GOPROXY=https://go.example\nGOAUTH=s3cret\n");
        write(".netrc", "machine pip.example login me password s3cret\n");
        let written = |settings: &ProvisionSettings| -> Vec<String> {
            let files = registry_files(settings);
            let texts = files.iter().map(|(_, bytes)| String::from_utf8_lossy(bytes).into_owned());
            texts.collect()
        };
        let mut settings = settings(folder.path());
        let text = written(&settings).concat();
        assert!(!text.contains("s3cret"), "{text}");
        assert!(!text.contains("sccache"), "{text}");
        for kept in [
            "npm.example",
            "acme.example",
            "pip.example",
            "crates.example",
            "replace-with",
            "maven.example",
            "<host>p</host>",
            "go.example",
        ] {
            assert!(text.contains(kept), "{kept} in {text}");
        }
        settings.trusted = true;
        let trusted = written(&settings);
        let with: Vec<bool> = trusted.iter().map(|text| text.contains("s3cret")).collect();
        assert_eq!(with, [true; 6], "{trusted:?}");
        assert!(!trusted.concat().contains("sccache"), "{trusted:?}");
    }
}
