use proptest::prelude::*;

use super::reader::parse;
use super::*;
use crate::study::{EndReason, Event};
use crate::units::{Samples, TrialId};

fn events(count: u32) -> Vec<Event> {
    (0..count)
        .map(|number| match number % 3 {
            0 => Event::SegmentPlanned {
                trial: TrialId(number),
                created: None,
                to: Samples(u64::from(number)),
                cools_down: number % 2 == 1,
                worker: 0,
                start: f64::from(number) / 3.0,
                finish: f64::from(number),
            },
            1 => Event::SegmentLost {
                trial: TrialId(number),
                message: "a \"quoted\" Grüße\nline".into(),
                kind: None,
            },
            _ => Event::StudyEnded {
                reason: EndReason::Trials,
            },
        })
        .collect()
}

fn bytes(count: u32) -> Vec<u8> {
    let lines = events(count).into_iter().zip(0..);
    lines
        .flat_map(|(event, seq)| {
            Entry {
                seq,
                elapsed: seq as f64 * 0.1,
                event,
            }
            .to_line()
            .unwrap()
        })
        .collect()
}

#[test]
fn what_is_appended_is_read_back_after_reopening() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(FILE_NAME);
    let mut journal = Journal::create(&path).unwrap();
    for event in &events(4) {
        journal.append(event, 1.5).unwrap();
    }
    journal.sync().unwrap();
    drop(journal);
    let (mut journal, contents) = Journal::open(&path).unwrap();
    assert_eq!(
        contents
            .entries
            .iter()
            .map(|entry| entry.event.clone())
            .collect::<Vec<_>>(),
        events(4)
    );
    journal.append(&Event::StudyResumed { added_wall: 0.0 }, 2.0).unwrap();
    drop(journal);
    assert_eq!(
        read(&path).unwrap().entries[4],
        Entry {
            seq: 4,
            elapsed: 2.0,
            event: Event::StudyResumed { added_wall: 0.0 }
        }
    );
    assert!(
        Journal::create(&path).is_err(),
        "an existing journal is never overwritten"
    );
}

#[test]
fn a_torn_last_line_is_dropped_and_the_journal_goes_on_from_there() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(FILE_NAME);
    let whole = bytes(3);
    std::fs::write(&path, &whole[..whole.len() - 5]).unwrap();
    let (mut journal, contents) = Journal::open(&path).unwrap();
    assert_eq!(contents.entries.len(), 2);
    assert!(contents.torn.is_some());
    journal.append(&Event::StudyResumed { added_wall: 0.0 }, 2.0).unwrap();
    drop(journal);
    let contents = read(&path).unwrap();
    assert_eq!((contents.entries.len(), contents.torn), (3, None));
}

#[test]
fn a_second_holder_is_refused_and_told_the_first() {
    let folder = tempfile::tempdir().unwrap();
    let _first = Lock::acquire(folder.path()).unwrap();
    match Lock::acquire(folder.path()) {
        Err(LockError::Held { holder, .. }) => {
            assert_eq!(holder.map(|holder| holder.pid), Some(std::process::id()));
        }
        other => panic!("{other:?}"),
    }
}

proptest! {
    #[test]
    fn a_truncated_journal_keeps_every_whole_line(count in 1u32..8, cut in 0.0..1.0f64) {
        let whole = bytes(count);
        let cut = (whole.len() as f64 * cut) as usize;
        let contents = parse(&whole[..cut]).unwrap();
        let lines = whole[..cut].iter().filter(|&&byte| byte == b'\n').count();
        prop_assert_eq!(contents.entries.len(), lines);
        let ends_between_lines = cut == 0 || whole[cut - 1] == b'\n';
        prop_assert_eq!(contents.torn.is_some(), !ends_between_lines);
    }

    #[test]
    fn a_flipped_bit_is_noticed_and_everything_before_it_is_kept(count in 1u32..8, offset in 0.0..1.0f64, bit in 0u8..8) {
        let mut damaged = bytes(count);
        let offset = (damaged.len() as f64 * offset) as usize;
        let before = damaged[..offset].iter().filter(|&&byte| byte == b'\n').count();
        damaged[offset] ^= 1 << bit;
        let sound = match parse(&damaged) {
            Ok(contents) => {
                prop_assert!(contents.torn.is_some(), "unnoticed");
                contents.entries.len()
            }
            Err(ReadError::Damaged { line, .. }) => line as usize - 1,
            Err(error) => panic!("{error}"),
        };
        prop_assert_eq!(sound, before);
    }
}

#[test]
fn a_journal_has_one_writer() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(FILE_NAME);
    let journal = Journal::create(&path).unwrap();
    assert!(matches!(Journal::open(&path), Err(JournalError::InUse(_))));
    drop(journal);
    Journal::open(&path).unwrap();
}

#[test]
fn what_somebody_else_did_to_a_journal_is_noticed_before_anything_is_written() {
    type Act = fn(&std::path::Path);
    let acts: [(Act, bool); 5] = [
        (|path| std::fs::remove_file(path).unwrap(), true),
        (|path| std::fs::write(path, "").unwrap(), true),
        (|path| std::fs::write(path, "shorter").unwrap(), false),
        (
            |path| std::fs::rename(path.with_file_name("other"), path).unwrap(),
            true,
        ),
        (
            |path| {
                let mut file = std::fs::File::options().append(true).open(path).unwrap();
                std::io::Write::write_all(&mut file, b"a line of somebody else\n").unwrap();
            },
            false,
        ),
    ];
    for (number, (act, is_gone)) in acts.into_iter().enumerate() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(FILE_NAME);
        std::fs::write(path.with_file_name("other"), "other").unwrap();
        let mut journal = Journal::create(&path).unwrap();
        let events = events(3);
        journal.append(&events[0], 0.0).unwrap();
        journal.check().unwrap();
        act(&path);
        let left = std::fs::read(&path).ok();
        let error = journal.append(&events[1], 1.0).unwrap_err();
        assert_eq!(matches!(error, JournalError::Gone(_)), is_gone, "{number}: {error}");
        assert_eq!(std::fs::read(&path).ok(), left, "{number}: nothing was written");
    }
}

#[test]
fn what_could_not_be_read_again_is_not_written() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(FILE_NAME);
    let mut journal = Journal::create(&path).unwrap();
    let mut event = events(1).remove(0);
    if let Event::SegmentPlanned { finish, .. } = &mut event {
        *finish = f64::INFINITY;
    }
    journal.append(&event, 0.0).unwrap_err();
    assert_eq!(path.metadata().unwrap().len(), 0);
    journal.append(&events(1)[0], 0.0).unwrap();
}
