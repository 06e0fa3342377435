//! Any bytes are a journal, perhaps with a torn end, or damaged in a line that is named.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    match automl::journal::parse(bytes) {
        Ok(contents) => {
            assert!(contents.length as usize <= bytes.len());
            let again = automl::journal::parse(&bytes[..contents.length as usize]).expect("the sound part is sound");
            assert_eq!(again.entries, contents.entries);
        }
        Err((line, _, sound)) => assert_eq!(line, sound + 1),
    }
});
