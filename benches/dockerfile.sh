#!/usr/bin/env bash
# Builds exported Dockerfiles with a real engine and runs their tests:
#
#   benches/dockerfile.sh REPO-RUNNER FOLDER...
#
# Each folder is run to rung `tested`, its Dockerfile is exported from the lock, built, and the
# `test` stage is run. Needs root, Debian's docker.io and mmdebstrap, and the package registries.
#
# Where no image registry can be reached, the images that the Dockerfiles start from are made here
# and given their names: Debian's from mmdebstrap, Python's and Go's with this host's toolchain below
# /usr/local, where the official images have it. The engine is one of its own, started for this
# script without a bridge; builds and containers use its network.
set -euo pipefail

runner=$(realpath "$1")
shift
scratch=$(mktemp -d "${TMPDIR:-/tmp}/dockerfile.XXXXXX")
export REPO_RUNNER_HOME="$scratch/home" DOCKER_HOST="unix://$scratch/s" DOCKER_BUILDKIT=0

dockerd --data-root "$scratch/data" --exec-root "$scratch/exec" -H "$DOCKER_HOST" \
  --pidfile "$scratch/pid" --exec-opt native.cgroupdriver=cgroupfs --storage-driver vfs \
  --bridge=none --iptables=false --ip6tables=false > "$scratch/dockerd.log" 2>&1 &
engine=$!
trap 'kill "$engine"; wait "$engine" || true; rm -rf "$scratch"' EXIT
for _ in {1..100}; do
  docker info > /dev/null 2>&1 && break
  sleep 0.2
done

# What the official slim image has, the libraries that a Python built on this host wants, and this
# host's certificates: whoever has a registry of their own has such a base image too.
certificates=/etc/ssl/certs/ca-certificates.crt
settings=()
for name in SSL_CERT_FILE PIP_CERT CURL_CA_BUNDLE NODE_EXTRA_CA_CERTS; do
  settings+=(--change "ENV $name=$certificates")
done
import_debian() {
  local libraries=ca-certificates,libssl3,libffi8,zlib1g,libbz2-1.0,libreadline8,libsqlite3-0,liblzma5,libncursesw6
  mmdebstrap --quiet --variant=minbase --include="$libraries" "$1" "$scratch/$1.tar"
  docker import "${settings[@]}" "$scratch/$1.tar" "debian:$1-base" > /dev/null
  rm "$scratch/$1.tar"
  printf 'FROM debian:%s-base\nCOPY ca-certificates.crt %s\n' "$1" "$certificates" > "$scratch/Dockerfile"
  cp "$certificates" "$scratch/ca-certificates.crt"
  docker build -q -t "debian:$1-slim" -f "$scratch/Dockerfile" "$scratch" > /dev/null
}

# `python:3.13.0-slim-bookworm` is Debian with that Python in /usr/local, its programs and its
# library found there.
make_image() {
  local image=$1 tree=$2 into=$3 context="$scratch/context" python
  mkdir "$context"
  cp -a "$tree" "$context/tree"
  python=$(grep -lI '^#!.*/bin/python' "$context"/tree/bin/* || true)
  if [[ -n $python ]]; then
    xargs sed -i "1s|^#!.*/bin/python[0-9.]*\$|#!$into/bin/python3|" <<< "$python"
  fi
  printf 'FROM debian:bookworm-slim\nCOPY tree %s\nENV PATH=%s/bin:$PATH\nRUN ldconfig\n' "$into" "$into" \
    > "$context/Dockerfile"
  docker build -q -t "$image" "$context" > /dev/null
  rm -rf "$context"
}

provide() {
  local image=$1 version
  docker image inspect "$image" > /dev/null 2>&1 && return
  version=${image#*:}
  version=${version%%-*}
  case $image in
    python:*) make_image "$image" "$(pyenv prefix "$version")" /usr/local ;;
    golang:*) make_image "$image" "$(go env GOROOT)" /usr/local/go ;;
    *) echo "no way to make the image $image here" >&2 && return 1 ;;
  esac
}

import_debian bookworm
for folder in "$@"; do
  name=$(basename "$folder")
  copy="$scratch/$name"
  cp -r "$folder" "$copy"
  "$runner" run "$copy" --quiet --output json > "$scratch/report.json" || true
  "$runner" export dockerfile latest --out "$copy" --force > /dev/null
  sed -n 's/^FROM \([^ ]*:[^ ]*\) .*/\1/p; s/^COPY --from=\([^ ]*:[^ ]*\) .*/\1/p' "$copy/Dockerfile" | sort -u |
    while read -r image; do provide "$image"; done
  echo "== $name: $(sed -n 's/^# Proved: //p' "$copy/Dockerfile")"
  docker build --network host --target test -t "$name" "$copy" > "$scratch/build.log" 2>&1 || {
    tail -n 40 "$scratch/build.log"
    exit 1
  }
  grep '^FROM\|^Successfully tagged' "$copy/Dockerfile" "$scratch/build.log" -h
  docker run --rm --network host "$name" 2>&1 | tail -n 15
  echo "runs as: $(docker run --rm --network host --entrypoint id "$name" -un)"
done
