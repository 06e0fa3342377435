#!/usr/bin/env bash
# Is a wall budget true? Runs the quickstart again and again with a budget of 60 s while every core is kept busy by others, and
# prints for each run its seconds, the share of the slots' time that was idle, the trials, and whether its results are whole.
#   benches/deadline.sh [RUNS] [BUDGET_SECONDS] [SPEC]      (after cargo build --release)
set -euo pipefail
cd "$(dirname "$0")/.."
runs=${1:-20}
budget=${2:-60}
spec=${3:-search-spaces/quickstart.yaml}
automl=${CARGO_TARGET_DIR:-target}/release/automl
work=$(mktemp -d)
busy=()
for _ in $(seq "$(nproc)"); do
  yes >/dev/null &
  busy+=($!)
done
trap 'kill "${busy[@]}" 2>/dev/null; rm -rf "$work"' EXIT
late=0
printf 'run  seconds  idle  trials  code\n'
for run in $(seq "$runs"); do
  study=$work/study-$run
  begun=$(date +%s.%N)
  code=0
  "$automl" search "$spec" --budget "${budget}s" --trials 100000 --seed "$run" --out "$study" --json >"$work/said" 2>/dev/null || code=$?
  seconds=$(echo "$(date +%s.%N) - $begun" | bc)
  idle=$(grep -o '"idle_share":[0-9.]*' "$work/said" | tail -1 | cut -d: -f2)
  trials=$("$automl" leaderboard "$study" --format csv | tail -n +2 | wc -l)
  "$automl" validate "$study/best.yaml" >/dev/null 2>&1 || code=no-best
  printf '%3d  %7.2f  %.3f  %6d  %s\n' "$run" "$seconds" "$idle" "$trials" "$code"
  if (($(echo "$seconds > $budget + 2" | bc))); then late=$((late + 1)); fi
done
echo "$late of $runs runs took more than $((budget + 2)) s"
