//! Fills the variables by which code finds a service.

use std::collections::BTreeMap;

use rr_core::EnvBinding;

/// What the templates' names stand for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Address {
    /// `{host}`. Always the address: a driver may take `localhost` for a socket file.
    pub(super) host: &'static str,
    /// `{port}`.
    pub(super) port: u16,
    /// `{user}`.
    pub(super) user: String,
    /// `{password}`.
    pub(super) password: String,
    /// `{database}`.
    pub(super) database: String,
}

/// The variables with everything filled in.
pub(super) fn fill(bindings: &[EnvBinding], address: &Address) -> BTreeMap<String, String> {
    bindings
        .iter()
        .map(|binding| (binding.name.clone(), fill_one(&binding.template, address)))
        .collect()
}

/// One value. In an URL, what was chosen by people is percent-encoded.
fn fill_one(template: &str, address: &Address) -> String {
    let in_url = template.contains("://");
    let text = |value: &str| if in_url { percent_encoded(value) } else { value.to_owned() };
    let mut value = String::new();
    let mut rest = template;
    // In one pass, so that a password holding `{user}` stays as it is.
    while let Some((before, after)) = rest.split_once('{') {
        value.push_str(before);
        let name = after.split_once('}').map(|(name, _)| name);
        let filled = match name {
            Some("host") => address.host.to_owned(),
            Some("port") => address.port.to_string(),
            Some("user") => text(&address.user),
            Some("password") => text(&address.password),
            Some("database") => text(&address.database),
            _ => {
                value.push('{');
                rest = after;
                continue;
            }
        };
        value.push_str(&filled);
        rest = after.split_once('}').map_or("", |(_, rest)| rest);
    }
    value + rest
}

/// RFC 3986: everything but unreserved characters.
fn percent_encoded(text: &str) -> String {
    let unreserved = |b: u8| b.is_ascii_alphanumeric() || b"-._~".contains(&b);
    text.bytes()
        .map(|b| if unreserved(b) { char::from(b).to_string() } else { format!("%{b:02X}") })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(template: &str) -> String {
        let address = Address {
            host: "127.0.0.1",
            port: 5433,
            user: "app".to_owned(),
            password: "p@ss/{user}".to_owned(),
            database: "app_test".to_owned(),
        };
        fill_one(template, &address)
    }

    #[test]
    fn urls_are_filled_and_encoded() {
        assert_eq!(
            filled("postgresql://{user}:{password}@{host}:{port}/{database}?pool=5"),
            "postgresql://app:p%40ss%2F%7Buser%7D@127.0.0.1:5433/app_test?pool=5"
        );
    }

    #[test]
    fn plain_values_stay_as_they_are() {
        assert_eq!(filled("{password}"), "p@ss/{user}");
        assert_eq!(filled("{host}:{port}"), "127.0.0.1:5433");
        assert_eq!(filled("{\"a\": {unknown}, {port"), "{\"a\": {unknown}, {port");
    }
}
