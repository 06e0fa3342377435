"""A classifier in plain Python, to show what a program does to be searched by automl.

It reads its parameters from its arguments, trains up to the epoch it is told, prints one line of JSON an epoch, and keeps
what it needs to go on in the folder that AUTOML_CHECKPOINT names.
"""

import argparse
import json
import math
import os
import random

arguments = argparse.ArgumentParser()
arguments.add_argument("--learning-rate", type=float, required=True)
arguments.add_argument("--momentum", type=float, default=0.0)
arguments.add_argument("--epochs", type=int, default=9)
options = arguments.parse_args()

# Two clouds of points that overlap.
data = random.Random(0)
examples = [([data.gauss(label, 1.2), data.gauss(-label, 1.2), 1.0], label) for label in [0, 1] * 300]
train, validation = examples[:400], examples[400:]

checkpoint = os.path.join(os.environ.get("AUTOML_CHECKPOINT", "."), "state.json")
state = {"epoch": 0, "weights": [0.0, 0.0, 0.0], "velocity": [0.0, 0.0, 0.0]}
if os.path.exists(checkpoint):
    with open(checkpoint) as file:
        state = json.load(file)


def score(point):
    return sum(weight * value for weight, value in zip(state["weights"], point))


while state["epoch"] < options.epochs:
    state["epoch"] += 1
    order = random.Random(f"{os.environ.get('AUTOML_SEED', 0)} {state['epoch']}")
    for point, label in order.sample(train, len(train)):
        error = 1 / (1 + math.exp(-max(-60.0, min(60.0, score(point))))) - label
        for index, value in enumerate(point):
            step = options.momentum * state["velocity"][index] - options.learning_rate * error * value
            state["velocity"][index] = step
            state["weights"][index] += step
    accuracy = sum((score(point) > 0) == (label == 1) for point, label in validation) / len(validation)
    print(json.dumps({"epoch": state["epoch"], "accuracy": accuracy}), flush=True)
    # After the line, and under another name first: a checkpoint is whole or not there, and never ahead of what was printed.
    with open(checkpoint + ".new", "w") as file:
        json.dump(state, file)
    os.replace(checkpoint + ".new", checkpoint)
