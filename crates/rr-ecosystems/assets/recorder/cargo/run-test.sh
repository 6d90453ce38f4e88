#!/bin/bash
# Cargo's target runner for test steps (`CARGO_TARGET_<TRIPLE>_RUNNER`): runs one test binary and
# leaves a record of it below `$REPO_RUNNER_REPORTS`, read by `reports/libtest.rs`:
#
#   cargo-NNNN.begin   what is run and which harness it has
#   cargo-NNNN.list    the tests the harness lists, before any of them runs
#   cargo-NNNN.log     the harness's own log file: one line per test that ended
#   cargo-NNNN.out     its standard output, which also stays visible
#   cargo-NNNN.again   the log lines of tests that were run alone, see below
#   cargo-NNNN.alone   the names of the tests that were run alone, one a line
#   cargo-NNNN.end     its exit status; absent where it never ended
#
# A test that ends the whole process takes the outcomes of others with it. What a binary leaves
# unfinished is run again, each test in a process of its own.
#
# The variable is taken away from the tests, so cargo inside a test leaves no records.
reports=${REPO_RUNNER_REPORTS-}
unset REPO_RUNNER_REPORTS
program=$1

# `cargo run` and examples come through here too; only test binaries carry a hash.
if [[ -z $reports || ! $program =~ /(deps|examples)/[^/]+-[0-9a-f]{16}$ ]]; then
  exec "$@"
fi
shift

harness=none
if grep -qaF -e 'include-ignored' "$program" && grep -qaF -e 'logfile' "$program"; then
  harness=libtest
  # libtest-mimic offers the same options, but its log file replaces standard output.
  if grep -qaE -e 'libtest-mimic-[0-9]' -e 'specified file instead of stdout' "$program"; then
    harness=mimic
  fi
fi

number=$(find "$reports" -maxdepth 1 -name 'cargo-*.begin' | wc -l)
record=$(printf '%s/cargo-%04d' "$reports" "$number")
printf 'program=%s\npackage=%s\nharness=%s\n' "$program" "${CARGO_PKG_NAME-}" "$harness" \
  > "$record.begin"

options=()
if [[ $harness != none ]]; then
  timeout -s KILL 120 "$program" "$@" --list --format terse > "$record.list" 2> /dev/null < /dev/null
fi
if [[ $harness == libtest ]]; then
  options=(--logfile "$record.log")
fi

exec 3> >(exec tee "$record.out")
visible=$!
"$program" "${options[@]}" "$@" >&3 3>&-
status=$?
exec 3>&-
# A process that a test left behind may hold the pipe open: wait for the last lines, not for it.
for _ in {1..100}; do
  kill -0 "$visible" 2> /dev/null || break
  sleep 0.02
done

if [[ $harness == libtest && -s $record.list ]]; then
  touch "$record.log"
  mapfile -t unfinished < <(awk '
    NR == FNR { logged[$NF] = 1; next }
    sub(/: (test|benchmark)$/, "") && !($0 in logged)
  ' <(cat "$record.log"; echo) "$record.list")
  ignored=()
  for word in "$@"; do
    [[ $word == --ignored || $word == --include-ignored ]] && ignored=("$word")
  done
  if (( ${#unfinished[@]} > 0 && ${#unfinished[@]} <= 200 )); then
    for test in "${unfinished[@]}"; do
      rm -f "$record.one"
      timeout -s KILL 300 "$program" --exact "$test" --test-threads 1 "${ignored[@]}" \
        --logfile "$record.one" < /dev/null | tee -a "$record.out"
      [[ -f $record.one ]] && cat "$record.one" >> "$record.again"
      printf '%s\n' "$test" >> "$record.alone"
    done
    rm -f "$record.one"
  fi
fi
printf 'status=%s\n' "$status" > "$record.end"
exit "$status"
