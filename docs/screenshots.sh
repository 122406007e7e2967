#!/usr/bin/env bash
# Takes the screenshots of the documentation from the demo, in headless Chromium. The code is in
# tests/browser/screenshots.rs. It takes a few minutes.
set -euo pipefail
cd "$(dirname "$0")/.."
FIRSTLINE_SCREENSHOTS="$PWD/docs" cargo test --release --test browser -- takes_documentation_screenshots --nocapture
