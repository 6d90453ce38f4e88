//! What Python's tools say when something is wrong: one row per message, with a real sample.
//!
//! Data only. A row's pattern is tried on the output of failed steps; its first group is the
//! subject that the signature and the cure name.

use rr_core::{CauseClass, StepKind};

/// One message and what cures it.
pub(super) struct Rule {
    /// Class of the signature: `python.<name>:<subject>`.
    pub(super) name: &'static str,
    /// Regular expression, tried per line.
    pub(super) pattern: &'static str,
    /// Kinds of steps it is tried on; empty means all.
    pub(super) on: &'static [StepKind],
    pub(super) cause: CauseClass,
    /// One sentence; `{}` is the subject.
    pub(super) explanation: &'static str,
    pub(super) confidence: f32,
    pub(super) cure: Cure,
    /// A line that the pattern matches, as seen in a log.
    #[cfg_attr(not(test), expect(dead_code, reason = "the row's documentation, held by a test"))]
    pub(super) sample: &'static str,
}

/// What may cure a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cure {
    /// Nothing we know.
    Nothing,
    /// Install what brings the module that the subject names.
    Module,
    /// Install the plugin that defines the option or fixture that the subject names.
    Plugin,
    /// Install these.
    Packages(&'static [&'static str]),
    /// Put these operating-system packages into the sandbox.
    System(&'static [&'static str]),
    /// Hold build requirements below a bound.
    BuildPins(&'static [&'static str]),
    /// Set a variable.
    Variable(&'static str, &'static str),
    /// Set the variable that the subject names.
    SubjectVariable,
    /// Take a UTF-8 locale that is always there, else bring all.
    Locale,
    /// Use a Python below this minor version of 3.
    PythonBelow(u32),
    /// Use a Python that satisfies the specifier in the subject.
    PythonFor,
    /// Use Python 2.
    Python2,
    /// Use the newest Python that is allowed.
    NewerPython,
    /// Resolve as of the commit's date, or on an older Python where that is done already.
    OldTimes,
    /// As [`Cure::OldTimes`]; at last without what cannot be built, if something else remains.
    BuildFailed,
    /// Build without isolation, with the subject installed first.
    NoIsolation,
    /// Install without `-e`.
    NotEditable,
    /// Install in several resolutions instead of one.
    OneByOne,
    /// Resolve anew instead of taking locked versions.
    WithoutLock,
    /// Take any version of the package that the subject names, whatever the manifests say.
    Loosen,
    /// Leave the subject out of the install command.
    LeaveOut,
    /// Run pytest in one process.
    OneProcess,
    /// Name Django's settings.
    DjangoSettings,
    /// Migrate the database first.
    Migrate,
    /// Provide a database or broker.
    Service(&'static str),
    /// Create the PostgreSQL extension that the subject names.
    Extension,
    /// The same again.
    Retry,
}

use CauseClass::{
    Environment, Intrinsic, NeedsHardware, NeedsNetwork, NeedsPrivilege, NeedsSecret,
};
use StepKind::{Check, Install, Migrate, Start, Test};

const fn rule(
    name: &'static str,
    pattern: &'static str,
    cure: Cure,
    explanation: &'static str,
    sample: &'static str,
) -> Rule {
    Rule { name, pattern, on: &[], cause: Environment, explanation, confidence: 0.8, cure, sample }
}

const fn install(
    name: &'static str,
    pattern: &'static str,
    cure: Cure,
    explanation: &'static str,
    sample: &'static str,
) -> Rule {
    Rule { on: &[Install], ..rule(name, pattern, cure, explanation, sample) }
}

const fn running(
    name: &'static str,
    pattern: &'static str,
    cure: Cure,
    explanation: &'static str,
    sample: &'static str,
) -> Rule {
    Rule { on: &[Check, Start, Test, Migrate], ..rule(name, pattern, cure, explanation, sample) }
}

const fn sure(rule: Rule, confidence: f32) -> Rule {
    Rule { confidence, ..rule }
}

const fn because(rule: Rule, cause: CauseClass) -> Rule {
    Rule { cause, ..rule }
}

/// The rules, the surest and most particular first.
#[rustfmt::skip]
pub(super) static RULES: &[Rule] = &[
    // Versions of Python
    sure(install("requires-python", r"(?:current Python version|running Python version|Python version in use) \([\d.]+\) does not satisfy Python\s*([<>=!~][^\s,]*(?:,[<>=!~][^\s,]*)*)", Cure::PythonFor,
        "the project needs Python {}",
        "Because the current Python version (3.11.7) does not satisfy Python>=3.13 and you require x"), 0.95),
    sure(rule("requires-different-python", r"requires a different Python: [\d.]+ not in '([^']+)'", Cure::PythonFor,
        "the project needs Python {}",
        "ERROR: Package 'x' requires a different Python: 3.11.2 not in '>=3.13'"), 0.95),
    sure(rule("incompatible-python", r"incompatible with the project's Python requirement: `([^`]+)`", Cure::PythonFor,
        "the project needs Python {}",
        "error: The Python request resolved to Python 3.11.7, which is incompatible with the project's Python requirement: `>=3.13`"), 0.95),
    sure(rule("python-2-code", r"SyntaxError: Missing parentheses in call to '(print|exec)'", Cure::Python2,
        "the code is written for Python 2",
        "SyntaxError: Missing parentheses in call to 'print'. Did you mean print(...)?"), 0.9),
    sure(running("python-too-old", r"SyntaxError: (invalid syntax|f-string|unparenthesized|expected ')", Cure::NewerPython,
        "the code uses syntax that this Python does not know",
        "E   SyntaxError: invalid syntax"), 0.4),
    running("annotations", r"NameError: name '(\w+)' is not defined.*(?:forward|annotation)", Cure::NewerPython,
        "the code relies on annotations being evaluated late, as newer Pythons do",
        "NameError: name 'Item' is not defined in a forward reference annotation"),
    // Building old packages with new tools
    sure(install("use-2to3", r"(use_2to3) is invalid", Cure::BuildPins(&["setuptools<58"]),
        "a package needs setuptools below 58, which still had use_2to3",
        "error in demjson setup command: use_2to3 is invalid."), 0.95),
    sure(install("setuptools-feature", r"cannot import name '(Feature)' from 'setuptools'", Cure::BuildPins(&["setuptools<46"]),
        "a package needs setuptools below 46, which still had Feature",
        "ImportError: cannot import name 'Feature' from 'setuptools' (/tmp/x/setuptools/__init__.py)"), 0.95),
    sure(install("cython-3", r"(AttributeError: cython_sources|'build_ext' object has no attribute 'cython_sources')", Cure::BuildPins(&["Cython<3"]),
        "a package needs Cython below 3 to be built",
        "      AttributeError: cython_sources"), 0.95),
    sure(install("build-pkg-resources", r"No module named '(pkg_resources)'", Cure::BuildPins(&["setuptools<81"]),
        "a package needs a setuptools that still brings pkg_resources",
        "ModuleNotFoundError: No module named 'pkg_resources'"), 0.9),
    sure(install("impimporter", r"module 'pkgutil' has no attribute '(ImpImporter)'", Cure::PythonBelow(12),
        "an old setuptools cannot run on Python 3.12 or newer",
        "AttributeError: module 'pkgutil' has no attribute 'ImpImporter'. Did you mean: 'zipimporter'?"), 0.95),
    sure(install("build-distutils", r"No module named '(distutils|imp)(?:\.[\w.]+)?'", Cure::PythonBelow(12),
        "a package to be built needs a module that Python 3.12 removed",
        "ModuleNotFoundError: No module named 'distutils'"), 0.9),
    sure(install("build-longintrepr", r"(longintrepr\.h): No such file", Cure::PythonBelow(11),
        "a package's C code needs a header that Python 3.11 removed",
        "fatal error: longintrepr.h: No such file or directory"), 0.95),
    sure(install("build-c-api", r"(?:has no member named '(?:tp_print|use_tracing|f_code|recursion_depth|exc_type)'|implicit declaration of function '_Py|undefined symbol: _Py|too (?:few|many) arguments to function '_Py\w+')", Cure::OldTimes,
        "a package's C code does not fit this Python",
        "error: 'PyThreadState' has no member named 'use_tracing'"), 0.85),
    sure(install("pg-config", r"(pg_config) executable not found", Cure::System(&["libpq-dev"]),
        "psycopg2 is built from source and needs libpq's headers",
        "Error: pg_config executable not found."), 0.95),
    sure(install("mysql-config", r"(mysql_config|mysqlclient): (?:not found|command not found)|Can not find valid pkg-config name", Cure::System(&["default-libmysqlclient-dev", "pkg-config"]),
        "mysqlclient is built from source and needs MySQL's headers",
        "Exception: Can not find valid pkg-config name."), 0.9),
    sure(install("python-headers", r"fatal error: (Python\.h): No such file", Cure::System(&["python3-dev"]),
        "a C extension needs Python's headers",
        "fatal error: Python.h: No such file or directory"), 0.9),
    sure(install("no-compiler", r"(?:command '|unable to execute '|error: linker `|Unknown compiler\(s\): \[\[')((?:x86_64-linux-gnu-)?(?:gcc|g\+\+|cc|c\+\+))['`].*(?:No such file|not found|failed: No such)", Cure::System(&["build-essential"]),
        "a C compiler is needed to build a package",
        "error: command 'gcc' failed: No such file or directory"), 0.9),
    sure(install("no-cargo", r"(?:can't find Rust compiler|(cargo)[^\n]*(?:not found|is not installed)|Rust toolchain[^\n]*not)", Cure::OldTimes,
        "a package is built from Rust source because it has no wheel for this Python",
        "error: can't find Rust compiler"), 0.7),
    sure(install("no-fortran", r"(?:No Fortran compiler found|Unknown compiler\(s\): \[\['(gfortran)')", Cure::System(&["gfortran", "libopenblas-dev"]),
        "a package is built from Fortran source",
        "error: library dfftpack has Fortran sources but no Fortran compiler found: No Fortran compiler found"), 0.7),
    sure(install("ffi-header", r"fatal error: (ffi\.h): No such file", Cure::System(&["libffi-dev"]),
        "libffi's headers are needed", "c/_cffi_backend.c:15:10: fatal error: ffi.h: No such file or directory"), 0.95),
    sure(install("ssl-header", r"fatal error: (openssl/\w+\.h): No such file", Cure::System(&["libssl-dev"]),
        "OpenSSL's headers are needed", "fatal error: openssl/opensslv.h: No such file or directory"), 0.95),
    sure(install("xml-header", r"fatal error: (libxml/\w+\.h): No such file|Please make sure the (libxml2) and libxslt", Cure::System(&["libxml2-dev", "libxslt1-dev"]),
        "libxml2's headers are needed", "Error: Please make sure the libxml2 and libxslt development packages are installed."), 0.9),
    sure(install("ldap-header", r"fatal error: (lber\.h|ldap\.h|sasl/sasl\.h|sasl\.h): No such file", Cure::System(&["libldap2-dev", "libsasl2-dev"]),
        "OpenLDAP's headers are needed", "fatal error: lber.h: No such file or directory"), 0.95),
    sure(install("curl-config", r"(curl-config).*(?:No such file|not found)", Cure::System(&["libcurl4-openssl-dev", "libssl-dev"]),
        "libcurl's headers are needed", "Could not run curl-config: [Errno 2] No such file or directory: 'curl-config' not found"), 0.9),
    sure(install("image-headers", r"The headers or library files could not be found for (\w+)", Cure::System(&["libjpeg-dev", "zlib1g-dev", "libfreetype6-dev"]),
        "Pillow is built from source and needs {}", "RequiredDependencyException: The headers or library files could not be found for zlib,"), 0.9),
    sure(install("cairo", r#"Dependency "(cairo)" not found"#, Cure::System(&["libcairo2-dev", "pkg-config"]),
        "cairo's headers are needed", "../meson.build:31:12: ERROR: Dependency \"cairo\" not found, tried pkgconfig and cmake"), 0.95),
    sure(install("build-needs-module", r"No module named '(numpy|Cython|scipy|pybind11|torch|cffi|six|packaging|wheel)'", Cure::NoIsolation,
        "a package needs {} to be there before it is built",
        "ModuleNotFoundError: No module named 'numpy'"), 0.8),
    sure(install("scm-version", r"(setuptools[-_]scm) was unable to detect version|(?:LookupError|VersionNotFound|unable to determine (?:the )?version|Git is not available)", Cure::Variable("SETUPTOOLS_SCM_PRETEND_VERSION", "0.1.dev0"),
        "the version is taken from git history, which this source does not have",
        "LookupError: setuptools-scm was unable to detect version for /workspace."), 0.9),
    sure(install("pbr-version", r"(Versioning for this project requires either an sdist tarball|Exception: Versioning for this project)", Cure::Variable("PBR_VERSION", "0.1.0"),
        "pbr takes the version from git history, which this source does not have",
        "Exception: Versioning for this project requires either an sdist tarball, or access to an upstream git repository."), 0.9),
    sure(rule("git-ownership", r"(detected dubious ownership) in repository", Cure::Variable("GIT_CONFIG_PARAMETERS", "'safe.directory=*'"),
        "git refuses a folder that belongs to somebody else",
        "fatal: detected dubious ownership in repository at '/workspace'"), 0.9),
    // Resolution
    sure(install("flat-layout", r"Multiple top-level packages discovered in a flat-layout: (\[.*\])", Cure::LeaveOut,
        "setuptools cannot tell which folders are the package, so the project itself cannot be installed",
        "error: Multiple top-level packages discovered in a flat-layout: ['app', 'data']."), 0.9),
    sure(install("no-package-found", r"(?:package directory '|No file/folder found for package |Unable to determine which files to ship)([\w./-]*)", Cure::LeaveOut,
        "the manifest names a package folder that is not there, so the project itself cannot be installed",
        "ValueError: No file/folder found for package my-app"), 0.8),
    sure(install("not-in-registry", r"Because ([A-Za-z0-9_.\-]+) was not found in the package registry", Cure::LeaveOut,
        "{} is not on the package index",
        "  x Because acme-internal was not found in the package registry and you require acme-internal"), 0.8),
    sure(install("locked-version-gone", r"there is no version of ([A-Za-z0-9_.\-]+)==", Cure::WithoutLock,
        "the locked version of {} cannot be had any more",
        "  cause: Because there is no version of atomicwrites==1.1.5 and pytest==3.6.3 depends on atomicwrites==1.1.5"), 0.8),
    sure(install("no-such-version", r"(?:there is no version of ([A-Za-z0-9_.\-]+)(?:\[[^\]]*\])?==|only ([A-Za-z0-9_.\-]+)(?:\[[^\]]*\])?[<>=!~]\S* (?:is|are) available|only the following versions of ([A-Za-z0-9_.\-]+) are available)", Cure::Loosen,
        "{} was never published in the version that is asked for",
        "  x Because only six<=1.17.0 is available and you require six>=99, we can conclude that your requirements are unsatisfiable."), 0.65),
    sure(install("pins-conflict", r"depends on ([A-Za-z0-9_.\-]+)(?:\[[^\]]*\])?[<>=!~]\S* and you require", Cure::Loosen,
        "another requirement contradicts the pin of {}",
        "  x Because flask==3.0.3 depends on werkzeug>=3.0.0 and you require flask==3.0.3, we can conclude that you require werkzeug>=3.0.0."), 0.55),
    sure(install("lock-unusable", r"(?:Failed to (?:fetch|download|parse) `?(?:https?://[^`\s]+|[^`\s]*\.lock)`?|HTTP status client error \((?:404|403|410|401))", Cure::WithoutLock,
        "the lock file names what cannot be fetched",
        "error: Failed to fetch `https://private.example/simple/x-1.0-py3-none-any.whl`"), 0.75),
    sure(install("git-unreachable", r"(?:Git operation failed|failed to fetch into|Could not resolve host: |failed to clone into).*?((?:github|gitlab|bitbucket)\.\w+|$)", Cure::LeaveOut,
        "a dependency lives on a git host that is not reachable",
        "  Caused by: failed to fetch into: /caches/uv/git-v0/db/4a2d github.com"), 0.6),
    sure(install("editable", r"(?:missing the '(build_editable)' hook|editable mode currently requires a setuptools-based build|does not support editable|has no attribute '(?:build_editable|prepare_metadata_for_build_editable)')", Cure::NotEditable,
        "the build backend cannot make editable installs",
        "AttributeError: module 'mybackend' is missing the 'build_editable' hook"), 0.85),
    sure(install("no-wheel-for-python", r"has no wheels with a matching Python (?:ABI|version|implementation) tag|no wheels with a matching (?:Python|platform)", Cure::OldTimes,
        "a locked version has no wheel for this Python",
        "hint: You're on Linux, but `x` (v1.0) has no wheels with a matching Python ABI tag (e.g., `cp312`)"), 0.7),
    sure(install("unsatisfiable", r"(No solution found when resolving)", Cure::OneByOne,
        "the declared requirements contradict each other in one resolution",
        "  x No solution found when resolving dependencies:"), 0.5),
    sure(install("transient", r"(?:error sending request for url|operation timed out|connection reset|Connection reset by peer|503 Service Unavailable|502 Bad Gateway|504 Gateway|Failed to download distribution due to network timeout|dns error)", Cure::Retry,
        "the package index did not answer",
        "  Caused by: error sending request for url (https://pypi.example/simple/x/)"), 0.6),
    sure(install("build-failed", r"(?:Failed to build|Failed building wheel for|failed to build) `?([A-Za-z0-9_.\-]+)(?:==[\w.]+)?`?", Cure::BuildFailed,
        "{} cannot be built with today's tools on this Python",
        "  x Failed to build `markupsafe==1.1.1`"), 0.5),
    // pytest and its plugins
    sure(running("option-of-plugin", r"error: unrecognized arguments: (.+)", Cure::Plugin,
        "pytest is given options of a plugin that is not installed: {}",
        "pytest: error: unrecognized arguments: --cov=src --cov-report=xml"), 0.95),
    sure(running("fixture-of-plugin", r"fixture '(\w+)' not found", Cure::Plugin,
        "the tests use the fixture {} of a plugin that is not installed",
        "E       fixture 'mocker' not found"), 0.9),
    sure(running("async-plugin", r"(async def functions are not natively supported|Unknown pytest\.mark\.asyncio)", Cure::Packages(&["pytest-asyncio"]),
        "asynchronous tests need a pytest plugin",
        "async def functions are not natively supported."), 0.85),
    sure(running("plugin-import", r#"Error importing plugin "([\w.]+)": No module named"#, Cure::Module,
        "pytest is told to load the plugin {}, which is not installed",
        "ImportError: Error importing plugin \"pytest_cov.plugin\": No module named 'pytest_cov'"), 0.9),
    sure(running("conftest-import-pytest", r"No module named '?(pytest)'?", Cure::Packages(&["pytest"]),
        "pytest is not installed", "/env/venv/bin/python: No module named pytest"), 0.95),
    sure(running("pytest-too-new", r"(?:PytestRemovedIn\d+Warning|got an unexpected keyword argument 'type'|'Module' object has no attribute '_genfunctions'|hookimpl.*unexpected hook argument|fspath.*deprecated.*error|The \(fspath|has no attribute '(?:get_marker|makeitem)'|@pytest.yield_fixture)", Cure::OldTimes,
        "the tests are written for an older pytest",
        "pytest.PytestRemovedIn8Warning: Support for nose tests is deprecated"), 0.7),
    sure(running("pytest-hook-arguments", r"Argument\(s\) \{((?:'(?:path|startdir|fspath)'(?:, )?)+)\} are declared in the hookimpl but can not be found", Cure::Packages(&["pytest<9"]),
        "a hook takes {}, which pytest 9 removed",
        "Argument(s) {'path'} are declared in the hookimpl but can not be found in the hookspec"), 0.9),
    sure(running("pytest-node-constructor", r"Direct construction of (\S+) has been deprecated, please use", Cure::Packages(&["pytest<6"]),
        "a hook constructs {} itself, which pytest 6 removed",
        "Direct construction of conftest.SpecFile has been deprecated, please use SpecFile.from_parent."), 0.9),
    sure(running("pytest-too-old", r#"required field "(lineno)" missing from alias"#, Cure::PythonBelow(10),
        "the pytest that the tests need knows no newer Python than 3.9",
        "E   TypeError: required field \"lineno\" missing from alias"), 0.9),
    sure(running("database-clash", r"(?:duplicate key value violates unique constraint|database \S+ is being accessed by other users|deadlock detected|database is locked)", Cure::OneProcess,
        "parallel test processes clash on one database",
        "asyncpg.exceptions.UniqueViolationError: duplicate key value violates unique constraint \"pg_type_typname_nsp_index\""), 0.6),
    // Missing at run time
    sure(running("pkg-resources", r"No module named '?(pkg_resources)'?", Cure::Packages(&["setuptools<81"]),
        "the code needs pkg_resources, which newer setuptools no longer bring",
        "ModuleNotFoundError: No module named 'pkg_resources'"), 0.95),
    sure(running("distutils", r"No module named '?(distutils)(?:\.[\w.]+)?'?", Cure::Packages(&["setuptools<81"]),
        "the code needs distutils, which setuptools still bring",
        "ModuleNotFoundError: No module named 'distutils'"), 0.9),
    sure(running("removed-module-12", r"No module named '?(imp|asyncore|asynchat|smtpd)'?\b", Cure::PythonBelow(12),
        "the code needs {}, which Python 3.12 removed", "ModuleNotFoundError: No module named 'imp'"), 0.9),
    sure(running("removed-module-13", r"No module named '?(cgi|cgitb|crypt|imghdr|telnetlib|pipes|nntplib|audioop|sndhdr|uu|xdrlib|lib2to3|aifc|chunk|spwd|nis|msilib|mailcap|sunau)'?\b", Cure::PythonBelow(13),
        "the code needs {}, which Python 3.13 removed", "ModuleNotFoundError: No module named 'cgi'"), 0.9),
    sure(running("collections-abc", r"cannot import name '(Mapping|MutableMapping|Iterable|Callable|Sequence|MutableSequence|Hashable|Set|MutableSet|Iterator|Sized|Container)' from 'collections'|module 'collections' has no attribute '(?:Mapping|MutableMapping|Iterable|Callable|Sequence|Hashable)'", Cure::PythonBelow(10),
        "the code uses names that Python 3.10 moved out of collections",
        "ImportError: cannot import name 'Mapping' from 'collections' (/usr/lib/python3.11/collections/__init__.py)"), 0.9),
    sure(running("removed-in-11", r"module '(?:inspect|asyncio|binascii|gettext|re)' has no attribute '(getargspec|coroutine|hexbin|template|formatargspec)'", Cure::PythonBelow(11),
        "the code uses {}, which Python 3.11 removed", "AttributeError: module 'inspect' has no attribute 'getargspec'"), 0.9),
    sure(running("removed-in-12", r"has no attribute '(assertEquals|assertRegexpMatches|assertRaisesRegexp|assertItemsEqual|assertNotEquals|assert_|failUnless|assertAlmostEquals|readfp|SafeConfigParser|ImpImporter|wrap_socket|find_module)'", Cure::PythonBelow(12),
        "the code uses {}, which Python 3.12 removed", "AttributeError: 'TestX' object has no attribute 'assertEquals'. Did you mean: 'assertEqual'?"), 0.85),
    sure(running("removed-in-13", r"module '(?:unittest|locale|typing\.io|pathlib|logging)' has no attribute '(makeSuite|findTestCases|resetlocale|warn)'", Cure::PythonBelow(13),
        "the code uses {}, which Python 3.13 removed", "AttributeError: module 'unittest' has no attribute 'makeSuite'"), 0.9),
    sure(running("removed-in-14", r"module 'ast' has no attribute '(Str|Num|Bytes|NameConstant)'|There is no (current event loop) in thread", Cure::PythonBelow(14),
        "the code uses {}, which Python 3.14 removed", "AttributeError: module 'ast' has no attribute 'Str'"), 0.7),
    sure(running("numpy-alias", r"module 'numpy' has no attribute '(float|int|bool|object|str|typeDict|complex|float_|unicode_|NaN|product|cumproduct|in1d)'|`np\.(?:float_|NaN|Inf|unicode_|infty)` was removed in the NumPy 2", Cure::OldTimes,
        "the code is written for an older numpy", "AttributeError: module 'numpy' has no attribute 'float'."), 0.9),
    sure(running("numpy-abi", r"(?:numpy\.dtype size changed|A module that was compiled using NumPy 1\.x cannot be run in)", Cure::Packages(&["numpy<2"]),
        "an extension was compiled for numpy 1", "ValueError: numpy.dtype size changed, may indicate binary incompatibility."), 0.9),
    sure(running("moved-name", r"ImportError: cannot import name '(\w+)' from '(?:markupsafe|jinja2|werkzeug|flask|itsdangerous|sqlalchemy|click|pydantic|starlette|marshmallow|django|celery|attr|urllib3|requests|aiohttp|redis|pytest|_pytest|importlib_metadata|typing_extensions|scipy|sklearn|pandas|numpy|matplotlib|hypothesis|graphql|jsonschema|wtforms|httpx|anyio|botocore|moto|packaging|setuptools|docutils|sphinx|nose)", Cure::OldTimes,
        "a dependency is newer than the code expects: {} is gone from it",
        "ImportError: cannot import name 'escape' from 'jinja2' (/env/venv/lib/python3.11/site-packages/jinja2/__init__.py)"), 0.9),
    sure(running("rotten-import", r"ImportError: cannot import name '(\w+)' from '[\w.]+' \(\S*site-packages", Cure::OldTimes,
        "a dependency is newer than the code expects: {} is gone from it",
        "ImportError: cannot import name 'thing' from 'somelib.core' (/env/venv/lib/python3.11/site-packages/somelib/core.py)"), 0.75),
    sure(running("pydantic-2", r"(`BaseSettings` has been moved to the `pydantic-settings` package|A non-annotated attribute was detected|`regex` is removed|`const` is removed|@root_validator)", Cure::OldTimes,
        "the code is written for pydantic 1", "pydantic.errors.PydanticImportError: `BaseSettings` has been moved to the `pydantic-settings` package."), 0.9),
    sure(running("scoped-session", r"(__ident_func__|'_FakeStack' object has no attribute|_app_ctx_stack)", Cure::OldTimes,
        "Flask and its extensions are newer than the code expects",
        "AttributeError: '_FakeStack' object has no attribute '__ident_func__'"), 0.9),
    sure(running("sqlalchemy-2", r"(?:sqlalchemy\.exc\.ArgumentError: Textual SQL expression|'Engine' object has no attribute 'execute'|MovedIn20Warning|RemovedIn20Warning)", Cure::OldTimes,
        "the code is written for SQLAlchemy 1", "AttributeError: 'Engine' object has no attribute 'execute'"), 0.8),
    sure(running("werkzeug", r"module 'werkzeug' has no attribute '(\w+)'|Client.__init__\(\) got an unexpected keyword argument 'as_tuple'|__init__\(\) got an unexpected keyword argument 'app'", Cure::OldTimes,
        "a web library is newer than the code expects", "TypeError: Client.__init__() got an unexpected keyword argument 'app'"), 0.7),
    sure(running("missing-module", r"No module named '?([A-Za-z_][\w.]*)'?", Cure::Module,
        "the module {} is not installed", "ModuleNotFoundError: No module named 'yaml'"), 0.85),
    // System
    sure(running("shared-library-gl", r"(libGL\.so\.1|libgthread-2\.0\.so\.0): cannot open shared object file", Cure::System(&["libgl1", "libglib2.0-0"]),
        "{} is needed", "ImportError: libGL.so.1: cannot open shared object file: No such file or directory"), 0.95),
    sure(running("shared-library-mysql", r"(libmysqlclient\.so\.\d+|libmariadb\.so\.\d+): cannot open", Cure::System(&["default-libmysqlclient-dev"]),
        "{} is needed", "ImportError: libmariadb.so.3: cannot open shared object file: No such file or directory"), 0.95),
    sure(running("shared-library-pq", r"(libpq\.so\.5): cannot open|(libpq) library not found", Cure::System(&["libpq5"]),
        "libpq is needed", "ImportError: libpq.so.5: cannot open shared object file: No such file or directory"), 0.95),
    sure(running("shared-library-cairo", r#"no library called "(cairo-2|cairo)" was found"#, Cure::System(&["libcairo2"]),
        "cairo is needed", "OSError: no library called \"cairo-2\" was found"), 0.95),
    sure(running("shared-library-magic", r"failed to find (libmagic)", Cure::System(&["libmagic1"]),
        "libmagic is needed", "ImportError: failed to find libmagic.  Check your installation"), 0.95),
    sure(running("shared-library-sndfile", r"(sndfile) library not found", Cure::System(&["libsndfile1"]),
        "libsndfile is needed", "OSError: sndfile library not found"), 0.95),
    sure(running("program-ffmpeg", r"No such file or directory: '(ffmpeg|ffprobe|avconv)'", Cure::System(&["ffmpeg"]),
        "the program {} is needed", "FileNotFoundError: [Errno 2] No such file or directory: 'ffmpeg'"), 0.95),
    sure(running("program-git", r"No such file or directory: '(git)'|Bad (git) executable", Cure::System(&["git"]),
        "the program git is needed", "FileNotFoundError: [Errno 2] No such file or directory: 'git'"), 0.95),
    sure(running("program-dot", r"(?:No such file or directory: (?:PosixPath\()?'(dot)'|failed to execute (?:PosixPath\()?'dot')", Cure::System(&["graphviz"]),
        "the program dot of graphviz is needed", "graphviz.backend.execute.ExecutableNotFound: failed to execute 'dot', make sure the Graphviz executables are on your systems' PATH"), 0.9),
    sure(running("program-other", r"No such file or directory: '(pandoc|tesseract|convert|gs|pdftotext|pdftoppm|wkhtmltopdf|xvfb-run|Xvfb|node|java|make|gcc|curl|wget|unzip|zip|rsync|ssh|openssl|gpg|hg|svn|vim|less|man|ps|file|sqlite3|redis-server)'", Cure::System(&[]),
        "the program {} is needed", "FileNotFoundError: [Errno 2] No such file or directory: 'pandoc'"), 0.9),
    sure(running("locale", r"(?:locale\.Error: (unsupported locale setting)|'ascii' codec can't (?:decode|encode))", Cure::Locale,
        "a UTF-8 locale is needed", "locale.Error: unsupported locale setting"), 0.7),
    sure(running("no-display", r"(?:no display name and no \$(DISPLAY) environment variable|could not connect to display|Could not load the Qt platform plugin)", Cure::Variable("QT_QPA_PLATFORM", "offscreen"),
        "a display is expected", "_tkinter.TclError: no display name and no $DISPLAY environment variable"), 0.7),
    // Configuration
    sure(running("django-settings", r"(DJANGO_SETTINGS_MODULE).*(?:before accessing settings|is undefined)|settings are not configured", Cure::DjangoSettings,
        "Django is not told which settings to use",
        "django.core.exceptions.ImproperlyConfigured: Requested setting INSTALLED_APPS, but settings are not configured."), 0.9),
    sure(running("variable-environ", r"KeyError: '([A-Z][A-Z0-9_]{2,})'", Cure::SubjectVariable,
        "the environment variable {} is expected", "KeyError: 'SECRET_KEY'"), 0.7),
    sure(running("variable-improper", r#"(?:Set the|set the|Environment variable|environment variable) ["'`]?([A-Z][A-Z0-9_]{2,})["'`]?"#, Cure::SubjectVariable,
        "the environment variable {} is expected", "django.core.exceptions.ImproperlyConfigured: Set the SECRET_KEY environment variable"), 0.85),
    sure(running("variable-decouple", r"UndefinedValueError: (\w+) not found", Cure::SubjectVariable,
        "the environment variable {} is expected", "decouple.UndefinedValueError: SECRET_KEY not found. Declare it as envvar or define a default value."), 0.9),
    sure(running("not-migrated", r#"(?:no such table: (\w+)|relation "(\w+)" does not exist|Table '\S+' doesn't exist)"#, Cure::Migrate,
        "the database has no tables yet", "sqlite3.OperationalError: no such table: auth_user"), 0.6),
    sure(running("postgres-down", r#"(?:port 5432 failed: Connection refused|connection to server at .* port (\d+) failed: Connection refused|Connect call failed \('127\.0\.0\.1', 5432\)|could not translate host name "(?:db|postgres|postgresql|database)")"#, Cure::Service("postgres"),
        "a PostgreSQL server is expected", "connection to server at \"127.0.0.1\", port 5432 failed: Connection refused"), 0.9),
    sure(running("postgres-extension", r#"(hstore|citext|postgis|pg_trgm|uuid-ossp|btree_gin|vector)\b.{0,3} (?:type not found in the database|extension is not|does not exist)|type "(hstore|citext|vector|geometry)" does not exist"#, Cure::Extension,
        "the database needs the extension {}", "peewee.ProgrammingError: hstore type not found in the database. please install it from your 'contrib/hstore.sql' file"), 0.9),
    sure(running("redis-down", r"(Error (?:111|-2|-3|-5) connecting to \S+:6379|Connect call failed \('127\.0\.0\.1', 6379\))", Cure::Service("redis"),
        "a Redis server is expected", "redis.exceptions.ConnectionError: Error 111 connecting to localhost:6379. Connection refused."), 0.9),
    sure(running("mysql-down", r"(Can't connect to (?:local )?(?:MySQL|MariaDB|server).*)", Cure::Service("mysql"),
        "a MySQL server is expected", "pymysql.err.OperationalError: (2003, \"Can't connect to MySQL server on 'localhost' ([Errno 111] Connection refused)\")"), 0.9),
    sure(running("mongodb-down", r"ServerSelectionTimeoutError: \S+:(27017)", Cure::Service("mongodb"),
        "a MongoDB server is expected", "pymongo.errors.ServerSelectionTimeoutError: localhost:27017: [Errno 111] Connection refused"), 0.9),
    // Not ours to fix
    because(sure(running("refuses-root", r"(?:must not be run as root|cannot be run as (root)|should not be run as root|running as root is not)", Cure::Nothing,
        "the program refuses to run as root", "initdb: error: cannot be run as root"), 0.9), NeedsPrivilege),
    because(sure(running("needs-cuda", r"(?:Torch not compiled with (CUDA) enabled|No CUDA GPUs are available|Found no NVIDIA driver|libcuda\.so)", Cure::Nothing,
        "a CUDA device is needed", "RuntimeError: Found no NVIDIA driver on your system."), 0.9), NeedsHardware),
    because(sure(running("needs-key", r"((?:OPENAI|ANTHROPIC|AWS|GITHUB|HF|STRIPE|TWILIO|SENDGRID|GOOGLE)_\w*(?:KEY|TOKEN|SECRET)\w*)", Cure::Nothing,
        "{} is a secret that only its owner has", "openai.OpenAIError: The api_key client option must be set either by passing api_key to the client or by setting the OPENAI_API_KEY environment variable"), 0.85), NeedsSecret),
    because(sure(running("needs-network", r"(?:socket\.gaierror|Temporary failure in name resolution|NameResolutionError|Name or service not known|Network is unreachable)", Cure::Nothing,
        "a network host is needed that this step may not reach", "socket.gaierror: [Errno -3] Temporary failure in name resolution"), 0.8), NeedsNetwork),
    because(sure(running("submodule", r"(?:No such file or directory: '[^']*(?:submodule|third_party|vendor)[^']*')", Cure::Nothing,
        "a git submodule is missing from this copy", "FileNotFoundError: [Errno 2] No such file or directory: 'third_party/data/x.json'"), 0.5), Intrinsic),
];
