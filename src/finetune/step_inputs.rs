//! The inputs of a training step: augmented images, mixed with each other, or cached activations of frozen layers.
//!
//! What an example becomes depends on the trial's seed, the example, the pass over the data, and for a mixture on the
//! whole batch as it was drawn. It does not depend on how a batch is cut into steps and micro-batches.

use std::ops::Range;

use super::{
    augment::{Augmenter, Mixture, PixelScale},
    data::Inputs,
    networks::{Batch, Frozen, Model},
    prefix_cache::{View, gather_frozen},
    trainer::TrainingData,
    training_config::TrainingConfig,
};
use crate::units::Seed;

/// A batch of one pass over the data, of which a step may train a part.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Drawn<'a> {
    /// The indices of its examples.
    pub(crate) places: &'a [u32],
    /// The number of the pass.
    pub(crate) pass: u64,
    /// The number of the batch in the pass.
    pub(crate) number: u64,
}

/// The inputs of a part of a batch.
pub(crate) struct Presented {
    pub(crate) batch: Batch,
    pub(crate) frozen: Option<Frozen>,
    /// The share of each example's own target, and the examples that have the rest of it.
    pub(crate) mixed: Option<(f64, Vec<u32>)>,
}

/// Makes the inputs of a trial's steps.
pub(crate) struct Presenter<'a> {
    data: TrainingData<'a>,
    config: &'a TrainingConfig,
    /// Changes images: those of every pass, or the views that frozen layers see.
    augmenter: Option<Augmenter>,
}

impl<'a> Presenter<'a> {
    pub(crate) fn new(data: TrainingData<'a>, config: &'a TrainingConfig) -> Self {
        let settings = config.augmentation;
        let augmenter = match &data.examples.inputs {
            Inputs::Images { pixels, .. } if config.freeze_depth == 0 => {
                Augmenter::new(settings, PixelScale::of(pixels), config.seed)
            }
            // All trials share the views of an example.
            Inputs::Images { pixels, .. } if settings.views > 0 => {
                Augmenter::new(settings, PixelScale::of(pixels), Seed(0))
            }
            _ => None,
        };
        Self {
            data,
            config,
            augmenter,
        }
    }

    /// The inputs of the examples in this part of a batch.
    pub(crate) fn part(&self, model: Model<'_>, drawn: Drawn<'_>, part: Range<usize>) -> Presented {
        let (inputs, depth) = (&self.data.examples.inputs, self.config.freeze_depth);
        let places = &drawn.places[part.clone()];
        let mixture = self.mixture(drawn);
        if depth == 0 && (self.augmenter.is_some() || mixture.is_some()) {
            return self.changed(drawn, part, mixture);
        }
        let view = self.augmenter.as_ref().filter(|_| depth > 0).map(|augmenter| View {
            augmenter,
            number: drawn.pass % self.config.augmentation.views.max(1) as u64,
        });
        let (batch, frozen) = gather_frozen(self.data.frozen, model, (inputs, view), places, depth);
        Presented {
            batch,
            frozen,
            mixed: None,
        }
    }

    fn mixture(&self, drawn: Drawn<'_>) -> Option<Mixture> {
        let Inputs::Images { size, .. } = &self.data.examples.inputs else {
            return None;
        };
        if self.config.freeze_depth > 0 {
            return None;
        }
        let key = (drawn.pass, drawn.number);
        Mixture::of(&self.config.augmentation, *size, self.config.seed, key)
    }

    fn changed(&self, drawn: Drawn<'_>, part: Range<usize>, mixture: Option<Mixture>) -> Presented {
        let Inputs::Images { size, pixels } = &self.data.examples.inputs else {
            unreachable!("only images are changed")
        };
        let length = size.values();
        let image = |index: usize| {
            let place = drawn.places[index];
            let mut image = pixels.image(*size, place as usize).into_owned();
            if let Some(augmenter) = &self.augmenter {
                augmenter.image(&mut image, *size, (place, drawn.pass));
            }
            image
        };
        let own: Vec<Vec<f32>> = part.clone().map(image).collect();
        let count = part.len();
        let Some(mixture) = mixture else {
            let pixels = own.concat();
            return Presented {
                batch: Batch::Images { pixels, count },
                frozen: None,
                mixed: None,
            };
        };
        let partners: Vec<usize> = part.clone().map(|index| drawn.places.len() - 1 - index).collect();
        let mut mixed = Vec::with_capacity(count * length);
        for (mine, &partner) in own.iter().zip(&partners) {
            let mut image_of_both = mine.clone();
            match own.get(partner.wrapping_sub(part.start)) {
                Some(other) => mixture.apply(&mut image_of_both, other, *size),
                None => mixture.apply(&mut image_of_both, &image(partner), *size),
            }
            mixed.extend(image_of_both);
        }
        let partners = partners.into_iter().map(|partner| drawn.places[partner]);
        Presented {
            batch: Batch::Images { pixels: mixed, count },
            frozen: None,
            mixed: Some((mixture.share, partners.collect())),
        }
    }
}
