#!/bin/bash
# Proves that a package loads: runs a program that imports it. The program lies over the module's
# files for the compiler's eyes only; the tree stays as it is.
#   load-library.sh IMPORT-PATH
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
printf 'package main\n\nimport _ "%s"\n\nfunc main() { println("imported %s") }\n' "$1" "$1" \
  > "$folder/main.go"
printf '{"Replace":{"%s/repo_runner_load/main.go":"%s/main.go"}}\n' "$PWD" "$folder" \
  > "$folder/overlay.json"
go build -overlay "$folder/overlay.json" -o "$folder/program" ./repo_runner_load
"$folder/program"
