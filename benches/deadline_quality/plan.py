"""Which runs there are, in which order, and how long they take."""

from dataclasses import dataclass

PEERS = ("default", "search", "search-selection", "random", "optuna")
WITH_AUTOGLUON = (*PEERS, "autogluon")

# Rows to learn from. On two cores of an AMD EPYC a full default run then takes about 5 s with bert-tiny,
# and 43 s (movie_sentiment) and 29 s (wordnet_glosses) with MiniLM.
ROWS = {
    ("bert-tiny", "movie_sentiment"): 2000,
    ("bert-tiny", "sms_spam"): 2000,
    ("bert-tiny", "wordnet_glosses"): 3000,
    ("minilm", "movie_sentiment"): 1000,
    ("minilm", "wordnet_glosses"): 1000,
}


# Seconds of training a final model and of testing it, in full default runs; for the estimated duration alone.
FINAL, TEST = 0.5, 0.15


@dataclass(frozen=True)
class Preset:
    methods: tuple
    seeds: dict  # by model; a model without seeds is left out
    budgets: dict


PRESETS = {
    "short": Preset(PEERS, {"bert-tiny": (1,)}, {"bert-tiny": (1, 2, 4)}),
    "medium": Preset(
        WITH_AUTOGLUON,
        {"bert-tiny": (1, 2), "minilm": (1,)},
        {"bert-tiny": (1, 2, 4, 8), "minilm": (1, 2)},
    ),
    "full": Preset(
        WITH_AUTOGLUON,
        {"bert-tiny": (1, 2, 3, 4, 5), "minilm": (1, 2, 3)},
        {"bert-tiny": (0.5, 1, 2, 4, 8, 16), "minilm": (1, 2, 4)},
    ),
}


@dataclass(frozen=True)
class Unit:
    """One row to be: what runs, and on what."""

    model: str
    dataset: str
    method: str
    seed: int
    budget: float

    def row(self):
        return {**vars(self), "budget": float(self.budget)}


def units(pairs, methods, seeds, budgets):
    """All runs. Methods follow each other at the same seed, data set and budget, so that drift of the machine hits all.

    `pairs` are (model, data set); `seeds` and `budgets` are by model. Who begins changes from one round to the next.
    """
    planned = []
    all_seeds = sorted({seed for of_model in seeds.values() for seed in of_model})
    rounds = [
        (model, dataset, seed, budget)
        for seed in all_seeds
        for model, dataset in pairs
        if seed in seeds[model]
        for budget in budgets[model]
    ]
    for index, (model, dataset, seed, budget) in enumerate(rounds):
        turn = index % len(methods)
        for method in (*methods[turn:], *methods[:turn]):
            # With more time than one full run, the default is the same model again: once is enough.
            once = min((other for other in budgets[model] if other >= 1), default=None)
            if method != "default" or budget < 1 or budget == once:
                planned.append(Unit(model, dataset, method, seed, float(budget)))
    return planned


def duration(planned, t1):
    """Seconds that the runs take: the budget, then training and testing the final model, often a fast one.

    `t1` has the seconds of a full default run by (model, data set).
    """
    total = 0.0
    for unit in planned:
        runs = min(1.0, unit.budget) + TEST if unit.method == "default" else unit.budget + FINAL + TEST
        total += runs * t1[unit.model, unit.dataset]
    return total


def clock(seconds):
    hours, minutes = divmod(round(seconds / 60), 60)
    return f"{hours} h {minutes:02} min" if hours else f"{minutes} min"
