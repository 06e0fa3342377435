//! The folder of a model, and the adapter on it if the folder that a spec names holds one.

use std::path::{Path, PathBuf};

use super::{InputError, hub_model};
use crate::finetune::builtin_model;
use crate::finetune::model_folder::{ModelKind, check_model_folder};
use crate::finetune::{Device, FineTuned, LoadError, PeftAdapter, Pretrained, tasks};
use crate::spec::ModelSource;

/// A model's folder with all its files, and the adapter that is merged into it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct ModelParts {
    base: PathBuf,
    adapter: Option<PeftAdapter>,
}

impl ModelParts {
    /// The parts of the model in a folder. An adapter names its base model by a path or by the name of a model in the cache.
    ///
    /// # Errors
    /// If a file is missing, or the adapter or its base model cannot be used.
    pub(super) fn in_folder(folder: &Path, kind: ModelKind) -> Result<Self, InputError> {
        let Some(adapter) = PeftAdapter::read(folder).map_err(LoadError::from)? else {
            check_model_folder(folder, kind)?;
            return Ok(Self {
                base: folder.to_owned(),
                adapter: None,
            });
        };
        let base = match adapter.base_folder() {
            Some(base) => base,
            // A path is not looked for on the hub.
            None if adapter.base_id().starts_with(['.', '/']) || adapter.base_id().matches('/').count() > 1 => {
                return Err(LoadError::from(adapter.without_base()).into());
            }
            None => hub_model::cached(&adapter.base_id())?,
        };
        // The tokenizer may be in either of the folders.
        let has = |name: &str| base.join(name).is_file() || adapter.tokenizer_folder(&base).join(name).is_file();
        if !kind.missing(has).is_empty() {
            check_model_folder(&base, kind)?;
        }
        let adapter = Some(adapter);
        Ok(Self { base, adapter })
    }

    /// The parts of a text model of a spec; `None` if it is a built-in model of images.
    ///
    /// # Errors
    /// As [`Self::in_folder`].
    pub(super) fn of(source: &ModelSource, kind: ModelKind) -> Result<Option<Self>, InputError> {
        Ok(match source {
            ModelSource::Builtin(name) => {
                let folder = builtin_model::text_model(name).map_err(|source| InputError::Builtin {
                    name: name.clone(),
                    source,
                })?;
                folder.map(|base| Self { base, adapter: None })
            }
            ModelSource::Directory(path) => Some(Self::in_folder(path, kind)?),
            ModelSource::Hub(id) => Some(Self {
                base: hub_model::find(id, kind)?,
                adapter: None,
            }),
        })
    }

    /// The model for a task.
    ///
    /// # Errors
    /// If the files do not fit each other.
    pub(super) fn load(
        &self,
        outputs: (&'static dyn tasks::Task, &[String]),
        device: Device,
    ) -> Result<Pretrained, LoadError> {
        Pretrained::load_adapted((&self.base, self.adapter.as_ref()), outputs, device)
    }

    /// The folder with the tokenizer.
    pub(super) fn tokenizer(&self) -> &Path {
        match &self.adapter {
            Some(adapter) => adapter.tokenizer_folder(&self.base),
            None => &self.base,
        }
    }
}

/// A fine-tuned model in a folder, and the folder with its tokenizer. The folder may hold an adapter.
///
/// # Errors
/// If a file is missing, or the adapter or its base model cannot be used.
pub fn load_fine_tuned(folder: &Path, device: Device) -> Result<(FineTuned, PathBuf), InputError> {
    if PeftAdapter::read(folder).map_err(LoadError::from)?.is_none() {
        return Ok((FineTuned::load(folder, device)?, folder.to_owned()));
    }
    let parts = ModelParts::in_folder(folder, ModelKind::Image)?;
    let model = FineTuned::load_adapted((&parts.base, parts.adapter.as_ref()), device)?;
    Ok((model, parts.tokenizer().to_owned()))
}
