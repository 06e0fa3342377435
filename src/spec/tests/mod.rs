//! Tests of the spec as a whole: its meaning, its error messages, and its round trip through YAML.

mod command_messages;
mod early_terminate;
mod meaning;
mod messages;
mod metrics;
mod parameter_messages;
mod round_trip;
mod schema;
mod space_messages;

use std::path::{Path, PathBuf};

use super::{Diagnostic, Override, Spec, SpecErrors, from_text};

/// A valid beginning for specs that test something else.
const FUNCTION: &str = "function: sphere\nbudget: {trials: 5}\nparameters: {x: {min: 0.0, max: 1.0}}\n";

/// A valid beginning for specs of fine-tuning.
const FINE_TUNE: &str =
    "task: image-classification\nmodel: builtin:resnet8-cifar10\ndata: builtin:fashion-mini\nbudget: {trials: 5}\n";

fn read(text: &str) -> Result<(Spec, Vec<Diagnostic>), SpecErrors> {
    read_with(text, &[])
}

fn read_with(text: &str, overrides: &[&str]) -> Result<(Spec, Vec<Diagnostic>), SpecErrors> {
    let overrides: Vec<Override> = overrides.iter().map(|text| text.parse().unwrap()).collect();
    from_text(text, Path::new("space.yaml"), &overrides)
}

fn spec(text: &str) -> Spec {
    read(text).unwrap_or_else(|errors| panic!("{text}\n{errors}")).0
}

/// The rendered errors of an invalid spec.
fn errors(text: &str) -> String {
    match read(text) {
        Ok((spec, _)) => panic!("no errors in {text}\n{spec:?}"),
        Err(errors) => errors.to_string(),
    }
}

/// The errors of a function's parameters, which begin in line 4.
fn function_errors(parameters: &str) -> String {
    errors(&format!(
        "function: sphere\nbudget: {{trials: 5}}\nparameters:\n{parameters}\n"
    ))
}

/// The errors of fine-tuning's parameters, which begin in line 6.
fn fine_tune_errors(parameters: &str) -> String {
    errors(&format!("{FINE_TUNE}parameters:\n{parameters}\n"))
}

/// The errors of a valid spec with one more line, the fourth.
fn errors_with(line: &str) -> String {
    errors(&format!("{FUNCTION}{line}\n"))
}

fn warnings(text: &str) -> String {
    let (_, warnings) = read(text).unwrap_or_else(|errors| panic!("{text}\n{errors}"));
    warnings
        .iter()
        .map(|warning| warning.render(false))
        .collect::<Vec<_>>()
        .join("\n\n")
}

fn repository() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}
