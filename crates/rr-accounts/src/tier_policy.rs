//! The one table of tiers: every limit and every right is in this file and nowhere else.

use rr_core::{IndexKind, Tier};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::capability::Capability;
use crate::quota::{GpuClass, Quota};

/// What a tier may do and use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct TierPolicy {
    /// The tier.
    pub tier: Tier,
    /// Upper limits.
    pub quota: Quota,
    /// How its context index is chosen.
    pub index_rule: IndexRule,
    /// The features it has, in the matrix's order.
    pub capabilities: &'static [Capability],
}

/// How a tier's context index is chosen (specification: Context Indexer Access).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum IndexRule {
    /// This kind, whatever is recommended.
    Always(IndexKind),
    /// This kind where an agent recommends it, else the simple index.
    IfRecommended(IndexKind),
    /// The best kind that is there and that the tier may use.
    BestAvailable,
}

use Capability::{
    AdminFunctions, ChromaSearch, FaissSearch, GpuAccess, SimpleSearch, UserManagement,
};

const GIB: u64 = 1 << 30;
const HOUR: u64 = 3600;

/// One row per tier, in the order of [`Tier::ALL`]. Requests, indexes, GPU classes and features
/// are the specification's; concurrency, run time, disk and models (tokens and cost of a day) are
/// ours, each at least that of the tier below.
const TABLE: [TierPolicy; 6] = [
    TierPolicy {
        tier: Tier::Free,
        quota: quota(10, 1, HOUR / 2, 5 * GIB, GpuClass::None, (50_000, 1)),
        index_rule: IndexRule::Always(IndexKind::Simple),
        capabilities: &[SimpleSearch],
    },
    TierPolicy {
        tier: Tier::Advanced,
        quota: quota(50, 2, HOUR, 20 * GIB, GpuClass::Small, (500_000, 5)),
        index_rule: IndexRule::IfRecommended(IndexKind::Faiss),
        capabilities: &[SimpleSearch, FaissSearch, GpuAccess],
    },
    TierPolicy {
        tier: Tier::Premium,
        quota: quota(200, 4, 3 * HOUR, 100 * GIB, GpuClass::Large, (2_000_000, 20)),
        index_rule: IndexRule::BestAvailable,
        capabilities: &[SimpleSearch, FaissSearch, ChromaSearch, GpuAccess],
    },
    TierPolicy {
        tier: Tier::Tester,
        quota: quota(100, 4, 2 * HOUR, 50 * GIB, GpuClass::Medium, (1_000_000, 10)),
        index_rule: IndexRule::Always(IndexKind::Faiss),
        capabilities: &[SimpleSearch, FaissSearch, GpuAccess],
    },
    TierPolicy {
        tier: Tier::Admin,
        quota: quota(1000, 8, 6 * HOUR, 200 * GIB, GpuClass::Large, (5_000_000, 50)),
        index_rule: IndexRule::BestAvailable,
        capabilities: &[
            SimpleSearch,
            FaissSearch,
            ChromaSearch,
            GpuAccess,
            UserManagement,
            AdminFunctions,
        ],
    },
    TierPolicy {
        tier: Tier::Developer,
        quota: quota(10_000, 16, 12 * HOUR, 500 * GIB, GpuClass::Large, (50_000_000, 500)),
        index_rule: IndexRule::BestAvailable,
        capabilities: &Capability::ALL,
    },
];

const fn quota(
    requests_per_hour: u32,
    concurrent_runs: u32,
    run_seconds: u64,
    disk_bytes: u64,
    gpu: GpuClass,
    models: (u64, u64),
) -> Quota {
    Quota {
        requests_per_hour,
        concurrent_runs,
        run_seconds,
        disk_bytes,
        gpu,
        model_tokens_per_day: models.0,
        model_cost_micros_per_day: models.1 * 1_000_000,
    }
}

impl TierPolicy {
    /// The row of a tier.
    #[must_use]
    pub const fn of(tier: Tier) -> &'static Self {
        match tier {
            Tier::Free => &TABLE[0],
            Tier::Advanced => &TABLE[1],
            Tier::Premium => &TABLE[2],
            Tier::Tester => &TABLE[3],
            Tier::Admin => &TABLE[4],
            Tier::Developer => &TABLE[5],
        }
    }

    /// Whether the tier has a capability.
    #[must_use]
    pub fn allows(&self, capability: Capability) -> bool {
        self.capabilities.contains(&capability)
    }
}

/// Whether a tier has a capability.
#[must_use]
pub fn allows(tier: Tier, capability: Capability) -> bool {
    TierPolicy::of(tier).allows(capability)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The specification's own drawing, cell by cell: + for a tick, - for a cross.
    const MATRIX: &str = "
        Simple Search    + + + + + +
        FAISS Search     - + + + + +
        Chroma Search    - - + - + +
        GPU Access       - + + + + +
        User Management  - - - - + +
        Admin Functions  - - - - + +
        Admin Agent      - - - - - +";

    #[test]
    fn every_tier_and_capability_is_as_the_specification_draws_it() {
        let mut cells = 0;
        for (row, capability) in MATRIX.trim().lines().zip(Capability::ALL) {
            let words: Vec<&str> = row.split_whitespace().collect();
            let (name, marks) = words.split_at(2);
            assert_eq!(name.join("-").to_lowercase(), capability.as_str());
            for (mark, tier) in marks.iter().zip(Tier::ALL) {
                assert_eq!(allows(tier, capability), *mark == "+", "{tier} {capability}");
                cells += 1;
            }
        }
        assert_eq!(cells, Tier::ALL.len() * Capability::ALL.len());
    }

    #[test]
    fn requests_gpus_and_indexes_are_the_specifications() {
        let rows = Tier::ALL.map(|tier| {
            let policy = TierPolicy::of(tier);
            assert_eq!(policy.tier, tier);
            (policy.quota.requests_per_hour, policy.quota.gpu, policy.index_rule)
        });
        let expected = [
            (10, GpuClass::None, IndexRule::Always(IndexKind::Simple)),
            (50, GpuClass::Small, IndexRule::IfRecommended(IndexKind::Faiss)),
            (200, GpuClass::Large, IndexRule::BestAvailable),
            (100, GpuClass::Medium, IndexRule::Always(IndexKind::Faiss)),
            (1000, GpuClass::Large, IndexRule::BestAvailable),
            (10_000, GpuClass::Large, IndexRule::BestAvailable),
        ];
        assert_eq!(rows, expected);
    }

    #[test]
    fn gpu_access_and_gpu_class_agree() {
        for tier in Tier::ALL {
            let policy = TierPolicy::of(tier);
            let class = policy.quota.gpu > GpuClass::None;
            assert_eq!(policy.allows(Capability::GpuAccess), class, "{tier}");
            assert_eq!(policy.quota.admits_gpu(8 << 30), class, "{tier}");
        }
    }

    #[test]
    fn every_tier_may_run_something() {
        for tier in Tier::ALL {
            let quota = TierPolicy::of(tier).quota;
            let least = [
                u64::from(quota.requests_per_hour),
                u64::from(quota.concurrent_runs),
                quota.run_seconds,
                quota.disk_bytes,
                quota.model_tokens_per_day,
                quota.model_cost_micros_per_day,
            ];
            assert!(least.iter().all(|limit| *limit > 0), "{tier}");
        }
    }
}
