"""`automl fit FILE` beside a spec that a person wrote by hand, at the same wall budget and with the same model.

    cargo build --release
    python benches/fit_beside_spec.py DATA_DIR SECONDS [NAME ...]

DATA_DIR has `text/`, `ner/` and `qa/`. For each file it prints the value of the metric on the validation rows of both sides. Both
have the same rows there: the spec names the split that `fit` chose. The specs by hand are below: a person's usual ranges.
"""

import json
import pathlib
import subprocess
import sys
import tempfile
import time

AUTOML = pathlib.Path("target/release/automl").resolve()

# Name, file, and what a person would write: task, columns, metric, epochs.
FILES = [
    ("movie_sentiment", "text/movie_sentiment.tsv", "text-classification", {"text": "text", "label": "label"}, "accuracy", 3),
    ("movie_rating", "text/movie_rating.tsv", "regression", {"text": "text", "label": "rating"}, "rmse", 3),
    ("sms_spam", "text/sms_spam.tsv", "text-classification", {"text": "text", "label": "label"}, "f1", 3),
    ("wordnet_glosses", "text/wordnet_glosses.tsv", "text-classification", {"text": "text", "label": "label"}, "accuracy", 3),
    ("wordnet_pairs", "text/wordnet_pairs.tsv", "text-classification", {"text": ["text_a", "text_b"], "label": "label"}, "accuracy", 3),
    ("wnut17", "ner/wnut17", "token-classification", {}, "f1", 3),
    ("xquad-en", "qa/xquad-en", "question-answering", {}, "f1", 2),
]

PARAMETERS = {
    "learning_rate": {"min": 1e-5, "max": 1e-3, "log": True},
    "batch_size": {"values": [8, 16, 32], "ordered": True},
    "dropout": {"min": 0.0, "max": 0.2},
}


def run(*arguments, code=(0,)):
    done = subprocess.run([str(AUTOML), *map(str, arguments)], capture_output=True, text=True)
    if done.returncode not in code:
        sys.exit(f"{arguments[0]} ended with {done.returncode}: {done.stderr}")
    return done.stdout


def data_file(folder, name):
    path = folder / name
    if path.is_dir():
        files = sorted(file for file in path.iterdir() if file.suffix not in {".md", ".txt"} and file.is_file())
        train = [file for file in files if "train" in file.name]
        path = (train or files)[0]
    return path


def header(path):
    with open(path, encoding="utf-8") as file:
        return file.readline().rstrip("\n").split("\t")


def main():
    folder, seconds = pathlib.Path(sys.argv[1]).resolve(), float(sys.argv[2])
    wanted = sys.argv[3:]
    print("| file | metric | fit | by hand | seconds of fit |\n|---|---|---|---|---|")
    for name, file, task, columns, metric, epochs in FILES:
        if wanted and name not in wanted:
            continue
        path = data_file(folder, file)
        with tempfile.TemporaryDirectory() as scratch:
            out = pathlib.Path(scratch) / "fit"
            begun = time.time()
            said = json.loads(run("fit", path, "--budget", f"{seconds}s", "--metric", metric, "--offline", "--out", out, "--json"))
            took = time.time() - begun
            choices = said["choices"]
            columns = {key: value for key, value in columns.items()}
            for key in ("text", "label"):
                if choices[key]["value"]:
                    columns[key] = choices[key]["value"]
            spec = {
                "name": "by-hand",
                "task": task,
                "model": choices["model"]["value"],
                "data": {"train": str(path), **columns, "split": {**choices["split"]["value"], "seed": 1}},
                "metric": metric,
                "max_length": choices["max_length"]["value"],
                "parameters": PARAMETERS,
                "epochs": epochs,
                "budget": {"wall": f"{seconds}s"},
                "seed": 7,
            }
            written = pathlib.Path(scratch) / "space.yaml"
            written.write_text(json.dumps(spec))
            study = pathlib.Path(scratch) / "study"
            run("search", written, "--out", study, "--offline", "-q")
            hand = json.loads(run("best", study, "--format", "json"))
            print(f"| {name} | {metric} | {said['best']['value']:.4f} | {hand['value']:.4f} | {took:.1f} |", flush=True)


if __name__ == "__main__":
    main()
