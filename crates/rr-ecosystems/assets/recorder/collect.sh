#!/bin/bash
# Runs a command and brings the report files that it writes to `$REPO_RUNNER_REPORTS`:
#
#   collect.sh '*/target/surefire-reports/TEST-*.xml' -- mvn test
#
# Patterns are `find -path` patterns below the working folder. Files of an earlier run are deleted
# first, so that what is brought was written by this command. The exit status is the command's.
reports=${REPO_RUNNER_REPORTS:-/reports}
unset REPO_RUNNER_REPORTS REPO_RUNNER_NONCE

patterns=()
while [[ $# -gt 0 && $1 != -- ]]; do
  patterns+=(-o -path "$1")
  shift
done
shift
written() {
  find . \( -name .git -o -name node_modules \) -prune -o -type f \( "${patterns[@]:1}" \) "$@" 2> /dev/null
}

# Not `-delete`, which would search what is pruned.
written -exec rm -f {} +
"$@"
status=$?
while IFS= read -r -d '' file; do
  cp --parents -- "$file" "$reports/"
done < <(written -print0)
exit "$status"
