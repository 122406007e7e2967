#!/bin/sh
# Runs the build steps of the Dockerfile where there is no container engine: the RUN lines of its first stage, in a copy of what is
# committed, so that what the image would build from is what is there. With a folder as its argument, the program is put there.
set -eu
out=${1:+$(realpath "$1")}
cd "$(dirname "$0")/.."
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
git archive HEAD | tar -x -C "$place"
steps=$(sed -n '/ AS build$/,/^FROM debian/s/^RUN //p' Dockerfile)
test -n "$steps"
cd "$place"
printf '%s\n' "$steps" | sh -eux
./target/release/firstline check standards/telecom.toml
test -z "$out" || cp target/release/firstline "$out"
