use rr_core::{
    Analysis, Command, Ecosystem, EcosystemId, EnvironmentReport, Exit, FailedStep, MemoryRepo,
    Outcome, PlanContext, RemedyKind, RunPlan, Step, StepKind, TestRun, UnitKind, UnitPlan,
    VersionRequest,
};

use crate::analysis::analyze_view;

fn planned(files: &[(&str, &str)]) -> (rr_core::Unit, UnitPlan) {
    let repo = MemoryRepo::new(files.iter().copied());
    let analysis = analyze_view(&repo);
    let environment = EnvironmentReport::default();
    let unit = analysis.units.iter().find(|unit| unit.ecosystem.as_str() == "jvm").unwrap();
    let context = PlanContext { analysis: &analysis, environment: &environment };
    (unit.clone(), super::Jvm.plan(&repo, unit, &context))
}

fn pom(inner: &str) -> String {
    format!(
        "<project xmlns=\"http://maven.apache.org/POM/4.0.0\"><artifactId>app</artifactId>{inner}</project>"
    )
}

const TEST: (&str, &str) = ("src/test/java/ATest.java", "class ATest {}");

fn java(plan: &UnitPlan) -> VersionRequest {
    plan.toolchains.iter().find(|toolchain| toolchain.tool == "java").unwrap().version.clone()
}

#[test]
fn a_library_is_built_and_tested_with_its_real_exit_status() {
    let text = pom("<properties><maven.compiler.release>11</maven.compiler.release></properties>");
    let (unit, plan) = planned(&[("pom.xml", &text), TEST]);
    assert_eq!(unit.kind, UnitKind::Library);
    let lines: Vec<String> = plan.steps.iter().map(|step| step.command.to_string()).collect();
    assert_eq!(lines.len(), 2);
    assert!(lines[0].starts_with("mvn -B -ntp -DskipTests ") && lines[0].ends_with(" package"));
    assert!(lines[1].contains("-- mvn -B -ntp -fae ") && lines[1].ends_with(" test"));
    assert!(!lines[1].contains("failure.ignore"));
    assert_eq!(java(&plan), VersionRequest::Range(">=11".to_owned()));
}

#[test]
fn ci_and_the_enforcer_rule_over_the_release_level() {
    let text = pom(
        "<properties><maven.compiler.release>8</maven.compiler.release></properties><build><plugins><plugin>\
         <artifactId>maven-enforcer-plugin</artifactId><configuration><rules><requireJavaVersion>\
         <version>[17,)</version></requireJavaVersion></rules></configuration></plugin></plugins></build>",
    );
    let workflow = "on: push\njobs:\n  b:\n    runs-on: ubuntu-latest\n    strategy:\n      matrix:\n        \
        java: [11, 17, 21]\n    steps:\n      - uses: actions/setup-java@v4\n        with:\n          \
        java-version: ${{ matrix.java }}\n      - run: mvn verify\n";
    let (_, plan) = planned(&[("pom.xml", &text), TEST, (".github/workflows/ci.yml", workflow)]);
    assert_eq!(java(&plan), VersionRequest::OneOf(vec!["17".to_owned(), "21".to_owned()]));
    assert!(plan.steps.last().unwrap().command.to_string().ends_with(" verify"));
}

#[test]
fn modules_are_members_and_their_levels_count() {
    let root =
        pom("<packaging>pom</packaging><modules><module>a</module><module>b/</module></modules>");
    let inner = pom("<properties><java.version>21</java.version></properties>");
    let files = [
        ("pom.xml", root.as_str()),
        ("a/pom.xml", inner.as_str()),
        ("b/pom.xml", &pom("")),
        ("a/src/test/java/ATest.java", ""),
    ];
    let repo = MemoryRepo::new(files);
    assert_eq!(super::Jvm.detect(&repo).len(), 1);
    let (_, plan) = planned(&files);
    assert_eq!(java(&plan), VersionRequest::Range(">=21".to_owned()));
    assert!(plan.steps.last().unwrap().command.to_string().ends_with(" package"));
}

#[test]
fn spring_boot_starts_on_its_configured_port() {
    let text = pom(
        "<parent><groupId>org.springframework.boot</groupId><artifactId>spring-boot-starter-parent</artifactId></parent>\
         <dependencies><dependency><groupId>org.springframework.boot</groupId><artifactId>spring-boot-starter-web</artifactId></dependency>\
         <dependency><groupId>org.springframework.boot</groupId><artifactId>spring-boot-starter-actuator</artifactId></dependency></dependencies>\
         <build><plugins><plugin><artifactId>spring-boot-maven-plugin</artifactId></plugin></plugins></build>",
    );
    let (unit, plan) = planned(&[
        ("pom.xml", &text),
        ("src/main/resources/application.yml", "spring:\n  x: 1\nserver:\n  port: 9001\n"),
    ]);
    assert_eq!(unit.kind, UnitKind::Service);
    let start = plan.steps.iter().find(|step| step.kind == StepKind::Start).unwrap();
    let probe = start.probe.as_ref().unwrap();
    assert_eq!(probe.expected_port, Some(9001));
    let rr_core::ProbeKind::Http { paths } = &probe.kind else { panic!() };
    assert_eq!(paths, &["/actuator/health", "/"]);
}

#[test]
fn gradle_keeps_to_javas_that_its_wrapper_knows() {
    let (unit, plan) = planned(&[
        ("settings.gradle", "rootProject.name = 'frob'"),
        ("build.gradle", "java { toolchain { languageVersion = JavaLanguageVersion.of(11) } }"),
        ("gradlew", "#!/bin/sh"),
        (
            "gradle/wrapper/gradle-wrapper.properties",
            "distributionUrl=https\\://services.gradle.org/distributions/gradle-7.4.2-bin.zip",
        ),
        TEST,
    ]);
    assert_eq!(unit.name, "frob");
    assert_eq!(java(&plan), VersionRequest::Range(">=11,<18".to_owned()));
    let last = plan.steps.last().unwrap().command.to_string();
    assert!(
        last.ends_with("-- sh ./gradlew --no-daemon --console=plain --continue test"),
        "{last}"
    );
}

/// The first diagnosis of a Maven step that ended with this output.
fn first(kind: StepKind, output: &str) -> Option<rr_core::Diagnosis> {
    let id = EcosystemId::new("jvm");
    let command = Command::argv(["mvn", "-B", "-ntp", "-fae", "test"]);
    let step = Step::new("jvm-x", &id, "", kind, "x", command);
    let plan = RunPlan { steps: vec![step.clone()], ..RunPlan::default() };
    let outcome = Outcome {
        exit: Exit::Code(1),
        seconds: 1.0,
        output_bytes: 0,
        tail: String::new(),
        head: String::new(),
        peak_memory: None,
        left_processes: false,
    };
    let (analysis, environment) = (Analysis::default(), EnvironmentReport::default());
    let tests = TestRun::default();
    let failed = FailedStep {
        step: &step,
        outcome: &outcome,
        output,
        tests: Some(&tests),
        plan: &plan,
        analysis: &analysis,
        environment: &environment,
        treated: &[],
    };
    let repo = MemoryRepo::new([("pom.xml", ""), ("mvnw", "")]);
    super::Jvm.diagnose(&repo, &failed).into_iter().next()
}

#[test]
fn java_versions_are_read_from_failures() {
    #[rustfmt::skip]
    let samples = [
        ("[ERROR] Fatal error compiling: error: release version 21 not supported\n", ">=21"),
        ("[ERROR] Fatal error compiling: error: invalid target release: 25\n", ">=25"),
        ("    class file has wrong version 65.0, should be 61.0\n", ">=21"),
        ("Unsupported class file major version 69\n", "<25"),
        ("[ERROR] Rule 1: RequireJavaVersion failed with message:\nDetected JDK version 17.0.15 (JAVA_HOME=/usr/lib/jvm/x) is not in the allowed range [21,).\n", ">=21"),
        ("Detected JDK Version: 21.0.1 is not in the allowed range [11,18).\n", ">=11,<18"),
    ];
    for (output, wanted) in samples {
        let found = first(StepKind::Build, output).unwrap();
        let RemedyKind::UseToolchain { tool, version } = &found.remedies[0].kind else { panic!() };
        assert_eq!((tool.as_str(), version.as_str()), ("java", wanted), "{output}");
    }
}

#[test]
fn other_failures_have_their_cure() {
    let found =
        first(StepKind::Build, "[ERROR] Source option 6 is no longer supported. Use 7 or later.\n")
            .unwrap();
    let rr_core::PlanEdit::SetCommand { command, .. } = &found.remedies[0].edits[0] else {
        panic!()
    };
    assert!(command.to_string().contains("-Dmaven.compiler.source=8"));
    let found = first(
        StepKind::Test,
        "[INFO] --- maven-surefire-plugin:2.12.4:test (default-test) @ a ---\n",
    )
    .unwrap();
    let rr_core::PlanEdit::SetCommand { command, .. } = &found.remedies[0].edits[0] else {
        panic!()
    };
    assert!(command.to_string().ends_with("maven-surefire-plugin:3.2.5:test"));
    let found = first(
        StepKind::Build,
        "[ERROR] Detected Maven Version: 3.8.7 is not in the allowed range [3.9.0,).\n",
    )
    .unwrap();
    let rr_core::PlanEdit::SetCommand { command, .. } = &found.remedies[0].edits[0] else {
        panic!()
    };
    assert!(command.to_string().starts_with("sh ./mvnw -B"));
}

#[test]
fn a_failure_of_an_older_gradle_than_wanted_is_not_the_build_s_own() {
    let id = EcosystemId::new("jvm");
    let step = Step::new("jvm-build", &id, "", StepKind::Build, "x", Command::argv(["gradle"]));
    let plan = RunPlan { steps: vec![step.clone()], ..RunPlan::default() };
    let outcome = Outcome {
        exit: Exit::Code(1),
        seconds: 1.0,
        output_bytes: 0,
        tail: String::new(),
        head: String::new(),
        peak_memory: None,
        left_processes: false,
    };
    let (analysis, environment) = (Analysis::default(), EnvironmentReport::default());
    let failed = FailedStep {
        step: &step,
        outcome: &outcome,
        output: "FAILURE: Build failed\n\n* What went wrong:\nTask 'assemble' not found in root \
                 project 'x'.\n\n* Get more help at https://help.gradle.org\n",
        tests: None,
        plan: &plan,
        analysis: &analysis,
        environment: &environment,
        treated: &[],
    };
    let found = |file: &str| super::Jvm.diagnose(&MemoryRepo::new([(file, "")]), &failed);
    let kotlin = found("build.gradle.kts");
    assert_eq!(kotlin[0].signature, "jvm.gradle-too-old:5.0");
    assert_eq!(kotlin[0].evidence_line, "Task 'assemble' not found in root project 'x'.");
    assert!(found("build.gradle").is_empty());
}

#[test]
fn a_build_beside_a_database_is_downloaded_first_and_then_offline() {
    let text = pom("<dependencies><dependency><groupId>org.postgresql</groupId>\
         <artifactId>postgresql</artifactId></dependency></dependencies>");
    let compose = "services:\n  db:\n    image: postgres:16\n    environment: {POSTGRES_USER: u, POSTGRES_PASSWORD: p, \
         POSTGRES_DB: d}\n  app:\n    build: .\n    environment: {APP_URL: 'jdbc:postgresql://db:5432/d'}\n";
    let (_, plan) = planned(&[("pom.xml", &text), TEST, ("compose.yaml", compose)]);
    let lines: Vec<String> = plan.steps.iter().map(|step| step.command.to_string()).collect();
    assert!(lines[0].contains("maven/download.sh package -- mvn -B"), "{}", lines[0]);
    assert!(lines[1].starts_with("mvn -B -ntp -o -DskipTests"), "{}", lines[1]);
    assert!(lines[2].contains("mvn -B -ntp -o -fae") && lines[2].ends_with(" test"));
    assert_eq!(plan.steps[2].network, rr_core::NetworkNeed::Loopback);
}

#[test]
fn a_program_that_needs_other_jars_gets_its_class_path() {
    let text = pom(
        "<dependencies><dependency><groupId>a</groupId><artifactId>b</artifactId></dependency></dependencies>\
         <build><plugins><plugin><artifactId>maven-jar-plugin</artifactId><configuration><archive><manifest>\
         <mainClass>a.Main</mainClass></manifest></archive></configuration></plugin></plugins></build>",
    );
    let main =
        ("src/main/java/a/Main.java", "class Main { public static void main(String[] a) {} }");
    let (_, plan) = planned(&[("pom.xml", &text), main]);
    let line = |kind| plan.steps.iter().find(|step| step.kind == kind).unwrap().command.to_string();
    assert!(line(StepKind::Build).contains(":build-classpath -Dmdep.outputFile=target/"));
    assert!(line(StepKind::Start).contains("$(cat target/repo-runner-class-path)"));
}

#[test]
fn what_the_build_file_skips_is_run_where_nothing_else_was() {
    let found = first(StepKind::Test, "[INFO] Tests are skipped.\n").unwrap();
    let rr_core::PlanEdit::SetCommand { command, .. } = &found.remedies[0].edits[0] else {
        panic!()
    };
    assert!(command.to_string().contains("-fae -DskipTests=false "));
}

const BOOT: &str = "<parent><artifactId>root</artifactId></parent><dependencies><dependency><groupId>g</groupId><artifactId>";

/// A build of two applications whose plugin a profile of the root turns on.
fn two_applications(ports: [&str; 2]) -> UnitPlan {
    let root = "<project><artifactId>root</artifactId><packaging>pom</packaging><modules><module>shop</module><module>config</module></modules>\
                <profiles><profile><activation><file><exists>src/main/resources/application.yml</exists></file></activation>\
                <build><plugins><plugin><artifactId>spring-boot-maven-plugin</artifactId></plugin></plugins></build></profile></profiles></project>";
    let module = |name: &str, uses: &str| {
        format!(
            "<project><artifactId>{name}</artifactId>{BOOT}{uses}</artifactId></dependency></dependencies></project>"
        )
    };
    let shop = module("shop", "spring-boot-starter-web");
    let config = module("config", "spring-cloud-config-server");
    let port = |port: &str| format!("server:\n  port: {port}\n");
    let yml = ports.map(port);
    planned(&[
        ("pom.xml", root),
        ("shop/pom.xml", &shop),
        ("shop/src/main/java/Shop.java", "@SpringBootApplication class Shop {}"),
        ("shop/src/main/resources/application.yml", &yml[0]),
        ("config/pom.xml", &config),
        ("config/src/main/java/Config.java", "@SpringBootApplication class Config {}"),
        ("config/src/main/resources/application.yml", &yml[1]),
    ])
    .1
}

#[test]
fn applications_of_one_build_are_started_in_order_where_each_has_its_port() {
    let started = |plan: &UnitPlan| -> Vec<String> {
        let starts = plan.steps.iter().filter(|step| step.kind == StepKind::Start);
        let shown =
            |step: &Step| format!("{} {:?}", step.cwd, step.probe.as_ref().unwrap().expected_port);
        starts.map(shown).collect()
    };
    let system = two_applications(["8081", "8888"]);
    assert_eq!(started(&system), ["config Some(8888)", "shop Some(8081)"]);
    let alternatives = two_applications(["8080", "8080"]);
    assert_eq!(started(&alternatives), ["config Some(8080)"]);
}
