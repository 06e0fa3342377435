//! Encodes texts with a folder's tokenizer, for comparisons: `cargo run --example encode -- FOLDER TEXTS.json ANSWERS.json`.
//! Texts are a JSON list of strings; each answer has the ids, then the first and last character of each token.

use std::path::Path;

use automl_tokenizer::{EncodeOptions, Input, Origin, Tokenizer, Truncation, Window};

type Answer = (Vec<u32>, Vec<(usize, usize)>);

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, folder, texts, answers] = arguments.as_slice() else {
        return Err("give a folder, the file of texts and the file of answers".into());
    };
    let texts: Vec<String> = serde_json::from_slice(&std::fs::read(texts)?)?;
    let inputs: Vec<Input<'_>> = texts.iter().map(|text| Input::Text(text)).collect();
    let options = EncodeOptions::new(usize::MAX, Truncation::LongestFirst).with_origins();
    let encoded = Tokenizer::from_folder(Path::new(folder))?.encode(&inputs, &options)?;
    let windows = encoded.into_iter().flat_map(|encoded| encoded.windows);
    let found: Vec<Answer> = windows.map(answer).collect();
    std::fs::write(answers, serde_json::to_vec(&found)?)?;
    Ok(())
}

fn answer(window: Window) -> Answer {
    let origins = window.origins.unwrap_or_default().into_iter();
    let places = origins.map(|origin| match origin {
        Origin::Added => (0, 0),
        Origin::Text { characters, .. } => (characters.start, characters.end),
    });
    (window.ids, places.collect())
}
