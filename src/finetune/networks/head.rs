//! The head: the layers that turn the last hidden states into outputs.

use crate::{
    backend::Tensor,
    kernels::ActivationKind,
    layers::{Back, Backward, Context, Positions, linear::Linear, norm::NormLayer},
};

/// A head.
#[derive(Clone, Debug)]
pub(crate) struct Head {
    pub(crate) reads: Reads,
    pub(crate) steps: Vec<Step>,
    /// The number of its first dropout site.
    pub(crate) first_site: u64,
}

/// The hidden states that a head reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reads {
    /// The hidden state of the first token.
    First,
    /// The hidden state of the last token that is not padding.
    Last,
    /// The hidden states of all tokens, one by one.
    All,
    /// The mean over all tokens, or over all pixels.
    Mean,
    /// The first token, and beside it the mean over the other ones.
    FirstAndMean,
}

impl Reads {
    /// The positions that the last block must compute.
    pub(crate) fn positions(self) -> Positions {
        match self {
            Self::First => Positions::First,
            Self::Last => Positions::Last,
            Self::All | Self::Mean | Self::FirstAndMean => Positions::All,
        }
    }

    /// The width of what is read from hidden states of this width.
    pub(crate) fn width(self, hidden: usize) -> usize {
        match self {
            Self::First | Self::Last | Self::All | Self::Mean => hidden,
            Self::FirstAndMean => 2 * hidden,
        }
    }
}

/// One step of a head.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    Dropout,
    Linear(Linear),
    Activation(ActivationKind),
    Norm(NormLayer),
}

impl Head {
    /// The outputs for rows of hidden states, and the backward pass.
    pub(crate) fn forward<'a>(&'a self, input: Tensor<2>, context: &Context<'_>) -> (Tensor<2>, Back<'a>) {
        let mut values = input;
        let mut backs: Vec<Back<'a>> = Vec::new();
        let mut site = self.first_site;
        for step in &self.steps {
            let (output, back) = step.forward(values, &mut site, context);
            values = output;
            backs.push(back);
        }
        let back: Back<'a> = Box::new(move |gradient, back, wants_input| {
            let mut gradient = Some(gradient);
            let last = backs.len();
            for (index, step) in backs.into_iter().rev().enumerate() {
                let is_first_step = index + 1 == last;
                gradient = step(gradient?, back, wants_input || !is_first_step);
            }
            gradient
        });
        (values, back)
    }
}

impl Step {
    fn forward<'a>(&'a self, input: Tensor<2>, site: &mut u64, context: &Context<'_>) -> (Tensor<2>, Back<'a>) {
        match self {
            Self::Dropout => {
                let dropout = context.site(*site);
                *site += 1;
                let output = context.kernels().drop(input, dropout);
                let back = move |gradient: Tensor<2>, back: &mut Backward<'_>, _: bool| {
                    Some(back.kernels().drop(gradient, dropout))
                };
                (output, Box::new(back))
            }
            Self::Linear(linear) => {
                let output = linear.forward(input.clone(), context);
                let back = move |gradient: Tensor<2>, back: &mut Backward<'_>, wants_input: bool| {
                    let gradient = linear.learn(input, gradient, back);
                    wants_input.then(|| linear.through(gradient, back.context))
                };
                (output, Box::new(back))
            }
            Self::Activation(kind) => {
                let zeros = context.device.zeros([input.dims()[1]]);
                let (output, derivative) = context.kernels().bias_activation(*kind, input, zeros);
                let back = move |gradient: Tensor<2>, _: &mut Backward<'_>, _: bool| Some(gradient * derivative);
                (output, Box::new(back))
            }
            Self::Norm(norm) => {
                let (output, saved) = norm.forward(input, context);
                let back = move |gradient: Tensor<2>, back: &mut Backward<'_>, _: bool| {
                    Some(norm.backward(gradient, saved, back))
                };
                (output, Box::new(back))
            }
        }
    }
}
