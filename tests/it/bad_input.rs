//! Invalid input: exit code 2, one helpful message, and no half-written files.

use crate::support::{REVIEWS, SPHERE, Sandbox, TEXTS, write_reviews};

/// The error of `automl search` for an invalid spec; it must not leave a folder behind.
#[track_caller]
fn refused(sandbox: &Sandbox, flags: &str) -> String {
    let search = sandbox
        .run(&format!("search space.yaml --out study {flags}"))
        .expect_code(2);
    assert_eq!(search.stdout, "");
    assert_eq!(sandbox.list("study"), Vec::<String>::new(), "left behind");
    assert!(!sandbox.path("study").exists(), "an empty folder is left behind");
    let validate = sandbox.run(&format!("validate space.yaml {flags}")).expect_code(2);
    assert_eq!(
        search.message(),
        validate.message(),
        "`validate` says what `search` says"
    );
    search.message()
}

/// The refusal of [`SPHERE`] in which `from` is replaced.
#[track_caller]
fn refused_spec(from: &str, to: &str) -> String {
    assert!(SPHERE.contains(from));
    refused(&Sandbox::with_spec(&SPHERE.replacen(from, to, 1)), "")
}

/// The refusal of [`TEXTS`] after a change of its folder.
#[track_caller]
fn refused_texts(change: impl FnOnce(&Sandbox), flags: &str) -> String {
    let sandbox = Sandbox::with_texts();
    change(&sandbox);
    refused(&sandbox, flags)
}

#[test]
fn a_misspelt_key() {
    insta::assert_snapshot!(refused_spec("method:", "metod:"), @r##"
error: unknown key `metod`
 --> space.yaml:7:1
  |
7 | metod: tpe
  | ^^^^^ did you mean `method`?
"##);
    insta::assert_snapshot!(refused_spec("{trials: 12}", "{trails: 12}"), @r##"
error: unknown key `trails` in `budget`
  --> space.yaml:10:10
   |
10 | budget: {trails: 12}
   |          ^^^^^^ did you mean `trials`?
"##);
}

#[test]
fn a_value_of_the_wrong_type() {
    insta::assert_snapshot!(refused_spec("seed: 7", "seed: [7]"), @r##"
error: `seed` must be a whole number
  --> space.yaml:12:7
   |
12 | seed: [7]
   |       ^^^ this is a list
"##);
    insta::assert_snapshot!(refused_spec("{trials: 12}", "{trials: many}"), @r##"
error: `trials` must be a whole number
  --> space.yaml:10:18
   |
10 | budget: {trials: many}
   |                  ^^^^ this is a text
"##);
}

#[test]
fn a_range_with_nothing_in_it() {
    insta::assert_snapshot!(refused_spec("x: {min: 0.0, max: 1.0}", "x: {min: 1.0, max: 0.5}"), @r##"
error: the range of `x` is empty: `min` is greater than `max`
 --> space.yaml:4:12
  |
4 |   x: {min: 1.0, max: 0.5}
  |            ^^^ greater than 0.5
"##);
    insta::assert_snapshot!(refused_spec("[plain, fancy, odd]", "[]"), @r##"
error: the parameter `kind` has no values
 --> space.yaml:6:18
  |
6 |   kind: {values: []}
  |                  ^^ empty
"##);
}

#[test]
fn a_logarithmic_range_that_reaches_zero() {
    insta::assert_snapshot!(refused_spec("y: {min: 1e-4", "y: {min: 0"), @r##"
error: `y` is searched on a logarithmic scale, so `min` must be greater than 0
 --> space.yaml:5:12
  |
5 |   y: {min: 0, max: 1.0, log: true}
  |            ^ has no logarithm
"##);
}

#[test]
fn a_spec_that_is_no_spec() {
    let sandbox = Sandbox::new();
    insta::assert_snapshot!(refused(&sandbox, ""), @r##"
error: `space.yaml` cannot be read: No such file or directory (os error 2)
 |
 = help: `automl init` writes a spec to begin with
"##);
    sandbox.write("space.yaml", b"name: caf\xe9\n");
    insta::assert_snapshot!(refused(&sandbox, ""), @r##"
error: the file is not UTF-8
 --> space.yaml:1:10
  |
1 | name: caf�
  |          ^ these bytes are not UTF-8
  |
  = help: save it with the encoding UTF-8
"##);
    sandbox.write("space.yaml", "");
    insta::assert_snapshot!(refused(&sandbox, ""), @r##"
error: the spec is empty
 --> space.yaml:1:1
  |
1 |
  | ^
  |
  = help: `automl init` writes one to begin with
"##);
    sandbox.write("space.yaml", "parameters: {x: [1, 2\n");
    insta::assert_snapshot!(refused(&sandbox, ""), @r##"
error: this is not valid YAML: while parsing a flow sequence, expected ',' or ']'
 --> space.yaml:1:23
  |
1 | parameters: {x: [1, 2
  |                      ^ here
"##);
}

#[test]
fn an_override_of_nothing() {
    let sandbox = Sandbox::with_spec(SPHERE);
    insta::assert_snapshot!(refused(&sandbox, "--set budgt.trials=3"), @r##"
error: unknown key `budgt`
 --> --set:1:1
  |
1 | budgt.trials=3
  | ^^^^^^^^^^^^ did you mean `budget`?
"##);
}

#[test]
fn a_budget_that_is_no_time() {
    let sandbox = Sandbox::with_spec(SPHERE);
    let search = sandbox
        .run("search space.yaml --out study --budget soon")
        .expect_code(2);
    insta::assert_snapshot!(search.message(), @r##"
error: `wall` must be a duration
 --> --budget:1:13
  |
1 | budget.wall=soon
  |             ^^^^
  |
  = help: write seconds as a number, or a text such as `90s`, `10m`, `1h30m`
"##);
}

#[test]
fn a_model_that_is_nowhere() {
    insta::assert_snapshot!(refused_texts(|_| {}, "--set model=./modle"), @r##"
error: there is no directory `[FOLDER]/modle`
 --> --set:1:7
  |
1 | model=./modle
  |       ^^^^^^^
  |
  = help: paths in `--set` begin at the current folder, `[FOLDER]`
"##);
    insta::assert_snapshot!(refused_texts(|_| {}, "--set model=some/model"), @"error: model `some/model` is not in the cache `[FOLDER]/hub/models--some--model` at the revision `main`, and nothing is downloaded in offline mode: unset HF_HUB_OFFLINE or leave out `--offline` once");
    insta::assert_snapshot!(refused_texts(|_| {}, "--set model=builtin:resnet9"), @"
    error: there is no built-in model `resnet9`
     --> --set:1:7
      |
    1 | model=builtin:resnet9
      |       ^^^^^^^^^^^^^^^
      |
      = help: there is `resnet8-cifar10` and `bert-tiny`
    ");
}

#[test]
fn a_column_that_is_not_there() {
    insta::assert_snapshot!(refused_texts(|_| {}, "--set data.text=txt"), @"error: `[FOLDER]/reviews.csv`: no column `txt`; did you mean `text`; there are the columns `text`, `label`");
    insta::assert_snapshot!(refused_texts(|_| {}, "--set data.label=sentiment"), @"error: `[FOLDER]/reviews.csv`: no column `sentiment`; there are the columns `text`, `label`");
}

#[test]
fn a_label_that_only_validation_has() {
    let story = |sandbox: &Sandbox| {
        let spec = TEXTS.replace("split: {validation: 0.25, seed: 1}", "validation: held-out.csv");
        sandbox.write("space.yaml", spec);
        sandbox.write("held-out.csv", "text,label\ngood film,positive\nfilm,neutral\n");
    };
    insta::assert_snapshot!(refused_texts(story, ""), @"error: `[FOLDER]/held-out.csv`, line 3: the label `neutral` is not in the training data; there are the labels `negative`, `positive`");
}

#[test]
fn data_that_cannot_be_read() {
    insta::assert_snapshot!(refused_texts(|sandbox| sandbox.write("reviews.csv", ""), ""), @"error: `[FOLDER]/reviews.csv`: the file is empty; is it the right one, and is it completely written");
    insta::assert_snapshot!(refused_texts(|sandbox| sandbox.write("reviews.csv", "text,label\n"), ""), @"error: `[FOLDER]/reviews.csv`: there are no records; add some (a table needs rows below its header, or `columns` if it has no header)");
    let not_text = b"text,label\ngood film,positive\ncaf\xe9,negative\n";
    insta::assert_snapshot!(refused_texts(|sandbox| sandbox.write("reviews.csv", not_text), ""), @"error: `[FOLDER]/reviews.csv`, line 3, column 4: not valid UTF-8 (byte 0xe9); save the file as UTF-8, or set `encoding` (`latin-1` or `cp1252` for most files of Western European languages)");
    let one_label = "text,label\ngood film,positive\nfine film,positive\ngreat,positive\nlovely,positive\n";
    insta::assert_snapshot!(refused_texts(|sandbox| sandbox.write("reviews.csv", one_label), ""), @"error: `[FOLDER]/reviews.csv`: every row has the label `positive`; at least two labels are needed");
    insta::assert_snapshot!(refused_texts(|_| {}, "--set data.train=nothing.csv"), @r##"
error: there is no file `[FOLDER]/nothing.csv`
 --> --set:1:12
  |
1 | data.train=nothing.csv
  |            ^^^^^^^^^^^
  |
  = help: paths in `--set` begin at the current folder, `[FOLDER]`
"##);
}

#[test]
fn weights_that_are_cut_off() {
    let cut = |keep: fn(usize) -> usize| {
        move |sandbox: &Sandbox| {
            let bytes = std::fs::read(sandbox.path("model/model.safetensors")).unwrap();
            sandbox.write("model/model.safetensors", &bytes[..keep(bytes.len())]);
        }
    };
    insta::assert_snapshot!(refused_texts(cut(|_| 0), ""), @"error: `[FOLDER]/model/model.safetensors` is cut short: its header describes 8 bytes, it has 0; download it again");
    insta::assert_snapshot!(refused_texts(cut(|_| 100), ""), @"error: `[FOLDER]/model/model.safetensors` is cut short: its header describes 3736 bytes, it has 100; download it again");
    insta::assert_snapshot!(refused_texts(cut(|length| length - 1), ""), @"error: `[FOLDER]/model/model.safetensors` is cut short: its header describes 24024 bytes, it has 24023; download it again");
}

#[test]
fn a_model_that_lacks_a_file() {
    let without = |name: &'static str| move |sandbox: &Sandbox| std::fs::remove_file(sandbox.path(name)).unwrap();
    insta::assert_snapshot!(refused_texts(without("model/vocab.txt"), ""), @"error: `[FOLDER]/model` lacks a tokenizer (`tokenizer.json`, `vocab.txt`, `vocab.json` with `merges.txt`, `spiece.model`, `spm.model`, `sentencepiece.bpe.model` or `tokenizer.model`)");
    insta::assert_snapshot!(refused_texts(without("model/config.json"), ""), @"error: `[FOLDER]/model` lacks `config.json`");
}

#[test]
fn freezing_more_than_there_is() {
    insta::assert_snapshot!(refused_texts(|_| {}, "--set parameters.freeze_depth.max=9"), @"error: `parameters.freeze_depth` goes up to 9, but the model `[FOLDER]/model` has 2 parts to freeze: encoder.layer.0, encoder.layer.1");
    insta::assert_snapshot!(refused_texts(|_| {}, "--set max_length=512"), @"error: `max_length: 512`, but the model `[FOLDER]/model` takes at most 16 tokens");
}

/// The error of `automl search` for a folder that is not empty; the folder must stay as it was.
#[track_caller]
fn refused_folder(sandbox: &Sandbox, spec: &str) -> String {
    let content = || {
        let names = sandbox.list("study");
        let read = |name: &String| std::fs::read(sandbox.path("study").join(name)).ok();
        names.iter().map(|name| (name.clone(), read(name))).collect::<Vec<_>>()
    };
    let before = content();
    let search = sandbox.run(&format!("search {spec} --out study")).expect_code(2);
    assert_eq!(content(), before);
    search.message()
}

#[test]
fn a_results_folder_that_is_taken() {
    let sandbox = Sandbox::with_spec(SPHERE);
    sandbox.run("search space.yaml --out study").expect_code(0);
    insta::assert_snapshot!(refused_folder(&sandbox, "space.yaml"), @"error: `study` already holds this study: continue it with `automl resume study`, or choose another folder with `--out`");
    sandbox.write("other.yaml", SPHERE.replace("seed: 7", "seed: 8"));
    insta::assert_snapshot!(refused_folder(&sandbox, "other.yaml"), @"error: `study` holds a study of another spec: choose another folder with `--out`, or remove it");
    let sandbox = Sandbox::with_spec(SPHERE);
    sandbox.write("study/thesis.tex", "do not lose this");
    insta::assert_snapshot!(refused_folder(&sandbox, "space.yaml"), @"error: `study` is not empty and holds no study: choose another folder with `--out`");
}

#[test]
fn a_folder_without_a_study() {
    let sandbox = Sandbox::new();
    sandbox.write("folder/notes.txt", "");
    for line in [
        "leaderboard folder",
        "best folder",
        "resume folder",
        "leaderboard nowhere",
    ] {
        let outcome = sandbox.run(line).expect_code(2);
        let folder = line.split(' ').nth(1).unwrap();
        assert_eq!(
            outcome.message().trim_end(),
            format!("error: `{folder}` holds no study (there is no `journal.jsonl` in it, or it is empty)")
        );
        assert_eq!(sandbox.list(""), ["folder", "folder/notes.txt"]);
    }
}

#[test]
fn a_damaged_journal_is_told_with_its_line() {
    let sandbox = Sandbox::with_spec(SPHERE);
    sandbox.run("search space.yaml --out study --trials 2").expect_code(0);
    let mut journal = std::fs::read(sandbox.path("study/journal.jsonl")).unwrap();
    let middle = journal
        .split(|&byte| byte == b'\n')
        .take(3)
        .map(|line| line.len() + 1)
        .sum::<usize>()
        + 20;
    journal[middle] ^= 1;
    sandbox.write("study/journal.jsonl", &journal);
    let resume = sandbox.run("resume study").expect_code(2);
    insta::assert_snapshot!(resume.message(), @"error: the journal `study/journal.jsonl` is damaged in line 4: the checksum does not match; the 3 events before it are sound, and `automl resume --keep-sound` continues from there");
    for line in ["leaderboard study", "best study"] {
        assert_eq!(sandbox.run(line).expect_code(2).message(), resume.message());
    }
    assert_eq!(
        std::fs::read(sandbox.path("study/journal.jsonl")).unwrap(),
        journal,
        "damage is left to be mended"
    );
}

#[test]
fn a_torn_journal_can_be_resumed() {
    let sandbox = Sandbox::with_spec(SPHERE);
    sandbox.run("search space.yaml --out study").expect_code(0);
    let expected = sandbox.results("study");
    let journal = std::fs::read(sandbox.path("study/journal.jsonl")).unwrap();
    for lost in [1, 30, journal.len() / 2] {
        sandbox.write("study/journal.jsonl", &journal[..journal.len() - lost]);
        sandbox.run("leaderboard study").expect_code(0);
        sandbox.run("resume study").expect_code(0);
        assert_eq!(sandbox.results("study"), expected, "without the last {lost} bytes");
    }
}

#[test]
fn a_spec_that_was_changed_under_a_study() {
    let sandbox = Sandbox::with_spec(SPHERE);
    sandbox.run("search space.yaml --out study --trials 2").expect_code(0);
    let spec = sandbox.read("study/spec.yaml");
    sandbox.write("study/spec.yaml", spec.replace("seed: 7", "seed: 8"));
    insta::assert_snapshot!(sandbox.run("resume study").expect_code(2).message(), @"error: `study/spec.yaml` is not the spec that this study was started with: undo the change, or start a new study with it");
}

#[test]
fn a_study_belongs_to_one_process_at_a_time() {
    let sandbox = Sandbox::with_spec(SPHERE);
    let study = sandbox.path("study");
    let flags = "--set function.trial_seconds=30";
    let mut search = sandbox.start(&format!("search space.yaml --out study {flags}"));
    search.wait_for_events(&study, 2);
    let resume = sandbox.run("resume study").expect_code(2);
    assert!(
        resume.stderr.contains(&format!("(pid {})", search.pid())),
        "{}",
        resume.stderr
    );
    insta::assert_snapshot!(resume.message(), @"error: another process (pid [PID]) works on the study in `study`: wait for it, or stop it with `automl stop study`");
    sandbox
        .run(&format!("search space.yaml --out study {flags}"))
        .expect_code(2);
    // Looking is free.
    sandbox.run("leaderboard study").expect_code(0);
    search.signal("INT");
    search.finish().expect_code(130);
}

#[test]
fn data_that_went_missing_before_a_resume() {
    let sandbox = Sandbox::with_texts();
    sandbox.run("search space.yaml --out study --trials 1").expect_code(0);
    std::fs::rename(sandbox.path("reviews.csv"), sandbox.path("moved.csv")).unwrap();
    let resume = sandbox.run("resume study").expect_code(2);
    assert!(resume.message().contains("reviews.csv"), "{}", resume.message());
    // Looking needs no data.
    sandbox.run("leaderboard study").expect_code(0);
    sandbox.run("best study").expect_code(0);
    write_reviews(&sandbox.path("reviews.csv"), 0..REVIEWS);
    sandbox.run("resume study").expect_code(0);
}

#[cfg(target_os = "linux")]
#[test]
fn a_study_whose_folder_leads_elsewhere_is_refused() {
    use std::os::unix::fs::symlink;
    let sandbox = Sandbox::with_spec(SPHERE);
    sandbox.run("search space.yaml --out study --budget 1h").expect_code(0);
    sandbox.write("elsewhere/precious", "mine");
    for name in ["lock", "checkpoints/77", "logs/trial-3.log", "leaderboard.csv"] {
        let link = sandbox.path("study").join(name);
        let _ = std::fs::remove_file(&link);
        symlink(sandbox.path("elsewhere/precious"), &link).unwrap();
        let resume = sandbox.run("resume study --add-budget 1h").expect_code(2);
        assert!(
            resume.message().contains("leads out of the study's folder"),
            "{}",
            resume.stderr
        );
        std::fs::remove_file(&link).unwrap();
    }
    // A link that stays inside, or to a whole study elsewhere, is allowed.
    symlink("manifest.json", sandbox.path("study/also")).unwrap();
    symlink("study", sandbox.path("linked")).unwrap();
    sandbox.run("resume linked --add-budget 1h").expect_code(0);
    std::fs::create_dir(sandbox.path("new")).unwrap();
    symlink("../elsewhere/precious", sandbox.path("new/spec.yaml")).unwrap();
    sandbox.run("search space.yaml --out new").expect_code(2);
    assert_eq!(sandbox.read("elsewhere/precious"), "mine");
}
