//! Operating-system packages laid over `/`, and binds added later.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use rr_core::{Bind, Exit};

use crate::common::{Sandbox, shell};

fn program(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, format!("#!/bin/sh\necho {text}\n")).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

#[test]
fn packages_appear_and_the_hosts_system_stays() {
    let layer = tempfile::tempdir().unwrap();
    fs::set_permissions(layer.path(), fs::Permissions::from_mode(0o755)).unwrap();
    program(&layer.path().join("usr/bin/layered-program"), "one");
    fs::create_dir_all(layer.path().join("etc/layered")).unwrap();
    fs::write(layer.path().join("etc/layered/conf"), "conf\n").unwrap();
    fs::create_dir_all(layer.path().join("var/lib/layered")).unwrap();
    fs::write(layer.path().join("var/lib/layered/data"), "data\n").unwrap();
    let sandbox = Sandbox::open();
    assert_eq!(sandbox.sh("layered-program").exit, Exit::Code(127));
    sandbox.executor.add_root_layer(layer.path()).unwrap();
    let outcome =
        sandbox.sh("layered-program; cat /etc/layered/conf /var/lib/layered/data; ls /usr/bin/env");
    assert_eq!(outcome.tail, "one\nconf\ndata\n/usr/bin/env\n");
    let newer = tempfile::tempdir().unwrap();
    fs::set_permissions(newer.path(), fs::Permissions::from_mode(0o755)).unwrap();
    program(&newer.path().join("usr/bin/layered-program"), "two");
    sandbox.executor.add_root_layer(newer.path()).unwrap();
    assert_eq!(sandbox.sh("layered-program; cat /etc/layered/conf").tail, "two\nconf\n");
    assert!(!Path::new("/usr/bin/layered-program").exists());
    assert!(!sandbox.sh("touch /usr/bin/x").exit.success());
}

#[test]
fn a_layers_lib_folder_goes_over_the_merged_one() {
    let layer = tempfile::tempdir().unwrap();
    fs::set_permissions(layer.path(), fs::Permissions::from_mode(0o755)).unwrap();
    fs::create_dir_all(layer.path().join("lib/layered")).unwrap();
    fs::write(layer.path().join("lib/layered/x"), "x\n").unwrap();
    fs::create_dir_all(layer.path().join("usr/lib/layered-too")).unwrap();
    let sandbox = Sandbox::with(|policy| policy.root_layers = vec![layer.path().to_path_buf()]);
    let outcome = sandbox.sh("cat /lib/layered/x; ls -d /usr/lib/layered-too; true");
    assert_eq!(outcome.tail, "x\n/usr/lib/layered-too\n");
}

#[test]
fn shared_objects_of_a_layer_are_found() {
    let layer = tempfile::tempdir().unwrap();
    fs::set_permissions(layer.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let sandbox = Sandbox::open();
    // A library that only the layer has, in a folder that is searched only through its conf file.
    let folder = layer.path().join("usr/lib/layered-libs");
    fs::create_dir_all(&folder).unwrap();
    fs::create_dir_all(layer.path().join("etc/ld.so.conf.d")).unwrap();
    fs::write(layer.path().join("etc/ld.so.conf.d/layered.conf"), "/usr/lib/layered-libs\n")
        .unwrap();
    let build = "echo 'int f(void){return 7;}' | gcc -shared -fPIC -Wl,-soname,liblayered.so.1 -xc - -o lib";
    assert!(sandbox.sh(build).exit.success());
    let library = sandbox.executor.read_file(Path::new("/workspace/lib"), 1 << 20).unwrap();
    fs::write(folder.join("liblayered.so.1"), library).unwrap();
    sandbox.executor.add_root_layer(layer.path()).unwrap();
    let load = "python3 -c 'import ctypes; print(ctypes.CDLL(\"liblayered.so.1\").f())'; ls /etc/ld.so.conf.d | wc -l";
    let outcome = sandbox.sh(load);
    assert!(outcome.tail.starts_with("7\n"), "{}", outcome.tail);
    assert!(!outcome.tail.ends_with("\n1\n"), "the host's own entries are gone: {}", outcome.tail);
}

#[test]
fn binds_are_shown_read_only_or_writable() {
    let tool = tempfile::tempdir().unwrap();
    fs::set_permissions(tool.path(), fs::Permissions::from_mode(0o755)).unwrap();
    program(&tool.path().join("bin/tool"), "tool");
    let cache = tempfile::tempdir().unwrap();
    let sandbox = Sandbox::with(|policy| {
        let bind = |host: &Path, guest: &str, writable| Bind {
            host: host.to_path_buf(),
            guest: guest.into(),
            writable,
        };
        policy.binds.push(bind(tool.path(), "/tools/one", false));
        policy.binds.push(bind(&cache.path().join("new"), "/caches/pip", true));
    });
    let mut spec = shell("tool; echo x > /caches/pip/made; touch /tools/one/x");
    spec.path = vec!["@{tools}/one/bin".into()];
    let outcome = sandbox.run(&spec);
    assert!(outcome.tail.starts_with("tool\ntouch: "), "{}", outcome.tail);
    assert!(cache.path().join("new/made").exists());
    let (host, guest) = (tool.path().to_path_buf(), "/tools/two".into());
    sandbox.executor.add_bind(Bind { host, guest, writable: false }).unwrap();
    assert_eq!(sandbox.sh("/tools/two/bin/tool").tail, "tool\n");
    let missing = Bind { host: "/no/such".into(), guest: "/tools/x".into(), writable: false };
    assert!(sandbox.executor.add_bind(missing).is_err());
    assert_eq!(sandbox.sh("/tools/two/bin/tool").tail, "tool\n");
}

#[test]
fn a_bind_inside_another_gets_a_place_but_never_in_the_hosts_system() {
    let tool = tempfile::tempdir().unwrap();
    fs::set_permissions(tool.path(), fs::Permissions::from_mode(0o755)).unwrap();
    program(&tool.path().join("bin/tool"), "tool");
    let sandbox = Sandbox::open();
    let bind = |guest: &str| Bind {
        host: tool.path().to_path_buf(),
        guest: guest.into(),
        writable: false,
    };
    sandbox.executor.add_bind(bind("/tmp/some/where")).unwrap();
    assert_eq!(sandbox.sh("/tmp/some/where/bin/tool").tail, "tool\n");
    assert!(sandbox.executor.add_bind(bind("/usr/no-such-folder/here")).is_err());
    assert!(!Path::new("/usr/no-such-folder").exists());
    assert_eq!(sandbox.sh("/tmp/some/where/bin/tool").tail, "tool\n");
}

#[test]
fn a_command_as_root_leaves_read_only_binds_whose_they_are() {
    let tool = tempfile::tempdir().unwrap();
    fs::set_permissions(tool.path(), fs::Permissions::from_mode(0o755)).unwrap();
    program(&tool.path().join("bin/tool"), "tool");
    let sandbox = Sandbox::open();
    // A home of ours below `/tmp` puts the toolchains there, inside as outside.
    let (host, guest) = (tool.path().to_path_buf(), "/tmp/home/tools [1]".into());
    sandbox.executor.add_bind(Bind { host, guest, writable: false }).unwrap();
    let mut spec = shell("mkdir made; '/tmp/home/tools [1]/bin/tool'");
    spec.as_root = true;
    assert_eq!(sandbox.run(&spec).tail, "tool\n");
    assert!(sandbox.sh("touch made/by-another").exit.success());
}
