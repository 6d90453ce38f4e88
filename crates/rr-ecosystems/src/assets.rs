//! Files that ride in test processes and record outcomes, as they lie below the tools folder.

/// Names each file once: its path below `assets/` is its path below the tools folder.
macro_rules! assets {
    ($($path:literal),* $(,)?) => {
        &[$(($path, include_bytes!(concat!("../assets/", $path)))),*]
    };
}

static FILES: &[(&str, &[u8])] = assets![
    "recorder/cargo/load-library.sh",
    "recorder/cargo/run-doctest.sh",
    "recorder/cargo/run-test.sh",
    "recorder/clojure/recorder.clj",
    "recorder/collect.sh",
    "recorder/elixir/recorder.exs",
    "recorder/go/load-library.sh",
    "recorder/go/run-tests.sh",
    "recorder/haskell/no-registry.config",
    "recorder/make/shell.sh",
    "recorder/make/targets.sh",
    "recorder/maven/download.sh",
    "recorder/native/ask.sh",
    "recorder/native/no-werror.sh",
    "recorder/native/run-program.sh",
    "recorder/node/check-installed.cjs",
    "recorder/node/children.cjs",
    "recorder/node/hook.cjs",
    "recorder/node/jasmine.cjs",
    "recorder/node/jest.cjs",
    "recorder/node/karma.conf.cjs",
    "recorder/node/mocha.cjs",
    "recorder/node/node-test.mjs",
    "recorder/node/tape.cjs",
    "recorder/node/uvu.cjs",
    "recorder/node/vitest.mjs",
    "recorder/node/writer.cjs",
    "recorder/perl/install-missing.pl",
    "recorder/php/prepend.ini",
    "recorder/php/system-autoload.php",
    "recorder/python/repo_runner_recorder.py",
    "recorder/python/repo_runner_unittest.py",
    "recorder/python/repo_runner_writer.py",
    "recorder/python/sitecustomize.py",
    "recorder/r/install-missing.R",
    "recorder/r/testthat.R",
    "recorder/ruby/recorder.rb",
];

/// All files: path below the tools folder, and bytes.
pub(crate) fn all() -> Vec<(String, &'static [u8])> {
    FILES.iter().map(|(path, bytes)| ((*path).to_owned(), *bytes)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::DiskView;
    use rr_core::RepoView;

    #[test]
    fn every_asset_is_listed() {
        let folder = std::path::Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/assets"));
        let view = DiskView::open(folder).unwrap();
        let on_disk: Vec<&str> = view.files().iter().map(|file| file.path.as_str()).collect();
        let mut listed: Vec<&str> = FILES.iter().map(|(path, _)| *path).collect();
        listed.sort_unstable();
        assert_eq!(listed, on_disk);
    }
}
