//! What could not be obtained today: a network that lets an installer's downloads through tomorrow
//! is asked again tomorrow, not in every run.

use std::fs;

use super::Toolchains;
use super::links::file_name;
use crate::store::make_open_folder;

impl Toolchains {
    /// Why a thing could not be obtained earlier today; `None` where nobody failed.
    pub(super) fn failed_today(&self, what: &str) -> Option<String> {
        fs::read_to_string(self.failure_file(what)).ok()
    }

    /// Remembers for today that a thing cannot be obtained. Only for failures of the network:
    /// anything else may be cured meanwhile.
    pub(super) fn remember_failure(&self, what: &str, reason: &str) {
        let file = self.failure_file(what);
        if let Some(folder) = file.parent()
            && make_open_folder(folder).is_ok()
        {
            let _ = fs::write(file, reason);
        }
    }

    fn failure_file(&self, what: &str) -> std::path::PathBuf {
        let settings = self.host.settings();
        settings.caches().join("failures").join(format!("{}-{}", file_name(what), settings.day))
    }
}
