//! Any bytes are a weight file, or are explained.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let _ = automl::finetune::weights::WeightFile::parse(bytes, "fuzzed");
});
