#!/usr/bin/env bash
# Faults of clusters that take too long for every change, on a real Slurm of three nodes, as root; and pretended workers.
# After each fault every segment counts once, and the leaderboard is that of one machine.
#   benches/cluster.sh [FAULT ...]      stop_ctld kill_ctld suspend_search away_search short_limit pretended
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD
script=$PWD/tests/it/support/slurm-cluster.sh
automl=${AUTOML:-$PWD/target/release/automl}
[ -x "$automl" ] || { echo "build it first: cargo build --release" >&2; exit 2; }
for command in slurmctld slurmd munged sbatch ip nsenter; do
  command -v "$command" >/dev/null || { echo "skipped: there is no Slurm here ($command is missing)"; exit 0; }
done
[ "$(id -u)" = 0 ] || { echo "skipped: only root can start a Slurm with networks of its own"; exit 0; }

export SROOT SNUMBER=199 SLURM_CONF
SROOT=$(mktemp -d /tmp/amlXXXX)
SLURM_CONF=$SROOT/slurm.conf
work=$(mktemp -d)
trap 'bash "$script" down || true; rm -rf "$SROOT" "$work"' EXIT

spec() { # the time limit of jobs in seconds
  cat <<YAML
name: faults
function: {name: sphere, trial_seconds: 2.0}
parameters: {x: {min: 0.0, max: 1.0}, y: {min: 1e-4, max: 1.0, log: true}}
method: random
epochs: {min: 1, max: 9}
early_terminate: {type: asha, eta: 3}
budget: {trials: 12}
resources: {logical_workers: 3}
seed: 7
cluster: {engine: slurm, workers: 2, listen: 10.77.199.1, lease: 6s, partition: low, time: $1, grace: 10s}
YAML
}

wait_for() { # a number of results
  for _ in $(seq 1 600); do
    [ "$(grep -c segment_ended study/journal.jsonl 2>/dev/null || true)" -ge "$1" ] 2>/dev/null && return 0
    sleep 0.1
  done
  echo "there are no results" >&2; return 1
}

audit() {
  local doubled
  doubled=$(grep -o '"segment_ended","trial":[0-9]*,"outcome":{"reached":{"reached":[0-9]*' study/journal.jsonl | sort | uniq -d | wc -l)
  [ "$doubled" = 0 ] || { echo "  $doubled segments count twice"; return 1; }
  diff <("$automl" leaderboard alone --format csv --no-timing) <("$automl" leaderboard study --format csv --no-timing) \
    || { echo "  the leaderboard differs"; return 1; }
}

fault() {
  local name=$1 begun=$SECONDS limit=10m pid
  rm -rf "$work/$name"; mkdir "$work/$name"; cd "$work/$name"
  [ "$name" = short_limit ] && limit=60s
  spec "$limit" >space.yaml
  sed -e '/^cluster/d' -e 's/, trial_seconds: 2.0//' space.yaml >alone.yaml
  "$automl" search alone.yaml --out alone -q
  "$automl" search space.yaml --out study -q &
  pid=$!
  wait_for 2
  case $name in
    stop_ctld) bash "$script" stop-ctld; sleep 5; bash "$script" start-ctld ;;
    kill_ctld) bash "$script" kill-ctld; sleep 2; bash "$script" start-ctld ;;
    suspend_search) kill -STOP "$pid"; sleep 12; kill -CONT "$pid" ;;
    away_search) kill -KILL "$pid"; wait "$pid" || true; sleep 10; "$automl" resume study -q & pid=$! ;;
    short_limit) ;;
  esac
  wait "$pid"
  audit && echo "$name: passed in $((SECONDS - begun)) s"
}

bash "$script" up
for name in "${@:-stop_ctld kill_ctld suspend_search away_search short_limit pretended}"; do
  for name in $name; do
    case $name in
      pretended) (
        cd "$root"
        cargo bench --locked --bench cluster -- 100 100000
        cargo bench --locked --bench cluster -- 1000 0
      ) ;;
      stop_ctld | kill_ctld | suspend_search | away_search | short_limit) (fault "$name") ;;
      *) echo "unknown fault \`$name\`" >&2; exit 2 ;;
    esac
  done
done
