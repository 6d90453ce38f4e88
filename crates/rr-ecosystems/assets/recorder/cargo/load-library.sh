#!/bin/bash
# Proves that a library loads: links a program with what cargo built and runs it.
#   load-library.sh CRATE
set -euo pipefail
crate=$1
target=${CARGO_TARGET_DIR:-target}
built=$(find "$target" -path '*/deps/*' -prune -o \
  \( -name "lib$crate.rlib" -o -name "lib$crate.so" \) -print | head -n 1)
if [[ -z $built ]]; then
  echo "no lib$crate.rlib below $target" >&2
  exit 1
fi
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
printf 'extern crate %s as library;\n#[allow(unused_imports)]\nuse library as _;\nfn main() { println!("linked with %s"); }\n' \
  "$crate" "$crate" > "$folder/main.rs"
rustc --edition 2021 --crate-name load_library --extern "$crate=$built" \
  -L "dependency=$(dirname "$built")/deps" -o "$folder/program" "$folder/main.rs"
"$folder/program"
