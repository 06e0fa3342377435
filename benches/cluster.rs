//! A study whose workers are pretended: they join over TCP and end every segment at once. Prints the time from a
//! segment's end to the order to run the next one, the time and the memory of the search, and lost or doubled segments.
//!
//! `cargo bench --bench cluster -- WORKERS TRIALS`, 100 and 2,000 by default. With 0 trials the workers only join, and the
//! cost of their heartbeats is measured for 30 seconds.

#![expect(clippy::print_stdout, reason = "a benchmark reports to its terminal")]

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use automl::transports::tcp::{Pretended, pretend};
use automl::trials::{Evaluation, Segment, SegmentReport, Usage};

const HEARTBEATS: Duration = Duration::from_secs(30);

fn main() {
    let numbers: Vec<usize> = std::env::args().filter_map(|word| word.parse().ok()).collect();
    let workers = numbers.first().copied().unwrap_or(100);
    let trials = numbers.get(1).copied().unwrap_or(2_000);
    local(trials.clamp(1, 2_000));
    over_tcp(workers, trials);
}

/// Every segment of one local worker in turn: the time of a segment is that of its dispatch and of a trivial trial.
fn local(trials: usize) {
    let folder = tempfile::tempdir().expect("there is a temporary folder");
    let begun = Instant::now();
    let mut search = search(folder.path(), trials, 1, "");
    search.wait().expect("it was started");
    let each = begun.elapsed().as_secs_f64() / trials as f64;
    println!(
        "local, 1 worker: {trials} segments, {:.2} ms for each, with the start of the program",
        each * 1e3
    );
}

fn over_tcp(workers: usize, trials: usize) {
    let folder = tempfile::tempdir().expect("there is a temporary folder");
    let cluster = "cluster: {engine: tcp, listen: 127.0.0.1, lease: 60s}\n";
    let mut search = search(folder.path(), trials.max(1), workers, cluster);
    let study = folder.path().join("study");
    while !study.join("endpoint.json").exists() {
        std::thread::sleep(Duration::from_millis(10));
    }
    let begun = Instant::now();
    let is_silent = trials == 0;
    let crew: Vec<_> = (0..workers)
        .map(|_| {
            let study = study.clone();
            let answer = move |segment: &Segment| {
                if is_silent {
                    std::thread::sleep(HEARTBEATS * 4);
                }
                report(segment)
            };
            std::thread::spawn(move || pretend(&study, answer))
        })
        .collect();
    if is_silent {
        std::thread::sleep(HEARTBEATS);
        let before = usage(&search);
        std::thread::sleep(HEARTBEATS);
        let after = usage(&search);
        let share = (after.0 - before.0) / HEARTBEATS.as_secs_f64();
        println!(
            "{workers} workers that only send heartbeats: {:.2} % of a core, {} MiB",
            share * 100.0,
            after.1
        );
        let _ = search.kill();
        let _ = search.wait();
        std::process::exit(0);
    }
    let mut last = (0.0, 0);
    while search.try_wait().expect("it was started").is_none() {
        last = usage(&search);
        std::thread::sleep(Duration::from_millis(20));
    }
    let seconds = begun.elapsed().as_secs_f64();
    let work: Vec<Pretended> = crew.into_iter().filter_map(|worker| worker.join().ok()?.ok()).collect();
    let mut waits: Vec<f64> = work
        .iter()
        .flat_map(|work| &work.waits)
        .map(Duration::as_secs_f64)
        .collect();
    waits.sort_by(f64::total_cmp);
    let at = |share: f64| waits.get((waits.len() as f64 * share) as usize).copied().unwrap_or(0.0) * 1e3;
    let (missing, doubled) = audit(&study, trials);
    println!(
        "{workers} workers over TCP: {trials} segments in {seconds:.1} s; from an end to the next order p50 {:.2} ms, p99 {:.2} ms; \
         the search used {:.1} s of a core and {} MiB; {missing} lost, {doubled} doubled",
        at(0.5),
        at(0.99),
        last.0,
        last.1
    );
}

fn search(folder: &Path, trials: usize, workers: usize, cluster: &str) -> Child {
    let spec = format!(
        "name: bench\nfunction: {{name: sphere}}\nparameters: {{x: {{min: 0.0, max: 1.0}}}}\nmethod: random\nepochs: {{min: 1, max: 1}}\n\
         early_terminate: {{type: none}}\nbudget: {{trials: {trials}}}\nresources: {{workers: 1, logical_workers: {workers}}}\nseed: 1\n{cluster}"
    );
    std::fs::write(folder.join("space.yaml"), spec).expect("the folder can be written");
    Command::new(env!("CARGO_BIN_EXE_automl"))
        .args(["search", "space.yaml", "--out", "study", "-q"])
        .current_dir(folder)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .spawn()
        .expect("the program is built")
}

fn report(segment: &Segment) -> SegmentReport {
    let evaluation = Evaluation {
        at: segment.to,
        metrics: BTreeMap::from([("loss".to_owned(), 0.5)]),
    };
    SegmentReport {
        reached: segment.to,
        evaluations: vec![evaluation],
        trainable_parameters: 0,
        training: automl::trials::TrainingCurve::default(),
        usage: Usage::default(),
    }
}

/// Seconds of a core, and the peak of the memory in MiB.
fn usage(process: &Child) -> (f64, u64) {
    let read = |name: &str| std::fs::read_to_string(format!("/proc/{}/{name}", process.id())).unwrap_or_default();
    let stat = read("stat");
    let after = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
    let ticks: f64 = after
        .split_whitespace()
        .skip(11)
        .take(2)
        .filter_map(|text| text.parse::<f64>().ok())
        .sum();
    let status = read("status");
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let peak = peak
        .and_then(|text| text.split_whitespace().next()?.parse::<u64>().ok())
        .unwrap_or(0);
    // Linux counts 100 ticks a second.
    (ticks / 100.0, peak >> 10)
}

/// Segments that the journal lacks, and those that it has twice.
fn audit(study: &Path, trials: usize) -> (usize, usize) {
    let journal = std::fs::read_to_string(study.join("journal.jsonl")).unwrap_or_default();
    let mut ends: BTreeMap<u64, usize> = BTreeMap::new();
    for line in journal.lines().filter(|line| line.contains("segment_ended")) {
        let entry: serde_json::Value = serde_json::from_str(line).unwrap_or_default();
        *ends
            .entry(entry["event"]["trial"].as_u64().unwrap_or(u64::MAX))
            .or_default() += 1;
    }
    let doubled = ends.values().filter(|count| **count > 1).count();
    (trials.saturating_sub(ends.len()), doubled)
}
