//! The keys at the top of a spec, and the list of all sections.

use super::budget::BUDGET;
use super::command::COMMAND;
use super::data::{DATA, SPLIT};
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
    /// Maximum length of a text in tokens; only for fine-tuning.
    pub(super) max_length: Option<usize>,
    pub(super) method: SearcherSpec,
    pub(super) prior: Recipes,
    pub(super) repeats: Option<u32>,
    pub(super) deterministic: bool,
    pub(super) seed: Seed,
}

impl Default for Root {
    fn default() -> Self {
        Self {
            max_length: None,
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
    by_hand(key("model", Kind::Text, "The pretrained model: a directory in Hugging Face layout, the id of a model in the local Hugging Face cache, or `builtin:resnet8-cifar10`.")
            .examples(&["\"./my-model\"", "\"sentence-transformers/all-MiniLM-L6-v2\"", "\"builtin:resnet8-cifar10\""])),
    by_hand(key("data", Kind::Any(&[Kind::Text, Kind::Section(&DATA)]), "Labelled examples: a `.csv`, `.tsv` or `.jsonl` file, or `builtin:fashion-mini`. Paths begin at the spec's folder.")
            .examples(&["\"reviews.csv\"", "{\"train\": \"reviews.csv\", \"text\": \"text\", \"label\": \"label\"}"])),
    field("max_length", Kind::Integer { min: 3, max: 65_536 }, at!(Root.max_length), "Maximum length of a text in tokens. Longer texts are cut.").default("128"),
    by_hand(key("function", Kind::Any(&[Kind::Words(functions), Kind::Section(&FUNCTION)]), "A built-in function to optimise instead of fine-tuning, for trying things out. It replaces `task`, `model` and `data`.")),
    by_hand(key("command", Kind::Any(&[Kind::List(&Kind::Scalar), Kind::Section(&COMMAND)]), "An external program to run instead of fine-tuning: its words, in which `{name}` stands for a parameter's value and `${args}` for all of them as `--name=value`. It reports metrics as lines of JSON.")
            .examples(&["[\"python\", \"train.py\", \"--lr={learning_rate}\"]", "[\"python\", \"train.py\", \"${args}\"]"])),
    by_hand(key("program", Kind::Text, "Weights & Biases' name of the program that `${program}` in `command` stands for; alone, it is run by Python with `${args}`.")
            .examples(&["\"train.py\""])),
    by_hand(key("wandb", Kind::Words(|| vec!["shim"]), "`shim`: a Python program that imports `wandb` finds a small stand-in for it. `wandb.init().config` has its parameters, and what it logs is reported; without an account, a network or the package.")),
    by_hand(key("metrics", Kind::Texts, "For a program that prints text: a regular expression for each metric, and one for `epoch` if the program prints it. The first group of the expression is the number. An epoch holds for the lines that follow.")
            .examples(&[r#"{"val_loss": "\\bval_loss: (\\S+)", "epoch": "Epoch (\\d+)"}"#])),
    by_hand(key("ask_tell", Kind::Section(&ASK_TELL), "The trials are run by the program that asks. `automl ask-tell --out` writes it; `automl search` cannot run such a spec.")),
    by_hand(key("metric", Kind::Any(&[Kind::Words(metrics), Kind::Text, Kind::Section(&METRIC), Kind::List(&METRIC_ITEM), Kind::Section(&PARETO), Kind::Section(&LEXICOGRAPHIC)]), "What counts as better, measured on the validation data; a list for the trade-offs between several metrics.")
            .examples(&["\"accuracy\"", "{\"name\": \"accuracy\", \"goal\": \"maximize\", \"target\": 0.92}", "[\"accuracy\", \"trainable_parameters\"]"])),
    by_hand(key("metric_constraints", Kind::Any(&[Kind::Text, Kind::List(&Kind::Text)]), "Conditions that a trial must satisfy to be the best: comparisons of metrics.")
            .examples(&["[\"latency_ms <= 20\"]"])),
    field("method", Kind::Words(words_of::<SearcherSpec>), at!(Root.method), "The searcher, which proposes configurations. `auto` chooses one by space and budget."),
    by_hand(key("parameters", Kind::Parameters, "What is searched: names and their values or ranges.")
            .examples(&["{\"learning_rate\": {\"min\": 1e-5, \"max\": 1e-2, \"log\": true}}"])),
    by_hand(key("constraints", Kind::Any(&[Kind::Text, Kind::List(&Kind::Text)]), "What every configuration must satisfy: comparisons and arithmetic over parameters.")
            .examples(&["[\"batch_size * max_length <= 16384\"]"])),
    by_hand(key("points_to_evaluate", Kind::List(&Kind::Configuration), "Configurations to try first; parameters left out are filled in.")
            .examples(&["[{\"learning_rate\": 2e-5, \"batch_size\": 16}]"])),
    field("prior", Kind::Words(words_of::<Recipes>), at!(Root.prior), "What is assumed about parameters without a `prior` of their own. `auto`: published recipes for the model are tried first and shape the first proposals; the study's `spec.yaml` shows them. `none`: nothing.").terse(),
    field("repeats", Kind::Integer { min: 1, max: 1_000 }, at!(Root.repeats), "Run every point of `points_to_evaluate` to its end this many times, each time with another seed, and nothing else. This shows how much of a result is luck. `method` and `early_terminate` have no effect then."),
    by_hand(key("warm_start", Kind::Any(&[Kind::Text, Kind::List(&Kind::Text)]), "Leaderboards of earlier studies over parameters of the same names, whose results are the starting point.")
            .examples(&["[\"results/earlier/leaderboard.csv\"]"])),
    by_hand(key("epochs", Kind::Any(&[EPOCHS, Kind::Section(&EPOCH_RANGE)]), "The length of a trial. Epochs are what a trial spends, not what is searched.").default("3")),
    by_hand(key("trial_limits", Kind::Section(&TRIAL_LIMITS), "The resources that one trial may use. A trial that exceeds them fails.")),
    by_hand(key("early_terminate", Kind::Any(&[Kind::Words(schedulers), Kind::Section(&EARLY_TERMINATE)]), "The rule that prunes weak trials.").default("\"asha\"")),
    by_hand(key("budget", Kind::Section(&BUDGET), "The limits of the study; it ends at the first.")),
    by_hand(key("run_cap", TRIALS, "Number of trials in all: Weights & Biases' name for `budget.trials`.")),
    by_hand(key("selection", Kind::Section(&SELECTION), "The choice of the winner after the search: the best trials are trained again with fresh seeds. Without it the best trial of the search wins.")),
    by_hand(key("resources", Kind::Section(&RESOURCES), "Devices, workers and the cache.")),
    by_hand(key("tracking", Kind::Any(&[Kind::Words(trackers), Kind::Section(&TRACKING), Kind::List(&Kind::Any(&[Kind::Words(trackers), Kind::Section(&TRACKING)]))]), "Other places that show the study, while it runs and after a resumption. A tracker that fails never slows or ends a study.")
            .examples(&["\"csv\"", "{\"csv\": {\"folder\": \"curves\"}}"])),
    by_hand(key("provenance", Kind::Section(&PROVENANCE), "The origin of a `best.yaml`. The program writes it; `automl train --check` compares the data with it.")),
    field("deterministic", Kind::Boolean, at!(Root.deterministic), "Decide in an order that does not depend on the machine, so that any number of workers gives the same result."),
    field("seed", SEED, at!(Root.seed), "The key of everything random."),
    wandb_only("project", Kind::Scalar),
    wandb_only("entity", Kind::Scalar),
    wandb_only("controller", Kind::Anything),
    wandb_only("job", Kind::Scalar),
    wandb_only("image_uri", Kind::Scalar),
];
