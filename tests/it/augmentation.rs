//! Changes of training images, stochastic depth and the moving average: as parameters of a search.

use crate::support::{PICTURES, Sandbox, TEXTS};

/// Every change of images that the embedded network takes, and the moving average.
const CHANGES: &str = "
  horizontal_flip: {values: [0.0, 0.5], ordered: true}
  crop_scale: {min: 0.5, max: 1.0}
  jitter_brightness: 0.2
  jitter_hue: 0.05
  randaugment_ops: {values: [0, 1], ordered: true}
  random_erasing: 0.2
  mixup_alpha: 0.4
  cutmix_alpha: 1.0
  views: 2
  ema: 0.9
";

fn spec(parameters: &str) -> String {
    PICTURES
        .replace("parameters:\n", &format!("parameters:{parameters}"))
        .replace("{values: [2, 4], ordered: true}", "{values: [0, 2, 4], ordered: true}")
        .replace("trials: 2", "trials: 4")
}

#[test]
fn the_number_of_workers_changes_no_result_with_changed_images() {
    let sandbox = Sandbox::with_spec(&spec(CHANGES));
    let results = ["1", "8"].map(|workers| {
        let line = format!("search space.yaml --out study-{workers} --workers {workers}");
        sandbox.run(&line).expect_code(0);
        sandbox.results(&format!("study-{workers}"))
    });
    assert_eq!(results[0], results[1]);
}

#[test]
fn changes_that_do_not_fit_are_refused_before_anything_is_trained() {
    let sandbox = Sandbox::with_spec(&spec("\n  drop_path: 0.1\n"));
    let told = sandbox.run("validate space.yaml").expect_code(2).message();
    insta::assert_snapshot!(told, @"error: `parameters` does not fit the model `builtin:resnet8-cifar10`: the model has no blocks for `drop_path` (stochastic depth): leave it out");
    let texts = Sandbox::with_texts();
    texts.write(
        "space.yaml",
        TEXTS.replace("parameters:\n", "parameters:\n  crop_scale: {min: 0.5, max: 1.0}\n"),
    );
    let told = texts.run("validate space.yaml").expect_code(2).message();
    insta::assert_snapshot!(told, @"error: `parameters` does not fit the model `[FOLDER]/model`: `crop_scale` is for images, but the model takes texts: leave it out");
    let frozen = |parameters: &str| {
        let spec = spec(parameters).replace("[0, 2, 4]", "[2, 4]");
        let sandbox = Sandbox::with_spec(&spec);
        sandbox.run("validate space.yaml").expect_code(2).message()
    };
    insta::assert_snapshot!(frozen("\n  horizontal_flip: 0.5\n"), @"error: `parameters.horizontal_flip` has no effect, because `freeze_depth` is above 0 in every trial: set `views`, allow `freeze_depth: 0`, or leave it out");
    insta::assert_snapshot!(frozen("\n  mixup_alpha: 0.2\n  views: 2\n"), @"error: `parameters.mixup_alpha` has no effect, because `freeze_depth` is above 0 in every trial: allow `freeze_depth: 0`, or leave it out");
    let wild = Sandbox::with_spec(&spec("\n  randaugment_magnitude: 31\n"));
    assert!(
        wild.run("validate space.yaml")
            .expect_code(2)
            .message()
            .contains("must be between 0 and 30")
    );
}
