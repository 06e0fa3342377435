//! Saves the tokenizer of one folder into another: `cargo run --example export -- FROM TO`.

use std::path::Path;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, from, to] = arguments.as_slice() else {
        return Err("give the folder to read and the folder to write".into());
    };
    std::fs::create_dir_all(to)?;
    automl_tokenizer::Tokenizer::from_folder(Path::new(from))?.save(Path::new(to))?;
    Ok(())
}
