#!/bin/bash
# Runs the tests of a hand-written makefile, target by target, and leaves a record of each below
# `$REPO_RUNNER_REPORTS`, read by `reports/exit_status`:
#
#   targets.sh [VARIABLE=value…] [goal]
#
#   names                 files near the makefile before anything ran: the names tests may have
#   command-NNNN.begin    the target, and the step's nonce
#   command-NNNN.out      its output, which also stays visible
#   command-NNNN.masked   exit statuses that its recipes hid by `|| true`
#   command-NNNN.end      its exit status, `note=…` and the nonce; absent where it never ended
#
# A goal that only gathers other test targets (`test: all unit integration`) is taken apart; what
# its prerequisites build is built first.
reports=${REPO_RUNNER_REPORTS:-/reports}
nonce=${REPO_RUNNER_NONCE-}
unset REPO_RUNNER_REPORTS REPO_RUNNER_NONCE
here=$(dirname "$0")

options=()
goal=
for word in "$@"; do
  case $word in
    -* | *=*) options+=("$word") ;;
    *) goal=$word ;;
  esac
done
find . -maxdepth 3 -type f -not -path '*/.git/*' -printf '%f\n' 2> /dev/null | head -n 20000 > "$reports/names"

declare -A needs phony recipe
while read -r kind name rest; do
  case $kind in
    needs) needs[$name]=$rest ;;
    phony) phony[$name]=1 ;;
    recipe) recipe[$name]=1 ;;
    goal) goal=${goal:-$name} ;;
  esac
done < <(LC_ALL=C make "${options[@]}" -npq .DEFAULT 2> /dev/null | awk '
  /^\.DEFAULT_GOAL := / { print "goal", $3 }
  /^# Files/ { files = 1 }
  !files { next }
  /^# Not a target/ { skip = 1; next }
  /^$/ { name = ""; skip = 0; next }
  /^#  Phony target/ && name != "" { print "phony", name }
  /^#  recipe to execute/ && name != "" { print "recipe", name }
  /^[^#\t .][^=]*:([^=]|$)/ {
    if (skip) { skip = 0; next }
    name = $1; sub(/:+$/, "", name)
    line = $0; sub(/^[^:]*::? */, "", line); sub(/ *\|.*/, "", line)
    print "needs", name, line
  }')
goal=${goal:-all}

# Whether a prerequisite by its name is a test rather than something that tests need.
is_test() {
  local name=${1,,}
  [[ $name == *.@(o|a|so|la|lo|c|cc|cpp|cxx|h|d|exe) ]] && return 1
  [[ $name =~ build|compile|clean|install|dep|prog|setup|prepare|tool|data|lint|format ]] && return 1
  [[ $name =~ test|check|spec|regress|suite|verify|unit ]]
}

leaves=()
gathers=()
first=()
declare -A seen
expand() {
  local target=$1 depth=$2 kids=() others=() need
  [[ -n ${seen[$target]-} || ${#leaves[@]} -gt 2000 ]] && return
  seen[$target]=1
  for need in ${needs[$target]-}; do
    if is_test "$need" && { [[ -n ${phony[$need]-} ]] || [[ -z ${recipe[$target]-} ]]; }; then
      kids+=("$need")
    else
      others+=("$need")
    fi
  done
  if [[ $depth -gt 6 || ${#kids[@]} -eq 0 ]]; then
    leaves+=("$target")
    return
  fi
  first+=("${others[@]}")
  for need in "${kids[@]}"; do
    expand "$need" $((depth + 1))
  done
  if [[ -n ${recipe[$target]-} ]]; then
    gathers+=("$target")
  fi
}
expand "$goal" 0

number=0
failed=0
ran=0
one() {
  local target=$1 record status note=
  shift
  record=$(printf '%s/command-%04d' "$reports" "$number")
  number=$((number + 1))
  printf 'id=%s\nnonce=%s\n' "make $target" "$nonce" > "$record.begin"
  export REPO_RUNNER_MASKED=$record.masked
  exec 3> >(exec tee "$record.out")
  local visible=$!
  LC_ALL=C make "${options[@]}" -k SHELL="$here/shell.sh" "$@" "$target" >&3 2>&3 3>&-
  status=$?
  exec 3>&-
  for _ in {1..100}; do
    kill -0 "$visible" 2> /dev/null || break
    sleep 0.02
  done
  if [[ $status -eq 0 ]] && grep -qE "^make: (Nothing to be done for '$target'|'$target' is up to date)\.$" "$record.out"; then
    note=nothing
  elif [[ $status -eq 0 && -f $target && -x $target ]]; then
    note=built
  else
    ran=$((ran + 1))
  fi
  [[ $status -eq 0 ]] || failed=1
  printf 'status=%s\nnote=%s\nnonce=%s\n' "$status" "$note" "$nonce" > "$record.end"
}

if [[ ${#first[@]} -gt 0 ]]; then
  make "${options[@]}" -k "${first[@]}" || true
fi
for target in "${leaves[@]}"; do
  one "$target"
done
old=()
for target in "${leaves[@]}"; do
  old+=(-o "$target")
done
for target in "${gathers[@]}"; do
  one "$target" "${old[@]}"
  old+=(-o "$target")
done
# Prerequisites that only were programs: the goal as a whole is the test.
if [[ $ran -eq 0 && ${#leaves[@]} -gt 1 && $failed -eq 0 ]]; then
  one "$goal"
fi
exit "$failed"
