//! The addresses that the ordinary clients have built in, for where the user's configuration names
//! none: what `pip`, `npm`, `cargo` and `mvn` would ask. The one place that names them.

/// pip's default index.
pub(crate) const PYPI: &str = "https://pypi.org/simple";
/// npm's default registry.
pub(crate) const NPM: &str = "https://registry.npmjs.org/";
/// cargo's default sparse index.
pub(crate) const CRATES: &str = "https://index.crates.io";
/// Maven's central repository.
pub(crate) const MAVEN: &str = "https://repo.maven.apache.org/maven2";
/// Go's default module proxy.
pub(crate) const GO: &str = "https://proxy.golang.org";
