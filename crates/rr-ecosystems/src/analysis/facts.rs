//! Brings mined facts into their final shape: to the unit they belong to, losers marked, system
//! packages collected.

use std::collections::BTreeMap;

use rr_core::{Analysis, CommandClass, Evidence, Fact, FactKey, SystemPackage, UnitRole};

use crate::miners::{split_words, unwrapped};

/// Gives every fact to the deepest unit at or above its folder, the primary ones first.
pub(super) fn settle(analysis: &mut Analysis) {
    let mut folders: Vec<&str> = analysis
        .units
        .iter()
        .filter(|unit| {
            matches!(unit.role, UnitRole::Primary | UnitRole::Member | UnitRole::Frontend)
        })
        .map(|unit| unit.path.as_str())
        .collect();
    folders.sort_by_key(|folder| std::cmp::Reverse(folder.len()));
    for fact in &mut analysis.facts {
        let owner = folders.iter().find(|folder| {
            folder.is_empty()
                || fact.unit == **folder
                || fact.unit.strip_prefix(**folder).is_some_and(|rest| rest.starts_with('/'))
        });
        fact.unit = owner.map_or_else(String::new, |folder| (*folder).to_owned());
    }
    supersede(&mut analysis.facts);
}

/// Marks the facts that a more trusted source contradicts, and says which. Versions of CI stand
/// beside each other: a matrix is no contradiction.
fn supersede(facts: &mut [Fact]) {
    let mut strongest: BTreeMap<(FactKey, String), usize> = BTreeMap::new();
    for (at, fact) in facts.iter().enumerate().filter(|(_, fact)| competes(&fact.key)) {
        let best = strongest.entry((fact.key.clone(), fact.unit.clone())).or_insert(at);
        if fact.evidence.trust > facts[*best].evidence.trust {
            *best = at;
        }
    }
    for ((key, unit), best) in strongest {
        let ruling = facts[best].clone();
        let loses = |fact: &Fact| {
            fact.key == key && fact.unit == unit && fact.evidence.trust < ruling.evidence.trust
        };
        for fact in facts.iter_mut().filter(|fact| loses(fact)) {
            fact.superseded = true;
            fact.superseded_by = format!(
                "`{}` of {}: {} is trusted more than {}",
                ruling.value,
                ruling.evidence.place(),
                ruling.evidence.trust.source(),
                fact.evidence.trust.source(),
            );
        }
    }
}

fn competes(key: &FactKey) -> bool {
    matches!(key, FactKey::Version(_) | FactKey::Manager | FactKey::Port | FactKey::HealthPath)
}

/// Packages of the operating system that CI and containers install: `apt-get install a b`, and
/// those that facts name.
pub(super) fn system_packages(analysis: &Analysis) -> Vec<SystemPackage> {
    let mut found: Vec<SystemPackage> = Vec::new();
    let mut add = |name: &str, evidence: &Evidence| {
        if !package_name(name) || unwanted(name) {
            return;
        }
        match found.iter_mut().find(|package| package.name == name) {
            Some(package) => package.evidence.push(evidence.clone()),
            None => found
                .push(SystemPackage { name: name.to_owned(), evidence: vec![evidence.clone()] }),
        }
    };
    for command in analysis.commands.iter().filter(|c| c.class == CommandClass::System) {
        let words = split_words(&without_expressions(&command.line));
        let words = unwrapped(&words);
        if !matches!(words.first().map(String::as_str), Some("apt-get" | "apt")) {
            continue;
        }
        let Some(at) = words.iter().position(|word| word == "install") else { continue };
        let end = words
            .iter()
            .position(|w| matches!(w.as_str(), "|" | ">" | "2>&1"))
            .unwrap_or(words.len());
        for name in words[at + 1..end.max(at + 1)].iter().filter(|word| !word.starts_with('-')) {
            let plain = name.split(['=', ':', '/']).next().unwrap_or(name);
            add(plain, &command.evidence);
        }
    }
    for fact in analysis.facts.iter().filter(|fact| fact.key == FactKey::SystemPackage) {
        add(&fact.value, &fact.evidence);
    }
    for package in &mut found {
        package.evidence.sort_by_key(|e| std::cmp::Reverse(e.trust));
    }
    found
}

/// The line without `${{ … }}`, whose words would look like names.
fn without_expressions(line: &str) -> String {
    let mut out = String::new();
    let mut rest = line;
    while let Some(start) = rest.find("${{") {
        out.push_str(&rest[..start]);
        rest = rest[start..].split_once("}}").map_or("", |(_, after)| after);
    }
    out + rest
}

/// Debian's rule for names, which also keeps out shell words and paths.
fn package_name(name: &str) -> bool {
    name.len() >= 2
        && name.len() <= 60
        && name.starts_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit())
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || "+-.".contains(c))
}

/// Packages that toolchain and service provisioning brings, or that no run needs.
#[rustfmt::skip]
static UNWANTED: &[&str] = &[
    "python", "python3", "python3-pip", "python3-venv", "python-pip", "python3-dev", "nodejs",
    "npm", "yarn", "golang", "golang-go", "cargo", "rustc", "default-jdk", "maven", "gradle",
    "sudo", "vim", "nano", "less", "htop", "man-db", "openssh-client", "openssh-server", "gnupg",
    "gnupg2", "software-properties-common", "apt-transport-https", "ca-certificates",
    "apt-utils", "lsb-release", "docker-ce", "docker.io", "docker-compose", "docker-ce-cli",
    "containerd.io", "postgresql", "postgresql-client", "redis-server", "redis", "redis-tools",
    "mysql-server", "mariadb-server", "mongodb", "mongodb-org", "rabbitmq-server", "memcached",
    "dumb-init", "tini", "supervisor", "nginx", "apache2", "google-chrome-stable", "python-dev",
    "python-is-python3", "update", "upgrade", "install", "ruby", "systemd", "dialog",
    "debconf-utils",
];

/// Whether a package is one of [`UNWANTED`] or of a family of them.
fn unwanted(name: &str) -> bool {
    UNWANTED.contains(&name) || name.starts_with("openjdk-") || name.starts_with("linux-")
}

#[cfg(test)]
mod tests {
    use super::*;
    use rr_core::{MinedCommand, Trust};

    fn command(line: &str) -> MinedCommand {
        MinedCommand {
            line: line.to_owned(),
            class: CommandClass::System,
            cwd: String::new(),
            env: BTreeMap::new(),
            context: "test".to_owned(),
            evidence: Evidence::at("ci.yml", "github.run", Trust::Ci),
        }
    }

    #[test]
    fn apt_lines_name_packages() {
        let analysis = Analysis {
            commands: vec![
                command(
                    "sudo apt-get install -y --no-install-recommends libpq-dev=1.2 $EXTRA ffmpeg python3",
                ),
                command("apt update"),
                command("brew install libxml2"),
            ],
            ..Analysis::default()
        };
        let names: Vec<_> = system_packages(&analysis).into_iter().map(|p| p.name).collect();
        assert_eq!(names, ["libpq-dev", "ffmpeg"]);
    }

    #[test]
    fn a_weaker_version_is_superseded_and_a_matrix_is_not() {
        let fact = |value: &str, trust: Trust| {
            let key = FactKey::Version("go".to_owned());
            Fact::new(key, "", value, Evidence::at("x", "y", trust))
        };
        let mut facts =
            [fact("1.20", Trust::Container), fact("1.21", Trust::Ci), fact("1.22", Trust::Ci)];
        supersede(&mut facts);
        let marks: Vec<_> = facts.iter().map(|f| f.superseded).collect();
        assert_eq!(marks, [true, false, false]);
        assert_eq!(
            facts[0].superseded_by,
            "`1.21` of x (y): CI is trusted more than container file"
        );
    }
}
