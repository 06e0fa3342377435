#!/usr/bin/env bash
# Compares a MiniLM training step (16 texts of 64 tokens, one thread) of this program with PyTorch's, interleaved in
# one run, so that a busy machine slows both. Prints both medians and their ratio for nothing and for five of six
# blocks frozen.
#
# Usage: benches/compare_pytorch.sh MODEL_FOLDER [ROUNDS]    needs a `python3` (or $PYTHON) that can import torch
# Environment: CARGO_PROFILE picks another profile than `release`.
set -euo pipefail
cd "$(dirname "$0")/.."
folder=${1:?the folder of all-MiniLM-L6-v2}
rounds=${2:-5}
python=${PYTHON:-python3}
profile=${CARGO_PROFILE:-release}
export OMP_NUM_THREADS=1 MKL_NUM_THREADS=1 RAYON_NUM_THREADS=1
# As workers have it: see `worker::process`.
ours_environment=(MALLOC_MMAP_MAX_=0 MALLOC_TRIM_THRESHOLD_=4294967296 MALLOC_TOP_PAD_=67108864)
binary=$(cargo bench --bench step --profile "$profile" --no-run --message-format=json |
  sed -n 's/.*"name":"step".*"executable":"\([^"]*\)".*/\1/p' | tail -1)
ours=$(mktemp) theirs=$(mktemp)
trap 'rm -f "$ours" "$theirs"' EXIT
median() { sort -n "$1" | awk '{ v[NR] = $1 } END { print (v[int((NR + 1) / 2)] + v[int(NR / 2) + 1]) / 2 }'; }
for depth in 0 5; do
  : >"$ours"
  : >"$theirs"
  for _ in $(seq "$rounds"); do
    env "${ours_environment[@]}" "$binary" "$folder" 3 "$depth" >>"$ours"
    "$python" benches/pytorch_step.py 3 "$depth" >>"$theirs"
  done
  a=$(median "$ours") b=$(median "$theirs")
  echo "freeze depth $depth: ours $a s, PyTorch $b s, ratio $(awk "BEGIN { printf \"%.2f\", $a / $b }")"
done
