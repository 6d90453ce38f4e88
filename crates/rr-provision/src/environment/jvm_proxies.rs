//! Proxies for Maven and Gradle, which read properties instead of the environment's variables.

use std::path::Path;

use super::variables::carries_credentials;
use crate::settings::ProvisionSettings;

/// The proxy that the environment names, and the hosts that are reached without it.
struct Proxy {
    host: String,
    port: u16,
    exempt: Vec<String>,
}

/// `gradle.properties`: the user's own proxy lines, else those of the environment.
pub(super) fn gradle(settings: &ProvisionSettings, home: &Path) -> String {
    let text = std::fs::read_to_string(home.join(".gradle/gradle.properties")).unwrap_or_default();
    let own: String = text
        .lines()
        .map(str::trim)
        .filter(|line| line.starts_with("systemProp.http") && !names_credentials(line))
        .map(|line| format!("{line}\n"))
        .collect();
    if !own.is_empty() {
        return own;
    }
    let Some(proxy) = Proxy::of(settings) else { return String::new() };
    let exempt = proxy.exempt.join("|");
    ["http", "https"]
        .iter()
        .map(|scheme| {
            let name = format!("systemProp.{scheme}");
            let (host, port) = (&proxy.host, proxy.port);
            format!(
                "{name}.proxyHost={host}\n{name}.proxyPort={port}\n{name}.nonProxyHosts={exempt}\n"
            )
        })
        .collect()
}

/// The `<proxies>` element of Maven's settings; empty where the environment names no proxy.
pub(super) fn maven(settings: &ProvisionSettings) -> String {
    let Some(proxy) = Proxy::of(settings) else { return String::new() };
    format!(
        "<proxies><proxy><id>environment</id><active>true</active><protocol>http</protocol>\
         <host>{}</host><port>{}</port><nonProxyHosts>{}</nonProxyHosts></proxy></proxies>",
        proxy.host,
        proxy.port,
        proxy.exempt.join("|")
    )
}

fn names_credentials(line: &str) -> bool {
    let key = line.split('=').next().unwrap_or_default().to_ascii_lowercase();
    key.contains("password") || key.contains("proxyuser") || carries_credentials(line)
}

impl Proxy {
    /// Reads `https_proxy` (else `http_proxy`); one with credentials counts as none, since both
    /// tools would need them in a file that the sandbox reads.
    fn of(settings: &ProvisionSettings) -> Option<Self> {
        let names = ["https_proxy", "HTTPS_PROXY", "http_proxy", "all_proxy", "ALL_PROXY"];
        let address = names.iter().find_map(|name| settings.variable(name))?;
        let rest = address.split_once("://").map_or(address, |(_, rest)| rest);
        let authority = rest.split('/').next()?;
        if authority.contains('@') {
            return None;
        }
        let (host, port) = authority.rsplit_once(':').unwrap_or((authority, "80"));
        let word = host.chars().all(|c| c.is_ascii_alphanumeric() || ".-".contains(c));
        let exempt = settings.variable("no_proxy").or_else(|| settings.variable("NO_PROXY"));
        let exempt = exempt.unwrap_or_default().split(',').filter_map(java_pattern).collect();
        Some(Self { host: host.to_owned(), port: port.parse().ok()?, exempt }).filter(|_| word)
    }
}

/// `.example.org` is `*.example.org` to Java.
fn java_pattern(host: &str) -> Option<String> {
    let host = host.trim();
    let plain = host.chars().all(|c| c.is_ascii_alphanumeric() || ".-*".contains(c));
    let text = if host.starts_with('.') { format!("*{host}") } else { host.to_owned() };
    (plain && !host.is_empty()).then_some(text)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn settings(proxy: &str) -> ProvisionSettings {
        let variables = BTreeMap::from([
            ("https_proxy".to_owned(), proxy.to_owned()),
            ("no_proxy".to_owned(), "localhost,.corp.example".to_owned()),
        ]);
        ProvisionSettings::new("/nowhere".into(), variables, 0)
    }

    #[test]
    fn the_environments_proxy_becomes_properties() {
        let settings = settings("http://proxy.example:3128/");
        let gradle = gradle(&settings, Path::new("/nowhere"));
        assert!(gradle.contains("systemProp.https.proxyHost=proxy.example\n"), "{gradle}");
        assert!(gradle.contains("nonProxyHosts=localhost|*.corp.example\n"), "{gradle}");
        assert!(maven(&settings).contains("<port>3128</port>"));
    }

    #[test]
    fn a_proxy_with_credentials_is_not_written_down() {
        assert_eq!(maven(&settings("http://me:s3cret@proxy.example:3128")), "");
    }
}
