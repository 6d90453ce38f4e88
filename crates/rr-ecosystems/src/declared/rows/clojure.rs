//! Clojure with Leiningen or the command-line tools.

use rr_core::{CauseClass, UnitKind};

use super::super::{Declared, NOTHING, Report, exact, install, test};
use crate::rules::{Rule, no_cure};

#[rustfmt::skip]
pub(crate) static CLOJURE: Declared = Declared {
    id: "clojure",
    tool: "leiningen",
    get: "install Leiningen, https://leiningen.org, or the Clojure tools, https://clojure.org/guides/install_clojure",
    also: &["java"],
    manifests: &[("project.clj", "lein"), ("deps.edn", "clojure")],
    sources: &["clj", "cljs", "cljc"],
    versions: &[exact(".tool-versions", r"^(?:leiningen|lein)\s+(\S+)")],
    frameworks: &[("project.clj:compojure|deps.edn:compojure", "compojure"), ("project.clj:ring/|deps.edn:ring/", "ring"), ("project.clj:midje", "midje"), ("deps.edn:shadow-cljs|shadow-cljs.edn", "shadow-cljs")],
    kinds: &[("project.clj::ring {", UnitKind::Service), ("project.clj::main ", UnitKind::Cli)],
    test_programs: &["lein", "clojure", "clj"],
    env: &[("LEIN_HOME", "@{caches}/lein"), ("LEIN_ROOT", "1")],
    steps: &[
        install("project.clj", "lein deps"),
        install("deps.edn&!project.clj", "clojure -P -M:test"),
        test("project.clj", "lein update-in :injections conj '(load-file \"@{tools}/recorder/clojure/recorder.clj\")' -- test", "clojure-test", Report::Recorder),
        test("deps.edn::test", "clojure -X:test", "clojure-cli-test", Report::Exit),
    ],
    rules: &[
        // `Could not transfer artifact compojure:compojure:pom:1.7.0 from/to clojars (https://repo.clojars.org/): repo.clojars.org`
        Rule { id: "clojure.registry", pattern: r"Could not transfer artifact (\S+) from/to clojars", kinds: &[],
            cause: CauseClass::NeedsNetwork, confidence: 0.85, explanation: "{} cannot be fetched from Clojars", cure: no_cure },
    ],
    ..NOTHING
};
