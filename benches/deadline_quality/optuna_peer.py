"""Optuna (TPE and Hyperband) over the training steps of `automl worker`, until a deadline.

Usage: optuna_peer.py REQUEST.json ANSWER.json     needs optuna
The clock starts after Optuna is imported and before the workers start. A trial reports at each rung and goes on or is
pruned. At the deadline the workers are killed, and the trial with the best value reported until then is the answer.
"""

import json
import queue
import shutil
import sys
import tempfile
import time
from pathlib import Path

import optuna
from optuna.trial import TrialState

from worker_client import Worker

# Rungs in half epochs of four epochs: 0.5, 1.5 and 4. Hyperband with these numbers judges after 1 and 3 half epochs.
STEP_EPOCHS, RUNGS, REDUCTION = 0.5, (1, 3, 8), 3


def suggest(trial, blocks):
    """The space of `specs.space`, as an Optuna user would write it."""
    configuration = {
        "learning_rate": trial.suggest_float("learning_rate", 1e-5, 1e-3, log=True),
        "batch_size": trial.suggest_categorical("batch_size", [8, 16, 32, 64]),
        "dropout": trial.suggest_float("dropout", 0.0, 0.4, step=0.05),
        "weight_decay": trial.suggest_float("weight_decay", 1e-4, 1e-1, log=True),
        "freeze_depth": trial.suggest_int("freeze_depth", 0, blocks),
        "scheduler": trial.suggest_categorical("scheduler", ["linear", "cosine", "constant"]),
    }
    if configuration["scheduler"] != "constant":
        configuration["warmup_ratio"] = trial.suggest_float("warmup_ratio", 0.0, 0.2)
    return configuration


class Run:
    """One trial on its slot."""

    def __init__(self, trial, configuration, seed):
        self.trial, self.configuration, self.seed = trial, configuration, seed
        self.rung = 0
        self.evaluations = {}  # value by samples seen
        self.seconds = 0.0  # in ended segments, as their workers report it
        self.ordered = None  # when the current segment was ordered
        self.state = "cut"

    def best(self):
        """The best value and where it was; the earlier of equals."""
        at = max(self.evaluations, key=lambda seen: (self.evaluations[seen], -seen))
        return self.evaluations[at], at


class Peer:
    def __init__(self, request, checkpoints):
        self.request, self.checkpoints = request, checkpoints
        self.epoch = request["train_rows"]
        self.end = samples(RUNGS[-1], self.epoch)
        self.runs = []
        self.current = {}
        self.first_result = self.first_completed = None
        self.study = optuna.create_study(
            study_name="deadline",
            direction="maximize",
            sampler=optuna.samplers.TPESampler(seed=request["seed"], constant_liar=True),
            pruner=optuna.pruners.HyperbandPruner(
                min_resource=RUNGS[0], max_resource=RUNGS[-1], reduction_factor=REDUCTION
            ),
        )

    def begin(self, worker):
        trial = self.study.ask()
        seed = self.request["seed"] * 1_000_003 + trial.number
        run = Run(trial, suggest(trial, self.request["blocks"]), seed)
        self.runs.append(run)
        self.current[worker.slot] = run
        self.order(worker, run)

    def order(self, worker, run):
        start = samples(RUNGS[run.rung - 1], self.epoch) if run.rung else 0
        stop = samples(RUNGS[run.rung], self.epoch)
        known = sorted(run.evaluations)
        run.ordered = time.monotonic()
        worker.run(run.trial.number, run.configuration, run.seed, start, stop, self.end, known)

    def note(self, run, evaluations, now):
        for evaluation in evaluations:
            run.evaluations[evaluation["at"]] = evaluation["metrics"][self.request["metric"]]
            self.first_result = self.first_result or now

    def ended(self, worker, end, now):
        """A segment has ended: the trial goes on, is pruned, or is complete; then the next one begins."""
        run = self.current[worker.slot]
        if "reached" not in end:
            run.state = "failed"
            self.study.tell(run.trial, state=TrialState.FAIL)
            return self.begin(worker)
        run.seconds += end["reached"]["usage"]["wall_seconds"]
        self.note(run, end["reached"]["evaluations"], now)
        step = RUNGS[run.rung]
        run.trial.report(run.evaluations[samples(step, self.epoch)], step)
        run.rung += 1
        if run.rung == len(RUNGS):
            run.state = "completed"
            self.first_completed = self.first_completed or now
            self.study.tell(run.trial, run.best()[0])
        elif run.trial.should_prune():
            run.state = "pruned"
            self.study.tell(run.trial, state=TrialState.PRUNED)
        else:
            return self.order(worker, run)
        shutil.rmtree(self.checkpoints / str(run.trial.number), ignore_errors=True)
        self.begin(worker)

    def until(self, deadline, begun):
        """Starts the workers and serves them until the deadline."""
        messages = queue.Queue()
        study, automl, slots = Path(self.request["study"]), self.request["automl"], range(self.request["slots"])
        workers = [Worker(automl, study, self.checkpoints, slot, messages) for slot in slots]
        try:
            while (left := deadline - time.monotonic()) > 0:
                try:
                    slot, message = messages.get(timeout=left)
                except queue.Empty:
                    break
                now = time.monotonic() - begun
                if message is None or message["type"] == "unable":
                    raise RuntimeError(f"a worker has ended: {message or 'see its log in ' + str(study)}")
                if message["type"] == "ready":
                    self.begin(workers[slot])
                elif message["type"] == "progress" and message["progress"]["evaluation"]:
                    self.note(self.current[slot], [message["progress"]["evaluation"]], now)
                elif message["type"] == "ended":
                    self.ended(workers[slot], message["end"], now)
        finally:
            for worker in workers:
                worker.kill()

    def answer(self):
        for run in self.runs:
            if run.state == "cut":
                run.seconds += time.monotonic() - run.ordered
        unfinished = [run for run in self.runs if run.state in ("cut", "pruned")]
        answer = {
            "trials": len(self.runs),
            "completed": sum(run.state == "completed" for run in self.runs),
            "first_result": self.first_result,
            "first_completed": self.first_completed,
            "completed_s": sum(run.seconds for run in self.runs if run.state == "completed"),
            "unfinished_s": sum(run.seconds for run in unfinished),
            "busy_s": sum(run.seconds for run in self.runs),
        }
        measured = [run for run in self.runs if run.evaluations and run.state != "failed"]
        if measured:
            best = max(measured, key=lambda run: run.best()[0])
            value, at = best.best()
            stops = [seen / self.epoch for seen in sorted(best.evaluations) if seen <= at]
            configuration = best.configuration
            answer.update(value=value, configuration=configuration, seed=best.seed, stops=stops)
        return answer


def samples(step, epoch):
    """A number of half epochs in samples; halves are rounded up, as in `Samples::from_epochs`."""
    return max(1, int(step * STEP_EPOCHS * epoch + 0.5))


def main():
    request = json.loads(Path(sys.argv[1]).read_text())
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    # A worker saves at every rung, as a trial may pause there. Optuna's trials do not: in memory it costs them less.
    memory = "/dev/shm" if Path("/dev/shm").is_dir() else None
    with tempfile.TemporaryDirectory(dir=memory, prefix="optuna-peer-") as checkpoints:
        begun = time.monotonic()
        peer = Peer(request, Path(checkpoints))
        peer.until(begun + request["budget_s"], begun)
        answer = {**peer.answer(), "wall_s": time.monotonic() - begun}
    Path(sys.argv[2]).write_text(json.dumps(answer))


if __name__ == "__main__":
    main()
