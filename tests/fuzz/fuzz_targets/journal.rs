//! Any bytes are a journal, perhaps with a torn end, or damaged in a line that is named.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    match automl::journal::parse(bytes) {
        Ok(contents) => {
            assert!(contents.length as usize <= bytes.len());
            let again = automl::journal::parse(&bytes[..contents.length as usize]).expect("the sound part is sound");
            assert_eq!(again.entries, contents.entries);
        }
        Err(automl::journal::ReadError::Damaged { line, .. }) => {
            let before = bytes.split_inclusive(|&byte| byte == b'\n').take(line as usize - 1);
            let before: Vec<u8> = before.flatten().copied().collect();
            let sound = automl::journal::parse(&before).expect("what lies before the damage is sound");
            assert_eq!(sound.entries.len() as u64, line - 1);
        }
        Err(error) => panic!("{error}"),
    }
});
