#!/usr/bin/env bash
# The same 16 configurations (MiniLM, 1,000 texts to train on, 500 to compare on, at most 3 epochs) under the same rungs: with this
# program, and with Optuna and the Hugging Face Trainer; two processes of one thread each, one side after the other.
#   benches/end_to_end/run.sh MODEL_FOLDER MOVIE_SENTIMENT.tsv [none]     (after cargo build --release)
# needs a `python3` (or $PYTHON) with torch, transformers, accelerate and optuna. With `none` nothing is stopped early.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
model=${1:?the folder of all-MiniLM-L6-v2}
table=${2:?movie_sentiment.tsv}
prunes=${3:-asha}
python=${PYTHON:-python3}
automl=${CARGO_TARGET_DIR:-$here/../../target}/release/automl
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$python" "$here/prepare.py" "$table" "$model" "$work"
now() { date +%s.%N; }
early=()
if [ "$prunes" = none ]; then early=(--set early_terminate=none); fi
# Nothing is kept from an earlier run.
export AUTOML_CACHE_DIR=$work/cache
begun=$(now)
"$automl" search "$work/space.yaml" --out "$work/study" "${early[@]}" -q
ours=$(echo "$(now) - $begun" | bc)
begun=$(now)
"$automl" search "$work/space.yaml" --out "$work/again" "${early[@]}" -q
again=$(echo "$(now) - $begun" | bc)
begun=$(now)
"$python" "$here/peer.py" "$model" "$work" "$work/peer.csv" 2 $([ "$prunes" = none ] && echo none)
peer=$(echo "$(now) - $begun" | bc)
"$automl" leaderboard "$work/study" --format csv >"$work/ours.csv"
"$python" "$here/compare.py" "$work/ours.csv" "$ours" "$work/peer.csv" "$peer"
echo "ours once more, with what frozen parts made of the data still there: $again s"
