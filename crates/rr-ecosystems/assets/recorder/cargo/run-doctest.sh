#!/bin/bash
# Stands in for rustdoc (`RUSTDOC`) in test steps: runs the real one and records its documentation
# tests below `$REPO_RUNNER_REPORTS`, read by `reports/libtest.rs`:
#
#   doc-NNNN.begin   the crate
#   doc-NNNN.out     rustdoc's standard output, which also stays visible
#   doc-NNNN.end     its exit status; absent where it never ended
reports=${REPO_RUNNER_REPORTS-}
unset REPO_RUNNER_REPORTS RUSTDOC

testing=
crate=
previous=
words=()
for word in "$@"; do
  [[ $word == --test ]] && testing=1
  [[ $previous == --crate-name ]] && crate=$word
  # Cargo hands our target runner on. Without it rustdoc runs its tests as it would for anybody.
  if [[ $word == --test-runtool ]]; then
    :
  elif [[ $previous == --test-runtool && $word == */recorder/cargo/run-test.sh ]]; then
    :
  elif [[ $previous == --test-runtool ]]; then
    words+=(--test-runtool "$word")
  else
    words+=("$word")
  fi
  previous=$word
done
if [[ -z $reports || -z $testing ]]; then
  exec rustdoc "$@"
fi

number=$(find "$reports" -maxdepth 1 -name 'doc-*.begin' | wc -l)
record=$(printf '%s/doc-%04d' "$reports" "$number")
printf 'crate=%s\npackage=%s\n' "$crate" "${CARGO_PKG_NAME-}" > "$record.begin"

exec 3> >(exec tee "$record.out")
visible=$!
rustdoc "${words[@]}" >&3 3>&-
status=$?
exec 3>&-
for _ in {1..100}; do
  kill -0 "$visible" 2> /dev/null || break
  sleep 0.02
done
printf 'status=%s\n' "$status" > "$record.end"
exit "$status"
