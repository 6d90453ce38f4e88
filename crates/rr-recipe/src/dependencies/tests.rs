use super::*;

fn names(path: &str, text: &str) -> Vec<String> {
    let set = read(path, text, false).unwrap_or_else(|| panic!("`{path}` gave nothing"));
    let line =
        |p: &Dependency| format!("{} {} {}", p.name, p.version, p.hash.as_deref().unwrap_or("-"));
    set.packages.iter().map(line).collect()
}

#[test]
fn every_lockfile_gives_names_versions_and_hashes() {
    let uv = "version = 1\n[[package]]\nname = \"own\"\nversion = \"0\"\nsource = { editable = \".\" }\n\
              [[package]]\nname = \"six\"\nversion = \"1.16.0\"\nsource = { registry = \"r\" }\n\
              sdist = { url = \"u\", hash = \"sha256:aa\" }\n";
    assert_eq!(names("uv.lock", uv), ["six 1.16.0 sha256:aa"]);
    let poetry = "[[package]]\nname = \"six\"\nversion = \"1.16.0\"\nfiles = [\n\
                  {file = \"six.whl\", hash = \"sha256:ww\"}, {file = \"six.tar.gz\", hash = \"sha256:ss\"}]\n";
    assert_eq!(names("poetry.lock", poetry), ["six 1.16.0 sha256:ss"]);
    let cargo = "[[package]]\nname = \"own\"\nversion = \"0.1.0\"\ndependencies = [\"libc\"]\n\
                 [[package]]\nname = \"libc\"\nversion = \"0.2.1\"\nsource = \"registry+x\"\nchecksum = \"cc\"\n";
    assert_eq!(names("a/Cargo.lock", cargo), ["libc 0.2.1 cc"]);
    let npm = r#"{"packages": {"": {"version": "1"}, "node_modules/@a/b": {"version": "2.0.0", "integrity": "sha512-x"}}}"#;
    assert_eq!(names("package-lock.json", npm), ["@a/b 2.0.0 sha512-x"]);
    let old = r#"{"dependencies": {"a": {"version": "1.0.0", "dependencies": {"b": {"version": "2.0.0"}}}}}"#;
    assert_eq!(names("package-lock.json", old), ["a 1.0.0 -", "b 2.0.0 -"]);
    let pnpm = "lockfileVersion: '9.0'\npackages:\n\n  '@a/b@1.0.0(c@2.0.0)':\n    resolution: {integrity: sha512-y}\n\
                \n  d@3.1.0:\n    resolution: {integrity: sha512-z}\n\nsnapshots:\n\n  d@3.1.0: {}\n";
    assert_eq!(names("pnpm-lock.yaml", pnpm), ["@a/b 1.0.0 sha512-y", "d 3.1.0 sha512-z"]);
    let yarn = "# yarn lockfile v1\n\n\"@a/b@^1.0.0\", \"@a/b@^1.1.0\":\n  version \"1.2.0\"\n  integrity sha512-q\n\n\
                c@^2:\n  version \"2.0.1\"\n";
    assert_eq!(names("yarn.lock", yarn), ["@a/b 1.2.0 sha512-q", "c 2.0.1 -"]);
    let berry = "__metadata:\n  version: 8\n\n\"c@npm:^2\":\n  version: 2.0.1\n  checksum: 10/aa\n\n\
                 \"own@workspace:.\":\n  version: 0.0.0-use.local\n";
    assert_eq!(names("yarn.lock", berry), ["c 2.0.1 10/aa"]);
    let go = "example.com/m v1.0.0 h1:aa=\nexample.com/m v1.0.0/go.mod h1:bb=\n";
    assert_eq!(names("go.sum", go), ["example.com/m v1.0.0 h1:aa="]);
    let gems = "GEM\n  specs:\n    rake (13.0.6)\n      other (>= 1)\n\nDEPENDENCIES\n  rake\n";
    assert_eq!(names("Gemfile.lock", gems), ["rake 13.0.6 -"]);
    assert_eq!(names("gradle.lockfile", "# x\na.b:c:1.0=classpath\nempty=\n"), ["a.b:c 1.0 -"]);
    let pipfile = r#"{"default": {"six": {"version": "==1.16.0", "hashes": ["sha256:p"]}}}"#;
    assert_eq!(names("Pipfile.lock", pipfile), ["six 1.16.0 sha256:p"]);
    let mix = "%{\n  \"jason\": {:hex, :jason, \"1.4.4\", \"b9226785\", [:mix], [], \"hexpm\", \"c5\"},\n}\n";
    assert_eq!(names("mix.lock", mix), ["jason 1.4.4 b9226785"]);
}

#[test]
fn broken_lockfiles_lock_nothing() {
    for name in LOCKFILES.map(|(name, ..)| name) {
        for text in ["", "{", "[[", "\u{0}:", "packages:\n  @:\n", "@:\n  version", "\" (1)"] {
            assert_eq!(read(name, text, false), None, "{name} {text:?}");
        }
    }
}

#[test]
fn what_is_installed_is_read_from_names_and_takes_its_hashes_from_the_lockfile() {
    let paths =
        ["v/lib/python3.13/site-packages/typing_extensions-4.9.0.dist-info/METADATA".to_owned()];
    let installed = python_distributions(&paths).expect("one is there");
    let lock = "[[package]]\nname = \"typing-extensions\"\nversion = \"4.9.0\"\nsource = { registry = \"r\" }\n\
                wheels = [{ url = \"u\", hash = \"sha256:t\" }]\n";
    let file = read("uv.lock", lock, false).expect("it locks one");
    let merged = merge(vec![installed, file]);
    assert_eq!(merged.len(), 1, "{merged:?}");
    assert_eq!(merged[0].packages[0].hash.as_deref(), Some("sha256:t"));
}

#[test]
fn maven_artifacts_are_read_from_the_class_path_of_tests() {
    let report = r#"<property name="java.class.path" value="/w/target/classes:/caches/m2/org/junit/jupiter/junit-jupiter-api/5.10.2/junit-jupiter-api-5.10.2.jar:"/>"#;
    let found = maven_class_path(report);
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].name, "org.junit.jupiter:junit-jupiter-api");
    assert_eq!(found[0].version, "5.10.2");
}
