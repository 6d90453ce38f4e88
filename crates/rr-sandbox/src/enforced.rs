//! What is enforced, item by item, as the report states it.

use rr_core::{Enforcement, EnforcementItem, EnforcementLevel, Limits};

use crate::cgroup::{Controllers, Version};
use crate::identity::RunAs;

/// Items without which nothing may be called sandboxed.
const NEEDED: [&str; 2] = ["memory limit", "process limit"];

/// Enforcement of the bubblewrap backend.
pub(crate) fn sandboxed(
    run_as: RunAs,
    controllers: &Controllers,
    limits: &Limits,
    copied_because: Option<&str>,
    unprepared_because: Option<&str>,
) -> Enforcement {
    let mounts = match unprepared_because {
        None => "chosen folders only, system read-only".to_owned(),
        Some(why) => format!("chosen folders only, laid out anew for each command: {why}"),
    };
    let user = match run_as {
        RunAs::Dedicated { uid } => format!("user {uid}, no capabilities, no new privileges"),
        RunAs::Mapped { host, .. } => {
            format!("user namespace over user {}, no capabilities, no new privileges", host.0)
        }
    };
    let tree = match (copied_because, run_as) {
        (Some(why), _) => format!("plain copy, snapshots are slow: {why}"),
        (None, RunAs::Dedicated { .. }) => "overlay over the clean source".to_owned(),
        (None, RunAs::Mapped { .. }) => {
            "overlay over the clean source, whose folders cannot be renamed (EXDEV)".to_owned()
        }
    };
    let mut items = vec![
        item("unprivileged user", true, user),
        item("mount namespace", true, mounts),
        item("process namespace", true, "whole trees end together"),
        item("private network", true, "loopback only, for steps that need no registries"),
        item("private home", true, "`/home/runner`, `/tmp`"),
        item("environment cleared", true, "nothing but the policy's and the plan's variables"),
        item("writable tree", true, tree),
        item("time limit", true, "the whole tree is killed"),
    ];
    items.push(controlled(controllers, "memory", "memory limit", limits.memory.is_some()));
    items.push(processes(run_as, controllers, limits));
    items.push(controlled(controllers, "cpu", "processor limit", limits.cpu_percent.is_some()));
    items.push(item("disk limit", false, "only the size of each file is limited"));
    items.push(item(
        "egress allow-list",
        false,
        "not part of this version: steps that need registries reach every host",
    ));
    for name in ["seccomp filter", "Landlock rules"] {
        items.push(item(name, false, "not part of this version"));
    }
    let mut needed = items.iter().filter(|item| NEEDED.contains(&item.name.as_str()));
    let all = needed.all(|item| item.enforced);
    let level = if all { EnforcementLevel::Sandboxed } else { EnforcementLevel::Partial };
    Enforcement { backend: "bubblewrap".to_owned(), level, items }
}

/// Enforcement of the host backend.
pub(crate) fn trusted() -> Enforcement {
    let why = "trusted: plain processes of the runner's own user";
    let names = [
        "unprivileged user",
        "mount namespace",
        "process namespace",
        "private network",
        "private home",
        "memory limit",
        "process limit",
        "processor limit",
    ];
    let mut items: Vec<EnforcementItem> =
        names.into_iter().map(|name| item(name, false, why)).collect();
    items.push(item(
        "environment cleared",
        true,
        "nothing but the policy's and the plan's variables",
    ));
    items.push(item("time limit", true, "every process that carries the run's mark is killed"));
    Enforcement { backend: "host".to_owned(), level: EnforcementLevel::None, items }
}

fn item(name: &str, enforced: bool, detail: impl Into<String>) -> EnforcementItem {
    EnforcementItem { name: name.to_owned(), enforced, detail: detail.into() }
}

fn controlled(
    controllers: &Controllers,
    controller: &str,
    name: &str,
    asked: bool,
) -> EnforcementItem {
    match controllers.get(controller) {
        None => item(name, false, format!("no writable `{controller}` control group here")),
        Some(_) if !asked => item(name, false, "the policy sets none"),
        Some(found) => {
            let version = if found.version == Version::V1 { 1 } else { 2 };
            item(name, true, format!("control group, version {version}"))
        }
    }
}

fn processes(run_as: RunAs, controllers: &Controllers, limits: &Limits) -> EnforcementItem {
    let found = controlled(controllers, "pids", "process limit", limits.processes.is_some());
    let by_user = !found.enforced && limits.processes.is_some() && run_as.owner().is_some();
    if by_user {
        return item("process limit", true, "per user (RLIMIT_NPROC), for want of a control group");
    }
    found
}
