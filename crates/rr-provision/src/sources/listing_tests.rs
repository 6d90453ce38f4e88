use std::os::unix::fs::symlink;
use std::sync::Arc;

use super::*;
use crate::host::HostTools;
use crate::settings::ProvisionSettings;

fn git(home: &Path) -> Git {
    let path = ("PATH".to_owned(), "/usr/local/bin:/usr/bin:/bin".to_owned());
    let variables: std::collections::BTreeMap<_, _> = [path].into();
    let executor = rr_sandbox::host_tools(home, variables.clone()).unwrap();
    let settings = ProvisionSettings::new(home.to_owned(), variables, 0);
    Git::new(HostTools::new(executor, Arc::new(settings)))
}

fn run(git: &Git, folder: &Path, words: &[&str]) {
    let sink = Arc::new(rr_core::executor::NoOutput);
    git.run(folder, words, sink, &CancelToken::default()).unwrap();
}

fn names(listing: &Listing) -> Vec<&str> {
    listing.files.iter().map(|file| file.path.as_str()).collect()
}

#[test]
fn what_git_tracks_is_listed_though_ignored_and_nothing_below_links() {
    let home = tempfile::tempdir().unwrap();
    let git = git(home.path());
    let outer = tempfile::tempdir().unwrap();
    let folder = outer.path().join("repo");
    fs::create_dir_all(folder.join("kept")).unwrap();
    fs::create_dir_all(folder.join("out")).unwrap();
    fs::create_dir_all(outer.path().join("elsewhere")).unwrap();
    fs::write(outer.path().join("elsewhere/secret"), "x").unwrap();
    for path in ["a.txt", "kept/b.log", "out/c.txt", "gone.txt", "moved"] {
        fs::write(folder.join(path), "x").unwrap();
    }
    run(&git, &folder, &["init", "-q"]);
    fs::remove_file(folder.join("moved")).unwrap();
    fs::create_dir(folder.join("moved")).unwrap();
    fs::write(folder.join("moved/secret"), "x").unwrap();
    run(&git, &folder, &["add", "-A"]);
    run(&git, &folder, &["commit", "-q", "-m", "first"]);
    fs::write(folder.join(".gitignore"), "*.log\nout/\n").unwrap();
    fs::write(folder.join("new.log"), "x").unwrap();
    fs::write(folder.join("new.txt"), "x").unwrap();
    fs::remove_file(folder.join("gone.txt")).unwrap();
    fs::remove_dir_all(folder.join("moved")).unwrap();
    symlink("../elsewhere", folder.join("moved")).unwrap();
    let listing = list(&git, &folder, &CancelToken::default()).unwrap();
    let expected = [".gitignore", "a.txt", "kept/b.log", "moved", "new.txt", "out/c.txt"];
    assert_eq!(names(&listing), expected);
    let moved = listing.files.iter().find(|file| file.path == "moved").unwrap();
    assert_eq!(moved.kind, FileKind::Link);
    assert!(listing.commit_date.is_some_and(|day| day.len() == 10));
    assert!(listing.rests_on.contains(&folder.join(".git/index")));
}

#[test]
fn a_folder_without_git_heeds_ignore_files_and_takes_the_newest_day() {
    let home = tempfile::tempdir().unwrap();
    let outer = tempfile::tempdir().unwrap();
    let folder = outer.path().join("plain");
    fs::create_dir_all(folder.join("node_modules/x")).unwrap();
    fs::write(outer.path().join(".gitignore"), "*.tmp\n").unwrap();
    for path in ["a.txt", "b.tmp", "node_modules/x/index.js"] {
        fs::write(folder.join(path), "x").unwrap();
    }
    let listing = list(&git(home.path()), &folder, &CancelToken::default()).unwrap();
    assert_eq!(names(&listing), ["a.txt"]);
    assert!(listing.commit_date.is_some());
    assert!(listing.rests_on.contains(&outer.path().join(".gitignore")));
}
