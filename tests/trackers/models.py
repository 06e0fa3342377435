"""Trains a model of every task, registers it on a real MLflow server, loads it there, and compares its answers with `automl predict`.

    python3 -m venv models && models/bin/pip install mlflow torch transformers
    models/bin/mlflow server --backend-store-uri sqlite:///mlflow.db --artifacts-destination ./artifacts --port 5000 --workers 1 &
    models/bin/python models.py AUTOML http://127.0.0.1:5000 [TASK…]

The models are of the program's own small BERT, and good for nothing: what counts is that both sides say the same. Answers to
questions need `transformers` before version 5 and are left out with a later one, aloud.
"""
import json
import os
import random
import subprocess
import sys
import tempfile
import warnings
from pathlib import Path

os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
warnings.filterwarnings("ignore")

import mlflow  # noqa: E402
import pandas  # noqa: E402
import transformers  # noqa: E402

from study import Findings, same  # noqa: E402

FINDINGS = Findings()
WORDS = "a the film story actor scene good bad slow bright dull warm cold sharp long".split()
CHANCE = random.Random(1)
TOLERANCE = 2e-3  # both sides print or sum 32-bit numbers


def words(least=3, most=12):
    return [CHANCE.choice(WORDS) for _ in range(CHANCE.randint(least, most))]


def rows(task):
    for _ in range(60):
        text = words()
        if task == "pairs":
            yield {"text": " ".join(text), "other": " ".join(words()), "label": CHANCE.choice(["yes", "no"])}
        elif task == "classes":
            yield {"text": " ".join(text), "label": "up" if "good" in text else "down"}
        elif task == "number":
            yield {"text": " ".join(text), "label": len(text) / 5}
        elif task == "numbers":
            yield {"text": " ".join(text), "length": len(text) / 5, "goods": float(text.count("good"))}
        elif task == "labels":
            yield {"text": " ".join(text), "label": [w for w in ("good", "bad", "slow") if w in text] or ["bad"]}
        elif task == "tags":
            yield {"tokens": text, "tags": ["B-X" if w in ("good", "film") else "O" for w in text]}
        elif task == "answers":
            at = CHANCE.randrange(len(text))
            context = " ".join(text)
            yield {"question": "which " + CHANCE.choice(WORDS), "context": context, "answers": {"text": [text[at]], "answer_start": [len(" ".join(text[:at])) + (at > 0)]}}


SPECS = {
    "classes": "task: text-classification\nDATA: text: text, label: label\nmetric: accuracy\n",
    "pairs": "task: text-classification\nDATA: text: [text, other], label: label\nmetric: accuracy\n",
    "labels": "task: text-classification\nDATA: text: text, label: label, multi_label: true\nmetric: f1\n",
    "number": "task: regression\nDATA: text: text, label: label\nmetric: rmse\n",
    "numbers": "task: regression\nDATA: text: text, label: [length, goods]\nmetric: rmse\n",
    "tags": "task: token-classification\nDATA: \nmetric: f1\n",
    "answers": "task: question-answering\nDATA: \nmetric: f1\n",
}


def spec(task):
    kind, data, rest = SPECS[task].split("\n", 2)
    keys = data.removeprefix("DATA: ")
    columns = f", {keys}" if keys else ""
    return (f"name: model-{task}\n{kind}\nmodel: builtin:bert-tiny\ndata: {{train: data.jsonl{columns}, split: {{validation: 0.3, seed: 1}}}}\n"
            f"max_length: 24\n{rest}parameters:\n  learning_rate: 0.003\nmethod: random\nepochs: 3\nbudget: {{trials: 1}}\nresources: {{devices: cpu}}\nseed: 3\n")


def run(program, *arguments, **options):
    done = subprocess.run([program, *map(str, arguments)], capture_output=True, text=True, **options)
    if done.returncode:
        raise RuntimeError(f"{arguments[0]}: {done.stderr[-600:]}")
    return done


def ours(program, folder, data):
    """The predictions of `automl predict`, one mapping a row."""
    (folder / "new.jsonl").write_text("".join(json.dumps(row) + "\n" for row in data))
    run(program, "predict", folder / "model", folder / "new.jsonl", "--out", folder / "predictions.jsonl")
    return [json.loads(line) for line in (folder / "predictions.jsonl").read_text().splitlines()]


def main(program, uri, tasks):
    mlflow.set_tracking_uri(uri)
    for task in tasks:
        if task == "answers" and int(transformers.__version__.split(".")[0]) >= 5:
            print(f"skipped: transformers {transformers.__version__} has no pipeline that answers questions")
            continue
        with tempfile.TemporaryDirectory() as folder:
            try:
                look(program, uri, task, Path(folder))
            except Exception as error:
                FINDINGS.expect(False, f"{task}: {type(error).__name__}: {error}")


def look(program, uri, task, folder):
    data = list(rows(task))
    (folder / "data.jsonl").write_text("".join(json.dumps(row) + "\n" for row in data))
    (folder / "space.yaml").write_text(spec(task))
    run(program, "search", folder / "space.yaml", "--out", folder / "study", "--quiet", "--track", f"mlflow={uri}")
    said = run(program, "train", folder / "study/best.yaml", "--out", folder / "model", "--register", f"model-{task}", "--alias", "best",
               env={**os.environ, "MLFLOW_TRACKING_URI": uri})
    FINDINGS.expect("files" not in said.stderr, f"{task}: {said.stderr}")
    # More than the model reads, so that both sides must cut alike.
    if task not in ("tags", "answers"):
        data = [*data[:6], {**data[6], "text": " ".join(words(60, 80))}]
    else:
        data = data[:6]
    mine = ours(program, folder, data)
    model = mlflow.pyfunc.load_model(f"models:/model-{task}@best")
    pipeline = mlflow.transformers.load_model(f"models:/model-{task}@best")
    FINDINGS.expect(pipeline is not None, f"{task}: no pipeline")
    if task == "pairs":
        table = pandas.DataFrame({"text": [row["text"] for row in data], "text_pair": [row["other"] for row in data]})
    elif task == "tags":
        table = pandas.DataFrame({"text": [" ".join(row["tokens"]) for row in data]})
    elif task == "answers":
        table = pandas.DataFrame({key: [row[key] for row in data] for key in ("question", "context")})
    else:
        table = pandas.DataFrame({"text": [row["text"] for row in data]})
    theirs = model.predict(table)
    print(task, "here", mine[0], "there", theirs.iloc[0].to_dict() if hasattr(theirs, "iloc") else theirs[0])
    for index, row in enumerate(mine):
        what = f"{task}, row {index}"
        if task in ("classes", "pairs"):
            FINDINGS.equal(theirs.iloc[index]["label"], row["label"], f"label of {what}")
            FINDINGS.expect(abs(theirs.iloc[index]["score"] - row["probability"]) < TOLERANCE, f"score of {what}: {theirs.iloc[index]['score']} instead of {row['probability']}")
        elif task == "number":
            FINDINGS.expect(same(theirs.iloc[index]["score"], row["prediction"], TOLERANCE), f"number of {what}: {theirs.iloc[index]['score']} instead of {row['prediction']}")
        elif task in ("labels", "numbers"):
            name = "p." if task == "labels" else "prediction."
            wanted = {key.removeprefix(name): value for key, value in row.items() if key.startswith(name)}
            got = {cell["label"]: cell["score"] for cell in theirs.iloc[index]}
            FINDINGS.expect(got.keys() == wanted.keys() and all(abs(got[key] - wanted[key]) < TOLERANCE for key in wanted), f"values of {what}: {got} instead of {wanted}")
        elif task == "tags":
            found = pipeline(table["text"][index], aggregation_strategy="first", stride=8)
            got = [(cell["entity_group"], cell["word"]) for cell in found]
            wanted = spans(data[index]["tokens"], row)
            FINDINGS.expect(got == wanted, f"names of {what}: {got} instead of {wanted}")
            FINDINGS.expect(isinstance(theirs[index], str), f"answer of {what}: {theirs[index]}")
        else:
            FINDINGS.equal(theirs[index], row["answer"], f"answer of {what}")


def spans(tokens, row):
    """The names in a row of ours: (kind, words)."""
    found = row.get("entities")
    found = json.loads(found) if isinstance(found, str) else found
    if found is not None:
        return [(cell.get("type") or cell.get("label") or cell.get("entity"), cell["text"]) for cell in found]
    return [(tag[2:], word) for word, tag in zip(tokens, row["tags"]) if tag != "O"]


main(sys.argv[1], sys.argv[2], sys.argv[3:] or list(SPECS))
FINDINGS.end()
