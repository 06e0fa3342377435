use std::collections::BTreeMap;
use std::path::Path;

use super::*;
use crate::trials::Evaluation;

struct Silent;

impl Control for Silent {
    fn is_stop_requested(&self) -> bool {
        false
    }

    fn progress(&mut self, _progress: Progress) {}
}

/// A program that keeps its epoch in its checkpoint and counts its starts. `steps` is the order of saving and printing.
fn program(steps: &str) -> String {
    format!(
        r#"at=$(cat "$AUTOML_CHECKPOINT/epoch" 2>/dev/null || echo 0)
echo >> "$AUTOML_CHECKPOINT/../starts"
[ "$at" = torn ] && exit 1
save() {{ echo $at > "$AUTOML_CHECKPOINT/new"; mv "$AUTOML_CHECKPOINT/new" "$AUTOML_CHECKPOINT/epoch"; }}
print() {{ echo "{{\"epoch\": $at, \"loss\": $(( (at - 2) * (at - 2) ))}}"; }}
while [ $at -lt $AUTOML_EPOCHS ]; do
  at=$((at + 1))
  {steps}
done"#
    )
}

const ORDERS: [&str; 3] = ["save; print", "print; save", "print"];

fn run(script: &str, segment: &Segment) -> Result<SegmentReport, RunError> {
    let spec = CommandSpec {
        line: CommandLine::Shell(script.to_owned()),
        folder: ".".into(),
        has_shim: false,
        patterns: BTreeMap::new(),
    };
    CommandObjective::new(spec, vec!["loss".to_owned()], None).run(segment, &mut Silent)
}

fn losses(report: &SegmentReport) -> Vec<(u64, f64)> {
    let evaluations = report.evaluations.iter();
    evaluations.map(|seen| (seen.at.0, seen.metrics["loss"])).collect()
}

/// Sets up what remains of a program that was killed with its worker: the printed lines and the saved epoch.
fn killed(folder: &Path, printed: u64, saved: &str) -> Segment {
    let segment = Segment::example(folder, (0, 4, 9));
    Told::prepare(&segment).unwrap();
    Attempt::begin(&segment).unwrap();
    let line = |epoch: u64| format!("{{\"epoch\": {epoch}, \"loss\": {}}}\n", (epoch.abs_diff(2)).pow(2));
    let lines: String = (1..=printed).map(line).collect();
    std::fs::write(folder.join("output"), lines).unwrap();
    if saved != "0" {
        std::fs::write(folder.join("checkpoint/epoch"), saved).unwrap();
    }
    segment
}

fn starts(folder: &Path) -> usize {
    std::fs::read(folder.join("starts")).map_or(0, |starts| starts.len())
}

const WHOLE: [(u64, f64); 4] = [(1, 1.0), (2, 0.0), (3, 1.0), (4, 4.0)];

#[test]
fn a_segment_ends_alike_wherever_its_program_was_killed() {
    for order in ORDERS {
        for epoch in 0..=4_u64 {
            let moments = match order {
                "save; print" => vec![(epoch, epoch), (epoch, epoch + 1)],
                "print; save" => vec![(epoch, epoch), (epoch + 1, epoch)],
                _ => vec![(epoch, 0)],
            };
            for (printed, saved) in moments.into_iter().filter(|&(printed, saved)| printed.max(saved) <= 4) {
                let folder = tempfile::tempdir().unwrap();
                let segment = killed(folder.path(), printed, &saved.to_string());
                let report = run(&program(order), &segment).unwrap();
                assert_eq!(losses(&report), WHOLE, "{order}: {printed} printed, {saved} saved");
                assert_eq!(report.reached, Samples(4));
            }
        }
    }
}

#[test]
fn only_a_state_that_is_ahead_costs_a_second_start() {
    let starts_after = |printed, saved: &str| {
        let folder = tempfile::tempdir().unwrap();
        let segment = killed(folder.path(), printed, saved);
        run(&program("save; print"), &segment).unwrap();
        starts(folder.path())
    };
    assert_eq!(starts_after(2, "2"), 1);
    assert_eq!(starts_after(2, "3"), 2, "epoch 3 is missing");
    assert_eq!(starts_after(3, "4"), 2, "it ends without another word");
    assert_eq!(starts_after(4, "4"), 1);
}

#[test]
fn a_state_that_was_torn_is_put_back() {
    let folder = tempfile::tempdir().unwrap();
    let segment = killed(folder.path(), 2, "torn");
    assert_eq!(losses(&run(&program("save; print"), &segment).unwrap()), WHOLE);
}

#[test]
fn the_state_that_is_put_back_is_that_of_the_segments_beginning() {
    let folder = tempfile::tempdir().unwrap();
    let first = Segment::example(folder.path(), (0, 2, 9));
    run(&program("save; print"), &first).unwrap();
    let next = Segment::example(folder.path(), (2, 4, 9));
    Attempt::begin(&next).unwrap();
    std::fs::write(folder.path().join("checkpoint/epoch"), "4").unwrap();
    assert_eq!(losses(&run(&program("save; print"), &next).unwrap()), WHOLE[2..]);
    assert_eq!(starts(folder.path()), 3);
    let left = folder
        .path()
        .read_dir()
        .unwrap()
        .flatten()
        .map(|entry| entry.file_name());
    assert!(
        left.into_iter()
            .all(|name| name != "at-the-beginning" && name != "output")
    );
}

#[test]
fn a_program_that_ends_by_itself_is_complete_with_its_last_result() {
    let folder = tempfile::tempdir().unwrap();
    let stops_at_2 = program("[ $at -gt 2 ] && exit 0; save; print");
    let report = run(&stops_at_2, &Segment::example(folder.path(), (0, 4, 9))).unwrap();
    assert_eq!(losses(&report), [(1, 1.0), (2, 0.0), (4, 0.0)]);
    let mut next = Segment::example(folder.path(), (4, 9, 9));
    next.last = report.evaluations.last().cloned();
    assert_eq!(losses(&run(&stops_at_2, &next).unwrap()), [(9, 0.0)]);
}

#[test]
fn a_value_is_never_carried_forward_over_an_interruption() {
    let folder = tempfile::tempdir().unwrap();
    // It had finished; its last two lines are lost, as if it had been killed while they were still in its buffer.
    let mut segment = killed(folder.path(), 2, "4");
    segment.last = Some(Evaluation {
        at: Samples(0),
        metrics: [("loss".to_owned(), 99.0)].into(),
    });
    assert_eq!(losses(&run(&program("save; print"), &segment).unwrap()), WHOLE);
}

#[test]
fn more_output_than_the_disk_should_hold_is_followed_to_its_end() {
    let folder = tempfile::tempdir().unwrap();
    let flood = program("save; print; if [ $at = 2 ]; then yes 0123456789abcdef | head -n 1200000; fi");
    let report = run(&flood, &Segment::example(folder.path(), (0, 4, 9))).unwrap();
    assert_eq!(losses(&report), WHOLE);
}

#[test]
fn what_an_error_says_names_the_program_and_not_what_it_printed_before() {
    let folder = tempfile::tempdir().unwrap();
    let script = "echo 'MemoryError handled'; echo 'ValueError: unknown optimizer' >&2; exit 1";
    let Err(RunError::Trial(failure)) = run(script, &Segment::example(folder.path(), (0, 1, 1))) else {
        panic!("it must fail");
    };
    assert_eq!(failure.kind, FailureKind::Crashed);
    assert!(failure.message.contains("`ValueError: unknown optimizer`"), "{failure}");
    let silent = r#"echo '{"epoch": 1, "loss": 1}'; exit 3"#;
    let folder = tempfile::tempdir().unwrap();
    let Err(RunError::Trial(failure)) = run(silent, &Segment::example(folder.path(), (0, 2, 9))) else {
        panic!("it must fail");
    };
    insta::assert_snapshot!(failure.message, @"the program ended with exit code 3; it had reported epoch 1, and printed nothing else");
}
