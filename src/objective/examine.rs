//! The data doctor for the data of a spec.

use std::path::PathBuf;

use super::tables::{Table, patient};
use super::{InputError, hub_model};
use crate::finetune::KeptTruth;
use crate::finetune::data::doctor::{self, Depth, Examination, Unit};
use crate::finetune::data::pictures::PictureCache;
use crate::finetune::data::{Position, RawText, Tokenizer};
use crate::spec::{DataSpec, FineTuneSpec, ModelSource};

/// Examines the data of a spec. Lengths are in tokens if the model is here, else in words.
///
/// # Errors
/// If a file cannot be read at all, or lacks a column.
pub fn examine(spec: &FineTuneSpec, depth: Depth) -> Result<Examination, InputError> {
    let table = match &spec.data {
        DataSpec::Table(table) => table,
        DataSpec::Builtin {
            name,
            train_limit,
            test,
        } => {
            let data = super::inputs::builtin_data(name, *train_limit, *test)?;
            return Ok(doctor::examine_images(&format!("builtin:{name}"), &data));
        }
    };
    if spec.reads_pictures() {
        let options = super::tables::picture_options(spec.task, table)?;
        return Ok(doctor::examine_pictures(
            options,
            PictureCache::of_user().as_ref(),
            depth,
        )?);
    }
    let tokenizer = model_folder(spec).and_then(|folder| Tokenizer::from_folder(&folder).ok());
    let unit = match &tokenizer {
        Some(tokenizer) => Unit::Tokens {
            tokenizer,
            max_length: spec.max_length,
            cuts: !spec.task.reads_all(),
        },
        None => Unit::Words,
    };
    Ok(doctor::examine(&patient(spec.task, table, unit, depth)?)?)
}

/// The folder of the model, if it is on this machine.
fn model_folder(spec: &FineTuneSpec) -> Option<PathBuf> {
    match &spec.model {
        ModelSource::Builtin(_) => None,
        ModelSource::Directory(path) => Some(path.clone()),
        ModelSource::Hub(id) => hub_model::find(id, hub_model::kind_of(spec)).ok(),
    }
}

/// The positions and texts of the validation examples of a spec, or with folds of all examples, in the order of the kept
/// truth; `None` if the data is of another kind, is gone, or has changed since the truth was kept.
pub fn validation_rows(spec: &FineTuneSpec, truth: &KeptTruth) -> Option<Vec<(Position, RawText)>> {
    if spec.reads_pictures() {
        let table = super::tables::pictures(spec).ok()?;
        let is_same = table.labels() == truth.names.as_slice() && table.compared_targets().ok()? == truth.targets;
        let rows = table.compared_rows().into_iter();
        return is_same.then(|| rows.map(|(position, path)| (position.clone(), path.clone())).collect());
    }
    let Table::Texts(table) = Table::load(spec).ok()? else {
        return None;
    };
    let is_same = table.labels() == truth.names.as_slice() && table.compared_targets().ok()? == truth.targets;
    let rows = table.compared_rows().into_iter();
    is_same.then(|| rows.map(|(place, text)| (place.clone(), text.clone())).collect())
}
