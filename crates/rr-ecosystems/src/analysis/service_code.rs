//! Databases whose address on the own machine stands in a program's code: provided there.
//!
//! Works from the facts that the code gave, which hide passwords; the line itself has the address.

use rr_core::{Analysis, Fact, FactKey, RepoView, ServiceKind, UnitKind, UnitRole};

use super::service_bindings::{LOCAL, Url};
use super::service_files::Configured;
use super::service_settings::Endpoint;

/// The rule of addresses, after the language's name.
const RULE: &str = ".database-url";

/// What the code of programs names, for kinds that have a driver. What a library's code names is
/// its users' to choose.
pub(super) fn configured(
    repo: &dyn RepoView,
    analysis: &Analysis,
    kinds: impl Fn(ServiceKind) -> bool,
) -> Vec<Configured> {
    let program = |fact: &&Fact| {
        analysis.units.iter().any(|unit| {
            unit.path == fact.unit
                && unit.kind != UnitKind::Library
                && matches!(unit.role, UnitRole::Primary | UnitRole::Member)
        })
    };
    let named = |fact: &&Fact| fact.key == FactKey::Database && fact.evidence.rule.ends_with(RULE);
    let facts = analysis.facts.iter().filter(named).filter(program);
    let found = facts.filter_map(|fact| {
        let endpoint = endpoint(repo, fact).filter(|endpoint| kinds(endpoint.kind))?;
        Some(Configured { endpoint, evidence: fact.evidence.clone() })
    });
    found.collect()
}

/// The address in the line of a fact, where it is one of the own machine.
fn endpoint(repo: &dyn RepoView, fact: &Fact) -> Option<Endpoint> {
    let line = fact.evidence.line?;
    let text = repo.text(&fact.evidence.path)?;
    let code = text.lines().nth(usize::try_from(line).ok()?.checked_sub(1)?)?;
    let words = code.split(['"', '\'', '`']);
    let (kind, url) = words.filter(|word| word.contains("://")).find_map(|word| {
        super::services::KINDS.iter().find_map(|kind| Some((*kind, Url::parse(*kind, word)?)))
    })?;
    let plain = |text: &str| !text.contains(['{', '$', '%', '<']);
    let ours = LOCAL.contains(&url.host)
        && [url.user, url.password, url.database].iter().all(|t| plain(t));
    ours.then(|| Endpoint {
        kind,
        port: url.port.parse().ok(),
        user: url.user.to_owned(),
        password: url.password.to_owned(),
        database: url.database.to_owned(),
        line,
    })
}

#[cfg(test)]
mod tests {
    use crate::analysis::analyze_view;
    use rr_core::{MemoryRepo, ServiceKind};

    fn services(
        requirements: &str,
        address: &str,
    ) -> Vec<(ServiceKind, Option<u16>, String, String)> {
        let app = format!(
            "from flask import Flask\nimport psycopg2\napp = Flask(__name__)\nURL = '{address}'\n"
        );
        let repo = MemoryRepo::new([("requirements.txt", requirements), ("app.py", app.as_str())]);
        let analysis = analyze_view(&repo);
        let shown = analysis.services.into_iter().map(|service| {
            (service.kind, service.port, service.password, service.databases.join(" "))
        });
        shown.collect()
    }

    #[test]
    fn an_address_of_the_own_machine_in_a_programs_code_is_provided() {
        let here = "postgresql://me:pw@localhost:5433/shop";
        let wanted = (ServiceKind::Postgres, Some(5433), "pw".to_owned(), "shop".to_owned());
        assert_eq!(services("flask\npsycopg2\n", here), [wanted]);
        assert_eq!(services("flask\n", here), []);
        assert_eq!(services("flask\npsycopg2\n", "postgresql://db.example.org/shop"), []);
    }
}
