//! The keys at the top of a spec, and the list of all sections.

use super::budget::BUDGET;
use super::cluster::CLUSTER;
use super::command::COMMAND;
use super::data::DATA;
use super::declared::{self, Field, Word, at, by_hand, field, words_of};
use super::distributions::PARAMETER;
use super::early_terminate::EARLY_TERMINATE;
use super::epochs::EPOCH_RANGE;
use super::function::{FAULTS, FUNCTION, FUNCTIONS};
use super::hints::PRIOR;
use super::keys::{EPOCHS, Kind, NUMBER, SEED, Section, TRIALS, key};
use super::limits::TRIAL_LIMITS;
use super::metric::{LEVEL, LEXICOGRAPHIC, METRIC, METRIC_ITEM, PARETO, metrics};
use super::objective::ASK_TELL;
use super::provenance::{INPUT, PROVENANCE};
use super::resolved::Task;
use super::resources::RESOURCES;
use super::selection::SELECTION;
use super::split::SPLIT;
use super::tracking::{TRACKER_ROWS, TRACKING, trackers};
use crate::policies::{SchedulerSpec, SearcherSpec};
use crate::units::Seed;

/// All sections, including those that other sections refer to.
pub fn sections() -> Vec<&'static Section> {
    let known = [
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
        &CLUSTER,
        &PROVENANCE,
        &INPUT,
        &PARAMETER,
        &PRIOR,
        &TRACKING,
    ];
    let trackers = TRACKER_ROWS.iter().map(|row| row.section);
    known.into_iter().chain(trackers).collect()
}

/// A whole spec.
pub(super) const SPEC: Section = Section {
    name: "spec",
    about: "A search for the best way to fine-tune a pretrained model.",
    keys: || declared::keys(KEYS),
};

/// The plain values at the top of a spec.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Root {
    /// The model's licence; only for fine-tuning.
    pub(super) model_licence: Option<String>,
    /// Maximum length of a text in tokens; only for fine-tuning.
    pub(super) max_length: Option<usize>,
    /// Height and width of pictures; only for fine-tuning.
    pub(super) image_size: Option<usize>,
    pub(super) method: SearcherSpec,
    pub(super) prior: Recipes,
    pub(super) repeats: Option<u32>,
    pub(super) deterministic: bool,
    pub(super) seed: Seed,
}

impl Default for Root {
    fn default() -> Self {
        Self {
            model_licence: None,
            max_length: None,
            image_size: None,
            method: SearcherSpec::default(),
            prior: Recipes(true),
            repeats: None,
            deterministic: true,
            seed: Seed(0),
        }
    }
}

/// `true` if published recipes shape the first proposals.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Recipes(pub(super) bool);

impl Word for Recipes {
    fn names() -> Vec<(&'static str, Self)> {
        vec![("auto", Self(true)), ("none", Self(false))]
    }
}

impl Word for SearcherSpec {
    fn names() -> Vec<(&'static str, Self)> {
        Self::names()
    }
}

fn functions() -> Vec<&'static str> {
    FUNCTIONS.to_vec()
}

fn schedulers() -> Vec<&'static str> {
    SchedulerSpec::names().into_iter().map(|(name, _)| name).collect()
}

/// Names of W&B that have no effect here.
const fn wandb_only(name: &'static str, kind: Kind) -> Field<Root> {
    by_hand(key(name, kind, "Has an effect only in Weights & Biases.").deprecated())
}

/// The keys of a spec, in their usual order.
pub(super) const KEYS: &[Field<Root>] = &[
    by_hand(key("name", Kind::Any(&[Kind::Text, NUMBER]), "The name of the study and of its folder below `results`. By default the name of the file.")
            .examples(&["\"movie-sentiment\""])),
    by_hand(key("description", Kind::Scalar, "A note for people. It has no effect.")),
    by_hand(key("task", Kind::Words(words_of::<Task>), "The task that the model is trained for.")),
    by_hand(key("model", Kind::Text, "The pretrained model: a directory in Hugging Face layout, the id of a model on the Hugging Face hub (`org/name` or `org/name@revision`), `builtin:bert-tiny`, or `builtin:resnet8-cifar10`. A model of the hub is taken from the local cache, or downloaded.")
            .examples(&["\"./my-model\"", "\"sentence-transformers/all-MiniLM-L6-v2\"", "\"builtin:bert-tiny\""])),
    field("model_licence", Kind::Text, at!(Root.model_licence), "The licence of the model, for the model card. A study of a model of the hub records here what the author says.").examples(&["\"apache-2.0\""]),
    by_hand(key("data", Kind::Any(&[Kind::Text, Kind::Section(&DATA)]), "Labelled examples: a file (CSV, TSV, JSON, JSONL, Parquet, Arrow, compressed or not), `builtin:movie-reviews`, or `builtin:fashion-mini`. Paths begin at the spec's folder.")
            .examples(&["\"reviews.csv\"", "{\"train\": \"reviews.csv\", \"text\": \"text\", \"label\": \"label\"}"])),
    field("max_length", Kind::Integer { min: 3, max: 65_536 }, at!(Root.max_length), "Maximum length of a text in tokens. Longer texts are cut or read in windows, as `data.truncation` says. `parameters.max_length` searches it instead. Without it, `task: question-answering` takes 384.").default("128"),
    field("image_size", Kind::Integer { min: 8, max: 4_096 }, at!(Root.image_size), "Height and width in pixels that pictures are resized to. Positions that a model learned are interpolated. Without it, the size that the files of the model name.").examples(&["96"]),
    by_hand(key("function", Kind::Any(&[Kind::Words(functions), Kind::Section(&FUNCTION)]), "A built-in test function to optimize instead of fine-tuning, to try out a search. It replaces `task`, `model` and `data`.")
            .examples(&["\"branin\"", "{\"name\": \"sphere\", \"noise\": 0.1}"])),
    by_hand(key("command", Kind::Any(&[Kind::List(&Kind::Scalar), Kind::Section(&COMMAND)]), "An external program that runs each trial, instead of fine-tuning: the program and its arguments. `{name}` is replaced by the value of a parameter, and `${args}` by all of them as `--name=value`. The program prints its metrics as lines of JSON.")
            .examples(&["[\"python\", \"train.py\", \"--lr={learning_rate}\"]", "[\"python\", \"train.py\", \"${args}\"]"])),
    by_hand(key("program", Kind::Text, "Weights & Biases' key for the program that replaces `${program}` in `command`. Without `command`, Python runs it with `${args}`.")
            .examples(&["\"train.py\""])),
    by_hand(key("wandb", Kind::Words(|| vec!["shim"]), "`shim`: a Python program that imports `wandb` gets a small replacement, which needs no account, network or package. `wandb.init().config` has the parameters, and `wandb.log` reports metrics.")),
    by_hand(key("metrics", Kind::Texts, "Regular expressions for a program that prints text instead of JSON: one for each metric, and one for `epoch` if the program prints it. The first group of an expression is the number. An epoch applies to the lines that follow.")
            .examples(&[r#"{"val_loss": "\\bval_loss: (\\S+)", "epoch": "Epoch (\\d+)"}"#])),
    by_hand(key("ask_tell", Kind::Section(&ASK_TELL), "A search whose trials are run by another program over `automl ask-tell`. `automl ask-tell --out` writes this key; `automl search` cannot run such a spec.")),
    by_hand(key("metric", Kind::Any(&[Kind::Words(metrics), Kind::Text, Kind::Section(&METRIC), Kind::List(&METRIC_ITEM), Kind::Section(&PARETO), Kind::Section(&LEXICOGRAPHIC)]), "The metric to optimize, measured on the validation data. A list asks for the trade-offs between several metrics.")
            .examples(&["\"accuracy\"", "{\"name\": \"accuracy\", \"goal\": \"maximize\", \"target\": 0.92}", "[\"accuracy\", \"trainable_parameters\"]"])),
    by_hand(key("metric_constraints", Kind::Any(&[Kind::Text, Kind::List(&Kind::Text)]), "Conditions on metrics. A trial that violates one ranks after all trials that violate none.")
            .examples(&["[\"latency_ms <= 20\"]"])),
    field("method", Kind::Words(words_of::<SearcherSpec>), at!(Root.method), "The searcher, which proposes configurations. `auto` chooses one by the space and the budget.").examples(&["\"tpe\""]),
    by_hand(key("parameters", Kind::Parameters, "The parameters to search, with their values or ranges.")
            .examples(&["{\"learning_rate\": {\"min\": 1e-5, \"max\": 1e-2, \"log\": true}}"])),
    by_hand(key("constraints", Kind::Any(&[Kind::Text, Kind::List(&Kind::Text)]), "Conditions on parameters that every configuration must satisfy: comparisons and arithmetic.")
            .examples(&["[\"batch_size * max_length <= 16384\"]"])),
    by_hand(key("points_to_evaluate", Kind::List(&Kind::Configuration), "Configurations to try first. A parameter that a point leaves out has its `init` value, or the value of its `prior`, or the middle of its range.")
            .examples(&["[{\"learning_rate\": 2e-5, \"batch_size\": 16}]"])),
    field("prior", Kind::Words(words_of::<Recipes>), at!(Root.prior), "Assumptions about parameters without a `prior` of their own. `auto`: a published recipe for the model is tried first and shapes the first proposals; the study's `spec.yaml` shows it. `none`: no assumptions.").terse(),
    field("repeats", Kind::Integer { min: 1, max: 1_000 }, at!(Root.repeats), "Runs every point of `points_to_evaluate` to its end this many times with different seeds, and nothing else. Use it to measure how much results vary. `method` and `early_terminate` then have no effect.").examples(&["5"]),
    by_hand(key("warm_start", Kind::Any(&[Kind::Text, Kind::List(&Kind::Text)]), "Leaderboards of earlier studies. The search starts with their results, for parameters with the same names.")
            .examples(&["[\"results/earlier/leaderboard.csv\"]"])),
    by_hand(key("epochs", Kind::Any(&[EPOCHS, Kind::Section(&EPOCH_RANGE)]), "The length of a trial in epochs. Epochs are the resource of a trial, not a parameter to search.").default("3")
            .examples(&["4", "{\"min\": 0.5, \"max\": 4}"])),
    by_hand(key("trial_limits", Kind::Section(&TRIAL_LIMITS), "The limits of time and memory for one trial. A trial that exceeds them fails.")
            .examples(&["{\"wall\": \"10m\", \"memory\": \"4GB\"}"])),
    by_hand(key("early_terminate", Kind::Any(&[Kind::Words(schedulers), Kind::Section(&EARLY_TERMINATE)]), "The scheduler, which pauses or ends weak trials early.").default("\"asha\"")
            .examples(&["\"none\"", "{\"type\": \"asha\", \"eta\": 4, \"patience\": 2}"])),
    by_hand(key("budget", Kind::Section(&BUDGET), "The limits of the study. It ends at the first limit that it reaches.")
            .examples(&["{\"wall\": \"30m\"}", "{\"wall\": \"1h\", \"trials\": 50}"])),
    by_hand(key("run_cap", TRIALS, "Weights & Biases' key for `budget.trials`, the total number of trials.")),
    by_hand(key("selection", Kind::Section(&SELECTION), "The choice of the winner after the search: the best trials are trained again with fresh seeds. Without it the best trial of the search wins.")
            .examples(&["{\"rule\": \"one_se\", \"top_k\": 3, \"reseeds\": 2}"])),
    by_hand(key("resources", Kind::Section(&RESOURCES), "Devices, workers and the cache.")
            .examples(&["{\"devices\": \"cpu\", \"workers\": 4}"])),
    by_hand(key("cluster", Kind::Section(&CLUSTER), "Workers on other machines. Without it all workers run on this machine.")
            .examples(&["{\"engine\": \"tcp\", \"workers\": 16}"])),
    by_hand(key("tracking", Kind::Any(&[Kind::Words(trackers), Kind::Section(&TRACKING), Kind::List(&Kind::Any(&[Kind::Words(trackers), Kind::Section(&TRACKING)]))]), "Trackers: other tools that show the study, while it runs and after a resumption. A tracker that fails never slows or ends a study.")
            .examples(&["\"csv\"", "{\"csv\": {\"folder\": \"curves\"}}"])),
    by_hand(key("provenance", Kind::Section(&PROVENANCE), "The origin of a `best.yaml`. The program writes it; `automl train --check` compares the data with it.")),
    field("deterministic", Kind::Boolean, at!(Root.deterministic), "`true` to make decisions in an order that does not depend on the machine, so that any number of workers gives the same result.").examples(&["false"]),
    field("seed", SEED, at!(Root.seed), "The seed of all random decisions. Another seed gives another search.").examples(&["7"]),
    wandb_only("project", Kind::Scalar),
    wandb_only("entity", Kind::Scalar),
    wandb_only("controller", Kind::Anything),
    wandb_only("job", Kind::Scalar),
    wandb_only("image_uri", Kind::Scalar),
];
