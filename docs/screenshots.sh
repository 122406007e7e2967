#!/usr/bin/env bash
# Takes the pictures of the README from the demonstration in headless Chromium. Usage: docs/screenshots.sh
set -euo pipefail
cd "$(dirname "$0")/.."
browser=$(command -v chromium || command -v chromium-browser || command -v google-chrome)
work=$(mktemp -d)
target/release/firstline serve --demo --listen 127.0.0.1:8099 2>"$work/log" &
trap 'kill %1; wait; rm -rf "$work"' EXIT
until curl -sf http://127.0.0.1:8099/readyz >/dev/null; do sleep 0.2; done

shot() { # name width height address
  timeout 60 "$browser" --headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking \
    --disable-component-update --disable-sync --hide-scrollbars --user-data-dir="$work/profile" --window-size="$2,$3" \
    --virtual-time-budget=12000 --screenshot="$PWD/docs/$1.png" "http://127.0.0.1:8099/$4" 2>>"$work/browser"
}
shot wallboard 1920 1080 '?lang=en'
shot wallboard-center 1920 1080 '?lang=zh&center=wuhu'
shot wallboard-phone 500 1000 '?lang=en&center=wuhu'
