"""Problems at which nobody looked while settings were chosen, run by the same harness as the others.

    python benches/held_out.py HARNESS run --suite sf --engine 'our auto=automl ask-tell' --methods gp,tpe,random --seeds 3 --out held.csv
    python benches/held_out.py HARNESS table held.csv

HARNESS is the folder with the harness's `run.py`; the reference values of these problems are kept beside the results, in `held-refs.json`.
Tune to none of these.
"""
import os, runpy, sys
import numpy as np

harness, sys.argv[1:2] = sys.argv[1], []
sys.path.insert(0, harness)
import problems as P

P.REFS = os.path.join(os.getcwd(), "held-refs.json")


def levy(x):
    w = 1 + (x - 1) / 4
    waves = (w[:-1] - 1) ** 2 * (1 + 10 * np.sin(np.pi * w[:-1] + 1) ** 2)
    return float(np.sin(np.pi * w[0]) ** 2 + waves.sum() + (w[-1] - 1) ** 2 * (1 + np.sin(2 * np.pi * w[-1]) ** 2))


def styblinski(x):
    return float(np.sum(x**4 - 16 * x**2 + 5 * x) / 2)


def fine_tuning(seed):
    """A made-up fine-tuning with noise: the best rate depends on batch size and freeze depth, and too high rates are punished more."""
    space = [P.F("lr", 1e-6, 1e-2, True), P.I("bs", 4, 128, True), P.F("drop", 0, 0.6), P.F("wd", 1e-6, 1, True), P.I("freeze", 0, 12),
             P.F("warm", 0, 0.3), P.C("sched", ["lin", "cos", "const"])]
    rng = np.random.default_rng(seed)
    rate, batch, drop, decay, depth = rng.uniform(-5, -3.3), rng.uniform(1, 1.9), rng.uniform(0, 0.3), rng.uniform(-4, -1), rng.integers(0, 9)
    schedule = dict(zip(["lin", "cos", "const"], rng.permutation([0, 0.01, 0.04])))

    def loss(p):
        size = np.log10(p["bs"]) - batch
        off = np.log10(p["lr"]) - (rate + 0.5 * size + 0.12 * (p["freeze"] - depth))
        v = 0.1 + min(0.12 * off * off + 0.3 * max(0, off - 0.7) ** 2, 0.5)
        v += 0.05 * (p["drop"] - drop) ** 2
        v += 0.004 * (np.log10(p["wd"]) - decay) ** 2 * (1 + (off > 0))
        v += 0.004 * abs(p["freeze"] - depth)
        v += schedule[p["sched"]]
        v += 0.1 * (p["warm"] - 0.08) ** 2
        v += 0.02 * size**2
        return float(v)

    return P.Function(space, loss, None, noise=0.004)


P.PROBLEMS.clear()
P.PROBLEMS.update({
    "levy6": ("held", "synthetic", lambda: P.logged(P.Function(P.box(6, -10, 10), lambda p: levy(P.arr(p, 6)), 0.0))),
    "styblinski4": ("held", "synthetic", lambda: P.Function(P.box(4), lambda p: styblinski(P.arr(p, 4)), -39.16617 * 4)),
    "cond-net6": ("held", "synthetic", lambda: P.cond_net(3, 6)),
    "finetune1": ("held", "synthetic", lambda: fine_tuning(1)),
    "finetune2": ("held", "synthetic", lambda: fine_tuning(2)),
    "mixint-f6-5": ("held", "synthetic", lambda: P.coco(6, 5)),
    "mixint-f20-10": ("held", "synthetic", lambda: P.coco(20, 10)),
    "fcnet-parkinsons": ("held", "table", lambda: P.fcnet("parkinsons_telemonitoring")),
    "mlpbench-vehicle": ("held", "table", lambda: P.mlpbench("vehicle")),
    "nb201-cifar100": ("held", "table", lambda: P.nb201("cifar100")),
    "xgb-31": ("held", "surrogate", lambda: P.xgb("31")),
    "xgb-40975": ("held", "surrogate", lambda: P.xgb("40975")),
    "lcbench-3945": ("held", "curves", lambda: P.lcbench("3945")),
    "lcbench-34539": ("held", "curves", lambda: P.lcbench("34539")),
    "lcbench-168868": ("held", "curves", lambda: P.lcbench("168868")),
})
runpy.run_path(os.path.join(harness, "run.py"), run_name="__main__")
