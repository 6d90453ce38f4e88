//! Which units are the repository's own main things, and which are decoys.
//!
//! Works from three signs: where a unit lies, how much of the source it holds, and what CI runs
//! there. It only weakens the role an ecosystem gave, except that a unit whose tests CI runs is
//! always primary.

use std::cmp::Reverse;

use rr_core::{Analysis, CommandClass, RepoView, Trust, Unit, UnitKind, UnitRole};

use super::extensions;
use super::shares::Shares;
use crate::miners::query;
use crate::places::decoy_role;

/// Smallest share of the source that makes a unit primary beside a larger one.
const SHARE: f64 = 0.15;
/// Share below which a unit is not what the repository is about, even without a rival.
const TRACE: f64 = 0.05;
/// Smallest share of one of several parts beside each other.
const PEER_SHARE: f64 = 0.005;
/// Most primary units; the rest become members, and a note says so.
const PRIMARY_LIMIT: usize = 12;

/// What is known about one unit while it is ranked.
struct Standing {
    share: f64,
    ci_tests: bool,
    decoy: Option<UnitRole>,
    /// A web page that is bundled into the folder of the program beside it.
    bundle: bool,
    /// A native build that a package in the same folder runs by itself.
    extension: bool,
}

/// Sets roles and weights, and sorts the units: primary first, by weight, then by path.
pub(super) fn rank(repo: &dyn RepoView, analysis: &mut Analysis) {
    let shares = Shares::of(repo, &analysis.units);
    let tested = tested_by_ci(analysis);
    let standings: Vec<Standing> = analysis
        .units
        .iter()
        .enumerate()
        .map(|(at, unit)| Standing {
            share: shares.share(at),
            ci_tests: tested[at],
            decoy: decoy_role(&unit.path),
            bundle: unit.ecosystem.as_str() == "javascript" && bundles(repo, &unit.path),
            extension: unit.ecosystem.as_str() == "native"
                && analysis
                    .units
                    .iter()
                    .any(|other| other.path == unit.path && extensions::built_by(repo, other)),
        })
        .collect();
    let mut units = std::mem::take(&mut analysis.units);
    assign(&mut units, &standings);
    for (unit, standing) in units.iter_mut().zip(&standings) {
        unit.weight = weight(unit, standing);
    }
    let mut ranked: Vec<Unit> = units;
    ranked.sort_by(|a, b| order(a).cmp(&order(b)).then_with(|| a.path.cmp(&b.path)));
    cap_primaries(&mut ranked, &mut analysis.notes);
    if ranked.iter().all(|unit| unit.role != UnitRole::Primary) {
        let mostly = analysis.languages.first().map_or("", |share| share.language.as_str());
        analysis.notes.push(match (ranked.is_empty(), mostly) {
            (true, "") => "no source code that we know was found".to_owned(),
            (true, language) => {
                format!("no build system that we know was found; mostly {language}")
            }
            (false, _) => "nothing here looks like the repository's own main thing".to_owned(),
        });
    }
    analysis.units = ranked;
}

fn order(unit: &Unit) -> (bool, Reverse<u8>, usize) {
    (unit.role != UnitRole::Primary, Reverse(unit.weight), unit.path.matches('/').count())
}

fn assign(units: &mut [Unit], standings: &[Standing]) {
    free_members(units, standings);
    let roles: Vec<UnitRole> = (0..units.len()).map(|at| role_of(units, standings, at)).collect();
    for (unit, role) in units.iter_mut().zip(roles) {
        unit.role = role;
    }
    if units.iter().any(|unit| unit.role == UnitRole::Primary) {
        return;
    }
    promote_best(units, standings);
}

/// A root that is no workspace by its own ecosystem's word and holds nothing itself: its members
/// stand for themselves.
fn free_members(units: &mut [Unit], standings: &[Standing]) {
    for at in 0..units.len() {
        let root = &units[at];
        let hollow = root.role == UnitRole::Primary
            && root.kind != UnitKind::Workspace
            && standings[at].share < TRACE
            && members_hold_source(units, standings, at);
        if !hollow {
            continue;
        }
        let members: Vec<usize> = (0..units.len())
            .filter(|other| units[*other].role == UnitRole::Member)
            .filter(|other| same_ecosystem_above(&units[at], &units[*other]))
            .collect();
        for member in members {
            units[member].role = UnitRole::Primary;
        }
        units[at].role = UnitRole::Tooling;
    }
}

fn role_of(units: &[Unit], standings: &[Standing], at: usize) -> UnitRole {
    let (unit, standing) = (&units[at], &standings[at]);
    if unit.role != UnitRole::Primary {
        return unit.role;
    }
    if overshadowed(units, standings, at) {
        let served = standing.bundle && beside_server(units, at);
        return if served { UnitRole::Frontend } else { UnitRole::Tooling };
    }
    if standing.ci_tests && !matches!(standing.decoy, Some(UnitRole::Example | UnitRole::Docs)) {
        return UnitRole::Primary;
    }
    if let Some(role) = standing.decoy {
        return role;
    }
    let rivals: Vec<usize> = (0..units.len())
        .filter(|other| *other != at && standings[*other].decoy.is_none())
        .filter(|other| units[*other].role == UnitRole::Primary)
        .collect();
    if is_fallback(unit)
        && rivals.iter().any(|r| {
            let code = solid(units, standings, *r);
            let better = fallback_rank(&units[*r]) > fallback_rank(unit);
            better && (code || is_fallback(&units[*r]) && fallback_rank(&units[*r]) != SHELL)
        })
    {
        return UnitRole::Tooling;
    }
    if serves_another(units, standings, at, &rivals) {
        return UnitRole::Tooling;
    }
    let best = rivals.iter().map(|r| standings[*r].share).fold(0.0, f64::max);
    let own_workspace =
        unit.kind == UnitKind::Workspace && members_hold_source(units, standings, at);
    let leads = standing.share >= best && (standing.share >= TRACE || is_fallback(unit));
    let peer = standing.share >= PEER_SHARE && is_peer(units, standings, at, &rivals);
    if own_workspace || standing.share >= SHARE || leads || peer {
        return match frontend_of(units, standings, at, &rivals) {
            true => UnitRole::Frontend,
            false => UnitRole::Primary,
        };
    }
    // Nothing in its language: a manifest that only carries tools.
    let nested = rivals.iter().any(|r| same_ecosystem_above(&units[*r], unit));
    if nested { UnitRole::Member } else { UnitRole::Tooling }
}

/// One of several parts beside each other, with nothing of weight above them: a folder of
/// services.
fn is_peer(units: &[Unit], standings: &[Standing], at: usize, rivals: &[usize]) -> bool {
    let path = units[at].path.as_str();
    let Some((parent, _)) = path.rsplit_once('/') else { return false };
    let beside = |other: &str| other.rsplit_once('/').is_some_and(|(folder, _)| folder == parent);
    let above = |other: &str| {
        other.is_empty() || path.strip_prefix(other).is_some_and(|rest| rest.starts_with('/'))
    };
    rivals.iter().filter(|r| beside(&units[**r].path)).count() >= 2
        && !rivals.iter().any(|r| above(&units[*r].path) && solid(units, standings, *r))
}

/// Whether a unit with next to no source shares its folder with one that has most of it: helper
/// scripts of another language, whatever CI runs of them.
fn overshadowed(units: &[Unit], standings: &[Standing], at: usize) -> bool {
    let (unit, share) = (&units[at], standings[at].share);
    share < 0.1
        && !members_hold_source(units, standings, at)
        && units.iter().zip(standings).any(|(other, standing)| {
            other.path == unit.path
                && other.ecosystem != unit.ecosystem
                && other.role == UnitRole::Primary
                && standing.share >= 0.5
        })
}

/// Files of programs that bundle scripts and styles for a browser.
const BUNDLERS: &[&str] = &[
    "vite.config.js",
    "vite.config.ts",
    "vite.config.mjs",
    "vite.config.mts",
    "webpack.config.js",
    "webpack.mix.js",
    "esbuild.config.js",
    "esbuild.config.mjs",
    "rollup.config.js",
];

/// Whether a package builds by a bundler.
fn bundles(repo: &dyn RepoView, folder: &str) -> bool {
    let at =
        |name: &str| if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") };
    BUNDLERS.iter().any(|name| repo.has(&at(name)))
        && repo.text(&at("package.json")).is_some_and(|text| text.contains("\"build\""))
}

/// Whether the same folder holds a server in another language.
fn beside_server(units: &[Unit], at: usize) -> bool {
    units.iter().any(|other| {
        other.path == units[at].path
            && other.ecosystem != units[at].ecosystem
            && other.kind == UnitKind::Service
    })
}

/// Whether a unit holds enough source, or CI's tests, to put others in its shade.
fn solid(units: &[Unit], standings: &[Standing], at: usize) -> bool {
    standings[at].share >= SHARE
        || standings[at].ci_tests
        || members_hold_source(units, standings, at)
}

/// Rank of loose scripts, which accompany everything: only a share of the source makes them more.
const SHELL: u8 = 4;

/// What a repository is only if it is nothing else, the most telling last: an image accompanies
/// most programs, pages of text come with a generator for nobody else's sake.
#[rustfmt::skip]
static FALLBACKS: &[(&str, u8)] = &[
    ("dockerfile", 0), ("compose", 1), ("nix", 1), ("site", 2), ("sql", 3), ("shell", SHELL),
    ("helm", 5), ("ansible", 5), ("terraform", 5), ("notebooks", 6), ("sphinx", 6), ("mkdocs", 6),
    ("jekyll", 6), ("hugo", 6),
];

/// Sites, loose scripts and descriptions of machines are what a repository is only if it is
/// nothing else.
fn is_fallback(unit: &Unit) -> bool {
    fallback_rank(unit) < u8::MAX
}

fn fallback_rank(unit: &Unit) -> u8 {
    let known = FALLBACKS.iter().find(|(name, _)| *name == unit.ecosystem.as_str());
    known.map_or(u8::MAX, |(_, rank)| *rank)
}

fn members_hold_source(units: &[Unit], standings: &[Standing], at: usize) -> bool {
    let unit = &units[at];
    let members: Vec<&Standing> = units
        .iter()
        .zip(standings)
        .filter(|(other, _)| other.role == UnitRole::Member && same_ecosystem_above(unit, other))
        .map(|(_, standing)| standing)
        .collect();
    let sum = members.iter().map(|standing| standing.share).sum::<f64>() + standings[at].share;
    sum >= SHARE || members.iter().any(|standing| standing.ci_tests && standing.share >= TRACE)
}

fn same_ecosystem_above(upper: &Unit, lower: &Unit) -> bool {
    upper.ecosystem == lower.ecosystem
        && upper.path != lower.path
        && (upper.path.is_empty()
            || lower.path.strip_prefix(&upper.path).is_some_and(|rest| rest.starts_with('/')))
}

/// A C build in the very folder of a package of another language builds that package's extension.
fn serves_another(units: &[Unit], standings: &[Standing], at: usize, rivals: &[usize]) -> bool {
    let unit = &units[at];
    if standings[at].extension {
        return true;
    }
    unit.ecosystem.as_str() == "native"
        && standings[at].share < 0.6
        && rivals.iter().any(|rival| {
            let other = &units[*rival];
            other.path == unit.path
                && matches!(other.ecosystem.as_str(), "python" | "rust" | "ruby" | "perl" | "go")
                && (standings[*rival].share >= SHARE || standings[*rival].ci_tests)
        })
}

/// A web page in a folder of its own beside a server that CI tests.
fn frontend_of(units: &[Unit], standings: &[Standing], at: usize, rivals: &[usize]) -> bool {
    const FOLDERS: &[&str] = &[
        "ui",
        "web",
        "frontend",
        "front-end",
        "client",
        "webapp",
        "webui",
        "assets",
        "dashboard",
        "front",
    ];
    let unit = &units[at];
    let folder = unit.path.rsplit('/').next().unwrap_or("");
    unit.ecosystem.as_str() == "javascript"
        && FOLDERS.contains(&folder)
        && rivals.iter().any(|rival| {
            units[*rival].ecosystem.as_str() != "javascript"
                && !is_fallback(&units[*rival])
                && standings[*rival].share > standings[at].share
        })
}

/// Where everything lies in decoy folders, the repository is a collection of them.
fn promote_best(units: &mut [Unit], standings: &[Standing]) {
    let promotable = |unit: &Unit| {
        matches!(
            unit.role,
            UnitRole::Example | UnitRole::Tooling | UnitRole::Fixture | UnitRole::Docs
        )
    };
    let best = units
        .iter()
        .zip(standings)
        .filter(|(unit, _)| promotable(unit))
        .map(|(_, standing)| standing.share)
        .fold(0.0, f64::max);
    for (unit, standing) in units.iter_mut().zip(standings) {
        if promotable(unit) && standing.share >= best && standing.share >= TRACE {
            unit.role = UnitRole::Primary;
        }
    }
    if units.iter().any(|unit| unit.role == UnitRole::Primary) {
        return;
    }
    // Text holds no source: pages in a folder of documents are all there is.
    let best = units.iter().filter(|u| promotable(u) && is_fallback(u)).map(fallback_rank).max();
    let found = units.iter_mut().find(|u| promotable(u) && Some(fallback_rank(u)) == best);
    if let Some(unit) = found.filter(|unit| is_fallback(unit)) {
        unit.role = UnitRole::Primary;
    }
}

fn cap_primaries(units: &mut [Unit], notes: &mut Vec<String>) {
    let count = units.iter().filter(|unit| unit.role == UnitRole::Primary).count();
    if count <= PRIMARY_LIMIT {
        return;
    }
    notes.push(format!(
        "{count} parts could be planned; the {PRIMARY_LIMIT} weightiest are, the rest with --package"
    ));
    for unit in units.iter_mut().filter(|unit| unit.role == UnitRole::Primary).skip(PRIMARY_LIMIT) {
        unit.role = UnitRole::Member;
    }
}

fn weight(unit: &Unit, standing: &Standing) -> u8 {
    let depth = if unit.path.is_empty() { 0 } else { 1 + unit.path.matches('/').count() };
    let place = 25usize.saturating_sub(8 * depth) as f64;
    let ci = if standing.ci_tests { 20.0 } else { 0.0 };
    let role = if unit.role == UnitRole::Primary { 15.0 } else { 0.0 };
    (place + ci + role + 40.0 * standing.share).round().clamp(0.0, 100.0) as u8
}

/// Which units' tests CI runs with a tool of their ecosystem. One pass over the commands: a large
/// repository has hundreds of units.
fn tested_by_ci(analysis: &Analysis) -> Vec<bool> {
    let mut tested = vec![false; analysis.units.len()];
    let commands = analysis
        .commands
        .iter()
        .filter(|c| c.class == CommandClass::Test && c.evidence.trust == Trust::Ci);
    for command in commands {
        for inner in query::resolve(analysis, command) {
            let ecosystem = match inner.class {
                CommandClass::Test => crate::miners::ecosystem_of(&inner.line),
                _ => None,
            };
            let owner = ecosystem.and_then(|id| query::owner(analysis, id, &command.cwd));
            if let Some(owner) = owner {
                for (at, unit) in analysis.units.iter().enumerate() {
                    tested[at] |= unit.path == owner.path && unit.ecosystem == owner.ecosystem;
                }
            }
        }
    }
    tested
}

#[cfg(test)]
#[path = "roles_tests.rs"]
mod tests;
