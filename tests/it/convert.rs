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
fn a_sweep_becomes_a_spec_that_runs_when_it_is_filled_in() {
    let sandbox = Sandbox::new();
    sandbox.write("sweep.yaml", SWEEP);
    let outcome = sandbox
        .run("convert --from wandb sweep.yaml --out space.yaml")
        .expect_code(0);
    assert_eq!(outcome.stdout, "");
    for said in [
        "note: line 6: the bounds of `log_uniform` are exponents of e",
        "note: the metric `val_accuracy` is called `accuracy` here",
        "note: trials ran `train.py`",
        "wrote `space.yaml`",
    ] {
        assert!(outcome.stderr.contains(said), "{said}\n{}", outcome.stderr);
    }
    let open = sandbox.read("space.yaml");
    sandbox
        .run("validate space.yaml")
        .expect_code(2)
        .says("the spec lacks `task`, `model` and `data`");
    let task = "task: image-classification\nmodel: builtin:resnet8-cifar10\ndata: {train: builtin:fashion-mini, train_limit: 60}\n";
    sandbox.write("filled.yaml", format!("{open}{task}"));
    sandbox.run("validate filled.yaml").expect_code(0);
    // Never over another file.
    sandbox
        .run("convert --from wandb sweep.yaml --out space.yaml")
        .expect_code(2)
        .says("exists already");
    assert_eq!(sandbox.read("space.yaml"), open);
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
