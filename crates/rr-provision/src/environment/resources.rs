//! Processors, memory, disk, GPUs, the distribution, and what the kernel lets a sandbox do.

use std::fs;
use std::path::Path;
use std::time::Duration;

use rr_core::CancelToken;

use crate::host::{HostCommand, HostTools};

/// The operating system's own description.
pub(super) struct OsRelease {
    pub(super) name: String,
    pub(super) distribution: (String, String),
}

/// Reads `/etc/os-release`.
pub(super) fn os_release() -> OsRelease {
    let text = fs::read_to_string("/etc/os-release")
        .or_else(|_| fs::read_to_string("/usr/lib/os-release"))
        .unwrap_or_default();
    let get = |key: &str| {
        text.lines()
            .find_map(|line| line.strip_prefix(key)?.strip_prefix('='))
            .map(|value| value.trim_matches('"').to_owned())
    };
    let name = get("PRETTY_NAME").unwrap_or_else(|| std::env::consts::OS.to_owned());
    let codename = get("VERSION_CODENAME").or_else(|| get("VERSION_ID")).unwrap_or_default();
    OsRelease { name, distribution: (get("ID").unwrap_or_default(), codename) }
}

/// Usable processors: affinity and cgroup quotas are applied by the standard library.
pub(super) fn cpus() -> u32 {
    std::thread::available_parallelism().map_or(1, |n| u32::try_from(n.get()).unwrap_or(u32::MAX))
}

/// Usable memory: the smaller of the machine's and the cgroup's limit.
pub(super) fn memory() -> u64 {
    let meminfo = fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let total = meminfo
        .lines()
        .find_map(|line| line.strip_prefix("MemTotal:"))
        .and_then(|rest| rest.trim().trim_end_matches("kB").trim().parse::<u64>().ok())
        .map_or(0, |kib| kib * 1024);
    let own = fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
    own.lines().filter_map(cgroup_memory_limit).fold(total, u64::min)
}

/// The limit of one line of `/proc/self/cgroup` and of every group above it.
fn cgroup_memory_limit(line: &str) -> Option<u64> {
    let mut fields = line.splitn(3, ':');
    let (_, controllers, path) = (fields.next()?, fields.next()?, fields.next()?);
    let (root, file) = if controllers.is_empty() {
        ("/sys/fs/cgroup", "memory.max")
    } else if controllers.split(',').any(|name| name == "memory") {
        ("/sys/fs/cgroup/memory", "memory.limit_in_bytes")
    } else {
        return None;
    };
    Path::new(path)
        .ancestors()
        .filter_map(|folder| {
            let relative = folder.strip_prefix("/").ok()?;
            fs::read_to_string(Path::new(root).join(relative).join(file)).ok()
        })
        .filter_map(|text| text.trim().parse().ok())
        .min()
}

/// Free bytes for us on the file system of the nearest folder that exists.
pub(super) fn disk_free(folder: &Path) -> u64 {
    folder
        .ancestors()
        .find_map(|path| rustix::fs::statvfs(path).ok())
        .map_or(0, |stat| stat.f_bavail * stat.f_frsize)
}

/// Names and memory in bytes of the GPUs. `nvidia-smi` is NVML's own front end; where it does not
/// answer, the driver's files give names with no memory.
pub(super) fn gpus(host: &HostTools) -> Vec<(String, u64)> {
    if !Path::new("/dev/nvidiactl").exists() {
        return Vec::new();
    }
    if let Some(program) = host.which("nvidia-smi") {
        let command = HostCommand::new(program.to_string_lossy())
            .args(["--query-gpu=name,memory.total", "--format=csv,noheader,nounits"])
            .within(Duration::from_secs(2));
        if let Ok(text) = host.text(&command, &CancelToken::default()) {
            let parsed: Vec<(String, u64)> = text.lines().filter_map(gpu_line).collect();
            if !parsed.is_empty() {
                return parsed;
            }
        }
    }
    let Ok(entries) = fs::read_dir("/proc/driver/nvidia/gpus") else { return Vec::new() };
    entries
        .flatten()
        .filter_map(|entry| {
            let text = fs::read_to_string(entry.path().join("information")).ok()?;
            let model = text.lines().find_map(|line| line.strip_prefix("Model:"))?;
            Some((model.trim().to_owned(), 0))
        })
        .collect()
}

/// `NVIDIA H100 80GB HBM3, 81559` (mebibytes).
fn gpu_line(line: &str) -> Option<(String, u64)> {
    let (name, mebibytes) = line.rsplit_once(',')?;
    Some((name.trim().to_owned(), mebibytes.trim().parse::<u64>().ok()? << 20))
}

/// What the kernel offers a sandbox.
pub(super) fn abilities() -> Vec<String> {
    let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
    let mut found = Vec::new();
    let mut add = |name: &str, holds: bool| {
        if holds {
            found.push(name.to_owned());
        }
    };
    let most = read("/proc/sys/user/max_user_namespaces").trim().parse::<u64>().unwrap_or(0);
    let denied = read("/proc/sys/kernel/unprivileged_userns_clone").trim() == "0"
        || read("/proc/sys/kernel/apparmor_restrict_unprivileged_userns").trim() == "1";
    add("user-namespaces", most > 0 && !denied);
    add("overlayfs", read("/proc/filesystems").lines().any(|line| line.ends_with("overlay")));
    add("landlock", read("/sys/kernel/security/lsm").contains("landlock"));
    add("seccomp", read("/proc/self/status").contains("Seccomp:"));
    add("kvm", Path::new("/dev/kvm").exists());
    add("fuse", Path::new("/dev/fuse").exists());
    let unified = read("/sys/fs/cgroup/cgroup.controllers");
    for controller in ["memory", "pids", "cpu"] {
        let second = unified.split_whitespace().any(|name| name == controller);
        add(&format!("cgroup-v2:{controller}"), second);
        let first = Path::new("/sys/fs/cgroup").join(controller).join("cgroup.procs").exists();
        add(&format!("cgroup-v1:{controller}"), first);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_nvidia_smis_lines() {
        assert_eq!(
            gpu_line("NVIDIA H100 80GB HBM3, 81559"),
            Some(("NVIDIA H100 80GB HBM3".to_owned(), 81_559 << 20))
        );
        assert_eq!(gpu_line("No devices were found"), None);
    }

    #[test]
    fn this_machine_has_memory_and_disk() {
        assert!(memory() > 1 << 20);
        assert!(disk_free(Path::new("/tmp/not/there/yet")) > 0);
        assert!(cpus() >= 1);
    }
}
