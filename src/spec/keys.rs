//! Every key of a spec with its meaning: one table, from which the JSON Schema is generated.
//!
//! Tests compare the table with the keys and words that the loader accepts, so it cannot become outdated.

use super::distributions::distributions;
use super::early_terminate;
use super::hyperparameters::HYPERPARAMETERS;
use super::objective::{FINE_TUNE_METRICS, FUNCTION_METRICS, FUNCTIONS};
use super::resolved::SelectionRule;
use super::tracking::TRACKER_ROWS;
use crate::policies::{SchedulerSpec, SearcherSpec};
use crate::schedulers::{OptionKind, OptionRow, OptionValue};

/// A mapping whose keys are known.
#[derive(Debug)]
pub struct Section {
    /// Its name in the schema.
    pub name: &'static str,
    /// Its meaning in one sentence.
    pub about: &'static str,
    /// Its keys, in the usual order of a spec.
    pub keys: &'static [Key],
    /// Keys from a registry; they come first.
    pub more: fn() -> Vec<Key>,
}

impl Section {
    /// All its keys.
    pub fn all(&self) -> Vec<Key> {
        let more = (self.more)();
        more.into_iter().chain(self.keys.iter().cloned()).collect()
    }
}

fn no_more() -> Vec<Key> {
    Vec::new()
}

/// One key of a [`Section`].
#[derive(Clone, Debug)]
pub struct Key {
    /// The key as it is written.
    pub name: &'static str,
    /// Its meaning, for documentation.
    pub about: &'static str,
    /// The types that accept it, if the section's keys depend on its type.
    pub owners: Vec<&'static str>,
    /// The values that it accepts.
    pub kind: Kind,
    /// Its default.
    pub default: Default,
    /// Typical values, as JSON.
    pub examples: &'static [&'static str],
    /// `true` if it is accepted but has no effect.
    pub is_deprecated: bool,
}

/// The kind of value that a key accepts.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    /// `true` or `false`.
    Boolean,
    /// A text, not empty.
    Text,
    /// A text, a number or a boolean.
    Scalar,
    /// Any value. Only programs accept values other than scalars.
    Anything,
    /// A number from `min` to `max`; the bounds themselves are excluded if `open`.
    Number {
        /// Lower bound.
        min: f64,
        /// Upper bound.
        max: f64,
        /// `true` where `min` or `max` is excluded.
        open: (bool, bool),
    },
    /// An integer from `min` to `max`.
    Integer {
        /// Smallest value.
        min: u64,
        /// Largest value.
        max: u64,
    },
    /// Seconds as a number, or a text such as `1h30m`.
    Duration,
    /// Bytes as a number, or a text such as `4GB`.
    Size,
    /// One of several words.
    Words(fn() -> Vec<&'static str>),
    /// One of these words.
    OneOf(&'static [&'static str]),
    /// A mapping with known keys.
    Section(&'static Section),
    /// Parameters by name.
    Parameters,
    /// Values of parameters by name.
    Configuration,
    /// Texts by name.
    Texts,
    /// A list with at least one item.
    List(&'static Kind),
    /// Any of these.
    Any(&'static [Kind]),
}

/// The value of a missing key.
#[derive(Clone, Copy, Debug)]
pub enum Default {
    /// It depends on other keys.
    Depends,
    /// A fixed value, as JSON.
    Json(&'static str),
    /// The default of an option in a registry.
    Option(OptionValue),
}

impl Default {
    /// The default as JSON; empty if it depends on other keys.
    pub fn json(self) -> String {
        match self {
            Self::Depends => String::new(),
            Self::Json(json) => json.to_owned(),
            Self::Option(OptionValue::Integer(number)) => number.to_string(),
            Self::Option(OptionValue::Number(number)) => number.to_string(),
            Self::Option(OptionValue::Word(word)) => format!("\"{word}\""),
            Self::Option(OptionValue::Boolean(is_so)) => is_so.to_string(),
        }
    }
}

const fn key(name: &'static str, kind: Kind, about: &'static str) -> Key {
    Key {
        name,
        about,
        owners: Vec::new(),
        kind,
        default: Default::Depends,
        examples: &[],
        is_deprecated: false,
    }
}

impl Key {
    /// The meaning, followed by the types that accept the key.
    pub fn sentence(&self) -> String {
        if self.owners.is_empty() {
            self.about.to_owned()
        } else {
            format!("Of {}: {}", listed(&self.owners), uncapitalized(self.about))
        }
    }

    const fn default(mut self, json: &'static str) -> Self {
        self.default = Default::Json(json);
        self
    }

    const fn examples(mut self, json: &'static [&'static str]) -> Self {
        self.examples = json;
        self
    }

    const fn deprecated(mut self) -> Self {
        self.is_deprecated = true;
        self
    }
}

const NUMBER: Kind = Kind::Number {
    min: f64::NEG_INFINITY,
    max: f64::INFINITY,
    open: (false, false),
};
const POSITIVE: Kind = Kind::Number {
    min: 0.0,
    max: f64::INFINITY,
    open: (true, false),
};
const EPOCHS: Kind = Kind::Number {
    min: 0.0,
    max: 1e6,
    open: (true, false),
};
const SHARE: Kind = Kind::Number {
    min: 0.0,
    max: 1.0,
    open: (false, false),
};
const SEED: Kind = Kind::Integer { min: 0, max: u64::MAX };
const WORKERS: Kind = Kind::Integer { min: 1, max: 4_096 };
const COUNT: Kind = Kind::Integer {
    min: 0,
    max: u32::MAX as u64,
};
const TRIALS: Kind = Kind::Integer { min: 1, max: 1_000_000 };

fn methods() -> Vec<&'static str> {
    SearcherSpec::names().into_iter().map(|(name, _)| name).collect()
}

fn metrics() -> Vec<&'static str> {
    let mut words = FINE_TUNE_METRICS.to_vec();
    words.extend(FUNCTION_METRICS.iter().filter(|name| !FINE_TUNE_METRICS.contains(name)));
    words
}

/// A whole spec.
pub(super) const SPEC: Section = Section {
    name: "spec",
    about: "A search for the best way to fine-tune a pretrained model.",
    more: no_more,
    keys: &[
        key("name", Kind::Any(&[Kind::Text, NUMBER]), "The study's name, and that of its folder below `results`. By default that of the file.")
            .examples(&["\"movie-sentiment\""]),
        key("description", Kind::Scalar, "A note for people; nothing depends on it."),
        key("task", Kind::Words(|| vec!["text-classification", "image-classification"]), "What the model learns."),
        key("model", Kind::Text, "The pretrained model: a directory in Hugging Face layout, the id of a model in the local Hugging Face cache, or `builtin:resnet8-cifar10`.")
            .examples(&["\"./my-model\"", "\"sentence-transformers/all-MiniLM-L6-v2\"", "\"builtin:resnet8-cifar10\""]),
        key("data", Kind::Any(&[Kind::Text, Kind::Section(&DATA)]), "Labelled examples: a `.csv`, `.tsv` or `.jsonl` file, or `builtin:fashion-mini`. Paths begin at the spec's folder.")
            .examples(&["\"reviews.csv\"", "{\"train\": \"reviews.csv\", \"text\": \"text\", \"label\": \"label\"}"]),
        key("max_length", Kind::Integer { min: 3, max: 65_536 }, "The longest text in tokens; longer ones are cut.").default("128"),
        key("function", Kind::Any(&[Kind::Words(functions), Kind::Section(&FUNCTION)]), "A built-in function to optimise instead of fine-tuning, for trying things out. It takes the place of `task`, `model` and `data`."),
        key("command", Kind::Any(&[Kind::List(&Kind::Scalar), Kind::Section(&COMMAND)]), "An external program to run instead of fine-tuning: its words, in which `{name}` stands for a parameter's value and `${args}` for all of them as `--name=value`. It reports metrics as lines of JSON.")
            .examples(&["[\"python\", \"train.py\", \"--lr={learning_rate}\"]", "[\"python\", \"train.py\", \"${args}\"]"]),
        key("program", Kind::Text, "Weights & Biases' name of the program that `${program}` in `command` stands for; alone, it is run by Python with `${args}`.")
            .examples(&["\"train.py\""]),
        key("wandb", Kind::Words(|| vec!["shim"]), "`shim`: a Python program that imports `wandb` finds a small stand-in for it. `wandb.init().config` has its parameters, and what it logs is reported; without an account, a network or the package."),
        key("metrics", Kind::Texts, "Of a program that prints text: a regular expression for each metric, and one for `epoch` if it names that. What the first group finds in a line is the number; an epoch holds for the lines that follow.")
            .examples(&[r#"{"val_loss": "\\bval_loss: (\\S+)", "epoch": "Epoch (\\d+)"}"#]),
        key("ask_tell", Kind::Section(&ASK_TELL), "The trials are run by the program that asks. `automl ask-tell --out` writes it; `automl search` cannot run such a spec."),
        key("metric", Kind::Any(&[Kind::Words(metrics), Kind::Text, Kind::Section(&METRIC), Kind::List(&METRIC_ITEM), Kind::Section(&PARETO), Kind::Section(&LEXICOGRAPHIC)]), "What counts as better, measured on the validation data; a list for the trade-offs between several metrics.")
            .examples(&["\"accuracy\"", "{\"name\": \"accuracy\", \"goal\": \"maximize\", \"target\": 0.92}", "[\"accuracy\", \"trainable_parameters\"]"]),
        key("metric_constraints", Kind::Any(&[Kind::Text, Kind::List(&Kind::Text)]), "What a trial must fulfil to be the best: comparisons over metrics.")
            .examples(&["[\"latency_ms <= 20\"]"]),
        key("method", Kind::Words(methods), "Who proposes configurations; `auto` chooses by space and budget.").default("\"auto\""),
        key("parameters", Kind::Parameters, "What is searched: names and their values or ranges.")
            .examples(&["{\"learning_rate\": {\"min\": 1e-5, \"max\": 1e-2, \"log\": true}}"]),
        key("constraints", Kind::Any(&[Kind::Text, Kind::List(&Kind::Text)]), "What every configuration must satisfy: comparisons and arithmetic over parameters.")
            .examples(&["[\"batch_size * max_length <= 16384\"]"]),
        key("points_to_evaluate", Kind::List(&Kind::Configuration), "Configurations to try first; parameters left out are filled in.")
            .examples(&["[{\"learning_rate\": 2e-5, \"batch_size\": 16}]"]),
        key("prior", Kind::Words(|| vec!["auto", "none"]), "What is believed of parameters without a `prior` of their own. `auto`: published recipes for the model are tried first and shape the first proposals; the study's `spec.yaml` has them. `none`: nothing.").default("\"auto\""),
        key("repeats", Kind::Integer { min: 1, max: 1_000 }, "Run every point of `points_to_evaluate` so many times to its end, each time with another seed, and nothing else: how much of a result is luck. `method` and `early_terminate` have no say then."),
        key("warm_start", Kind::Any(&[Kind::Text, Kind::List(&Kind::Text)]), "Leaderboards of earlier studies over parameters of the same names, to begin with what they found out.")
            .examples(&["[\"results/earlier/leaderboard.csv\"]"]),
        key("epochs", Kind::Any(&[EPOCHS, Kind::Section(&EPOCH_RANGE)]), "How far a trial may go. Epochs are what a trial spends, not what is searched.").default("3"),
        key("trial_limits", Kind::Section(&TRIAL_LIMITS), "What one trial may use up; beyond it the trial fails."),
        key("early_terminate", Kind::Any(&[Kind::Words(schedulers), Kind::Section(&EARLY_TERMINATE)]), "Who decides which trial goes on.").default("\"asha\""),
        key("budget", Kind::Section(&BUDGET), "When to end; whichever comes first."),
        key("run_cap", TRIALS, "Trials in all: Weights & Biases' name of `budget.trials`."),
        key("selection", Kind::Section(&SELECTION), "How the winner is chosen once the search is over: the best trials are trained again with fresh seeds. Without it the best trial of the search wins."),
        key("resources", Kind::Section(&RESOURCES), "Where trials run."),
        key("tracking", Kind::Any(&[Kind::Words(trackers), Kind::Section(&TRACKING), Kind::List(&Kind::Any(&[Kind::Words(trackers), Kind::Section(&TRACKING)]))]), "Where else the study is shown, while it runs and after a resumption. A tracker that fails never slows or ends a study.")
            .examples(&["\"csv\"", "{\"csv\": {\"folder\": \"curves\"}}"]),
        key("provenance", Kind::Section(&PROVENANCE), "Of a `best.yaml`: where it comes from. The program writes it; `automl train --check` compares the data with it."),
        key("deterministic", Kind::Boolean, "Decide in an order that does not depend on the machine, so that any number of workers gives the same result.").default("true"),
        key("seed", SEED, "Keys everything random.").default("0"),
        key("project", Kind::Scalar, "Means nothing outside Weights & Biases.").deprecated(),
        key("entity", Kind::Scalar, "Means nothing outside Weights & Biases.").deprecated(),
        key("controller", Kind::Anything, "Means nothing outside Weights & Biases.").deprecated(),
        key("job", Kind::Scalar, "Means nothing outside Weights & Biases.").deprecated(),
        key("image_uri", Kind::Scalar, "Means nothing outside Weights & Biases.").deprecated(),
    ],
};

fn trackers() -> Vec<&'static str> {
    TRACKER_ROWS.iter().map(|row| row.name).collect()
}

/// Trackers by name.
const TRACKING: Section = Section {
    name: "tracking",
    about: "Trackers by name, each with its options.",
    more: no_more,
    keys: &[key(
        "csv",
        Kind::Section(&TRACKING_CSV),
        "Tables of trials, learning curves and segments: `trials.csv`, `curves.csv` and `segments.csv`.",
    )],
};

const TRACKING_CSV: Section = Section {
    name: "tracking_csv",
    about: "The tracker `csv`.",
    more: no_more,
    keys: &[key(
        "folder",
        Kind::Text,
        "The folder of the tables. By default `tracking/csv` in the study's folder.",
    )],
};

fn functions() -> Vec<&'static str> {
    FUNCTIONS.to_vec()
}

fn schedulers() -> Vec<&'static str> {
    SchedulerSpec::names().into_iter().map(|(name, _)| name).collect()
}

const DATA: Section = Section {
    name: "data",
    about: "Labelled examples.",
    more: no_more,
    keys: &[
        key(
            "train",
            Kind::Text,
            "Training examples: a `.csv`, `.tsv` or `.jsonl` file, or a built-in set.",
        )
        .examples(&["\"reviews.csv\"", "\"builtin:fashion-mini\""]),
        key(
            "validation",
            Kind::Text,
            "Validation examples; without it they are split off `train`.",
        ),
        key("text", Kind::Text, "The column of the text.").default("\"text\""),
        key("label", Kind::Text, "The column of the label.").default("\"label\""),
        key("split", Kind::Section(&SPLIT), "How examples are held out of `train`."),
        key(
            "train_limit",
            Kind::Integer {
                min: 2,
                max: u32::MAX as u64,
            },
            "Use only the first so many training examples (built-in data only).",
        ),
        key(
            "test",
            Kind::Integer { min: 2, max: 3_000 },
            "Keep the last so many training examples apart, to look at once for the winner (built-in data only; of a table, `split.test` is a share).",
        ),
    ],
};

const SPLIT: Section = Section {
    name: "split",
    about: "Shares of the training table that are held out.",
    more: no_more,
    keys: &[
        key(
            "validation",
            Kind::Number {
                min: 0.0,
                max: 1.0,
                open: (true, true),
            },
            "The share on which trials are compared.",
        )
        .default("0.2"),
        key(
            "test",
            Kind::Number {
                min: 0.0,
                max: 1.0,
                open: (false, true),
            },
            "The share that is kept apart, and looked at once for the winner.",
        )
        .default("0.0"),
        key("stratify", Kind::Boolean, "Keep every label's share.").default("true"),
        key(
            "seed",
            SEED,
            "Keys the split; not the study's seed, so that studies can be compared.",
        )
        .default("1"),
    ],
};

const ASK_TELL: Section = Section {
    name: "ask_tell",
    about: "A search whose trials are run by the program that asks.",
    more: no_more,
    keys: &[key(
        "budget",
        Kind::Integer { min: 0, max: 1 << 53 },
        "How many complete trials the search may spend, if that is known.",
    )],
};

const FUNCTION: Section = Section {
    name: "function",
    about: "A built-in function: `sphere` takes any parameters, `branin` the numbers `x1` and `x2`.",
    more: no_more,
    keys: &[
        key("name", Kind::Words(functions), "Which function."),
        key(
            "trial_seconds",
            Kind::Number {
                min: 0.0,
                max: 1e6,
                open: (false, false),
            },
            "Seconds that a whole trial takes, for demonstrations.",
        )
        .default("0.0"),
        key(
            "jitter",
            Kind::Number {
                min: 0.0,
                max: 1e6,
                open: (false, false),
            },
            "Seconds up to which every segment is late, by true chance, to see that no result depends on it.",
        )
        .default("0.0"),
        key(
            "noise",
            Kind::Number {
                min: 0.0,
                max: 1e6,
                open: (false, false),
            },
            "Standard deviation of what chance adds to the loss, by the trial's seed, to see how much luck a selection takes out.",
        )
        .default("0.0"),
        key(
            "faults",
            Kind::Section(&FAULTS),
            "What goes wrong, and for which configurations, to see what becomes of a study then.",
        )
        .examples(&["{\"diverge\": \"x > 0.9\"}"]),
    ],
};

const FAULTS: Section = Section {
    name: "faults",
    about: "What goes wrong half-way through a trial, each with a condition over parameters.",
    more: no_more,
    keys: &[
        key("diverge", Kind::Text, "The loss is not a number anymore."),
        key("panic", Kind::Text, "The code panics."),
        key("abort", Kind::Text, "The worker process dies."),
        key("hang", Kind::Text, "No step ends any more."),
        key(
            "exhaust_memory",
            Kind::Text,
            "Memory is taken until there is none, though at most 4 GiB.",
        ),
    ],
};

const COMMAND: Section = Section {
    name: "command",
    about: "An external program that trains a trial, started once for every segment.",
    more: no_more,
    keys: &[
        key(
            "run",
            Kind::List(&Kind::Scalar),
            "The program and its arguments, which no shell ever sees.",
        )
        .examples(&["[\"python\", \"train.py\", \"${args}\"]"]),
        key(
            "shell",
            Kind::Text,
            "A line for `sh -c` instead; parameters reach it as environment variables such as `$AUTOML_PARAM_LEARNING_RATE`.",
        ),
        key("folder", Kind::Text, "Where it runs. By default the spec's folder."),
    ],
};

const TRIAL_LIMITS: Section = Section {
    name: "trial_limits",
    about: "What one trial may use up; beyond it the trial fails.",
    more: no_more,
    keys: &[
        key(
            "wall",
            Kind::Duration,
            "Time of training in all, over all its segments; then it has timed out.",
        )
        .examples(&["\"10m\""]),
        key(
            "memory",
            Kind::Size,
            "Resident memory of its worker, children included; beyond it memory has run out.",
        )
        .examples(&["\"4GB\"", "\"512MiB\""]),
        key(
            "silence",
            Kind::Duration,
            "Time without a step or a line of output; then it hangs, and its worker is replaced. By default five minutes, without limit for commands.",
        )
        .examples(&["\"2m\""]),
    ],
};

const SELECTION: Section = Section {
    name: "selection",
    about: "How the winner is chosen. The best of many trials is partly a lucky one, so finalists are trained again with fresh seeds.",
    more: no_more,
    keys: &[
        key(
            "rule",
            Kind::Words(|| SelectionRule::NAMES.map(|(name, _)| name).to_vec()),
            "`best`: the best mean over the fresh seeds. `one_se`: the cheapest to train of those within one standard error of it. `pareto`: of several metrics, the front of the means; the one that is best in the first metric is the winner.",
        )
        .default("\"best\""),
        key("top_k", Kind::Integer { min: 1, max: 100 }, "How many of the best trials are finalists.").default("3"),
        key(
            "reseeds",
            Kind::Integer { min: 0, max: 100 },
            "How many fresh seeds each finalist is trained with, up to its best epoch. The wall budget keeps time for them; `budget.trials` does not count them.",
        )
        .default("2"),
        key(
            "holdout",
            Kind::Boolean,
            "Whether the winner is measured on the test examples (`data.split.test`) in the end, once.",
        )
        .default("false"),
    ],
};

const PROVENANCE: Section = Section {
    name: "provenance",
    about: "Where a `best.yaml` comes from, what was seen of it, and on which data.",
    more: no_more,
    keys: &[
        key("version", Kind::Text, "The version of the program that wrote it."),
        key("study", Kind::Text, "The study."),
        key("trial", COUNT, "Its winner."),
        key(
            "run",
            COUNT,
            "The run of the winner whose seed this is: the winner itself, or one with a fresh seed.",
        ),
        key("metric", Kind::Text, "The metric of the values below."),
        key(
            "expected",
            NUMBER,
            "What to expect: the mean over fresh seeds on the validation examples.",
        ),
        key("standard_error", NUMBER, "The standard error of that mean."),
        key("seeds", COUNT, "How many fresh seeds."),
        key(
            "validation",
            NUMBER,
            "What this very run came to on the validation examples.",
        ),
        key("test", NUMBER, "What its model came to on the test examples."),
        key(
            "inputs",
            Kind::List(&Kind::Section(&INPUT)),
            "The model and the data it was found with.",
        ),
    ],
};

const INPUT: Section = Section {
    name: "input",
    about: "The model or a part of the data.",
    more: no_more,
    keys: &[
        key("part", Kind::Text, "`model`, `train`, `validation` or `test`."),
        key("rows", Kind::Integer { min: 0, max: u64::MAX }, "How many examples."),
        key("fingerprint", Kind::Text, "Fingerprint of what training sees of it."),
    ],
};

const METRIC_NAME: Key = key(
    "name",
    Kind::Any(&[Kind::Words(metrics), Kind::Text]),
    "A metric that the objective reports.",
);

const METRIC_GOAL: Key = key(
    "goal",
    Kind::Words(|| vec!["maximize", "minimize"]),
    "Which way it is better; by default the usual one of the metric.",
);

const METRIC_TARGET: Key = key(
    "target",
    NUMBER,
    "The study ends as soon as a trial is this good; of several metrics, as good as it need be.",
)
.examples(&["0.92"]);

const METRIC: Section = Section {
    name: "metric",
    about: "What counts as better.",
    more: no_more,
    keys: &[
        METRIC_NAME,
        METRIC_GOAL,
        METRIC_TARGET,
        key(
            "impute",
            Kind::Scalar,
            "Weights & Biases' value for runs that fail. It is ignored: a failed trial has none here.",
        ),
        key(
            "impute_while_running",
            Kind::Scalar,
            "The same for runs that have not ended. It is ignored.",
        ),
    ],
};

/// One of several metrics.
const METRIC_ITEM: Kind = Kind::Any(&[Kind::Words(metrics), Kind::Text, Kind::Section(&METRIC)]);

const PARETO: Section = Section {
    name: "pareto",
    about: "Several metrics of which none comes first.",
    more: no_more,
    keys: &[key(
        "pareto",
        Kind::List(&METRIC_ITEM),
        "The metrics whose trade-offs are sought; the same as the list alone.",
    )],
};

const LEXICOGRAPHIC: Section = Section {
    name: "lexicographic",
    about: "Several metrics, the most important first.",
    more: no_more,
    keys: &[key(
        "lexicographic",
        Kind::List(&Kind::Any(&[Kind::Words(metrics), Kind::Text, Kind::Section(&LEVEL)])),
        "The metrics by priority: a later one decides between trials that are as good by the earlier ones.",
    )],
};

const LEVEL: Section = Section {
    name: "level",
    about: "A metric and how much of it may be given away for the metrics after it.",
    more: no_more,
    keys: &[
        METRIC_NAME,
        METRIC_GOAL,
        METRIC_TARGET,
        key(
            "tolerance",
            Kind::Any(&[
                Kind::Number {
                    min: 0.0,
                    max: f64::INFINITY,
                    open: (false, false),
                },
                Kind::Text,
            ]),
            "How much worse than the best a trial may be and still count as good: absolute, or in per cent.",
        )
        .examples(&["0.01", "\"1%\""]),
    ],
};

const EPOCH_RANGE: Section = Section {
    name: "epochs",
    about: "How far a trial may go, in passes over the training examples.",
    more: no_more,
    keys: &[
        key(
            "min",
            EPOCHS,
            "Before this no trial is judged. By default 1, or `max` if that is less; of a fine-tuning with a wall budget an eighth of `max`.",
        ),
        key("max", EPOCHS, "A complete trial.").default("3"),
        key(
            "stops",
            Kind::List(&EPOCHS),
            "For `automl train`: where the best trial was evaluated.",
        ),
        key(
            "cooldown",
            Kind::List(&EPOCHS),
            "For `automl train`: from where to where the learning rate fell to 0, of a best trial that ended before its schedule did.",
        ),
    ],
};

/// The key `type`, and the options of every type.
fn rules() -> Vec<Key> {
    let kind = key("type", Kind::Words(schedulers), "Which rule; see below.").default("\"asha\"");
    let options = early_terminate::options().into_iter();
    let options = options.map(|(row, owners)| Key {
        owners,
        default: row.default.map_or(Default::Depends, Default::Option),
        ..key(row.name, kind_of(row), row.about)
    });
    [kind].into_iter().chain(options).collect()
}

fn kind_of(row: &OptionRow) -> Kind {
    match row.kind {
        OptionKind::Integer(min, max) => Kind::Integer {
            min: min.into(),
            max: max.into(),
        },
        OptionKind::Number(min, max) => Kind::Number {
            min,
            max,
            open: (false, false),
        },
        OptionKind::Epochs => EPOCHS,
        OptionKind::Words(words) => Kind::OneOf(words),
        OptionKind::Boolean => Kind::Boolean,
    }
}

/// Joins names as `a`, `b` and `c`.
fn listed(names: &[&str]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    match quoted.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        _ => quoted.concat(),
    }
}

fn uncapitalized(sentence: &str) -> String {
    let mut letters = sentence.chars();
    letters
        .next()
        .map_or_else(String::new, |first| first.to_lowercase().chain(letters).collect())
}

const EARLY_TERMINATE: Section = Section {
    name: "early_terminate",
    about: "Who decides which trial goes on.",
    more: rules,
    keys: &[
        key(
            "patience",
            EPOCHS,
            "A trial ends so many epochs after its last improvement, whatever the others do.",
        )
        .examples(&["2"]),
        key(
            "min_delta",
            Kind::Number {
                min: 0.0,
                max: f64::INFINITY,
                open: (false, false),
            },
            "Smaller changes do not count as improvements, in units of the metric.",
        )
        .default("0"),
        key(
            "audit",
            SHARE,
            "The share of trials that run to their end whatever the scheduler says, to see what pruning costs.",
        )
        .default("0")
        .examples(&["0.05"]),
        key(
            "min_iter",
            EPOCHS,
            "Weights & Biases' name of `epochs.min` beside `hyperband`, which then stops as theirs does.",
        ),
        key(
            "max_iter",
            EPOCHS,
            "Weights & Biases' name of `epochs.max` beside `hyperband`, which then stops as theirs does.",
        ),
        key(
            "s",
            Kind::Integer { min: 1, max: 100 },
            "Weights & Biases' number of rungs below `max_iter`.",
        )
        .default("1"),
        key(
            "strict",
            Kind::Boolean,
            "Weights & Biases' strictness; a trial that is not among the best always ends.",
        ),
    ],
};

const BUDGET: Section = Section {
    name: "budget",
    about: "When to end; whichever comes first. Without a budget a study runs until it is stopped, but a grid until all of it has been tried.",
    more: no_more,
    keys: &[
        key("wall", Kind::Duration, "Time in all, over all resumptions.").examples(&["\"30m\"", "\"1h30m\"", "90"]),
        key("trials", TRIALS, "Trials in all.").examples(&["50"]),
        key("max_failures", Kind::Integer { min: 0, max: 1_000_000 }, "The study ends when so many trials have crashed or were invalid, all alike, before any has a result: then none will. 0: it goes on.").default("5"),
    ],
};

const RESOURCES: Section = Section {
    name: "resources",
    about: "Where trials run.",
    more: no_more,
    keys: &[
        key(
            "devices",
            Kind::Words(|| vec!["auto", "cpu", "cuda", "ndarray"]),
            "Which devices; `auto`: every CUDA device that is visible if there are any and the model is large enough to gain from one, else the CPU.",
        )
        .default("\"auto\""),
        key(
            "workers",
            Kind::Any(&[Kind::Words(|| vec!["auto"]), WORKERS]),
            "Worker processes; `auto`: one a CPU core, or on GPUs `slots_per_device` for each.",
        )
        .default("\"auto\""),
        key(
            "slots_per_device",
            Kind::Any(&[Kind::Words(|| vec!["auto"]), WORKERS]),
            "Worker processes that share a GPU, if `workers` is not given; `auto`: up to 4, as memory and CPU cores allow, or one external program.",
        )
        .default("\"auto\""),
        key("threads_per_worker", WORKERS, "Threads of each worker on the CPU.").default("1"),
        key(
            "logical_workers",
            Kind::Any(&[Kind::Words(|| vec!["auto"]), WORKERS]),
            "Workers that a deterministic study plans for, however many there are. `auto`: 8, or with a wall budget as many as there are slots where the study begins. A study keeps its number when it is resumed elsewhere.",
        )
        .default("\"auto\""),
        key(
            "cache",
            Kind::Size,
            "Disk space for what frozen parts of models make of data, shared by all studies; `0`: none.",
        )
        .default("10000000000")
        .examples(&["\"10GB\""]),
    ],
};

/// An entry of `parameters`.
const PARAMETER: Section = Section {
    name: "parameter",
    about: "One parameter: a `value`, some `values`, or a range from `min` to `max`.",
    more: no_more,
    keys: &[
        key("value", Kind::Anything, "The one value: the parameter is not searched."),
        key("values", Kind::List(&Kind::Anything), "The values to choose from.")
            .examples(&["[8, 16, 32]", "[\"linear\", \"cosine\"]"]),
        key(
            "probabilities",
            Kind::List(&Kind::Number {
                min: 0.0,
                max: 1.0,
                open: (false, false),
            }),
            "How often chance takes each of `values`; they add up to 1.",
        ),
        key(
            "ordered",
            Kind::Boolean,
            "Neighbours in `values` are alike, so that models may interpolate.",
        )
        .default("false"),
        key(
            "distribution",
            Kind::Words(distribution_names),
            "How values are distributed over the range, in the words of Weights & Biases. The bounds of `log_uniform` are exponents of e; write `log_uniform_values` for plain bounds.",
        ),
        key("min", NUMBER, "The smallest value, inclusive."),
        key("max", NUMBER, "The largest value, inclusive."),
        key("q", POSITIVE, "Only multiples of it are tried."),
        key(
            "step",
            POSITIVE,
            "The distance of neighbouring values, counted from `min`.",
        ),
        key(
            "log",
            Kind::Boolean,
            "Uniform in the logarithm, as learning rates want it.",
        )
        .default("false"),
        key(
            "mu",
            NUMBER,
            "The mean of a normal distribution; of the logarithm for a log-normal one.",
        )
        .default("0.0"),
        key(
            "sigma",
            POSITIVE,
            "The standard deviation of a normal distribution; of the logarithm for a log-normal one.",
        )
        .default("1.0"),
        key(
            "prior",
            Kind::Any(&[Kind::Scalar, Kind::Section(&PRIOR)]),
            "Where the best value probably lies.",
        )
        .examples(&["2e-5", "{\"value\": 2e-5, \"confidence\": \"high\"}"]),
        key("init", Kind::Scalar, "The value to try first."),
        key(
            "low_cost",
            Kind::Scalar,
            "A value at which a trial is cheap: local search begins there.",
        ),
        key(
            "when",
            Kind::Any(&[Kind::Text, Kind::Boolean]),
            "The parameter is there only where this is true of other parameters.",
        )
        .examples(&["\"lr_schedule != 'constant'\""]),
        key(
            "parameters",
            Kind::Parameters,
            "Parameters below this name, joined to it by a dot (Weights & Biases' nesting).",
        ),
    ],
};

const PRIOR: Section = Section {
    name: "prior",
    about: "A belief about where the best value lies.",
    more: no_more,
    keys: &[
        key("value", Kind::Scalar, "The likeliest value."),
        key(
            "confidence",
            Kind::Words(|| vec!["low", "medium", "high"]),
            "How sure you are.",
        )
        .default("\"medium\""),
    ],
};

fn distribution_names() -> Vec<&'static str> {
    distributions().map(|known| known.name).collect()
}

/// All sections, including those that other sections refer to.
pub const SECTIONS: [&Section; 23] = [
    &SPEC,
    &DATA,
    &SPLIT,
    &FUNCTION,
    &ASK_TELL,
    &FAULTS,
    &COMMAND,
    &METRIC,
    &PARETO,
    &LEXICOGRAPHIC,
    &LEVEL,
    &EPOCH_RANGE,
    &TRIAL_LIMITS,
    &EARLY_TERMINATE,
    &BUDGET,
    &SELECTION,
    &RESOURCES,
    &TRACKING,
    &TRACKING_CSV,
    &PROVENANCE,
    &INPUT,
    &PARAMETER,
    &PRIOR,
];

/// The hyperparameters of fine-tuning, with their meaning.
pub(super) fn hyperparameters() -> impl Iterator<Item = (&'static str, &'static str)> {
    HYPERPARAMETERS.iter().map(|known| (known.name, known.about))
}
