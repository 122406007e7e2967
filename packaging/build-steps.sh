#!/bin/sh
# Runs the build steps of the Dockerfile without a container engine: the RUN lines of its first stage, in a copy of the
# committed files, which is what the image is built from. With a directory as argument, copies the program there.
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
