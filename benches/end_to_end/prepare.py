"""Writes what both sides read: 1,000 training and 500 validation rows, and a spec with the fixed configurations.

Usage: prepare.py MOVIE_SENTIMENT.tsv MODEL_FOLDER OUT_FOLDER [PROCESSES]
"""

import csv
import json
import random
import sys
from pathlib import Path

TRAIN, VALIDATION = 1000, 500


def main():
    source, model, out = sys.argv[1], Path(sys.argv[2]).resolve(), Path(sys.argv[3])
    processes = int(sys.argv[4]) if len(sys.argv) > 4 else 2
    out.mkdir(parents=True, exist_ok=True)
    with open(source, newline="") as file:
        rows = [(row["text"], row["label"]) for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)]
    random.Random(0).shuffle(rows)
    classes = {name: number for number, name in enumerate(sorted({label for _, label in rows}))}
    for name, part in [("train", rows[:TRAIN]), ("validation", rows[TRAIN : TRAIN + VALIDATION])]:
        with open(out / f"{name}.tsv", "w", newline="") as file:
            writer = csv.writer(file, delimiter="\t")
            writer.writerow(["text", "label"])
            writer.writerows((text, classes[label]) for text, label in part)
    configurations = json.loads((Path(__file__).parent / "configurations.json").read_text())
    values = {name: sorted({config[name] for config in configurations}) for name in configurations[0]}
    spec = {
        "name": "end-to-end",
        "task": "text-classification",
        "model": str(model),
        "data": {"train": "train.tsv", "validation": "validation.tsv"},
        "max_length": 64,
        "metric": {"name": "accuracy", "goal": "maximize"},
        "method": "random",
        "parameters": {name: {"values": known} for name, known in values.items()},
        "points_to_evaluate": configurations,
        "epochs": {"min": 1 / 3, "max": 3},
        "early_terminate": {"type": "asha", "eta": 3, "mode": "stopping"},
        "budget": {"trials": len(configurations)},
        "resources": {"workers": processes, "logical_workers": processes},
    }
    (out / "space.yaml").write_text(json.dumps(spec, indent=2))


if __name__ == "__main__":
    main()
