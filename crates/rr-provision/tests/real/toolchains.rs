//! Toolchains of the host and from the registries, each run to see that it is what it says.

use std::path::PathBuf;
use std::sync::Arc;

use crate::workshop::{Workshop, sh};
use rr_core::executor::NoOutput;
use rr_core::{
    CancelToken, EngineError, EnvironmentProbe, EnvironmentReport, Toolchain, ToolchainProvider,
    ToolchainRequirement, VersionRequest,
};
use rr_provision::{HostProbe, Toolchains};

struct Bench {
    shop: Workshop,
    report: EnvironmentReport,
    toolchains: Toolchains,
}

impl Bench {
    fn new() -> Self {
        let shop = Workshop::new();
        let report = HostProbe::new(shop.host.clone()).probe(&shop.path("data"));
        let toolchains = Toolchains::new(shop.host.clone());
        Self { shop, report, toolchains }
    }

    fn obtain(&self, tool: &str, version: VersionRequest) -> Result<Toolchain, EngineError> {
        let requirement = ToolchainRequirement { tool: tool.into(), version, evidence: Vec::new() };
        self.toolchains.obtain(
            &requirement,
            &self.report,
            Arc::new(NoOutput),
            &CancelToken::default(),
        )
    }

    /// Runs a script with the toolchain first on a PATH that has only the system's folders.
    fn run(&self, toolchain: &Toolchain, script: &str) -> String {
        let path: Vec<String> =
            toolchain.path.iter().map(|folder| folder.to_string_lossy().into_owned()).collect();
        let folder = self.shop.folder.path();
        sh(
            folder,
            &format!(
                "PATH={}:/usr/bin:/bin; export HOME={}; {script}",
                path.join(":"),
                folder.display()
            ),
        )
    }
}

fn exact(text: &str) -> VersionRequest {
    VersionRequest::Exact(text.into())
}

#[test]
fn every_python_of_the_host_is_what_it_says_and_brings_no_shims() {
    let bench = Bench::new();
    for tool in &bench.report.tools["python"] {
        let toolchain = bench.obtain("python", exact(&tool.version)).unwrap();
        assert!(toolchain.satisfies);
        assert_eq!(
            bench.run(&toolchain, "python --version 2>&1"),
            format!("Python {}", toolchain.version)
        );
        assert!(toolchain.path.iter().all(|folder| !folder.ends_with("shims")));
        let root = PathBuf::from("/root");
        if toolchain.path[0].starts_with(&root) {
            assert!(toolchain.binds.iter().any(|bind| toolchain.path[0].starts_with(&bind.guest)));
        }
    }
}

#[test]
fn host_toolchains_run_from_their_own_folders() {
    let bench = Bench::new();
    let rust = bench.obtain("rust", VersionRequest::Any).unwrap();
    assert!(rust.satisfies && bench.run(&rust, "rustc --version").contains(&rust.version));
    assert!(!bench.run(&rust, "command -v cargo").contains("/.cargo/bin"));
    let go = bench.obtain("go", exact("1.18")).unwrap();
    assert!(go.satisfies && bench.run(&go, "go version").contains(&go.version));
    let java = bench.obtain("java", VersionRequest::Range(">=17".into())).unwrap();
    assert!(java.satisfies);
    assert!(PathBuf::from(&java.env["JAVA_HOME"]).join("bin/javac").exists());
    let node = bench.obtain("node", VersionRequest::Any).unwrap();
    assert_eq!(bench.run(&node, "node --version"), format!("v{}", node.version));
    assert!(!bench.run(&node, "npm --version").is_empty());
}

#[test]
fn old_nodes_come_from_the_registry_with_an_npm_that_fits() {
    let bench = Bench::new();
    let node = bench.obtain("node", exact("14")).unwrap();
    assert!(node.satisfies, "{node:?}");
    assert!(bench.run(&node, "node --version").starts_with("v14."));
    assert!(bench.run(&node, "npm --version").starts_with("8."));
    assert_eq!(bench.run(&node, "npx --version"), bench.run(&node, "npm --version"));
    let again = bench.obtain("node", VersionRequest::Range("^14.0.0".into())).unwrap();
    assert!(again.provenance.starts_with("own "), "{}", again.provenance);
}

#[test]
fn package_managers_come_at_the_exact_version() {
    let bench = Bench::new();
    let node = bench.obtain("node", VersionRequest::Any).unwrap();
    for (tool, version) in
        [("pnpm", "9.1.1"), ("yarn", "1.22.22"), ("yarn", "4.5.0"), ("npm", "9.9.3")]
    {
        let mut toolchain = bench.obtain(tool, exact(version)).unwrap();
        toolchain.path.extend(node.path.clone());
        assert_eq!(bench.run(&toolchain, &format!("{tool} --version")), version, "{toolchain:?}");
    }
}

#[test]
fn uv_and_python_tools_come_from_the_index() {
    let bench = Bench::new();
    let uv = bench.obtain("uv", VersionRequest::Any).unwrap();
    assert!(bench.run(&uv, "uv --version").contains(&uv.version));
    let meson = bench.obtain("meson", exact("1.4.0")).unwrap();
    assert_eq!(bench.run(&meson, "meson --version"), "1.4.0");
    assert!(bench.run(&meson, "ls $(dirname $(command -v meson))").lines().count() == 1);
    let ninja = bench.obtain("ninja", exact("1.11.1")).unwrap();
    assert!(bench.run(&ninja, "ninja --version").starts_with("1.11.1"));
}

#[test]
fn a_rust_that_a_pin_names_is_installed_beside_the_users_own() {
    let bench = Bench::new();
    let rust = bench.obtain("rust", exact("1.70.0")).unwrap();
    if rust.satisfies {
        assert!(bench.run(&rust, "rustc --version").contains("1.70.0"), "{rust:?}");
        assert!(rust.path[0].starts_with(bench.shop.path("data")));
    } else {
        // Where rustup's server is out of reach the nearest newer one stands in.
        assert!(!rust.version.starts_with("1.70"), "{rust:?}");
    }
}

#[test]
fn maven_comes_from_maven_central() {
    let bench = Bench::new();
    let maven = bench.obtain("maven", exact("3.9.9")).unwrap();
    assert!(maven.satisfies, "{maven:?}");
    assert!(bench.run(&maven, "mvn --version").contains("Apache Maven 3.9.9"));
}

#[test]
fn languages_of_the_distribution_come_as_layers() {
    let bench = Bench::new();
    if bench.report.tools.contains_key("lua") || !bench.report.tools.contains_key("apt") {
        return;
    }
    let lua = bench.obtain("lua", VersionRequest::Any).unwrap();
    assert!(lua.satisfies && lua.version.starts_with("5."), "{lua:?}");
    assert!(lua.layers.iter().any(|layer| layer.join("usr/bin/lua5.4").exists()), "{lua:?}");
}

#[test]
fn what_cannot_be_had_gives_way_to_the_nearest_newer() {
    let bench = Bench::new();
    let java = bench.obtain("java", exact("1.8")).unwrap();
    assert!(!java.satisfies);
    let error = bench.obtain("cobol", VersionRequest::Any).unwrap_err();
    assert!(error.hint.is_some_and(|hint| hint.contains("cobol")));
}

#[test]
fn many_runs_may_ask_for_the_same_tool_at_once() {
    let bench = Bench::new();
    std::thread::scope(|scope| {
        let threads: Vec<_> =
            (0..4).map(|_| scope.spawn(|| bench.obtain("uv", exact("0.8.0")))).collect();
        for thread in threads {
            let uv = thread.join().unwrap().unwrap();
            assert!(uv.satisfies, "{uv:?}");
            assert_eq!(bench.run(&uv, "uv --version").split(' ').nth(1), Some("0.8.0"));
        }
    });
}
