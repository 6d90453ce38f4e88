//! Fetching real repositories, folders, archives and packages.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use crate::workshop::{Workshop, sh};
use rr_core::executor::NoOutput;
use rr_core::{CancelToken, EngineError, EngineErrorKind, FetchedSource, SourceFetcher};
use rr_provision::{Fetcher, HostTools};

const IDENTITY: &str = "-c user.name=t -c user.email=t@example.org";

fn fetch(
    shop: &Workshop,
    text: &str,
    reference: Option<&str>,
    into: &Path,
) -> Result<FetchedSource, EngineError> {
    fetch_by(&shop.host, text, reference, into)
}

/// Fetches with these tools; names are relative to where `into` lies.
fn fetch_by(
    host: &HostTools,
    text: &str,
    reference: Option<&str>,
    into: &Path,
) -> Result<FetchedSource, EngineError> {
    let fetcher = Fetcher::new(host.clone());
    let source = fetcher.parse(text, reference, into.parent().unwrap())?;
    fetcher.fetch(&source, into, Arc::new(NoOutput), &CancelToken::default())
}

/// A repository with two commits, a tag, an ignored file, an untracked one and a changed one.
fn repository(shop: &Workshop) -> std::path::PathBuf {
    let root = shop.path("project");
    fs::create_dir(&root).unwrap();
    sh(&root, &format!(
        "git init -q -b trunk; echo one > a.txt; echo '*.log' > .gitignore; ln -s a.txt link; ln -s /etc/hostname out
         git add -A; GIT_COMMITTER_DATE=2020-05-06T12:00:00Z git {IDENTITY} commit -qm one; git tag v1
         echo two > a.txt; git add -A; git {IDENTITY} commit -qm two
         echo three > a.txt; echo new > new.txt; echo noise > noise.log; mkfifo pipe"
    ));
    root
}

#[test]
fn a_working_folder_is_copied_as_it_is_and_left_alone() {
    let shop = Workshop::new();
    let root = repository(&shop);
    let before = sh(&root, "git status --porcelain; find . -type f | sort | xargs md5sum");
    let into = shop.path("copy");
    let fetched = fetch(&shop, "project", None, &into).unwrap();
    assert_eq!(sh(&root, "git status --porcelain; find . -type f | sort | xargs md5sum"), before);
    assert_eq!(fetched.commit, sh(&root, "git rev-parse HEAD"));
    assert_eq!(fs::read_to_string(into.join("a.txt")).unwrap(), "three\n");
    assert!(into.join("new.txt").exists() && !into.join("noise.log").exists());
    assert!(!into.join("pipe").exists());
    assert_eq!(fs::read_link(into.join("out")).unwrap(), Path::new("/etc/hostname"));
    assert_eq!(sh(&into, "git describe --tags"), sh(&root, "git describe --tags"));
    for note in ["not committed", "lead nowhere in the copy: out"] {
        assert!(fetched.notes.iter().any(|n| n.contains(note)), "{note}: {:?}", fetched.notes);
    }
}

#[test]
fn hooks_filters_and_monitors_of_a_hostile_repository_do_not_run() {
    let shop = Workshop::new();
    let root = repository(&shop);
    let mark = shop.path("executed");
    let touch = format!("touch {}", mark.display());
    sh(&root, &format!(
        "git config core.fsmonitor '{touch}'; git config filter.x.smudge '{touch}; cat'
         git config filter.x.clean '{touch}; cat'; git config core.sshCommand '{touch}'
         git config uploadpack.packObjectsHook '{touch}; exec'
         echo 'a.txt filter=x' > .gitattributes; git add .gitattributes; git {IDENTITY} commit -qm filters
         printf '#!/bin/sh\\n{touch}\\n' > .git/hooks/post-checkout; chmod +x .git/hooks/post-checkout"
    ));
    let _ = fs::remove_file(&mark);
    fetch(&shop, "project", None, &shop.path("copy")).unwrap();
    fetch(&shop, "project", Some("trunk"), &shop.path("branch")).unwrap();
    assert!(!mark.exists());
}

#[test]
fn branches_tags_and_commits_of_a_bare_repository() {
    let shop = Workshop::new();
    let root = repository(&shop);
    sh(shop.folder.path(), "git clone -q --bare project bare.git");
    let first = sh(&root, "git rev-parse v1^{commit}");
    for (reference, expected) in [("v1", "one\n"), (first.as_str(), "one\n"), ("trunk", "two\n")] {
        let into = shop.path(&format!("at-{reference}"));
        let fetched = fetch(&shop, "bare.git", Some(reference), &into).unwrap();
        assert_eq!(fs::read_to_string(into.join("a.txt")).unwrap(), expected, "{reference}");
        if reference == "v1" {
            assert_eq!(fetched.commit_date.as_deref(), Some("2020-05-06"));
        }
    }
    let url = format!("file://{}", shop.path("bare.git").display());
    assert_eq!(fetch(&shop, &url, None, &shop.path("by-url")).unwrap().files, 4);
    let missing = fetch(&shop, "bare.git", Some("nope"), &shop.path("none")).unwrap_err();
    assert_eq!(missing.kind, EngineErrorKind::Refused);
    assert!(missing.to_string().contains("`nope`"), "{missing}");
}

/// Serves a folder's repositories until dropped.
struct Daemon(std::process::Child, u16);

impl Daemon {
    #[expect(clippy::disallowed_methods, reason = "a real server to clone from")]
    fn of(folder: &Path) -> Self {
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let child = std::process::Command::new("git")
            .args(["daemon", "--export-all", "--listen=127.0.0.1", "--reuseaddr"])
            .arg(format!("--port={port}"))
            .arg(format!("--base-path={}", folder.display()))
            .spawn()
            .unwrap();
        while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
        Self(child, port)
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        sh(Path::new("/"), &format!("pkill -KILL -P {} || true", self.0.id()));
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn a_url_is_cloned_as_shallow_as_its_reference_allows() {
    let shop = Workshop::new();
    let root = repository(&shop);
    sh(
        &root,
        &format!(
            "git {IDENTITY} commit -qam three; git update-ref refs/pull/7/head v1
         git clone -q --mirror . ../served.git; git tag v2; git branch other v1"
        ),
    );
    let daemon = Daemon::of(shop.folder.path());
    let url = format!("git://127.0.0.1:{}/served.git", daemon.1);
    let commits = |into: &Path| sh(into, "git rev-list --count HEAD");

    let newest = fetch(&shop, &url, None, &shop.path("newest")).unwrap();
    assert_eq!(newest.commit, sh(&root, "git rev-parse HEAD"));
    assert_eq!(commits(&shop.path("newest")), "1");
    for (name, reference) in
        [("tag", "v1"), ("hash", newest.commit.as_str()), ("pull", "refs/pull/7/head")]
    {
        let into = shop.path(name);
        let fetched = fetch(&shop, &url, Some(reference), &into).unwrap();
        assert_eq!(fetched.commit, sh(&root, &format!("git rev-parse {reference}^0")), "{name}");
        assert_eq!(commits(&into), "1", "{name}");
    }
    let older = sh(&root, "git rev-parse --short=10 HEAD~1");
    assert_eq!(
        fetch(&shop, &url, Some(&older), &shop.path("older")).unwrap().commit,
        sh(&root, "git rev-parse HEAD~1")
    );
    let missing = fetch(&shop, &url, Some("no-such-branch"), &shop.path("none")).unwrap_err();
    assert_eq!(missing.kind, EngineErrorKind::Refused, "{missing}");
    let absent = format!("git://127.0.0.1:{}/absent.git", daemon.1);
    assert!(fetch(&shop, &absent, None, &shop.path("absent")).is_err());
}

/// A repository with another one as a submodule, and bare copies of both as a server keeps them.
fn superproject(shop: &Workshop) {
    sh(
        shop.folder.path(),
        &format!(
            "git init -q -b trunk part; cd part; echo inner > inner.txt; git add -A; git {IDENTITY} commit -qm part; cd ..
             git clone -q --bare part part.git; git init -q -b trunk whole; cd whole; echo outer > outer.txt
             git {IDENTITY} -c protocol.file.allow=always submodule --quiet add ../part.git deps/part
             git add -A; git {IDENTITY} commit -qm whole; cd ..; git clone -q --bare whole whole.git"
        ),
    );
}

#[test]
fn submodules_come_from_servers_and_from_this_machine_only_where_it_is_trusted() {
    let shop = Workshop::new();
    superproject(&shop);
    let inner = |name: &str| shop.path(name).join("deps/part/inner.txt").is_file();
    let daemon = Daemon::of(shop.folder.path());
    let url = format!("git://127.0.0.1:{}/whole.git", daemon.1);
    let served = fetch(&shop, &url, None, &shop.path("served")).unwrap();
    assert!(inner("served") && served.notes.is_empty(), "{:?}", served.notes);

    let file = format!("file://{}", shop.path("whole.git").display());
    let closed = fetch(&shop, &file, None, &shop.path("closed")).unwrap();
    let told = closed.notes.join("\n");
    assert!(!inner("closed") && told.contains("deps/part") && told.contains("--trust"), "{told}");
    let trusting = shop.host_with(|settings| settings.trusted = true);
    let open = fetch_by(&trusting, &file, None, &shop.path("open")).unwrap();
    assert!(inner("open") && open.notes.is_empty(), "{:?}", open.notes);

    // A server's repository that names a folder of this machine gets nothing from it, ever.
    sh(
        &shop.path("whole"),
        &format!(
            "git config -f .gitmodules submodule.deps/part.url {}
             git {IDENTITY} commit -qam reach; git push -q ../whole.git trunk",
            shop.path("part.git").display()
        ),
    );
    let reaching = fetch_by(&trusting, &url, None, &shop.path("reaching")).unwrap();
    assert!(!inner("reaching"), "{:?}", reaching.notes);
    assert!(reaching.notes.iter().any(|note| note.contains("deps/part")), "{:?}", reaching.notes);
}

#[test]
fn a_working_folder_brings_its_submodules_and_names_those_that_were_never_fetched() {
    let shop = Workshop::new();
    superproject(&shop);
    let fetched = fetch(&shop, "whole", None, &shop.path("full")).unwrap();
    assert!(shop.path("full/deps/part/inner.txt").is_file(), "{:?}", fetched.notes);
    sh(shop.folder.path(), "git clone -q whole.git bare-bones");
    let fetched = fetch(&shop, "bare-bones", None, &shop.path("empty")).unwrap();
    let told = fetched.notes.join("\n");
    assert!(told.contains("deps/part") && told.contains("submodule update --init"), "{told}");
}

#[test]
fn large_files_are_fetched_and_pointers_that_stay_are_named() {
    let shop = Workshop::new();
    let lfs = "git -c filter.lfs.clean='git-lfs clean -- %f' -c filter.lfs.required=true";
    sh(
        shop.folder.path(),
        &format!(
            "git init -q --bare -b trunk served.git; git init -q -b trunk work; cd work
             mkdir data; echo '*.bin filter=lfs diff=lfs -text' > data/.gitattributes
             head -c 5000 /dev/zero > data/a.bin; {lfs} add -A; {lfs} {IDENTITY} commit -qm one
             git remote add origin file://$PWD/../served.git; git push -q --no-verify origin trunk
             git lfs push --all origin trunk"
        ),
    );
    let size = |name: &str| fs::metadata(shop.path(name).join("data/a.bin")).unwrap().len();
    let whole = fetch(&shop, "served.git", None, &shop.path("whole")).unwrap();
    assert_eq!(size("whole"), 5000, "{:?}", whole.notes);
    assert!(whole.notes.is_empty(), "{:?}", whole.notes);
    assert_eq!(sh(&shop.path("whole"), "git status --porcelain"), "");

    fs::remove_dir_all(shop.path("served.git/lfs")).unwrap();
    let lost = fetch(&shop, "served.git", None, &shop.path("lost")).unwrap();
    assert!(size("lost") < 200);
    assert!(lost.notes.iter().any(|note| note.contains("data/a.bin")), "{:?}", lost.notes);

    sh(shop.folder.path(), "tar czf packed.tar.gz -C lost data && cp -r lost/data pointers");
    for source in ["packed.tar.gz", "pointers"] {
        let fetched = fetch(&shop, source, None, &shop.path(&format!("of-{source}"))).unwrap();
        assert!(fetched.notes.iter().any(|note| note.contains("a.bin")), "{:?}", fetched.notes);
    }

    sh(shop.folder.path(), "mkdir bin; ln -s $(command -v git) bin/git; ln -s /bin/sh bin/sh");
    let bin = shop.path("bin").display().to_string();
    let without = shop.host_with(|settings| _ = settings.variables.insert("PATH".into(), bin));
    let plain = fetch_by(&without, "served.git", None, &shop.path("plain")).unwrap();
    let told = plain.notes.join("\n");
    assert!(told.contains("data/a.bin") && told.contains("git-lfs is not installed"), "{told}");
}

#[test]
fn a_build_that_reads_tags_gets_the_history() {
    let shop = Workshop::new();
    let root = repository(&shop);
    sh(
        &root,
        &format!(
            "printf '[build-system]\\nrequires = [\"setuptools_scm\"]\\n' > pyproject.toml
         git add -A; git {IDENTITY} commit -qm scm; git clone -q --mirror . ../served.git"
        ),
    );
    let daemon = Daemon::of(shop.folder.path());
    let into = shop.path("copy");
    let url = format!("git://127.0.0.1:{}/served.git", daemon.1);
    let fetched = fetch(&shop, &url, None, &into).unwrap();
    assert_eq!(sh(&into, "git describe --tags"), sh(&root, "git describe --tags"));
    assert!(
        fetched.notes.iter().any(|note| note.contains("setuptools_scm")),
        "{:?}",
        fetched.notes
    );
}

#[test]
fn a_clone_that_lacks_objects_gives_the_rest_and_names_what_is_missing() {
    let shop = Workshop::new();
    let root = repository(&shop);
    sh(shop.folder.path(), "git clone -q --bare project bare.git; cd bare.git; git unpack-objects < /dev/null || true
        for pack in objects/pack/*.pack; do [ -e $pack ] && mv $pack /tmp/p.$$ && rm -f objects/pack/* && git unpack-objects -q < /tmp/p.$$ && rm /tmp/p.$$; done; true");
    let blob = sh(&root, "git rev-parse HEAD:a.txt");
    let object = shop.path("bare.git/objects").join(&blob[..2]).join(&blob[2..]);
    fs::remove_file(&object).unwrap();
    let into = shop.path("copy");
    let fetched = fetch(&shop, "bare.git", None, &into).unwrap();
    assert!(into.join(".gitignore").exists() && !into.join("a.txt").exists());
    assert!(fetched.notes.iter().any(|note| note.contains("`a.txt`")), "{:?}", fetched.notes);
    assert_eq!(sh(&into, "git status --porcelain"), "");
}

#[test]
fn a_clone_holds_all_its_objects_itself() {
    let shop = Workshop::new();
    repository(&shop);
    sh(
        shop.folder.path(),
        "git clone -q --shared project borrower; git clone -q --bare --shared project bare.git",
    );
    let into = shop.path("copy");
    fetch(&shop, "bare.git", None, &into).unwrap();
    sh(shop.folder.path(), "rm -rf project bare.git");
    sh(&into, "git fsck --full && git log --oneline");
}

#[test]
fn folders_without_git_and_archives_have_a_hash_of_their_content() {
    let shop = Workshop::new();
    let root = shop.path("plain");
    fs::create_dir_all(root.join("node_modules/x")).unwrap();
    fs::write(root.join("node_modules/x/index.js"), "").unwrap();
    fs::write(root.join("main.py"), "print(1)\n").unwrap();
    let folder = fetch(&shop, "plain", None, &shop.path("one")).unwrap();
    assert!(folder.commit.starts_with("tree:"), "{folder:?}");
    assert_eq!(folder.files, 1);
    sh(shop.folder.path(), "tar czf plain-1.0.tar.gz --exclude=node_modules plain");
    let archive = fetch(&shop, "plain-1.0.tar.gz", None, &shop.path("two")).unwrap();
    assert_eq!(archive.commit, folder.commit);
    assert!(shop.path("two/main.py").exists());
    sh(
        &root,
        "python3 -c \"import zipfile; z=zipfile.ZipFile('../p.zip','w'); z.write('main.py'); z.close()\"",
    );
    assert_eq!(fetch(&shop, "p.zip", None, &shop.path("three")).unwrap().commit, folder.commit);
}

#[test]
fn published_sources_come_through_the_registries() {
    let shop = Workshop::new();
    let cases = [
        ("pypi:six@1.16.0", "setup.py", "2021-05-05"),
        ("crates:semver@1.0.20", "Cargo.toml", "2023-10-"),
        // Mirrors of npm state the time at which they took the version over.
        ("npm:is-odd@3.0.1", "package.json", "20"),
        ("go:github.com/pkg/errors@v0.9.1", "errors.go", "2020-01-14"),
        ("maven:org.jsoup:jsoup@1.17.2", "pom.xml", "202"),
    ];
    for (source, file, published) in cases {
        let into = shop.path(&source.replace([':', '/', '@'], "-"));
        let fetched = fetch(&shop, source, None, &into).unwrap_or_else(|e| panic!("{source}: {e}"));
        assert!(into.join(file).is_file(), "{source} has `{file}`");
        assert!(fetched.commit.starts_with("tree:"));
        let day = fetched.commit_date.unwrap_or_default();
        assert!(day.starts_with(published), "{source}: {day}");
    }
    let missing = fetch(&shop, "pypi:six@0.0.0.1", None, &shop.path("none")).unwrap_err();
    assert_eq!(missing.kind, EngineErrorKind::Refused, "{missing}");
}
