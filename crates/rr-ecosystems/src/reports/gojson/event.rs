//! One event of `go test -json`: `cmd/test2json`'s documentation is the source.

use serde::Deserialize;

/// An event. Unknown members are ignored, so newer Go versions stay readable.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Event {
    /// `start`, `run`, `pause`, `cont`, `pass`, `fail`, `skip`, `bench`, `output`,
    /// `build-output`, `build-fail`, `attr`.
    pub(super) action: String,
    /// Import path of the package under test.
    pub(super) package: Option<String>,
    /// The test, its subtests behind `/`.
    pub(super) test: Option<String>,
    /// Seconds.
    pub(super) elapsed: Option<f64>,
    /// A piece of output, usually one line.
    pub(super) output: Option<String>,
    /// Of `build-output` and `build-fail`: what was built.
    pub(super) import_path: Option<String>,
    /// Of a package's `fail`: the build that failed.
    pub(super) failed_build: Option<String>,
}

/// The events of a file. Lines that are no events (a linker's warning) are passed over.
pub(super) fn parse(bytes: &[u8]) -> Vec<Event> {
    bytes
        .split(|byte| *byte == b'\n')
        .filter(|line| line.first() == Some(&b'{'))
        .filter_map(|line| serde_json::from_slice(line).ok())
        .collect()
}
