//! Procfiles: one process type per line.

use std::collections::BTreeMap;

use rr_core::{CommandClass, Trust};

use super::collected::{Mined, Place, Script};

/// Mines one Procfile. `release` prepares; `web` (and any other type) starts.
pub(super) fn mine(path: &str, text: &str, mined: &mut Mined) {
    let place = Place { path, rule: "procfile", trust: Trust::Container };
    for (at, line) in text.lines().enumerate() {
        let Some((kind, command)) = line.split_once(':') else { continue };
        if kind.starts_with('#') || kind.contains(char::is_whitespace) || command.trim().is_empty()
        {
            continue;
        }
        let before = mined.commands.len();
        let env = BTreeMap::new();
        let line = u32::try_from(at).unwrap_or(0) + 1;
        let cwd = Some(place.folder());
        mined.script(&place, Script { text: command, line, cwd, env: &env, context: kind });
        let class = if kind == "release" { CommandClass::Migrate } else { CommandClass::Start };
        for command in &mut mined.commands[before..] {
            if command.class == CommandClass::Unknown || kind == "release" {
                command.class = class;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn process_types_start_and_release_migrates() {
        let mut mined = Mined::default();
        mine("Procfile", "web: gunicorn app:app\nrelease: ./setup_all\n# no: x\n", &mut mined);
        let classes: Vec<_> = mined.commands.iter().map(|c| c.class).collect();
        assert_eq!(classes, [CommandClass::Start, CommandClass::Migrate]);
    }
}
