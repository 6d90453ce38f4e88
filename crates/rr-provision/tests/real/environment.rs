//! The probe on the machine that runs the tests.

use crate::workshop::Workshop;
use rr_core::executor::NoOutput;
use rr_core::{CancelToken, EngineErrorKind};
use rr_core::{EnvironmentKind, EnvironmentProbe, EnvironmentReport};
use rr_provision::{Doctor, HostProbe, Toolchains};
use std::sync::Arc;

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

    assert_eq!(report.registries.len(), 5);
    assert_eq!(report.registries.get("python"), Some(&true), "{:?}", report.registries);
    for maven in report.tools.get("maven").into_iter().flatten() {
        assert!(maven.version.contains('.'), "{maven:?}");
    }

    let remembered = std::fs::read_to_string(shop.path("data/tools/versions.json")).unwrap();
    assert!(remembered.contains(&git.path));
    let again = probe.probe(&shop.path("data"));
    assert_eq!(again.tools.keys().collect::<Vec<_>>(), report.tools.keys().collect::<Vec<_>>());
    assert_eq!(again.tools["rust"], *rust);
}

/// What the probe says of a host with these variables and these files below its root.
fn kinds_of(
    shop: &Workshop,
    variables: &[(&str, &str)],
    files: &[(&str, &str)],
) -> Vec<EnvironmentKind> {
    let root = tempfile::tempdir_in(shop.folder.path()).unwrap();
    for (path, text) in files {
        let path = root.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    let host = shop.host_with(|settings| {
        settings.variables = variables.iter().map(|(k, v)| ((*k).into(), (*v).into())).collect();
        settings.system = root.path().to_owned();
    });
    HostProbe::new(host).probe(&shop.path("data")).kinds
}

#[test]
fn every_kind_of_place_is_told_by_its_own_marks() {
    use EnvironmentKind::{
        Aws, Azure, Codespaces, Colab, Docker, Gcp, GithubActions, GitlabCi, Gitpod, Host,
        Kubernetes, Podman, Wsl,
    };
    let shop = Workshop::new();
    let dmi = "sys/class/dmi/id/";
    let vendor = format!("{dmi}sys_vendor");
    let tag = format!("{dmi}chassis_asset_tag");
    let azure = "7783-7084-3265-9085-8269-3286-77\n";
    let pods = "0::/kubepods.slice/kubepods-burstable.slice/pod1\n";
    let wsl = "5.15.153.1-microsoft-standard-WSL2\n";
    type Marks<'a> = &'a [(&'a str, &'a str)];
    let cases: [(Marks<'_>, Marks<'_>, &[EnvironmentKind]); 16] = [
        (&[], &[], &[Host]),
        (&[("COLAB_RELEASE_TAG", "r1")], &[(".dockerenv", "")], &[Colab, Docker, Host]),
        (&[("CODESPACES", "true")], &[(".dockerenv", "")], &[Codespaces, Docker, Host]),
        (&[("GITPOD_WORKSPACE_ID", "a-b")], &[], &[Gitpod, Host]),
        (&[("GITHUB_ACTIONS", "true")], &[(&tag, azure)], &[GithubActions, Azure, Host]),
        (&[("GITLAB_CI", "true")], &[(".dockerenv", "")], &[GitlabCi, Docker, Host]),
        (&[("KUBERNETES_SERVICE_HOST", "10.0.0.1")], &[], &[Kubernetes, Host]),
        (&[], &[("proc/1/cgroup", pods), (&vendor, "Google\n")], &[Kubernetes, Gcp, Host]),
        (&[], &[("var/run/secrets/kubernetes.io/serviceaccount/token", "")], &[Kubernetes, Host]),
        (&[], &[("run/.containerenv", "")], &[Podman, Host]),
        (&[], &[("proc/1/cgroup", "12:pids:/docker/0a1b\n")], &[Docker, Host]),
        (&[("WSL_DISTRO_NAME", "Debian")], &[], &[Wsl, Host]),
        (&[], &[("proc/sys/kernel/osrelease", wsl)], &[Wsl, Host]),
        (&[], &[(&tag, azure), (&vendor, "Microsoft Corporation\n")], &[Azure, Host]),
        (&[], &[(&vendor, "Amazon EC2\n")], &[Aws, Host]),
        (&[("GITLAB_CI", "")], &[(&vendor, "QEMU\n")], &[Host]),
    ];
    for (variables, files, expected) in cases {
        assert_eq!(kinds_of(&shop, variables, files), expected, "{variables:?} {files:?}");
    }
}

#[test]
fn the_doctor_installs_what_is_missing_apart_from_the_host() {
    let shop = Workshop::new();
    let mut report = HostProbe::new(shop.host.clone()).probe(&shop.path("data"));
    // As on a host that lacks them.
    report.tools.retain(|tool, _| tool != "ninja" && tool != "gcc");
    let doctor = Doctor::new(shop.host.clone(), Arc::new(Toolchains::new(shop.host.clone())));
    let items = doctor.examine(&report);
    let item = |tool: &str| items.iter().find(|item| item.tool == tool).unwrap();
    assert!(item("git").required && item("git").found.is_some());

    let ninja = item("ninja");
    assert!(ninja.found.is_none() && ninja.auto);
    let sink = || Arc::new(NoOutput);
    let installed = doctor.fix(ninja, &report, sink(), &CancelToken::default()).unwrap();
    assert!(std::path::Path::new(&installed.path).starts_with(shop.path("data/tools")));
    let again = doctor.examine(&report);
    assert!(again.iter().any(|item| item.tool == "ninja" && item.found.is_some()));

    // Only root may ask the system's package manager; others are told the command.
    let report = EnvironmentReport { root: false, ..report };
    let error = doctor.fix(item("gcc"), &report, sink(), &CancelToken::default()).unwrap_err();
    assert_eq!(error.kind, EngineErrorKind::Environment);
    if report.distribution.0 == "debian" {
        assert!(error.hint.unwrap().contains("apt-get install -y build-essential"));
    }
}
