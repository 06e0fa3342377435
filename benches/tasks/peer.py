"""The Hugging Face Trainer's side of `run.py`: trains every learning rate and writes the metric after the last epoch.

Usage: peer.py TASK MODEL DATA_FOLDER ENDING METRIC SEED OUT.json EPOCHS BATCH RATE…
"""

import collections
import csv
import json
import os
import re
import string
import sys
from pathlib import Path

os.environ.update(OMP_NUM_THREADS="2", MKL_NUM_THREADS="2", TOKENIZERS_PARALLELISM="false", TRANSFORMERS_VERBOSITY="error")

import numpy as np
import torch
import transformers

torch.set_num_threads(2)
transformers.logging.set_verbosity_error()
transformers.utils.logging.disable_progress_bar()


class Rows(torch.utils.data.Dataset):
    def __init__(self, rows):
        self.rows = rows

    def __len__(self):
        return len(self.rows)

    def __getitem__(self, index):
        return self.rows[index]


def read_table(path):
    with open(path, newline="", encoding="utf8") as file:
        return list(csv.DictReader(file))


def table_task(kind, folder, tokenizer):
    train, validation = (read_table(folder / f"{part}.csv") for part in ("train", "validation"))
    column = {"regression": "rating", "labels": "labels"}.get(kind, "label")
    if kind == "labels":
        names = sorted({label for row in train for label in row[column].split(";") if label})
    else:
        names = sorted({row[column] for row in train})

    def target(row):
        if kind == "regression":
            return float(row[column])
        if kind == "labels":
            there = set(row[column].split(";"))
            return [float(name in there) for name in names]
        return names.index(row[column])

    def encode(row):
        texts = (row["word"], row["definition"]) if "word" in row else (row["text"],)
        tokens = tokenizer(*texts, truncation=True, max_length=64)
        return dict(tokens) | {"labels": target(row)}

    def measure(result):
        outputs, labels = result.predictions, result.label_ids
        if kind == "regression":
            return {"rmse": float(np.sqrt(((outputs[:, 0] - labels) ** 2).mean()))}
        if kind == "labels":
            return {"average_precision": average_precision(outputs, labels)}
        return {"accuracy": float((outputs.argmax(-1) == labels).mean())}

    options = {"num_labels": 1 if kind == "regression" else len(names)}
    if kind == "labels":
        options["problem_type"] = "multi_label_classification"
    sets = Rows([encode(row) for row in train]), Rows([encode(row) for row in validation])
    return transformers.AutoModelForSequenceClassification, options, sets, transformers.DataCollatorWithPadding(tokenizer), measure


def average_precision(scores, labels):
    """The mean over the labels that occur, as scikit-learn computes it."""
    values = []
    for column in range(labels.shape[1]):
        truth = labels[:, column] > 0.5
        if not truth.any():
            continue
        order = np.argsort(-scores[:, column], kind="stable")
        found = np.cumsum(truth[order])
        ends = np.r_[np.nonzero(np.diff(scores[order, column]))[0], len(order) - 1]
        precision, recall = found[ends] / (ends + 1), found[ends] / truth.sum()
        values.append(float(np.sum(np.diff(np.r_[0, recall]) * precision)))
    return float(np.mean(values))


def ner_task(folder, tokenizer):
    def read(part):
        sentences = (folder / f"{part}.conll").read_text(encoding="utf8").strip().split("\n\n")
        return [[line.split("\t")[:2] for line in sentence.splitlines() if line.strip()] for sentence in sentences]

    train, validation = read("train"), read("validation")
    names = ["O"] + sorted({tag for sentence in train for _, tag in sentence} - {"O"})

    def encode(sentence):
        tokens = tokenizer([word for word, _ in sentence], is_split_into_words=True, truncation=True, max_length=64)
        words, labels = tokens.word_ids(), []
        for index, word in enumerate(words):
            first = word is not None and word not in words[:index]
            tag = sentence[word][1] if first else None
            labels.append(names.index(tag) if tag in names else -100)
        return dict(tokens) | {"labels": labels}

    def spans(tags):
        found, begin, kind = set(), None, None
        for index, tag in enumerate([*tags, "O"]):
            prefix, _, name = tag.partition("-")
            if begin is not None and (prefix != "I" or name != kind):
                found.add((kind, begin, index))
                begin = None
            if prefix != "O" and begin is None:
                begin, kind = index, name
        return found

    def measure(result):
        right = predicted = true = 0
        for scores, labels in zip(result.predictions, result.label_ids):
            counts = labels != -100
            guess, truth = (spans([names[index] for index in tags[counts]]) for tags in (scores.argmax(-1), labels))
            right, predicted, true = right + len(guess & truth), predicted + len(guess), true + len(truth)
        return {"f1": 2 * right / max(predicted + true, 1)}

    sets = Rows([encode(row) for row in train]), Rows([encode(row) for row in validation])
    collator = transformers.DataCollatorForTokenClassification(tokenizer)
    return transformers.AutoModelForTokenClassification, {"num_labels": len(names)}, sets, collator, measure


def qa_task(folder, tokenizer):
    def read(part):
        data = json.loads((folder / f"{part}.json").read_text(encoding="utf8"))["data"]
        paragraphs = [paragraph for article in data for paragraph in article["paragraphs"]]
        return [(qa["question"], paragraph["context"], qa["answers"]) for paragraph in paragraphs for qa in paragraph["qas"]]

    def windows(question, context):
        return tokenizer(
            question, context, truncation="only_second", max_length=192, stride=64,
            return_overflowing_tokens=True, return_offsets_mapping=True,
        )

    def encode(question, context, answers):
        tokens = windows(question, context)
        begin = answers[0]["answer_start"]
        end = begin + len(answers[0]["text"])
        for number, offsets in enumerate(tokens["offset_mapping"]):
            inside = [place for place, part in enumerate(tokens.sequence_ids(number)) if part == 1]
            row = {key: tokens[key][number] for key in ("input_ids", "token_type_ids", "attention_mask")}
            first = last = 0
            if offsets[inside[0]][0] <= begin and offsets[inside[-1]][1] >= end:
                first = max(place for place in inside if offsets[place][0] <= begin)
                last = min(place for place in inside if offsets[place][1] >= end)
            yield row | {"start_positions": first, "end_positions": last}, (offsets, inside)

    train, validation = read("train"), read("validation")
    train_rows = [row for question in train for row, _ in encode(*question)]
    rows, places, owners = [], [], []
    for owner, question in enumerate(validation):
        for row, place in encode(*question):
            rows.append(row)
            places.append(place)
            owners.append(owner)

    def plain(text):
        text = "".join(letter for letter in text.lower() if letter not in set(string.punctuation))
        return re.sub(r"\b(a|an|the)\b", " ", text).split()

    def overlap(guess, truth):
        guess, truth = plain(guess), plain(truth)
        same = sum((collections.Counter(guess) & collections.Counter(truth)).values())
        return 2 * same / (len(guess) + len(truth)) if same else float(guess == truth)

    def measure(result):
        starts, ends = result.predictions
        best = {}
        for owner, (offsets, inside), start, end in zip(owners, places, starts, ends):
            for first in sorted(inside, key=lambda place: -start[place])[:20]:
                for last in range(first, min(first + 30, inside[-1] + 1)):
                    score = start[first] + end[last]
                    if owner not in best or score > best[owner][0]:
                        best[owner] = score, validation[owner][1][offsets[first][0] : offsets[last][1]]
        scores = [max(overlap(best[owner][1], answer["text"]) for answer in question[2]) for owner, question in enumerate(validation)]
        return {"f1": float(np.mean(scores))}

    collator = transformers.DataCollatorWithPadding(tokenizer)
    return transformers.AutoModelForQuestionAnswering, {}, (Rows(train_rows), Rows(rows)), collator, measure


def main():
    kind, model, folder, _, metric, seed, out, epochs, batch, *rates = sys.argv[1:]
    folder = Path(folder)
    tokenizer = transformers.AutoTokenizer.from_pretrained(model)
    build = {"ner": ner_task, "qa": qa_task}.get(kind)
    task = build(folder, tokenizer) if build else table_task(kind, folder, tokenizer)
    make, options, (train, validation), collator, measure = task
    found = {}
    for rate in rates:
        transformers.set_seed(int(seed))
        network = make.from_pretrained(model, **options)
        arguments = transformers.TrainingArguments(
            output_dir=str(folder / f"trainer-{rate}"),
            num_train_epochs=int(epochs),
            learning_rate=float(rate),
            weight_decay=0.01,
            per_device_train_batch_size=int(batch),
            per_device_eval_batch_size=32,
            save_strategy="no",
            # The search measures at every epoch too.
            eval_strategy="epoch",
            logging_strategy="no",
            report_to=[],
            disable_tqdm=True,
            use_cpu=True,
            dataloader_pin_memory=False,
            seed=int(seed),
        )
        trainer = transformers.Trainer(
            model=network, args=arguments, train_dataset=train, eval_dataset=validation, data_collator=collator, compute_metrics=measure
        )
        trainer.remove_callback(transformers.PrinterCallback)
        trainer.train()
        measured = [entry[f"eval_{metric}"] for entry in trainer.state.log_history if f"eval_{metric}" in entry]
        found[rate] = measured[-1]
    Path(out).write_text(json.dumps(found))


if __name__ == "__main__":
    main()
