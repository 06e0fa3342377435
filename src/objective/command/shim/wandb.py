"""A small stand-in for Weights & Biases' package, put on the path by `wandb: shim` in the spec of a study.

A sweep's script sees its parameters in `wandb.init().config`, and what it logs reaches the study. There is no account, no network and no
file. What draws, uploads or describes does nothing.
"""

import json
import math
import os

__version__ = "0.0.0+automl"


class Error(Exception):
    """What the real package raises when it is used in the wrong order."""


class Config(dict):
    """Values by name, as items and as attributes; values of the study win over those of the script."""

    def __init__(self):
        super().__init__()
        super().update(_parameters())
        self._fixed = frozenset(self)

    def __missing__(self, name):
        # A parameter whose own name has dots is kept as mappings, like a nested one.
        value = self
        for part in str(name).split("."):
            if not (isinstance(value, dict) and dict.__contains__(value, part)):
                raise KeyError(name)
            value = dict.__getitem__(value, part)
        return value

    def __contains__(self, name):
        try:
            self[name]
        except KeyError:
            return False
        return True

    def get(self, name, default=None):
        return self[name] if name in self else default

    def __getattr__(self, name):
        try:
            return self[name]
        except KeyError:
            raise AttributeError(f"wandb.config has no `{name}`") from None

    def __setattr__(self, name, value):
        if name.startswith("_"):
            super().__setattr__(name, value)
        else:
            self[name] = value

    def __setitem__(self, name, value):
        fixed = name in self and str(name).split(".")[0] in self._fixed
        if not fixed:
            super().__setitem__(name, value)

    def update(self, values=None, allow_val_change=None, **more):
        for name, value in {**_mapping(values), **more}.items():
            self[name] = value

    def setdefaults(self, values):
        for name, value in _mapping(values).items():
            if name not in self:
                self[name] = value
        return dict(self)

    def as_dict(self):
        return dict(self)

    def user_items(self):
        return self.items()


class Run:
    """One trial."""

    def __init__(self, config, resumes):
        self.config = config
        self.summary = {}
        self.id = self.name = f"trial-{os.environ.get('AUTOML_TRIAL', '0')}"
        self.project = self.entity = self.group = self.sweep_id = None
        self.dir = os.environ.get("AUTOML_CHECKPOINT", ".")
        self.resumed = bool(resumes)
        self.step = 0
        # A script that does not resume begins with its first epoch.
        self._epoch = int(float(os.environ.get("AUTOML_FROM_EPOCH", "0"))) if resumes else 0

    def log(self, data, step=None, commit=None, sync=None):
        values = _flat(data)
        self.summary.update(values)
        self.step = self.step + 1 if step is None else step
        counted = json.loads(os.environ.get("AUTOML_METRICS", "[]"))
        if values:
            # What is logged before the metric belongs to the same epoch, as W&B's step collects it.
            print(json.dumps({**values, "epoch": self._epoch + 1}), flush=True)
        if any(name in values for name in counted):
            # As in a sweep, whoever logs the metric has trained a further epoch.
            self._epoch += 1

    def finish(self, exit_code=None, quiet=None):
        global run
        run = None

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        self.finish()
        return False

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return _Nothing()


class _Nothing:
    """Takes anything and does nothing."""

    def __init__(self, *arguments, **options):
        pass

    def __call__(self, *arguments, **options):
        return _Nothing()

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return _Nothing()

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        return False


def _parameters():
    with open(os.environ["AUTOML_PARAMETERS_FILE"], encoding="utf-8") as file:
        flat = json.load(file)
    values = {}
    # Nested parameters have names with dots; the script knows them as mappings.
    for name, value in flat.items():
        *above, last = name.split(".")
        inner = values
        for part in above:
            inner = inner.setdefault(part, {}) if isinstance(inner, dict) else None
        if isinstance(inner, dict) and last not in inner:
            inner[last] = value
        else:
            values[name] = value
    return values


def _mapping(values):
    if values is None:
        return {}
    return dict(values) if hasattr(values, "keys") else dict(vars(values))


def _flat(data, before=""):
    values = {}
    for name, value in dict(data).items():
        if isinstance(value, dict):
            values.update(_flat(value, f"{before}{name}."))
            continue
        number = _number(value)
        if number is not None:
            values[f"{before}{name}"] = number
    return values


def _number(value):
    """Any kind of number as Python's own, also those of NumPy, PyTorch and TensorFlow; `None` for everything else."""
    if isinstance(value, (str, bytes)):
        return None
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError, RuntimeError):
        return None
    return int(number) if math.isfinite(number) and number == int(number) and isinstance(value, int) else number


def init(*arguments, config=None, resume=None, **options):
    global run
    if run is None:
        run = Run(globals()["config"], resume not in (None, False, "never"))
    run.config.setdefaults(config)
    for name in ("project", "entity", "group", "name", "notes", "tags"):
        if options.get(name) is not None:
            setattr(run, name, options[name])
    return run


def log(data, step=None, commit=None, sync=None):
    if run is None:
        raise Error("You must call wandb.init() before wandb.log()")
    run.log(data, step=step, commit=commit, sync=sync)


def finish(exit_code=None, quiet=None):
    if run is not None:
        run.finish(exit_code)


def agent(sweep_id=None, function=None, count=None, **options):
    """Of a script that starts its own agent: the study has chosen the parameters already."""
    if function is not None:
        function()


def sweep(sweep=None, **options):
    return "automl"


def login(*arguments, **options):
    return True


def __getattr__(name):
    if name == "summary":
        return run.summary if run is not None else {}
    if name.startswith("__"):
        raise AttributeError(name)
    return _Nothing()


config = Config()
run = None
