//! The audit of a study on a cluster: every trial once, no step of an old run after a newer one began, and the
//! leaderboard of a single machine.

use std::collections::BTreeMap;

use super::{Sandbox, events};

/// A program that counts its epochs in its checkpoint and writes every step into a file that all machines share.
const TRAIN: &str = r#"at=$(cat "$AUTOML_CHECKPOINT/at" 2>/dev/null || echo 0)
while [ "$at" -lt "$AUTOML_EPOCHS" ]; do
  part=0
  while [ "$part" -lt 4 ]; do
    sleep 0.1
    echo "$AUTOML_TRIAL $$-$PPID-$(cut -d' ' -f22 /proc/$$/stat)" >> "$STEPS"
    part=$((part + 1))
  done
  at=$((at + 1))
  echo "$at" > "$AUTOML_CHECKPOINT/at.new"
  mv "$AUTOML_CHECKPOINT/at.new" "$AUTOML_CHECKPOINT/at"
  echo "{\"epoch\": $at, \"loss\": $(awk "BEGIN {print ($AUTOML_PARAM_X - 0.3) ^ 2 + 1 / $at}")}"
done
"#;

/// A study of external programs, with `cluster` as its last lines, and its leaderboard on one machine.
pub(crate) fn story(cluster: &str) -> (Sandbox, String) {
    let sandbox = Sandbox::new();
    let steps = sandbox.path("steps.txt");
    let spec = format!(
        "name: audited\ncommand: [sh, {}]\nmetric: {{name: loss, goal: minimize}}\nmethod: random\n\
         parameters: {{x: {{min: 0.0, max: 1.0}}}}\nepochs: {{min: 1, max: 4}}\nearly_terminate: {{type: asha, eta: 2}}\n\
         budget: {{trials: 6}}\nresources: {{logical_workers: 3}}\nseed: 7\n",
        sandbox.path("train.sh").display()
    );
    sandbox.write(
        "train.sh",
        TRAIN
            .replace("$STEPS", &steps.display().to_string())
            .replace("sleep 0.1", "sleep 0.01"),
    );
    sandbox.write("space.yaml", &spec);
    sandbox.run("search space.yaml --out alone --workers 2").expect_code(0);
    let alone = sandbox.leaderboard("alone");
    std::fs::remove_file(&steps).unwrap();
    sandbox.write("train.sh", TRAIN.replace("$STEPS", &steps.display().to_string()));
    sandbox.write("space.yaml", format!("{spec}{cluster}"));
    (sandbox, alone)
}

/// Fails unless the study in `study` has counted every segment once, no step of an old run came after a newer one began,
/// and its leaderboard is that of one machine.
#[track_caller]
pub(crate) fn audit(sandbox: &Sandbox, alone: &str) {
    assert_eq!(sandbox.leaderboard("study"), alone);
    let entries = events(&sandbox.path("study"));
    let ended = entries.iter().filter(|entry| entry["event"]["type"] == "segment_ended");
    let mut ends: Vec<String> = ended
        .map(|entry| {
            format!(
                "{} {}",
                entry["event"]["trial"], entry["event"]["outcome"]["reached"]["reached"]
            )
        })
        .collect();
    let all = ends.len();
    ends.sort();
    ends.dedup();
    assert_eq!(ends.len(), all, "a segment counts once");
    let steps = std::fs::read_to_string(sandbox.path("steps.txt")).unwrap_or_default();
    assert_eq!(
        stale_steps(&steps),
        Vec::<String>::new(),
        "steps of an old run after a newer one began"
    );
}

/// The steps of a run of a trial that come after the first step of a later run.
pub(crate) fn stale_steps(steps: &str) -> Vec<String> {
    let mut runs: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    let mut stale = Vec::new();
    for (trial, run) in steps.lines().filter_map(|line| line.split_once(' ')) {
        let known = runs.entry(trial).or_default();
        match known.iter().position(|&earlier| earlier == run) {
            None => known.push(run),
            Some(index) if index + 1 < known.len() => stale.push(format!("trial {trial}: {run}")),
            Some(_) => {}
        }
    }
    stale
}

#[test]
fn the_audit_sees_a_step_that_comes_too_late() {
    assert!(stale_steps("0 a\n0 a\n1 b\n0 c\n0 c\n").is_empty());
    assert_eq!(stale_steps("0 a\n0 c\n0 a\n"), ["trial 0: a"]);
}
