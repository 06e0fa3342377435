"""The methods that are compared. Each gets a task, a seed and a budget, and returns an outcome."""

import functools
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import datasets
import measure
import specs

HERE = Path(__file__).parent
OPTUNA = "optuna==5.0.0"


@dataclass(frozen=True)
class Task:
    """A data set with the model that is fine-tuned on it."""

    model: str
    model_folder: Path
    blocks: int
    dataset: datasets.Dataset
    tables: datasets.Tables


@dataclass(frozen=True)
class Job:
    """One run of one method."""

    automl: Path
    slots: int
    task: Task
    seed: int
    budget: float  # in full default runs
    budget_s: float
    folder: Path


def default(job):
    """One ordinary configuration, trained once; at less than one run its schedule is as much shorter."""
    max_epochs = specs.EPOCHS["max"] * min(1.0, job.budget)
    spec = specs.write(specs.ordinary(job.task, job.seed, max_epochs), job.folder / "default.yaml")
    return measure.Outcome(spec=spec)


def search(job, settings=(), selection=None):
    spec = specs.search(job.task, job.slots)
    if selection:
        spec["selection"] = selection
    path = specs.write(spec, job.folder / "space.yaml")
    return measure.search(job.automl, path, job.budget_s, job.seed, job.slots, job.folder, settings)


def search_selection(job):
    return search(job, selection=specs.SELECTION)


def random(job):
    return search(job, settings=["method=random", "early_terminate.type=none", "prior=none"])


def optuna(job):
    study = job.folder / "optuna"
    specs.write(specs.search(job.task, 1), study / "spec.yaml")
    request = {
        "automl": str(job.automl),
        "study": str(study),
        "metric": job.task.dataset.metric,
        "train_rows": job.task.tables.train_rows,
        "blocks": job.task.blocks,
        "seed": job.seed,
        "slots": job.slots,
        "budget_s": job.budget_s,
    }
    answer = ask(optuna_python(), "optuna_peer.py", request, job)
    slot_time = job.slots * job.budget_s
    shares = {name: answer[name] and answer[name] / job.budget_s for name in ("first_result", "first_completed")}
    for name in ("completed", "unfinished", "busy"):
        shares[f"share_{name}"] = answer[f"{name}_s"] / slot_time
    outcome = measure.Outcome(
        wall_s=answer["wall_s"],
        validation=answer.get("value"),
        trials=answer["trials"],
        completed=answer["completed"],
        shares=shares,
    )
    if "configuration" in answer:
        spec = specs.one(job.task, answer["configuration"], answer["seed"], stops=answer["stops"])
        outcome.spec = specs.write(spec, job.folder / "best.yaml")
    return outcome


def autogluon(job):
    request = {
        "learn": str(job.task.tables.learn),
        "test": str(job.task.tables.test),
        "model": str(job.task.model_folder),
        "max_length": specs.MAX_LENGTH[job.task.model],
        "metric": job.task.dataset.metric,
        "validation": datasets.VALIDATION_SHARE,
        "folder": str(job.folder / "autogluon"),
        "seed": job.seed,
        "slots": job.slots,
        "budget_s": job.budget_s,
    }
    # It has no rule for stopping within a step or an epoch's end, so it gets more time before it counts as stuck.
    answer = ask(autogluon_python(), "autogluon_peer.py", request, job, patience=10 * job.budget_s + 600)
    return measure.Outcome(wall_s=answer["wall_s"], test={name: answer[name] for name in ("accuracy", "f1")})


METHODS = {
    "default": default,
    "search": search,
    "search-selection": search_selection,
    "random": random,
    "optuna": optuna,
    "autogluon": autogluon,
}


def ask(python, script, request, job, patience=None):
    """Runs a peer in its own Python and returns its answer."""
    question, reply = job.folder / "request.json", job.folder / "answer.json"
    question.write_text(json.dumps(request), encoding="utf-8")
    command = [python, HERE / script, question, reply]
    measure.checked(command, cache=job.folder / "cache", patience=patience or job.budget_s + measure.PATIENCE)
    return json.loads(reply.read_text(encoding="utf-8"))


def bench_home():
    return Path(os.environ.get("AUTOML_BENCH_HOME") or Path.home() / ".cache" / "automl-bench")


@functools.cache
def optuna_python():
    """The Python of the environment with Optuna, which is made at the first call."""
    home = bench_home() / "venv-optuna"
    python = home / "bin" / "python"
    if not can_import(python, "optuna"):
        print(f"installing {OPTUNA} into {home}", file=sys.stderr)
        subprocess.run([sys.executable, "-m", "venv", str(home)], check=True)
        subprocess.run([str(python), "-m", "pip", "install", "--quiet", OPTUNA], check=True)
    return python


def autogluon_python():
    """The Python of `venv-autogluon`, if there is such an environment; else this one."""
    python = bench_home() / "venv-autogluon" / "bin" / "python"
    return python if python.exists() else Path(sys.executable)


def can_import(python, module):
    if not python.exists():
        return False
    return subprocess.run([str(python), "-c", f"import {module}"], capture_output=True).returncode == 0


def available(names):
    """The methods of `names` that can run here; says why another one cannot."""
    names = list(names)
    if "optuna" in names:
        optuna_python()
    if "autogluon" in names and not can_import(autogluon_python(), "autogluon.multimodal"):
        names.remove("autogluon")
        print(f"skipping autogluon: {autogluon_python()} cannot import autogluon.multimodal", file=sys.stderr)
    return names
