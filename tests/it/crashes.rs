//! A coordinator that is killed at any moment, and a journal that is cut at any byte, end in the same results.

#![cfg(target_os = "linux")]

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use crate::support::{SPHERE, Sandbox, events, eventually, processes};

/// Kills in all, and how many stories are told at a time.
const KILLS: usize = 200;
const AT_A_TIME: usize = 3;

/// Long enough for a kill to meet every phase of it.
const FLAGS: &str = "--trials 10 --set function.trial_seconds=0.1 --set function.jitter=0.01";

/// The level that every trial reached, and its number of segments, by the events of a journal.
fn trained(sandbox: &Sandbox, study: &str) -> BTreeMap<u64, (u64, u64)> {
    let mut trained = BTreeMap::new();
    for entry in events(&sandbox.path(study)) {
        let event = &entry["event"];
        if event["type"] == "segment_ended" {
            let reached = event["outcome"]["reached"]["reached"].as_u64().unwrap();
            let known = trained.entry(event["trial"].as_u64().unwrap()).or_insert((0, 0));
            *known = (reached.max(known.0), known.1 + 1);
        }
    }
    trained
}

#[test]
fn a_kill_at_any_moment_changes_nothing() {
    let sandbox = Sandbox::with_spec(SPHERE);
    let begun = Instant::now();
    sandbox
        .run(&format!("search space.yaml --out undisturbed {FLAGS}"))
        .expect_code(0);
    let length = begun.elapsed();
    let (expected, samples) = (sandbox.results("undisturbed"), trained(&sandbox, "undisturbed"));
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..AT_A_TIME {
            scope.spawn(|| {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= KILLS {
                        return;
                    }
                    // Spread evenly over the run, without a pattern (the golden ratio's multiples).
                    let moment = length.mul_f64((number as f64 * 0.618_033_988_749_895).fract());
                    let study = format!("killed-{number}");
                    survives(&sandbox, &study, moment);
                    assert_eq!(sandbox.results(&study), expected, "killed after {moment:?}");
                    assert_eq!(trained(&sandbox, &study), samples, "killed after {moment:?}");
                    std::fs::remove_dir_all(sandbox.path(&study)).unwrap();
                }
            });
        }
    });
    eventually("nothing is left", || processes(&sandbox.path("")).is_empty());
}

/// Runs a study that is killed after so long, and resumes it.
fn survives(sandbox: &Sandbox, study: &str, moment: Duration) {
    let search = sandbox.start(&format!("search space.yaml --out {study} {FLAGS}"));
    std::thread::sleep(moment);
    search.signal("KILL");
    let killed = search.finish();
    // It may have been done already; or not yet have begun, and then there is nothing to resume.
    if killed.code == Some(0) {
        return;
    }
    if events(&sandbox.path(study)).is_empty() {
        sandbox
            .run(&format!("search space.yaml --out {study} {FLAGS}"))
            .expect_code(0);
    } else {
        sandbox.run(&format!("resume {study}")).expect_code(0);
    }
}

#[test]
fn a_journal_that_ends_at_any_byte_goes_on_to_the_same_results() {
    let sandbox = Sandbox::with_spec(SPHERE);
    sandbox
        .run("search space.yaml --out undisturbed --trials 5")
        .expect_code(0);
    let expected = sandbox.results("undisturbed");
    let journal = std::fs::read(sandbox.path("undisturbed/journal.jsonl")).unwrap();
    let mut ends: Vec<usize> = journal
        .iter()
        .enumerate()
        .filter(|(_, byte)| **byte == b'\n')
        .map(|(at, _)| at + 1)
        .collect();
    // A study that has ended can be resumed only with more budget.
    ends.pop();
    for (&end, &next) in ends.iter().zip(ends.iter().skip(1)) {
        // Before the next event; in its first byte, its middle, its checksum; all of it but the newline.
        for cut in [end, end + 1, end.midpoint(next), next - 5, next - 1] {
            sandbox.write("cut/journal.jsonl", &journal[..cut]);
            for name in ["spec.yaml", "manifest.json"] {
                sandbox.write(&format!("cut/{name}"), sandbox.read(&format!("undisturbed/{name}")));
            }
            for name in ["checkpoints", "logs"] {
                std::fs::create_dir_all(sandbox.path("cut").join(name)).unwrap();
            }
            sandbox.run("resume cut").expect_code(0);
            assert_eq!(
                sandbox.results("cut"),
                expected,
                "cut at byte {cut} of {}",
                journal.len()
            );
            std::fs::remove_dir_all(sandbox.path("cut")).unwrap();
        }
    }
}
