#!/usr/bin/env bash
# Training samples a second of MiniLM (texts of 64 tokens) on the first GPU, in all, by the number of processes at once: this
# program's and PyTorch's, one after the other in one run.
#
# Usage: benches/gpu.sh STEP_BINARY MODEL_FOLDER [TEXTS [FREEZE_DEPTH [PROCESSES…]]]
# STEP_BINARY is what `cargo bench --features cuda --bench step --no-run` builds; needs a `python3` (or $PYTHON) with torch.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
binary=${1:?the program of the bench step, built with the feature cuda}
model=${2:?the folder of all-MiniLM-L6-v2}
texts=${3:-16}
depth=${4:-0}
processes=("${@:5}")
if [ ${#processes[@]} = 0 ]; then processes=(1 2 4 8); fi
python=${PYTHON:-python3}
steps=${STEPS:-150}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

# Starts so many at once; of each the last half of its steps counts, while the others run too.
measure() {
  local count=$1
  shift
  for number in $(seq "$count"); do "$@" >"$folder/$number.txt" 2>"$folder/$number.log" & done
  wait
  for number in $(seq "$count"); do
    [ -s "$folder/$number.txt" ] || tail -3 "$folder/$number.log" >&2
    tail -n $((steps / 2)) "$folder/$number.txt" | sort -n |
      awk -v texts="$texts" '{ v[NR] = $1 } END { if (NR) print texts / v[int((NR + 1) / 2)] }'
  done | awk '{ sum += $1 } END { printf "%.0f", sum }'
  rm -f "$folder"/*
}

for count in "${processes[@]}"; do
  ours=$(measure "$count" "$binary" "$model" "$steps" "$depth" "$texts")
  theirs=$(measure "$count" "$python" "$here/pytorch_step.py" "$steps" "$depth" "$texts" cuda)
  echo "$texts texts, freeze depth $depth, $count processes: ours $ours samples/s, PyTorch $theirs, ratio $(awk "BEGIN { printf \"%.2f\", $ours / $theirs }")"
done
