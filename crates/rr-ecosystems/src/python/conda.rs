//! Conda's environment.yml, mapped to what the index and the system have.

use super::poetry::specifiers;
use super::requirements::normalize;

/// What an environment file asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct CondaEnvironment {
    /// The Python version, PEP 440.
    pub(super) python: Option<String>,
    /// Requirements that the index has.
    pub(super) requirements: Vec<String>,
    /// Debian packages for what is no Python.
    pub(super) system_packages: Vec<String>,
}

/// Conda packages that are no Python distribution: `(conda, Debian)`; an empty name is what
/// every environment has.
static SYSTEM: &[(&str, &str)] = &[
    ("pip", ""),
    ("conda", ""),
    ("mamba", ""),
    ("cudatoolkit", ""),
    ("cuda", ""),
    ("mkl", ""),
    ("blas", ""),
    ("libblas", ""),
    ("nomkl", ""),
    ("openblas", "libopenblas-dev"),
    ("gcc", "gcc"),
    ("gxx", "g++"),
    ("compilers", "build-essential"),
    ("c-compiler", "gcc"),
    ("cxx-compiler", "g++"),
    ("fortran-compiler", "gfortran"),
    ("make", "make"),
    ("git", "git"),
    ("ffmpeg", "ffmpeg"),
    ("graphviz", "graphviz"),
    ("pandoc", "pandoc"),
    ("nodejs", "nodejs"),
    ("gdal", "libgdal-dev"),
    ("geos", "libgeos-dev"),
    ("proj", "libproj-dev"),
    ("hdf5", "libhdf5-dev"),
    ("netcdf4", "libnetcdf-dev"),
    ("openssl", "libssl-dev"),
    ("libffi", "libffi-dev"),
    ("postgresql", "postgresql"),
    ("redis-server", "redis-server"),
    ("sqlite", "libsqlite3-dev"),
    ("zlib", "zlib1g-dev"),
    ("boost", "libboost-dev"),
    ("eigen", "libeigen3-dev"),
    ("openmpi", "libopenmpi-dev"),
    ("fftw", "libfftw3-dev"),
    ("curl", "curl"),
    ("wget", "wget"),
    ("samtools", "samtools"),
    ("bedtools", "bedtools"),
    ("cudnn", ""),
    ("pytorch-cuda", ""),
    ("cpuonly", ""),
];

/// Conda packages that the index has under another name.
static RENAMED: &[(&str, &str)] = &[
    ("pytorch", "torch"),
    ("matplotlib-base", "matplotlib"),
    ("opencv", "opencv-python-headless"),
    ("py-opencv", "opencv-python-headless"),
    ("pytables", "tables"),
    ("dask-core", "dask"),
    ("tensorflow-gpu", "tensorflow"),
    ("msgpack-python", "msgpack"),
    ("python-graphviz", "graphviz"),
    ("pyyaml", "PyYAML"),
    ("psycopg2", "psycopg2-binary"),
    ("faiss-cpu", "faiss-cpu"),
    ("seaborn-base", "seaborn"),
];

/// Reads an environment file line by line: only its `dependencies` matter.
pub(super) fn read(text: &str) -> CondaEnvironment {
    let mut found = CondaEnvironment::default();
    let mut inside = false;
    let mut pip_indent: Option<usize> = None;
    for line in text.lines() {
        let bare = line.split(" #").next().unwrap_or(line).trim_end();
        let trimmed = bare.trim_start();
        let indent = bare.len() - trimmed.len();
        if trimmed.is_empty() || trimmed.starts_with('#') {
            continue;
        }
        if !trimmed.starts_with('-') {
            inside = trimmed.starts_with("dependencies:") || (inside && indent > 0);
            continue;
        }
        if !inside {
            continue;
        }
        let item = trimmed[1..].trim().trim_matches(['"', '\'']);
        if pip_indent.is_some_and(|at| indent <= at) {
            pip_indent = None;
        }
        if item == "pip:" {
            pip_indent = Some(indent);
        } else if pip_indent.is_some() {
            if !item.starts_with(['-', '.']) {
                found.requirements.push(item.to_owned());
            }
        } else {
            found.package(item);
        }
    }
    found
}

impl CondaEnvironment {
    fn package(&mut self, item: &str) {
        let item = item.rsplit("::").next().unwrap_or(item);
        let end = item.find([' ', '=', '<', '>', '!', '~']).unwrap_or(item.len());
        let (name, constraint) = item.split_at(end);
        let constraint = constraint.trim();
        let version = if constraint.starts_with('=') && !constraint.starts_with("==") {
            let number = constraint.trim_start_matches('=').split('=').next().unwrap_or("");
            let number = number.trim_end_matches(".*").trim_end_matches('*');
            if number.is_empty() { String::new() } else { format!("=={number}.*") }
        } else {
            specifiers(constraint)
        };
        let normal = normalize(name);
        if normal == "python" {
            self.python = (!version.is_empty()).then_some(version);
        } else if let Some((_, package)) = SYSTEM.iter().find(|(conda, _)| *conda == normal) {
            if !package.is_empty() {
                self.system_packages.push((*package).to_owned());
            }
        } else if !normal.starts_with("lib")
            && !normal.starts_with('_')
            && !normal.starts_with("r-")
        {
            let index = RENAMED.iter().find(|(conda, _)| *conda == normal).map_or(name, |(_, n)| n);
            self.requirements.push(format!("{index}{version}"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packages_go_where_they_can_be_had() {
        let text = "name: x\nchannels:\n  - conda-forge\ndependencies:\n  - python=3.9\n  - numpy>=1.20\n  - pytorch::pytorch=2.1\n  - ffmpeg\n  - pip\n  - pip:\n    - mypkg==1.0\n";
        let found = read(text);
        assert_eq!(found.python.as_deref(), Some("==3.9.*"));
        assert_eq!(found.requirements, ["numpy>=1.20", "torch==2.1.*", "mypkg==1.0"]);
        assert_eq!(found.system_packages, ["ffmpeg"]);
    }
}
