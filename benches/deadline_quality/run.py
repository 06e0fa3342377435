"""Quality of the answer at a deadline: `automl search` beside other ways to spend the same time. See README.md."""

import argparse
import datetime
import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import datasets
import measure
import methods
import plan
import results
import specs
import table

HERE = Path(__file__).parent


def main():
    arguments = parse()
    if arguments.command == "table":
        table.show(arguments.results, arguments.against)
        return
    with tempfile.TemporaryDirectory(dir=arguments.work, prefix="deadline-quality-") as work:
        try:
            run(arguments, Path(work).resolve())
        except KeyboardInterrupt:
            sys.exit(f"interrupted: the same command goes on from `{arguments.out}`")


def parse():
    parser = argparse.ArgumentParser(description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    one = commands.add_parser("run", help="run what a CSV does not have yet, and append it")
    preset = one.add_mutually_exclusive_group()
    for name in plan.PRESETS:
        preset.add_argument(f"--{name}", dest="preset", action="store_const", const=name)
    one.set_defaults(preset="short")
    one.add_argument("--data", type=Path, required=True, metavar="DIR", help="the folder of the TSV tables")
    one.add_argument("--bert-tiny", type=Path, metavar="DIR", help="the folder of bert-tiny; without it no runs with it")
    one.add_argument("--minilm", type=Path, metavar="DIR", help="the same for all-MiniLM-L6-v2")
    one.add_argument("--out", type=Path, default=Path("results.csv"), metavar="CSV")
    one.add_argument("--automl", type=Path, default=HERE / "../../target/release/automl", metavar="PATH")
    one.add_argument("--methods", type=words, help=f"of {','.join(methods.METHODS)}")
    one.add_argument("--datasets", type=words, help="names of data sets")
    one.add_argument("--seeds", type=lambda text: tuple(map(int, words(text))), help="such as 1,2,3")
    one.add_argument("--budgets", type=lambda text: tuple(map(float, words(text))), help="in full runs, such as 1,4")
    one.add_argument("--slots", type=int, default=2, help="workers of every search, one core each [default: 2]")
    one.add_argument("--rows", type=int, help="rows to learn from, instead of the calibrated numbers; for a try-out")
    one.add_argument("--work", type=Path, metavar="DIR", help="where temporary files go")
    one.add_argument("--keep", type=Path, metavar="DIR", help="keep the studies of the searches here, to look at them")
    two = commands.add_parser("table", help="show the means, the differences and the shares of time")
    two.add_argument("results", type=Path, nargs="?", default=Path("results.csv"))
    two.add_argument("--against", default="default", help="the method that others are compared to [default: default]")
    arguments = parser.parse_args()
    if arguments.command == "run":
        check(parser, arguments)
    return arguments


def check(parser, arguments):
    if not (arguments.bert_tiny or arguments.minilm):
        parser.error("no model: give --bert-tiny DIR, --minilm DIR or both")
    if unknown := set(arguments.methods or ()) - set(methods.METHODS):
        parser.error(f"unknown methods: {', '.join(sorted(unknown))}")
    names = {dataset.name for of_model in datasets.DATASETS.values() for dataset in of_model}
    if unknown := set(arguments.datasets or ()) - names:
        parser.error(f"unknown data sets: {', '.join(sorted(unknown))}")
    if not arguments.automl.exists():
        parser.error(f"`{arguments.automl}` does not exist: build it with `cargo build --release`, or give --automl")


def words(text):
    return tuple(word for word in text.split(",") if word)


def run(arguments, work):
    # A build that replaces the program meanwhile changes nothing.
    automl = Path(shutil.copy2(arguments.automl, work / "automl"))
    bench = Bench(arguments, automl, work)
    done = {results.key(row) for row in results.read(arguments.out) if row["status"] != "failed"}
    planned = [unit for unit in bench.units() if results.key(unit.row()) not in done]
    if not planned:
        print(f"`{arguments.out}` has all of these runs", file=sys.stderr)
        return
    bench.measure_full_runs(planned)
    total = plan.duration(planned, bench.t1)
    print(f"{len(planned)} runs, about {plan.clock(total)}", file=sys.stderr)
    for number, unit in enumerate(planned, 1):
        row = bench.row(unit)
        results.append(arguments.out, row)
        left = plan.duration(planned[number:], bench.t1)
        value = f"{row['test']:.4f}" if row["test"] is not None else row["note"].strip().splitlines()[0]
        name = f"{unit.model} {unit.dataset} seed {unit.seed} budget {unit.budget:g} {unit.method}"
        print(f"[{number}/{len(planned)}] {name}: {row['status']} {value}; {plan.clock(left)} left", file=sys.stderr)


class Bench:
    """What all runs share: the program, the models, the drawn tables and the seconds of a full run."""

    def __init__(self, arguments, automl, work):
        self.arguments, self.automl, self.work = arguments, automl, work
        self.models = {"bert-tiny": arguments.bert_tiny, "minilm": arguments.minilm}
        self.version = subprocess.run([automl, "--version"], capture_output=True, text=True).stdout.strip()
        self.t1 = {}
        self.tables = {}

    def units(self):
        arguments, preset = self.arguments, plan.PRESETS[self.arguments.preset]
        models = [model for model, folder in self.models.items() if folder and model in preset.seeds]
        if not models:
            raise SystemExit(f"--{arguments.preset} has no runs of these models")
        pairs = [
            (model, dataset.name)
            for model in models
            for dataset in datasets.DATASETS[model]
            if not arguments.datasets or dataset.name in arguments.datasets
        ]
        seeds = {model: arguments.seeds or preset.seeds[model] for model in models}
        budgets = {model: arguments.budgets or preset.budgets[model] for model in models}
        names = methods.available(arguments.methods or preset.methods)
        return plan.units(pairs, names, seeds, budgets)

    def task(self, model, name, seed):
        """The task with the tables of a seed, which are drawn when they are first asked for."""
        dataset = next(dataset for dataset in datasets.DATASETS[model] if dataset.name == name)
        folder = self.work / "tables" / f"{model}-{name}-{seed}"
        if folder not in self.tables:
            rows = self.arguments.rows or plan.ROWS[model, name]
            self.tables[folder] = datasets.draw(self.arguments.data, dataset, rows, seed, folder)
        model_folder = self.models[model].resolve()
        blocks = json.loads((model_folder / "config.json").read_text())["num_hidden_layers"]
        return methods.Task(model, model_folder, blocks, dataset, self.tables[folder])

    def measure_full_runs(self, planned):
        """T1 of every task: that of an earlier part of the CSV, or measured now."""
        for row in results.read(self.arguments.out):
            self.t1[row["model"], row["dataset"]] = float(row["t1"])
        for model, dataset in dict.fromkeys((unit.model, unit.dataset) for unit in planned):
            if (model, dataset) not in self.t1:
                task, folder = self.task(model, dataset, 1), self.work / "full-run"
                spec = specs.write(specs.ordinary(task, 1), folder / "default.yaml")
                self.t1[model, dataset] = measure.full_run_seconds(self.automl, spec, folder)
                shutil.rmtree(folder)
            seconds = self.t1[model, dataset]
            print(f"a full default run of {model} on {dataset} takes {seconds:.2f} s", file=sys.stderr)

    def row(self, unit):
        """Runs one unit; what goes wrong is in the row."""
        t1 = self.t1[unit.model, unit.dataset]
        task = self.task(unit.model, unit.dataset, unit.seed)
        folder = self.work / "run"
        folder.mkdir()
        budget_s = unit.budget * t1
        slots = self.arguments.slots
        job = methods.Job(self.automl, slots, task, unit.seed, unit.budget, budget_s, folder)
        row = {**unit.row(), "t1": t1, "budget_s": budget_s, "metric": task.dataset.metric, "test": None, "note": ""}
        try:
            row.update(self.measured(job, methods.METHODS[unit.method](job), unit.method))
        except measure.Failure as failure:
            row.update(status="failed", note=str(failure))
        if self.arguments.keep and (folder / "study").exists():
            kept = f"{unit.model}-{unit.dataset}-{unit.seed}-{unit.budget:g}-{unit.method}"
            shutil.rmtree(folder / "study" / "checkpoints", ignore_errors=True)
            shutil.move(folder / "study", self.arguments.keep / kept)
        shutil.rmtree(folder)
        row["note"] = row["note"] or self.version
        row["finished_at"] = datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds")
        return row

    def measured(self, job, outcome, method):
        """The cells of an outcome, with the test of its final model."""
        cells = {"trials": outcome.trials, "completed": outcome.completed, **outcome.shares}
        test, train_s, validation = outcome.test, None, outcome.validation
        if outcome.spec:
            final = measure.train_and_test(self.automl, outcome.spec, job.task.tables, job.folder)
            test, train_s = final["test"], final["train_s"]
            if validation is None:
                validation = final["validation"].get(job.task.dataset.metric)
        cells.update(validation=validation, train_s=train_s, status="ok" if test else "no_answer")
        if test:
            cells.update(test=test[job.task.dataset.metric], test_accuracy=test["accuracy"], test_f1=test["f1"])
        else:
            cells.update(test=job.task.tables.guess)
        if method == "default":
            cells["wall_s"] = train_s
        else:
            left = (job.budget_s - outcome.wall_s) / job.budget_s
            cells.update(wall_s=outcome.wall_s, unused=max(0.0, left), overrun=max(0.0, -left))
        return cells


if __name__ == "__main__":
    main()
