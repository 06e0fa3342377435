#!/usr/bin/env python3
"""Fits learning curves to recorded runs, for `cargo bench --bench deadline_sim`.

    fit_curves.py OUT.json NAME STUDY…

Each STUDY is the folder of a search that ran the same configurations with another `epochs.max`, every trial to its end, evaluated every
quarter of an epoch (`method: sobol`, `early_terminate: {type: median, interval: 0.25, min_trials: 1000000}`). Needs scikit-learn."""
import json
import math
import sys
from pathlib import Path

import numpy
from sklearn.ensemble import ExtraTreesRegressor

SPEC = """
command: [python3, train.py]
metric: {name: accuracy, goal: maximize}
parameters:
  learning_rate: {min: 1.0e-5, max: 1.0e-3, log: true}
  batch_size: {values: [8, 16, 32, 64], ordered: true}
  dropout: {min: 0.0, max: 0.4, q: 0.05}
  weight_decay: {min: 1.0e-4, max: 1.0e-1, log: true}
  freeze_depth: {min: 0, max: 2}
  scheduler: {values: [linear, cosine, constant]}
  warmup_ratio: {min: 0.0, max: 0.2, when: "scheduler != 'constant'"}
epochs: {min: 0.25, max: MAX}
early_terminate: {type: asha, eta: 4}
budget: {wall: WALL}
"""
RECIPE = {"learning_rate": 3e-4, "batch_size": 16, "dropout": 0.1, "weight_decay": 0.01, "freeze_depth": 0, "scheduler": "linear", "warmup_ratio": 0.1}


def features(configuration, schedule, epoch):
    scheduler = configuration["scheduler"]
    return [
        math.log10(configuration["learning_rate"]), math.log2(configuration["batch_size"]), configuration["dropout"],
        math.log10(configuration["weight_decay"]), configuration["freeze_depth"], float(scheduler == "constant"),
        float(scheduler == "cosine"), configuration.get("warmup_ratio", 0.0), math.log2(schedule), math.log2(epoch),
    ]


def runs(study):
    """Configuration, seconds an epoch on the virtual clock, and the curve of every trial."""
    epoch, trials = None, {}
    for line in (Path(study) / "journal.jsonl").open():
        event = json.loads(line)["event"]
        kind = event["type"]
        if kind == "study_created":
            epoch = event["inputs"]["epoch"]
        elif kind == "segment_planned":
            if event.get("created"):
                trials[event["trial"]] = {"configuration": event["created"]["configuration"], "curve": [], "cost": 0.0}
            trials[event["trial"]]["cost"] += event["finish"] - event["start"]
        elif kind == "segment_ended" and "reached" in event["outcome"]:
            for seen in event["outcome"]["reached"]["evaluations"]:
                trials[event["trial"]]["curve"].append((seen["at"] / epoch, seen["metrics"]["accuracy"]))
    return [trial for trial in trials.values() if trial["curve"]]


def main():
    out, name, studies = sys.argv[1], sys.argv[2], sys.argv[3:]
    rows, values, groups, costs = [], [], [], {}
    for study in studies:
        for number, trial in enumerate(runs(study)):
            schedule = round(trial["curve"][-1][0], 2)
            for epoch, value in trial["curve"]:
                rows.append(features(trial["configuration"], schedule, epoch))
                values.append(value)
                groups.append(number)
            key = f"{int(trial['configuration']['freeze_depth'])}/{int(trial['configuration']['batch_size'])}"
            costs.setdefault(key, []).append(trial["cost"] / schedule)
    rows, values, groups = numpy.array(rows), numpy.array(values), numpy.array(groups)
    forest = ExtraTreesRegressor(n_estimators=16, min_samples_leaf=6, random_state=0, bootstrap=False)
    # How far single runs lie from what the others of their kind say: their luck, and what the forest does not know.
    held_out = groups % 5 == 0
    forest.fit(rows[~held_out], values[~held_out])
    apart = float(numpy.sqrt(numpy.mean((forest.predict(rows[held_out]) - values[held_out]) ** 2)))
    forest.fit(rows, values)
    trees = []
    for tree in forest.estimators_:
        inner = tree.tree_
        trees.append([[int(f), round(float(t), 5), int(l), int(r), round(float(v[0][0]), 4)] for f, t, l, r, v in
                      zip(inner.feature, inner.threshold, inner.children_left, inner.children_right, inner.value)])
    means = {key: sum(all_of) / len(all_of) for key, all_of in costs.items()}
    unit = means["0/16"]
    Path(out).write_text(json.dumps({
        "name": name, "spec": SPEC, "recipe": RECIPE, "noise": 0.012,
        "costs": {key: value / unit for key, value in means.items()}, "forest": trees,
    }))
    print(f"{name}: {len(rows)} values, held-out deviation {apart:.4f}, best {values.max():.3f}, costs {means}")


if __name__ == "__main__":
    main()
