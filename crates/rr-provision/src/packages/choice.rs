//! Which of the wanted packages can be installed together.

use std::sync::Arc;

use rr_core::{CancelToken, EngineError, OutputSink};

use super::apt::{Apt, tell};
use super::simulation::{Refusal, Simulated, Simulation};

/// The packages that can be had together.
#[derive(Clone, Debug, Default)]
pub(super) struct Choice {
    /// Those that were asked for, sorted.
    pub(super) packages: Vec<String>,
    /// What installing them does.
    pub(super) simulation: Simulation,
    /// Those that cannot be had.
    pub(super) missing: Vec<String>,
}

/// Chooses among `names`; what is unknown or does not go with the rest is missing.
///
/// # Errors
/// Where the package manager cannot be started.
pub(super) fn choose(
    apt: &Apt,
    names: &[String],
    sink: &Arc<dyn OutputSink>,
    cancel: &CancelToken,
) -> Result<Choice, EngineError> {
    choose_by(names, sink, |packages| apt.simulate(packages, cancel))
}

fn choose_by(
    names: &[String],
    sink: &Arc<dyn OutputSink>,
    mut simulate: impl FnMut(&[String]) -> Result<Simulated, EngineError>,
) -> Result<Choice, EngineError> {
    let mut choice = Choice { packages: names.to_vec(), ..Choice::default() };
    choice.packages.sort();
    choice.packages.dedup();
    while !choice.packages.is_empty() {
        let refusal = match simulate(&choice.packages)?.and_then(keeps_tools) {
            Ok(simulation) => {
                choice.simulation = simulation;
                return Ok(choice);
            }
            Err(refusal) => refusal,
        };
        let (unknown, known): (Vec<_>, Vec<_>) =
            choice.packages.drain(..).partition(|name| refusal.unknown.contains(name));
        for name in &unknown {
            tell(sink, &format!("no package `{name}` in the distribution's lists"));
        }
        let stuck = unknown.is_empty();
        choice.missing.extend(unknown);
        choice.packages = known;
        if stuck {
            return one_by_one(choice, sink, simulate);
        }
    }
    Ok(choice)
}

/// Adds package after package, leaving out what does not go with those before it.
fn one_by_one(
    mut choice: Choice,
    sink: &Arc<dyn OutputSink>,
    mut simulate: impl FnMut(&[String]) -> Result<Simulated, EngineError>,
) -> Result<Choice, EngineError> {
    for name in std::mem::take(&mut choice.packages) {
        let mut tried = choice.packages.clone();
        tried.push(name);
        match simulate(&tried)?.and_then(keeps_tools) {
            Ok(simulation) => {
                choice.simulation = simulation;
                choice.packages = tried;
            }
            Err(refusal) => {
                let name = tried.pop().unwrap_or_default();
                tell(sink, &format!("package `{name}` cannot be installed: {}", refusal.reason));
                choice.missing.push(name);
            }
        }
    }
    Ok(choice)
}

/// A set may push out development files, which are alternatives of each other
/// (`libcurl4-openssl-dev`, `libcurl4-gnutls-dev`), never programs that the run may use.
fn keeps_tools(simulation: Simulation) -> Simulated {
    let lost: Vec<&str> = simulation
        .removes
        .iter()
        .map(String::as_str)
        .filter(|name| !name.split(':').next().unwrap_or(name).ends_with("-dev"))
        .collect();
    if lost.is_empty() {
        return Ok(simulation);
    }
    Err(Refusal { unknown: Vec::new(), reason: format!("it would remove {}", lost.join(", ")) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use rr_core::executor::NoOutput;

    fn refused(unknown: &[&str]) -> Simulated {
        let unknown = unknown.iter().map(|&name| name.to_owned()).collect();
        Err(Refusal { unknown, reason: "unmet dependencies".to_owned() })
    }

    fn chosen(
        names: &[&str],
        simulate: impl Fn(&[String]) -> Simulated,
    ) -> (Vec<String>, Vec<String>) {
        let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
        let sink: Arc<dyn OutputSink> = Arc::new(NoOutput);
        let choice = choose_by(&names, &sink, |packages| Ok(simulate(packages))).unwrap();
        (choice.packages, choice.missing)
    }

    #[test]
    fn an_unknown_name_leaves_the_rest() {
        let simulate = |packages: &[String]| {
            if packages.iter().any(|p| p == "nosuch") {
                refused(&["nosuch"])
            } else {
                Ok(Simulation::default())
            }
        };
        let (packages, missing) = chosen(&["b", "nosuch", "a", "b"], simulate);
        assert_eq!((packages, missing), (vec!["a".into(), "b".into()], vec!["nosuch".into()]));
    }

    #[test]
    fn a_conflict_costs_only_the_later_package() {
        let simulate = |packages: &[String]| {
            let both = ["x", "y"].iter().all(|n| packages.iter().any(|p| p == n));
            if both { refused(&[]) } else { Ok(Simulation::default()) }
        };
        let (packages, missing) = chosen(&["x", "y", "z"], simulate);
        assert_eq!((packages, missing), (vec!["x".into(), "z".into()], vec!["y".into()]));
    }

    #[test]
    fn tools_are_not_pushed_out_but_development_files_are() {
        let simulate = |packages: &[String]| {
            let removes = packages.iter().filter_map(|p| match p.as_str() {
                "npm" => Some("nodejs".to_owned()),
                "libcurl4-gnutls-dev" => Some("libcurl4-openssl-dev".to_owned()),
                _ => None,
            });
            Ok(Simulation { brings: Vec::new(), removes: removes.collect() })
        };
        let (packages, missing) = chosen(&["npm", "libcurl4-gnutls-dev"], simulate);
        assert_eq!(packages, ["libcurl4-gnutls-dev"]);
        assert_eq!(missing, ["npm"]);
    }
}
