//! The table of log lines that tell what is wrong. Each row has a sample of the line it matches.

use std::sync::LazyLock;

use regex::Regex;
use rr_core::CauseClass::{self, Environment, Intrinsic, NeedsNetwork};

/// One rule.
pub(super) struct Rule {
    /// Stable name of the error's class.
    pub(super) name: &'static str,
    /// Matches one line; the first group that takes part is the subject.
    pub(super) pattern: Option<Regex>,
    /// One sentence; `{}` is the subject.
    pub(super) explanation: &'static str,
    pub(super) cause: CauseClass,
    pub(super) confidence: f32,
    pub(super) treatment: Treatment,
    /// A line that it matches, and the subject found in it.
    #[cfg(test)]
    pub(super) sample: (&'static str, &'static str),
}

/// What follows from a match.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Treatment {
    /// A module is missing: build it, add it, or take another Node.
    Module,
    /// A program of a package is missing.
    Program,
    /// A package that a tool wants beside it.
    Package,
    /// A test environment of jest's own line of packages.
    JestPackage,
    /// Peer requirements contradict each other.
    LegacyPeers,
    /// The lockfile does not fit the manifest.
    LooseInstall,
    /// The lockfile names what cannot be had: forget it.
    ForgetLock,
    /// The lockfile cannot be read: resolve anew.
    NewLock,
    /// The manager must be of this range.
    OlderManager(&'static str),
    /// The registry has no version as declared: take another.
    OtherVersion,
    /// Node must be in this range.
    NodeRange,
    /// An option that only a newer Node has.
    NodeForOption,
    /// Node must be newer; the number is the least line.
    NewerNode(u32),
    /// Node must be older; the number is the newest line that will do.
    OlderNode(u32),
    /// Node by the major version of node-sass that is the subject.
    NodeForSass,
    /// OpenSSL 3 refuses what an old bundler hashes with.
    LegacyOpenSsl,
    /// A native module does not compile.
    NativeBuild,
    /// A native module is there but was not built.
    NativeRebuild,
    /// A script of a package fails during the install.
    WithoutScripts,
    /// The manager must be of this version.
    ManagerVersion,
    /// Node ran out of its own heap limit.
    MoreHeap,
    /// A browser is missing.
    Browser,
    /// Dependencies of today do not fit this tree.
    Rotted,
    /// A host that cannot be reached.
    Host,
    /// Nothing is to be done.
    Nothing,
}

macro_rules! rules {
    ($($name:literal, $cause:ident, $confidence:literal, $treatment:expr, $text:literal,
       $explanation:literal, $sample:literal => $subject:literal;)*) => {
        vec![$(Rule {
            name: $name,
            pattern: Regex::new($text).ok(),
            explanation: $explanation,
            cause: $cause,
            confidence: $confidence,
            treatment: $treatment,
            #[cfg(test)]
            sample: ($sample, $subject),
        }),*]
    };
}

use Treatment::*;

#[rustfmt::skip]
pub(super) static RULES: LazyLock<Vec<Rule>> = LazyLock::new(|| rules![
    // Modules
    "javascript.missing-module", Environment, 0.85, Module,
        r#"Cannot find (?:module|package) ['"]([^'"\s]+)['"]"#, "the module `{}` is not there",
        "Error: Cannot find module 'left-pad'" => "left-pad";
    "javascript.missing-module", Environment, 0.85, Module,
        r#"(?:Failed to resolve import|Can't resolve|Could not resolve|Unable to resolve(?: path to)? module|Cannot find dependency) ['"]([^'"\s]+)['"]"#,
        "the module `{}` is not there",
        "Error: Failed to resolve import \"#app\" from \"src/a.ts\". Does the file exist?" => "#app";
    "javascript.missing-module", Environment, 0.85, Module,
        r#"(?:Preset|Module|Reporter) ["']?([@\w./-]+)["']? (?:not found|in the \w+ option was not found)"#,
        "the module `{}` is not there",
        "  Preset ts-jest not found." => "ts-jest";
    "javascript.missing-module", Environment, 0.85, Module,
        r"declared dependency is not installed: '([^']+)'", "the dependency `{}` is not installed",
        "declared dependency is not installed: 'react'" => "react";
    "javascript.missing-module", Environment, 0.8, Package,
        r"MISSING DEPENDENCY\s+Cannot find dependency '([^']+)'", "the package `{}` is not installed",
        " MISSING DEPENDENCY  Cannot find dependency 'jsdom'" => "jsdom";
    "javascript.missing-module", Environment, 0.85, JestPackage,
        r#"(?:Test environment|environment) ["']?(jest-environment-[\w-]+)["']? cannot be found"#,
        "the test environment `{}` is not installed",
        "  Test environment jest-environment-jsdom cannot be found. Make sure the testEnvironment" => "jest-environment-jsdom";
    "javascript.missing-program", Environment, 0.9, Program,
        r"(?:^|: )(?:line \d+: |\d+: )?([@\w./-]+): (?:command )?not found\s*$",
        "the program `{}` of no installed package is called",
        "sh: 1: mocha: not found" => "mocha";
    "javascript.missing-program", Environment, 0.85, Program,
        r#"ERR_PNPM_RECURSIVE_EXEC_FIRST_FAIL.*Command "([\w-]+)" not found"#,
        "the program `{}` of no installed package is called",
        " ERR_PNPM_RECURSIVE_EXEC_FIRST_FAIL  Command \"tsup\" not found" => "tsup";
    // Installs
    "javascript.peer-conflict", Environment, 0.95, LegacyPeers,
        r"(?:npm (?:ERR!|error) code ERESOLVE|ERESOLVE (?:unable to resolve|could not resolve))",
        "peer requirements contradict each other", "npm error code ERESOLVE" => "";
    "javascript.lockfile-differs", Environment, 0.95, LooseInstall,
        r"`npm ci` can only install (?:packages )?(?:when|with)", "the lockfile does not fit the manifest",
        "npm error `npm ci` can only install packages when your package.json and package-lock.json are in sync." => "";
    "javascript.lockfile-differs", Environment, 0.95, LooseInstall,
        r"(?:ERR_PNPM_OUTDATED_LOCKFILE|ERR_PNPM_LOCKFILE_CONFIG_MISMATCH|ERR_PNPM_FROZEN_LOCKFILE_WITH_OUTDATED_LOCKFILE|ERR_PNPM_LOCKFILE_BREAKING_CHANGE|Your lockfile needs to be updated|YN0028|lockfile had changes, but lockfile is frozen|lockfile is (?:outdated|out of date))",
        "the lockfile does not fit the manifest",
        "error Your lockfile needs to be updated, but yarn was run with `--frozen-lockfile`." => "";
    "javascript.lockfile-broken", Environment, 0.96, NewLock,
        r"(?:The `npm ci` command can only install with an existing|EJSONPARSE.*(?:package-lock|shrinkwrap)|Invalid (?:package-)?lock ?file|(?i:invalid: package-lock)|ERR_PNPM_BROKEN_LOCKFILE|lockfile .*is broken|Parse error when loading .*yarn\.lock|Unknown token: .*in .*yarn\.lock|Invalid value type .*yarn\.lock|(?:yarn\.lock|lockfile).*(?:unresolved|merge) conflicts?|failed to parse lockfile|InvalidLockfile|YN0018)",
        "the lockfile cannot be read",
        "npm error The `npm ci` command can only install with an existing package-lock.json or" => "";
    "javascript.manager-binary", Environment, 0.95, OlderManager("<11"),
        r"Could not download the (pnpm) [\d.]+ binary", "this {} fetches itself from elsewhere",
        "Could not download the pnpm 12.21.0 binary: @pnpm/exe.linux-x64@12.21.0 carries no npm registry signature, so it cannot be verified." => "pnpm";
    "javascript.lockfile-stale", Environment, 0.85, ForgetLock,
        r"(?:npm (?:ERR!|error) code (?:EINTEGRITY|ETARGET)|No matching version found for|ERR_PNPM_NO_MATCHING_VERSION|ERR_PNPM_TARBALL_INTEGRITY|Couldn't find any versions for|Integrity check failed|Incorrect integrity when fetching|npm (?:ERR!|error) 404 )",
        "the lockfile names a version that cannot be had",
        "npm error code EINTEGRITY" => "";
    "javascript.no-such-version", Environment, 0.8, OtherVersion,
        r"npm (?:ERR!|error) notarget No matching version found for (\S+@.+?)\.?\s*$",
        "the registry has no version `{}`",
        "npm error notarget No matching version found for @a/b@^22.2.5." => "@a/b@^22.2.5";
    "javascript.install-host", NeedsNetwork, 0.8, Host,
        r"(?:getaddrinfo|request to|connect(?:ing)? to|fetch|GET|access|ls-remote).*?(?:https?://|git@|ssh://git@|ENOTFOUND |EAI_AGAIN |git://)([\w-]+(?:\.[\w-]+)+)",
        "an install wants the host `{}`",
        "npm error network request to https://codeload.github.com/a/b/tar.gz failed, reason: connect ECONNREFUSED" => "codeload.github.com";
    "javascript.install-host", NeedsNetwork, 0.85, Host,
        r"(?:fatal: unable to access|error An unexpected error occurred:|Couldn't find the binary git|could not read from remote|ERR_PNPM_(?:FETCH|META_FETCH_FAIL)[\w]*).*?(?:https?://|git@|git://)([\w-]+(?:\.[\w-]+)+)",
        "an install wants the host `{}`",
        "fatal: unable to access 'https://github.com/a/b.git/': Could not resolve host" => "github.com";
    "javascript.install-script", Environment, 0.6, WithoutScripts,
        r"(?:npm (?:ERR!|error) (?:code ELIFECYCLE|command failed|Failed at the)|ELIFECYCLE|husky.*(?:not found|fatal|error)|fatal: not a git repository|error .*node_modules/.*: Command failed)",
        "a script of a package fails during the install", "npm error command failed" => "";
    "javascript.native-build", Environment, 0.75, NativeBuild,
        r"(?:gyp ERR! (?:build|configure) error|node-pre-gyp ERR!|gyp: .*failed|make: \*\*\* \[.*\.o\] Error|prebuild-install warn install)",
        "a native module does not compile", "gyp ERR! build error" => "";
    "javascript.native-build", Environment, 0.9, NativeBuild,
        r"(?:gyp ERR! find Python|No module named 'distutils'|ModuleNotFoundError: No module named 'distutils')",
        "a native module wants Python to compile", "gyp ERR! find Python" => "";
    "javascript.node-headers", NeedsNetwork, 0.95, Nothing,
        r"gyp ERR! stack (?:gyp ERR! stack )?(?:is related to (network connectivity)|.*(?:EAI_AGAIN|ENOTFOUND|ECONNREFUSED).*headers)",
        "node-gyp downloads the headers of this Node, and their host cannot be reached: `nodedir` in npm's configuration names a folder that has them",
        "gyp ERR! stack is related to network connectivity. In most cases you are behind a proxy" => "network connectivity";
    "javascript.native-missing", Environment, 0.9, NativeRebuild,
        r#"(?:Could not locate the bindings file|Error: Cannot find module '[^']*build/(?:Release|Debug)/([\w.-]+)'|was compiled against a (different Node\.js version)|No native build was found|Could not load the \"sharp" module)"#,
        "a native module was not built for this Node", "Error: Could not locate the bindings file. Tried:" => "";
    // Versions
    "javascript.node-version", Environment, 0.95, NodeRange,
        r#"engine "node" is incompatible with this module\. Expected version "([^"]+)""#,
        "it wants Node {}",
        "error foo@2.0.0: The engine \"node\" is incompatible with this module. Expected version \">= 22\". Got \"20.1.0\"" => ">= 22";
    "javascript.node-version", Environment, 0.95, NodeRange,
        r#"Required: .*?"node":\s*["']([^"']+)["']"#,
        "it wants Node {}", "npm error notsup Required: {\"node\":\">=22.12.0\"}" => ">=22.12.0";
    "javascript.node-version", Environment, 0.9, NodeRange,
        r"(?i)(?:requires?|required|needs?|supports?|expected|minimum)(?: version)?:? (?:at least |a minimum of )?node(?:\.?js)?(?: versions?)?:? (?:of )?(?:at least )?v?([\^>=~ ]*\d+(?:\.\d+)*\+?(?: \|\| [\^>=~ ]*\d[\d.]*)*)",
        "it wants Node {}",
        "Vite requires Node.js version 20.19+ or 22.12+. Please upgrade your Node.js version." => "20.19+";
    "javascript.node-version", Environment, 0.9, NodeRange,
        r"(?i)you are (?:using|running) node(?:\.js)? v?[\d.]+.*?(?:requires?|needs?) .*?((?:>=|\^)? ?v?\d+(?:\.\d+)*)",
        "it wants Node {}",
        "You are using Node.js 16.20.2. For Next.js, Node.js version >= v18.17.0 is required; this requires >=18.17.0" => ">=18.17.0";
    "javascript.node-option", Environment, 0.95, NodeForOption,
        r"(?:bad option: |^node: |: )(--[\w-]+)(?:=\S*)? ?(?:is not allowed in NODE_OPTIONS|is not a valid|$)",
        "Node is too old for its option `{}`",
        "node: bad option: --experimental-strip-types" => "--experimental-strip-types";
    "javascript.typescript-unknown", Environment, 0.75, NewerNode(24),
        r#"(?:ERR_UNKNOWN_FILE_EXTENSION|Unknown file extension) ?.*"(\.ts|\.mts)""#,
        "Node is too old to run TypeScript", "TypeError [ERR_UNKNOWN_FILE_EXTENSION]: Unknown file extension \".ts\" for /x.ts" => ".ts";
    "javascript.old-node", Environment, 0.85, NewerNode(20),
        r"SyntaxError: (?:Unexpected token '?(\?\?=|\|\|=|&&=|\?\?|\?\.|\?|\.|#)'?|The requested module 'node:[\w/]+' does not provide|Unexpected reserved word)",
        "Node is too old for this syntax (`{}`)", "SyntaxError: Unexpected token '??='" => "??=";
    "javascript.old-node", Environment, 0.8, NewerNode(20),
        r"(?:ReferenceError: (structuredClone|fetch|Headers|Response|Request|ReadableStream|AbortController|globalThis|CustomEvent|Blob|crypto|navigator|WebSocket|File) is not defined|TypeError: \S+\.(at|findLast|findLastIndex|replaceAll|hasOwn|toSorted|toReversed|with|allSettled|any|flatMap|fromEntries) is not a function)",
        "Node is too old: `{}` is missing", "ReferenceError: structuredClone is not defined" => "structuredClone";
    "javascript.old-node", Environment, 0.85, NewerNode(22),
        r"(?:Promise\.(withResolvers|try) is not a function|(Iterator|Float16Array) is not defined|(?:Object|Map)\.(groupBy) is not a function|Array\.(fromAsync) is not a function|(markAsUncloneable) is not a function|process\.(getBuiltinModule) is not a function|(ERR_REQUIRE_ESM)|require\(\) of (ES Module) \S+ (?:from|not supported)|import\.meta\.(dirname|filename)|util\.(styleText|parseEnv) is not a function|new Set\(\S*\)\.(union|difference))",
        "Node is too old: `{}` is missing", "TypeError: Promise.withResolvers is not a function" => "withResolvers";
    "javascript.old-node", Environment, 0.85, NewerNode(24),
        r"(?:RegExp\.(escape)|Error\.(isError)|Uint8Array\.(fromBase64|fromHex)) is not a function",
        "Node is too old: `{}` is missing", "TypeError: RegExp.escape is not a function" => "escape";
    "javascript.old-node", Environment, 0.9, NewerNode(22),
        r#"(?:No such built-in module: |Cannot find (?:module|package) ['"])(node:[\w/]+)"#,
        "Node is too old: the module `{}` is missing", "Error [ERR_UNKNOWN_BUILTIN_MODULE]: No such built-in module: node:sqlite" => "node:sqlite";
    "javascript.new-node", Environment, 0.95, OlderNode(10),
        r"(primordials) is not defined", "Node is too new: `{}` was taken away in 12",
        "ReferenceError: primordials is not defined" => "primordials";
    "javascript.new-node", Environment, 0.85, OlderNode(20),
        r"SyntaxError: Unexpected identifier '(assert)'", "Node is too new: `{}` was taken away in 22",
        "SyntaxError: Unexpected identifier 'assert'" => "assert";
    "javascript.new-node", Environment, 0.8, OlderNode(20),
        r"TypeError: util\.(isArray|isRegExp|isDate|isError|isString|isFunction|isObject|isNullOrUndefined|isPrimitive|isBuffer|isSymbol|isUndefined|isNull|isNumber|isBoolean|log|_extend) is not a function",
        "Node is too new: `util.{}` was taken away in 23", "TypeError: util.isArray is not a function" => "isArray";
    "javascript.new-node", Environment, 0.85, OlderNode(10),
        r"(process\.binding\('(?:natives|fs)'\)|internalBinding|ERR_NO_SUCH_BUILTIN.*|No such module: (?:http_parser|evals|contextify))",
        "Node is too new: {} was taken away", "Error: No such module: http_parser" => "No such module: http_parser";
    "javascript.node-sass", Environment, 0.95, NodeForSass,
        r"(?:Node Sass does not yet support your current environment|node-sass@(\d+)\.\d+\.\d+ (?:post)?install|node_modules/node-sass)",
        "node-sass wants an older Node", "npm ERR! node-sass@4.14.1 postinstall: `node scripts/build.js`" => "4";
    "javascript.openssl", Environment, 0.95, LegacyOpenSsl,
        r"(?:digital envelope routines::unsupported|ERR_OSSL_EVP_UNSUPPORTED|error:0308010C)",
        "an old bundler hashes with what OpenSSL 3 refuses", "Error: error:0308010C:digital envelope routines::unsupported" => "";
    "javascript.manager-version", Environment, 0.9, ManagerVersion,
        r#"(?:This project is configured to use v?|packageManager": "(?:yarn|pnpm)@|configured to use (?:yarn|pnpm)@|Your pnpm version is incompatible.*Expected version: |Expected version: )(\d+\.\d+\.\d+)"#,
        "it wants its package manager at {}",
        "error This project's package.json defines \"packageManager\": \"yarn@4.1.0\". However the current global version" => "4.1.0";
    // The machine
    "javascript.heap", Environment, 0.9, MoreHeap,
        r"(?:JavaScript heap out of memory|Reached heap limit|Ineffective mark-compacts near heap limit)",
        "Node ran out of its own heap limit",
        "FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory" => "";
    "javascript.playwright-browser", NeedsNetwork, 0.95, Nothing,
        r"Executable doesn't exist at \S*ms-playwright",
        "Playwright's own browser cannot be downloaded", "Error: browserType.launch: Executable doesn't exist at /home/runner/.cache/ms-playwright/chromium-1117/chrome-linux/chrome" => "";
    "javascript.browser", Environment, 0.85, Browser,
        r"(?:Could not find (?:Chrome|Chromium|expected browser)|Executable doesn't exist at|No binary for Chrome\w* browser|Cannot (?:start|find) Chrome|Failed to launch (?:the browser|chrome|browser)|CHROME_BIN|Please install (?:Chrome|Firefox)|Cypress (?:executable|verification|binary))",
        "a browser is missing", "Error: Could not find Chrome (ver. 121.0.6167.85)." => "";
    // Trees that time has left behind
    "javascript.rotted", Environment, 0.6, Rotted,
        r"(ERR_PACKAGE_PATH_NOT_EXPORTED|ERR_REQUIRE_ESM|TypeError: \w+(?:\.default)? is not a (?:function|constructor)|is not exported from)",
        "dependencies of today do not fit this tree ({})",
        "Error [ERR_PACKAGE_PATH_NOT_EXPORTED]: Package subpath './lib/x' is not defined" => "ERR_PACKAGE_PATH_NOT_EXPORTED";
    "javascript.types", Intrinsic, 0.5, Rotted,
        r"(?:error |: )(TS\d{4}): ", "the compiler refuses the sources ({})",
        "src/a.ts(3,5): error TS2345: Argument of type" => "TS2345";
    "javascript.no-tests", Intrinsic, 0.9, Nothing,
        r#"(?i)error: (no tests? specified)"#, "the test script is npm's placeholder",
        "Error: no test specified" => "no test specified";
    "javascript.no-tests", Intrinsic, 0.85, Nothing,
        r#"(?:^|[^\w'"])(No test files found|no tests specified|No tests found, exiting with code|No specs found|Couldn.t find any files to test|No test files were found|Reading TAP data from stdin)"#,
        "the runner finds no test files here: published packages often leave them out",
        "not ok 1 - no tests specified" => "no tests specified";
    "javascript.missing-file", Intrinsic, 0.4, Nothing,
        r"ENOENT: no such file or directory, (?:l?stat|open|scandir|access) '/workspace/((?:[^/']+/)*[^/']+)'",
        "the file `{}` is not in this tree",
        "Error: ENOENT: no such file or directory, stat '/workspace/test/all.js'" => "test/all.js";
    "javascript.snapshots", Intrinsic, 0.7, Nothing,
        r"(\d+) snapshots? (?:obsolete|failed)", "{} snapshots do not fit", " › 3 snapshots failed." => "3";
]);
