#!/usr/bin/env bash
# Our own share of a cold run, the time of a second run of the same source beside its tests' own
# time, and the runner's peak memory. Prints ratios; asserts nothing.
# Usage: benches/overhead.sh SOURCE [ARGUMENTS OF run]
set -euo pipefail
source=${1:?"usage: benches/overhead.sh SOURCE"}
shift
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cargo build --quiet --release --manifest-path "$root/Cargo.toml" -p rr-cli
runner="${CARGO_TARGET_DIR:-$root/target}/release/repo-runner"
home=$(mktemp -d)
trap 'rm -rf "$home"' EXIT

# The runner's own peak: what GNU time tells is the largest of it and all that it started.
run() {
  local name=$1 began=$EPOCHREALTIME peak=0 now
  shift
  "$runner" --home "$home/state" run "$source" --output json --quiet "$@" >"$home/$name.json" &
  local pid=$!
  while now=$(awk '/^VmHWM/ {print $2}' "/proc/$pid/status" 2>/dev/null) && [[ -n $now ]]; do
    peak=$now
    sleep 0.1
  done
  wait "$pid" || true
  echo "$began $EPOCHREALTIME $peak" >"$home/$name.time"
}

run cold "$@"
run second "$@"
python3 - "$home" <<'PY'
import json, sys
home = sys.argv[1]
for name in ("cold", "second"):
    report = json.load(open(f"{home}/{name}.json"))
    began, ended, peak = map(float, open(f"{home}/{name}.time").read().split())
    wall = ended - began
    timings = report["timings"]
    tests = sum(s["seconds"] for s in report["steps"] if "test" in s["step"])
    share = 100 * timings["ours"] / max(timings["total"], 0.001)
    print(f"{name:7} wall {wall:8.1f} s   ours {timings['ours']:6.1f} s ({share:4.1f}%)   "
          f"tests {tests:8.1f} s   wall/tests {wall / max(tests, 0.001):5.2f}   "
          f"peak {peak / 1024:6.1f} MiB   prepared: {report['prepared']['reason']}")
PY
