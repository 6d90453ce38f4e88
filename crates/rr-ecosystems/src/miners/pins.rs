//! Version pins that name several tools: `.tool-versions`, `mise.toml`, `.sdkmanrc`,
//! `runtime.txt`. Pins of one tool belong to its ecosystem.

use rr_core::Trust;

use super::collected::{Mined, Place};

/// Names that differ from ours.
const NAMES: &[(&str, &str)] = &[("nodejs", "node"), ("golang", "go"), ("openjdk", "java")];

/// Mines one pin file.
pub(super) fn mine(path: &str, text: &str, mined: &mut Mined) {
    let place = Place { path, rule: "pin", trust: Trust::Manifest };
    let name = path.rsplit('/').next().unwrap_or(path);
    if name.ends_with("mise.toml") {
        mise(&place, text, mined);
        return;
    }
    for (at, line) in text.lines().enumerate() {
        let line = line.split('#').next().unwrap_or("").trim();
        let pair = match name {
            ".tool-versions" => line.split_once(char::is_whitespace),
            ".sdkmanrc" => line.split_once('='),
            _ => line.split_once('-').filter(|(tool, _)| *tool == "python"),
        };
        if let Some((tool, version)) = pair {
            let first = version.split_whitespace().next().unwrap_or("");
            add(&place, at, tool.trim(), first, mined);
        }
    }
}

fn mise(place: &Place<'_>, text: &str, mined: &mut Mined) {
    let Ok(root) = text.parse::<toml_edit::DocumentMut>() else { return };
    let Some(tools) = root.get("tools").and_then(|tools| tools.as_table_like()) else { return };
    for (tool, value) in tools.iter() {
        let version = value
            .as_str()
            .or_else(|| value.get("version")?.as_str())
            .or_else(|| value.as_array()?.get(0)?.as_str());
        let line =
            text.lines().position(|line| line.trim_start().trim_matches('"').starts_with(tool));
        if let Some(version) = version.filter(|v| !matches!(*v, "latest" | "lts")) {
            add(place, line.unwrap_or(0), tool, version, mined);
        }
    }
}

fn add(place: &Place<'_>, at: usize, tool: &str, version: &str, mined: &mut Mined) {
    let tool = tool.rsplit(':').next().unwrap_or(tool);
    let tool = NAMES.iter().find(|(theirs, _)| *theirs == tool).map_or(tool, |(_, ours)| ours);
    let version = match tool {
        // `temurin-21.0.3+9`, `21.0.2-tem`
        "java" => {
            version.trim_start_matches(|c: char| !c.is_ascii_digit()).split(['-', '+']).next()
        }
        _ => Some(version.trim_start_matches("ref:")),
    };
    if let Some(version) = version {
        let line = u32::try_from(at).unwrap_or(0) + 1;
        mined.version(tool, place.folder(), version, place.at(line, &format!("{tool} {version}")));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rr_core::FactKey;

    #[test]
    fn pins_of_several_tools_are_read() {
        let mut mined = Mined::default();
        mine(".tool-versions", "nodejs 20.1.0\njava temurin-21.0.3+9\n", &mut mined);
        mine(
            "mise.toml",
            "[tools]\ngo = \"1.22\"\npython = [\"3.12\", \"3.11\"]\nrust = \"latest\"\n",
            &mut mined,
        );
        mine("runtime.txt", "python-3.9.1\n", &mut mined);
        let found: Vec<_> = mined
            .facts
            .iter()
            .map(|f| match &f.key {
                FactKey::Version(tool) => (tool.as_str(), f.value.as_str()),
                _ => ("", ""),
            })
            .collect();
        assert_eq!(
            found,
            [
                ("node", "20.1.0"),
                ("java", "21.0.3"),
                ("go", "1.22"),
                ("python", "3.12"),
                ("python", "3.9.1")
            ]
        );
    }
}
