#!/bin/bash
# Proves that a built program runs: finds it by its name and asks it for its version or its help.
#   run-program.sh NAME [FOLDER]
name=$1
folder=${2:-.}
program=$(find "$folder" -type f -perm -u+x \( -name "$name" -o -name "$name.exe" \) \
  -not -path '*/CMakeFiles/*' -not -path '*/.git/*' -not -path '*/.libs/*' 2> /dev/null |
  awk '{ print length($0), $0 }' | sort -n | head -n 1 | cut -d' ' -f2-)
if [[ -z $program ]]; then
  echo "no program \`$name\` below $folder" >&2
  exit 1
fi
said=
for question in --version --help -V -h ''; do
  said=$(timeout -s KILL 10 "$program" ${question:+"$question"} < /dev/null 2>&1)
  status=$?
  if [[ $status -eq 0 ]]; then
    printf '%s %s\n%s\n' "$program" "$question" "$(head -c 2000 <<< "$said")"
    exit 0
  fi
  # Many programs answer every unknown option with their usage and a status of their own.
  if [[ $status -lt 126 ]] && grep -qiE '^ *usage:|^ *usage ' <<< "$said"; then
    printf '%s %s (status %s)\n%s\n' "$program" "$question" "$status" "$(head -c 2000 <<< "$said")"
    exit 0
  fi
done
printf '%s answers neither --version nor --help:\n%s\n' "$program" "$(head -c 2000 <<< "$said")" >&2
exit 1
