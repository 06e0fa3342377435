use std::path::Path;

use super::*;
use crate::finetune::data::Dataset;
use crate::finetune::testing;
use crate::units::Seed;

struct Silent;

impl Control for Silent {
    fn is_stop_requested(&self) -> bool {
        false
    }

    fn progress(&mut self, _progress: Progress) {}
}

fn worker() -> FineTune {
    let data = Dataset {
        task: TaskKind::Classification,
        train: testing::texts(40, 2),
        validation: testing::texts(20, 2),
        test: Some(testing::texts(20, 2)),
        labels: testing::labels(2),
    };
    let model = testing::small_bert(2);
    FineTune::new(
        TrainingInputs::new(model, data),
        measures(TaskKind::Classification, vec![]),
        None,
        &Space::new(vec![], vec![]).unwrap(),
    )
}

fn segment(trial: u32, (from, to): (u64, u64), folder: &Path) -> Segment {
    let configuration = [("learning_rate", Value::Float(1e-2)), ("batch_size", Value::Int(8))];
    Segment {
        trial: TrialId(trial),
        configuration: configuration.into_iter().collect(),
        seed: Seed(u64::from(trial)),
        stops: vec![Samples(from)],
        ..Segment::example(&folder.join(trial.to_string()), (from, to, 120))
    }
}

/// The measurements without times.
fn measured(report: &SegmentReport) -> Vec<(Samples, f64)> {
    let evaluations = report.evaluations.iter();
    evaluations
        .map(|evaluation| (evaluation.at, evaluation.metrics["loss"]))
        .collect()
}

#[test]
fn a_trial_resumes_alike_from_memory_and_from_its_checkpoint() {
    let (one, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let mut same = worker();
    same.run(&segment(1, (0, 50), one.path()), &mut Silent).unwrap();
    assert!(same.last.is_some());
    // The worker does not need the checkpoint.
    std::fs::remove_dir_all(one.path().join("1")).unwrap();
    let from_memory = same.run(&segment(1, (50, 90), one.path()), &mut Silent).unwrap();

    worker().run(&segment(1, (0, 50), other.path()), &mut Silent).unwrap();
    let from_file = worker().run(&segment(1, (50, 90), other.path()), &mut Silent).unwrap();
    assert_eq!(measured(&from_memory), measured(&from_file));
    assert_eq!(measured(&from_file).len(), 2);
}

#[test]
fn the_memory_of_another_trial_or_moment_is_not_used() {
    let folder = tempfile::tempdir().unwrap();
    let mut worker = worker();
    worker.run(&segment(1, (0, 50), folder.path()), &mut Silent).unwrap();
    let alone = self::worker()
        .run(&segment(2, (0, 50), folder.path()), &mut Silent)
        .unwrap();
    std::fs::remove_dir_all(folder.path().join("2")).unwrap();
    let after = worker.run(&segment(2, (0, 50), folder.path()), &mut Silent).unwrap();
    assert_eq!(measured(&after), measured(&alone));
    // Again from the beginning, as after a crash of the engine, and not from its state in memory.
    std::fs::remove_dir_all(folder.path().join("2")).unwrap();
    let again = worker.run(&segment(2, (0, 50), folder.path()), &mut Silent).unwrap();
    assert_eq!(measured(&again), measured(&alone));
}

#[test]
fn a_kept_checkpoint_saves_the_test_its_training() {
    let folder = tempfile::tempdir().unwrap();
    let kept = Segment {
        is_kept: true,
        ..segment(1, (0, 120), folder.path())
    };
    let mut worker = worker();
    worker.run(&kept, &mut Silent).unwrap();
    let test = Segment {
        part: Part::Test,
        stops: vec![Samples(40), Samples(80), Samples(120)],
        ..segment(1, (0, 120), folder.path())
    };
    let from_file = worker.run(&test, &mut Silent).unwrap();
    std::fs::remove_dir_all(folder.path().join("1")).unwrap();
    let trained = worker.run(&test, &mut Silent).unwrap();
    assert_eq!(measured(&from_file), measured(&trained));
    assert_eq!(measured(&trained).len(), 1);
}
