//! Documented test commands, translated.

use rr_core::MemoryRepo;

use super::{recipe, translate};

fn translated(line: &str, files: &[&str]) -> Option<String> {
    let repo = MemoryRepo::new(files.iter().map(|path| (*path, "x")));
    let words: Vec<&str> = line.split(' ').collect();
    translate(&repo, "", &words).map(|(runner, argv)| format!("{runner}: {}", argv.join(" ")))
}

#[test]
fn runners_are_recognised() {
    let t = |line| translated(line, &["runtests.py", "manage.py", "tests/__main__.py"]);
    assert_eq!(
        t("py.test -q tests {posargs}").as_deref(),
        Some("pytest: python -m pytest -q tests")
    );
    assert_eq!(t("python3 -m pytest").as_deref(), Some("pytest: python -m pytest"));
    assert_eq!(
        t("python -W error -m unittest discover -f").as_deref(),
        Some("unittest: python -W error -m unittest discover")
    );
    // What is left of `coverage run -m …` is a module.
    assert_eq!(t("unittest discover").as_deref(), Some("unittest: python -m unittest discover"));
    assert_eq!(
        t("django test -v2 tests").as_deref(),
        Some("django: python -m django test -v2 tests --noinput")
    );
    assert_eq!(t("django runserver").as_deref(), None);
    assert_eq!(
        t("python -Werror -m unittest -v").as_deref(),
        Some("unittest: python -Werror -m unittest -v")
    );
    assert_eq!(t("python runtests.py -s").as_deref(), Some("script: python runtests.py -s"));
    assert_eq!(t("./runtests.py").as_deref(), Some("script: python ./runtests.py"));
    assert_eq!(
        t("python manage.py test --parallel").as_deref(),
        Some("django: python manage.py test --noinput")
    );
    assert_eq!(t("python -m tests").as_deref(), Some("script: python -m tests"));
    assert_eq!(t("$(PYTHON) -m pytest $(ARGS)").as_deref(), Some("pytest: python -m pytest"));
    assert_eq!(t("flask test").as_deref(), Some("script: flask test"));
    assert_eq!(t("python setup.py test").as_deref(), Some("pytest: python -m pytest"));
    assert_eq!(
        t("python -c import_tests;unittest.main()").as_deref(),
        Some("unittest: python -c import_tests;unittest.main()")
    );
}

#[test]
fn what_is_no_test_is_refused() {
    for line in ["rm -rf /", "python evil.py", "bash run.sh", "python -m http.server", "pytest $X"]
    {
        assert_eq!(translated(line, &["other.py"]), None, "{line}");
    }
}

#[test]
fn recipes_are_read_as_they_stand() {
    let makefile = "all: build\n\techo\n\ncheck test: build\n\tX=$(Y) $(PYTHON) -c \"import tests\"\n\t@true\nother:\n\tfalse\n";
    assert_eq!(recipe(makefile, "check"), ["\tX=$(Y) $(PYTHON) -c \"import tests\"", "\t@true"]);
    assert!(recipe(makefile, "none").is_empty());
}
