"""Runs `automl` and reads what it leaves behind."""

import csv
import json
import os
import shutil
import signal
import subprocess
import time
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

# Longer than any honest overrun; a process that is still there is killed and the run counts as failed.
PATIENCE = 60.0
NO_RESULT = 4  # exit code of `automl search` when no trial has a result


class Failure(Exception):
    """A run that gives no row to count; the text says why."""


@dataclass
class Outcome:
    """What a method left at its deadline. Shares are of the budget, or of all slots' time within it."""

    spec: Path | None = None  # the configuration to train; None: no answer
    wall_s: float = 0.0
    validation: float | None = None
    trials: int | None = None
    completed: int | None = None
    shares: dict = field(default_factory=dict)
    test: dict | None = None  # measured already, by a method that trains its model itself


def execute(command, cache=None, patience=None):
    """Runs a command; returns its exit code, standard output, standard error and wall seconds."""
    environment = dict(os.environ)
    if cache:
        # Frozen activations of an earlier run would make a later one faster.
        environment["AUTOML_CACHE_DIR"] = str(cache)
    pipe = subprocess.PIPE
    begun = time.monotonic()
    process = subprocess.Popen(
        [str(word) for word in command], env=environment, stdout=pipe, stderr=pipe, text=True, start_new_session=True
    )
    try:
        out, err = process.communicate(timeout=patience)
    except BaseException as error:
        end(process)
        if isinstance(error, subprocess.TimeoutExpired):
            raise Failure(f"still running after {patience:.0f} s: {' '.join(str(word) for word in command)}") from None
        raise
    return process.returncode, out, err, time.monotonic() - begun


def end(process):
    """Ends a process and all that it started: in good order if it can, so that no temporary files stay."""
    for sign in (signal.SIGINT, signal.SIGKILL):
        os.killpg(process.pid, sign)
        try:
            process.communicate(timeout=5)
            return
        except subprocess.TimeoutExpired:
            continue


def checked(command, **options):
    """The same; an exit code other than 0 is a failure."""
    code, out, err, wall = execute(command, **options)
    if code != 0:
        raise Failure(f"exit code {code}: {' '.join(str(word) for word in command)}\n{err.strip()[-1000:]}")
    return out, wall


def train_and_test(automl, spec, tables, folder):
    """Trains the configuration of `spec` and measures the model on the test table."""
    model = folder / "model"
    out, train_s = checked([automl, "train", spec, "--out", model, "--json", "-q"])
    validation = json.loads(out)["measured"].get("validation", {})
    out, _ = checked([automl, "evaluate", model, tables.test, "--json", "-q"])
    test = json.loads(out)
    shutil.rmtree(model, ignore_errors=True)
    return {"test": {name: test[name] for name in ("accuracy", "f1")}, "validation": validation, "train_s": train_s}


def full_run_seconds(automl, spec, folder):
    """T1: the wall time of a search of one complete trial on one worker, with start and loading.

    The first of two runs warms the caches of the operating system; the second counts.
    """
    for run in ("warm", "timed"):
        command = [automl, "search", spec, "--out", folder / run, "-q"]
        _, wall = checked(command, cache=folder / f"cache-{run}")
    return wall


def search(automl, spec, budget_s, seed, slots, folder, settings=()):
    """Runs a search under a wall budget and reads how it spent its time."""
    study = folder / "study"
    command = [automl, "search", spec, "--budget", f"{budget_s:.2f}s", "--seed", seed, "--out", study, "-q"]
    for setting in settings:
        command += ["--set", setting]
    begun = time.time()
    code, _, err, wall = execute(command, cache=folder / "cache", patience=budget_s + PATIENCE)
    if code not in (0, NO_RESULT):
        raise Failure(f"exit code {code} of the search\n{err.strip()[-1000:]}")
    outcome = read_study(study, begun, budget_s, slots)
    outcome.wall_s = wall
    outcome.spec = study / "best.yaml" if code == 0 else None
    return outcome


def read_study(study, begun, budget_s, slots):
    """How a study spent its time, from its leaderboard and journal."""
    rows = []
    if (study / "leaderboard.csv").exists():
        with open(study / "leaderboard.csv", newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
    trials = [row for row in rows if not row.get("repeats")]
    completed = [row for row in trials if row["status"] == "completed"]
    unfinished = [row for row in trials if row["status"] not in ("completed", "failed")]
    spent, first = read_journal(study / "journal.jsonl")

    def share(of):
        return sum(spent.get(row["trial"], 0.0) for row in of) / (slots * budget_s)

    ends = [seconds(row["finished_at"]) for row in completed if row["finished_at"]]
    shares = {
        "first_result": (first - begun) / budget_s if first else None,
        "first_completed": (min(ends) - begun) / budget_s if ends else None,
        "share_completed": share(completed),
        "share_unfinished": share(unfinished),
        "share_selection": share(row for row in rows if row.get("repeats")),
        "share_busy": sum(spent.values()) / (slots * budget_s),
    }
    best = float(trials[0]["score"]) if trials and trials[0]["score"] else None
    return Outcome(validation=best, trials=len(trials), completed=len(completed), shares=shares)


def read_journal(journal):
    """The seconds that each trial took, cut segments included, and when the first segment ended with an evaluation."""
    spent, first = defaultdict(float), None
    if not journal.exists():
        return spent, first
    with open(journal, encoding="utf-8") as file:
        events = [json.loads(line)["event"] for line in file if line.endswith("\n")]
    for event in events:
        report = event.get("report") or (event.get("outcome") or {}).get("reached")
        if report:
            spent[str(event["trial"])] += report["usage"]["wall_seconds"]
            if first is None and report["evaluations"] and event["type"] == "segment_ended":
                first = seconds(event["finished_at"])
    return spent, first


def seconds(timestamp):
    return datetime.fromisoformat(timestamp.replace("Z", "+00:00")).timestamp()
