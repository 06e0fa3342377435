//! Folders and tables of pictures: searched, trained on, predicted and evaluated; and what happens to bad ones.

use std::io::Write as _;
use std::process::Stdio;

use automl::finetune::data::pictures::encode_png;

use crate::support::Sandbox;

const SPEC: &str = "
task: image-classification
model: builtin:resnet8-cifar10
data: {train: pictures}
parameters: {learning_rate: {values: [0.003, 0.001]}, batch_size: 8}
method: grid
epochs: 2
budget: {trials: 2}
resources: {devices: cpu, workers: 1}
";

/// A picture of one colour, with a little of the number in it.
fn png(colour: [u8; 3], number: usize) -> Vec<u8> {
    let pixels: Vec<u8> = (0..40 * 36)
        .flat_map(|pixel| colour.map(|value| value.saturating_add(((pixel * 7 + number * 13) % 40) as u8)))
        .collect();
    encode_png(40, &pixels, false)
}

const RED: [u8; 3] = [200, 20, 20];
const BLUE: [u8; 3] = [20, 20, 200];

/// Writes pictures of two classes into a folder.
fn write(sandbox: &Sandbox, folder: &str, numbers: std::ops::Range<usize>) {
    for number in numbers {
        sandbox.write(&format!("{folder}/dark red/{number}.png"), png(RED, number));
        sandbox.write(&format!("{folder}/青/bild {number} ä.png"), png(BLUE, number));
    }
}

/// A sandbox with a spec and pictures in folders of parts.
fn with_parts() -> Sandbox {
    let sandbox = Sandbox::with_spec(SPEC);
    write(&sandbox, "pictures/train", 0..16);
    write(&sandbox, "pictures/val", 16..20);
    write(&sandbox, "pictures/test", 20..24);
    sandbox
}

fn rows(printed: &str) -> Vec<Vec<String>> {
    let mut reader = csv::Reader::from_reader(printed.as_bytes());
    let mut rows = vec![reader.headers().unwrap().iter().map(str::to_owned).collect()];
    rows.extend(
        reader
            .records()
            .map(|row| row.unwrap().iter().map(str::to_owned).collect::<Vec<_>>()),
    );
    rows
}

#[test]
fn a_folder_of_classes_becomes_a_model_that_predicts_folders_tables_and_lists() {
    let sandbox = with_parts();
    sandbox.run("search space.yaml --out study").expect_code(0);
    sandbox.run("train study/best.yaml --out model-out").expect_code(0);
    let folder = rows(&sandbox.run("predict model-out pictures/test").expect_code(0).stdout);
    assert_eq!(folder[0][..4], ["row", "line", "image", "label"]);
    assert_eq!(folder[0][5..], ["p.dark red", "p.青"]);
    assert_eq!(folder.len(), 9);
    for row in &folder[1..] {
        assert!(row[2].contains(&row[3]), "{row:?}");
    }
    let found = sandbox
        .run("evaluate model-out pictures/test --json")
        .expect_code(0)
        .stdout;
    let found: serde_json::Value = serde_json::from_str(&found).unwrap();
    assert_eq!((&found["examples"], &found["accuracy"]), (&8.into(), &1.0.into()));

    let paths: Vec<String> = folder[1..].iter().map(|row| row[2].clone()).collect();
    let table: Vec<String> = paths.iter().map(|path| format!("{path},x{path}\n")).collect();
    sandbox.write("list.csv", format!("path,id\n{}", table.concat()));
    let of_table = rows(&sandbox.run("predict model-out list.csv").expect_code(0).stdout);
    assert_eq!(of_table[0][..5], ["row", "line", "id", "image", "label"]);
    let mut command = sandbox.command("predict model-out -");
    command.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(paths.join("\n").as_bytes())
        .unwrap();
    let listed = child.wait_with_output().unwrap();
    assert!(listed.status.success());
    let listed = rows(&String::from_utf8(listed.stdout).unwrap());
    for ((one, other), third) in folder.iter().zip(&of_table).zip(&listed).skip(1) {
        assert_eq!((&one[3..], &one[3..]), (&other[4..], &third[3..]));
    }
    sandbox.write(
        "labelled.csv",
        format!("image,label\n{},dark red\n{},cow\n", paths[0], paths[1]),
    );
    sandbox
        .run("evaluate model-out labelled.csv")
        .expect_code(0)
        .says("1 of `cow`");
}

#[test]
fn tables_have_one_label_several_labels_or_numbers() {
    let sandbox = Sandbox::with_spec(SPEC);
    write(&sandbox, "files", 0..12);
    let rows: Vec<String> = (0..12)
        .map(|number| format!("files/dark red/{number}.png,red;warm,1.5\nfiles/青/bild {number} ä.png,blue,-1.5\n"))
        .collect();
    sandbox.write("t.csv", format!("path,label,price\n{}", rows.concat()));
    let several = "--set data={train: t.csv, multi_label: true}";
    let search = |out: &str, set: &[&str]| {
        let mut command = sandbox.command(&format!("search space.yaml --out {out} --set budget.trials=1"));
        for set in set {
            command.args(["--set", set]);
        }
        sandbox.start_command(command, out).finish()
    };
    search("one", &["data={train: t.csv}"]).expect_code(0);
    search("several", &[several.strip_prefix("--set ").unwrap(), "metric=f1"]).expect_code(0);
    assert!(
        sandbox
            .leaderboard("several")
            .lines()
            .nth(1)
            .unwrap()
            .contains("completed")
    );
    // The built-in model is for classes; numbers need another one.
    search(
        "numbers",
        &[
            "task=regression",
            "data={train: t.csv, image: path, label: price}",
            "metric=rmse",
        ],
    )
    .expect_code(2);
    search(
        "texts",
        &[
            "task=text-classification",
            "model=builtin:bert-tiny",
            "data={train: t.csv, image: path}",
        ],
    )
    .expect_code(2)
    .says("`image` is for the tasks");
    search("columns", &["data={train: t.csv, image: pth}"])
        .expect_code(2)
        .says("did you mean `path`");
    search("size", &["data={train: t.csv}", "image_size=64"])
        .expect_code(2)
        .says("image_size: 64");
}

#[test]
fn bad_pictures_have_one_clear_message() {
    let message = |prepare: &dyn Fn(&Sandbox)| {
        let sandbox = Sandbox::with_spec(SPEC);
        prepare(&sandbox);
        let message = sandbox.run("search space.yaml --out study").expect_code(2).message();
        assert!(!sandbox.path("study").exists(), "{message}");
        message
    };
    let broken = |content: Vec<u8>| {
        message(&|sandbox| {
            write(sandbox, "pictures", 0..6);
            sandbox.write("pictures/青/broken.jpg", &content);
        })
    };
    let huge = |side: u32| {
        let mut file = encode_png(3, &[0; 9], true);
        file[16..24].copy_from_slice(&[side.to_be_bytes(), side.to_be_bytes()].concat());
        let checksum = crc32fast::hash(&file[12..29]).to_be_bytes();
        file[29..33].copy_from_slice(&checksum);
        file
    };
    let whole = png(RED, 1);
    let messages = [
        message(&|sandbox| std::fs::create_dir(sandbox.path("pictures")).unwrap()),
        message(&|sandbox| sandbox.write("pictures/a/notes.txt", "x")),
        message(&|sandbox| sandbox.write("pictures/a.png", png(RED, 1))),
        message(&|sandbox| {
            for number in 0..6 {
                sandbox.write(&format!("pictures/only/{number}.png"), png(RED, number));
            }
        }),
        broken(Vec::new()),
        broken(b"this is a text".to_vec()),
        broken(whole[..whole.len() / 2].to_vec()),
        broken(vec![0xff, 0xd8, 0xff, 0xe0, 0, 4, 0, 0]),
        broken(huge(30_000)),
        // Small enough for the header's check, but the pixels that it promises are not there.
        broken(huge(9_000)),
        message(&|sandbox| {
            write(sandbox, "pictures", 0..6);
            std::os::unix::fs::symlink(sandbox.path("gone.png"), sandbox.path("pictures/青/link.png")).unwrap();
        }),
        message(&|sandbox| {
            write(sandbox, "pictures/train", 0..6);
            write(sandbox, "pictures/val", 0..2);
            sandbox.write("pictures/val/cow/1.png", png(RED, 1));
        }),
    ];
    insta::assert_snapshot!(messages.join("\n---\n"));
}

#[test]
fn bad_pictures_may_be_left_out_and_the_doctor_lists_them() {
    let sandbox = with_parts();
    sandbox.write("pictures/train/青/broken.jpg", "text");
    std::fs::copy(
        sandbox.path("pictures/train/dark red/1.png"),
        sandbox.path("pictures/train/dark red/copy.png"),
    )
    .unwrap();
    let outside = Sandbox::new();
    outside.write("b.png", png(BLUE, 77));
    std::os::unix::fs::symlink(outside.path("b.png"), sandbox.path("pictures/train/青/link.png")).unwrap();
    sandbox
        .run("search space.yaml --out study --set data.on_bad_image=skip --set budget.trials=1")
        .expect_code(0)
        .says("1 that cannot be used");
    let found = sandbox.run("data pictures --json").expect_code(0).stdout;
    let found: serde_json::Value = serde_json::from_str(&found).unwrap();
    let kinds: Vec<&str> = found["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|finding| finding["kind"].as_str().unwrap())
        .collect();
    assert!(
        ["bad_images", "links", "duplicates"]
            .iter()
            .all(|kind| kinds.contains(kind)),
        "{kinds:?}"
    );
    assert_eq!(found["sizes"]["widths"], serde_json::json!([40, 40, 40]));
    assert_eq!(found["classes"].as_array().unwrap().len(), 2);
    let report = sandbox.run("data pictures").expect_code(0).stdout;
    assert!(report.contains("36 × 40") && report.contains("broken.jpg"), "{report}");
}

#[test]
fn the_example_is_written_once_and_chosen_for() {
    let sandbox = Sandbox::new();
    sandbox
        .run("init --example images clothes")
        .expect_code(0)
        .says("5000 pictures");
    let classes = std::fs::read_dir(sandbox.path("clothes/train")).unwrap();
    assert_eq!(classes.count(), 10);
    sandbox
        .run("init --example images clothes")
        .expect_code(2)
        .says("exists already");
    sandbox
        .run("init --example images")
        .expect_code(2)
        .says("name a new folder");
    sandbox.run("validate clothes/space.yaml").expect_code(0);
    let chosen = sandbox.run("fit clothes --explain").expect_code(0).stdout;
    assert!(
        chosen.contains("image-classification") && chosen.contains("builtin:resnet8-cifar10"),
        "{chosen}"
    );
}
