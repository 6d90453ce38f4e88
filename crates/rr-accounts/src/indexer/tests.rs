//! The choice of an index, tier by tier.

use super::*;
use IndexKind::{Chroma, Faiss, Simple};

fn recommends(agent: &str, index: IndexKind) -> Vec<Recommendation> {
    vec![Recommendation { agent: agent.to_owned(), index }]
}

fn choose(
    tier: Tier,
    configured: Option<IndexKind>,
    recommendations: &[Recommendation],
    available: &[IndexKind],
) -> IndexChoice {
    choose_index(&IndexQuestion { configured, tier, recommendations, available })
}

const ALL: [IndexKind; 3] = [Simple, Faiss, Chroma];

#[test]
fn free_is_always_simple() {
    let choice = choose(Tier::Free, None, &recommends("EnvDetectorAgent", Chroma), &ALL);
    assert_eq!((choice.index, choice.degraded), (Simple, false));
}

#[test]
fn advanced_gets_faiss_where_recommended() {
    let with = |recommendations: &[Recommendation]| {
        choose(Tier::Advanced, None, recommendations, &ALL).index
    };
    assert_eq!(with(&[]), Simple);
    assert_eq!(with(&recommends("DependencyAgent", Simple)), Simple);
    assert_eq!(with(&recommends("DependencyAgent", Faiss)), Faiss);
    assert_eq!(with(&recommends("EnvDetectorAgent", Chroma)), Faiss);
}

#[test]
fn premium_admin_and_developer_get_the_best_there_is() {
    for tier in [Tier::Premium, Tier::Admin, Tier::Developer] {
        assert_eq!(choose(tier, None, &[], &ALL).index, Chroma, "{tier}");
        assert_eq!(choose(tier, None, &[], &[Faiss]).index, Faiss, "{tier}");
        assert_eq!(choose(tier, None, &[], &[]).index, Simple, "{tier}");
    }
}

#[test]
fn tester_always_gets_faiss() {
    assert_eq!(
        choose(Tier::Tester, None, &recommends("EnvDetectorAgent", Simple), &ALL).index,
        Faiss
    );
}

#[test]
fn an_index_that_is_not_there_degrades_with_a_reason() {
    let choice = choose(Tier::Tester, None, &[], &[]);
    assert_eq!((choice.index, choice.degraded), (Simple, true));
    let stages: Vec<Stage> = choice.reasons.iter().map(|r| r.stage).collect();
    assert_eq!(stages, [Stage::TierCheck, Stage::EnvironmentCheck, Stage::EnvironmentCheck]);
    assert_eq!(choice.reasons[1].text, "`faiss` cannot be had here");
}

#[test]
fn a_setting_wins_within_the_tiers_rights() {
    let choice = choose(Tier::Premium, Some(Simple), &[], &ALL);
    assert_eq!((choice.index, choice.degraded), (Simple, false));
    assert_eq!(choice.reasons[0].stage, Stage::UserConfig);

    let choice = choose(Tier::Premium, Some(Faiss), &[], &[]);
    assert_eq!((choice.index, choice.degraded), (Simple, true));
}

#[test]
fn a_setting_beyond_the_tier_is_refused_and_recorded() {
    let choice = choose(Tier::Advanced, Some(Chroma), &recommends("DependencyAgent", Faiss), &ALL);
    assert_eq!((choice.index, choice.degraded), (Faiss, true));
    let texts = choice.to_string();
    assert!(
        texts.starts_with("faiss: the user set `chroma`; tier `advanced` may not use `chroma`")
    );
    assert!(texts.ends_with("`DependencyAgent` recommends `faiss`; `faiss` can be had here"));
}

#[test]
fn no_tier_ever_gets_an_index_that_it_may_not_use_or_that_is_not_there() {
    let settings = [None, Some(Simple), Some(Faiss), Some(Chroma)];
    let sets: [&[IndexKind]; 4] = [&[], &[Faiss], &[Chroma], &[Faiss, Chroma]];
    let mut asked = 0;
    for tier in Tier::ALL {
        for configured in settings {
            for recommended in settings {
                for available in sets {
                    let said: Vec<_> = recommended
                        .iter()
                        .flat_map(|k| recommends("EnvDetectorAgent", *k))
                        .collect();
                    let choice = choose(tier, configured, &said, available);
                    let capability = Capability::of_index(choice.index);
                    assert!(TierPolicy::of(tier).allows(capability), "{tier}: {choice}");
                    assert!(
                        choice.index == Simple || available.contains(&choice.index),
                        "{choice}"
                    );
                    assert_eq!(choice.reasons.last().map(|r| r.candidate), Some(choice.index));
                    asked += 1;
                }
            }
        }
    }
    assert_eq!(asked, 6 * 4 * 4 * 4);
}
