//! Writing a spec and reading it again yields the same spec.

use std::path::PathBuf;

use proptest::prelude::*;

use super::*;
use crate::schedulers::{OptionKind, OptionValue};
use crate::space::{Confidence, Domain, Expression, Hints, Parameter, Prior, Space, Value};
use crate::spec::Pictures;
use crate::spec::{
    Amount, Budget, ClusterEngine, ClusterSpec, CommandSpec, Criteria, DataSpec, Devices, EarlyTerminate, EpochRange,
    FineTuneSpec, FunctionSpec, HeldOut, HubData, InputPart, Metric, ModelSource, ObjectiveSpec, Patience, Provenance,
    Reading, Resources, SchedulerSpec, SearcherSpec, Selection, SelectionRule, Split, SplitBy, TEMPLATE, TableSpec,
    Task, TrackerSpec, TrialLimits, Truncation,
};
use crate::units::{Goal, Seed};

fn any_value() -> impl Strategy<Value = Value> {
    prop_oneof![
        any::<bool>().prop_map(Value::Bool),
        any::<i64>().prop_map(Value::Int),
        (-1e300..1e300_f64).prop_map(Value::Float),
        any::<String>().prop_map(Value::Text),
        prop::sample::select(vec![
            "null",
            "~",
            "true",
            "1",
            "1e3",
            ".inf",
            "a: b",
            "#x",
            "'",
            "\"",
            "é\u{2028}\u{85}\t\r\n",
            "-",
            "yes"
        ])
        .prop_map(|text| Value::Text(text.to_owned())),
    ]
}

/// A normal distribution whose range lies within 4 standard deviations of its mean.
fn any_normal() -> impl Strategy<Value = Domain> {
    (any_multiples(), 0.0..1.0_f64, 0.5..9.0_f64).prop_filter_map(
        "as narrow as specs make it",
        |(range, location, width)| {
            let (min, max) = range.bounds()?;
            let is_log = matches!(range, Domain::Float { log: true, .. } | Domain::Int { log: true, .. });
            let (low, high) = if is_log { (min.ln(), max.ln()) } else { (min, max) };
            let deviation = (high - low) / 4.0 * width.max(1.0);
            let mean = low + location * (high - low);
            (deviation > 1e-9).then(|| range.normal(mean, deviation))
        },
    )
}

fn any_domain() -> impl Strategy<Value = Domain> {
    let weighted = prop::collection::vec(0.01..1.0_f64, 1..5).prop_map(|weights| {
        let total: f64 = weights.iter().sum();
        let probabilities: Vec<f64> = weights.iter().map(|weight| weight / total).collect();
        Domain::choice((0..weights.len()).map(|value| value as i64)).weighted(probabilities)
    });
    prop_oneof![3 => any_range(), 2 => any_choice(), 2 => any_normal(), 1 => weighted]
}

fn any_range() -> impl Strategy<Value = Domain> {
    prop_oneof![
        2 => any_multiples(),
        1 => (-99..99_i64, 0..999_i64, 1..9_i64).prop_map(|(min, width, step)| Domain::Int {
            min,
            max: min + width,
            log: false,
            step
        }),
        1 => (-9.0..9.0_f64, 1..99_i64, 0.001..3.0_f64).prop_map(|(min, steps, step)| Domain::Float {
            min,
            max: min + steps as f64 * step,
            log: false,
            step: Some(step)
        }),
    ]
}

/// A range whose values are multiples of its step, if it has one.
fn any_multiples() -> impl Strategy<Value = Domain> {
    prop_oneof![
        (1e-12..1e3_f64, 0.0..1e3_f64, any::<bool>()).prop_map(|(min, width, log)| Domain::Float {
            min,
            max: min + width,
            log,
            step: None
        }),
        (
            1..9_i64,
            0..99_i64,
            any::<bool>(),
            prop::sample::select(vec![0.05, 1.0, 1e-7, 30.0])
        )
            .prop_map(|(first, steps, log, step)| Domain::Float {
                min: first as f64 * step,
                max: (first + steps) as f64 * step,
                log,
                step: Some(step)
            }),
        (1..99_i64, 0..999_i64, any::<bool>(), 1..9_i64).prop_map(|(first, width, log, step)| Domain::Int {
            min: first * step,
            max: first * step + width,
            log,
            step
        }),
    ]
}

fn any_choice() -> impl Strategy<Value = Domain> {
    (prop::collection::vec(any_value(), 1..5), any::<bool>()).prop_map(|(given, ordered)| {
        let mut values: Vec<Value> = Vec::new();
        for value in given {
            if !values.iter().any(|earlier| earlier.is_same(&value)) && value != Value::Text(String::new()) {
                values.push(value);
            }
        }
        if values.is_empty() {
            values.push(Value::Int(1));
        }
        Domain::Choice { values, ordered }
    })
}

/// Hints at two positions of the unit interval; bits say which hints are given.
fn hints(domain: &Domain, given: u8, location: f64) -> Hints {
    let value = |bit: u8, location: f64| (given & bit > 0).then(|| domain.decode(location));
    Hints {
        prior: value(1, location).map(|value| Prior {
            value,
            confidence: [Confidence::Low, Confidence::Medium, Confidence::High][usize::from(given / 8 % 3)],
        }),
        init: value(2, 1.0 - location),
        low_cost: value(4, location),
    }
}

fn any_space() -> impl Strategy<Value = Space> {
    let parameter = (any_domain(), any::<u8>(), 0.0..1.0_f64);
    prop::collection::btree_map("[a-z][a-z_.0-9]{0,5}|[a-zäöü '\"#:-]{2,9}", parameter, 1..5).prop_map(|domains| {
        let switch = Domain::Choice {
            values: vec![Value::Text("it's".to_owned()), Value::Int(3)],
            ordered: false,
        };
        let expression = |text: &str| Expression::parse(text, &[("Switch", &switch)]).unwrap();
        let mut parameters = vec![Parameter::new("Switch", switch.clone())];
        let locations: Vec<f64> = domains.values().map(|(_, _, location)| *location).collect();
        for (index, (name, (domain, given, location))) in domains.into_iter().enumerate() {
            let condition = (index % 2 == 1).then(|| expression("Switch == \"it's\""));
            parameters.push(Parameter {
                condition,
                hints: hints(&domain, given, location),
                ..Parameter::new(name, domain)
            });
        }
        let mut space = Space::new(parameters, vec![expression("Switch != 4")]).unwrap();
        for scale in [0.3, 0.9] {
            let unit: Vec<f64> = locations.iter().map(|location| location * scale).collect();
            space.add_point(&space.decode(&unit)).unwrap();
        }
        space
    })
}

fn any_split() -> impl Strategy<Value = Split> {
    let by = prop::option::of(prop::sample::select(vec![
        SplitBy::Random,
        SplitBy::Stratified,
        SplitBy::Group,
        SplitBy::Time,
    ]));
    let parts = (0.01..0.5_f64, 0.0..0.4_f64, prop::option::of(2..1_000_usize));
    (parts, by, any::<bool>(), any::<bool>(), any::<u64>()).prop_map(
        |((validation, test, count), by, stratify, near_duplicates, seed)| Split {
            by,
            column: matches!(by, Some(SplitBy::Group | SplitBy::Time)).then(|| "user id".to_owned()),
            folds: (seed % 3 == 0 && !matches!(by, Some(SplitBy::Time))).then_some(2 + (seed % 7) as u32),
            validation: if seed % 3 == 0 && !matches!(by, Some(SplitBy::Time)) {
                Split::default().validation
            } else {
                count.map_or(Amount::Share(validation), Amount::Count)
            },
            test: Amount::Share(test),
            stratify: by.is_some() || stratify,
            near_duplicates,
            seed: Seed(seed),
        },
    )
}

fn any_fine_tune() -> impl Strategy<Value = FineTuneSpec> {
    let table = (
        any_split(),
        any::<[bool; 2]>(),
        "[a-zA-Z0-9 ä#:'\"-]{1,9}",
        3..9_999_usize,
    );
    prop_oneof![
        prop::option::of(2..3_000_usize).prop_map(|train_limit| FineTuneSpec {
            task: Task::ImageClassification,
            model: ModelSource::Builtin("resnet8-cifar10".to_owned()),
            model_licence: None,
            data: DataSpec::Builtin {
                name: "fashion-mini".to_owned(),
                train_limit: train_limit.map(Amount::Count),
                test: train_limit.map(Amount::Count),
            },
            max_length: 128,
            searches_length: false,
            image_size: train_limit.filter(|limit| limit % 2 == 0).map(|limit| limit + 6),
        }),
        table.prop_map(|(mut split, [has_file, is_of_hub], text, max_length)| {
            if has_file {
                split.validation = Amount::Share(0.2);
                split.folds = None;
            }
            FineTuneSpec {
                task: Task::TextClassification,
                model: if has_file {
                    ModelSource::Hub("org/name@v1".to_owned())
                } else {
                    ModelSource::Directory(format!("/models/{text}/x").into())
                },
                model_licence: has_file.then(|| format!("{text}: x")),
                data: DataSpec::Table(Box::new(TableSpec {
                    multi_label: None,
                    hub: is_of_hub.then(|| HubData {
                        id: "org/name@v1".to_owned(),
                        config: has_file.then(|| text.clone()),
                        licence: has_file.then(|| format!("{text}: x")),
                    }),
                    train: if is_of_hub {
                        vec!["train".into(), "extra-1.0".into()]
                    } else {
                        vec![format!("/data/{text}.csv").into()]
                    },
                    validation: has_file.then(|| {
                        let files = ["/data/b.jsonl", "/data/*.gz"].map(PathBuf::from).to_vec();
                        HeldOut::Files(if is_of_hub { vec!["dev".into()] } else { files })
                    }),
                    test: (has_file && split.test.is_none()).then_some(HeldOut::Count(max_length)),
                    train_limit: has_file.then_some(Amount::Share(0.25)),
                    label: vec![format!("{text}!")],
                    reading: Reading {
                        delimiter: has_file.then_some('|'),
                        columns: has_file.then(|| vec![text.clone(), format!("{text}!")]),
                        ..Reading::default()
                    },
                    pictures: Pictures::default(),
                    stride: (has_file && split.stratify).then_some(max_length),
                    max_windows: (has_file && split.stratify).then_some(7),
                    truncation: match (has_file, split.stratify) {
                        (true, true) => Truncation::Windows,
                        (true, false) => Truncation::HeadTail,
                        (false, _) => Truncation::Head,
                    },
                    text: if has_file {
                        vec![format!("{{{text}}}. {{b}}"), format!("{text},")]
                    } else {
                        vec![text]
                    },
                    split,
                })),
                max_length,
                searches_length: false,
                image_size: None,
            }
        }),
    ]
}

/// Any rule of the registry, with each of its options given or not.
fn any_scheduler() -> impl Strategy<Value = SchedulerSpec> {
    let rules: Vec<SchedulerSpec> = SchedulerSpec::all().collect();
    let given = prop::collection::vec(prop::option::of(0.0..1.0_f64), 4);
    (prop::sample::select(rules), given).prop_map(|(rule, given)| {
        let rows = rule.info().options.iter().zip(given);
        let chosen = rows.fold(rule, |rule, (row, given)| match given {
            None => rule,
            Some(part) => rule.with(row.name, within(row.kind, part)),
        });
        // Options that contradict each other are refused.
        if (rule.info().conflict)(chosen.options()).is_some() {
            rule
        } else {
            chosen
        }
    })
}

/// The value at the fraction `part` of its kind's range.
fn within(kind: OptionKind, part: f64) -> OptionValue {
    match kind {
        OptionKind::Integer(min, max) => OptionValue::Integer(min + (part * f64::from(max - min)) as u32),
        OptionKind::Number(min, max) => OptionValue::Number(min + part * (max - min)),
        OptionKind::Epochs => OptionValue::Number(0.1 + 9.0 * part),
        OptionKind::Words(words) => OptionValue::Word(words[(part * words.len() as f64) as usize]),
        OptionKind::Boolean => OptionValue::Boolean(part < 0.5),
    }
}

fn any_early_terminate() -> impl Strategy<Value = EarlyTerminate> {
    let patience = (0.1..9.0_f64, 0.0..1.0_f64).prop_map(|(epochs, min_delta)| Patience { epochs, min_delta });
    (any_scheduler(), prop::option::of(patience), 0.0..1.0_f64).prop_map(|(scheduler, patience, audit)| {
        EarlyTerminate {
            scheduler,
            patience,
            audit,
        }
    })
}

fn cluster(is_used: bool, has_address: bool, workers: usize) -> ClusterSpec {
    // Without other machines the section is not written.
    if !is_used {
        return ClusterSpec::default();
    }
    ClusterSpec {
        engine: ClusterEngine::Tcp,
        workers,
        listen: has_address.then(|| "10.0.0.5:7070".to_owned()),
        lease: 30.0,
        ..ClusterSpec::default()
    }
}

/// A spec with any values except for the objective and the space.
fn any_frame() -> impl Strategy<Value = Spec> {
    let numbers = (
        0.01..4.0_f64,
        0.0..9.0_f64,
        any::<u64>(),
        prop::option::of(-1.0..1.0_f64),
    );
    let budget = (prop::option::of(0.001..1e6_f64), prop::option::of(1..999_999_u32));
    let resources = (prop::option::of(1..99_usize), 1..9_usize, 1..99_usize);
    let choices = (any::<bool>(), any_early_terminate(), any::<bool>(), 0..4_usize);
    (
        numbers,
        budget,
        resources,
        choices,
        "[a-zA-Z0-9][a-zA-Z0-9_.-]{0,9}[a-z]",
    )
        .prop_map(
            |(
                (min, width, seed, target),
                (wall, trials),
                (workers, threads, logical),
                (is_tpe, early_terminate, deterministic, device),
                name,
            )| Spec {
                name,
                objective: ObjectiveSpec::Function(FunctionSpec {
                    name: "sphere".to_owned(),
                    trial_seconds: width,
                    jitter: if deterministic { 0.0 } else { width },
                    noise: if deterministic { width } else { 0.0 },
                    faults: Vec::new(),
                }),
                metric: Metric {
                    name: "loss".to_owned(),
                    goal: Goal::Minimize,
                    target,
                },
                criteria: Criteria::default(),
                searcher: if is_tpe {
                    SearcherSpec::named("tpe").unwrap()
                } else {
                    SearcherSpec::named("random").unwrap()
                },
                early_terminate,
                space: Space::new(Vec::new(), Vec::new()).unwrap(),
                epochs: EpochRange {
                    min,
                    max: min + width,
                    stops: vec![min],
                    cooldown: (width > 0.0).then_some((min, min + width)),
                },
                budget: Budget {
                    wall,
                    trials,
                    max_failures: None,
                    from: None,
                },
                selection: trials
                    .filter(|_| early_terminate.scheduler.members().is_none())
                    .map(|trials| Selection {
                        rule: if is_tpe {
                            SelectionRule::OneSe
                        } else {
                            SelectionRule::Best
                        },
                        top_k: trials % 100 + 1,
                        reseeds: trials % 98 + 2,
                        holdout: deterministic,
                    }),
                resources: Resources {
                    devices: [Devices::Auto, Devices::Cpu, Devices::Cuda, Devices::NdArray][device],
                    workers,
                    slots_per_device: workers.map(|workers| workers + 1),
                    threads_per_worker: threads,
                    logical_workers: Some(logical),
                    cache: 5_000_000_000,
                },
                cluster: cluster(deterministic, is_tpe, threads),
                trial_limits: TrialLimits {
                    wall,
                    memory: trials.map(|trials| u64::from(trials) << 20),
                    silence: target.map(|target| target.abs() + 0.1),
                },
                deterministic,
                seed: Seed(seed),
                repeats: None,
                provenance: provenance(wall, target, trials),
                uses_recipe: !is_tpe,
                tracking: if is_tpe {
                    TrackerSpec::named("csv").into_iter().collect()
                } else {
                    Vec::new()
                },
                warm_start: if deterministic {
                    vec!["/earlier/leaderboard.csv".into(), "/it's one: #2.csv".into()]
                } else {
                    vec![]
                },
            },
        )
}

fn provenance(wall: Option<f64>, target: Option<f64>, trials: Option<u32>) -> Option<Provenance> {
    let part = InputPart {
        part: "train".to_owned(),
        rows: trials.map(u64::from),
        fingerprint: "00ff".to_owned(),
    };
    wall.map(|wall| Provenance {
        version: "0.1.0".to_owned(),
        study: "sentiment".to_owned(),
        metric: "loss".to_owned(),
        expected: Some(wall),
        standard_error: target,
        seeds: 2,
        inputs: vec![part; 2],
        ..Provenance::default()
    })
}

/// A selection that needs no test examples.
fn without_test(selection: Option<Selection>) -> Option<Selection> {
    selection.map(|selection| Selection {
        holdout: false,
        ..selection
    })
}

/// Clones of trials have no folds.
fn without_folds(mut fine_tune: FineTuneSpec) -> FineTuneSpec {
    if let DataSpec::Table(table) = &mut fine_tune.data {
        table.split.folds = None;
    }
    fine_tune
}

fn survives(spec: &Spec) -> Result<(), TestCaseError> {
    let yaml = spec.to_yaml();
    match from_text(&yaml, Path::new("elsewhere/spec.yaml"), &[]) {
        Ok((again, _)) => {
            prop_assert_eq!(&again, spec, "{}", yaml);
            prop_assert_eq!(super::schema::faults(&yaml), Vec::<String>::new(), "{}", yaml);
        }
        Err(errors) => return Err(TestCaseError::fail(format!("{yaml}\n{errors}"))),
    }
    Ok(())
}

proptest! {
    #[test]
    fn a_function_spec_survives_being_written(frame in any_frame(), space in any_space()) {
        survives(&Spec { space, ..frame })?;
    }

    #[test]
    fn a_command_survives_being_written(frame in any_frame(), words in prop::collection::vec("[ -~äß]{1,20}", 0..5), is_shell: bool, name in "[a-z]{1,8}") {
        let space = spec(FUNCTION).space;
        let line = if is_shell {
            format!("{{shell: {}}}", serde_json::to_string(&words.join(" ; ")).unwrap())
        } else {
            let mut all = vec!["python".to_owned(), "{x}".to_owned(), "--at={epochs}".to_owned(), "${args}".to_owned(), "{{x}}".to_owned()];
            all.extend(words.into_iter().filter(|word| !word.contains('{') && !word.contains('}')));
            serde_json::to_string(&all).unwrap()
        };
        let text = format!("command: {line}\nmetric: accuracy\nparameters: {{x: 1}}\n");
        if let Ok((command, _)) = read(&text) {
            let metric = Metric { name: format!("{name}/accuracy"), ..command.metric.clone() };
            let ObjectiveSpec::Command(command) = command.objective else { unreachable!() };
            let objective = ObjectiveSpec::Command(CommandSpec { folder: "/some where".into(), has_shim: !is_shell, patterns: [(format!("{name} {is_shell}"), format!("{name}[: =]+'?(\"[0-9]+\")"))].into(), ..command });
            survives(&Spec { objective, metric, space, selection: without_test(frame.selection), ..frame })?;
        }
    }

    #[test]
    fn a_fine_tuning_spec_survives_being_written(frame in any_frame(), fine_tune in any_fine_tune()) {
        let space = spec(&format!("{FINE_TUNE}parameters: {{learning_rate: {{min: 1e-5, max: 1e-2, log: true}}, batch_size: 16}}\n")).space;
        let fine_tune = if frame.early_terminate.scheduler.members().is_some() { without_folds(fine_tune) } else { fine_tune };
        survives(&Spec { objective: ObjectiveSpec::FineTune(fine_tune), space, selection: without_test(frame.selection), ..frame })?;
    }

    #[test]
    fn any_change_to_a_spec_is_read_or_explained(at in 0..TEMPLATE.len(), change in "[-a-z0-9:{}\\[\\],'\"&*!|># \\n\\tä]{0,9}", cut in 0..20_usize) {
        if let (Some(before), Some(after)) = (TEMPLATE.get(..at), TEMPLATE.get(at + cut..)) {
            match read(&format!("{before}{change}{after}")) {
                Ok((spec, _)) => { spec.to_yaml(); }
                Err(errors) => prop_assert!(!errors.to_string().is_empty()),
            }
        }
    }
}

#[test]
fn the_written_quickstart_is_complete_and_readable() {
    let text = std::fs::read_to_string(repository().join("search-spaces/quickstart.yaml")).unwrap();
    insta::assert_snapshot!(spec(&text).to_yaml(), @"
    name: quickstart
    task: image-classification
    model: builtin:resnet8-cifar10
    data:
      train: builtin:fashion-mini
      train_limit: 2000
      test: 1000
    metric:
      name: accuracy
      goal: maximize
    max_length: 128
    method: auto
    deterministic: true
    seed: 7
    parameters:
      learning_rate:
        distribution: log_uniform_values
        min: 0.0001
        max: 0.03
      batch_size:
        values: [16, 32, 64, 128]
        ordered: true
      dropout:
        distribution: q_uniform
        min: 0.0
        max: 0.5
        q: 0.05
      weight_decay:
        distribution: log_uniform_values
        min: 1e-5
        max: 0.1
      freeze_depth:
        distribution: int_uniform
        min: 0
        max: 4
        q: 1
      lr_schedule:
        values: [linear, cosine, constant]
        ordered: false
    epochs:
      min: 0.4
      max: 4.0
    early_terminate:
      type: asha
      eta: 3
      mode: promotion
      cost_aware: false
    budget:
      wall: 170.0
      trials: 16
    selection:
      rule: one_se
      top_k: 3
      reseeds: 2
      holdout: true
    resources:
      devices: auto
      workers: auto
      slots_per_device: auto
      threads_per_worker: 1
      logical_workers: 4
      cache: 10000000000
    ");
}
