//! Roles on small trees, with units as ecosystems would give them.

use super::*;
use rr_core::{EcosystemId, MemoryRepo};

fn unit(path: &str, ecosystem: &str) -> Unit {
    Unit {
        path: path.to_owned(),
        ecosystem: EcosystemId::new(ecosystem),
        name: format!("{ecosystem}:{path}"),
        kind: UnitKind::Library,
        role: UnitRole::Primary,
        managers: Vec::new(),
        toolchains: Vec::new(),
        frameworks: Vec::new(),
        weight: 50,
        evidence: Vec::new(),
    }
}

fn ranked(files: &[(&str, usize)], units: Vec<Unit>) -> Vec<(String, UnitRole)> {
    let repo = MemoryRepo::new(files.iter().map(|(path, size)| (*path, "x".repeat(*size))));
    let mut analysis = Analysis { units, ..Analysis::default() };
    rank(&repo, &mut analysis);
    analysis.units.into_iter().map(|unit| (unit.name, unit.role)).collect()
}

fn named(name: &str, role: UnitRole) -> (String, UnitRole) {
    (name.to_owned(), role)
}

#[test]
fn a_root_package_json_for_tools_is_no_primary() {
    let found = ranked(
        &[("package.json", 300), ("lib/core.sh", 4000), ("test/a.bats", 4000), ("docs/x.js", 900)],
        vec![unit("", "javascript"), unit("", "shell")],
    );
    assert_eq!(
        found,
        [named("shell:", UnitRole::Primary), named("javascript:", UnitRole::Tooling)]
    );
}

#[test]
fn a_package_of_nothing_but_built_files_is_the_repository() {
    let built = ("dist/index.js", 4000);
    let found = ranked(&[("package.json", 300), built], vec![unit("", "javascript")]);
    assert_eq!(found, [named("javascript:", UnitRole::Primary)]);
    let found = ranked(
        &[("package.json", 300), built, ("src/core.c", 900)],
        vec![unit("", "javascript"), unit("", "native")],
    );
    assert_eq!(found[0], named("native:", UnitRole::Primary));
    assert_ne!(found[1].1, UnitRole::Primary);
}

#[test]
fn documentation_and_examples_are_decoys() {
    let found = ranked(
        &[("lib/a.go", 1000), ("website/index.js", 9000), ("examples/x/main.go", 5000)],
        vec![unit("website", "javascript"), unit("", "go"), unit("examples/x", "go")],
    );
    assert_eq!(found[0], named("go:", UnitRole::Primary));
    assert!(found.contains(&named("javascript:website", UnitRole::Docs)));
    assert!(found.contains(&named("go:examples/x", UnitRole::Example)));
}

#[test]
fn a_back_end_and_a_front_end_of_weight_are_both_primary() {
    let found = ranked(
        &[("api/a.py", 5000), ("shop/a.ts", 4000)],
        vec![unit("shop", "javascript"), unit("api", "python")],
    );
    assert_eq!(
        found,
        [named("python:api", UnitRole::Primary), named("javascript:shop", UnitRole::Primary)]
    );
}

#[test]
fn a_small_page_beside_a_server_is_its_front_end() {
    let found = ranked(
        &[("main.go", 5000), ("ui/src/a.ts", 3000)],
        vec![unit("ui", "javascript"), unit("", "go")],
    );
    assert_eq!(found[1], named("javascript:ui", UnitRole::Frontend));
}

#[test]
fn the_c_build_of_an_extension_serves_its_package() {
    let found = ranked(
        &[("pkg/a.py", 3000), ("pkg/b.c", 2500), ("Makefile", 10)],
        vec![unit("", "native"), unit("", "python")],
    );
    assert_eq!(found, [named("python:", UnitRole::Primary), named("native:", UnitRole::Tooling)]);
}

#[test]
fn a_collection_of_examples_is_what_it_is() {
    let found = ranked(&[("examples/a/m.py", 100)], vec![unit("examples/a", "python")]);
    assert_eq!(found, [named("python:examples/a", UnitRole::Primary)]);
}

#[test]
fn members_of_a_hollow_root_stand_for_themselves() {
    let mut member = unit("backend", "python");
    member.role = UnitRole::Member;
    let found = ranked(&[("backend/app.py", 5000)], vec![unit("", "python"), member]);
    assert_eq!(
        found,
        [named("python:backend", UnitRole::Primary), named("python:", UnitRole::Tooling)]
    );
}

#[test]
fn a_folder_of_services_has_many_primaries() {
    let found = ranked(
        &[("src/a/m.go", 9000), ("src/b/m.py", 500), ("src/c/m.js", 300), ("tool.py", 10)],
        vec![unit("src/a", "go"), unit("src/b", "python"), unit("src/c", "javascript")],
    );
    assert!(found.iter().all(|(_, role)| *role == UnitRole::Primary), "{found:?}");
}

#[test]
fn a_package_that_builds_an_extension_owns_the_native_code() {
    let repo = MemoryRepo::new([
        ("setup.py", "setup(ext_modules=[Extension('x', ['x.c'])])".to_owned()),
        ("x.c", "x".repeat(9000)),
        ("lib/x.py", "x".repeat(2000)),
        ("Makefile", "all:\n\tpython setup.py build\n".to_owned()),
    ]);
    let units = vec![unit("", "native"), unit("", "python")];
    let mut analysis = Analysis { units, ..Analysis::default() };
    rank(&repo, &mut analysis);
    let primary: Vec<_> = analysis.primary_units().map(|u| u.ecosystem.as_str()).collect();
    assert_eq!(primary, ["python"]);
}

#[test]
fn what_is_bundled_into_a_servers_folder_is_built_with_it() {
    let page = |scripts: &str| {
        let repo = MemoryRepo::new([
            ("package.json", format!("{{\"scripts\": {{{scripts}}}}}")),
            ("vite.config.js", "export default {}".to_owned()),
            ("app/Server.php", "x".repeat(9000)),
        ]);
        let server = Unit { kind: UnitKind::Service, ..unit("", "php") };
        let mut analysis =
            Analysis { units: vec![unit("", "javascript"), server], ..Analysis::default() };
        rank(&repo, &mut analysis);
        analysis.units.iter().find(|unit| unit.ecosystem.as_str() == "javascript").unwrap().role
    };
    assert_eq!(page("\"build\": \"vite build\""), UnitRole::Frontend);
    assert_eq!(page("\"lint\": \"eslint .\""), UnitRole::Tooling);
}
