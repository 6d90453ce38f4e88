#!/bin/bash
# Proves that a program runs: asks it for its version, its help, or nothing.
#   ask.sh PROGRAM [ARGUMENT…]
# Many programs answer unknown options with their usage and a status of their own: that counts.
said=
for question in --version --help -V -h ''; do
  said=$(timeout -s KILL 20 "$@" ${question:+"$question"} < /dev/null 2>&1)
  status=$?
  if [[ $status -eq 0 ]]; then
    printf '%s %s\n%s\n' "$*" "$question" "$(head -c 2000 <<< "$said")"
    exit 0
  fi
  if [[ $status -lt 126 ]] && grep -qiE '^ *usage:|^ *usage ' <<< "$said"; then
    printf '%s %s (status %s)\n%s\n' "$*" "$question" "$status" "$(head -c 2000 <<< "$said")"
    exit 0
  fi
done
printf '%s answers neither --version nor --help:\n%s\n' "$*" "$(head -c 2000 <<< "$said")" >&2
exit 1
