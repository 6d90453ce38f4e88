//! What is wrong with a failed step of a JVM build, by rule.

use rr_core::{
    CauseClass, Diagnosis, FailedStep, PlanEdit, Remedy, RemedyKind, RepoView, StepKind,
    VersionRequest,
};

use super::java;
use super::paths::join;
use crate::rules::{Match, Rule, apply, no_cure, rewrite, toolchain, variable};

const BUILDS: &[StepKind] = &[StepKind::Build, StepKind::Test, StepKind::Install];
const TEST: &[StepKind] = &[StepKind::Test];

/// The diagnoses of a failed step, the surest first.
pub(super) fn diagnose(repo: &dyn RepoView, failed: &FailedStep<'_>) -> Vec<Diagnosis> {
    let mut found = apply(RULES, repo, failed);
    found.extend(super::old_gradle::diagnose(repo, failed));
    found
}

#[rustfmt::skip]
static RULES: &[Rule] = &[
    // `error: release version 21 not supported`, `invalid target release: 21`, `invalid source release: 17`
    Rule { id: "jvm.java-too-old", pattern: r"(?:release version|invalid (?:target|source) release:?) (?:1\.)?(\d+)(?: not supported|$)", kinds: BUILDS,
        cause: CauseClass::Environment, confidence: 0.95, explanation: "needs Java {} or newer", cure: |m| at_least(m, m.subject().parse().ok()) },
    // `class file has wrong version 61.0, should be 55.0`, `… has been compiled by a more recent version of the Java Runtime (class file version 61.0)`
    Rule { id: "jvm.class-version", pattern: r"(?:class file has wrong version |more recent version of the Java Runtime \(class file version )(\d+)", kinds: &[],
        cause: CauseClass::Environment, confidence: 0.95, explanation: "something was compiled for a newer Java (class file version {})", cure: |m| at_least(m, class_version(m)) },
    // `Unsupported class file major version 69`: a tool reads classes of a Java newer than it knows
    Rule { id: "jvm.java-too-new", pattern: r"Unsupported class file major version (\d+)", kinds: &[],
        cause: CauseClass::Environment, confidence: 0.9, explanation: "a tool does not know this Java (class file version {})", cure: |m| below(class_version(m)) },
    // `Source option 6 is no longer supported. Use 7 or later.`, `Target option 1.5 is no longer supported. Use 1.8 or later.`
    Rule { id: "jvm.level-dropped", pattern: r"(?:Source|Target) option ([\d.]+) is no longer supported", kinds: BUILDS,
        cause: CauseClass::Environment, confidence: 0.95, explanation: "this Java no longer compiles level {}", cure: raise_level },
    // `Detected JDK Version: 17.0.15 is not in the allowed range [21,).`, `Detected JDK version 17.0.15 (JAVA_HOME=/usr/lib/jvm/…) is not in the allowed range [21,).`
    Rule { id: "jvm.enforced-java", pattern: r"Detected JDK [Vv]ersion:? [^\n]*? is not in the allowed range ([\[(][^\])]*[\])])", kinds: BUILDS,
        cause: CauseClass::Environment, confidence: 0.97, explanation: "the build allows only Java {}", cure: |m| interval(m.subject()).map(|range| toolchain("java", VersionRequest::Range(range), "jvm.enforced-java")).into_iter().collect() },
    // `Detected Maven Version: 3.8.7 is not in the allowed range [3.9.0,).`, `requires Maven version 3.9.0`
    Rule { id: "jvm.maven-too-old", pattern: r"Detected Maven Version: [^\n]*? is not in the allowed range ([\[(][^\])]*[\])])|requires Maven version (\d[\d.]*)", kinds: BUILDS,
        cause: CauseClass::Environment, confidence: 0.95, explanation: "needs another Maven", cure: other_maven },
    // `error: package javax.xml.bind does not exist`: left the JDK with Java 11
    Rule { id: "jvm.removed-modules", pattern: r"(?:package (javax\.(?:xml\.bind|annotation|xml\.ws|activation|jws|transaction))[\w.]* does not exist|(?:ClassNotFoundException|NoClassDefFoundError): (javax[./](?:xml[./]bind|annotation|activation)))", kinds: &[],
        cause: CauseClass::Environment, confidence: 0.75, explanation: "{} left the JDK with Java 11", cure: |_| vec![toolchain("java", VersionRequest::Exact("8".to_owned()), "jvm.removed-modules")] },
    // `cannot find symbol … class sun.misc.BASE64Encoder`, `Could not find artifact com.sun:tools:jar:1.8 at specified path …/lib/tools.jar`
    Rule { id: "jvm.tools-jar", pattern: r"(com\.sun:tools:jar|lib/tools\.jar|sun\.misc\.BASE64)", kinds: BUILDS,
        cause: CauseClass::Environment, confidence: 0.85, explanation: "{} left the JDK with Java 9", cure: |_| vec![toolchain("java", VersionRequest::Exact("8".to_owned()), "jvm.tools-jar")] },
    // `java.lang.reflect.InaccessibleObjectException: Unable to make field … accessible: module java.base does not "opens java.lang" to unnamed module`
    Rule { id: "jvm.closed-modules", pattern: r#"accessible: module java\.base does not "opens ([\w.]+)" to unnamed module"#, kinds: &[],
        cause: CauseClass::Environment, confidence: 0.8, explanation: "reaches into {}, which Java 17 closed", cure: |_| vec![opened(), toolchain("java", VersionRequest::Range("<16".to_owned()), "jvm.closed-modules")] },
    // `java.lang.NoSuchFieldError: Class com.sun.tools.javac.tree.JCTree$JCImport does not have member field`, `class lombok.javac.apt.LombokProcessor … cannot access class com.sun.tools.javac`
    Rule { id: "jvm.annotation-processor", pattern: r"(JCTree\$JCImport does not have member|LombokProcessor[^\n]*cannot access class com\.sun\.tools)", kinds: BUILDS,
        cause: CauseClass::Environment, confidence: 0.9, explanation: "an annotation processor is older than this Java", cure: |_| vec![toolchain("java", VersionRequest::OneOf(vec!["17".to_owned(), "11".to_owned(), "8".to_owned()]), "jvm.annotation-processor"), toolchain("java", VersionRequest::Range("<16".to_owned()), "jvm.annotation-processor")] },
    // `No matching toolchains found for requested specification: {languageVersion=21, …}`, `Cannot find a Java installation on your machine matching: {languageVersion=21`
    Rule { id: "jvm.gradle-toolchain", pattern: r"(?:No matching toolchains found|Cannot find a Java installation on your machine)[^\n]*languageVersion=(\d+)", kinds: BUILDS,
        cause: CauseClass::Environment, confidence: 0.95, explanation: "Gradle wants a JDK {}", cure: |m| vec![toolchain("java", VersionRequest::Exact(m.subject().to_owned()), "jvm.gradle-toolchain")] },
    // `Downloading https://services.gradle.org/distributions/gradle-8.5-bin.zip` … `java.net.UnknownHostException: services.gradle.org`
    Rule { id: "jvm.gradle-wrapper", pattern: r"(?s)Downloading https?://\S+/gradle-(\d[\d.]*\d)-\w+\.zip.{0,3000}?(?:Exception|Error: )", kinds: BUILDS,
        cause: CauseClass::NeedsNetwork, confidence: 0.9, explanation: "the wrapper cannot download Gradle {}", cure: without_wrapper },
    // `ClassNotFoundException: org.gradle.wrapper.GradleWrapperMain`: the wrapper's jar is not in the repository
    Rule { id: "jvm.wrapper-jar", pattern: r"(?:ClassNotFoundException: |Could not find or load main class )(org\.gradle\.wrapper\.GradleWrapperMain)", kinds: BUILDS,
        cause: CauseClass::Environment, confidence: 0.9, explanation: "the wrapper's jar is missing", cure: without_wrapper },
    // `Blocked mirror for repositories: [x (http://…, default, releases+snapshots)]`
    Rule { id: "jvm.blocked-repository", pattern: r"Blocked mirror for repositories: \[([^\]]+)\]", kinds: BUILDS,
        cause: CauseClass::NeedsNetwork, confidence: 0.9, explanation: "a dependency lies in a repository without TLS: {}", cure: no_cure },
    // `Could not transfer artifact org.x:y:jar:1.0 from/to central (https://…): Connect timed out`
    Rule { id: "jvm.transfer", pattern: r"Could not transfer (?:artifact|metadata) (\S+) from/to [^\n]*(?:timed out|reset|50[0234]|closed|[Rr]emote host terminated|EOF)", kinds: BUILDS,
        cause: CauseClass::NeedsNetwork, confidence: 0.85, explanation: "the download of {} broke off", cure: |_| vec![Remedy { kind: RemedyKind::Retry, title: "try again".to_owned(), edits: Vec::new(), resume_at: None }] },
    // `Could not find artifact org.x:y:jar:1.0-SNAPSHOT in central (https://registry.example/maven2)`
    Rule { id: "jvm.no-artifact", pattern: r"Could not find artifact (\S+) in ", kinds: BUILDS,
        cause: CauseClass::Intrinsic, confidence: 0.7, explanation: "{} is in none of the build's repositories", cure: no_cure },
    // `SDK location not found. Define a valid SDK location with an ANDROID_HOME environment variable`
    Rule { id: "jvm.android-sdk", pattern: r"(SDK location not found|ANDROID_(?:HOME|SDK_ROOT)[^\n]*not set)", kinds: BUILDS,
        cause: CauseClass::Environment, confidence: 0.9, explanation: "needs the Android SDK", cure: no_cure },
    // `--- maven-surefire-plugin:2.12.4:test`: older than JUnit 5, so that it finds none of its tests
    Rule { id: "jvm.surefire-too-old", pattern: r"(?:maven-)?surefire(?:-plugin)?:(2\.(?:\d|1\d|2[01])(?:\.\d+)?):test", kinds: TEST,
        cause: CauseClass::Environment, confidence: 0.8, explanation: "Surefire {} knows no JUnit 5", cure: newer_surefire },
    // `[INFO] Tests are skipped.`: the build file says so
    Rule { id: "jvm.tests-skipped", pattern: r"^\[INFO\] (Tests are skipped)", kinds: TEST,
        cause: CauseClass::Intrinsic, confidence: 0.8, explanation: "the build file skips the tests", cure: unskipped },
    // `Process 'Gradle Test Executor 1' finished with non-zero exit value 137`
    Rule { id: "jvm.test-process", pattern: r"(?:The forked VM terminated without properly saying goodbye|finished with non-zero exit value (\d+))", kinds: TEST,
        cause: CauseClass::Intrinsic, confidence: 0.5, explanation: "the test process ended midway", cure: no_cure },
];

fn class_version(found: &Match<'_>) -> Option<u32> {
    found.subject().parse::<u32>().ok().and_then(|version| version.checked_sub(44))
}

fn at_least(found: &Match<'_>, version: Option<u32>) -> Vec<Remedy> {
    let rule = &found.failed.step.id.to_string();
    version
        .map(|version| toolchain("java", VersionRequest::Range(format!(">={version}")), rule))
        .into_iter()
        .collect()
}

fn below(version: Option<u32>) -> Vec<Remedy> {
    version
        .map(|version| {
            toolchain("java", VersionRequest::Range(format!("<{version}")), "jvm.java-too-new")
        })
        .into_iter()
        .collect()
}

/// Maven's `[17,)`, `[11,18)`, `17` as a range: `>=17`, `>=11,<18`.
fn interval(text: &str) -> Option<String> {
    let inner = text.trim_matches(['[', '(', ']', ')']);
    let (low, high) = inner.split_once(',').unwrap_or((inner, ""));
    let mut parts = Vec::new();
    parts.extend(java::major(low).map(|low| format!(">={low}")));
    parts.extend(java::major(high).map(|high| {
        if text.ends_with(']') { format!("<{}", high + 1) } else { format!("<{high}") }
    }));
    (!parts.is_empty()).then(|| parts.join(","))
}

/// The project's own level, which old compiler plugins do not read from where it stands, else 8,
/// the oldest that Java 17 and 21 still compile.
fn raise_level(found: &Match<'_>) -> Vec<Remedy> {
    let reactor = super::pom::reactor(found.repo, &found.failed.step.unit);
    let level = reactor.iter().filter_map(|pom| pom.release).max().unwrap_or(8).max(8);
    let flags =
        [format!("-Dmaven.compiler.source={level}"), format!("-Dmaven.compiler.target={level}")];
    let title = format!("compile for Java {level}");
    let rewritten = rewrite(found, &title, |words| {
        let Some(at) = words.iter().position(|word| word == "-ntp") else { return words.to_vec() };
        let mut words = words.to_vec();
        for flag in &flags {
            if !words.contains(flag) {
                words.insert(at + 1, flag.clone());
            }
        }
        words
    });
    let older = toolchain(
        "java",
        VersionRequest::OneOf(vec!["8".to_owned(), "11".to_owned()]),
        "jvm.level-dropped",
    );
    rewritten.into_iter().chain([older]).collect()
}

/// Maven's own wrapper, where the repository has it, else a newer Maven.
fn other_maven(found: &Match<'_>) -> Vec<Remedy> {
    let wrapper = join(&found.failed.step.unit, "mvnw");
    let wrapped = found.repo.has(&wrapper).then(|| {
        rewrite(found, "use the repository's Maven wrapper", |words| {
            let mut words = words.to_vec();
            if let Some(at) = words.iter().position(|word| word == "mvn") {
                words.splice(at..=at, ["sh".to_owned(), "./mvnw".to_owned()]);
            }
            words
        })
    });
    let range = found.groups.iter().skip(1).find(|group| !group.is_empty());
    let floor = range.map(|text| {
        text.trim_matches(['[', '(', ']', ')', ',']).split(',').next().unwrap_or("").to_owned()
    });
    let newer = floor.map(|floor| {
        toolchain("maven", VersionRequest::Range(format!(">={floor}")), "jvm.maven-too-old")
    });
    wrapped.flatten().into_iter().chain(newer).collect()
}

fn without_wrapper(found: &Match<'_>) -> Vec<Remedy> {
    let rewritten = rewrite(found, "use an installed Gradle", |words| {
        let mut words = words.to_vec();
        if let Some(at) = words.iter().position(|word| word == "./gradlew") {
            words[at] = "gradle".to_owned();
            if at > 0 && words[at - 1] == "sh" {
                words.remove(at - 1);
            }
        }
        words
    });
    let version = super::old_gradle::wanted(found.repo, &found.failed.step.unit);
    let version = version.map_or(VersionRequest::Any, |version| {
        VersionRequest::Exact(version.split('.').next().unwrap_or_default().to_owned())
    });
    let mut remedy = toolchain("gradle", version, "jvm.gradle-wrapper");
    remedy.edits.extend(rewritten.map(|rewritten| rewritten.edits).unwrap_or_default());
    vec![remedy]
}

fn newer_surefire(found: &Match<'_>) -> Vec<Remedy> {
    let none = found.failed.tests.is_some_and(|tests| tests.cases.is_empty());
    if !none {
        return Vec::new();
    }
    rewrite(found, "run the tests with a Surefire that knows JUnit 5", |words| {
        let mut words = words.to_vec();
        if words.iter().any(|word| word == "-fae")
            && let Some(last) = words.last_mut()
        {
            *last = "test-compile".to_owned();
            words.push("org.apache.maven.plugins:maven-surefire-plugin:3.2.5:test".to_owned());
        }
        words
    })
    .into_iter()
    .collect()
}

/// Runs what a property skips; what a plugin's own configuration skips stays skipped.
fn unskipped(found: &Match<'_>) -> Vec<Remedy> {
    if found.failed.tests.is_some_and(|tests| !tests.cases.is_empty()) {
        return Vec::new();
    }
    let flags = ["-DskipTests=false", "-DskipITs=false", "-Dmaven.test.skip=false"];
    let rewritten = rewrite(found, "run the tests that the build file skips", |words| {
        let mut words = words.to_vec();
        if let Some(at) = words.iter().position(|word| word == "-fae") {
            words.splice(at + 1..at + 1, flags.map(str::to_owned));
        }
        words
    });
    rewritten.into_iter().collect()
}

/// Opens what most older libraries reach into.
fn opened() -> Remedy {
    let packages = [
        "java.lang",
        "java.util",
        "java.lang.reflect",
        "java.text",
        "java.net",
        "java.io",
        "java.time",
    ];
    let value: Vec<String> =
        packages.iter().map(|name| format!("--add-opens=java.base/{name}=ALL-UNNAMED")).collect();
    let mut remedy = variable("JDK_JAVA_OPTIONS", &value.join(" "));
    // Test processes that Surefire starts are `java` programs too and read the same variable.
    remedy.edits.push(PlanEdit::Note { text: "java.base is opened to the tests".to_owned() });
    remedy
}
