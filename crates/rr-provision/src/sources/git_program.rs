//! The host's git, hardened: a configuration file of our own replaces the system's and the
//! user's, so that no hook, filter, credential helper, file-system monitor or exotic transport of
//! theirs or of the repository's runs.
//!
//! What is kept of the user's configuration: proxies, certificates and `url.*.insteadOf`. Keys of
//! an ssh agent stay usable, since an ssh URL means nothing without. Credential helpers are only
//! asked where repositories are trusted.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use rr_core::{CancelToken, EngineError, OutputSink};
use sha2::{Digest as _, Sha256};

use crate::fault;
use crate::host::{Captured, HostCommand, HostTools, last_lines};
use crate::registries::hexadecimal;

/// Overrides that also hold where a repository's own configuration says otherwise.
const OVERRIDES: &[&str] = &[
    "core.hooksPath=/dev/null",
    "core.fsmonitor=false",
    "core.symlinks=true",
    "core.sshCommand=ssh -oBatchMode=yes -oConnectTimeout=15",
    "core.pager=cat",
    "core.attributesFile=/dev/null",
    "protocol.ext.allow=never",
    "protocol.fd.allow=never",
    "gc.auto=0",
    "maintenance.auto=false",
    "advice.detachedHead=false",
    "submodule.recurse=false",
    "filter.lfs.process=",
    "filter.lfs.smudge=",
    "filter.lfs.required=false",
];

/// The hardened git.
pub(super) struct Git {
    host: HostTools,
    configuration: OnceLock<PathBuf>,
}

impl Git {
    pub(super) fn new(host: HostTools) -> Self {
        Self { host, configuration: OnceLock::new() }
    }

    /// Runs git in a folder; it must succeed.
    pub(super) fn run(
        &self,
        folder: &Path,
        arguments: &[&str],
        sink: Arc<dyn OutputSink>,
        cancel: &CancelToken,
    ) -> Result<(), EngineError> {
        let command = self.command(folder, arguments, cancel)?;
        let outcome = self.host.run(&command, sink, cancel)?;
        if outcome.exit.success() {
            return Ok(());
        }
        Err(explain(arguments, &outcome.exit.to_string(), &outcome.tail))
    }

    /// Runs git and keeps its output apart, whatever its exit status.
    pub(super) fn capture(
        &self,
        folder: &Path,
        arguments: &[&str],
        cancel: &CancelToken,
    ) -> Result<Captured, EngineError> {
        self.host.capture(&self.command(folder, arguments, cancel)?, cancel)
    }

    /// The trimmed output of a git that must succeed.
    pub(super) fn text(
        &self,
        folder: &Path,
        arguments: &[&str],
        cancel: &CancelToken,
    ) -> Result<String, EngineError> {
        let captured = self.capture(folder, arguments, cancel)?;
        if captured.exit.success() {
            return Ok(captured.text());
        }
        Err(explain(arguments, &captured.exit.to_string(), &captured.messages))
    }

    /// Whether git succeeds.
    pub(super) fn succeeds(&self, folder: &Path, arguments: &[&str], cancel: &CancelToken) -> bool {
        self.capture(folder, arguments, cancel).is_ok_and(|captured| captured.exit.success())
    }

    /// Whether the user trusts what is fetched.
    pub(super) fn is_trusted(&self) -> bool {
        self.host.settings().trusted
    }

    /// Whether the large-file extension is installed.
    pub(super) fn has_lfs(&self) -> bool {
        self.host.which("git-lfs").is_some()
    }

    /// Paths of the files that git tracks in a folder that is a repository's top, separated by
    /// NUL; `None` where it is none.
    pub(super) fn tracked(&self, folder: &Path, cancel: &CancelToken) -> Option<Vec<u8>> {
        let captured = self.ask(folder, &["ls-files", "-z", "--cached"], cancel)?;
        captured.exit.success().then_some(captured.stdout)
    }

    /// Day of the commit that is checked out in such a folder.
    pub(super) fn last_day(&self, folder: &Path, cancel: &CancelToken) -> Option<String> {
        let captured = self.ask(folder, &["log", "-1", "--format=%cs"], cancel)?;
        let day = captured.text();
        (captured.exit.success() && !day.is_empty()).then_some(day)
    }

    /// Asks about a local repository alone: the user's configuration is not even looked for.
    fn ask(&self, folder: &Path, words: &[&str], cancel: &CancelToken) -> Option<Captured> {
        let settings = OVERRIDES.iter().copied().chain(["safe.directory=*"]);
        let above = folder.parent().unwrap_or(folder);
        let command = HostCommand::new("git")
            .args(settings.flat_map(|setting| ["-c", setting]))
            .args(words.iter().copied())
            .in_folder(folder)
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_CEILING_DIRECTORIES", above.to_string_lossy())
            .env("GIT_OPTIONAL_LOCKS", "0")
            .within(Duration::from_secs(60));
        self.host.capture(&command, cancel).ok()
    }

    fn command(
        &self,
        folder: &Path,
        arguments: &[&str],
        cancel: &CancelToken,
    ) -> Result<HostCommand, EngineError> {
        let configuration = self.configuration(cancel)?;
        let mut command = HostCommand::new("git").in_folder(folder);
        for setting in OVERRIDES {
            command = command.arg("-c").arg(*setting);
        }
        if !self.host.settings().trusted {
            command = command.args(["-c", "credential.helper="]);
        }
        Ok(command
            .args(arguments.iter().copied())
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_CONFIG_GLOBAL", configuration.to_string_lossy())
            .env("GIT_TERMINAL_PROMPT", "0")
            .env("GIT_ASKPASS", "/bin/true")
            .env("SSH_ASKPASS", "/bin/true")
            .env("GIT_LFS_SKIP_SMUDGE", "1")
            .env("GIT_OPTIONAL_LOCKS", "0")
            .env("GIT_ATTR_NOSYSTEM", "1")
            // A server that sends less than a kilobyte a second for a minute is given up.
            .env("GIT_HTTP_LOW_SPEED_LIMIT", "1000")
            .env("GIT_HTTP_LOW_SPEED_TIME", "60")
            .within(Duration::from_secs(3600)))
    }

    /// Writes the configuration once. Child processes of git (`upload-pack`, submodules) read it
    /// too, which `-c` does not reach.
    fn configuration(&self, cancel: &CancelToken) -> Result<PathBuf, EngineError> {
        if let Some(path) = self.configuration.get() {
            return Ok(path.clone());
        }
        let mut text = String::from(
            "[core]\n\thooksPath = /dev/null\n\tfsmonitor = false\n\tattributesFile = /dev/null\n\
             [protocol \"ext\"]\n\tallow = never\n[protocol \"fd\"]\n\tallow = never\n\
             [safe]\n\tdirectory = *\n[init]\n\ttemplateDir = \n[gc]\n\tauto = 0\n\
             [transfer]\n\tcredentialsInUrl = allow\n[user]\n\tname = repo-runner\n\
             \temail = repo-runner@localhost\n",
        );
        for (key, value) in self.user_settings(cancel) {
            text.push_str(&configuration_lines(&key, &value));
        }
        let folder = self.host.settings().home.join("tmp");
        fs::create_dir_all(&folder).map_err(|e| fault::io("make folder", &folder, e))?;
        // Named by its content: runs with the same settings share it, and it is never half written.
        let name = format!("gitconfig-{}", &hexadecimal(&Sha256::digest(&text))[..16]);
        let path = folder.join(&name);
        let aside = folder.join(format!(".{name}-{}", std::process::id()));
        fs::write(&aside, text)
            .and_then(|()| fs::rename(&aside, &path))
            .map_err(|e| fault::io("write", &path, e))?;
        Ok(self.configuration.get_or_init(|| path).clone())
    }

    /// Proxies, certificates and address rewrites of the user and the system.
    fn user_settings(&self, cancel: &CancelToken) -> Vec<(String, String)> {
        let kept = r"^(http\..*(proxy|sslcainfo|sslcapath|sslverify|sslbackend)|url\..*\.(insteadof|pushinsteadof))$";
        let kept = if self.host.settings().trusted {
            format!("{kept}|^credential\\.")
        } else {
            kept.to_owned()
        };
        let command = HostCommand::new("git")
            .args(["config", "--includes", "-z", "--get-regexp"])
            .arg(kept)
            .within(Duration::from_secs(10));
        let Ok(captured) = self.host.capture(&command, cancel) else { return Vec::new() };
        String::from_utf8_lossy(&captured.stdout)
            .split('\0')
            .filter_map(|item| item.split_once('\n'))
            .map(|(key, value)| (key.to_owned(), value.to_owned()))
            .collect()
    }
}

/// `url.https://a/.insteadof` becomes a section with a quoted name.
fn configuration_lines(key: &str, value: &str) -> String {
    let quote = |text: &str| text.replace('\\', "\\\\").replace('"', "\\\"");
    let (section, rest) = key.split_once('.').unwrap_or((key, ""));
    match rest.rsplit_once('.') {
        Some((name, key)) => {
            format!("[{section} \"{}\"]\n\t{key} = \"{}\"\n", quote(name), quote(value))
        }
        None => format!("[{section}]\n\t{rest} = \"{}\"\n", quote(value)),
    }
}

/// Tells refusals (no such repository or reference) from failures of the network.
fn explain(arguments: &[&str], exit: &str, messages: &str) -> EngineError {
    let settings = arguments.iter().take_while(|argument| **argument == "-c").count() * 2;
    let verb = arguments.get(settings).unwrap_or(&"");
    let shown = without_credentials(&telling(messages));
    let text = format!("git {verb} failed with {exit}: {shown}");
    let holds = |needles: &[&str]| needles.iter().any(|needle| messages.contains(needle));
    // "fatal: could not read Username for 'https://…': terminal prompts disabled"
    if holds(&["could not read Username", "Authentication failed", "Permission denied (publickey"])
    {
        return fault::refused(text).with_hint(
            "the repository does not exist or is private: give an ssh URL whose key your agent \
             holds, or clone it yourself and give the folder",
        );
    }
    if holds(&[
        "not found",
        "does not exist",
        "Remote branch",
        "couldn't find remote ref",
        "does not appear to be a git repository",
    ]) {
        return fault::refused(text)
            .with_hint("look at the address and at the branch, tag or commit");
    }
    if holds(&[
        "Could not resolve host",
        "Could not read from remote repository",
        "timed out",
        "Connection",
        // "Failed to connect to h.example port 443 after 0 ms: Couldn't connect to server"
        "Failed to connect",
        "early EOF",
        "RPC failed",
        "unexpected disconnect",
        "The requested URL returned error: 5",
    ]) {
        return fault::transient(text)
            .with_hint("look at the address, the network, and the proxy variables");
    }
    fault::environment(text)
}

/// What git and ssh say of the failure, without the advice that follows any of them.
fn telling(messages: &str) -> String {
    // "Please make sure you have the correct access rights / and the repository exists."
    let advice = ["Please make sure you have", "and the repository exists."];
    let lines: Vec<&str> =
        messages.lines().filter(|line| !advice.iter().any(|text| line.starts_with(text))).collect();
    last_lines(&lines.join("\n"))
}

/// Messages of git repeat the URL, which may hold a password.
pub(super) fn without_credentials(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("://") {
        let (head, tail) = rest.split_at(at + 3);
        out.push_str(head);
        let end = tail.find(['/', ' ', '\'', '"', '\n']).unwrap_or(tail.len());
        rest = match tail[..end].rfind('@') {
            Some(sign) => &tail[sign + 1..],
            None => tail,
        };
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_in_addresses_are_not_repeated() {
        assert_eq!(
            without_credentials("fatal: 'https://me:s3cret@h.example/o/n' and https://h2/x@y"),
            "fatal: 'https://h.example/o/n' and https://h2/x@y"
        );
    }

    #[test]
    fn a_host_that_is_not_there_is_named_by_the_error_and_leaves_a_way_out() {
        let messages = "ssh: Could not resolve hostname h.invalid: Name or service not known\n\
                        fatal: Could not read from remote repository.\n\n\
                        Please make sure you have the correct access rights\n\
                        and the repository exists.\n";
        let error = explain(&["clone"], "exit status 128", messages);
        assert_eq!(error.kind, rr_core::EngineErrorKind::Transient);
        assert!(error.message.contains("h.invalid"), "{error}");
        assert!(error.hint.is_some());
    }

    #[test]
    fn rewrites_keep_their_quoted_names() {
        assert_eq!(
            configuration_lines("url.https://mirror.example/.insteadof", "https://h.example/"),
            "[url \"https://mirror.example/\"]\n\tinsteadof = \"https://h.example/\"\n"
        );
        assert_eq!(configuration_lines("http.proxy", "p"), "[http]\n\tproxy = \"p\"\n");
    }
}
