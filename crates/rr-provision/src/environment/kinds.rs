//! Which kinds of place this is: notebook, cloud, container, continuous integration, plain host.

use std::fs;
use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpStream};
use std::path::Path;
use std::time::Duration;

use rr_core::EnvironmentKind;

use crate::settings::ProvisionSettings;

/// The kinds that apply, the most specific first, [`EnvironmentKind::Host`] always last.
pub(super) fn detect(settings: &ProvisionSettings) -> Vec<EnvironmentKind> {
    let has = |name: &str| settings.variable(name).is_some();
    let file = |path: &str| settings.system.join(path).exists();
    let read = |path: &str| fs::read_to_string(settings.system.join(path)).unwrap_or_default();
    let container = read("proc/1/cgroup");
    let kernel = read("proc/sys/kernel/osrelease");
    let checks = [
        (EnvironmentKind::Colab, has("COLAB_RELEASE_TAG") || has("COLAB_GPU")),
        (EnvironmentKind::Codespaces, has("CODESPACES")),
        (EnvironmentKind::Gitpod, has("GITPOD_WORKSPACE_ID")),
        (EnvironmentKind::GithubActions, has("GITHUB_ACTIONS")),
        (EnvironmentKind::GitlabCi, has("GITLAB_CI")),
        (
            EnvironmentKind::Kubernetes,
            has("KUBERNETES_SERVICE_HOST")
                || file("var/run/secrets/kubernetes.io/serviceaccount")
                || container.contains("kubepods"),
        ),
        (EnvironmentKind::Podman, file("run/.containerenv") || container.contains("libpod")),
        (EnvironmentKind::Docker, file(".dockerenv") || container.contains("/docker")),
        (
            EnvironmentKind::Wsl,
            has("WSL_DISTRO_NAME") || kernel.to_ascii_lowercase().contains("microsoft"),
        ),
    ];
    let mut kinds: Vec<EnvironmentKind> =
        checks.into_iter().filter(|(_, applies)| *applies).map(|(kind, _)| kind).collect();
    let metadata = |path: &str, header: &str| ask(METADATA, path, header);
    kinds.extend(cloud(&Firmware::read(&settings.system.join("sys/class/dmi/id")), &metadata));
    kinds.push(EnvironmentKind::Host);
    kinds
}

/// What the firmware says of the machine's maker.
struct Firmware {
    text: String,
    asset_tag: String,
}

impl Firmware {
    fn read(folder: &Path) -> Self {
        let get = |name: &str| fs::read_to_string(folder.join(name)).unwrap_or_default();
        let names = ["sys_vendor", "product_name", "board_vendor", "bios_vendor", "bios_version"];
        let text = names.map(get).join("\n").to_ascii_lowercase();
        Self { text, asset_tag: get("chassis_asset_tag").trim().to_owned() }
    }
}

/// Where clouds answer what a machine is, reachable from that machine alone.
const METADATA: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::new(169, 254, 169, 254)), 80);
/// How long it may take to connect, and again to answer.
const LIMIT: Duration = Duration::from_millis(200);

/// The cloud by the machine's maker; `metadata` asks its service for a path with a header.
fn cloud(
    firmware: &Firmware,
    metadata: &dyn Fn(&str, &str) -> Option<String>,
) -> Option<EnvironmentKind> {
    if firmware.text.contains("google") {
        return Some(EnvironmentKind::Gcp);
    }
    if firmware.text.contains("amazon") {
        return Some(EnvironmentKind::Aws);
    }
    // The tag that every Azure machine carries (source: cloud-init's datasource for Azure).
    if firmware.asset_tag == "7783-7084-3265-9085-8269-3286-77" {
        return Some(EnvironmentKind::Azure);
    }
    // Xen and Hyper-V machines may be a cloud's or anybody's: only there the service is asked.
    if firmware.text.contains("xen") && metadata("/latest/meta-data/", "").is_some() {
        return Some(EnvironmentKind::Aws);
    }
    if firmware.text.contains("microsoft")
        && metadata("/metadata/instance?api-version=2021-02-01", "Metadata: true\r\n")
            .is_some_and(|answer| answer.contains("azEnvironment") || answer.contains(" 200 "))
    {
        return Some(EnvironmentKind::Azure);
    }
    None
}

/// Asks the metadata service; one that does not answer within the limit is none.
fn ask(service: SocketAddr, path: &str, header: &str) -> Option<String> {
    let mut stream = TcpStream::connect_timeout(&service, LIMIT).ok()?;
    stream.set_read_timeout(Some(LIMIT)).ok()?;
    stream.set_write_timeout(Some(LIMIT)).ok()?;
    let request = format!(
        "GET {path} HTTP/1.0\r\nHost: {}\r\n{header}Connection: close\r\n\r\n",
        service.ip()
    );
    stream.write_all(request.as_bytes()).ok()?;
    let mut answer = vec![0; 4096];
    let read = stream.read(&mut answer).ok()?;
    let answer = String::from_utf8_lossy(&answer[..read]).into_owned();
    answer.starts_with("HTTP/").then_some(answer)
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    fn of(
        vendor: &str,
        metadata: &dyn Fn(&str, &str) -> Option<String>,
    ) -> Option<EnvironmentKind> {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("sys_vendor"), vendor).unwrap();
        cloud(&Firmware::read(folder.path()), metadata)
    }

    #[test]
    fn makers_that_clouds_share_with_others_are_told_apart_by_the_metadata_service() {
        let silent = |_: &str, _: &str| None;
        let never = |_: &str, _: &str| panic!("nothing is asked where the maker tells");
        assert_eq!(of("Google\n", &never), Some(EnvironmentKind::Gcp));
        assert_eq!(of("QEMU\n", &never), None);
        assert_eq!(of("Microsoft Corporation\n", &silent), None);
        assert_eq!(of("Xen\n", &silent), None);
        let azure = |path: &str, header: &str| {
            let asked = path.starts_with("/metadata/instance") && header.contains("Metadata: true");
            asked.then(|| "HTTP/1.0 200 OK\r\n\r\n{}".to_owned())
        };
        assert_eq!(of("Microsoft Corporation\n", &azure), Some(EnvironmentKind::Azure));
        let amazon = |path: &str, _: &str| path.contains("meta-data").then(String::new);
        assert_eq!(of("Xen\n", &amazon), Some(EnvironmentKind::Aws));
    }

    #[test]
    fn a_metadata_service_that_takes_the_question_and_stays_silent_is_not_waited_for() {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        // Never answered: without a limit this test would not end.
        assert_eq!(ask(listener.local_addr().unwrap(), "/", ""), None);
    }
}
