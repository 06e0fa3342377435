//! Population-based training through the program: clones start from the state of their parents, also after interruptions and crashes.

#![cfg(target_os = "linux")]

use crate::support::{Sandbox, count, events, eventually, processes};

const PBT: &str = "--trials 12 --set early_terminate={type: pbt, population: 4, interval: 1, quantile: 0.3}";

/// Sandbox and flags; a value with blanks in it cannot be a flag, so the spec has it.
fn texts() -> (Sandbox, &'static str) {
    let sandbox = Sandbox::with_texts();
    let spec = sandbox.read("space.yaml");
    let early = PBT.split_once("early_terminate=").unwrap().1;
    sandbox.write(
        "space.yaml",
        spec.replace("{type: none}", early)
            .replace("{min: 1, max: 4}", "{min: 1, max: 6}"),
    );
    (sandbox, "--trials 12 --set resources.logical_workers=4")
}

/// Number of trials that were cloned from others.
fn clones(sandbox: &Sandbox, study: &str) -> usize {
    let all = events(&sandbox.path(study));
    all.iter()
        .filter(|entry| entry["event"]["created"]["parent"].is_object())
        .count()
}

#[test]
fn clones_of_fine_tuned_models_are_the_same_after_a_kill_and_with_any_number_of_workers() {
    let (sandbox, flags) = texts();
    sandbox
        .run(&format!("search space.yaml --out undisturbed --workers 2 {flags}"))
        .expect_code(0);
    let leaderboard = sandbox.leaderboard("undisturbed");
    assert!(clones(&sandbox, "undisturbed") > 2, "{leaderboard}");
    assert!(!leaderboard.contains(",failed,"), "{leaderboard}");
    assert!(
        leaderboard.lines().next().unwrap().contains(",origin,parent,"),
        "{leaderboard}"
    );
    sandbox
        .run(&format!("search space.yaml --out alone --workers 1 {flags}"))
        .expect_code(0);
    assert_eq!(sandbox.leaderboard("alone"), leaderboard);
    for moment in [20, 45] {
        let name = format!("killed-{moment}");
        let study = sandbox.path(&name);
        let mut search = sandbox.start(&format!("search space.yaml --out {name} --workers 2 {flags}"));
        search.wait_for_events(&study, moment);
        search.signal("KILL");
        search.finish();
        eventually("nothing is left", || processes(&sandbox.path("")).is_empty());
        sandbox.run(&format!("resume {name}")).expect_code(0);
        assert_eq!(sandbox.leaderboard(&name), leaderboard, "killed after {moment} events");
    }
}

/// A program whose checkpoint is the list of all rates that it, and those it is descended from, were trained with.
const LINEAGE: &str = "\
rates=$(cat \"$AUTOML_CHECKPOINT/rates\" 2>/dev/null)
at=$(echo $rates | wc -w)
while [ $at -lt $AUTOML_EPOCHS ]; do
  at=$((at + 1))
  rates=\"$rates $AUTOML_PARAM_RATE\"
  echo \"{\\\"epoch\\\": $at, \\\"loss\\\": $AUTOML_PARAM_RATE, \\\"trained\\\": $(echo $rates | wc -w)}\"
  echo $rates > \"$AUTOML_CHECKPOINT/new\" && mv \"$AUTOML_CHECKPOINT/new\" \"$AUTOML_CHECKPOINT/rates\"
done
echo \"$AUTOML_TRIAL: $rates\" >> lineages
";

#[test]
fn a_programs_clone_gets_the_checkpoint_as_it_was() {
    let early = PBT.split_once("early_terminate=").unwrap().1;
    let sandbox = Sandbox::with_spec(&format!(
        "command: [sh, train.sh]\nmetric: {{name: loss, goal: minimize}}\nparameters: {{rate: {{min: 0.001, max: 1.0, log: true}}}}\nmethod: random\n\
         epochs: {{min: 1, max: 6}}\nearly_terminate: {early}\nbudget: {{trials: 12}}\nresources: {{workers: 2, logical_workers: 4}}\nseed: 3\n"
    ));
    sandbox.write("train.sh", LINEAGE);
    sandbox.run("search space.yaml --out study").expect_code(0);
    assert!(clones(&sandbox, "study") > 2);
    // Every trial was trained, by itself or by its ancestors, for exactly as many epochs as it says it is old.
    let mut reports = 0;
    for entry in events(&sandbox.path("study")) {
        for evaluation in entry["event"]["outcome"]["reached"]["evaluations"]
            .as_array()
            .into_iter()
            .flatten()
        {
            assert_eq!(
                evaluation["at"].as_f64(),
                evaluation["metrics"]["trained"].as_f64(),
                "{entry}"
            );
            reports += 1;
        }
    }
    assert!(reports > 20, "{reports}");
    assert_eq!(count(&sandbox.path("study"), "segment_lost"), 0);
    // And a clone's own history begins with its parent's.
    let lineages = sandbox.read("lineages");
    let last = |trial: u64| {
        let of_trial = lineages.lines().rfind(|line| line.starts_with(&format!("{trial}:")));
        of_trial
            .unwrap_or_default()
            .split_once(": ")
            .map_or("", |(_, rates)| rates.trim())
            .to_owned()
    };
    for entry in events(&sandbox.path("study")) {
        let (event, created) = (&entry["event"], &entry["event"]["created"]);
        if let Some(at) = created["parent"]["at"].as_u64() {
            let (child, parent) = (
                event["trial"].as_u64().unwrap(),
                created["parent"]["trial"].as_u64().unwrap(),
            );
            let inherited = |trial| {
                last(trial)
                    .split(' ')
                    .take(at as usize)
                    .map(str::to_owned)
                    .collect::<Vec<_>>()
            };
            assert_eq!(inherited(child), inherited(parent), "{lineages}");
        }
    }
}
