#!/bin/bash
# Runs `go test` in one module and leaves its events below `$REPO_RUNNER_REPORTS`, read by
# `reports/gojson`:  run-tests.sh NAME [FLAGS...] -- PACKAGES...
#
#   go-test-NAME.json   the events of `go test -json`
#   go-list-NAME.json   what the packages that did not end by their own word would have run
#   go-exit-NAME.json   the exit status; absent where `go test` never ended
set -uo pipefail
reports=$REPO_RUNNER_REPORTS
unset REPO_RUNNER_REPORTS
name=$1
shift
flags=()
while [[ $# -gt 0 && $1 != -- ]]; do
  flags+=("$1")
  shift
done
shift

events=$reports/go-test-$name.json
go test -json "${flags[@]}" "$@" < /dev/null | tee "$events" |
  sed -un 's/.*"Output":"\(ok  .*\|FAIL\\t.*\|--- FAIL.*\|panic: .*\)\\n"}$/\1/p' | sed -u 's/\\t/ /g'
status=${PIPESTATUS[0]}

# A test binary prints PASS or FAIL when all its tests have ended; one that was ended by a panic,
# an exit or a signal does not, and the tests behind it are in no event.
mapfile -t silent < <(awk '
  match($0, /"Package":"[^"]*"/) {
    package = substr($0, RSTART + 11, RLENGTH - 12)
    seen[package] = 1
    if ($0 !~ /"Test":/ && $0 ~ /"Output":"(PASS|FAIL)\\n"|\[no test files\]|\[(build|setup) failed\]/)
      ended[package] = 1
  }
  END { for (package in seen) if (!(package in ended)) print package }
' "$events")
if [[ ${#silent[@]} -gt 0 ]]; then
  go test -json "${flags[@]}" -list '.*' "${silent[@]}" < /dev/null > "$reports/go-list-$name.json"
fi
printf '{"status":%s}\n' "$status" > "$reports/go-exit-$name.json"
exit "$status"
