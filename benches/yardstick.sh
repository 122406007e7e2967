#!/usr/bin/env bash
# Compares firstline with a hand-written baseline program on the same file. Rounds alternate in one
# run, because absolute times on a shared machine vary. Usage: benches/yardstick.sh DIR [EVENTS]
# [ROUNDS]. DIR is the workspace of `gen` and `yardstick` (../shared/bench beside this repository).
# Prints the seconds of each round and the median of the ratios.
set -euo pipefail
cd "$(dirname "$0")/.."
bench=${1:?the folder of gen and yardstick} events=${2:-5000000} rounds=${3:-5}
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$PWD/target}
cargo build --release --quiet
cargo build --release --quiet --manifest-path "$bench/Cargo.toml" --target-dir "$CARGO_TARGET_DIR/yardstick" 2>/dev/null
tools=$CARGO_TARGET_DIR/yardstick/release
"$tools/gen" "$events" 1 "$work/w1.ndjson" 2>/dev/null
cat "$work/w1.ndjson" >/dev/null

seconds() { local from to; from=$(date +%s%N); "$@" >"$work/out" 2>"$work/err"; to=$(date +%s%N); echo $(((to - from) / 1000)); }
for round in $(seq "$rounds"); do
  baseline=$(seconds "$tools/yardstick" c sonic "$work/w1.ndjson" "$work")
  awk -v r="$baseline" -v n="$events" -v k="$round" 'BEGIN { printf "round %d: yardstick %.2f s (%.2f M/s); firstline, by threads:", k, r/1e6, n/r }'
  for threads in 1 2; do
    firstline=$(seconds target/release/firstline replay --threads "$threads" "$work/w1.ndjson")
    awk -v r="$baseline" -v a="$firstline" -v n="$events" -v t="$threads" 'BEGIN { printf " %d: %.2f s (%.2f M/s, ratio %.2f)", t, a/1e6, n/a, r/a }'
    awk -v r="$baseline" -v a="$firstline" 'BEGIN { print r/a }' >>"$work/ratios-$threads"
  done
  echo
done
median() { sort -g "$1" | awk '{ v[NR] = $1 } END { printf "%.2f", v[int((NR + 1) / 2)] }'; }
echo "median ratio to the yardstick: one thread $(median "$work/ratios-1"), two threads $(median "$work/ratios-2")"
grep -m1 VmHWM /proc/self/status >/dev/null && { target/release/firstline replay --threads 2 "$work/w1.ndjson" >/dev/null 2>&1 & pid=$!
  while kill -0 $pid 2>/dev/null; do peak=$(awk '/VmHWM/ { print $2 }' /proc/$pid/status 2>/dev/null || true); [ -n "$peak" ] && last=$peak; sleep 0.02; done
  echo "peak memory $((last / 1024)) MiB"; }

if [ "$events" = 5000000 ]; then
  # The reference evaluates deadlines up to the end of the second of the last event.
  target/release/firstline replay --standard benches/w1.toml --at 2026-03-01T09:47:29Z "$work/w1.ndjson" 2>/dev/null | tee "$work/totals"
  for total in "1512506 / 1612079" "1228546 / 1512506" "96636 / 1612079" "91597 / 123596" "91597 / 131365"; do
    grep -q " $total" "$work/totals" || { echo "the reference total $total is missing" >&2; exit 1; }
  done
  echo "all totals match the reference"
fi
