//! Which kinds of place this is: notebook, cloud, container, continuous integration, plain host.

use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::time::Duration;

use rr_core::EnvironmentKind;

use crate::settings::ProvisionSettings;

/// The kinds that apply, the most specific first, [`EnvironmentKind::Host`] always last.
pub(super) fn detect(settings: &ProvisionSettings) -> Vec<EnvironmentKind> {
    let has = |name: &str| settings.variable(name).is_some();
    let file = |path: &str| Path::new(path).exists();
    let container = fs::read_to_string("/proc/1/cgroup").unwrap_or_default();
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let checks = [
        (EnvironmentKind::Colab, has("COLAB_RELEASE_TAG") || has("COLAB_GPU")),
        (EnvironmentKind::Codespaces, has("CODESPACES")),
        (EnvironmentKind::Gitpod, has("GITPOD_WORKSPACE_ID")),
        (EnvironmentKind::GithubActions, has("GITHUB_ACTIONS")),
        (EnvironmentKind::GitlabCi, has("GITLAB_CI")),
        (
            EnvironmentKind::Kubernetes,
            has("KUBERNETES_SERVICE_HOST")
                || file("/var/run/secrets/kubernetes.io/serviceaccount")
                || container.contains("kubepods"),
        ),
        (EnvironmentKind::Podman, file("/run/.containerenv") || container.contains("libpod")),
        (EnvironmentKind::Docker, file("/.dockerenv") || container.contains("/docker")),
        (
            EnvironmentKind::Wsl,
            has("WSL_DISTRO_NAME") || kernel.to_ascii_lowercase().contains("microsoft"),
        ),
    ];
    let mut kinds: Vec<EnvironmentKind> =
        checks.into_iter().filter(|(_, applies)| *applies).map(|(kind, _)| kind).collect();
    kinds.extend(cloud(&Firmware::read(Path::new("/sys/class/dmi/id"))));
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

fn cloud(firmware: &Firmware) -> Option<EnvironmentKind> {
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

/// Asks the link-local metadata service, at most 200 ms to connect and 200 ms to answer.
fn metadata(path: &str, header: &str) -> Option<String> {
    let limit = Duration::from_millis(200);
    let address = SocketAddr::from(([169, 254, 169, 254], 80));
    let mut stream = TcpStream::connect_timeout(&address, limit).ok()?;
    stream.set_read_timeout(Some(limit)).ok()?;
    stream.set_write_timeout(Some(limit)).ok()?;
    let request = format!(
        "GET {path} HTTP/1.0\r\nHost: 169.254.169.254\r\n{header}Connection: close\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).ok()?;
    let mut answer = vec![0; 4096];
    let read = stream.read(&mut answer).ok()?;
    let answer = String::from_utf8_lossy(&answer[..read]).into_owned();
    answer.starts_with("HTTP/").then_some(answer)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn kinds(variables: &[(&str, &str)]) -> Vec<EnvironmentKind> {
        let variables: BTreeMap<String, String> =
            variables.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        detect(&ProvisionSettings::new("/nowhere".into(), variables, 0))
    }

    #[test]
    fn variables_tell_notebooks_and_continuous_integration() {
        assert_eq!(kinds(&[("COLAB_RELEASE_TAG", "r1")])[0], EnvironmentKind::Colab);
        assert_eq!(kinds(&[("GITHUB_ACTIONS", "true")])[0], EnvironmentKind::GithubActions);
        assert_eq!(kinds(&[]).last(), Some(&EnvironmentKind::Host));
    }

    #[test]
    fn firmware_tells_clouds() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("sys_vendor"), "Google\n").unwrap();
        assert_eq!(cloud(&Firmware::read(folder.path())), Some(EnvironmentKind::Gcp));
        fs::write(folder.path().join("sys_vendor"), "QEMU\n").unwrap();
        assert_eq!(cloud(&Firmware::read(folder.path())), None);
    }
}
