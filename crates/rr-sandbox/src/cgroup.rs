//! Control groups: limits of memory, processes and processor time for one process tree.
//!
//! Each controller is looked for on its own: hybrid hosts have some in version 1 and none in 2.

use std::fs::{self, OpenOptions};
use std::io;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use rr_core::Limits;

/// Folder below which all groups of this product lie.
const PARENT: &str = "repo-runner";

/// Controllers in use.
const CONTROLLERS: [&str; 3] = ["memory", "pids", "cpu"];

/// Microseconds of a processor-time period.
const PERIOD: u64 = 100_000;

/// Which version a controller's hierarchy is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Version {
    /// One hierarchy per controller.
    V1,
    /// One hierarchy for all.
    V2,
}

/// Where a controller can be used.
#[derive(Clone, Debug)]
pub(crate) struct Controller {
    /// `memory`, `pids`, `cpu`.
    pub(crate) name: &'static str,
    /// Version of its hierarchy.
    pub(crate) version: Version,
    /// Folder in which groups can be made.
    folder: PathBuf,
}

/// The controllers that can be used here.
#[derive(Clone, Debug, Default)]
pub(crate) struct Controllers(Vec<Controller>);

/// One group, in every hierarchy that is in use. Removed when dropped.
pub(crate) struct Group {
    folders: Vec<(Controller, PathBuf)>,
}

impl Controllers {
    /// Finds out what can be used, and removes groups of runners that are gone.
    pub(crate) fn detect() -> Self {
        let mounts = fs::read_to_string("/proc/self/mountinfo").unwrap_or_default();
        let own = fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
        let found = CONTROLLERS.iter().filter_map(|name| find(name, &mounts, &own)).collect();
        let controllers = Self(found);
        controllers.sweep();
        controllers
    }

    /// The controller of this name, where it can be used.
    pub(crate) fn get(&self, name: &str) -> Option<&Controller> {
        self.0.iter().find(|controller| controller.name == name)
    }

    /// Abilities in the environment report's words: `cgroup-v1:memory`.
    pub(crate) fn abilities(&self) -> impl Iterator<Item = String> {
        self.0.iter().map(|controller| {
            let version = if controller.version == Version::V1 { 1 } else { 2 };
            format!("cgroup-v{version}:{}", controller.name)
        })
    }

    /// Makes a group with these limits.
    ///
    /// # Errors
    /// Where a group or a limit cannot be set, although its controller was found usable.
    pub(crate) fn group(&self, limits: &Limits) -> io::Result<Group> {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("{}-{number}", std::process::id());
        let mut group = Group { folders: Vec::new() };
        for controller in &self.0 {
            let folder = controller.folder.join(&name);
            if !group.folders.iter().any(|(_, made)| *made == folder) {
                fs::create_dir(&folder)?;
            }
            group.folders.push((controller.clone(), folder.clone()));
            limit(controller, &folder, limits)?;
        }
        Ok(group)
    }

    /// Removes empty groups whose runner does not exist any more.
    fn sweep(&self) {
        for controller in &self.0 {
            for entry in fs::read_dir(&controller.folder).into_iter().flatten().flatten() {
                let name = entry.file_name();
                let pid = name.to_str().and_then(|name| name.split_once('-')).map(|(pid, _)| pid);
                let is_gone = |pid: &str| {
                    pid.parse::<u32>().is_ok() && !Path::new("/proc").join(pid).exists()
                };
                if pid.is_some_and(is_gone) {
                    // One that still holds processes refuses.
                    let _ = fs::remove_dir(entry.path());
                }
            }
        }
    }
}

impl Group {
    /// The files to which a process writes `0` to enter.
    ///
    /// # Errors
    /// Where one cannot be opened.
    pub(crate) fn entrances(&self) -> io::Result<Vec<OwnedFd>> {
        let mut folders: Vec<&PathBuf> = self.folders.iter().map(|(_, folder)| folder).collect();
        folders.dedup();
        folders
            .into_iter()
            .map(|folder| {
                let file = OpenOptions::new().write(true).open(folder.join("cgroup.procs"))?;
                Ok(OwnedFd::from(file))
            })
            .collect()
    }

    /// How many processes the kernel has killed here because memory ran out.
    pub(crate) fn memory_kills(&self) -> u64 {
        let Some((controller, folder)) = self.of("memory") else { return 0 };
        let file = match controller.version {
            Version::V1 => "memory.oom_control",
            Version::V2 => "memory.events",
        };
        let text = fs::read_to_string(folder.join(file)).unwrap_or_default();
        let count = text.lines().find_map(|line| line.strip_prefix("oom_kill "));
        count.and_then(|count| count.trim().parse().ok()).unwrap_or(0)
    }

    /// The most memory used at a time, in bytes.
    pub(crate) fn peak_memory(&self) -> Option<u64> {
        let (controller, folder) = self.of("memory")?;
        let file = match controller.version {
            Version::V1 => "memory.max_usage_in_bytes",
            Version::V2 => "memory.peak",
        };
        fs::read_to_string(folder.join(file)).ok()?.trim().parse().ok()
    }

    fn of(&self, name: &str) -> Option<(&Controller, &Path)> {
        let found = self.folders.iter().find(|(controller, _)| controller.name == name)?;
        Some((&found.0, &found.1))
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        for (_, folder) in &self.folders {
            // The last process may be reaped a moment before its group counts as empty.
            for _ in 0..200 {
                match fs::remove_dir(folder) {
                    Err(error) if error.raw_os_error() == Some(libc::EBUSY) => {
                        std::thread::sleep(Duration::from_millis(5));
                    }
                    _ => break,
                }
            }
        }
    }
}

fn limit(controller: &Controller, folder: &Path, limits: &Limits) -> io::Result<()> {
    let write = |file: &str, value: String| {
        fs::write(folder.join(file), &value).map_err(|error| {
            io::Error::new(error.kind(), format!("writing `{value}` to `{file}`: {error}"))
        })
    };
    match (controller.name, controller.version) {
        ("memory", Version::V1) => {
            let Some(memory) = limits.memory else { return Ok(()) };
            write("memory.limit_in_bytes", memory.to_string())?;
            // Absent where the kernel does not count swap.
            let _ = write("memory.memsw.limit_in_bytes", memory.to_string());
            Ok(())
        }
        ("memory", Version::V2) => {
            let Some(memory) = limits.memory else { return Ok(()) };
            write("memory.max", memory.to_string())?;
            let _ = write("memory.swap.max", "0".to_owned());
            Ok(())
        }
        ("pids", _) => limits.processes.map_or(Ok(()), |max| write("pids.max", max.to_string())),
        ("cpu", version) => {
            let Some(percent) = limits.cpu_percent else { return Ok(()) };
            let quota = u64::from(percent) * PERIOD / 100;
            match version {
                Version::V1 => {
                    write("cpu.cfs_period_us", PERIOD.to_string())?;
                    write("cpu.cfs_quota_us", quota.to_string())
                }
                Version::V2 => write("cpu.max", format!("{quota} {PERIOD}")),
            }
        }
        _ => Ok(()),
    }
}

/// Finds a folder in which groups with this controller can be made.
fn find(name: &'static str, mounts: &str, own: &str) -> Option<Controller> {
    let v1 = mount_of(mounts, "cgroup", Some(name)).and_then(|mount| {
        let path = own_path(own, |controllers| controllers.split(',').any(|part| part == name))?;
        candidates(&mount, &path).find_map(|folder| usable_v1(&folder))
    });
    if let Some(folder) = v1 {
        return Some(Controller { name, version: Version::V1, folder });
    }
    let mount = mount_of(mounts, "cgroup2", None)?;
    let path = own_path(own, str::is_empty)?;
    let folder = candidates(&mount, &path).find_map(|folder| usable_v2(&folder, name))?;
    Some(Controller { name, version: Version::V2, folder })
}

/// Where a hierarchy is mounted, and which of its folders that shows.
struct CgroupMount {
    root: String,
    place: PathBuf,
}

/// Reads lines such as
/// `33 25 0:28 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory`.
fn mount_of(mounts: &str, kind: &str, controller: Option<&str>) -> Option<CgroupMount> {
    mounts.lines().find_map(|line| {
        let (front, back) = line.split_once(" - ")?;
        let mut back = back.split(' ');
        let options = (back.next()? == kind).then(|| back.nth(1))??;
        if controller.is_some_and(|name| !options.split(',').any(|option| option == name)) {
            return None;
        }
        let mut front = front.split(' ').skip(3);
        Some(CgroupMount { root: front.next()?.to_owned(), place: front.next()?.into() })
    })
}

/// Reads lines such as `4:memory:/user.slice`.
fn own_path(own: &str, wanted: impl Fn(&str) -> bool) -> Option<String> {
    own.lines().find_map(|line| {
        let mut parts = line.splitn(3, ':').skip(1);
        let controllers = parts.next()?;
        wanted(controllers).then(|| parts.next().map(str::to_owned))?
    })
}

/// Our own group, then its parents up to the top of the mount.
fn candidates(mount: &CgroupMount, own: &str) -> impl Iterator<Item = PathBuf> {
    let below = own.strip_prefix(mount.root.trim_end_matches('/')).unwrap_or("/");
    let below = if below.contains("..") { "" } else { below.trim_matches('/') };
    let place = mount.place.clone();
    let all: Vec<PathBuf> = place
        .join(below)
        .ancestors()
        .take_while(|folder| folder.starts_with(&place))
        .map(Path::to_path_buf)
        .collect();
    all.into_iter()
}

fn usable_v1(folder: &Path) -> Option<PathBuf> {
    let parent = folder.join(PARENT);
    make(&parent).then_some(parent)
}

/// In version 2 a group may hold either processes or groups with controllers, so our own group
/// will refuse where we are in it, and a parent is tried.
fn usable_v2(folder: &Path, controller: &str) -> Option<PathBuf> {
    let has = |path: &Path, file: &str| {
        let text = fs::read_to_string(path.join(file)).unwrap_or_default();
        text.split_whitespace().any(|word| word == controller)
    };
    if !has(folder, "cgroup.controllers") {
        return None;
    }
    let delegate = |path: &Path| {
        has(path, "cgroup.subtree_control")
            || fs::write(path.join("cgroup.subtree_control"), format!("+{controller}")).is_ok()
    };
    if !delegate(folder) {
        return None;
    }
    let parent = folder.join(PARENT);
    (make(&parent) && delegate(&parent)).then_some(parent)
}

fn make(folder: &Path) -> bool {
    match fs::create_dir(folder) {
        Ok(()) => true,
        Err(error) => error.kind() == io::ErrorKind::AlreadyExists && is_writable(folder),
    }
}

fn is_writable(folder: &Path) -> bool {
    rustix::fs::access(folder, rustix::fs::Access::WRITE_OK).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const HYBRID: &str = "\
29 23 0:26 / /sys/fs/cgroup/cpu,cpuacct rw,relatime - cgroup cgroup rw,cpu,cpuacct
30 23 0:27 / /sys/fs/cgroup/memory rw,relatime shared:9 - cgroup cgroup rw,memory
31 23 0:28 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw
";

    #[test]
    fn finds_the_mount_of_each_controller() {
        let memory = mount_of(HYBRID, "cgroup", Some("memory")).unwrap();
        assert_eq!(memory.place, Path::new("/sys/fs/cgroup/memory"));
        let cpu = mount_of(HYBRID, "cgroup", Some("cpu")).unwrap();
        assert_eq!(cpu.place, Path::new("/sys/fs/cgroup/cpu,cpuacct"));
        assert!(mount_of(HYBRID, "cgroup", Some("pids")).is_none());
        let unified = mount_of(HYBRID, "cgroup2", None).unwrap();
        assert_eq!(unified.place, Path::new("/sys/fs/cgroup/unified"));
    }

    #[test]
    fn tries_our_own_group_before_its_parents() {
        let own = "4:cpu,cpuacct:/a/b\n0::/user.slice\n";
        let path = own_path(own, |names| names.split(',').any(|name| name == "cpu")).unwrap();
        let mount = mount_of(HYBRID, "cgroup", Some("cpu")).unwrap();
        let tried: Vec<PathBuf> = candidates(&mount, &path).collect();
        let base = Path::new("/sys/fs/cgroup/cpu,cpuacct");
        assert_eq!(tried, [base.join("a/b"), base.join("a"), base.to_path_buf()]);
        assert_eq!(own_path(own, str::is_empty).unwrap(), "/user.slice");
    }

    #[test]
    fn version_two_is_used_where_the_controller_can_be_delegated() {
        let top = tempfile::tempdir().unwrap();
        let folder = top.path();
        let files = |folder: &Path, controllers: &str, delegated: &str| {
            fs::create_dir_all(folder).unwrap();
            fs::write(folder.join("cgroup.controllers"), controllers).unwrap();
            fs::write(folder.join("cgroup.subtree_control"), delegated).unwrap();
        };
        files(folder, "cpu memory pids", "memory");
        files(&folder.join(PARENT), "memory", "");
        let found = usable_v2(folder, "memory").unwrap();
        assert_eq!(found, folder.join(PARENT));
        let delegated = fs::read_to_string(found.join("cgroup.subtree_control")).unwrap();
        assert_eq!(delegated, "+memory");
        assert!(usable_v2(folder, "io").is_none());
        let group = folder.join("g");
        fs::create_dir(&group).unwrap();
        let controller = Controller { name: "cpu", version: Version::V2, folder: group.clone() };
        let limits = Limits { cpu_percent: Some(150), ..Limits::default() };
        limit(&controller, &group, &limits).unwrap();
        assert_eq!(fs::read_to_string(group.join("cpu.max")).unwrap(), "150000 100000");
    }
}
