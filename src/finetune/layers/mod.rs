//! The layers of networks: each declares its parameters, computes forward, and computes the gradients backward.
//!
//! A layer is a pure function of its input, its parameters and a [`Context`]. A block keeps what the backward pass
//! needs; a layer keeps nothing. To add a layer, add one file.

pub(crate) mod attention;
pub(crate) mod batch_norm;
pub(crate) mod conv1d;
pub(crate) mod conv2d;
pub(crate) mod depthwise;
pub(crate) mod disentangled;
pub(crate) mod drop_path;
pub(crate) mod embedding;
pub(crate) mod feed_forward;
pub(crate) mod layer_scale;
pub(crate) mod linear;
pub(crate) mod low_rank;
pub(crate) mod norm;
pub(crate) mod patches;
pub(crate) mod pixels;
pub(crate) mod pool;
pub(crate) mod relative;
pub(crate) mod resampling;
pub(crate) mod response_norm;
pub(crate) mod rotary;
pub(crate) mod squeeze_excite;
pub(crate) mod window_attention;
pub(crate) mod windows;

use std::cell::RefCell;

use crate::{
    backend::{Device, Tensor},
    dropout::{DropPath, Dropout, DropoutKeys},
    gradients::Gradient,
    kernels::{Kernels, Layout},
    parameters::{Handle, Parameters},
    trainable::Trainable,
};

/// The positions of each text that are computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Positions {
    /// All of them.
    All,
    /// The first token.
    First,
    /// The last token that is not padding.
    Last,
}

/// The circumstances of one pass over a batch.
pub(crate) struct Context<'a> {
    pub(crate) parameters: &'a Parameters,
    /// The rows of each text. For images, one row per image.
    pub(crate) layout: &'a Layout,
    pub(crate) dropout: DropoutKeys,
    pub(crate) drop_path: DropPath,
    /// The parameters that train; `None` in evaluation mode.
    pub(crate) training: Option<&'a Trainable>,
    pub(crate) device: Device,
    /// New values of running statistics.
    pub(crate) statistics: RefCell<Vec<(Handle, Tensor<1>)>>,
}

/// A backward pass: takes the gradient of a part's output, records the gradients of its parameters, and returns the
/// gradient of its input if the last argument asks for it.
pub(crate) type Back<'a> = Box<dyn FnOnce(Tensor<2>, &mut Backward<'_>, bool) -> Option<Tensor<2>> + 'a>;

/// The gradients that a backward pass has found so far.
pub(crate) struct Backward<'a> {
    pub(crate) context: &'a Context<'a>,
    pub(crate) gradients: Vec<(Handle, Gradient)>,
}

impl<'a> Context<'a> {
    /// Evaluation mode: no dropout, and nothing trains.
    pub(crate) fn evaluation(parameters: &'a Parameters, layout: &'a Layout, device: Device) -> Self {
        Self {
            parameters,
            layout,
            dropout: DropoutKeys::none(),
            drop_path: DropPath::none(),
            training: None,
            device,
            statistics: RefCell::default(),
        }
    }

    pub(crate) fn kernels(&self) -> Kernels {
        Kernels::new(self.device)
    }

    /// The dropout at a numbered site of the network.
    pub(crate) fn site(&self, site: u64) -> Option<Dropout> {
        self.dropout.site(site)
    }

    /// Returns whether the optimizer will update a parameter after this pass.
    pub(crate) fn trains(&self, handle: Handle) -> bool {
        self.training.is_some_and(|trainable| trainable.trains(handle))
    }
}

impl<'a> Backward<'a> {
    pub(crate) fn new(context: &'a Context<'a>) -> Self {
        let gradients = Vec::new();
        Self { context, gradients }
    }

    pub(crate) fn kernels(&self) -> Kernels {
        self.context.kernels()
    }

    /// Records the gradient of a parameter if it trains; parts of a parameter that several layers share are summed.
    pub(crate) fn record(&mut self, handle: Handle, gradient: Gradient) {
        if !self.context.trains(handle) {
            return;
        }
        match self.gradients.iter().position(|(known, _)| *known == handle) {
            Some(index) => {
                let (_, sum) = self.gradients.swap_remove(index);
                self.gradients.push((handle, sum.plus(gradient)));
            }
            None => self.gradients.push((handle, gradient)),
        }
    }

    /// Records a gradient with one value for every value of the parameter.
    pub(crate) fn record_dense(&mut self, handle: Handle, gradient: Tensor<1>) {
        self.record(handle, Gradient::Dense(gradient));
    }
}

/// The rows at the computed positions of each text.
pub(crate) fn select(values: Tensor<2>, positions: Positions, layout: &Layout) -> Tensor<2> {
    match positions {
        Positions::All => values,
        Positions::First | Positions::Last => values.select(&layout.selected(positions)),
    }
}

/// The backward pass of [`select`] when the other rows have the gradient `all`, or none.
pub(crate) fn select_backward(
    gradient: Tensor<2>,
    all: Option<Tensor<2>>,
    positions: Positions,
    context: &Context<'_>,
) -> Tensor<2> {
    match (positions, all) {
        (Positions::All, None) => gradient,
        (Positions::All, Some(all)) => gradient + all,
        (Positions::First | Positions::Last, all) => {
            let width = gradient.dims()[1];
            let all = all.unwrap_or_else(|| context.device.zeros([context.layout.rows, width]));
            all.add_to_rows(&context.layout.selected(positions), gradient)
        }
    }
}
