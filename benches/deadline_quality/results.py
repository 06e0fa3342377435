"""The table of results: one row a run, appended as it comes."""

import csv

KEY = ("model", "dataset", "method", "seed", "budget")
COLUMNS = (
    *KEY,
    "status",  # ok, no_answer (nothing was evaluated in time), failed
    "metric",
    "test",  # the metric on the test table; with no_answer that of naming the most frequent class
    "test_accuracy",
    "test_f1",
    "validation",  # the best value that the method itself saw
    "t1",  # seconds of a full default run, start and loading included
    "budget_s",
    "wall_s",
    "trials",
    "completed",
    "first_result",  # the first evaluated segment; shares of the budget
    "first_completed",  # the first complete trial
    "unused",
    "overrun",
    "share_completed",  # shares of all slots' time within the budget
    "share_unfinished",  # trials that were stopped early, paused or cut off by the deadline
    "share_selection",
    "share_busy",
    "train_s",  # training the final model; not part of the budget
    "finished_at",
    "note",
)


def key(row):
    return tuple(format_value(row[name]) for name in KEY)


def read(path):
    """All rows; of several with one key the last counts."""
    if not path.exists():
        return []
    with open(path, newline="", encoding="utf-8") as file:
        reader = csv.DictReader(file)
        if reader.fieldnames and tuple(reader.fieldnames) != COLUMNS:
            raise SystemExit(f"`{path}` has other columns than this version writes: choose another file")
        rows = list(reader)
    return list({key(row): row for row in rows}.values())


def append(path, row):
    is_new = not path.exists() or path.stat().st_size == 0
    with open(path, "a", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        if is_new:
            writer.writeheader()
        writer.writerow({name: format_value(row.get(name)) for name in COLUMNS})


def format_value(value):
    if value is None:
        return ""
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def number(row, name):
    """A cell as a number, or None if it is empty."""
    return float(row[name]) if row.get(name) else None
