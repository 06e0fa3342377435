"""The tables that a run learns from and is tested on, drawn from the files in the data folder."""

import csv
import json
import random
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

# Shares of the rows to learn from, as in the spec of `automl init`. No method sees the test table.
VALIDATION_SHARE = 0.2
HOLDOUT_SHARE = 0.1
TEST_ROWS = 2000


@dataclass(frozen=True)
class Dataset:
    """One task: a file, the classes that are kept, and the metric."""

    name: str
    metric: str  # `accuracy`, or `f1` (macro) where classes are unequal
    classes: int | None = None  # only so many of the most frequent classes; None keeps all
    fewest_rows: int = 0  # only classes with at least so many rows in the file


# Rarer classes of wordnet_glosses would have fewer than about 15 rows to learn from.
DATASETS = {
    "bert-tiny": [
        Dataset("movie_sentiment", "accuracy"),
        Dataset("sms_spam", "f1"),
        Dataset("wordnet_glosses", "f1", fewest_rows=100),
    ],
    "minilm": [
        Dataset("movie_sentiment", "accuracy"),
        Dataset("wordnet_glosses", "f1", classes=8),
    ],
}


@dataclass(frozen=True)
class Tables:
    """Where the two drawn tables lie, and what is known about them."""

    learn: Path
    test: Path
    train_rows: int  # rows of `learn` without validation and holdout: one epoch
    guess: float  # the metric of a model that always names the most frequent class


def read(path):
    """The (text, label) rows of a TSV file. Quotes have no meaning there, as in `automl`."""
    with open(path, newline="", encoding="utf-8") as file:
        table = csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        return [(row["text"], row["label"]) for row in table]


def draw(folder, dataset, rows, seed, out):
    """Draws `rows` rows to learn from and up to TEST_ROWS others to test on; the same for the same seed."""
    everything = read(Path(folder) / f"{dataset.name}.tsv")
    counts = Counter(label for _, label in everything)
    kept = {label for label, _ in counts.most_common(dataset.classes) if counts[label] >= dataset.fewest_rows}
    everything = [row for row in everything if row[1] in kept]
    random.Random(f"{dataset.name} {seed}").shuffle(everything)
    learn = everything[:rows]
    known = {label for _, label in learn}
    test = [row for row in everything[rows : rows + TEST_ROWS] if row[1] in known]
    out.mkdir(parents=True, exist_ok=True)
    write(learn, out / "learn.jsonl")
    write(test, out / "test.jsonl")
    train_rows = rows - held_out(VALIDATION_SHARE, rows) - held_out(HOLDOUT_SHARE, rows)
    return Tables(out / "learn.jsonl", out / "test.jsonl", train_rows, guess(learn, test, dataset.metric))


def write(rows, path):
    with open(path, "w", encoding="utf-8") as file:
        for text, label in rows:
            file.write(json.dumps({"text": text, "label": label}) + "\n")


def held_out(share, rows):
    """How many rows `split` holds out; halves are rounded up."""
    return int(share * rows + 0.5)


def guess(learn, test, metric):
    """The metric of always naming the most frequent class."""
    frequent = Counter(label for _, label in learn).most_common(1)[0][0]
    labels = Counter(label for _, label in test)
    right = labels[frequent]
    if metric == "accuracy":
        return right / len(test)
    return 2 * right / (len(test) + right) / len(labels)
