//! Packages that build native code of their own: the code's build files serve the package.

use rr_core::{RepoView, Unit};

/// Whether the unit's own manifest builds native code lying beside it.
pub(super) fn built_by(repo: &dyn RepoView, unit: &Unit) -> bool {
    let at = |name: &str| match unit.path.as_str() {
        "" => name.to_owned(),
        folder => format!("{folder}/{name}"),
    };
    let says = |name: &str, words: &[&str]| {
        repo.text(&at(name)).is_some_and(|text| words.iter().any(|word| text.contains(word)))
    };
    match unit.ecosystem.as_str() {
        "python" => {
            says("setup.py", &["ext_modules", "Extension(", "cffi_modules", "CMakeExtension"])
                || says(
                    "pyproject.toml",
                    &[
                        "scikit-build",
                        "scikit_build_core",
                        "meson-python",
                        "mesonpy",
                        "ext-modules",
                    ],
                )
        }
        "javascript" => repo.has(&at("binding.gyp")),
        "rust" => {
            says("Cargo.toml", &["cc = ", "cmake = ", "bindgen"]) && repo.has(&at("build.rs"))
        }
        "perl" => says("Makefile.PL", &["XSMULTI", "LIBS", "OBJECT", "MYEXTLIB"]),
        "ruby" => repo.below(&at("ext")).iter().any(|file| file.path.ends_with("extconf.rb")),
        _ => false,
    }
}
