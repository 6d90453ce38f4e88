#!/usr/bin/env python3
"""Runs a folder of example applications, each with a `test.json` of the kind that Railpack's
`examples/` carries, and counts those that behave as their `test.json` says.

    benches/examples.py BINARY EXAMPLES_FOLDER RESULTS.json [--home HOME] [--only REGEX] [--again REGEX]

Cases that RESULTS.json already holds are not run again, but those that `--again` names and fail.

A case holds where the run proves the rung `running` and, as the case asks, the service's own probe
got `httpCheck.expected`, or what the started program printed contains `expectedOutput`. Cases that
other programs' own configuration files or failures decide (`configFile`, `shouldFail`) are counted
apart: they test that program, not the repository.
"""

import argparse
import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time


def cases(path):
    """The cases of a test.json, which may hold comments and trailing commas."""
    text = re.sub(r"^\s*//.*$", "", path.read_text(), flags=re.M)
    return json.loads(re.sub(r",(\s*[\]}])", r"\1", text))


def run(arguments, example, case, limit):
    """One run of a copy without its test.json, and its report (None where there is none)."""
    with tempfile.TemporaryDirectory() as scratch:
        copy = pathlib.Path(scratch) / example.name
        shutil.copytree(example, copy, symlinks=True)
        (copy / "test.json").unlink()
        command = [arguments.binary, "--home", arguments.home, "run", str(copy)]
        command += ["--until", "running", "--output", "json", "--timeout", f"{limit}s"]
        for name, value in case.get("envs", {}).items():
            if not name.startswith("RAILPACK_"):
                command += ["--env", f"{name}={value}"]
        started = time.monotonic()
        done = subprocess.run(command, capture_output=True, text=True)
        seconds = time.monotonic() - started
    try:
        return json.loads(done.stdout), seconds, ""
    except ValueError:
        return None, seconds, done.stderr.strip()[-400:]


def judge(arguments, report, case):
    """Why a case does not hold; empty where it does."""
    verdict = report["verdict"]
    if not verdict["green"]:
        return verdict["summary"]
    check = case.get("httpCheck")
    if check:
        answers = [service for service in report["services"] if service.get("probe")]
        statuses = [service["probe"].get("status") for service in answers]
        if check.get("expected", 200) not in statuses:
            return f"no service answered {check.get('expected', 200)}: {statuses}"
        return ""
    wanted = case.get("expectedOutput", [])
    wanted = [wanted] if isinstance(wanted, str) else wanted
    logs = pathlib.Path(arguments.home) / "runs" / report["run_id"] / "logs"
    printed = "".join(path.read_text(errors="replace") for path in sorted(logs.iterdir()))
    missing = [text for text in wanted if text not in printed]
    return f"did not print {missing}" if missing else ""


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("binary")
    parser.add_argument("examples", type=pathlib.Path)
    parser.add_argument("results", type=pathlib.Path)
    parser.add_argument("--home", default=tempfile.gettempdir() + "/examples-home")
    parser.add_argument("--only", default="")
    parser.add_argument("--again", help="run failed cases of these examples once more")
    parser.add_argument("--limit", type=int, default=420, help="seconds a run may take")
    arguments = parser.parse_args()
    rows = json.loads(arguments.results.read_text()) if arguments.results.exists() else []
    if arguments.again is not None:
        rows = [r for r in rows if r["result"] != "failed" or not re.search(arguments.again, r["example"])]
    known = {(row["example"], row["case"]) for row in rows}
    for example in sorted(arguments.examples.iterdir()):
        if not (example / "test.json").is_file() or not re.search(arguments.only, example.name):
            continue
        for number, case in enumerate(cases(example / "test.json")):
            if (example.name, number) in known:
                continue
            row = {"example": example.name, "case": number}
            if "configFile" in case or case.get("shouldFail"):
                row["result"] = "configuration"
            else:
                report, seconds, errors = run(arguments, example, case, arguments.limit)
                reason = judge(arguments, report, case) if report else f"no report: {errors}"
                row |= {"result": "failed" if reason else "passed", "why": reason}
                row |= {"seconds": round(seconds, 1), "run": report and report["run_id"]}
            rows.append(row)
            print(json.dumps(row), flush=True)
            arguments.results.write_text(json.dumps(rows, indent=1))
    results = [row["result"] for row in rows]
    for result in ("passed", "failed", "configuration"):
        print(f"{result}: {results.count(result)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
