#!/usr/bin/env python3
"""Compares what repo-runner, Nixpacks and Railpack find out with what a person found out.

    benches/analysis.py BINARY TRUTH.csv MIRRORS_FOLDER RESULTS.json
        [--nixpacks PROGRAM] [--railpack PROGRAM --railpack-sources FOLDER] [--only REGEX]

TRUTH.csv has the columns repo, commit, language, manager, runtime, databases, install_cmd,
build_cmd, test_cmd, start_cmd, port; MIRRORS_FOLDER holds `owner+name/repo` git folders, and rows
without one are left out. `cargo install nixpacks` and `go build ./cmd/cli` in Railpack's sources
give the peers. A field that the truth leaves open is not counted; a program that gives no plan has
none of a row's fields right. Prints a Markdown table and the median time of each program; the
results name each miss with the truth and what was found.
"""

import argparse
import csv
import json
import pathlib
import re
import statistics
import subprocess
import tempfile

import analysis_programs as programs
from analysis_fields import FIELDS, of_truth, right


def scripts(tree):
    """The package scripts of the root and its packages, by which `npm test` is what it runs."""
    found = {}
    for path in [tree / "package.json", *sorted(tree.glob("packages/*/package.json"))]:
        try:
            for name, text in json.loads(path.read_text()).get("scripts", {}).items():
                found[name] = f"{found[name]} ; {text}" if name in found else text
        except (OSError, ValueError):
            continue
    return found


def checked_out(mirror, commit, tree):
    clone = ["git", "clone", "-q", "--no-checkout", "--shared", str(mirror), str(tree)]
    if subprocess.run(clone).returncode:
        return False
    checkout = ["git", "-C", str(tree), "checkout", "-q", commit]
    if subprocess.run(checkout, stderr=subprocess.DEVNULL).returncode == 0:
        return True
    # Large files may be missing from a clone; the rest of the tree is there.
    index = ["git", "-C", str(tree), "read-tree", commit]
    subprocess.run(["git", "-C", str(tree), "update-ref", "--no-deref", "HEAD", commit])
    subprocess.run(index, stderr=subprocess.DEVNULL)
    files = ["git", "-C", str(tree), "checkout-index", "-a", "-f", "-q"]
    subprocess.run(files, stderr=subprocess.DEVNULL)
    return any(tree.iterdir())


def compared(row, found, known):
    """One row's entry: each program's fields, and what was found where it is wrong."""
    truth, entry = of_truth(row), {"repo": row["repo"]}
    for who, fields in found.items():
        for field in FIELDS:
            if truth[field] is None:
                continue
            good = right(field, truth[field], fields, known)
            entry[f"{who}.{field}"] = bool(good)
            if not good:
                got = fields.get("ports" if field == "port" else field)
                entry[f"{who}.{field}.why"] = f"truth {truth[field]}, found {got}"
    return entry


def table(rows, names):
    lines = ["| field | " + " | ".join(names) + " |", "| --- |" + " --: |" * len(names)]
    for field in [*FIELDS, "all"]:
        cells = []
        for who in names:
            wanted = FIELDS if field == "all" else [field]
            marks = [row[f"{who}.{name}"] for row in rows for name in wanted if f"{who}.{name}" in row]
            share = f" ({100 * sum(marks) / len(marks):.1f}%)" if marks and field == "all" else ""
            cells.append(f"{sum(marks)} of {len(marks)}{share}")
        lines.append(f"| {field} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name in ("binary", "truth", "mirrors", "results"):
        parser.add_argument(name)
    for name in ("--nixpacks", "--railpack", "--railpack-sources"):
        parser.add_argument(name)
    parser.add_argument("--only", default="")
    arguments = parser.parse_args()
    runs = {"repo-runner": (programs.repo_runner, arguments.binary)}
    if arguments.nixpacks:
        runs["nixpacks"] = (programs.nixpacks, arguments.nixpacks)
    if arguments.railpack:
        programs.stand_in_for_mise(arguments.railpack_sources)
        runs["railpack"] = (programs.railpack, arguments.railpack)
    rows, times = [], {who: [] for who in runs}
    for row in csv.DictReader(open(arguments.truth)):
        mirror = pathlib.Path(arguments.mirrors) / row["repo"].replace("/", "+") / "repo"
        if not mirror.exists() or not re.search(arguments.only, row["repo"]):
            continue
        with tempfile.TemporaryDirectory() as scratch:
            tree = pathlib.Path(scratch) / row["repo"].split("/")[1]
            if not checked_out(mirror, row["commit"], tree):
                print(f"not checked out: {row['repo']}")
                continue
            found = {}
            for who, (ask, binary) in runs.items():
                found[who], seconds = ask(binary, scratch + "/home", tree)
                times[who].append(seconds)
            rows.append(compared(row, found, scripts(tree)))
        pathlib.Path(arguments.results).write_text(json.dumps(rows, indent=1, default=str))
    print(f"{len(rows)} repositories\n\n{table(rows, list(runs))}\n")
    for who, seconds in times.items():
        print(f"{who}: median {statistics.median(seconds):.3f} s")


if __name__ == "__main__":
    main()
