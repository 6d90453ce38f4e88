//! What the package manager says that it would do, read from its output.

use crate::host::last_lines;

/// What installing a set of packages would do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Simulation {
    /// Packages to be unpacked.
    pub(super) brings: Vec<Brought>,
    /// Packages that would have to go.
    pub(super) removes: Vec<String>,
}

/// A package to be unpacked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Brought {
    /// Its name.
    pub(super) name: String,
    /// Its version, epoch included.
    pub(super) version: String,
    /// `amd64`, `all`.
    pub(super) architecture: String,
}

/// What a simulation came to.
pub(super) type Simulated = Result<Simulation, Refusal>;

/// Why a set cannot be installed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    /// Names that no list knows.
    pub(super) unknown: Vec<String>,
    /// The last lines of the messages.
    pub(super) reason: String,
}

impl Brought {
    /// The name of its archive, quoted as the package manager does:
    /// `redis-tools_5%3a7.0.15-1_amd64.deb`.
    pub(super) fn archive_name(&self) -> String {
        let version = self.version.replace('_', "%5f").replace(':', "%3a");
        format!("{}_{version}_{}.deb", self.name, self.architecture)
    }
}

/// `Inst figlet (2.2.5-3+b1 Debian:12/stable [amd64])`, `Remv npm [9.2.0~ds1-1]`
pub(super) fn read_simulation(text: &str) -> Simulation {
    let mut found = Simulation::default();
    for line in text.lines() {
        let mut words = line.split_whitespace();
        match (words.next(), words.next()) {
            (Some("Inst"), Some(name)) => found.brings.extend(read_brought(name, line)),
            (Some("Remv"), Some(name)) => found.removes.push(name.to_owned()),
            _ => {}
        }
    }
    found
}

/// What stands in the parentheses: version, origins, architecture.
fn read_brought(name: &str, line: &str) -> Option<Brought> {
    let (_, rest) = line.split_once('(')?;
    let (inside, _) = rest.split_once(')')?;
    let (_, architecture) = inside.rsplit_once('[')?;
    Some(Brought {
        name: name.split(':').next().unwrap_or(name).to_owned(),
        version: inside.split(' ').next()?.to_owned(),
        architecture: architecture.trim_end_matches(']').to_owned(),
    })
}

/// `E: Unable to locate package nosuch`, `E: Package 'php5' has no installation candidate`,
/// `E: Couldn't find any package by glob 'libfoo.1'`, `E: Couldn't find any package by regex 'x'`
pub(super) fn read_refusal(messages: &str) -> Refusal {
    let unknown = messages.lines().filter_map(|line| {
        let line = line.strip_prefix("E: ")?;
        let name = line
            .strip_prefix("Unable to locate package ")
            .or_else(|| {
                line.strip_suffix(" has no installation candidate")?.strip_prefix("Package ")
            })
            .or_else(|| line.strip_prefix("Couldn't find any package by glob "))
            .or_else(|| line.strip_prefix("Couldn't find any package by regex "))?;
        Some(name.trim_matches('\'').to_owned())
    });
    Refusal { unknown: unknown.collect(), reason: last_lines(messages) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packages_to_come_and_to_go_are_read() {
        let found = read_simulation(
            "Reading package lists...\nRemv npm [9.2.0]\n\
             Inst libpq5 [15.1] (15.2-0+deb12u1 Debian:12/stable [amd64])\n\
             Inst redis-tools:amd64 (5:7.0 Debian:12/stable, Debian-Security:12 [amd64]) []\n\
             Conf redis-tools (5:7.0 x [amd64])\n",
        );
        let names: Vec<String> = found.brings.iter().map(Brought::archive_name).collect();
        assert_eq!(names, ["libpq5_15.2-0+deb12u1_amd64.deb", "redis-tools_5%3a7.0_amd64.deb"]);
        assert_eq!(found.removes, ["npm"]);
    }

    #[test]
    fn unknown_names_are_read_and_conflicts_are_not_unknown() {
        let refusal = read_refusal(
            "E: Unable to locate package nosuch\nE: Package 'php5' has no installation candidate\n\
             E: Couldn't find any package by glob 'libx.1'\n",
        );
        assert_eq!(refusal.unknown, ["nosuch", "php5", "libx.1"]);
        let refusal = read_refusal("E: Unable to correct problems, you have held broken packages.");
        assert!(refusal.unknown.is_empty() && refusal.reason.contains("held broken"));
    }
}
