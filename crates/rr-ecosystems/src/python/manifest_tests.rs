//! Every manifest's shape, read.

use rr_core::MemoryRepo;

use super::read;

#[test]
fn pep_621_with_groups_and_extras() {
    let repo = MemoryRepo::new([(
        "pyproject.toml",
        r#"
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"
[project]
name = "x"
requires-python = ">=3.9"
dependencies = ["click>=8"]
classifiers = ["Programming Language :: Python :: 3.9", "Programming Language :: Python :: 3"]
[project.optional-dependencies]
async = ["asgiref"]
[project.scripts]
x = "x.cli:main"
[dependency-groups]
tests = ["pytest", {include-group = "base"}]
base = ["mock"]
[tool.pytest.ini_options]
addopts = ["--cov", "-q"]
testpaths = "tests more"
"#,
    )]);
    let found = read(&repo, "");
    assert!(found.installable);
    assert_eq!(
        found.requires_python.as_ref().map(|(r, e)| (r.as_str(), e.line)),
        Some((">=3.9", Some(7)))
    );
    assert_eq!(found.groups["tests"], ["pytest", "mock"]);
    assert_eq!(found.extras["async"], ["asgiref"]);
    assert_eq!(found.classified, ["3.9"]);
    assert_eq!(found.scripts, [("x".to_owned(), "x.cli:main".to_owned())]);
    assert_eq!(found.managers, ["hatch"]);
    let pytest = found.pytest.unwrap();
    assert_eq!(pytest.addopts, "--cov -q");
    assert_eq!(pytest.keys, ["addopts", "testpaths"]);
}

#[test]
fn poetry_with_a_lock_and_setup_py_beside_setup_cfg() {
    let poetry = MemoryRepo::new([
        (
            "pyproject.toml",
            "[tool.poetry]\nname='x'\n[tool.poetry.dependencies]\npython='^3.9'\nfastapi='^0.79'\n[tool.poetry.dev-dependencies]\npytest='^6'\n[build-system]\nbuild-backend='poetry.core.masonry.api'\n",
        ),
        ("poetry.lock", ""),
    ]);
    let found = read(&poetry, "");
    assert!(!found.installable, "there is no folder x");
    assert_eq!(found.managers, ["poetry"]);
    assert_eq!(found.requires_python.unwrap().0, ">=3.9,<4");
    assert_eq!(found.tool_groups["dev"], ["pytest>=6,<7"]);
    let classic = MemoryRepo::new([
        ("setup.py", "from setuptools import setup\nsetup()"),
        (
            "setup.cfg",
            "[metadata]\nname = y\n[options]\npython_requires = >=3.6\ninstall_requires =\n  six\n[options.extras_require]\ntest =\n  pytest\n[options.entry_points]\nconsole_scripts =\n  y = y:main\n",
        ),
    ]);
    let found = read(&classic, "");
    assert!(found.installable);
    assert_eq!(found.extras["test"], ["pytest"]);
    assert_eq!(found.scripts[0].0, "y");
}

#[test]
fn a_pyproject_of_tool_settings_is_no_package() {
    let repo = MemoryRepo::new([("pyproject.toml", "[tool.black]\nline-length = 100\n")]);
    assert!(!read(&repo, "").installable);
}
