#!/usr/bin/env python3
"""Compares what `repo-runner plan` and `nixpacks plan` find out with what a person found out.

    benches/analysis.py BINARY NIXPACKS TRUTH.csv MIRRORS_FOLDER RESULTS.json

TRUTH.csv has the columns repo, commit, language, manager, runtime, databases, install_cmd,
build_cmd, test_cmd, start_cmd, port; MIRRORS_FOLDER holds `owner+name/repo` git folders, and rows
without one are left out. `cargo install nixpacks` gives the peer. Each field is reduced to what can
be compared whatever the wording: languages, managers, a version that satisfies the truth's, the
programs and verbs of a command, a port, kinds of databases. A field that the truth leaves open is
not counted. Prints a Markdown table and the median time of each program.
"""

import argparse
import json
import pathlib
import re
import statistics
import subprocess
import tempfile
import time

LANGUAGES = {
    "c": "native", "c++": "native", "go": "go", "java": "jvm", "kotlin": "jvm", "scala": "jvm",
    "javascript": "javascript", "typescript": "javascript", "js": "javascript",
    "python": "python", "rust": "rust", "ruby": "ruby", "php": "php", "perl": "perl",
    "shell": "shell", "c#": "dotnet", "f#": "dotnet", "elixir": "elixir", "haskell": "haskell",
    "swift": "swift", "zig": "zig", "r": "r", "julia": "julia",
}  # fmt: skip
PROVIDERS = {
    "golang": "go", "node": "javascript", "deno": "javascript", "bun": "javascript", "java": "jvm",
    "gradle": "jvm", "maven": "jvm", "staticfile": "site", "csharp": "dotnet", "fsharp": "dotnet",
    "cobol": "", "phoenix": "elixir", "cpp": "native", "lunatic": "rust",
}  # fmt: skip
MANAGERS = (
    "npm|pnpm|yarn|bun|maven|gradle|cargo|go|poetry|pipenv|uv|pip|composer|mix|bundler|cmake|make"
    "|autotools|meson|dotnet|cabal|stack|cpanm|swiftpm|zig"
)
SAME = {
    "mvn": "maven", "mvnw": "maven", "gradlew": "gradle", "pipfile": "pipenv", "bundle": "bundler",
    "setup.py": "pip", "requirements": "pip", "setup.cfg": "pip", "cpan": "cpanm",
    "configure": "autotools", "autogen": "autotools", "setuptools": "pip", "swift": "swiftpm",
    "requirements.txt": "pip", "makefile.pl": "cpanm", "go-mod": "go",
}  # fmt: skip
DATABASES = "postgres|mysql|mariadb|redis|mongo|mssql|memcached|rabbitmq|sqlite"
TESTS = {
    "pytest": r"py\.?test", "unittest": r"unittest|tests\.py|runtests\.py|flask test",
    "go test": r"go.test|gotestsum|\btask test|make test", "cargo test": r"cargo (?:\S+ )*?(?:test|nextest)",
    "maven": r"mvnw? .*(?:test|verify|package|install)", "gradle": r"gradlew? .*(?:test|build|check)",
    "jest": r"\bjest\b", "vitest": r"vitest", "mocha": r"mocha", "ava": r"\bava\b", "tape": r"\btape|taper",
    "node": r"node (?:\S+ )*--test|--test\b", "ctest": r"ctest|make test|cmake", "prove": r"\bprove\b",
    "bats": r"\bbats\b", "make check": r"make (?:\S+ )*(?:check|test)|cd regress", "rake": r"rake",
    "phpunit": r"phpunit|artisan test", "mix test": r"mix (?:test|coveralls)", "dotnet": r"dotnet test|Build\.ps1",
    "cabal": r"cabal test", "stack": r"stack test", "testthat": r"testthat|CMD check", "zig": r"zig build.*test",
    "swift": r"swift test", "julia": r"Pkg\.test", "npm": r"\b(?:npm|yarn|pnpm)(?: run)? test\b",
}  # fmt: skip


def tokens(text, pattern):
    """What a pattern finds in a text, with synonyms made one."""
    words = set(re.findall(rf"(?<![\w.-])(?:{pattern})(?![\w])", text.lower()))
    return {SAME.get(word, word) for word in words}


def managers(text):
    return tokens(text, MANAGERS + "|" + "|".join(re.escape(word) for word in SAME))


def runners(text):
    return {name for name, pattern in TESTS.items() if re.search(pattern, text)}


def version(text):
    found = re.search(r"\d+(?:\.\d+)*", text)
    return found and tuple(int(part) for part in found.group().split("."))


def fits(found, truth):
    """Whether a version is one that the truth allows: the same as far as both go, or above `>=`."""
    have = version(found or "")
    first = re.split(r"[;(,]", truth)[0]
    want = version(first)
    if "stable" in first and not want:
        return bool(found)
    if not have or not want:
        return None if not want else False
    span = re.search(r"(\d+(?:\.\d+)*)\s*[-–]\s*(\d+(?:\.\d+)*)", first)
    if span:
        low, high = version(span.group(1)), version(span.group(2))
        return low <= have[: len(low)] and have[: len(high)] <= high
    size = min(len(have), len(want))
    same = have[:size] == want[:size]
    return same or (">" in first or "+" in first or "stable" in first) and have >= want


def of_truth(row):
    """The truth's fields; None where it leaves one open."""
    languages = re.split(r"[/+ ]+", row["language"].lower())
    wanted = {LANGUAGES[word] for word in languages if word in LANGUAGES}
    open_words = ("", "-", "none")
    command = lambda name: None if row[name].strip() in open_words else row[name]
    databases = tokens(row["databases"], DATABASES) - {"sqlite"}
    if re.search(r"none|optional|profiles|in memory|default|in prod", row["databases"]) and "(" not in row["databases"][:12]:
        databases = None
    port = re.match(r"\d+", row["port"].strip())
    return {
        "provider": wanted or None,
        "manager": managers(row["manager"]) or None,
        "version": row["runtime"] or None,
        "test": runners(row["test_cmd"]) or None,
        "start": command("start_cmd"),
        "port": int(port.group()) if port else None,
        "databases": databases or None,
    }


def timed(command):
    started = time.monotonic()
    done = subprocess.run(command, capture_output=True, text=True)
    return done, time.monotonic() - started


def scripts(tree):
    """The root's package scripts, by which `npm test` is the same as what it runs."""
    try:
        return json.loads((tree / "package.json").read_text()).get("scripts", {})
    except (OSError, ValueError):
        return {}


def expanded(text, known):
    for _ in range(3):
        for name in re.findall(r"(?:npm|yarn|pnpm|bun)(?: run)? ([\w:-]+)", text):
            text += " ; " + known.pop(name, "") if name in known else ""
    return text


def ours(binary, home, tree):
    base = [binary, "--home", home]
    done, seconds = timed([*base, "plan", str(tree), "--output", "json"])
    looked, _ = timed([*base, "analyze", str(tree), "--output", "json"])
    try:
        plan, analysis = json.loads(done.stdout), json.loads(looked.stdout)
    except ValueError:
        return {}, seconds
    words = lambda command: command.get("shell") or " ".join(command["argv"])
    line = lambda step: words(step["command"]) + " " + json.dumps(step.get("env", {}))
    of_kind = lambda *kinds: " ; ".join(line(s) for s in plan["steps"] if s["kind"] in kinds)
    primary = [u for u in analysis["units"] if u["role"] == "primary"]
    ports = [s["probe"].get("expected_port") for s in plan["steps"] if s.get("probe")]
    facts = [f["value"] for f in analysis["facts"] if f["key"] == "port"]
    known = " ".join(" ".join(u["managers"]) for u in primary) + " " + of_kind("install", "build", "test")
    tests = [s["test"]["runner"] for s in plan["steps"] if s.get("test")]
    return {
        "provider": {u["ecosystem"] for u in primary},
        "manager": managers(known),
        "version": [t["version"] for t in plan["toolchains"]],
        "test": of_kind("test") + " " + " ".join(tests),
        "start": of_kind("start"),
        "ports": {int(p) for p in ports + facts if str(p or "").isdigit()},
        "databases": {s["kind"] for s in plan["services"]},
    }, seconds


def peer(binary, tree):
    done, seconds = timed([binary, "plan", str(tree)])
    try:
        plan = json.loads(done.stdout)
    except ValueError:
        return {}, seconds
    phases = plan.get("phases", {})
    of = lambda name: " ; ".join(phases.get(name, {}).get("cmds") or [])
    packages = [p for phase in phases.values() for p in phase.get("nixPkgs") or []]
    provider = plan.get("variables", {}).get("NIXPACKS_METADATA", "")
    names = [name for name in re.split(r"[,\s]+", provider.lower()) if name]
    versions = []
    for package in packages:
        found = re.search(r"(?:nodejs|python|jdk|go|ruby|php|dotnet|ghc|rust)[^\d]*([\d_.]+)", str(package))
        digits = found.group(1).strip("_.").replace("_", ".") if found else ""
        split = "." not in digits and re.search(r"python3\d|php8\d|go1\d", str(package)) and len(digits) > 1
        versions.append(digits[0] + "." + digits[1:] if split else digits)
    everything = " ".join([of("install"), of("build"), *map(str, packages)])
    return {
        "provider": {PROVIDERS.get(n, n) for n in (re.sub(r"[^a-z].*", "", n) for n in names)},
        "manager": managers(everything),
        "version": [{"text": text} for text in versions if text],
        "test": of("test"),
        "start": (plan.get("start") or {}).get("cmd", ""),
        "ports": set(),
        "databases": set(),
    }, seconds


def versions_of(value):
    """The versions that a requirement names, the preferred first."""
    text = value.get("text") or ""
    return text if isinstance(text, list) else [text]


def right(field, truth, found, known):
    if field in ("provider", "manager", "databases"):
        return bool(truth & found.get(field, set()))
    if field == "version":
        listed = [text for value in found.get("version", []) for text in versions_of(value)[:1]]
        return any(fits(text, truth) for text in listed)
    if field == "test":
        return bool(runners(expanded(found.get("test", ""), dict(known))) & truth)
    if field == "port":
        return truth in found.get("ports", set()) or str(truth) in found.get("start", "")
    words = set(re.findall(r"[\w./:-]{3,}", expanded(truth, dict(known))))
    names = {word.rsplit("/", 1)[-1] for word in words if not re.fullmatch(r"[\d.:]+|run|the|needs", word)}
    text = expanded(found.get("start", ""), dict(known))
    return any(name in text for name in names)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name in ("binary", "nixpacks", "truth", "mirrors", "results"):
        parser.add_argument(name)
    arguments = parser.parse_args()
    import csv

    fields = ["provider", "manager", "version", "test", "start", "port", "databases"]
    score = {who: {field: [0, 0] for field in fields} for who in ("ours", "nixpacks")}
    times, rows = {"ours": [], "nixpacks": []}, []
    for row in csv.DictReader(open(arguments.truth)):
        mirror = pathlib.Path(arguments.mirrors) / row["repo"].replace("/", "+") / "repo"
        if not mirror.exists():
            continue
        with tempfile.TemporaryDirectory() as scratch:
            tree = pathlib.Path(scratch) / row["repo"].split("/")[1]
            clone = ["git", "clone", "-q", "--no-checkout", "--shared", str(mirror), str(tree)]
            checkout = ["git", "-C", str(tree), "checkout", "-q", row["commit"]]
            if subprocess.run(clone).returncode or subprocess.run(checkout).returncode:
                continue
            found = {}
            found["ours"], seconds = ours(arguments.binary, scratch + "/home", tree)
            times["ours"].append(seconds)
            found["nixpacks"], seconds = peer(arguments.nixpacks, tree)
            times["nixpacks"].append(seconds)
            truth, known, entry = of_truth(row), scripts(tree), {"repo": row["repo"]}
            for who in found:
                for field in fields:
                    if truth[field] is None:
                        continue
                    good = right(field, truth[field], found[who], known)
                    score[who][field][0] += good
                    score[who][field][1] += 1
                    entry[f"{who}.{field}"] = bool(good)
                    if not good and who == "ours":
                        entry[f"why.{field}"] = f"{truth[field]} / {found[who].get(field, found[who].get('ports'))}"
            rows.append(entry)
    pathlib.Path(arguments.results).write_text(json.dumps(rows, indent=1, default=str))
    print("| field | repo-runner | nixpacks |\n|---|---|---|")
    for field in fields:
        cells = [f"{score[who][field][0]} of {score[who][field][1]}" for who in score]
        print(f"| {field} | {cells[0]} | {cells[1]} |")
    for who in times:
        print(f"{who}: median {statistics.median(times[who]):.3f} s over {len(times[who])} repositories")


if __name__ == "__main__":
    main()
