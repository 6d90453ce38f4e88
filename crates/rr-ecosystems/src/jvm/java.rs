//! Which Java a build needs: what CI uses, held against what the build files demand.

use rr_core::{Analysis, Evidence, ToolchainRequirement, Trust, Unit, VersionRequest};

use super::gradle::Gradle;
use super::pom::Pom;
use crate::miners::query;

/// Long-term releases in the order in which builds usually work with them.
const MATURE: &[u32] = &[17, 21, 25, 11, 8];

/// What build files demand of the JDK.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Demand {
    /// The oldest that compiles the sources.
    pub(super) oldest: Option<u32>,
    /// The newest that the build tool runs on.
    pub(super) newest: Option<u32>,
    pub(super) evidence: Vec<Evidence>,
}

impl Demand {
    /// What a Maven reactor demands: the highest level of any module, and the enforcer's floor.
    pub(super) fn of_maven(reactor: &[Pom]) -> Self {
        let mut demand = Self::default();
        for pom in reactor {
            let floor = pom.enforced.as_deref().and_then(floor);
            let boot = pom.uses("spring-boot-starter-parent").then_some(8);
            let level = pom.release.into_iter().chain(floor).chain(boot).max();
            if level > demand.oldest {
                demand.oldest = level;
                let path = super::paths::join(&pom.folder, "pom.xml");
                demand.evidence = vec![Evidence::at(path, "jvm.java-level", Trust::Manifest)];
            }
        }
        demand
    }

    /// What a Gradle build demands.
    pub(super) fn of_gradle(gradle: &Gradle, path: &str) -> Self {
        Self {
            oldest: gradle.level,
            newest: gradle.newest_java(),
            evidence: vec![Evidence::at(path, "jvm.java-level", Trust::Manifest)],
        }
    }
}

/// `[17,)`, `17`, `[1.8,)` begin at 17, 17, 8.
fn floor(range: &str) -> Option<u32> {
    let first = range.trim_start_matches(['[', '(']).split([',', ']', ')']).next()?;
    major(first)
}

/// `17`, `1.8`, `21.0.3`, `17-ea` are 17, 8, 21, 17.
pub(super) fn major(text: &str) -> Option<u32> {
    let text = text.trim().trim_start_matches(|c: char| !c.is_ascii_digit());
    let text = text.strip_prefix("1.").unwrap_or(text);
    text.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

/// The requirement of one unit.
pub(super) fn requirement(
    analysis: &Analysis,
    unit: &Unit,
    demand: &Demand,
) -> ToolchainRequirement {
    let fits = |version: u32| {
        demand.oldest.is_none_or(|oldest| version >= oldest)
            && demand.newest.is_none_or(|newest| version <= newest)
    };
    let mut evidence = Vec::new();
    let mut named: Vec<u32> = Vec::new();
    for (text, place) in query::mined_versions(analysis, "java") {
        let near = place.trust == Trust::Ci || place.path.starts_with(&unit.path);
        if let Some(version) = major(text).filter(|version| near && fits(*version))
            && !named.contains(&version)
        {
            named.push(version);
            evidence.push(place.clone());
        }
    }
    named.sort_by_key(|version| {
        MATURE.iter().position(|known| known == version).unwrap_or(MATURE.len())
    });
    evidence.extend(demand.evidence.iter().cloned());
    let version = match (named.as_slice(), demand.oldest, demand.newest) {
        ([], None, None) => VersionRequest::Any,
        ([], Some(oldest), None) => VersionRequest::Range(format!(">={oldest}")),
        ([], oldest, Some(newest)) => {
            VersionRequest::Range(format!(">={},<{}", oldest.unwrap_or(8), newest + 1))
        }
        ([one], ..) => VersionRequest::Exact(one.to_string()),
        (many, ..) => VersionRequest::OneOf(many.iter().map(u32::to_string).collect()),
    };
    ToolchainRequirement { tool: "java".to_owned(), version, evidence }
}
