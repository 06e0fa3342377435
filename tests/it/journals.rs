//! Journals that were damaged, or that say what cannot be.

use serde_json::{Value, json};

use crate::support::{SPHERE, Sandbox, events};

/// A sandbox with a study in `study` that has pruned, promoted and selected, and its journal's entries.
fn with_study() -> (Sandbox, Vec<Value>) {
    let sandbox = Sandbox::with_spec(SPHERE);
    let flags = "--trials 8 --set function.trial_seconds=0.01 --set selection.top_k=2 --set selection.reseeds=1";
    sandbox
        .run(&format!("search space.yaml --out study -q {flags}"))
        .expect_code(0);
    let entries = events(&sandbox.path("study"));
    (sandbox, entries)
}

/// Writes entries as a journal with correct numbers and checksums, even if the entries are invalid.
fn write(sandbox: &Sandbox, entries: &[Value]) {
    let line = |(number, entry): (usize, &Value)| {
        let mut entry = entry.clone();
        let fields = entry.as_object_mut().unwrap();
        fields.remove("crc");
        fields.insert("seq".into(), number.into());
        let text = entry.to_string();
        let body = text.strip_suffix('}').unwrap();
        format!("{body},\"crc\":\"{:08x}\"}}\n", crc32fast::hash(body.as_bytes()))
    };
    let lines: String = entries.iter().enumerate().map(line).collect();
    sandbox.write("study/journal.jsonl", lines);
}

fn first(entries: &[Value], kind: &str) -> usize {
    let is_it = |entry: &Value| entry["event"]["type"] == kind;
    entries.iter().position(is_it).unwrap()
}

#[test]
fn what_cannot_have_happened_is_named_and_what_came_before_goes_on() {
    let (sandbox, entries) = with_study();
    let leaderboard = sandbox.leaderboard("study");
    let planned = first(&entries, "segment_planned");
    let delivered = first(&entries, "segment_delivered");
    let changes: [(usize, &str, Value, &str); 8] = [
        (
            planned,
            "/event/trial",
            json!(7),
            "trial 7 is created where trial 0 is next",
        ),
        (planned, "/event/created", Value::Null, "trial 0, which there is not"),
        (planned, "/event/to", json!(0), "from 0 to 0 samples"),
        (planned, "/event/finish", json!(-1.0), "ends at -1"),
        (delivered, "/event/trial", json!(99), "a result that has not arrived"),
        (delivered, "/elapsed", json!(-5.0), "the time of the event is -5 s"),
        (delivered, "/elapsed", json!(1e300), "the time of the event is 1"),
        (0, "/event/inputs/epoch", json!(0), "an epoch has no samples"),
    ];
    for (number, pointer, value, said) in changes {
        let mut broken = entries.clone();
        *broken[number].pointer_mut(pointer).unwrap() = value;
        write(&sandbox, &broken);
        for verb in ["leaderboard", "status", "report", "resume"] {
            let told = sandbox.run(&format!("{verb} study")).expect_code(2);
            let told = told.says(said).says(&format!("line {}", number + 1));
            drop(told);
        }
    }
    // From the events before it the study comes to the same end.
    let mut broken = entries;
    broken[delivered]["event"]["trial"] = json!(99);
    write(&sandbox, &broken);
    let damaged = sandbox.read("study/journal.jsonl");
    sandbox
        .run("resume study --keep-sound -q")
        .expect_code(0)
        .says(&format!("damaged in line {}", delivered + 1));
    assert_eq!(sandbox.leaderboard("study"), leaderboard);
    assert_eq!(sandbox.read("study/journal.damaged.jsonl"), damaged);
    // A sound journal stays as it is.
    let sound = sandbox.read("study/journal.jsonl");
    sandbox.run("resume study --keep-sound -q").expect_code(0);
    assert_eq!(sandbox.read("study/journal.jsonl"), sound);
}

#[test]
fn damage_in_the_middle_has_a_way_out() {
    let (sandbox, entries) = with_study();
    let leaderboard = sandbox.leaderboard("study");
    write(&sandbox, &entries);
    let text = sandbox.read("study/journal.jsonl");
    let damaged = text.replacen("segment_delivered", "segment_delivereD", 1);
    sandbox.write("study/journal.jsonl", &damaged);
    let line = first(&entries, "segment_delivered") + 1;
    sandbox
        .run("resume study")
        .expect_code(2)
        .says(&format!("damaged in line {line}"))
        .says("automl resume --keep-sound");
    assert_eq!(
        sandbox.read("study/journal.jsonl"),
        damaged,
        "nothing is lost by trying"
    );
    sandbox.run("resume study --keep-sound -q").expect_code(0);
    assert_eq!(sandbox.leaderboard("study"), leaderboard);
    // Without a first line there is nothing to resume from.
    sandbox.write(
        "study/journal.jsonl",
        text.replacen("study_created", "study_createD", 1),
    );
    sandbox.run("resume study --keep-sound").expect_code(2);
}

#[test]
fn a_journal_of_the_future_is_refused_without_its_manifest() {
    let (sandbox, mut entries) = with_study();
    entries[0]["event"]["format"] = json!(99);
    entries[0]["event"]["version"] = json!("9.0.0");
    write(&sandbox, &entries);
    std::fs::remove_file(sandbox.path("study/manifest.json")).unwrap();
    for verb in ["leaderboard", "status", "resume"] {
        sandbox
            .run(&format!("{verb} study"))
            .expect_code(2)
            .says("a later version of this program (9.0.0)");
    }
}

/// JSON pointers to all parts of a value.
fn pointers(value: &Value, at: &str, found: &mut Vec<String>) {
    found.push(at.to_owned());
    match value {
        Value::Object(fields) => fields
            .iter()
            .for_each(|(name, field)| pointers(field, &format!("{at}/{name}"), found)),
        Value::Array(items) => items
            .iter()
            .enumerate()
            .for_each(|(number, item)| pointers(item, &format!("{at}/{number}"), found)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Numbers that look random and are the same every time (splitmix64).
struct Draws(u64);

impl Draws {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) % end as u64) as usize
    }
}

#[test]
fn whatever_a_journal_says_nothing_panics() {
    let (sandbox, entries) = with_study();
    let odd = [
        Value::Null,
        json!(true),
        json!(-1),
        json!(0),
        json!(1),
        json!(4_294_967_295_u64),
        json!(9_007_199_254_740_992_u64),
        json!(u64::MAX),
        json!(1e308),
        json!(-1e308),
        json!(5e-324),
        json!(""),
        json!("\u{1b}[31m\u{202e}"),
        json!("../../x"),
        json!([]),
        json!({}),
    ];
    let mut draws = Draws(1);
    for number in 0..150 {
        let mut changed = entries[..=draws.below(entries.len())].to_vec();
        let line = draws.below(changed.len());
        match draws.below(10) {
            0 => drop(changed.remove(line)),
            1 => changed.insert(line, entries[draws.below(entries.len())].clone()),
            2 => {
                let other = draws.below(changed.len());
                changed.swap(line, other);
            }
            _ => {
                let mut found = Vec::new();
                pointers(&changed[line], "", &mut found);
                found.retain(|pointer| pointer.starts_with("/event/") || pointer == "/elapsed");
                let part = changed[line].pointer_mut(&found[draws.below(found.len())]).unwrap();
                *part = match (part.as_f64(), draws.below(3)) {
                    (Some(known), 1) => json!(known * 1000.0),
                    (Some(known), 2) => json!(-known - 1.0),
                    _ => odd[draws.below(odd.len())].clone(),
                };
            }
        }
        write(&sandbox, &changed);
        for verb in ["leaderboard", "report", "status"] {
            let told = sandbox.run(&format!("{verb} study"));
            assert!(!told.stderr.contains("panicked"), "{number} {verb}: {}", told.stderr);
            assert!(matches!(told.code, Some(0 | 2)), "{number} {verb}: {told:?}");
        }
    }
}
