//! A disk that is full or closed: a clear message, and what was written before stays whole.

use std::process::Command;
use std::time::Duration;

use crate::support::{Outcome, PICTURES, SPHERE, Sandbox};

/// The program below a limit on the size of its files, with the signal of that limit ignored: writing fails, as on a
/// full disk. `blocks` are of 512 bytes, as POSIX counts them.
fn limited(sandbox: &Sandbox, blocks: u32, arguments: &str) -> Outcome {
    let script = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" {arguments}");
    let mut command = Command::new("sh");
    command.args(["-c", &script, env!("CARGO_BIN_EXE_automl")]);
    // Through pipes: a file for what it says would have the limit too.
    let output = sandbox.prepare(command).output().unwrap();
    Outcome {
        what: arguments.to_owned(),
        code: output.status.code(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
        seconds: Duration::ZERO,
        folder: sandbox.path(""),
    }
}

#[test]
fn a_search_that_cannot_write_its_journal_says_so_and_can_go_on() {
    let sandbox = Sandbox::with_spec(SPHERE);
    sandbox
        .run("search space.yaml --out undisturbed --trials 30")
        .expect_code(0);
    let search = limited(&sandbox, 16, "search space.yaml --out study --trials 30").expect_code(2);
    insta::assert_snapshot!(search.filtered().lines().filter(|line| line.starts_with("error")).collect::<String>(), @"error: cannot write the journal `study/journal.jsonl`: File too large (os error 27); everything before is safe, and the study can continue from there");
    assert_eq!(search.stdout, "");
    sandbox.run("leaderboard study").expect_code(0);
    sandbox.run("resume study").expect_code(0);
    assert_eq!(sandbox.results("study"), sandbox.results("undisturbed"));
}

#[test]
fn a_checkpoint_that_does_not_fit_ends_the_search_in_good_order() {
    let sandbox = Sandbox::with_spec(PICTURES);
    sandbox.run("search space.yaml --out undisturbed").expect_code(0);
    // Room for the journal and the results, not for a model.
    let search = limited(&sandbox, 200, "search space.yaml --out study").expect_code(2);
    assert!(
        search.message().contains("cannot write the checkpoint"),
        "{}",
        search.stderr
    );
    assert!(search.stderr.contains("`automl resume"), "{}", search.stderr);
    assert!(
        !sandbox.leaderboard("study").contains(",failed,"),
        "a full disk is no trial's fault"
    );
    sandbox.run("resume study").expect_code(0);
    assert_eq!(sandbox.results("study"), sandbox.results("undisturbed"));
}

#[test]
fn a_disk_that_is_full_from_the_beginning_leaves_nothing() {
    let words: Vec<String> = (0..500).map(|number| format!("word-{number}")).collect();
    let sandbox = Sandbox::with_spec(&SPHERE.replace("plain, fancy, odd", &words.join(", ")));
    // Nothing fits at all, or the lock but not the spec.
    for blocks in [0, 1] {
        let search = limited(&sandbox, blocks, "search space.yaml --out study").expect_code(2);
        assert!(search.message().contains("File too large"), "{}", search.stderr);
        assert!(!sandbox.path("study").exists(), "{:?}", sandbox.list("study"));
    }
}

#[test]
fn results_that_cannot_be_shown_are_an_error() {
    let sandbox = Sandbox::with_spec(SPHERE);
    sandbox.run("search space.yaml --out study").expect_code(0);
    if !std::path::Path::new("/dev/full").exists() {
        println!("skipped: this system has no /dev/full");
        return;
    }
    let lines = ["csv", "json", "md", "table"].map(|format| format!("leaderboard study --format {format}"));
    for line in lines.into_iter().chain(["best study".to_owned()]) {
        let outcome = redirected(&sandbox, &line, ">/dev/full").expect_code(2);
        assert!(
            outcome.message().contains("cannot write `standard output`"),
            "{}",
            outcome.stderr
        );
    }
}

#[test]
fn a_reader_that_stops_early_is_no_error() {
    let sandbox = Sandbox::with_spec(SPHERE);
    sandbox.run("search space.yaml --out study --trials 200").expect_code(0);
    for line in ["leaderboard study --format csv", "leaderboard study", "best study"] {
        let outcome = redirected(&sandbox, line, "| true; exit 0").expect_code(0);
        assert_eq!(outcome.stderr, "", "{line}");
    }
}

/// The program in a shell, with something behind its arguments.
fn redirected(sandbox: &Sandbox, arguments: &str, behind: &str) -> Outcome {
    let mut command = Command::new("sh");
    command.args([
        "-c",
        &format!("\"$0\" {arguments} {behind}"),
        env!("CARGO_BIN_EXE_automl"),
    ]);
    sandbox.start_command(sandbox.prepare(command), arguments).finish()
}

#[test]
fn a_model_that_does_not_fit_on_the_disk_is_plainly_unfinished() {
    let sandbox = Sandbox::with_texts();
    sandbox.run("search space.yaml --out study --trials 1").expect_code(0);
    let train = limited(&sandbox, 8, "train study/best.yaml --out model-out").expect_code(2);
    let message = train.message();
    let expected = "error: cannot access `model-out/model.safetensors`: File too large";
    assert!(message.starts_with(expected), "{message}");
    assert!(!sandbox.path("model-out/config.json").exists());
    // It can be tried again with more room.
    sandbox.run("train study/best.yaml --out model-out").expect_code(0);
    let files = [
        "README.md",
        "automl.json",
        "config.json",
        "model.safetensors",
        "tokenizer.json",
        "tokenizer_config.json",
        "vocab.txt",
    ];
    assert_eq!(sandbox.list("model-out"), files);
}

#[test]
fn a_full_file_system() {
    let sandbox = Sandbox::with_spec(SPHERE);
    sandbox
        .run("search space.yaml --out undisturbed --trials 60")
        .expect_code(0);
    let disk = sandbox.path("disk");
    std::fs::create_dir(&disk).unwrap();
    let mounted = Command::new("mount")
        .args(["-t", "tmpfs", "-o", "size=64k", "tmpfs"])
        .arg(&disk)
        .output();
    if !mounted.is_ok_and(|output| output.status.success()) {
        println!("skipped: this user may not mount a small file system");
        return;
    }
    let mount = Mount(disk);
    let search = sandbox.run("search space.yaml --out disk/study --trials 60");
    let resized = Command::new("mount")
        .args(["-o", "remount,size=10m"])
        .arg(&mount.0)
        .status()
        .unwrap();
    assert!(resized.success());
    let search = search.expect_code(2);
    assert!(search.stderr.contains("No space left on device"), "{}", search.stderr);
    // Either the journal or a result was the first to find no room.
    let is_told = ["`automl resume", "the study can continue from there"];
    let is_told = is_told.iter().any(|words| search.stderr.contains(words));
    assert!(is_told, "{}", search.stderr);
    sandbox.run("resume disk/study").expect_code(0);
    assert_eq!(sandbox.results("disk/study"), sandbox.results("undisturbed"));
}

/// Unmounted at the end, also when the story fails.
struct Mount(std::path::PathBuf);

impl Drop for Mount {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

#[test]
fn a_results_folder_that_cannot_be_made() {
    let sandbox = Sandbox::with_spec(SPHERE);
    sandbox.write("file", "of no use as a folder");
    let search = sandbox.run("search space.yaml --out file/study").expect_code(2);
    insta::assert_snapshot!(search.message(), @"error: cannot make the folder `file/study`: Not a directory (os error 20)");
    let search = sandbox.run("search space.yaml --out file").expect_code(2);
    insta::assert_snapshot!(search.message(), @"error: cannot make the folder `file`: File exists (os error 17)");
    assert_eq!(sandbox.read("file"), "of no use as a folder");
}

#[test]
fn a_results_folder_that_cannot_be_written() {
    use std::os::unix::fs::PermissionsExt as _;
    let sandbox = Sandbox::with_spec(SPHERE);
    let closed = sandbox.path("closed");
    std::fs::create_dir(&closed).unwrap();
    std::fs::set_permissions(&closed, std::fs::Permissions::from_mode(0o555)).unwrap();
    if std::fs::write(closed.join("probe"), "").is_ok() {
        println!("skipped: permissions do not bind this user");
        std::fs::remove_file(closed.join("probe")).unwrap();
        return;
    }
    let search = sandbox.run("search space.yaml --out closed/study").expect_code(2);
    assert!(search.message().contains("closed/study"), "{}", search.message());
    assert_eq!(sandbox.list("closed"), Vec::<String>::new());
}
