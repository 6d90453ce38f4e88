"""What each program says of a folder, as the fields of `analysis_fields.py`.

Runs `repo-runner analyze` and `plan`, `nixpacks plan`, Railpack's `plan` and `info`; judges nothing.
Railpack asks `mise` which exact versions there are. Where its own download of `mise` is not to be
had, `stand_in_for_mise` puts a script in its place that gives back the version that was asked for,
which is what the truth is compared with anyway.
"""

import json
import pathlib
import re
import subprocess
import time

PROVIDERS = {
    "golang": "go", "node": "javascript", "deno": "javascript", "bun": "javascript", "java": "jvm",
    "gradle": "jvm", "maven": "jvm", "staticfile": "site", "csharp": "dotnet", "fsharp": "dotnet",
    "cobol": "", "phoenix": "elixir", "cpp": "native", "lunatic": "rust",
}  # fmt: skip
# A library's step that proves that it loads; it is no start command.
LOADS = re.compile(r"/load-library\.sh|^node -e |^python3? -c |^ruby -\S*e |^perl -\S*e ")
# Toolchains that are languages, not their package managers.
LANGUAGES = {
    "node", "python", "go", "java", "rust", "ruby", "php", "elixir", "erlang", "dotnet", "ghc", "swift",
    "zig", "julia", "r", "perl", "deno", "bun", "scala", "haskell",
}  # fmt: skip
# What each asks for as the newest or the long-term one, of the day this was written.
NEWEST = {"node": "24", "python": "3.14", "go": "1.26", "java": "25", "ruby": "3.4", "php": "8.4", "rust": "1.95"}
MISE = """#!/bin/sh
# `mise latest tool@version`, `mise ls-remote tool@version`: the version asked for.
for word; do :; done
tool=${word%%@*} version=${word##*@}
case $version in
latest | lts | stable | "$word") version=$(sed -n "s/^$tool //p" "$0.newest") ; version=${version:-1} ;;
esac
echo "$version"
"""


def timed(command, cwd=None):
    started = time.monotonic()
    done = subprocess.run(command, capture_output=True, text=True, cwd=cwd)
    return done, time.monotonic() - started


def parsed(text):
    try:
        return json.loads(text)
    except ValueError:
        return None


def stand_in_for_mise(source):
    """Puts the script where Railpack looks for `mise` of the version that its sources name."""
    version = (pathlib.Path(source) / "core/mise/version.txt").read_text().strip()
    program = pathlib.Path("/tmp/railpack/mise") / f"mise-{version}"
    if program.exists():
        return
    program.parent.mkdir(parents=True, exist_ok=True)
    newest = "".join(f"{tool} {version}\n" for tool, version in NEWEST.items())
    pathlib.Path(f"{program}.newest").write_text(newest)
    program.write_text(MISE)
    program.chmod(0o755)


def repo_runner(binary, home, tree):
    base = [binary, "--home", home]
    done, seconds = timed([*base, "plan", str(tree), "--output", "json"])
    looked, _ = timed([*base, "analyze", str(tree), "--output", "json"])
    plan, analysis = parsed(done.stdout), parsed(looked.stdout)
    if plan is None or analysis is None:
        return {}, seconds
    words = lambda command: command.get("shell") or " ".join(command["argv"])
    line = lambda step: f"cd {step.get('cwd', '.')} && {said(words(step['command']))} {json.dumps(step.get('env', {}))}"
    starts = [s for s in plan["steps"] if s["kind"] == "start" and not LOADS.search(words(s["command"]))]
    of_kind = lambda *kinds: " ; ".join(line(s) for s in plan["steps"] if s["kind"] in kinds)
    ports = [s["probe"].get("expected_port") for s in plan["steps"] if s.get("probe")]
    facts = [f["value"] for f in analysis["facts"] if f["key"] == "port"]
    tests = [s["test"]["runner"] for s in plan["steps"] if s.get("test")]
    return {
        "provider": {u["ecosystem"] for u in analysis["units"] if u["role"] == "primary"},
        # The first of a list is the one that would be taken.
        "version": [
            text
            for t in plan["toolchains"]
            if t["tool"] in LANGUAGES
            for text in first(t["version"].get("text"))
        ],
        "install": of_kind("install", "configure"),
        "build": of_kind("build"),
        "test": of_kind("test") + " " + " ".join(tests),
        "start": " ; ".join(map(line, starts)),
        "ports": {int(p) for p in ports + facts if str(p or "").isdigit()},
        "databases": {s["kind"] for s in plan["services"]},
    }, seconds


def said(text):
    """A command without the wrappers by which outcomes are recorded."""
    text = re.sub(r"bash @\{tools\}/recorder/make/targets\.sh", "make", text)
    return re.sub(r'Rscript "@\{tools\}/recorder/r/install-missing\.R"', "remotes::install_deps", text)


def first(value):
    return value[:1] if isinstance(value, list) else [value or ""]


def nixpacks(binary, _, tree):
    done, seconds = timed([binary, "plan", str(tree)])
    plan = parsed(done.stdout)
    if plan is None:
        return {}, seconds
    phases = plan.get("phases") or {}
    of = lambda name: " ; ".join(phases.get(name, {}).get("cmds") or [])
    packages = [p for phase in phases.values() for p in phase.get("nixPkgs") or []]
    provider = (plan.get("variables") or {}).get("NIXPACKS_METADATA", "")
    names = [name for name in re.split(r"[,\s]+", provider.lower()) if name]
    ports = ports_of(plan.get("variables"))
    return {
        "provider": {PROVIDERS.get(n, n) for n in (re.sub(r"[^a-z].*", "", n) for n in names)},
        "version": [version for package in packages for version in nix_version(str(package))],
        "install": " ; ".join([of("install"), *map(str, packages)]),
        "build": of("build"),
        "test": of("test"),
        "start": (plan.get("start") or {}).get("cmd") or "",
        "ports": ports,
        "databases": set(),
    }, seconds


def nix_version(package):
    """`nodejs_18` is 18, `python311` 3.11, `go_1_21` 1.21."""
    found = re.search(r"(?:nodejs|python|jdk|go|ruby|php|dotnet|ghc|rust)[^\d]*([\d_.]+)", package)
    digits = found.group(1).strip("_.").replace("_", ".") if found else ""
    joined = "." not in digits and re.search(r"python3\d|php8\d|go1\d", package) and len(digits) > 1
    return [digits[0] + "." + digits[1:] if joined else digits] if digits else []


def ports_of(variables):
    value = str((variables or {}).get("PORT", ""))
    return {int(value)} if value.isdigit() else set()


def railpack(binary, _, tree):
    done, seconds = timed([binary, "plan", str(tree)])
    told, _ = timed([binary, "info", "--format", "json", str(tree)])
    plan, about = parsed(done.stdout), parsed(told.stdout)
    if plan is None:
        return {}, seconds
    about = about or {}
    commands = lambda step: " ; ".join(c.get("cmd", "") for c in step.get("commands") or [])
    steps = {step["name"]: commands(step) for step in plan.get("steps") or []}
    names = [str(name).lower() for name in about.get("detectedProviders") or []]
    packages = about.get("resolvedPackages") or {}
    deploy = plan.get("deploy") or {}
    installs = [text for name, text in steps.items() if "install" in name or "packages" in name]
    return {
        "provider": {PROVIDERS.get(name, name) for name in names},
        "version": [p.get("resolvedVersion") or "" for p in packages.values()],
        "install": " ; ".join(installs),
        "build": " ; ".join(text for name, text in steps.items() if "build" in name),
        "test": "",
        "start": deploy.get("startCommand") or "",
        "ports": ports_of(deploy.get("variables")),
        "databases": set(),
    }, seconds
