//! A simulated study of 100,000 segments over 1,000 slots. Measures the coordinator's time per segment, the time to
//! read the journal again, and the memory of both. `cargo bench --bench scale [-- SEGMENTS SLOTS]`

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Instant;

use automl::engine::{Simulation, simulate};
use automl::journal::{self, Journal};
use automl::space::Value;
use automl::spec;
use automl::study;
use automl::study::{Event, Identity, InFlight, Outcome, Settings, Study};
use automl::trials::{Evaluation, SegmentReport, TrainingCurve, Trial, Usage};
use automl::units::Samples;

/// Number of samples in an epoch.
const EPOCH: Samples = Samples(100);

fn study(trials: usize, slots: usize, scheduler: &str) -> Study {
    let text = format!(
        "function: sphere\nmethod: random\nparameters:\n  rate: {{min: 1e-6, max: 1.0, log: true}}\n  dropout: {{min: 0.0, max: 0.5}}\n  \
         depth: {{min: 0, max: 6}}\nepochs: {{min: 1, max: 27}}\nearly_terminate: {scheduler}\nbudget: {{trials: {trials}}}\n\
         resources: {{logical_workers: {slots}}}\nseed: 1\n"
    );
    let (spec, _) =
        spec::from_text(&text, Path::new("/bench/space.yaml"), &[]).unwrap_or_else(|errors| panic!("{errors}"));
    let settings = Settings::new(&spec, EPOCH);
    let policy = study::policy(&spec, settings.lengths());
    Study::new(settings, policy, Box::new(|_, from, to| (to.0 - from.0) as f64))
}

/// A quadratic loss with a learning curve.
fn outcome(trial: &Trial, flight: &InFlight) -> Outcome {
    let rate = trial.configuration.get("rate").and_then(Value::as_f64).unwrap_or(1.0);
    let loss = (rate.log10() + 3.0).powi(2) + 100.0 / flight.to.0 as f64;
    Outcome::Reached(SegmentReport {
        reached: flight.to,
        evaluations: vec![Evaluation {
            at: flight.to,
            metrics: BTreeMap::from([("loss".into(), loss)]),
        }],
        training: TrainingCurve::default(),
        trainable_parameters: 1,
        usage: Usage::default(),
    })
}

/// Peak resident memory in MiB.
fn peak_mb() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().trim_end_matches("kB").trim().parse::<f64>().ok())
        .unwrap_or(0.0)
        / 1024.0
}

#[expect(clippy::print_stdout, reason = "a benchmark says what it measured")]
fn main() {
    let mut numbers = std::env::args().skip(1).filter_map(|argument| argument.parse().ok());
    let trials: usize = numbers.next().unwrap_or(70_000);
    let slots: usize = numbers.next().unwrap_or(1_000);
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join(journal::FILE_NAME);
    let mut journal = Journal::create(&path).expect("a journal");
    let created = Event::StudyCreated {
        format: journal::FORMAT,
        version: "bench".into(),
        spec: "bench".into(),
        seed: automl::units::Seed(1),
        inputs: Identity {
            epoch: EPOCH,
            fingerprint: String::new(),
            parts: Vec::new(),
        },
        past: Vec::new(),
        shortened_from: None,
    };
    journal.append(&created, 0.0).expect("a journal that can be written");
    let scheduler = "asha";
    let mut live = study(trials, slots, scheduler);
    let mut segments = 0_usize;
    let begun = Instant::now();
    simulate(
        &mut live,
        Simulation {
            workers: slots,
            seconds: &mut |_, flight| (flight.to.0 - flight.from.0) as f64,
            outcome: &outcome,
            journal: &mut |event| {
                segments += usize::from(matches!(event, Event::SegmentEnded { .. }));
                journal.append(event, 0.0).expect("a journal that can be written");
            },
        },
    );
    journal.sync().expect("a journal that can be synced");
    let seconds = begun.elapsed().as_secs_f64();
    let size = path.metadata().map_or(0, |metadata| metadata.len());
    println!(
        "{trials} trials, {segments} segments over {slots} slots: {:.3} ms a segment",
        1e3 * seconds / segments as f64
    );
    let begun = Instant::now();
    let contents = journal::read(&path).expect("the journal is sound");
    let read = begun.elapsed().as_secs_f64();
    let mut again = study(trials, slots, scheduler);
    for entry in &contents.entries {
        again.apply(&entry.event, entry.elapsed);
    }
    let replayed = begun.elapsed().as_secs_f64();
    assert_eq!(again.trials().len(), live.trials().len());
    assert_eq!(again.ended(), live.ended());
    println!(
        "{} events in {} MB: read in {read:.2} s, read and replayed in {replayed:.2} s; {:.0} MB resident at most, both studies and all events included",
        contents.entries.len(),
        size / 1_000_000,
        peak_mb()
    );
}
