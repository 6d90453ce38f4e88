//! Descriptions of whole machines: Vagrantfiles and Nix flakes or shells.

use std::collections::BTreeMap;

use rr_core::{FactKey, Trust};

use super::collected::{Mined, Place, Script};
use super::images;

/// The port of the machine's own remote shell.
const SHELL: u16 = 22;

/// Mines a Vagrantfile: shell provisioning, and forwarded ports that are no database's.
pub(super) fn vagrant(path: &str, text: &str, mined: &mut Mined) {
    let place = Place { path, rule: "vagrant", trust: Trust::Container };
    let env = BTreeMap::new();
    let mut heredoc: Option<(String, u32, String)> = None;
    for (at, line) in text.lines().enumerate() {
        let number = u32::try_from(at + 1).unwrap_or(u32::MAX);
        if let Some((mark, start, mut script)) = heredoc.take() {
            if line.trim() == mark {
                let cwd = Some(place.folder());
                mined.script(
                    &place,
                    Script { text: &script, line: start, cwd, env: &env, context: "provision" },
                );
            } else {
                script.push_str(line);
                script.push('\n');
                heredoc = Some((mark, start, script));
            }
            continue;
        }
        let code = line.trim_start();
        if code.starts_with('#') {
            continue;
        }
        if let Some((_, mark)) = line.split_once("<<").filter(|_| !code.contains("\"<<")) {
            let mark = mark.trim_start_matches(['-', '~']).trim_matches(['"', '\'']);
            let mark: String = mark.chars().take_while(char::is_ascii_alphanumeric).collect();
            if !mark.is_empty() {
                heredoc = Some((mark, number + 1, String::new()));
            }
        } else if let Some((_, inline)) = line.split_once("inline:") {
            let quoted = inline.trim().trim_matches(['"', '\'']);
            let cwd = Some(place.folder());
            mined.script(
                &place,
                Script { text: quoted, line: number, cwd, env: &env, context: "provision" },
            );
        } else if let Some((_, rest)) = line.split_once("guest:") {
            let port: String = rest.trim().chars().take_while(char::is_ascii_digit).collect();
            let number_of = port.parse::<u16>();
            let own = number_of.is_ok_and(|port| !images::is_usual_port(port) && port != SHELL);
            if code.contains("forwarded_port") && own {
                mined.fact(FactKey::Port, place.folder(), &port, place.at(number, line));
            }
        }
    }
}

/// Attribute of nixpkgs (its beginning) and the tool; what follows are the version's digits.
#[rustfmt::skip]
static ATTRIBUTES: &[(&str, &str)] = &[
    ("python", "python"), ("nodejs_", "node"), ("nodejs-", "node"), ("go_", "go"), ("jdk", "java"),
    ("ruby_", "ruby"), ("php", "php"), ("openjdk", "java"), ("temurin-bin-", "java"),
    ("elixir_", "elixir"), ("ghc", "ghc"), ("postgresql_", ""),
];

/// Mines `flake.nix`, `shell.nix` or `default.nix`: the versions of the tools that its shell has.
pub(super) fn nix(path: &str, text: &str, mined: &mut Mined) {
    let place = Place { path, rule: "nix.package", trust: Trust::Container };
    for (at, line) in text.lines().enumerate() {
        let code = line.split('#').next().unwrap_or(line);
        let number = u32::try_from(at + 1).unwrap_or(u32::MAX);
        for word in code.split(|c: char| !(c.is_ascii_alphanumeric() || "_-".contains(c))) {
            if let Some((tool, version)) = attribute(word) {
                mined.version(tool, place.folder(), &version, place.at(number, line));
            }
        }
    }
}

/// `python312` is Python 3.12, `nodejs_20` Node 20, `go_1_22` Go 1.22, `jdk17` Java 17.
fn attribute(word: &str) -> Option<(&'static str, String)> {
    let (tool, digits) = ATTRIBUTES.iter().find_map(|(prefix, tool)| {
        let rest = word.strip_prefix(prefix).filter(|_| !tool.is_empty())?;
        let digits = rest.trim_end_matches("Full").trim_end_matches("Packages");
        let plain = !digits.is_empty() && digits.chars().all(|c| c.is_ascii_digit() || c == '_');
        plain.then_some((*tool, digits))
    })?;
    let version = match tool {
        "python" | "php" if digits.len() > 1 => format!("{}.{}", &digits[..1], &digits[1..]),
        "python" => digits.to_owned(),
        _ => digits.replace('_', "."),
    };
    Some((tool, version))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rr_core::CommandClass;

    #[test]
    fn vagrant_tells_what_is_installed_and_forwarded() {
        let mut mined = Mined::default();
        vagrant(
            "Vagrantfile",
            "config.vm.network \"forwarded_port\", guest: 8000, host: 80\nconfig.vm.network \"forwarded_port\", guest: 5432, host: 15432\n# inline: \"rm -rf /\"\nconfig.vm.provision \"shell\", inline: <<-SHELL\n  apt-get install -y libpq-dev\n  make test\nSHELL\n",
            &mut mined,
        );
        let shown: Vec<_> =
            mined.commands.iter().map(|c| (c.class, c.evidence.line.unwrap())).collect();
        assert_eq!(shown, [(CommandClass::System, 5), (CommandClass::Test, 6)]);
        let ports: Vec<_> = mined.facts.iter().map(|fact| fact.value.as_str()).collect();
        assert_eq!(ports, ["8000"]);
    }

    #[test]
    fn nix_names_versions_in_attributes() {
        let mut mined = Mined::default();
        nix(
            "flake.nix",
            "packages = with pkgs; [\n python312 nodejs_20 # go_1_20\n go_1_22 jdk17 python3Packages ];\n",
            &mut mined,
        );
        let versions: Vec<_> = mined.facts.iter().map(|fact| fact.value.as_str()).collect();
        assert_eq!(versions, ["3.12", "20", "1.22", "17", "3"]);
    }
}
