//! `package.json`: its scripts. What else it says belongs to its ecosystem.

use rr_core::{FactKey, Trust};
use serde_json::Value;

use super::collected::{Mined, Place};

/// Mines one `package.json`: a script fact per script.
pub(super) fn mine(path: &str, text: &str, mined: &mut Mined) {
    let Ok(root) = serde_json::from_str::<Value>(text) else { return };
    let place = Place { path, rule: "package-json.script", trust: Trust::TaskRunner };
    let Some(scripts) = root["scripts"].as_object() else { return };
    let start = text.lines().position(|line| line.contains("\"scripts\"")).unwrap_or(0);
    for (name, command) in scripts {
        let Some(command) = command.as_str() else { continue };
        let needle = format!("\"{name}\"");
        let line = text.lines().skip(start).position(|line| line.contains(&needle)).unwrap_or(0);
        let line = u32::try_from(start + line).unwrap_or(0) + 1;
        let evidence = place.at(line, &format!("{name}: {command}"));
        mined.fact(FactKey::Script(name.clone()), place.folder(), command, evidence);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scripts_have_their_line() {
        let mut mined = Mined::default();
        mine(
            "web/package.json",
            "{\n \"name\": \"test\",\n \"scripts\": {\n  \"test\": \"jest\"\n }\n}",
            &mut mined,
        );
        let fact = &mined.facts[0];
        assert_eq!(
            (fact.unit.as_str(), fact.value.as_str(), fact.evidence.line),
            ("web", "jest", Some(4))
        );
    }
}
