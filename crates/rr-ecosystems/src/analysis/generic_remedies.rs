//! What cures the failures that the generic rules see.

use rr_core::{
    CauseClass, EnvBinding, Evidence, FailedStep, PlanEdit, Remedy, RemedyKind, ServiceKind,
    ServiceRequirement, StepKind, SystemPackage, Trust,
};

use crate::miners::{usual_port, variables};

/// What of the operating system is missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NeedKind {
    Header,
    PkgConfig,
    Library,
    Program,
    /// A module by the name that CMake's `find_package` knows.
    Cmake,
}

/// Name as errors give it, and the package that brings it. Where a name is not here, the remedy
/// names the need itself and the provider's own index is asked.
#[rustfmt::skip]
static PACKAGES: &[(NeedKind, &str, &str)] = &[
    (NeedKind::Header, "libpq-fe.h", "libpq-dev"), (NeedKind::Header, "Python.h", "python3-dev"),
    (NeedKind::Header, "openssl/ssl.h", "libssl-dev"), (NeedKind::Header, "openssl/opensslv.h", "libssl-dev"),
    (NeedKind::Header, "openssl/evp.h", "libssl-dev"), (NeedKind::Header, "zlib.h", "zlib1g-dev"),
    (NeedKind::Header, "ffi.h", "libffi-dev"), (NeedKind::Header, "curl/curl.h", "libcurl4-openssl-dev"),
    (NeedKind::Header, "libxml/xmlversion.h", "libxml2-dev"), (NeedKind::Header, "libxml/tree.h", "libxml2-dev"),
    (NeedKind::Header, "libxslt/xslt.h", "libxslt1-dev"), (NeedKind::Header, "sqlite3.h", "libsqlite3-dev"),
    (NeedKind::Header, "mysql.h", "default-libmysqlclient-dev"), (NeedKind::Header, "mysql/mysql.h", "default-libmysqlclient-dev"),
    (NeedKind::Header, "jpeglib.h", "libjpeg-dev"), (NeedKind::Header, "png.h", "libpng-dev"),
    (NeedKind::Header, "ft2build.h", "libfreetype6-dev"), (NeedKind::Header, "yaml.h", "libyaml-dev"),
    (NeedKind::Header, "readline/readline.h", "libreadline-dev"), (NeedKind::Header, "ncurses.h", "libncurses-dev"),
    (NeedKind::Header, "curses.h", "libncurses-dev"), (NeedKind::Header, "event.h", "libevent-dev"),
    (NeedKind::Header, "event2/event.h", "libevent-dev"), (NeedKind::Header, "lber.h", "libldap2-dev"),
    (NeedKind::Header, "ldap.h", "libldap2-dev"), (NeedKind::Header, "sasl/sasl.h", "libsasl2-dev"),
    (NeedKind::Header, "magic.h", "libmagic-dev"), (NeedKind::Header, "gmp.h", "libgmp-dev"),
    (NeedKind::Header, "bzlib.h", "libbz2-dev"), (NeedKind::Header, "lzma.h", "liblzma-dev"),
    (NeedKind::Header, "expat.h", "libexpat1-dev"), (NeedKind::Header, "pcre.h", "libpcre3-dev"),
    (NeedKind::Header, "pcre2.h", "libpcre2-dev"), (NeedKind::Header, "uuid/uuid.h", "uuid-dev"),
    (NeedKind::Header, "X11/Xlib.h", "libx11-dev"), (NeedKind::Header, "GL/gl.h", "libgl-dev"),
    (NeedKind::Header, "gtest/gtest.h", "libgtest-dev"), (NeedKind::Header, "gmock/gmock.h", "libgmock-dev"),
    (NeedKind::Header, "boost/version.hpp", "libboost-all-dev"), (NeedKind::Header, "Eigen/Dense", "libeigen3-dev"),
    (NeedKind::Header, "portaudio.h", "portaudio19-dev"), (NeedKind::Header, "alsa/asoundlib.h", "libasound2-dev"),
    (NeedKind::Header, "cairo.h", "libcairo2-dev"), (NeedKind::Header, "sql.h", "unixodbc-dev"),
    (NeedKind::Header, "krb5.h", "libkrb5-dev"), (NeedKind::Header, "gssapi/gssapi.h", "libkrb5-dev"),
    (NeedKind::Header, "libmemcached/memcached.h", "libmemcached-dev"), (NeedKind::Header, "hdf5.h", "libhdf5-dev"),
    (NeedKind::Header, "zmq.h", "libzmq3-dev"), (NeedKind::Header, "snappy-c.h", "libsnappy-dev"),
    (NeedKind::Header, "librdkafka/rdkafka.h", "librdkafka-dev"), (NeedKind::Header, "zstd.h", "libzstd-dev"),
    (NeedKind::Header, "cblas.h", "libopenblas-dev"), (NeedKind::Header, "fftw3.h", "libfftw3-dev"),
    (NeedKind::PkgConfig, "openssl", "libssl-dev"), (NeedKind::PkgConfig, "libevent", "libevent-dev"),
    (NeedKind::PkgConfig, "libevent_core", "libevent-dev"), (NeedKind::PkgConfig, "ncurses", "libncurses-dev"),
    (NeedKind::PkgConfig, "ncursesw", "libncurses-dev"), (NeedKind::PkgConfig, "tinfo", "libncurses-dev"),
    (NeedKind::PkgConfig, "dbus-1", "libdbus-1-dev"), (NeedKind::PkgConfig, "glib-2.0", "libglib2.0-dev"),
    (NeedKind::PkgConfig, "gtk+-3.0", "libgtk-3-dev"), (NeedKind::PkgConfig, "libpq", "libpq-dev"),
    (NeedKind::PkgConfig, "alsa", "libasound2-dev"), (NeedKind::PkgConfig, "libudev", "libudev-dev"),
    (NeedKind::PkgConfig, "fontconfig", "libfontconfig-dev"), (NeedKind::PkgConfig, "freetype2", "libfreetype-dev"),
    (NeedKind::PkgConfig, "cairo", "libcairo2-dev"), (NeedKind::PkgConfig, "pango", "libpango1.0-dev"),
    (NeedKind::PkgConfig, "libxml-2.0", "libxml2-dev"), (NeedKind::PkgConfig, "libcurl", "libcurl4-openssl-dev"),
    (NeedKind::PkgConfig, "zlib", "zlib1g-dev"), (NeedKind::PkgConfig, "sqlite3", "libsqlite3-dev"),
    (NeedKind::PkgConfig, "libffi", "libffi-dev"), (NeedKind::PkgConfig, "libsystemd", "libsystemd-dev"),
    (NeedKind::PkgConfig, "x11", "libx11-dev"), (NeedKind::PkgConfig, "xcb", "libxcb1-dev"),
    (NeedKind::PkgConfig, "wayland-client", "libwayland-dev"), (NeedKind::PkgConfig, "libgit2", "libgit2-dev"),
    (NeedKind::PkgConfig, "gobject-2.0", "libglib2.0-dev"), (NeedKind::PkgConfig, "gio-2.0", "libglib2.0-dev"),
    (NeedKind::PkgConfig, "libutf8proc", "libutf8proc-dev"), (NeedKind::PkgConfig, "libpcre2-8", "libpcre2-dev"),
    (NeedKind::Library, "pq", "libpq-dev"), (NeedKind::Library, "ssl", "libssl-dev"),
    (NeedKind::Library, "crypto", "libssl-dev"), (NeedKind::Library, "z", "zlib1g-dev"),
    (NeedKind::Library, "curl", "libcurl4-openssl-dev"), (NeedKind::Library, "xml2", "libxml2-dev"),
    (NeedKind::Library, "event", "libevent-dev"), (NeedKind::Library, "curses", "libncurses-dev"),
    (NeedKind::Library, "ncurses", "libncurses-dev"), (NeedKind::Library, "sqlite3", "libsqlite3-dev"),
    (NeedKind::Library, "libGL.so.1", "libgl1"), (NeedKind::Library, "libglib-2.0.so.0", "libglib2.0-0"),
    (NeedKind::Library, "libgthread-2.0.so.0", "libglib2.0-0"), (NeedKind::Library, "libSM.so.6", "libsm6"),
    (NeedKind::Library, "libXext.so.6", "libxext6"), (NeedKind::Library, "libXrender.so.1", "libxrender1"),
    (NeedKind::Library, "libpq.so.5", "libpq5"), (NeedKind::Library, "libgomp.so.1", "libgomp1"),
    (NeedKind::Library, "libmagic.so.1", "libmagic1"), (NeedKind::Library, "magic", "libmagic1"),
    (NeedKind::Library, "cairo", "libcairo2"), (NeedKind::Library, "pango", "libpango-1.0-0"),
    (NeedKind::Library, "sndfile", "libsndfile1"), (NeedKind::Library, "libsndfile.so.1", "libsndfile1"),
    (NeedKind::Library, "libnss3.so", "libnss3"), (NeedKind::Library, "libasound.so.2", "libasound2"),
    (NeedKind::Library, "libatk-1.0.so.0", "libatk1.0-0"), (NeedKind::Library, "libgbm.so.1", "libgbm1"),
    (NeedKind::Library, "libatomic.so.1", "libatomic1"), (NeedKind::Library, "stdc++", "g++"),
    (NeedKind::Program, "ffmpeg", "ffmpeg"), (NeedKind::Program, "pg_config", "libpq-dev"),
    (NeedKind::Program, "mysql_config", "default-libmysqlclient-dev"), (NeedKind::Program, "gcc", "build-essential"),
    (NeedKind::Program, "g++", "build-essential"), (NeedKind::Program, "cc", "build-essential"),
    (NeedKind::Program, "c++", "build-essential"), (NeedKind::Program, "make", "make"),
    (NeedKind::Program, "cmake", "cmake"), (NeedKind::Program, "ninja", "ninja-build"),
    (NeedKind::Program, "pkg-config", "pkg-config"), (NeedKind::Program, "PkgConfig", "pkg-config"),
    (NeedKind::Program, "bison", "bison"), (NeedKind::Program, "yacc", "bison"), (NeedKind::Program, "BISON", "bison"),
    (NeedKind::Program, "flex", "flex"), (NeedKind::Program, "lex", "flex"), (NeedKind::Program, "FLEX", "flex"),
    (NeedKind::Program, "autoconf", "autoconf"), (NeedKind::Program, "autoreconf", "autoconf"),
    (NeedKind::Program, "automake", "automake"), (NeedKind::Program, "aclocal", "automake"),
    (NeedKind::Program, "libtoolize", "libtool"), (NeedKind::Program, "libtool", "libtool"),
    (NeedKind::Program, "autopoint", "autopoint"), (NeedKind::Program, "gettext", "gettext"),
    (NeedKind::Program, "msgfmt", "gettext"), (NeedKind::Program, "xgettext", "gettext"),
    (NeedKind::Program, "makeinfo", "texinfo"), (NeedKind::Program, "m4", "m4"), (NeedKind::Program, "nasm", "nasm"),
    (NeedKind::Program, "yasm", "yasm"), (NeedKind::Program, "gperf", "gperf"), (NeedKind::Program, "Gperf", "gperf"),
    (NeedKind::Program, "swig", "swig"), (NeedKind::Program, "SWIG", "swig"), (NeedKind::Program, "protoc", "protobuf-compiler"),
    (NeedKind::Program, "clang", "clang"), (NeedKind::Program, "libclang", "libclang-dev"), (NeedKind::Program, "lld", "lld"),
    (NeedKind::Program, "ld.lld", "lld"), (NeedKind::Program, "mold", "mold"), (NeedKind::Program, "gold", "binutils"),
    (NeedKind::Program, "gfortran", "gfortran"), (NeedKind::Program, "git", "git"), (NeedKind::Program, "Git", "git"),
    (NeedKind::Program, "hg", "mercurial"), (NeedKind::Program, "svn", "subversion"), (NeedKind::Program, "curl", "curl"),
    (NeedKind::Program, "wget", "wget"), (NeedKind::Program, "unzip", "unzip"), (NeedKind::Program, "zip", "zip"),
    (NeedKind::Program, "xz", "xz-utils"), (NeedKind::Program, "jq", "jq"), (NeedKind::Program, "rsync", "rsync"),
    (NeedKind::Program, "convert", "imagemagick"), (NeedKind::Program, "dot", "graphviz"),
    (NeedKind::Program, "gs", "ghostscript"), (NeedKind::Program, "pdftotext", "poppler-utils"),
    (NeedKind::Program, "tesseract", "tesseract-ocr"), (NeedKind::Program, "pandoc", "pandoc"),
    (NeedKind::Program, "xvfb-run", "xvfb"), (NeedKind::Program, "Xvfb", "xvfb"), (NeedKind::Program, "valgrind", "valgrind"),
    (NeedKind::Program, "gdb", "gdb"), (NeedKind::Program, "psql", "postgresql-client"), (NeedKind::Program, "createdb", "postgresql-client"),
    (NeedKind::Program, "mysql", "default-mysql-client"), (NeedKind::Program, "redis-cli", "redis-tools"),
    (NeedKind::Program, "redis-server", "redis-server"), (NeedKind::Program, "sqlite3", "sqlite3"),
    (NeedKind::Program, "perl", "perl"), (NeedKind::Program, "Perl", "perl"), (NeedKind::Program, "prove", "perl"),
    (NeedKind::Program, "ruby", "ruby"), (NeedKind::Program, "tclsh", "tcl"), (NeedKind::Program, "expect", "expect"),
    (NeedKind::Program, "bc", "bc"), (NeedKind::Program, "file", "file"), (NeedKind::Program, "ps", "procps"),
    (NeedKind::Program, "pgrep", "procps"), (NeedKind::Program, "pkill", "procps"), (NeedKind::Program, "lsof", "lsof"),
    (NeedKind::Program, "netstat", "net-tools"), (NeedKind::Program, "ip", "iproute2"), (NeedKind::Program, "nc", "netcat-openbsd"),
    (NeedKind::Program, "socat", "socat"), (NeedKind::Program, "bmake", "bmake"), (NeedKind::Program, "parallel", "parallel"),
    (NeedKind::Program, "bats", "bats"), (NeedKind::Program, "script", "bsdutils"), (NeedKind::Program, "hexdump", "bsdextrautils"),
    (NeedKind::Program, "xxd", "xxd"), (NeedKind::Program, "vim", "vim-tiny"), (NeedKind::Program, "Doxygen", "doxygen"),
    (NeedKind::Program, "doxygen", "doxygen"), (NeedKind::Program, "shellcheck", "shellcheck"), (NeedKind::Program, "patch", "patch"),
    (NeedKind::Program, "ss", "iproute2"), (NeedKind::Program, "ping", "iputils-ping"), (NeedKind::Program, "locale-gen", "locales"),
    (NeedKind::Program, "zsh", "zsh"), (NeedKind::Program, "fish", "fish"), (NeedKind::Program, "tmux", "tmux"),
    (NeedKind::Program, "column", "bsdextrautils"), (NeedKind::Program, "gpg", "gnupg"), (NeedKind::Program, "openssl", "openssl"),
    (NeedKind::Program, "time", "time"), (NeedKind::Program, "killall", "psmisc"), (NeedKind::Program, "clang-format", "clang-format"),
    (NeedKind::Cmake, "CURL", "libcurl4-openssl-dev"), (NeedKind::Cmake, "OpenSSL", "libssl-dev"),
    (NeedKind::Cmake, "ZLIB", "zlib1g-dev"), (NeedKind::Cmake, "Boost", "libboost-all-dev"),
    (NeedKind::Cmake, "GTest", "libgtest-dev"), (NeedKind::Cmake, "PNG", "libpng-dev"), (NeedKind::Cmake, "JPEG", "libjpeg-dev"),
    (NeedKind::Cmake, "Eigen3", "libeigen3-dev"), (NeedKind::Cmake, "SDL2", "libsdl2-dev"), (NeedKind::Cmake, "X11", "libx11-dev"),
    (NeedKind::Cmake, "OpenGL", "libgl-dev"), (NeedKind::Cmake, "LibXml2", "libxml2-dev"), (NeedKind::Cmake, "SQLite3", "libsqlite3-dev"),
    (NeedKind::Cmake, "PostgreSQL", "libpq-dev"), (NeedKind::Cmake, "BZip2", "libbz2-dev"), (NeedKind::Cmake, "LibLZMA", "liblzma-dev"),
    (NeedKind::Cmake, "EXPAT", "libexpat1-dev"), (NeedKind::Cmake, "Protobuf", "libprotobuf-dev"), (NeedKind::Cmake, "fmt", "libfmt-dev"),
    (NeedKind::Cmake, "spdlog", "libspdlog-dev"), (NeedKind::Cmake, "nlohmann_json", "nlohmann-json3-dev"),
    (NeedKind::Cmake, "benchmark", "libbenchmark-dev"), (NeedKind::Cmake, "Catch2", "catch2"), (NeedKind::Cmake, "LLVM", "llvm-dev"),
    (NeedKind::Cmake, "BLAS", "libopenblas-dev"), (NeedKind::Cmake, "LAPACK", "liblapack-dev"), (NeedKind::Cmake, "HDF5", "libhdf5-dev"),
    (NeedKind::Cmake, "Curses", "libncurses-dev"), (NeedKind::Cmake, "Freetype", "libfreetype-dev"),
];

/// Installs what brings a missing thing. `None` where the "missing program" is a shell word or a
/// local script that no package brings.
pub(super) fn system_need(kind: NeedKind, subject: &str) -> Option<Vec<Remedy>> {
    if kind == NeedKind::Program && local_program(subject) {
        return None;
    }
    let known = PACKAGES.iter().find(|(k, name, _)| *k == kind && *name == subject);
    let name = match known {
        Some((_, _, package)) => (*package).to_owned(),
        None => format!("need:{}", need(kind, subject)),
    };
    let evidence = Evidence::at("", "generic.system-need", Trust::Default);
    let package = SystemPackage { name: name.clone(), evidence: vec![evidence] };
    Some(vec![Remedy {
        kind: RemedyKind::InstallSystemPackage { names: vec![name.clone()] },
        title: format!("install what brings `{subject}`"),
        edits: vec![PlanEdit::RequireSystemPackage { package }],
        resume_at: None,
    }])
}

fn need(kind: NeedKind, subject: &str) -> String {
    match kind {
        NeedKind::Header => format!("header:{subject}"),
        NeedKind::PkgConfig => format!("pkgconfig:{subject}"),
        NeedKind::Library => format!("library:{subject}"),
        NeedKind::Program => format!("program:{subject}"),
        NeedKind::Cmake => format!("pkgconfig:{}", subject.to_ascii_lowercase()),
    }
}

/// Programs that toolchains and package managers bring: their ecosystems know what to do.
fn local_program(name: &str) -> bool {
    const OTHERS: &[&str] = &[
        "python",
        "python3",
        "pip",
        "pip3",
        "pytest",
        "tox",
        "nox",
        "uv",
        "poetry",
        "pdm",
        "hatch",
        "node",
        "npm",
        "npx",
        "yarn",
        "pnpm",
        "bun",
        "deno",
        "tsc",
        "jest",
        "vitest",
        "mocha",
        "eslint",
        "vite",
        "cargo",
        "rustc",
        "rustup",
        "go",
        "java",
        "javac",
        "mvn",
        "gradle",
        "bundle",
        "rake",
        "gem",
        "dotnet",
        "sudo",
        "apt-get",
        "apt",
        "brew",
        "docker",
        "docker-compose",
        "module",
        "conda",
        "nvcc",
        "then",
        "fi",
        "done",
        "source",
        "nvm",
        "corepack",
    ];
    OTHERS.contains(&name)
        || name.ends_with(".sh")
        || name.ends_with(".py")
        || name.starts_with('.')
        || name.parse::<f64>().is_ok()
}

/// The service that usually listens on a port.
pub(super) fn kind_of_port(port: &str) -> Option<ServiceKind> {
    let number: u16 = port.parse().ok()?;
    [
        ServiceKind::Postgres,
        ServiceKind::Mysql,
        ServiceKind::Redis,
        ServiceKind::Mongodb,
        ServiceKind::Rabbitmq,
        ServiceKind::Memcached,
        ServiceKind::Nats,
    ]
    .into_iter()
    .find(|kind| usual_port(*kind) == number)
}

/// Provisions a service that nothing asked for. One that the plan has already is not cured so.
pub(super) fn service(kind: ServiceKind, failed: &FailedStep<'_>) -> (CauseClass, Vec<Remedy>) {
    if failed.plan.services.iter().any(|service| service.kind == kind) {
        return (CauseClass::Environment, Vec::new());
    }
    let (user, password, database, scheme) = match kind {
        ServiceKind::Postgres => ("postgres", "postgres", "postgres", "postgresql"),
        ServiceKind::Mysql => ("root", "", "test", "mysql"),
        ServiceKind::Mongodb => ("", "", "test", "mongodb"),
        ServiceKind::Rabbitmq => ("guest", "guest", "/", "amqp"),
        ServiceKind::Redis | ServiceKind::Memcached | ServiceKind::Nats => ("", "", "", ""),
    };
    // A variable that is set already has a value of its own; one that the code may read gets one.
    let url = "{user}:{password}@{host}:{port}/{database}";
    let wants_url = matches!(kind, ServiceKind::Postgres | ServiceKind::Mysql)
        && !failed.plan.env.contains_key("DATABASE_URL")
        && failed.output.contains("DATABASE_URL");
    let bindings = if wants_url {
        vec![EnvBinding { name: "DATABASE_URL".to_owned(), template: format!("{scheme}://{url}") }]
    } else {
        Vec::new()
    };
    let service = ServiceRequirement {
        kind,
        version: None,
        port: Some(usual_port(kind)),
        user: user.to_owned(),
        password: password.to_owned(),
        databases: if database.is_empty() { Vec::new() } else { vec![database.to_owned()] },
        extensions: Vec::new(),
        bindings,
        evidence: vec![Evidence::at("", "generic.service-refused", Trust::Default)],
    };
    let remedy = Remedy {
        kind: RemedyKind::ProvisionService { service: kind.as_str().to_owned() },
        title: format!("provision {}", kind.as_str()),
        edits: vec![PlanEdit::RequireService { service }],
        resume_at: None,
    };
    (CauseClass::Environment, vec![remedy])
}

/// Sets a variable where its value can be invented: a URL of a service that the plan has, a key
/// that only this program uses, a plain switch. Anything else is the user's to give.
pub(super) fn variable(name: &str, failed: &FailedStep<'_>) -> Option<(CauseClass, Vec<Remedy>)> {
    const NEVER: &[&str] = &["PATH", "HOME", "USER", "PYTHONPATH", "GET", "POST", "HTTP"];
    if NEVER.contains(&name)
        || failed.plan.env.contains_key(name)
        || failed.step.env.contains_key(name)
    {
        return None;
    }
    if name.contains("DATABASE_URL") || matches!(name, "DATABASE_URI" | "DB_URL") {
        return Some(service(
            ServiceKind::Postgres,
            &FailedStep { output: "DATABASE_URL", ..*failed },
        ));
    }
    let upper = name.to_ascii_uppercase();
    let value = if variables::inventable(name) {
        Some(variables::INVENTED)
    } else if variables::secret_name(name) {
        None
    } else {
        match upper.as_str() {
            _ if upper.ends_with("_HOST") || upper == "HOST" => Some("127.0.0.1"),
            _ if upper == "PORT" || upper == "APP_PORT" => Some("8000"),
            _ if upper.contains("DEBUG") => Some("false"),
            _ if upper.ends_with("_ENV") || upper == "ENVIRONMENT" => Some("test"),
            _ if upper.ends_with("ALLOWED_HOSTS") => Some("*"),
            _ if upper.contains("LOG_LEVEL") => Some("info"),
            _ if upper.ends_with("BASE_URL") || upper.ends_with("SITE_URL") => {
                Some("http://localhost")
            }
            _ => None,
        }
    };
    let Some(value) = value else { return Some((CauseClass::NeedsSecret, Vec::new())) };
    let remedy = Remedy {
        kind: RemedyKind::SetVariable { name: name.to_owned() },
        title: format!("set `{name}`"),
        edits: vec![PlanEdit::SetEnv {
            step: None,
            name: name.to_owned(),
            value: value.to_owned(),
        }],
        resume_at: None,
    };
    Some((CauseClass::Environment, vec![remedy]))
}

/// The same again, where the step could reach a registry at all, and not twice.
pub(super) fn retry(signature: &str, failed: &FailedStep<'_>) -> Vec<Remedy> {
    let again = failed.treated.iter().filter(|treated| treated.as_str() == signature).count();
    let sensible = failed.step.kind != StepKind::Test || signature.starts_with("generic.address");
    if again > 0 || !sensible {
        return Vec::new();
    }
    vec![Remedy {
        kind: RemedyKind::Retry,
        title: "run the same again".to_owned(),
        edits: Vec::new(),
        resume_at: None,
    }]
}

/// Runs the step as another user of the sandbox.
pub(super) fn change_user(to: &str, failed: &FailedStep<'_>) -> Remedy {
    Remedy {
        kind: RemedyKind::ChangeUser { to: to.to_owned() },
        title: format!("run `{}` as {to}", failed.step.title),
        edits: vec![PlanEdit::SetUser { step: failed.step.id.clone(), root: to == "root" }],
        resume_at: None,
    }
}
