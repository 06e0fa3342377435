//! Tests that files of other programs are converted as expected, and that the result loads.

use std::fmt::Write as _;

use super::*;
use crate::space::{Domain, Expression, Value};
use crate::spec::{SchedulerSpec, Spec};
use crate::units::Goal;

fn converted(source: &Converter, text: &str) -> Converted {
    convert(source, "theirs", text, &|_| None).unwrap_or_else(|error| panic!("{error}"))
}

/// The spec and the notes as text.
fn shown(source: &Converter, text: &str) -> String {
    let Converted { yaml, notes, .. } = converted(source, text);
    let mut shown = yaml;
    for note in notes {
        let _ = writeln!(shown, "note: {note}");
    }
    shown
}

/// The converted spec, read by our own loader with a function in the marked place.
fn loaded(source: &Converter, text: &str) -> Spec {
    let yaml = converted(source, text).yaml;
    let of_objective = ["metric:", "program:", "command:"];
    let kept = yaml
        .lines()
        .filter(|line| !of_objective.iter().any(|key| line.starts_with(key)));
    let filled = format!("function: sphere\n{}", kept.collect::<Vec<_>>().join("\n"));
    match spec::from_text(&filled, Path::new("space.yaml"), &[]) {
        Ok((spec, _)) => spec,
        Err(errors) => panic!("{filled}\n{errors}"),
    }
}

/// The line of one parameter.
fn line(source: &Converter, text: &str, name: &str) -> String {
    let yaml = converted(source, text).yaml;
    let mut lines = yaml
        .lines()
        .filter_map(|line| line.trim().strip_prefix(&format!("{name}: ")));
    lines
        .next()
        .unwrap_or_else(|| panic!("no `{name}` in\n{yaml}"))
        .to_owned()
}

fn sweep(parameter: &str) -> String {
    format!("method: random\nparameters:\n  x: {parameter}\n")
}

fn python(distribution: &str) -> String {
    format!("space = {{'x': {distribution}}}\n")
}

fn nni(kind: &str, value: &str) -> String {
    format!(r#"{{"x": {{"_type": "{kind}", "_value": {value}}}}}"#)
}

const WANDB: &str = r#"
program: train.py
project: tickets
method: bayes
metric: {name: val_loss}
run_cap: 40
command: ["${env}", python, train.py, "${args}"]
parameters:
  lr: {distribution: log_uniform, min: -11.512925464970229, max: -4.605170185988091}
  lr2: {distribution: log_uniform_values, min: 1.0e-5, max: 1.0e-2}
  dropout: {distribution: q_uniform, min: 0.04, max: 0.5, q: 0.1}
  hidden: {distribution: q_log_uniform_values, min: 16, max: 256, q: 16}
  layers: {min: 1, max: 4}
  momentum: {min: 0.0, max: 0.99}
  sizes: {values: [[64, 64], [128]]}
  scheduler: {values: [linear, cosine, linear]}
  epochs: {value: 3}
  optimizer:
    parameters:
      name: {values: [sgd, adam]}
      beta: {distribution: inv_log_uniform_values, min: 0.9, max: 0.999}
  odd: {distribution: beta, a: 2, b: 2}
early_terminate: {type: hyperband, max_iter: 27, s: 2, eta: 3, strict: true}
"#;

const OPTUNA_JSON: &str = r#"{
  "x": "{\"name\": \"FloatDistribution\", \"attributes\": {\"step\": null, \"low\": 1e-05, \"high\": 0.1, \"log\": true}}",
  "q": {"name": "FloatDistribution", "attributes": {"step": 0.25, "low": 0.1, "high": 0.6, "log": false}},
  "n": {"name": "IntDistribution", "attributes": {"log": false, "step": 2, "low": 1, "high": 9}},
  "old": {"name": "IntLogUniformDistribution", "attributes": {"low": 1, "high": 64, "step": 1}},
  "c": {"name": "CategoricalDistribution", "attributes": {"choices": [null, "a", 3, true]}}
}"#;

const OPTUNA: &str = r#"
import optuna
LIMIT = 8

def objective(trial):
    lr = trial.suggest_float("lr", 1e-5, 10 ** -1, log=True)
    optimizer = trial.suggest_categorical("optimizer", ["sgd", "adam", None])
    if optimizer == "sgd":
        momentum = trial.suggest_float("momentum", 0.0, 0.99, step=0.01)
    units = trial.suggest_int("units", 2**4, 2**9, log=True)
    layers = trial.suggest_int("layers", 1, LIMIT)
    for i in range(layers):
        width = trial.suggest_int(f"width_{i}", 1, 4)
    alpha = trial.suggest_discrete_uniform("alpha", 0.0, 1.0, 0.25)
    return train(lr)

study = optuna.create_study(
    direction="maximize",
    sampler=optuna.samplers.TPESampler(seed=7),
    pruner=optuna.pruners.HyperbandPruner(min_resource=1, max_resource=27, reduction_factor=3),
)
study.optimize(objective, n_trials=100, timeout=600, n_jobs=4)
"#;

const RAY: &str = r#"
from ray import tune
from ray.tune.schedulers import ASHAScheduler

search_space = {
    "lr": tune.loguniform(1e-4, 1e-1),
    "batch_size": tune.choice([16, 32, 64]),
    "layers": tune.randint(1, 5),
    "units": tune.lograndint(4, 128),
    "dropout": tune.quniform(0.0, 0.5, 0.05),
    "steps": tune.qrandint(10, 100, 10),
    "act": tune.grid_search(["relu", "gelu"]),
    "twice": tune.sample_from(lambda spec: spec.config.lr * 2),
    "opt": {"name": "adam", "beta": tune.uniform(0.8, 0.99)},
    "seed": 1,
    "data": load(),
}
tuner = tune.Tuner(
    train,
    param_space=search_space,
    tune_config=tune.TuneConfig(
        metric="mean_accuracy", mode="max", num_samples=50, max_concurrent_trials=4, time_budget_s=3600,
        scheduler=ASHAScheduler(max_t=81, grace_period=3, reduction_factor=3),
        search_alg=OptunaSearch(),
    ),
)
"#;

const KATIB: &str = r#"
apiVersion: kubeflow.org/v1beta1
kind: Experiment
metadata: {namespace: kubeflow, name: tpe}
spec:
  objective: {type: maximize, goal: 0.99, objectiveMetricName: accuracy, additionalMetricNames: [train-accuracy]}
  algorithm:
    algorithmName: tpe
    algorithmSettings: [{name: random_state, value: "10"}]
  parallelTrialCount: 3
  maxTrialCount: 12
  maxFailedTrialCount: 3
  parameters:
    - {name: lr, parameterType: double, feasibleSpace: {min: "0.0001", max: "0.1", distribution: logUniform}}
    - {name: num-layers, parameterType: int, feasibleSpace: {min: "2", max: "5"}}
    - {name: momentum, parameterType: double, feasibleSpace: {min: "0.5", max: "0.9", step: "0.1"}}
    - {name: batch, parameterType: discrete, feasibleSpace: {list: ["16", "32"]}}
    - {name: optimizer, parameterType: categorical, feasibleSpace: {list: [sgd, adam, ftrl]}}
  trialTemplate:
    primaryContainerName: training-container
    trialSpec:
      spec: {template: {spec: {containers: [{name: training-container, command: [python3, "/opt/mnist.py"]}]}}}
"#;

const NNI: &str = r#"{
  "lr": {"_type": "loguniform", "_value": [0.0001, 0.1]},
  "batch": {"_type": "choice", "_value": [16, 32]},
  "n": {"_type": "randint", "_value": [1, 10]},
  "q": {"_type": "quniform", "_value": [0, 100, 5]},
  "layer": {"_type": "choice", "_value": [
    {"_name": "Empty"},
    {"_name": "Conv", "size": {"_type": "choice", "_value": [2, 3, 5]}},
    {"_name": "Pool", "size": {"_type": "choice", "_value": [2, 3]}, "rate": {"_type": "uniform", "_value": [0, 1]}}
  ]}
}"#;

const NNI_CONFIG: &str = r"
experimentName: mnist
searchSpace:
  lr: {_type: loguniform, _value: [0.0001, 0.1]}
trialCommand: python mnist.py
trialConcurrency: 2
maxTrialNumber: 30
maxExperimentDuration: 2h
tuner: {name: TPE, classArgs: {optimize_mode: maximize}}
assessor: {name: Medianstop}
trainingService: {platform: local}
";

#[test]
fn a_sweep_of_weights_and_biases() {
    insta::assert_snapshot!(shown(&wandb::CONVERTER, WANDB), @r#"
# Converted from Weights & Biases. Check it: automl validate space.yaml

program: train.py
command: ["${env}", python, train.py, "${args}"]

metric: {name: val_loss, goal: minimize}
method: auto
parameters:
  lr: {distribution: log_uniform_values, min: 1e-5, max: 0.01}
  lr2: {distribution: log_uniform_values, min: 1e-5, max: 0.01}
  dropout: {distribution: q_uniform, min: 0.0, max: 0.5, q: 0.1}
  hidden: {distribution: int_log_uniform_values, min: 16, max: 256, q: 16}
  layers: {distribution: int_uniform, min: 1, max: 4}
  momentum: {distribution: uniform, min: 0.0, max: 0.99}
  sizes: {values: [[64,64], [128]]}
  scheduler: {values: [linear, cosine]}
  epochs: {value: 3}
  optimizer.name: {values: [sgd, adam]}
  optimizer.beta: {distribution: log_uniform_values, min: 0.9, max: 0.999}
  odd: {distribution: uniform, min: 0.0, max: 1.0}

epochs: {min: 3, max: 27}
early_terminate: {type: asha, eta: 3}
budget: {trials: 40}
note: line 3: `project` of Weights & Biases has no counterpart and is left out
note: line 4: the searcher `bayes` has no counterpart of its own: `method: auto` is written instead
note: line 5: `metric.goal` is missing, which Weights & Biases takes as `minimize`: check it for `val_loss`
note: line 9: the bounds of `log_uniform` are exponents of e: `lr` is between 1e-5 and 1e-2
note: line 16: `scheduler` has the value `linear` twice: it is kept once
note: line 22: the distribution `beta` of `odd` has no counterpart: uniform between 0 and 1 is written instead
note: line 23: `early_terminate.strict` has no counterpart and is left out
note: a script that asks `wandb.init()` for its parameters, or reports with `wandb.log()`, needs `wandb: shim` in the spec
note: resources are taken to be epochs here: if they were steps or something else, change `epochs`
note: the program reports its metric as lines of JSON on standard output: see "Your own program" in the book
"#);
}

#[test]
fn a_study_of_optuna() {
    insta::assert_snapshot!(shown(&optuna::CONVERTER, OPTUNA), @r#"
# Converted from Optuna. Fill in what a trial runs, then check it: automl validate space.yaml

# ── What a trial runs: FILL THIS IN ───────────────────────────────────────────────────────────────────────────────────
# task: text-classification        # or image-classification
# model: ./my-model                # Hugging Face layout, or the id of a model on the Hugging Face hub
# data: {train: data.csv, text: text, label: label, split: {validation: 0.2, test: 0.1}}
# metric: {name: "the value of your objective", goal: maximize}   # or accuracy, f1, mcc, roc_auc, loss, rmse

method: tpe
parameters:
  lr: {distribution: log_uniform_values, min: 1e-5, max: 0.1}
  optimizer: {values: [sgd, adam, null]}
  momentum: {distribution: q_uniform, min: 0.0, max: 0.99, q: 0.01}
  units: {distribution: int_log_uniform_values, min: 16, max: 512}
  alpha: {distribution: q_uniform, min: 0.0, max: 1.0, q: 0.25}

epochs: {min: 1, max: 27}
early_terminate: {type: asha, eta: 3}
budget: {wall: 600, trials: 100}
resources: {workers: 4, logical_workers: 4}
seed: 7
note: line 9: `momentum` is suggested below `if optimizer == "sgd":` (line 8): if that depends on a parameter, write it as `when:`
note: line 11: the domain of `layers` is not written out as numbers or texts: add the parameter by hand
note: line 13: the name of a `suggest_int` is not a plain string: add the parameter by hand
note: resources are taken to be epochs here: if they were steps or something else, change `epochs`
note: fine-tuning reports no metric `the value of your objective`: choose one in the marked place, such as accuracy, f1, mcc, roc_auc, loss, rmse
note: names are kept as they are, but fine-tuning does not know `lr` (probably `learning_rate`), `units`, `alpha`: rename or remove them
"#);
    let spec = loaded(&optuna::CONVERTER, OPTUNA);
    assert_eq!(spec.early_terminate.scheduler, SchedulerSpec::default());
    assert_eq!(
        (spec.epochs.min, spec.epochs.max, spec.budget.wall),
        (1.0, 27.0, Some(600.0))
    );
}

#[test]
fn a_search_space_of_ray() {
    insta::assert_snapshot!(shown(&ray::CONVERTER, RAY), @r#"
# Converted from Ray Tune. Fill in what a trial runs, then check it: automl validate space.yaml

# ── What a trial runs: FILL THIS IN ───────────────────────────────────────────────────────────────────────────────────
# task: text-classification        # or image-classification
# model: ./my-model                # Hugging Face layout, or the id of a model on the Hugging Face hub
# data: {train: data.csv, text: text, label: label, split: {validation: 0.2, test: 0.1}}

metric: {name: accuracy, goal: maximize}
method: tpe
parameters:
  lr: {distribution: log_uniform_values, min: 0.0001, max: 0.1}
  batch_size: {values: [16, 32, 64]}
  layers: {distribution: int_uniform, min: 1, max: 4}
  units: {distribution: int_log_uniform_values, min: 4, max: 127}
  dropout: {distribution: q_uniform, min: 0.0, max: 0.5, q: 0.05}
  steps: {distribution: int_uniform, min: 10, max: 100, q: 10}
  act: {values: [relu, gelu]}
  opt.name: {value: adam}
  opt.beta: {distribution: uniform, min: 0.8, max: 0.99}
  seed: {value: 1}

epochs: {min: 3, max: 81}
early_terminate: {type: asha, eta: 3}
budget: {wall: 3600, trials: 50}
resources: {workers: 4, logical_workers: 4}
note: line 12: `grid_search` of `act` becomes a choice: `method: grid` tries every value
note: line 13: `tune.sample_from` runs code, which a spec cannot: add `twice` by hand, perhaps with `when:` or under `constraints`
note: line 16: the value of `data` is not written out: add the parameter by hand, or leave it out
note: line 21: `num_samples=50` counts every point of a `grid_search` anew: check `budget.trials`
note: resources are taken to be epochs here: if they were steps or something else, change `epochs`
note: the metric `mean_accuracy` is called `accuracy` here
note: names are kept as they are, but fine-tuning does not know `lr` (probably `learning_rate`), `layers`, `units`, `steps`, `act`, `opt.name`, `opt.beta`, `seed`: rename or remove them
"#);
}

#[test]
fn everything_that_is_converted_loads() {
    let all = [
        (&wandb::CONVERTER, WANDB),
        (&optuna::CONVERTER, OPTUNA),
        (&optuna::CONVERTER, OPTUNA_JSON),
        (&ray::CONVERTER, RAY),
        (&katib::CONVERTER, KATIB),
        (&nni::CONVERTER, NNI),
        (&nni::CONVERTER, NNI_CONFIG),
        (
            &ray::CONVERTER,
            "space = {'x': tune.randn(2, 0.5), 'y': tune.qrandn(2, 0.5, 0.1)}\n",
        ),
        (
            &nni::CONVERTER,
            r#"{"x": {"_type": "qlognormal", "_value": [2, 0.5, 1]}}"#,
        ),
        (
            &wandb::CONVERTER,
            "method: random\nparameters:\n  x: {values: [a, b, a], probabilities: [0.25, 0.5, 0.25]}\n  y: {distribution: log_normal}\n",
        ),
    ];
    for (source, text) in all {
        let spec = loaded(source, text);
        assert!(!spec.space.parameters().is_empty());
        let by_hand = |note: &&Note| note.message.contains("needs a change by hand");
        assert_eq!(converted(source, text).notes.iter().find(by_hand), None);
    }
}

#[test]
fn exponents_become_bounds() {
    let exponents = "{distribution: log_uniform, min: -11.512925464970229, max: -4.605170185988091}";
    assert_eq!(
        line(&wandb::CONVERTER, &sweep(exponents), "x"),
        "{distribution: log_uniform_values, min: 1e-5, max: 0.01}"
    );
    // exp(-max) to exp(-min).
    let inverse = "{distribution: inv_log_uniform, min: 0.0, max: 2.302585092994046}";
    assert_eq!(
        line(&wandb::CONVERTER, &sweep(inverse), "x"),
        "{distribution: log_uniform_values, min: 0.1, max: 1.0}"
    );
}

#[test]
fn exclusive_upper_bounds_are_left_out_and_inclusive_ones_kept() {
    let ints = |source, text: &str| match &loaded(source, text).space.parameters()[0].domain {
        Domain::Int { min, max, .. } => (*min, *max),
        other => panic!("{other:?}"),
    };
    assert_eq!(ints(&ray::CONVERTER, &python("tune.randint(1, 5)")), (1, 4));
    assert_eq!(ints(&ray::CONVERTER, &python("tune.lograndint(1, 5)")), (1, 4));
    assert_eq!(ints(&ray::CONVERTER, &python("tune.qrandint(0, 10, 5)")), (0, 10));
    assert_eq!(ints(&ray::CONVERTER, &python("tune.qlograndint(5, 10, 5)")), (5, 10));
    assert_eq!(ints(&nni::CONVERTER, &nni("randint", "[1, 5]")), (1, 4));
    assert_eq!(ints(&optuna::CONVERTER, "trial.suggest_int('x', 1, 5)"), (1, 5));
    assert_eq!(ints(&wandb::CONVERTER, &sweep("{min: 1, max: 5}")), (1, 5));
}

#[test]
fn steps_stand_where_the_source_puts_them() {
    // The source rounds to multiples of 0.1; Optuna and Katib count steps from the lower bound.
    let rounded = "{distribution: q_uniform, min: 0.2, max: 0.6, q: 0.1}";
    assert_eq!(
        line(
            &wandb::CONVERTER,
            &sweep("{distribution: q_uniform, min: 0.16, max: 0.6, q: 0.1}"),
            "x"
        ),
        rounded
    );
    assert_eq!(
        line(&ray::CONVERTER, &python("tune.quniform(0.16, 0.6, 0.1)"), "x"),
        rounded
    );
    assert_eq!(
        line(&nni::CONVERTER, &nni("quniform", "[0.16, 0.6, 0.1]"), "x"),
        rounded
    );
    assert_eq!(
        line(
            &optuna::CONVERTER,
            "trial.suggest_float('x', 0.16, 0.66, step=0.1)",
            "x"
        ),
        "{min: 0.16, max: 0.66, step: 0.1}"
    );
}

#[test]
fn normal_distributions_keep_their_mean_and_deviation() {
    let normal = "{distribution: normal, mu: 2.0, sigma: 0.5}";
    assert_eq!(
        line(
            &wandb::CONVERTER,
            &sweep("{distribution: normal, mu: 2, sigma: 0.5}"),
            "x"
        ),
        normal
    );
    assert_eq!(line(&ray::CONVERTER, &python("tune.randn(2, 0.5)"), "x"), normal);
    assert_eq!(line(&nni::CONVERTER, &nni("normal", "[2, 0.5]"), "x"), normal);
    assert_eq!(
        line(&nni::CONVERTER, &nni("qlognormal", "[2, 0.5, 1]"), "x"),
        "{distribution: q_log_normal, mu: 2.0, sigma: 0.5, q: 1.0}"
    );
    // Katib: the midpoint of the range, and a sixth of the range.
    let katib = "spec: {parameters: [{name: x, parameterType: double, feasibleSpace: {min: '1', max: '4', distribution: normal}}]}";
    assert_eq!(
        line(&katib::CONVERTER, katib, "x"),
        "{distribution: normal, mu: 2.5, sigma: 0.5}"
    );
}

#[test]
fn weights_become_probabilities_and_a_repeated_value_gets_both() {
    let weighted = "{values: [a, b, a], probabilities: [0.25, 0.5, 0.25]}";
    assert_eq!(
        line(&wandb::CONVERTER, &sweep(weighted), "x"),
        "{values: [a, b], probabilities: [0.5, 0.5]}"
    );
}

#[test]
fn a_nested_choice_becomes_a_condition() {
    let spec = loaded(&nni::CONVERTER, NNI);
    let parameters = spec.space.parameters().iter();
    let conditions: Vec<(&str, Option<&str>)> = parameters
        .map(|parameter| {
            (
                parameter.name.as_str(),
                parameter.condition.as_ref().map(Expression::source),
            )
        })
        .collect();
    assert_eq!(
        conditions[4..],
        [
            ("layer", None),
            ("layer.size", Some("`layer` == 'Conv'")),
            ("layer.Pool.size", Some("`layer` == 'Pool'")),
            ("layer.rate", Some("`layer` == 'Pool'")),
        ]
    );
}

#[test]
fn katib_writes_numbers_as_texts() {
    let spec = loaded(&katib::CONVERTER, KATIB);
    let domain = |name: &str| {
        let found = spec.space.parameter(name);
        found.unwrap().domain.clone()
    };
    assert_eq!(
        domain("batch"),
        Domain::Choice {
            values: vec![Value::Int(16), Value::Int(32)],
            ordered: false
        }
    );
    assert_eq!(domain("lr").cardinality(), None);
    assert_eq!(domain("num-layers").cardinality(), Some(4));
    assert_eq!(domain("momentum").cardinality(), Some(5));
    let yaml = converted(&katib::CONVERTER, KATIB).yaml;
    assert!(
        yaml.contains("metric: {name: accuracy, goal: maximize, target: 0.99}"),
        "{yaml}"
    );
    assert_eq!(
        (spec.budget.trials, spec.resources.workers, spec.seed.0),
        (Some(12), Some(3), 10)
    );
}

#[test]
fn a_goal_that_is_missing_is_that_of_the_source() {
    let text = format!("{}metric: {{name: accuracy}}\n", sweep("{min: 0.0, max: 1.0}"));
    let Converted { yaml, notes, .. } = converted(&wandb::CONVERTER, &text);
    assert!(yaml.contains("metric: {name: accuracy, goal: minimize}"), "{yaml}");
    assert!(
        notes
            .iter()
            .any(|note| note.message.contains("check it for `accuracy`"))
    );
    let text = "study = create_study(direction='maximize')\ntrial.suggest_float('x', 0, 1)";
    assert!(converted(&optuna::CONVERTER, text).yaml.contains("goal: maximize"));
    assert_eq!(Goal::Minimize, loaded(&optuna::CONVERTER, text).metric.goal);
}

#[test]
fn what_is_not_written_out_is_noted_with_its_line() {
    let text = "a = 1\ntrial.suggest_float('x', LOW, 1.0)\ntrial.suggest_float('y', 0.0, 1.0, step=STEP)\ntrial.suggest_float('z', 0.0, 1.0)\n";
    let Converted { yaml, notes, .. } = converted(&optuna::CONVERTER, text);
    let lines: Vec<Option<usize>> = notes.iter().map(|note| note.line).collect();
    assert_eq!(lines, [Some(2), Some(3), None]);
    assert!(
        !yaml.contains("  x:") && !yaml.contains("  y:") && yaml.contains("  z:"),
        "{yaml}"
    );
}

#[test]
fn a_text_without_a_search_space_is_refused() {
    for source in CONVERTERS.iter().copied() {
        for text in ["", "x: 1\n", "{}"] {
            assert!(convert(source, "theirs", text, &|_| None).is_err(), "{source:?} {text}");
        }
    }
}

#[test]
fn a_file_with_a_program_becomes_a_spec_that_runs_it() {
    let sweep = "program: train.py\nmetric: {name: val_acc, goal: maximize}\ncommand: [\"${env}\", python, \"${program}\", \"${args}\"]\n\
                 parameters: {lr: {min: 0.1, max: 1.0}}\nrun_cap: 3\n";
    let katib = "spec:\n  objective: {type: minimize, objectiveMetricName: Validation-loss}\n  maxTrialCount: 3\n  parameters:\n  \
                 - {name: lr, parameterType: double, feasibleSpace: {min: \"0.1\", max: \"1\"}}\n  \
                 - {name: units, parameterType: int, feasibleSpace: {min: \"1\", max: \"100\", distribution: logNormal}}\n  \
                 trialTemplate:\n    trialParameters: [{name: rate, reference: lr}]\n    \
                 trialSpec: {spec: {template: {spec: {containers: [{image: me/mnist, command: [python3, /opt/mnist.py, \"--lr=${trialParameters.rate}\", \"{}\"]}]}}}}\n";
    let nni = "searchSpace: {lr: {_type: uniform, _value: [0.1, 1.0]}}\ntrialCommand: python t.py --fast\nmaxTrialNumber: 3\n\
               tuner: {name: TPE, classArgs: {optimize_mode: minimize}}\n";
    for (source, text, metric, written) in [
        (
            &wandb::CONVERTER,
            sweep,
            "val_acc",
            "command: [${env}, python, ${program}, ${args}]",
        ),
        (&katib::CONVERTER, katib, "Validation-loss", "--lr={lr}"),
        (&nni::CONVERTER, nni, "result", "command: {shell: python t.py --fast}"),
    ] {
        let Converted { yaml, notes, .. } = converted(source, text);
        let plain = yaml.replace('"', "");
        assert!(plain.contains(written), "{yaml}");
        assert!(
            !notes.iter().any(|note| note.message.contains("needs a change by hand")),
            "{notes:?}"
        );
        let (spec, _) =
            spec::from_text(&yaml, Path::new("space.yaml"), &[]).unwrap_or_else(|errors| panic!("{yaml}\n{errors}"));
        assert_eq!(spec.metric.name, metric);
        assert_eq!(spec.budget.trials, Some(3));
    }
}

#[test]
fn where_a_search_begins_is_taken_over() {
    let flaml = "analysis = tune.run(evaluate, config={'x': tune.lograndint(lower=1, upper=100000), 'y': tune.choice(['a', 'b'])},\n    \
                 low_cost_partial_config={'x': 1}, points_to_evaluate=[{'x': 5, 'y': 'a'}], metric='loss', mode='min', num_samples=100)\n";
    let spec = loaded(&ray::CONVERTER, flaml);
    assert_eq!(spec.space.points().count(), 1);
    let yaml = converted(&ray::CONVERTER, flaml).yaml;
    assert!(
        yaml.contains("low_cost: 1") && yaml.contains("- {x: 5, y: a}"),
        "{yaml}"
    );
    let tuner = "tuner = tune.Tuner(train, param_space={'x': tune.uniform(0, 1)}, tune_config=tune.TuneConfig(metric='loss', mode='min', \
                 search_alg=HyperOptSearch(points_to_evaluate=[{'x': 0.5}])))\n";
    assert_eq!(loaded(&ray::CONVERTER, tuner).space.points().count(), 1);
}

#[test]
fn a_trainers_search_says_how_many_trials_and_which_way() {
    let trainer = "def space(trial):\n    return {'learning_rate': trial.suggest_float('learning_rate', 1e-6, 1e-4, log=True)}\n\
                   best = trainer.hyperparameter_search(direction='maximize', backend='optuna', hp_space=space, n_trials=7)\n";
    let spec = loaded(&optuna::CONVERTER, trainer);
    assert_eq!(spec.budget.trials, Some(7));
    assert!(converted(&optuna::CONVERTER, trainer).yaml.contains("goal: maximize"));
}
