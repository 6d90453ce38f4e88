//! Layers of packages, and what is known about who brings what.

use std::process::Command;

use rr_core::{SystemNeed, SystemPackageProvider};
use rr_provision::SystemPackages;

use crate::workshop::{Sandbox, Workshop};

/// A small package that a machine for programming does not have; its program has its name as an
/// alternative.
const ABSENT: &str = "figlet";

#[expect(clippy::disallowed_methods, reason = "the host's own view, apart from the product")]
fn host_packages() -> String {
    let output = Command::new("dpkg").arg("-l").output().unwrap();
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn a_package_is_in_the_sandbox_and_not_on_the_host() {
    let before = host_packages();
    assert!(!before.contains(&format!(" {ABSENT} ")), "the test needs a package that is absent");
    let shop = Workshop::own();
    let made = shop.layer(&[ABSENT, "no-such-package-anywhere", "dpkg"]);
    assert_eq!(made.missing, ["no-such-package-anywhere"]);
    let names: Vec<&str> = made.installed.iter().map(|(name, _)| name.as_str()).collect();
    assert!(names.contains(&ABSENT) && names.contains(&"dpkg"), "{names:?}");
    assert_eq!(host_packages(), before);

    let layer = made.layer.clone().unwrap();
    for closed in ["etc/shadow", "etc/passwd", "var/lib/apt", "var/log", "tmp", "root"] {
        assert!(!layer.join(closed).exists(), "{closed}");
    }
    let sandbox = Sandbox::open(vec![layer]);
    let outcome = sandbox.sh("figlet -f banner X && awk 'BEGIN { print \"still there\" }'");
    assert!(outcome.exit.success(), "{}", outcome.tail);
    assert!(outcome.tail.contains("#   #") && outcome.tail.contains("still there"));

    // The second time nothing is run: the package manager is not even on the PATH.
    let again = shop.without_programs().layer(&["no-such-package-anywhere", "dpkg", ABSENT]);
    assert_eq!(again, made);
}

#[test]
fn unpacked_packages_work_without_their_scripts() {
    let shop = Workshop::own().tomorrow();
    let provider = SystemPackages::new(shop.tools.clone()).unpacking_only();
    let made = shop.layer_of(&provider, &[ABSENT, "libgsl-dev"]);
    let layer = made.layer.unwrap();
    assert!(!layer.join(".scripts").exists());
    // The host's lists were of yesterday: fresh ones were fetched, and not into the host.
    let lists = std::fs::read_dir(shop.data.path().join("data/caches/apt/lists")).unwrap();
    let mut names = lists.flatten().map(|entry| entry.file_name());
    assert!(names.any(|name| name.to_string_lossy().contains("_Packages")));
    let program = "#include <gsl/gsl_math.h>\n#include <stdio.h>\n\
                   int main() { printf(\"%g\\n\", gsl_hypot(3, 4)); }";
    let sandbox = Sandbox::open(vec![layer]);
    let outcome = sandbox.sh(&format!(
        "printf '%s' '{program}' >a.c && cc a.c $(pkg-config --cflags --libs gsl) -o a && ./a && \
         figlet -f banner X"
    ));
    assert!(outcome.tail.contains("5\n") && outcome.tail.contains("#   #"), "{}", outcome.tail);
}

#[test]
fn two_who_want_the_same_layer_at_once_get_one() {
    let shop = Workshop::own();
    let (one, two) = std::thread::scope(|scope| {
        let threads = [(); 2].map(|()| scope.spawn(|| shop.layer(&[ABSENT])));
        let [one, two] = threads.map(|thread| thread.join().unwrap());
        (one, two)
    });
    assert_eq!(one, two);
    let entries = std::fs::read_dir(shop.data.path().join("data/layers")).unwrap().flatten();
    let names: Vec<_> = entries.map(|e| e.file_name().to_string_lossy().into_owned()).collect();
    let finished = names.iter().filter(|name| !name.starts_with('.')).count();
    assert_eq!(finished, 1, "{names:?}");
    assert!(!names.iter().any(|name| name.ends_with(".part") || name.ends_with(".work")));
}

#[test]
fn nothing_is_made_where_the_host_has_everything() {
    let shop = Workshop::own();
    let made = shop.layer(&["dpkg", "apt"]);
    assert_eq!((made.layer, made.missing.len(), made.installed.len()), (None, 0, 2));
    assert!(!shop.data.path().join("data/layers").exists());
}

#[test]
fn names_that_are_options_are_missing_and_never_reach_the_package_manager() {
    let shop = Workshop::own();
    let made = shop.layer(&["-oDPkg::Pre-Invoke::=touch /tmp/oops", "apt-", "../x"]);
    assert_eq!(made.missing.len(), 3);
    assert_eq!(made.layer, None);
    assert!(!shop.data.path().join("data/caches").exists());
}

#[test]
fn a_layer_makes_what_only_the_index_of_files_knows_work() {
    let shop = Workshop::shared();
    let packages = SystemPackages::new(shop.tools.clone());
    // In no table of ours.
    let found = packages.find(&SystemNeed::Header("cowsay-none.h".to_owned()));
    assert!(found.is_empty(), "{found:?}");
    let found = packages.find(&SystemNeed::Program("figlet-figlet".to_owned()));
    assert_eq!(found, [ABSENT]);
    let found = packages.find(&SystemNeed::Header("libdmtx-none/dmtx.h".to_owned()));
    assert_eq!(found, ["libdmtx-dev"], "the table is asked first");
    let found = packages.find(&SystemNeed::PkgConfig("libtickit-none".to_owned()));
    assert!(found.is_empty(), "{found:?}");
}
