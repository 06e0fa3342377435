//! Any text is a spec, which then survives being written, or is explained.
#![no_main]

use std::path::Path;

libfuzzer_sys::fuzz_target!(|text: &str| {
    let path = Path::new("/fuzz/space.yaml");
    if let Ok((spec, _)) = automl::spec::from_text(text, path, &[]) {
        let written = spec.to_yaml();
        let (again, _) = automl::spec::from_text(&written, path, &[]).expect("what we write we read");
        assert_eq!(spec, again, "{written}");
    }
});
