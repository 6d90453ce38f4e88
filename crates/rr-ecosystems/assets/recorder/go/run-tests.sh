#!/bin/bash
# Runs `go test` in one module and leaves its events below `$REPO_RUNNER_REPORTS`, read by
# `reports/gojson`:  run-tests.sh NAME [FLAGS...] -- PACKAGES...
#
#   go-test-NAME.json   the events of `go test -json`
#   go-list-NAME.json   what the packages that did not end by their own word would have run
#   go-more-NAME.json   the events of those tests, run again
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
# an exit or a signal does not, and the tests behind it are in no event. They are run again without
# those that have begun, until none is left.
mapfile -t silent < <(awk '
  match($0, /"Package":"[^"]*"/) {
    package = substr($0, RSTART + 11, RLENGTH - 12)
    seen[package] = 1
    if ($0 !~ /"Test":/ && $0 ~ /"Output":"(PASS|FAIL)\\n"|\[no test files\]|\[(build|setup) failed\]/)
      ended[package] = 1
  }
  END { for (package in seen) if (!(package in ended)) print package }
' "$events")
for package in "${silent[@]}"; do
  listed=$(go test -json "${flags[@]}" -list '.*' "$package" < /dev/null)
  printf '%s\n' "$listed" >> "$reports/go-list-$name.json"
  begun=$(mktemp)
  grep -F "\"Package\":\"$package\"" "$events" > "$begun"
  for _ in {1..20}; do
    left=$(awk '
      NR == FNR {
        if (match($0, /"Action":"run"/) && match($0, /"Test":"[^"\/]*"/))
          begun[substr($0, RSTART + 8, RLENGTH - 9)] = 1
        next
      }
      match($0, /"Output":"(Test|Example|Fuzz)[^" ]*\\n"/) {
        test = substr($0, RSTART + 10, RLENGTH - 13)
        if (!(test in begun)) { printf "%s%s", separator, test; separator = "|" }
      }
    ' "$begun" <(printf '%s\n' "$listed"))
    [[ -z $left ]] && break
    before=$(wc -l < "$begun")
    go test -json "${flags[@]}" -run "^($left)\$" "$package" < /dev/null >> "$begun"
    [[ $(grep -c '"Action":"run"' "$begun") -gt 0 && $(wc -l < "$begun") -gt $before ]] || break
    grep -q '"Action":"run"' <(tail -n "+$((before + 1))" "$begun") || break
  done
  # What the first run brought is in its own file already.
  tail -n "+$(($(grep -cF "\"Package\":\"$package\"" "$events") + 1))" "$begun" \
    >> "$reports/go-more-$name.json"
  rm -f "$begun"
done
printf '{"status":%s}\n' "$status" > "$reports/go-exit-$name.json"
exit "$status"
