//! Adds an adapter to the weights of its base model.

use std::{collections::BTreeMap, path::Path};

use serde_json::{Value, json};

use super::{PeftAdapter, PeftError};
use crate::{
    families::{Family, HeadKind},
    networks::Network,
    parameters::Part,
    weights::{StoredTensor, WeightFile},
};

/// The beginning of names in an adapter's file.
const PREFIX: &str = "base_model.model.";

/// The last linear layers of heads, whose first size is the number of outputs.
const OUTPUTS: [&str; 4] = [
    "score.weight",
    "qa_outputs.weight",
    "classifier.weight",
    "classifier.out_proj.weight",
];

impl PeftAdapter {
    /// The weights of the base model with the adapter added, under our names. The head of the adapter replaces that of the
    /// base model.
    ///
    /// # Errors
    /// If the adapter's file cannot be read, adapts a layer that the model does not have, or holds other layers than
    /// adapters and a head.
    pub(crate) fn merged_into(
        &self,
        base: WeightFile,
        (family, network): (&Family, &Network),
        base_folder: &Path,
    ) -> Result<WeightFile, PeftError> {
        let misfit = |reason: String| PeftError::Misfit {
            folder: self.folder.clone(),
            base: base_folder.to_owned(),
            reason,
        };
        let mut tensors: BTreeMap<String, StoredTensor> = base
            .tensors
            .into_iter()
            .map(|(name, tensor)| (family.names.ours(&name), tensor))
            .collect();
        let is_of_head = |name: &str| {
            let mut of_head = network
                .parameters
                .iter()
                .filter(|parameter| parameter.part == Part::Head);
            family.names.is_of_head(name) || of_head.any(|parameter| parameter.name == name)
        };
        let (mut pairs, mut surplus) = (BTreeMap::<String, [Option<StoredTensor>; 2]>::new(), Vec::new());
        for (name, tensor) in self.weights()?.tensors {
            let plain = name.strip_prefix(PREFIX).unwrap_or(&name);
            let factor = [".lora_A.weight", ".lora_B.weight"]
                .iter()
                .position(|end| plain.ends_with(end));
            let ours = |name: &str| family.names.ours(name);
            if let Some(factor) = factor {
                let module = &plain[..plain.len() - ".lora_A.weight".len()];
                pairs.entry(ours(&format!("{module}.weight"))).or_default()[factor] = Some(tensor);
            } else if is_of_head(&ours(plain)) {
                tensors.insert(ours(plain), tensor);
            } else {
                surplus.push(format!("`modules_to_save` with `{plain}`"));
            }
        }
        if !surplus.is_empty() {
            // One is enough to say which part it is.
            surplus.truncate(1);
            let folder = self.folder.clone();
            return Err(PeftError::Unsupported {
                folder,
                settings: surplus,
            });
        }
        for (name, pair) in pairs {
            let [Some(down), Some(up)] = pair else {
                return Err(misfit(format!("`{name}` has only one of `lora_A` and `lora_B`")));
            };
            let Some(weight) = tensors.get_mut(&name) else {
                // Heads of pretraining are not needed.
                if family.names.is_ignored(&name) {
                    continue;
                }
                return Err(misfit(format!("it adapts `{name}`, which the model does not have")));
            };
            let is_upright = network
                .parameters
                .iter()
                .any(|parameter| parameter.name == name && !parameter.transposed);
            self.add(weight, (&down, &up), is_upright).ok_or_else(|| {
                misfit(format!(
                    "`{name}` has shape {:?}, and its adapter {:?} and {:?}",
                    weight.shape, down.shape, up.shape
                ))
            })?;
        }
        Ok(WeightFile {
            tensors,
            metadata: base.metadata,
        })
    }

    /// Adds `scale · up · down` to a weight, `[outputs, inputs]`, or its transpose; `None` if the shapes do not fit.
    fn add(
        &self,
        weight: &mut StoredTensor,
        (down, up): (&StoredTensor, &StoredTensor),
        is_upright: bool,
    ) -> Option<()> {
        let (&[rank, inputs], &[outputs, of_up]) = (down.shape.as_slice(), up.shape.as_slice()) else {
            return None;
        };
        let expected = if is_upright {
            [inputs, outputs]
        } else {
            [outputs, inputs]
        };
        if of_up != rank || weight.shape != expected {
            return None;
        }
        let scale = self.scale(rank);
        let mut row = vec![0.0_f32; inputs];
        for output in 0..outputs {
            row.fill(0.0);
            for (factor, down) in up.values[output * rank..][..rank]
                .iter()
                .zip(down.values.chunks(inputs))
            {
                row.iter_mut().zip(down).for_each(|(sum, value)| *sum += factor * value);
            }
            for (input, &value) in row.iter().enumerate() {
                let element = if is_upright {
                    input * outputs + output
                } else {
                    output * inputs + input
                };
                weight.values[element] += (f64::from(value) * scale) as f32;
            }
        }
        Some(())
    }

    /// The `config.json` of the merged model. If the adapter's folder has one, it is that; else it is that of the base model
    /// with the adapter's head.
    ///
    /// # Errors
    /// If the adapter has no head, so that it is not known what the model was trained for.
    pub(crate) fn config(&self, base: Value, family: &Family) -> Result<Value, PeftError> {
        let own = [super::MERGED_CONFIG, "config.json"].into_iter().find_map(|name| {
            let text = std::fs::read(self.folder.join(name)).ok()?;
            serde_json::from_slice(&text).ok()
        });
        if let Some(own) = own {
            return Ok(own);
        }
        let lacking = |reason: &str| PeftError::Config {
            path: self.folder.join(super::CONFIG),
            reason: reason.to_owned(),
        };
        let head: HeadKind = self
            .task
            .ok_or_else(|| lacking("its `task_type` is none of `SEQ_CLS`, `TOKEN_CLS` and `QUESTION_ANS`"))?;
        let tensors = self.weights()?.tensors;
        let outputs = OUTPUTS
            .iter()
            .find_map(|name| tensors.get(&format!("{PREFIX}{name}")))
            .and_then(|tensor| tensor.shape.first().copied())
            .ok_or_else(|| lacking("its weights hold no head, so that only `train` and `search` can use it"))?;
        let mut config = base;
        let named = config["id2label"].as_object().map_or(0, serde_json::Map::len);
        if named != outputs {
            // As `transformers` names labels that it does not know.
            let labels = (0..outputs).map(|index| (index.to_string(), json!(format!("LABEL_{index}"))));
            config["id2label"] = labels.collect();
        }
        config["architectures"] = json!([format!("{}{}", family.class, head.class())]);
        Ok(config)
    }
}
