"""Reduces what a person and what a program found out to fields that can be compared whatever the
wording: languages, versions, the programs and verbs of a command, a port, kinds of databases.

Knows no program's output format (`analysis_programs.py`) and no repository.
"""

import re

FIELDS = ["provider", "version", "install", "build", "test", "start", "port", "databases"]
LANGUAGES = {
    "c": "native", "c++": "native", "go": "go", "java": "jvm", "kotlin": "jvm", "scala": "jvm",
    "javascript": "javascript", "typescript": "javascript", "js": "javascript",
    "python": "python", "rust": "rust", "ruby": "ruby", "php": "php", "perl": "perl",
    "shell": "shell", "c#": "dotnet", "f#": "dotnet", "elixir": "elixir", "haskell": "haskell",
    "swift": "swift", "zig": "zig", "r": "r", "julia": "julia",
}  # fmt: skip
MANAGERS = (
    "npm|pnpm|yarn|bun|maven|gradle|cargo|go|poetry|pipenv|uv|pip|composer|mix|bundler|cmake|make"
    "|autotools|meson|dotnet|cabal|stack|cpanm|swiftpm|zig|pak|remotes|pkg"
)
SAME = {
    "mvn": "maven", "mvnw": "maven", "gradlew": "gradle", "pipfile": "pipenv", "bundle": "bundler",
    "setup.py": "pip", "requirements": "pip", "setup.cfg": "pip", "cpan": "cpanm",
    "configure": "autotools", "autogen": "autotools", "setuptools": "pip", "swift": "swiftpm",
    "requirements.txt": "pip", "makefile.pl": "cpanm", "go-mod": "go", "python -m pip": "pip",
}  # fmt: skip
# Programs that install the same set from the same files.
ALIKE = ({"pip", "uv", "poetry", "pipenv"}, {"pak", "remotes"})
DATABASES = "postgres|mysql|mariadb|redis|mongo|mssql|memcached|rabbitmq|sqlite"
TESTS = {
    "pytest": r"py\.?test", "unittest": r"unittest|tests\.py|runtests\.py|flask test",
    "go test": r"go.test|gotestsum|\btask test|make test|mage .*test|tests_all",
    "cargo test": r"cargo (?:\S+ )*?(?:test|nextest)",
    "maven": r"mvnw? .*(?:test|verify|package|install)", "gradle": r"gradlew? .*(?:test|build|check)",
    "jest": r"\bjest\b|tsdx test|react-scripts test", "vitest": r"vitest", "mocha": r"mocha", "ava": r"\bava\b", "tape": r"\btape|taper",
    "node": r"node (?:\S+ )*--test|--test\b", "ctest": r"ctest|make test|cmake", "prove": r"\bprove\b",
    "bats": r"\bbats\b", "make check": r"make (?:\S+ )*(?:check|test)|cd regress", "rake": r"rake",
    "phpunit": r"phpunit|artisan test", "mix test": r"mix (?:test|coveralls)", "dotnet": r"dotnet test|Build\.ps1",
    "cabal": r"cabal test", "stack": r"stack test", "testthat": r"testthat|CMD check", "zig": r"zig build.*test",
    "swift": r"swift test", "julia": r"Pkg\.test", "npm": r"\b(?:npm|yarn|pnpm)(?: run)? test\b",
}  # fmt: skip
BUILDS = {
    "cmake": r"\bcmake\b", "make": r"\bmake\b", "configure": r"configure|autogen", "meson": r"\bmeson\b",
    "go": r"go build|go install|gotestsum|go test", "maven": r"mvnw? .*(?:package|compile|verify|install)",
    "gradle": r"gradlew? .*(?:assemble|build|jar|classes)", "cargo": r"cargo (?:\S+ )*?build",
    "script": r"(?:npm|yarn|pnpm|bun)(?: \S+)*? (?:run )?build|vite build", "mix": r"mix (?:\S+ )*?(?:compile|assets\.deploy)",
    "cabal": r"cabal (?:\S+ )*?build", "stack": r"stack build", "swift": r"swift build", "zig": r"zig build",
    "dotnet": r"dotnet (?:build|publish)", "r": r"R CMD (?:build|INSTALL)", "perl": r"Makefile\.PL",
    "python script": r"prepare\.py", "docker": r"docker(?: compose)? build",
}  # fmt: skip
NOTHING = ("", "-", "none")


def tokens(text, pattern):
    """What a pattern finds in a text, with synonyms made one."""
    words = set(re.findall(rf"(?<![\w.-])(?:{pattern})(?![\w])", text.lower()))
    return {SAME.get(word, word) for word in words}


def managers(text):
    return tokens(text, MANAGERS + "|" + "|".join(re.escape(word) for word in SAME))


def named(table, text):
    return {name for name, pattern in table.items() if re.search(pattern, text)}


def sources(text):
    """What an install command names besides its manager: requirement files, extras and groups."""
    files = re.findall(r"-r\s*([\w./-]+\.txt)", text)
    extras = re.findall(r"(?<=\.)\[([\w, -]+)\]", text) + re.findall(r"--(?:extra|group)[= ]([\w-]+)", text)
    return {name.removeprefix("./") for name in files} | {e.strip() for x in extras for e in x.split(",")}


def version(text):
    """The first version in a text: digits that belong to no word such as `C89`."""
    found = re.search(r"(?<![A-Za-z\d.])\d+(?:\.\d+)*", text)
    return found and tuple(int(part) for part in found.group().split("."))


def fits(found, truth):
    """Whether a version is one that the truth allows in any of its clauses."""
    # `(ci.yml:52-61)` is a place, `(3.8+)` a version.
    clauses = re.split(r"[;,()]", re.sub(r"[\w./-]+:\d+(?:-\d+)?", "", truth))
    return any(fits_clause(found, clause) for clause in clauses)


def fits_clause(found, truth):
    """The same as far as both go, above a least version, or within a span. A program that says that
    any version does is right where the truth is a least version; `go` lines are least versions."""
    least = bool(re.search(r"[>+^]|stable|^\s*go\b", truth))
    have, want = version(found), version(truth)
    if found in ("", "any"):
        return least
    if not want:
        return least and bool(have)
    if not have:
        return False
    span = re.search(r"(\d+(?:\.\d+)*)\s*[-–]\s*(\d+(?:\.\d+)*)", truth)
    if span:
        low, high = version(span.group(1)), version(span.group(2))
        return low <= have[: len(low)] and have[: len(high)] <= high
    size = min(len(have), len(want))
    same = have[:size] == want[:size]
    # `>=1.25` asks for the newest; a truth above it is within it.
    open_ended = least and found.startswith(">=") and "<" not in found and want >= have
    return same or least and have >= want or open_ended


def of_truth(row):
    """The truth's fields; None where it leaves one open."""
    languages = re.split(r"[/+ ]+", row["language"].lower())
    command = lambda name: None if row[name].strip().lower() in NOTHING else row[name]
    databases = tokens(row["databases"], DATABASES) - {"sqlite"}
    open_ones = r"none|optional|profiles|in memory|default|in prod|per sample|alone ok"
    if re.search(open_ones, row["databases"]) and "(" not in row["databases"][:12]:
        databases = None
    port = re.match(r"\d+", row["port"].strip())
    build = command("build_cmd") or (command("install_cmd") if "build" in row["install_cmd"] else None)
    # A dash says that nothing starts; an empty field that nobody looked.
    start = "" if row["start_cmd"].strip() == "-" else command("start_cmd")
    site = {"site"} if row["kind"] == "site" else set()
    return {
        "provider": {LANGUAGES[word] for word in languages if word in LANGUAGES} | site or None,
        "version": row["runtime"] if version(row["runtime"]) or "stable" in row["runtime"] else None,
        "install": command("install_cmd") and (managers(row["manager"] + " " + row["install_cmd"]) or None)
        and (managers(row["manager"] + " " + row["install_cmd"]), sources(row["install_cmd"])),
        "build": build if build and named(BUILDS, build) else None,
        "test": (command("test_cmd") and named(TESTS, row["test_cmd"]) and row["test_cmd"]) or None,
        "start": start,
        "port": int(port.group()) if port else None,
        "databases": databases or None,
    }  # fmt: skip


def expanded(text, known):
    """The text with the package scripts that it names beside it."""
    known = dict(known)
    for _ in range(3):
        for name in re.findall(r"(?:npm|yarn|pnpm|bun|turbo|lerna|nx)(?: run)? ([\w:-]+)", text):
            text += " ; " + known.pop(name, "") if name in known else ""
    return text


def starts(truth, text, known):
    """Whether a start command is the truth's: it runs the same program, script or task."""
    if not truth:
        return not text.strip()
    words = set(re.findall(r"[\w./:-]{3,}", expanded(truth, known)))
    plain = r"[\d.:]+|run|the|needs|then|per|and"
    names = {word.rsplit("/", 1)[-1] for word in words if not re.fullmatch(plain, word)}
    return any(name in expanded(text, known) for name in names)


def installs(truth, text):
    """Whether an install is the truth's: one of its managers, and all that it names."""
    wanted, parts = truth
    found = managers(text)
    same = bool(wanted & found) or any(wanted & group and found & group for group in ALIKE)
    return same and all(re.search(rf"(?<![\w-]){re.escape(part)}(?![\w-])", text) for part in parts)


def right(field, truth, found, known):
    """Whether what a program found in a field is what the truth says."""
    if field in ("provider", "databases"):
        return bool(truth & found.get(field, set()))
    if field == "version":
        return any(fits(text, truth) for text in found.get("version", []))
    if field == "port":
        return truth in found.get("ports", set()) or str(truth) in found.get("start", "")
    text = found.get(field, "")
    if field == "install":
        return installs(truth, text + " ; " + found.get("build", ""))
    if field == "start":
        return bool(found) and starts(truth, text, known)
    table = TESTS if field == "test" else BUILDS
    return bool(named(table, expanded(text, known)) & named(table, expanded(truth, known)))
