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
exec bash "$(dirname "$0")/ask.sh" "$program"
