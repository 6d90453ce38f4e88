//! Reads what a user typed as a source. Pure but for looking whether a path exists.

use std::path::{Path, PathBuf};

use rr_core::source::Registry;
use rr_core::{EngineError, RepoSource};

use super::archive::ArchiveKind;
use crate::fault;

const REGISTRIES: [Registry; 5] =
    [Registry::PyPi, Registry::Crates, Registry::Npm, Registry::Go, Registry::Maven];

/// Reads a source. `shorthand_host` is what an `owner/name` shorthand means.
pub(super) fn parse(
    text: &str,
    reference: Option<&str>,
    cwd: &Path,
    shorthand_host: &str,
) -> Result<RepoSource, EngineError> {
    let text = text.trim();
    refuse_hostile("source", text)?;
    if let Some(reference) = reference {
        refuse_hostile("reference", reference)?;
    }
    let reference = reference.map(str::to_owned).filter(|reference| !reference.is_empty());
    if let Some(package) = package(text)? {
        return match reference {
            None => Ok(package),
            Some(_) => Err(fault::refused(format!("package `{text}` takes no reference"))
                .with_hint("write the version after an `@`")),
        };
    }
    if let Some((scheme, rest)) = text.split_once("://") {
        return url(text, scheme, rest, reference, cwd);
    }
    if let Some(source) = local(text, reference.clone(), cwd)? {
        return Ok(source);
    }
    if is_scp_like(text) {
        return Ok(RepoSource::Git { url: text.to_owned(), reference });
    }
    if let Some((owner, name)) = shorthand(text) {
        return Ok(RepoSource::Git {
            url: format!("https://{shorthand_host}/{owner}/{name}"),
            reference,
        });
    }
    Err(fault::refused(format!("`{text}` is no folder, archive, git URL or package here")).with_hint(
        "give a folder, an archive, `https://host/owner/name`, `owner/name`, or a package such as `pypi:NAME`",
    ))
}

fn refuse_hostile(what: &str, text: &str) -> Result<(), EngineError> {
    let refuse = |reason: &str| {
        let shown: String = text.chars().filter(|c| !c.is_control()).take(200).collect();
        Err(fault::refused(format!("{what} `{shown}` is refused: {reason}")))
    };
    if text.is_empty() {
        return refuse("it is empty");
    }
    if text.starts_with('-') {
        return refuse("it begins with `-`, which a program would read as an option");
    }
    if text.chars().any(char::is_control) {
        return refuse("it holds control characters");
    }
    if text.len() > 4096 {
        return refuse("it is longer than 4096 bytes");
    }
    let plain = what == "reference"
        && (text.contains("..") || text.contains([' ', '~', '^', ':', '?', '*', '[', '\\', '@']));
    if plain {
        return refuse("it is no name of a branch, tag or commit");
    }
    // `ext::sh -c …` and `fd::7` make git run programs and read descriptors.
    let transport = text.split_once("::").map(|(transport, _)| transport);
    if transport
        .is_some_and(|name| !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric()))
    {
        return refuse("it names a git transport helper");
    }
    Ok(())
}

fn url(
    text: &str,
    scheme: &str,
    rest: &str,
    reference: Option<String>,
    cwd: &Path,
) -> Result<RepoSource, EngineError> {
    match scheme.to_ascii_lowercase().as_str() {
        "https" | "http" | "ssh" | "git" | "git+https" | "git+ssh" => {
            let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
            let host = host.rsplit('@').next().unwrap_or_default();
            // CVE-2017-1000117: `ssh://-oProxyCommand=…` reached ssh as an option.
            if host.is_empty() || host.starts_with('-') {
                return Err(fault::refused(format!("`{text}` names no host")));
            }
            let url = text.strip_prefix("git+").unwrap_or(text);
            let url = url.split('#').next().unwrap_or(url);
            Ok(web_page(url, reference))
        }
        "file" => {
            let path = PathBuf::from(rest.strip_prefix("localhost").unwrap_or(rest));
            let path = path.to_string_lossy().into_owned();
            local(&path, reference, cwd)?
                .ok_or_else(|| fault::refused(format!("`{path}` does not exist")))
        }
        _ => Err(fault::refused(format!("`{scheme}` URLs cannot be fetched"))
            .with_hint("use an https, ssh or file URL")),
    }
}

/// A forge's page of a branch or commit: `https://host/owner/name/tree/BRANCH`.
fn web_page(url: &str, reference: Option<String>) -> RepoSource {
    let trimmed = url.trim_end_matches('/');
    for marker in ["/tree/", "/commit/", "/-/tree/", "/releases/tag/"] {
        if let Some((repository, shown)) = trimmed.split_once(marker)
            && repository.matches('/').count() >= 4
            && !shown.contains('/')
            && refuse_hostile("reference", shown).is_ok()
        {
            let reference = reference.or_else(|| Some(shown.to_owned()));
            return RepoSource::Git {
                url: repository.trim_end_matches("/-").to_owned(),
                reference,
            };
        }
    }
    RepoSource::Git { url: trimmed.to_owned(), reference }
}

/// A path that exists: a bare repository, an archive or a working folder.
fn local(
    text: &str,
    reference: Option<String>,
    cwd: &Path,
) -> Result<Option<RepoSource>, EngineError> {
    let path = cwd.join(text);
    let Ok(path) = path.canonicalize() else {
        let meant = text.starts_with(['/', '.', '~']) || ArchiveKind::of(text).is_some();
        return if meant {
            Err(fault::refused(format!("`{text}` does not exist")))
        } else {
            Ok(None)
        };
    };
    if path.is_dir() {
        let bare = path.join("HEAD").is_file()
            && path.join("objects").is_dir()
            && path.join("refs").is_dir();
        if !bare {
            return Ok(Some(RepoSource::Folder { path, reference }));
        }
        return Ok(Some(RepoSource::Git { url: path.to_string_lossy().into_owned(), reference }));
    }
    let known = path.file_name().and_then(|name| ArchiveKind::of(&name.to_string_lossy()));
    if !path.is_file() || known.is_none() {
        return Err(fault::refused(format!(
            "`{}` is neither a folder nor an archive",
            path.display()
        ))
        .with_hint("archives end in .zip, .tar, .tar.gz, .tgz or .crate"));
    }
    if reference.is_some() {
        return Err(fault::refused(format!("archive `{}` has no references", path.display())));
    }
    Ok(Some(RepoSource::Archive { path }))
}

/// `git@host:owner/name.git`.
fn is_scp_like(text: &str) -> bool {
    let Some((login, path)) = text.split_once(':') else { return false };
    let Some((user, host)) = login.split_once('@') else { return false };
    let word = |s: &str| {
        !s.is_empty() && s.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c))
    };
    word(user) && word(host) && !host.starts_with('-') && !path.is_empty() && !path.starts_with('-')
}

fn shorthand(text: &str) -> Option<(&str, &str)> {
    let (owner, name) = text.trim_end_matches('/').split_once('/')?;
    let word = |s: &str| {
        !s.is_empty()
            && !s.starts_with(['-', '.'])
            && s.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c))
    };
    (word(owner) && word(name)).then_some((owner, name))
}

fn package(text: &str) -> Result<Option<RepoSource>, EngineError> {
    let Some((scheme, rest)) = text.split_once(':') else { return Ok(None) };
    let Some(registry) = REGISTRIES.into_iter().find(|registry| registry.scheme() == scheme) else {
        return Ok(None);
    };
    // A scope begins with an `@` of its own: `npm:@babel/core@7.0.0`.
    let skip = usize::from(rest.starts_with('@'));
    let (name, version) = match rest[skip..].rsplit_once('@') {
        Some((name, version)) => (&rest[..skip + name.len()], Some(version)),
        None => (rest, None),
    };
    let (name, version) = match (version, rest.split_once("==")) {
        (None, Some((name, version))) => (name, Some(version)),
        _ => (name, version),
    };
    let word = |text: &str, more: &str| {
        !text.is_empty()
            && !text.starts_with(['-', '.', '/'])
            && !text.contains("..")
            && text
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || "._-".contains(c) || more.contains(c))
    };
    let more = match registry {
        Registry::PyPi | Registry::Crates => "",
        Registry::Npm => "@/",
        Registry::Go => "/~",
        Registry::Maven => ":",
    };
    let parts = name.split(':').count();
    let shaped = registry != Registry::Maven || parts == 2;
    if !word(name, more) || !shaped || version.is_some_and(|version| !word(version, "+!")) {
        return Err(fault::refused(format!("`{text}` names no {scheme} package")).with_hint(
            if registry == Registry::Maven {
                "write `maven:GROUP:ARTIFACT[@VERSION]`"
            } else {
                "write `SCHEME:NAME[@VERSION]`"
            },
        ));
    }
    Ok(Some(RepoSource::Package {
        registry,
        name: name.to_owned(),
        version: version.map(str::to_owned),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> RepoSource {
        parse(text, None, Path::new("/nowhere"), "forge.example").unwrap()
    }

    fn refusal(text: &str) -> String {
        let error = parse(text, None, Path::new("/nowhere"), "forge.example").unwrap_err();
        assert_eq!(error.kind, rr_core::EngineErrorKind::Refused);
        error.to_string()
    }

    #[test]
    fn urls_shorthands_and_packages() {
        let git = |url: &str, reference: Option<&str>| RepoSource::Git {
            url: url.into(),
            reference: reference.map(str::to_owned),
        };
        assert_eq!(parsed("owner/name"), git("https://forge.example/owner/name", None));
        assert_eq!(parsed("git@host.example:o/n.git"), git("git@host.example:o/n.git", None));
        assert_eq!(
            parsed("https://h.example/o/n/tree/v1.2"),
            git("https://h.example/o/n", Some("v1.2"))
        );
        assert_eq!(parsed("npm:@babel/core@7.0.0").to_string(), "npm:@babel/core@7.0.0");
        assert_eq!(parsed("pypi:six").to_string(), "pypi:six");
        assert_eq!(
            parsed("maven:org.jsoup:jsoup@1.17.2").to_string(),
            "maven:org.jsoup:jsoup@1.17.2"
        );
        assert_eq!(
            parsed("go:golang.org/x/text@v0.3.0").to_string(),
            "go:golang.org/x/text@v0.3.0"
        );
    }

    #[test]
    fn folders_archives_and_bare_repositories() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        std::fs::create_dir_all(root.join("work/src")).unwrap();
        for part in ["objects", "refs"] {
            std::fs::create_dir_all(root.join("bare").join(part)).unwrap();
        }
        std::fs::write(root.join("bare/HEAD"), "ref: refs/heads/main\n").unwrap();
        std::fs::write(root.join("a.tar.gz"), "").unwrap();
        let at = |text: &str| parse(text, None, &root, "forge.example").unwrap();
        assert!(matches!(at("work"), RepoSource::Folder { .. }));
        // A path that exists wins over the shorthand of the same shape.
        assert!(matches!(at("work/src"), RepoSource::Folder { .. }));
        assert!(matches!(at("bare"), RepoSource::Git { .. }));
        assert!(matches!(at("a.tar.gz"), RepoSource::Archive { .. }));
    }

    #[test]
    fn hostile_texts_are_refused_with_a_reason() {
        assert!(refusal("--upload-pack=touch /tmp/x").contains("option"));
        assert!(refusal("ext::sh -c touch% /tmp/x").contains("transport"));
        assert!(refusal("fd::7").contains("transport"));
        assert!(refusal("a\u{7}b/c").contains("control"));
        assert!(refusal("ssh://-oProxyCommand=x/y").contains("no host"));
        assert!(refusal("gopher://h/x").contains("gopher"));
        assert!(refusal("./missing").contains("does not exist"));
        assert!(refusal("pypi:../../etc").contains("pypi"));
        let reference = parse("o/n", Some("--output=x"), Path::new("/"), "h").unwrap_err();
        assert!(reference.to_string().contains("option"));
    }
}
