//! The table of generic diagnosis rules.

use std::sync::LazyLock;

use regex::Regex;
use rr_core::CauseClass::{
    self, Environment, NeedsHardware, NeedsNetwork, NeedsPrivilege, NeedsSecret,
};
use rr_core::ServiceKind;

use super::system_table::NeedKind;

/// One rule.
pub(super) struct Rule {
    /// Stable name of the error's class.
    pub(super) name: &'static str,
    /// Matches one line; the first group that takes part is the subject. `None` would be a fault
    /// of ours, which the table's test finds.
    pub(super) pattern: Option<Regex>,
    /// One sentence; `{}` is the subject.
    pub(super) explanation: &'static str,
    pub(super) confidence: f32,
    pub(super) treatment: Treatment,
    /// A line that it matches, and the subject found in it.
    #[cfg(test)]
    pub(super) sample: (&'static str, &'static str),
}

/// What follows from a match.
#[derive(Clone, Copy)]
pub(super) enum Treatment {
    /// The operating system lacks the subject.
    SystemNeed(NeedKind),
    /// This service is not there.
    Service(ServiceKind),
    /// The service of the port that is the subject is not there.
    ServicePort,
    /// The service does not know the user that is the subject.
    ServiceUser(ServiceKind),
    /// The service has no database of the subject's name.
    ServiceDatabase(ServiceKind),
    /// The variable that is the subject is not set.
    Variable,
    /// This package of the operating system is wanted.
    Package(&'static str),
    /// The script that is the subject has no execute bit.
    Executable,
    /// The script that is the subject, or any, has the line ends of another system.
    LineEnds,
    /// The same again may work.
    Retry,
    /// The port that is the subject is taken.
    Port,
    /// It must run as `root` or as `runner`.
    User(&'static str),
    /// The file that is the subject lies in another folder.
    File,
    /// Runs the step in the one folder from which this path leads to a file.
    DataFile,
    /// The make target that is the subject is in another folder's Makefile.
    Target,
    /// Its tool downloads while it runs.
    Registry,
    /// A step that may reach the registries cannot: this class.
    Unreachable(CauseClass),
    /// It waits for changes of files and never ends.
    Watch,
    /// Nothing we can do: this class.
    Class(CauseClass),
}

macro_rules! rules {
    ($($name:literal, $text:literal, $explanation:literal, $confidence:literal, $treatment:expr,
       $sample:literal => $subject:literal;)*) => {
        vec![$(Rule {
            name: $name,
            pattern: Regex::new($text).ok(),
            explanation: $explanation,
            confidence: $confidence,
            treatment: $treatment,
            #[cfg(test)]
            sample: ($sample, $subject),
        }),*]
    };
}

use NeedKind::{Header, Library, PkgConfig, Program};
use Treatment::{
    Class, DataFile, Executable, File, LineEnds, Package, Port, Registry, Retry, Service,
    ServiceDatabase, ServicePort, ServiceUser, SystemNeed, Target, Unreachable, User, Variable,
    Watch,
};

#[rustfmt::skip]
pub(super) static RULES: LazyLock<Vec<Rule>> = LazyLock::new(|| rules![
    // Missing programs
    "generic.missing-program", r"(?:^|: )(?:line \d+: )?([\w.+-]+): (?:command )?not found\s*$",
        "the program `{}` is not installed", 0.85, SystemNeed(Program),
        "bash: line 3: ffmpeg: command not found" => "ffmpeg";
    "generic.missing-program", r"make(?:\[\d+\])?: ([\w.+-]+): No such file or directory",
        "the program `{}` is not installed", 0.85, SystemNeed(Program),
        "make[1]: bison: No such file or directory" => "bison";
    "generic.missing-program", r"FileNotFoundError: \[Errno 2\] No such file or directory: '([\w.+-]+)'$",
        "the program `{}` is not installed", 0.5, SystemNeed(Program),
        "FileNotFoundError: [Errno 2] No such file or directory: 'pg_config'" => "pg_config";
    "generic.missing-program", r"spawn ([\w.+-]+) ENOENT", "the program `{}` is not installed", 0.7,
        SystemNeed(Program), "Error: spawn convert ENOENT" => "convert";
    "generic.missing-program", r#"exec: "([\w.+-]+)": executable file not found in \$PATH"#,
        "the program `{}` is not installed", 0.85, SystemNeed(Program),
        "exec: \"gcc\": executable file not found in $PATH" => "gcc";
    "generic.missing-program", r#"Cannot run program "([\w.+-]+)".*No such file or directory"#,
        "the program `{}` is not installed", 0.8, SystemNeed(Program),
        "java.io.IOException: Cannot run program \"dot\": error=2, No such file or directory" => "dot";
    "generic.missing-program", r"(?:Could NOT find|Could not find) (?:a )?(?:program )?[`']?(Doxygen|Git|BISON|FLEX|PkgConfig|Perl|SWIG|Gperf)\b",
        "the program `{}` is not installed", 0.7, SystemNeed(Program),
        "-- Could NOT find FLEX (missing: FLEX_EXECUTABLE)" => "FLEX";
    "generic.missing-program", r"configure: error: .*?\b(yacc|bison|flex|lex|m4|pkg-config|nasm|yasm|gperf|makeinfo|libtool)\b",
        "the program `{}` is not installed", 0.75, SystemNeed(Program),
        "configure: error: \"yacc not found\"" => "yacc";
    "generic.missing-program", r"(?:Error|error): (?:can't|cannot|could not|unable to) (?:find|exec|execute|run) [`'\x22]?(aclocal|autoconf|automake|autoreconf|libtoolize|autopoint|gettext|protoc|nasm|ninja|cmake|meson)\b",
        "the program `{}` is not installed", 0.8, SystemNeed(Program),
        "autoreconf: error: cannot exec \"autopoint\"" => "autopoint";
    "generic.missing-program", r"Could not find `?(protoc|cmake|clang|nasm|perl|pkg-config|libclang)`?",
        "the program `{}` is not installed", 0.8, SystemNeed(Program),
        "Could not find `protoc`. If `protoc` is installed, try setting" => "protoc";
    "generic.missing-program", r"(?:is|Is) `(cmake|protoc|nasm|perl|pkg-config|make)` (?:not )?installed\?",
        "the program `{}` is not installed", 0.85, SystemNeed(Program),
        "failed to execute command: No such file or directory (os error 2)\nis `cmake` not installed?" => "cmake";
    "generic.missing-program", r"linker `(\w[\w.+-]*)` not found", "the linker `{}` is not installed", 0.9,
        SystemNeed(Program), "error: linker `lld` not found" => "lld";
    "generic.missing-program", r"(?:invalid linker name in argument|unable to find linker|cannot find '(?:ld|lld)'|cannot find 'ld\.)\D*?\b(lld|mold|gold)\b",
        "the linker `{}` is not installed", 0.85, SystemNeed(Program),
        "collect2: fatal error: cannot find 'ld' -fuse-ld=lld" => "lld";
    // Missing headers and libraries
    "generic.missing-header", r"fatal error: '?([\w./+-]+\.h(?:pp|xx)?)'?(?:: No such file| file not found)",
        "the header `{}` is missing", 0.9, SystemNeed(Header),
        "_imaging.c:77:10: fatal error: libpq-fe.h: No such file or directory" => "libpq-fe.h";
    "generic.missing-header", r"fatal error: '?((?:boost|eigen3|Eigen|glm|gtest|gmock|fmt|nlohmann)/[\w./+-]+)'?(?:: No such file| file not found)",
        "the header `{}` is missing", 0.9, SystemNeed(Header),
        "a.cpp:1:10: fatal error: boost/version.hpp: No such file or directory" => "boost/version.hpp";
    "generic.missing-pkgconfig", r"No package '([\w.+-]+)' found", "the library `{}` is missing", 0.9,
        SystemNeed(PkgConfig), "No package 'libevent' found" => "libevent";
    "generic.missing-pkgconfig", r"Package '?([\w.+-]+)'?,? (?:was not found in the pkg-config search path|required by .* not found)",
        "the library `{}` is missing", 0.9, SystemNeed(PkgConfig),
        "Package openssl was not found in the pkg-config search path." => "openssl";
    "generic.missing-pkgconfig", r"The system library `([\w.+-]+)` required by crate",
        "the library `{}` is missing", 0.95, SystemNeed(PkgConfig),
        "  The system library `dbus-1` required by crate `libdbus-sys` was not found." => "dbus-1";
    "generic.missing-pkgconfig", r#"Dependency "?([\w.+-]+)"? (?:not found|found: NO)"#,
        "the library `{}` is missing", 0.7, SystemNeed(PkgConfig),
        "meson.build:12:0: ERROR: Dependency \"glib-2.0\" not found, tried pkgconfig" => "glib-2.0";
    "generic.missing-library", r"(?:ld|lld|mold|collect2): (?:error: unable to find library|cannot find|library not found for) -l([\w.+-]+)",
        "the library `{}` to link is missing", 0.9, SystemNeed(Library),
        "/usr/bin/ld: cannot find -lpq: No such file or directory" => "pq";
    "generic.missing-library", r"(lib[\w+-]+\.so(?:\.\d+)*): cannot open shared object file",
        "the shared library `{}` is missing", 0.9, SystemNeed(Library),
        "ImportError: libGL.so.1: cannot open shared object file: No such file or directory" => "libGL.so.1";
    "generic.missing-library", r"Could NOT find ([A-Z][A-Za-z0-9_]+) \(missing:",
        "the library `{}` is missing", 0.6, SystemNeed(NeedKind::Cmake),
        "  Could NOT find CURL (missing: CURL_LIBRARY CURL_INCLUDE_DIR)" => "CURL";
    "generic.missing-library", r#"Could not find a package configuration file provided by "(\w+)""#,
        "the library `{}` is missing", 0.6, SystemNeed(NeedKind::Cmake),
        "  Could not find a package configuration file provided by \"GTest\" with any" => "GTest";
    "generic.missing-library", r#"configure: error: "?(?:lib)?([a-z][\w+-]*) (?:not found|is required|library (?:is required|not found))"#,
        "the library `{}` is missing", 0.6, SystemNeed(Library),
        "configure: error: \"libevent not found\"" => "event";
    "generic.missing-library", r"OSError: (?:cannot load library|no library called) '?\x22?(?:lib)?(cairo|pango|gobject|magic|sndfile|portaudio)",
        "the shared library `{}` is missing", 0.85, SystemNeed(Library),
        "OSError: no library called \"cairo-2\" was found" => "cairo";
    // Services
    "generic.service-refused", r"(?:connection to server at .*?port|Is the server running .*?port) (5432|5433)\b.*(?:failed|refused|connections)",
        "PostgreSQL is not running on port {}", 0.9, Service(ServiceKind::Postgres),
        "connection to server at \"localhost\" (127.0.0.1), port 5432 failed: Connection refused" => "5432";
    "generic.service-refused", r"(?:could not connect to server|psycopg2\.OperationalError|asyncpg\.exceptions|PG::ConnectionBad)",
        "PostgreSQL is not running", 0.8, Service(ServiceKind::Postgres),
        "psycopg2.OperationalError: could not connect to server: Connection refused" => "";
    "generic.service-refused", r"Can't connect to (?:local )?MySQL server|ER_ACCESS_DENIED|MySQLdb\.OperationalError|pymysql\.err\.OperationalError: \(2003",
        "MySQL is not running", 0.85, Service(ServiceKind::Mysql),
        "pymysql.err.OperationalError: (2003, \"Can't connect to MySQL server on 'localhost'\")" => "";
    "generic.service-refused", r"Error (?:111|99) connecting to \S+:6379|redis\.exceptions\.ConnectionError",
        "Redis is not running", 0.9, Service(ServiceKind::Redis),
        "redis.exceptions.ConnectionError: Error 111 connecting to localhost:6379. Connection refused." => "";
    "generic.service-refused", r"ServerSelectionTimeoutError|MongoNetworkError|MongooseServerSelectionError",
        "MongoDB is not running", 0.85, Service(ServiceKind::Mongodb),
        "MongooseServerSelectionError: connect ECONNREFUSED 127.0.0.1:27017" => "";
    "generic.service-refused", r"AMQPConnectionError|(?:amqp|AMQP).*(?:ECONNREFUSED|connection refused)",
        "RabbitMQ is not running", 0.8, Service(ServiceKind::Rabbitmq),
        "pika.exceptions.AMQPConnectionError" => "";
    "generic.service-refused", r"(?:ECONNREFUSED|[Cc]onnection refused).*?[:\]](5432|3306|6379|27017|5672|11211|4222)\b",
        "no service answers on port {}", 0.85, ServicePort,
        "Error: connect ECONNREFUSED 127.0.0.1:6379" => "6379";
    "generic.service-refused", r"[:\]](5432|3306|6379|27017|5672|11211|4222)\b.*(?:[Cc]onnection refused|ECONNREFUSED)",
        "no service answers on port {}", 0.85, ServicePort,
        "dial tcp 127.0.0.1:5432: connect: connection refused" => "5432";
    "generic.database-user", r#"(?:role "([\w-]+)" does not exist|password authentication failed for user "([\w-]+)")"#,
        "PostgreSQL does not know the user `{}`", 0.92, ServiceUser(ServiceKind::Postgres),
        "FATAL:  role \"auditor\" does not exist" => "auditor";
    "generic.database-user", r"Access denied for user '([\w-]+)'@",
        "MySQL does not know the user `{}`", 0.9, ServiceUser(ServiceKind::Mysql),
        "ERROR 1045 (28000): Access denied for user 'shop'@'localhost' (using password: YES)" => "shop";
    "generic.database-name", r#"(?:FATAL|asyncpg\S*|psycopg\S*|DatabaseError|error|Error).*\bdatabase "([\w-]+)" does not exist"#,
        "PostgreSQL has no database `{}`", 0.92, ServiceDatabase(ServiceKind::Postgres),
        "FATAL:  database \"ledgers\" does not exist" => "ledgers";
    "generic.database-name", r"Unknown database '([\w-]+)'",
        "MySQL has no database `{}`", 0.92, ServiceDatabase(ServiceKind::Mysql),
        "ERROR 1049 (42000): Unknown database 'shop'" => "shop";
    // Scripts
    "generic.line-ends", r"(?:\\r['’]: |\r['’]?: |/\S*(?:\^M|\r): bad interpreter|\$'[^']*\\r|/env: .*-\[v\]S to pass options in shebang lines)",
        "a script has the line ends of another system", 0.96, LineEnds,
        "/usr/bin/env: 'bash\\r': No such file or directory" => "";
    "generic.line-ends", r"(?:^|: |exec )(?:\d+: )?((?:\./|\.\./|/workspace/)?[\w@+-][\w./@+-]*): (?:not found|[Nn]o such file or directory|cannot execute: required file not found)\s*$",
        "the script `{}` has the line ends of another system", 0.96, LineEnds,
        "sh: 1: ./scripts/test.sh: not found" => "./scripts/test.sh";
    "generic.line-ends", r"(?:No such file or directory: '|spawn )([\w./@+-]*[\w@+-]\.?\w*)(?:' *$| ENOENT)",
        "the script `{}` has the line ends of another system", 0.96, LineEnds,
        "Error: spawn ./scripts/test.sh ENOENT" => "./scripts/test.sh";
    "generic.not-executable", r"(?:^|[\s'\x22`(])((?:\./|\.\./|/workspace/)?[\w@+-][\w./@+-]*)['\x22]?: (?:cannot execute: )?[Pp]ermission denied",
        "the script `{}` has no execute bit", 0.95, Executable,
        "make: ./tests/run.sh: Permission denied" => "./tests/run.sh";
    "generic.not-executable", r#"(?:[Pp]ermission denied[:,]? (?:- )?(?:exec(?:v\w*)?)? ?['\x22]?((?:\./|/workspace/)?[\w@+-][\w./@+-]*)|spawn (\S+) EACCES|Cannot run program "([^"]+)".*(?:error=13|Permission denied)|Can't exec "([^"]+)": Permission denied)"#,
        "the script `{}` has no execute bit", 0.95, Executable,
        "PermissionError: [Errno 13] Permission denied: './tools/render.sh'" => "./tools/render.sh";
    // Manifests
    "generic.broken-manifest", r"(?:Non-parseable POM|Malformed POM|EJSONPARSE|failed to parse manifest at|TOML parse error|Failed to parse[: ]+.*pyproject\.toml|Invalid (?:statement|value) .*(?:toml|TOML)|There was an error parsing `Gemfile`|\*\*\* missing separator|CMake Error.*[Pp]arse error|go\.mod:\d+: (?:unknown directive|syntax error|usage:)|Unexpected token .* in JSON|JSON\.parse.*package\.json)",
        "a manifest or build file cannot be read", 0.7, Class(CauseClass::Intrinsic),
        "[FATAL] Non-parseable POM /workspace/pom.xml: end tag name must match start tag name" => "";
    // Locales
    "generic.missing-locale", r"(?:unsupported locale setting|cannot change locale|cannot set LC_\w+ to|Setting locale failed|invalid locale name|locale .{0,40} (?:is not supported|not found|not installed)|locale::facet::_S_create_c_locale name not valid|[Ll]ocale [`'\x22]?[a-z]{2}_[A-Z]{2}[\w.@-]*[`'\x22]? (?:is )?(?:not (?:available|found|installed|supported)|unavailable|missing))",
        "a locale is wanted that the system lacks", 0.75, Package("locales-all"),
        "locale.Error: unsupported locale setting" => "";
    "generic.missing-time-zones", r"(?:ZoneInfoNotFoundError|UnknownTimeZoneError|unknown time zone [A-Z]\w+/|TZInfo::DataSourceNotFound|DateTimeZone::__construct\(\): (?:Timezone database is corrupt|Unknown or bad timezone)|locate_zone|time ?zone database (?:is )?(?:not found|missing))",
        "a time zone is wanted that the system lacks", 0.75, Package("tzdata"),
        "zoneinfo._common.ZoneInfoNotFoundError: 'No time zone found with key Europe/Berlin'" => "";
    // The machine
    "generic.address-in-use", r"(?:[Aa]ddress already in use|EADDRINUSE|[Pp]ort is already in use)\b.*?:(\d{2,5})\b", "the port {} that it wants is taken",
        0.85, Port, "Error: listen EADDRINUSE: address already in use :::3000" => "3000";
    "generic.address-in-use", r":(\d{2,5})\b.*[Aa]ddress already in use", "the port {} that it wants is taken", 0.85, Port,
        "listen tcp :8080: bind: address already in use" => "8080";
    "generic.address-in-use", r"\b[Pp]ort (\d{2,5}) (?:is|was) (?:already |currently )?(?:in use|taken|occupied|used by|allocated)", "the port {} that it wants is taken", 0.85, Port,
        "Web server failed to start. Port 8080 was already in use." => "8080";
    "generic.address-in-use", r"^(?:[^:]|:\D)*(?:[Aa]ddress already in use|EADDRINUSE)(?:[^:]|:\D)*$", "a port that it wants is taken", 0.8, Port,
        "OSError: [Errno 98] Address already in use" => "";
    "generic.address-in-use", r"(?i)\balready (?:running|listening) on port (\d{2,5})\b", "the port {} that it wants is taken", 0.8, Port,
        "Something is already running on port 3000." => "3000";
    "generic.disk-full", r"(?:No space left on device|ENOSPC|[Dd]isk quota exceeded|EDQUOT|(?:database or )?disk is full|not enough (?:free )?(?:disk )?space)", "the disk is full", 0.95, Class(Environment),
        "OSError: [Errno 28] No space left on device" => "";
    "generic.out-of-memory", r"(?:JavaScript heap out of memory|^Killed$|java\.lang\.OutOfMemoryError|fatal error: Killed signal terminated program cc1|MemoryError(?::|$)|[Cc]annot allocate memory|std::bad_alloc|memory allocation of \d+ bytes failed|fatal error: (?:runtime: )?out of memory|[Vv]irtual memory exhausted|NoMemoryError|Allowed memory size of \d+ bytes exhausted|^Out of memory|ERR_WORKER_OUT_OF_MEMORY|GC overhead limit exceeded|heap (?:space )?exhausted|signal: 9, SIGKILL|exit (?:code|status) 137)",
        "needs more memory than it may use", 0.8, Class(NeedsHardware),
        "FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory" => "";
    // The network
    "generic.transient-network", r"(?:ECONNRESET|ETIMEDOUT|socket hang up|[Cc]onnection reset by peer|Connection aborted|RemoteDisconnected|IncompleteRead|IncompleteMessage|error sending request|ReadTimeoutError|Read timed out|operation timed out|TLS handshake (?:timeout|eof)|unexpected EOF while reading|early EOF|spurious network error)",
        "a download broke off", 0.6, Retry,
        "npm ERR! network request to https://x failed, reason: read ECONNRESET" => "";
    "generic.transient-network", r"(?:HTTP error|status code|[Ss]erver [Ee]rror|returned error:|response code|status: |HTTP/1.1) ?(429|500|502|503|504)\b",
        "a registry answered with status {}", 0.6, Retry,
        "curl: (22) The requested URL returned error: 503" => "503";
    "generic.transient-network", r"\b(502 Bad Gateway|503 Service Unavailable|504 Gateway Time-?out|429 Too Many Requests)",
        "a registry answered `{}`", 0.6, Retry,
        "npm ERR! 503 Service Unavailable - GET https://x" => "503 Service Unavailable";
    "generic.dead-proxy", r"(?:tunnel error: failed to create underlying connection|[Pp]roxy CONNECT aborted|ProxyError\(|[Cc]annot connect to proxy|(?:[Ff]ailed|[Cc]ould not|[Uu]nable) (?:to )?connect to (?:the )?proxy|proxyconnect tcp: |Unable to tunnel through proxy|407 Proxy Authentication Required|ERR_PROXY_CONNECTION_FAILED|ProxyConnectException|CONNECT tunnel failed|Received HTTP code \d+ from proxy|[Cc]ould not resolve proxy|tunneling socket could not be established)",
        "the proxy that this host names does not let it through", 0.88, Unreachable(NeedsNetwork),
        "go: example.com/m@v1.0.0: Get \"https://x/y\": proxyconnect tcp: dial tcp 127.0.0.1:9: connect: connection refused" => "";
    "generic.dead-proxy", r"(?:request to https?://[\w-]+(?:\.[\w-]+)*\.[a-z]{2,}/\S* failed, reason: (?:connect )?ECONNREFUSED (?:127\.0\.0\.1|::1)|\[7\] Could(?:n't| not) connect to server \(Failed to connect to (?:127\.0\.0\.1|localhost) port|\(https?://[\w.-]+\.[a-z]{2,}[^)]*\): Connect to (?:127\.0\.0\.1|localhost):\d+ .*failed)",
        "the proxy that this host names does not answer", 0.88, Unreachable(NeedsNetwork),
        "npm error request to https://registry.example.com/ms failed, reason: connect ECONNREFUSED 127.0.0.1:9" => "";
    "generic.untrusted-certificate", r"(?:CERTIFICATE_VERIFY_FAILED|certificate verify failed|SELF_SIGNED_CERT_IN_CHAIN|DEPTH_ZERO_SELF_SIGNED_CERT|UNABLE_TO_(?:VERIFY_LEAF_SIGNATURE|GET_ISSUER_CERT(?:_LOCALLY)?)|x509: certificate signed by unknown authority|invalid peer certificate|PKIX path building failed|SSL certificate problem|server certificate verification failed|[Ss]elf[- ]signed certificate|unable to get (?:local )?issuer certificate|error (?:setting|adding trust anchors|loading CA)\b.*(?:certificate|CA file))",
        "this host does not trust the certificate of a registry: its certificate authorities lack one", 0.86, Unreachable(Environment),
        "npm error code SELF_SIGNED_CERT_IN_CHAIN" => "";
    "generic.needs-network", r"(?:socket\.gaierror|Temporary failure in name resolution|getaddrinfo (?:ENOTFOUND|EAI_AGAIN)|Could not resolve host|Name or service not known|UnknownHostException|: no such host|failed to lookup address information|[Nn]etwork is unreachable|ENETUNREACH)",
        "it wants a network host that it may not reach", 0.7, Class(NeedsNetwork),
        "Error: getaddrinfo ENOTFOUND api.example.com" => "";
    "generic.needs-registry", r"(?:npm (?:ERR!|error) (?:network|code (?:EAI_AGAIN|ENOTFOUND))|ERR_PNPM_META_FETCH_FAIL|YN0035|Could not transfer artifact|Could not (?:GET|HEAD|resolve) '?https?:|failed to download (?:from )?`|failed to get `[^`]+` as a dependency|go: .*: dial tcp: lookup|Retrying \(Retry\(total=)",
        "its tool downloads packages while it runs", 0.75, Registry,
        "go: example.com/m@v1.0.0: Get \"https://x/y\": dial tcp: lookup x: no such host" => "";
    // Folders
    "generic.wrong-directory", r"(?:could not find|[Cc]ould not read|can't open file|[Nn]o such file or directory[,:]|[Ff]ailed to load|not found in current directory|does not appear to contain) [`'\x22(/\w.-]*?\b(package\.json|Cargo\.toml|go\.mod|pom\.xml|CMakeLists\.txt|manage\.py|pyproject\.toml|setup\.py|requirements\.txt|Gemfile|Rakefile|composer\.json)\b",
        "`{}` is in another folder", 0.8, File,
        "error: could not find `Cargo.toml` in `/workspace` or any parent directory" => "Cargo.toml";
    "generic.wrong-directory", r"\b(go\.mod|Makefile|package\.json|Gemfile|deno\.json) (?:file )?(?:not found|could not be found)",
        "`{}` is in another folder", 0.8, File,
        "go: go.mod file not found in current directory or any parent directory" => "go.mod";
    "generic.wrong-directory", r"(?:bash|sh)(?:: line \d+)?: (?:\d+: )?(\./[\w./-]+): (?:No such file or directory|not found)",
        "`{}` is in another folder", 0.7, File, "bash: line 1: ./gradlew: No such file or directory" => "./gradlew";
    "generic.wrong-directory", r"FileNotFoundError: \[Errno 2\] No such file or directory: '([\w.-][^'/]*/[^']+)'",
        "`{}` is in another folder", 0.6, DataFile,
        "FileNotFoundError: [Errno 2] No such file or directory: 'data/greeting.txt'" => "data/greeting.txt";
    "generic.wrong-directory", r"ENOENT: no such file or directory, open '(\.{0,2}/?[\w.-][^'/]*/[^']+)'",
        "`{}` is in another folder", 0.5, DataFile,
        "Error: ENOENT: no such file or directory, open 'fixtures/a.json'" => "fixtures/a.json";
    "generic.wrong-directory", r"make: \*\*\* No rule to make target [`'\x22](\w[\w-]*)['\x22]\.  ?Stop",
        "the target `{}` is in another folder", 0.7, Target,
        "make: *** No rule to make target 'test'.  Stop." => "test";
    "generic.watch-mode", r"(?i)(?:watch usage|waiting for file changes|press (?:q|h) to|watching for file changes|\[nodemon\] watching)",
        "it waits for changes of files", 0.95, Watch, "Waiting for file changes..." => "";
    // Privileges
    "generic.refuses-root", r"(?i)(?:\b(?:must|should|can|do|may|will|does)(?: ?not|n't) (?:be )?(?:run|execute|start|launch|work)(?:e?d|ning|ing)?\b.{0,30}\b(?:as|with|by|under|for) (?:the )?(?:root|superuser)\b|(?:can't|won't|never) (?:be )?run\b.{0,30}\b(?:as|by) (?:the )?(?:root|superuser)\b|running (?:\w+ ){0,3}as root(?: without --no-sandbox)? is (?:not|un|forbidden|prohibited|disallowed)|refus\w+ to (?:run|start|work|continue) (?:\w+ )?(?:as|under|for) root|root (?:privileges |user |access |account )?(?:are|is) not (?:allowed|supported|permitted)|(?:must|should|needs? to|has to|please) (?:be )?(?:run|executed|started) (?:\w+ ){0,2}(?:as|by|under) (?:an? )?(?:non-root|unprivileged|regular|normal|ordinary|non-privileged)|non-root user (?:is )?required|not (?:as|with) root\b|don't run .{0,40}as root)",
        "it refuses to run as root", 0.85, User("runner"),
        "initdb: error: cannot be run as root" => "";
    "generic.needs-root", r"(?i)(?:(?:must|should|has to|have to|needs? to|can only) (?:only )?(?:be |run )?(?:run |executed |started |invoked )?(?:\w+ ){0,2}?(?:as |by |with |under |using |via )?(?:the )?(?:root|superuser|sudo)(?:['\x22`]?(?:$|[.,;:!)\]])| (?:user|privileges?|access|permissions?|rights|account|to|for|or|in|because|on)\b)|\b(?:requires?|needs?|wants?) (?:to be )?(?:run (?:as|with) )?(?:the )?(?:root|superuser|sudo)(?:['\x22`]?(?:$|[.,;:!)\]])| (?:user|privileges?|access|permissions?|rights|account|to|for|or|in|because|on)\b)|\b(?:lacks?|without|missing) (?:root|superuser|sudo) (?:privileges?|access|permissions?|rights)\b|\b(?:root|superuser|administrator) (?:privileges?|access|permissions?|rights)? ?(?:are|is) (?:required|needed|necessary)|are you root\?|\bonly (?:root|the superuser) (?:can|may|is allowed)|(?:you are|you're|user is|running|run) not (?:as )?(?:the )?root(?:['\x22`]?(?:$|[.,;:!)\]])| (?:user|privileges?|access|permissions?|rights|account|to|for|or|in|because|on)\b)|(?:not running|not run|not being run) as (?:root|superuser)|(?:^|[.:;,!] ?|please |and )(?:re-?)?run (?:\w+ ){0,4}(?:as|with|using|under) (?:root|sudo|the superuser)\b)",
        "it wants to run as root", 0.8, User("root"),
        "error: this test must be run as root" => "";
    "generic.needs-root", r"(?:(?:cannot (?:create|open|touch|remove|move|copy|write|stat|access|change)|could not (?:create|open|write)|mkdir|open|unlink|create|Error writing to|PermissionError|EACCES|EROFS)\b.*['\x22` ](/(?:usr|etc|opt|var|srv|root|lib|bin|sbin|run)[\w./-]*).*(?:[Pp]ermission denied|[Rr]ead-only file system)|(?:PermissionError|EACCES|EROFS|Permission denied|Read-only file system)\b.*['\x22` ](/(?:usr|etc|opt|var|srv|root|lib|bin|sbin|run)[\w./-]*))",
        "it writes to `{}`, which is the system's", 0.75, User("root"),
        "install: cannot create regular file '/usr/local/bin/greet': Permission denied" => "/usr/local/bin/greet";
    "generic.needs-privilege", r"(?:Operation not permitted|EPERM|operation not permitted)",
        "it wants a privilege that it does not have", 0.6, Class(NeedsPrivilege),
        "mount: /mnt: Operation not permitted" => "";
    "generic.needs-docker", r"(?:Cannot connect to the Docker daemon|Could not find a valid Docker environment|docker\.errors\.DockerException|/var/run/docker\.sock)",
        "it wants a container daemon", 0.85, Class(NeedsPrivilege),
        "Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?" => "";
    // Variables and secrets
    "generic.missing-variable", r"KeyError: '([A-Z][A-Z0-9_]{2,})'", "the variable `{}` is not set", 0.7, Variable,
        "KeyError: 'SECRET_KEY'" => "SECRET_KEY";
    "generic.missing-variable", r"(?:[Ee]nvironment variable|env var(?:iable)?|[Vv]ariable) [`'\x22]?([A-Z][A-Z0-9_]{2,})[`'\x22]? (?:is |was |must be |has )?(?:not (?:set|found|defined|present)|missing|required|undefined|unset|set!?$)",
        "the variable `{}` is not set", 0.85, Variable,
        "Error: environment variable `DATABASE_URL` not found" => "DATABASE_URL";
    "generic.missing-variable", r"[`'\x22]?\b([A-Z][A-Z0-9]*_[A-Z0-9_]+)\b[`'\x22]?:? (?:(?:environment |env )(?:variable |var )?)?(?:is |was |are |must be |has |have |been |cannot be |can't be |may not be |must not be |should be |needs to be |has to be )*(?:isn't set|wasn't set|not been set|not set|not defined|missing|undefined|required|unset|must be set|not found in environment|not provided|not configured|not specified|not given)",
        "the variable `{}` is not set", 0.8, Variable,
        "ValueError: JWT_SECRET is not set" => "JWT_SECRET";
    "generic.missing-variable", r"(?:[Mm]issing|[Uu]nset|[Rr]equired) (?:required )?(?:env(?:ironment)? |config(?:uration)? |setting |key )?(?:var(?:iable)?s?|value|key|setting)?(?: named)?:? ?[`'\x22]?([A-Z][A-Z0-9]*_[A-Z0-9_]+)",
        "the variable `{}` is not set", 0.8, Variable,
        "Missing required environment variable: APP_KEY" => "APP_KEY";
    "generic.missing-variable", r"Set the ([A-Z][A-Z0-9_]+) environment variable", "the variable `{}` is not set", 0.9,
        Variable, "ImproperlyConfigured: Set the DJANGO_SECRET_KEY environment variable" => "DJANGO_SECRET_KEY";
    "generic.missing-variable", r"decouple\.UndefinedValueError: ([A-Z][A-Z0-9_]+) not found", "the variable `{}` is not set",
        0.95, Variable, "decouple.UndefinedValueError: SECRET_KEY not found. Declare it as envvar" => "SECRET_KEY";
    "generic.missing-variable", r"\b([A-Z][A-Z0-9_]{2,}): (?:parameter (?:null or )?not set|unbound variable)", "the variable `{}` is not set",
        0.85, Variable, "./tests/run.sh: line 3: GREETER_MODE: unbound variable" => "GREETER_MODE";
    "generic.missing-variable", r"environment variable `([A-Z][A-Z0-9_]{2,})` not defined at compile time", "the variable `{}` is not set",
        0.92, Variable, "error: environment variable `COUNTER_BUILD_KEY` not defined at compile time" => "COUNTER_BUILD_KEY";
    "generic.missing-variable", r"key not found: \x22([A-Z][A-Z0-9_]{2,})\x22", "the variable `{}` is not set",
        0.8, Variable, "KeyError: key not found: \"SHOP_MODE\"" => "SHOP_MODE";
    "generic.missing-variable", r"\b([A-Z][A-Z0-9_]{2,}): (?:(?:is |must be |please )?(?:set (?:this|it|me)\b|required|missing|not set|undefined|needed)|getEnv: does not exist|\[ ?['\x22]Required['\x22])", "the variable `{}` is not set",
        0.75, Variable, "program: COUNTER_KEY: getEnv: does not exist (no environment variable)" => "COUNTER_KEY";
    "generic.missing-variable", r"(?:could not fetch environment variable|[Ee]nvironment variable not found:|Could not resolve placeholder|required key|Undefined (?:array key|index:?)|not find (?:the )?env(?:ironment)? var(?:iable)?) [`'\x22]?([A-Z][A-Z0-9]*_[A-Z0-9_]+)", "the variable `{}` is not set",
        0.85, Variable, "java.lang.IllegalArgumentException: Could not resolve placeholder 'SHOP_SIGNING_SALT' in value \"${SHOP_SIGNING_SALT}\"" => "SHOP_SIGNING_SALT";
    "generic.missing-variable", r"\b([A-Z][A-Z0-9]*_[A-Z0-9_]+)\b[`'\x22]?:? (?:env(?:ironment)? (?:variable |var )?)?(?:is |was |are |has |cannot be |can't be |may not be |must not be |should not be )*(?:not found|not present|empty|blank)\b", "the variable `{}` is not set",
        0.6, Variable, "panic: SHOP_REALM must not be empty" => "SHOP_REALM";
    "generic.missing-variable", r"(?i:\b(?:please|must|need to|needs to|have to|has to|required? to|forg[eo]t to|forgotten to|expected)) (?i:set|export|define|provide|specify|supply|configure|pass)? ?(?i:the |an? |your )?(?i:env(?:ironment)? (?:var(?:iable)? )?)?[`'\x22$]?\b([A-Z][A-Z0-9]*_[A-Z0-9_]+)\b", "the variable `{}` is not set",
        0.6, Variable, "RuntimeError: please set SHOP_MODE before you start" => "SHOP_MODE";
    "generic.missing-variable", r"(?:^>\s.*\bos\.(?:environ\.get|getenv)\(|^ {4}\S.*(?:int|float|Path|open|loads)\(os\.(?:environ\.get|getenv)\(|^.*\bprocess\.env(?:\.|\[))[`'\x22]?([A-Z][A-Z0-9]*_[A-Z0-9_]+)(?:[`'\x22]?\)|.*\b(?:throw|exit)\b)", "the variable `{}` is not set",
        0.45, Variable, "if (!process.env.SHOP_MODE) throw new Error('configuration incomplete');" => "SHOP_MODE";
    "generic.missing-variable", r"`?\b([A-Z][A-Z0-9_]{2,})\b`? must be set", "the variable `{}` is not set", 0.85, Variable,
        "error: `DATABASE_URL` must be set to use query macros" => "DATABASE_URL";
    "generic.needs-secret", r"(?:NoCredentialsError|Unable to locate credentials|DefaultCredentialsError|AuthenticationError: .*api key|401 Unauthorized|Bad credentials|invalid_api_key)",
        "it wants credentials that only their owner has", 0.6, Class(NeedsSecret),
        "botocore.exceptions.NoCredentialsError: Unable to locate credentials" => "";
    // Hardware
    "generic.needs-hardware", r"(?:Found no NVIDIA driver|CUDA driver version is insufficient|No CUDA GPUs are available|no CUDA-capable device|libcuda\.so\.1|nvcc: (?:command )?not found|CUDA_HOME environment variable is not set|Torch not compiled with CUDA)",
        "it wants a GPU", 0.9, Class(NeedsHardware),
        "RuntimeError: Found no NVIDIA driver on your system." => "";
]);
