//! Search spaces of other programs, turned into specs.

use super::support::Sandbox;

const SWEEP: &str = "\
program: train.py
method: random
metric: {name: val_accuracy, goal: maximize}
run_cap: 3
parameters:
  learning_rate: {distribution: log_uniform, min: -9.21034037197618, max: -4.605170185988091}
  freeze_depth: {values: [2, 4]}
early_terminate: {type: hyperband, min_iter: 1, max_iter: 2, eta: 2}
";

#[test]
fn a_sweep_becomes_a_spec_that_runs_its_program() {
    let sandbox = Sandbox::new();
    sandbox.write("sweep.yaml", SWEEP);
    let outcome = sandbox
        .run("convert --from wandb sweep.yaml --out space.yaml")
        .expect_code(0);
    assert_eq!(outcome.stdout, "");
    for said in [
        "note: line 6: the bounds of `log_uniform` are exponents of e",
        "needs `wandb: shim` in the spec",
        "wrote `space.yaml`",
    ] {
        assert!(outcome.stderr.contains(said), "{said}\n{}", outcome.stderr);
    }
    let spec = sandbox.read("space.yaml");
    sandbox
        .run("validate space.yaml")
        .expect_code(2)
        .says("there is no file `train.py`");
    sandbox.write(
        "train.py",
        "import json, sys\nassert any(word.startswith('--learning_rate=') for word in sys.argv)\n\
         for epoch in (1, 2):\n    print(json.dumps({'epoch': epoch, 'val_accuracy': epoch / 4}), flush=True)\n",
    );
    let spec = spec.replace(
        "program: train.py",
        "program: train.py\ncommand: [python3, \"${program}\", \"${args}\"]",
    );
    sandbox.write("space.yaml", &spec);
    sandbox.run("validate space.yaml").expect_code(0);
    sandbox.run("search space.yaml --out study -q").expect_code(0);
    assert!(sandbox.leaderboard("study").contains("val_accuracy"));
    // Never over another file.
    sandbox
        .run("convert --from wandb sweep.yaml --out space.yaml")
        .expect_code(2)
        .says("exists already");
    assert_eq!(sandbox.read("space.yaml"), spec);
}

#[test]
fn a_search_space_in_a_file_of_its_own_is_found_beside_its_configuration() {
    let sandbox = Sandbox::new();
    sandbox.write(
        "nni/config.yaml",
        "searchSpaceFile: space.json\ntrialCommand: python t.py\nmaxTrialNumber: 5\n",
    );
    sandbox.write("nni/space.json", r#"{"n": {"_type": "randint", "_value": [0, 5]}}"#);
    let spec = sandbox.run("convert --from nni nni/config.yaml").expect_code(0).stdout;
    assert!(
        spec.contains("n: {distribution: int_uniform, min: 0, max: 4}"),
        "{spec}"
    );
}

#[test]
fn what_holds_no_search_space_says_so() {
    let sandbox = Sandbox::new();
    sandbox.write("empty.py", "print('hello')\n");
    sandbox.write("broken.yaml", "a: [\n");
    for (arguments, said) in [
        (
            "convert --from ray empty.py",
            "there is no search space of Ray Tune in `empty.py`",
        ),
        ("convert --from optuna empty.py", "nor a call of `suggest_…`"),
        ("convert --from katib broken.yaml", "this is not valid YAML"),
        ("convert --from wandb nowhere.yaml", "cannot read `nowhere.yaml`"),
    ] {
        sandbox.run(arguments).expect_code(2).says(said);
    }
}
