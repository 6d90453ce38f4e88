//! The probe on the machine that runs the tests.

use crate::workshop::Workshop;
use rr_core::{EnvironmentKind, EnvironmentProbe};
use rr_provision::HostProbe;

#[test]
fn the_probe_finds_what_the_tests_themselves_need() {
    let shop = Workshop::new();
    let probe = HostProbe::new(shop.host.clone());
    let report = probe.probe(&shop.path("data"));
    assert_eq!(report.kinds.last(), Some(&EnvironmentKind::Host));
    assert!(report.cpus > 0 && report.memory > 0 && report.disk_free > 0);
    let git = &report.tools["git"][0];
    assert!(git.version.starts_with('2'), "{git:?}");
    // The compiler that built this test is there, by its own toolchain's folder.
    let rust = &report.tools["rust"];
    assert!(rust.iter().all(|tool| !tool.path.contains("/.cargo/bin/")), "{rust:?}");
    assert!(rust.iter().any(|tool| tool.version.starts_with("1.")), "{rust:?}");

    for maven in report.tools.get("maven").into_iter().flatten() {
        assert!(maven.version.contains('.'), "{maven:?}");
    }

    let remembered = std::fs::read_to_string(shop.path("data/tools/versions.json")).unwrap();
    assert!(remembered.contains(&git.path));
    let again = probe.probe(&shop.path("data"));
    assert_eq!(again.tools.keys().collect::<Vec<_>>(), report.tools.keys().collect::<Vec<_>>());
    assert_eq!(again.tools["rust"], *rust);
}
