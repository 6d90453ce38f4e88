//! Scala with sbt or mill.

use rr_core::{CauseClass, UnitKind};

use super::super::{Declared, NOTHING, Report, build, exact, install, start, test};
use crate::rules::{Rule, no_cure};

#[rustfmt::skip]
pub(crate) static SCALA: Declared = Declared {
    id: "scala",
    tool: "sbt",
    get: "install sbt, https://www.scala-sbt.org/download, or mill, https://mill-build.org",
    also: &["java"],
    manifests: &[("build.sbt", "sbt"), ("build.sc", "mill"), ("build.mill", "mill")],
    sources: &["scala", "sc", "mill"],
    versions: &[exact("project/build.properties", r"sbt\.version\s*=\s*(\S+)"), exact(".mill-version", r"^(\d\S*)")],
    frameworks: &[("build.sbt:PlayScala|project/plugins.sbt:org.playframework|project/plugins.sbt:com.typesafe.play", "play"), ("build.sbt:akka-http", "akka-http"), ("build.sbt:http4s", "http4s"), ("build.sbt:scalatest|project/Dependencies.scala:scalatest", "scalatest"), ("build.sbt:munit", "munit"), ("build.sbt:specs2", "specs2")],
    kinds: &[("build.sbt:PlayScala|conf/routes", UnitKind::Service)],
    test_programs: &["sbt", "mill"],
    env: &[("SBT_OPTS", "-Dsbt.supershell=false -Dsbt.color=false -Dsbt.log.noformat=true"), ("COURSIER_CACHE", "@{caches}/coursier")],
    steps: &[
        install("build.sbt", "sbt -batch update"),
        build("build.sbt", "sbt -batch Test/compile"),
        build("build.sc&!build.sbt|build.mill&!build.sbt", "$(test -x ./mill && echo ./mill || command -v mill || echo mill) --no-server __.compile"),
        start("conf/routes&build.sbt", "exec sbt -batch 'run 9000'", 9000),
        test("build.sbt", SBT_TEST, "sbt-test", Report::Junit("@{reports}/sbt/**/*.xml")),
        test("build.sc|build.mill", MILL_TEST, "mill-test", Report::Junit("@{reports}/mill/**/*.xml")),
    ],
    rules: &[
        // `[error] (update) sbt.librarymanagement.ResolveException: Error downloading org.x:y_2.13:1.0`
        Rule { id: "scala.unresolved", pattern: r"Error downloading ([\w.-]+:[\w.-]+:[\w.-]+)", kinds: &[],
            cause: CauseClass::Environment, confidence: 0.8, explanation: "{} cannot be had from the repositories", cure: no_cure },
        // `java.lang.UnsupportedOperationException: The Security Manager is deprecated and will be removed in a future release`
        Rule { id: "scala.old-sbt-new-java", pattern: r"The Security Manager is deprecated|error while loading package: class file .* wrong version|bad constant pool index", kinds: &[],
            cause: CauseClass::Environment, confidence: 0.8, explanation: "this sbt needs an older Java", cure: |_| vec![crate::rules::toolchain("java", rr_core::VersionRequest::Exact("11".to_owned()), "scala.old-sbt-new-java"), crate::rules::toolchain("java", rr_core::VersionRequest::Exact("8".to_owned()), "scala.old-sbt-new-java")] },
    ],
    ..NOTHING
};

/// Old reports are removed first: what is read must be of this run.
const SBT_TEST: &str = "find . -path '*/target/test-reports/*' -name '*.xml' -delete
sbt -batch test; status=$?
mkdir -p \"@{reports}/sbt\"
find . -path '*/target/test-reports/*' -name '*.xml' -exec cp --parents {} \"@{reports}/sbt\" \\;
exit $status";

const MILL_TEST: &str = "$(test -x ./mill && echo ./mill || command -v mill || echo mill) --no-server __.test; status=$?
mkdir -p \"@{reports}/mill\"
find out -name 'test-report.xml' -exec cp --parents {} \"@{reports}/mill\" \\;
exit $status";
