//! Turns what the package manager left into a layer: without logs, caches, accounts and services,
//! and with the folders of `/etc` whole.

use std::fs;
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _, PermissionsExt as _, symlink};
use std::path::Path;

use rr_core::EngineError;

use crate::fault;
use crate::store::remove_tree;

/// Top folders that a layer keeps.
const TOP: &[&str] =
    &["usr", "opt", "etc", "var", "lib", "lib32", "lib64", "libx32", "bin", "sbin"];

/// Names below `/etc` that a layer never holds: accounts, secrets, and what only starts services.
const ETC_DROPPED: &[&str] = &[
    ".pwd.lock",
    "apparmor.d",
    "apt",
    "cron.d",
    "cron.daily",
    "cron.hourly",
    "cron.monthly",
    "cron.weekly",
    "group",
    "group-",
    "gshadow",
    "gshadow-",
    "hostname",
    "hosts",
    "init.d",
    "insserv.conf.d",
    "logrotate.d",
    "machine-id",
    "mtab",
    "passwd",
    "passwd-",
    "rc0.d",
    "rc1.d",
    "rc2.d",
    "rc3.d",
    "rc4.d",
    "rc5.d",
    "rc6.d",
    "rcS.d",
    "resolv.conf",
    "shadow",
    "shadow-",
    "subgid",
    "subgid-",
    "subuid",
    "subuid-",
    "sudoers",
    "sudoers.d",
    "systemd",
    "ufw",
];

/// Names below `/etc` that are useful only whole: a layer's part replaces the host's folder. A
/// final `*` matches any ending.
const ETC_WHOLE: &[&str] = &[
    "alternatives",
    "ca-certificates",
    "default",
    "emacs",
    "fonts",
    "ghc",
    "glvnd",
    "gtk-*",
    "ImageMagick*",
    "java*",
    "ld.so.conf.d",
    "maven*",
    "OpenCL",
    "openmpi",
    "opt",
    "perl",
    "php*",
    "pkcs11",
    "profile.d",
    "pulse",
    "python*",
    "R",
    "ruby*",
    "sgml",
    "ssl",
    "terminfo",
    "texmf",
    "vulkan",
    "xdg",
    "xml",
    "X11",
];

/// Folders below `/var/lib` that are useful only whole.
const DATA_WHOLE: &[&str] = &["gems", "ghc", "texmf", "xkb"];

/// Finishes a layer whose host is at `host` (`/`).
///
/// # Errors
/// Where something cannot be removed or copied.
pub(super) fn finish(layer: &Path, host: &Path) -> Result<(), EngineError> {
    keep_only(layer, |name| TOP.contains(&name))?;
    keep_only(&layer.join("var"), |name| ["lib", "cache"].contains(&name))?;
    keep_only(&layer.join("var/cache"), |name| name == "fontconfig")?;
    keep_only(&layer.join("var/lib"), |name| !["apt", "systemd", "ucf"].contains(&name))?;
    keep_only(&layer.join("etc"), |name| !ETC_DROPPED.contains(&name))?;
    // Only what forbade services from starting; no package of the distribution ships it.
    remove(&layer.join("usr/sbin/policy-rc.d"))?;
    for (folder, whole) in [("etc", ETC_WHOLE), ("var/lib", DATA_WHOLE)] {
        for name in names(&layer.join(folder)) {
            if whole.iter().any(|pattern| matches(pattern, &name)) {
                let below = Path::new(folder).join(&name);
                add_missing(&host.join(&below), &layer.join(&below))?;
            }
        }
    }
    // Made anew by the package manager's scripts, readable by nobody else.
    remove(&layer.join("etc/ssl/private"))?;
    for folder in ["etc", "var"] {
        drop_whiteouts(&layer.join(folder))?;
    }
    show_through(layer, host)
}

/// Names of the mark by which a folder of an overlay hides what lies below it.
const OPAQUE: [&str; 2] = ["trusted.overlay.opaque", "user.overlay.opaque"];

/// Takes that mark from folders that the host lacks. The kernel sets it on every folder it makes,
/// where it hides nothing of the host, but the same folder of another layer.
fn show_through(layer: &Path, host: &Path) -> Result<(), EngineError> {
    for name in names(layer) {
        let (here, there) = (layer.join(&name), host.join(&name));
        if !fs::symlink_metadata(&here).is_ok_and(|found| found.is_dir()) {
            continue;
        }
        if fs::symlink_metadata(&there).is_err() {
            unmark(&here)?;
        }
        show_through(&here, &there)?;
    }
    Ok(())
}

fn unmark(folder: &Path) -> Result<(), EngineError> {
    use rustix::io::Errno;
    for name in OPAQUE {
        match rustix::fs::lremovexattr(folder, name) {
            // Without the mark, or where we may not set it, nobody has.
            Ok(()) | Err(Errno::NODATA | Errno::NOTSUP | Errno::PERM) => {}
            Err(error) => {
                return Err(fault::io("show through", folder, std::io::Error::from(error)));
            }
        }
    }
    Ok(())
}

/// Removes the entries of a folder whose names `keep` refuses.
fn keep_only(folder: &Path, keep: impl Fn(&str) -> bool) -> Result<(), EngineError> {
    let unkept: Vec<String> = names(folder).into_iter().filter(|name| !keep(name)).collect();
    unkept.iter().try_for_each(|name| remove(&folder.join(name)))
}

/// Removes a tree or a file; nothing where there is none.
fn remove(path: &Path) -> Result<(), EngineError> {
    match fs::symlink_metadata(path) {
        Err(_) => Ok(()),
        Ok(found) if found.is_dir() => remove_tree(path),
        Ok(_) => fs::remove_file(path).map_err(|e| fault::io("remove", path, e)),
    }
}

/// Copies what the host has and the layer lacks; only what everybody may read.
fn add_missing(host: &Path, layer: &Path) -> Result<(), EngineError> {
    let (Ok(there), Ok(here)) = (fs::symlink_metadata(host), fs::symlink_metadata(layer)) else {
        return Ok(());
    };
    if !there.is_dir() || !here.is_dir() {
        return Ok(());
    }
    for name in names(host) {
        copy_missing(&host.join(&name), &layer.join(&name))?;
    }
    Ok(())
}

fn copy_missing(from: &Path, to: &Path) -> Result<(), EngineError> {
    let Ok(found) = fs::symlink_metadata(from) else { return Ok(()) };
    let copied = if found.is_symlink() {
        if fs::symlink_metadata(to).is_ok() {
            return Ok(());
        }
        fs::read_link(from).and_then(|target| symlink(target, to))
    } else if found.mode() & 0o004 == 0 {
        return Ok(());
    } else if found.is_dir() {
        if fs::symlink_metadata(to).is_err() {
            fs::create_dir(to)
                .and_then(|()| fs::set_permissions(to, fs::Permissions::from_mode(0o755)))
                .map_err(|e| fault::io("make folder", to, e))?;
        }
        return add_missing(from, to);
    } else if found.is_file() && fs::symlink_metadata(to).is_err() {
        fs::copy(from, to).map(drop)
    } else {
        return Ok(());
    };
    copied.map_err(|e| fault::io("copy into the layer", from, e))
}

/// Removes the marks by which an overlay says that a file of the host is gone: in folders that are
/// shown as they are they would be odd devices.
fn drop_whiteouts(folder: &Path) -> Result<(), EngineError> {
    for name in names(folder) {
        let path = folder.join(name);
        let Ok(found) = fs::symlink_metadata(&path) else { continue };
        if found.is_dir() {
            drop_whiteouts(&path)?;
        } else if found.file_type().is_char_device() && found.rdev() == 0 {
            fs::remove_file(&path).map_err(|e| fault::io("remove", &path, e))?;
        }
    }
    Ok(())
}

fn matches(pattern: &str, name: &str) -> bool {
    pattern.strip_suffix('*').map_or(pattern == name, |start| name.starts_with(start))
}

/// The names in a folder; none where there is no such folder.
fn names(folder: &Path) -> Vec<String> {
    let is_folder = fs::symlink_metadata(folder).is_ok_and(|found| found.is_dir());
    let entries = is_folder.then(|| fs::read_dir(folder).ok()).flatten();
    let entries = entries.into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().into_string().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(root: &Path, path: &str, mode: u32) {
        let path = root.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, "x").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn a_layer_keeps_programs_and_loses_accounts_and_caches() {
        let (layer, host) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let (layer, host) = (layer.path(), host.path());
        for path in ["usr/bin/x", "etc/x.conf", "var/lib/x/data", "opt/x/y"] {
            write(layer, path, 0o644);
        }
        let dropped = [
            "etc/shadow",
            "etc/ssl/private/key",
            "var/cache/apt/x",
            "var/log/x",
            "home/a/b",
            "root/.x",
            "usr/sbin/policy-rc.d",
            "var/lib/apt/extended_states",
        ];
        for path in dropped {
            write(layer, path, 0o644);
        }
        finish(layer, host).unwrap();
        for path in ["usr/bin/x", "etc/x.conf", "var/lib/x/data", "opt/x/y"] {
            assert!(layer.join(path).is_file(), "{path}");
        }
        for path in dropped {
            assert!(!layer.join(path).exists(), "{path}");
        }
    }

    #[test]
    fn new_folders_hide_nothing_of_other_layers() {
        let (layer, host) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let (layer, host) = (layer.path(), host.path());
        write(layer, "usr/share/php/a.php", 0o644);
        write(layer, "usr/share/replaced/b", 0o644);
        write(host, "usr/share/replaced/old", 0o644);
        let marked = |path: &str| {
            let mut value = [0_u8; 4];
            let path = layer.join(path);
            OPAQUE.iter().any(|name| rustix::fs::lgetxattr(&path, *name, &mut value).is_ok())
        };
        let flags = rustix::fs::XattrFlags::empty();
        for path in ["usr/share/php", "usr/share/replaced"] {
            let set = |name| rustix::fs::lsetxattr(layer.join(path), name, b"y", flags);
            if OPAQUE.iter().all(|name| set(*name).is_err()) {
                return; // No file system here keeps such marks.
            }
        }
        finish(layer, host).unwrap();
        assert!(!marked("usr/share/php"));
        assert!(marked("usr/share/replaced"));
    }

    #[test]
    fn folders_of_etc_are_made_whole_with_what_everybody_may_read() {
        let (layer, host) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let (layer, host) = (layer.path(), host.path());
        write(layer, "etc/alternatives/new", 0o644);
        write(host, "etc/alternatives/old", 0o644);
        write(host, "etc/alternatives/secret", 0o600);
        write(host, "etc/alternatives/sub/deep", 0o644);
        write(host, "etc/unrelated/file", 0o644);
        symlink("/usr/bin/mawk", host.join("etc/alternatives/awk")).unwrap();
        finish(layer, host).unwrap();
        let folder = layer.join("etc/alternatives");
        assert!(folder.join("new").is_file() && folder.join("old").is_file());
        assert!(folder.join("sub/deep").is_file());
        assert_eq!(fs::read_link(folder.join("awk")).unwrap(), Path::new("/usr/bin/mawk"));
        assert!(!folder.join("secret").exists());
        assert!(!layer.join("etc/unrelated").exists());
    }
}
