#!/usr/bin/env bash
# A real Slurm of three nodes on one Debian machine, for tests: each node in a network namespace behind a bridge.
#   up | down | stop-ctld | kill-ctld | start-ctld | cut N | heal N
# Variables: SROOT (a folder for its state, with a short path), SNUMBER (0 to 200: clusters with other numbers may run too).
set -euo pipefail
SROOT=${SROOT:?} SNUMBER=${SNUMBER:-0} NODES=3
NET=10.77.$SNUMBER BRIDGE=amb$SNUMBER PORT=$((21000 + 10 * SNUMBER))
export SLURM_CONF=$SROOT/slurm.conf

configure() {
  mkdir -p "$SROOT"/{state,log,run,dev,munge}
  chmod 755 "$SROOT" "$SROOT/run"
  dd if=/dev/urandom of="$SROOT/munge/key" bs=1 count=128 status=none
  chmod 700 "$SROOT/munge"; chmod 400 "$SROOT/munge/key"
  cat >"$SROOT/slurm.conf" <<C
ClusterName=automl$SNUMBER
SlurmctldHost=$(hostname -s)($NET.1)
SlurmctldPort=$PORT
AuthType=auth/munge
AuthInfo=socket=$SROOT/run/munge.socket,cred_expire=5
CredType=cred/munge
SlurmUser=root
SlurmdUser=root
StateSaveLocation=$SROOT/state
SlurmdSpoolDir=$SROOT/spool-%n
SlurmctldPidFile=$SROOT/run/slurmctld.pid
SlurmdPidFile=$SROOT/run/slurmd-%n.pid
SlurmctldLogFile=$SROOT/log/slurmctld.log
SlurmdLogFile=$SROOT/log/slurmd-%n.log
# Without systemd and cgroups: processes are followed through /proc, and nothing is confined.
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
GresTypes=gpu
ReturnToService=2
# Clocks of the size of a test.
SlurmdTimeout=10
SlurmctldTimeout=10
InactiveLimit=0
KillWait=5
MinJobAge=300
MessageTimeout=5
TCPTimeout=2
BatchStartTimeout=10
CompleteWait=0
SchedulerType=sched/backfill
SchedulerParameters=sched_interval=2,bf_interval=2,batch_sched_delay=0,sched_min_interval=0
JobRequeue=1
# A job in the partition "high" takes the nodes of one in "low".
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
MaxArraySize=1001
C
  : >"$SROOT/gres.conf"
  for i in $(seq 1 $NODES); do
    echo "NodeName=n$i NodeHostname=n$i NodeAddr=$NET.1$i Port=$((PORT + 1)) CPUs=2 RealMemory=2000 Gres=gpu:fake:2 State=UNKNOWN" >>"$SROOT/slurm.conf"
    # Devices that are really /dev/null: Slurm hands out CUDA_VISIBLE_DEVICES for them.
    for gpu in 0 1; do mknod "$SROOT/dev/n$i-gpu$gpu" c 1 3; done
    echo "NodeName=n$i Name=gpu Type=fake File=$SROOT/dev/n$i-gpu[0-1]" >>"$SROOT/gres.conf"
    mkdir -p "$SROOT/spool-n$i"
  done
  echo "PartitionName=low  Nodes=n[1-$NODES] Default=YES MaxTime=60 State=UP PriorityTier=1 PreemptMode=REQUEUE GraceTime=5" >>"$SROOT/slurm.conf"
  echo "PartitionName=high Nodes=n[1-$NODES] Default=NO  MaxTime=60 State=UP PriorityTier=10 PreemptMode=OFF" >>"$SROOT/slurm.conf"
}

net_up() {
  ip link add "$BRIDGE" type bridge; ip addr add "$NET.1/24" dev "$BRIDGE"; ip link set "$BRIDGE" up
  for i in $(seq 1 $NODES); do
    local ns=$BRIDGE-n$i veth=${BRIDGE}v$i
    ip netns add "$ns"
    ip link add "$veth" type veth peer name eth0 netns "$ns"
    ip link set "$veth" master "$BRIDGE" up
    ip -n "$ns" addr add "$NET.1$i/24" dev eth0
    ip -n "$ns" link set lo up; ip -n "$ns" link set eth0 up
  done
}
net_down() {
  for i in $(seq 1 $NODES); do ip netns del "$BRIDGE-n$i" 2>/dev/null || true; done
  ip link del "$BRIDGE" 2>/dev/null || true
}

up() {
  configure
  net_up
  munged --key-file="$SROOT/munge/key" --socket="$SROOT/run/munge.socket" --pid-file="$SROOT/run/munged.pid" \
    --log-file="$SROOT/munge/munged.log" --seed-file="$SROOT/munge/seed" --num-threads=2 --force
  slurmctld -f "$SLURM_CONF" -c
  for i in $(seq 1 $NODES); do
    # Not `ip netns exec`: that hides /sys/fs/cgroup, and slurmd dies without it.
    nsenter --net=/run/netns/"$BRIDGE-n$i" unshare --uts sh -c "hostname n$i; exec slurmd -N n$i -f $SLURM_CONF"
  done
  for _ in $(seq 1 300); do
    [ "$(sinfo -h -p low -t idle -o '%D' 2>/dev/null | awk '{s += $1} END {print s + 0}')" = $NODES ] && return 0
    sleep 0.2
  done
  echo "the nodes do not become idle:" >&2; sinfo -N >&2; return 1
}

stop_pids() { # Ends processes by the files in which they wrote their ids, and waits until they have gone.
  local file pid pids=()
  for file in "$@"; do [ -f "$file" ] && pid=$(cat "$file") && kill "$pid" 2>/dev/null && pids+=("$pid"); done
  for _ in $(seq 1 50); do
    local alive=(); for pid in "${pids[@]}"; do kill -0 "$pid" 2>/dev/null && alive+=("$pid"); done
    [ ${#alive[@]} = 0 ] && break; sleep 0.2
  done
  for pid in "${alive[@]}"; do kill -9 "$pid" 2>/dev/null || true; done
  rm -f "$@"
}

down() {
  scancel --user=root 2>/dev/null || true
  for _ in $(seq 1 40); do [ -z "$(squeue -h -t R,CG 2>/dev/null)" ] && break; sleep 0.2; done
  local files=()
  for i in $(seq 1 $NODES); do files+=("$SROOT/run/slurmd-n$i.pid"); done
  stop_pids "${files[@]}" "$SROOT/run/slurmctld.pid" "$SROOT/run/munged.pid"
  net_down
}

case "${1:-}" in
  up | down) "$1" ;;
  stop-ctld) stop_pids "$SROOT/run/slurmctld.pid" ;;
  kill-ctld) kill -9 "$(cat "$SROOT/run/slurmctld.pid")"; rm -f "$SROOT/run/slurmctld.pid" ;;
  start-ctld) slurmctld -f "$SLURM_CONF" ;;
  cut) ip link set "${BRIDGE}v$2" down ;;
  heal) ip link set "${BRIDGE}v$2" up ;;
  *) echo "usage: $0 up|down|stop-ctld|kill-ctld|start-ctld|cut N|heal N" >&2; exit 2 ;;
esac
