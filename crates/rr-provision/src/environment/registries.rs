//! Which package registries answer from here: asked in parallel, each for less than a second. When
//! all answered, that is believed for the rest of the day.

use std::collections::BTreeMap;
use std::fs;
use std::thread;
use std::time::Duration;

use crate::registries::{HttpClient, addresses};
use crate::settings::ProvisionSettings;
use crate::store::make_open_folder;

const LIMIT: Duration = Duration::from_millis(900);

/// Ecosystem and whether its registry answered.
pub(super) fn reachable(settings: &ProvisionSettings) -> BTreeMap<String, bool> {
    let addresses = addresses(settings);
    let known = settings.caches().join(format!("registries-{}", settings.day));
    let text: String = addresses.iter().map(|(name, url)| format!("{name} {url}\n")).collect();
    if fs::read_to_string(&known).is_ok_and(|answered| answered == text) {
        return addresses.into_iter().map(|(name, _)| (name.to_owned(), true)).collect();
    }
    let client = HttpClient::new(settings);
    let asked: BTreeMap<String, bool> = thread::scope(|scope| {
        let threads: Vec<_> = addresses
            .iter()
            .map(|(name, url)| {
                let client = &client;
                (name, scope.spawn(move || client.answers(url, LIMIT)))
            })
            .collect();
        threads
            .into_iter()
            .map(|(name, thread)| ((*name).to_owned(), thread.join().unwrap_or(false)))
            .collect()
    });
    if asked.values().all(|answered| *answered) && make_open_folder(&settings.caches()).is_ok() {
        let _ = fs::write(&known, text);
    }
    asked
}
