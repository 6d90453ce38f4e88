//! Which context index a run gets (specification: Indexer Selection Logic): explicit setting,
//! then tier, then the agents' recommendations, then what is there.

use std::fmt;

use rr_core::{IndexKind, Tier};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::capability::Capability;
use crate::tier_policy::{IndexRule, TierPolicy};

/// Kinds from the best to the plainest: the order of "best available".
const BEST_FIRST: [IndexKind; 3] = [IndexKind::Chroma, IndexKind::Faiss, IndexKind::Simple];

/// Everything that the choice depends on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IndexQuestion<'a> {
    /// What the user set, if anything.
    pub configured: Option<IndexKind>,
    /// The user's tier.
    pub tier: Tier,
    /// What agents recommend, in the order they spoke.
    pub recommendations: &'a [Recommendation],
    /// Kinds that can be built and searched here. The simple index always can and need not be
    /// listed.
    pub available: &'a [IndexKind],
}

/// One agent's recommendation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Recommendation {
    /// Who says so: `EnvDetectorAgent`, `DependencyAgent`.
    pub agent: String,
    /// What it recommends.
    pub index: IndexKind,
}

/// The index that was chosen, and how it came to that.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct IndexChoice {
    /// The kind to build and search.
    pub index: IndexKind,
    /// Whether something better was wanted and could not be had.
    pub degraded: bool,
    /// One entry per stage that had a say, in order.
    pub reasons: Vec<Reason>,
}

/// What one stage said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Reason {
    /// Which stage.
    pub stage: Stage,
    /// The kind that was the candidate after it.
    pub candidate: IndexKind,
    /// One sentence.
    pub text: String,
}

/// The stages of the choice, in order.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Stage {
    /// The user's explicit setting.
    UserConfig,
    /// What the tier may use and how it chooses.
    TierCheck,
    /// What agents recommend.
    Recommendations,
    /// What is there.
    EnvironmentCheck,
}

/// Chooses the context index. Total: the simple index is always there.
#[must_use]
pub fn choose_index(question: &IndexQuestion<'_>) -> IndexChoice {
    let mut trail = Trail { question, reasons: Vec::new() };
    let wanted = match trail.configured() {
        Some(kind) => kind,
        None => trail.by_tier(),
    };
    let index = trail.available(wanted);
    let asked = question.configured.unwrap_or(wanted);
    IndexChoice { index, degraded: rank(index) > rank(asked), reasons: trail.reasons }
}

/// Position in [`BEST_FIRST`]: smaller is better.
fn rank(kind: IndexKind) -> usize {
    BEST_FIRST.iter().position(|k| *k == kind).unwrap_or(BEST_FIRST.len())
}

/// The choice while it is being made.
struct Trail<'a> {
    question: &'a IndexQuestion<'a>,
    reasons: Vec<Reason>,
}

impl Trail<'_> {
    fn note(&mut self, stage: Stage, candidate: IndexKind, text: String) -> IndexKind {
        self.reasons.push(Reason { stage, candidate, text });
        candidate
    }

    fn may_use(&self, kind: IndexKind) -> bool {
        TierPolicy::of(self.question.tier).allows(Capability::of_index(kind))
    }

    fn is_there(&self, kind: IndexKind) -> bool {
        kind == IndexKind::Simple || self.question.available.contains(&kind)
    }

    /// The user's own setting, where the tier may use it.
    fn configured(&mut self) -> Option<IndexKind> {
        let kind = self.question.configured?;
        self.note(Stage::UserConfig, kind, format!("the user set `{kind}`"));
        let tier = self.question.tier;
        if self.may_use(kind) {
            let text = format!("tier `{tier}` may use `{kind}`");
            return Some(self.note(Stage::TierCheck, kind, text));
        }
        let text = format!("tier `{tier}` may not use `{kind}`: chosen as if nothing was set");
        self.note(Stage::TierCheck, IndexKind::Simple, text);
        None
    }

    /// What the tier's own rule wants.
    fn by_tier(&mut self) -> IndexKind {
        let tier = self.question.tier;
        match TierPolicy::of(tier).index_rule {
            IndexRule::Always(kind) => {
                self.note(Stage::TierCheck, kind, format!("tier `{tier}` always uses `{kind}`"))
            }
            IndexRule::IfRecommended(kind) => {
                let text = format!("tier `{tier}` uses `{kind}` where an agent recommends it");
                self.note(Stage::TierCheck, kind, text);
                self.if_recommended(kind)
            }
            IndexRule::BestAvailable => {
                let best = BEST_FIRST.into_iter().find(|kind| self.may_use(*kind));
                let best = best.unwrap_or(IndexKind::Simple);
                let text = format!("tier `{tier}` uses the best that is there, up to `{best}`");
                self.note(Stage::TierCheck, best, text)
            }
        }
    }

    fn if_recommended(&mut self, kind: IndexKind) -> IndexKind {
        // Whoever recommends a better index than the tier may use recommends this one too.
        let recommendations = self.question.recommendations;
        let by = recommendations.iter().find(|r| rank(r.index) <= rank(kind));
        match by {
            Some(by) => {
                let text = format!("`{}` recommends `{}`", by.agent, by.index);
                self.note(Stage::Recommendations, kind, text)
            }
            None => {
                let text = format!("no agent recommends `{kind}`");
                self.note(Stage::Recommendations, IndexKind::Simple, text)
            }
        }
    }

    /// `wanted`, or the best plainer kind that is there and may be used.
    fn available(&mut self, wanted: IndexKind) -> IndexKind {
        for kind in BEST_FIRST.into_iter().skip(rank(wanted)) {
            if !self.is_there(kind) {
                let text = format!("`{kind}` cannot be had here");
                self.note(Stage::EnvironmentCheck, kind, text);
            } else if self.may_use(kind) {
                let text = format!("`{kind}` can be had here");
                return self.note(Stage::EnvironmentCheck, kind, text);
            }
        }
        let text = "the simple index can always be had".to_owned();
        self.note(Stage::EnvironmentCheck, IndexKind::Simple, text)
    }
}

impl fmt::Display for IndexChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.index)?;
        for (at, reason) in self.reasons.iter().enumerate() {
            write!(f, "{} {}", if at == 0 { ":" } else { ";" }, reason.text)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
