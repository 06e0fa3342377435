"""AutoGluon MultiModal on the same table for the same wall time.

Usage: autogluon_peer.py REQUEST.json ANSWER.json     needs autogluon.multimodal
The clock starts after AutoGluon is imported. Prediction on the test table is not counted.
"""

import json
import os
import sys
import time
from pathlib import Path


def main():
    request = json.loads(Path(sys.argv[1]).read_text())
    # As many threads as the other methods have slots.
    os.environ.update(OMP_NUM_THREADS=str(request["slots"]), TOKENIZERS_PARALLELISM="false")
    # This folder has a `datasets.py` of its own, which must not stand in for the package that AutoGluon needs.
    sys.path.remove(str(Path(__file__).resolve().parent))
    import pandas
    import torch
    from autogluon.multimodal import MultiModalPredictor

    torch.set_num_threads(request["slots"])
    learn = pandas.read_json(request["learn"], lines=True, dtype=str)
    test = pandas.read_json(request["test"], lines=True, dtype=str)
    begun = time.monotonic()
    predictor = MultiModalPredictor(
        label="label",
        problem_type="multiclass" if learn["label"].nunique() > 2 else "binary",
        eval_metric="accuracy" if request["metric"] == "accuracy" else "f1_macro",
        path=request["folder"],
    )
    predictor.fit(
        learn,
        time_limit=request["budget_s"],
        seed=request["seed"],
        holdout_frac=request["validation"],
        hyperparameters={
            "model.names": ["hf_text"],
            "model.hf_text.checkpoint_name": request["model"],
            "model.hf_text.max_text_len": request["max_length"],
            "env.num_workers": 0,
        },
    )
    wall = time.monotonic() - begun
    predicted = list(predictor.predict(test))
    truth = list(test["label"])
    answer = {"wall_s": wall, "accuracy": accuracy(truth, predicted), "f1": macro_f1(truth, predicted)}
    Path(sys.argv[2]).write_text(json.dumps(answer))


def accuracy(truth, predicted):
    return sum(a == b for a, b in zip(truth, predicted)) / len(truth)


def macro_f1(truth, predicted):
    """The unweighted mean over classes that occur or are predicted, as in `automl`."""
    scores = []
    for name in set(truth) | set(predicted):
        right = sum(a == b == name for a, b in zip(truth, predicted))
        scores.append(2 * right / (truth.count(name) + predicted.count(name)))
    return sum(scores) / len(scores)


if __name__ == "__main__":
    main()
