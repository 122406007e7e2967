#!/usr/bin/env bash
# Takes the pictures of the documentation from the demonstration, in headless Chromium; tests/browser/pictures.rs knows how.
# It takes some minutes.
set -euo pipefail
cd "$(dirname "$0")/.."
FIRSTLINE_SCREENSHOTS="$PWD/docs" cargo test --release --test browser -- pictures --nocapture
