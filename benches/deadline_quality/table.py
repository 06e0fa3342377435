"""Tables in Markdown: means by method and budget, paired differences, and how the time was spent."""

from collections import defaultdict
from statistics import fmean

import paired
import results

SHARES = (
    ("first_result", "first result"),
    ("first_completed", "first complete trial"),
    ("share_completed", "complete trials"),
    ("share_unfinished", "unfinished trials"),
    ("share_selection", "selection"),
    ("share_busy", "all trials"),
    ("unused", "unused"),
    ("overrun", "overrun"),
)
ORDER = ("default", "search", "search-selection", "random", "optuna", "autogluon")


def show(path, against):
    rows = results.read(path)
    failed = [row for row in rows if row["status"] == "failed"]
    rows = [row for row in rows if row["status"] != "failed"]
    if not rows:
        raise SystemExit(f"`{path}` has no results")
    for model in sorted({row["model"] for row in rows}):
        of_model = [row for row in rows if row["model"] == model]
        full = {row["dataset"]: float(row["t1"]) for row in of_model}
        print(f"## {model}\n")
        print("A full default run: " + ", ".join(f"{name} {seconds:.1f} s" for name, seconds in full.items()) + ".\n")
        tests = Tests(of_model)
        means(tests, "Test metric, mean over data sets and seeds", tests.cases)
        for dataset in full:
            of_dataset = [case for case in tests.cases if case[0] == dataset]
            metric = next(row["metric"] for row in of_model if row["dataset"] == dataset)
            means(tests, f"{dataset}: {metric}", of_dataset)
        differences(tests, against)
        shares(of_model)
    for row in failed:
        print("failed:", " ".join(results.key(row)), row["note"].splitlines()[0])


class Tests:
    """The test metrics by method, budget and case; a case is a data set with a seed."""

    def __init__(self, rows):
        self.values = {}
        for row in rows:
            case = row["dataset"], row["seed"]
            self.values[row["method"], float(row["budget"]), case] = float(row["test"])
        self.cases = sorted({case for _, _, case in self.values})
        self.budgets = sorted({budget for _, budget, _ in self.values})
        self.methods = sorted({method for method, _, _ in self.values}, key=ORDER.index)

    def value(self, method, budget, case):
        """None if it was not run. The default has nothing to gain from more than one full run."""
        if method == "default" and budget > 1 and (method, budget, case) not in self.values:
            known = [of for name, of, where in self.values if (name, where) == (method, case) and of >= 1]
            budget = min(known, default=budget)
        return self.values.get((method, budget, case))


def means(tests, title, cases):
    print(f"### {title}\n")
    header(["method", *(f"{budget:g}×" for budget in tests.budgets)])
    for method in tests.methods:
        cells = [method]
        for budget in tests.budgets:
            values = [tests.value(method, budget, case) for case in cases]
            values = [value for value in values if value is not None]
            missing = f" (n={len(values)})" if 0 < len(values) < len(cases) else ""
            cells.append(f"{fmean(values):.4f}{missing}" if values else "")
        line(cells)
    print()


def differences(tests, against):
    print(f"### Paired differences to `{against}`\n")
    header(["method", "budget", "n", "mean", "95 % interval", "t-test p", "Wilcoxon p", "better", "equal", "worse"])
    for method in tests.methods:
        if method == against:
            continue
        for budget in tests.budgets:
            pairs = [(tests.value(method, budget, case), tests.value(against, budget, case)) for case in tests.cases]
            pairs = [value - other for value, other in pairs if value is not None and other is not None]
            if pairs:
                line([method, f"{budget:g}×", *summary(pairs)])
    print()


def summary(pairs):
    mean, half, p = paired.t_test(pairs)
    interval = f"{mean - half:+.4f} to {mean + half:+.4f}" if len(pairs) > 1 else ""
    tests = [f"{p:.3f}", f"{paired.wilcoxon(pairs):.3f}"] if len(pairs) > 1 else ["", ""]
    signs = [sum(pair > 0 for pair in pairs), sum(pair == 0 for pair in pairs), sum(pair < 0 for pair in pairs)]
    return [len(pairs), f"{mean:+.4f}", interval, *tests, *signs]


def shares(rows):
    print("### Time: shares of the budget, and of all slots' time within it\n")
    header(["method", "budget", *(title for _, title in SHARES), "most over, s", "trials", "complete", "no answer"])
    groups = defaultdict(list)
    for row in rows:
        if row["method"] != "default":
            groups[ORDER.index(row["method"]), float(row["budget"])].append(row)
    for (method, budget), group in sorted(groups.items()):
        cells = [ORDER[method], f"{budget:g}×"]
        cells += [mean_of(group, name, "{:.0%}") for name, _ in SHARES]
        over = max((float(row["overrun"] or 0) * float(row["budget_s"]) for row in group), default=0.0)
        counts = [mean_of(group, name, "{:.1f}") for name in ("trials", "completed")]
        line([*cells, f"{over:.1f}", *counts, sum(row["status"] == "no_answer" for row in group)])
    print()


def mean_of(rows, name, form):
    """The mean of the cells that are filled."""
    values = [value for row in rows if (value := results.number(row, name)) is not None]
    return form.format(fmean(values)) if values else ""


def header(cells):
    line(cells)
    line(["---"] * len(cells))


def line(cells):
    print("| " + " | ".join(str(cell) for cell in cells) + " |")
