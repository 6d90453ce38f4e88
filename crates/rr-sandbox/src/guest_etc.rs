//! What commands see below `/etc`: a chosen part of the host's, and a few files of our own.
//!
//! Never anything that holds secrets (`shadow`, host keys, `sudoers`): names are allowed one by one.

use std::fs;
use std::path::{Path, PathBuf};

use rr_core::ExecError;

use crate::identity::RunAs;
use crate::tree::make_folder;

/// Names below `/etc` that are shown where the host has them; a final `*` matches any ending.
const SHOWN: &[&str] = &[
    "alternatives",
    "apache2",
    "bash.bashrc",
    "bindresvport.blacklist",
    "ca-certificates",
    "ca-certificates.conf",
    "crypto-policies",
    "debian_version",
    "default",
    "emacs",
    "environment",
    "erlang",
    "fonts",
    "gai.conf",
    "ghc",
    "glvnd",
    "gss",
    "gtk-*",
    "host.conf",
    "ImageMagick*",
    "inputrc",
    "issue",
    "java*",
    ".java",
    "ld.so.*",
    "libaudit.conf",
    "libreoffice",
    "lighttpd",
    "locale*",
    "localtime",
    "login.defs",
    "logcheck",
    "lsb-release",
    "magic",
    "magic.mime",
    "mailcap",
    "manpath.config",
    "maven*",
    "gradle*",
    "mime.types",
    "mke2fs.conf",
    "mono",
    "netconfig",
    "networks",
    "odbc*",
    "OpenCL",
    "openal",
    "openmpi",
    "opt",
    "os-release",
    "papersize",
    "perl",
    "php*",
    "pkcs11",
    "pki",
    "pmix*",
    "postgresql-common",
    "profile",
    "profile.d",
    "protocols",
    "pulse",
    "python*",
    "R",
    "redhat-release",
    "rpc",
    "ruby*",
    "sensors*",
    "services",
    "sgml",
    "shells",
    "skel",
    "snmp",
    "ssl",
    "sysctl.conf",
    "terminfo",
    "texmf",
    "timezone",
    "ucf.conf",
    "vdpau_wrapper.cfg",
    "vim",
    "vulkan",
    "wgetrc",
    "xattr.conf",
    "xdg",
    "xml",
    "X11",
];

/// Names below a package layer's `/etc` that are never shown, whatever package brings them.
const HIDDEN: &[&str] = &[
    "passwd",
    "passwd-",
    "group",
    "group-",
    "shadow",
    "shadow-",
    "gshadow",
    "gshadow-",
    "sudoers",
    "sudoers.d",
    "hosts",
    "hostname",
    "resolv.conf",
    "nsswitch.conf",
    "gitconfig",
    "machine-id",
];

/// Host name that commands see.
pub(crate) const HOST_NAME: &str = "sandbox";

/// Whether a name of the host's `/etc` is shown.
pub(crate) fn is_shown(name: &str) -> bool {
    SHOWN.iter().any(|shown| match shown.strip_suffix('*') {
        Some(start) => name.starts_with(start),
        None => *shown == name,
    })
}

/// Whether a name that a package layer brings is shown.
pub(crate) fn is_shown_of_layer(name: &str) -> bool {
    !HIDDEN.contains(&name)
}

/// Writes our own files into `folder`; returns each with its place in the sandbox.
///
/// # Errors
/// Where one cannot be written.
pub(crate) fn write_own(folder: &Path, run_as: RunAs) -> Result<Vec<(PathBuf, String)>, ExecError> {
    make_folder(folder)?;
    let uid = run_as.inside();
    let files = [
        ("passwd", passwd(uid)),
        ("group", group(uid)),
        ("hosts", hosts(&host_text("/etc/hosts"))),
        ("hostname", format!("{HOST_NAME}\n")),
        // On many hosts a link to a file that the sandbox does not show.
        ("resolv.conf", host_text("/etc/resolv.conf")),
        ("nsswitch.conf", NSSWITCH.to_owned()),
        ("gitconfig", format!("{}[safe]\n\tdirectory = *\n", open_part("/etc/gitconfig"))),
        ("npmrc", open_part("/etc/npmrc")),
        ("pip.conf", open_part("/etc/pip.conf")),
        // A constant one: programs want one, and the host's is an identifier.
        ("machine-id", "00000000000000000000000000000001\n".to_owned()),
    ];
    files
        .into_iter()
        .map(|(name, text)| {
            let path = folder.join(name);
            fs::write(&path, text)
                .map_err(|source| ExecError::io(format!("writing `{}`", path.display()), source))?;
            Ok((path, format!("/etc/{name}")))
        })
        .collect()
}

const NSSWITCH: &str = "passwd: files\ngroup: files\nshadow: files\nhosts: files dns\n\
                        networks: files\nprotocols: files\nservices: files\nethers: files\n\
                        rpc: files\n";

fn passwd(uid: u32) -> String {
    format!(
        "root:x:0:0:root:/root:/bin/bash\n\
         daemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin\n\
         bin:x:2:2:bin:/bin:/usr/sbin/nologin\n\
         www-data:x:33:33:www-data:/var/www:/usr/sbin/nologin\n\
         runner:x:{uid}:{uid}:Runner:/home/runner:/bin/bash\n\
         nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n"
    )
}

fn group(uid: u32) -> String {
    format!(
        "root:x:0:\ndaemon:x:1:\nbin:x:2:\nadm:x:4:\ntty:x:5:\nwww-data:x:33:\nstaff:x:50:\n\
         users:x:100:\nrunner:x:{uid}:\nnogroup:x:65534:\n"
    )
}

/// Our own names, then the host's entries for other addresses (a company's registries may be
/// named nowhere else). `localhost` is IPv4 alone, as on the machines of hosted CI: a server that
/// binds the first address of that name and a client that asks 127.0.0.1 must meet.
fn hosts(host: &str) -> String {
    let mut text = format!("127.0.0.1 localhost {HOST_NAME}\n::1 ip6-localhost ip6-loopback\n");
    for line in host.lines() {
        let address = line.split_whitespace().next().unwrap_or("#");
        let own = address.starts_with('#') || address.starts_with("127.") || address == "::1";
        if !own {
            text.push_str(line);
            text.push('\n');
        }
    }
    text
}

/// A configuration file of the host without the lines that hold credentials.
fn open_part(path: &str) -> String {
    let text = host_text(path);
    let lines = text.lines().filter(|line| !holds_credentials(line));
    lines.map(|line| format!("{line}\n")).collect()
}

/// Whether a line looks like `//host/:_authToken=…`, `index-url = https://user:word@host/…` or
/// `extraheader = AUTHORIZATION: …`.
fn holds_credentials(line: &str) -> bool {
    let lower = line.to_lowercase();
    let in_address = lower.split("://").skip(1).any(|rest| {
        rest.split(['/', ' ', '"', '\'']).next().is_some_and(|authority| authority.contains('@'))
    });
    let words = ["_auth", "authtoken", "password", "token", "secret", "extraheader"];
    in_address || words.iter().any(|word| lower.contains(word))
}

/// A file of the host as text; empty where there is none.
fn host_text(path: &str) -> String {
    fs::read_to_string(path).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_are_left_out() {
        for line in [
            "//registry.example/:_authToken=abc",
            "_auth = abc",
            "index-url = https://me:word@pypi.example/simple",
            "\textraheader = AUTHORIZATION: basic abc",
            "[url \"https://abc@git.example/\"]",
        ] {
            assert!(holds_credentials(line), "{line}");
        }
        for line in ["cafile=/etc/ssl/ca.crt", "index-url = https://pypi.example/a@b", "[user]"] {
            assert!(!holds_credentials(line), "{line}");
        }
    }

    #[test]
    fn hosts_keeps_foreign_entries_only() {
        let text = hosts("127.0.0.1 localhost me\n::1 ip6\n# note\n10.0.0.7 registry.example\n");
        assert!(text.ends_with("ip6-loopback\n10.0.0.7 registry.example\n"), "{text}");
        assert!(!text.contains(" me"), "{text}");
    }
}
