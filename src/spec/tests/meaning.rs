//! The meaning of valid specs.

use std::path::{Path, PathBuf};

use super::*;
use crate::catalogue::HYPERPARAMETERS;
use crate::space::{Confidence, Configuration, Domain, Expression, Hints, Prior, Value};
use crate::spec::{
    Amount, Budget, DataSpec, Devices, EpochRange, FineTuneSpec, FunctionSpec, HeldOut, Metric, ModelSource,
    ObjectiveSpec, OnMissing, Pictures, Reading, Resources, SchedulerSpec, SearcherSpec, Split, TEMPLATE, TableSpec,
    Task, Truncation, load,
};
use crate::units::{Goal, Seed};

/// The domain of the only parameter, `x`, of a function.
fn domain(parameter: &str) -> Domain {
    spec(&format!("function: sphere\nparameters:\n  x: {parameter}\n"))
        .space
        .parameters()[0]
        .domain
        .clone()
}

fn fine_tune(text: &str) -> FineTuneSpec {
    match spec(&format!("{text}\nparameters: {{dropout: 0.1}}\n")).objective {
        ObjectiveSpec::FineTune(fine_tune) => fine_tune,
        ObjectiveSpec::Function(_) | ObjectiveSpec::Command(_) | ObjectiveSpec::AskTell(_) => panic!("no fine-tuning"),
    }
}

fn float(min: f64, max: f64, log: bool, step: Option<f64>) -> Domain {
    Domain::Float { min, max, log, step }
}

fn int(min: i64, max: i64, log: bool, step: i64) -> Domain {
    Domain::Int { min, max, log, step }
}

#[test]
fn a_short_spec_gets_every_default() {
    let spec = spec("function: sphere\nparameters: {x: {min: 0.0, max: 1.0}}\n");
    assert_eq!(spec.name, "space");
    assert_eq!(
        spec.objective,
        ObjectiveSpec::Function(FunctionSpec {
            name: "sphere".to_owned(),
            trial_seconds: 0.0,
            jitter: 0.0,
            noise: 0.0,
            faults: vec![],
        })
    );
    assert_eq!(
        spec.metric,
        Metric {
            name: "loss".to_owned(),
            goal: Goal::Minimize,
            target: None
        }
    );
    assert_eq!(spec.searcher, SearcherSpec::named("auto").unwrap());
    assert_eq!(spec.early_terminate.scheduler, SchedulerSpec::default());
    assert_eq!(
        spec.epochs,
        EpochRange {
            min: 1.0,
            max: 3.0,
            stops: vec![],
            cooldown: None,
        }
    );
    assert_eq!(
        spec.budget,
        Budget {
            wall: None,
            trials: None,
            max_failures: None,
            from: None,
        }
    );
    let resources = Resources {
        devices: Devices::Auto,
        workers: None,
        slots_per_device: None,
        threads_per_worker: 1,
        logical_workers: None,
        cache: 10_000_000_000,
    };
    assert_eq!(spec.resources, resources);
    assert!(spec.deterministic);
    assert_eq!(spec.seed, Seed(0));
}

#[test]
fn parameters_are_read_as_wandb_reads_them() {
    assert_eq!(domain("{min: 0, max: 5}"), int(0, 5, false, 1));
    assert_eq!(domain("{min: 0, max: 5.0}"), float(0.0, 5.0, false, None));
    assert_eq!(
        domain("{min: 1e-5, max: 1e-1, log: true}"),
        float(1e-5, 0.1, true, None)
    );
    assert_eq!(domain("{min: 1, max: 64, log: true}"), int(1, 64, true, 1));
    assert_eq!(
        domain("{min: 0, max: 0.5, q: 0.05}"),
        float(0.0, 0.5, false, Some(0.05))
    );
    assert_eq!(domain("{min: 8, max: 64, q: 8}"), int(8, 64, false, 8));
    // Optuna's `step` counts from the lower bound; `q` of W&B and others counts multiples.
    assert_eq!(domain("{min: 1, max: 10, step: 3}"), int(1, 10, false, 3));
    assert_eq!(
        domain("{min: 0.25, max: 1, step: 0.5}"),
        float(0.25, 1.0, false, Some(0.5))
    );
    assert_eq!(
        domain("{distribution: uniform, min: 0, max: 5}"),
        float(0.0, 5.0, false, None)
    );
    assert_eq!(
        domain("{distribution: int_uniform, min: 0, max: 5}"),
        int(0, 5, false, 1)
    );
    assert_eq!(domain("{distribution: q_uniform, min: 0, max: 5}"), int(0, 5, false, 1));
    assert_eq!(
        domain("{distribution: q_uniform, min: 0.0, max: 5}"),
        float(0.0, 5.0, false, Some(1.0))
    );
    assert_eq!(
        domain("{distribution: log_uniform_values, min: 1, max: 5}"),
        float(1.0, 5.0, true, None)
    );
    assert_eq!(
        domain("{distribution: q_log_uniform_values, min: 8, max: 256, q: 8}"),
        int(8, 256, true, 8)
    );
    assert_eq!(
        domain("{distribution: log_uniform, min: -2, max: 0}"),
        float((-2.0_f64).exp(), 1.0, true, None)
    );
    // Multiples of `q`, regardless of the lower bound. A range with a single value keeps that value.
    assert_eq!(
        domain("{distribution: q_uniform, min: 1, max: 10, q: 3}"),
        int(3, 10, false, 3)
    );
    assert_eq!(
        domain("{min: 0.05, max: 0.3, q: 0.1}"),
        float(0.1, 0.3, false, Some(0.1))
    );
    assert_eq!(
        domain("{distribution: int_log_uniform_values, min: 1, max: 1, q: 2}"),
        int(1, 1, true, 2)
    );
    assert_eq!(
        domain("{min: 0, max: 9000000000, q: 1}"),
        int(0, 9_000_000_000, false, 1)
    );
    let texts = |texts: &[&str]| {
        texts
            .iter()
            .map(|text| Value::Text((*text).to_owned()))
            .collect::<Vec<_>>()
    };
    assert_eq!(
        domain("{values: [a, '1', yes]}"),
        Domain::Choice {
            values: texts(&["a", "1", "yes"]),
            ordered: false
        }
    );
    let numbers = vec![Value::Int(16), Value::Float(0.001), Value::Bool(true)];
    assert_eq!(
        domain("{distribution: categorical, values: [16, 1e-3, true], ordered: true}"),
        Domain::Choice {
            values: numbers,
            ordered: true
        }
    );
    for constant in ["3", "{value: 3}", "{distribution: constant, value: 3}"] {
        assert_eq!(
            domain(constant),
            Domain::Choice {
                values: vec![Value::Int(3)],
                ordered: false
            }
        );
    }
}

#[test]
fn normal_distributions_end_at_four_sigma_or_at_their_bounds() {
    assert_eq!(
        domain("{distribution: normal, mu: 1, sigma: 0.5}"),
        float(-1.0, 3.0, false, None).normal(1.0, 0.5)
    );
    assert_eq!(
        domain("{mu: 1, sigma: 0.5}"),
        float(-1.0, 3.0, false, None).normal(1.0, 0.5)
    );
    assert_eq!(
        domain("{distribution: normal, min: 0, max: 9}"),
        float(0.0, 4.0, false, None).normal(0.0, 1.0)
    );
    assert_eq!(
        domain("{distribution: log_normal, mu: -7, sigma: 1, max: 0.1}"),
        float((-11.0_f64).exp(), (-3.0_f64).exp(), true, None).normal(-7.0, 1.0)
    );
    assert_eq!(
        domain("{distribution: q_normal, mu: 30, sigma: 10, q: 8}"),
        int(-8, 70, false, 8).normal(30.0, 10.0)
    );
    assert_eq!(
        domain("{distribution: q_normal, mu: 30, sigma: 10, min: 1, q: 8}"),
        int(8, 70, false, 8).normal(30.0, 10.0)
    );
    assert_eq!(
        domain("{distribution: q_normal, mu: 0.3, sigma: 0.1, q: 0.05, min: 0}"),
        float(0.0, 0.7, false, Some(0.05)).normal(0.3, 0.1)
    );
    assert_eq!(
        domain("{distribution: q_log_normal, mu: 3, sigma: 1, q: 4}"),
        int(4, 1096, true, 4).normal(3.0, 1.0)
    );
}

#[test]
fn the_rest_of_wandb_s_distributions_means_what_it_says_there() {
    let exp = f64::exp;
    assert_eq!(
        domain("{distribution: inv_log_uniform_values, min: 1, max: 5}"),
        float(1.0, 5.0, true, None)
    );
    assert_eq!(
        domain("{distribution: inv_log_uniform, min: 0, max: 2}"),
        float(exp(-2.0), 1.0, true, None)
    );
    assert_eq!(
        domain("{distribution: q_log_uniform, min: 0, max: 2}"),
        int(1, 7, true, 1)
    );
    for word in ["categorical", "categorical_w_probabilities"] {
        assert_eq!(
            domain(&format!(
                "{{distribution: {word}, values: [a, b], probabilities: [0.25, 0.75]}}"
            )),
            Domain::choice(["a", "b"]).weighted([0.25, 0.75])
        );
    }
    let thirds = domain("{values: [a, b, c], probabilities: [0.33, 0.33, 0.33]}");
    assert!(matches!(thirds, Domain::Weighted { probabilities, .. } if (probabilities[0] - 1.0 / 3.0).abs() < 1e-9));
}

#[test]
fn nested_parameters_have_dotted_names_and_all_the_conditions_around_them() {
    let spec = spec(
        "function: sphere\nparameters:\n  kind: {values: [a, b]}\n  \
         opt:\n    when: kind == 'a'\n    parameters:\n      rate: {min: 0.0, max: 1.0}\n      \
         inner: {parameters: {decay: {min: 0.0, max: 1.0, when: opt.rate > 0.5}, fixed: 3}}\n",
    );
    let conditions: Vec<(&str, Option<&str>)> = spec
        .space
        .parameters()
        .iter()
        .map(|parameter| {
            (
                parameter.name.as_str(),
                parameter.condition.as_ref().map(Expression::source),
            )
        })
        .collect();
    assert_eq!(
        conditions,
        [
            ("kind", None),
            ("opt.rate", Some("kind == 'a'")),
            ("opt.inner.decay", Some("(kind == 'a') and (opt.rate > 0.5)")),
            ("opt.inner.fixed", Some("kind == 'a'")),
        ]
    );
    let written = spec.to_yaml();
    assert_eq!(read(&written).unwrap().0.space, spec.space, "{written}");
}

#[test]
fn conditions_nest_to_any_depth() {
    let chain: Vec<String> = (1..60)
        .map(|depth| format!("  p{depth}: {{min: 0.0, max: 1.0, when: p{} > 0}}", depth - 1))
        .collect();
    let chain = chain.join("\n");
    let spec = spec(&format!(
        "function: sphere\nparameters:\n  p0: {{min: 0.0, max: 1.0}}\n{chain}"
    ));
    assert_eq!(spec.space.decode(&[0.5; 60]).iter().count(), 60);
    assert_eq!(spec.space.decode(&[0.0; 60]).iter().count(), 1);
}

#[test]
fn hints_are_values_of_their_parameter() {
    let spec = spec(
        "function: sphere\nparameters:\n  x: {min: 0.0, max: 5, prior: 3, init: 1, low_cost: 0}\n  \
         y: {values: [8, 16], prior: {value: 16.0, confidence: high}}\n",
    );
    let hints: Vec<&Hints> = spec
        .space
        .parameters()
        .iter()
        .map(|parameter| &parameter.hints)
        .collect();
    let prior = |value: Value, confidence| Some(Prior { value, confidence });
    assert_eq!(
        *hints[0],
        Hints {
            prior: prior(3.0.into(), Confidence::Medium),
            init: Some(1.0.into()),
            low_cost: Some(0.0.into())
        }
    );
    assert_eq!(hints[1].prior, prior(Value::Int(16), Confidence::High));
    let first: Vec<&str> = spec.space.first_points().iter().map(|point| point.origin).collect();
    assert_eq!(first, ["init", "prior"]);
}

#[test]
fn repeats_need_points_and_survive_being_written() {
    let read = |text: &str| from_text(text, Path::new("space.yaml"), &[]);
    let text = "function: sphere\nparameters: {x: {min: 0.0, max: 1.0}}\nbudget: {trials: 3}\nrepeats: 3\n";
    let errors = read(text).unwrap_err().to_string();
    assert!(
        errors.contains("`repeats` runs the points of `points_to_evaluate`, but there are none"),
        "{errors}"
    );
    let (spec, _) = read(&format!("{text}points_to_evaluate: [{{x: 0.25}}]\n")).unwrap();
    assert_eq!(spec.repeats, Some(3));
    assert_eq!(read(&spec.to_yaml()).unwrap().0, spec);
}

#[test]
fn points_to_evaluate_are_filled_in() {
    let spec = spec(
        "function: sphere\nparameters:\n  x: {min: 0.0, max: 1.0, init: 0.25}\n  k: {values: [a, b]}\n  \
         y: {min: 0, max: 4, when: k == 'b'}\npoints_to_evaluate:\n- {x: 1}\n- {k: b}\n- {}\n",
    );
    let shown = |point: &Configuration| -> Vec<String> {
        point.iter().map(|(name, value)| format!("{name}={value}")).collect()
    };
    let points: Vec<Vec<String>> = spec.space.points().map(shown).collect();
    let expected: [&[&str]; 3] = [&["k=a", "x=1.0"], &["k=b", "x=0.25", "y=2"], &["k=a", "x=0.25"]];
    assert_eq!(points, expected);
}

#[test]
fn a_hyperparameter_knows_whether_its_values_are_whole() {
    let spec = spec(&format!(
        "{FINE_TUNE}parameters:\n  weight_decay: {{min: 0, max: 1}}\n  dropout: {{values: [0, 0.1]}}\n  batch_size: {{values: [16.0, 32]}}\n"
    ));
    let domains: Vec<&Domain> = spec
        .space
        .parameters()
        .iter()
        .map(|parameter| &parameter.domain)
        .collect();
    assert_eq!(domains[0], &float(0.0, 1.0, false, None));
    assert_eq!(
        domains[1],
        &Domain::Choice {
            values: vec![Value::Float(0.0), Value::Float(0.1)],
            ordered: false
        }
    );
    assert_eq!(
        domains[2],
        &Domain::Choice {
            values: vec![Value::Int(16), Value::Int(32)],
            ordered: false
        }
    );
}

#[test]
fn every_method_and_duration_has_its_meaning() {
    for (word, searcher) in [
        ("random", SearcherSpec::named("random").unwrap()),
        ("sobol", SearcherSpec::named("sobol").unwrap()),
        ("bohb", SearcherSpec::named("bohb").unwrap()),
        ("auto", SearcherSpec::named("auto").unwrap()),
        ("bayes", SearcherSpec::named("gp").unwrap()),
    ] {
        assert_eq!(spec(&format!("{FUNCTION}method: {word}\n")).searcher, searcher);
    }
    for (text, seconds) in [
        ("90", 90.0),
        ("0.5", 0.5),
        ("10m", 600.0),
        ("1h30m", 5_400.0),
        ("'45 s'", 45.0),
    ] {
        let spec = spec(&format!(
            "function: sphere\nparameters: {{x: 1}}\nbudget: {{wall: {text}}}\n"
        ));
        assert_eq!(spec.budget.wall, Some(seconds), "{text}");
    }
}

#[test]
fn a_wandb_sweep_keeps_its_keys() {
    let text = "project: p\nmethod: bayes\nmetric: {name: loss, goal: minimize}\nrun_cap: 12\nearly_terminate: {type: asha, eta: 4}\n\
                function: sphere\nparameters:\n  lr: {distribution: log_uniform_values, min: 1e-5, max: 1e-2}\n";
    let spec = spec(text);
    assert_eq!(spec.budget.trials, Some(12));
    assert_eq!(spec.early_terminate.scheduler, SchedulerSpec::default().with("eta", 4));
    assert!(warnings(text).contains("`project` means nothing"));
}

#[test]
fn epochs_are_a_number_or_a_range() {
    let epochs = |text: &str| spec(&format!("{FUNCTION}epochs: {text}\n")).epochs;
    assert_eq!(
        epochs("8"),
        EpochRange {
            min: 1.0,
            max: 8.0,
            stops: vec![],
            cooldown: None,
        }
    );
    assert_eq!(
        epochs("0.5"),
        EpochRange {
            min: 0.5,
            max: 0.5,
            stops: vec![],
            cooldown: None,
        }
    );
    assert_eq!(
        epochs("{max: 4, stops: [1, 2.5]}"),
        EpochRange {
            min: 1.0,
            max: 4.0,
            stops: vec![1.0, 2.5],
            cooldown: None,
        }
    );
    assert_eq!(
        epochs("{max: 4}"),
        EpochRange {
            min: 1.0,
            max: 4.0,
            stops: vec![],
            cooldown: None,
        }
    );
    assert_eq!(
        epochs("{min: 0.25, max: 4}"),
        EpochRange {
            min: 0.25,
            max: 4.0,
            stops: vec![],
            cooldown: None,
        }
    );
}

#[test]
fn a_metric_has_the_goal_that_its_name_implies() {
    let metric = |text: &str| spec(&format!("{FINE_TUNE}parameters: {{dropout: 0.1}}\nmetric: {text}\n")).metric;
    assert_eq!(metric("loss").goal, Goal::Minimize);
    assert_eq!(
        metric("{name: f1, target: 0.9}"),
        Metric {
            name: "f1".to_owned(),
            goal: Goal::Maximize,
            target: Some(0.9)
        }
    );
    assert_eq!(metric("{goal: maximize}").name, "accuracy");
}

#[test]
fn models_are_built_in_directories_or_hub_ids() {
    let model = |text: &str| {
        fine_tune(&format!(
            "task: text-classification\nmodel: {text}\ndata: reviews.csv\n"
        ))
        .model
    };
    assert_eq!(model("./bert"), ModelSource::Directory("./bert".into()));
    assert_eq!(model("/models/bert"), ModelSource::Directory("/models/bert".into()));
    assert_eq!(model("org/name@v1"), ModelSource::Hub("org/name@v1".to_owned()));
    assert_eq!(model("src"), ModelSource::Directory("src".into()));
}

#[test]
fn data_are_built_in_or_tables_beside_the_spec() {
    let text = "task: text-classification\nmodel: org/name\n\
                data: {train: a.tsv, validation: b.tsv, label: mood, split: {test: 0.1, seed: 3}}\nparameters: {dropout: 0.1}\n";
    let (spec, _) = from_text(text, Path::new("folder/space.yaml"), &[]).unwrap();
    let ObjectiveSpec::FineTune(fine_tune) = spec.objective else {
        panic!("a function")
    };
    assert_eq!(fine_tune.max_length, 128);
    let expected = DataSpec::Table(Box::new(TableSpec {
        hub: None,
        multi_label: None,
        train: vec!["folder/a.tsv".into()],
        validation: Some(HeldOut::Files(vec!["folder/b.tsv".into()])),
        test: None,
        train_limit: None,
        text: vec!["text".to_owned()],
        label: vec!["mood".to_owned()],
        reading: Reading::default(),
        pictures: Pictures::default(),
        truncation: Truncation::Head,
        stride: None,
        max_windows: None,
        split: Split {
            test: Amount::Share(0.1),
            seed: Seed(3),
            ..Split::default()
        },
    }));
    assert_eq!(fine_tune.data, expected);
    let images = super::meaning::fine_tune(
        "task: image-classification\nmodel: builtin:resnet8-cifar10\ndata: {train: builtin:fashion-mini, train_limit: 100}",
    );
    assert_eq!(images.task, Task::ImageClassification);
    assert_eq!(
        images.data,
        DataSpec::Builtin {
            name: "fashion-mini".to_owned(),
            train_limit: Some(Amount::Count(100)),
            test: None,
        }
    );
}

#[test]
fn data_may_be_several_files_that_are_written_in_any_way() {
    let text = "task: text-classification\nmodel: org/name\n\
                data: {train: [a.csv, 'b/*.csv.gz'], validation: 500, test: held-out.parquet, train_limit: 1000, \
                text: '{title}. {body}', delimiter: tab, quotes: true, comment: '#', columns: [title, body, label], \
                encoding: latin-1, format: csv, records_key: rows, on_missing: skip}\nparameters: {dropout: 0.1}\n";
    let (spec, _) = from_text(text, Path::new("folder/space.yaml"), &[]).unwrap();
    let ObjectiveSpec::FineTune(fine_tune) = &spec.objective else {
        panic!("a function")
    };
    let DataSpec::Table(table) = &fine_tune.data else {
        panic!("built-in data")
    };
    let TableSpec {
        train,
        validation,
        test,
        train_limit,
        text,
        reading,
        ..
    } = table.as_ref();
    assert_eq!(train, &["folder/a.csv", "folder/b/*.csv.gz"].map(PathBuf::from));
    assert_eq!(validation, &Some(HeldOut::Count(500)));
    assert_eq!(test, &Some(HeldOut::Files(vec!["folder/held-out.parquet".into()])));
    assert_eq!(
        (*train_limit, text[0].as_str()),
        (Some(Amount::Count(1000)), "{title}. {body}")
    );
    let expected = Reading {
        format: Some("csv".to_owned()),
        delimiter: Some('\t'),
        quotes: Some(true),
        comment: Some('#'),
        columns: Some(["title", "body", "label"].map(str::to_owned).to_vec()),
        records_key: Some("rows".to_owned()),
        encoding: Some("latin-1".to_owned()),
        on_missing: Some(OnMissing::Skip),
    };
    assert_eq!(*reading, expected);
    let (again, _) = from_text(&spec.to_yaml(), Path::new("space.yaml"), &[]).unwrap();
    assert_eq!(again, spec);
}

#[test]
fn a_seed_may_use_all_64_bits() {
    assert_eq!(
        spec(&format!("{FUNCTION}seed: 18446744073709551615\n")).seed,
        Seed(u64::MAX)
    );
}

#[test]
fn overrides_change_the_tree_before_it_is_judged() {
    let text = "function: sphere\nrun_cap: 3\nparameters:\n  a.b: {min: 0.0, max: 1.0}\n  c: {value: 1}\nseed: x\n";
    let overrides = [
        "seed=3",
        "budget.trials=5",
        "parameters.a.b.max=1e-3",
        "parameters.d={values: [1, 2]}",
        "resources.workers=1",
    ];
    let (spec, _) = read_with(text, &overrides).unwrap();
    assert_eq!(
        (spec.seed, spec.budget.trials, spec.resources.workers),
        (Seed(3), Some(5), Some(1))
    );
    let domains: Vec<(&str, &Domain)> = spec
        .space
        .parameters()
        .iter()
        .map(|parameter| (parameter.name.as_str(), &parameter.domain))
        .collect();
    assert_eq!(domains[0], ("a.b", &float(0.0, 0.001, false, None)));
    assert_eq!(domains[2].0, "d");
    assert!(read_with("", &["function=sphere", "parameters.x=1"]).is_ok());
}

#[test]
fn a_condition_orders_the_space() {
    let spec = spec(&format!(
        "{FINE_TUNE}parameters:\n  warmup_ratio: {{min: 0.0, max: 0.2, when: \"lr_schedule != 'constant'\"}}\n  lr_schedule: {{values: [linear, constant]}}\n"
    ));
    let names: Vec<&str> = spec
        .space
        .parameters()
        .iter()
        .map(|parameter| parameter.name.as_str())
        .collect();
    assert_eq!(names, ["lr_schedule", "warmup_ratio"]);
}

#[test]
fn the_template_names_every_hyperparameter_and_warns_of_nothing() {
    let (spec, warnings) = read(TEMPLATE).unwrap_or_else(|errors| panic!("{errors}"));
    assert!(warnings.is_empty());
    let names: Vec<&str> = spec
        .space
        .parameters()
        .iter()
        .map(|parameter| parameter.name.as_str())
        .collect();
    assert!(
        HYPERPARAMETERS.iter().all(|known| TEMPLATE.contains(known.name)),
        "{names:?}"
    );
}

#[test]
fn the_quickstart_reads_without_a_warning() {
    let (spec, warnings) =
        load(&repository().join("search-spaces/quickstart.yaml"), &[]).unwrap_or_else(|errors| panic!("{errors}"));
    assert!(warnings.is_empty());
    assert_eq!(
        spec.budget,
        Budget {
            wall: Some(170.0),
            trials: Some(16),
            max_failures: None,
            from: None,
        }
    );
    assert_eq!(
        (spec.name.as_str(), spec.resources.logical_workers, spec.seed),
        ("quickstart", Some(4), Seed(7))
    );
}

#[test]
fn the_text_example_reads_without_a_warning() {
    let path = repository().join("search-spaces/text-classification.yaml");
    let text = std::fs::read_to_string(&path).unwrap();
    let (_, warnings) = from_text(&text, &path, &[]).unwrap_or_else(|errors| panic!("{errors}"));
    assert!(warnings.is_empty());
    load(&path, &[]).unwrap_or_else(|errors| panic!("{errors}"));
}

#[test]
fn the_learning_rate_schedule_may_have_its_earlier_name_but_not_both() {
    let old = spec(&format!(
        "{FINE_TUNE}parameters:\n  scheduler: {{values: [linear, cosine]}}\n  warmup_ratio: {{min: 0.0, max: 0.2, when: \"scheduler != 'linear'\"}}\n"
    ));
    let names = old.space.parameters().iter().map(|parameter| parameter.name.as_str());
    assert_eq!(names.collect::<Vec<_>>(), ["scheduler", "warmup_ratio"]);
    let both = format!("{FINE_TUNE}parameters: {{scheduler: linear, lr_schedule: cosine}}\n");
    let error = read_with(&both, &[]).unwrap_err().to_string();
    assert!(
        error.contains("`scheduler` and `lr_schedule` are two names of one hyperparameter"),
        "{error}"
    );
}
