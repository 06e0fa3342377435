"""Specs as `automl init` would begin them. JSON is YAML, so they are written with the standard library."""

import json

import datasets

# One ordinary fine-tuning per model: the published defaults of the family.
DEFAULTS = {
    "bert-tiny": {"learning_rate": 3e-4},
    "minilm": {"learning_rate": 5e-5},
}
ORDINARY = {
    "batch_size": 16,
    "dropout": 0.1,
    "weight_decay": 0.01,
    "freeze_depth": 0,
    "scheduler": "linear",
    "warmup_ratio": 0.1,
}
EPOCHS = {"min": 0.5, "max": 4}
ETA = 3
MAX_LENGTH = {"bert-tiny": 64, "minilm": 32}
SELECTION = {"rule": "one_se", "top_k": 3, "reseeds": 2, "holdout": True}


def space(blocks):
    """The space of `search-spaces/text-classification.yaml` for a model of so many blocks."""
    return {
        "learning_rate": {"min": 1e-5, "max": 1e-3, "log": True},
        "batch_size": {"values": [8, 16, 32, 64], "ordered": True},
        "dropout": {"min": 0.0, "max": 0.4, "q": 0.05},
        "weight_decay": {"min": 1e-4, "max": 1e-1, "log": True},
        "freeze_depth": {"min": 0, "max": blocks},
        "scheduler": {"values": ["linear", "cosine", "constant"]},
        "warmup_ratio": {"min": 0.0, "max": 0.2, "when": "scheduler != 'constant'"},
    }


def base(task, slots):
    """What all specs of a task share: model, data, metric and resources."""
    split = {"validation": datasets.VALIDATION_SHARE, "test": datasets.HOLDOUT_SHARE, "stratify": True, "seed": 1}
    return {
        "name": "deadline-quality",
        "task": "text-classification",
        "model": str(task.model_folder),
        "data": {"train": str(task.tables.learn), "text": "text", "label": "label", "split": split},
        "max_length": MAX_LENGTH[task.model],
        "metric": {"name": task.dataset.metric, "goal": "maximize"},
        "epochs": dict(EPOCHS),
        "resources": {"devices": "cpu", "workers": slots},
    }


def search(task, slots):
    """A search that only its budget ends."""
    return {**base(task, slots), "method": "auto", "parameters": space(task.blocks), "epochs": EPOCHS["max"]}


def one(task, configuration, seed, max_epochs=EPOCHS["max"], stops=None):
    """One configuration, for `automl train` or a search of one trial."""
    epochs = {"min": min(EPOCHS["min"], max_epochs), "max": max_epochs}
    if stops:
        epochs["stops"] = stops
    return {
        **base(task, 1),
        "method": "random",
        "parameters": configuration,
        "epochs": epochs,
        "early_terminate": {"type": "none"},
        "budget": {"trials": 1},
        "seed": seed,
    }


def ordinary(task, seed, max_epochs=EPOCHS["max"]):
    """The default run."""
    return one(task, {**DEFAULTS[task.model], **ORDINARY}, seed, max_epochs)


def write(spec, path):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(spec, indent=1) + "\n", encoding="utf-8")
    return path
