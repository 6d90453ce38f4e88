use super::*;

fn errors(text: &str) -> String {
    let error = read("repo-runner.toml", text, Trust::Configuration).unwrap_err();
    assert_eq!(error.kind, EngineErrorKind::Refused);
    format!("{} | {}", error.message, error.hint.unwrap_or_default())
}

#[test]
fn every_key_is_read_with_its_line() {
    let text = "folder = \"api\"\n\
        toolchains.python = \"3.12\"\n\
        system-packages.append = [\"libpq-dev\"]\n\
        [env]\nDEBUG = true\nremove = [\"CI_ONLY\"]\n\
        [test]\nreplace = [\n  \"pytest -q\",\n  \"make smoke\",\n]\nexclude = \"tests/slow\"\n";
    let read = read("x.toml", text, Trust::User).unwrap();
    let shown: Vec<String> = read
        .iter()
        .map(|change| {
            let lines: Vec<_> = change.evidence.iter().filter_map(|e| e.line).collect();
            format!("{} {} {:?} {lines:?}", change.field, change.operation.as_str(), change.values)
        })
        .collect();
    assert_eq!(
        shown,
        [
            "folder replace [\"api\"] [1]",
            "toolchains.python replace [\"3.12\"] [2]",
            "system-packages append [\"libpq-dev\"] [3]",
            "env.DEBUG replace [\"true\"] [5]",
            "env.CI_ONLY remove [\"CI_ONLY\"] [6]",
            "test replace [\"pytest -q\", \"make smoke\"] [9, 10]",
            "test.exclude append [\"tests/slow\"] [12]",
        ]
    );
}

#[test]
fn errors_name_the_line_the_value_and_the_nearest_key() {
    for (text, parts) in [
        ("\n[toolchain]\npython = \"3\"", &["line 2", "`toolchain`", "`toolchains`"][..]),
        ("[test]\nappends = [\"x\"]", &["line 2", "`test.appends`", "`test.append`"]),
        ("test = \"pytest\"", &["line 1", "pytest", "`test.replace`"]),
        ("ports.append = [\"http\"]", &["line 1", "`ports.append`", "http"]),
        ("ports.append = [70000]", &["70000"]),
        ("health-path = 3", &["line 1", "`health-path`", "integer", "3"]),
        ("folder = \"../up\"", &["../up", "out of the repository"]),
        ("services.append = [\"postgers\"]", &["postgers", "`postgres`"]),
        ("system-packages.append = [\"-o Dpkg::x\"]", &["-o Dpkg::x"]),
        ("env.PATH = \"/x\"", &["`PATH`"]),
        ("x = [", &["line 1", "no TOML"]),
    ] {
        let error = errors(text);
        for part in parts {
            assert!(error.contains(part), "{text}: {error} lacks {part}");
        }
    }
}

#[test]
fn a_file_cannot_widen_trust() {
    for key in ["trust", "network", "host", "executor", "privileged", "allow_network"] {
        let error = errors(&format!("{key} = true"));
        assert!(error.contains("only the user's command line grants that"), "{error}");
        assert!(error.contains("--"), "{error}");
    }
    assert!(errors("[test]\nnetwork = true").contains("only the user's command line"));
}
