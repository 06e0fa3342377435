#!/usr/bin/env bash
# The same 16 configurations (MiniLM, 1,000 texts to train on, 500 to compare on, at most 3 epochs) under the same rungs: with this
# program, and with Optuna and the Hugging Face Trainer; two (or $PROCESSES) processes of one thread each, one side after the other.
#   benches/end_to_end/run.sh MODEL_FOLDER MOVIE_SENTIMENT.tsv [none]     (after cargo build --release)
# needs a `python3` (or $PYTHON) with torch, transformers, accelerate and optuna. With `none` nothing is stopped early. Both sides
# use a GPU if there is one, ours if it was built with the feature `cuda`. $AUTOML is another program than the one built here.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
model=${1:?the folder of all-MiniLM-L6-v2}
table=${2:?movie_sentiment.tsv}
prunes=${3:-asha}
python=${PYTHON:-python3}
automl=${AUTOML:-${CARGO_TARGET_DIR:-$here/../../target}/release/automl}
processes=${PROCESSES:-2}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$python" "$here/prepare.py" "$table" "$model" "$work" "$processes"
now() { date +%s.%N; }
since() { awk "BEGIN { print $(now) - $1 }"; }
early=()
if [ "$prunes" = none ]; then early=(--set early_terminate=none); fi
# Nothing is kept from an earlier run.
export AUTOML_CACHE_DIR=$work/cache
begun=$(now)
"$automl" search "$work/space.yaml" --out "$work/study" "${early[@]}" -q
ours=$(since "$begun")
begun=$(now)
"$automl" search "$work/space.yaml" --out "$work/again" "${early[@]}" -q
again=$(since "$begun")
# Kernels for a GPU stay compiled.
rm -rf "$work/cache/frozen"
begun=$(now)
"$automl" search "$work/space.yaml" --out "$work/later" "${early[@]}" -q
later=$(since "$begun")
begun=$(now)
"$python" "$here/peer.py" "$model" "$work" "$work/peer.csv" "$processes" $([ "$prunes" = none ] && echo none)
peer=$(since "$begun")
"$automl" leaderboard "$work/study" --format csv >"$work/ours.csv"
"$python" "$here/compare.py" "$work/ours.csv" "$ours" "$work/peer.csv" "$peer"
echo "ours later, with compiled kernels but without what frozen parts made of the data: $later s; with both: $again s"
