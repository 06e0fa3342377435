"""A complete search of every text task with MiniLM, beside the Hugging Face Trainer with the same configurations and data.

Usage: run.py MODEL_FOLDER DATA_FOLDER [--debtags FILE] [--only ner,qa] [--seeds 1,2,3]     after cargo build --release
DATA_FOLDER has the folders `text`, `ner` and `qa`. Needs torch, transformers, accelerate; $AUTOML is another program.

A search has two configurations (two learning rates), each trained to the end: two workers of one thread here, one process of
two threads there, one side right after the other. The metric is the better configuration's, at the end of its training.
"""

import argparse
import csv
import json
import os
import random
import re
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).parent
AUTOML = os.environ.get("AUTOML", str(HERE / "../../target/release/automl"))
RATES, EPOCHS, BATCH = (1e-4, 3e-4), 2, 16
TRAIN, VALIDATION = 480, 300


def table(source, columns, separator=None):
    """Rows of a table, shuffled once, as two CSV files."""

    def prepare(folder):
        with open(source, newline="", encoding="utf8") as file:
            rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
        random.Random(5).shuffle(rows)
        parts = {"train": rows[:TRAIN], "validation": rows[TRAIN : TRAIN + VALIDATION]}
        if columns[-1] == "label":
            known = {row["label"] for row in parts["train"]}
            parts["validation"] = [row for row in parts["validation"] if row["label"] in known]
        if separator:
            known = {label for row in parts["train"] for label in row[columns[-1]].split(separator)}
            keep = lambda row: separator.join(label for label in row[columns[-1]].split(separator) if label in known)
            parts["validation"] = [row | {columns[-1]: keep(row)} for row in parts["validation"]]
        for name, part in parts.items():
            with open(folder / f"{name}.csv", "w", newline="", encoding="utf8") as file:
                writer = csv.DictWriter(file, columns, extrasaction="ignore")
                writer.writeheader()
                writer.writerows(part)
        return "csv"

    return prepare


def conll(source):
    def prepare(folder):
        for name, part, count in (("train", "train", 4 * TRAIN), ("validation", "dev", 2 * VALIDATION)):
            text = (source / f"{part}.conll").read_text(encoding="utf8").strip()
            # A blank line may hold a tab.
            blocks = re.split(r"\n\s*\n", text)
            (folder / f"{name}.conll").write_text("\n\n".join(blocks[:count]) + "\n", encoding="utf8")
        return "conll"

    return prepare


def squad(source):
    def prepare(folder):
        articles = json.loads(source.read_text(encoding="utf8"))["data"]
        paragraphs = [paragraph for article in articles for paragraph in article["paragraphs"]]
        random.Random(5).shuffle(paragraphs)
        cut, questions = 0, 0
        while questions < TRAIN:
            questions += len(paragraphs[cut]["qas"])
            cut += 1
        parts = {"train": paragraphs[:cut], "validation": paragraphs[cut : cut + cut // 2]}
        for name, part in parts.items():
            text = json.dumps({"version": "1.1", "data": [{"title": name, "paragraphs": part}]})
            (folder / f"{name}.json").write_text(text, encoding="utf8")
        return "json"

    return prepare


def tasks(data, debtags):
    every = {
        "pairs": dict(
            spec="task: text-classification\nmax_length: 64\n", data="text: [word, definition], label: label",
            metric="accuracy", prepare=table(data / "text/wordnet_pairs.tsv", ["word", "definition", "label"]),
        ),
        "regression": dict(
            spec="task: regression\nmax_length: 64\n", data="text: text, label: rating",
            metric="rmse", prepare=table(data / "text/movie_rating.tsv", ["text", "rating"]),
        ),
        "classes": dict(
            spec="task: text-classification\nmax_length: 64\n", data="text: text, label: label",
            metric="accuracy", prepare=table(data / "text/wordnet_glosses.tsv", ["text", "label"]),
        ),
        "ner": dict(
            spec="task: token-classification\nmax_length: 64\n", data="", metric="f1", prepare=conll(data / "ner/wnut17"),
        ),
        "qa": dict(
            spec="task: question-answering\nmax_length: 192\n", data="stride: 64", metric="f1",
            prepare=squad(data / "qa/xquad-en/xquad.en.json"),
        ),
    }
    if debtags:
        every["labels"] = dict(
            spec="task: text-classification\nmax_length: 64\n", data="text: text, label: labels, multi_label: ';'",
            metric="average_precision", prepare=table(Path(debtags), ["text", "labels"], ";"),
        )
    return every


class Seconds(tuple):
    """Seconds on the clock and of all cores."""

    def __sub__(self, other):
        return Seconds(mine - its for mine, its in zip(self, other))


def now():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return Seconds((time.perf_counter(), used.ru_utime + used.ru_stime))


def ours(task, model, folder, ending, seed):
    keys = ", ".join(filter(None, [f"train: train.{ending}", f"validation: validation.{ending}", task["data"]]))
    (folder / "space.yaml").write_text(
        f"{task['spec']}model: {model}\ndata: {{{keys}}}\nmetric: {task['metric']}\nmethod: grid\n"
        f"parameters:\n  learning_rate: {{values: {list(RATES)}}}\n  batch_size: {BATCH}\n  dropout: 0.1\n  weight_decay: 0.01\n"
        f"  lr_schedule: linear\n  warmup_ratio: 0.0\n  max_grad_norm: 1.0\n"
        f"epochs: {EPOCHS}\nearly_terminate: none\nbudget: {{trials: 2}}\nresources: {{workers: 2}}\nseed: {seed}\n"
    )
    out = folder / f"ours-{seed}"
    environment = os.environ | {"AUTOML_CACHE_DIR": str(out) + "-cache"}
    begun = now()
    subprocess.run([AUTOML, "search", "space.yaml", "--out", str(out), "-q"], cwd=folder, check=True, env=environment)
    seconds = now() - begun
    return seconds, at_the_end(out, task["metric"])


def at_the_end(out, metric):
    """The metric of each configuration at the end of its training."""
    last = {}
    for line in (out / "journal.jsonl").read_text().splitlines():
        event = json.loads(line)["event"]
        if event["type"] == "segment_ended":
            last[event["trial"]] = event["outcome"]["reached"]["evaluations"][-1]["metrics"][metric]
    with open(out / "leaderboard.csv", newline="") as file:
        rates = {int(row["trial"]): float(row["params.learning_rate"]) for row in csv.DictReader(file)}
    return {rates[trial]: value for trial, value in last.items()}


def theirs(name, task, model, folder, ending, seed):
    out = folder / f"theirs-{seed}.json"
    begun = now()
    command = [sys.executable, str(HERE / "peer.py"), name, model, str(folder), ending, task["metric"], str(seed), str(out)]
    command += [str(EPOCHS), str(BATCH), *map(str, RATES)]
    subprocess.run(command, check=True)
    seconds = now() - begun
    return seconds, {float(rate): value for rate, value in json.loads(out.read_text()).items()}


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("model")
    arguments.add_argument("data", type=Path)
    arguments.add_argument("--debtags")
    arguments.add_argument("--only")
    arguments.add_argument("--seeds", default="1,2,3")
    arguments = arguments.parse_args()
    every = tasks(arguments.data, arguments.debtags)
    seeds = [int(seed) for seed in arguments.seeds.split(",")]
    print("| task | metric | ours | Trainer | ours, s | Trainer, s | ratio | ratio of CPU time |\n|---|---|---|---|---|---|---|---|")
    for name in arguments.only.split(",") if arguments.only else every:
        task = every[name]
        better = min if task["metric"] == "rmse" else max
        with tempfile.TemporaryDirectory() as folder:
            folder = Path(folder)
            ending = task["prepare"](folder)
            results = {"ours": [], "theirs": []}
            for seed in seeds:
                results["ours"].append(ours(task, arguments.model, folder, ending, seed))
                results["theirs"].append(theirs(name, task, arguments.model, folder, ending, seed))
                print(name, seed, results["ours"][-1], results["theirs"][-1], file=sys.stderr, flush=True)
        values = {side: [better(values.values()) for _, values in runs] for side, runs in results.items()}
        median = lambda side, which: statistics.median(seconds[which] for seconds, _ in results[side])
        show = lambda side: " ".join(f"{value:.3f}" for value in values[side])
        print(
            f"| {name} | {task['metric']} | {show('ours')} | {show('theirs')} | {median('ours', 0):.1f} | {median('theirs', 0):.1f} "
            f"| {median('ours', 0) / median('theirs', 0):.2f} | {median('ours', 1) / median('theirs', 1):.2f} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
