//! `app.json` of hosting platforms: variables and add-ons.

use rr_core::Trust;
use serde_json::Value;

use super::collected::{Mined, Place};
use super::images;

/// Mines `app.json`. Files of other tools by that name have none of its keys.
pub(super) fn mine(path: &str, text: &str, mined: &mut Mined) {
    let Ok(root) = serde_json::from_str::<Value>(text) else { return };
    let place = Place { path, rule: "app-json", trust: Trust::Container };
    let line_of = |needle: &str| {
        let found = text.lines().position(|line| line.contains(needle)).unwrap_or(0);
        u32::try_from(found).unwrap_or(0) + 1
    };
    for (name, value) in root["env"].as_object().into_iter().flatten() {
        let default = value.as_str().or_else(|| value["value"].as_str()).unwrap_or("");
        mined.variable(name, default, "", place.at(line_of(&format!("\"{name}\"")), name));
    }
    for addon in root["addons"].as_array().into_iter().flatten() {
        let Some(name) = addon.as_str().or_else(|| addon["plan"].as_str()) else { continue };
        let product = name.trim_start_matches("heroku-");
        if let Some(mut found) =
            images::service(product, "localhost", place.at(line_of(name), name))
        {
            found.version = None;
            mined.services.push(found);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rr_core::ServiceKind;

    #[test]
    fn variables_and_addons_are_read() {
        let mut mined = Mined::default();
        let text =
            r#"{"env": {"MODE": {"value": "x"}}, "addons": ["heroku-postgresql:hobby-dev"]}"#;
        mine("app.json", text, &mut mined);
        assert_eq!(mined.variables[0].value, "x");
        assert_eq!(mined.services[0].kind, ServiceKind::Postgres);
    }
}
