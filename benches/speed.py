#!/usr/bin/env python3
"""Measures how long `repo-runner plan` takes on folders, beside peers in the same run.

    benches/speed.py BINARY [FOLDER...] [--nixpacks PROGRAM] [--railpack PROGRAM]
        [--sizes 1000,10000,100000,1000000] [--svg docs/analysis-speed.svg] [--rounds 5]

FOLDERs are work trees of ordinary repositories. `--sizes` generates trees of so many files, half of
them source, in folders of twenty, tracked by git; they are removed afterwards. For each folder:

  first     from an empty home: nothing kept, nothing known of the host
  edited    a source file was appended to, with the home of a look before the edit
  manifest  the root's package.json was changed instead, which most of the analysis reads
  tracked   `git ls-files`, which reads git's index alone
  walked    `git ls-files --cached --others --exclude-standard`, which walks the tree
  rg        `rg --files`, where it is installed

Programs alternate, so that a busy machine slows all alike; the median of the rounds counts, by the
wall and, in brackets, of processors. Memory is the peak resident set. Prints Markdown; `--svg` draws the curve over the generated trees.
"""

import argparse
import math
import os
import pathlib
import shutil
import statistics
import subprocess
import tempfile
import time

MANIFEST = '{"name": "tree", "scripts": {"test": "jest", "start": "node src/server.js"}}\n'
# What a look rests on must be older than this to be kept.
STILL = 0.25


def timed(command):
    """Seconds by the wall and of processors, and peak memory in MiB, of a command whose output
    nobody reads. A busy machine stretches the first and hardly the second."""
    started = time.monotonic()
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, _, usage = os.wait4(child.pid, 0)
    wall = time.monotonic() - started
    return (wall, usage.ru_utime + usage.ru_stime), usage.ru_maxrss / 1024


def generated(root, count):
    """A tree of `count` files, all tracked, of one content: git need not hash each."""
    extensions = ["py", "js", "txt", "md", "go", "json", "ts", "png", "rs", "csv"]
    root.mkdir()
    git = ["git", "-C", str(root)]
    subprocess.run([*git, "init", "-q"], check=True)
    body = b"x = 1\n"
    blob = subprocess.run([*git, "hash-object", "-w", "--stdin"], input=body, capture_output=True)
    blob = blob.stdout.decode().strip()
    lines = []
    for at in range(count - 1):
        folder = f"part{at // 4000}/group{at // 200 % 20}/unit{at // 20 % 10}"
        path = f"{folder}/file{at % 20}.{extensions[at % 10]}"
        if at % 20 == 0:
            (root / folder).mkdir(parents=True)
        (root / path).write_bytes(body)
        lines.append(f"100644 {blob} 0\t{path}")
    (root / "package.json").write_text(MANIFEST)
    subprocess.run([*git, "update-index", "--index-info"], input="\n".join(lines).encode(), check=True)
    subprocess.run([*git, "add", "package.json"], check=True)
    person = ["-c", "user.name=a", "-c", "user.email=a@localhost"]
    subprocess.run([*git, *person, "commit", "-q", "-m", "tree"], check=True)
    time.sleep(STILL)
    return root


def source_file(tree):
    """A source file well below the root, by which an edit is made."""
    listed = subprocess.run(["git", "-C", str(tree), "ls-files"], capture_output=True, text=True)
    names = [n for n in listed.stdout.splitlines() if n.endswith((".py", ".js", ".ts", ".go", ".rs", ".c", ".rb"))]
    return tree / names[len(names) // 2] if names else None


def edited(arguments, tree, path, text):
    """The time of a look after an edit, with the home of a look before it."""
    before = path.read_bytes()
    with tempfile.TemporaryDirectory() as home:
        command = [arguments.binary, "--home", home, "plan", str(tree), "--output", "json"]
        time.sleep(STILL)
        timed(command)
        path.write_bytes(before + text)
        time.sleep(STILL)
        took = timed(command)
        path.write_bytes(before)
    return took


def measured(arguments, tree, rounds):
    """The median seconds of each measure of one tree, and our peak memory."""
    tree = pathlib.Path(tree)
    git = ["git", "-C", str(tree), "ls-files"]
    commands = {"tracked": git, "walked": [*git, "--cached", "--others", "--exclude-standard"]}
    if shutil.which("rg"):
        commands["rg"] = ["rg", "--files", str(tree)]
    if arguments.nixpacks:
        commands["nixpacks"] = [arguments.nixpacks, "plan", str(tree)]
    if arguments.railpack:
        commands["railpack"] = [arguments.railpack, "plan", str(tree)]
    source, manifest = source_file(tree), tree / "package.json"
    found = {}
    memory = 0
    for _ in range(rounds):
        with tempfile.TemporaryDirectory() as home:
            took, peak = timed([arguments.binary, "--home", home, "plan", str(tree), "--output", "json"])
        found.setdefault("first", []).append(took)
        memory = max(memory, peak)
        for name, command in commands.items():
            found.setdefault(name, []).append(timed(command)[0])
        if source:
            found.setdefault("edited", []).append(edited(arguments, tree, source, b"\n")[0])
        if manifest.is_file():
            found.setdefault("manifest", []).append(edited(arguments, tree, manifest, b"\n")[0])
    wall = {name: statistics.median(w for w, _ in times) for name, times in found.items()}
    spent = {name: statistics.median(s for _, s in times) for name, times in found.items()}
    return wall | {"memory": memory, "processors": spent}


def cell(found, name):
    if name not in found:
        return ""
    return f"{1000 * found[name]:.0f} ({1000 * found['processors'][name]:.0f})"


def table(results):
    names = ["first", "edited", "manifest", "tracked", "walked", "rg", "nixpacks", "railpack"]
    names = [name for name in names if any(name in found for _, _, found in results)]
    lines = ["| tree | files | " + " | ".join(f"{name} ms" for name in names) + " | MiB |"]
    lines.append("| --- | --: |" + " --: |" * (len(names) + 1))
    for tree, count, found in results:
        cells = [cell(found, name) for name in names]
        lines.append(f"| {tree} | {count} | " + " | ".join(cells) + f" | {found['memory']:.0f} |")
    return "\n".join(lines)


def drawn(results):
    """The curve as a picture: both scales logarithmic."""
    series = [
        ("first", "repo-runner plan", "#1f5fbf", ""),
        ("edited", "repo-runner plan after one edit", "#1f9f5f", ""),
        ("walked", "git ls-files, tree walked", "#8a8a8a", "6 4"),
        ("tracked", "git ls-files, index only", "#bcbcbc", "2 4"),
    ]
    times = [found[name] for _, _, found in results for name, *_ in series if name in found]
    counts = [count for _, count, _ in results]
    low, high = math.floor(math.log10(min(times))), math.ceil(math.log10(max(times)))
    first, last = math.log10(min(counts)), math.log10(max(counts))
    across = lambda n: 80 + 560 * (math.log10(n) - first) / max(last - first, 1)
    up = lambda t: 340 - 300 * (math.log10(t) - low) / (high - low)
    out = ['<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 680 480" font-family="sans-serif" font-size="13">']
    out.append('<rect width="680" height="480" fill="white"/>')
    for power in range(low, high + 1):
        y = up(10**power)
        label = f"{10**power:g} s"
        out.append(f'<path d="M80 {y:.1f}H640" stroke="#e4e4e4"/><text x="70" y="{y + 4:.1f}" text-anchor="end">{label}</text>')
    for count in counts:
        x = across(count)
        out.append(f'<path d="M{x:.1f} 40V340" stroke="#e4e4e4"/><text x="{x:.1f}" y="360" text-anchor="middle">{count:,} files</text>')
    for row, (name, label, colour, dashes) in enumerate(series):
        points = [(across(n), up(found[name])) for _, n, found in results if name in found]
        line = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        out.append(f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="2" stroke-dasharray="{dashes}"/>')
        out += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>' for x, y in points]
        y = 390 + 20 * row
        out.append(f'<path d="M80 {y}h30" stroke="{colour}" stroke-width="2" stroke-dasharray="{dashes}"/><text x="120" y="{y + 4}">{label}</text>')
    return "\n".join([*out, "</svg>", ""])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("binary")
    parser.add_argument("folders", nargs="*")
    for name in ("--nixpacks", "--railpack", "--svg"):
        parser.add_argument(name)
    parser.add_argument("--sizes", default="")
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    results = []
    for folder in arguments.folders:
        listed = subprocess.run(["git", "-C", folder, "ls-files"], capture_output=True, text=True)
        count = len(listed.stdout.splitlines())
        found = measured(arguments, folder, arguments.rounds)
        results.append((pathlib.Path(folder).name, count, found))
        print(f"{folder}: {found}", flush=True)
    curve = []
    peers = arguments.nixpacks, arguments.railpack
    arguments.nixpacks = arguments.railpack = None
    for size in [int(text) for text in arguments.sizes.split(",") if text]:
        with tempfile.TemporaryDirectory() as scratch:
            tree = generated(pathlib.Path(scratch) / "tree", size)
            curve.append(("generated", size, measured(arguments, tree, max(3, arguments.rounds // 2))))
        print(f"{size}: {curve[-1][2]}", flush=True)
    arguments.nixpacks, arguments.railpack = peers
    print("\n" + table([*results, *curve]))
    if arguments.svg and curve:
        pathlib.Path(arguments.svg).write_text(drawn(curve))


if __name__ == "__main__":
    main()
