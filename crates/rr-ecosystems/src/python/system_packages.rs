//! Operating-system packages that Python distributions need, by Debian's names.

use rr_core::{Evidence, RepoView, SystemPackage, Trust};

use super::manifest::Manifest;
use super::selection::Selection;

/// Distributions that have no wheel, or whose wheel needs a program or library at run time.
static NEEDS: &[(&str, &[&str])] = &[
    ("psycopg2", &["libpq-dev"]),
    ("mysqlclient", &["default-libmysqlclient-dev", "pkg-config"]),
    ("python-ldap", &["libldap2-dev", "libsasl2-dev"]),
    ("django-auth-ldap", &["libldap2-dev", "libsasl2-dev"]),
    ("pyaudio", &["portaudio19-dev"]),
    ("pycairo", &["libcairo2-dev", "pkg-config"]),
    ("pygobject", &["libgirepository1.0-dev", "libcairo2-dev", "pkg-config"]),
    ("dbus-python", &["libdbus-1-dev", "libglib2.0-dev", "pkg-config"]),
    ("python-magic", &["libmagic1"]),
    ("cairosvg", &["libcairo2"]),
    ("cairocffi", &["libcairo2"]),
    ("weasyprint", &["libpango-1.0-0", "libpangoft2-1.0-0"]),
    ("pygraphviz", &["libgraphviz-dev", "graphviz", "pkg-config"]),
    ("graphviz", &["graphviz"]),
    ("ffmpeg-python", &["ffmpeg"]),
    ("pydub", &["ffmpeg"]),
    ("pytesseract", &["tesseract-ocr"]),
    ("pyodbc", &["unixodbc-dev"]),
    ("python-snappy", &["libsnappy-dev"]),
    ("pycups", &["libcups2-dev"]),
    ("xmlsec", &["libxmlsec1-dev", "pkg-config"]),
    ("pycurl", &["libcurl4-openssl-dev", "libssl-dev"]),
    ("gdal", &["libgdal-dev"]),
    ("pysoundfile", &["libsndfile1"]),
    ("rtree", &["libspatialindex-dev"]),
    ("pyzbar", &["libzbar0"]),
    ("python-rrdtool", &["librrd-dev"]),
    ("uwsgi", &["build-essential"]),
    ("pypandoc", &["pandoc"]),
    ("pygit2", &["libgit2-dev"]),
    ("pylibmc", &["libmemcached-dev", "zlib1g-dev"]),
    ("gmpy2", &["libgmp-dev", "libmpfr-dev", "libmpc-dev"]),
];

/// Packages for what a unit installs, and those that its own files name.
pub(super) fn needed(
    repo: &dyn RepoView,
    manifest: &Manifest,
    selection: &Selection,
) -> Vec<SystemPackage> {
    let mut names = selection.names(repo, manifest);
    names.extend(manifest.name.as_deref().map(super::requirements::normalize));
    let mut found: Vec<SystemPackage> = Vec::new();
    let mut add = |name: &str, evidence: Evidence| {
        if !found.iter().any(|package| package.name == name) {
            found.push(SystemPackage { name: name.to_owned(), evidence: vec![evidence] });
        }
    };
    for (distribution, packages) in NEEDS {
        if names.contains(*distribution) {
            let rule = format!("python.needs-of:{distribution}");
            for package in *packages {
                add(package, Evidence::at("", rule.clone(), Trust::Manifest));
            }
        }
    }
    for name in &manifest.system_packages {
        add(name, Evidence::at("", "python.conda-system-package", Trust::Manifest));
    }
    found
}
