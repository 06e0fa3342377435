//! External programs as trials: what they are told, how they report, how they are stopped, and what becomes of their faults.

#![cfg(target_os = "linux")]

use std::time::Duration;

use crate::support::{Sandbox, count, eventually, kill, processes};

/// A study of a program that takes a value and reports it back, better with every epoch. Its checkpoint is the epoch that
/// it has reached, and every epoch that it trains leaves a line in `trained`.
const PROGRAM: &str = "\
name: program
command: [sh, train.sh, \"{x}\"]
metric: {name: loss, goal: minimize}
parameters:
  x: {min: 0.0, max: 1.0}
method: random
epochs: {min: 1, max: 9}
early_terminate: {type: asha, eta: 3}
budget: {trials: 9}
resources: {logical_workers: 2, workers: 2}
seed: 7
";

const TRAIN: &str = "\
at=$(cat \"$AUTOML_CHECKPOINT/epoch\" 2>/dev/null || echo 0)
while [ $at -lt $AUTOML_EPOCHS ]; do
  at=$((at + 1))
  sleep ${PAUSE:-0}
  echo \"$AUTOML_TRIAL $at\" >> trained
  echo \"training epoch $at\"
  echo \"{\\\"epoch\\\": $at, \\\"loss\\\": $1}\"
  echo $at > \"$AUTOML_CHECKPOINT/new\" && mv \"$AUTOML_CHECKPOINT/new\" \"$AUTOML_CHECKPOINT/epoch\"
done
";

fn sandbox() -> Sandbox {
    let sandbox = Sandbox::with_spec(PROGRAM);
    sandbox.write("train.sh", TRAIN);
    sandbox
}

/// A study of one shell line.
fn shell(line: &str, more: &str) -> Sandbox {
    let line = serde_json::to_string(line).unwrap();
    Sandbox::with_spec(&format!(
        "name: shell\ncommand: {{shell: {line}}}\nmetric: {{name: loss, goal: minimize}}\nparameters: {{x: {{min: 0.0, max: 1.0}}}}\n\
         method: random\nbudget: {{trials: 2}}\nresources: {{workers: 1, logical_workers: 1}}\n{more}"
    ))
}

#[test]
fn a_program_is_searched_rung_by_rung_and_goes_on_from_its_checkpoint() {
    let sandbox = sandbox();
    sandbox.run("search space.yaml --out study").expect_code(0);
    let leaderboard = sandbox.leaderboard("study");
    assert_eq!(leaderboard.lines().count(), 10, "{leaderboard}");
    let best: f64 = leaderboard
        .lines()
        .nth(1)
        .unwrap()
        .split(',')
        .nth(3)
        .unwrap()
        .parse()
        .unwrap();
    let all = leaderboard
        .lines()
        .skip(1)
        .map(|line| line.split(',').nth(3).unwrap().parse::<f64>().unwrap());
    assert_eq!(all.fold(f64::INFINITY, f64::min), best);
    // Trials resumed where they had paused: no epoch was trained twice.
    let trained = sandbox.read("trained");
    let mut lines: Vec<&str> = trained.lines().collect();
    assert_eq!(lines.len(), epochs(&leaderboard), "{trained}");
    lines.sort_unstable();
    lines.dedup();
    assert_eq!(lines.len(), epochs(&leaderboard), "{trained}");
    assert!(sandbox.read("study/logs/trial-0.log").contains("training epoch 1\n"));
    assert!(sandbox.read("study/best.yaml").contains("train.sh"));
    eventually("nothing is left", || processes(&sandbox.path("")).is_empty());
}

/// The epochs that all trials of a leaderboard were trained for.
fn epochs(leaderboard: &str) -> usize {
    let index = leaderboard
        .lines()
        .next()
        .unwrap()
        .split(',')
        .position(|column| column == "epochs")
        .unwrap();
    leaderboard
        .lines()
        .skip(1)
        .map(|line| line.split(',').nth(index).unwrap().parse::<usize>().unwrap())
        .sum()
}

#[test]
fn kills_change_nothing_and_train_no_epoch_twice() {
    let sandbox = sandbox();
    sandbox.run("search space.yaml --out undisturbed").expect_code(0);
    let expected = sandbox.leaderboard("undisturbed");
    std::fs::remove_file(sandbox.path("trained")).unwrap();
    sandbox.write("train.sh", TRAIN.replace("PAUSE:-0", "PAUSE:-0.03"));
    let study = sandbox.path("study");
    let mut line = "search space.yaml --out study".to_owned();
    for _ in 0..3 {
        let before = count(&study, "segment_delivered");
        let mut search = sandbox.start(&line);
        search.wait_until("results", || count(&study, "segment_delivered") >= before + 2);
        // First a worker, then everything.
        if let Some(worker) = search.workers().first() {
            kill(*worker, "KILL");
        }
        search.wait_until("more results", || count(&study, "segment_delivered") >= before + 3);
        search.signal("KILL");
        search.finish();
        eventually("its programs are gone too", || processes(&sandbox.path("")).is_empty());
        "resume study".clone_into(&mut line);
    }
    sandbox.run(&line).expect_code(0);
    assert_eq!(sandbox.leaderboard("study"), expected);
    // The epoch during which a kill came is trained again, no other.
    let trained = sandbox.read("trained").lines().count();
    let needed = epochs(&expected);
    assert!(
        (needed..=needed + 3 * 3).contains(&trained),
        "{trained} epochs for {needed}"
    );
}

#[test]
fn a_program_does_not_outlive_a_killed_worker() {
    let sandbox = shell("sleep 0.2; sleep 100 & echo {\\\"loss\\\": 1}; sleep 100", "");
    let mut search = sandbox.start("search space.yaml --out study --json");
    for losses in 1..=2 {
        search.wait_until("a program at work", || {
            processes(&sandbox.path("")).len() >= 4 && !search_said(&sandbox, losses)
        });
        kill(search.workers()[0], "KILL");
        search.wait_until_said("a loss", |said| said.matches("\"worker_lost\"").count() == losses);
        if losses == 2 {
            break;
        }
    }
    search.signal("KILL");
    search.finish();
    eventually("nothing is left", || processes(&sandbox.path("")).is_empty());
}

/// Returns whether the journal has at least this many lost segments.
fn search_said(sandbox: &Sandbox, losses: usize) -> bool {
    count(&sandbox.path("study"), "segment_lost") >= losses
}

#[test]
fn what_goes_wrong_with_a_program_has_a_name() {
    for (line, reason, said) in [
        ("exit 3", "crashed", "exit code 3"),
        ("echo oh no >&2; exit 1", "crashed", "its last line was `oh no`"),
        ("kill -SEGV $$", "crashed", "signal: 11"),
        ("echo '{\"loss\": NaN}'; sleep 100", "diverged", "that is not finite"),
        ("echo MemoryError; exit 1", "out_of_memory", "MemoryError"),
        ("echo '{\"accuracy\": 1}'", "invalid", "only others such as `accuracy`"),
        ("true", "invalid", "no line of JSON"),
    ] {
        let sandbox = shell(line, "");
        sandbox.run("search space.yaml --out study").expect_code(4);
        let leaderboard = sandbox.leaderboard("study");
        assert_eq!(
            leaderboard.matches(&format!(",{reason},")).count(),
            2,
            "{line}\n{leaderboard}"
        );
        assert!(
            sandbox.read("study/journal.jsonl").contains(said),
            "{line}\n{}",
            sandbox.read("study/journal.jsonl")
        );
        assert_eq!(processes(&sandbox.path("")), Vec::<u32>::new());
    }
}

#[test]
fn a_trial_beyond_its_limits_fails_and_the_study_goes_on() {
    for (line, limits, reason) in [
        ("sleep 100", "{wall: 300ms}", "timed_out"),
        ("sleep 100", "{silence: 300ms}", "timed_out"),
        (
            "(head -c 300M /dev/zero; sleep 100) | tail",
            "{memory: 200MB}",
            "out_of_memory",
        ),
    ] {
        let sandbox = shell(line, &format!("trial_limits: {limits}\n"));
        let search = sandbox.run("search space.yaml --out study").expect_code(4);
        assert!(search.seconds < Duration::from_mins(1), "{:?}", search.seconds);
        let leaderboard = sandbox.leaderboard("study");
        assert_eq!(
            leaderboard.matches(&format!(",{reason},")).count(),
            2,
            "{line}\n{leaderboard}"
        );
        eventually("nothing is left", || processes(&sandbox.path("")).is_empty());
    }
}

#[test]
fn a_program_that_writes_anything_is_not_silent() {
    let line = "for i in 1 2 3 4 5 6 7 8; do echo step >&2; sleep 0.3; done; echo '{\"loss\": 1}'";
    let sandbox = shell(line, "trial_limits: {silence: 1s}\n");
    sandbox.run("search space.yaml --out study --trials 1").expect_code(0);
}

#[test]
fn what_a_program_leaves_behind_does_not_delay_its_end() {
    let line = "(while :; do echo '{\"other\": 2}'; done) & echo '{\"loss\": 1}'";
    let sandbox = shell(line, "trial_limits: {wall: 20s}\n");
    sandbox.run("search space.yaml --out study").expect_code(0);
    assert_eq!(sandbox.leaderboard("study").matches(",completed,").count(), 2);
    eventually("nothing is left", || processes(&sandbox.path("")).is_empty());
}

#[test]
fn a_configuration_that_cannot_be_started_is_invalid_and_the_others_go_on() {
    let long = "x".repeat(300_000);
    let sandbox = Sandbox::with_spec(&format!(
        "name: scripts\ncommand: [\"{{script}}\"]\nmetric: {{name: loss, goal: minimize}}\nmethod: grid\nbudget: {{trials: 4}}\n\
         parameters:\n  script: {{values: [./there.sh, ./missing.sh]}}\n  text: {{values: [short, {long}]}}\n"
    ));
    sandbox.write("there.sh", "#!/bin/sh\necho '{\"loss\": 1}'\n");
    make_executable(&sandbox, "there.sh");
    sandbox.run("search space.yaml --out study").expect_code(0);
    let leaderboard = sandbox.leaderboard("study");
    let count = |what: &str| leaderboard.matches(what).count();
    assert_eq!(
        (count(",completed,"), count(",invalid,")),
        (1, 3),
        "{}",
        leaderboard.replace(&long, "long")
    );
}

fn make_executable(sandbox: &Sandbox, name: &str) {
    use std::os::unix::fs::PermissionsExt as _;
    let permissions = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(sandbox.path(name), permissions).unwrap();
}

#[test]
fn an_interrupt_is_a_sigterm_to_the_whole_group() {
    let line = "trap 'echo told > told; exit 0' TERM; echo '{\"loss\": 1}'; sleep 100 & wait";
    let sandbox = shell(line, "");
    let mut search = sandbox.start("search space.yaml --out study --json");
    search.wait_until("a program at work", || processes(&sandbox.path("")).len() >= 4);
    search.signal("INT");
    search.finish().expect_code(130);
    assert_eq!(sandbox.read("told"), "told\n");
    assert_eq!(count(&sandbox.path("study"), "segment_ended"), 0);
    eventually("nothing is left", || processes(&sandbox.path("")).is_empty());
}

#[test]
fn a_program_that_ignores_sigterm_is_killed() {
    let line = "trap '' TERM; while :; do sleep 0.1; done";
    let sandbox = shell(line, "budget: {wall: 3s}\n".replace("budget", "trial_limits").as_str());
    let search = sandbox.run("search space.yaml --out study --trials 1").expect_code(4);
    assert!(search.seconds < Duration::from_secs(30), "{:?}", search.seconds);
    assert!(sandbox.leaderboard("study").contains(",timed_out,"));
    eventually("nothing is left", || processes(&sandbox.path("")).is_empty());
}

#[test]
fn a_sweep_of_weights_and_biases_runs_as_it_is() {
    let sandbox = Sandbox::with_spec(
        "program: train.py\nmethod: bayes\nmetric: {name: val_loss, goal: minimize}\nproject: mine\n\
         command: [\"${env}\", sh, \"${program}\", \"${args}\"]\nrun_cap: 3\n\
         parameters:\n  learning_rate: {min: 0.001, max: 0.1}\n  layers: {values: [1, 2]}\n",
    );
    sandbox.write(
        "train.py",
        "for word in \"$@\"; do case $word in --learning_rate=*) rate=${word#*=};; esac; done\necho \"{\\\"val_loss\\\": $rate}\"\n",
    );
    sandbox.run("search space.yaml --out study").expect_code(0);
    assert_eq!(sandbox.leaderboard("study").matches(",completed,").count(), 3);
}

#[test]
fn a_program_that_is_not_there_is_an_error_before_anything_is_written() {
    let sandbox = Sandbox::with_spec(
        "command: [no-such-program, \"{x}\"]\nmetric: loss\nparameters: {x: 1}\nbudget: {trials: 1}\n",
    );
    let search = sandbox.run("search space.yaml --out study").expect_code(2);
    assert!(search.message().contains("no-such-program"), "{}", search.stderr);
    assert!(!sandbox.path("study").exists());
}

#[test]
fn no_value_reaches_a_shell_as_code() {
    let sandbox = Sandbox::with_spec(
        "command: {shell: 'printf \"%s\" \"$AUTOML_PARAM_NAME\" > \"said-$AUTOML_TRIAL\"; echo \"{\\\"loss\\\": 1}\"'}\nmetric: loss\n\
         parameters: {name: {values: ['$(touch pwned)', '`touch pwned`', '\"; touch pwned; \"']}}\nmethod: grid\nbudget: {trials: 3}\n",
    );
    sandbox.run("search space.yaml --out study").expect_code(0);
    assert!(!sandbox.path("pwned").exists());
    let said: Vec<String> = (0..3).map(|trial| sandbox.read(&format!("said-{trial}"))).collect();
    assert!(said.contains(&"$(touch pwned)".to_owned()), "{said:?}");
}

#[test]
fn the_example_in_python_is_searched_and_resumed() {
    if std::process::Command::new("python3").arg("--version").output().is_err() {
        println!("skipped: there is no `python3`");
        return;
    }
    let spaces = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("search-spaces");
    let sandbox = Sandbox::with_spec(&std::fs::read_to_string(spaces.join("command.yaml")).unwrap());
    sandbox.write(
        "command/train.py",
        std::fs::read(spaces.join("command/train.py")).unwrap(),
    );
    sandbox.run("search space.yaml --out undisturbed").expect_code(0);
    let study = sandbox.path("study");
    let mut search = sandbox.start("search space.yaml --out study");
    search.wait_until("results", || count(&study, "segment_delivered") >= 5);
    search.signal("INT");
    search.finish().expect_code(130);
    sandbox.run("resume study").expect_code(0);
    assert_eq!(sandbox.results("study"), sandbox.results("undisturbed"));
    let best: f64 = sandbox
        .leaderboard("study")
        .lines()
        .nth(1)
        .unwrap()
        .split(',')
        .nth(3)
        .unwrap()
        .parse()
        .unwrap();
    assert!(best > 0.6, "{best}");
}

#[test]
fn two_thousand_short_programs_leave_nothing_behind() {
    let sandbox = shell("echo \"{\\\"loss\\\": $AUTOML_PARAM_X}\"", "");
    sandbox
        .run("search space.yaml --out study --trials 2000 --workers 2 --set resources.logical_workers=2")
        .expect_code(0);
    let leaderboard = sandbox.leaderboard("study");
    assert_eq!(leaderboard.matches(",completed,").count(), 2000);
    eventually("no process is left", || processes(&sandbox.path("")).is_empty());
    let left = sandbox.list("study");
    let files = [
        "best.yaml",
        "elapsed",
        "incumbent.csv",
        "journal.jsonl",
        "leaderboard.csv",
        "lock",
        "manifest.json",
        "spec.yaml",
    ];
    let others: Vec<&String> = left.iter().filter(|name| !files.contains(&name.as_str())).collect();
    // The folders, the workers' logs, and the best trial's checkpoint.
    assert!(others.len() <= 9, "{others:?}");
    sandbox.run("resume study").expect_code(0);
}
