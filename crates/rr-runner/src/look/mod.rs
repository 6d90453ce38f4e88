//! Looks at working folders where they stand: what one is and what would be run, without a run.
//!
//! Opens neither the database nor a sandbox and copies nothing. A second look at a folder in which
//! nothing that decided has changed gives the first one's answer (see [`kept`]).

mod kept;
mod stamps;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rr_core::{Analysis, CancelToken, Clock, Listing, Look, RepoSource, RunPlan};
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use self::kept::{Kept, KeptLooks};
use self::stamps::Stamps;
use crate::error::RunError;
use crate::home::Home;
use crate::prepared::hex;
use crate::request::RunRequest;
use crate::wiring::Wiring;

/// For how long what a look rests on must have been still before it is kept: what changes within
/// one tick of the file system's clock looks unchanged.
const STILL: Duration = Duration::from_millis(100);

/// Looks at working folders.
pub struct LookService {
    wiring: Wiring,
    kept: KeptLooks,
    clock: Arc<dyn Clock>,
    still: Duration,
}

/// What decides about an answer besides the folder's files.
#[derive(Serialize)]
struct Inputs<'a> {
    root: &'a Path,
    package: Option<&'a str>,
    config: Option<&'a rr_core::ConfigFile>,
    environment: &'a rr_core::EnvironmentReport,
    /// The program itself: another build may answer differently.
    program: Vec<String>,
}

impl LookService {
    /// A service that keeps answers in this home, with the process environment as it was at the
    /// start.
    ///
    /// # Errors
    /// Where the host's tools cannot be used.
    pub fn open(
        home: &Home,
        variables: BTreeMap<String, String>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, RunError> {
        let wiring = Wiring::for_looking(home, variables, clock.as_ref())?;
        let kept = KeptLooks::new(home.caches().join("looks"));
        Ok(Self { wiring, kept, clock, still: STILL })
    }

    /// The engine's parts, as this home has them.
    #[must_use]
    pub fn wiring(&self) -> &Wiring {
        &self.wiring
    }

    /// What a working folder is and what would be run. `None` where the source is no plain working
    /// folder; then a run up to rung `analyzed` tells.
    ///
    /// # Errors
    /// Where the folder cannot be listed, or its configuration or the named package is refused.
    pub fn look(
        &self,
        request: &RunRequest,
        cancel: &CancelToken,
    ) -> Result<Option<(Analysis, RunPlan)>, RunError> {
        let RepoSource::Folder { path, reference: None } = &request.source else {
            return Ok(None);
        };
        let engine = self.wiring.engine(request.trust);
        let environment = engine.environment.glance();
        let begun = self.clock.unix_millis();
        let key = key(&Inputs {
            root: path,
            package: request.package.as_deref(),
            config: request.config.as_ref(),
            environment: &environment,
            program: stamps::of_program(),
        });
        let kept = if request.fresh { None } else { self.kept.find(&key) };
        if let Some(kept) = &kept
            && kept.holds()
            && let Some(answer) = kept.answer()
        {
            return Ok(Some(answer));
        }
        let earlier = kept.as_ref().filter(|kept| kept.listing_holds());
        let (listing, listed_on) = match earlier.and_then(|kept| Some((kept.listing()?, kept))) {
            Some((listing, kept)) => (listing, kept.listing_stamps().clone()),
            None => {
                let listing = engine.fetcher.list(path, cancel)?;
                let stamps = Stamps::of(&listing.rests_on);
                (listing, stamps)
            }
        };
        let looked = engine.analyzer.look(&Look {
            root: path,
            listing: &listing,
            config: request.config.as_ref(),
            environment: &environment,
            package: request.package.as_deref(),
        })?;
        let read: Vec<_> = looked.read.iter().map(|file| path.join(file)).collect();
        self.keep(&key, begun, listed_on, Stamps::of(&read), &listing, &looked)?;
        Ok(Some((looked.analysis, looked.plan)))
    }

    /// Keeps an answer, unless something that it rests on changed while or just before it was made.
    fn keep(
        &self,
        key: &str,
        begun: u64,
        listed_on: Stamps,
        read: Stamps,
        listing: &Listing,
        looked: &rr_core::Looked,
    ) -> Result<(), RunError> {
        let limit = Duration::from_millis(begun).saturating_sub(self.still).as_nanos();
        let limit = i64::try_from(limit).unwrap_or(i64::MIN);
        if listed_on.newest() >= limit || read.newest() >= limit {
            return Ok(());
        }
        self.kept.put(key, &Kept::new(listed_on, read, listing, looked)?)
    }
}

fn key(inputs: &Inputs<'_>) -> String {
    let text = serde_json::to_string(inputs).unwrap_or_default();
    hex(&Sha256::digest(text.as_bytes()))
}
