//! magefiles: targets that are Go functions, read for the commands that they start.
//!
//! Only calls whose words are literals count; what Go code works out stays unknown.

use std::sync::LazyLock;

use regex::Regex;
use rr_core::{FactKey, Trust};

use super::collected::{Mined, Place};

/// `func Test() error {`, `func (Check) Unit(ctx context.Context) error {`
static TARGET: LazyLock<Regex> = LazyLock::new(|| {
    expression(r"^func (?:\((?:\w+ )?\*?(?P<space>[A-Z]\w*)\) )?(?P<name>[A-Z]\w*)\(")
});
/// `sh.RunV("go", "test", "./...")`, `sh.RunWithV(env, "go", "test")`, `exec.Command("go", "vet")`
static CALL: LazyLock<Regex> = LazyLock::new(|| {
    expression(r#"(?:sh\.(?:Run|Output|Exec)\w*|exec\.Command)\((?:[\w.]+, *)*(?P<words>"[^)]*)\)"#)
});

fn expression(text: &str) -> Regex {
    #[expect(clippy::unwrap_used, reason = "constant expressions, tried by the tests")]
    Regex::new(text).unwrap()
}

/// Mines one magefile: a script fact per target that starts a program, by its lower-case name.
pub(super) fn mine(path: &str, text: &str, mined: &mut Mined) {
    if !text.contains("build mage") {
        return;
    }
    let place = Place { path, rule: "mage.target", trust: Trust::TaskRunner };
    let mut current: Option<(String, u32, String)> = None;
    for (at, line) in text.lines().enumerate() {
        if let Some(found) = TARGET.captures(line) {
            flush(&place, current.take(), mined);
            let space = found.name("space").map_or(String::new(), |s| format!("{}:", s.as_str()));
            let name = format!("{space}{}", &found["name"]).to_ascii_lowercase();
            current = Some((name, u32::try_from(at).unwrap_or(0) + 1, String::new()));
        } else if line.starts_with('}') {
            flush(&place, current.take(), mined);
        } else if let Some((_, _, script)) = &mut current
            && let Some(words) = CALL.captures(line).and_then(|found| literals(&found["words"]))
        {
            script.push_str(&words);
            script.push('\n');
        }
    }
    flush(&place, current, mined);
}

/// `"go", "test", "-tags", "x"` as one line; `None` where a word is no literal.
fn literals(words: &str) -> Option<String> {
    let words: Option<Vec<&str>> = words
        .split(',')
        .map(str::trim)
        .filter(|word| !word.is_empty())
        .map(|word| word.strip_prefix('"')?.strip_suffix('"'))
        .collect();
    words.map(|words| words.join(" "))
}

fn flush(place: &Place<'_>, target: Option<(String, u32, String)>, mined: &mut Mined) {
    if let Some((name, line, text)) = target {
        let evidence = place.at(line, &name);
        mined.fact(FactKey::Script(name), place.folder(), &text, evidence);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_are_scripts() {
        let mut mined = Mined::default();
        mine(
            "magefile.go",
            "//go:build mage\n\npackage main\n\nfunc Test() error {\n\tmg.Deps(Lint)\n\treturn \
             sh.RunV(\"go\", \"test\", \"./...\")\n}\n\nfunc (Check) Race() error {\n\treturn \
             sh.RunWithV(env, \"go\", \"test\", \"-race\")\n}\n\nfunc Odd() error {\n\treturn \
             sh.RunV(\"go\", arguments...)\n}\n\nfunc helper() {\n\tsh.Run(\"rm\", \"x\")\n}\n",
            &mut mined,
        );
        let found: Vec<_> = mined.facts.iter().map(|f| (f.key.clone(), f.value.as_str())).collect();
        let script = |name: &str| FactKey::Script(name.to_owned());
        let wanted = [(script("test"), "go test ./..."), (script("check:race"), "go test -race")];
        assert_eq!(found, wanted);
    }
}
